"""Against what a user would otherwise do: the same calls, model files and threads in one run.

Recorded utterances, as our voice activity cuts them, are decoded by ours, by `faster_whisper.WhisperModel.transcribe`
and by its `BatchedInferencePipeline`, in turns. Then the calls are played at real-time pace to our server, to
`transcribe` called whenever our voice activity says that an utterance is over, and to the peers' servers; what their
clients show is judged alike for all (benchmarks/matching).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rapidfuzz.distance import Levenshtein
from rich.table import Table

from assistant import config, model
from assistant.cli import output
from assistant.demo import sample
from assistant.document import percentiles
from assistant.errors import SeatError
from assistant.recognizer import SAMPLE_RATE, Recognizer, Samples
from audio.files import RecordingReader
from audio.resample import Resampler
from audio.utterances import SpeechEnded, UtteranceDetector
from benchmarks import latency, peers
from benchmarks.accuracy import BLOCK, load_clips, normalise, transcribe
from benchmarks.common import SAMPLES, JsonOption, bar, console, finish
from benchmarks.conditions import TELEPHONE_RATE
from benchmarks.latency import FRAME, Heard
from benchmarks.matching import Followed, follow
from benchmarks.peers import PEERS, Peer, PeerServer
from benchmarks.recordings import Turn, recordings, turns
from benchmarks.serving import ServerProcess
from benchmarks.sounds import assorted

SPEAKERS = ("caller", "agent")
NOT_RUN = {
    "RealtimeSTT": "needs PyAudio, which is compiled against a system library (portaudio19-dev)",
    "whisper-live": "needs PyAudio (as RealtimeSTT), OpenVINO and optimum",
    "wyoming-faster-whisper": "not live: calls transcribe when the client says so, as faster_whisper transcribe here",
    "whisper-streaming": "a library without a server; whisperlivekit's LocalAgreement is the same policy",
}
"""Programs that were looked at and are not in the comparison."""

Texts = Callable[[Sequence[Samples]], list[str]]


@dataclass(frozen=True)
class Voice:
    """One speaker of a call."""

    samples: Samples
    """Mono at 16 kHz, the whole call."""
    turns: list[Turn]
    utterances: list[SpeechEnded]
    """As our voice activity cuts them."""


@dataclass
class Row:
    """One system; None: it was not asked for that."""

    system: str
    version: str
    how: str
    cer_percent: float | None = None
    """On the calls, recorded utterances."""
    live_cer_percent: float | None = None
    """On the calls, played live."""
    speech_cer_percent: float | None = None
    """On the clips."""
    seconds: float = 0.0
    """Wall time of decoding recorded utterances."""
    audio: float = 0.0
    """Seconds of speech in them."""
    finals: list[float] = field(default_factory=list)
    partials: list[float] = field(default_factory=list)
    lost: int | None = None
    doubled: int | None = None
    nonspeech_characters: int | None = None

    def followed(self, streams: Sequence[Followed]) -> None:
        """Take over what became of the calls that were played live."""
        self.live_cer_percent = round(100 * sum(s.errors for s in streams) / sum(s.characters for s in streams), 2)
        self.finals = [value for stream in streams for value in stream.finals]
        self.partials = [value for stream in streams for value in stream.partials]
        self.lost = sum(stream.lost for stream in streams)
        self.doubled = sum(stream.doubled for stream in streams)

    def summary(self) -> dict[str, Any]:
        """As it goes into the JSON file."""
        return {
            "system": self.system,
            "version": self.version,
            "how": self.how,
            "cer_percent": self.cer_percent,
            "live_cer_percent": self.live_cer_percent,
            "speech_cer_percent": self.speech_cer_percent,
            "times_real_time": round(self.audio / self.seconds, 2) if self.seconds else None,
            "final_ms": percentiles(self.finals) if self.finals else None,
            "first_partial_ms": percentiles(self.partials) if self.partials else None,
            "lost": self.lost,
            "doubled": self.doubled,
            "nonspeech_characters": self.nonspeech_characters,
        }


def compare(
    calls: Annotated[Path, typer.Option(help="Recordings with true times beside them.")] = SAMPLES,
    speech: Annotated[Path | None, typer.Option(help="Clips with a manifest.tsv (file, transcript).")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only so many clips.")] = None,
    live: Annotated[int, typer.Option(min=0, help="Only so many calls, played one after another; 0: none played.")] = 3,
    nonspeech: Annotated[float, typer.Option(min=0, help="Seconds of sounds in which nobody speaks.")] = 120.0,
    peer: Annotated[str, typer.Option(help="Other programs to install and run, separated by commas.")] = ",".join(
        PEERS
    ),
    json: JsonOption = None,
) -> None:
    """Ours, faster-whisper's own two ways and other programs: errors, throughput, latency, lost turns."""
    output.check(json)
    names = [name.strip() for name in peer.split(",") if name.strip()]
    if unknown := [name for name in names if name not in PEERS]:
        raise SeatError(f"--peer knows {', '.join(PEERS)}, not {unknown[0]!r}.")
    settings = config.load()
    directory = model.locate(settings.model, config.cache_dir())
    paths = recordings(calls)
    paths = paths[:live] or paths
    clips = load_clips(speech, limit) if speech else []
    voices = [voice for path in paths for voice in read_voices(path)]
    sounds = sounds_of(nonspeech) if nonspeech else None
    not_run = dict(NOT_RUN)
    with bar() as progress:
        task = progress.add_task("recorded utterances", total=None)
        systems = offline(directory, settings.workers)
        rows = [row for row, _ in systems]
        decode_calls(systems, voices)
        if clips:
            decode_clips(systems, [(clip.samples, clip.text) for clip in clips])
        if sounds:
            decode_sounds(systems, sounds)
        if live:
            seconds = sum(len(voice.samples) for voice in voices) / SAMPLE_RATE / len(SPEAKERS)

            def play(name: str) -> Callable[[float], None]:
                progress.reset(task, description=f"{name}, live", total=seconds)
                return lambda passed: progress.advance(task, passed)

            live_ours(rows[0], paths, voices, play("ours"))
            live_transcribe(rows[1], directory, voices, settings.workers, play(rows[1].system))
            for name in names:
                try:
                    progress.reset(task, description=f"{name}, installing", total=None)
                    peers.environment(PEERS[name])
                    rows.append(live_peer(PEERS[name], directory, voices, sounds, settings.workers, play(name)))
                except SeatError as error:
                    not_run[name] = str(error)
    count = sum(len(voice.turns) for voice in voices)
    audio = f"{len(paths)} calls with {count} turns, played one after another" if live else f"{len(paths)} calls"
    if clips:
        audio += f"; {len(clips)} clips of human speech at telephone quality for throughput"
    print_rows(rows, not_run, count)
    told = [{"system": name, "why": why} for name, why in not_run.items()]
    finish(json, {"compare": {"audio": audio, "rows": [row.summary() for row in rows], "not_run": told}})


