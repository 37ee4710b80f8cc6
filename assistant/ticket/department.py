"""Which office takes the work order on, and which others it works with."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from assistant.ticket.dialogue import Conversation
from assistant.ticket.fields import EMPTY, Candidate, Evidence, FieldValue
from assistant.ticket.sound import TEXTS, encode
from kb.pack import CityPack, Department

DISTRICT = "district"
"""In categories.csv: the desk of the district where it happened."""
GOVERNMENT = "政府"
"""What the kind of a district's own desk says (区政府, 县政府, …)."""

_TRANSFER = re.compile(
    r"转(?:给|交|到|派|办|送|接)?|交(?:给|由)|派(?:给|单)|报(?:给|送|到)?(?!案|警|名|修|销|告|备)|由(?!于)|反映给|请(?!问|您|你|稍|保|留|讲|说|先|打|放)|联系(?!电话|方式|人)"
)
_MISHEARD_TRANSFER = re.compile(r"[准专赚传整撰砖抓](?:给|交|到)?")
"""What 转 is heard as; trusted only right before the name of an office."""
_THREE_WAY = re.compile(r"三方[^，。]{0,6}$")
"""A call put through to the emergency services is not the work order's way."""
_JOINT = re.compile(r"一起|一同|一块|联合|共同|协助|配合|会同|协办|召集|同时|[和跟与及、]$")
_OWN_SUFFIX = re.compile(r"(?:局|委员会|委|办公室|中心|公司|支队|部门)$")
_PLAIN = "部门"


@dataclass(frozen=True)
class _Named:
    department: Department
    evidence: Evidence
    position: int
    direct: bool
    """Right behind 转给 or one of its kind, not behind 请 ... 一起."""


class DepartmentNames:
    """Every way to say an office's name, by text and by sound; built once per city pack."""

    def __init__(self, pack: CityPack) -> None:
        self.by_code = {department.code: department for department in pack.departments}
        self.categories = {category.code: category for category in pack.leaves}
        of_districts = [department for department in pack.departments if department.district]
        self.desks = {d.district: d for d in reversed(of_districts)}
        self.desks |= {d.district: d for d in reversed(of_districts) if GOVERNMENT in d.kind}
        self._aliases: dict[str, Department] = {}
        for department in pack.departments:
            for alias in self._spoken(department, pack.city):
                self._aliases.setdefault(alias, department)
        longest_first = sorted(self._aliases, key=len, reverse=True)
        self._text = re.compile("|".join(map(re.escape, longest_first)))
        by_sound = [alias for alias in longest_first if len(alias) >= 3 and not alias.isascii()]
        self._sounds = {encode(alias): self._aliases[alias] for alias in reversed(by_sound)}
        self._sound = re.compile("|".join(re.escape(encode(alias)) for alias in by_sound))
        self.find = lru_cache(maxsize=TEXTS)(self._find)
        self.of_district = lru_cache(maxsize=None)(self._of_district)
        self._short = {encode(alias): self._aliases[alias] for alias in longest_first if len(alias) == 2}

    @staticmethod
    def _spoken(department: Department, city: str) -> list[str]:
        names = [department.name, department.name.removeprefix(city), *department.short_names]
        stems = [_OWN_SUFFIX.sub("", name) for name in names]
        return [
            *(name for name in names if len(name) >= 2),
            *(stem + _PLAIN for stem in stems if len(stem) >= 2),
            *(stem for stem, name in zip(stems, names, strict=True) if len(stem) >= 4 and stem != name),
        ]

    def _find(self, text: str) -> tuple[tuple[Department, int, int], ...]:
        """Offices named in a text, in order, not overlapping; by sound where the spelling finds nothing.

        Short forms of two characters (联通) are trusted by sound only beside another office, as in a list.
        """
        found = [(self._aliases[m.group()], *m.span()) for m in self._text.finditer(text)]
        for match in self._sound.finditer(encode(text)):
            if not any(start < match.end() and match.start() < end for _, start, end in found):
                found.append((self._sounds[match.group()], *match.span()))
        sounds = encode(text)
        for start in range(len(text) - 1):
            beside = any(abs(start + 2 - s) <= 1 or abs(start - e) <= 1 for _, s, e in found)
            free = not any(s < start + 2 and start < e for _, s, e in found)
            if beside and free and sounds[start : start + 2] in self._short:
                found.append((self._short[sounds[start : start + 2]], start, start + 2))
        return tuple(sorted(found, key=lambda entry: entry[1]))

    def _of_district(self, department: Department, district: str | None) -> Department:
        """The district's own office of the same name (番禺自来水 for 自来水), where the pack has one."""
        if not district or department.district:
            return department
        stem = district[:-1] if district[-1:] in "区县市" else district
        for other in self.by_code.values():
            if other.district == district and any(stem + name in other.short_names for name in department.short_names):
                return other
        return department


def _named(conversation: Conversation, position: int, names: DepartmentNames) -> Iterator[_Named]:
    """The offices that the agent says the matter goes to, in the order in which they are said."""
    turn = conversation.turns[position]
    if turn.role != "agent" or "评价" in turn.text:
        return
    mentions = names.find(turn.text)
    cue = _TRANSFER.search(turn.text)
    for department, start, end in mentions:
        misheard = _MISHEARD_TRANSFER.search(turn.text[max(0, start - 3) : start])
        if not (cue and cue.end() <= start) and not misheard:
            continue
        nearest = list(_TRANSFER.finditer(turn.text[:start]))
        word = nearest[-1].group() if nearest else "转"
        between = turn.text[nearest[-1].end() : start] if nearest else ""
        if _THREE_WAY.search(turn.text[:start]) and len(mentions) > 1:
            continue
        if re.search(r"[。？！?!]", between) or re.search(r"吗|没有|过(?:了|吗)", turn.text[end : end + 6]):
            continue
        direct = bool(misheard) or (not word.startswith(("请", "联系", "由")) and not _JOINT.search(between))
        yield _Named(department, turn.evidence(start, end), position, direct)


