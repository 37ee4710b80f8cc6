"""Knowledge articles (知识库条目): what the hotline answers, and from when to when the answer holds."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from kb.errors import PackError


@dataclass(frozen=True)
class Article:
    """One entry of a pack's articles.jsonl; only `id`, `title` and `answer` are always filled."""

    id: str
    title: str
    answer: str
    question: str = ""
    similar_questions: tuple[str, ...] = ()
    """Other ways in which citizens ask the same."""
    department: str = ""
    """Code of departments.csv."""
    category: str = ""
    """Leaf code of categories.csv."""
    caller_kind: str = ""
    """个人, 企业 or 不限."""
    valid_from: date | None = None
    """First day on which the answer holds; None = always has."""
    valid_to: date | None = None
    """Last day on which the answer holds; None = until further notice."""
    keywords: tuple[str, ...] = ()
    source: str = ""

    def valid_on(self, day: date) -> bool:
        """Whether the answer holds on a day; both ends of its time belong to it."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


def read_articles(path: Path) -> list[Article]:
    """Read a JSON Lines file of articles, in its order; blank lines are skipped.

    Raises PackError naming file and line where a line is no JSON object, lacks id, title or answer, repeats an id,
    holds a value of the wrong kind or a date that is not YYYY-MM-DD, or ends before it begins.
    """
    articles: list[Article] = []
    lines_of: dict[str, int] = {}
    try:
        # Split at line feeds only: an answer may hold U+2028 and its kin, which str.splitlines would split at.
        lines = path.read_bytes().decode("utf-8-sig").split("\n")
    except OSError as error:
        raise PackError(
            f"{path} cannot be read ({error.strerror}); give a file of articles, one JSON a line"
        ) from error
    except UnicodeDecodeError as error:
        raise PackError(f"{path} is not UTF-8 text; save it as UTF-8") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        article = parse_article(line, where=f"{path}, line {number}")
        if article.id in lines_of:
            first = lines_of[article.id]
            raise PackError(
                f"{path}, line {number}: id {article.id} is already used in line {first}; give each its own"
            )
        lines_of[article.id] = number
        articles.append(article)
    return articles


def parse_article(line: str, where: str) -> Article:
    """An article from its line of JSON. Raises PackError, beginning with `where`, for what is none."""
    try:
        row = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        raise PackError(f"{where}: not JSON ({error}); write one article as one JSON object a line") from error
    if not isinstance(row, dict):
        raise PackError(f"{where}: not a JSON object; write one article as one JSON object a line")
    for key in ("id", "title", "answer"):
        if not _text(row, key, where):
            raise PackError(f"{where}: {key} is missing; every article needs id, title and answer")
    article = Article(
        id=_text(row, "id", where),
        title=_text(row, "title", where),
        answer=_text(row, "answer", where),
        question=_text(row, "question", where),
        similar_questions=_texts(row, "similar_questions", where),
        department=_text(row, "department", where),
        category=_text(row, "category", where),
        caller_kind=_text(row, "caller_kind", where),
        valid_from=_day(row, "valid_from", where),
        valid_to=_day(row, "valid_to", where),
        keywords=_texts(row, "keywords", where),
        source=_text(row, "source", where),
    )
    if article.valid_from and article.valid_to and article.valid_to < article.valid_from:
        raise PackError(f"{where}: valid_to {article.valid_to} lies before valid_from {article.valid_from}; swap them")
    return article


def article_line(article: Article) -> str:
    """An article as one line of JSON, which `parse_article` reads."""
    return json.dumps(asdict(article), ensure_ascii=False, default=str)


def _text(row: dict[str, object], key: str, where: str) -> str:
    value = row.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise PackError(f"{where}: {key} is not text; write it in quotes")
    return value.strip()


def _texts(row: dict[str, object], key: str, where: str) -> tuple[str, ...]:
    value = row.get(key)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise PackError(f'{where}: {key} is not a list of texts; write it as ["…", "…"]')
    return tuple(item.strip() for item in value if item.strip())


def _day(row: dict[str, object], key: str, where: str) -> date | None:
    text = _text(row, key, where)
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise PackError(f"{where}: {key} is {text!r}; write it as YYYY-MM-DD or null") from error
