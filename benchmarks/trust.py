"""Can the agent believe what stands there? No text for sounds, nothing broken, nothing twice, nothing lost.

Everything goes through the pipeline as a call does, and what is counted is what a page would have shown: of sounds and
of calls the partials, too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import cycle, pairwise
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.progress import Progress
from rich.table import Table
from scipy import signal

from assistant import config
from assistant.cli import output
from assistant.errors import SeatError
from assistant.events import Draft
from assistant.seat import SeatAssistant
from assistant.text import tidy
from audio.files import RecordingReader
from audio.media import MediaStart
from audio.resample import SAMPLE_RATE, Resampler
from audio.utterances import Endpointing
from audio.vad import CHUNK, VoiceActivity
from benchmarks.accuracy import Clip, load_clips, normalise
from benchmarks.common import SAMPLES, JsonOption, bar, console, finish
from benchmarks.flaws import Hygiene, at_seams, doubled, hygiene, latin, missing
from benchmarks.recordings import Turn, recordings, turns
from benchmarks.sounds import RATE, Samples, assorted, g711, line_noise

PACE = 8.0
"""Times real time at which calls are played, so that partials come about as often as they do live."""
AT_ONCE = 2
"""Calls played at a time."""
FRAME = RATE // 10
ECHOES = ((-12, 40), (-18, 120), (-25, 300))
"""(level in dB, delay in ms) of one leg's echo on the other."""
ECHO_SECONDS = 60
"""So much of the first call is played with echo."""
ROOM_SECONDS = 0.06
"""Until a room's echo has died away by 60 dB."""
SEAM_SECONDS = 120
"""Speech without a pause, to see the seams of utterances that are split."""
SPEAKERS = ("caller", "agent")
TOUCHING = 0.05
"""Seconds between two finals of one utterance that was split."""
KEPT_BY_TIDYING = (
    ("我家的WiFi连不上。", "WiFi"),
    ("粤A12345违停了。", "A12345"),
    ("我想办ETC和5G套餐。", "5G"),
    ("我住在B2栋1203房。", "B2栋1203"),
    ("每度电0.6元。", "0.6"),
    ("手机是iPhone 15 Pro。", "iPhone 15 Pro"),
    ("网址是gz.gov.cn。", "gz.gov.cn"),
    ("血压130/80。", "130/80"),
    ("涨了15%。", "15%"),
    ("下午3:30开门。", "3:30"),
)
"""(what the recogniser may write, what of it must come through the tidying)"""


@dataclass
class Shown:
    """What the page of one call showed."""

    finals: list[dict[str, Any]] = field(default_factory=list)
    """`data` of the finals that have text."""
    partials: dict[int, str] = field(default_factory=dict)
    """The longest partial text of each utterance."""

    def text(self) -> str:
        """All of it, each utterance once; in brackets what was only ever partial."""
        ended = {final["utterance"]: final["text"] for final in self.finals}
        taken_back = (f"({text})" for index, text in self.partials.items() if text and index not in ended)
        return " ".join([*ended.values(), *taken_back])

    def characters(self) -> int:
        """How many of them, each utterance at its longest."""
        longest = {index: len(text) for index, text in self.partials.items()}
        for final in self.finals:
            longest[final["utterance"]] = max(len(final["text"]), longest.get(final["utterance"], 0))
        return sum(longest.values())

    def said(self, speaker: str) -> str:
        """The finals of one speaker."""
        return "".join(final["text"] for final in self.finals if final["speaker"] == speaker)


@dataclass(frozen=True)
class Recorded:
    """A two-channel call at 8 kHz with its true times."""

    samples: Samples
    turns: list[Turn]

    @property
    def seconds(self) -> float:
        """Length."""
        return self.samples.shape[1] / RATE


Advance = Callable[[float], None]
"""Called with seconds of audio played."""


def trust(
    minutes: Annotated[float, typer.Option(min=0.1, help="Minutes of sounds that are no speech.")] = 10.0,
    calls: Annotated[Path, typer.Option(help="Two-channel recordings with true times beside them.")] = SAMPLES,
    speech: Annotated[
        Path | None, typer.Option(help="Clips with a manifest.tsv (file, transcript): are digits and English kept?")
    ] = None,
    json: JsonOption = None,
) -> None:
    """Text for sounds without speech; loops, broken characters; words lost or doubled by echo and at seams."""
    output.check(json)
    recorded = [_read(path) for path in recordings(calls)]
    clips = [clip for clip in load_clips(speech) if latin(clip.text)] if speech else []
    assistant = SeatAssistant(config.load())
    try:
        figures = asyncio.run(_measure(assistant, recorded, clips, minutes))
    finally:
        assistant.close()
    _print(figures)
    finish(json, {"trust": figures})


