"""Common tips (常用提示) and the departments' phone book: one list that is searched as the agent types."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from kb.pack import CityPack, rows
from kb.pinyin import SYLLABLES, Syllable, first_letters, spellings, syllables

_LONGEST_SYLLABLE = max(map(len, SYLLABLES))
_TWO_LETTER_INITIALS = ("zh", "ch", "sh")

# How a stretch of text was typed: the union over its characters; digits and Latin letters are typed one way only.
_CHARACTER, _INITIAL, _SYLLABLE, _BEGUN, _UNCOMMON = 1, 2, 4, 8, 16
_BY_CHARACTERS, _BY_INITIALS, _BY_PINYIN, _MIXED = range(0, 8, 2)  # one more if a reading is not the commonest
_WHOLE, _START, _INSIDE = range(3)
_NAME, _TOPIC, _PHONE, _TEXT = range(4)


@dataclass(frozen=True)
class Tip:
    """A department of the phone book, or a tip of the pack's tips.csv."""

    kind: Literal["department", "tip"]
    title: str
    """A department's full name, or a tip's topic."""
    text: str
    """A department's duties, or what the tip says."""
    phone: str
    also: tuple[str, ...]
    """A department's short names; tips have none."""


class Tips:
    """The departments and tips of a pack, ready for search; `search` may be called from many threads."""

    def __init__(self, entries: tuple[Tip, ...]) -> None:
        self.entries = entries
        """Departments, then tips, each in the order of its file."""
        self._phones = ["".join(char for char in tip.phone if char.isdigit()) for tip in entries]
        self._names = _Index(by_initials=True)
        self._texts = _Index(by_initials=False)
        for number, tip in enumerate(entries):
            for name in (tip.title, *tip.also):
                self._names.add(number, name)
            self._texts.add(number, tip.text)
        longest = max(self._names.longest, self._texts.longest, *map(len, self._phones), 0)
        self._longest_query = longest * _LONGEST_SYLLABLE

    @classmethod
    def load(cls, pack: CityPack) -> Tips:
        """The departments of `pack`, and the rows of its tips.csv (topic,text,phone) if it has one.

        Raises PackError when tips.csv lacks a column, is not UTF-8 or is no valid CSV.
        """
        departments = tuple(
            Tip("department", office.name, office.duties, office.phone, office.short_names)
            for office in pack.departments
        )
        path = pack.directory / "tips.csv"
        found = rows(path, "topic", "text", "phone") if path.exists() else iter(())
        return cls(departments + tuple(Tip("tip", topic, text, phone, ()) for topic, text, phone in found))

    def search(self, query: str, most: int = 20) -> list[Tip]:
        """At most `most` entries that `query` begins to spell, best first; all of them when `query` is blank.

        Names are spelled in characters (社保局), initials (sbj), whole syllables of which the last may be unfinished
        (shebaoj) or a mixture (社bj); texts in characters or whole syllables, since any few initials occur in some
        text; phones in digits. Case, blanks and punctuation do not count. Best first is: a department's whole name or
        short name, the start of one, the inside of one, tips' topics, phones, texts; within each, characters before
        initials before pinyin before mixtures, and common readings (dt as 地铁) before others (税 as tuo);
        then the pack's order.
        """
        typed = "".join(query.split())
        if not typed:
            return list(self.entries)
        if len(typed) > 2 * self._longest_query:  # too long even if every other character were punctuation
            return []
        typed = "".join(spoken.char for spoken in syllables(typed)).replace("ü", "v")
        if not typed or len(typed) > self._longest_query:
            return []
        ranks: dict[int, tuple[int, int, int]] = {}
        for number, rank in self._found(typed):
            if number not in ranks or rank < ranks[number]:
                ranks[number] = rank
        best = sorted(ranks, key=lambda number: (ranks[number], number))
        return [self.entries[number] for number in best[: max(most, 0)]]

    def _found(self, typed: str) -> Iterator[tuple[int, tuple[int, int, int]]]:
        for number, place, way in self._names.find(typed):
            yield number, (_NAME if self.entries[number].kind == "department" else _TOPIC, place, way)
        if typed.isdecimal():
            for number, phone in enumerate(self._phones):
                if typed in phone:
                    place = _WHOLE if typed == phone else _START if phone.endswith(typed) else _INSIDE
                    yield number, (_PHONE, place, _BY_CHARACTERS)
        for number, _, way in self._texts.find(typed):
            yield number, (_TEXT, _INSIDE, way)


