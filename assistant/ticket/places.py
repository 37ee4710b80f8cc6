"""Where a matter happened and whom it is about, from what both speakers said so far."""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from assistant.ticket.building import Part, Said, find_bare_number, find_parts, house_number
from assistant.ticket.dialogue import REMEMBERED, read_turn
from assistant.ticket.fields import EMPTY, Candidate, Evidence, FieldValue
from assistant.ticket.organisations import named_organisations
from assistant.ticket.placeevidence import FAR, HEARD, NEAR, WITHIN, Heard, Hypothesis, PlaceEvidence, apart
from assistant.ticket.placeindex import Hearing, Kind, PlaceIndex, Record
from assistant.ticket.questions import Question
from assistant.ticket.spot import Crossing, clarity, find_crossing, find_spot, is_landmark
from assistant.transcript import Utterance
from kb.pinyin import pinyin

MAX_HYPOTHESES = 4
"""Second choices of the recogniser that are searched for names."""
SURE = 0.5
"""A place of lower probability is not named at all."""
ELSEWHERE = 20.0
"""Score from which a merchant is the subject although the matter happened in a compound: it need not lie there."""
BRAND_ONLY = 0.6
"""Part of its probability that a brand keeps as subject when its branches cannot be told apart."""
MOST_CANDIDATES, LEAST_LIKELY = 3, 0.05
"""Merchants that the agent is offered as subject, and the probability of the last."""
AS_SAID = 0.4
"""Confidence in a name that is in no list."""
SPOT = 0.7
"""Confidence in the wording of a spot (对面停车位) that is in no list."""
OFFICE = 0.7
"""Confidence in an office that the caller complains of or praises."""
RECOGNISED = 0.93
"""Part of the confidence in a building, unit or room that is left when it was recognised: digits get lost."""
MAX_CONFIDENCE = 0.97
ASKED_FROM = 4.0
"""Bits from which a name is worth asking the recogniser for."""
MOST_ASKED, MOST_GROUPS = 10, 2
"""Names in one place, and places in one utterance, that it is asked for."""
ANSWERED_BITS = 0.72
NEUTRAL = -12.5
LEAST_ANSWERED, MOST_ANSWERED = -12.0, 6.0
"""A name gains or loses so many bits for each unit of log-probability by which it is above or below NEUTRAL behind the
likeliest text, within limits. Fitted on 1,178 names in 33 calls, of which 41 had been said."""
AGAIN = 0.05
"""Added to the confidence in a building, unit or room that was said more than once."""

_ASKABLE = frozenset(("street", "community", "road", "compound", "merchant"))
_ASKED = ("address", "district", "street", "community", "road", "compound", "subject")
_SKIPPED = re.compile(r"热线|1\s*2\s*3\s*4\s*5|为您服务|感谢您的来电|做出评价")
"""Greetings and goodbyes: the city in them is not an address."""
_DENIED = re.compile(r"(?<!是)不(?:是|在)(?:说|那个)?$")
_ALTERNATIVES = re.compile("还是|或者")
_SUBJECT_VERB = re.compile(r"(?:投诉|举报|表扬|反映|告)(?:一下|的是|那个|这个|你们|我们)?$")
_SUBJECT_DOES = re.compile(
    r"的?(?:表扬|多收|乱收|乱扣|扣了?|欠|拖欠|不肯|不给|不让|不作为|态度|服务|司机|师傅|客服|员工|工作人员|营业厅)"
)


@dataclass
class _Turn:
    utterance: Utterance
    role: str
    denies: bool = False
    parts: list[Said] = field(default_factory=list)
    crossing: Crossing | None = None

    @property
    def text(self) -> str:
        return self.utterance.text


