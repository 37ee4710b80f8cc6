"""Character error rate of human speech, clean and as telephones leave it; does the confidence mean what it says?

Our window in every condition, through the engine as in a call; then at telephone quality, with the same model and
threads, Whisper's 30 s window as `faster_whisper.WhisperModel.transcribe` decodes it without fallback, the same with
its usual settings, and our recogniser with a 30 s window. All take turns, some clips at a time, so that whatever else
the machine does slows all of them alike. `--fit` measures the constants of the confidence again and says
how they do on clips they were not fitted on.
"""

from __future__ import annotations

import csv
import random
import re
import time
import unicodedata
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import soxr
import typer
from rapidfuzz.distance import Levenshtein
from rich.table import Table

from assistant import config, model
from assistant.cli import output
from assistant.engine import Engine
from assistant.errors import SeatError
from assistant.recognizer import FINAL_PAD_SECONDS, SAMPLE_RATE, WINDOW_SECONDS, Recognition, Recognizer, Samples
from assistant.text import tidy
from audio.files import RecordingReader
from audio.resample import Resampler
from benchmarks.common import JsonOption, bar, console, finish
from benchmarks.conditions import CONDITIONS, heard
from benchmarks.confidence import Judged, calibration, calibration_error, fit_confidence
from benchmarks.recordings import recordings, turns

BLOCK = 52
"""Clips that one row decodes before it is the next row's turn."""
MARGIN = 0.3
"""Seconds around a turn that belong to it."""
_SPOKEN = "零一二三四五六七八九"
_UNITS = ("", "十", "百", "千", "万")


@dataclass(frozen=True)
class Clip:
    """A spoken sentence and its words."""

    name: str
    samples: Samples
    """Mono at 16 kHz."""
    text: str


@dataclass
class AccuracyResult:
    """One row of the table."""

    what: str
    condition: str
    errors: int = 0
    characters: int = 0
    seconds: float = 0.0
    """Wall time."""
    audio: float = 0.0
    """Seconds of speech."""

    @property
    def cer(self) -> float:
        """Character error rate in per cent."""
        return 100 * self.errors / self.characters


def accuracy(
    speech: Annotated[Path, typer.Option(help="Clips with a manifest.tsv (file, transcript).")],
    limit: Annotated[
        int | None, typer.Option(min=1, help="Only so many clips, chosen at random, always the same.")
    ] = None,
    conditions: Annotated[str, typer.Option(help="What happens to the clips, separated by commas.")] = ",".join(
        CONDITIONS
    ),
    fit: Annotated[bool, typer.Option(help="Measure the constants of the confidence again.")] = False,
    calls: Annotated[Path | None, typer.Option(help="Calls with true times, whose turns --fit takes, too.")] = None,
    json: JsonOption = None,
) -> None:
    """Character error rate by condition, against the 30 s window and plain faster-whisper, and calibration."""
    output.check(json)
    chosen = [name.strip() for name in conditions.split(",")]
    if unknown := [name for name in chosen if name not in CONDITIONS]:
        raise SeatError(f"--conditions knows {', '.join(CONDITIONS)}, not {unknown[0]!r}.")
    settings = config.load()
    judged_too: list[Judged] = []
    clips = read_clips(speech, limit)
    directory = model.locate(settings.model, config.cache_dir())
    with bar() as progress:
        task = progress.add_task(f"{len(clips)} clips", total=len(clips) * (len({*chosen, "telephone"}) + 3))
        recognizer = Recognizer(directory, workers=settings.workers)
        results, judged = measure(recognizer, directory, clips, chosen, lambda: progress.advance(task))
        if fit and calls:
            said = read_turns(calls)
            progress.reset(task, description=f"{len(said)} turns", total=len(said) * len(chosen))
            judged_too = judge(recognizer, said, chosen, lambda: progress.advance(task))
    table = Table(
        "what", "condition", "CER %", "times real time", "wall s", title=f"{len(clips)} clips of human speech"
    )
    for row in results:
        speed = f"{row.audio / row.seconds:.1f}"
        table.add_row(row.what, row.condition, f"{row.cer:.2f}", speed, f"{row.seconds:.0f}")
    console.print(table)
    print_calibration(judged)
    if fit:
        fit_confidence([*judged, *judged_too])
    finish(json, {"accuracy": summary(results, judged)})