async def play(assistant: SeatAssistant, samples: Samples, advance: Advance, *, partials: bool) -> Shown:
    """One call, (2, n) at 8 kHz, through the pipeline: at PACE with partials, as fast as it can without."""
    shown = Shown()

    async def publish(drafts: Sequence[Draft]) -> None:
        for draft in drafts:
            event = draft.numbered(1, "trust")
            if event.type == "transcript.final" and event.data["text"]:
                shown.finals.append(event.data)
            elif event.type == "transcript.partial":
                index, text = event.data["utterance"], event.data["stable"] + event.data["tentative"]
                shown.partials[index] = max(shown.partials.get(index, ""), text, key=len)

    start = MediaStart("trust", "1", None, RATE, len(samples), datetime.now().astimezone())
    call = await assistant.start_call(start, publish, partials=partials)
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        for first in range(0, samples.shape[1], FRAME):
            frame = samples[:, first : first + FRAME]
            await call.feed(frame)
            advance(frame.shape[1] / RATE)
            await asyncio.sleep(max(0.0, began + call.seconds / PACE - loop.time()) if partials else 0)
    finally:
        await call.hang_up()
    return shown


def with_echo(samples: Samples, source: int, level: float, delay: float) -> Samples:
    """One leg's sound comes back on the other: `level` in dB, `delay` in seconds, out of a small room."""
    rng = np.random.default_rng(0)
    room = rng.standard_normal(int(ROOM_SECONDS * RATE)) * np.logspace(0, -3, int(ROOM_SECONDS * RATE))
    room *= 10 ** (level / 20) / np.sqrt(np.sum(room**2))
    path = np.concatenate([np.zeros(int(delay * RATE)), room])
    mixed = samples.copy()
    echo = signal.fftconvolve(samples[source], path)[: samples.shape[1]]
    mixed[1 - source] = g711(samples[1 - source] + echo)
    return mixed


def continuous(calls: Sequence[Recorded], seconds: float) -> tuple[list[Samples], Samples]:
    """The agents' turns, and all of them in one breath, at least `seconds` long. Both mono at 8 kHz."""
    said = [breathless(_said(call, turn)) for call in calls for turn in call.turns if turn.speaker == "agent"]
    if not said:
        raise SeatError("The recordings of --calls have no turn of an agent.")
    taken: list[Samples] = []
    for turn in cycle(said):
        if sum(map(len, taken)) >= seconds * RATE:
            break
        taken.append(turn)
    return taken, np.concatenate(taken)


