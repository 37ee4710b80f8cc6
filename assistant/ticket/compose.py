"""The title and the summary of a work order, put together from what was said and from canonical names only."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from rapidfuzz.distance import Levenshtein

from assistant.ticket.dialogue import Conversation, Turn
from assistant.ticket.fields import EMPTY, Evidence, FieldValue
from assistant.ticket.numbers import find_cardinals, find_digit_runs, find_money
from assistant.ticket.salience import chosen
from assistant.ticket.sound import Cue, encode
from assistant.ticket.times import find_moments
from assistant.ticket.wording import clauses, is_matter

TITLE_LENGTH = 30
CONTENT_LENGTH = 150
DEMAND_LENGTH = 50
_CALLBACK = {True: "希望回电告知结果", False: "无需回访"}
WISH = 6.0
"""What words for a wish add to what a clause of the demand tells (`salience`)."""
NAMED = 0.4
"""Confidence from which the subject is written, though it may be in no list."""
CLAUSES = 8192
"""Clauses and turns whose reading is kept: a summary is made anew from all of them with every utterance."""
CERTAIN = 0.6
"""Confidence from which a name takes the place of what was heard."""

SAME_WORDS = 0.6
"""Share of syllables in common from which what was heard is the name itself, not another word for the same place."""

_DEMAND = Cue(
    r"希望|要求|麻烦你们|请你们|退[给还回]|退钱|追回|赔偿|赔给|道歉|建议|尽快|赶快|派人|恢复|修好|处理(?:一下|掉)|解决|清理|整改|查处|查一下|"
    r"给个说法|(?:赶紧|赶快|快点|马上|立即|先)[^，。]{0,8}(?:来|派|叫|修|清|拉|抓|停|拆|处理|盖|补)|"
    r"[拉清挪移搬抓收]走|[盖补]上|停工|制止|冲洗",
    spelled=r"帮(?:忙|我)(?![^，。]{1,3}了(?!一下))|[让叫]他们|能不能|可不可以|退我|[把将][^，。]{1,12}(?:退|还|修|清|拆|搬|装)",
)
_NO_DEMAND = re.compile(
    r"[没不](?:肯|给|愿|让)?(?:退|赔|还|修|处理|解决)|不知道|没有?人|从来|一直|叫了|过了|什么时候|已经|先问"
)
_AGREED_DEMAND = re.compile(
    r"(?:您|你)?(?:的)?(?:诉求是|要求是|希望|是想|想要)(?P<wish>[^。？?]{4,40}?)[，,]?(?:是吧|对吗|是吗|对吧|可以吗|对不对)"
)
_QUESTION = re.compile(r"怎么|多少|能不能|可以[^，。]{0,8}吗|什么时候|什么条件|要不要|哪里|会不会|是不是|吗$")
_ABOUT_CALLBACK = Cue(
    r"回(?:个)?电话|回访|给(?:我|其)[^，。]{0,3}(?:答复|回复|回话)|回个话|通知(?:我|其)|"
    r"(?:有结果|有消息|有进展|修好|处理[好完])[^，。]{0,9}(?:给(?:我|其)|告诉|说一声)"
)
_VERBS = {"咨询": "咨询", "举报": "举报", "表扬": "来电表扬", "建议": "建议", "投诉": "投诉"}
_NUMERALS = re.compile(
    r"(?:最后|尾号|[\d零〇一二两三四五六七八九十百千万幺号楼栋幢座单元房室层店区的是不在那个这里边就])+"
)


_PARTS_OF_THE_DAY = (("凌晨", 6), ("早上", 9), ("上午", 12), ("中午", 13), ("下午", 18), ("晚", 24))
"""Each with the hour at which it is over."""
LEAST_NUMERAL = 10
"""Smaller numbers stay words: 一个, 两次."""
_OTHERWISE = tuple("几来多字点分")
"""Behind a number: about so many, a word (十字), a time of day or a decimal."""
_ACTION = re.compile(r"[退赔还修拆清停欠]")
_BRACKETED = re.compile(r"[(（].*?[)）]$")


@lru_cache(maxsize=CLAUSES)
def _says_only_where(clause: str, places: tuple[str, ...]) -> bool:
    """Whether a clause holds nothing but places and numbers, which the ticket has in fields of their own."""
    rest = clause
    for place in places:
        rest = rest.replace(place, "")
    return len(_NUMERALS.sub("", rest)) <= 1 and not _ACTION.search(rest)


def _places(fields: Mapping[str, FieldValue]) -> tuple[str, ...]:
    names = ("subject", "compound", "road", "street", "community", "district")
    values = [fields[name].value for name in names]
    return tuple(_BRACKETED.sub("", value) for value in values if isinstance(value, str))


def _names(fields: Mapping[str, FieldValue]) -> dict[int, list[tuple[Evidence, str]]]:
    """Where in each utterance, by its index, a place was named, and the name."""
    names: dict[int, list[tuple[Evidence, str]]] = {}
    for name in ("subject", "compound", "road", "street", "district"):
        field = fields[name]
        if field.confidence >= CERTAIN and isinstance(field.value, str):
            shown = _BRACKETED.sub("", field.value) if name == "subject" else field.value
            for evidence in field.evidence:
                names.setdefault(evidence.utterance, []).append((evidence, shown))
    return names


def _canonical(turn: Turn, names: list[tuple[Evidence, str]], started_at: datetime) -> str:
    """The turn's text with misheard names of places and relative dates replaced by what they stand for."""
    spans: list[tuple[int, int, str]] = []
    for evidence, shown in names:
        heard = turn.text[evidence.start : evidence.end]
        if Levenshtein.normalized_similarity(encode(heard), encode(shown)) >= SAME_WORDS:
            spans.append((evidence.start, evidence.end, shown))
    for moment in find_moments(turn.text, started_at):
        if moment.stressed:
            day = moment.value
            clock = _clock(day) if isinstance(day, datetime) else ""
            spans.append((moment.start, moment.end, f"{day.month}月{day.day}日{clock}"))
    spans += _numerals(turn.text)
    text, end = "", 0
    for start, stop, shown in sorted(spans, key=lambda span: (span[0], -span[1])):
        if start >= end:
            text, end = text + turn.text[end:start] + shown, stop
    return text + turn.text[end:]


