"""Surnames and how callers explain them."""

from __future__ import annotations

from assistant.ticket.surnames import explained, homophones, is_surname, taken_apart


def test_single_and_double_surnames_are_known() -> None:
    assert is_surname("何")
    assert is_surname("欧阳")
    assert not is_surname("的")


def test_the_likeliest_homophone_has_the_same_tone_and_is_common() -> None:
    assert homophones("合")[0] == "何"
    assert homophones("蓬")[0] == "彭"


def test_an_explanation_settles_the_character_even_when_its_word_was_misheard() -> None:
    assert explained("儿童", "童") == ("童", True)
    assert explained("落陀", "落") == ("骆", True)
    assert explained("勤岭", "勤") == ("秦", True)


def test_a_surname_in_parts_must_sound_like_what_it_ends_in() -> None:
    assert taken_apart("我姓陈，耳东陈") == ("陈", 4, 7)
    assert taken_apart("耳东边的店") is None
