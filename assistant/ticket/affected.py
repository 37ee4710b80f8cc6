"""How many people or households are affected."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from assistant.ticket.dialogue import Conversation
from assistant.ticket.fields import EMPTY, Evidence, FieldValue
from assistant.ticket.numbers import CARDINAL, parse_cardinal

_PEOPLE = (
    "人|工人|业主|住户|居民|学生|家长|同事|员工|老人|孩子|小孩|村民|工友|乘客|顾客|会员|消费者|受害者|病人|"
    "老师|同学|租客|商户|摊贩|司机|邻居"
)
_COUNTED = re.compile(
    rf"(?P<number>{CARDINAL})(?P<about>多|来)?(?:户(?!口|型|籍|外|主)|个(?:{_PEOPLE})(?!名|工|行|家里)|名(?:{_PEOPLE})|位(?:{_PEOPLE})|(?:号|口)人|口(?=$|[，,。子])|"
    rf"人(?!民|工|行|家|数|次|事|份|生))"
)
_COLLECTIVE = re.compile(
    r"整个|全[部小都]|一共|总共|我们|大概|涉及|影响|都[没被停]|工人|业主|住户|居民|一起|大家|合计|至少|将近|差不多|左右|同事|工友|名|户"
)
_FAMILY = re.compile(r"(?:一|全)家(?:子|老小|上下)?(?:一共|总共|大大小小)?$")
_OTHERS = re.compile(
    r"(?:来|去|派|叫|请|找|进|走|上|下|跑|冲|围)(?:了|过|来|过来)[^，。]{0,2}$|(?:他们|对方|店里|(?<!我们)公司|那边)(?:一共|总共|有|就|才|来)*$"
)
"""Who came, was sent, or belongs to the other side: counted, but not those who suffer."""
_SUFFERED = re.compile(
    r"停[水电气]|没[水电气]|被[困骗拖欠打]|受害|受伤|受影响|影响|涉及|拖欠|欠|没发|中毒|拉肚子|不舒服|困在|吵|睡不|退不|投诉|维权|"
    r"全停|都[没被停是受]|用不|出不|进不|上当"
)
_PERSONAL = re.compile(r"(?:我|他|她|你|您|自己|就|剩)(?:们)?$")
_PER_UNIT = re.compile(r"(?:每|一)(?:层|梯|栋|车|桌|间)|限[坐乘载]|可[坐住]|司机|核载|不是(?:我)?$")


@dataclass(frozen=True)
class _Count:
    value: int
    weight: float
    position: int
    evidence: Evidence


def _counts(conversation: Conversation, position: int) -> Iterator[_Count]:
    turn = conversation.turns[position]
    asked = "people" in conversation.asked(position)
    for match in _COUNTED.finditer(turn.text):
        value = parse_cardinal(match["number"])
        before = turn.text[max(0, match.start() - 10) : match.start()]
        around = before + turn.text[match.start() : match.end() + 8]
        if (
            value is None
            or value != int(value)
            or before[-1:] in ("第", "几", "十", "百", "两")
            or _PER_UNIT.search(before)
        ):
            continue
        if value < 3 and not asked:
            continue
        weight = (
            (1.0 if asked else 0.0)
            + (1.0 if _COLLECTIVE.search(around) else 0.0)
            - (0.0 if asked or not _FAMILY.search(before) or _SUFFERED.search(turn.text) else 1.0)
            - (0.0 if asked or not _OTHERS.search(before) else 1.5)
            - (0.5 if match["about"] else 0.0)
        )
        weight += 0.3 if turn.role == "caller" else 0.1
        weight -= 1.0 if _PERSONAL.search(before) and value < 5 and not asked else 0.0
        if weight >= 0.5:
            yield _Count(int(value), weight, position, turn.evidence(*match.span()))


def read_people_affected(conversation: Conversation) -> FieldValue:
    """People or households (an int), when the caller counts them or answers how many; the last exact count wins.

    一个人 and 几十户 are no counts: the first is about somebody, the second about nobody in particular.
    """
    counts = conversation.collect(_counts)
    if not counts:
        return EMPTY
    support: dict[int, float] = {}
    last: dict[int, int] = {}
    for count in counts:
        support[count.value] = support.get(count.value, 0.0) + count.weight
        last[count.value] = count.position
    meant = max(support, key=lambda value: (support[value], last[value]))
    evidence = tuple(count.evidence for count in counts if count.value == meant)
    confidence = min(0.93, 0.5 + 0.17 * support[meant])
    return FieldValue(meant, "suggested", round(confidence, 2), evidence)
