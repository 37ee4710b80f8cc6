"""What kind of request it is: 咨询, 求助, 投诉, 举报, 建议 or 表扬."""

from __future__ import annotations

import re
from collections.abc import Iterator

from assistant.ticket.dialogue import Conversation
from assistant.ticket.fields import EMPTY, REQUEST_TYPES, Evidence, FieldValue
from assistant.ticket.sound import Cue

_NAMED = {
    "投诉": Cue(heard="投诉"),
    "举报": Cue(spelled="举[报包保]"),
    "建议": Cue(r"提(?:一?个|一下|点)?(?:小)?建议|我的建议", spelled=r"建议"),
    "表扬": Cue(r"点个赞|点一个赞|感谢信|送锦旗", spelled="表扬|点赞"),
    "咨询": Cue(r"咨询", spelled=r"请教|了解一下|问一下|问下|问问|请问一下|打听"),
    "求助": Cue(r"帮忙解决|帮我解决|帮帮忙|帮帮我", spelled=r"求助|救命|帮忙(?:处理|看|弄|协调|联系)|派人(?:来|过来)"),
}
_WISH = re.compile(r"(?:我|想|要|来|是|再|继续|重复|现在|只能|实名|匿名)[^，。]{0,3}$")
_NOT = re.compile(
    r"(?:不是|不想|不要|别|不用|没|没有|怎么|如何|去哪里|去哪|向谁|找谁|可不可以|能不能|上次|之前|已经|以前|被人?)[^，。]{0,2}$"
)
_DECLINED = re.compile(r"(?:倒)?(?:就)?(?:不用|不必|不要|算了|不了|谈不上|说不上|免了)")
"""Behind a type: 投诉就不用了."""
_CHOICE = re.compile(r"还是|或者")
_SUMMARY = re.compile(r"(?:您|你)(?:是|的)?(?:要|想|希望)?[^，。]{0,3}$|按[^，。]{0,4}$|登记[^，。]{0,4}$")
_ASKING = re.compile(
    r"怎么(?:办|弄|报|申请|查|算|领|交|打印|转|补|改|样|走)|要什么(?:条件|材料|资料|手续)|需要什么|多少钱|能不能(?:申请|领|报|办|用|转|补)|可以(?:申请|领|报|办|转|补)[^，。]{0,6}吗|"
    r"什么时候(?:能|可以|发|开始|报名)|在哪里?(?:办|查|领|交|打)|是怎么回事|政策|想问|条件|标准是"
)
_HELPLESS = re.compile(
    r"麻烦(?:你们|您|派|帮|快)|帮忙|解决一下|尽快|赶快|快点|快来|派人|停[水电气]|被困|没[水电气]了|坏了|走失|救|煤气味|漏煤气|漏气|着火|咬人|被咬|危险"
)
_ANGRY = re.compile(
    r"扰民|不退|不给|不管|没人管|没人理|乱|骗|态度|拖|太吵|吵得|吵死|受不了|欺负|黑心|违规|收费太|多收|垄断|不合理|不认|跑路|推来推去|倒闭|关门|不肯|不愿|拒绝|退钱|退款|赔偿|讨个?说法|要个?说法|耍赖|赖账|敷衍|推卸|推脱|推诿"
)
_REPORT = re.compile(
    r"偷偷|无证|没有?(?:执照|牌照|营业执照|许可证)|违法|违建|假货|假冒|过期|地沟油|回收|赌博|非法|黑[车诊店]|偷税|保密"
)
_PRAISE = re.compile(
    r"感谢|谢谢[^，。]{0,4}(?:师傅|警察|医生|护士|老师|同志|工作人员)|好人|热心|负责任|拾金不昧|很细心|鼓励"
)
_SUGGEST = re.compile(
    r"能不能(?:加|增|多|延长|改成|设)|应该(?:加|增|设|改|延长)|希望(?:能)?(?:增加|增设|延长|加装|多设|开通)|最好(?:能)?(?:加|设|改)"
)
_WORDING = {"咨询": _ASKING, "求助": _HELPLESS, "投诉": _ANGRY, "举报": _REPORT, "表扬": _PRAISE, "建议": _SUGGEST}
_NOT_ABOUT = frozenset({"name", "phone", "line_phone", "callback", "confidential"})
UNUSUAL = 1.0
"""Taken from the wording of a type that the category does not name."""
_TIE = ("举报", "投诉", "表扬", "建议", "求助", "咨询")


