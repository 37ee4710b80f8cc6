"""Who is calling."""

from __future__ import annotations

import pytest

from assistant.ticket.people import read_gender, read_name
from tests.test_dialogue import conversation


def name(*lines: str) -> object:
    heard = conversation(*lines)
    return read_name(heard, read_gender(heard)).value


@pytest.mark.parametrize(
    ("lines", "value"),
    [
        (["A 请问先生贵姓？", "C 免贵姓何，何志远。"], "何志远"),
        (["A 请问先生贵姓", "C 免贵信合和志愿", "A 何先生您好"], "何志愿"),
        (["A 女士，请问您贵姓？", "C 我姓秦，秦岭的秦。白云区那边。"], "秦女士"),
        (["A 您贵姓？", "C 复姓欧阳。", "A 欧阳女士您好"], "欧阳女士"),
        (["A 怎么称呼您？", "C 李建国。", "A 李先生"], "李建国"),
        (["A 先生怎么称呼？", "C 叫我何生就行"], "何先生"),
        (["A 您贵姓", "C 我姓钟钟桂生住在荔湾区", "A 钟先生"], "钟桂生"),
        (["A 您贵姓", "C 信中", "A 钟先生您好"], "钟先生"),
    ],
)
def test_names_in_the_ways_people_give_them(lines: list[str], value: str) -> None:
    assert name(*lines) == value


def test_the_caller_corrects_the_surname_the_agent_understood() -> None:
    assert name("A 您贵姓？", "C 我姓王。", "A 黄女士，您好。", "C 不是，我姓王，三横王。") == "王女士"


def test_other_people_in_the_story_are_not_the_caller() -> None:
    assert name("A 好的女士，您请说。", "C 八十九路，司机师傅姓关，工号我没记住。", "A 关师傅做得很好。") is None
    heard = conversation("C 店里那位先生态度很差", "A 那位先生叫什么？")
    assert read_gender(heard).value is None


def test_the_gender_is_how_the_agent_addresses_the_caller_or_how_they_speak_of_their_family() -> None:
    assert read_gender(conversation("A 好的先生，您请说。")).value == "男"
    assert read_gender(conversation("C 这是我老婆的手机")).value == "男"
    assert read_gender(conversation("A 神女是您好")).value == "女"


def test_without_a_gender_only_the_surname_is_kept_with_little_confidence() -> None:
    heard = conversation("A 请问您贵姓？", "C 姓王。")
    found = read_name(heard, read_gender(heard))
    assert found.value == "王"
    assert found.confidence <= 0.5
