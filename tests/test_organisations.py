"""Names of organisations that are in no list."""

from __future__ import annotations

import pytest

from assistant.ticket.organisations import named_organisations


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("就是风达快递送的", ["风达快递"]),
        ("叫鼎鑫鹏达装修公司。", ["鼎鑫鹏达装修公司"]),
        ("越秀区东川路鹏仁骨科医院。", ["鹏仁骨科医院"]),
        ("我们小区物业不管", []),
        ("装修公司不给钱", []),
        ("附近有家搬家公司", []),
        ("你们公司在哪里", []),
        ("我们西元岗社区居委会的小杨", ["西元岗社区居委会"]),
    ],
)
def test_only_what_has_a_name_of_its_own_is_named(text: str, names: list[str]) -> None:
    assert [name for name, _, _ in named_organisations(text)] == names


def test_an_answer_that_is_nothing_else_is_a_name_whatever_its_words_mean() -> None:
    assert not list(named_organisations("顺道出行，昨天的事"))
    assert list(named_organisations("顺道出行，昨天的事", answers=True)) == [("顺道出行", 0, 4)]
    assert list(named_organisations("就是叫仁和骨科医院", answers=True)) == [("仁和骨科医院", 3, 9)]