def print_calibration(judged: Sequence[Judged]) -> None:
    """A table of stated confidence against what was right."""
    of_bins = calibration(judged)
    error = calibration_error(of_bins)
    table = Table("stated", "right", "utterances", title=f"confidence; calibration error {error or 0:.3f}")
    for one in of_bins:
        table.add_row(f"{one['confidence']:.2f}", f"{one['correct']:.2f}", f"{one['count']:.0f}")
    console.print(table)


def summary(results: Sequence[AccuracyResult], judged: Sequence[Judged]) -> dict[str, Any]:
    """As it goes into the JSON file."""
    of_bins = calibration(judged)
    error = calibration_error(of_bins)
    return {
        "rows": [
            {
                "what": row.what,
                "condition": row.condition,
                "cer_percent": round(row.cer, 2),
                "characters": row.characters,
                "errors": row.errors,
                "seconds": round(row.seconds, 1),
                "times_real_time": round(row.audio / row.seconds, 2),
            }
            for row in results
        ],
        "calibration": [{key: round(value, 4) for key, value in one.items()} for one in of_bins],
        "calibration_error": None if error is None else round(error, 4),
    }


def load_clips(directory: Path, limit: int | None = None) -> list[Clip]:
    """`read_clips` at telephone quality."""
    return in_condition(read_clips(directory, limit), "telephone")


def read_clips(directory: Path, limit: int | None = None) -> list[Clip]:
    """Clips that `manifest.tsv` (columns file, transcript) names. Raises SeatError."""
    manifest = directory / "manifest.tsv"
    if not manifest.is_file():
        raise SeatError(f"{directory} has no manifest.tsv with columns file and transcript.")
    with manifest.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    if not rows or not {"file", "transcript"} <= rows[0].keys():
        raise SeatError(f"{manifest} must have columns file and transcript.")
    if limit and limit < len(rows):
        rows = random.Random(0).sample(rows, limit)
    clips = []
    for row in rows:
        with RecordingReader(directory / row["file"]) as reader:
            mono = np.concatenate(list(reader.chunks(1.0)), axis=1).mean(axis=0)
            clips.append(Clip(row["file"], soxr.resample(mono, reader.recording.rate, SAMPLE_RATE), row["transcript"]))
    return clips


def read_turns(directory: Path) -> list[Clip]:
    """Each turn of the calls, by its true times. Raises SeatError."""
    clips = []
    for path in recordings(directory):
        with RecordingReader(path) as reader:
            samples = np.concatenate(list(reader.chunks(1.0)), axis=1)
            rate = reader.recording.rate
        for turn in turns(path):
            channel = samples[0 if turn.speaker == "caller" else 1]
            first, last = (int(when * rate) for when in (max(0.0, turn.start - MARGIN), turn.end + MARGIN))
            clips.append(Clip(path.stem, Resampler(rate).feed(channel[first:last], last=True), turn.text))
    return clips


def in_condition(clips: Sequence[Clip], condition: str) -> list[Clip]:
    """The clips as they are heard in a condition, a key of CONDITIONS."""
    voices = heard([clip.samples for clip in clips], condition)
    return [Clip(clip.name, voice, clip.text) for clip, voice in zip(clips, voices, strict=True)]


def normalise(text: str) -> str:
    """Only what is spoken counts: NFKC, simplified, numbers as they are spoken, no punctuation, lower case."""
    text = unicodedata.normalize("NFKC", tidy(text)).lower().replace("幺", "一").replace("两", "二")
    text = re.sub(r"(\d+)%", r"百分之\1", text)
    text = re.sub(r"(?<=\d)\.(?=\d)", "点", re.sub(r"(?<=\d),(?=\d{3})", "", text))
    return re.sub(r"[\W_]", "", re.sub(r"\d+", lambda number: _spoken(number[0]), text))


def _spoken(digits: str) -> str:
    """86 -> 八十六; what is longer than five digits or begins with 0 is read digit by digit."""
    if len(digits) > len(_UNITS) or digits[0] == "0":
        return "".join(_SPOKEN[int(digit)] for digit in digits)
    words = ""
    for place, digit in enumerate(digits):
        words += _SPOKEN[int(digit)] + (_UNITS[len(digits) - 1 - place] if digit != "0" else "")
    words = re.sub("零+", "零", words)
    words = words.rstrip("零") or "零"
    return words.removeprefix("一") if words.startswith("一十") else words


