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
from collections.abc import Iterable, Sequence
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
        self._support: dict[Record, dict[int, Heard]] = defaultdict(dict)
        self._explained: dict[int, dict[str, float]] = defaultdict(dict)
        self._costs: dict[int, float] = {}

    def add(self, turn: int, hearing: Hearing, denied: bool = False, landmark: bool = False) -> None:
        """Count a hearing in a turn. `landmark`: a shop that only tells where something else is, in the whole call."""
        kind = hearing.kind
        if kind == "merchant" and (
            landmark or any(("landmark", record) in self._support for record in hearing.records)
        ):
            kind = "landmark"
            for record in hearing.records:
                self._support["landmark", record].update(self._support.pop(("merchant", record), {}))
        bits = -hearing.bits if denied else hearing.bits
        for record in hearing.records:
            known = self._support[kind, record].get(turn)
            if known is None or known.bits < bits:
                self._support[kind, record][turn] = Heard(turn, hearing, bits)

    def expect(self, turn: int, expected: bool) -> None:
        """Tell whether places are to be expected in a turn: as an answer, or because an area was named just before."""
        near = expected or any(
            heard.bits > NEAR + FAR / 2 and 0 < turn - earlier <= WITHIN
            for (kind, _), turns in self._support.items()
            if kind in ("district", "street", "road")
            for earlier, heard in turns.items()
        )
        self._costs[turn] = NEAR if near else FAR

    def deny(self, turns: Iterable[int], replaced: dict[Kind, tuple[int, ...]]) -> None:
        """Count what was heard in `turns` against its places, where `replaced` has other records of the same kind."""
        for (kind, record), heards in self._support.items():
            if kind in replaced and record not in replaced[kind]:
                for turn in turns:
                    if turn in heards:
                        heards[turn] = replace(heards[turn], bits=-abs(heards[turn].bits))

    def explain(self, turn: int, variants: Sequence[str]) -> None:
        """Take the characters explained in an utterance that names heard around it have, each with its certainty.

        The recogniser spells the explaining word as it likes; a spelling that no name in question has is a mistake.
        """
        spelled = Counter(char for variant in variants for char in explained_characters(variant))
        if not spelled:
            return
        names = "".join(
            self.name(kind, record)
            for (kind, record), heards in self._support.items()
            if kind in ("compound", "merchant")
            and any(turn - earlier <= WITHIN and heard.bits > FAR for earlier, heard in heards.items())
        )
        spelled = Counter({char: count for char, count in spelled.items() if char in names})
        for char, count in spelled.items():
            rivals = sum(other for key, other in spelled.items() if char_distance(char, key) == 0.0)
            self._explained[turn][char] = count / rivals

    def add_section(self, turn: int, text: str, denies: bool) -> None:
        """Take a part of a compound said alone: 二期的, 不对，是A区."""
        for match in _SECTION.finditer(text):
            section = match.group().upper()
            for (kind, record), heards in list(self._support.items()):
                recent = [earlier for earlier in heards if 0 < turn - earlier <= WITHIN and heards[earlier].bits > FAR]
                if kind != "compound" or turn in heards or not recent:
                    continue
                if self.name(kind, record).endswith(section):
                    hearing = Hearing(section, kind, (record,), match.start(), match.end(), 1.0, SECTION)
                    heards[turn] = Heard(turn, hearing, SECTION)
                elif denies:
                    for earlier in recent:
                        if _SECTION.search(heards[earlier].hearing.spoken):
                            heards[earlier] = replace(heards[earlier], bits=-heards[earlier].bits)

    def heard(self, *kinds: Kind) -> Iterable[tuple[int, Heard]]:
        """Every hearing of some kinds: number of the record, and what was heard of it."""
        for (kind, number), heards in self._support.items():
            if kind in kinds:
                for heard in heards.values():
                    yield number, heard

    def spans(self, kind: Kind, number: int) -> list[Heard]:
        """Where a place was heard, in the order of the call."""
        heards = self._support.get((kind, number), {})
        return [heards[turn] for turn in sorted(heards) if heards[turn].bits > BESIDE]

    def hypotheses(self, *kinds: Kind) -> list[Hypothesis]:
        """The places of some kinds, areas, and no place, with probabilities that sum to one; best first."""
        index = self._index
        sizes: dict[Kind, int] = {
            "district": len(index.districts),
            "street": len(index.streets),
            "community": len(index.communities),
            "road": len(index.roads),
            "compound": len(index.compounds),
            "merchant": len(index.merchants),
            "landmark": len(index.merchants),
        }
        found = [Hypothesis(None, -1, 0.0)]
        for (kind, number), heards in self._support.items():
            if kind in ("district", "street", "road", *kinds) and any(heard.bits > 0 for heard in heards.values()):
                score = self._score((kind, number))
                if score is not None:
                    found.append(Hypothesis(kind, number, score - math.log2(sizes[kind])))
        best = max(hypothesis.score for hypothesis in found)
        weights = [2 ** (BLUNT * (hypothesis.score - best)) for hypothesis in found]
        total = sum(weights)
        return sorted(
            (
                replace(hypothesis, probability=weight / total)
                for hypothesis, weight in zip(found, weights, strict=True)
            ),
            key=lambda hypothesis: (-hypothesis.probability, hypothesis.kind or "", hypothesis.number),
        )

    def components(self, kind: Kind, number: int) -> list[Record]:
        """A place with everything it lies in that has a number of its own."""
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
        per_turn: dict[int, list[tuple[Kind, Heard]]] = defaultdict(list)
        for component in self.components(*record):
            for turn, heard in self._support.get(component, {}).items():
                per_turn[turn].append((component[0], heard))
        sums: dict[Kind, list[float]] = defaultdict(list)
        for turn, heards in per_turn.items():
            taken: list[Hearing] = []
            for kind, heard in sorted(heards, key=lambda item: -item[1].bits):
                hearing = heard.hearing
                if heard.bits < 0:
                    sums[kind].append(heard.bits)
                elif all(apart(hearing, other) for other in taken):
                    beside = any(_beside(hearing, other) for other in taken)
                    cost = BESIDE if beside else NEAR if taken else self._costs.get(turn, FAR)
                    if heard.bits > cost:
                        taken.append(hearing)
                        sums[kind].append(heard.bits - cost)
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
        name = re.sub(r"[(（].*[)）]", "", self.name(kind, number))
        bits = 0.0
        for turn, chars in self._explained.items():
            if any(abs(turn - heard) <= WITHIN for heard in self._support.get(record, {})):
                for char, certainty in chars.items():
                    if char in name:
                        bits += EXPLAINED * certainty
                    elif any(char_distance(char, other) == 0.0 for other in name):
                        bits -= EXPLAINED * certainty
        return bits


def apart(one: Hearing, other: Hearing) -> bool:
    """Whether two hearings are of different words: they share at most a third of the shorter."""
    shared = min(one.end, other.end) - max(one.start, other.start)
    return shared * 3 <= min(one.end - one.start, other.end - other.start)


def _beside(one: Hearing, other: Hearing) -> bool:
    """Whether two hearings follow each other with no more than a word between them."""
    return 0 <= max(one.start, other.start) - min(one.end, other.end) <= GAP
