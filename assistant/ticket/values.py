"""Values that agents type: which a field can take, and how people read them."""

from __future__ import annotations

import re
from datetime import date, datetime

from assistant.errors import TicketError
from assistant.ticket.compose import TITLE_LENGTH
from assistant.ticket.fields import LABELS, REQUEST_TYPES, URGENCIES, Value
from assistant.ticket.reference import Reference
from assistant.ticket.times import ZONE, spoken

_CHOICES = {"caller_gender": ("男", "女"), "request_type": REQUEST_TYPES, "urgency": URGENCIES}


_LONGEST = {"title": TITLE_LENGTH, "content": 10_000, "address": 500, "subject": 200, "caller_name": 64}


def longest(name: str) -> int:
    """Characters that a field of text holds."""
    return _LONGEST.get(name, 100)


def checked(name: str, value: Value, reference: Reference) -> Value:
    """The value as the field keeps it; None for an empty one.

    Raises TicketError, in one Chinese sentence, for an unknown field and for what the field cannot hold.
    """
    if name not in LABELS:
        raise TicketError(f"工单没有字段“{name}”，请使用表单中的字段。")
    if value is None or value in ("", []):
        return [] if name == "co_departments" else None
    label = LABELS[name]
    if name in ("callback", "confidential"):
        if not isinstance(value, bool):
            raise TicketError(f"“{label}”只能填是或否。")
        return value
    if name in ("amount", "people_affected"):
        return _number(name, value)
    if name == "co_departments":
        if not isinstance(value, list) or not all(code in reference.departments.by_code for code in value):
            raise TicketError(f"“{label}”要填城市数据中的单位代码列表。")
        return value
    if not isinstance(value, str):
        raise TicketError(f"“{label}”要填文字。")
    return _text(name, value.strip(), reference)


def _number(name: str, value: Value) -> Value:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e12:
        raise TicketError(f"“{LABELS[name]}”要填不小于零的数字。")
    if value == int(value):
        return int(value)
    if name == "people_affected":
        raise TicketError(f"“{LABELS[name]}”要填整数。")
    return value


def _text(name: str, value: str, reference: Reference) -> Value:
    label = LABELS[name]
    if name in _CHOICES and value not in _CHOICES[name]:
        raise TicketError(f"“{label}”只能是{'、'.join(_CHOICES[name])}之一。")
    if name == "category" and value not in reference.category_names:
        raise TicketError(f"“{label}”要选城市数据中的末级分类。")
    if name == "department" and value not in reference.departments.by_code:
        raise TicketError(f"“{label}”要选城市数据中的单位。")
    if len(value) > longest(name):
        raise TicketError(f"“{label}”最多{longest(name)}个字，现有{len(value)}个，请缩短。")
    if name == "contact_phone":
        value = re.sub(r"[\s\-－—()（）]", "", value)
        if not re.fullmatch(r"\d{5,15}", value):
            raise TicketError(f"“{label}”只能填5至15位数字。")
    if name == "occurred_at":
        moment = parse_moment(value)
        if moment is None:
            raise TicketError(f"“{label}”要填日期或带时区的时间，例如2026-03-11或2026-03-11T07:00:00+08:00。")
        return moment.isoformat()
    return value


def parse_moment(text: str) -> date | datetime | None:
    """An ISO date or datetime (without an offset: China's time); None when it is neither."""
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            return date.fromisoformat(text)
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=ZONE)


def displayed(name: str, value: Value, reference: Reference) -> str:
    """The value in words, where these differ from the value itself; else empty."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        return "、".join(reference.departments.by_code[code].name for code in value)
    if name == "amount" and value is not None:
        return f"{value}元"
    if not isinstance(value, str):
        return ""
    if name == "category":
        return reference.category_names[value]
    if name == "department":
        return reference.departments.by_code[value].name
    moment = parse_moment(value) if name == "occurred_at" else None
    return spoken(moment) if moment else ""
