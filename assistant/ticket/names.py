"""The caller's name: what was said for it, how it was explained, and what the recogniser answers about it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from assistant.ticket.dialogue import Conversation, Turn
from assistant.ticket.dictionary import is_word, tag
from assistant.ticket.fields import EMPTY, Candidate, Evidence, FieldValue
from assistant.ticket.givennames import likeliest
from assistant.ticket.people import OTHER_PERSON, titles
from assistant.ticket.questions import Question, Sounds
from assistant.ticket.sound import toned
from assistant.ticket.spelling import SAME, Explained, explanations
from assistant.ticket.surnames import DOUBLE, RANK, is_surname
from kb.pinyin import char_distance

_HAN = "\u4e00-\u9fff"
_INTRODUCTION = re.compile(
    rf"(?:免贵姓?|(?<![{_HAN}])我?姓|我(?:是)?姓|本人姓|(?<![{_HAN}])(?:你们?|您|可以|那|就)*+叫我(?:小|老|阿)?|"
    rf"(?:我|我的名字|我的全名|我全名|我名字)是?叫|(?:名字|全名|大名)(?:是|叫)+|全名|我名叫|(?<![{_HAN}])叫|"
    rf"(?:不是|应该|是|就是|全名)姓)(?:做|是)?[，, ]?"
)
_OWN_NAME = re.compile(r"(?:我|名字?|全名)是?叫(?:做|是)?[，, ]?$|全名(?:是|叫)*$")
"""Forms of 叫 that give a name without being asked; 叫 alone mostly sends for somebody."""
_FAMILY_NAME_TONES = frozenset({"xing4", "xin4"})
"""What 姓 sounds like is trusted only in the first few characters of the answer to the agent's question."""
_ANSWER_START = 5
_THIRD_PARTY = re.compile(
    r"(?:司机|师傅|老板|医生|老师|经理|他|她|那个人|对方|主任|店员|同事|老公|老婆|儿子|女儿|爸|妈|邻居|房东|中介)[^，。,.]{0,3}$"
)
_DOUBLES = re.compile("|".join(DOUBLE))
_CLAUSE = re.compile(r"(?:^|[，,。、])(?:[嗯呃啊哦唉哎诶好，,。 ]|我?就?是|我|那个)*")
"""Where a name may begin without any word that says so."""
_BEHIND = re.compile(
    r"住|电话|是|我|的|联系|手机|号码|在|就|啊|呀|哈|嘛|了|先生|女士|小姐|你|您|他|这|那|可以|吧|呢|哦|行|谢谢|同志|[0-9零幺]"
)
"""What may follow a given name where the recogniser wrote no punctuation."""
_TITLE = re.compile("先生|女士|小姐|阿姨|大姐|大哥|大爷|大妈|叔叔|伯伯|奶奶|爷爷|同志")
"""What may follow the caller's own name."""
_NOT_ADDRESSED = re.compile(r"(?:那位|这位|那个|您|你|的|老|位|好|问|是|请|跟|和|把|让|叫|呼|称|及|等)$")
_NOT_SURNAME = "的是不什么这那哪你我他她名们一"
_NOT_GIVEN = re.compile(
    "先生|女士|小姐|电话|这个|那个|就是|不是|谢谢|的话|哪里|你好|您好|儿童|一下|没有|好|阿姨|大姐|大哥|大爷|大妈|叔叔|伯伯|"
    "奶奶|爷爷|同志|[生太工总师]"
)
"""Titles (何生, 李太, 陈工, 王总) and what else stands behind a surname instead of a given name."""
_PARTICLES = "吗呢吧啊呀哦啦嘛了的着过么呗哈来去等"
_NEVER_FIRST = "不没是的就行了在把被给很也还都要"
_FUNCTION_WORDS = frozenset(
    ["c", "d", "p", "r", "u", "ud", "ug", "uj", "ul", "uv", "uz", "y", "q", "m", "f", "e", "o", "zg"]
)
"""jieba's tags of words that are no given names: 可以, 什么, 一下."""

CANDIDATE = 0.4
"""Distance from a character that was heard up to which a surname may have been said."""
MOST_CANDIDATES = 14
SINGLE = 0.5
"""Probability that a given name of one character is written as a recogniser wrote it."""
AROUND = 4
"""Characters before and behind it that the recogniser is asked for with a surname."""
ACOUSTIC = 0.7
"""Weight of the recogniser's answers against the rest, in natural logarithms."""
LEAST_ANSWER = -10.0
ANOTHER_CHARACTER, ANOTHER_TONE, BY_DISTANCE = 0.7, 0.7, 10.0
"""Natural logarithms that a surname loses: another character of its sound was heard, another tone, another sound."""
TYPED = 12.0
"""What it loses when another character was typed."""
EXPLAINED, PARTED = 5.0, 9.0
"""What it gains when a word that it is in was said, or its parts."""
AGENTS = 0.8
"""Weight of the agent's mentions: what she understood."""


