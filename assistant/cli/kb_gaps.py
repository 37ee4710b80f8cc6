"""`seat kb gaps`: what callers and agents asked and nobody answered, and what the articles are worth."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, Any

import typer

from assistant.cli.library import PackOption, index

LISTED = 20
"""Articles of each kind, and groups of questions, that are printed; `--json` has all that the report has."""


def gaps(
    *,
    days: Annotated[int, typer.Option(min=1, max=3650, help="Calls and searches of so many days.")] = 30,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on standard output.")] = False,
    pack: PackOption = None,
) -> None:
    """Tell which questions nobody answered, and which articles are wrong or never used."""
    from assistant import config  # noqa: PLC0415
    from assistant.gaps import Gaps  # noqa: PLC0415
    from assistant.store import Store  # noqa: PLC0415

    since = date.today() - timedelta(days=days)  # noqa: DTZ011 - the hotline's own calendar day
    report = Gaps(Store(config.load(pack=pack).store_url())).report(index(pack), since)
    if as_json:
        sys.stdout.write(json.dumps(report, ensure_ascii=False) + "\n")
    else:
        _print(report)


def _print(report: dict[str, Any]) -> None:
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from assistant.cli import view  # noqa: PLC0415

    console = view.stdout()
    console.print(
        f"{report['since']} 起：通话 {report['calls']} 通，有推荐 {report['suggested']} 通，"
        f"打开过 {report['opened']} 通，采纳 {report['taken']} 通；"
        f"手动检索 {report['searches']} 次，没有点开 {report['without_click']} 次。",
        soft_wrap=True,
    )

    def listed(title: str, headings: tuple[str, ...], rows: Sequence[tuple[str, ...]], of: int) -> None:
        more = f"，列出前 {LISTED} 条" if of > LISTED else ""
        if not rows:
            console.print(f"{title}：没有。")
            return
        table = Table(title=f"{title} {of} 条{more}", title_justify="left")
        for heading in headings:
            table.add_column(heading, overflow="fold")
        for row in rows[:LISTED]:
            table.add_row(*map(Text, row))
        console.print(table)

    asked = [(str(one["count"]), "\n".join(one["examples"]), "、".join(one["from"])) for one in report["unanswered"]]
    wrong = [(one["article"], one["title"] or "（已删除）", str(one["times"])) for one in report["wrong"]]
    unused = [(one["article"], one["title"]) for one in report["unused"]["articles"]]
    listed("没有答上来的问题", ("次数", "问法", "来自"), asked, len(asked))
    listed("被座席标为“不对”的条目", ("编号", "条目", "次数"), wrong, len(wrong))
    listed("没有用过的条目", ("编号", "条目"), unused, report["unused"]["count"])
