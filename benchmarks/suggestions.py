"""Does the agent see the right articles while the caller talks, and how many others?

`python -m benchmarks suggestions --calls DIR --queries FILE`: DIR holds call scripts {"started_at", "turns":
[{"speaker", "text"}], "articles": [{"id", "after_turn"}]}; the queries of FILE are told clause by clause, as a caller
tells them, as written and misheard.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from assistant.config import cache_dir
from assistant.suggest import Suggester
from assistant.transcript import Speaker, Utterance
from benchmarks.knowledge import Query, misheard, read_queries
from kb.errors import PackError
from kb.pack import DEFAULT_PACK
from kb.search import ArticleIndex

SHORTEST_CLAUSE = 12
"""Characters; shorter clauses are said together with the next."""


@dataclass(frozen=True)
class Script:
    """A call with the articles that answer it."""

    day: date
    caller_kind: str
    turns: tuple[tuple[Speaker, str], ...]
    articles: dict[str, int]
    """Article -> the turn after which it is wanted."""


def suggestions(
    calls: Annotated[Path | None, typer.Option(help="Folder of call scripts.")] = None,
    queries: Annotated[Path | None, typer.Option(help='JSON Lines of {"query", "article", "kind"}.')] = None,
    pack: Annotated[Path, typer.Option(help="City pack whose articles are suggested.")] = DEFAULT_PACK,
) -> None:
    """Articles shown in time, and articles shown that nobody wanted."""
    index = ArticleIndex.of_file(pack / "articles.jsonl", cache_dir())
    table = Table()
    for heading in ("calls", "number", "wanted", "shown", "in time", "others shown", "showing only others"):
        table.add_column(heading, justify="left" if heading == "calls" else "right")
    if calls is not None:
        scripts = [_read_script(path) for path in sorted(calls.glob("*.json")) if ".timing." not in path.name]
        table.add_row("scripts", *_count(scripts, index))
    if queries is not None:
        asked = read_queries(queries)
        table.add_row("queries told in pieces", *_count([_told(query, None) for query in asked], index))
        table.add_row("the same misheard", *_count([_told(query, 1) for query in asked], index))
    Console().print(table)


def _read_script(path: Path) -> Script:
    try:
        row = json.loads(path.read_text(encoding="utf-8"))
        return Script(
            datetime.fromisoformat(row["started_at"]).date(),
            row.get("caller_kind", ""),
            tuple((turn["speaker"], turn["text"]) for turn in row["turns"]),
            {article["id"]: article["after_turn"] for article in row["articles"]},
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PackError(f"{path}: not a call script ({error!r}); see benchmarks/suggestions.py for its keys") from error


def _told(query: Query, seed: int | None) -> Script:
    clauses: list[str] = []
    for clause in re.findall(r"[^，。？！]+[，。？！]?", query.text):
        if clauses and len(clauses[-1]) < SHORTEST_CLAUSE:
            clauses[-1] += clause
        else:
            clauses.append(clause)
    if seed is not None:
        clauses = [one.text for one in misheard([Query(clause, "", "") for clause in clauses], seed)]
    turns: list[tuple[Speaker, str]] = [
        ("agent", "您好，请问有什么可以帮您？"),
        *(("caller", clause) for clause in clauses),
    ]
    return Script(date.today(), "", tuple(turns), {query.article: len(turns)})  # noqa: DTZ011 - answers that hold now


def _count(scripts: Sequence[Script], index: ArticleIndex) -> list[str]:
    wanted = shown = in_time = others = only_others = 0
    for script in scripts:
        suggester = Suggester(index, script.day, script.caller_kind)
        seen: dict[str, int] = {}
        for number, (speaker, text) in enumerate(script.turns):
            for hit in suggester.hear(Utterance(number, speaker, text)) or ():
                seen.setdefault(hit.article.id, number)
        right = [article for article in script.articles if article in seen]
        wanted += len(script.articles)
        shown += len(right)
        in_time += sum(seen[article] <= script.articles[article] for article in right)
        others += len(seen) - len(right)
        only_others += bool(seen) and not right
    return [str(number) for number in (len(scripts), wanted, shown, in_time, others, only_others)]
