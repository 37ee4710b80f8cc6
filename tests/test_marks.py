"""The words that a query and an article share."""

from __future__ import annotations

from kb.marks import marks


def marked(query: str, text: str) -> list[str]:
    return [text[start:end] for start, end in marks(query, text)]


def test_words_of_the_query_are_marked_wherever_they_stand() -> None:
    answer = "预付卡余额可以退款。商家停业的，退款由市场监管部门协调。"
    assert marked("面包店停业了，预付卡还能退款吗", answer) == ["预付卡", "退款", "停业", "退款"]


def test_what_every_question_says_is_not_marked() -> None:
    assert marked("您好，请问这个怎么办理，需要多少时候", "怎么办理？需要多少时候？") == []


def test_single_characters_and_broken_text_mark_nothing() -> None:
    assert marked("的", "我的") == []
    assert marked("\ud800", "任何文字") == []
    assert marked("", "任何文字") == []


def test_letters_are_marked_in_either_case() -> None:
    assert marked("etc怎么注销", "ETC注销请联系发行方。") == ["ETC", "注销"]