@dataclass(frozen=True)
class _Mention:
    """One place where the caller's name was said."""

    turn: Turn
    start: int
    """Where the surname is."""
    surname: str
    """As heard."""
    given: str = ""
    meanings: tuple[str, ...] = ()
    """Surnames that the speaker's explanation may mean, likeliest first."""
    parted: bool = False
    known: tuple[bool, ...] = ()
    """Which characters of the given name are as they were typed or explained."""
    weak: bool = False
    """Nobody said that a name comes."""
    weight: float = 1.0

    @property
    def evidence(self) -> Evidence:
        title = 2 if self.turn.role == "agent" else 0
        return self.turn.evidence(self.start, self.start + len(self.surname) + len(self.given) + title)


def read_name(conversation: Conversation, gender: FieldValue, sounds: Sounds) -> FieldValue:
    """The caller's full name, or surname with 先生 or 女士; empty while neither given name nor gender is known.

    `sounds` are the recogniser's answers to `name_questions`.
    """
    mentions = _mentions(conversation)
    if not mentions:
        return EMPTY
    surname, confidence = _surname(mentions, sounds)
    ours = [mention for mention in mentions if _distance(mention.surname, surname) <= CANDIDATE]
    evidence = tuple(dict.fromkeys(mention.evidence for mention in ours))
    given = [mention for mention in ours if mention.given]
    for mention in sorted(given, key=lambda mention: (-sum(mention.known), mention.turn.role == "agent")):
        if full := _full(surname, mention, confidence, evidence):
            return full
    title = {"男": "先生", "女": "女士"}.get(str(gender.value), "")
    if not title:
        return EMPTY
    return FieldValue(surname + title, "suggested", round(min(confidence, gender.confidence or 1.0), 2), evidence)


def _full(surname: str, mention: _Mention, confidence: float, evidence: tuple[Evidence, ...]) -> FieldValue | None:
    """The full name; where a recogniser wrote the given name, the likeliest that sounds like it, if any does."""
    if all(mention.known):
        return FieldValue(surname + mention.given, "suggested", round(min(confidence, 0.9), 2), evidence)
    if len(mention.given) == 1:
        return FieldValue(surname + mention.given, "suggested", round(SINGLE * confidence, 2), evidence)
    names = [
        Candidate(surname + given, surname + given, round(confidence * probability, 2))
        for given, probability in likeliest(mention.given, mention.known)
    ]
    if not names:
        return None
    return FieldValue(names[0].value, "suggested", names[0].confidence, evidence, candidates=tuple(names))


def name_questions(conversation: Conversation, known: Sounds) -> list[Question]:
    """Which surname was said, where one was heard lately and has not been asked for?"""
    mentions = _mentions(conversation)
    questions = []
    for mention in mentions[-4:]:
        utterance = mention.turn.utterance
        if mention.turn.heard and utterance.index not in known:
            start, end = _window(mention)
            names = tuple(_candidates(mentions))
            texts = tuple(_instead(mention, name) for name in names)
            questions.append(Question(utterance.index, start, end, texts, about="name", means=names))
    return list({question.utterance: question for question in questions}.values())


def _mentions(conversation: Conversation) -> list[_Mention]:
    """Every mention of the caller's name, in order; those that the caller has corrected are gone."""
    found: list[_Mention] = []
    for mention, corrects in conversation.collect(_said_by_caller):
        found = [mention] if corrects else [*found, mention]
    found = [mention for mention in found if not mention.weak] or found[:1]
    position = {id(turn): place for place, turn in enumerate(conversation.turns)}
    since = position[id(found[0].turn)] if found and found[0].turn.stance == "no" else -1
    agents = [
        _addressed(turn, name, start, found)
        for turn, name, start in conversation.collect(_said_by_agent)
        if position[id(turn)] > since
    ]
    return sorted(
        [*found, *(mention for mention in agents if mention)],
        key=lambda mention: (position[id(mention.turn)], mention.start),
    )


