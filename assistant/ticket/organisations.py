"""Organisations that are in no list: a name of their own before what they are (风达快递, 仁和骨科医院)."""

from __future__ import annotations

import re
from collections.abc import Iterator

import jieba

from assistant.ticket.dictionary import is_word
from assistant.ticket.dictionary import tag as tag_of

KINDS = (
    "有限公司|分公司|公司|快递|物流|快运|物业|中介|地产|置业|人民医院|中医院|骨科医院|医院|诊所|门诊部|门诊|幼儿园|小学|中学|学校|驾校|"
    "培训中心|培训机构|培训班|教育|健身房|健身|美容院|美容|影楼|摄影|旅行社|酒店|宾馆|餐厅|饭店|酒楼|超市|商场|百货|药店|药房|银行|"
    "家政|装饰|装修|搬家|出行|打车|租车|网约车|外卖|商城|电器|家电|维修部|维修|工厂|酒吧|网吧|会所|养老院|停车场|加油站|工作室|俱乐部|居委会|村委会|业委会|居民委员会|村民委员会|卫生院|服务中心|研究所|事务所|店|厂"
)
LONGEST = 8
"""Characters of the name of its own."""

_NAMED = re.compile(rf"(?P<head>[\u4e00-\u9fffA-Za-z]{{2,{LONGEST}}}?)(?P<kind>(?:{KINDS})+)")
_BEFORE = re.compile(
    r".*(?:[和跟向](?=..)|是|叫做?|叫|在|找|去|到|给|把|被|那家?|这家?|家|个|的|了|过|投诉|举报|表扬|反映|说|用|来|请|问|为|由|"
    r"您|我们?|你们?|他们?|她)"
)
"""What may stand between the beginning of a clause and the name."""
_PLACED = re.compile(r".*(?:区|路|街|大道|镇)(?=..)")
"""Where it is, said before its name."""
_ANSWER = re.compile("(?:[嗯啊哦呃]|就|是|叫做?|好像|应该|那个|那家|这家|一家)*")
"""What may stand before a name in answer to whom it is about."""
_GENERAL = re.compile(
    "装修|搬家|家政|快递|物业|中介|保险|房产|地产|旅游|贸易|科技|食品|建筑|广告|网络|电信|自来水|供电|燃气|公交|地铁|出租车|小区|附近|楼下|隔壁|"
    "门口|对面|私立|公立|民办|连锁|分店|总店|公司|我们|你们|他们|自己|别的|其他|一家|这家|那家|哪家|两家|同一家|什么|有些|国产|正规|大型|小型|"
    "市区|全市|本地|外地"
)


def named_organisations(text: str, answers: bool = False) -> Iterator[tuple[str, int, int]]:
    """Names in a text that are more than what the organisation does, with their characters [start, end).

    `answers`: the speaker was asked for the name; then a clause of its own is one, whatever its words mean (顺道出行).
    """
    for clause in re.finditer(r"[\u4e00-\u9fffA-Za-z]+", text):
        for match in _NAMED.finditer(clause.group()):
            head = match["head"]
            cut = _BEFORE.match(head)
            begin = match.start() + (cut.end() if cut else 0)
            if placed := _PLACED.match(clause.group()[begin : match.start("kind")]):
                begin += placed.end()
            own = clause.group()[begin : match.start("kind")]
            whole = _ANSWER.fullmatch(clause.group()[:begin]) and match.end() == len(clause.group())
            if len(own) >= 2 and (_is_own(own) or (answers and whole and not _GENERAL.fullmatch(own))):
                yield clause.group()[begin : match.end()], clause.start() + begin, clause.start() + match.end()


def _is_own(head: str) -> bool:
    """Whether the words before the kind are a name: one of them is no everyday word."""
    words = [word for word in jieba.lcut(head, HMM=False) if not _GENERAL.fullmatch(word)]
    singles = sum(len(word) == 1 for word in words)
    named = any(tag_of(word).startswith(("nr", "nz", "nt")) for word in words)
    return bool(words) and (singles >= 2 or named or not all(len(word) == 1 or is_word(word) for word in words))
