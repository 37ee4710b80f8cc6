"""How many are affected."""

from __future__ import annotations

import pytest

from assistant.ticket.affected import read_people_affected
from tests.test_dialogue import conversation


@pytest.mark.parametrize(
    ("lines", "value"),
    [
        (["C 不是我一户，整个小区四百二十户，全停了。", "A 四百二十户。"], 420),
        (["A 一共涉及多少人？", "C 我们一共二十八个工人。"], 28),
        (["A 几个人被困？", "C 两个人。"], 2),
        (["C 我一个人住，腿脚不方便"], None),
        (["C 有两个人在楼下打架"], None),
        (["C 几十户人家都这样"], None),
        (["A 几个人受影响？", "C 一家三口"], 3),
        (["C 我们公司一共四十个人没发工资"], 40),
        (["C 我们一家三口人想迁户口"], None),
        (["C 昨天物业一共来了四个人"], None),
        (["C 他们派了五个人过来"], None),
        (["C 我们一家五口人都中毒了"], 5),
    ],
)
def test_only_counts_of_the_affected_are_taken(lines: list[str], value: int | None) -> None:
    assert read_people_affected(conversation(*lines)).value == value
