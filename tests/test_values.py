"""What agents may type."""

from __future__ import annotations

import pytest

from assistant.errors import TicketError
from assistant.seat import Knowledge
from assistant.ticket.fields import Value
from assistant.ticket.values import checked, displayed


@pytest.mark.parametrize(
    ("name", "typed", "kept"),
    [
        ("contact_phone", "138 0013-8001", "13800138001"),
        ("amount", 860.0, 860),
        ("occurred_at", "2026-03-11 07:00", "2026-03-11T07:00:00+08:00"),
        ("callback", False, False),
        ("co_departments", ["scjg"], ["scjg"]),
        ("title", "", None),
    ],
)
def test_values_are_kept_in_the_tickets_form(knowledge: Knowledge, name: str, typed: Value, kept: Value) -> None:
    assert checked(name, typed, knowledge.reference) == kept


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("nonsense", "x"), ("contact_phone", "abc"), ("amount", "八百"), ("amount", True), ("people_affected", 1.5),
        ("caller_gender", "不详"), ("category", "market"), ("department", "nobody"), ("urgency", "很急"),
        ("occurred_at", "昨天"), ("callback", "是"), ("title", "很" * 31), ("co_departments", "scjg"),
    ],
)  # fmt: skip
def test_what_a_field_cannot_hold_is_refused_with_a_reason(knowledge: Knowledge, name: str, typed: Value) -> None:
    with pytest.raises(TicketError, match=r"。$"):
        checked(name, typed, knowledge.reference)


def test_codes_and_yes_or_no_are_shown_in_words(knowledge: Knowledge) -> None:
    assert displayed("category", "market.prepaid", knowledge.reference) == "市场监管 · 预付卡消费"
    assert displayed("department", "scjg", knowledge.reference) == "广州市市场监督管理局"
    assert displayed("callback", True, knowledge.reference) == "是"
    assert displayed("occurred_at", "2026-03-11", knowledge.reference) == "2026年3月11日"
    assert displayed("road", "体育西路", knowledge.reference) == ""
