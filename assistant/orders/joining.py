"""Orders that join another about the same matter (并单): the department answers the master, and they follow it.

Each has a deadline and a callback of its own, since each has a caller.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.orders.life import AT_DEPARTMENT, MOVES, STATES, MoveName, NoSuchOrder, State, WrongState
from assistant.orders.records import Actor
from assistant.orders.selection import WAITING, visible
from assistant.orders.stored import kept
from assistant.orders.tables import OrderRow

FOLLOWED: dict[MoveName, tuple[State, ...]] = {
    "dispatch": MOVES["dispatch"].sources,
    "start": MOVES["start"].sources,
    "return": AT_DEPARTMENT,
    "answer": AT_DEPARTMENT,
}
"""What is done to those that have joined when it is done to their master, and the states in which; one that was
dispatched elsewhere by itself goes its own way."""


def master_of(session: Session, number: str) -> OrderRow:
    """The order that another joins by joining `number`. Raises NoSuchOrder, or WrongState where it is answered."""
    row = session.get(OrderRow, kept(number)[:32])
    if row and row.master:
        row = session.get(OrderRow, row.master)
    if row is None:
        raise NoSuchOrder(f"没有工单 {number[:64]}。")
    if row.state not in WAITING:
        raise WrongState(f"工单 {row.number} {STATES[row.state]}，不能再并入。")  # type: ignore[index]
    return row


def joined_numbers(session: Session, master: str, by: Actor) -> list[str]:
    """Numbers of the orders that have joined one and that somebody may see, oldest first."""
    where = OrderRow.master == master, *visible(by)
    return list(session.scalars(select(OrderRow.number).where(*where).order_by(OrderRow.number)))


def department_of(master: OrderRow) -> str:
    """Code of the department that an order is sent to when it joins; empty: it waits with its master."""
    return master.department if master.state in AT_DEPARTMENT else ""


def followers(session: Session, name: MoveName, master: str, department: str) -> list[OrderRow]:
    """Those that have joined an order, which was at `department`, and do what is done to it."""
    where = (
        OrderRow.master == master,
        OrderRow.state.in_(FOLLOWED.get(name, ())),
        OrderRow.department.in_(("", department)),
    )
    return list(session.scalars(select(OrderRow).where(*where).order_by(OrderRow.number)))
