"""How much money is at stake."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from assistant.ticket.dialogue import Conversation
from assistant.ticket.fields import EMPTY, Evidence, FieldValue
from assistant.ticket.numbers import Number, find_bare_sums, find_digit_runs, find_money
from assistant.ticket.sound import Cue

_AT_STAKE = Cue(
    r"没用完|没有发|没有给|没退给",
    spelled=r"退(?!休|伍|役|烧|房|路|步|出)|推款|赔|还[剩有]|剩|欠|被骗|骗了|扣|多收|收了|损失|垫|要回|定金|没发|没给|补偿|被盗|"
    r"转[了账走]|罚",
    heard="退款|退钱|余额|押金",
)
_UNIT_PRICE = re.compile(
    r"(?:每|一|/)(?:个?[月天日年度斤次晚节堂趟单份张瓶杯碗人]|小时|平|吨|公里|立方|平米|平方)|(?:工资|底薪|月租|租金|房租)(?:是|才|就)?[^，。]{0,3}$|一个月"
)
_PRICE_AFTER = re.compile(r"^(?:钱)?(?:一|每|/)(?:个)?[月天日年度斤次晚平吨件个位人]")
_OWED = re.compile(r"欠|没发|没给|不发|克扣|退|赔|多收")
"""Beside these a sum for each month or hour is the matter itself."""
ECHO_STARTS = 6
"""Characters at the beginning of an agent's turn in which a sum is what the caller has just said."""
_TOTAL = re.compile(r"(?:合计|一共|总共|共计|金额|余额|还剩|退还?|赔偿?|损失)[^，。]{0,4}$")
_SPENT = re.compile(r"(?:收了?我?|退|赔|就|剩|还剩|是|花了?|要|欠|扣了?|付了?|交了?|把这)$")
_UNLIKELY = 10_000_000
"""Yuan from which a sum was likelier misheard: callers speak of wages, fees, deposits and at most of a flat."""
_CORRECTS = re.compile(r"不是|不对|错了|讲错|说错|等一下|等等|等会|我看看|看一下|看下|我翻|应该是|准确|哦不|改成|记错")
"""Between two sums of one turn: the second takes the place of the first."""
_DENIED = re.compile(r"(?:不是|没有|不止)$")
_WAIVED = re.compile(r"^[^。！？]{0,8}(?:算了|不要了|不用(?:退|赔)|就不)")
_SETTLED = re.compile(r"(?:改为|改成|更正为|调整为|就?按|就(?:赔|退|补|要))(?:这个)?$")
"""Before the sum that both settle on, whatever was asked for earlier."""
_ENOUGH = re.compile(r"^[^，。！？]{0,2}就(?:算了|行|可以|好)")
"""Behind the sum that is enough: 赔五千五我就算了."""
_ONLY = re.compile(r"^(?:[嗯哦好对是的吧那][，,、]?)*就(?:是|要|按)?(?:这)?$|[，,。](?:那)?就(?:是|要|按|退|赔)?$")
"""Before the sum that a caller settles on: 那个算了，就三百八十五."""
_OFFER = re.compile(
    r"(?:他们?|她|店里?|店家|老板|商家|客服|经理|公司|物业|对方|平台|中介|司机)[^。！？]{0,12}(?:只|最多|才|就)?(?:肯|愿意|能|同意|答应)?(?:赔|退|补|给)"
    r"(?!了)[^，。]{0,5}$"
)
"""What the other side would pay is not what is at stake."""
_USUAL = re.compile(r"(?:平时|原来|以前|正常|一般|别家|别人|市场价?|人家)[^，。]{0,4}$")
"""Before what it usually costs."""
_PAID = Cue(r"充了|充值|花了|付了|交了|买的|一共|总共|原价|报名费|学费|会员")


@dataclass(frozen=True)
class _Sum:
    number: Number
    weight: float
    position: int
    evidence: Evidence
    certain: bool
    """False for a bare number, which is money only where the same sum was said before."""
    withdrawn: bool = False
    """Said to be wrong or to be given up; so is all that was said of it before."""
    told: bool = True
    """False for what an agent says of rates and limits, which is no echo of what the caller said."""


def _clause(text: str, start: int, end: int) -> tuple[str, str]:
    left = max(text.rfind(mark, 0, start) for mark in "。！？!?") + 1
    return text[max(left, start - 12) : start], text[end : end + 10]


def _is_sum(text: str, bare: Number) -> bool:
    """Whether a bare number is a sum by its form: 八千六, 一万二, 三百八十五 before a pause, 收我385."""
    number = text[bare.start : bare.end]
    rest = text[bare.end : bare.end + 1]
    formed = re.search("[百千万]", number) or (number[0].isdigit() and _SPENT.search(text[: bare.start]))
    return bare.value >= 100 and bool(formed) and (not rest or rest in "，。,.！!？?、吧啊呀嘛了退赔推给算我")


