"""Characters explained by words and parts, clean and as a recogniser writes them."""

from __future__ import annotations

import pytest

from assistant.ticket.spelling import explanations


def meanings(text: str) -> list[tuple[str, str]]:
    return [(text[each.start : each.end], each.meanings[0] if each.meanings else "") for each in explanations(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("我叫聂桂芳，桂花的桂，芳草的芳。", [("桂花的桂", "桂"), ("芳草的芳", "芳")]),
        ("将勇泰姜和的姜永远的勇泰山的泰", [("姜和的姜", "江"), ("永远的勇", "永"), ("泰山的泰", "泰")]),
        ("甘树培树木的树再培的培", [("树木的树", "树"), ("再培的培", "培")]),
        ("冉冉升起的冉", [("冉冉升起的冉", "冉")]),
        ("年年有余的余", [("年年有余的余", "余")]),
        ("姓潭西藻潭", [("西藻潭", "覃")]),
        ("我姓陈，耳东陈", [("耳东陈", "陈")]),
        ("姓勤，勤岭的勤", [("勤岭的勤", "秦")]),
        ("儿童的童", [("儿童的童", "童")]),
    ],
)
def test_the_character_is_that_of_the_word_however_it_was_heard(text: str, found: list[tuple[str, str]]) -> None:
    assert meanings(text) == found


def test_a_character_that_something_is_added_to_is_another() -> None:
    assert meanings("邬是乌鸦的乌加个耳朵旁") == [("乌鸦的乌", "")]


@pytest.mark.parametrize("text", ["耳东边的店", "我的手机", "小区的楼下", "昨天的事情"])
def test_ordinary_words_explain_nothing(text: str) -> None:
    assert not explanations(text)
