"""The order book: orders are written in the transaction of their submission and moved one step at a time.

Every move is kept with who, when, what and from where. Methods block; threads and servers may share a book.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from sqlalchemy import ColumnElement, Select, func, insert, or_, select, text, update
from sqlalchemy.orm import Session

from assistant.orders.deadlines import Deadline, Policy, after
from assistant.orders.life import (
    MOVES,
    QUESTIONS,
    STATES,
    MoveName,
    NoSuchOrder,
    NotAllowed,
    OrderError,
    Role,
    StaleOrder,
    State,
    check,
    possible,
)
from assistant.orders.outbox import deliveries
from assistant.orders.tables import CoDepartmentRow, OrderMoveRow, OrderRow
from assistant.store import Store
from assistant.ticket.fields import LABELS, FieldValue
from kb.pack import CityPack

CHINA = timezone(timedelta(hours=8))
"""The hotline's wall clock, whatever the machine's is set to."""
LONGEST_NOTE = 5_000
WAITING: tuple[State, ...] = ("accepted", "dispatched", "in_progress", "returned")
"""States in which a deadline runs."""
LATELY = timedelta(days=30)
"""Orders received within this time are looked at for others about the same."""
MANY = 10
"""Orders about the same subject and matter lately from which on each is supervised without anybody's asking."""
BRIEF = 5
"""Orders that are listed beside a call."""
SYSTEM = "系统"
SECRET = frozenset({"caller_name", "caller_gender", "contact_phone"})
"""Fields that departments and programs do not see where the caller wants to be kept secret."""


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

    @property
    def department(self) -> str:
        """Code of the department it is dispatched to; empty: answered directly, or nobody knows."""
        return "" if self.direct else _text(self.fields["department"])

    @property
    def co_departments(self) -> tuple[str, ...]:
        """Codes of those that help."""
        value = self.fields["co_departments"].value
        return tuple(value) if isinstance(value, tuple | list) and self.department else ()


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
    supervised: bool = False
    by_due: bool = False
    """Those due first come first, not the newest."""


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
    contact_due: str | None
    due: str | None
    deadline: str
    estimated: bool
    overdue: bool
    extended: int
    urged: int
    supervised: bool
    answer: str
    callback: dict[str, bool | None]
    ticket: dict[str, dict[str, Any]]
    moves: list[MoveName] = field(default_factory=list)
    """What the reader may do now."""
    steps: list[Step] = field(default_factory=list)
    """What has been done, oldest first; only of an order that was asked for by number."""


