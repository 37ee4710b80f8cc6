"""`seat kb`: the hotline's knowledge articles from the command line."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.errors import SeatError

if TYPE_CHECKING:
    from kb.search import ArticleIndex, Hit

app = typer.Typer(help="The hotline's knowledge articles.", no_args_is_help=True)

EXCERPT = 80
"""Characters of an answer in the table."""


@app.callback()
def knowledge() -> None:
    """The hotline's knowledge articles."""


@app.command()
def search(
    query: Annotated[str | None, typer.Argument(help="What the citizen asks, in their words.")] = None,
    *,
    top: Annotated[int, typer.Option(min=1, max=50, help="How many articles at most.")] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on standard output, answers in full.")] = False,
    batch: Annotated[
        Path | None, typer.Option(help='File with one {"query": …} a line; one JSON line out for each.')
    ] = None,
    pack: Annotated[Path | None, typer.Option(help="City pack directory.")] = None,
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day on which answers must hold (default: today).")
    ] = None,
) -> None:
    """Find articles by a question, or by every question of a file."""
    if batch is not None and query is not None:
        raise SeatError("A query and --batch were given: give one of them.")
    if batch is None and not (query or "").strip():
        raise SeatError(
            'There is nothing to search for: give a query, as in seat kb search "公积金怎么提取", or --batch FILE.'
        )
    queries = [query or ""] if batch is None else list(_read_queries(batch))
    index = _index(pack)
    day = on.date() if on else None
    if batch is not None:
        _search_batch(queries, index, top, day)
        return
    hits = index.search(queries[0], top, day)
    if as_json:
        _print_json(queries[0], [{**_found(hit), "answer": hit.article.answer} for hit in hits])
    else:
        _print_table(hits)


def _read_queries(path: Path) -> Iterator[str]:
    """Every query of a file; all are read before the first is searched: a bad line leaves no half output behind."""
    try:
        lines = path.read_bytes().decode("utf-8-sig").split("\n")
    except OSError as error:
        raise SeatError(
            f'{path} cannot be read ({error.strerror}): give a file with one {{"query": …}} a line.'
        ) from error
    except UnicodeDecodeError as error:
        raise SeatError(f"{path} is not UTF-8 text: save it as UTF-8.") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise SeatError(f'{path}, line {number}: not JSON; write one {{"query": …}} a line.') from error
        if not isinstance(row, dict) or not isinstance(row.get("query"), str):
            raise SeatError(f'{path}, line {number}: no "query" with a text; write one {{"query": …}} a line.')
        yield row["query"]


def _search_batch(queries: list[str], index: ArticleIndex, top: int, day: date | None) -> None:
    from rich.progress import track  # noqa: PLC0415

    from assistant.cli import view  # noqa: PLC0415

    errors = view.stderr()
    for query in track(queries, "检索", console=errors, disable=not errors.is_terminal, transient=True):
        _print_json(query, [_found(hit) for hit in index.search(query, top, day)])


def _index(pack: Path | None) -> ArticleIndex:
    from assistant import config  # noqa: PLC0415  (what follows takes a second to load; --help must not)
    from assistant.cli import view  # noqa: PLC0415
    from kb.articles import read_articles  # noqa: PLC0415
    from kb.search import ArticleIndex  # noqa: PLC0415

    articles = read_articles(config.load(pack=pack).pack / "articles.jsonl")
    with view.loading(view.stderr()) as report:
        return ArticleIndex.build(articles, config.cache_dir(), report)


def _found(hit: Hit) -> dict[str, object]:
    return {"id": hit.article.id, "title": hit.article.title, "score": hit.score, "confidence": hit.confidence}


def _print_json(query: str, articles: list[dict[str, object]]) -> None:
    # A lone surrogate in a query cannot be written as UTF-8; its escape can, and reads back the same.
    line = json.dumps({"query": query, "articles": articles}, ensure_ascii=False)
    sys.stdout.write(line if line.isprintable() else json.dumps({"query": query, "articles": articles}))
    sys.stdout.write("\n")


def _print_table(hits: list[Hit]) -> None:
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from assistant.cli import view  # noqa: PLC0415

    console = view.stdout()
    if not hits:
        console.print("没有找到条目，换个说法再试。")
        return
    table = Table(show_lines=True)
    for heading, ratio in (("编号", 1), ("条目", 3), ("置信度", 1), ("答复", 7)):
        table.add_column(heading, ratio=ratio, overflow="fold")
    for hit in hits:
        answer = hit.article.answer
        excerpt = answer if len(answer) <= EXCERPT else answer[:EXCERPT] + "……"
        table.add_row(Text(hit.article.id), Text(hit.article.title), f"{hit.confidence:.0%}", Text(excerpt))
    console.print(table)
