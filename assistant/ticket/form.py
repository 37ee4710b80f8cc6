"""The form on the agent's page: what kind of value each field takes, and which ones it can be."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.ticket.fields import LABELS, REQUEST_TYPES, URGENCIES
from kb.pack import CityPack

KINDS = {
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


@dataclass(frozen=True)
class FormField:
    """One field of the form."""

    name: str
    label: str
    kind: str
    """text, longtext, choice, boolean, number, datetime or list"""
    choices: tuple[Choice, ...]
    """For choice and list: all values there are."""
    required: bool


def form(pack: CityPack) -> tuple[FormField, ...]:
    """The fields of a city's form, in order."""
    names = {category.code: category.name for category in pack.categories}
    departments = [Choice(each.code, each.name) for each in pack.departments]
    choices = {
        "caller_gender": [Choice(each, each) for each in ("男", "女")],
        "request_type": [Choice(each, each) for each in REQUEST_TYPES],
        "category": [Choice(each.code, f"{names.get(each.parent, '')} · {each.name}") for each in pack.leaves],
        "department": departments,
        "co_departments": departments,
        "urgency": [Choice(each, each) for each in URGENCIES],
    }
    return tuple(
        FormField(name, label, KINDS.get(name, "text"), tuple(choices.get(name, ())), name in REQUIRED)
        for name, label in LABELS.items()
    )
