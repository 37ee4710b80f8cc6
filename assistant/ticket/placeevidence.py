"""How likely each place of the pack is the one that a call is about.

Every place that was heard at all is a hypothesis. Its score is the evidence, in bits, of all its parts (a compound's
own name, its street, community, road and district; a branch's brand, road and district) in all utterances, less what
it costs to single it out of all others. So a badly heard name on a well heard road wins over a better match across the
city, and what stays ambiguous stays open.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from assistant.ticket.placeindex import Hearing, Kind, PlaceIndex, Record, explained_characters
from kb.pinyin import char_distance

BESIDE = 1.5
"""Bits that a hearing costs right beside another part of the same place, where it is to be expected."""
NEAR = 4.0
"""Bits that a hearing costs in an answer about places, or in the same utterance as another part."""
FAR = 7.0
"""Bits that a hearing costs elsewhere: a call has some hundred syllables at which it could occur by chance."""
GAP = 3
"""Characters that may stand between two parts of a place that are said in one breath: 那个, 那家, 的."""
REPEATED = (1.0, 0.6, 0.4, 0.2)
"""Weight of the best, second best, ... utterance that a place is heard in: the same mistake is made again."""
EXPLAINED = 6.0
"""Bits for and against a name whose character the caller explained: 力气的力."""
SECTION = 12.0
"""Bits for a compound whose part alone was said (二期, A区) when the compound itself was said just before."""
WITHIN = 2
"""Utterances between a name and what is said of it: the explanation of a character, its section, a correction."""
BLUNT = 0.5
"""Neighbouring syllables are misheard together, so bits are worth half of what independent ones would be."""

HEARD = 20
"""Turns in which a place was heard that are kept, the last ones; REPEATED counts four."""
HOPELESS = 60.0
"""Bits behind the best from which a place is out of the question: a thousand of them together are one in a million."""

_AREAS: tuple[Kind, ...] = ("district", "street", "road")
_SECTION = re.compile("[A-Ha-h东南西北]区|[一二三四五六]期")


@dataclass(frozen=True, slots=True)
class Heard:
    """One hearing in one utterance; its bits are negative where the speaker denied it."""

    turn: int
    hearing: Hearing
    bits: float


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A place with its probability; kind None stands for no place at all."""

    kind: Kind | None
    number: int
    score: float
    probability: float = 0.0


