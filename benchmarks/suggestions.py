"""Does the agent see the right articles while the caller talks, and how many others?

`python -m benchmarks suggestions --calls DIR --queries FILE`: DIR holds call scripts {"started_at", "turns":
[{"speaker", "text"}], "articles": [{"id", "after_turn"}]} and perhaps their recordings, NAME.flac with
NAME.timing.json, beside them or in DIR/audio; the queries of FILE are told clause by clause, as a caller tells them, as
written and misheard.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from assistant.errors import SeatError
from assistant.extract import Dialogue
from assistant.transcript import Speaker
from benchmarks.common import JsonOption, finish
from benchmarks.figures import SuggestionsRow
from benchmarks.knowledge import Query, misheard, read_queries
from benchmarks.recordings import turns
from benchmarks.tickets import Script, from_audio, from_text, read_scripts
from kb.pack import DEFAULT_PACK

SHORTEST_CLAUSE = 12
"""Characters; shorter clauses are said together with the next."""
SLACK = 1.0
"""Seconds that an utterance may end after the turn in which the article is asked for, and still be of that turn."""


def suggestions(
    calls: Annotated[Path | None, typer.Option(help="Folder of call scripts.")] = None,
    queries: Annotated[Path | None, typer.Option(help='JSON Lines of {"query", "article", "kind"}.')] = None,
    audio: Annotated[bool, typer.Option("--audio", help="From the recordings of the calls, too.")] = False,
    pack: Annotated[Path, typer.Option(help="City pack whose articles are suggested.")] = DEFAULT_PACK,
    json: JsonOption = None,
) -> None:
    """Articles shown in time, and articles shown that nobody wanted."""
    counts = list(_counts(calls, queries, audio, pack))
    table = Table()
    for heading in ("calls", "number", "wanted", "shown", "in time", "others shown", "showing only others"):
        table.add_column(heading, justify="left" if heading == "calls" else "right")
    for count in counts:
        table.add_row(*map(str, count.model_dump().values()))
    Console().print(table)
    finish(json, {"suggestions": [count.model_dump() for count in counts]})


def _counts(calls: Path | None, queries: Path | None, audio: bool, pack: Path) -> Iterator[SuggestionsRow]:
    if calls is not None:
        scripts = read_scripts(calls, "articles", list)
        yield _count("scripts", scripts, from_text(scripts, pack)[0])
        spoken = [script for script in scripts if script.recording and turns(script.recording)] if audio else []
        if audio and not spoken:
            raise SeatError(f"{calls} has no recordings with true times (NAME.flac with NAME.timing.json).")
        if spoken:
            yield _count("their recordings", spoken, asyncio.run(from_audio(spoken, pack))[0])
    if queries is not None:
        asked = read_queries(queries)
        for name, seed in (("queries told in pieces", None), ("the same misheard", 1)):
            scripts = [_told(query, seed) for query in asked]
            yield _count(name, scripts, from_text(scripts, pack)[0])


def _told(query: Query, seed: int | None) -> Script:
    clauses: list[str] = []
    for clause in re.findall(r"[^，。？！]+[，。？！]?", query.text):
        if clauses and len(clauses[-1]) < SHORTEST_CLAUSE:
            clauses[-1] += clause
        else:
            clauses.append(clause)
    if seed is not None:
        clauses = [one.text for one in misheard([Query(clause, "", "") for clause in clauses], seed)]
    said: list[tuple[Speaker, str]] = [
        ("agent", "您好，请问有什么可以帮您？"),
        *(("caller", clause) for clause in clauses),
    ]
    dialogue = Dialogue(query.text, datetime.now().astimezone(), None, tuple(said))
    return Script(Path(query.text), dialogue, [{"id": query.article, "after_turn": len(said)}])


def _count(name: str, scripts: Sequence[Script], documents: Sequence[dict[str, Any]]) -> SuggestionsRow:
    wanted = shown = in_time = others = only_others = 0
    for script, document in zip(scripts, documents, strict=True):
        due = {article["id"]: article["after_turn"] for article in script.true}
        seen: dict[str, int] = {}
        for suggestion in document["suggestions"]:
            for article in suggestion["articles"]:
                seen.setdefault(article, suggestion["after_utterance"])
        right = [article for article in due if article in seen]
        wanted += len(due)
        shown += len(right)
        in_time += sum(_by(script, document, seen[article], due[article]) for article in right)
        others += len(seen) - len(right)
        only_others += bool(seen) and not right
    return SuggestionsRow(
        calls=name,
        number=len(scripts),
        wanted=wanted,
        shown=shown,
        in_time=in_time,
        others=others,
        only_others=only_others,
    )


def _by(script: Script, document: dict[str, Any], utterance: int, turn: int) -> bool:
    """Whether an utterance of a document was over when a turn of the script was: the same thing where both are text."""
    if document["call"]["seconds"] == 0:
        return utterance <= turn
    assert script.recording is not None
    said = next(one for one in document["transcript"] if one["utterance"] == utterance)
    return bool(said["end"] <= turns(script.recording)[turn].end + SLACK)
