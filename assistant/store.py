"""The durable record of every call: its events, in order, in a database.

SQLAlchemy 2; SQLite (write-ahead log, synced on every commit) unless another URL is configured. The schema is made and
upgraded by Alembic when the store is opened. All methods block; `assistant.log` calls them from its own thread.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from filelock import FileLock, Timeout
from sqlalchemy import ForeignKey, Index, String, Text, create_engine, delete, event, func, insert, select, update
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from assistant.errors import SeatError
from assistant.events import Event
from audio.media import MediaStart

BUSY_SECONDS = 5
"""For which a lock on an SQLite file is waited for."""


class StoreInUse(SeatError):
    """Another server has the database."""


class Base(DeclarativeBase):
    """Tables of the store."""


class CallRow(Base):
    """A call; what the list of calls shows without reading its events."""

    __tablename__ = "calls"
    id: Mapped[str] = mapped_column(String(128), primary_key=True)
    agent: Mapped[str] = mapped_column(String(64), index=True)
    caller_phone: Mapped[str | None] = mapped_column(String(32), index=True)
    started_at: Mapped[str] = mapped_column(String(40))
    """ISO 8601 with the offset it was given with."""
    order: Mapped[int] = mapped_column("arrival", index=True, unique=True)
    """1, 2, 3, … in the order in which calls arrived."""
    ended: Mapped[str | None] = mapped_column(String(16))
    """Why the call ended, None while it is live."""
    cut_off: Mapped[str | None] = mapped_column(String(40))
    """When it was lost or interrupted, ISO 8601 in UTC; None where it was not."""
    seconds: Mapped[float] = mapped_column(default=0.0)
    """Length of the audio, known at the end."""
    title: Mapped[str] = mapped_column(String(200), default="")
    utterances: Mapped[int] = mapped_column(default=0)


class EventRow(Base):
    """One event of a call."""

    __tablename__ = "events"
    call_id: Mapped[str] = mapped_column(ForeignKey("calls.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    type: Mapped[str] = mapped_column(String(32))
    at: Mapped[float]
    latency_ms: Mapped[float]
    data: Mapped[str] = mapped_column(Text)
    """The event as JSON, as it went over the wire."""
    request: Mapped[str | None] = mapped_column(String(64))
    """The page's own number of the message that caused it, so that a repeated message does nothing."""
    __table_args__ = (Index("ix_events_request", "call_id", "request"),)


class SearchRow(Base):
    """A search that somebody made on a page."""

    __tablename__ = "searches"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[str] = mapped_column(String(40), index=True)
    agent: Mapped[str] = mapped_column(String(64))
    query: Mapped[str] = mapped_column(String(500))
    found: Mapped[int]
    opened: Mapped[str] = mapped_column(String(128))


@dataclass(frozen=True)
class Search:
    """A search of the knowledge base by hand."""

    query: str
    found: int
    """How many articles it found."""
    opened: str
    """The article that was opened; empty: none."""
    agent: str


@dataclass(frozen=True)
class CallSummary:
    """A line of the list of calls."""

    id: str
    agent: str
    caller_phone: str | None
    started_at: str
    ended_at: str | None
    """ISO 8601; None while live."""
    state: str
    """live or ended"""
    title: str
    utterances: int


@dataclass(frozen=True)
class Entry:
    """An event to be written, with the page's message number if a page caused it."""

    event: Event
    request: str | None = None


CLAIM = 12345
"""The advisory lock of a server on PostgreSQL."""
Write = Callable[[Session], None]
"""Writes something in a transaction that it does not end."""


