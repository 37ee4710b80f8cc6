"""Which names of the city pack a text seems to contain, and how many bits of evidence each hearing is worth.

Similarity alone says little: 花园 at the end of a compound proves nothing, 沁心 before it much. So the distinctive
syllables of a name count for, its kind's common endings hardly, and every doubtful syllable counts against it.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, cast

from assistant.ticket.dictionary import frequency
from assistant.ticket.spelling import explanations
from kb.gazetteer import Gazetteer, Match
from kb.pack import CityPack, Compound, Department, Merchant

_STREET = re.compile("(?:街道|街|镇|乡)$")
Kind = Literal["district", "street", "community", "road", "compound", "merchant", "landmark", "department"]
Record = tuple[Kind, int]
"""A place: its kind and its number in the index's table of that kind. A landmark is a merchant near the place meant."""

DISTINCTIVE = 5.5
"""Bits for a distinctive syllable heard exactly: most syllables are rarer than one in 45 of Chinese speech."""
DISTINGUISHING = 4.0
"""Bits for a syllable that tells siblings apart: 东 in 体育东路, C in 沁心华庭C区."""
GENERIC = 1.0
"""Bits for a syllable of an ending that many names of the kind share: 路, 花园, 西饼店."""
MISHEARD = 9.0
"""Bits lost for a syllable that sounds like nothing of the sort; proportional to the distance in between."""
COMMON_ENDING = 0.002
"""Part of a kind's spoken names, and not fewer than 3, that an ending must have to be generic."""
RARE_STEP = 24
"""A longer ending is generic only if at least one in so many names with the shorter ending has it: not 景路."""
SPELLED = 1.0
"""Bits added for a name that the recogniser spells exactly as the pack does: it often picks homophones."""
TYPED_LEAST = 0.9
"""Least similarity of a name that was typed: people write homophones, not what merely sounds a little like it."""
TYPED = 5.0
"""Bits added for a name spelled exactly in typed text, where characters are meant."""
NAMES = 65536
"""Names whose worth is kept: the same ones sound a little like many sentences."""
MIN_BITS = 2.0
"""Hearings worth less are noise even where everything else agrees."""
LONGEST_NAME = 12
"""Characters of a name as people say it."""
MIN_SIMILARITY = 0.6
WHOLE_COMMUNITY = 0.85
"""Similarity from which a community counts: most are called after something else, only 社区 tells them from it."""
BARE_BRAND = 4.0
"""Bits taken from a merchant's brand said without what it sells (向日葵, 老友记): it may be any word."""
WORD = 0.7
"""Bits taken from a bare brand that is a word of everyday speech (小时候), for each doubling of its frequency."""
BARE_DISTRICT = 3.0
"""Bits taken from a district said without 区: 天河 may be half of another name."""
BARE_STREET = 2.0
"""Bits taken from a street said without 街道 or 镇, as what lies around it (龙洞那边)."""
ALTERNATIVE = 1.0
"""Bits taken from what only the recogniser's second choices contain."""

_SIBLINGS = frozenset("abcdefgh一二三四五六七八九十东南西北中上下前后左右123456789")
_TAIL = 4


@dataclass(frozen=True, slots=True)
class Hearing:
    """A name that seems to occur in characters [start, end) of a text, and every record it may stand for."""

    spoken: str
    kind: Kind
    records: tuple[int, ...]
    start: int
    end: int
    similarity: float
    bits: float