def breathless(samples: Samples) -> Samples:
    """Speech (mono at 8 kHz) without what the voice activity takes for pauses."""
    loud = np.array([*VoiceActivity().feed(Resampler(RATE).feed(samples, last=True))]) >= Endpointing.offset
    loud[1:] |= loud[:-1].copy()  # the end of a syllable is softer than its beginning
    kept = np.repeat(loud, CHUNK * RATE // SAMPLE_RATE)[: len(samples)]
    return samples[: len(kept)][kept]


class _Player:
    """Plays calls, some at a time, with a bar for each set of them."""

    def __init__(self, assistant: SeatAssistant, progress: Progress) -> None:
        self.assistant = assistant
        self.progress = progress

    async def play(self, what: str, calls: Sequence[Samples], *, partials: bool = False) -> list[Shown]:
        """Each (2, n) at 8 kHz; the results come in the same order."""
        task = self.progress.add_task(what, total=sum(call.shape[1] for call in calls) / RATE)
        places = asyncio.Semaphore(AT_ONCE)

        async def one(call: Samples) -> Shown:
            async with places:
                return await play(
                    self.assistant, call, lambda seconds: self.progress.advance(task, seconds), partials=partials
                )

        return await asyncio.gather(*map(one, calls))

    async def recognise(self, what: str, clips: Sequence[Samples]) -> list[str]:
        """Texts of single utterances (mono at 16 kHz)."""
        task = self.progress.add_task(what, total=len(clips))
        texts = []
        for clip in clips:
            texts.append((await asyncio.to_thread(self.assistant.engine.recognizer.decode, clip)).text)
            self.progress.advance(task)
        return texts


async def _measure(
    assistant: SeatAssistant, calls: Sequence[Recorded], clips: Sequence[Clip], minutes: float
) -> dict[str, Any]:
    with bar() as progress:
        player = _Player(assistant, progress)
        return {
            **await _sounds(player, calls, minutes),
            "speech": await _speech(player, calls),
            "survive": await _survive(player, clips),
            "echo": await _echo(player, calls[0].samples[:, : ECHO_SECONDS * RATE]),
            "seam": await _seam(player, calls),
        }


async def _sounds(player: _Player, calls: Sequence[Recorded], minutes: float) -> dict[str, Any]:
    voices = [_said(call, turn) for call in calls for turn in call.turns]
    sounds = assorted(60 * minutes, voices)
    lines = [np.stack([one.samples, line_noise(len(one.samples))]) for one in sounds]
    heard = await player.play("sounds", lines, partials=True)
    rows = [
        {
            "name": sound.name,
            "seconds": round(sound.seconds, 1),
            "characters": shown.characters(),
            "text": shown.text(),
        }
        for sound, shown in zip(sounds, heard, strict=True)
    ]
    return {
        "sounds": rows,
        "characters": sum(row["characters"] for row in rows),
        "seconds": round(sum(sound.seconds for sound in sounds), 1),
    }


async def _speech(player: _Player, calls: Sequence[Recorded]) -> dict[str, Any]:
    shown = await player.play("calls", [call.samples for call in calls], partials=True)
    flaws = Hygiene()
    for call in shown:
        for text in (*call.partials.values(), *(final["text"] for final in call.finals)):
            flaws += hygiene(text)
    characters = sum(len(final["text"]) for call in shown for final in call.finals)
    return {"seconds": round(sum(call.seconds for call in calls), 1), "characters": characters, **asdict(flaws)}


async def _survive(player: _Player, clips: Sequence[Clip]) -> list[dict[str, Any]]:
    rows = [{"said": said, "kept": said in tidy(text), "where": "tidying"} for text, said in KEPT_BY_TIDYING]
    for clip, text in zip(clips, await player.recognise("clips", [clip.samples for clip in clips]), strict=True):
        heard = normalise(text)
        rows += [{"said": said, "kept": normalise(said) in heard, "where": "speech"} for said in latin(clip.text)]
    return rows


async def _echo(player: _Player, samples: Samples) -> list[dict[str, Any]]:
    """Without suppression: the leg with the echo is played while the other is silent, so that it cannot be known."""
    [plain] = await player.play("without echo", [samples])
    said = {speaker: plain.said(speaker) for speaker in SPEAKERS}
    rows = []
    for level, delay in ECHOES:
        mixed = [with_echo(samples, source, level, delay / 1000) for source in (0, 1)]
        alone = [call.copy() for call in mixed]
        for source, call in enumerate(alone):
            call[source] = line_noise(call.shape[1])
        *heard, on_caller, on_agent = await player.play(f"echo {level} dB", [*mixed, alone[1], alone[0]])
        others = {name: [final for final in plain.finals if final["speaker"] != name] for name in SPEAKERS}
        rows.append(
            {
                "level_db": level,
                "delay_ms": delay,
                "doubled": sum(len(doubled(shown.finals, said)) for shown in heard),
                "without_suppression": sum(
                    len(doubled([*shown.finals, *others[name]], said))
                    for name, shown in zip(SPEAKERS, (on_caller, on_agent), strict=True)
                ),
                "missing": sum(missing(text, shown.said(name)) for shown in heard for name, text in said.items()),
                "characters": 2 * sum(len(normalise(text)) for text in said.values()),
            }
        )
    return rows


async def _seam(player: _Player, calls: Sequence[Recorded]) -> dict[str, Any]:
    parts, joined = continuous(calls, SEAM_SECONDS)
    wanted = await player.recognise("turns", [Resampler(RATE).feed(turn, last=True) for turn in parts])
    [shown] = await player.play("seams", [np.stack([line_noise(len(joined)), joined])])
    finals = [final for final in shown.finals if final["speaker"] == "agent"]
    follows = [abs(later["start"] - earlier["end"]) < TOUCHING for earlier, later in pairwise(finals)] + [False]
    lost, twice = at_seams("".join(wanted), [(f["text"], seam) for f, seam in zip(finals, follows, strict=True)])
    return {"seconds": round(len(joined) / RATE, 1), "splits": sum(follows), "lost": lost, "doubled": twice}


def _read(path: Path) -> Recorded:
    with RecordingReader(path) as reader:
        if reader.recording.rate != RATE or reader.recording.channels != 2:
            raise SeatError(f"{path} is not a two-channel recording at {RATE} Hz.")
        return Recorded(np.concatenate(list(reader.chunks(1.0)), axis=1), turns(path))


def _said(call: Recorded, turn: Turn) -> Samples:
    return call.samples[0 if turn.speaker == "caller" else 1, int(turn.start * RATE) : int(turn.end * RATE)]


def _print(figures: dict[str, Any]) -> None:
    table = Table("sound", "seconds", "characters", "text", title="Sounds without speech (in brackets: partials only)")
    for row in figures["sounds"]:
        table.add_row(row["name"], f"{row['seconds']:.0f}", str(row["characters"]), row["text"])
    table.add_row("all", f"{figures['seconds']:.0f}", str(figures["characters"]), "")
    console.print(table)
    speech = figures["speech"]
    table = Table(*speech, title="Speech")
    table.add_row(*map(str, speech.values()))
    console.print(table)
    table = Table("where", "words", "kept", "not kept", title="Digits and English words inside Chinese")
    for where in dict.fromkeys(row["where"] for row in figures["survive"]):
        rows = [row for row in figures["survive"] if row["where"] == where]
        gone = [row["said"] for row in rows if not row["kept"]]
        table.add_row(where, str(len(rows)), str(len(rows) - len(gone)), " ".join(gone))
    console.print(table)
    table = Table(
        "level dB", "delay ms", "finals doubled", "without suppression", "own characters missing", title="Echo"
    )
    for row in figures["echo"]:
        missed = f"{row['missing']} of {row['characters']}"
        counts = (row[key] for key in ("level_db", "delay_ms", "doubled", "without_suppression"))
        table.add_row(*map(str, counts), missed)
    console.print(table)
    seam = figures["seam"]
    table = Table(*seam, title="Speech without a pause")
    table.add_row(*map(str, seam.values()))
    console.print(table)
