"""What the caller wishes for the handling itself: to be told the outcome, to stay unnamed."""

from __future__ import annotations

import re
from dataclasses import dataclass

from assistant.ticket.dialogue import Conversation, Topic, stance
from assistant.ticket.fields import EMPTY, Evidence, FieldValue
from assistant.ticket.sound import Cue


@dataclass(frozen=True)
class _Wish:
    """How a wish is asked for, claimed and declined."""

    topic: Topic
    offered: Cue
    """Agent's words that make it a question to the caller or a promise to them."""
    claimed: Cue
    declined: Cue
    accepted: Cue
    """A yes of the caller's own to the agent's question."""


_CALLBACK = _Wish(
    topic="callback",
    offered=Cue(
        r"(?:需要|要不要|是否|要)[^，。]{0,8}回访|给您(?:做)?(?:个)?回访|给您回(?:个)?电|回复您|打电话跟您|打电话给您|给您(?:一个)?答复|"
        r"反馈给您|通知您(?:处理)?结果|一定[^，。]{0,4}回访|会(?:有[^，。]{0,8})?(?:给您)?回[访电]"
    ),
    claimed=Cue(
        r"(?:给我|跟我)(?:[打回]|一个|个)[^，。]{0,4}(?:电话|电|复|话|信|答复)|回(?:个)?电话|回复我|通知我|告诉我(?:一声|结果|处理)|打给我|"
        r"(?:打|拨)[^，。]{0,2}我(?:这个)?(?:电话|手机)|联系我|给我(?:一个|个)?(?:答复|回复|反馈|说法|回音|回信)|反馈给我|要回访|需要回访|回访我|"
        r"打这个电话就|麻烦[^，。]{0,4}(?:打|回电)"
    ),
    declined=Cue(
        r"(?:不用|不需要|不要|不必|无需|别)(?:给我|再|你们)?(?:回访|回电|回复|打电话|打给我|联系我|通知)|(?:不用|不需要)[了]?[，,]?(?:你们)?(?:忙|麻烦)"
    ),
    accepted=Cue(r"需要|要的|好的|可以|麻烦|那最好", spelled=r"^[嗯啊哦]*[，,]?(?:要|行|好|嗯|对|是)"),
)
_CONFIDENTIAL = _Wish(
    topic="confidential",
    offered=Cue(r"(?:需要|要不要|是否|要|用)[^，。]{0,10}(?:保密|匿名)|匿名还是实名|实名还是匿名|(?:勾选|登记|标注|做)[^，。]{0,3}保密"),
    claimed=Cue(
        r"(?:要|帮我|给我|希望|请|麻烦|必须|想|得|务必)[^，。不]{0,8}保密|保密(?:一下|处理|就行)|不要(?:透露|泄露|公开|告诉(?:他|店|老板|物业|对方|公司))|"
        r"别(?:透露|泄露|公开|告诉(?:他|店|老板|物业|对方|公司)|说是我)|匿名(?:举报|投诉|反映)?|不想(?:让|被)[^，。]{0,8}知道|(?:我)?不(?:想|愿意|要)(?:实名|留名|公开)"
    ),
    declined=Cue(r"(?:不用|不需要|不必|无需|不要求)[^，。]{0,3}(?:保密|匿名)|(?:我)?(?:是)?实名(?:举报|投诉|的)?|可以公开|不怕(?:他|公开)"),
    accepted=Cue(r"需要|要的|保密", spelled=r"^[嗯啊哦]*[，,]?(?:要|好|嗯|对|是)"),
)
_QUESTION = re.compile(r"吗|么|会不会|能不能|可不可以|是不是|[？?]$")
_REFUSED = re.compile(r"^[嗯啊哦]*[，,]?(?:不用|不需要|不要|不必|没(?:有)?必要|算了|无所谓|不了)")


def _clause_end(text: str, end: int) -> str:
    rest = re.split(r"[，。,.！!]", text[end:], maxsplit=1)[0]
    return rest + ("？" if "？" in text[end : end + len(rest) + 1] or "?" in text[end : end + len(rest) + 1] else "")


def _read(conversation: Conversation, wish: _Wish) -> FieldValue:
    """The last word of the caller on the matter, else what the agent offered and the caller let stand."""
    decided: tuple[bool, float, list[Evidence], bool] | None = None
    for position, turn in enumerate(conversation.turns):
        if turn.role == "agent":
            offer = wish.offered.search(turn.text)
            if offer is None:
                continue
            answer, reply = conversation.reply(position)
            said = [turn.evidence(*offer.span())]
            if reply >= 0:
                answered = conversation.turns[reply]
                said.append(answered.evidence(0, len(answered.text)))
                if _REFUSED.search(answered.text) or answered.text in wish.declined or stance(answered.text) == "no":
                    if answered.text in wish.declined or _is_question(turn.text, offer.start(), offer.end()):
                        decided = (False, 0.95, said, True)
                    elif decided is None:
                        decided = (True, 0.75, said[:1], False)
                elif (answered.text in wish.accepted or answer == "yes") and not _about_something_else(turn.text, offer.end()):
                    decided = (True, 0.95, said, True)
                elif not _is_question(turn.text, offer.start(), offer.end()) and decided is None:
                    decided = (True, 0.75, said[:1], False)
            elif not _is_question(turn.text, offer.start(), offer.end()) and decided is None:
                decided = (True, 0.75, said, False)
            continue
        declined = wish.declined.search(turn.text)
        claimed = wish.claimed.search(turn.text)
        if declined:
            decided = (False, 0.93, [turn.evidence(*declined.span())], False)
        elif claimed and not _QUESTION.search(_clause_end(turn.text, claimed.end())) and not _negated(turn.text, claimed.start()):
            said = [turn.evidence(*claimed.span())]
            decided = (True, 0.95 if decided and decided[0] else 0.9, [*(decided[2] if decided and decided[0] else []), *said], False)
    if decided is None:
        return EMPTY
    value, confidence, evidence, answered_question = decided
    state: str = "confirmed" if answered_question and confidence >= 0.95 else "suggested"
    return FieldValue(
        value, "confirmed" if state == "confirmed" else "suggested", confidence, tuple(dict.fromkeys(evidence)), display="是" if value else "否"
    )


def _is_question(text: str, start: int, end: int) -> bool:
    """Whether the sentence that holds characters [start, end) asks; what comes after it may ask something else."""
    sentence = text[max(text.rfind("。", 0, start), 0) : start] + text[start:end] + re.split("[。！!]", text[end:])[0]
    return bool(re.search(r"吗|需要|要不要|是否|好不好|还是|[？?]", sentence)) and not _about_something_else(text, end)


def _about_something_else(text: str, end: int) -> bool:
    """Whether the agent went on to another question, so that a yes may mean that one."""
    return bool(re.search(r"(?:还有其他|其他需要|还有什么|还需要|联系电话|贵姓|怎么称呼)", text[end:]))


def _negated(text: str, start: int) -> bool:
    return bool(re.search(r"(?:没有?人?|一直没|都没|从来没|不|别)(?:再)?$", text[max(0, start - 5) : start])) or "没人" in text[max(0, start - 6) : start]


def read_callback(conversation: Conversation) -> FieldValue:
    """Whether the caller wants to hear the outcome; empty when neither speaker brought it up."""
    return _read(conversation, _CALLBACK)


def read_confidential(conversation: Conversation) -> FieldValue:
    """Whether the caller wants to stay unnamed towards the office and the other side; empty when it did not come up."""
    return _read(conversation, _CONFIDENTIAL)