class PlaceIndex:
    """The names of a pack by sound; built once, shared by all calls, read by many threads."""

    def __init__(self, pack: CityPack) -> None:
        self.pack = pack
        self.districts: tuple[str, ...] = pack.districts
        streets = dict.fromkeys((region.district, region.street) for region in pack.regions)
        self.streets: tuple[tuple[str, str], ...] = tuple(streets)
        self.communities = tuple(
            dict.fromkeys((region.district, region.street, region.community) for region in pack.regions)
        )
        self.roads: tuple[tuple[str, str], ...] = tuple(
            dict.fromkeys((district, road.name) for road in pack.roads for district in road.districts)
        )
        self.compounds: tuple[Compound, ...] = pack.compounds
        self.merchants: tuple[Merchant, ...] = pack.merchants
        self.departments: tuple[Department, ...] = pack.departments
        self.numbers: dict[Kind, dict[tuple[str, ...], int]] = {
            "district": {(name,): number for number, name in enumerate(self.districts)},
            "street": {key: number for number, key in enumerate(self.streets)},
            "community": {key: number for number, key in enumerate(self.communities)},
            "road": {key: number for number, key in enumerate(self.roads)},
        }
        names = list(self._names())
        self._tails: dict[Kind, Counter[str]] = {}
        sizes: Counter[Kind] = Counter()
        for name, (kind, _) in dict.fromkeys(names):
            sizes[kind] += 1
            self._tails.setdefault(kind, Counter()).update(name[-length:] for length in range(1, _TAIL + 1))
        self._sizes = sizes
        self._gazetteer = Gazetteer(names)
        self._bits = lru_cache(maxsize=NAMES)(lambda name, kind: sum(self._worth(name, kind)))

    def hear(self, text: str, hypotheses: Sequence[str] = (), typed: bool = False) -> list[Hearing]:
        """Every name that `text`, or what else the recogniser thought it was, may contain; positions are in `text`.

        `typed`: the text was written by a person, so its characters mean more than their sound.
        """
        if not text:
            return []
        best: dict[tuple[Kind, str], Hearing] = {}
        for number, variant in enumerate((text, *hypotheses)):
            first, last = _around_changes(variant, text) if number else (0, len(text))
            for match in self._gazetteer.find(variant[first:last], MIN_SIMILARITY):
                for hearing in self._hearings(match, variant[first:last], typed):
                    placed = hearing
                    if number:
                        start, end = _same_place(first + hearing.start, first + hearing.end, variant, text)
                        placed = replace(hearing, start=start, end=end, bits=hearing.bits - ALTERNATIVE)
                    known = best.get((placed.kind, placed.spoken))
                    if placed.bits >= MIN_BITS and (known is None or placed.bits > known.bits):
                        best[placed.kind, placed.spoken] = placed
        return sorted(best.values(), key=lambda hearing: (-hearing.bits, hearing.start, hearing.spoken))

    def size(self, kind: Kind) -> int:
        """How many places of a kind there are."""
        tables: dict[Kind, Sequence[object]] = {
            "district": self.districts,
            "street": self.streets,
            "community": self.communities,
            "road": self.roads,
            "compound": self.compounds,
            "merchant": self.merchants,
            "landmark": self.merchants,
            "department": self.departments,
        }
        return len(tables[kind])

    def _hearings(self, match: Match, text: str, typed: bool) -> Iterator[Hearing]:
        by_kind: dict[Kind, list[int]] = {}
        for key in match.keys:
            kind, number = cast(Record, key)
            by_kind.setdefault(kind, []).append(number)
        if typed and match.similarity < TYPED_LEAST:
            return
        for kind, numbers in by_kind.items():
            worth = self._bits(match.name, kind) - MISHEARD * (1 - match.similarity) * len(match.name)
            if kind == "district" and match.name not in self.districts:
                if text[match.start : match.end] != match.name:
                    continue
                worth -= BARE_DISTRICT
            if kind == "street" and not _STREET.search(match.name):
                if text[match.start : match.end] != match.name:
                    continue
                worth -= BARE_STREET + WORD * math.log2(1 + frequency(match.name))
            if kind == "merchant" and self._is_bare_brand(match.name, numbers[0]):
                worth -= BARE_BRAND + WORD * math.log2(1 + frequency(match.name))
            if kind == "community" and match.similarity < WHOLE_COMMUNITY:
                continue
            if match.similarity == 1.0:
                worth += TYPED if typed else SPELLED
            yield Hearing(match.name, kind, tuple(numbers), match.start, match.end, match.similarity, worth)

    def _worth(self, name: str, kind: Kind) -> list[float]:
        """Bits of each character of a name when it is heard exactly."""
        worth = [DISTINCTIVE] * len(name)
        tails, before = self._tails[kind], self._sizes[kind]
        for length in range(1, min(_TAIL, len(name) - 1) + 1):
            count = tails[name[-length:]]
            if count < max(3.0, COMMON_ENDING * self._sizes[kind]) or (length > 1 and count * RARE_STEP < before):
                break
            char = name[-length].lower()
            worth[-length] = DISTINGUISHING if char in _SIBLINGS else GENERIC
            before = count
        return [bits if char.isalnum() else 0.0 for char, bits in zip(name, worth, strict=True)]

    def _is_bare_brand(self, name: str, number: int) -> bool:
        merchant = self.merchants[number]
        return any(other != name and other.startswith(name) for other in merchant.short_names)

    def _names(self) -> Iterator[tuple[str, Record]]:
        for number, district in enumerate(self.districts):
            yield district, ("district", number)
            if len(district) > 2:
                yield district[:-1], ("district", number)
        for number, (_, street) in enumerate(self.streets):
            yield street, ("street", number)
            bare = _STREET.sub("", street)
            if 2 <= len(bare) < len(street):
                yield bare, ("street", number)
        whole = [community for _, _, community in self.communities]
        yield from ((name, ("community", number)) for number, name in enumerate(whole) if len(name) > 2)
        yield from ((road, ("road", number)) for number, (_, road) in enumerate(self.roads))
        for number, compound in enumerate(self.compounds):
            for name in (compound.name, *compound.short_names):
                if not name[:1].isdigit():
                    yield name, ("compound", number)
        for number, merchant in enumerate(self.merchants):
            for name in (re.sub(r"[(（].*[)）]", "", merchant.name), *merchant.short_names):
                if not merchant.road or merchant.road not in name:
                    yield name, ("merchant", number)
        for number, department in enumerate(self.departments):
            for name in (department.name, *department.short_names):
                yield name, ("department", number)


