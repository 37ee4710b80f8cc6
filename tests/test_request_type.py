"""What kind of request it is."""

from __future__ import annotations

import pytest

from assistant.ticket.request_type import read_request_type
from tests.test_dialogue import conversation

USUAL = ("投诉", "求助", "咨询")


@pytest.mark.parametrize(
    ("lines", "value"),
    [
        (["C 我要投诉这家店"], "投诉"),
        (["C 你好我要头诉同福西路那个店"], "投诉"),
        (["C 你好，我不是投诉啊，我是想表扬一位公交司机。"], "表扬"),
        (["C 我想咨询一下怎么投诉物业"], "咨询"),
        (["C 我上次举报过没人管，这次我要投诉你们"], "投诉"),
        (["C 请问社保卡丢了怎么补办，要带什么材料"], "咨询"),
        (["C 变电站的表演太吵了没人管", "A 好的"], "投诉"),
        (["A 请问您要咨询还是反映问题？", "C 我们小区停水了，麻烦你们帮忙解决一下。"], "求助"),
    ],
)
def test_the_type_is_what_the_caller_says_or_sounds_like(lines: list[str], value: str) -> None:
    assert read_request_type(conversation(*lines), USUAL).value == value


def test_nothing_is_judged_before_there_is_a_matter() -> None:
    assert read_request_type(conversation("C 喂，你好。"), ()).value is None
