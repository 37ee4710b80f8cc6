"""What the agent waits for: speech end to final text, and speech onset to first partial, at a websocket client.

Calls are streamed to `/media` at real-time pace by this process while another runs the server; each call has a page's
websocket of its own. A latency is the wall time at which the client has the text, less the wall time at which the frame
holding the speech's true end (or onset) was due.

`latency` measures a few calls, `load` more and more of them, and whether a full machine says so.
"""

from __future__ import annotations

import asyncio
import json as json_
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from itertools import chain, pairwise
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import psutil
import typer
from rich.table import Table
from websockets.asyncio.client import connect

from assistant.call import STAGES
from assistant.cli import output
from assistant.document import percentiles
from assistant.errors import SeatError
from audio.errors import AudioError
from audio.files import RecordingReader
from audio.media import MediaClient, MediaStart
from benchmarks.accuracy import normalise
from benchmarks.common import SAMPLES, JsonOption, bar, console, finish
from benchmarks.matching import REPEATED, SHORTEST, Shown, tail_is_lost
from benchmarks.recordings import Turn, recordings, turns
from benchmarks.serving import ServerProcess

FRAME = 0.02
MATCH = 0.6
"""Seconds that a final may end before its turn, and begin away from it, and still be all of it."""
STARTS_WITHIN = 5.0
"""Seconds within which all calls of a run begin."""
FEWEST_RECORDINGS = 2
"""Recordings of a run: with fewer calls at once, each desk takes one call after the other."""

_STAGES = ("voice activity", *STAGES)

CallsOption = Annotated[Path, typer.Option(help="Recordings with true times beside them.")]
Advance = Callable[[float], object]


@dataclass
class Heard:
    """What the client of one call received."""

    turns: list[Turn]
    began: float = 0.0
    """Wall time at which the first frame was sent."""
    arrivals: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    """(wall time, event)"""
    refused: str = ""
    """Why the server did not take the call, or not to its end."""

    def shown(self, speaker: str) -> list[Shown]:
        """All that the page had of one speaker's words, whenever that changed."""
        texts: dict[int, str] = {}
        changes = []
        for when, event in self.arrivals:
            data = event["data"]
            if event["type"] not in ("transcript.partial", "transcript.final") or data["speaker"] != speaker:
                continue
            partial = event["type"] == "transcript.partial"
            texts[data["utterance"]] = data["stable"] + data["tentative"] if partial else data["text"]
            changes.append(Shown(when, "".join(texts[utterance] for utterance in sorted(texts))))
        return changes


@dataclass(frozen=True)
class Final:
    """A turn's final at the client: milliseconds after the true end of speech, and what the server says of its stages
    (milliseconds each, `voice activity` being how long after the true end speech was taken to have ended)."""

    latency: float
    stages: dict[str, float]


@dataclass(frozen=True)
class LatencyResult:
    """One row of the table; latencies in milliseconds."""

    calls: int
    details: list[Final]
    partials: list[float]
    """To the first words of a turn on the page, which are the final's where no partial came before it."""
    ticket: list[float]
    suggestions: list[float]
    """Server-side, from the arrival of the end of speech."""
    turns: int
    lost: int
    """Turns of which no final came."""
    lost_tails: int
    """Turns whose last final ends well before they do, or says less of their end."""
    doubled: int
    """Finals that say again what the one before said."""
    refused: int = 0
    cpu_percent: float = 0.0
    """Of the server, 100 being one core."""
    rss_mb: float = 0.0
    """Of the server at the end."""

    @property
    def finals(self) -> list[float]:
        """Latencies of all finals."""
        return [final.latency for final in self.details]


def latency(
    calls: CallsOption = SAMPLES,
    concurrency: Annotated[str, typer.Option(help="Numbers of calls at once, separated by commas.")] = "1",
    json: JsonOption = None,
) -> None:
    """Speech end to final text and speech onset to first partial, at a websocket client, at real-time pace."""
    _run("latency", calls, concurrency, json)