@dataclass(frozen=True, slots=True)
class _Unit:
    """One spoken character, and every way to type it."""

    pieces: tuple[tuple[str, int], ...]
    """What is typed, and its way."""
    begun: frozenset[tuple[str, int]]
    """What is typed of a syllable that is not finished yet, and its way."""


class _Index:
    """Where texts may start to be spelled, by what is typed first."""

    def __init__(self, *, by_initials: bool) -> None:
        """Whether initials alone spell a character; if not, only itself and its whole syllables begin a stretch."""
        self._by_initials = by_initials
        self._places: dict[str, list[tuple[int, tuple[_Unit, ...], int]]] = {}
        self.longest = 0
        """Characters of the longest text."""

    def add(self, number: int, text: str) -> None:
        spoken = syllables(text)
        units = tuple(self._unit(each) for each in spoken)
        self.longest = max(self.longest, len(units))
        for start, each in enumerate(spoken):
            begins = first_letters(each.char) if self._by_initials else spellings(each.char)
            for key in {each.char, *begins}:
                self._places.setdefault(key, []).append((number, units, start))

    def find(self, typed: str) -> Iterator[tuple[int, int, int]]:
        """The number, place and way of typing of every stretch of a text that `typed` spells."""
        for length in range(1, min(_LONGEST_SYLLABLE, len(typed)) + 1):
            for number, units, start in self._places.get(typed[:length], ()):
                for end, way in _spelled(units, start, typed):
                    place = _INSIDE if start else _WHOLE if end == len(units) else _START
                    yield number, place, way

    def _unit(self, spoken: Syllable) -> _Unit:
        ways = spellings(spoken.char)
        pieces = {(spoken.char, _CHARACTER if ways else 0)}
        begun: set[tuple[str, int]] = set()
        for spelling in ways:
            rarity = 0 if spelling == ways[0] else _UNCOMMON
            pieces.add((spelling, _SYLLABLE | rarity))
            begun.update((spelling[:length], _BEGUN | rarity) for length in range(1, len(spelling)))
            if self._by_initials:
                pieces.add((spelling[0], _INITIAL | rarity))
                if spelling.startswith(_TWO_LETTER_INITIALS):
                    pieces.add((spelling[:2], _INITIAL | rarity))
        return _Unit(tuple(pieces), frozenset(begun))


def _spelled(units: tuple[_Unit, ...], start: int, typed: str) -> Iterator[tuple[int, int]]:
    """The end of each stretch of `units` from `start` that all of `typed` spells, and the way it was typed."""
    states = {(0, 0)}
    for end in range(start, len(units)):
        unit = units[end]
        reached = set()
        for offset, ways in states:
            for piece, way in unit.pieces:
                if typed.startswith(piece, offset):
                    reached.add((offset + len(piece), ways | way))
            if len(typed) - offset < _LONGEST_SYLLABLE:
                rest = typed[offset:]
                for way in (_BEGUN, _BEGUN | _UNCOMMON):
                    if (rest, way) in unit.begun:
                        reached.add((len(typed), ways | way))
        states = set()
        for offset, ways in reached:
            if offset == len(typed):
                yield end + 1, _way(ways)
            else:
                states.add((offset, ways))
        if not states:
            return


def _way(ways: int) -> int:
    kinds = ways & ~_UNCOMMON
    rarity = 1 if ways & _UNCOMMON else 0
    if kinds in (0, _CHARACTER):
        return _BY_CHARACTERS
    if kinds == _INITIAL:
        return _BY_INITIALS + rarity
    return (_MIXED if kinds & (_CHARACTER | _INITIAL) else _BY_PINYIN) + rarity
