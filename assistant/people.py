"""People and programs that may use the server: who they are, what they may do, and their sessions.

Passwords are kept as Argon2 hashes; of sessions, one-time links and programs' tokens only SHA-256 is kept. As long as
nobody has a password there is no sign-in: whoever reaches the server may do everything.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Boolean, ForeignKey, String, Text, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from assistant.errors import SeatError
from assistant.orders.life import ROLES, Role
from assistant.store import Base, Store

SESSION = timedelta(hours=12)
"""A session ends this long after the sign-in."""
IDLE = timedelta(hours=4)
"""And this long after its last request."""
TOUCH = timedelta(minutes=1)
"""How exactly the last request is kept."""
LINK = timedelta(hours=1)
"""How long a one-time link can be used."""
TOKEN = timedelta(days=3650)
"""How long a program's token holds."""
SHORTEST_PASSWORD, LONGEST_PASSWORD = 8, 256
TRIES, TRIES_OF_SOURCE, PAUSE = 5, 50, 60.0
"""Wrong passwords in a row for a name, and from a machine, after which it has to wait, and seconds of that."""
MOST_COUNTED = 10_000
"""Names and machines whose tries are remembered."""

Kind = Literal["session", "link", "token"]


class PeopleError(SeatError):
    """Somebody cannot be added, changed or signed in."""


class UserRow(Base):
    """A person or a program."""

    __tablename__ = "users"
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    display: Mapped[str] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(16))
    desk: Mapped[str] = mapped_column(String(64))
    department: Mapped[str] = mapped_column(String(64))
    password: Mapped[str] = mapped_column(Text)
    """Argon2; empty: signs in by links or tokens only."""
    disabled: Mapped[bool] = mapped_column(Boolean)
    created: Mapped[str] = mapped_column(String(40))


class KeyRow(Base):
    """Something that shows who somebody is."""

    __tablename__ = "keys"
    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    user: Mapped[str] = mapped_column(ForeignKey("users.name"), index=True)
    created: Mapped[str] = mapped_column(String(40))
    seen: Mapped[str] = mapped_column(String(40))
    expires: Mapped[str] = mapped_column(String(40))
    source: Mapped[str] = mapped_column(String(64))


@dataclass(frozen=True)
class Person:
    """Somebody who uses the server."""

    name: str
    display: str
    role: Role
    desk: str = ""
    """An agent's: she sees its calls and orders."""
    department: str = ""
    """Code of the department whose orders the person sees."""
    disabled: bool = False


