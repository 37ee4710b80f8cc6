"""`seat callers`: the list of special callers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Special callers (特服名单): kept as keyed hashes, never as numbers.")


@app.command("import")
def import_(file: Annotated[Path, typer.Argument(help="CSV with the columns phone and kind.")]) -> None:
    """Replace the list by a file's; a server that is running takes it up when it is started again."""
    from assistant import config  # noqa: PLC0415
    from assistant.callers import import_callers  # noqa: PLC0415
    from assistant.cli import view  # noqa: PLC0415

    with view.loading(view.stderr()) as report:
        count = import_callers(file, config.data_dir(), lambda part: report("导入特服名单", part))
    view.stdout().print(f"已导入 {count} 个号码，只保存了加密摘要。")


@app.command()
def check(phone: Annotated[str, typer.Argument(help="A telephone number.")]) -> None:
    """Which kind of special caller a number belongs to."""
    from assistant import config  # noqa: PLC0415
    from assistant.callers import SpecialCallers  # noqa: PLC0415
    from assistant.cli import view  # noqa: PLC0415

    kind = SpecialCallers.load(config.data_dir(), config.load().pack).kind(phone)
    view.stdout().print(kind or "不在名单中。")