def print_rows(rows: Sequence[Row], not_run: dict[str, str], count: int) -> None:
    """The table, and below it what is missing and why."""
    cells: dict[str, list[float | None]] = {}
    for summary in (row.summary() for row in rows):
        final, first = summary["final_ms"] or {}, summary["first_partial_ms"] or {}
        values = (
            ("CER %", summary["cer_percent"]), ("live", summary["live_cer_percent"]),
            ("clips", summary["speech_cer_percent"]), ("x real time", summary["times_real_time"]),
            ("final p50", final.get("p50")), ("p95", final.get("p95")), ("first p50", first.get("p50")),
            ("lost", summary["lost"]), ("doubled", summary["doubled"]), ("non-speech", summary["nonspeech_characters"]),
        )  # fmt: skip
        for heading, value in values:
            cells.setdefault(heading, []).append(value)
    known = {heading: values for heading, values in cells.items() if any(value is not None for value in values)}
    table = Table("system", title=f"{count} turns; latency in ms")
    for heading in known:
        table.add_column(heading, justify="right", no_wrap=True)
    for place, row in enumerate(rows):
        told = [column[place] for column in known.values()]
        table.add_row(row.system, *("-" if value is None else f"{value:g}" for value in told))
    console.print(table)
    for row in rows:
        console.print(f"{row.system} {row.version}: {row.how}", highlight=False)
    for name, why in not_run.items():
        console.print(f"not run: {name}: {why}", highlight=False)


def read_voices(path: Path) -> list[Voice]:
    """Both speakers of a recording, the turns of each, and its utterances."""
    with RecordingReader(path) as reader:
        samples = np.concatenate(list(reader.chunks(1.0)), axis=1)
        rate = reader.recording.rate
    voices = []
    for speaker, channel in zip(SPEAKERS, samples, strict=True):
        said = [turn for turn in turns(path) if turn.speaker == speaker]
        voices.append(Voice(Resampler(rate).feed(channel, last=True), said, cut(channel, rate)))
    return voices


def cut(samples: Samples, rate: int) -> list[SpeechEnded]:
    """The utterances that our voice activity finds."""
    detector = UtteranceDetector(rate)
    return [event for event in (*detector.feed(samples), *detector.finish()) if isinstance(event, SpeechEnded)]


