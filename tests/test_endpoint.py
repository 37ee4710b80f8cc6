"""How long to wait for more once a speaker pauses."""

from __future__ import annotations

import pytest

from assistant.endpoint import COMPLETE, UNFINISHED, USUAL, patience


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("请问有什么可以帮您", ""),
        ("我想问一下怎么办理居住证？", ""),
        ("已经停水三天了", ""),
        ("对", "是白云区永平街道对吗"),
        ("不需要", "处理结果需要给您回电话吗"),
        ("免贵姓邱", "先生您贵姓"),
        ("王丽华", "请问您的姓名"),
        ("13800138001", "请留一个联系电话"),
        ("幺三八零零幺三八零零幺", "请留一个联系电话"),
        ("我的电话是13800138001", ""),
    ],
)
def test_a_closed_phrase_or_the_answer_asked_for_ends_soon(text: str, asked: str) -> None:
    assert patience(text, asked) == COMPLETE


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("138", "请留一个联系电话"),
        ("幺三八零零", ""),
        ("我住在", ""),
        ("因为", ""),
        ("我的电话号码是", ""),
        ("白云区永平街道", "具体地址是哪里"),
    ],
)
def test_in_the_middle_of_digits_or_an_address_there_is_time(text: str, asked: str) -> None:
    assert patience(text, asked) == UNFINISHED


@pytest.mark.parametrize("text", ["", "，", "他们把路堵住"])
def test_anything_else_is_waited_for_as_usual(text: str) -> None:
    assert patience(text, "") == USUAL


def test_an_address_that_has_come_to_its_number_is_not_waited_for_long() -> None:
    assert patience("幸福小区3号楼", "具体地址是哪里") == USUAL
