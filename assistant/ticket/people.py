"""Who is calling: surname, given name and gender, from both speakers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from assistant.ticket.dialogue import Conversation, Turn
from assistant.ticket.fields import EMPTY, Evidence, FieldValue
from assistant.ticket.sound import alike, encode, toned
from assistant.ticket.surnames import DOUBLE, RANK, explained, homophones, is_surname, is_word, tag, taken_apart

_HAN = "\u4e00-\u9fff"
_DOUBLES = "|".join(DOUBLE)
_INTRODUCTION = re.compile(
    rf"(?:免贵姓?|(?<![{_HAN}])我?姓|我(?:是)?姓|本人姓|(?<![{_HAN}])(?:你们?|您|可以|那|就)*+叫我(?:小|老|阿)?|"
    rf"(?:我|我的名字|我的全名|我全名|我名字)是?叫|(?:名字|全名|大名)是?叫|我名叫|(?<![{_HAN}])叫|"
    rf"(?:不是|应该|是|就是|全名)姓)(?:做|是)?[，, ]?"
)
_BY_SOUND = re.compile(encode(r"姓"))
"""What 姓 sounds like is trusted only in the first few characters of the answer to the agent's question."""
_FAMILY_NAME_TONES = frozenset({"xing4", "xin4"})
_OWN_NAME = re.compile(r"(?:我|名字?|全名)是?叫(?:做|是)?[，, ]?$")
"""Forms of 叫 that give a name without being asked; 叫 alone mostly sends for somebody."""
_ANSWER_START = 5
_RARE = 200
"""Rank from which a surname is likelier another word or a misheard commoner one: the first 200 cover 96 % of people."""
_THIRD_PARTY = re.compile(
    r"(?:司机|师傅|老板|医生|老师|经理|他|她|那个人|对方|主任|店员|同事|老公|老婆|儿子|女儿|爸|妈|邻居|房东|中介)[^，。,.]{0,3}$"
)
_STOP = (
    r"[，。,.！!？?、；;\s]|$|住|电话|是|我|的|联系|手机|号码|在|就|啊|呀|哈|嘛|了|先生|女士|小姐|你|您|他|这|那|可以|吧|呢|哦|行|"
    r"谢谢|同志"
)
"""What may follow a given name where the recogniser wrote no punctuation."""
_GIVEN = re.compile(
    rf"[，,。、 ]*(?:叫|名叫|全名叫?|我叫)?(?P<surname>[{_HAN}]{{1,2}}?)(?P<given>[{_HAN}]{{1,2}}?)(?={_STOP})"
)
_EXPLAINED = re.compile(rf"[，,。、 ]*(?:就是|是)?(?P<word>[{_HAN}]{{1,4}}?)[的得地那个]{{1,3}}(?P<again>[{_HAN}])")
_TITLES = "先生|女士|小姐|阿姨|大姐|大哥|大爷|大妈|叔叔|伯伯|奶奶|爷爷|同志"
_FEMALE = re.compile(
    r"[女旅]士|女[是事市式视](?=[，。,. 您你请]|$|什么|联系|电话|方便|老|那)|"
    r"小姐|阿姨|大姐|奶奶|大妈|老太太|阿婆|大娘|大婶"
)
_MALE = re.compile(r"先生|[先鲜现][生声](?=[，。,. 您你]|$)|大哥|大爷|叔叔|爷爷|伯伯|老伯|阿伯|大叔")
_ADDRESSED = re.compile(rf"[{_HAN}](?=(?:{_FEMALE.pattern})|(?:{_MALE.pattern}))")
_NOT_ADDRESSED = re.compile(r"(?:那位|这位|那个|您|你|的|老|位|好|问|是|请|跟|和|把|让|叫|呼|称|及|等)$")
_OTHER_PERSON = re.compile(r"(?:那位|这位|那个|[您你]|您家|他|她|对方|(?<![好是对以行会])的|店家|一位|有位|哪位)$")
_HINTS_MALE = re.compile(r"我(?:的)?(?:老婆|太太|媳妇|妻子|女朋友)")
_HINTS_FEMALE = re.compile(r"我(?:的)?(?:老公|丈夫|先生|男朋友|婆婆)|我(?:怀孕|怀了|生孩子|剖腹产|坐月子|休产假)")
_COMPOSED = re.compile(r"[，,]?(?:再)?(?:加|去掉|不要|上面|下面|左边|右边|旁边|带)")
"""What turns an explanation into that of another character: a part of it is added or taken away."""
_NOT_GIVEN = (
    "先生",
    "女士",
    "小姐",
    "电话",
    "这个",
    "那个",
    "就是",
    "不是",
    "谢谢",
    "的话",
    "哪里",
    "你好",
    "您好",
    "儿童",
    "一下",
    "没有",
    "好",
)