def sounds_of(seconds: float) -> Voice:
    """Sounds in which nobody speaks, one after another, and what our voice activity takes for speech among them."""
    silence = np.zeros(TELEPHONE_RATE, dtype=np.float32)
    pieces = [piece for sound in assorted(seconds) for piece in (sound.samples, silence)]
    samples = np.concatenate(pieces)
    return Voice(Resampler(TELEPHONE_RATE).feed(samples, last=True), [], cut(samples, TELEPHONE_RATE))


def offline(directory: Path, workers: int) -> list[tuple[Row, Texts]]:
    """What decodes recorded utterances: ours first; each with `workers` threads in all."""
    from faster_whisper import BatchedInferencePipeline, WhisperModel  # noqa: PLC0415

    recognizer = Recognizer(directory, workers=workers)
    stock = WhisperModel(str(directory), device="cpu", compute_type="int8", cpu_threads=1, num_workers=workers)
    whole = WhisperModel(str(directory), device="cpu", compute_type="int8", cpu_threads=workers, num_workers=1)
    pipeline = BatchedInferencePipeline(whole)

    def ours(windows: Sequence[Samples]) -> list[str]:
        with ThreadPoolExecutor(workers) as pool:
            return [heard.text for heard in pool.map(recognizer.decode, windows)]

    def plain(windows: Sequence[Samples]) -> list[str]:
        with ThreadPoolExecutor(workers) as pool:
            return list(pool.map(partial(transcribe, stock), windows))

    def batched(windows: Sequence[Samples]) -> list[str]:
        ends = np.cumsum([len(samples) for samples in windows]) / SAMPLE_RATE
        starts = [0.0, *ends[:-1]]
        clips = [{"start": float(start), "end": float(end)} for start, end in zip(starts, ends, strict=True)]
        told, _ = pipeline.transcribe(
            np.concatenate(windows), language="zh", beam_size=5, batch_size=len(windows), clip_timestamps=clips
        )
        texts = [""] * len(windows)
        for segment in told:
            texts[int(np.searchsorted(starts, segment.start + 0.01, side="right")) - 1] += segment.text
        return texts

    fw = version("faster-whisper")
    return [
        (Row("ours", version("seat-assistant"), f"our server, one call at a time; {workers} workers"), ours),
        (
            Row(
                "faster_whisper transcribe",
                fw,
                f"WhisperModel.transcribe, beam 5, language zh, for each utterance that our voice activity ends; "
                f"{workers} workers with a thread each",
            ),
            plain,
        ),
        (
            Row(
                "faster_whisper batched",
                fw,
                f"BatchedInferencePipeline, beam 5, language zh, {BLOCK} utterances a batch, {workers} threads; "
                "recordings only",
            ),
            batched,
        ),
    ]


def decode_calls(systems: Sequence[tuple[Row, Texts]], voices: Sequence[Voice]) -> None:
    """Errors over all that each speaker said: utterances need not be cut where turns end."""
    windows = [utterance.samples for voice in voices for utterance in voice.utterances]
    for (row, _), texts in zip(systems, decode_in_turns(systems, windows), strict=True):
        errors = characters = begin = 0
        for voice in voices:
            wanted = "".join(normalise(turn.text) for turn in voice.turns)
            heard = "".join(map(normalise, texts[begin : begin + len(voice.utterances)]))
            begin += len(voice.utterances)
            errors, characters = errors + Levenshtein.distance(wanted, heard), characters + len(wanted)
        row.cer_percent = round(100 * errors / characters, 2)


def decode_clips(systems: Sequence[tuple[Row, Texts]], clips: Sequence[tuple[Samples, str]]) -> None:
    """Errors clip by clip; throughput is then that of the clips."""
    for row, _ in systems:
        row.seconds = row.audio = 0.0
    for (row, _), texts in zip(systems, decode_in_turns(systems, [samples for samples, _ in clips]), strict=True):
        pairs = [(normalise(wanted), normalise(heard)) for (_, wanted), heard in zip(clips, texts, strict=True)]
        errors = sum(Levenshtein.distance(wanted, heard) for wanted, heard in pairs)
        row.speech_cer_percent = round(100 * errors / sum(len(wanted) for wanted, _ in pairs), 2)


def decode_sounds(systems: Sequence[tuple[Row, Texts]], sounds: Voice) -> None:
    """Characters for what our voice activity lets through although nobody spoke."""
    windows = [utterance.samples for utterance in sounds.utterances]
    for row, decode in systems:
        row.nonspeech_characters = sum(len(normalise(text)) for text in decode(windows)) if windows else 0