class People:
    """The people of one store. All methods block; threads may share it."""

    def __init__(self, store: Store, departments: Iterable[str] = ()) -> None:
        """`departments`: codes that there are."""
        self._engine = store.engine
        self._departments = frozenset(departments)
        self._hasher = PasswordHasher()
        self._nobody = self._hasher.hash(secrets.token_hex())
        """Checked for names that do not exist, so that the time taken does not tell."""
        self._wrong: dict[str, tuple[int, float]] = {}
        self._counting = threading.Lock()

    @property
    def guarded(self) -> bool:
        """Whether people have to sign in: somebody has a password."""
        with Session(self._engine) as session:
            return session.scalar(select(UserRow.name).where(UserRow.password != "").limit(1)) is not None

    def add(
        self, name: str, role: str, password: str = "", *, display: str = "", desk: str = "", department: str = ""
    ) -> Person:
        """Make somebody known. Raises PeopleError that says what is wrong."""
        if not re.fullmatch(r"[\w.@-]{1,64}", name):
            raise PeopleError(f"A name has 1 to 64 letters, digits and . _ @ -, not {name[:70]!r}.")
        if len(desk) > 64:
            raise PeopleError("A desk's number has at most 64 characters.")
        if role not in ROLES:
            raise PeopleError(f"There is no role {role!r}; choose one of {', '.join(ROLES)}.")
        if role == "agent" and not desk:
            raise PeopleError("An agent needs a desk: give --desk, the seat number that her softphone reports.")
        if role == "department" and department not in self._departments:
            raise PeopleError(f"There is no department {department!r}; give --department a code of departments.csv.")
        hashed = self._hashed(password) if password or role != "integration" else ""
        with Session(self._engine) as session, session.begin():
            if session.get(UserRow, name):
                raise PeopleError(f"There is a user {name} already; change the password with `seat users password`.")
            session.add(_new(name, role, display or name, desk, department, hashed))
        return self.find(name)

    def guest(self, name: str, display: str, role: Role, desk: str) -> Person:
        """Somebody without a password, who signs in by links; the same one every time."""
        with Session(self._engine) as session, session.begin():
            if session.get(UserRow, name) is None:
                session.add(_new(name, role, display, desk))
        return self.find(name)

    def find(self, name: str) -> Person:
        """Somebody by name. Raises PeopleError."""
        with Session(self._engine) as session:
            return _person(self._row(session, name))

    def everybody(self) -> list[Person]:
        """All, by name."""
        with Session(self._engine) as session:
            return [_person(row) for row in session.scalars(select(UserRow).order_by(UserRow.name))]

    def set_password(self, name: str, password: str) -> None:
        """A new password; whoever is signed in with the old one has to sign in again. Raises PeopleError."""
        hashed = self._hashed(password)
        with Session(self._engine) as session, session.begin():
            self._row(session, name).password = hashed
            session.execute(delete(KeyRow).where(KeyRow.user == name, KeyRow.kind == "session"))

    def disable(self, name: str, disabled: bool = True) -> None:
        """Lock somebody out, at once, or let the person in again. Raises PeopleError."""
        with Session(self._engine) as session, session.begin():
            self._row(session, name).disabled = disabled
            if disabled:
                session.execute(delete(KeyRow).where(KeyRow.user == name, KeyRow.kind != "token"))

    def sign_in(self, name: str, password: str, source: str) -> tuple[Person, str]:
        """The person and the key of a session. Raises PeopleError; takes as long for a name that does not exist."""
        tries = {f"name {name}": TRIES, f"source {source}": TRIES_OF_SOURCE}
        self._count(tries)
        with Session(self._engine) as session:
            row = session.get(UserRow, name)
            known = row is not None and bool(row.password) and not row.disabled
            try:
                given = password.encode("utf-8", "surrogatepass")
                self._hasher.verify(row.password if row and known else self._nobody, given)
            except (VerificationError, InvalidHashError):
                known = False
            if not known or row is None:
                raise PeopleError("用户名或密码不对。")
            person = _person(row)
        with self._counting:
            for each in tries:
                self._wrong.pop(each, None)
        return person, self.key(name, "session", source)

    def _count(self, tries: dict[str, int]) -> None:
        """Count a try before it is made, so that many at once are not one. Raises PeopleError while there are too
        many; they are forgotten PAUSE seconds after the last."""
        now = time.monotonic()
        with self._counting:
            if len(self._wrong) > MOST_COUNTED:
                self._wrong = {each: told for each, told in self._wrong.items() if told[1] + PAUSE > now}
            for each, most in tries.items():
                wrong, last = self._wrong.get(each, (0, 0.0))
                wrong = wrong if last + PAUSE > now else 0
                if wrong >= most:
                    raise PeopleError(f"密码错误次数过多，请 {int(last + PAUSE - now) + 1} 秒后再试。")
                self._wrong[each] = (wrong + 1, now)

    def key(self, name: str, kind: Kind, source: str = "") -> str:
        """A new key for somebody; it is told once, and only its hash is kept."""
        key = secrets.token_urlsafe(32)
        lasts = {"session": SESSION, "link": LINK, "token": TOKEN}[kind]
        with Session(self._engine) as session, session.begin():
            self._row(session, name)
            session.execute(delete(KeyRow).where(KeyRow.expires < _now()))
            session.add(
                KeyRow(
                    hash=_hash(key),
                    kind=kind,
                    user=name,
                    created=_now(),
                    seen=_now(),
                    expires=_now(lasts),
                    source=source[:64],
                )
            )
        return key

    def who(self, key: str, kind: Kind, touch: bool = True) -> Person | None:
        """Whose key that is; None where it is none, has expired, or its owner is locked out. `touch`: this is a
        request, from which the session is not idle."""
        with Session(self._engine) as session, session.begin():
            row = session.get(KeyRow, _hash(key))
            if row is None or row.kind != kind or row.expires < _now():
                return None
            if kind == "session" and row.seen < _now(-IDLE):
                return None
            user = session.get(UserRow, row.user)
            if user is None or user.disabled:
                return None
            if touch and row.seen < _now(-TOUCH):
                row.seen = _now()
            return _person(user)

    def token(self, name: str) -> str:
        """A token for a program, or for an agent's machine, in place of the one before. Raises PeopleError."""
        with Session(self._engine) as session, session.begin():
            session.execute(delete(KeyRow).where(KeyRow.user == name, KeyRow.kind == "token"))
        return self.key(name, "token")

    def redeem(self, link: str, source: str) -> str | None:
        """The key of a session for a one-time link, which is used up; None where it cannot be used."""
        person = self.who(link, "link")
        if person is None:
            return None
        with Session(self._engine) as session, session.begin():
            used = session.execute(delete(KeyRow).where(KeyRow.hash == _hash(link)))
        return self.key(person.name, "session", source) if used.rowcount else None  # type: ignore[attr-defined]

    def sign_out(self, key: str) -> None:
        """End a session."""
        with Session(self._engine) as session, session.begin():
            session.execute(delete(KeyRow).where(KeyRow.hash == _hash(key)))

    def _hashed(self, password: str) -> str:
        if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
            raise PeopleError(f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters.")
        return self._hasher.hash(password)

    @staticmethod
    def _row(session: Session, name: str) -> UserRow:
        row = session.get(UserRow, name)
        if row is None:
            raise PeopleError(f"There is no user {name[:64]}; `seat users list` shows those there are.")
        return row


def _new(name: str, role: str, display: str, desk: str, department: str = "", password: str = "") -> UserRow:
    return UserRow(
        name=name,
        display=display[:64],
        role=role,
        desk=desk,
        department=department,
        password=password,
        disabled=False,
        created=_now(),
    )


def _person(row: UserRow) -> Person:
    role: Role = row.role  # type: ignore[assignment]
    return Person(row.name, row.display, role, row.desk, row.department, row.disabled)


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()


def _now(later: timedelta = timedelta()) -> str:
    return (datetime.now(UTC) + later).isoformat(timespec="seconds")
