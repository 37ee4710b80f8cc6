"""What the agent waits for: speech end to final text, and speech onset to first partial, at a websocket client.

Calls are streamed to `/media` at real-time pace by this process while another runs the server; each call has a page's
websocket of its own. A latency is the wall time at which the client has the text, less the wall time at which the frame
holding the speech's true end (or onset) was sent. True times come from `NAME.timing.json` beside the recording
(a list of {"speaker", "start", "end"}) or its "turns" in `NAME.json`.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from websockets.asyncio.client import connect

from assistant.document import percentiles
from assistant.errors import SeatError
from audio.files import RecordingReader
from audio.media import MediaClient, MediaStart
from benchmarks.serving import ServerProcess

FRAME = 0.02
MATCH = 0.6
"""Seconds that a final's times may be away from the turn it belongs to."""


@dataclass(frozen=True)
class Turn:
    """What one speaker really said, and when (seconds)."""

    speaker: str
    start: float
    end: float
    text: str


@dataclass
class Heard:
    """What the client of one call received."""

    turns: list[Turn]
    began: float = 0.0
    """Wall time at which the first frame was sent."""
    arrivals: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    """(wall time, event)"""


@dataclass(frozen=True)
class LatencyResult:
    """One row of the table; all lists in milliseconds."""

    calls: int
    finals: list[float]
    partials: list[float]
    turns: int
    lost: int
    """Turns of which no final came."""


def recordings(directory: Path) -> list[Path]:
    """Two-channel recordings with true times beside them. Raises SeatError when there are none."""
    found = [path for path in sorted(directory.glob("*.flac")) if _turns(path)]
    if not found:
        raise SeatError(f"{directory} has no recordings with true times (NAME.flac with NAME.timing.json).")
    return found


def measure(paths: Sequence[Path], calls: int, advance: Any = None) -> LatencyResult:
    """Stream `calls` calls at once, their starts a second and a bit apart, to a fresh server."""
    with ServerProcess() as server:
        heard = asyncio.run(_stream_all(server, [paths[n % len(paths)] for n in range(calls)], advance))
    return evaluate(heard)


def evaluate(heard: Sequence[Heard]) -> LatencyResult:
    """Latencies of all calls against what was really said."""
    finals: list[float] = []
    partials: list[float] = []
    turns = lost = 0
    for call in heard:
        first_partial: dict[int, float] = {}
        ended: list[tuple[float, dict[str, Any]]] = []
        for when, event in call.arrivals:
            if event["type"] == "transcript.partial":
                first_partial.setdefault(event["data"]["utterance"], when)
            elif event["type"] == "transcript.final" and event["data"]["text"]:
                ended.append((when, event["data"]))
        for turn in call.turns:
            turns += 1
            mine = [
                (when, data)
                for when, data in ended
                if data["speaker"] == turn.speaker and data["end"] > turn.start and data["start"] < turn.end
            ]
            if not mine:
                lost += 1
                continue
            when, last = max(mine, key=lambda item: item[1]["end"])
            if abs(last["end"] - turn.end) < MATCH:
                finals.append(1000 * (when - call.began - turn.end))
            _, first = min(mine, key=lambda item: item[1]["start"])
            if first["utterance"] in first_partial and abs(first["start"] - turn.start) < MATCH:
                partials.append(1000 * (first_partial[first["utterance"]] - call.began - turn.start))
    return LatencyResult(len(heard), finals, partials, turns, lost)


def summary(result: LatencyResult) -> dict[str, Any]:
    """A result as it goes into the JSON file."""
    return {
        "calls": result.calls,
        "turns": result.turns,
        "lost": result.lost,
        "final_ms": percentiles(result.finals) if result.finals else None,
        "first_partial_ms": percentiles(result.partials) if result.partials else None,
    }


async def _stream_all(server: ServerProcess, paths: Sequence[Path], advance: Any) -> list[Heard]:
    return await asyncio.gather(*(_stream(server, path, number, advance) for number, path in enumerate(paths)))


async def _stream(server: ServerProcess, path: Path, number: int, advance: Any) -> Heard:
    heard = Heard(_turns(path))
    await asyncio.sleep(1.3 * number)
    with RecordingReader(path) as reader:
        frames = [frame.copy() for frame in reader.chunks(FRAME)]
        start = MediaStart(
            call_id=f"bench-{number}",
            agent=str(number),
            caller_phone=None,
            sample_rate=reader.recording.rate,
            channels=reader.recording.channels,
            started_at=datetime.now().astimezone(),
        )
    async with MediaClient(f"{server.websocket}/media", start) as media:
        following = asyncio.create_task(_follow(f"{server.websocket}/calls/{start.call_id}/events", heard))
        heard.began = time.monotonic() + 0.5
        for place, frame in enumerate(frames, start=1):
            # A frame is sent when its last sample has been spoken, as a softphone does.
            await asyncio.sleep(max(0.0, heard.began + place * FRAME - time.monotonic()))
            await media.send(frame)
            if advance and place % 50 == 0:
                advance(1)
    await following
    return heard


async def _follow(url: str, heard: Heard) -> None:
    while True:
        async with connect(url) as socket:
            async for message in socket:
                event = json.loads(message)
                if event["type"] == "error":  # the call is not in the store yet
                    break
                heard.arrivals.append((time.monotonic(), event))
                if event["type"] == "call.ended":
                    return
        await asyncio.sleep(0.05)


def _turns(path: Path) -> list[Turn]:
    for file, key in ((path.with_suffix(".timing.json"), None), (path.with_suffix(".json"), "turns")):
        if file.is_file():
            told = json.loads(file.read_text(encoding="utf-8"))
            return [Turn(t["speaker"], t["start"], t["end"], t["text"]) for t in (told[key] if key else told)]
    return []
