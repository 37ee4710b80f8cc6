"""REST of the knowledge base: search, articles and their upkeep, files in and out, tips, what is missing."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.background import BackgroundTask
from starlette.responses import FileResponse

from assistant.gaps import Gaps
from assistant.library import Kept, Library, NoSuchArticle
from assistant.seat import Knowledge
from assistant.server.people import actor, person
from assistant.store import Search, Store
from assistant.switchboard import Switchboard
from kb import checking, exchange
from kb.articles import Article
from kb.errors import PackError
from kb.marks import marks
from kb.pack import CityPack
from kb.shelf import Filter, State

router = APIRouter()
T = TypeVar("T")

Kind = Literal["", "个人", "企业"]
MOST_IMPORTED = 512 << 20
"""Bytes of a file."""
LARGE_FILE, MANY_ARTICLES = 1 << 20, 5000
"""Bytes of a file, and articles of the library, from which another process reads, checks and writes them."""
ALIKE, COMPARED = 30, 200
"""Articles that one which is being written is compared with, and the characters of its answer that find them."""


class ArticleBody(BaseModel):
    """An article as editors write it."""

    model_config = ConfigDict(extra="forbid")
    title: str = Field(max_length=500)
    answer: str = Field(max_length=100_000)
    question: str = Field(default="", max_length=2000)
    similar_questions: list[str] = Field(default=[], max_length=100)
    department: str = ""
    category: str = ""
    caller_kind: str = ""
    valid_from: str | None = None
    valid_to: str | None = None
    keywords: list[str] = Field(default=[], max_length=100)
    source: str = Field(default="", max_length=2000)


class SearchBody(BaseModel):
    """A search that somebody has made on a page, and the article that was opened for it, if one was."""

    query: str = Field(max_length=10_000)
    found: int = Field(ge=0)
    opened: str = Field(default="", max_length=128)
    agent: str = Field(default="", max_length=64)


def _by(request: Request, by: Annotated[str, Query(max_length=64, description="Who does it")] = "") -> str:
    """Whoever is signed in, or whom the page names where nobody has to sign in."""
    return actor(request, by).name


By = Annotated[str, Depends(_by)]


def _knowledge(request: Request) -> Knowledge:
    switchboard: Switchboard = request.app.state.switchboard
    return switchboard.assistant.knowledge


def _library(request: Request) -> Library:
    library: Library = request.app.state.library
    return library


@router.get("/api/articles")
async def articles(
    request: Request,
    q: Annotated[str, Query(max_length=10_000)],
    top: Annotated[int, Query(ge=1, le=50)] = 10,
    on: date | None = None,
    caller_kind: Kind = "",
    department: str = "",
    category: str = "",
    district: str = "",
) -> list[dict[str, Any]]:
    """Search the knowledge base; articles not valid on the day (default: today) are never found. `district`: articles
    of its own offices and of the whole city's."""
    knowledge = _knowledge(request)
    only = _filter(knowledge, caller_kind, department, category, district)
    hits = await asyncio.to_thread(knowledge.index.search, q, top, on, only)
    return [
        _article(hit.article)
        | {"score": hit.score, "confidence": hit.confidence}
        | {"marks": {part: marks(q, getattr(hit.article, part)) for part in ("title", "answer")}}
        for hit in hits
    ]


@router.get("/api/articles/{article}")
async def article(request: Request, article: str) -> dict[str, Any]:
    """One article, with its version, who changed and who reviewed it."""
    kept = await asyncio.to_thread(_library(request).find, article)
    if kept is None:
        raise HTTPException(404, f"没有知识 {article}。")
    return _article(kept.article) | _upkeep(kept)


@router.post("/api/articles", status_code=201)
async def create_article(request: Request, body: ArticleBody, by: By) -> dict[str, Any]:
    """Add an article; its id is made from its title. 422 tells what is wrong with it, column by column."""
    return await _write(request, "", body, by)


@router.put("/api/articles/{article}")
async def edit_article(
    request: Request, article: str, body: ArticleBody, by: By, version: int | None = None
) -> dict[str, Any]:
    """Make a new version of an article. 422 tells what is wrong with it, column by column; 409: somebody else has
    changed it since `version`."""
    kept = await asyncio.to_thread(_library(request).find, article)
    if kept is None:
        raise HTTPException(404, f"没有知识 {article}。")
    if version not in (None, kept.version):
        raise HTTPException(409, f"{kept.changed_by}已在 {kept.changed_at[:16]} 修改过这个条目，请先查看。")
    return await _write(request, article, body, by)


