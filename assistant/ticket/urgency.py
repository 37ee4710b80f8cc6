"""How urgent the matter is, and whom to call at once when lives are in danger."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from assistant.ticket.dialogue import Conversation
from assistant.ticket.fields import EMPTY, Evidence, FieldValue, Hint
from assistant.ticket.sound import Cue


@dataclass(frozen=True)
class _Danger:
    """A kind of danger to life, the words for it, and what the agent has to do."""

    words: Cue
    advice: str


_DANGERS = (
    _Danger(
        Cue(r"冒浓烟|烧起来", spelled="着火|起火|失火|火灾|浓烟"),
        "来电可能涉及火情：立即三方转接119，记录地址，提醒来电人离开现场。",
    ),
    _Danger(
        Cue(
            r"(?:煤气|燃气|天然气|液化气)(?:管)?[^，。]{0,5}(?:泄漏|漏气|漏了|挖断|爆炸|味)|煤气中毒|闻到[^，。]{0,4}(?:煤气|燃气)|(?:股|闻到|重的|浓的|大的)煤气味|"
            r"(?:煤气|燃气|天然气|液化气)(?:管道?)?(?:泄漏|漏气|爆炸)"
        ),
        "来电可能涉及燃气泄漏：立即转接119和燃气抢修，提醒关阀、开窗、离开，不开关电器。",
    ),
    _Danger(
        Cue(
            r"(?:被困|困在|困住|关在)[^，。]{0,6}(?:电梯|里面|水里|楼|车|屋)|电梯[^，。]{0,6}(?:困|关)[住了着]?(?:人|在里面)|(?:有人|人|孩子|小孩|老人)[^，。]{0,4}(?:被困|困在|掉进|溺水|落水|掉下去|掉到)|"
            r"(?:困|关)在电梯|被困在|被困住|电梯困人|被困电梯"
        ),
        "来电可能有人被困：立即三方转接119，问清位置，保持电话畅通。",
    ),
    _Danger(
        Cue(r"不想活|活不下去|吃安眠药|要跳下", spelled="自杀|跳楼|轻生|割腕"),
        "来电可能有轻生倾向：保持通话、语气平和，请班长协助，同时联系110。",
    ),
    _Danger(
        Cue(
            spelled=r"拿(?:着)?刀|持刀|砍人|打人(?!.{0,3}(?:怎么|吗))|被打伤|老公打我|家暴|打我(?=$|[，。,.！!了一脸头耳])|动手打|绑架|抢劫|追着[我人][打砍]|要杀"
        ),
        "来电可能涉及人身安全：立即三方转接110，转接成功后再挂断。",
    ),
    _Danger(
        Cue(r"没有?(?:了)?呼吸|大出血|心脏病发|喘不过气|流了?很多血", spelled="叫不醒|昏迷|晕倒|抽搐|中毒"),
        "来电可能有人需要急救：立即三方转接120，提醒保持电话畅通。",
    ),
    _Danger(
        Cue(r"(?:房子|楼|墙|桥|楼房|屋顶|天花板|山体)[^，。]{0,3}(?:塌了|倒塌|垮了|坍塌|要塌)|山体滑坡|塌方"),
        "来电可能涉及坍塌：立即转接119，提醒人员撤离，记录位置。",
    ),
    _Danger(
        Cue(
            spelled=r"触电|漏电|高压线[^，。]{0,4}(?:掉|断|垂)|电线[^，。]{0,4}(?:掉到|掉下|断了|冒火|着火|落地)|变压器[^，。]{0,3}(?:冒烟|起火|爆)"
        ),
        "来电可能涉及带电危险：提醒远离现场，立即转接供电抢修，有人触电转接120。",
    ),
)
_NOT_NOW = re.compile(
    r"(?:怕|担心|万一|会不会|防止|以免|避免|没有?|不会|如果|要是|容易|险些|差点|上次|以前|之前|曾经|去年|听说|谨防|小心|等一下|预防|不是|吓得我?|真的?(?!是)|哪天|再|将来|以后|到时候?)[^，。]{0,8}$"
)
_OFTEN = re.compile(r"老是|经常|总是|常常|每次|动不动|时不时|三天两头|天天|好几次|多次")
_OVER = re.compile(
    r"没事了|已经(?:灭|扑灭|好了|救出|送医院|出院)|后来(?:好|没)|好转|^(?:了)?(?:怎么办|咋办|谁负责|就完了|跑都)"
)
_PRESSING = Cue(
    r"安全隐患|很危险|太危险|危险|塌[了下陷]|陷[进下了]|井盖(?:不见|没了|丢|破|松|塌)|水管爆|爆管|摇摇欲坠|快倒了|快掉|要掉下来|砸到人|"
    r"停水|停电|停气|断水|断电|水淹|水浸|浸到|淹了|泡了|倒灌|污水[^，。]{0,3}进|急用|等着[^，。]{0,4}(?:用|救)|走失|受伤|骨折|流血|火花|跳闸|堵死"
)
_DECLARED = Cue(
    r"紧急工单|按紧急件|按紧急处理|紧急处理",
    spelled=r"紧急(?:件|情况|事项)|按紧急|(?:作为|列为|标|转)[^，。]{0,4}紧急|加急|优先处理",
)
_DECLARED_TOP = Cue(
    r"特急|三方转接|(?:马上|立即|立刻|这边)[^，。]{0,6}(?:转|通知)[^，。]{0,3}(?:一一零|幺幺零|幺幺九|幺二零)",
    spelled=r"(?:马上|立即|立刻|这边)[^，。]{0,6}(?:转|通知)[^，。]{0,3}(?:110|119|120)",
)
_CALM = frozenset(("表扬", "建议"))


def _dangers(conversation: Conversation, position: int) -> Iterator[tuple[_Danger, Evidence]]:
    turn = conversation.turns[position]
    if turn.role != "caller":
        return
    for danger in _DANGERS:
        for start, end in danger.words.spans(turn.text):
            often = _OFTEN.search(turn.text[max(0, start - 6) : end])
            if not often and not _NOT_NOW.search(turn.text[:start]) and not _OVER.search(turn.text[end:]):
                yield danger, turn.evidence(start, end)


def _pressing(conversation: Conversation, position: int) -> Iterator[Evidence]:
    turn = conversation.turns[position]
    if turn.role == "caller":
        for start, end in _PRESSING.spans(turn.text):
            if not _NOT_NOW.search(turn.text[:start]):
                yield turn.evidence(start, end)


def _declared(conversation: Conversation, position: int, words: Cue) -> Iterator[Evidence]:
    """Where the agent says what the work order will be handled as."""
    turn = conversation.turns[position]
    if turn.role == "agent" and (match := words.search(turn.text)):
        yield turn.evidence(*match.span())


def read_urgency(conversation: Conversation, request_type: str | None, known: bool) -> FieldValue:
    """特急 where life is in danger now, 紧急 where the agent says so or it is clearly pressing, else 一般.

    What the agent calls it counts more than what it sounds like: people may have been rescued long ago.

    Empty until the matter is `known`, unless somebody is in danger.
    """
    calm = request_type in _CALM
    dangers = [] if calm else conversation.collect(_dangers)
    top = conversation.collect(_declared, _DECLARED_TOP)
    declared = conversation.collect(_declared, _DECLARED)
    if top or (dangers and not declared):
        return FieldValue("特急", "suggested", 0.9 if top else 0.7, tuple(e for _, e in dangers) + tuple(top))
    if declared:
        return FieldValue("紧急", "suggested", 0.95, tuple(declared))
    if not known:
        return EMPTY
    pressing = [] if calm or request_type == "咨询" else conversation.collect(_pressing)
    if len(pressing) >= 2:
        return FieldValue("紧急", "suggested", 0.6, tuple(pressing))
    return FieldValue("一般", "suggested", 0.6 if pressing else 0.85, ())


def urgent_hints(conversation: Conversation, request_type: str | None) -> list[Hint]:
    """What the agent has to do at once, one hint for each kind of danger that the caller speaks of."""
    if request_type in _CALM:
        return []
    return list(dict.fromkeys(Hint("urgent", danger.advice) for danger, _ in conversation.collect(_dangers)))
