"""What callers say behind the name of a road or district to tell the spot: a number, a crossing, a stop, a landmark."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.ticket.placeindex import Hearing

_NOUNS = (
    "公交站|地铁站|车站|站台|站|上客点|落客点|停车场|停车位|车位|天桥|人行桥|大桥|桥底|桥|隧道|公园|广场|市场|小学|中学|学校|医院|"
    "工地|路段|路口|人行道|非机动车道|自行车道|绿化带|村口|岗亭|码头|球场|牌坊|祠堂|石桥|加油站|垃圾站|变电站|充电站|路边|河边|涌边|门诊部|医院"
)
_SIDES = "门口|对面|旁边|附近|出口|入口|楼下|后门|后面|前面"
_LAST = "非机动车道|人行道|自行车道|路边|石桥|空地|第?[一二三四五六七八九十两\\d]+条巷"
"""What narrows a spot down, said last."""
_WORDS = r"[^，。！？,.!?；\s]"
_SPOT = re.compile(
    r"[，,、]?(?:的|[那这][里边]|[那纳拿哪]个?)*+"
    rf"(?P<spot>{_WORDS}{{0,14}}(?:{_NOUNS})(?:[A-Za-z]?\d?口|[A-Za-z]?\d?(?:{_SIDES}))?(?:[那这]个|的)?(?:{_LAST})?"
    rf"|{_WORDS}{{2,14}}(?:{_SIDES})(?:[，,]?(?:的|[那这]个)?(?:{_LAST}))?|对面{_WORDS}{{0,10}})"
)
_LANDMARK = re.compile(r"(?:的)?(?:斜?对面|旁边|隔壁|附近|侧边|边上|后面|前面|路口|对出)")
"""What is said behind a shop that only tells where something else is; 门口 is not among them, shops use that, too."""

_JOINED = re.compile("[跟与和同、]")
_CROSSING_WORDS = {
    "交叉": re.compile("[交较][叉差查插岔]"), "交界": re.compile("交[界接]"), "交汇": re.compile("[交教][汇会回]"),
}  # fmt: skip
"""With what recognisers write for them; behind two roads they can be nothing else."""
_CROSSING = re.compile(rf"(?:{'|'.join(word.pattern for word in _CROSSING_WORDS.values())})(?:.{{0,3}}路口|处)?|路口")
_CROSSING_WITHIN = 8
"""Characters behind the second road in which its crossing is named."""
_WELL_HEARD = 0.85


@dataclass(frozen=True, slots=True)
class Crossing:
    """Two roads that meet; the ticket's road is the first."""

    second: Hearing
    place: str
    """What it is called: 交叉路口, 交界处, 路口."""
    end: int
    """Character at which it ends."""


def find_crossing(text: str, roads: Sequence[Hearing]) -> Crossing | None:
    """A crossing like 体育东路跟天河北路交叉那个路口 among the roads heard in a text, best heard first."""
    for second in roads:
        before = [road for road in roads if road.end + 1 == second.start]
        behind = text[second.end : second.end + _CROSSING_WITHIN]
        place = _CROSSING.search(behind)
        if not before or not place:
            continue
        well_heard = second.similarity >= _WELL_HEARD and any(road.similarity >= _WELL_HEARD for road in before)
        if _JOINED.match(text, second.start - 1) or well_heard:
            word = next((word for word, cue in _CROSSING_WORDS.items() if cue.search(behind)), "")
            name = f"{word}处" if word in ("交界", "交汇") else f"{word}路口"
            return Crossing(second, name, second.end + place.end())
    return None


def find_spot(text: str, position: int) -> tuple[str, int] | None:
    """The spot named from a character on, as far as a word for a kind of place, and where it ends."""
    match = _SPOT.match(text, position)
    if not match:
        return None
    spot = re.sub("的|[那这]个|那边|那里|有一?个|[，,]", "", match["spot"])
    return (spot, match.end()) if spot else None


def is_landmark(text: str, end: int) -> bool:
    """Whether the name that ends at `end` only tells where something else is: 对面, 旁边."""
    return _LANDMARK.match(text, end) is not None


def clarity(spot: str) -> int:
    """Characters of a spot that are words known for places: a garbled 公荐站 is but 站."""
    return sum(map(len, re.findall(rf"\d+号|与|{_NOUNS}|{_SIDES}", spot)))