def _same_ends(variant: str, text: str) -> tuple[int, int]:
    """Characters that two texts have in common at their beginning, and at their end."""
    shorter = min(len(variant), len(text))
    prefix = next((place for place in range(shorter) if variant[place] != text[place]), shorter)
    rest = shorter - prefix
    suffix = next((place for place in range(rest) if variant[-1 - place] != text[-1 - place]), rest)
    return prefix, suffix


def _around_changes(variant: str, text: str) -> tuple[int, int]:
    """The part of another hypothesis in which a name may be heard that `text` does not have."""
    prefix, suffix = _same_ends(variant, text)
    return max(0, prefix - LONGEST_NAME), min(len(variant), len(variant) - suffix + LONGEST_NAME)


def _same_place(start: int, end: int, variant: str, text: str) -> tuple[int, int]:
    """Where in `text` the characters [start, end) of another hypothesis of the same utterance are."""
    if variant == text:
        return start, end
    prefix, suffix = _same_ends(variant, text)

    def moved(position: int) -> int:
        if position <= prefix:
            return position
        if position >= len(variant) - suffix:
            return position + len(text) - len(variant)
        stretch = (len(text) - suffix - prefix) / max(1, len(variant) - suffix - prefix)
        return prefix + round((position - prefix) * stretch)

    first = min(moved(start), max(0, len(text) - 1))
    return first, max(first + 1, min(moved(end), len(text)))


def explained_characters(text: str) -> list[str]:
    """Characters explained by a word (力气的力, 荣誉的誉), as that word has them; surnames are left out."""
    return [
        each.meanings[0]
        for each in explanations(text)
        if each.meanings and not each.parted and "姓" not in text[max(0, each.start - 6) : each.start + 1]
    ]
