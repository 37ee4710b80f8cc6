"""Which words of an article a query has in common with it: why it was found."""

from __future__ import annotations

import re
from functools import lru_cache

import rjieba

_WORD = re.compile(r"[a-z0-9]{2,}|[\u4e00-\u9fff]{2,}")
_COMMON = re.compile(
    "怎么|什么|哪里|可以|不能|能不能|请问|一下|这个|那个|就是|我们|你们|他们|自己|现在|没有|知道|需要|还是|如果|因为|所以|但是|时候|多少|办理|咨询|"
    "您好|你好|谢谢|然后|已经|不是|有没有|是不是|怎样|为什么|一个|多久|要求|要不要"
)
"""Words that every question and answer may share."""


def marks(query: str, text: str) -> list[tuple[int, int]]:
    """[start, end) of the words of `query` (of two characters and more) in `text`, in order, without overlaps."""
    pattern, lower = _pattern(query), text.lower()
    if pattern is None or len(lower) != len(text):
        return []
    return [match.span() for match in pattern.finditer(lower)]


@lru_cache(maxsize=64)
def _pattern(query: str) -> re.Pattern[str] | None:
    """Finds the words of a query; one is looked for in title and answer of every article that it found."""
    readable = query.lower().encode("utf-8", "ignore").decode("utf-8")
    words = {word for word in rjieba.cut_for_search(readable) if _WORD.fullmatch(word) and not _COMMON.fullmatch(word)}
    return re.compile("|".join(map(re.escape, sorted(words, key=len, reverse=True)))) if words else None
