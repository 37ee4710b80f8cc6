"""What the order book is told of an order, what it tells of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from assistant.orders.deadlines import Deadline
from assistant.orders.life import MoveName, Role, State
from assistant.ticket.fields import FieldValue


@dataclass(frozen=True)
class Actor:
    """Who does something, and from where."""

    name: str
    role: Role
    source: str = ""
    desk: str = ""
    """An agent's; she sees her own orders."""
    department: str = ""
    """A department's code; it sees its own orders."""


@dataclass(frozen=True)
class NewOrder:
    """An order that is to be written with the submission of its ticket."""

    number: str
    call: str
    agent: str
    line: str
    received: datetime
    fields: Mapping[str, FieldValue]
    by: Actor
    deadline: Deadline | None
    direct: bool
    """The agent answered it herself: closed at once."""
    master: str
    """Number of the order that it joins; empty: none."""
    department: str
    """Code of the department it is dispatched to; empty: answered directly, or nobody knows."""
    co_departments: tuple[str, ...]
    """Codes of those that help."""


@dataclass(frozen=True)
class Brief:
    """A line about an order for whoever has its caller on the telephone."""

    number: str
    title: str
    state: State
    state_name: str
    received: str
    department: str
    """Its name; empty: none."""
    joinable: bool
    """Another about the same matter may join it, or its master."""


@dataclass(frozen=True)
class Step:
    """A move that was made."""

    version: int
    at: str
    by: str
    role: Role
    source: str
    move: MoveName
    label: str
    before: State
    after: State
    note: str
    data: dict[str, Any]


@dataclass(frozen=True)
class Order:
    """An order as it is now. Times are ISO 8601 by the hotline's clock."""

    number: str
    call: str
    agent: str
    state: State
    version: int
    received: str
    changed: str
    request_type: str
    category: str
    urgency: str
    department: str
    co_departments: list[str]
    title: str
    content: str
    caller_name: str
    phone: str
    line: str
    subject: str
    address: str
    confidential: bool
    master: str
    """Number of the order that it has joined, which answers it; empty: none."""
    contact_due: str | None
    due: str | None
    deadline: str
    estimated: bool
    overdue: bool
    contact_overdue: bool
    """First contact should have been made, and nobody has started."""
    extended: int
    urged: int
    supervised: bool
    answer: str
    callback: dict[str, bool | None]
    ticket: dict[str, dict[str, Any]]
    moves: list[MoveName] = field(default_factory=list)
    """What the reader may do now."""
    joined: list[str] = field(default_factory=list)
    """Numbers of those that have joined it; only of an order that was asked for by number."""
    steps: list[Step] = field(default_factory=list)
    """What has been done, oldest first; only of an order that was asked for by number."""