_TITLE_WORDS = "生太工总师"
"""What stands behind a surname instead of a given name in the south and at work: 何生, 李太, 陈工, 王总."""


@dataclass(frozen=True)
class _Name:
    """One mention of the caller's name."""

    surname: str
    given: str
    weight: float
    evidence: Evidence
    decisive: bool = False
    """Explained character by character, or said to correct the agent."""


_PARTICLES = "吗呢吧啊呀哦啦嘛了的着过么呗哈来去等"
_NEVER_FIRST = "不没是的就行了在把被给很也还都要"
_FUNCTION_WORDS = frozenset(
    ("c", "d", "p", "r", "u", "ud", "ug", "uj", "ul", "uv", "uz", "y", "q", "m", "f", "e", "o", "zg")
)
"""jieba's tags of words that are no given names: 可以, 什么, 一下."""


def _is_given(surname: str, given: str) -> bool:
    """Whether this can be a given name behind the surname, not the rest of an everyday word (司机, 方便吗, 马上来)."""
    if given in (*_NOT_GIVEN, *_TITLE_WORDS) or given[0] in _NEVER_FIRST or given[-1] in _PARTICLES:
        return False
    return not is_word(surname + given) and tag(given) not in _FUNCTION_WORDS


def _said_by_caller(turn: Turn, asked: bool) -> list[_Name]:
    text = turn.text
    found: list[_Name] = []
    parts = taken_apart(text)
    if parts and (asked or "姓" in text):
        given = _GIVEN.match(text, parts[2])
        after = given["given"] if given and given["surname"] == parts[0] else ""
        end = given.end() if after and given else parts[2]
        found.append(_Name(parts[0], after, 3.0, turn.evidence(parts[1], end), decisive=True))
    introductions = list(_INTRODUCTION.finditer(text))
    if asked and not introductions:
        introductions = [
            match
            for match in _BY_SOUND.finditer(encode(text))
            if match.start() < _ANSWER_START and toned(text[match.start()]) in _FAMILY_NAME_TONES
        ]
    for match in introductions:
        if _THIRD_PARTY.search(text[: match.start()]) or match.end() >= len(text):
            continue
        by_name = "叫" in text[match.start() : match.end()]
        if by_name and not asked and not _OWN_NAME.search(text[match.start() : match.end()]):
            continue
        end = match.end() + (len(text) > match.end() + 1 and "免贵" in match.group() and alike(text[match.end()], "姓"))
        name = _named(turn, match.start(), end, asked, by_name)
        if name:
            found.append(name)
    if asked and not found:
        found += _explained_only(turn)
    if asked and not any(name.given for name in found):
        bare = re.match(
            rf"(?:嗯|呃|啊|哦|我是|我|是)?[，, ]?(?P<name>(?:{_DOUBLES})?[{_HAN}]{{1,3}}?)"
            r"(?:先生|女士|小姐)?(?:[，。,. ]|$)",
            text,
        )
        if bare and turn.stance is None:
            surname = bare["name"][:2] if bare["name"][:2] in DOUBLE else bare["name"][0]
            rest = bare["name"][len(surname) :]
            titled = re.search(r"先生|女士|小姐", bare.group())
            if is_surname(surname) and (rest or titled or not found) and (not rest or _is_given(surname, rest)):
                found.append(_Name(surname, rest, 1.0, turn.evidence(*bare.span("name"))))
    return found


def _explained_only(turn: Turn) -> list[_Name]:
    """A surname whose introduction was not understood but whose explanation was: 宪童，儿童的童."""
    pattern = re.compile(rf"(?P<name>[{_HAN}])[，, ]?(?P<word>[{_HAN}]{{1,3}}?)[的得](?P<again>[{_HAN}])")
    for start in range(min(_ANSWER_START, len(turn.text))):
        match = pattern.match(turn.text, start)
        if match and alike(match["name"], match["again"]):
            meant, found = explained(match["word"], match["again"])
            if found and is_surname(meant):
                return [_Name(meant, "", 2.0, turn.evidence(*match.span()), decisive=True)]
    return []