def _clock(moment: datetime) -> str:
    """The time of day as people say it: 晚8时30分, 上午10时许."""
    hour = moment.hour
    part = next(name for name, until in _PARTS_OF_THE_DAY if hour < until)
    return f"{part}{hour - 12 if hour > 12 else hour}时" + (f"{moment.minute}分" if moment.minute else "许")


@lru_cache(maxsize=CLAUSES)
def _numerals(text: str) -> tuple[tuple[int, int, str], ...]:
    """Sums of money, numbers from ten and strings of digits as a clerk writes them."""
    money = [(number.start, number.end, f"{_plain(number.value)}元") for number in find_money(text)]
    counts = [
        (number.start, number.end, _plain(number.value))
        for number in find_cardinals(text)
        if number.value >= LEAST_NUMERAL and text[number.end : number.end + 1] not in _OTHERWISE
    ]
    digits = [(run.start, run.end, run.digits) for run in find_digit_runs(text, 3, by_sound=False)]
    return (*money, *counts, *digits)


def _plain(value: float) -> str:
    return str(int(value)) if value == int(value) else f"{value:g}"


def _third_person(parts: list[str]) -> list[str]:
    """The caller's words as a report: 我的卡 becomes 其卡, and 我 goes where it is who did something."""
    told = []
    for part in parts:
        owned = re.sub(r"我们(?=小区|单位|公司|村|学校|楼|家|部门)|我的|我家的?", "其", part)
        concerned = re.sub(r"(?<=[给把对跟让帮找叫被向])我们?", "其", owned)
        told.append(re.sub(r"我们?(?=[\u4e00-\u9fff\d])", "", concerned))
    return [part for part in told if len(part) >= 3]


