"""`seat doctor`: what is installed, which model, which devices, how fast this machine is."""

from __future__ import annotations

from typing import Annotated

import typer

NAME = "doctor"


def run(
    pack: Annotated[str | None, typer.Option(help="City pack directory.")] = None,
) -> None:
    """Check this machine; exit code 1 when calls could not be served."""
    from pathlib import Path  # noqa: PLC0415

    from rich.table import Table  # noqa: PLC0415

    from assistant import config, doctor  # noqa: PLC0415
    from assistant.cli import view  # noqa: PLC0415

    settings = config.load(pack=Path(pack) if pack else None)
    console = view.stdout()
    table = Table("检查", "结果", "说明", title="智能座席助手 · 自检", title_justify="left")
    broken = False
    with console.status("检查中…") as status:
        for check in doctor.checks(settings):
            table.add_row(
                check.name, {"ok": "✓ 正常", "warning": "! 注意", "error": "✗ 失败"}[check.verdict], check.words
            )
            status.update(f"检查中… {check.name}")
            broken = broken or check.verdict == "error"
    console.print(table)
    if broken:
        raise typer.Exit(1)
