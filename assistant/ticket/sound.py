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


TEXTS = 1024
"""Texts whose reading is kept: the last utterances of every call are read by many, and again with the next one."""
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


SYLLABLES_BY_SOUND = 3
"""Syllables in a row from which words are told by sound alone: two sound like too many everyday words (恢复 and 回复,
市民 and 实名, 表演 and 表扬)."""

_State = tuple[int, int]
"""Literal syllables in a row so far, and the most there have been; both no more than SYLLABLES_BY_SOUND."""
_QUANTIFIER = re.compile(r"\?|\*|\+|\{(\d*)(?:,\d*)?\}")
_GROUP = re.compile(r"\((?:\?(?::|P<\w+>|(?P<around>=|!|<=|<!)))?")


def _is_han(character: str) -> bool:
    return "\u3400" <= character <= "\u9fff"


def _atom(pattern: str, at: int, states: set[_State]) -> tuple[set[_State], int]:
    """What one character, class or group makes of the states, and where it ends."""
    character = pattern[at]
    if character == "(":
        opening = _GROUP.match(pattern, at)
        assert opening is not None
        inside, end = _branches(pattern, opening.end(), states)
        return (states if opening["around"] else inside), end + 1
    if character in "^$":
        return states, at + 1
    end = at + 2 if character == "\\" else pattern.index("]", at + 2) + 1 if character == "[" else at + 1
    if all(map(_is_han, pattern[at:end].strip("[]"))):
        longer = {(min(run + 1, SYLLABLES_BY_SOUND), longest) for run, longest in states}
        return {(run, max(run, longest)) for run, longest in longer}, end
    return {(0, longest) for _, longest in states}, end


def _branches(pattern: str, at: int, states: set[_State]) -> tuple[set[_State], int]:
    """The states after any of the alternatives that start at `at`, and where they end."""
    after: set[_State] = set()
    current = states
    while at < len(pattern) and pattern[at] != ")":
        if pattern[at] == "|":
            after, current, at = after | current, states, at + 1
            continue
        following, at = _atom(pattern, at, current)
        if quantifier := _QUANTIFIER.match(pattern, at):
            optional = quantifier.group() in "?*" or quantifier[1] in ("", "0")
            following, at = (following | current if optional else following), quantifier.end()
        current = following
    return after | current, at


def alternatives(pattern: str) -> list[str]:
    """The alternatives of a regular expression at its outermost level."""
    depth, start, found = 0, 0, []
    for at, character in enumerate(pattern):
        depth += (character in "([") - (character in ")]")
        if character == "|" and depth == 0:
            found.append(pattern[start:at])
            start = at + 1
    return [*found, pattern[start:]]


def long_enough(pattern: str) -> bool:
    """Whether whatever the expression matches holds SYLLABLES_BY_SOUND of its own syllables in a row."""
    states, _ = _branches(pattern, 0, {(0, 0)})
    return all(longest >= SYLLABLES_BY_SOUND for _, longest in states)


class Cue:
    """A regular expression in Chinese words that also finds what merely sounds like the longer ones.

    Of `pattern`, the outermost alternatives that are `long_enough` are matched by sound, too; shorter ones as spelled.
    `heard` are words of two syllables that are matched by sound all the same, because no common word sounds like them
    (tests/test_sound.py holds every cue against a dictionary); `spelled` is never matched by sound.
    """

    def __init__(self, pattern: str = "", spelled: str = "", heard: str = "") -> None:
        self.text = re.compile("|".join(part for part in (pattern, spelled, heard) if part))
        by_sound = [part for part in alternatives(pattern) if part and long_enough(part)] + ([heard] if heard else [])
        self.sound = re.compile(encode("|".join(by_sound))) if by_sound else None
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