class Places:
    """The places of one call: `hear` takes its utterances in order, `values` tells what is known so far."""

    def __init__(self, index: PlaceIndex) -> None:
        self._index = index
        self._evidence = PlaceEvidence(index)
        self._turns: list[_Turn] = []
        self._numbers: dict[int, int] = {}
        """Index of an utterance -> its place among the turns."""
        self._with_parts: deque[_Turn] = deque(maxlen=REMEMBERED)
        self._groups: list[list[Hearing]] = []
        """Names of the last utterance that the recogniser may be asked for, those in the same place together."""
        self._offices: dict[int, list[Heard]] = defaultdict(list)
        """Offices that the caller complains of or praises, and where."""
        self._organisations: dict[str, list[Evidence]] = defaultdict(list)
        """Names that are in no list, and where they were said."""
        self._named: set[str] = set()
        """Those that the caller gave when asked whom it is about, or complained of."""

    def hear(self, utterance: Utterance, asked: str | None = None) -> None:
        """Take one more utterance; `asked` is the ticket field that the agent's last question was about."""
        read = read_turn(utterance)
        role = read.role
        turn = _Turn(utterance, role, denies=role == "caller" and read.stance == "no")
        self._numbers[utterance.index] = len(self._turns)
        self._turns.append(turn)
        self._groups = []
        if role == "agent" and _SKIPPED.search(utterance.text):
            return
        self._hear_parts(turn)
        if turn.parts:
            self._with_parts.append(turn)
        self._hear_places(len(self._turns) - 1, asked)
        for name, start, end in named_organisations(utterance.text, asked == "subject" and role == "caller"):
            self._organisations[name].append(Evidence(utterance.index, start, end))
            if role == "caller" and (asked == "subject" or _SUBJECT_VERB.search(utterance.text[:start])):
                self._named.add(name)

    def questions(self) -> list[Question]:
        """Which of the names that the last utterance may hold was said? (None of an utterance that was typed.)"""
        questions = []
        for group in self._groups:
            start, end = _span(group)
            text = self._turns[-1].text
            variants = (_instead(text, start, end, hearing) for hearing in group)
            texts = tuple(dict.fromkeys((text[start:end], *variants)))
            questions.append(Question(self._turns[-1].utterance.index, start, end, texts))
        return questions

    def learn(self, question: Question, scores: Mapping[str, float]) -> None:
        """Take the answer to one of the `questions`: names that sound alike count alike, whatever their characters."""
        group = next((g for g in self._groups if _span(g) == (question.start, question.end)), None)
        number = self._numbers.get(question.utterance)
        if group is None or number != len(self._turns) - 1 or not scores:
            return
        self._groups.remove(group)
        best = max(scores.values())
        text = self._turns[number].text
        by_sound: dict[tuple[str, ...], float] = {}
        for hearing in group:
            sound = tuple(pinyin(hearing.spoken))
            score = scores[_instead(text, question.start, question.end, hearing)]
            by_sound[sound] = max(score, by_sound.get(sound, score))
        for hearing in group:
            behind = by_sound[tuple(pinyin(hearing.spoken))] - best
            more = ANSWERED_BITS * (behind - NEUTRAL)
            self._evidence.revise(number, hearing, min(max(more, LEAST_ANSWERED), MOST_ANSWERED))

    def values(self) -> dict[str, FieldValue]:
        """The fields that are known, each with its evidence and the probability that it is right."""
        values: dict[str, FieldValue] = {}
        merchant = self._fill_subject(values)
        place = self._fill_area(values, merchant)
        parts = self._fill_parts(values)
        self._fill_address(values, place, merchant, parts)
        return values

    def _hear_parts(self, turn: _Turn) -> None:
        trust = 1.0 if _typed(turn.utterance) else RECOGNISED
        turn.parts = [replace(said, confidence=trust * said.confidence) for said in find_parts(turn.text)]
        if not turn.denies:
            return
        read_back = [earlier for earlier in self._turns[-WITHIN - 2 : -1] if earlier.role == "agent"]
        if not turn.parts and any(said.part == "room" for earlier in read_back for said in earlier.parts):
            bare = find_bare_number(turn.text)
            turn.parts = [bare] if bare else []
        corrected = {said.part for said in turn.parts}
        for earlier in read_back:
            earlier.parts = [said for said in earlier.parts if said.part not in corrected]

    def _hear_places(self, number: int, asked: str | None) -> None:
        turn = self._turns[number]
        text = turn.text
        hypotheses = turn.utterance.hypotheses[:MAX_HYPOTHESES]
        hearings = self._index.hear(text, hypotheses, _typed(turn.utterance))
        self._groups = [] if _typed(turn.utterance) else _grouped(hearings)
        turn.crossing = find_crossing(text, [road for road in hearings if road.kind == "road" and road.bits > NEAR])
        offers = turn.role == "agent" and bool(_ALTERNATIVES.search(text))
        for hearing in hearings:
            if _contained(hearing, hearings) or (offers and hearing.kind in ("road", "merchant", "compound", "street")):
                continue
            if turn.crossing and hearing.kind == "road" and not apart(hearing, turn.crossing.second):
                continue
            denied = bool(_DENIED.search(text[max(0, hearing.start - 4) : hearing.start]))
            self._evidence.add(number, hearing, denied, landmark=is_landmark(text, hearing.end))
        self._evidence.expect(number, asked in _ASKED)
        self._evidence.add_section(number, text, turn.denies)
        if turn.denies:
            replaced: dict[Kind, tuple[int, ...]] = {}
            for hearing in hearings:
                if hearing.bits > FAR:
                    replaced.setdefault(hearing.kind, hearing.records)
            read_back = [
                earlier for earlier in range(max(0, number - WITHIN), number) if self._turns[earlier].role == "agent"
            ]
            self._evidence.deny(read_back, replaced)
        if asked != "caller_name" and not offers:
            self._evidence.explain(number, (text, *hypotheses))
        self._hear_offices(number)

    def _hear_offices(self, number: int) -> None:
        turn = self._turns[number]
        for office, heard in self._evidence.heard("department", number):
            hearing = heard.hearing
            if turn.role != "caller" or hearing.similarity < 0.93:
                continue
            if _SUBJECT_VERB.search(turn.text[: hearing.start]) or _SUBJECT_DOES.match(turn.text, hearing.end):
                self._offices[office].append(heard)

    def _fill_subject(self, values: dict[str, FieldValue]) -> Hypothesis | None:
        """The merchant when it is known, else the brand, the office complained of or praised, or what was said."""
        compounds = self._evidence.hypotheses("compound", "community", "landmark")
        elsewhere = compounds[0].kind == "compound" and compounds[0].probability >= SURE
        ranked = self._evidence.hypotheses("merchant", areas=False) if elsewhere else []
        if not ranked or ranked[0].score < ELSEWHERE:
            ranked = self._evidence.hypotheses("merchant")
        merchants = [place for place in ranked if place.kind == "merchant"]
        if merchants:
            best = merchants[0]
            spans = self._evidence.spans("merchant", best.number)
            if best.probability >= SURE:
                name = self._evidence.name("merchant", best.number)
                found = _value(name, best.probability, self._spans(spans))
                values["subject"] = replace(found, candidates=self._candidates(merchants))
                return best
            spoken = max(spans, key=lambda heard: heard.bits).hearing
            brand = sum(place.probability for place in merchants if place.number in spoken.records)
            if brand >= SURE:
                values["subject"] = _value(spoken.spoken, BRAND_ONLY * brand, self._spans(spans))
        if "subject" not in values and (office := self._office()):
            values["subject"] = office
        if "subject" not in values and (said := self._as_said()):
            values["subject"] = _value(said, AS_SAID, self._organisations[said])
        if candidates := self._candidates(merchants):
            values["subject"] = replace(values.get("subject", EMPTY), candidates=candidates)
        return None

    def _candidates(self, merchants: Iterable[Hypothesis]) -> tuple[Candidate, ...]:
        """The likeliest merchants by name, best first."""
        likely: dict[str, float] = {}
        for place in merchants:
            if place.probability >= LEAST_LIKELY:
                likely.setdefault(self._evidence.name("merchant", place.number), place.probability)
        best = list(likely.items())[:MOST_CANDIDATES]
        return tuple(Candidate(name, name, round(probability, 2)) for name, probability in best)

    def _as_said(self) -> str | None:
        """The organisation in no list that was said most often: by both speakers, or in answer to whom it is about."""
        speakers = {
            name: {self._turns[self._numbers[where.utterance]].role for where in spans}
            for name, spans in self._organisations.items()
        }
        meant = [
            name for name, roles in speakers.items() if "caller" in roles and (len(roles) > 1 or name in self._named)
        ]
        return max(meant, key=lambda name: (len(self._organisations[name]), len(name)), default=None)

    def _office(self) -> FieldValue | None:
        """The one office that the caller complains of or praises, not those that will deal with the matter."""
        if len(self._offices) != 1:
            return None
        number, heards = next(iter(self._offices.items()))
        department = self._index.departments[number]
        if department.name.startswith(department.district or "-"):  # a district is where, not whom
            return None
        return _value(department.name, OFFICE, self._spans(heards[-HEARD:]))

    def _fill_area(self, values: dict[str, FieldValue], merchant: Hypothesis | None) -> Hypothesis | None:
        """District, street, community, road and compound, from the compound, the merchant or what was said of them."""
        ranked = self._evidence.hypotheses("compound", "community", "landmark")
        compound = next((place for place in ranked if place.kind == "compound" and place.probability >= SURE), None)
        if merchant and not compound:
            self._fill_merchant_area(values, merchant)
            return None
        probabilities: dict[tuple[Kind, str], float] = defaultdict(float)
        records: dict[tuple[Kind, str], Record] = {}
        sources: dict[tuple[Kind, str], Record] = {}
        for place in ranked:
            if place.kind is None:
                continue
            for kind, number in self._evidence.components(place.kind, place.number):
                name = self._evidence.name(kind, number)
                probabilities[kind, name] += place.probability
                records.setdefault((kind, name), (kind, number))
                sources.setdefault((kind, name), (place.kind, place.number))
        for (kind, name), probability in probabilities.items():
            if probability >= SURE and kind != "landmark":
                spans = self._evidence.spans(*records[kind, name])
                if not spans and (kind == "district" or sources[kind, name][0] == "compound"):
                    spans = self._evidence.spans(*sources[kind, name])
                if spans:
                    values[kind] = _value(name, probability, self._spans(spans))
        return compound

    def _fill_merchant_area(self, values: dict[str, FieldValue], merchant: Hypothesis) -> None:
        pack = self._index.merchants[merchant.number]
        own = self._evidence.spans("merchant", merchant.number)
        heard: dict[Kind, list[Heard]] = {
            kind: self._evidence.spans(kind, number)
            for kind, number in self._evidence.components("merchant", merchant.number)
        }
        for kind, name in (("district", pack.district), ("road", pack.road)):
            spans = heard.get("district" if kind == "district" else "road") or own
            values[kind] = _value(name, merchant.probability, self._spans(spans))

    def _fill_parts(self, values: dict[str, FieldValue]) -> str:
        """Building, unit and room: what was said last and not taken back; all of them as one text."""
        said: dict[Part, tuple[str, float]] = {}
        spans: dict[tuple[Part, str], list[Evidence]] = defaultdict(list)
        for turn in self._with_parts:
            for part in turn.parts:
                value, confidence = said.get(part.part, ("", 0.0))
                if part.denied:
                    if value == part.value:
                        del said[part.part]
                elif value == part.value:
                    said[part.part] = value, max(confidence, part.confidence + AGAIN)
                elif part.confidence >= confidence - AGAIN or turn.denies:
                    said[part.part] = part.value, part.confidence
                else:
                    continue
                spans[part.part, part.value].append(Evidence(turn.utterance.index, part.start, part.end))
        for name, (value, confidence) in said.items():
            values[name] = _value(value, confidence, spans[name, value])
        order: tuple[Part, ...] = ("building", "unit", "room")
        return "".join(said[part][0] for part in order if part in said)

    def _fill_address(
        self, values: dict[str, FieldValue], compound: Hypothesis | None, merchant: Hypothesis | None, parts: str
    ) -> None:
        inner = [values[name] for name in ("building", "unit", "room") if name in values]
        if compound:
            named = [values["compound"], *inner]
            text = self._index.compounds[compound.number].address + parts
        elif merchant:
            named = [values["subject"], *inner]
            text = self._index.merchants[merchant.number].address + parts
        else:
            narrowest = "road" if "road" in values else "community"
            named = [values[name] for name in ("district", "street", narrowest) if name in values]
            if not named:
                return
            spot, where = self._spot(values)
            text = self._index.pack.city + "".join(str(value.value) for value in named) + spot + parts
            named += inner
            if where:
                named.append(FieldValue(confidence=SPOT, evidence=(where,)))
            elif "road" not in values and not parts:
                named.append(FieldValue(confidence=AS_SAID))
        spans = {span for value in named for span in value.evidence}
        ordered = sorted(spans, key=lambda span: (span.utterance, span.start, span.end))
        values["address"] = _value(text, min(value.confidence for value in named), ordered)

    def _spot(self, values: dict[str, FieldValue]) -> tuple[str, Evidence | None]:
        """What was said behind the last known part of the address, in the clearest of its utterances."""
        name = next(name for name in ("road", "community", "street", "district") if name in values)
        last = values[name]
        best: tuple[str, Evidence | None] = "", None
        clearest = (0, False)
        for span in last.evidence:
            number = self._numbers[span.utterance]
            said = self._turns[number].text[span.start : span.end]
            bare = name == "district" and said in str(last.value)[:-1]  # 天河 in 天河客运站 belongs to the station
            found = self._spot_behind(number, span.start if bare else span.end)
            if found and (rank := (clarity(found[0]), self._turns[number].role == "agent")) >= clearest:
                clearest, best = rank, (found[0], Evidence(span.utterance, span.end, found[1]))
        return best

    def _spot_behind(self, number: int, position: int) -> tuple[str, int] | None:
        turn = self._turns[number]
        if turn.crossing and turn.crossing.second.start == position + 1:
            road = self._evidence.name("road", turn.crossing.second.records[0])
            return f"与{road}{turn.crossing.place}", turn.crossing.end
        if house := house_number(turn.text, position):
            return house[0], house[2]
        landmarks = [
            heard
            for _, heard in self._evidence.heard("landmark", number)
            if heard.hearing.start >= position - 1 and heard.bits > FAR
        ]
        if landmarks:
            hearing = max(landmarks, key=lambda heard: (heard.bits, -heard.hearing.records[0])).hearing
            alone = len(hearing.records) == 1
            name = self._evidence.name("landmark", hearing.records[0]) if alone else hearing.spoken
            behind = find_spot(turn.text, hearing.end) or ("", hearing.end)
            return name + behind[0], behind[1]
        found = find_spot(turn.text, position)
        if found and found[0] == "站":
            stop = next((kind for kind in ("公交", "地铁") if any(kind in turn.text for turn in self._turns)), None)
            found = (f"{stop}站", found[1]) if stop else None
        return found

    def _spans(self, heards: Iterable[Heard]) -> list[Evidence]:
        return [
            Evidence(self._turns[heard.turn].utterance.index, heard.hearing.start, heard.hearing.end)
            for heard in heards
        ]


