"""`seat kb edit`: an article changed by options, or as a whole in an editor."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, Annotated

import click
import typer

from assistant.cli.library import ByOption, PackOption, library, user
from assistant.errors import SeatError

if TYPE_CHECKING:
    from assistant.library import Library
    from kb.articles import Article

NOTE = "#! "
"""Begins a line of the draft that is for the reader only."""


def edit(
    article: Annotated[str, typer.Argument(help="The article's id.")],
    *,
    title: Annotated[str | None, typer.Option(help="Its title.")] = None,
    question: Annotated[str | None, typer.Option(help="What citizens ask.")] = None,
    similar_questions: Annotated[str | None, typer.Option(help="Other ways to ask it, separated by |.")] = None,
    answer: Annotated[str | None, typer.Option(help="The whole answer.")] = None,
    department: Annotated[str | None, typer.Option(help="Code or full name.")] = None,
    category: Annotated[str | None, typer.Option(help="Code or name of a leaf.")] = None,
    caller_kind: Annotated[str | None, typer.Option(help="个人, 企业 or 不限.")] = None,
    valid_from: Annotated[str | None, typer.Option(help="First day on which it holds, as 2026-01-31.")] = None,
    valid_to: Annotated[str | None, typer.Option(help="Last day on which it holds.")] = None,
    keywords: Annotated[str | None, typer.Option(help="Separated by |.")] = None,
    source: Annotated[str | None, typer.Option(help="Where the answer comes from.")] = None,
    version: Annotated[int | None, typer.Option(min=1, help="Refuse where this is no longer the newest.")] = None,
    by: ByOption = "",
    pack: PackOption = None,
) -> None:
    """Change an article: the fields given (empty: cleared), or all of it in your editor where none is."""
    options = {
        "title": title, "question": question, "similar_questions": similar_questions, "answer": answer,
        "department": department, "category": category, "caller_kind": caller_kind, "valid_from": valid_from,
        "valid_to": valid_to, "keywords": keywords, "source": source,
    }  # fmt: skip
    given = {name: value for name, value in options.items() if value is not None}
    ours = library(pack)
    kept = ours.find(article)
    if kept is None:
        raise SeatError(f"没有条目 {article}，请用 seat kb search 查它的编号。")
    if version not in (None, kept.version):
        raise SeatError(_changed(article, kept.version))
    if given:
        changed, problems = _checked(ours, article, given)
        if changed is None:
            raise SeatError(f"没有保存：{''.join(problems)}")
    else:
        changed = _in_editor(ours, kept.article)
    now = ours.find(article)
    if now is None or now.version != kept.version:
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".txt", delete=False) as file:
            file.write(_draft(changed))
        raise SeatError(f"{_changed(article, now.version if now else None)}您的改动存在 {file.name}。")
    written = ours.write([changed], by or user())
    typer.echo(f"{article} 已保存为第 {kept.version + 1} 版。" if written.changed else f"{article} 没有改动。")


def _changed(article: str, version: int | None) -> str:
    if version is None:
        return f"没有保存：{article} 刚刚被删除。"
    return f"没有保存：{article} 已有第 {version} 版，请先用 seat kb versions {article} 查看。"


def _checked(ours: Library, article: str, given: dict[str, str]) -> tuple[Article | None, list[str]]:
    """The article with what is given; None, and why, where it cannot be."""
    from kb import checking, exchange  # noqa: PLC0415
    from kb.pack import CityPack  # noqa: PLC0415

    row = exchange.row({"id": article, **given})
    checked = checking.check([row], CityPack.load(ours.pack), ours.articles(), lambda part: None)
    wrong = [f"{one.column}：{one.reason}" for one in checked.problems if one.severity == "error"]
    return (checked.articles[0] if checked.articles else None), wrong


def _in_editor(ours: Library, old: Article) -> Article:
    """The article as the person leaves it; opened again, with what is wrong above, until it is right or left alone."""
    draft, problems = _draft(old), list[str]()
    while True:
        notes = [f"{problem}\n" for problem in problems] or ["保存后退出即生效；不保存则不改。\n"]
        try:
            edited = click.edit("".join(NOTE + note for note in notes) + draft, extension=".txt")
        except click.ClickException as error:
            raise SeatError(
                "打不开编辑器，请把环境变量 EDITOR 设为您的编辑器，或用 --title、--answer 等选项直接改。"
            ) from error
        edited = _without_notes(edited or draft)
        if edited == draft:
            if problems:
                raise SeatError(f"没有保存：{''.join(problems)}")
            return old
        draft = edited
        changed, problems = _checked(ours, old.id, _fields(draft))
        if changed:
            return changed


def _draft(article: Article) -> str:
    """All fields, each under its heading; lists with one a line."""
    from kb.exchange import HEADINGS  # noqa: PLC0415

    parts = []
    for name, (heading, *_) in HEADINGS.items():
        value = getattr(article, name)
        text = "\n".join(value) if isinstance(value, tuple) else str(value or "")
        if name != "id":
            parts.append(f"# {heading}\n{text}\n")
    return "\n".join(parts)


def _without_notes(text: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith(NOTE))


def _fields(draft: str) -> dict[str, str]:
    """Texts by field; a field whose heading is gone stays as it was."""
    from kb.exchange import HEADINGS  # noqa: PLC0415

    names = {f"# {heading}": name for name, (heading, *_) in HEADINGS.items() if name != "id"}
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in draft.splitlines():
        if name := names.get(line.strip()):
            lines = found.setdefault(name, [])
        else:
            lines.append(line)
    return {name: "\n".join(lines).strip() for name, lines in found.items()}