def _said_by_caller(conversation: Conversation, position: int) -> Iterator[tuple[_Mention, bool]]:
    """The names in a caller's turn, each with whether it takes the place of all before: it corrects the agent."""
    turn = conversation.turns[position]
    if turn.role == "agent":
        return
    asked = "name" in conversation.asked(position, within=2)
    corrects = turn.stance == "no" and bool(position) and bool(list(_said_by_agent(conversation, position - 1)))
    explained = explanations(turn.text)
    behind = [
        each
        for later in conversation.turns[position + 1 : position + 4]
        if later.role == "caller"
        for each in explanations(later.text)
    ]
    found = False
    for start, strong in _introductions(turn.text, asked, explained):
        mention = _read(turn, start, explained, asked, strong) if strong or not found else None
        if mention:
            found = True
            yield _spelled(mention, [*explained, *behind]), corrects


def _introductions(text: str, asked: bool, explained: Sequence[Explained]) -> list[tuple[int, bool]]:
    """Where a name may begin, and whether it was said that one does."""
    found = []
    for match in _INTRODUCTION.finditer(text):
        own = "叫" not in match.group() or asked or _OWN_NAME.search(match.group())
        end = match.end()
        if own and end < len(text) and not _THIRD_PARTY.search(text[: match.start()]):
            again = "免贵" in match.group() and end + 1 < len(text) and char_distance(text[end], "姓") <= SAME
            found.append((end + again, True))
    if asked and not found:
        for start, character in enumerate(text[: min(_ANSWER_START, len(text) - 1)]):
            if char_distance(character, "姓") <= SAME:
                found.append((start + 1, toned(character) in _FAMILY_NAME_TONES))
        found += [(match.end(), False) for match in _CLAUSE.finditer(text)]
        found += [(match.start(), False) for match in _DOUBLES.finditer(text[: 2 * _ANSWER_START])]
    for each in explained[:1]:
        if (asked and (each.parted or each.start <= _ANSWER_START)) or (each.parted and "姓" in text):
            found.append((each.start, False))
        elif each.parted and each.start <= _ANSWER_START and _distance(text[0], each.heard) <= SAME:
            found.append((0, True))  # 张一帆，立早章
    return sorted(found, key=lambda each: not each[1])


def _read(turn: Turn, start: int, explained: Sequence[Explained], asked: bool, strong: bool) -> _Mention | None:
    """The name that begins at `start`; None when what is there is none, or may be anything (`strong` off)."""
    text = turn.text
    own = next((each for each in explained if 0 <= each.start - start <= strong and _explains_surname(each)), None)
    if own and (own.start == start or _distance(own.heard, text[start]) > CANDIDATE):
        start = own.place
    surname = text[start : start + 2] if text[start : start + 2] in DOUBLE else text[start : start + 1]
    if not re.fullmatch(rf"[{_HAN}]+", surname) or surname in _NOT_SURNAME:
        return None
    end = start + len(surname)
    if own is None:
        near = [each for each in explained if 0 <= each.start - end <= 3 and each.start >= end]
        own = next((each for each in near if _distance(each.heard, surname[-1]) <= CANDIDATE), None)
    meanings = tuple(meaning for meaning in own.meanings if is_surname(meaning)) if own else ()
    again = text[end : end + 1]
    repeated = bool(again) and _distance(again, surname) <= SAME
    given = _given(text, surname, end, explained)
    known = is_surname(surname)
    if strong:
        if not known and not meanings and not (asked and (_near(surname) or repeated)):
            return None
        if own is None and not given and not asked and not known:
            return None
        if "叫" in text[max(0, start - 2) : start] and not given and not _only(text, end):
            return None
    elif turn.stance is not None or not (
        meanings or (repeated and given) or (known and _alone(text, start, end, given)) or surname in DOUBLE
    ):
        return None
    known_characters = (not turn.heard,) * len(given)
    parted = bool(own and own.parted)
    return _Mention(turn, start, surname, given, meanings, parted, known_characters, weak=not strong and not given)


def _explains_surname(explained: Explained) -> bool:
    return any(is_surname(meaning) for meaning in explained.meanings)


def _only(text: str, end: int) -> bool:
    """Whether nothing but a title or a closing word follows a surname behind 叫: 叫我老陈吧."""
    return bool(re.match(rf"(?:{_TITLE.pattern})|[生太工总师]|[吧啊呀就行好了可以\W]*$", text[end:]))


def _alone(text: str, start: int, end: int, given: str) -> bool:
    """Whether a name, or a surname with a title, is a clause of its own."""
    stop = end + (len(given) if text.startswith(given, end) else 0)
    title = _TITLE.match(text, stop)
    clause = not re.match(rf"[{_HAN}]", text[title.end() if title else stop :])
    return clause and bool(stop > end or title or len(text) <= stop - start + 1)


