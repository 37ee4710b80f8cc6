"""`seat replay`: a recording through the whole pipeline."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

NAME = "replay"


def run(
    file: Annotated[Path, typer.Argument(help="Recording: anything PyAV decodes; stereo is caller, agent.")],
    speed: Annotated[str, typer.Option(help="max: as fast as the machine can; 1: the recording's own pace.")] = "max",
    json: Annotated[
        Path | None, typer.Option(help="Write the call as JSON to this file (- for standard output).")
    ] = None,
    pack: Annotated[Path | None, typer.Option(help="City pack directory.")] = None,
    phone: Annotated[str | None, typer.Option(help="The caller's line number.")] = None,
    started_at: Annotated[str | None, typer.Option(help="When the call began, ISO 8601 (default: now).")] = None,
) -> None:
    """Replay a recorded call: transcript, ticket, suggestions, latency."""
    import asyncio  # noqa: PLC0415  (what follows takes a second to load; --help must not)

    from assistant import config  # noqa: PLC0415
    from assistant.cli import output, view  # noqa: PLC0415
    from assistant.errors import SeatError  # noqa: PLC0415
    from assistant.library import Library  # noqa: PLC0415
    from assistant.replay import ReplayOptions, replay  # noqa: PLC0415
    from assistant.seat import SeatAssistant  # noqa: PLC0415
    from audio.files import RecordingReader  # noqa: PLC0415
    from audio.media import parse_phone, parse_time  # noqa: PLC0415

    if speed not in ("max", "1"):
        raise SeatError(f"--speed is max or 1, not {speed}.")
    options = ReplayOptions(
        started_at=parse_time(started_at) if started_at else datetime.now().astimezone(),
        caller_phone=parse_phone(phone),
        real_time=speed == "1",
    )
    output.check(json)
    errors = view.stderr()
    console = view.stdout() if str(json) != "-" else errors
    with RecordingReader(file) as reader:
        settings = config.load(pack=pack)
        with view.loading(errors) as report:
            assistant = SeatAssistant(settings, report, Library.at_hand(settings))
        try:
            with view.Transcript(console, reader.recording.seconds) as transcript:
                document = asyncio.run(replay(assistant, reader, options, transcript.show, transcript.progress))
        finally:
            assistant.close()
    console.print(view.ticket_table(document))
    console.print(view.latency_line(document))
    if reader.damage:
        errors.print(reader.damage, style="yellow", soft_wrap=True)
    if json:
        output.write(json, document)
