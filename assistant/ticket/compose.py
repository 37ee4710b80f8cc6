"""The title and the summary of a work order, put together from what was said and from canonical names only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from assistant.ticket.dialogue import Conversation, Turn
from assistant.ticket.fields import EMPTY, FieldValue
from assistant.ticket.sound import Cue
from assistant.ticket.times import find_moments

TITLE_LENGTH = 30
CONTENT_LENGTH = 150
DEMAND_LENGTH = 50

_BOOKKEEPING = {"name", "phone", "line_phone", "callback", "confidential", "else"}
_FILLERS = re.compile(
    r"^(?:喂+|你好|您好|哎+|嗯+|呃+|啊+|哦+|唉+|那个|这个|就是说|就是|我跟你说|是这样的?|那|然后|对+|好像|请问|麻烦)+[，,、]?|"
    r"[啊呢嘛呀哦啦吧]+$|(?:那个|就是说)(?=[，,]?)"
)
_STATED = re.compile(r"^我?(?:想|要|就)?(?:来)?(?:咨询|投诉|举报|反映|请教|问|提)(?:一下|一个事|个事|个?建议|下)?(?:你们)?$|^(?:我要投诉|听得到吗|没有了|谢谢.*|是的|对的|好的|可以可以|可以)$")
_OPENING = re.compile(r"^(?:我)?(?:是)?(?:想|要)(?:咨询|请教|问|投诉|举报|反映)(?:一下|下)?")
_DEMAND = Cue(
    r"希望|要求|麻烦你们|请你们|退[给还]|退钱|赔偿|赔给|道歉|建议|尽快|赶快|派人|恢复|修好|处理(?:一下|掉)|解决|清理|整改|查处|查一下|给个说法|帮忙",
    spelled=r"[让叫]他们|能不能|可不可以",
)
_QUESTION = re.compile(r"怎么|多少|能不能|可以[^，。]{0,8}吗|什么时候|什么条件|要不要|哪里|会不会|是不是|吗$")
_VERBS = {"咨询": "咨询", "举报": "举报", "表扬": "来电表扬", "建议": "建议", "投诉": "投诉"}
_PERSONS = ((re.compile("我们(?=小区|单位|公司|村|学校|楼)"), "其"), (re.compile("我的|我家"), "其"), (re.compile("我们?"), "其"))


def is_matter(conversation: Conversation, position: int) -> bool:
    """Whether a turn of the caller is about the matter, not about names, numbers or the end of the call."""
    turn = conversation.turns[position]
    return turn.role == "caller" and len(turn.text) >= 4 and not conversation.asked(position) & _BOOKKEEPING


def matter_turns(conversation: Conversation) -> list[Turn]:
    """The caller's turns that tell the matter, in order."""
    return [turn for position, turn in enumerate(conversation.turns) if is_matter(conversation, position)]


def _canonical(turn: Turn, fields: Mapping[str, FieldValue], started_at: datetime) -> str:
    """The turn's text with misheard names of places and relative dates replaced by what they stand for."""
    spans: list[tuple[int, int, str]] = []
    for name in ("subject", "compound", "road", "street", "district"):
        field = fields[name]
        for evidence in field.evidence:
            if evidence.utterance == turn.utterance.index and isinstance(field.value, str):
                shown = re.sub(r"[(（].*?[)）]$", "", field.value) if name == "subject" else field.value
                spans.append((evidence.start, evidence.end, shown))
    for moment in find_moments(turn.text, started_at):
        if moment.stressed:
            day = moment.value
            clock = f"{day.hour}时" + (f"{day.minute}分" if day.minute else "许") if isinstance(day, datetime) else ""
            spans.append((moment.start, moment.end, f"{day.month}月{day.day}日{clock}"))
    text, end = "", 0
    for start, stop, shown in sorted(spans, key=lambda span: (span[0], -span[1])):
        if start >= end:
            text, end = text + turn.text[end:start] + shown, stop
    return text + turn.text[end:]