def _grouped(hearings: list[Hearing]) -> list[list[Hearing]]:
    """The names that were heard in the same place, where any is worth asking for; best first."""
    left = [hearing for hearing in hearings if hearing.kind in _ASKABLE]
    groups: list[list[Hearing]] = []
    while left and left[0].bits >= ASKED_FROM and len(groups) < MOST_GROUPS:
        best = left[0]
        here = [hearing for hearing in left if hearing.start < best.end and best.start < hearing.end]
        groups.append(here[:MOST_ASKED])
        left = [hearing for hearing in left if hearing not in here]
    return groups


def _span(group: list[Hearing]) -> tuple[int, int]:
    return min(hearing.start for hearing in group), max(hearing.end for hearing in group)


def _instead(text: str, start: int, end: int, hearing: Hearing) -> str:
    """Characters [start, end) of a text with a name in the place where it was heard."""
    return text[start : hearing.start] + hearing.spoken + text[hearing.end : end]


def _typed(utterance: Utterance) -> bool:
    return utterance.confidence == 1.0 and not utterance.hypotheses


def _value(value: str, confidence: float, evidence: Iterable[Evidence]) -> FieldValue:
    return FieldValue(value, "suggested", round(min(MAX_CONFIDENCE, confidence), 3), tuple(evidence))


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
