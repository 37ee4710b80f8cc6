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

app = typer.Typer(help="知识库：检索条目。", no_args_is_help=True)

EXCERPT = 60
"""Characters of an answer in the table."""


@app.callback()
def kb() -> None:
    """知识库：检索条目。"""


@app.command()
def search(
    query: Annotated[str | None, typer.Argument(help="市民怎么问，就怎么写；同音错字也能找到。")] = None,
    top: Annotated[int, typer.Option(min=1, max=50, help="最多给出几条。")] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON，含答复全文。")] = False,
    batch: Annotated[Path | None, typer.Option(help='每行一个 {"query": …} 的文件；每行输出一个结果。')] = None,
    pack: Annotated[Path | None, typer.Option(help="城市包目录；默认用自带的示例包。")] = None,
    on: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="哪一天有效的条目；默认今天。")] = None,
) -> None:
    """检索知识库：一个问题，或一个文件里的许多问题（--batch）。"""
    day = on.date() if on else None
    if batch is not None and query is not None:
        raise SeatError("give either a query or --batch FILE, not both")
    if batch is not None:
        queries = list(_read_queries(batch))
        _search_batch(queries, top, _index(pack), day)
        return
    if query is None or not query.strip():
        raise SeatError('nothing to search for: give a query, as in `seat kb search "公积金怎么提取"`, or --batch FILE')
    hits = _index(pack).search(query, top, day)
    if as_json:
        found = [{"id": hit.article.id, "title": hit.article.title, "answer": hit.article.answer, **_numbers(hit)} for hit in hits]
        _print_json({"query": query, "articles": found})
    else:
        _print_table(hits)


def _read_queries(path: Path) -> Iterator[str]:
    """Every query before the first is searched, so that a bad line costs no waiting and leaves no half output."""
    try:
        lines = path.read_bytes().decode("utf-8-sig").split("\n")
    except OSError as error:
        raise SeatError(f"{path} cannot be read ({error.strerror}); give a file with one {{\"query\": …}} a line") from error
    except UnicodeDecodeError as error:
        raise SeatError(f"{path} is not UTF-8 text; save it as UTF-8") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise SeatError(f'{path}, line {number}: not JSON; write one {{"query": …}} a line') from error
        if not isinstance(row, dict) or not isinstance(row.get("query"), str):
            raise SeatError(f'{path}, line {number}: no "query" with a text; write one {{"query": …}} a line')
        yield row["query"]


def _search_batch(queries: list[str], top: int, index: ArticleIndex, day: date | None) -> None:
    from rich.console import Console  # noqa: PLC0415 - only what a command needs is imported, so that --help is quick
    from rich.progress import track  # noqa: PLC0415

    console = Console(stderr=True)
    shown = track(queries, "检索", console=console, disable=not console.is_terminal, transient=True)
    for query in shown:
        hits = index.search(query, top, day)
        found = [{"id": hit.article.id, "title": hit.article.title, **_numbers(hit)} for hit in hits]
        _print_json({"query": query, "articles": found})


def _index(pack: Path | None) -> ArticleIndex:
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    from assistant.config import cache_dir  # noqa: PLC0415
    from kb.articles import read_articles  # noqa: PLC0415
    from kb.pack import DEFAULT_PACK  # noqa: PLC0415
    from kb.search import ArticleIndex  # noqa: PLC0415

    articles = read_articles((pack or DEFAULT_PACK) / "articles.jsonl")
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task("读取知识库", total=1.0)

        def report(doing: str, share: float) -> None:
            progress.update(task, description=doing, completed=share)

        return ArticleIndex.build(articles, cache_dir(), report)


def _numbers(hit: Hit) -> dict[str, float]:
    return {"score": hit.score, "confidence": hit.confidence}


def _print_json(value: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")


def _print_table(hits: list[Hit]) -> None:
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    console = Console()
    if not hits:
        console.print("没有找到条目，换个说法再试。")
        return
    table = Table()
    table.add_column("条目")
    table.add_column("把握", justify="right")
    table.add_column("答复")
    for hit in hits:
        answer = hit.article.answer
        excerpt = answer if len(answer) <= EXCERPT else answer[:EXCERPT] + "……"
        table.add_row(Text(f"{hit.article.title}\n{hit.article.id}"), f"{hit.confidence:.0%}", Text(excerpt))
    console.print(table)