def _short(subject: str) -> str:
    return re.sub(r"(?:股份)?有限(?:责任)?公司$", "公司", re.sub(r"^.{2,6}市(?=.{4})", "", subject))


def compose_title(fields: Mapping[str, FieldValue]) -> FieldValue:
    """关于…的投诉: whom or where it concerns, then the category's name; empty without a category."""
    category, kind = fields["category"], str(fields["request_type"].value or "反映")
    if category.value is None:
        return EMPTY
    matter = category.display.split(" · ")[-1]
    place = ""
    for name in ("subject", "compound", "road", "street", "district"):
        value = fields[name].value
        if isinstance(value, str) and fields[name].confidence >= CERTAIN:
            place = _short(value) if name == "subject" else value
            break
    for where in (place, re.sub(r"[(（].*?[)）]", "", place), ""):
        title = f"关于{where}{matter}的{kind}"
        if len(title) <= TITLE_LENGTH:
            break
    confidence = min(category.confidence, fields["request_type"].confidence or 0.5, 0.8)
    return FieldValue(title[:TITLE_LENGTH], "suggested", round(confidence, 2), category.evidence)


def _place(fields: Mapping[str, FieldValue]) -> str:
    """Where it happened, and whom it is about."""
    district, subject = str(fields["district"].value or ""), fields["subject"]
    named = _short(subject.value) if isinstance(subject.value, str) and subject.confidence >= NAMED else ""
    inner = "".join(str(fields[part].value) for part in ("building", "unit", "room") if fields[part].value is not None)
    address = str(fields["address"].value or "")
    if fields["compound"].value is not None:
        place = f"{district}{fields['road'].value or ''}{fields['compound'].value}{inner}"
    elif "(" in named:  # a branch is where it is
        place = district
    else:
        place = district + address.partition(district)[2] if district and district in address else district + inner
    return place if named in place else place + named


def _affected(conversation: Conversation, fields: Mapping[str, FieldValue]) -> tuple[str, str] | None:
    people = fields["people_affected"]
    if people.value is None:
        return None
    said = "".join(conversation.said(where).text[where.start : where.end + 2] for where in people.evidence)
    return f"涉及{people.value}{'户' if '户' in said else '人'}", str(people.value)


def _amount(fields: Mapping[str, FieldValue]) -> tuple[str, str] | None:
    amount = fields["amount"].value
    if not isinstance(amount, float | int):
        return None
    return f"涉及金额{_plain(float(amount))}元", _plain(float(amount))


def _mistaken(part: str, amount: str) -> bool:
    """Whether a clause gives the amount as it was before somebody put it right: but one or two digits differ."""
    numbers = re.findall(r"\d+(?:\.\d+)?", part)
    return any(len(number) == len(amount) >= 3 and 0 < sum(map(str.__ne__, number, amount)) <= 2 for number in numbers)


@dataclass(frozen=True)
class _Clause:
    """A clause of the caller's words as a report."""

    text: str
    wishes: bool
    unlikely: bool
    """Whether it tells what was or was not done, though it may sound like a wish."""
    asks: bool


@lru_cache(maxsize=CLAUSES)
def _reported(text: str) -> tuple[_Clause, ...]:
    return tuple(
        _Clause(part, part in _DEMAND, bool(_NO_DEMAND.search(part)), bool(_QUESTION.search(part)))
        for part in _third_person(clauses(text))
        if part not in _ABOUT_CALLBACK
    )


@dataclass(frozen=True)
class _Telling:
    """A turn of the caller's that tells of the matter, or one of the agent's that the caller agrees with."""

    turn: Turn
    asked: bool
    """Whether the agent asked what the caller wants."""
    agreed: tuple[str, ...]
    """What the caller wants, in the agent's words."""
    evidence: Evidence


