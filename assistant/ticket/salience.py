"""Which of the caller's clauses a clerk would write down: those that tell most in the fewest characters."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from functools import lru_cache

import jieba

from assistant.ticket.dictionary import tag
from assistant.ticket.spelling import explanations

TALK = re.compile(
    r"归不归|管不管|(?:你们|您们?|其)?管吗|怎么办|怎么说|你说|你看|你知道|说实话|老实讲|我跟你|不是吗|对不对|是不是$|有没有搞错|好笑|"
    r"(?:死|坏|疯)(?:我|人)?了$|受不了$|恶心|吓|气人|烦|辛苦|谢|拜托|再不|不好意思|没事|搞懂|清楚|明白|"
    r"不是(?:投诉|举报)|肯定投诉|数一下|看一下|看看$|说法$|提一提|不方便讲|我跟|讲真"
)
"""Talk between caller and agent, and feelings: no part of a report."""
_THAT_ONE = re.compile("(?P<word>.{2,6})那个(?P<again>.{1,2})")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_CONTENT = ("n", "v", "a", "i", "l", "j", "t", "m", "x", "eng")
"""jieba's tags of words that tell something."""
_EMPTY = re.compile(
    "知道|觉得|可以|应该|没有|时候|事情|东西|问题|情况|现在|今天|直接|一下|有人|看到|看见|听到|出来|起来|过来|下来|进去|不能|不会|"
    "不到|不是|就是|不要|需要|希望|想要|打电话|开始|发现|感觉|地方|办法|意思|大家|人家|别人|自己|[我你他她]们|这样|那样"
)
"""Words that tell nothing by themselves."""
_TOTAL, _LEAST = 6e7, 3
"""Words in the texts that jieba's dictionary was counted in, and the fewest a word counts as."""
NUMBER_WORTH = 9.0
CLAUSE_COST = 5.0
"""What a clause must tell to be worth its comma, in natural logarithms as words are weighed."""
FIRST, FADING = 1.4, 0.97
"""Weight of what the caller begins with, and of each later clause against the one before."""
TALK_WORTH = 0.3


@lru_cache(maxsize=8192)
def _words(clause: str) -> tuple[tuple[str, float], ...]:
    """What a clause tells: words and numbers, each with the natural logarithm of its rarity."""
    found = {number: NUMBER_WORTH for number in _NUMBER.findall(clause)}
    for word in jieba.lcut(clause, HMM=False):
        kind = tag(word) or ("x" if len(word) > 1 else "")
        if len(word) > 1 and kind.startswith(_CONTENT) and not _EMPTY.fullmatch(word) and not _NUMBER.search(word):
            found[word] = math.log(_TOTAL / max(_LEAST, jieba.dt.FREQ.get(word) or 0))
    return tuple(found.items())


def chosen(
    parts: Sequence[str], length: int, known: str = "", bonus: Callable[[str], float] = lambda part: 0.0
) -> list[str]:
    """The clauses, in their order, that together tell most in `length` characters.

    What stands in `known` counts nothing again; `bonus` is added to what a clause tells.
    """
    left = list(range(len(parts)))
    taken: list[int] = []
    told: set[str] = set()
    room = length

    def worth(place: int) -> float:
        part = parts[place]
        new = sum(rarity for word, rarity in _words(part) if word not in told and word not in known)
        if not new:
            return -CLAUSE_COST
        weight = (FIRST if place == 0 else 1.0) * FADING**place * (TALK_WORTH if TALK.search(part) else 1.0)
        return (weight * new + bonus(part) - CLAUSE_COST) / (len(part) + 1)

    while left:
        best = max(left, key=lambda place: (worth(place), -place))
        left.remove(best)
        if worth(best) <= (0.0 if taken else -CLAUSE_COST):
            break
        if len(parts[best]) + bool(taken) > room or explains_a_name(parts[best]):
            continue
        taken.append(best)
        room -= len(parts[best]) + 1
        told |= {word for word, _ in _words(parts[best])}
    return [parts[place] for place in sorted(taken)]


def explains_a_name(part: str) -> bool:
    """Whether a clause but tells how a name is written: 山岳的山, 安居乐业那个安居."""
    found = explanations(part)
    same = _THAT_ONE.fullmatch(part)
    if same and same["again"] in same["word"]:
        return True
    return bool(found) and len(part) - (found[-1].end - found[0].start) <= 2
