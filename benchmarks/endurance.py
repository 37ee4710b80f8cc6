"""Does anything grow in a long call? Latency and memory over two hours, streamed faster than real time.

Recordings follow one another in one call. Latency is that of the server's own clock: from the arrival of the audio
that held the end of speech to the event that carries its text, as every event says (`latency_ms`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import psutil
import typer
from rich.table import Table

from assistant.cli import output
from assistant.document import percentiles
from assistant.errors import SeatError
from audio.files import RecordingReader
from audio.media import MediaClient, MediaStart
from audio.resample import Samples
from benchmarks.common import JsonOption, bar, console, finish
from benchmarks.latency import CallsOption, received
from benchmarks.recordings import recordings
from benchmarks.serving import ServerProcess

FRAME = 0.1
WINDOW_MINUTES = 10


@dataclass(frozen=True)
class Window:
    """Ten minutes of the call (fewer, where the call is shorter); latencies in milliseconds."""

    minute: float
    """At which it ends."""
    finals: list[float]
    tickets: list[float]
    rss_mb: float


def endurance(
    calls: CallsOption,
    hours: Annotated[float, typer.Option(min=0.01, help="Length of the call.")] = 2.0,
    pace: Annotated[float, typer.Option(min=1, help="Times real time.")] = 20.0,
    json: JsonOption = None,
) -> None:
    """Latency and memory of one long call, ten minutes by ten minutes."""
    output.check(json)
    paths = recordings(calls)
    with bar() as progress, ServerProcess() as server:
        task = progress.add_task(f"{hours:g} h at {pace:g}x", total=3600 * hours)
        windows, reached = asyncio.run(_measure(server, paths, hours, pace, partial(progress.advance, task)))
    if len(windows) < 2:
        raise SeatError("Too short to see anything grow: nothing was said in two different windows.")
    told: list[dict[str, Any]] = [
        {
            "minute": window.minute,
            "final_ms": percentiles(window.finals),
            "ticket_ms": percentiles(window.tickets) if window.tickets else None,
            "rss_mb": round(window.rss_mb, 1),
            "finals": len(window.finals),
        }
        for window in windows
    ]
    first, last = windows[0], windows[-1]
    growth = 100 * (float(np.median(last.finals)) / float(np.median(first.finals)) - 1)
    table = Table("until minute", "finals", "final p50", "p95", "ticket p50", "MB", title="One long call, ms")
    for row in told:
        ticket = f"{row['ticket_ms']['p50']:.0f}" if row["ticket_ms"] else "-"
        final = row["final_ms"]
        cells = (row["minute"], row["finals"], f"{final['p50']:.0f}", f"{final['p95']:.0f}", ticket, row["rss_mb"])
        table.add_row(*map(str, cells))
    console.print(table)
    # Memory is judged from the second window on: the first fills caches of words and names.
    memory = last.rss_mb - windows[min(1, len(windows) - 2)].rss_mb
    console.print(f"Asked for {pace:g} times real time, reached {reached:.1f}.")
    console.print(f"Last window against the first: latency {growth:+.1f} %; memory since the second: {memory:+.0f} MB")
    finish(
        json,
        {
            "endurance": {
                "hours": hours,
                "pace": pace,
                "pace_reached": round(reached, 2),
                "windows": told,
                "first_p50": told[0]["final_ms"]["p50"],
                "last_p50": told[-1]["final_ms"]["p50"],
                "growth_percent": round(growth, 1),
                "rss_growth_mb": round(memory, 1),
            }
        },
    )


async def _measure(
    server: ServerProcess, paths: Sequence[Path], hours: float, pace: float, advance: Callable[[float], object]
) -> tuple[list[Window], float]:
    """The windows, and how many times real time the server really took the audio."""
    length = min(WINDOW_MINUTES, hours * 60 / 2)
    with RecordingReader(paths[0]) as reader:
        rate = reader.recording.rate
    start = MediaStart("endurance", "1", None, rate, 2, datetime.now().astimezone())
    process = psutil.Process(server.pid)
    async with MediaClient(f"{server.websocket}/media", start) as media:
        following = asyncio.create_task(
            _follow(f"{server.websocket}/calls/endurance/events", length, hours * 60, process)
        )
        began, played = time.monotonic(), 0.0
        for frame in _frames(paths, hours * 3600, rate):
            await media.send(frame)
            played += FRAME
            advance(FRAME)
            await asyncio.sleep(max(0.0, began + played / pace - time.monotonic()))
    windows = await following
    return windows, played / (time.monotonic() - began)


def _frames(paths: Sequence[Path], seconds: float, rate: int) -> Iterator[Samples]:
    left = int(seconds / FRAME)
    for path in cycle(paths):
        with RecordingReader(path) as reader:
            if (reader.recording.rate, reader.recording.channels) != (rate, 2):
                raise SeatError(f"{path}: all recordings must have two channels and the same rate.")
            for frame in reader.chunks(FRAME):
                if frame.shape[1] != int(FRAME * rate):
                    continue
                yield frame
                left -= 1
                if not left:
                    return


async def _follow(url: str, minutes: float, total: float, process: psutil.Process) -> list[Window]:
    """Latencies by windows of so many minutes of audio, of a call of `total` minutes."""
    windows: list[Window] = []
    finals: list[float] = []
    tickets: list[float] = []
    until = minutes
    async for event in received(url):
        ended = event["type"] == "call.ended"
        if (ended or (event["at"] >= 60 * until and until < total)) and finals:
            windows.append(Window(round(min(until, total), 2), finals, tickets, process.memory_info().rss / 1e6))
            finals, tickets = [], []
        while event["at"] >= 60 * until and until < total:
            until += minutes
        if event["type"] == "transcript.final" and event["data"]["text"]:
            finals.append(event["latency_ms"])
        elif event["type"] == "ticket.updated":
            tickets.append(event["latency_ms"])
    return windows