def _named(turn: Turn, start: int, end: int, asked: bool, by_name: bool) -> _Name | None:
    """The name that follows an introduction which ends at `end`."""
    text = turn.text
    surname = text[end : end + 2] if text[end : end + 2] in DOUBLE else text[end]
    if not re.fullmatch(rf"[{_HAN}]+", surname) or surname in "的是不什么这那哪你我他她名":
        return None
    rest, known = end + len(surname), is_surname(surname)
    if not known and (not asked or not homophones(surname)):
        return None
    explanation = _EXPLAINED.match(text, rest)
    if explanation and len(surname) == 1 and alike(explanation["again"], surname):
        meant, found = explained(explanation["word"], explanation["again"] if explanation["again"] in RANK else surname)
        if not is_surname(meant):
            return _Name(surname, "", 0.8, turn.evidence(start, rest))
        found = found and not _COMPOSED.match(text, explanation.end())
        if not found and known:
            meant = surname
        if found or known:
            given = _GIVEN.match(text, explanation.end())
            after = given["given"] if given and given["surname"] and alike(given["surname"], meant) else ""
            stop = given.end() if after and given else explanation.end()
            return _Name(meant, after, 3.0 if found else 1.5, turn.evidence(start, stop), decisive=found)
    if by_name:
        given = re.match(rf"(?P<given>[{_HAN}]{{1,2}}?)(?={_STOP})", text[rest:])
        if given and known and _is_given(surname, given["given"]):
            return _Name(surname, given["given"], 1.3, turn.evidence(start, rest + given.end()))
        only = re.match(rf"(?:{_TITLES}|[{_TITLE_WORDS}])|[吧啊呀就行好了可以\W]*$", text[rest:])
        return _Name(surname, "", 1.0, turn.evidence(start, rest)) if known and asked and only else None
    full = _GIVEN.match(text, rest)
    if full and full["surname"] and alike(full["surname"], surname) and _is_given(surname, full["given"]):
        meant = full["surname"] if is_surname(full["surname"]) else surname
        return _Name(meant, full["given"], 1.3, turn.evidence(start, full.end()))
    direct = re.match(rf"(?P<given>[{_HAN}]{{1,2}})(?=[，。,.！!\s]|$)", text[rest:])
    if (
        direct
        and known
        and asked
        and _is_given(surname, direct["given"])
        and not re.match(_TITLES, direct["given"])
        and text[end - 1] == "是"
    ):
        return _Name(surname, direct["given"], 1.0, turn.evidence(start, rest + direct.end()))
    return _Name(surname, "", 1.2 if known else 0.6, turn.evidence(start, rest))


def _addressed_by_agent(turn: Turn) -> list[_Name]:
    found = []
    for match in _ADDRESSED.finditer(turn.text):
        (start, end), name = match.span(), match.group()
        if not _NOT_ADDRESSED.search(name) and not _OTHER_PERSON.search(turn.text[:start]):
            double = turn.text[max(start - 1, 0) : start + 1]
            surname = double if double in DOUBLE else name
            known = is_surname(surname)
            if not known and not homophones(surname):
                continue
            start -= len(surname) - 1
            found.append(_Name(surname, "", 1.0 if known else 0.5, turn.evidence(start, end + 2)))
    return found


def _names_in(conversation: Conversation, position: int) -> Iterator[tuple[_Name, bool]]:
    """The names in a turn, each with whether it takes the place of all before: the caller corrects the agent."""
    turn = conversation.turns[position]
    if turn.role == "agent":
        yield from ((name, False) for name in _addressed_by_agent(turn))
        return
    corrects = turn.stance == "no" and bool(position) and bool(_addressed_by_agent(conversation.turns[position - 1]))
    asked = "name" in conversation.asked(position, within=2)
    yield from ((name, corrects) for name in _said_by_caller(turn, asked))


def _names(conversation: Conversation) -> list[_Name]:
    found: list[_Name] = []
    for name, corrects in conversation.collect(_names_in):
        found = [] if corrects else found
        found.append(name)
    return found


