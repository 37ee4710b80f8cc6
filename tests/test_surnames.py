"""Surnames and the dictionary's words."""

from __future__ import annotations

from assistant.ticket.dictionary import is_word
from assistant.ticket.surnames import is_surname


def test_single_and_double_surnames_are_known() -> None:
    assert is_surname("何")
    assert is_surname("欧阳")
    assert not is_surname("的")


def test_everyday_words_that_the_dictionary_takes_for_names_are_words() -> None:
    assert is_word("师傅")
    assert is_word("明白")
    assert not is_word("陈志远")
