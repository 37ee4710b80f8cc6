"""Where a matter happened and whom it is about, from what both speakers said so far.

Every place of the pack that was heard at all is a hypothesis. Its score is the evidence, in bits, of all its parts
(a compound's own name, its street, community, road and district; a branch's brand, road and district) in all
utterances, less what it costs to single it out of all others. So a badly heard name on a well heard road wins over a
better match across the city, and what stays ambiguous stays open.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from assistant.ticket.building import Part, Said, find_bare_number, find_parts, house_number
from assistant.ticket.dialogue import asks_for_agreement, stance
from assistant.ticket.fields import Evidence, FieldValue
from assistant.ticket.placeindex import Hearing, Kind, PlaceIndex, Record, explained_characters
from assistant.ticket.sound import Cue
from assistant.transcript import Utterance
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
EXPLAINED_WITHIN = 2
"""Utterances between a name and the explanation of a character of it."""
MAX_HYPOTHESES = 4
BLUNT = 0.5
"""Neighbouring syllables are misheard together, so bits are worth half of what independent ones would be."""
SURE = 0.5
"""A place of lower probability is not named at all."""
MAX_CONFIDENCE = 0.97

_SKIPPED = re.compile(r"热线|1\s*2\s*3\s*4\s*5|为您服务|感谢您的来电|做出评价")
_DENIED = re.compile(r"(?<!是)不(?:是|在)(?:说|那个)?$")
_LANDMARK = re.compile(r"(?:的)?(?:斜?对面|旁边|隔壁|附近|侧边|边上|后面|前面|路口|对出)")
"""What is said behind a shop that only tells where something else is; 门口 is not among them, shops use that, too."""
_ALTERNATIVES = re.compile("还是|或者")
_TAIL_NOUN = (
    "公交站|地铁站|车站|站台|站|上客点|落客点|停车场|停车位|车位|天桥|人行桥|大桥|桥底|桥|隧道|公园|广场|市场|小学|中学|学校|医院|"
    "工地|路段|路口|人行道|绿化带|村口|岗亭|码头|球场"
)
_SIDE_NOUN = "门口|对面|旁边|附近|出口|入口|楼下|后门"
_WORDS = r"[^，。！？,.!?；\s]"
_TAIL = re.compile(
    r"[，,、]?(?:的|[那纳拿哪]个?|[那这]里|[那这]边)*"
    rf"(?P<tail>{_WORDS}{{0,14}}(?:{_TAIL_NOUN})|{_WORDS}{{2,14}}(?:{_SIDE_NOUN})|对面{_WORDS}{{0,10}})"
)
"""What is said behind the last known part of an address, as far as a word for a kind of place."""
_CROSSING = re.compile("[跟与和同、]")
CROSSING_PLACE = Cue("(?:交叉|交界|交汇)(?:.{0,3}路口|处)?|路口")
CROSSING_WITHIN = 8
"""Characters behind the second road in which its crossing is named."""
_SUBJECT_VERB = re.compile(r"(?:投诉|举报|表扬|反映|告)(?:一下|的是|那个|这个|你们|我们)?$")
_SUBJECT_DOES = re.compile(
    r"^的?(?:表扬|多收|乱收|乱扣|扣了?|欠|拖欠|不肯|不给|不让|不作为|态度|服务|司机|师傅|客服|员工|工作人员|营业厅)"
)
_ORGANISATION = re.compile(
    r"(?:叫做?|名字是|店名是|是)(?P<name>[\u4e00-\u9fff]{2,12}?(?:公司|店|厂|中心|学校|幼儿园|酒店|医院|餐厅|超市|会所|工作室|俱乐部))"
)


@dataclass(frozen=True, slots=True)
class _Heard:
    """One hearing in one utterance; its bits are negative where the speaker denied it."""

    turn: int
    hearing: Hearing
    bits: float

    @property
    def evidence(self) -> tuple[int, int, int]:
        return self.turn, self.hearing.start, self.hearing.end


@dataclass
class _Turn:
    utterance: Utterance
    role: str
    parts: list[Said] = field(default_factory=list)
    denies: bool = False
    cost: float = FAR
    """Bits that a hearing in this utterance costs when nothing beside it supports it."""
    crossing: tuple[Hearing, str, int] | None = None
    """The second road of a crossing, what the crossing is called, and the character at which it ends."""


@dataclass(frozen=True)
class _Hypothesis:
    kind: Kind | None
    number: int
    score: float
    probability: float = 0.0


class Places:
    """The places of one call. `hear` takes its utterances in order, `values` tells what is known so far."""

    def __init__(self, index: PlaceIndex) -> None:
        self._index = index
        self._turns: list[_Turn] = []
        self._support: dict[Record, dict[int, _Heard]] = defaultdict(dict)
        self._explained: dict[int, dict[str, float]] = defaultdict(dict)
        self._organisation: tuple[str, Evidence] | None = None

    def hear(self, utterance: Utterance, asked: str | None = None) -> None:
        """Take one more utterance; `asked` is the ticket field that the agent's last question was about."""
        role = "agent" if utterance.speaker == "agent" else "caller"
        turn = _Turn(utterance, role)
        self._turns.append(turn)
        number = len(self._turns) - 1
        if role == "agent" and _SKIPPED.search(utterance.text):
            return
        turn.denies = role == "caller" and stance(utterance.text) == "no"
        self._hear_parts(turn)
        self._hear_places(number, asked)
        offered = role == "agent" and _ALTERNATIVES.search(utterance.text)
        if asked != "caller_name" and not offered:
            self._explain(number)
        if asked == "subject" and role == "caller" and (match := _ORGANISATION.search(utterance.text)):
            span = Evidence(utterance.index, match.start("name"), match.end("name"))
            self._organisation = match["name"], span

    def values(self) -> dict[str, FieldValue]:
        """The fields that are known, each with its evidence and the probability that it is right."""
        values: dict[str, FieldValue] = {}
        subject = self._subject(values)
        place = self._place(values, subject)
        parts = self._parts(values)
        self._address(values, place, subject, parts)
        return values

    # What was heard

    def _hear_parts(self, turn: _Turn) -> None:
        text = turn.utterance.text
        turn.parts = find_parts(text)
        if turn.denies and not turn.parts:
            asked = [said for earlier in self._turns[-4:-1] if earlier.role == "agent" for said in earlier.parts]
            bare = find_bare_number(text)
            if bare and any(said.part == "room" for said in asked):
                turn.parts = [replace(bare, confidence=0.85)]
        if turn.denies:
            corrected = {said.part for said in turn.parts}
            for earlier in self._turns[-4:-1]:
                if earlier.role == "agent":
                    earlier.parts = [said for said in earlier.parts if said.part not in corrected]

    def _hear_places(self, number: int, asked: str | None) -> None:
        turn = self._turns[number]
        text = turn.utterance.text
        hypotheses = turn.utterance.hypotheses[:MAX_HYPOTHESES]
        typed = not hypotheses and turn.utterance.confidence == 1.0
        hearings = self._index.hear(text, hypotheses, typed)
        second_road = self._crossing_roads(turn, hearings)
        offered = turn.role == "agent" and bool(_ALTERNATIVES.search(text))
        expected = asked in ("address", "district", "street", "community", "road", "compound", "subject")
        turn.cost = NEAR if expected or self._area_nearby(number) else FAR
        for hearing in hearings:
            if offered and hearing.kind in ("road", "merchant", "compound", "street"):
                continue
            if _contained(hearing, hearings) or (hearing.kind == "road" and hearing.start in second_road):
                continue
            bits = hearing.bits
            if _DENIED.search(text[max(0, hearing.start - 4) : hearing.start]):
                bits = -bits
            heard = _Heard(number, hearing, bits)
            kind = hearing.kind
            if kind == "merchant" and self._is_landmark(number, hearing):
                kind = "landmark"
                for record in hearing.records:
                    self._support["landmark", record].update(self._support.pop(("merchant", record), {}))
            for record in hearing.records:
                known = self._support[kind, record].get(number)
                if known is None or known.bits < bits:
                    self._support[kind, record][number] = heard
        if turn.denies:
            self._discount(number, hearings)

    def _crossing_roads(self, turn: _Turn, hearings: list[Hearing]) -> set[int]:
        """Find 体育东路跟天河北路交叉路口; where names of the second road begin, which is not the ticket's road."""
        text = turn.utterance.text
        roads = [hearing for hearing in hearings if hearing.kind == "road" and hearing.bits > NEAR]
        for second in roads:
            before = [road for road in roads if road.end + 1 == second.start]
            behind = text[second.end : second.end + CROSSING_WITHIN]
            place = CROSSING_PLACE.search(behind)
            joined = _CROSSING.match(text, second.start - 1) or (
                _good_road(second) and any(_good_road(road) for road in before)
            )
            if not before or not place or not joined:
                continue
            word = next((word for word in ("交叉", "交界", "交汇") if behind in Cue(word)), "")
            what = "处" if word and behind not in Cue("路口") else "路口"
            turn.crossing = second, word + what, second.end + place.end()
            return {road.start for road in roads if not _apart(road, second)}
        return set()

    def _is_landmark(self, number: int, hearing: Hearing) -> bool:
        """Whether a shop is named only to tell where something else is, here or earlier in the call."""
        if _LANDMARK.match(self._turns[number].utterance.text, hearing.end):
            return True
        return any(self._support.get(("landmark", record)) for record in hearing.records)

    def _area_nearby(self, number: int) -> bool:
        return any(
            heard.bits > NEAR + FAR / 2
            for (kind, _), turns in self._support.items()
            if kind in ("district", "street", "road")
            for turn, heard in turns.items()
            if number - turn in (0, 1, 2)
        )

    def _discount(self, number: int, hearings: list[Hearing]) -> None:
        """The caller said no to what the agent read back: names that are replaced in the same breath were wrong."""
        replaced = {hearing.kind: hearing.records for hearing in hearings if hearing.bits > FAR}
        for (kind, record), turns in self._support.items():
            if kind not in replaced or record in replaced[kind]:
                continue
            for turn in (number - 1, number - 2):
                if turn in turns and self._turns[turn].role == "agent":
                    turns[turn] = replace(turns[turn], bits=-abs(turns[turn].bits))

    # What it adds up to

    def _components(self, record: Record) -> list[Record]:
        """A place with everything it lies in."""
        kind, number = record
        numbers = self._index.numbers
        found: list[Record] = [record]
        if kind == "road":
            district = self._index.roads[number][0]
        elif kind == "street":
            district = self._index.streets[number][0]
        elif kind == "community":
            district, street, _ = self._index.communities[number]
            found.append(("street", numbers["street"][district, street]))
        elif kind == "compound":
            compound = self._index.compounds[number]
            district = compound.district
            for other, key in (
                ("street", (district, compound.street)),
                ("community", (district, compound.street, compound.community)),
                ("road", (district, compound.road)),
            ):
                if key in numbers[other]:  # type: ignore[index]
                    found.append((other, numbers[other][key]))  # type: ignore[index, arg-type]
        elif kind in ("merchant", "landmark"):
            merchant = self._index.merchants[number]
            district = merchant.district
            if (district, merchant.road) in numbers["road"]:
                found.append(("road", numbers["road"][district, merchant.road]))
        else:
            return found
        if (district,) in numbers["district"]:
            found.append(("district", numbers["district"][district,]))
        return found

    def _score(self, record: Record) -> float:
        """Evidence in bits for a place and all that it lies in, before the cost of choosing it."""
        per_turn: dict[int, list[tuple[Kind, _Heard]]] = defaultdict(list)
        for component in self._components(record):
            for turn, heard in self._support.get(component, {}).items():
                per_turn[turn].append((component[0], heard))
        sums: dict[Kind, list[float]] = defaultdict(list)
        for turn, heards in per_turn.items():
            taken: list[Hearing] = []
            for kind, heard in sorted(heards, key=lambda item: -item[1].bits):
                hearing = heard.hearing
                if heard.bits < 0:
                    sums[kind].append(heard.bits)
                    continue
                if not all(_apart(hearing, other) for other in taken):
                    continue
                if any(_beside(hearing, other) for other in taken):
                    cost = BESIDE
                else:
                    cost = NEAR if taken else self._turns[turn].cost
                if heard.bits > cost:
                    taken.append(hearing)
                    sums[kind].append(heard.bits - cost)
        total = 0.0
        for bits in sums.values():
            ordered = sorted((bit for bit in bits if bit > 0), reverse=True)
            total += sum(weight * bit for weight, bit in zip(REPEATED, ordered, strict=False))
            total += sum(bit for bit in bits if bit < 0)
        if record[0] not in sums:
            return -math.inf
        return total + self._explanation(record)

    def _explanation(self, record: Record) -> float:
        kind, number = record
        if kind == "compound":
            name = self._index.compounds[number].name
        elif kind == "merchant":
            name = re.sub(r"[(（].*[)）]", "", self._index.merchants[number].name)
        else:
            return 0.0
        turns = self._support.get(record, {})
        bits = 0.0
        for turn, chars in self._explained.items():
            if all(abs(turn - heard) > EXPLAINED_WITHIN for heard in turns):
                continue
            for char, certainty in chars.items():
                if char in name:
                    bits += EXPLAINED * certainty
                elif any(char_distance(char, other) == 0.0 for other in name):
                    bits -= EXPLAINED * certainty
        return bits

    def _explain(self, number: int) -> None:
        """Take the characters explained in an utterance that names heard around it have, each with its certainty.

        The recogniser spells the explaining word as it likes; a spelling that no name in question has is a mistake.
        """
        utterance = self._turns[number].utterance
        variants = (utterance.text, *utterance.hypotheses[:MAX_HYPOTHESES])
        spelled = Counter(char for variant in variants for char in explained_characters(variant))
        if not spelled:
            return
        names = "".join(
            self._name(kind, record)
            for (kind, record), turns in self._support.items()
            if kind in ("compound", "merchant")
            and any(number - turn <= EXPLAINED_WITHIN and heard.bits > FAR for turn, heard in turns.items())
        )
        for char in list(spelled):
            if char not in names:
                del spelled[char]
        for char, count in spelled.items():
            rivals = sum(other for key, other in spelled.items() if char_distance(char, key) == 0.0)
            self._explained[number][char] = count / rivals

    def _hypotheses(self, kinds: Iterable[Kind]) -> list[_Hypothesis]:
        """The places of some kinds, and none of them, with probabilities, best first."""
        sizes: dict[Kind, int] = {
            "district": len(self._index.districts),
            "street": len(self._index.streets),
            "community": len(self._index.communities),
            "road": len(self._index.roads),
            "compound": len(self._index.compounds),
            "merchant": len(self._index.merchants),
            "landmark": len(self._index.merchants),
        }
        wanted = {"district", "street", "road", *kinds}
        found = [_Hypothesis(None, -1, 0.0)]
        for (kind, number), turns in self._support.items():
            if kind in wanted and any(heard.bits > 0 for heard in turns.values()):
                score = self._score((kind, number)) - math.log2(sizes[kind])
                if score > -math.inf:
                    found.append(_Hypothesis(kind, number, score))
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

    def _evidence(self, *records: Record) -> tuple[Evidence, ...]:
        spans = {
            heard.evidence
            for record in records
            for heard in self._support.get(record, {}).values()
            if heard.bits > BESIDE
        }
        return tuple(Evidence(self._turns[turn].utterance.index, start, end) for turn, start, end in sorted(spans))

    # The fields

    def _subject(self, values: dict[str, FieldValue]) -> _Hypothesis | None:
        """The merchant, or the office complained about or praised; fills subject."""
        ranked = self._hypotheses(["merchant"])
        merchants = [hypothesis for hypothesis in ranked if hypothesis.kind == "merchant"]
        if merchants and merchants[0].probability >= SURE:
            best = merchants[0]
            merchant = self._index.merchants[best.number]
            values["subject"] = self._value(merchant.name, best.probability, self._evidence(("merchant", best.number)))
            return best
        if merchants and sum(hypothesis.probability for hypothesis in merchants) >= 0.7:
            self._unresolved_brand(values, merchants)
        if "subject" not in values and (office := self._office()):
            values["subject"] = office
        if "subject" not in values and self._organisation:
            values["subject"] = self._value(self._organisation[0], 0.4, (self._organisation[1],))
        return None

    def _unresolved_brand(self, values: dict[str, FieldValue], merchants: list[_Hypothesis]) -> None:
        """The brand as it was said when its branches cannot be told apart."""
        best = merchants[0]
        heards = self._support["merchant", best.number].values()
        heard = max(heards, key=lambda heard: heard.bits)
        same = sum(hypothesis.probability for hypothesis in merchants if hypothesis.number in heard.hearing.records)
        if same >= SURE:
            evidence = self._evidence(("merchant", best.number))
            values["subject"] = self._value(heard.hearing.spoken, 0.6 * same, evidence)

    def _office(self) -> FieldValue | None:
        """The one office that the caller complains of or praises, not those that will deal with the matter."""
        found: dict[int, list[Evidence]] = defaultdict(list)
        for (kind, number), turns in self._support.items():
            if kind != "department":
                continue
            for turn, heard in turns.items():
                utterance = self._turns[turn].utterance
                text, hearing = utterance.text, heard.hearing
                if self._turns[turn].role != "caller" or hearing.similarity < 0.93:
                    continue
                if _SUBJECT_VERB.search(text[: hearing.start]) or _SUBJECT_DOES.search(text[hearing.end :]):
                    found[number].append(Evidence(utterance.index, hearing.start, hearing.end))
        if len(found) != 1:
            return None
        number, evidence = next(iter(found.items()))
        department = self._index.departments[number]
        if department.kind in ("区政府",):
            return None
        return self._value(department.name, 0.7, tuple(evidence))

    def _place(self, values: dict[str, FieldValue], subject: _Hypothesis | None) -> _Hypothesis | None:
        """The compound, road, street or district; fills the parts of the address that follow from it."""
        ranked = self._hypotheses(["compound", "community", "landmark"])
        marginal: dict[tuple[Kind, str], float] = defaultdict(float)
        records: dict[tuple[Kind, str], Record] = {}
        for hypothesis in ranked:
            if hypothesis.kind is None:
                continue
            for kind, number in self._components((hypothesis.kind, hypothesis.number)):
                name = self._name(kind, number)
                marginal[kind, name] += hypothesis.probability
                records.setdefault((kind, name), (kind, number))
        compound = next((hypothesis for hypothesis in ranked if hypothesis.kind == "compound"), None)
        chosen = compound if compound and compound.probability >= SURE else None
        if chosen is None and subject is not None:
            self._merchant_area(values, subject)
            return None
        for (kind, name), probability in sorted(marginal.items(), key=lambda item: item[1]):
            if probability >= SURE and kind != "landmark":
                evidence = self._evidence(records[kind, name])
                if not evidence and chosen:
                    evidence = self._evidence(("compound", chosen.number))
                if evidence:
                    values[kind] = self._value(name, probability, evidence)
        if chosen:
            return chosen
        return next((hypothesis for hypothesis in ranked if hypothesis.probability >= SURE and hypothesis.kind), None)

    def _merchant_area(self, values: dict[str, FieldValue], subject: _Hypothesis) -> None:
        merchant = self._index.merchants[subject.number]
        own = self._evidence(("merchant", subject.number))
        for kind, number in self._components(("merchant", subject.number))[1:]:
            evidence = self._evidence((kind, number)) or own
            values[kind] = self._value(self._name(kind, number), subject.probability, evidence)
        values.setdefault("road", self._value(merchant.road, subject.probability, own))
        values.setdefault("district", self._value(merchant.district, subject.probability, own))

    def _name(self, kind: Kind, number: int) -> str:
        index = self._index
        if kind == "district":
            return index.districts[number]
        if kind == "street":
            return index.streets[number][1]
        if kind == "community":
            return index.communities[number][2]
        if kind == "road":
            return index.roads[number][1]
        return index.compounds[number].name if kind == "compound" else index.merchants[number].name

    def _parts(self, values: dict[str, FieldValue]) -> str:
        """Building, unit and room: what was said last and not taken back; fills them and returns them as one text."""
        said: dict[Part, tuple[str, float]] = {}
        evidence: dict[tuple[Part, str], list[Evidence]] = defaultdict(list)
        for turn in self._turns:
            for part in turn.parts:
                if part.denied:
                    if part.part in said and said[part.part][0] == part.value:
                        del said[part.part]
                    continue
                known = said.get(part.part)
                if known and known[0] != part.value and part.confidence < known[1]:
                    continue
                confidence = part.confidence
                if known and known[0] == part.value:
                    confidence = min(MAX_CONFIDENCE, max(known[1], confidence) + 0.05)
                said[part.part] = part.value, confidence
                evidence[part.part, part.value].append(Evidence(turn.utterance.index, part.start, part.end))
        for name, (value, confidence) in said.items():
            values[name] = self._value(value, confidence, tuple(evidence[name, value]))
        order: tuple[Part, ...] = ("building", "unit", "room")
        return "".join(said[part][0] for part in order if part in said)

    def _address(
        self, values: dict[str, FieldValue], place: _Hypothesis | None, subject: _Hypothesis | None, parts: str
    ) -> None:
        """The address as it stands on the ticket; fills address."""
        pack = self._index.pack
        inner = [values[name] for name in ("building", "unit", "room") if name in values]
        if place and place.kind == "compound":
            named = [values["compound"], *inner]
            text = self._index.compounds[place.number].address + parts
        elif subject:
            named = [values["subject"], *inner]
            text = self._index.merchants[subject.number].address + parts
        else:
            named = [values[name] for name in ("district", "street", "community", "road") if name in values]
            if not named:
                return
            rest, where = self._rest(values)
            text = pack.city + "".join(str(value.value) for value in named) + rest + parts
            named += inner
            if where:
                named.append(FieldValue(confidence=0.7, evidence=where))
            elif "road" not in values and not parts:
                named.append(FieldValue(confidence=0.4))
        confidence = min(value.confidence for value in named)
        spans = dict.fromkeys(evidence for value in named for evidence in value.evidence)
        ordered = tuple(sorted(spans, key=lambda evidence: (evidence.utterance, evidence.start, evidence.end)))
        values["address"] = self._value(text, confidence, ordered)

    def _rest(self, values: dict[str, FieldValue]) -> tuple[str, tuple[Evidence, ...]]:
        """What was said behind the last known part: a number, a crossing, a landmark, a stop."""
        last = next(values[name] for name in ("road", "community", "street", "district") if name in values)
        best: tuple[str, tuple[Evidence, ...]] = "", ()
        clearest = (0, False)
        for evidence in last.evidence:
            turn = next(turn for turn in self._turns if turn.utterance.index == evidence.utterance)
            number = self._turns.index(turn)
            text = turn.utterance.text
            found = self._crossing(number, evidence) or self._behind(number, text, evidence)
            if found and (_clarity(found[0]), turn.role == "agent") >= clearest:
                clearest = _clarity(found[0]), turn.role == "agent"
                best = found[0], (Evidence(evidence.utterance, evidence.end, found[1]),)
        return best

    def _crossing(self, number: int, evidence: Evidence) -> tuple[str, int] | None:
        crossing = self._turns[number].crossing
        if not crossing or crossing[0].start != evidence.end + 1:
            return None
        second, place, end = crossing
        return f"与{self._name('road', second.records[0])}{place}", end

    def _behind(self, number: int, text: str, evidence: Evidence) -> tuple[str, int] | None:
        if found := house_number(text, evidence.end):
            return found[0], found[2]
        landmark = max(
            (
                heard
                for (kind, _), turns in self._support.items()
                if kind == "landmark" and (heard := turns.get(number)) and heard.hearing.start >= evidence.end - 1
            ),
            key=lambda heard: (heard.bits, -heard.hearing.records[0]),
            default=None,
        )
        if landmark and landmark.bits > FAR:
            name = landmark.hearing.spoken
            if len(landmark.hearing.records) == 1:
                name = self._name("landmark", landmark.hearing.records[0])
            match = _TAIL.match(text[landmark.hearing.end :])
            tail = _tidy(match["tail"]) if match else ""
            return name + tail, landmark.hearing.end + (match.end() if match else 0)
        match = _TAIL.match(text[evidence.end :])
        if not match:
            return None
        tail = _tidy(match["tail"])
        if tail == "站":
            tail = next(
                (word + "站" for word in ("公交", "地铁") if any(word in t.utterance.text for t in self._turns)), ""
            )
        return (tail, evidence.end + match.end()) if tail else None

    @staticmethod
    def _value(value: str, confidence: float, evidence: tuple[Evidence, ...]) -> FieldValue:
        return FieldValue(value, "suggested", round(min(MAX_CONFIDENCE, confidence), 3), evidence)