@router.delete("/api/articles/{article}", status_code=204)
async def delete_article(request: Request, article: str, by: By) -> None:
    """Take an article out; its versions stay and can be restored."""
    await _change(request, _library(request).delete, article, by)


@router.get("/api/articles/{article}/versions")
async def article_versions(request: Request, article: str) -> list[dict[str, Any]]:
    """All versions, newest first; none for an article that is still as the city pack has it."""
    found = await asyncio.to_thread(_library(request).versions, article)
    return [
        {"version": one.number, "action": one.action, "at": one.at, "by": one.by, "article": _article(one.article)}
        for one in found
    ]


@router.post("/api/articles/{article}/restore", status_code=204)
async def restore_article(request: Request, article: str, version: Annotated[int, Query(ge=1)], by: By) -> None:
    """Make an older version the newest."""
    await _change(request, _library(request).restore, article, version, by)


@router.post("/api/articles/{article}/review", status_code=204)
async def review_article(request: Request, article: str, by: By) -> None:
    """Note that somebody has looked at an article and that it still holds."""
    await _change(request, _library(request).reviewed, article, by)


@router.get("/api/knowledge/browse")
async def browse(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    offset: Annotated[int, Query(ge=0)] = 0,
    state: State = "valid",
    caller_kind: Kind = "",
    department: str = "",
    category: str = "",
    district: str = "",
) -> dict[str, Any]:
    """A page of the articles in order: {total, articles}."""
    knowledge = _knowledge(request)
    only = _filter(knowledge, caller_kind, department, category, district)
    shelf = knowledge.index.articles
    rows = await asyncio.to_thread(shelf.rows, state, date.today(), only)  # noqa: DTZ011 - the hotline's calendar day
    shown = [shelf[int(row)] for row in rows[offset : offset + limit]]
    return {"total": len(rows), "articles": [_article(one) for one in shown]}


@router.get("/api/knowledge/review")
async def review(
    request: Request, days: Annotated[int, Query(ge=0, le=3650)] = 30, since: date | None = None
) -> list[dict[str, Any]]:
    """What expires within so many days, has expired, or was not reviewed since a day (default: a year ago)."""
    today = date.today()  # noqa: DTZ011 - the hotline's calendar day
    due = await asyncio.to_thread(_library(request).due, days, since or today - timedelta(days=365), today)
    return [_article(one.article) | _upkeep(one) | {"reasons": one.reasons} for one in due]


@router.get("/api/knowledge/gaps")
async def gaps(request: Request, days: Annotated[int, Query(ge=1, le=3650)] = 30) -> dict[str, Any]:
    """What callers and agents asked and nobody answered, articles nobody uses or that were marked wrong, adoption."""
    found: Gaps = request.app.state.gaps
    since = date.today() - timedelta(days=days)  # noqa: DTZ011 - the hotline's calendar day
    return await asyncio.to_thread(found.report, _knowledge(request).index, since)


@router.get("/api/knowledge/export")
async def export(request: Request, format: Literal["xlsx", "csv", "jsonl"] = "xlsx") -> FileResponse:
    """All articles as a file that `import` reads back unchanged."""

    library = _library(request)
    file = Path(tempfile.mkdtemp(prefix="seat-export-")) / f"articles.{format}"
    many = len(_knowledge(request).index.articles) > MANY_ARTICLES

    def remove() -> None:
        file.unlink(missing_ok=True)
        file.parent.rmdir()

    try:
        await _worked(many, _export, library.url, library.pack, file)
    except PackError as error:
        remove()
        raise HTTPException(422, f"有条目放不进 {format} 文件，请换一种格式导出。（{error}）") from error
    return FileResponse(file, filename=file.name, background=BackgroundTask(remove))


@router.post("/api/knowledge/import")
async def import_file(
    request: Request,
    name: Annotated[str, Query(max_length=255, description="The file's name, for its ending")],
    by: By,
    dry_run: bool = False,
    skip_errors: bool = False,
) -> dict[str, Any]:
    """Import the file that is the request's body. Nothing is written in a dry run, nor where a row is wrong, unless
    `skip_errors`: {rows, usable, problems: [{row, column, reason, severity}], written: {added, changed, unchanged}}."""
    with tempfile.TemporaryDirectory(prefix="seat-import-") as folder:
        file = Path(folder) / f"import{Path(name).suffix.lower()}"
        size = 0
        with file.open("wb") as stream:
            async for part in request.stream():
                size += len(part)
                if size > MOST_IMPORTED:
                    raise HTTPException(413, f"文件超过 {MOST_IMPORTED >> 20} MB，请分成几个文件导入。")
                await asyncio.to_thread(stream.write, part)
        library = _library(request)
        work = (library.url, library.pack, file, dry_run, skip_errors, by)
        many = size > LARGE_FILE or len(_knowledge(request).index.articles) > MANY_ARTICLES
        try:
            answer: dict[str, Any] = await _worked(many, _import, *work)
        except PackError as error:
            reason = str(error).replace(str(file), name)
            raise HTTPException(
                422, f"这个文件无法读取。请用 .xlsx、.csv 或 .jsonl 格式，列标题要有编号或标题、答复。（{reason}）"
            ) from error
    if answer["written"]:
        request.app.state.library_changed.set()
    return answer


