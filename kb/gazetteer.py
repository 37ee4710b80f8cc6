"""Names of a city found in a heard sentence by their sound.

Two stages, so that 100,000 names cost a few milliseconds a sentence: an inverted index over pairs of fuzzy syllables
(neighbours, and neighbours but one, so that one wrong syllable leaves something to find) picks the few hundred names
that share most with the sentence; then each of them is aligned with the sentence by graded syllable distance.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kb.pinyin import DISTANCE, FUZZY, MAX_READINGS, SYLLABLES, Syllable, syllables

HOMOPHONE = 0.06
"""Cost of another character with the same sound: a recogniser's choice of characters says little, but something."""
GAP = 0.9
"""Cost of a syllable too many or too few."""
UNKNOWN = len(SYLLABLES)
"""Stands for a reading that a character does not have; as far from everything as can be."""

MAX_CANDIDATES = 1000
"""Names aligned for a sentence; 500 and 4,000 found the same places in the sample calls' audio."""
MIN_SHARED = 0.15
"""Part of a name's pairs (weighted by rarity) that the sentence must share; 0.25 lost a compound of the sample calls'
audio of which only 华庭 was heard right."""

_CLASSES = int(FUZZY.max()) + 1
_FUZZY_OR_NONE = np.append(FUZZY, np.int32(-1))


@dataclass(frozen=True, slots=True)
class Match:
    """A name that seems to occur in a text."""

    name: str
    keys: tuple[Hashable, ...]
    """What the name stands for: every key it was given with."""
    start: int
    end: int
    """Characters [start, end) of the text."""
    similarity: float
    """0..1: 1 the same characters, about 0.95 the same sound, 0.9 a southern pronunciation, below 0.7 hardly alike."""


