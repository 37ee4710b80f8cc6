"""The tables of the order book."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from assistant.store import Base


class OrderRow(Base):
    """An order as it is now; what it was is in `OrderMoveRow`. Times are ISO 8601 in UTC, so that they sort."""

    __tablename__ = "orders"
    number: Mapped[str] = mapped_column(String(32), primary_key=True)
    call: Mapped[str] = mapped_column(ForeignKey("calls.id"), unique=True)
    """The call it was written in."""
    agent: Mapped[str] = mapped_column(String(64), index=True)
    """The desk that took the call."""
    state: Mapped[str] = mapped_column(String(16), index=True)
    version: Mapped[int]
    """Counts the moves; a page says which version it saw."""
    received: Mapped[str] = mapped_column(String(40), index=True)
    changed: Mapped[str] = mapped_column(String(40))
    request_type: Mapped[str] = mapped_column(String(16))
    category: Mapped[str] = mapped_column(String(64))
    urgency: Mapped[str] = mapped_column(String(16))
    department: Mapped[str] = mapped_column(String(64), index=True)
    """Code of the department that has to answer; empty: nobody knows yet."""
    title: Mapped[str] = mapped_column(Text)
    content: Mapped[str] = mapped_column(Text)
    caller_name: Mapped[str] = mapped_column(String(64))
    phone: Mapped[str] = mapped_column(String(32), index=True)
    """At which the caller can be reached."""
    line: Mapped[str] = mapped_column(String(32), index=True)
    """From which the caller called."""
    subject: Mapped[str] = mapped_column(String(200), index=True)
    address: Mapped[str] = mapped_column(Text)
    confidential: Mapped[bool]
    master: Mapped[str] = mapped_column(String(32), index=True, default="")
    """Number of the order that it has joined; empty: none."""
    contact_due: Mapped[str | None] = mapped_column(String(40))
    due: Mapped[str | None] = mapped_column(String(40), index=True)
    deadline: Mapped[str] = mapped_column(Text)
    """The rule in words."""
    estimated: Mapped[bool]
    """The deadline lies in a year whose calendar is not published."""
    extended: Mapped[int] = mapped_column(default=0)
    """Working days by which it has been extended."""
    urged: Mapped[int] = mapped_column(default=0)
    """How often."""
    supervised: Mapped[bool] = mapped_column(default=False)
    answer: Mapped[str] = mapped_column(Text, default="")
    """The department's, or the agent's where it was answered directly."""
    callback: Mapped[str] = mapped_column(Text, default="")
    """JSON: what the caller said to each of `life.QUESTIONS`."""
    ticket: Mapped[str] = mapped_column(Text)
    """JSON: all fields as they were submitted, name -> {label, value, display}."""


class CoDepartmentRow(Base):
    """A department that helps with an order."""

    __tablename__ = "order_departments"
    number: Mapped[str] = mapped_column(ForeignKey("orders.number"), primary_key=True)
    department: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)


class OrderMoveRow(Base):
    """Something that was done to an order."""

    __tablename__ = "order_moves"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    number: Mapped[str] = mapped_column(ForeignKey("orders.number"))
    version: Mapped[int]
    at: Mapped[str] = mapped_column(String(40))
    by: Mapped[str] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(16))
    source: Mapped[str] = mapped_column(String(64))
    """Where from: the address of the page's or program's machine."""
    move: Mapped[str] = mapped_column(String(16))
    before: Mapped[str] = mapped_column(String(16))
    after: Mapped[str] = mapped_column(String(16))
    note: Mapped[str] = mapped_column(Text)
    data: Mapped[str] = mapped_column(Text)
    """JSON: what else was told: department, days, due, answers."""
    __table_args__ = (Index("ix_order_moves_number", "number", "version", unique=True),)


class CounterRow(Base):
    """The last number given on a day."""

    __tablename__ = "order_counters"
    day: Mapped[str] = mapped_column(String(8), primary_key=True)
    last: Mapped[int]


class DeliveryRow(Base):
    """What a webhook has to be told, until it has taken it."""

    __tablename__ = "deliveries"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    """The same at every attempt, so that the receiver can tell a repetition."""
    url: Mapped[str] = mapped_column(Text)
    number: Mapped[str] = mapped_column(String(32), index=True)
    body: Mapped[str] = mapped_column(Text)
    """Empty once it is delivered."""
    made: Mapped[str] = mapped_column(String(40))
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[str | None] = mapped_column(String(40), index=True)
    """None: delivered."""
    delivered: Mapped[str | None] = mapped_column(String(40))
    error: Mapped[str] = mapped_column(Text, default="")
    """Why the last attempt failed."""
