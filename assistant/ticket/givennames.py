"""Which given names people have: a recogniser hears 志远 as 志愿 and 彩霞 as 菜侠.

Counted in the full names of jieba's dictionary (40,000 of public figures and of literature).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from assistant.ticket.dictionary import entries
from assistant.ticket.surnames import COMMON
from kb.pinyin import char_distance

FREQUENT_SURNAMES = frozenset(COMMON[:300])
"""What the dictionary's names begin with: behind rarer ones are transliterations."""
NEAR = 0.2
"""Distance of sounds (`kb.pinyin`) up to which another character may have been said."""
BY_DISTANCE, ANOTHER = 8.0, 0.5
"""Natural logarithms that a character loses by the distance of its sound, and by not being the one that was heard."""
LEAST = 7.0
"""Natural logarithm of a given name's count from which what was heard may be one."""
TOGETHER = 2.0
"""Weight of how often two characters are a given name, against that of each."""


class _Counts:
    def __init__(self) -> None:
        self.places: tuple[Counter[str], Counter[str]] = Counter(), Counter()
        self.pairs: Counter[str] = Counter()
        for name, (_, tag) in entries().items():
            if len(name) == 3 and tag.startswith("nr") and tag != "nrt" and name[0] in FREQUENT_SURNAMES:
                self.pairs[name[1:]] += 1
                for place, character in zip(self.places, name[1:], strict=True):
                    place[character] += 1


@lru_cache(maxsize=1)
def _counts() -> _Counts:
    return _Counts()


@lru_cache(maxsize=4096)
def _near(heard: str, place: int) -> dict[str, float]:
    """Characters that may stand in this place of a given name for the one that was heard, with natural logarithms."""
    found = {heard: math.log(_counts().places[place][heard] + 0.1)}
    for character, count in _counts().places[place].items():
        distance = char_distance(heard, character)
        if distance <= NEAR and character != heard:
            found[character] = math.log(count + 0.1) - BY_DISTANCE * distance - ANOTHER
    return found


def likeliest(heard: str, known: Sequence[bool]) -> list[tuple[str, float]]:
    """Given names of two characters that sound like `heard`, best first, with their probabilities; none when none does.

    Characters that are `known` stay.
    """
    first, second = (
        {character: 0.0} if sure else _near(character, place)
        for place, (character, sure) in enumerate(zip(heard, known, strict=True))
    )
    pairs = _counts().pairs
    scores = {
        one + other: left + right + TOGETHER * math.log1p(pairs[one + other])
        for one, left in first.items()
        for other, right in second.items()
    }
    ranked = sorted(scores, key=lambda name: (-scores[name], name))
    if scores[ranked[0]] < LEAST and not any(known):
        return []
    total = sum(math.exp(score - scores[ranked[0]]) for score in scores.values())
    return [(name, math.exp(scores[name] - scores[ranked[0]]) / total) for name in ranked[:3]]