def _given(text: str, surname: str, end: int, explained: Sequence[Explained]) -> str:
    """The given name behind a surname that ends at `end`, or where it is said again; best what was explained."""
    covered = {place for each in explained for place in range(each.start, each.end)}
    runs: list[str] = []
    run, before = "", end
    for place in range(end, len(text) + 1):
        if place < len(text) and place not in covered and re.match(rf"[{_HAN}]", text[place]):
            run += text[place]
            continue
        if run:
            runs.append(("" if before == end else "|") + run)
        run, before = "", place + 1
    explains = [each.heard for each in explained]
    best, most = "", 0.0
    for each in runs:
        rest = each.lstrip("|")
        again = len(rest) > len(surname) and _distance(rest[: len(surname)], surname) <= SAME
        if again:
            rest = rest[len(surname) :]
        elif each.startswith("|"):
            lead = re.match(rf"(?:我?叫|全名叫?|名字叫?|就是|是)(?={surname})", rest)
            if not lead:
                continue
            rest = rest[lead.end() + len(surname) :]
        stop = _BEHIND.search(rest)
        given = rest[: stop.start()] if stop else rest
        known = sum(any(_distance(heard, character) <= SAME for heard in explains) for character in given)
        if 1 <= len(given) <= 2 and (known == len(given) or is_given(surname, given)) and 1 + known > most:
            best, most = given, 1 + known
    return best


def is_given(surname: str, given: str) -> bool:
    """Whether this can be a given name behind the surname, not the rest of an everyday word (司机, 方便吗, 马上来)."""
    if _NOT_GIVEN.fullmatch(given) or given[0] in _NEVER_FIRST or given[-1] in _PARTICLES:
        return False
    return not is_word(surname + given) and tag(given) not in _FUNCTION_WORDS


def _spelled(mention: _Mention, explained: Sequence[Explained]) -> _Mention:
    """The mention with the characters of its given name as they were explained."""
    given, known = "", []
    for character, typed in zip(mention.given, mention.known, strict=True):
        meant = next(
            (each.meanings for each in explained if each.meanings and _distance(each.heard, character) <= SAME), ()
        )
        given += (character if typed or character in meant else meant[0]) if meant else character
        known.append(typed or bool(meant))
    return replace(mention, given=given, known=tuple(known))


LONGEST = 4
"""Characters of a name."""
_Address = tuple[Turn, str, int]
"""A turn of the agent's, what stands before 先生 or 女士 in it, and where that begins."""
_LEAD_IN = re.compile(r"(?:好的?|那|嗯|行|对|请问|请|哦|啊|谢谢|感谢|明白|可以|是|叫|麻烦|[一二三四五六七八九]号)+")


def _said_by_agent(conversation: Conversation, position: int) -> Iterator[_Address]:
    turn = conversation.turns[position]
    if turn.role != "agent":
        return
    for _, end, _ in titles(turn):
        before = re.search(rf"[{_HAN}]{{1,6}}$", turn.text[:end])
        if not before or OTHER_PERSON.search(before.group()) or _NOT_ADDRESSED.search(before.group()):
            continue
        lead = _LEAD_IN.match(before.group())
        start = lead.end() if lead and lead.end() < len(before.group()) else 0
        if len(before.group()) - start <= LONGEST:
            yield turn, before.group()[start:], before.start() + start


def _addressed(turn: Turn, name: str, start: int, callers: Sequence[_Mention]) -> _Mention | None:
    """What the agent calls the caller, given what the caller has said of the name."""
    end = start + len(name)
    for mention in callers:
        size, given = len(mention.surname), len(mention.given)
        if given and len(name) >= size + given and _distance(name[-given:], mention.given) <= SAME:
            return _agents(turn, end - given - size, name[-given - size :], size)
        for given in (2, 1):
            heard = name[-given - size : -given]
            near = len(name) >= size + given and _distance(heard, mention.surname) <= SAME
            if near and is_given(heard, name[-given:]):
                return _agents(turn, end - given - size, name[-given - size :], size)
    if name[-2:] in DOUBLE:
        return _agents(turn, end - 2, name[-2:], 2)
    if len(name) == 3 and all(mention.weak for mention in callers) and _is_full(name, turn.heard):
        return _agents(turn, start, name, 1)
    return _agents(turn, end - 1, name[-1], 1) if is_surname(name[-1]) or _near(name[-1]) else None


