"""`seat kb`: the hotline's knowledge articles from the command line."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.cli.kb_edit import edit
from assistant.cli.kb_gaps import gaps
from assistant.cli.library import ByOption, PackOption, index, library, user
from assistant.errors import SeatError

if TYPE_CHECKING:
    from assistant.library import Library
    from kb.articles import Article
    from kb.exchange import Problem
    from kb.search import ArticleIndex, Hit

app = typer.Typer(help="The hotline's knowledge articles.", no_args_is_help=True)
app.command()(edit)
app.command()(gaps)

EXCERPT = 80
"""Characters of an answer in the table."""
MOST_PROBLEMS = 200
"""Problems of a file that are printed."""
ACTIONS = {"pack": "城市数据包", "import": "导入", "edit": "编辑", "delete": "删除", "restore": "恢复"}


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
    articles = index(pack)
    day = on.date() if on else None
    if batch is not None:
        _search_batch(queries, articles, top, day)
        return
    hits = articles.search(queries[0], top, day)
    if as_json:
        _print_json(queries[0], [{**_found(hit), "answer": hit.article.answer} for hit in hits])
    else:
        _print_table(hits)


File = Annotated[Path, typer.Argument(help="Articles as .xlsx, .csv or .jsonl.")]


@app.command()
def check(file: File, *, pack: PackOption = None) -> None:
    """Tell what is wrong with a file of articles, row by row; nothing is changed."""
    _, problems = _checked(file, library(pack))
    _refuse(problems, file)


@app.command("import")
def import_(
    file: File,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would happen.")] = False,
    skip_errors: Annotated[bool, typer.Option("--skip-errors", help="Take the rows that are right.")] = False,
    by: ByOption = "",
    pack: PackOption = None,
) -> None:
    """Add the articles of a file; of those whose id is known, the columns that it has are updated."""
    from assistant.cli import view  # noqa: PLC0415

    ours = library(pack)
    articles, problems = _checked(file, ours)
    if not skip_errors:
        _refuse(problems, file)
    console = view.stdout()
    if dry_run:
        there = {article.id: article for article in ours.articles()}
        fresh = sum(article.id not in there for article in articles)
        same = sum(there.get(article.id) == article for article in articles)
        console.print(f"试运行：将新增 {fresh} 条，更新 {len(articles) - fresh - same} 条，{same} 条不变；未写入。")
        return
    with view.loading(view.stderr()) as report:
        written = ours.write(articles, by or user(), "import", lambda part: report("写入知识库", part))
        ours.index(ours.state(), report)
    console.print(f"已新增 {written.added} 条，更新 {written.changed} 条，{written.unchanged} 条不变。")


@app.command()
def export(file: File, *, pack: PackOption = None) -> None:
    """Write all articles to a file, which `import` reads back unchanged."""
    from assistant.cli import view  # noqa: PLC0415
    from kb import exchange  # noqa: PLC0415

    articles = library(pack).articles()
    with view.loading(view.stderr()) as report:
        exchange.write(file, articles, lambda part: report("导出", part))
    view.stdout().print(f"已导出 {len(articles)} 条到 {file}。")


@app.command()
def review(
    article: Annotated[str | None, typer.Argument(help="Article that was looked at and still holds.")] = None,
    *,
    days: Annotated[int, typer.Option(min=0, max=3650, help="What expires within so many days.")] = 30,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="What was not reviewed since (default: a year ago).")
    ] = None,
    by: ByOption = "",
    pack: PackOption = None,
) -> None:
    """List what is due for review, or note that an article has been reviewed."""
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from assistant.cli import view  # noqa: PLC0415

    ours = library(pack)
    console = view.stdout()
    if article is not None:
        ours.reviewed(article, by or user())
        console.print(f"{article} 已复核。")
        return
    today = date.today()  # noqa: DTZ011 - the hotline's own calendar day
    due = ours.due(days, since.date() if since else today - timedelta(days=365), today)
    table = Table(title=f"待复核 {len(due)} 条", title_justify="left")
    for heading in ("编号", "条目", "承办单位", "原因"):
        table.add_column(heading, overflow="fold")
    for one in due:
        table.add_row(*map(Text, (one.article.id, one.article.title, one.article.department, "；".join(one.reasons))))
    console.print(table)


@app.command()
def versions(
    article: Annotated[str, typer.Argument(help="The article's id.")],
    *,
    restore: Annotated[int | None, typer.Option(min=1, help="Make this version the newest.")] = None,
    by: ByOption = "",
    pack: PackOption = None,
) -> None:
    """List an article's versions with who and when, or go back to one."""
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from assistant.cli import view  # noqa: PLC0415

    ours = library(pack)
    if restore is not None:
        ours.restore(article, restore, by or user())
    found = ours.versions(article)
    if not found:
        if article not in {each.id for each in ours.articles()}:
            raise SeatError(f"There is no article {article}.")
        view.stdout().print(f"{article} 自城市数据包以来没有改动。")
        return
    table = Table(title=article, title_justify="left")
    for heading in ("版本", "时间", "经手人", "操作", "条目", "答复"):
        table.add_column(heading, overflow="fold")
    for one in found:
        cells = (str(one.number), one.at[:19], one.by or "—", ACTIONS[one.action], one.article.title)
        table.add_row(*map(Text, (*cells, one.article.answer[:EXCERPT])))
    view.stdout().print(table)