def load(
    calls: CallsOption = SAMPLES,
    concurrency: Annotated[str, typer.Option(help="Numbers of calls at once, separated by commas.")] = "1,4,8,16",
    admission: Annotated[bool, typer.Option(help="Then offer twice as many calls as the server says it takes.")] = True,
    json: JsonOption = None,
) -> None:
    """Latency against the number of calls, and what a full machine does with one more."""
    _run("load", calls, concurrency, json, admission)


def _run(name: str, calls: Path, concurrency: str, json: Path | None, admission: bool = False) -> None:
    output.check(json)
    try:
        counts = [int(part) for part in concurrency.split(",")]
    except ValueError as error:
        raise SeatError(f"--concurrency is numbers separated by commas, not {concurrency!r}.") from error
    if min(counts) < 1:
        raise SeatError("--concurrency: at least one call.")
    paths = recordings(calls)
    rows = []
    for count in counts:
        with bar() as progress:
            played = desks(paths, count)
            task = progress.add_task(f"{count} call(s)", total=seconds(played))
            rows.append(summary(measure(played, partial(progress.advance, task))))
    _print(rows)
    figures: dict[str, Any] = {name: rows}
    if admission:
        figures["admission"] = _admission(paths)
    finish(json, figures)


def _admission(paths: Sequence[Path]) -> dict[str, Any]:
    """Offer a server that measures its own capacity twice as many calls as it takes; how do those fare that it took?"""
    with ServerProcess(SEAT_MAX_CALLS="0") as server:
        capacity = server.health()["call_capacity"]
        offered = 2 * capacity
        played = desks(paths, offered)
        with bar() as progress:
            task = progress.add_task(f"{offered} calls, {capacity} wanted", total=seconds(played) / 2)
            heard = asyncio.run(stream(server, played, partial(progress.advance, task)))
    taken = [call for call in heard if not call.refused]
    told = summary(evaluate(taken))
    reasons = sorted({call.refused for call in heard if call.refused})
    console.print(
        f"Admission: {offered} calls offered, {len(taken)} taken, {offered - len(taken)} refused; of those taken "
        f"{told['lost']} turns lost, final {_spread(told['final_ms'])}"
    )
    return {"capacity": capacity, "offered": offered, "taken": len(taken), "said": reasons[:1]} | {
        key: told[key] for key in ("final_ms", "first_partial_ms", "lost", "lost_tails", "doubled")
    }


def _spread(told: dict[str, float] | None) -> str:
    return f"p50 {told['p50']:.0f}, p95 {told['p95']:.0f} ms" if told else "none"


def _print(rows: Sequence[dict[str, Any]]) -> None:
    table = Table(title="Latency at the client, ms")
    headings = ("calls", "final p50", "p95", "max", "first partial p50", "p95", "turns", "lost", "tails", "doubled")
    for heading in headings:
        table.add_column(heading, justify="right")
    stages = Table(title="Where a final's time goes, medians in ms, and what the server uses")
    for heading in ("calls", *_STAGES, "CPU %", "MB"):
        stages.add_column(heading, justify="right")
    for row in rows:
        final, shown = row["final_ms"], row["first_partial_ms"]
        cells = [f"{final[key]:.0f}" if final else "-" for key in ("p50", "p95", "max")]
        cells += [f"{shown[key]:.0f}" if shown else "-" for key in ("p50", "p95")]
        table.add_row(str(row["calls"]), *cells, *(str(row[key]) for key in ("turns", "lost", "lost_tails", "doubled")))
        took = (f"{row['stages_ms'].get(stage, 0):.0f}" for stage in _STAGES)
        stages.add_row(str(row["calls"]), *took, f"{row['cpu_percent']:.0f}", f"{row['rss_mb']:.0f}")
    console.print(table)
    console.print(stages)