def _clarity(rest: str) -> int:
    """How much of what was said behind a road is words known for places: a garbled 公荐站 is but 站."""
    words = re.findall(rf"\d+号|与|{_TAIL_NOUN}|{_SIDE_NOUN}", rest)
    return sum(map(len, words))


def _tidy(tail: str) -> str:
    return re.sub("的|那个|那边|那里", "", tail)


def _apart(one: Hearing, other: Hearing) -> bool:
    """Whether two hearings are of different words: they share at most a third of the shorter."""
    shared = min(one.end, other.end) - max(one.start, other.start)
    return shared * 3 <= min(one.end - one.start, other.end - other.start)


def _beside(one: Hearing, other: Hearing) -> bool:
    """Whether two hearings follow each other with no more than a word between them."""
    return 0 <= max(one.start, other.start) - min(one.end, other.end) <= GAP


def _good_road(road: Hearing) -> bool:
    return road.similarity >= 0.85


def _contained(hearing: Hearing, hearings: list[Hearing]) -> bool:
    """Whether it is but a piece of another, better name: 天河 in 天河路, 花园 in a compound."""
    return any(
        other.start <= hearing.start
        and hearing.end <= other.end
        and other.end - other.start > hearing.end - hearing.start
        and other.bits > hearing.bits + 1
        and other.similarity >= 0.9
        for other in hearings
    )


__all__ = ["PlaceIndex", "Places", "asks_for_agreement"]