def decode_in_turns(systems: Sequence[tuple[Row, Texts]], windows: Sequence[Samples]) -> list[list[str]]:
    """The texts of all windows by each system. They take turns, so that what else the machine does slows all alike."""
    texts: list[list[str]] = [[] for _ in systems]
    for number, first in enumerate(range(0, len(windows), BLOCK)):
        block = windows[first : first + BLOCK]
        for place in range(len(systems)):
            turn = (place + number) % len(systems)
            row, decode = systems[turn]
            began = time.perf_counter()
            texts[turn] += decode(block)
            row.seconds += time.perf_counter() - began
            row.audio += sum(map(len, block)) / SAMPLE_RATE
    return texts


def live_ours(row: Row, paths: Sequence[Path], voices: Sequence[Voice], advance: Callable[[float], None]) -> None:
    """Our server, one call after the other."""
    with ServerProcess() as server:
        calls = asyncio.run(latency.stream(server, [paths], advance))
    row.followed([one for place, heard in enumerate(calls) for one in followed(heard, voices[len(SPEAKERS) * place :])])


def followed(heard: Heard, voices: Sequence[Voice]) -> list[Followed]:
    """What became of both speakers' turns; the voices of the call come first."""
    return [
        follow(voice.turns, heard.shown(speaker), heard.began) for speaker, voice in zip(SPEAKERS, voices, strict=False)
    ]


def live_transcribe(
    row: Row, directory: Path, voices: Sequence[Voice], workers: int, advance: Callable[[float], None]
) -> None:
    """What a simple program would do: wait for the end of an utterance, then transcribe it. No network between."""
    from faster_whisper import WhisperModel  # noqa: PLC0415

    stock = WhisperModel(str(directory), device="cpu", compute_type="int8", cpu_threads=1, num_workers=workers)
    streams: list[Followed] = []
    for first in range(0, len(voices), len(SPEAKERS)):
        call = voices[first : first + len(SPEAKERS)]
        streams += followed(asyncio.run(_listen(stock, call, workers, advance)), call)
    row.followed(streams)


async def _listen(stock: Any, call: Sequence[Voice], workers: int, advance: Callable[[float], None]) -> Heard:
    heard = Heard([turn for voice in call for turn in voice.turns])
    loop = asyncio.get_running_loop()

    async def decode(pool: ThreadPoolExecutor, number: int, speaker: str, ended: SpeechEnded) -> None:
        text = await loop.run_in_executor(pool, transcribe, stock, ended.samples)
        data = {"utterance": number, "speaker": speaker, "text": text}
        data |= {"start": ended.start / SAMPLE_RATE, "end": ended.end / SAMPLE_RATE}
        heard.arrivals.append((time.monotonic(), {"type": "transcript.final", "data": data}))

    frame = int(FRAME * SAMPLE_RATE)
    detectors = [UtteranceDetector(SAMPLE_RATE) for _ in call]
    decoding: list[asyncio.Task[None]] = []
    with ThreadPoolExecutor(workers) as pool:
        heard.began = time.monotonic() + 0.5
        for place, first in enumerate(range(0, max(len(voice.samples) for voice in call), frame), start=1):
            await asyncio.sleep(max(0.0, heard.began + place * FRAME - time.monotonic()))
            for speaker, voice, detector in zip(SPEAKERS, call, detectors, strict=True):
                events = detector.feed(voice.samples[first : first + frame])
                if first + frame >= len(voice.samples):
                    events += detector.finish()
                for event in events:
                    if isinstance(event, SpeechEnded):
                        decoding.append(asyncio.create_task(decode(pool, len(decoding), speaker, event)))
            if place % 50 == 0:
                advance(1)
        await asyncio.gather(*decoding)
    return heard


def live_peer(
    peer: Peer,
    directory: Path,
    voices: Sequence[Voice],
    sounds: Voice | None,
    threads: int,
    advance: Callable[[float], None],
) -> Row:
    """A peer's server, one call after the other, a stream for each speaker. Raises SeatError."""
    row = Row(peer.name, peers.version(peer), peer.how)
    streams: list[Followed] = []
    late = 0
    with PeerServer(peer, directory, sample(), threads) as server:
        for first in range(0, len(voices), len(SPEAKERS)):
            call = voices[first : first + len(SPEAKERS)]
            began, told = peers.stream(server.url, [voice.samples for voice in call], advance)
            streams += [follow(voice.turns, one.shown, began) for voice, one in zip(call, told, strict=True)]
            late += sum(not one.done for one in told)
        if sounds:
            _, [heard] = peers.stream(server.url, [sounds.samples], lambda _: None)
            row.nonspeech_characters = max((len(normalise(one.text)) for one in heard.shown), default=0)
    if late:
        row.how += f"; in {late} of {len(streams)} streams not done {peers.FLUSH_SECONDS:.0f} s after the last word"
    row.followed(streams)
    return row