class Store:
    """Opens (and upgrades) the database at `url`. Raises SeatError when it cannot."""

    def __init__(self, url: str) -> None:
        self._adding = threading.Lock()
        """Arrivals are counted one after the other."""
        self._claim: FileLock | None = None
        self._claimed: Connection | None = None
        try:
            self.engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS} if url.startswith("sqlite") else {})
            if self.engine.dialect.name == "sqlite":
                event.listen(self.engine, "connect", _sqlite_pragmas)
            _upgrade(self.engine)
        except (SQLAlchemyError, CommandError, ImportError) as error:
            reason = str(getattr(error, "orig", None) or error).split("\n")[0]
            raise SeatError(f"The database {_printable(url)} cannot be opened: {reason}.") from error

    def claim(self) -> None:
        """Make this process the only server on the database: a second would take the first one's live calls for dead.

        Raises StoreInUse when another has it.
        """
        file = self.engine.url.database
        if self.engine.dialect.name == "sqlite" and file and file != ":memory:":
            lock = FileLock(f"{file}.lock")
            try:
                lock.acquire(timeout=0)
            except Timeout as error:
                raise StoreInUse(
                    f"Another server already uses {file}; stop it, or give this one a SEAT_DATA_DIR of its own."
                ) from error
            self._claim = lock
        elif self.engine.dialect.name == "postgresql":
            connection = self.engine.connect()
            if not connection.scalar(select(func.pg_try_advisory_lock(CLAIM))):
                connection.close()
                raise StoreInUse(f"Another server already uses {_printable(str(self.engine.url))}; stop it first.")
            self._claimed = connection

    def close(self) -> None:
        """Give back all connections; a second time does nothing."""
        if self._claimed:
            with contextlib.suppress(SQLAlchemyError):  # the database may be away, and the lock with it
                self._claimed.scalar(select(func.pg_advisory_unlock(CLAIM)))
            self._claimed.invalidate()  # ends the session, but the database takes its time to see that
            self._claimed.close()
            self._claimed = None
        self.engine.dispose()
        if self._claim:
            self._claim.release()

    def add_call(self, info: MediaStart) -> bool:
        """Make room for a call. False when its id has been used before."""
        with self._adding, Session(self.engine) as session, session.begin():
            if session.get(CallRow, info.call_id):
                return False
            order = (session.scalar(select(func.max(CallRow.order))) or 0) + 1
            started = info.started_at.isoformat()
            session.add(
                CallRow(
                    id=info.call_id, agent=info.agent, caller_phone=info.caller_phone, started_at=started, order=order
                )
            )
        return True

    def write(self, entries: Sequence[Entry], also: Sequence[Write] = ()) -> None:
        """Append events and do what else belongs to them, all or none."""
        with Session(self.engine) as session, session.begin():
            session.execute(insert(EventRow), [_row(entry) for entry in entries])
            for entry in entries:
                self._summarise(session, entry.event)
            for write in also:
                write(session)

    def _summarise(self, session: Session, event: Event) -> None:
        change: dict[str, Any] = {}
        match event.type:
            case "transcript.final" if event.data["text"]:
                change = {"utterances": CallRow.utterances + 1}
            case "ticket.updated" if event.data["field"] == "title":
                change = {"title": (event.data["value"] or "")[:200]}
            case "call.ended":
                over = event.data["reason"] == "hangup"
                now = datetime.now(UTC).isoformat()
                change = {"ended": event.data["reason"], "seconds": event.at, "cut_off": None if over else now}
                if over:  # of a call that was cut off they may be all that is left
                    partials = (EventRow.call_id == event.call, EventRow.type == "transcript.partial")
                    session.execute(delete(EventRow).where(*partials))
            case "call.resumed":
                change = {"ended": None, "cut_off": None}
        if change:
            session.execute(update(CallRow).where(CallRow.id == event.call).values(change))

    def events(self, call: str, after: int = 0) -> list[Event]:
        """Events of a call with a number above `after`, in order, without partials that a later event has overtaken."""
        with Session(self.engine) as session:
            query = select(EventRow.data).where(EventRow.call_id == call, EventRow.seq > after).order_by(EventRow.seq)
            found = [Event.model_validate_json(data) for data in session.scalars(query)]
        newest: dict[int, int] = {}
        for event_ in found:
            if event_.type in ("transcript.partial", "transcript.final"):
                newest[event_.data["utterance"]] = event_.seq
        return [e for e in found if e.type != "transcript.partial" or newest[e.data["utterance"]] == e.seq]

    def answered(self, call: str, request: str) -> int | None:
        """The number of the last event that a page's message caused, None when it has not been seen."""
        with Session(self.engine) as session:
            query = select(func.max(EventRow.seq)).where(EventRow.call_id == call, EventRow.request == request)
            return session.scalar(query)

    def last_number(self, call: str) -> int:
        """The highest event number of a call, 0 when there is none."""
        with Session(self.engine) as session:
            return session.scalar(select(func.max(EventRow.seq)).where(EventRow.call_id == call)) or 0

    def call(self, call: str) -> CallSummary | None:
        """One call's line, None when there is no such call."""
        with Session(self.engine) as session:
            row = session.get(CallRow, call)
            return _summary(row) if row else None

    def cut_off(self, call: str) -> datetime | None:
        """When a call was lost or interrupted; None where it was not, or goes on."""
        with Session(self.engine) as session:
            when = session.scalar(select(CallRow.cut_off).where(CallRow.id == call))
            return datetime.fromisoformat(when) if when else None

    def calls(self, limit: int, offset: int = 0, agent: str | None = None) -> list[CallSummary]:
        """Lines of the newest calls first; `agent`: of one desk."""
        with Session(self.engine) as session:
            query = select(CallRow).order_by(CallRow.order.desc()).limit(limit).offset(offset)
            if agent is not None:
                query = query.where(CallRow.agent == agent)
            return [_summary(row) for row in session.scalars(query)]

    def calls_from(self, phone: str, other_than: str = "", limit: int = 5) -> tuple[int, list[CallSummary]]:
        """How many calls came from a number, and the newest of them; one call is left out."""
        mine = (CallRow.caller_phone == phone, CallRow.id != other_than)
        with Session(self.engine) as session:
            count = session.scalar(select(func.count()).select_from(CallRow).where(*mine)) or 0
            rows = session.scalars(select(CallRow).where(*mine).order_by(CallRow.order.desc()).limit(limit))
            return count, [_summary(row) for row in rows]

    def latest_call(self, agent: str) -> str | None:
        """The newest call of a desk."""
        with Session(self.engine) as session:
            query = select(CallRow.id).where(CallRow.agent == agent).order_by(CallRow.order.desc()).limit(1)
            return session.scalar(query)

    def add_search(self, search: Search) -> None:
        """Note a search."""
        now = datetime.now().astimezone().isoformat()
        with Session(self.engine) as session, session.begin():
            session.add(SearchRow(at=now, **vars(search)))

    def searches(self, since: date) -> list[Search]:
        """Searches since a day, oldest first."""
        with Session(self.engine) as session:
            rows = session.scalars(select(SearchRow).where(SearchRow.at >= since.isoformat()).order_by(SearchRow.id))
            return [Search(row.query, row.found, row.opened, row.agent) for row in rows]

    def since(self, day: date, types: Sequence[str]) -> Iterator[Event]:
        """Events of these types of all calls that began on a day or later, call by call in order."""
        query = (
            select(EventRow.data)
            .join(CallRow, CallRow.id == EventRow.call_id)
            .where(CallRow.started_at >= day.isoformat(), EventRow.type.in_(types))
            .order_by(CallRow.order, EventRow.seq)
        )
        with Session(self.engine) as session:
            for data in session.scalars(query.execution_options(yield_per=1000)):
                yield Event.model_validate_json(data)

    def unfinished(self) -> list[str]:
        """Calls that never ended: the server was stopped while they ran."""
        with Session(self.engine) as session:
            return list(session.scalars(select(CallRow.id).where(CallRow.ended.is_(None)).order_by(CallRow.order)))


def _row(entry: Entry) -> dict[str, Any]:
    event_ = entry.event
    return {
        "call_id": event_.call,
        "seq": event_.seq,
        "type": event_.type,
        "at": event_.at,
        "latency_ms": event_.latency_ms,
        "data": event_.wire(),
        "request": entry.request,
    }


def _summary(row: CallRow) -> CallSummary:
    ended_at = datetime.fromisoformat(row.started_at) + timedelta(seconds=row.seconds)
    return CallSummary(
        id=row.id,
        agent=row.agent,
        caller_phone=row.caller_phone,
        started_at=row.started_at,
        ended_at=ended_at.isoformat() if row.ended else None,
        state="ended" if row.ended else "live",
        title=row.title,
        utterances=row.utterances,
    )


def _upgrade(engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _sqlite_pragmas(connection: Any, _: Any) -> None:
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _printable(url: str) -> str:
    """The URL without a password."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return repr(url)
