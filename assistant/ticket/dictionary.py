"""Words of jieba's dictionary: how frequent they are, and their parts of speech."""

from __future__ import annotations

from functools import lru_cache

import jieba

_TOO_COMMON = 700
"""Frequency in jieba's dictionary from which what it tags as a name is an everyday word: 明白, 师傅, 安静."""


@lru_cache(maxsize=1)
def vocabulary() -> dict[str, int]:
    jieba.setLogLevel(60)
    jieba.initialize()
    return {word: frequency for word, frequency in jieba.dt.FREQ.items() if frequency and 2 <= len(word) <= 4}


@lru_cache(maxsize=1)
def tags() -> dict[str, str]:
    """jieba's part of speech of its words of two to four characters."""
    with jieba.get_dict_file() as file:
        entries = (line.decode("utf-8").split() for line in file)
        return {entry[0]: entry[2] for entry in entries if len(entry) == 3 and 2 <= len(entry[0]) <= 4}


def load_dictionary() -> None:
    """Read jieba's dictionary now (about a second) rather than while somebody speaks."""
    vocabulary()
    tags()


def tag(word: str) -> str:
    """jieba's part-of-speech tag of a word (n, v, nr for names of people); empty for what is no word."""
    return tags().get(word, "")


def frequency(word: str) -> int:
    """How often a word of two to four characters is in the texts that jieba's dictionary was counted in."""
    return vocabulary().get(word, 0)


def is_word(text: str) -> bool:
    """Whether a text is a dictionary word that is not somebody's name."""
    kind = tag(text)
    return bool(kind) and (not kind.startswith("nr") or vocabulary().get(text, 0) >= _TOO_COMMON)