@router.get("/api/tips")
async def tips(
    request: Request,
    q: Annotated[str, Query(max_length=10_000)] = "",
    top: Annotated[int, Query(ge=1, le=1000)] = 20,
) -> list[dict[str, Any]]:
    """Departments' phone book and common tips, found by name, pinyin, initials or phone; all of them without `q`."""
    return [asdict(tip) for tip in _knowledge(request).tips.search(q, top)]


@router.post("/api/knowledge/searches", status_code=204)
async def note_search(request: Request, body: SearchBody) -> None:
    """Count a search that a page has made."""
    who = person(request)
    search = Search(body.query[:500], body.found, body.opened, who.desk if who else body.agent)
    await asyncio.to_thread(request.app.state.switchboard.log.store.add_search, search)


def _filter(knowledge: Knowledge, caller_kind: str, department: str, category: str, district: str) -> Filter:
    offices = knowledge.reference.pack.departments
    local = {office.code for office in offices if office.district in ("", district)} if district else set()
    departments = frozenset({department} if department else local)
    return Filter(caller_kind, departments, category)


async def _write(request: Request, article: str, body: ArticleBody, by: str) -> dict[str, Any]:
    knowledge, library = _knowledge(request), _library(request)
    fields = {"id": article, **body.model_dump()}

    def write() -> Article | list[exchange.Problem]:
        alike = knowledge.index.search(f"{body.title}{body.answer[:COMPARED]}", ALIKE)
        others = [hit.article for hit in alike if hit.article.id != article]
        checked = checking.check([exchange.row(fields)], knowledge.reference.pack, others, lambda part: None)
        if not checked.articles:
            return [problem for problem in checked.problems if problem.severity == "error"]
        if not article and library.find(checked.articles[0].id):
            return [exchange.Problem(1, "标题", "已有同名条目，请改标题，或打开那一条修改。")]
        library.write(checked.articles, by)
        return checked.articles[0]

    written = await asyncio.to_thread(write)
    if isinstance(written, list):
        raise HTTPException(422, [{"column": one.column, "reason": one.reason} for one in written])
    request.app.state.library_changed.set()
    return _article(written)


async def _change(request: Request, change: Any, *arguments: Any) -> None:
    try:
        await asyncio.to_thread(change, *arguments)
    except NoSuchArticle as error:
        raise HTTPException(404, "没有这个条目或版本。") from error
    request.app.state.library_changed.set()


async def _worked(many: bool, function: Callable[..., T], *arguments: Any) -> T:
    """What a function returns that only computes: with `many` articles in a process of its own, for threads of this one
    would hold the calls up."""
    if not many:
        return await asyncio.to_thread(function, *arguments)
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), initializer=os.nice, initargs=(10,)) as pool:
        return await asyncio.get_running_loop().run_in_executor(pool, partial(function, *arguments))


def _export(url: str, pack: Path, file: Path) -> None:
    exchange.write(file, Library(Store(url), pack).articles())


def _import(url: str, pack: Path, file: Path, dry_run: bool, skip_errors: bool, by: str) -> dict[str, Any]:
    library = Library(Store(url), pack)
    rows = exchange.read(file, lambda part: None)
    checked = checking.check(rows, CityPack.load(pack), library.articles(), lambda part: None)
    wrong = any(problem.severity == "error" for problem in checked.problems)
    written = None
    if not dry_run and checked.articles and (skip_errors or not wrong):
        written = asdict(library.write(checked.articles, by, "import"))
    problems = [asdict(problem) for problem in checked.problems]
    return {"rows": len(rows), "usable": len(checked.articles), "problems": problems, "written": written}


def _article(found: Article) -> dict[str, Any]:
    return asdict(found)


def _upkeep(kept: Kept) -> dict[str, Any]:
    names = ("version", "changed_at", "changed_by", "reviewed_at", "reviewed_by")
    return {name: getattr(kept, name) for name in names}
