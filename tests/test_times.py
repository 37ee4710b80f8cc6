"""When it happened."""

from __future__ import annotations

from datetime import datetime

import pytest

from assistant.ticket.times import find_moments, read_occurred_at
from tests.test_dialogue import conversation

WEDNESDAY = datetime.fromisoformat("2026-03-18T15:12:00+08:00")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("上个星期三", "2026-03-11"), ("这周一", "2026-03-16"), ("礼拜天", "2026-03-15"), ("三月六号", "2026-03-06"),
        ("十二月二十五号", "2025-12-25"), ("去年十二月五号", "2025-12-05"), ("上个月二十八号", "2026-02-28"),
        ("三天前", "2026-03-15"), ("两个小时前", "2026-03-18T13:00:00+08:00"),
        ("昨天早上七点多", "2026-03-17T07:00:00+08:00"), ("昨天晚上十点多", "2026-03-17T22:00:00+08:00"),
        ("昨晚7:30左右", "2026-03-17T19:30:00+08:00"), ("昨天晚上十二点半", "2026-03-18T00:30:00+08:00"),
        ("今天凌晨两点", "2026-03-18T02:00:00+08:00"), ("今天中午十二点十分", "2026-03-18T12:10:00+08:00"),
        ("3月12号上午九点一刻", "2026-03-12T09:15:00+08:00"), ("清明节那天", "2025-04-04"),
        ("元宵节晚上八点", "2026-03-03T20:00:00+08:00"),
        ("除夕那天", "2026-02-16"), ("去年国庆节", "2025-10-01"), ("五一那天晚上九点半", "2025-05-01T21:30:00+08:00"),
    ],
)  # fmt: skip
def test_words_for_days_and_hours_are_resolved_into_the_past(text: str, value: str) -> None:
    assert [moment.iso for moment in find_moments(text, WEDNESDAY)] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "上个月就坏了",
        "前几天我去过",
        "明天上午有空",
        "每个星期六都上课",
        "早上七点半到八点",
        "住三号楼，五号电梯",
        "国庆期间",
        "五一之前回我",
        "幺三五一二",
    ],
)
def test_vague_future_and_habitual_words_are_no_date(text: str) -> None:
    assert find_moments(text, WEDNESDAY) == ()


def test_the_answer_to_the_agents_question_is_when_it_happened() -> None:
    heard = conversation("C 我去年三月五号买的，坏了", "A 什么时候坏的？", "C 上个星期三。", "A 好，三月十一号。")
    found = read_occurred_at(heard, WEDNESDAY)
    assert found.value == "2026-03-11"
    assert {evidence.utterance for evidence in found.evidence} == {2, 3}
    assert found.display == "2026年3月11日"


@pytest.mark.parametrize(
    ("lines", "value"),
    [
        (["C 六点五十左右，昨天晚上。"], "2026-03-17T18:50:00+08:00"),
        (
            ["C 今天早上带我妈去抽血。", "A 今天早上几点的事情？", "C 九点多，嗯，排了很久。"],
            "2026-03-18T09:00:00+08:00",
        ),
        (["A 什么时候看到的？", "C 就刚才，两点四十左右。"], "2026-03-18T14:40:00+08:00"),
        (["C 昨天坏的。", "A 好的。", "C 早上七点到八点人最多。"], "2026-03-17"),
    ],
)
def test_the_hour_may_be_said_apart_from_the_day(lines: list[str], value: str) -> None:
    assert read_occurred_at(conversation(*lines), WEDNESDAY).value == value


def test_earlier_calls_to_the_hotline_are_not_when_it_happened() -> None:
    heard = conversation("C 我昨天打过电话投诉了，没人理，上个星期六晚上十点多又放音响")
    assert read_occurred_at(heard, WEDNESDAY).value == "2026-03-14T22:00:00+08:00"
    assert read_occurred_at(conversation("C 我昨天打过电话投诉了，没人理"), WEDNESDAY).value is None


def test_words_that_sound_like_calling_back_do_not_hide_when_it_happened() -> None:
    heard = conversation("C 昨天晚上八点停水到现在都没恢复")
    assert read_occurred_at(heard, WEDNESDAY).value == "2026-03-17T20:00:00+08:00"
    assert read_occurred_at(conversation("C 上个星期三包裹丢了"), WEDNESDAY).value == "2026-03-11"
