"""What the caller wishes for the handling itself: to be told the outcome, to stay unnamed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from assistant.ticket.dialogue import Conversation, Topic
from assistant.ticket.fields import EMPTY, Evidence, FieldValue, State
from assistant.ticket.sound import Cue

_START = (
    r"^(?:[嗯啊哦呃唉哎，,、。\s]|那个|那就?|我(?:想|觉得)?|还是|就|当然|肯定|必须|一定|应该|可能|好像|不好意思|"
    r"最好|希望|帮我|给我|请)*+"
)
"""What people say before the yes or no itself."""


@dataclass(frozen=True)
class _Wish:
    """How a wish is asked for, claimed and declined."""

    topic: Topic
    offered: Cue
    """Agent's words that make it a question to the caller or a promise to them."""
    claimed: Cue
    declined: Cue
    accepted: re.Pattern[str]
    """A yes of the caller's own at the start of the answer to the agent's question."""


_CALLBACK = _Wish(
    topic="callback",
    offered=Cue(
        r"电话回访|(?:需要|要不要|是否|要)[^，。]{0,8}(?:回访|回电|回个?电话)|给[您你](?:做)?(?:个)?回访|给[您你]回(?:个)?电|回复[您你]|打电话跟[您你]|打电话给[您你]|给[您你](?:一个|个)?(?:答复|回复|反馈)|"
        r"反馈给[您你]|通知[您你](?:处理)?结果|(?:结果|情况|进展)[^，。]{0,4}(?:告诉|告知|通知|反馈给?|回复)[您你]|回访(?:一次|一下|您|你|[，,])|(?:打|来)(?:个)?电话说一声|(?:答复|回复)(?:一下)?[您你]|(?:打|来)电话[^，。]{0,3}(?:答复|回复|回访|告诉|通知)|一定[^，。]{0,4}回访|会(?:有[^，。]{0,8})?(?:给[您你])?回[访电]",
        spelled=r"给[您你]回[店房放]",
    ),
    claimed=Cue(
        r"(?:给我|跟我)(?:[打回]|一个|个)[^，。]{0,4}(?:电话|电|复|话|信|答复)|回(?:个)?电话|回复我|通知我|告诉我(?:一声|结果|处理)|(?<!自动)打给我|"
        r"(?:有(?:了)?(?:结果|消息|进展|回复|答复)|处理[好完]了?|修好了?|查[到清]了?|到时候?)[^，。]{0,6}(?:[给跟和]我|(?:告诉|通知|联系|打|回)我|说一声)|联系我|给我(?:一个|个)?(?:答复|回复|反馈|说法|回音|回信)|反馈给我|要回访|需要回访|回访我|"
        r"麻烦[^，。]{0,4}(?:打给我|回电)|打(?:个|一个)?电话给我|(?:尽快|早点|之前|必须|一定要?|记得)[^，。]{0,3}回我",
        spelled=r"要回房|需要回房|回房我",
    ),
    declined=Cue(
        r"(?:不用|不需要|不要|不必|无需|别)(?:给我|再|你们|专门|特地|特意|另外)*(?:答复|回访|回电|回复|打电话|打给我|联系我|通知|打(?=[，。]|$))|(?:不用|不需要)[了]?[，,]?(?:你们)?(?:忙|麻烦)"
    ),
    accepted=re.compile(
        rf"{_START}(?:需要|要(?!是|不是|不然|怎么|多久|投|举|求)|行(?!动|人|业|政)|好(?![像多几久不烦麻])|可以(?!不)|"
        r"麻烦(?![死得事的])|最好|嗯|恩|对(?![不面方于着他她我])|是(?![不什谁哪否我他])|有需要(?!的话)|回访|回(?!家|去|来|头|到|避)|没问题)"
    ),
)
_CONFIDENTIAL = _Wish(
    topic="confidential",
    offered=Cue(
        r"(?:给|替|帮|为)[您你][^，。]{0,3}保密|(?:需要|要不要|是否|要|用)[^，。]{0,10}(?:保密|匿名)|匿名还是实名|实名还是匿名|(?:勾选|登记|标注|做)[^，。]{0,3}保密"
    ),
    claimed=Cue(
        r"(?:要|帮我|给我|希望|请|麻烦|必须|想|得|务必)[^，。不]{0,8}保密|保密(?:一下|处理|就行)|不要(?:透露|泄露|公开|告诉(?:他|店|老板|物业|对方|公司))|"
        r"别(?:透露|泄露|公开|告诉(?:他|店|老板|物业|对方|公司)|说是我)|匿名(?:举报|投诉|反映)?|不想(?:让|被)[^，。]{0,8}知道|(?:不要|别|不能)(?:跟|和|给|让|同)[^，。]{0,6}(?:讲|说|知道)(?:是)?(?:我|谁)?|"
        r"(?:我)?不(?:想|愿意|要)(?:实名|留名|公开)"
    ),
    declined=Cue(
        r"(?:不用|不需要|不必|无需|不要求)[^，。]{0,3}(?:保密|匿名)|(?:我)?(?:是)?实名(?:举报|投诉|的)?|可以公开|不怕(?:他|公开)"
    ),
    accepted=re.compile(
        rf"{_START}(?:需要|要(?!是|不是|不然|怎么|投|举|求)|[保包]密|匿名|好(?![像多几久不烦麻])|可以(?!不|公开)|嗯|恩|"
        r"对(?![不面方于着他她我])|是(?![不什谁哪否我他实])|没问题)"
    ),
)
_QUESTION = re.compile(r"吗|么|会不会|能不能|可不可以|是不是|[？?]$")
_POLITE = re.compile(r"(?:可以|行|好)(?:吗|么|不)[？?]?")
"""A wish put as a question: 匿名可以吗."""
_NEGATED = r"(?:不(?:太|怎么|大|是很|是|一定|想|用|需|要|必|打算)*|没(?:有)?(?:什么|啥|那个|这个)?|无|别|甭)"
_REFUSED = re.compile(
    rf"{_START}{_NEGATED}(?:再)?(?:需要|必要|用|要|必|需|专门|特地|特意|回访|回电|回复|打|联系|通知|保密|匿名|了|必须)|{_START}(?:不(?![知清错好])|算了|无所谓|免了)|"
    rf"(?:电话|回[访复电]|保密|匿名)(?:这个|的话|什么的)?(?:我)?(?:就|也|倒|都)*{_NEGATED}(?:用|要|需要|必|了|吧|$)"
)
"""A no: whatever agrees with the question elsewhere in the answer."""


