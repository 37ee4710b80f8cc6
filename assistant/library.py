"""The hotline's articles as its editors keep them: every version with who and when, and what is due for review.

They lie in the server's database. Until somebody changes one, the city pack's articles.jsonl is the library; with the
first change all of it goes in, as everybody's version 1.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Literal

from sqlalchemy import func, insert, select
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.types import String, Text

from assistant.config import Settings, cache_dir
from assistant.errors import SeatError
from assistant.store import Base, Store
from kb.articles import Article, article_line, parse_article, read_articles
from kb.search import ArticleIndex, Progress

Action = Literal["pack", "import", "edit", "delete", "restore"]
AT_ONCE = 2000
"""Articles written between two reports of progress."""


class NoSuchArticle(SeatError):
    """The library has no article, or no version, of that name."""


class ArticleRow(Base):
    """An article as it is now."""

    __tablename__ = "articles"
    pack: Mapped[str] = mapped_column(String(512), primary_key=True)
    id: Mapped[str] = mapped_column(String(128), primary_key=True)
    place: Mapped[int]
    version: Mapped[int]
    data: Mapped[str] = mapped_column(Text)
    deleted: Mapped[bool]
    changed_at: Mapped[str] = mapped_column(String(40))
    changed_by: Mapped[str] = mapped_column(String(64))
    reviewed_at: Mapped[str] = mapped_column(String(40))
    """ISO 8601; when somebody last said that it still holds, or changed it."""
    reviewed_by: Mapped[str] = mapped_column(String(64))


class VersionRow(Base):
    """An article as it was made by one change."""

    __tablename__ = "article_versions"
    change: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    pack: Mapped[str] = mapped_column(String(512))
    article: Mapped[str] = mapped_column(String(128))
    version: Mapped[int]
    data: Mapped[str] = mapped_column(Text)
    action: Mapped[str] = mapped_column(String(16))
    at: Mapped[str] = mapped_column(String(40))
    by: Mapped[str] = mapped_column(String(64))


@dataclass(frozen=True)
class Version:
    """A version of an article."""

    number: int
    """1, 2, 3, …"""
    article: Article
    action: str
    """pack, import, edit, delete or restore"""
    at: str
    """ISO 8601 with offset"""
    by: str


@dataclass(frozen=True)
class Kept:
    """An article of the library with what is known of its upkeep."""

    article: Article
    version: int
    changed_at: str
    changed_by: str
    reviewed_at: str
    reviewed_by: str


@dataclass(frozen=True)
class Due(Kept):
    """An article that somebody should look at."""

    reasons: tuple[str, ...]
    """In words for people."""


@dataclass(frozen=True)
class Written:
    """What a change came to."""

    added: int
    changed: int
    unchanged: int


class Library:
    """The articles of one city pack. All methods block; threads may share it."""

    def __init__(self, store: Store, pack: Path) -> None:
        """`pack`: the folder; a library belongs to it."""
        self.pack = pack.resolve()
        self.file = pack / "articles.jsonl"
        self.url = store.engine.url.render_as_string(hide_password=False)
        self._engine = store.engine
        self._pack = str(self.pack)

    @classmethod
    def at_hand(cls, settings: Settings) -> Library | None:
        """The library that the settings name; None where no server or editor has made its database yet."""
        url = settings.store_url()
        file = make_url(url).database
        if url.startswith("sqlite") and not (file and Path(file).is_file()):
            return None
        return cls(Store(url), settings.pack)

    def state(self) -> str:
        """A text that is another after every change; empty as long as the pack's file is the library."""
        with Session(self._engine) as session:
            newest = session.execute(
                select(VersionRow.change, VersionRow.at)
                .where(VersionRow.pack == self._pack)
                .order_by(VersionRow.change.desc())
                .limit(1)
            ).first()
        if newest is None:
            return ""
        return hashlib.sha256(f"{self.url} {self._pack} {newest.change} {newest.at}".encode()).hexdigest()

    def index(self, state: str, progress: Progress | None = None) -> ArticleIndex:
        """The library as it is in `state`, ready to be searched. Raises PackError as `articles` does."""
        if not state:
            return ArticleIndex.of_file(self.file, cache_dir(), progress)
        return ArticleIndex.of(f"{self.url} {self._pack}", state, self.articles, cache_dir(), progress)

    def articles(self) -> list[Article]:
        """All articles, in order. Raises PackError where the pack's file is the library and is wrong."""
        with Session(self._engine) as session:
            rows = session.scalars(
                select(ArticleRow.data)
                .where(ArticleRow.pack == self._pack, ArticleRow.deleted.is_(False))
                .order_by(ArticleRow.place)
            )
            found = [parse_article(data, "the library") for data in rows]
            return found if found or self.state() else read_articles(self.file)

    def write(
        self,
        articles: Iterable[Article],
        by: str,
        action: Action = "edit",
        report: Callable[[float], None] = lambda part: None,
    ) -> Written:
        """Add articles, or take them for the newest version of those with the same id. All or none."""
        new = list(articles)
        now = _now()
        counts: Counter[str] = Counter()
        with Session(self._engine) as session, session.begin():
            self._move_in(session, now)
            place = (session.scalar(select(func.max(ArticleRow.place)).where(ArticleRow.pack == self._pack)) or 0) + 1
            for first in range(0, len(new), AT_ONCE):
                report(first / len(new))
                counts.update(self._put(session, new[first : first + AT_ONCE], place + first, now, by, action))
        report(1.0)
        return Written(counts["added"], counts["changed"], counts["unchanged"])

    def delete(self, article: str, by: str) -> None:
        """Take an article out; its versions stay. Raises NoSuchArticle."""
        with Session(self._engine) as session, session.begin():
            self._move_in(session, _now())
            row = self._row(session, article)
            self._change(session, row, row.data, "delete", by, deleted=True)

    def restore(self, article: str, number: int, by: str) -> None:
        """Make an older version the newest. Raises NoSuchArticle."""
        with Session(self._engine) as session, session.begin():
            old = session.scalar(
                select(VersionRow.data).where(
                    VersionRow.pack == self._pack, VersionRow.article == article, VersionRow.version == number
                )
            )
            if old is None:
                raise NoSuchArticle(f"Article {article} has no version {number}.")
            self._change(session, self._row(session, article, deleted=True), old, "restore", by)

    def versions(self, article: str) -> list[Version]:
        """Versions of an article, newest first; none where it is unknown or still the pack's."""
        with Session(self._engine) as session:
            rows = session.scalars(
                select(VersionRow)
                .where(VersionRow.pack == self._pack, VersionRow.article == article)
                .order_by(VersionRow.version.desc())
            )
            return [
                Version(row.version, parse_article(row.data, "the library"), row.action, row.at, row.by) for row in rows
            ]

    def find(self, article: str) -> Kept | None:
        """An article as it is now."""
        with Session(self._engine) as session:
            row = session.get(ArticleRow, (self._pack, article))
            if row is not None:
                return None if row.deleted else _kept(row)
        if self.state():
            return None
        return next((_unchanged(one) for one in self.articles() if one.id == article), None)

    def reviewed(self, article: str, by: str) -> None:
        """Note that somebody has looked at an article and that it still holds. Raises NoSuchArticle."""
        now = _now()
        with Session(self._engine) as session, session.begin():
            self._move_in(session, now)
            row = self._row(session, article)
            row.reviewed_at, row.reviewed_by = now, by

    def due(self, days: int, since: date, today: date) -> list[Due]:
        """What has expired without being taken out, expires within `days`, or was not reviewed since a day; what is
        due first comes first."""
        last = today + timedelta(days=days)
        found = []
        with Session(self._engine) as session:
            rows = session.scalars(
                select(ArticleRow)
                .where(ArticleRow.pack == self._pack, ArticleRow.deleted.is_(False))
                .order_by(ArticleRow.place)
            )
            kept = [_kept(row) for row in rows]
        if not kept:
            kept = [_unchanged(article) for article in self.articles()]
        for one in kept:
            reasons = []
            ends = one.article.valid_to
            if ends and ends < today:
                reasons.append(f"已于 {ends} 失效")
            elif ends and ends <= last:
                reasons.append(f"将于 {ends} 失效（{(ends - today).days} 天后）")
            if one.reviewed_at[:10] < since.isoformat() and not (ends and ends < today):
                reasons.append(f"自 {one.reviewed_at[:10]} 起未复核" if one.reviewed_at else "从未复核")
            if reasons:
                found.append(Due(**vars(one), reasons=tuple(reasons)))
        return sorted(found, key=lambda due: (due.article.valid_to or date.max, due.reviewed_at, due.article.id))

    def _move_in(self, session: Session, now: str) -> None:
        """Put the pack's articles into an empty library."""
        if session.scalar(select(ArticleRow.id).where(ArticleRow.pack == self._pack).limit(1)) is not None:
            return
        articles = read_articles(self.file)
        for first in range(0, len(articles), AT_ONCE):
            self._put(session, articles[first : first + AT_ONCE], 1 + first, now, "", "pack")

    def _put(
        self, session: Session, articles: Sequence[Article], place: int, now: str, by: str, action: Action
    ) -> Counter[str]:
        """Write some articles; how many were added, changed and unchanged."""
        counts: Counter[str] = Counter()
        there = {
            row.id: row
            for row in session.scalars(
                select(ArticleRow).where(ArticleRow.pack == self._pack, ArticleRow.id.in_([one.id for one in articles]))
            )
        }
        rows, versions = [], []
        for offset, article in enumerate(articles):
            line, row = article_line(article), there.get(article.id)
            if row is not None:
                same = row.data == line and not row.deleted
                counts["unchanged" if same else "changed"] += 1
                if not same:
                    self._change(session, row, line, action, by, now=now)
                continue
            counts["added"] += 1
            reviewed = "" if action == "pack" else now
            rows.append(
                {"pack": self._pack, "id": article.id, "place": place + offset, "version": 1, "data": line,
                 "deleted": False, "changed_at": now, "changed_by": by, "reviewed_at": reviewed,
                 "reviewed_by": by if reviewed else ""}
            )  # fmt: skip
            versions.append(
                {"pack": self._pack, "article": article.id, "version": 1, "data": line, "action": action, "at": now,
                 "by": by}
            )  # fmt: skip
        if rows:
            session.execute(insert(ArticleRow), rows)
            session.execute(insert(VersionRow), versions)
        return counts

    def _change(
        self,
        session: Session,
        row: ArticleRow,
        line: str,
        action: Action,
        by: str,
        *,
        deleted: bool = False,
        now: str = "",
    ) -> None:
        at = now or _now()
        row.version += 1
        row.data, row.deleted = line, deleted
        row.changed_at = row.reviewed_at = at
        row.changed_by = row.reviewed_by = by
        session.add(
            VersionRow(pack=self._pack, article=row.id, version=row.version, data=line, action=action, at=at, by=by)
        )

    def _row(self, session: Session, article: str, *, deleted: bool = False) -> ArticleRow:
        row = session.get(ArticleRow, (self._pack, article))
        if row is None or (row.deleted and not deleted):
            raise NoSuchArticle(f"There is no article {article}.")
        return row


def make_index(url: str, pack: Path, state: str) -> None:
    """Make the index of a library on disk, in a process of its own. Where the library has changed since it was in
    `state`, its newest articles are taken: the next look finds another state."""
    os.nice(10)
    Library(Store(url), pack).index(state)


def _unchanged(article: Article) -> Kept:
    return Kept(article, 1, "", "", "", "")


def _kept(row: ArticleRow) -> Kept:
    article = parse_article(row.data, "the library")
    return Kept(article, row.version, row.changed_at, row.changed_by, row.reviewed_at, row.reviewed_by)


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="microseconds")