def _clauses(text: str) -> list[str]:
    """What is left of a text's clauses without fillers and greetings."""
    kept = []
    for clause in re.split(r"[，,。.！!？?；;、\s]+", text):
        before = None
        while before != clause:
            before, clause = clause, _FILLERS.sub("", clause)
        clause = _OPENING.sub("", clause)
        for pattern, other in _PERSONS:
            clause = pattern.sub(other, clause)
        if len(clause) >= 3 and not _STATED.match(clause) and clause not in kept:
            kept.append(clause)
    return kept


def _fit(clauses: list[str], length: int) -> str:
    """As many whole clauses as fit; the first is cut when it alone is too long."""
    text = ""
    for clause in clauses:
        if len(text) + len(clause) + 1 <= length:
            text += ("，" if text else "") + clause
    return text or "".join(clauses)[:length]


def _short(subject: str) -> str:
    return re.sub(r"^.{2,6}市(?=.{4})|(?:股份)?有限(?:责任)?公司$", "", subject)


def compose_title(fields: Mapping[str, FieldValue]) -> FieldValue:
    """关于…的投诉: whom or where it concerns and the category's name, at most 30 characters; empty without a category."""
    category, kind = fields["category"], str(fields["request_type"].value or "反映")
    if category.value is None:
        return EMPTY
    matter = category.display.split(" · ")[-1]
    place = ""
    for name in ("subject", "compound", "road", "street", "district"):
        value = fields[name].value
        if isinstance(value, str) and fields[name].confidence >= 0.6:
            place = _short(value) if name == "subject" else value
            break
    for where in (place, re.sub(r"[(（].*?[)）]", "", place), ""):
        title = f"关于{where}{matter}的{kind}"
        if len(title) <= TITLE_LENGTH:
            break
    confidence = min(category.confidence, fields["request_type"].confidence or 0.5, 0.8)
    return FieldValue(title[:TITLE_LENGTH], "suggested", round(confidence, 2), category.evidence)


def _place(fields: Mapping[str, FieldValue]) -> str:
    names = ("district", "street", "road", "compound", "building", "unit", "room")
    return "".join(str(fields[name].value) for name in names if fields[name].value is not None)


def compose_content(conversation: Conversation, fields: Mapping[str, FieldValue], started_at: datetime) -> FieldValue:
    """市民X女士反映，…。诉求：…。 in the caller's own words, at most 150 characters; empty without a category."""
    if fields["category"].value is None:
        return EMPTY
    story: list[str] = []
    demand: list[str] = []
    evidence = []
    for position, turn in enumerate(conversation.turns):
        if not is_matter(conversation, position):
            continue
        clauses = _clauses(_canonical(turn, fields, started_at))
        asked = "demand" in conversation.asked(position)
        wanted = [clause for clause in clauses if asked or clause in _DEMAND]
        demand += [clause for clause in wanted if clause not in demand]
        story += [clause for clause in clauses if clause not in wanted and clause not in story]
        if clauses:
            evidence.append(turn.evidence(0, len(turn.text)))
    kind = str(fields["request_type"].value or "")
    if kind == "咨询" and not demand:
        demand = [clause for clause in story if _QUESTION.search(clause)]
        story = [clause for clause in story if clause not in demand] or story
    if not story and not demand:
        return EMPTY
    name = fields["caller_name"]
    who = str(name.value) if name.value is not None and name.confidence >= 0.4 and len(str(name.value)) > 1 else ""
    told = "".join(story) + "".join(demand)
    place = _place(fields)
    where = place if place and place not in told else ""
    subject = fields["subject"].value
    if isinstance(subject, str) and re.sub(r"[(（].*?[)）]", "", subject) not in told:
        where += subject
    head = f"市民{who}{_VERBS.get(kind, '反映')}，" + (f"{where}，" if where else "")
    wish = _fit(demand, DEMAND_LENGTH) if demand else ""
    tail = f"。诉求：{wish}。" if wish else "。"
    body = _fit(story, CONTENT_LENGTH - len(head) - len(tail)) if story else ""
    text = head + body + tail if body else head.rstrip("，") + tail
    return FieldValue(text[:CONTENT_LENGTH], "suggested", round(min(0.7, fields["category"].confidence + 0.2), 2), tuple(evidence))
