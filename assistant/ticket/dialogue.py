"""What is going on between the two speakers: what the agent asks, and whether the caller agrees."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from assistant.ticket.fields import Evidence
from assistant.ticket.sound import Cue, encode
from assistant.transcript import Utterance

Topic = Literal[
    "name", "phone", "line_phone", "address", "time", "amount", "people", "demand", "callback", "confidential",
    "matter", "subject", "else",
]  # fmt: skip
Stance = Literal["yes", "no"]
Found = TypeVar("Found")

ANSWERED = 3
"""Turns after an agent's question in which the caller's answer to it may come."""
REMEMBERED = 80
"""Mentions that a reader weighs; of more, as calls of an hour have, the first half and the last half."""

SHORT = 5
"""Characters of an agent's utterance that names the telephone and so asks for its number: 电话室 was 电话是."""

OTHER_READINGS = 2
"""Of an agent's utterance, by the recogniser, in which a question is looked for, too."""

QUESTIONS: dict[Topic, Cue] = {
    "name": Cue(
        r"贵姓|您[贵位]?姓|您贵向|怎么称|如何称|咱们称呼|您的姓名|您的名字|全名|叫什么名字|您姓什么|您尊姓",
        spelled="[您你问生士][贵未卫位为会跪归魏鬼柜规围][性姓信幸星行兴形下校心]",
        heard="贵姓",
    ),
    "phone": Cue(
        r"联系电话|联系方式|电话号码|手机号码|您的电话|您的手机|留[个一下]*[^，。]{0,4}电话|什么电话|电话多少|电话是多少|"
        r"号码是多少|哪个号码|怎么联系您|电话呢|电话是[？?]|(?:电话|手机|号码)(?:留|登记|报)(?:一)?[个下]|"
        r"(?:您的?|留的?|登记的?|联系)(?:电话|手机|号码)|[，。](?:电话|手机|号码)[？?]|有没有其他(?:电话|号码)|"
        r"留[一个下]*(?:电话|手机|号码)|(?:报|给|说|写)(?:我|一)?[个下]+(?:您的?)?(?:电话|手机|号码)|"
        r"(?:电话|手机|号码)您?(?:说|讲|报|留|给|写)(?:一下|给我|下)",
        spelled=r"^(?:那|好的?)?[，,]?(?:您的?)?(?:电话|手机|号码)(?:呢|是)?[？?。]?$",
    ),
    "line_phone": Cue(
        r"来电[的]?(?:这个|那个)?号码|来电这个|来电的电话|打进来的?(?:这个)?(?:电话|号码)|(?:打|用|留|记)[您你]?这个(?:号码|电话|手机)|来电号码|现在[打用]的?[^，。]{0,5}(?:号|电话)|"
        r"您打过?来的|打进来的?这个|这个来电|这个号码[^，。]{0,4}(?:联系|可以|行|方便)|就是这个(?:号码|尾号|电话)|"
        r"(?:用|留|是|记)(?:您)?(?:现在|目前)?[的]?这个(?:号码|电话|手机)"
    ),
    "address": Cue(
        r"什么位置|哪个位置|什么地方|哪个地方|在哪里|在哪儿|哪个小区|具体地址|详细地址|地址是|住哪|哪个区|哪条路|几号楼|哪一栋|哪条街|"
        r"具体位置|门牌号"
    ),
    "time": Cue(r"什么时候|什么时间|哪一天|哪天|几号的|几点|多久之前|何时|什么日子"),
    "amount": Cue(
        r"多少钱|金额|多少元|剩多少|还剩多少|多少块|多少费用|花了多少|付了多少|交了多少|欠了?[您你]?多少|损失[了]?多少"
    ),
    "people": Cue(
        r"多少户|多少人|几户|几个人|多少[个名位]|涉及多少|多少(?:学生|工人|业主|住户|居民|家长|员工|老人|孩子)"
    ),
    "demand": Cue(
        r"您的诉求|您的建议|您的要求|什么诉求|什么要求|诉求是|希望怎么|希望我们|希望如何|您希望|想怎么处理|怎么处理比较",
        heard="诉求",
    ),
    "callback": Cue(
        r"(?:需要|要不要|是否|要)[^，。]{0,4}(?:答复|回复|回访|通知|告诉)|电话回访|给您回(?:个)?电|给您回复|回复您|打电话跟您|电话联系您|给您(?:一个)?答复|反馈给您|通知您结果",
        heard="回访",
    ),
    "confidential": Cue(r"公开您的", spelled="[保包]密|匿名|实名"),
    "matter": Cue(r"可以帮[到助]?[您你]|请讲|请说|什么事情|反映什么|要咨询还是|什么问题"),
    "subject": Cue(
        r"哪家|哪一家|哪个(?:公司|店|单位|商家|部门|物业|学校|医院|平台)|什么(?:店|公司|单位|平台)|店名|公司名称|商家名称|单位名称|哪一路车|叫什么(?!名字)"
    ),
    "else": Cue(r"还有其他|其他需要|还有什么|还需要[^，。]{0,4}帮助|感谢您的来电|服务做出评价|祝您生活愉快"),
}
"""What agents ask, by the words and sounds they ask it with."""