def _named(conversation: Conversation, position: int) -> Iterator[tuple[str, float, Evidence | None]]:
    """The types that a turn names, how strongly, and where; no evidence for one that is ruled out."""
    turn = conversation.turns[position]
    for kind, cue in _NAMED.items():
        for start, end in cue.spans(turn.text)[:2]:
            before, after = turn.text[max(0, start - 8) : start], turn.text[end : end + 6]
            if _NOT.search(before) or _DECLINED.match(after):
                if turn.role == "caller" and (_DECLINED.match(after) or re.search("不是|不想", before)):
                    yield kind, -1.0, None
                continue
            if turn.role == "caller":
                weight = 3.0 if _WISH.search(before) or start == 0 else 1.2
                if kind == "咨询" and re.match(r"先问|能不能先", turn.text[max(0, start - 2) : end]):
                    weight = 0.5
                weight += 1.0 if position < 4 else 0.0
            elif _CHOICE.search(before + after) or "matter" in turn.asks or "评价" in turn.text:
                continue
            else:
                agreed = conversation.reply(position)[0] == "yes"
                weight = (1.8 if agreed else 1.2) if _SUMMARY.search(before) else 0.4
                if "demand" in turn.asks:
                    weight = 0.8
            yield kind, weight, turn.evidence(start, end)


def _worded(conversation: Conversation, position: int) -> Iterator[tuple[int, tuple[tuple[str, float], ...]]]:
    """Characters of a caller's turn about the matter, and the types that its wording suggests, with weights."""
    turn = conversation.turns[position]
    if turn.role == "caller" and not conversation.asked(position) & _NOT_ABOUT:
        hits = ((kind, len(words.findall(turn.text))) for kind, words in _WORDING.items())
        share = 1.0 if position < 6 else 0.6
        yield len(turn.text), tuple((kind, min(count, 3) * share) for kind, count in hits if count)


def read_request_type(conversation: Conversation, usual: tuple[str, ...] = ()) -> FieldValue:
    """The type that the speakers name, else the one that the caller's wording suggests.

    `usual` are the types that the category allows, likeliest first (empty while there is no category): they only decide
    between wordings, never against what was said outright.
    """
    usual = tuple(kind for kind in usual if kind in REQUEST_TYPES)  # a pack may name what no ticket can hold
    score = dict.fromkeys(REQUEST_TYPES, 0.0)
    evidence: dict[str, list[Evidence]] = {kind: [] for kind in REQUEST_TYPES}
    for kind, weight, where in conversation.collect(_named):
        score[kind] += weight
        if where:
            evidence[kind].append(where)
    named = max(score, key=lambda kind: (score[kind], -_TIE.index(kind)))
    wording = dict.fromkeys(REQUEST_TYPES, 0.0)
    content = 0
    for length, hits in conversation.collect(_worded):
        content += length
        for kind, weight in hits:
            wording[kind] += weight
    if score[named] >= 2.0:
        rival = max((value for kind, value in score.items() if kind != named), default=0.0)
        confidence = 0.95 if score[named] >= 2 * rival + 1.5 else 0.75
        return FieldValue(named, "suggested", confidence, tuple(evidence[named]))
    for kind in usual:
        wording[kind] += 0.7 - 0.1 * usual.index(kind)
    for kind in REQUEST_TYPES:
        wording[kind] += 0.6 * max(score[kind], 0.0) - (UNUSUAL if usual and kind not in usual else 0.0)
    if content < 8 or not usual:
        return EMPTY
    judged = max(wording, key=lambda kind: (wording[kind], -_TIE.index(kind)))
    rival = max(value for kind, value in wording.items() if kind != judged)
    confidence = 0.5 + 0.1 * min(max(wording[judged] - rival, 0.0), 3.0)
    return FieldValue(judged, "suggested", round(confidence, 2), tuple(evidence[judged]))