def measure(
    recognizer: Recognizer,
    directory: Path,
    clips: Sequence[Clip],
    conditions: Sequence[str],
    advance: Callable[[], None],
) -> tuple[list[AccuracyResult], list[Judged]]:
    """All rows over the same clips, taking turns, with as many threads each; what our window was sure of, and rightly?

    `directory` is that of the recogniser's model.
    """
    from faster_whisper import WhisperModel  # noqa: PLC0415

    workers = recognizer.workers
    stock = WhisperModel(str(directory), device="cpu", compute_type="int8", cpu_threads=1, num_workers=workers)

    engine = Engine(recognizer)
    pool = ThreadPoolExecutor(workers)

    def ours(windows: Sequence[Samples]) -> list[Recognition | str]:
        return [job.future.result() for job in [engine.final(samples) for samples in windows]]

    def in_pool(decode: Callable[[Samples], str], windows: Sequence[Samples]) -> list[Recognition | str]:
        return list(pool.map(decode, windows))

    def thirty(samples: Samples) -> str:
        return recognizer.decode(samples, pad=WINDOW_SECONDS).text

    conditions = list(dict.fromkeys([*conditions, "telephone"]))  # telephone: what the others are compared at
    quality = {name: in_condition(clips, name) for name in conditions}
    window = f"window: utterance + {FINAL_PAD_SECONDS:.0f} s, beam 5"
    long = f"window: {WINDOW_SECONDS:.0f} s, beam 5"
    runs: list[tuple[AccuracyResult, str, Callable[[Sequence[Samples]], list[Recognition | str]]]] = [
        (AccuracyResult(window, CONDITIONS[name]), name, ours) for name in conditions
    ]
    others: dict[str, Callable[[Samples], str]] = {
        f"{long} (faster_whisper, no fallback)": partial(transcribe, stock, temperature=0.0),
        f"{long}, our recogniser": thirty,
        "faster_whisper transcribe, beam 5": partial(transcribe, stock),
    }
    runs += [
        (AccuracyResult(what, "telephone"), "telephone", partial(in_pool, decode)) for what, decode in others.items()
    ]
    judged: list[Judged] = []
    for number, first in enumerate(range(0, len(clips), BLOCK)):
        shift = number % len(runs)
        for row, condition, decode in runs[shift:] + runs[:shift]:
            block = quality[condition][first : first + BLOCK]
            began = time.perf_counter()
            texts = decode([clip.samples for clip in block])
            row.seconds += time.perf_counter() - began
            for clip, one in zip(block, texts, strict=True):
                _count(row, clip, one if isinstance(one, str) else one.text)
                if isinstance(one, Recognition) and one.text:
                    judged.append(_judged(clip, one))
                advance()
    pool.shutdown()
    engine.close()
    return [row for row, _, _ in runs], judged


def judge(
    recognizer: Recognizer, clips: Sequence[Clip], conditions: Sequence[str], advance: Callable[[], None]
) -> list[Judged]:
    """Our window alone, in every condition."""
    judged = []
    with ThreadPoolExecutor(recognizer.workers) as pool:
        for condition in conditions:
            quality = in_condition(clips, condition)
            for clip, one in zip(quality, pool.map(recognizer.decode, (clip.samples for clip in quality)), strict=True):
                if one.text:
                    judged.append(_judged(clip, one))
                advance()
    return judged


def transcribe(stock: Any, samples: Samples, **options: float) -> str:
    """What a WhisperModel of faster_whisper makes of an utterance."""
    segments, _ = stock.transcribe(samples, language="zh", beam_size=5, **options)
    return "".join(segment.text for segment in segments)


def _count(row: AccuracyResult, clip: Clip, text: str) -> None:
    wanted = normalise(clip.text)
    row.errors += Levenshtein.distance(wanted, normalise(text))
    row.characters += len(wanted)
    row.audio += len(clip.samples) / SAMPLE_RATE


def _judged(clip: Clip, recognition: Recognition) -> Judged:
    wanted = normalise(clip.text)
    errors = Levenshtein.distance(wanted, normalise(recognition.text))
    return Judged(clip.name, recognition, max(0.0, 1 - errors / max(1, len(wanted))))