def _sums(conversation: Conversation, position: int) -> Iterator[_Sum]:
    if _spells_a_phone(conversation, position):
        return
    turn = conversation.turns[position]
    asked = "amount" in conversation.asked(position)
    money = find_money(turn.text)
    numbers = [(number, True) for number in money]
    for bare in find_bare_sums(turn.text):
        before, after = _clause(turn.text, bare.start, bare.end)
        money_meant = (asked and turn.role == "caller") or (
            bare.value >= 100 and _AT_STAKE.text.search(before[-6:] + after[:5]) is not None
        )
        money_meant = money_meant or (turn.role == "caller" and _is_sum(turn.text, bare))
        overlaps = any(n.start < bare.end and bare.start < n.end for n, _ in numbers)
        if not overlaps and not re.search(r"[第尾号]$|电话", before[-4:]):
            numbers.append((bare, money_meant))
    numbers.sort(key=lambda entry: entry[0].start)
    for place, (number, certain) in enumerate(numbers):
        before, after = _clause(turn.text, number.start, number.end)
        following = turn.text[number.end : numbers[place + 1][0].start] if place + 1 < len(numbers) else ""
        settled = bool(_SETTLED.search(before) or (_ENOUGH.search(after) and before[-8:] in _AT_STAKE))
        waived = bool(_WAIVED.search(after)) and not settled
        withdrawn = bool(_DENIED.search(before) or waived or _CORRECTS.search(following))
        weight = 1.0 + (0.8 if asked and turn.role == "caller" else 0.0)
        weight += 1.5 if before in _AT_STAKE else 0.7 if after[:6] in _AT_STAKE else 0.0
        weight += 0.3 if before in _PAID else 0.0
        weight += 2.0 if settled else 0.0
        weight += 2.0 if turn.role == "caller" and _ONLY.search(before) else 0.0
        weight -= 2.0 if turn.role == "caller" and _OFFER.search(before) else 0.0
        if _USUAL.search(before):
            continue
        if (
            (_PRICE_AFTER.search(after) or _UNIT_PRICE.search(re.split("[，,]", before)[-1][-6:]))
            and not asked
            and not _OWED.search(before + after)
        ):
            continue
        weight -= 0.4 if turn.role == "agent" else 0.0
        echoed = turn.role == "caller" or number.start <= ECHO_STARTS or _TOTAL.search(before) is not None
        yield _Sum(number, weight, position, turn.evidence(number.start, number.end), certain, withdrawn, echoed)


def _meant(sums: list[_Sum]) -> list[_Sum]:
    """The sums without the bare numbers that were not said as money before, those that were taken back, and those that
    only the agent speaks of."""
    first: dict[float, int] = {}
    meant: list[_Sum] = []
    for entry in sums:
        if entry.withdrawn:
            meant = [earlier for earlier in meant if earlier.number.value != entry.number.value]
            continue
        if entry.certain or first.get(entry.number.value, entry.position) < entry.position:
            first.setdefault(entry.number.value, entry.position)
            meant.append(entry)
    told = {entry.number.value for entry in meant if entry.told}
    return [entry for entry in meant if entry.number.value in told]


def _spells_a_phone(conversation: Conversation, position: int) -> bool:
    """Whether the turn gives or reads back a telephone number, whose digits are no money."""
    text = conversation.turns[position].text
    if any(len(run.digits) >= 9 for run in find_digit_runs(text, 9)):
        return True
    recent = conversation.turns[max(0, position - 3) : position + 1]
    return any(turn.asks & {"phone", "line_phone"} for turn in recent) and bool(find_digit_runs(text, 5))


def read_amount(conversation: Conversation) -> FieldValue:
    """The money at stake in yuan (an int where it is whole): the last sum said for it, not unit prices or wages.

    A sum that stands beside words like 退, 赔, 欠 or 余额, or answers the agent's question about money, counts more
    than one that was merely paid at some time.
    """
    sums = [
        (order, entry)
        for order, entry in enumerate(_meant(conversation.collect(_sums)))
        if entry.weight > 0 and entry.number.value > 0
    ]
    if not sums:
        return EMPTY
    support: dict[float, float] = {}
    for _, entry in sums:
        support[entry.number.value] = support.get(entry.number.value, 0.0) + entry.weight
    strongest = max(entry.weight for _, entry in sums)
    eligible = [
        (min(support[entry.number.value], 3.0) + order * 0.2, entry.number.value)
        for order, entry in sums
        if entry.weight >= strongest - 0.9 or support[entry.number.value] >= 2.5
    ]
    value = max(eligible, key=lambda entry: entry[0])[1]
    ours = [entry for _, entry in sums if entry.number.value == value]
    confidence = 0.55 + 0.12 * min(support[value], 3.0)
    if len(support) > 1:
        confidence -= 0.1
    if all(entry.number.about for entry in ours):
        confidence -= 0.15
    if value >= _UNLIKELY:
        confidence = min(confidence, 0.3)
    amount = int(value) if value == int(value) else round(value, 2)
    evidence = tuple(entry.evidence for entry in ours)
    return FieldValue(amount, "suggested", round(min(confidence, 0.93), 2), evidence, display=f"{amount}元")
