"""Words by their sound: a text as one code point a syllable, so that ordinary regular expressions match homophones."""

from __future__ import annotations

import re
from functools import lru_cache

from pypinyin import Style, lazy_pinyin

from kb.pinyin import SYLLABLES, readings

FIRST_CODE = 0xE000
"""Start of Unicode's private use area: syllable codes can never be mistaken for characters of a text."""


_MERGED_INITIALS = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l"))
_MERGED_FINALS = (("ang", "an"), ("eng", "en"), ("ing", "in"))
"""What southern speakers and recognisers mix up most. kb.pinyin's FUZZY merges more (h/f, ü/i): enough to tell names
apart, too much for short words, where 环境局 would be 紧急."""


def loose(syllable: str) -> str:
    """A toneless syllable with the sounds that are lost on the telephone folded into one."""
    for precise, folded in _MERGED_INITIALS:
        if syllable.startswith(precise):
            syllable = folded + syllable[len(precise) :]
            break
    for precise, folded in _MERGED_FINALS:
        if syllable.endswith(precise):
            return syllable[: -len(precise)] + folded
    return syllable


TEXTS = 8192
"""Texts whose reading is kept: every utterance of a call is read again when the next one comes."""
_CODES = {
    name: chr(FIRST_CODE + place) for place, name in enumerate(sorted({loose(syllable) for syllable in SYLLABLES}))
}


@lru_cache(maxsize=32768)
def syllable(character: str) -> str:
    """The commonest reading of one Chinese character without tone; anything else is its own reading."""
    known = () if character.isascii() else readings(character)
    return SYLLABLES[known[0]] if known else character


@lru_cache(maxsize=8192)
def toned(character: str) -> str:
    """The commonest reading of one Chinese character with its tone as a digit."""
    return str(lazy_pinyin(character, style=Style.TONE3)[0])


@lru_cache(maxsize=32768)
def _code(character: str) -> str:
    known = () if character.isascii() else readings(character)
    return _CODES[loose(SYLLABLES[known[0]])] if known else character


@lru_cache(maxsize=TEXTS)
def encode(text: str) -> str:
    """The text with each Chinese character replaced by the code of its fuzzy syllable: same length, same offsets.

    Works on regular expressions too, because everything but Chinese characters stays as it is.
    """
    return "".join(map(_code, text))


def alike(first: str, second: str) -> bool:
    """Whether two texts sound the same on the telephone."""
    return encode(first) == encode(second)


class Cue:
    """A regular expression in Chinese words that also finds what merely sounds like them.

    `spelled` is matched by text only: for words too short or too common to be trusted by sound.
    """

    def __init__(self, pattern: str = "", spelled: str = "") -> None:
        self.text = re.compile("|".join(part for part in (pattern, spelled) if part))
        self.sound = re.compile(encode(pattern)) if pattern else None
        self.search = lru_cache(maxsize=TEXTS)(self._search)
        self.spans = lru_cache(maxsize=TEXTS)(self._spans)

    def _search(self, text: str) -> re.Match[str] | None:
        """The first place where the words or their sounds are; offsets are those of `text`."""
        return self.text.search(text) or (self.sound.search(encode(text)) if self.sound else None)

    def _spans(self, text: str) -> tuple[tuple[int, int], ...]:
        """Every place, [start, end) in characters, in order."""
        found = {match.span() for match in self.text.finditer(text)}
        if self.sound:
            found |= {match.span() for match in self.sound.finditer(encode(text))}
        return tuple(sorted(found))

    def __contains__(self, text: str) -> bool:
        return self.search(text) is not None
