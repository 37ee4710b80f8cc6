"""`seat extract`: the ticket from text turns."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

NAME = "extract"


def run(
    turns: Annotated[Path, typer.Argument(help='{"started_at", "caller_phone", "turns": [{"speaker", "text"}]}')],
    json: Annotated[
        Path | None, typer.Option(help="Write the result as JSON to this file (- for standard output).")
    ] = None,
    pack: Annotated[Path | None, typer.Option(help="City pack directory.")] = None,
) -> None:
    """Fill the ticket from a written dialogue, without audio."""
    from assistant import config  # noqa: PLC0415
    from assistant.cli import output, view  # noqa: PLC0415
    from assistant.extract import extract, read_turns  # noqa: PLC0415
    from assistant.library import Library  # noqa: PLC0415
    from assistant.seat import Knowledge  # noqa: PLC0415

    dialogue = read_turns(turns)
    output.check(json)
    errors = view.stderr()
    with view.loading(errors) as report:
        settings = config.load(pack=pack)
        knowledge = Knowledge(settings.pack, report, Library.at_hand(settings))
    console = view.stdout() if str(json) != "-" else errors
    with view.Transcript(console) as transcript:
        document = extract(dialogue, knowledge, transcript.show)
    console.print(view.ticket_table(document))
    if json:
        output.write(json, document)
