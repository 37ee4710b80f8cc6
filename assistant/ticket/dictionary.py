"""Words of jieba's dictionary: how frequent they are, and their parts of speech."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import jieba

from kb.lexical import dictionary

_TOO_COMMON = 700
"""Frequency in jieba's dictionary from which what it tags as a name is an everyday word: 明白, 师傅, 安静."""


@lru_cache(maxsize=1)
def entries() -> dict[str, tuple[int, str]]:
    """jieba's words of two to four characters: frequency and part of speech."""
    with jieba.get_dict_file() as file:
        entries = (line.split(" ") for line in file.read().decode("utf-8").splitlines())
        return {entry[0]: (int(entry[1]), entry[2]) for entry in entries if len(entry) == 3 and 2 <= len(entry[0]) <= 4}


@lru_cache(maxsize=1)
def vocabulary() -> dict[str, int]:
    return {word: frequency for word, (frequency, _) in entries().items() if frequency}


def load_dictionary(cache_dir: Path) -> None:
    """Read jieba's dictionary now (a second) rather than while somebody speaks; compiled, it is kept in a folder."""
    dictionary(cache_dir)
    vocabulary()


def tag(word: str) -> str:
    """jieba's part-of-speech tag of a word (n, v, nr for names of people); empty for what is no word."""
    return entries().get(word, (0, ""))[1]


def frequency(word: str) -> int:
    """How often a word of two to four characters is in the texts that jieba's dictionary was counted in."""
    return vocabulary().get(word, 0)


def is_word(text: str) -> bool:
    """Whether a text is a dictionary word that is not somebody's name."""
    kind = tag(text)
    return bool(kind) and (not kind.startswith("nr") or vocabulary().get(text, 0) >= _TOO_COMMON)
