"""Who is calling."""

from __future__ import annotations

import pytest

from assistant.ticket.names import read_name
from assistant.ticket.people import read_gender
from assistant.ticket.questions import NO_SOUNDS
from tests.test_dialogue import conversation


def name(*lines: str) -> object:
    heard = conversation(*lines)
    return read_name(heard, read_gender(heard), NO_SOUNDS).value


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


def test_a_surname_alone_is_no_value_until_the_form_of_address_is_known() -> None:
    assert name("A 请问您贵姓？", "C 姓王。") is None
    assert name("A 请问您贵姓？", "C 姓王。", "A 好的女士。") == "王女士"


@pytest.mark.parametrize(
    "answer",
    ["方便吗", "安全吗", "都可以", "那算了", "干什么", "匿名行吗", "行动不便", "叫司机联系我", "叫师傅在楼下等"],
)
def test_answers_that_are_no_name_give_none(answer: str) -> None:
    assert name("A 先生您怎么称呼？", "C " + answer) is None


@pytest.mark.parametrize(
    "told",
    ["医院叫我马上来", "居委会叫我方便的时候过去", "叫司机联系我", "保安叫我安静", "叫师傅在楼下等", "我叫司机停车"],
)
def test_sending_for_somebody_is_no_introduction(told: str) -> None:
    assert name("A 好的先生，请讲。", "C " + told) is None


def test_forms_of_address_are_understood_and_names_need_no_question() -> None:
    assert name("A 先生怎么称呼？", "C 就叫我老陈吧") == "陈先生"
    assert name("A 女士怎么称呼？", "C 叫我小陈好了") == "陈女士"
    assert name("A 先生请讲。", "C 你好，我叫李建国，我要投诉") == "李建国"


def test_the_evidence_of_a_double_surname_is_all_of_it() -> None:
    heard = conversation("A 您贵姓？", "C 复姓欧阳。", "A 欧阳女士您好")
    entry = read_name(heard, read_gender(heard), NO_SOUNDS).evidence[-1]
    assert heard.turns[entry.utterance].text[entry.start : entry.end] == "欧阳女士"