_NO = Cue(
    r"^(?:[嗯啊哦呃唉哎]|这个|那个|[，,、。！!\s])*(?:不对|不是|错了|不用|不要|不需要|没有|不行|不必|不可以|不同意|弄错)",
    spelled=r"^(?:[嗯啊哦呃唉哎，,、。！!\s])*(?:不[，,。！!了]|不$|没[，,。！!]|没$|别)",
)
_YES = Cue(
    r"^(?:[啊哦呃哎，,、。！!\s])*(?:没错|可以|是的|对的|好的|是啊|对啊|正确|没问题|就是|需要|要的|同意|行的|对对)",
    spelled=r"^(?:[啊哦呃哎嗯，,、。！!\s])*(?:嗯|恩|队的|[事四]的|对(?!不起|面|于|方|着|他|她|我)|是(?![不谁什哪否吗]|有)|"
    r"好(?![像多几久不])|行(?!人|不)|要(?!是|不|么|投|举|求|反|怎))",
)
_AGENT = Cue(
    r"热线|为您服务|请问您|请问有什么|帮您|您好先生|您好女士|先生您|女士您|您贵姓|感谢您的来电|给您登记|我转|给您回访|对我的服务|核对一下"
)
"""Words by which the agent is told from the caller where a mono recording cannot tell."""


@dataclass(frozen=True)
class Turn:
    """One utterance with what it does in the conversation."""

    utterance: Utterance
    role: Literal["caller", "agent"]
    asks: frozenset[Topic]
    """What an agent's utterance asks or offers; empty for the caller's."""
    stance: Stance | None
    """Whether it begins by agreeing or disagreeing; None when it does neither."""

    @property
    def text(self) -> str:
        return self.utterance.text

    @property
    def heard(self) -> bool:
        """Whether a recogniser wrote it down, so that its sound means more than its characters."""
        return self.utterance.confidence < 1.0 or bool(self.utterance.hypotheses)

    def evidence(self, start: int, end: int) -> Evidence:
        """Characters [start, end) of this utterance."""
        return Evidence(self.utterance.index, start, end)


def stance(text: str) -> Stance | None:
    """Agreement (对, 嗯对, 是的, 没错) or denial (不对, 不是) at the beginning of a text; None for neither."""
    if text in _NO and not re.match(r"[嗯啊哦]?[，,]?没[错问关]|[嗯啊哦]?[，,]?不(?:好意思|客气|清楚|知道|错)", text):
        return "no"
    return "yes" if text in _YES else None


def topics(text: str) -> frozenset[Topic]:
    """What an agent's utterance asks for or offers."""
    found = frozenset(topic for topic, cue in QUESTIONS.items() if text in cue)
    return found | {"phone"} if len(text) <= SHORT and "电话" in text else found


def read_turn(utterance: Utterance) -> Turn:
    """What an utterance does; a speaker who is not known is judged by their words."""
    text = utterance.text
    role: Literal["caller", "agent"] = "agent" if utterance.speaker == "agent" else "caller"
    if utterance.speaker == "unknown" and text in _AGENT:
        role = "agent"
    asks: frozenset[Topic] = frozenset()
    if role == "agent":
        asks = asks.union(*map(topics, (text, *utterance.hypotheses[:OTHER_READINGS])))
    return Turn(utterance, role, asks, stance(text))


def asks_for_agreement(text: str) -> bool:
    """Whether an agent's utterance reads something back: it ends in 对吗, 是吧, 对吧, 没错吧."""
    return bool(re.search(encode(r"(?:对[吗吧嘛么]|是[吗吧]|对不对|是不是|没错吧)[？?。]?$"), encode(text)))


@dataclass
class _Mentions:
    """What a reader found in the turns before `until`."""

    found: list[Any] = field(default_factory=list)
    until: int = 0


@dataclass
class Conversation:
    """The turns heard so far, in order."""

    turns: list[Turn] = field(default_factory=list)
    _by_index: dict[int, Turn] = field(default_factory=dict)
    _mentions: dict[Hashable, _Mentions] = field(default_factory=dict)

    def hear(self, utterance: Utterance) -> Turn:
        """Take one more utterance."""
        turn = read_turn(utterance)
        self.turns.append(turn)
        self._by_index[utterance.index] = turn
        return turn

    def said(self, evidence: Evidence) -> Turn:
        """The turn that the evidence is from."""
        return self._by_index[evidence.utterance]

    def collect(self, read: Callable[..., Iterable[Found]], *given: Hashable) -> list[Found]:
        """What `read(conversation, position, *given)` finds in each turn, in order; no more than about REMEMBERED.

        It may look at the turns before and, by `reply`, at the ANSWERED ones behind: so a turn is read again until
        these were heard, then never.
        """
        known = self._mentions.setdefault((read, given), _Mentions())
        for position in range(known.until, len(self.turns) - ANSWERED):
            known.found += read(self, position, *given)
            known.until = position + 1
        del known.found[REMEMBERED // 2 : -REMEMBERED // 2]
        return [*known.found, *(each for at in range(known.until, len(self.turns)) for each in read(self, at, *given))]

    def asked(self, position: int, within: int = 3) -> frozenset[Topic]:
        """What the agent last asked before turn `position`: the nearest agent turns that ask something.

        Callers answer in several utterances, so the question stays open for `within` turns of the caller.
        """
        callers = 0
        found: frozenset[Topic] = frozenset()
        for earlier in range(position - 1, -1, -1):
            turn = self.turns[earlier]
            if turn.role == "caller":
                if found:
                    break
                callers += 1
                if callers > within:
                    break
            elif turn.asks:
                found |= turn.asks
            elif found or len(turn.text) > 8:
                break
        return found

    def reply(self, position: int) -> tuple[Stance | None, int]:
        """How the caller first answers the agent's turn `position`: the stance, and that answer's position or -1."""
        for later in range(position + 1, min(position + 1 + ANSWERED, len(self.turns))):
            turn = self.turns[later]
            if turn.role == "caller":
                return turn.stance, later
            if len(turn.text) > 6 and turn.asks - self.turns[position].asks:
                break
        return None, -1
