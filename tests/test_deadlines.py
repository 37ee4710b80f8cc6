"""By when orders must be answered."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from assistant.orders.deadlines import Policy, after
from kb.errors import PackError
from kb.pack import DEFAULT_PACK


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00")


@pytest.mark.parametrize(
    ("received", "days", "due"),
    [
        ("2026-03-18T09:12:00", 5, "2026-03-25T23:59:59"),  # over a weekend
        ("2026-09-30T23:30:00", 1, "2026-10-08T23:59:59"),  # over the National Day holidays
        ("2026-10-09T10:00:00", 1, "2026-10-10T23:59:59"),  # a Saturday that is worked in exchange
        ("2026-02-13T10:00:00", 2, "2026-02-24T23:59:59"),  # Saturday 14 is worked, then Spring Festival
        ("2026-03-21T10:00:00", 1, "2026-03-23T23:59:59"),  # received on a Saturday
        ("2026-03-18T09:12:00", 0, "2026-03-18T23:59:59"),
    ],
)
def test_working_days_are_counted_from_the_day_after_to_the_end_of_the_last(received: str, days: int, due: str) -> None:
    assert after(at(received), days) == (at(due), False)


def test_a_year_whose_calendar_is_not_published_is_estimated_with_statutory_holidays() -> None:
    far = at("2098-09-30T10:00:00")
    due, estimated = after(far, 1)
    assert estimated
    assert due > at("2098-10-03T23:59:59")


def test_the_rule_sets_first_contact_and_answer() -> None:
    deadline = Policy(DEFAULT_PACK, "linzhi").deadline(at("2026-03-18T09:12:00"), "投诉", "企业", "一般")
    assert deadline is not None
    assert (deadline.contact, deadline.working_days) == (at("2026-03-18T10:12:00"), 15)
    assert deadline.due == at("2026-04-09T23:59:59")  # Qingming on Monday the 6th
    assert "15 个工作日" in deadline.source


def test_a_caller_of_unknown_kind_is_a_person() -> None:
    policy = Policy(DEFAULT_PACK, "linzhi")
    unknown, person = (policy.deadline(at("2026-03-18T09:12:00"), "求助", kind, "") for kind in ("", "个人"))
    assert unknown == person and person is not None and person.working_days == 5


def test_a_rule_for_any_request_holds_for_each_and_the_extension_is_none_of_them() -> None:
    policy = Policy(DEFAULT_PACK, "sameday")
    deadline = policy.deadline(at("2026-03-18T09:12:00"), "咨询", "", "")
    assert deadline is not None and deadline.due == at("2026-03-18T23:59:59")
    assert policy.extension == 1
    assert Policy(DEFAULT_PACK, "jingyue").extension == 0


def test_a_rule_that_the_pack_does_not_have_is_named() -> None:
    with pytest.raises(PackError, match=r"no rule 'nope'.*linzhi"):
        Policy(DEFAULT_PACK, "nope")


def test_a_rule_without_a_number_of_days_is_refused(tmp_path: Path) -> None:
    (tmp_path / "deadlines.csv").write_text(
        "rule,request_type,caller_kind,urgency,working_days,hours,source\na,投诉,不限,不限,五,,x\n", encoding="utf-8"
    )
    with pytest.raises(PackError, match="'五'"):
        Policy(tmp_path, "a")