class OrderBook:
    """The orders of one store."""

    def __init__(self, store: Store, pack: CityPack, policy: Policy, webhooks: Sequence[str] = ()) -> None:
        """`webhooks`: addresses that are told of every move."""
        self.engine = store.engine
        self.departments = {each.code: each.name for each in pack.departments}
        self._policy = policy
        self._webhooks = tuple(webhooks)

    # Submission

    def new(
        self, call: str, agent: str, line: str | None, fields: Mapping[str, FieldValue], by: Actor, direct: bool
    ) -> NewOrder:
        """An order with a number of its own, to be `put` where the submission is stored. Raises OrderError when it is
        to be closed as answered although nothing was answered."""
        received = datetime.now(CHINA)
        if direct and not _text(fields["content"]):
            raise OrderError("“诉求内容”还是空的，请写下答复了什么，再以直接答复办结。")
        deadline = None
        if not direct:
            kind, urgency = _text(fields["request_type"]), _text(fields["urgency"])
            deadline = self._policy.deadline(received, kind, "", urgency)
        return NewOrder(
            self._next_number(received), call, agent, line or "", received, dict(fields), by, deadline, direct
        )

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
        fields, now = new.fields, _utc(new.received)
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
            request_type=_text(fields["request_type"]),
            category=_text(fields["category"]),
            urgency=_text(fields["urgency"]) or "一般",
            department="",
            title=_text(fields["title"]),
            content=_text(fields["content"]),
            caller_name=_text(fields["caller_name"])[:64],
            phone=_text(fields["contact_phone"])[:32],
            line=new.line[:32],
            subject=_text(fields["subject"])[:200],
            address=_text(fields["address"]),
            confidential=fields["confidential"].value is True,
            extended=0,
            urged=0,
            supervised=False,
            answer=_text(fields["content"]) if new.direct else "",
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
            self._note(session, row, "dispatch", new.by, "accepted", "dispatched", now, data=told)
        others = self._alike(row.subject, row.address, row.category)
        if not new.direct and others and (count := self._count(session, others)) >= MANY:
            row.supervised = True
            note = f"{LATELY.days} 天内第 {count} 件同一对象、同一事项的诉求，自动督办。"
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
            row = self._row(session, number, by)
            if version is not None and version != row.version:
                raise StaleOrder(f"工单刚被他人更新（{self._last(session, row)}），请看过最新内容再操作。")
            before: State = row.state  # type: ignore[assignment]
            check(name, before, by.role)
            if _helps(row, by) and name != "note":
                raise NotAllowed(f"{MOVES[name].label}由主办单位操作，协办单位可以备注。")
            told = self._told(name, row, note, department, days, answers)
            after_: State = MOVES[name].target or before
            if name == "reopen" and not row.department:
                after_ = "accepted"
            self._apply(session, name, row, told, note, co_departments)
            self._note(session, row, name, by, before, after_, _utc(datetime.now(CHINA)), note.strip(), told)
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
            helping = self._co_departments(session, row.number) if co_departments is None else list(co_departments)
            if unknown := [code for code in helping if code not in self.departments]:
                raise OrderError(f"没有代码为“{unknown[0]}”的协办单位。")
            helping = [code for code in dict.fromkeys(helping) if code != told["department"]]
            self._dispatch(session, row, told["department"], helping)
            told["co_departments"] = helping
        elif name == "answer":
            row.answer = note.strip()
        elif name == "extend":
            row.extended += told["days"]
            row.due = _utc(datetime.fromisoformat(told["due"]))
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
        row.contact_due = _utc(deadline.contact) if deadline and deadline.contact else None
        row.due = _utc(deadline.due) if deadline else None
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
            order = asdict(self._order(session, row, None))
            order.pop("moves"), order.pop("steps")
            told = {"event": f"order.{name}", "at": now, "by": by.name, "note": note, "data": data or {}}
            session.add_all(deliveries(self._webhooks, row.number, row.version, told | {"order": order}, now))

    def _last(self, session: Session, row: OrderRow) -> str:
        step = session.scalar(
            select(OrderMoveRow).where(OrderMoveRow.number == row.number, OrderMoveRow.version == row.version)
        )
        return f"{step.by}：{MOVES[step.move].label}" if step else ""  # type: ignore[index]

    # Reading

    def find(self, number: str, by: Actor) -> Order:
        """An order with its history. Raises NoSuchOrder."""
        with Session(self.engine) as session:
            row = self._row(session, number, by)
            order = self._order(session, row, by)
            steps = session.scalars(
                select(OrderMoveRow).where(OrderMoveRow.number == number).order_by(OrderMoveRow.version)
            )
            order.steps.extend(map(_step, steps))
            if by.role == "department":
                order.steps[:] = [step if step.by == by.name else replace(step, source="") for step in order.steps]
            return order

    def search(self, query: Query, by: Actor, limit: int = 50, offset: int = 0) -> tuple[int, list[Order]]:
        """How many orders there are, and some of them: the newest first, or those due first."""
        with Session(self.engine) as session:
            chosen = self._chosen(query, by)
            total = session.scalar(select(func.count()).select_from(chosen.subquery())) or 0
            rows = session.scalars(self._sorted(chosen, query).limit(limit).offset(offset))
            return total, [self._order(session, row, by) for row in rows]

    def every(self, query: Query, by: Actor) -> Iterator[Order]:
        """All orders of a query, for export."""
        with Session(self.engine) as session:
            helping: dict[str, list[str]] = {}
            for number, department in session.execute(select(CoDepartmentRow.number, CoDepartmentRow.department)):
                helping.setdefault(number, []).append(department)
            rows = session.scalars(self._sorted(self._chosen(query, by), query).execution_options(yield_per=1000))
            for row in rows:
                yield self._order(session, row, by, sorted(helping.get(row.number, ())))

    def of_caller(self, phone: str) -> tuple[int, list[Brief]]:
        """How many orders came from a number or ask to call it, and the newest of them: whoever takes the call sees
        them, whosever they are."""
        return self._brief([or_(OrderRow.line == phone, OrderRow.phone == phone)]) if phone else (0, [])

    def alike(self, subject: str, address: str, category: str) -> tuple[int, list[Brief]]:
        """How many orders lately are about the same matter of the same subject (where there is none: at the same
        address), and the newest of them."""
        where = self._alike(subject, address, category)
        return self._brief(where) if where else (0, [])

    @staticmethod
    def _alike(subject: str, address: str, category: str) -> list[ColumnElement[bool]]:
        if not category or not (subject or address):
            return []
        same = OrderRow.subject == subject if subject else OrderRow.address == address
        return [same, OrderRow.category == category, OrderRow.received >= _utc(datetime.now(CHINA) - LATELY)]

    @staticmethod
    def _count(session: Session, where: Sequence[ColumnElement[bool]]) -> int:
        return session.scalar(select(func.count()).select_from(OrderRow).where(*where)) or 0

    def _brief(self, where: Sequence[ColumnElement[bool]]) -> tuple[int, list[Brief]]:
        with Session(self.engine) as session:
            rows = session.scalars(select(OrderRow).where(*where).order_by(OrderRow.number.desc()).limit(BRIEF))
            found = [
                Brief(
                    row.number,
                    row.title,
                    row.state,  # type: ignore[arg-type]
                    STATES[row.state],  # type: ignore[index]
                    _local(row.received) or "",
                    self.departments.get(row.department, ""),
                )
                for row in rows
            ]
            return self._count(session, where), found

    def counts(self, by: Actor) -> dict[str, int]:
        """How many of the reader's orders are in each state, are overdue, and are supervised."""
        with Session(self.engine) as session:
            states = select(OrderRow.state, func.count()).where(*self._visible(by)).group_by(OrderRow.state)
            found = {str(state): int(count) for state, count in session.execute(states)}
        for name, query in (("overdue", Query(overdue=True)), ("supervised", Query(supervised=True))):
            found[name] = self.search(query, by, limit=0)[0]
        return found

    def _chosen(self, query: Query, by: Actor) -> Select[Any]:
        where = self._visible(by)
        for column, value in (
            (OrderRow.request_type, query.request_type),
            (OrderRow.urgency, query.urgency),
            (OrderRow.agent, query.agent),
        ):
            if value:
                where.append(column == value)
        if query.department:
            where.append(self._concerns(query.department))
        if query.states:
            where.append(OrderRow.state.in_(query.states))
        if query.since:
            where.append(OrderRow.received >= _utc(query.since))
        if query.until:
            where.append(OrderRow.received < _utc(query.until))
        if query.overdue:
            where += [OrderRow.due < _utc(datetime.now(CHINA)), OrderRow.state.in_(WAITING)]
        if query.supervised:
            where += [OrderRow.supervised.is_(True), OrderRow.state != "closed"]
        for word in kept(query.q).split():
            columns = (OrderRow.number, OrderRow.subject, OrderRow.address, OrderRow.title, OrderRow.content)
            matches = [column.contains(word, autoescape=True) for column in columns]
            for column in (OrderRow.phone, OrderRow.line, OrderRow.caller_name):
                match = column.contains(word, autoescape=True)
                matches.append(match & OrderRow.confidential.is_(False) if by.role == "department" else match)
            where.append(or_(*matches))
        return select(OrderRow).where(*where)

    @staticmethod
    def _sorted(chosen: Select[Any], query: Query) -> Select[Any]:
        if query.by_due:
            return chosen.order_by(OrderRow.due.is_(None), OrderRow.due, OrderRow.number)
        return chosen.order_by(OrderRow.number.desc())

    def _visible(self, by: Actor) -> list[ColumnElement[bool]]:
        if by.role == "agent":
            return [OrderRow.agent == by.desk]
        return [self._concerns(by.department)] if by.role == "department" else []

    @staticmethod
    def _concerns(department: str) -> ColumnElement[bool]:
        helping = select(CoDepartmentRow.number).where(CoDepartmentRow.department == department)
        return or_(OrderRow.department == department, OrderRow.number.in_(helping))

    def _row(self, session: Session, number: str, by: Actor) -> OrderRow:
        row = session.scalar(select(OrderRow).where(OrderRow.number == kept(number), *self._visible(by)))
        if row is None:
            raise NoSuchOrder(f"没有工单 {number[:64]}。")
        return row

    @staticmethod
    def _co_departments(session: Session, number: str) -> list[str]:
        helping = select(CoDepartmentRow.department).where(CoDepartmentRow.number == number)
        return sorted(session.scalars(helping))

    def _order(self, session: Session, row: OrderRow, by: Actor | None, helping: list[str] | None = None) -> Order:
        """An order as `by` may see it (None: webhooks). `helping`: its helpers, where they are known already."""
        told = {column.name: getattr(row, column.name) for column in OrderRow.__table__.columns}
        told |= {name: _local(told[name]) for name in ("received", "changed", "contact_due", "due")}
        told["callback"] = json.loads(row.callback or "{}")
        told["ticket"] = json.loads(row.ticket)
        state: State = row.state  # type: ignore[assignment]
        if row.confidential and (by is None or by.role in ("department", "integration")):
            told |= dict.fromkeys(("caller_name", "phone", "line"), "")
            told["ticket"] = {name: value for name, value in told["ticket"].items() if name not in SECRET}
        return Order(
            **told,
            co_departments=self._co_departments(session, row.number) if helping is None else helping,
            overdue=bool(row.due and state in WAITING and row.due < _utc(datetime.now(CHINA))),
            moves=[name for name in possible(state, by.role) if name == "note" or not _helps(row, by)] if by else [],
        )


def _step(row: OrderMoveRow) -> Step:
    name: MoveName = row.move  # type: ignore[assignment]
    return Step(
        row.version,
        _local(row.at) or "",
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


def _helps(row: OrderRow, by: Actor) -> bool:
    """Whether somebody's department is not the one that has to answer."""
    return by.role == "department" and row.department != by.department


def _text(field_: FieldValue) -> str:
    return "" if field_.value is None else kept(str(field_.value))


def kept(text_: str) -> str:
    """Text without what a database cannot keep: halves of surrogate pairs, and in PostgreSQL the character 0."""
    return text_.encode("utf-8", "ignore").decode().replace("\0", "")


def _local(utc: str | None) -> str | None:
    """A time of the store by the hotline's clock."""
    return datetime.fromisoformat(utc).astimezone(CHINA).isoformat(timespec="seconds") if utc else None


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