def _clause_end(text: str, end: int) -> str:
    rest = re.split(r"[，。,.！!]", text[end:], maxsplit=1)[0]
    return rest + ("？" if "？" in text[end : end + len(rest) + 1] or "?" in text[end : end + len(rest) + 1] else "")


_ORDER = re.compile(r"(?:需要|要不要|是否|用)[^，。？]{0,6}(?:登记|转办|转给|下单|派单)")
"""What an agent offers besides: to write an order at all."""


@dataclass(frozen=True)
class _Decision:
    wanted: bool
    confidence: float
    evidence: tuple[Evidence, ...]
    answered: bool = False
    """The caller answered the agent's question."""


def _answer(conversation: Conversation, position: int, wish: _Wish) -> _Decision | None:
    """What becomes of the agent's offer: accepted, refused, or, when it was no question, a promise that stands."""
    turn = conversation.turns[position]
    offer = wish.offered.search(turn.text)
    if offer is None:
        return None
    said = turn.evidence(*offer.span())
    question = _is_question(turn.text, *offer.span())
    stance_taken, reply = conversation.reply(position)
    if reply >= 0:
        answer = conversation.turns[reply]
        both = (said, answer.evidence(0, len(answer.text)))
        refused = bool(_REFUSED.search(answer.text)) or (stance_taken == "no" and not wish.accepted.match(answer.text))
        if answer.text in wish.declined or (refused and question):
            if _ORDER.search(turn.text[: offer.start()]):
                return None  # the whole order was declined: there is no outcome to tell
            return _Decision(False, 0.95, both, answered=True)
        accepted = wish.accepted.match(answer.text) is not None and not _QUESTION.search(answer.text)
        if accepted and not refused and not _about_something_else(turn.text, offer.end()):
            return _Decision(True, 0.95 if question else 0.85, both, answered=question)
    return None if question else _Decision(True, 0.75, (said,))


def _wish(conversation: Conversation, position: int, wish: _Wish) -> _Decision | None:
    """What the caller says of their own accord."""
    turn = conversation.turns[position]
    if declined := wish.declined.search(turn.text):
        return _Decision(False, 0.93, (turn.evidence(*declined.span()),))
    claimed = wish.claimed.search(turn.text)
    if claimed is None or _negated(turn.text, claimed.start()):
        return None
    if _QUESTION.search(_POLITE.sub("", _clause_end(turn.text, claimed.end()))):
        return None
    return _Decision(True, 0.9, (turn.evidence(*claimed.span()),))


def _decisions(conversation: Conversation, position: int, wish: _Wish) -> Iterator[tuple[bool, _Decision]]:
    """What a turn decides, with whether that is of the caller's own accord."""
    own = conversation.turns[position].role == "caller"
    decision = (_wish if own else _answer)(conversation, position, wish)
    if decision:
        yield own, decision


def _read(conversation: Conversation, wish: _Wish) -> FieldValue:
    """The last word on it: of the caller, or of the agent while the caller has said nothing else."""
    decided: _Decision | None = None
    for own, decision in conversation.collect(_decisions, wish):
        if own and decided and decision.wanted == decided.wanted:
            evidence = tuple(dict.fromkeys(decided.evidence + decision.evidence))
            decided = _Decision(decision.wanted, 0.95, evidence, decided.answered)
        elif own or decision.answered or decided is None:
            decided = decision
    if decided is None:
        return EMPTY
    display = "是" if decided.wanted else "否"
    state: State = "confirmed" if decided.answered else "suggested"
    return FieldValue(decided.wanted, state, decided.confidence, decided.evidence, display)


def _is_question(text: str, start: int, end: int) -> bool:
    """Whether the sentence that holds characters [start, end) asks; what comes after it may ask something else."""
    sentence = text[max(text.rfind("。", 0, start), 0) : start] + text[start:end] + re.split("[。！!]", text[end:])[0]
    return bool(re.search(r"吗|需要|要不要|是否|好不好|还是|[？?]", sentence)) and not _about_something_else(text, end)


def _about_something_else(text: str, end: int) -> bool:
    """Whether the agent went on to another question, so that a yes may mean that one."""
    return bool(re.search(r"(?:还有其他|其他需要|还有什么|还需要|联系电话|贵姓|怎么称呼)", text[end:]))


def _negated(text: str, start: int) -> bool:
    return (
        bool(re.search(r"(?:没有?人?|一直没|都没|从来没|不|别)(?:再)?$", text[max(0, start - 5) : start]))
        or "没人" in text[max(0, start - 6) : start]
    )


def read_callback(conversation: Conversation) -> FieldValue:
    """Whether the caller wants to hear the outcome; empty when neither speaker brought it up."""
    return _read(conversation, _CALLBACK)


def read_confidential(conversation: Conversation) -> FieldValue:
    """Whether the caller wants to stay unnamed towards the office and the other side; empty when it did not come up."""
    return _read(conversation, _CONFIDENTIAL)