class Gazetteer:
    """An index of names, built once; `find` may be called from many threads.

    Building takes about 1 s for 100,000 names.
    """

    def __init__(self, names: Iterable[tuple[str, Hashable]]) -> None:
        keys: dict[str, dict[Hashable, None]] = {}
        for name, key in names:
            keys.setdefault(name, {})[key] = None
        spelled = list(keys)
        owners, chars, readings = _flatten(spelled)
        counts = np.bincount(owners, minlength=len(spelled))
        kept = np.flatnonzero(counts > 1)
        self._names = [spelled[number] for number in kept]
        self._keys = [tuple(keys[name]) for name in self._names]
        self._lengths = counts[kept].astype(np.int64)
        self._offsets = np.concatenate([[0], np.cumsum(self._lengths)])
        of_kept = counts[owners] > 1
        self._chars = chars[of_kept]
        self._readings = readings[of_kept]
        self._index()

    def find(self, text: str, min_similarity: float = 0.7) -> list[Match]:
        """The names that sound like a part of `text`, best first; of each name only its best occurrence."""
        heard = syllables(text)
        if len(heard) < 2 or not self._names:
            return []
        candidates = self._candidates(heard)
        if not len(candidates):
            return []
        costs, starts, ends = self._align(candidates, heard)
        similarities = 1.0 - costs / self._lengths[candidates]
        matches = [
            Match(
                self._names[candidates[row]],
                self._keys[candidates[row]],
                heard[starts[row]].position,
                heard[ends[row] - 1].position + 1,
                round(float(similarities[row]), 4),
            )
            for row in np.flatnonzero((similarities >= min_similarity) & (starts < ends))
        ]
        return sorted(matches, key=lambda match: (-match.similarity, match.start, -len(match.name), match.name))

    def _index(self) -> None:
        """Postings: for each pair code the names that have it, as one array with the bounds of each code in it."""
        owners = np.repeat(np.arange(len(self._names), dtype=np.int64), self._lengths)
        size = 2 * _CLASSES * _CLASSES
        of_first_reading = []
        entries = []
        for distance in (1, 2):
            if len(owners) <= distance:
                continue
            same_name = owners[:-distance] == owners[distance:]
            for one in range(MAX_READINGS):
                for other in range(MAX_READINGS):
                    left = _FUZZY_OR_NONE[self._readings[:-distance, one]]
                    right = _FUZZY_OR_NONE[self._readings[distance:, other]]
                    valid = same_name & (left >= 0) & (right >= 0)
                    codes = ((distance - 1) * _CLASSES + left[valid]) * _CLASSES + right[valid]
                    pairs = codes.astype(np.int64) * len(self._names) + owners[:-distance][valid]
                    entries.append(pairs)
                    if one == other == 0:
                        of_first_reading.append(pairs)
        unique = _distinct(entries)
        codes, numbers = np.divmod(unique, max(1, len(self._names)))
        self._postings = numbers.astype(np.int32)
        counts = np.bincount(codes, minlength=size)
        self._bounds = np.concatenate([[0], np.cumsum(counts)])
        self._rarity = np.log1p(max(1, len(self._names)) / np.maximum(counts, 1)).astype(np.float32)
        first = _distinct(of_first_reading)
        codes, numbers = np.divmod(first, max(1, len(self._names)))
        totals = np.bincount(numbers, weights=self._rarity[codes], minlength=len(self._names))
        self._totals = np.maximum(totals, 1.0).astype(np.float32)

    def _candidates(self, heard: list[Syllable]) -> NDArray[np.int64]:
        """Numbers of the names that share most pairs with the sentence."""
        shared = np.zeros(len(self._names), dtype=np.float32)
        for code in _pair_codes(heard):
            shared[self._postings[self._bounds[code] : self._bounds[code + 1]]] += self._rarity[code]
        part = shared / self._totals
        candidates = np.flatnonzero(part >= MIN_SHARED)
        if len(candidates) > MAX_CANDIDATES:
            best = np.argpartition(-part[candidates], MAX_CANDIDATES)[:MAX_CANDIDATES]
            candidates = np.sort(candidates[best])
        return candidates

    def _align(
        self, candidates: NDArray[np.int64], heard: list[Syllable]
    ) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
        """For each candidate the least cost of aligning all of it with a part of the sentence, and that part.

        Semi-global edit distance, all candidates at once; a cell holds cost * 1000 * 1024 + (1023 - start), so that
        the minimum carries along where its path began and prefers the shorter span.
        """
        heard = heard[:1000]
        width = len(heard)
        lengths = self._lengths[candidates]
        depth = int(lengths.max())
        near = self._distances_to(heard)
        heard_chars = np.array([ord(syllable.char) for syllable in heard], dtype=np.int32)
        unit = 1000 * 1024
        gap = int(GAP * unit)
        steps = np.arange(width + 1, dtype=np.int64) * gap
        above = np.broadcast_to(1023 - np.arange(width + 1, dtype=np.int64), (len(candidates), width + 1)).copy()
        final = np.zeros_like(above)
        for depth_now in range(depth):
            at = self._offsets[candidates] + np.minimum(depth_now, lengths - 1)
            cost = near[self._readings[at, 0]]
            for reading in range(1, MAX_READINGS):
                cost = np.minimum(cost, near[self._readings[at, reading]])
            cost = np.where(self._chars[at][:, None] == heard_chars[None, :], 0.0, cost + HOMOPHONE)
            row = above + gap
            np.minimum(
                row[:, 1:], above[:, :-1] + (np.minimum(cost, 1.0) * 1000).astype(np.int64) * 1024, out=row[:, 1:]
            )
            row = np.minimum.accumulate(row - steps, axis=1) + steps
            done = lengths == depth_now + 1
            final[done] = row[done]
            above = row
        ends = final.argmin(axis=1)
        best = final[np.arange(len(candidates)), ends]
        return (best // 1024) / 1000.0, 1023 - best % 1024, ends

    @staticmethod
    def _distances_to(heard: list[Syllable]) -> NDArray[np.float32]:
        """(syllables + 1, heard): distance of every syllable to each heard one; the last row is UNKNOWN."""
        near = np.ones((UNKNOWN + 1, len(heard)), dtype=np.float32)
        for column, syllable in enumerate(heard):
            if syllable.readings:
                near[:UNKNOWN, column] = DISTANCE[list(syllable.readings)].min(axis=0)
        return near


def _flatten(names: list[str]) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    """Every spoken character of every name: number of its name, code point, (MAX_READINGS,) padded syllable ids."""
    codes = np.frombuffer("".join(names).encode("utf-32-le"), dtype=np.uint32)
    owners = np.repeat(np.arange(len(names), dtype=np.int64), [len(name) for name in names])
    distinct, which = np.unique(codes, return_inverse=True)
    chars = np.zeros(len(distinct), dtype=np.int32)
    readings = np.full((len(distinct), MAX_READINGS), UNKNOWN, dtype=np.int32)
    for row, code in enumerate(distinct):
        for syllable in syllables(chr(code)):
            chars[row] = ord(syllable.char)
            readings[row, : len(syllable.readings)] = syllable.readings
    spoken = chars[which] > 0
    return owners[spoken], chars[which][spoken], readings[which][spoken]


def _distinct(parts: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Sorted without repetition; np.unique hashes, which is ten times slower for millions of numbers."""
    numbers = np.concatenate([np.zeros(0, dtype=np.int64), *parts])
    numbers.sort()
    return numbers[np.append(True, numbers[1:] != numbers[:-1])[: len(numbers)]]


def _pair_codes(parts: list[Syllable]) -> set[int]:
    """Codes of the pairs of fuzzy syllables at distance one and two, for every reading."""
    classes = [{int(FUZZY[reading]) for reading in syllable.readings} for syllable in parts]
    codes: set[int] = set()
    for distance in (1, 2):
        for left, right in zip(classes, classes[distance:], strict=False):
            codes.update(((distance - 1) * _CLASSES + one) * _CLASSES + other for one in left for other in right)
    return codes
