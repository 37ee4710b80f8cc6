"""The form on the agent's page: what kind of value each field takes, and which ones it can be."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from assistant.ticket.fields import LABELS, REQUEST_TYPES, URGENCIES
from assistant.ticket.values import longest
from kb.pack import CityPack
from kb.pinyin import initials

KINDS = {
    "caller_name": "name",
    "subject": "name",
    "caller_gender": "choice",
    "request_type": "choice",
    "category": "choice",
    "content": "longtext",
    "occurred_at": "datetime",
    "amount": "number",
    "people_affected": "number",
    "department": "choice",
    "co_departments": "list",
    "urgency": "choice",
    "callback": "boolean",
    "confidential": "boolean",
}
"""Kinds of the fields that are not one line of text."""
REQUIRED = ("caller_name", "contact_phone", "request_type", "category", "title", "content", "department")


@dataclass(frozen=True)
class Choice:
    """A value and the words people read for it."""

    value: str
    display: str
    initials: str
    """What each spoken character of `display` is typed by in pinyin initials, apart by blanks: several letters for one
    of several readings, commonest first (中国银行 is "z g y xh"). Short names follow, each behind a comma."""


@dataclass(frozen=True)
class FormField:
    """One field of the form."""

    name: str
    label: str
    kind: str
    """text, name (text of which the ticket may have candidates), longtext, choice, boolean, number, datetime or list"""
    choices: tuple[Choice, ...]
    """For choice and list: all values there are."""
    longest: int
    """Characters that a text may have."""
    required: bool


def form(pack: CityPack) -> tuple[FormField, ...]:
    """The fields of a city's form, in order."""
    names = {category.code: category.name for category in pack.categories}
    departments = [_choice(each.code, each.name, *each.short_names) for each in pack.departments]
    choices = {
        "caller_gender": [_choice(each, each) for each in ("男", "女")],
        "request_type": [_choice(each, each) for each in REQUEST_TYPES],
        "category": [_choice(each.code, f"{names.get(each.parent, '')} · {each.name}") for each in pack.leaves],
        "department": departments,
        "co_departments": departments,
        "urgency": [_choice(each, each) for each in URGENCIES],
    }
    return tuple(
        FormField(name, label, KINDS.get(name, "text"), tuple(choices.get(name, ())), longest(name), name in REQUIRED)
        for name, label in LABELS.items()
    )


@lru_cache(maxsize=4096)
def _choice(value: str, display: str, *short_names: str) -> Choice:
    return Choice(value, display, ",".join(" ".join(initials(name)) for name in (display, *short_names)))