def _surname(names: list[_Name]) -> tuple[str, float]:
    """The surname that most of the mentions mean, and how likely it is right."""
    decisive = [name for name in names if name.decisive]
    if decisive:
        return decisive[-1].surname, 0.97
    groups: dict[str, float] = {}
    for name in names:
        groups[encode(name.surname)] = groups.get(encode(name.surname), 0.0) + name.weight
    sound = max(groups, key=lambda key: groups[key])
    votes: dict[str, float] = {}
    for name in names:
        if encode(name.surname) == sound and is_surname(name.surname):
            rare = RANK.get(name.surname, 0) > _RARE
            votes[name.surname] = votes.get(name.surname, 0.0) + name.weight * (0.4 if rare else 1.0)
    if not votes:
        heard = next(name.surname for name in names if encode(name.surname) == sound)
        meant = homophones(heard)
        return (meant[0], 0.5) if meant else ("", 0.0)
    surname = max(votes, key=lambda key: (votes[key], -RANK.get(key, 0)))
    agreement = votes[surname] / sum(groups.values())
    return surname, 0.95 if votes[surname] >= 2 and agreement > 0.8 else 0.85 if agreement > 0.6 else 0.6


def _gender_votes(conversation: Conversation, position: int) -> Iterator[tuple[str, float, Evidence]]:
    turn = conversation.turns[position]
    if turn.role == "agent":
        for gender, cue in (("男", _MALE), ("女", _FEMALE)):
            for match in cue.finditer(turn.text):
                if not _OTHER_PERSON.search(turn.text[: match.start()]):
                    yield gender, 1.0, turn.evidence(*match.span())
        return
    for gender, hint in (("男", _HINTS_MALE), ("女", _HINTS_FEMALE)):
        for match in hint.finditer(turn.text):
            yield gender, 0.4, turn.evidence(*match.span())


def read_gender(conversation: Conversation) -> FieldValue:
    """男 or 女: by how the agent addresses the caller, else by how the caller speaks of their own family."""
    votes: dict[str, float] = {"男": 0.0, "女": 0.0}
    said = conversation.collect(_gender_votes)
    for gender, vote, _ in said:
        votes[gender] += vote
    gender = max(votes, key=lambda key: votes[key])
    if not votes[gender]:
        return EMPTY
    share = votes[gender] / sum(votes.values())
    confidence = (0.96 if votes[gender] >= 1 else 0.8) * share
    evidence = tuple(where for other, _, where in said if other == gender)
    return FieldValue(gender, "suggested", round(confidence, 2), evidence)


def _name_answers(conversation: Conversation, position: int) -> Iterator[Turn]:
    turn = conversation.turns[position]
    if turn.role == "caller" and "name" in conversation.asked(position, within=2):
        yield turn


def _full_later(conversation: Conversation, surname: str) -> list[_Name]:
    """The full name as a clause of its own in an answer about the name: ..., 尹秀芳。"""
    clause = re.compile(rf"(?:^|[，,。、])(?:叫)?{surname}(?P<given>[{_HAN}]{{1,2}})(?=[，,。]|$)")
    for turn in conversation.collect(_name_answers):
        for match in clause.finditer(turn.text):
            if _is_given(surname, match["given"]):
                return [_Name(surname, match["given"], 1.0, turn.evidence(*match.span("given")))]
    return []


def read_name(conversation: Conversation, gender: FieldValue) -> FieldValue:
    """The caller's full name, or surname with 先生 or 女士; empty while neither given name nor gender is known."""
    names = _names(conversation)
    if not names:
        return EMPTY
    surname, confidence = _surname(names)
    ours = [name for name in names if alike(name.surname, surname)]
    if not surname or (all(name.weight < 0.5 for name in ours)):
        return EMPTY
    full = [name for name in ours if name.given] or _full_later(conversation, surname)
    evidence = tuple(dict.fromkeys(name.evidence for name in (*ours, *full)))
    if full:
        if not is_surname(full[-1].surname):
            confidence = 0.4
        heard = conversation.said(full[-1].evidence).utterance.confidence
        return FieldValue(surname + full[-1].given, "suggested", round(min(confidence, 0.9) * heard, 2), evidence)
    title = {"男": "先生", "女": "女士"}.get(str(gender.value), "")
    if not title:
        return EMPTY
    return FieldValue(surname + title, "suggested", round(min(confidence, gender.confidence or 1.0), 2), evidence)
