"""Building, unit, room and house number as people say them: 三号楼四单元五零二, B栋1203房, 12栋之二."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from assistant.ticket.numbers import DIGITS, parse_cardinal
from kb.pinyin import pinyin

Part = Literal["building", "unit", "room"]

_DIGIT = "零〇一二三四五六七八九幺0-9"
_NUMBER = rf"(?:[{_DIGIT}十百两]+)"
_BLOCK = rf"(?:{_NUMBER}|[A-Za-zＡ-Ｚａ-ｚ][{_DIGIT}]{{0,2}}|[东南西北][{_DIGIT}]{{0,2}})"
_BUILDING = re.compile(
    rf"(?P<block>{_BLOCK})(?P<word>号楼)(?P<sub>之{_NUMBER})?"
    rf"|(?<![有这那每整同哪几第])(?P<block2>(?!两[栋幢]){_BLOCK})(?P<word2>[栋幢])(?P<sub2>之{_NUMBER})?(?!楼|居民|房|别墅|大楼|民居|老)"
    rf"|(?P<block3>[A-Za-z东南西北][{_DIGIT}]{{0,2}})(?P<word3>座)"
)
"""A bare 座 needs a letter or a direction: 一座桥 and 七座车 are no buildings; 有一栋 counts, it does not name."""
_UNIT = re.compile(rf"(?P<number>{_NUMBER}|[A-Za-z甲乙丙丁])单元")
_ROOM = re.compile(
    rf"(?P<number>(?:[A-Za-z])?[{_DIGIT}]{{2,5}}(?:[A-Za-z])?|{_NUMBER})(?P<word>号?[房室])(?!价|租|贷|产|东|子里|屋|管)"
)
_BARE_ROOM = re.compile(
    rf"(?<![{_DIGIT}十百])(?P<number>[{_DIGIT}]{{3,4}}[A-Za-z]?)(?![{_DIGIT}十百千万元块多个户年月日号点分度])"
)
_HOUSE = re.compile(
    rf"[，,、的]?(?P<number>{_NUMBER})号(?P<sub>之{_NUMBER})?(?!楼|线|院|车|晚|早|那天|下午|上午|开始)"
    rf"|(?P<bare>[1-9]\d{{1,3}})(?![\d路线国省县个块元户天年月日点米多家条层栋])"
)
_NEGATED = re.compile(r"(?<!是)不是(?:说|那个)?$")
_OTHERS = re.compile(
    r"(?:女儿|儿子|孩子|爸|妈|父母|老人|朋友|邻居|亲戚|同事|房东|隔壁|他们?|她|别人|人家|以前|原来|从前)[^，。！？]{0,3}(?:住|在|是)[^，。！？]{0,2}$"
)
"""Before a part where somebody else lives, or where the caller lived."""
_BETWEEN = re.compile(r"^[^，。！？]{0,3}(?:中间|之间|当中)")
_AND = re.compile(r"^(?:跟|和|与|同|到|、)$")
_SPOKEN_DIGITS = {
    "ling": "零", "yi": "一", "yao": "一", "er": "二", "san": "三", "si": "四", "wu": "五", "liu": "六", "qi": "七",
    "ba": "八", "jiu": "九", "shi": "十",
}  # fmt: skip
_SOUND_SUFFIXES: dict[tuple[str, ...], str] = {("hao", "lou"): "号楼", ("dan", "yuan"): "单元"}


@dataclass(frozen=True, slots=True)
class Said:
    """A part of an address said at characters [start, end) of a text."""

    part: Part
    value: str
    """As it is written on a ticket: 7号楼, 4单元, 502房."""
    start: int
    end: int
    confidence: float
    denied: bool = False
    """Said to be wrong (不是十单元), or where somebody else lives (我女儿才住三号楼)."""


def written(number: str) -> str:
    """A spoken number as it stands on a door: 五零二 -> 502, 十二 -> 12, 一百零三 -> 103; letters in capitals."""
    if re.search("[十百]", number):
        value = parse_cardinal(number)
        if value is not None:
            return str(int(value))
    return "".join(str(DIGITS.get(char, char)) for char in number).upper()


def find_parts(text: str) -> list[Said]:
    """Every building, unit and room said in a text, in order; 六号楼跟七号楼中间 is neither."""
    repaired = _repair(text)
    found: list[Said] = []
    for match in _BUILDING.finditer(repaired):
        block, word = (
            match["block"] or match["block2"] or match["block3"],
            match["word"] or match["word2"] or match["word3"],
        )
        sub = match["sub"] or match["sub2"] or ""
        found.append(_said("building", f"{written(block)}{word}{sub}", match, text, repaired))
    for match in _UNIT.finditer(repaired):
        found.append(_said("unit", f"{written(match['number'])}单元", match, text, repaired))
    for match in _ROOM.finditer(repaired):
        number = written(match["number"])
        if re.search(r"^[A-Z]?[1-9]\d", number):
            found.append(_said("room", f"{number}{match['word'].lstrip('号')}", match, text, repaired))
    rooms = [said for said in found if said.part == "room"]
    for said in [said for said in found if said.part in ("building", "unit")]:
        bare = _BARE_ROOM.match(repaired, _skip(repaired, said.end))
        if bare and not any(room.start <= bare.start() < room.end for room in rooms):
            found.append(_said("room", f"{written(bare['number'])}房", bare, text, repaired))
    found.sort(key=lambda said: (said.start, said.part))
    beside = [said for said in found if _BETWEEN.match(text[said.end :])]
    pairs = [(one, other) for one in found for other in beside if _AND.match(text[one.end : other.start])]
    between = [said for pair in pairs for said in pair]
    return [said for said in found if said not in between]


def find_bare_number(text: str) -> Said | None:
    """The last three or four digits said without a word for what they are: 不是，五零二."""
    matches = [match for match in _BARE_ROOM.finditer(text) if not _NEGATED.search(text[: match.start()])]
    return _said("room", f"{written(matches[-1]['number'])}房", matches[-1], text, text) if matches else None


def house_number(text: str, position: int) -> tuple[str, int, int] | None:
    """The number that follows a road's name at `position` (222号, 二百二十号之一), and its characters [start, end)."""
    match = _HOUSE.match(text, position)
    if not match:
        return None
    sub = match["sub"] or ""
    group = "number" if match["number"] else "bare"
    return f"{written(match[group])}号{sub}", match.start(group), match.end()