class PlaceEvidence:
    """What was heard of every place in the turns of one call."""

    def __init__(self, index: PlaceIndex) -> None:
        self._index = index
        self._support: dict[Kind, dict[int, dict[int, Heard]]] = defaultdict(dict)
        """Kind and number of a place -> turn -> what was heard of it there."""
        self._recent: dict[int, dict[Record, None]] = {}
        """The last turns in which anything was heard -> the places heard there."""
        self._explained: dict[int, dict[str, float]] = defaultdict(dict)
        self._costs: dict[int, float] = {}
        self._components: dict[Record, list[Record]] = {}
        self._parts: dict[Record, list[Record]] = defaultdict(list)
        """A place -> the places that were heard and lie in it, itself among them."""
        self._scores: dict[Kind, dict[int, float]] = defaultdict(dict)
        """Scores of the places that count, less what it costs to single them out."""
        self._changed: dict[Record, None] = {}
        """Places that have to be scored anew."""

    def add(self, turn: int, hearing: Hearing, denied: bool = False, landmark: bool = False) -> None:
        """Count a hearing in a turn. `landmark`: a shop that only tells where something else is, in the whole call."""
        kind = hearing.kind
        if kind == "merchant" and (landmark or any(record in self._support["landmark"] for record in hearing.records)):
            kind = "landmark"
            for record in hearing.records:
                for earlier, heard in self._support["merchant"].pop(record, {}).items():
                    self._put(kind, record, earlier, heard)
                self._scores["merchant"].pop(record, None)
        bits = -hearing.bits if denied else hearing.bits
        for record in hearing.records:
            known = self._support[kind].get(record, {}).get(turn)
            if known is None or known.bits < bits:
                self._put(kind, record, turn, Heard(turn, hearing, bits))

    def _put(self, kind: Kind, number: int, turn: int, heard: Heard) -> None:
        place = kind, number
        heards = self._support[kind].get(number)
        if heards is None:
            heards = self._support[kind][number] = {}
            for component in self.components(kind, number):
                self._parts[component].append(place)
        heards[turn] = heard
        if len(heards) > HEARD:
            del heards[next(iter(heards))]
        if turn not in self._recent:
            self._recent = {earlier: places for earlier, places in self._recent.items() if turn - earlier <= WITHIN}
        self._recent.setdefault(turn, {})[place] = None
        self._changed.update(dict.fromkeys(self._parts[place]))

    def _heard_lately(self, turn: int) -> Iterator[tuple[Record, Heard]]:
        """What was heard in a turn and the WITHIN before it."""
        for earlier in range(turn - WITHIN, turn + 1):
            for kind, number in self._recent.get(earlier, ()):
                if heard := self._support[kind].get(number, {}).get(earlier):
                    yield (kind, number), heard

    def expect(self, turn: int, expected: bool) -> None:
        """Tell whether places are to be expected in a turn: as an answer, or because an area was named just before."""
        near = expected or any(
            heard.bits > NEAR + FAR / 2 and heard.turn < turn
            for (kind, _), heard in self._heard_lately(turn)
            if kind in _AREAS
        )
        self._costs[turn] = NEAR if near else FAR

    def deny(self, turns: Iterable[int], replaced: dict[Kind, tuple[int, ...]]) -> None:
        """Count what was heard in `turns` against its places, where `replaced` has other records of the same kind.

        None of the turns lies further back than WITHIN.
        """
        for turn in turns:
            for kind, number in self._recent.get(turn, ()):
                heard = self._support[kind].get(number, {}).get(turn)
                if heard and kind in replaced and number not in replaced[kind]:
                    self._put(kind, number, turn, replace(heard, bits=-abs(heard.bits)))

    def explain(self, turn: int, variants: Sequence[str]) -> None:
        """Take the characters explained in an utterance that names heard around it have, each with its certainty.

        The recogniser spells the explaining word as it likes; a spelling that no name in question has is a mistake.
        """
        spelled = Counter(char for variant in variants for char in explained_characters(variant))
        if not spelled:
            return
        lately = [(place, heard) for place, heard in self._heard_lately(turn) if place[0] in ("compound", "merchant")]
        names = "".join(self.name(*place) for place, heard in lately if heard.bits > FAR)
        spelled = Counter({char: count for char, count in spelled.items() if char in names})
        for char, count in spelled.items():
            rivals = sum(other for key, other in spelled.items() if char_distance(char, key) == 0.0)
            self._explained[turn][char] = count / rivals
        self._changed.update(dict.fromkeys(place for place, _ in lately))

    def add_section(self, turn: int, text: str, denies: bool) -> None:
        """Take a part of a compound said alone: 二期的, 不对，是A区."""
        for match in _SECTION.finditer(text):
            section = match.group().upper()
            recent: dict[int, list[Heard]] = defaultdict(list)
            for (kind, number), heard in self._heard_lately(turn):
                if kind == "compound" and heard.bits > FAR and turn not in self._support[kind][number]:
                    recent[number].append(heard)
            wrong = text[: match.start()].endswith("不是")
            for number, heards in recent.items():
                if wrong:
                    if self.name("compound", number).endswith(section):
                        for heard in heards:
                            self._put("compound", number, heard.turn, replace(heard, bits=-abs(heard.bits)))
                elif self.name("compound", number).endswith(section):
                    hearing = Hearing(section, "compound", (number,), match.start(), match.end(), 1.0, SECTION)
                    self._put("compound", number, turn, Heard(turn, hearing, SECTION))
                elif denies:
                    for heard in heards:
                        if _SECTION.search(heard.hearing.spoken):
                            self._put("compound", number, heard.turn, replace(heard, bits=-heard.bits))

    def revise(self, turn: int, hearing: Hearing, more: float) -> None:
        """Add bits to a hearing of that turn: what the recogniser answered when it was asked for the name."""
        for record in hearing.records:
            for kind in (hearing.kind, "landmark"):
                known = self._support[kind].get(record, {}).get(turn)
                if known and known.hearing == hearing:
                    bits = max(0.0, hearing.bits + more)
                    self._put(kind, record, turn, replace(known, bits=bits if known.bits > 0 else -bits))

    def heard(self, kind: Kind, turn: int) -> Iterator[tuple[int, Heard]]:
        """The places of a kind heard in a turn: number of the record, and what was heard of it."""
        for number, heards in self._support[kind].items():
            if turn in heards:
                yield number, heards[turn]

    def spans(self, kind: Kind, number: int) -> list[Heard]:
        """Where a place was heard, in the order of the call."""
        heards = self._support[kind].get(number, {})
        return [heards[turn] for turn in sorted(heards) if heards[turn].bits > BESIDE]

    def hypotheses(self, *kinds: Kind, areas: bool = True) -> list[Hypothesis]:
        """The places of some kinds, areas, and no place, with probabilities that sum to one; best first.

        Those that are HOPELESS are left out. Without `areas`: the areas heard are known to be those of another place.
        """
        self._score_changed()
        scores = [(kind, self._scores[kind]) for kind in (*(_AREAS if areas else ()), *kinds)]
        best = max(0.0, *(max(numbers.values(), default=0.0) for _, numbers in scores))
        found: list[tuple[Kind | None, int, float]] = [(None, -1, 0.0)]
        for kind, numbers in scores:
            found += [(kind, number, score) for number, score in numbers.items() if score > best - HOPELESS]
        weights = [2 ** (BLUNT * (score - best)) for _, _, score in found]
        total = sum(weights)
        return sorted(
            (Hypothesis(*place, weight / total) for place, weight in zip(found, weights, strict=True)),
            key=lambda hypothesis: (-hypothesis.probability, hypothesis.kind or "", hypothesis.number),
        )

    def _score_changed(self) -> None:
        for kind, number in self._changed:
            score = self._score((kind, number))
            if score is None:
                self._scores[kind].pop(number, None)
            else:
                self._scores[kind][number] = score - math.log2(self._index.size(kind))
        self._changed.clear()

    def components(self, kind: Kind, number: int) -> list[Record]:
        """A place with everything it lies in that has a number of its own."""
        place = kind, number
        if place not in self._components:
            self._components[place] = self._lies_in(kind, number)
        return self._components[place]

    def _lies_in(self, kind: Kind, number: int) -> list[Record]:
        index = self._index
        found: list[Record] = [(kind, number)]
        keys: list[tuple[Kind, tuple[str, ...]]] = []
        if kind == "road":
            keys = [("district", index.roads[number][:1])]
        elif kind == "street":
            keys = [("district", index.streets[number][:1])]
        elif kind == "community":
            community = index.communities[number]
            keys = [("street", community[:2]), ("district", community[:1])]
        elif kind == "compound":
            compound = index.compounds[number]
            district = compound.district
            keys = [
                ("street", (district, compound.street)),
                ("community", (district, compound.street, compound.community)),
                ("road", (district, compound.road)),
                ("district", (district,)),
            ]
        elif kind in ("merchant", "landmark"):
            merchant = index.merchants[number]
            keys = [("road", (merchant.district, merchant.road)), ("district", (merchant.district,))]
        found += [(other, index.numbers[other][key]) for other, key in keys if key in index.numbers[other]]
        return found

    def name(self, kind: Kind, number: int) -> str:
        """The canonical name of a place."""
        index = self._index
        if kind in ("compound", "merchant", "landmark"):
            return (index.compounds if kind == "compound" else index.merchants)[number].name
        if kind == "district":
            return index.districts[number]
        return {"street": index.streets, "community": index.communities, "road": index.roads}[kind][number][-1]

    def _score(self, record: Record) -> float | None:
        """Evidence in bits for a place and all that it lies in; None when the place itself was not heard."""
        own = self._support[record[0]].get(record[1], {})
        if all(heard.bits <= 0 for heard in own.values()):
            return None
        per_turn: dict[int, list[tuple[Kind, Heard]]] = {}
        for kind, number in self.components(*record):
            for turn, heard in self._support[kind].get(number, {}).items():
                per_turn.setdefault(turn, []).append((kind, heard))
        sums: dict[Kind, list[float]] = {}
        for turn, heards in per_turn.items():
            taken: list[Hearing] = []
            for kind, heard in sorted(heards, key=_unclear):
                hearing = heard.hearing
                if heard.bits < 0:
                    sums.setdefault(kind, []).append(heard.bits)
                elif all(apart(hearing, other) for other in taken):
                    beside = any(_beside(hearing, other) for other in taken)
                    cost = BESIDE if beside else NEAR if taken else self._costs.get(turn, FAR)
                    if heard.bits > cost:
                        taken.append(hearing)
                        sums.setdefault(kind, []).append(heard.bits - cost)
        if record[0] not in sums:
            return None
        total = self._explanation(record)
        for bits in sums.values():
            ordered = sorted((bit for bit in bits if bit > 0), reverse=True)
            total += sum(weight * bit for weight, bit in zip(REPEATED, ordered, strict=False))
            total += sum(bit for bit in bits if bit < 0)
        return total

    def _explanation(self, record: Record) -> float:
        kind, number = record
        if kind not in ("compound", "merchant") or not self._explained:
            return 0.0
        around = {turn + shift for turn in self._support[kind][number] for shift in range(-WITHIN, WITHIN + 1)}
        turns = sorted(around & self._explained.keys())
        name = re.sub(r"[(（].*[)）]", "", self.name(kind, number)) if turns else ""
        bits = 0.0
        for turn in turns:
            for char, certainty in self._explained[turn].items():
                if char in name:
                    bits += EXPLAINED * certainty
                elif any(char_distance(char, other) == 0.0 for other in name):
                    bits -= EXPLAINED * certainty
        return bits


def _unclear(heard: tuple[Kind, Heard]) -> float:
    return -heard[1].bits


def apart(one: Hearing, other: Hearing) -> bool:
    """Whether two hearings are of different words: they share at most a third of the shorter."""
    shared = min(one.end, other.end) - max(one.start, other.start)
    return shared * 3 <= min(one.end - one.start, other.end - other.start)


def _beside(one: Hearing, other: Hearing) -> bool:
    """Whether two hearings follow each other with no more than a word between them."""
    return 0 <= max(one.start, other.start) - min(one.end, other.end) <= GAP
