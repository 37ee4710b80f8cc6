"""Which orders are meant, as SQL: by a query, by their reader, by their matter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select

from assistant.orders.life import State
from assistant.orders.records import Actor
from assistant.orders.stored import CHINA, kept, utc
from assistant.orders.tables import CoDepartmentRow, OrderRow

WAITING: tuple[State, ...] = ("accepted", "dispatched", "in_progress", "returned")
"""States in which a deadline runs."""
UNSTARTED: tuple[State, ...] = ("accepted", "dispatched", "returned")
"""States in which nobody is at work on it, so that nobody makes first contact; what was returned starts anew."""
LATELY = timedelta(days=30)
"""Orders received within this time are looked at for others about the same."""

Conditions = list[ColumnElement[bool]]


@dataclass(frozen=True)
class Query:
    """Which orders are looked for; nothing given: all."""

    q: str = ""
    """Part of a number, a phone, a name, the subject, the address, the title or the content."""
    states: tuple[State, ...] = ()
    department: str = ""
    request_type: str = ""
    urgency: str = ""
    agent: str = ""
    since: datetime | None = None
    until: datetime | None = None
    overdue: bool = False
    contact_overdue: bool = False
    """First contact should have been made, and nobody has started."""
    due_within: timedelta | None = None
    """Due later than now and at most this long from now."""
    supervised: bool = False
    by_due: bool = False
    """Those due first come first, not the newest."""


def visible(by: Actor) -> Conditions:
    """The orders that somebody may see: an agent her desk's, a department its own, others all."""
    if by.role == "agent":
        return [OrderRow.agent == by.desk]
    return [_concerns(by.department)] if by.role == "department" else []


def chosen(query: Query, by: Actor) -> Conditions:
    """The orders of a query that its reader may see."""
    where = visible(by)
    for column, value in (
        (OrderRow.request_type, query.request_type),
        (OrderRow.urgency, query.urgency),
        (OrderRow.agent, query.agent),
    ):
        if value:
            where.append(column == value)
    if query.department:
        where.append(_concerns(query.department))
    if query.states:
        where.append(OrderRow.state.in_(query.states))
    if query.since:
        where.append(OrderRow.received >= utc(query.since))
    if query.until:
        where.append(OrderRow.received < utc(query.until))
    now = datetime.now(CHINA)
    if query.overdue:
        where += [OrderRow.due < utc(now), OrderRow.state.in_(WAITING)]
    if query.contact_overdue:
        where += [OrderRow.contact_due < utc(now), OrderRow.state.in_(UNSTARTED)]
    if query.due_within is not None:
        where += [
            OrderRow.due > utc(now),
            OrderRow.due <= utc(now + query.due_within),
            OrderRow.state.in_(WAITING),
        ]
    if query.supervised:
        where += [OrderRow.supervised.is_(True), OrderRow.state != "closed"]
    where += [_says(word, by) for word in kept(query.q).split()]
    return where


def alike(subject: str, address: str, category: str) -> Conditions:
    """The orders of late about the same matter of the same subject, or where there is none at the same address; none
    given: no conditions, which is not to be taken for all orders."""
    if not category or not (subject or address):
        return []
    same = OrderRow.subject == subject if subject else OrderRow.address == address
    return [same, OrderRow.category == category, OrderRow.received >= utc(datetime.now(CHINA) - LATELY)]


def in_order(rows: Select[Any], query: Query) -> Select[Any]:
    """The rows as a query wants them sorted."""
    if query.by_due:
        return rows.order_by(OrderRow.due.is_(None), OrderRow.due, OrderRow.number)
    return rows.order_by(OrderRow.number.desc())


def _says(word: str, by: Actor) -> ColumnElement[bool]:
    columns = (OrderRow.number, OrderRow.subject, OrderRow.address, OrderRow.title, OrderRow.content)
    matches = [column.contains(word, autoescape=True) for column in columns]
    for column in (OrderRow.phone, OrderRow.line, OrderRow.caller_name):
        match = column.contains(word, autoescape=True)
        matches.append(match & OrderRow.confidential.is_(False) if by.role == "department" else match)
    return or_(*matches)


def _concerns(department: str) -> ColumnElement[bool]:
    helping = select(CoDepartmentRow.number).where(CoDepartmentRow.department == department)
    return or_(OrderRow.department == department, OrderRow.number.in_(helping))