@app.command()
def tips(
    query: Annotated[str, typer.Argument(help="Name, pinyin, initials (sbj) or digits of a phone number.")] = "",
    *,
    top: Annotated[int, typer.Option(min=1, max=500, help="How many at most.")] = 10,
    pack: PackOption = None,
) -> None:
    """Look up a department's phone number or a common tip."""
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from assistant import config  # noqa: PLC0415
    from assistant.cli import view  # noqa: PLC0415
    from kb.pack import CityPack  # noqa: PLC0415
    from kb.tips import Tips  # noqa: PLC0415

    found = Tips.load(CityPack.load(config.load(pack=pack).pack)).search(query, top)[:top]
    if not found:
        view.stdout().print("没有找到，换个名称或拼音首字母再试。")
        return
    table = Table(show_header=False, show_lines=True)
    for ratio in (3, 2, 6):
        table.add_column(ratio=ratio, overflow="fold")
    for tip in found:
        table.add_row(*map(Text, (tip.title, tip.phone, tip.text)))
    view.stdout().print(table)


def _checked(file: Path, library: Library) -> tuple[list[Article], list[Problem]]:
    """The articles of a file that can be taken, and its problems, which are printed."""
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from assistant.cli import view  # noqa: PLC0415
    from kb import checking, exchange  # noqa: PLC0415
    from kb.pack import CityPack  # noqa: PLC0415

    with view.loading(view.stderr()) as report:
        rows = exchange.read(file, lambda part: report("读取文件", part))
        existing = library.articles()
        checked = checking.check(rows, CityPack.load(library.pack), existing, lambda part: report("检查条目", part))
    table = Table()
    for heading in ("行", "列", "问题"):
        table.add_column(heading, overflow="fold")
    for problem in checked.problems[:MOST_PROBLEMS]:
        style = "red" if problem.severity == "error" else "yellow"
        table.add_row(str(problem.row), Text(problem.column), Text(problem.reason, style))
    console = view.stdout()
    if checked.problems:
        console.print(table)
    if len(checked.problems) > MOST_PROBLEMS:
        console.print(f"……另有 {len(checked.problems) - MOST_PROBLEMS} 处，改正以上后再查。")
    bad = len({problem.row for problem in checked.problems if problem.severity == "error"})
    console.print(f"{len(rows)} 行：{len(checked.articles)} 条可导入，{bad} 行有误。")
    return checked.articles, checked.problems


def _refuse(problems: list[Problem], file: Path) -> None:
    rows = {problem.row for problem in problems if problem.severity == "error"}
    if rows:
        raise SeatError(f"{len(rows)} rows of {file} are wrong: put them right, or import the rest with --skip-errors.")


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