def _telling(conversation: Conversation, position: int) -> Iterator[_Telling]:
    turn = conversation.turns[position]
    if turn.role == "agent":
        agreed = _AGREED_DEMAND.search(turn.text)
        if agreed and conversation.reply(position)[0] == "yes":
            wish = re.sub("[您你](?!的)", "我", re.sub("[您你]的", "我的", agreed["wish"]))
            yield _Telling(turn, True, tuple(_third_person(clauses(wish))), turn.evidence(*agreed.span("wish")))
    elif is_matter(conversation, position):
        asked = "demand" in conversation.asked(position)
        yield _Telling(turn, asked, (), turn.evidence(0, len(turn.text)))


def _told(
    conversation: Conversation, fields: Mapping[str, FieldValue], started_at: datetime
) -> tuple[list[str], list[str], list[Evidence]]:
    """The caller's clauses that tell the story, those that say what they want, and where they were said."""
    story: list[str] = []
    demand: list[str] = []
    evidence: list[Evidence] = []
    consultation = fields["request_type"].value == "咨询"
    places, names = _places(fields), _names(fields)
    for telling in conversation.collect(_telling):
        if telling.turn.role == "agent":
            demand += telling.agreed
            evidence.append(telling.evidence)
            continue
        text = _canonical(telling.turn, names.get(telling.turn.utterance.index, []), started_at)
        told = [clause for clause in _reported(text) if not _says_only_where(clause.text, places)]
        for clause in told:
            wanted = (telling.asked or clause.wishes) and not clause.unlikely
            (demand if wanted or (consultation and clause.asks) else story).append(clause.text)
        if told:
            evidence.append(telling.evidence)
    return list(dict.fromkeys(story)), list(dict.fromkeys(demand)), evidence


def compose_content(conversation: Conversation, fields: Mapping[str, FieldValue], started_at: datetime) -> FieldValue:
    """市民X女士反映，…。诉求：…。 in the caller's own words, at most 150 characters; empty without a category."""
    if fields["category"].value is None:
        return EMPTY
    story, demand, evidence = _told(conversation, fields, started_at)
    if not story and not demand:
        return EMPTY
    name = fields["caller_name"]
    who = str(name.value) if name.value is not None and name.confidence >= 0.4 and len(str(name.value)) > 1 else ""
    head = f"市民{who}{_VERBS.get(str(fields['request_type'].value), '反映')}，"
    where = _place(fields)
    facts = [fact for fact in (_affected(conversation, fields), _amount(fields)) if fact]
    wishes = chosen(demand, DEMAND_LENGTH, bonus=lambda part: WISH if part in _DEMAND else 0.0)
    wishes += [_CALLBACK[fields["callback"].value]] if isinstance(fields["callback"].value, bool) else []
    wishes += ["要求保密"] if fields["confidential"].value is True else []
    tail = f"。诉求：{'，'.join(wishes)}。" if wishes else "。"
    amount = _amount(fields)
    story = [part for part in story if not (amount and _mistaken(part, amount[1]))]
    room = CONTENT_LENGTH - len(head) - len(where) - len(tail) - sum(len(fact) + 1 for fact, _ in facts)
    body = chosen(story, room - 2, known=where)
    said = "".join(body) + tail
    told = [part for part in (where, *body, *(fact for fact, number in facts if number not in said)) if part]
    text = head + "，".join(told) + tail if told else head.rstrip("，") + tail
    if amount:
        text = re.sub(rf"(?<![\d.]){re.escape(amount[1])}(?![\d.元块号])", f"{amount[1]}元", text)
    confidence = round(min(0.7, fields["category"].confidence + 0.2), 2)
    return FieldValue(text[:CONTENT_LENGTH], "suggested", confidence, tuple(evidence))
