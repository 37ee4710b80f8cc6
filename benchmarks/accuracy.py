"""Character error rate on human speech at telephone quality: our short window against Whisper's 30 s, in one run.

Both go through the same recogniser with the same beam; only the zeros behind the utterance differ. The third row is
what `faster_whisper.WhisperModel.transcribe` makes of the same audio with the same model.
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
from pathlib import Path

import numpy as np
import soxr
from rapidfuzz.distance import Levenshtein

from assistant.errors import SeatError
from assistant.recognizer import FINAL_PAD_SECONDS, SAMPLE_RATE, WINDOW_SECONDS, Recognizer, Samples
from assistant.text import tidy
from audio.files import RecordingReader

TELEPHONE_RATE = 8_000
_SPOKEN = "零一二三四五六七八九"
_UNITS = ("", "十", "百", "千", "万")


@dataclass(frozen=True)
class Clip:
    """A spoken sentence and its words."""

    name: str
    samples: Samples
    text: str


@dataclass(frozen=True)
class AccuracyResult:
    """One row of the table."""

    what: str
    errors: int
    characters: int
    seconds: float
    """Wall time."""
    audio: float
    """Seconds of speech."""

    @property
    def cer(self) -> float:
        """Character error rate in per cent."""
        return 100 * self.errors / self.characters


def load_clips(directory: Path, limit: int | None = None) -> list[Clip]:
    """Clips that `manifest.tsv` (columns file, transcript) names, degraded to telephone. Raises SeatError."""
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
            clips.append(Clip(row["file"], telephone(mono, reader.recording.rate), row["transcript"]))
    return clips


def telephone(samples: Samples, rate: int) -> Samples:
    """8 kHz and mu-law (G.711) and back to 16 kHz: what a telephone leaves of a voice."""
    narrow = soxr.resample(samples, rate, TELEPHONE_RATE)
    compressed = np.sign(narrow) * np.log1p(255 * np.clip(np.abs(narrow), 0, 1)) / np.log1p(255)
    coded = np.round(compressed * 127) / 127
    decoded = np.sign(coded) * np.expm1(np.abs(coded) * np.log1p(255)) / 255
    wide: Samples = soxr.resample(decoded.astype(np.float32), TELEPHONE_RATE, SAMPLE_RATE)
    return wide


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


def measure(directory: Path, clips: Sequence[Clip], workers: int, advance: Callable[[], None]) -> list[AccuracyResult]:
    """All rows, one after the other, over the same clips with the same number of threads."""
    recognizer = Recognizer(directory, workers=workers)
    rows = [
        _run(
            f"window: utterance + {FINAL_PAD_SECONDS:.0f} s, beam 5",
            clips,
            workers,
            lambda samples: recognizer.decode(samples, pad=FINAL_PAD_SECONDS).text,
            advance,
        ),
        _run(
            f"window: {WINDOW_SECONDS:.0f} s, beam 5",
            clips,
            workers,
            lambda samples: recognizer.decode(samples, pad=WINDOW_SECONDS).text,
            advance,
        ),
    ]
    from faster_whisper import WhisperModel  # noqa: PLC0415

    stock = WhisperModel(str(directory), device="cpu", compute_type="int8", cpu_threads=1, num_workers=workers)

    def transcribe(samples: Samples) -> str:
        segments, _ = stock.transcribe(samples, language="zh", beam_size=5)
        return "".join(segment.text for segment in segments)

    rows.append(_run("faster_whisper transcribe, beam 5", clips, workers, transcribe, advance))
    return rows


def _run(
    what: str, clips: Sequence[Clip], workers: int, decode: Callable[[Samples], str], advance: Callable[[], None]
) -> AccuracyResult:
    def one(clip: Clip) -> tuple[int, int]:
        wanted, heard = normalise(clip.text), normalise(decode(clip.samples))
        advance()
        return Levenshtein.distance(wanted, heard), len(wanted)

    began = time.perf_counter()
    with ThreadPoolExecutor(workers) as pool:
        counted = list(pool.map(one, clips))
    return AccuracyResult(
        what,
        sum(errors for errors, _ in counted),
        sum(characters for _, characters in counted),
        time.perf_counter() - began,
        sum(len(clip.samples) for clip in clips) / SAMPLE_RATE,
    )
