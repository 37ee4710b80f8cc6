"""The articles of an index, on disk: read one by one as they are found, so that many take no memory."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from sys import intern
from typing import Literal, overload

import numpy as np
from numpy.typing import NDArray

from kb.articles import Article, article_line, parse_article

State = Literal["valid", "expired", "future", "all"]


@dataclass(frozen=True)
class Filter:
    """Which articles are looked for; nothing given: all."""

    caller_kind: str = ""
    """个人 or 企业: articles for the other are left out."""
    departments: frozenset[str] = frozenset()
    """Codes; articles of no department are left out, too."""
    category: str = ""
    """Code of a leaf, or of a top category with all its leaves."""


class Shelf(Sequence[Article]):
    """Articles in order, with what search filters them by. Read-only: threads may share it."""

    def __init__(
        self, text: NDArray[np.uint8], ends: NDArray[np.int64], days: NDArray[np.int32], labels: list[tuple[str, ...]]
    ) -> None:
        """Use `load`."""
        self._text = text
        self._ends = ends
        self._days = days
        self._labels = labels

    @classmethod
    def write(cls, folder: Path, articles: Sequence[Article]) -> None:
        """Put articles into a folder."""
        lines = [article_line(article).encode("utf-8", "surrogatepass") + b"\n" for article in articles]
        (folder / "articles.jsonl").write_bytes(b"".join(lines))
        np.save(folder / "ends.npy", np.cumsum([0, *map(len, lines)], dtype=np.int64))
        days = [((one.valid_from or date.min).toordinal(), (one.valid_to or date.max).toordinal()) for one in articles]
        np.save(folder / "days.npy", np.array(days, np.int32).reshape(-1, 2))
        labels = [[one.id, one.caller_kind, one.department, one.category] for one in articles]
        (folder / "labels.json").write_text(json.dumps(labels), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Shelf:
        """Open what `write` wrote. Raises OSError or ValueError where that is missing or damaged."""
        ends = np.load(folder / "ends.npy", allow_pickle=False)
        days = np.load(folder / "days.npy", allow_pickle=False)
        told = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
        labels = [(label[0], *map(intern, label[1:])) for label in told]  # a hundred thousand share a few codes
        if not (len(ends) - 1 == len(days) == len(labels) and (folder / "articles.jsonl").stat().st_size == ends[-1]):
            raise ValueError(f"{folder}: the articles are damaged")
        text = np.memmap(folder / "articles.jsonl", mode="r") if len(days) else np.zeros(0, np.uint8)
        return cls(text, ends, days, labels)

    def __len__(self) -> int:
        return len(self._days)

    @overload
    def __getitem__(self, place: int) -> Article: ...
    @overload
    def __getitem__(self, place: slice) -> list[Article]: ...
    def __getitem__(self, place: int | slice) -> Article | list[Article]:
        if isinstance(place, slice):
            return [self[row] for row in range(*place.indices(len(self)))]
        start, end = self._ends[range(len(self))[place] :][:2]
        return parse_article(bytes(self._text[start:end]).decode("utf-8", "surrogatepass"), f"article {place}")

    def get(self, article: str) -> Article | None:
        """The article with this id."""
        row = self.row(article)
        return None if row is None else self[row]

    def row(self, article: str) -> int | None:
        """The place of the article with this id."""
        return self._rows.get(article)

    def ids(self) -> list[str]:
        """Ids of the articles, in order."""
        return [label[0] for label in self._labels]

    def rows(self, state: State, day: date, only: Filter) -> NDArray[np.int64]:
        """Places of the articles that are in a state on a day and pass a filter."""
        begun, over = self._days[:, 0] <= day.toordinal(), self._days[:, 1] < day.toordinal()
        chosen = {"valid": begun & ~over, "expired": over, "future": ~begun, "all": begun | True}[state]
        return np.flatnonzero(chosen & self.matching(only))

    def valid(self, day: date) -> NDArray[np.bool_]:
        """(articles,) which hold on a day."""
        return (self._days[:, 0] <= day.toordinal()) & (day.toordinal() <= self._days[:, 1])

    def categories(self, rows: NDArray[np.int64]) -> list[str]:
        """The code of the category of each of these articles."""
        return [self._labels[row][3] for row in rows]

    def matching(self, only: Filter) -> NDArray[np.bool_]:
        """(articles,) which pass a filter."""
        found = np.ones(len(self), np.bool_)
        if only.caller_kind:
            found &= np.isin(self._column(1), ["", "不限", only.caller_kind])
        if only.departments:
            found &= np.isin(self._column(2), sorted(only.departments))
        if only.category:
            codes = self._column(3)
            found &= (codes == only.category) | np.char.startswith(codes, f"{only.category}.")
        return found

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {label[0]: row for row, label in enumerate(self._labels)}

    def _column(self, place: int) -> NDArray[np.str_]:
        if place not in self._columns:
            self._columns[place] = np.array([label[place] for label in self._labels], dtype=np.str_)
        return self._columns[place]

    @cached_property
    def _columns(self) -> dict[int, NDArray[np.str_]]:
        return {}
