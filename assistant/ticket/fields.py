"""The fields of a work order (工单), and what is known of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Value = str | int | float | bool | list[str] | None
State = Literal["empty", "suggested", "confirmed", "edited"]

LABELS: dict[str, str] = {
    "caller_name": "诉求人",
    "caller_gender": "性别",
    "contact_phone": "联系电话",
    "request_type": "诉求类型",
    "category": "事项分类",
    "title": "诉求标题",
    "content": "诉求内容",
    "address": "事发地址",
    "district": "区",
    "street": "街道",
    "community": "社区",
    "road": "道路",
    "compound": "小区",
    "building": "楼栋",
    "unit": "单元",
    "room": "房号",
    "subject": "被反映对象",
    "occurred_at": "事发时间",
    "amount": "涉及金额",
    "people_affected": "涉及人数/户数",
    "department": "承办单位",
    "co_departments": "协办单位",
    "urgency": "紧急程度",
    "callback": "是否回访",
    "confidential": "是否保密",
}
"""Every field of a ticket in the order of the form, with the label agents know it by."""

REQUEST_TYPES = ("咨询", "求助", "投诉", "举报", "建议", "表扬")
URGENCIES = ("一般", "紧急", "特急")


@dataclass(frozen=True)
class Evidence:
    """Where a value was said: characters [start, end) of the text of one utterance."""

    utterance: int
    start: int
    end: int


@dataclass(frozen=True)
class Candidate:
    """One of several values that a field may have."""

    value: str
    display: str
    """The value in words that people read: the name of a category or department code."""
    confidence: float


@dataclass(frozen=True)
class FieldValue:
    """What is known of one field.

    `confirmed`: the agent read it back and the caller agreed, or the agent accepted it. `edited`: the agent typed it.
    The machine never changes a field in either of these states.
    """

    value: Value = None
    state: State = "empty"
    confidence: float = 0.0
    """0..1, how likely the value is right."""
    evidence: tuple[Evidence, ...] = ()
    display: str = ""
    """The value in words that people read, where that differs from the value (codes, true/false, dates)."""
    candidates: tuple[Candidate, ...] = field(default=())
    """For category, department, a caller's name and the subject: up to three, best first; of the first two the value
    itself among them."""
    generated: bool = False
    """A language model wrote it (assistant.summariser)."""


EMPTY = FieldValue()


@dataclass(frozen=True)
class Change:
    """A field has a new value."""

    name: str
    value: FieldValue


@dataclass(frozen=True)
class Hint:
    """Advice to the agent, in Chinese. `kind` is one word: conflict, missing, urgent, audio, ..."""

    kind: str
    text: str
    name: str = ""
    """The field that it is about, where it offers that field another value."""
    value: Value = field(default=None, hash=False)
    """That other value."""
    display: str = ""
    """The other value in words that people read."""
