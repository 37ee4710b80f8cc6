"""What no person would have written: loops, broken characters, words twice, words lost where an utterance was split."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from functools import cache
from typing import Any

from pypinyin import lazy_pinyin
from rapidfuzz.distance import LCSseq, Levenshtein

from benchmarks.accuracy import normalise

COPIED = 4
"""Syllables in a row that two overlapping finals of two legs share, if one of the speakers did not say them."""
SEAM = 6
"""Characters on each side of a seam that are looked at."""
_HAN = r"\u3400-\u4dbf\u4e00-\u9fff"
_SPACE = re.compile(rf"(?<=[{_HAN}])\s+(?=[{_HAN}])")
_LOOP = re.compile(r"(\w{2,12}?)\1{3,}|(\w)\2{5,}")
_SPOKEN_DIGITS = re.compile(r"[\d零幺一二三四五六七八九]+")
_LATIN = re.compile(r"[A-Za-z0-9]+(?:[ .][A-Za-z0-9]+)*")


@dataclass(frozen=True)
class Hygiene:
    """How often each kind of flaw is in a text."""

    loops: int = 0
    """A word or phrase four times in a row, or a character six times; digits may repeat."""
    broken: int = 0
    """U+FFFD."""
    traditional: int = 0
    """Characters that are written otherwise in simplified Chinese."""
    spaces: int = 0
    """Spaces between Chinese characters."""

    def __add__(self, other: Hygiene) -> Hygiene:
        return Hygiene(*(mine + more for mine, more in zip(astuple(self), astuple(other), strict=True)))


def hygiene(text: str) -> Hygiene:
    """The flaws of one text."""
    return Hygiene(
        loops=sum(not _SPOKEN_DIGITS.fullmatch(found[0]) for found in _LOOP.finditer(text)),
        broken=text.count("\ufffd"),
        traditional=sum(_simplified(character) != character for character in text),
        spaces=len(_SPACE.findall(text)),
    )


def latin(text: str) -> list[str]:
    """Digits and English words in a text: 三D打印用APP -> ["D", "APP"]."""
    return _LATIN.findall(text)


def doubled(finals: Sequence[dict[str, Any]], plain: dict[str, str]) -> list[str]:
    """Texts of the finals (`speaker`, `start`, `end`, `text`) that hold what the other leg said at that time.

    `plain` says what each speaker says without echo. What sounds the same is the same.
    """
    said = {speaker: _syllables(text) for speaker, text in plain.items()}
    found = []
    for final in finals:
        own = _runs(said.get(final["speaker"], []))
        others = [
            other
            for other in finals
            if other["speaker"] != final["speaker"] and other["start"] < final["end"] and final["start"] < other["end"]
        ]
        copied = set(_runs(_syllables(final["text"]))) - set(own)
        if any(copied & set(_runs(_syllables(other["text"]))) for other in others):
            found.append(final["text"])
    return found


def missing(plain: str, heard: str) -> int:
    """Characters of `plain` that are not in `heard` in that order."""
    wanted, got = normalise(plain), normalise(heard)
    return len(wanted) - int(LCSseq.similarity(wanted, got))


def at_seams(wanted: str, pieces: Sequence[tuple[str, bool]]) -> tuple[int, int]:
    """Characters (lost, doubled) within SEAM characters of the seams of a text in pieces [(text, a seam follows)].

    Doubled is what sounds like its neighbour; another character more is a mistake like any other.
    """
    heard, seams = "", []
    for text, seam in pieces:
        heard += normalise(text)
        if seam:
            seams.append(len(heard))
    lost = twice = 0
    for step in Levenshtein.opcodes(normalise(wanted), heard):
        if any(step.dest_start - SEAM <= seam <= step.dest_end + SEAM for seam in seams):
            lost += step.src_end - step.src_start if step.tag == "delete" else 0
            twice += _repeated(heard, step.dest_start, step.dest_end) if step.tag == "insert" else 0
    return lost, twice


def _repeated(text: str, start: int, end: int) -> int:
    """How many characters [start, end) are, if they sound like as many before or behind them; else none."""
    size = end - start
    more = _syllables(text[start:end])
    return size if more in (_syllables(text[max(0, start - size) : start]), _syllables(text[end : end + size])) else 0


def _syllables(text: str) -> list[str]:
    return lazy_pinyin(list(normalise(text)))


def _runs(syllables: Sequence[str]) -> Iterator[tuple[str, ...]]:
    return zip(*(syllables[start:] for start in range(COPIED)), strict=False)


@cache
def _converter() -> Any:
    import opencc  # noqa: PLC0415  (200 ms to load; the command line's help does not need it)

    return opencc.OpenCC("t2s")


@cache
def _simplified(character: str) -> str:
    return str(_converter().convert(character))