def _said(part: Part, value: str, match: re.Match[str], text: str, repaired: str) -> Said:
    literal = text[match.start() : match.end()] == repaired[match.start() : match.end()]
    before = text[: match.start()]
    denied = bool(_NEGATED.search(before) or _OTHERS.search(before))
    return Said(part, value, match.start(), match.end(), 0.9 if literal else 0.6, denied)


def _digit(char: str) -> str:
    """The digit that a character sounds like: 误 -> 5; empty for others."""
    sound = (pinyin(char) or [""])[0]
    return written(_SPOKEN_DIGITS[sound]) if sound in _SPOKEN_DIGITS and sound != "shi" else ""


def _skip(text: str, position: int) -> int:
    while position < len(text) and text[position] in "，,、 的":
        position += 1
    return position


def _repair(text: str) -> str:
    """The text with 号楼 and 单元, and the digits before them, spelled out where only their sounds were written."""
    sounds: Sequence[str] = [(pinyin(char) or [""])[0] for char in text]
    chars = list(text)
    for position in range(len(chars) - 1):
        suffix = _SOUND_SUFFIXES.get((sounds[position], sounds[position + 1]))
        if not suffix or position == 0:
            continue
        digit = _SPOKEN_DIGITS.get(sounds[position - 1])
        if chars[position - 1] not in DIGITS and chars[position - 1] not in "十百":
            if digit is None or not ("\u4e00" <= chars[position - 1] <= "\u9fff"):
                continue
            chars[position - 1] = digit
        chars[position : position + 2] = suffix
    for position, sound in enumerate(sounds):
        if sound == "fang":
            _repair_room(chars, position)
    return "".join(chars)


def _repair_room(chars: list[str], end: int) -> None:
    """Spell out the three or four digits before a 房 at `end`, where at least half of them are digits already."""
    start = end
    while start and end - start < 4 and (chars[start - 1] in DIGITS or _digit(chars[start - 1])):
        start -= 1
    written_ones = sum(char in DIGITS for char in chars[start:end])
    if end - start >= 3 and written_ones * 2 >= end - start:
        chars[start:end] = [char if char in DIGITS else _digit(char) for char in chars[start:end]]
        chars[end] = "房"