def _is_full(name: str, heard: bool) -> bool:
    """Whether three characters before a title are a full name; of what was `heard`, only the sound counts."""
    if heard:
        return bool(_near(name[0]) and likeliest(name[1:], (False, False)))
    return is_surname(name[0]) and is_given(name[0], name[1:])


def _agents(turn: Turn, start: int, name: str, size: int) -> _Mention:
    """The agent's mention of a name whose surname has `size` characters."""
    known = (not turn.heard,) * (len(name) - size)
    return _Mention(turn, start, name[:size], name[size:], known=known, weight=AGENTS)


def _surname(mentions: Sequence[_Mention], sounds: Sounds) -> tuple[str, float]:
    """The likeliest surname and its probability."""
    scores = {}
    for name in {*_candidates(mentions, len(RANK)), *(meaning for each in mentions for meaning in each.meanings)}:
        scores[name] = _prior(name) + sum(mention.weight * _evidence(mention, name, sounds) for mention in mentions)
    best = max(scores, key=lambda name: (scores[name], name))
    total = sum(math.exp(score - scores[best]) for score in scores.values())
    return best, 0.97 / total


def _evidence(mention: _Mention, name: str, sounds: Sounds) -> float:
    """The natural logarithm by which a mention speaks for a surname."""
    explained = (PARTED if mention.parted else EXPLAINED) if name in mention.meanings[:1] else 0.0
    if len(mention.meanings) > 1 and name in mention.meanings[1:]:
        explained = EXPLAINED - 2.0
    if name == mention.surname and not mention.turn.heard:
        return explained
    if not mention.turn.heard:
        return explained - TYPED
    answers = sounds.get(mention.turn.utterance.index, {})
    if name in answers:  # those that sound alike share the best: which of them it is, is not to be heard
        own = max(score for other, score in answers.items() if _reading(other) == _reading(name))
        return explained + ACOUSTIC * max(LEAST_ANSWER, own - max(answers.values()))
    if name == mention.surname:
        return explained
    other = ANOTHER_CHARACTER + ANOTHER_TONE * (toned(name[0]) != toned(mention.surname[0]))
    return explained - other - min(-LEAST_ANSWER, BY_DISTANCE * _distance(name, mention.surname))


def _reading(name: str) -> tuple[str, ...]:
    return tuple(map(toned, name))


def _prior(name: str) -> float:
    return -math.log(RANK.get(name, 80) + 5)


def _candidates(mentions: Sequence[_Mention], most: int = MOST_CANDIDATES) -> list[str]:
    """Surnames that sound like what was heard, likeliest first."""
    found: dict[str, float] = {}
    for mention in mentions:
        for name in (*_near(mention.surname), *mention.meanings):
            distance = 0.0 if name in mention.meanings else _distance(name, mention.surname)
            found[name] = min(found.get(name, math.inf), 8 * distance - _prior(name))
    return sorted(found, key=lambda name: (found[name], name))[:most] or [mentions[0].surname]


@lru_cache(maxsize=4096)
def _near(heard: str) -> tuple[str, ...]:
    """Surnames within CANDIDATE of what was heard."""
    names = DOUBLE if len(heard) == 2 else RANK
    return tuple(name for name in names if _distance(name, heard) <= CANDIDATE)


def _distance(first: str, second: str) -> float:
    """How far apart two names sound: the farthest of their characters; 1 for those of different lengths."""
    if len(first) != len(second):
        return 1.0
    return max(char_distance(one, other) for one, other in zip(first, second, strict=True))


def _window(mention: _Mention) -> tuple[int, int]:
    """The part of the utterance in which the surname is said, and said again, with some of what is around it."""
    text, size = mention.turn.text, len(mention.surname)
    again = [place for place in range(mention.start, min(len(text), mention.start + 9)) if _again(mention, place)]
    return max(0, mention.start - AROUND), min(len(text), max(again) + size + AROUND)


def _again(mention: _Mention, place: int) -> bool:
    heard = mention.turn.text[place : place + len(mention.surname)]
    return _distance(heard, mention.surname) <= SAME


def _instead(mention: _Mention, name: str) -> str:
    """What was heard around a mention with another surname in its place."""
    start, end = _window(mention)
    text, size = mention.turn.text, len(mention.surname)
    said, place = "", start
    while place < end:
        if place >= mention.start and _again(mention, place):
            said, place = said + name, place + size
        else:
            said, place = said + text[place], place + 1
    return said
