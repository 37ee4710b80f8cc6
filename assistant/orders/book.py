"""The order book: what happens to an order, from its submission one move at a time.

An order is written in the transaction of its submission. Every move is kept with who, when, what and from where.
Methods block; threads and servers may share a book.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, text, update
from sqlalchemy.orm import Session

from assistant.orders.deadlines import Deadline, Policy, after
from assistant.orders.joining import department_of, followers, master_of
from assistant.orders.life import (
    MOVES,
    QUESTIONS,
    MoveName,
    NoSuchOrder,
    NotAllowed,
    OrderError,
    StaleOrder,
    State,
    check,
)
from assistant.orders.outbox import deliveries
from assistant.orders.reading import OrderReader, count, helpers, helps, order_of, row_of
from assistant.orders.records import Actor, NewOrder, Order
from assistant.orders.selection import LATELY, alike
from assistant.orders.stored import CHINA, field_text, kept, utc
from assistant.orders.tables import CoDepartmentRow, OrderMoveRow, OrderRow
from assistant.store import Store
from assistant.ticket.fields import LABELS, FieldValue
from kb.pack import CityPack

LONGEST_NOTE = 5_000
MANY = 10
"""Orders about the same subject and matter lately from which on each is supervised without anybody's asking."""
SYSTEM = "系统"


