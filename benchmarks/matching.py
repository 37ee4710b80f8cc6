"""When was a turn's text at the client, complete and to stay? For programs that show one growing text for all turns.

The text as it stands in the end is aligned, character by character, to what was really said; that tells where in it
each turn begins and ends. A turn is complete at the first message from which on everything up to its end stays as it is
in the end: uncertain text counts from the moment at which it is right, so no program loses by marking it as uncertain.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, takewhile

from rapidfuzz.distance import Levenshtein

from benchmarks.accuracy import normalise
from benchmarks.recordings import Turn

SHORTEST = 0.6
"""Turns shorter than this (seconds) may be missed."""
REPEATED = 4
"""Characters said twice in a row that count as doubled text."""
TAIL = 4
"""Characters missing at the end of a turn that count as a lost tail."""
LEAST = 0.25
"""Share of a turn's characters that must be in the text; with fewer the turn is lost."""


@dataclass(frozen=True)
class Shown:
    """All the text that a client has at a moment."""

    when: float
    """Wall time."""
    text: str


@dataclass(frozen=True)
class Followed:
    """What became of the turns of one stream; times in milliseconds."""

    finals: list[float]
    partials: list[float]
    turns: int
    lost: int
    doubled: int
    errors: int
    characters: int


def follow(turns: Sequence[Turn], shown: Sequence[Shown], began: float) -> Followed:
    """`turns`: what one stream really said, in order; `began`: wall time at which its first sample was spoken."""
    wanted = [normalise(turn.text) for turn in turns]
    texts = [normalise(one.text) for one in shown]
    last = texts[-1] if texts else ""
    agreed = [_common(text, last) for text in texts]
    stays = list(accumulate(reversed(agreed), min))[::-1]
    finals, partials, lost = [], [], 0
    for turn, span in zip(turns, spans(wanted, last), strict=True):
        if span is None:
            lost += turn.end - turn.start > SHORTEST
            continue
        start, end = span
        complete = next(one.when for one, kept in zip(shown, stays, strict=True) if kept >= end)
        finals.append(1000 * (complete - began - turn.end))
        heard = (one.when for one, text in zip(shown, texts, strict=True) if len(text) > start)
        first = next((when for when in heard if when > began + turn.start), complete)
        partials.append(1000 * (first - began - turn.start))
    said = "".join(wanted)
    return Followed(
        finals, partials, len(turns), lost, doubled(said, last), Levenshtein.distance(said, last), len(said)
    )


def spans(wanted: Sequence[str], text: str) -> list[tuple[int, int] | None]:
    """Where in `text` each of the wanted texts is, [start, end); None where too little of it came."""
    place: dict[int, int] = {}
    for step in Levenshtein.opcodes("".join(wanted), text):
        if step.tag == "equal":
            place.update(zip(range(step.src_start, step.src_end), range(step.dest_start, step.dest_end), strict=True))
    found: list[tuple[int, int] | None] = []
    begin = 0
    for one in wanted:
        there = [place[at] for at in range(begin, begin + len(one)) if at in place]
        found.append((there[0], there[-1] + 1) if there and len(there) >= LEAST * len(one) else None)
        begin += len(one)
    return found


def doubled(said: str, text: str) -> int:
    """How often `text` says something of REPEATED characters or more twice in a row that was not said twice."""
    return sum(found[0] not in said for found in re.finditer(rf"(.{{{REPEATED},}}?)\1", text))


def tail_is_lost(said: str, text: str) -> bool:
    """Whether the end of what was said is neither heard rightly nor misheard in `text` but missing."""
    steps = Levenshtein.opcodes(said, text)
    last = steps[-1] if len(steps) else None
    return last is not None and last.tag == "delete" and last.src_end - last.src_start >= TAIL


def _common(one: str, other: str) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