def read_departments(
    conversation: Conversation,
    names: DepartmentNames,
    category: FieldValue,
    probabilities: dict[str, float],
    district: FieldValue,
) -> tuple[FieldValue, FieldValue]:
    """The department in charge and those that join in (a list of codes).

    In charge is the office that the agent names when passing the matter on, else the one that the category goes to;
    `probabilities` are those of the categories. Joining in are the others that the agent names in the same breath.
    """
    ranked = _ranked(names, probabilities, district)
    named = conversation.collect(_named, names)
    direct = [entry for entry in named if entry.direct]
    usual = FieldValue()
    if category.value is not None:
        usual = _usual(names, category, ranked, district)
    if not direct:
        main = usual
    else:
        said = [entry.department for entry in direct]
        last_turn = max(entry.position for entry in direct)
        first_of_last = next(entry for entry in direct if entry.position == last_turn)
        chosen = names.of_district(first_of_last.department, _text(district))
        evidence = tuple(e.evidence for e in direct if e.department is first_of_last.department)
        confidence = 0.95 if len({d.code for d in said}) == 1 or chosen.code == usual.value else 0.85
        others = [Candidate(code, names.by_code[code].name, share) for code, share in ranked if code != chosen.code]
        main = FieldValue(
            chosen.code, "suggested", confidence, evidence, chosen.name,
            (Candidate(chosen.code, chosen.name, confidence), *others[:2]),
        )  # fmt: skip
    joint = _joint(conversation, named, main, names)
    return main, joint


OPERATOR = "公司"
"""In the name of an office that serves customers: a complaint that goes to it is about it."""
_AGAINST = ("投诉", "表扬")
BY_NAME = 0.75


def read_operator(
    conversation: Conversation, names: DepartmentNames, department: FieldValue, request_type: FieldValue
) -> FieldValue:
    """The company whose service is complained of or praised: the one in charge, where somebody named it."""
    office = names.by_code.get(_text(department) or "")
    if office is None or OPERATOR not in office.name or request_type.value not in _AGAINST:
        return EMPTY
    evidence = tuple(where for code, where in conversation.collect(_offices, names) if code == office.code)
    return FieldValue(office.name, "suggested", BY_NAME, evidence) if evidence else EMPTY


def _offices(conversation: Conversation, position: int, names: DepartmentNames) -> Iterator[tuple[str, Evidence]]:
    turn = conversation.turns[position]
    for department, start, end in names.find(turn.text):
        yield department.code, turn.evidence(start, end)


def _text(field: FieldValue) -> str | None:
    return field.value if isinstance(field.value, str) else None


def _ranked(names: DepartmentNames, probabilities: dict[str, float], district: FieldValue) -> list[tuple[str, float]]:
    """Departments by the probability of all categories that go to them, likeliest first."""
    shares: dict[str, float] = {}
    for code, share in probabilities.items():
        department = _default(names, code, district)
        if department:
            shares[department.code] = shares.get(department.code, 0.0) + share
    return sorted(shares.items(), key=lambda item: (-item[1], item[0]))[:3]


def _default(names: DepartmentNames, category: str, district: FieldValue) -> Department | None:
    code = names.categories[category].department
    if code == DISTRICT:
        return names.desks.get(_text(district) or "")
    department = names.by_code.get(code)
    return names.of_district(department, _text(district)) if department else None


def _usual(
    names: DepartmentNames, category: FieldValue, ranked: list[tuple[str, float]], district: FieldValue
) -> FieldValue:
    department = _default(names, str(category.value), district)
    shares = dict(ranked)
    candidates = [Candidate(code, names.by_code[code].name, round(share, 2)) for code, share in ranked]
    if department is None:
        return FieldValue(candidates=tuple(candidates))
    share = max(shares.get(department.code, 0.0), category.confidence)
    first = Candidate(department.code, department.name, round(share, 2))
    others = [candidate for candidate in candidates if candidate.value != department.code]
    return FieldValue(
        department.code,
        "suggested",
        round(min(share, 0.9), 2),
        category.evidence,
        department.name,
        (first, *others[:2]),
    )


def _joint(conversation: Conversation, named: list[_Named], main: FieldValue, names: DepartmentNames) -> FieldValue:
    """Others named in an utterance that passes the matter on, where it speaks of doing it together."""
    codes: dict[str, list[Evidence]] = {}
    turns: dict[int, list[_Named]] = {}
    for entry in named:
        turns.setdefault(entry.position, []).append(entry)
    for position in {entry.position for entry in named if entry.direct}:
        text, entries = conversation.turns[position].text, turns[position]
        together = re.search(r"一起|一同|联合|共同|协助|配合|会同|协办|召集|同时|[也并]请|督促", text)
        for before, entry in zip([None, *entries], entries, strict=False):
            code = entry.department.code
            between = text[before.evidence.end : entry.evidence.start] if before else ""
            if code != main.value and before and (together or re.fullmatch(r"[和跟与及、]", between)):
                codes.setdefault(code, []).append(entry.evidence)
    if not codes:
        return EMPTY
    evidence = tuple(e for spans in codes.values() for e in spans)
    display = "、".join(names.by_code[code].name for code in codes)
    return FieldValue(list(codes), "suggested", 0.85, evidence, display)