class OrderBook(OrderReader):
    """The orders of one store."""

    def __init__(self, store: Store, pack: CityPack, policy: Policy, webhooks: Sequence[str] = ()) -> None:
        """`webhooks`: addresses that are told of every move."""
        super().__init__(store, pack)
        self._policy = policy
        self._webhooks = tuple(webhooks)

    # Submission

    def new(
        self,
        call: str,
        agent: str,
        line: str | None,
        fields: Mapping[str, FieldValue],
        by: Actor,
        direct: bool,
        master: str = "",
    ) -> NewOrder:
        """An order with a number of its own, to be `put` where the submission is stored; `master`: number of the one
        that it joins. Raises OrderError when it is to be closed as answered although nothing was answered, and when its
        master has been answered."""
        received = datetime.now(CHINA)
        if direct and not field_text(fields["content"]):
            raise OrderError("“诉求内容”还是空的，请写下答复了什么，再以直接答复办结。")
        deadline = None
        if not direct:
            kind, urgency = field_text(fields["request_type"]), field_text(fields["urgency"])
            deadline = self._policy.deadline(received, kind, "", urgency)
        department, helping = ("", ()) if direct else self._destination(fields, master)
        number = self._next_number(received)
        return NewOrder(
            number=number,
            call=call,
            agent=agent,
            line=line or "",
            received=received,
            fields=dict(fields),
            by=by,
            deadline=deadline,
            direct=direct,
            master="" if direct else master,
            department=department,
            co_departments=helping,
        )

    def _destination(self, fields: Mapping[str, FieldValue], master: str) -> tuple[str, tuple[str, ...]]:
        """Codes of the department that answers and of those that help."""
        if master:
            with Session(self.engine) as session:
                return department_of(master_of(session, master)), ()
        department, helping = field_text(fields["department"]), fields["co_departments"].value
        return department, tuple(helping) if isinstance(helping, tuple | list) and department else ()

    def master(self, number: str, fields: Mapping[str, FieldValue]) -> tuple[str, str]:
        """Number and title of the order that a ticket joins by joining `number`. Raises NoSuchOrder where that is not
        about the same matter, WrongState where it is answered."""
        same = alike(*(field_text(fields[name]) for name in ("subject", "address", "category")))
        with Session(self.engine) as session:
            if not same or not count(session, [*same, OrderRow.number == kept(number)]):
                raise NoSuchOrder(f"没有同一事项的工单 {number[:64]}，不能并入。")
            row = master_of(session, number)
            return row.number, row.title

    def _next_number(self, received: datetime) -> str:
        """Numbers are never given twice; one whose submission fails is left out."""
        day = f"{received:%Y%m%d}"
        with self.engine.begin() as connection:
            counted = connection.execute(
                text(
                    "INSERT INTO order_counters (day, last) VALUES (:day, 1) "
                    "ON CONFLICT (day) DO UPDATE SET last = order_counters.last + 1 RETURNING last"
                ),
                {"day": day},
            )
            return f"{day}{counted.scalar_one():06d}"

    def put(self, session: Session, new: NewOrder) -> None:
        """Write an order with its first moves and what webhooks are told, in the caller's transaction."""
        if new.master and department_of(master_of(session, new.master)) != new.department:
            raise StaleOrder("主单刚被处理，请再提交一次。")
        fields, now = new.fields, utc(new.received)
        state: State = "closed" if new.direct else "accepted"
        ticket = {
            name: {"label": LABELS[name], "value": value.value, "display": value.display}
            for name, value in fields.items()
            if value.value is not None
        }
        row = OrderRow(
            number=new.number,
            call=new.call,
            agent=new.agent,
            state=state,
            version=0,
            received=now,
            changed=now,
            request_type=field_text(fields["request_type"]),
            category=field_text(fields["category"]),
            urgency=field_text(fields["urgency"]) or "一般",
            department="",
            title=field_text(fields["title"]),
            content=field_text(fields["content"]),
            caller_name=field_text(fields["caller_name"])[:64],
            phone=field_text(fields["contact_phone"])[:32],
            line=new.line[:32],
            subject=field_text(fields["subject"])[:200],
            address=field_text(fields["address"]),
            confidential=fields["confidential"].value is True,
            master=new.master,
            extended=0,
            urged=0,
            supervised=False,
            answer=field_text(fields["content"]) if new.direct else "",
            callback="",
            ticket=json.dumps(ticket, ensure_ascii=False),
        )
        self._set_deadline(row, new.deadline)
        session.add(row)
        session.flush()
        self._note(session, row, "direct" if new.direct else "submit", new.by, state, state, now)
        if new.department:
            told = {"department": new.department, "co_departments": list(new.co_departments)}
            self._dispatch(session, row, new.department, new.co_departments)
            note = f"并入主单 {new.master}" if new.master else ""
            self._note(session, row, "dispatch", new.by, "accepted", "dispatched", now, note, told)
        others = alike(row.subject, row.address, row.category)
        if not new.direct and others and (nth := count(session, others)) >= MANY:
            row.supervised = True
            note = f"{LATELY.days} 天内第 {nth} 件同一对象、同一事项的诉求，自动督办。"
            state = row.state  # type: ignore[assignment]
            self._note(session, row, "supervise", Actor(SYSTEM, "admin"), state, state, now, note)

    # Moves

    def move(
        self,
        number: str,
        name: MoveName,
        by: Actor,
        *,
        version: int | None = None,
        note: str = "",
        department: str = "",
        co_departments: Sequence[str] | None = None,
        days: int = 0,
        answers: Mapping[str, bool | None] | None = None,
    ) -> Order:
        """Do something to an order. `version`: the one that was read; a newer one is not moved unseen.

        Raises NoSuchOrder, NotAllowed, StaleOrder, or OrderError with the reason why it cannot be done.
        """
        note = kept(note)
        with Session(self.engine) as session, session.begin():
            row = row_of(session, number, by)
            if version is not None and version != row.version:
                raise StaleOrder(f"工单刚被他人更新（{self._last(session, row)}），请看过最新内容再操作。")
            before: State = row.state  # type: ignore[assignment]
            was_at = row.department
            check(name, before, by.role)
            if helps(row, by) and name != "note":
                raise NotAllowed(f"{MOVES[name].label}由主办单位操作，协办单位可以备注。")
            told = self._told(name, row, note, department, days, answers)
            after_: State = MOVES[name].target or before
            if name == "reopen" and not row.department:
                after_ = "accepted"
            self._apply(session, name, row, told, note, co_departments)
            now, note = utc(datetime.now(CHINA)), note.strip()
            self._note(session, row, name, by, before, after_, now, note, told)
            for other in followers(session, name, number, was_at):
                was: State = other.state  # type: ignore[assignment]
                self._apply(session, name, other, dict(told), note, told.get("co_departments"))
                follows = "：".join(filter(None, (f"随主单 {number}", note)))
                self._note(session, other, name, by, was, after_, now, follows, told)
        return self.find(number, by)

    def _told(
        self, name: MoveName, row: OrderRow, note: str, department: str, days: int, answers: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        """What was told with a move, checked."""
        needs = MOVES[name].needs
        if len(note) > LONGEST_NOTE:
            raise OrderError(f"说明最多 {LONGEST_NOTE} 字，现有 {len(note)} 字。")
        if "note" in needs and not note.strip():
            raise OrderError(f"{MOVES[name].label}要写明原因或内容。")
        if "department" in needs:
            if department not in self.departments:
                raise OrderError(f"没有代码为“{department}”的承办单位。" if department else "请选择承办单位。")
            return {"department": department}
        if "days" in needs:
            if row.due is None:
                raise OrderError("这张工单没有办结时限，不用延期。")
            if not self._policy.extension:
                raise OrderError("现行的时限规则不准延期。")
            left = self._policy.extension - row.extended
            if not 1 <= days <= left:
                raise OrderError(
                    f"最多还能延期 {left} 个工作日（共 {self._policy.extension} 个，已延 {row.extended} 个）。"
                    if left > 0
                    else "不能再延期了。"
                )
            due, estimated = after(datetime.fromisoformat(row.due).astimezone(CHINA), days)
            row.estimated |= estimated
            return {"days": days, "due": due.isoformat()}
        if "answers" in needs:
            given = dict(answers or {})
            if set(given) != set(QUESTIONS) or not all(each in (True, False, None) for each in given.values()):
                raise OrderError(f"回访要记下全部四问：{'、'.join(QUESTIONS.values())}")
            if (given["resolved"] is False or given["satisfied"] is False) and not note.strip():
                raise OrderError("来电人说没有解决或不满意：请重办；确需办结的，请写明原因。")
            return {"answers": given}
        return {}

    def _apply(
        self,
        session: Session,
        name: MoveName,
        row: OrderRow,
        told: dict[str, Any],
        note: str,
        co_departments: Sequence[str] | None,
    ) -> None:
        if name == "dispatch":
            helping = helpers(session, [row.number])[row.number] if co_departments is None else list(co_departments)
            if unknown := [code for code in helping if code not in self.departments]:
                raise OrderError(f"没有代码为“{unknown[0]}”的协办单位。")
            helping = [code for code in dict.fromkeys(helping) if code != told["department"]]
            self._dispatch(session, row, told["department"], helping)
            told["co_departments"] = helping
        elif name == "answer":
            row.answer = note.strip()
        elif name == "extend":
            row.extended += told["days"]
            row.due = utc(datetime.fromisoformat(told["due"]))
        elif name == "urge":
            row.urged += 1
        elif name == "supervise":
            row.supervised = True
        elif name == "close":
            row.callback = json.dumps(told["answers"])
        elif name == "reopen":
            row.callback, row.extended = "", 0
            received = datetime.now(CHINA)
            self._set_deadline(row, self._policy.deadline(received, row.request_type, "", row.urgency))

    @staticmethod
    def _set_deadline(row: OrderRow, deadline: Deadline | None) -> None:
        row.contact_due = utc(deadline.contact) if deadline and deadline.contact else None
        row.due = utc(deadline.due) if deadline else None
        row.deadline = deadline.source if deadline else ""
        row.estimated = bool(deadline and deadline.estimated)

    def _dispatch(self, session: Session, row: OrderRow, department: str, others: Sequence[str]) -> None:
        row.department = department
        for old in session.scalars(select(CoDepartmentRow).where(CoDepartmentRow.number == row.number)):
            session.delete(old)
        session.flush()
        if others:
            session.execute(insert(CoDepartmentRow), [{"number": row.number, "department": code} for code in others])

    def _note(
        self,
        session: Session,
        row: OrderRow,
        name: MoveName,
        by: Actor,
        before: State,
        after_: State,
        now: str,
        note: str = "",
        data: dict[str, Any] | None = None,
    ) -> None:
        """Put the order into its new state, keep the move and queue what webhooks are told."""
        moved = session.execute(
            update(OrderRow)
            .where(OrderRow.number == row.number, OrderRow.version == row.version)
            .values(state=after_, version=row.version + 1, changed=now)
            .execution_options(synchronize_session=False)
        )
        if not moved.rowcount:  # type: ignore[attr-defined]
            raise StaleOrder("工单刚被他人更新，请看过最新内容再操作。")
        session.flush()
        session.refresh(row)
        session.add(
            OrderMoveRow(
                number=row.number,
                version=row.version,
                at=now,
                by=kept(by.name),
                role=by.role,
                source=by.source,
                move=name,
                before=before,
                after=after_,
                note=note,
                data=json.dumps(data or {}, ensure_ascii=False),
            )
        )
        if self._webhooks:
            order = asdict(order_of(session, row, None))
            order.pop("moves"), order.pop("joined"), order.pop("steps")
            told = {"event": f"order.{name}", "at": now, "by": by.name, "note": note, "data": data or {}}
            session.add_all(deliveries(self._webhooks, row.number, row.version, told | {"order": order}, now))

    def _last(self, session: Session, row: OrderRow) -> str:
        step = session.scalar(
            select(OrderMoveRow).where(OrderMoveRow.number == row.number, OrderMoveRow.version == row.version)
        )
        return f"{step.by}：{MOVES[step.move].label}" if step else ""  # type: ignore[index]