def seconds(desks: Sequence[Sequence[Path]]) -> float:
    """How much audio is played at all desks together."""
    total = 0.0
    for path in chain.from_iterable(desks):
        with RecordingReader(path) as reader:
            total += reader.recording.seconds or 0.0
    return total


def desks(paths: Sequence[Path], calls: int) -> list[list[Path]]:
    """What is played at each of `calls` desks, one recording after the other."""
    rounds = -(-FEWEST_RECORDINGS // calls)
    recordings = [paths[n % len(paths)] for n in range(calls * rounds)]
    return [recordings[desk::calls] for desk in range(calls)]


def measure(played: Sequence[Sequence[Path]], advance: Advance | None = None) -> LatencyResult:
    """Stream the calls of all desks to a fresh server; `advance` gets the seconds played."""
    with ServerProcess() as server:
        process = psutil.Process(server.pid)
        before, began = sum(process.cpu_times()[:2]), time.monotonic()
        heard = asyncio.run(stream(server, played, advance))
        used = 100 * (sum(process.cpu_times()[:2]) - before) / (time.monotonic() - began)
        memory = process.memory_info().rss / 1e6
    return replace(evaluate(heard, used, memory), calls=len(played))


def evaluate(heard: Sequence[Heard], cpu_percent: float = 0.0, rss_mb: float = 0.0) -> LatencyResult:
    """Latencies of all calls against what was really said."""
    result = LatencyResult(
        len(heard), [], [], [], [], 0, 0, 0, 0, sum(bool(c.refused) for c in heard), cpu_percent, rss_mb
    )
    count = lost = lost_tails = doubled = 0
    for call in heard:
        first_partial: dict[int, float] = {}
        ended: list[tuple[float, dict[str, Any]]] = []
        for when, event in call.arrivals:
            data = event["data"]
            if event["type"] == "transcript.partial" and data["stable"] + data["tentative"]:
                first_partial.setdefault(data["utterance"], when)
            elif event["type"] == "transcript.final" and data["text"]:
                ended.append((when, data))
            elif event["type"] == "ticket.updated" and event["latency_ms"]:
                result.ticket.append(event["latency_ms"])
            elif event["type"] == "knowledge.suggested":
                result.suggestions.append(event["latency_ms"])
        for turn in call.turns:
            count += 1
            mine = sorted(
                (
                    (when, data)
                    for when, data in ended
                    if data["speaker"] == turn.speaker and data["end"] > turn.start and data["start"] < turn.end
                ),
                key=lambda item: item[1]["start"],
            )
            if not mine:
                lost += turn.end - turn.start > SHORTEST
                continue
            when, last = mine[-1]
            doubled += _doubled([data["text"] for _, data in mine], turn.text)
            text = "".join(data["text"] for _, data in mine)
            if last["end"] < turn.end - MATCH or tail_is_lost(normalise(turn.text), normalise(text)):
                lost_tails += 1
            else:  # what ends later holds the next turn, too: the agent waited for that
                stages = {"voice activity": 1000 * (last["end"] - turn.end)} | last.get("stages", {})
                result.details.append(Final(1000 * (when - call.began - turn.end), stages))
            shown, first = mine[0]
            if abs(first["start"] - turn.start) < MATCH:
                shown = first_partial.get(first["utterance"], shown)
                result.partials.append(1000 * (shown - call.began - turn.start))
    return replace(result, turns=count, lost=lost, lost_tails=lost_tails, doubled=doubled)


def _doubled(texts: Sequence[str], said: str) -> int:
    """How many of a turn's finals begin with what the one before ended with, where the speaker said it once."""
    found = 0
    spoken = normalise(said)
    for earlier, later in pairwise(normalise(text) for text in texts):
        longest = min(len(earlier), len(later))
        repeated = next((earlier[-n:] for n in range(longest, REPEATED - 1, -1) if earlier[-n:] == later[:n]), "")
        found += bool(repeated) and 2 * repeated not in spoken
    return found


def summary(result: LatencyResult) -> dict[str, Any]:
    """A result as it goes into the JSON file."""
    typical = sorted(result.details, key=lambda final: final.latency)[len(result.details) // 2 :][:1]

    def told(values: Sequence[float]) -> dict[str, float] | None:
        return percentiles(values) if values else None

    return {
        "calls": result.calls,
        "turns": result.turns,
        "lost": result.lost,
        "lost_tails": result.lost_tails,
        "doubled": result.doubled,
        "refused": result.refused,
        "final_ms": told(result.finals),
        "first_partial_ms": told(result.partials),
        "ticket_ms": told(result.ticket),
        "suggestion_ms": told(result.suggestions),
        "stages_ms": {
            name: round(float(np.median([final.stages.get(name, 0.0) for final in result.details])), 1)
            for name in _STAGES
            if result.details
        },
        "waterfall": _waterfall(typical[0]) if typical else [],
        "cpu_percent": round(result.cpu_percent, 1),
        "rss_mb": round(result.rss_mb, 1),
        "finals": [round(value, 1) for value in result.finals],
        "partials": [round(value, 1) for value in result.partials],
    }


def _waterfall(final: Final) -> list[dict[str, Any]]:
    """The stages of one final one after the other, in milliseconds from the true end of speech."""
    stages = []
    place = 0.0
    for name, took in final.stages.items():
        stages.append({"stage": name, "start": round(place, 1), "end": round(place + took, 1)})
        place += took
    stages.append({"stage": "delivery", "start": round(place, 1), "end": round(max(place, final.latency), 1)})
    return stages


async def stream(server: ServerProcess, played: Sequence[Sequence[Path]], advance: Advance | None) -> list[Heard]:
    """What the clients of all calls received, desk by desk; `advance` gets the seconds played."""

    async def desk(number: int, paths: Sequence[Path]) -> list[Heard]:
        await asyncio.sleep(STARTS_WITHIN / len(played) * number)
        return [
            await _stream_call(server, path, f"bench-{number}-{place}", advance) for place, path in enumerate(paths)
        ]

    heard = await asyncio.gather(*(desk(number, paths) for number, paths in enumerate(played)))
    return list(chain.from_iterable(heard))


async def _stream_call(server: ServerProcess, path: Path, call: str, advance: Advance | None) -> Heard:
    heard = Heard(turns(path))
    with RecordingReader(path) as reader:
        frames = [frame.copy() for frame in reader.chunks(FRAME)]
        start = MediaStart(
            call_id=call,
            agent=call,
            caller_phone=None,
            sample_rate=reader.recording.rate,
            channels=reader.recording.channels,
            started_at=datetime.now().astimezone(),
        )
    following = asyncio.create_task(follow(f"{server.websocket}/calls/{start.call_id}/events", heard))
    try:
        async with MediaClient(f"{server.websocket}/media", start) as media:
            heard.began = time.monotonic()
            for place, frame in enumerate(frames, start=1):
                # A frame is sent when its last sample has been spoken, as a softphone does.
                await asyncio.sleep(max(0.0, heard.began + place * FRAME - time.monotonic()))
                await media.send(frame)
                if advance and place % 50 == 0:
                    advance(1)
    except AudioError as error:
        heard.refused = str(error)
        following.cancel()
        return heard
    await following
    return heard


async def follow(url: str, heard: Heard) -> None:
    """Collect a call's events until it is over."""
    async for event in received(url):
        heard.arrivals.append((time.monotonic(), event))


async def received(url: str) -> AsyncIterator[dict[str, Any]]:
    """The events of a call, which may be about to begin, until it is over."""
    while True:
        async with connect(url) as socket:
            async for message in socket:
                event = json_.loads(message)
                if event["type"] == "error":  # the call is not in the store yet
                    break
                yield event
                if event["type"] == "call.ended":
                    return
        await asyncio.sleep(0.05)
