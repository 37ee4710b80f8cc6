"""Orders as somebody may read them, from the rows of the store."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from assistant.orders.joining import joined_numbers
from assistant.orders.life import MOVES, STATES, MoveName, NoSuchOrder, State, possible
from assistant.orders.records import Actor, Brief, Order, Step
from assistant.orders.selection import UNSTARTED, WAITING, Query, alike, chosen, in_order, visible
from assistant.orders.stored import CHINA, kept, local, utc
from assistant.orders.tables import CoDepartmentRow, OrderMoveRow, OrderRow
from assistant.store import Store
from kb.pack import CityPack

BRIEF = 5
"""Orders that are listed beside a call."""
BATCH = 1000
"""Orders of an export that are read at once."""
SOON = timedelta(hours=24)
"""What is due within this time is counted as due soon."""
SECRET = frozenset({"caller_name", "caller_gender", "contact_phone"})
"""Fields that departments and programs do not see where the caller wants to be kept secret."""


class OrderReader:
    """The orders of one store, to be read."""

    def __init__(self, store: Store, pack: CityPack) -> None:
        self.engine = store.engine
        self.departments = {each.code: each.name for each in pack.departments}

    def find(self, number: str, by: Actor) -> Order:
        """An order with its history. Raises NoSuchOrder."""
        with Session(self.engine) as session:
            row = row_of(session, number, by)
            order = order_of(session, row, by)
            order.joined.extend(joined_numbers(session, row.number, by))
            steps = session.scalars(
                select(OrderMoveRow).where(OrderMoveRow.number == number).order_by(OrderMoveRow.version)
            )
            order.steps.extend(map(_step, steps))
            if by.role == "department":
                order.steps[:] = [step if step.by == by.name else replace(step, source="") for step in order.steps]
            return order

    def search(self, query: Query, by: Actor, limit: int = 50, offset: int = 0) -> tuple[int, list[Order]]:
        """How many orders there are, and some of them: the newest first, or those due first."""
        where = chosen(query, by)
        with Session(self.engine) as session:
            rows = in_order(select(OrderRow).where(*where), query).limit(limit).offset(offset)
            return count(session, where), _orders(session, session.scalars(rows).all(), by)

    def every(self, query: Query, by: Actor) -> Iterator[Order]:
        """All orders of a query, for export."""
        with Session(self.engine) as session:
            rows = in_order(select(OrderRow).where(*chosen(query, by)), query)
            for batch in session.scalars(rows.execution_options(yield_per=BATCH)).partitions():
                yield from _orders(session, batch, by)

    def of_caller(self, phone: str) -> tuple[int, list[Brief]]:
        """How many orders came from a number or ask to call it, and the newest of them: whoever takes the call sees
        them, whosever they are."""
        return self._brief([or_(OrderRow.line == phone, OrderRow.phone == phone)]) if phone else (0, [])

    def alike(self, subject: str, address: str, category: str) -> tuple[int, list[Brief]]:
        """How many orders lately are about the same matter of the same subject (where there is none: at the same
        address), and the newest of them."""
        where = alike(subject, address, category)
        return self._brief(where) if where else (0, [])

    def _brief(self, where: Sequence[ColumnElement[bool]]) -> tuple[int, list[Brief]]:
        with Session(self.engine) as session:
            rows = session.scalars(select(OrderRow).where(*where).order_by(OrderRow.number.desc()).limit(BRIEF))
            found = [
                Brief(
                    row.number,
                    row.title,
                    row.state,  # type: ignore[arg-type]
                    STATES[row.state],  # type: ignore[index]
                    local(row.received),
                    self.departments.get(row.department, ""),
                    row.state in WAITING,
                )
                for row in rows
            ]
            return count(session, where), found

    def counts(self, by: Actor) -> dict[str, int]:
        """How many of the reader's orders are in each state, are overdue, are due soon, and are supervised."""
        queries = {
            "overdue": Query(overdue=True),
            "due_soon": Query(due_within=SOON),
            "supervised": Query(supervised=True),
        }
        with Session(self.engine) as session:
            states = select(OrderRow.state, func.count()).where(*visible(by)).group_by(OrderRow.state)
            found = {str(state): int(number) for state, number in session.execute(states)}
            return found | {name: count(session, chosen(query, by)) for name, query in queries.items()}


def row_of(session: Session, number: str, by: Actor) -> OrderRow:
    """The row of an order that somebody may see. Raises NoSuchOrder."""
    row = session.scalar(select(OrderRow).where(OrderRow.number == kept(number), *visible(by)))
    if row is None:
        raise NoSuchOrder(f"没有工单 {number[:64]}。")
    return row


def order_of(session: Session, row: OrderRow, by: Actor | None) -> Order:
    """An order as `by` may see it (None: webhooks)."""
    [order] = _orders(session, [row], by)
    return order


def _orders(session: Session, rows: Sequence[OrderRow], by: Actor | None) -> list[Order]:
    """The helpers of all rows are read in one query."""
    helping = helpers(session, [row.number for row in rows])
    return [_order(row, helping[row.number], by) for row in rows]


def _order(row: OrderRow, helping: list[str], by: Actor | None) -> Order:
    told = {column.name: getattr(row, column.name) for column in OrderRow.__table__.columns}
    for name in ("received", "changed", "contact_due", "due"):
        told[name] = local(told[name]) if told[name] else None
    told["callback"] = json.loads(row.callback or "{}")
    told["ticket"] = json.loads(row.ticket)
    state: State = row.state  # type: ignore[assignment]
    now = utc(datetime.now(CHINA))
    if row.confidential and (by is None or by.role in ("department", "integration")):
        told |= dict.fromkeys(("caller_name", "phone", "line"), "")
        told["ticket"] = {name: value for name, value in told["ticket"].items() if name not in SECRET}
    return Order(
        **told,
        co_departments=helping,
        overdue=bool(row.due and state in WAITING and row.due < now),
        contact_overdue=bool(row.contact_due and state in UNSTARTED and row.contact_due < now),
        moves=[name for name in possible(state, by.role) if name == "note" or not helps(row, by)] if by else [],
    )


def helpers(session: Session, numbers: Sequence[str]) -> dict[str, list[str]]:
    """Codes of the departments that help with each of some orders, sorted."""
    found: dict[str, list[str]] = {number: [] for number in numbers}
    rows = select(CoDepartmentRow.number, CoDepartmentRow.department).where(CoDepartmentRow.number.in_(numbers))
    for number, department in session.execute(rows):
        found[number].append(department)
    return {number: sorted(codes) for number, codes in found.items()}


def count(session: Session, where: Sequence[ColumnElement[bool]]) -> int:
    """How many orders fulfil all conditions."""
    return session.scalar(select(func.count()).select_from(OrderRow).where(*where)) or 0


def helps(row: OrderRow, by: Actor) -> bool:
    """Whether somebody's department is not the one that has to answer."""
    return by.role == "department" and row.department != by.department


def _step(row: OrderMoveRow) -> Step:
    name: MoveName = row.move  # type: ignore[assignment]
    return Step(
        row.version,
        local(row.at),
        row.by,
        row.role,  # type: ignore[arg-type]
        row.source,
        name,
        MOVES[name].label,
        row.before,  # type: ignore[arg-type]
        row.after,  # type: ignore[arg-type]
        row.note,
        json.loads(row.data),
    )
