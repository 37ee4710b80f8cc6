"""Characters explained by a word they are in (秦岭的秦) or by their parts (耳东陈), however they were heard."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from assistant.ticket.dictionary import vocabulary
from assistant.ticket.sound import TEXTS, encode, toned
from kb.pinyin import char_distance

SAME = 0.25
"""Distance of two characters' sounds (`kb.pinyin`) up to which they may be the same word, misheard."""
NEAR = 0.4
_OF = "的得地里底之来"
"""What 的 is written as by a recogniser."""
_HAN = re.compile("[\u4e00-\u9fff]+")
_LENGTHS = (4, 3, 2)
"""Of the word: the longest that is one."""
_COMPOSED = re.compile(r"[，,]?(?:再)?(?:加|家一?个|去掉|不要|上面|下面|左边|右边|旁边|带)")
"""What turns an explanation into that of another character: a part of it is added or taken away."""

PARTS: dict[str, str] = {
    "耳东": "陈", "车东": "陈", "弓长": "张", "立早": "章", "木子": "李", "十八子": "李", "双口": "吕", "言午": "许",
    "古月": "胡", "草头": "蒋黄", "田共": "黄", "大肚": "黄", "三横": "王", "三划": "王", "口天": "吴", "走肖": "赵",
    "走小": "赵", "双木": "林", "禾呈": "程", "人可": "何", "单人": "何", "木易": "杨", "双人": "徐", "美女": "姜",
    "女字": "姚", "马加": "冯", "两点": "冯", "关耳": "郑", "四维": "罗", "余则": "余", "干勾": "于", "三点水": "江",
    "草字头": "蒋", "日月": "明", "卯金刀": "刘", "文刀": "刘", "西早": "覃", "山今": "岑",
}  # fmt: skip
"""How surnames are taken apart when spoken; what follows must still sound like the surname."""
_PARTED = re.compile("|".join(sorted((encode(part) for part in PARTS), key=len, reverse=True)))
_BY_SOUND: dict[str, str] = {}
for _part, _surnames in PARTS.items():
    _BY_SOUND[encode(_part)] = _BY_SOUND.get(encode(_part), "") + _surnames


@dataclass(frozen=True)
class Explained:
    """Characters [start, end) of a text, which tell how one of them is written."""

    start: int
    end: int
    place: int
    """Where that character is: last, or first where its parts follow."""
    heard: str
    """As the recogniser wrote it."""
    meanings: tuple[str, ...]
    """The characters that the explanation may mean, likeliest first; none when no word says which."""
    parted: bool = False


@lru_cache(maxsize=TEXTS)
def explanations(text: str) -> tuple[Explained, ...]:
    """Every explanation in a text, in order; they do not overlap."""
    found: list[Explained] = []
    for match in _PARTED.finditer(encode(text)):
        for place, limit in ((match.end(), SAME), (match.start() - 1, NEAR)):
            heard = text[place : place + 1] if place >= 0 else ""
            near = [name for name in _BY_SOUND[match.group()] if heard and char_distance(heard, name) <= limit]
            if near:
                start, end = min(match.start(), place), max(match.end(), place + 1)
                found.append(Explained(start, end, place, heard, (near[0],), parted=True))
                break
    for middle in range(1, len(text) - 1):
        if text[middle] in _OF and (by_word := _by_word(text, middle)):
            found.append(by_word)
    apart: list[Explained] = []
    for each in sorted(found, key=lambda each: each.end):
        if not apart or each.start >= apart[-1].end:
            apart.append(each)
    return tuple(apart)


def _by_word(text: str, middle: int) -> Explained | None:
    """The explanation whose 的 is at `middle`: a word before it, one of its characters again behind it."""
    again, end = text[middle + 1], middle + 2
    for length in _LENGTHS:
        word = text[max(0, middle - length) : middle]
        if len(word) < length or not _HAN.fullmatch(word + again):
            continue
        distances = [char_distance(character, again) for character in word]
        place = length - 1 - distances[::-1].index(min(distances))
        meanings = _meanings(word, place)
        least = NEAR if word in vocabulary() else SAME if meanings else 0.0
        if min(distances) <= least and (meanings or length == 2):
            return Explained(middle - length, end, end - 1, again, () if _COMPOSED.match(text, end) else meanings)
    return None


def _meanings(word: str, place: int) -> tuple[str, ...]:
    """The character in this place of the word and of those that sound like it: it was heard, not read."""
    known = vocabulary()
    alike = sorted(
        {word, *_by_sound().get(encode(word), ())} & known.keys(),
        key=lambda other: (other != word, -_tones(word, other), -known[other]),
    )
    return tuple(dict.fromkeys(other[place] for other in alike))


def _tones(first: str, second: str) -> int:
    """In how many places two words are read with the same tone."""
    return sum(toned(one) == toned(other) for one, other in zip(first, second, strict=True))


LEAST_FREQUENT = 5
"""How often a word is in the texts of jieba's dictionary before somebody would explain a name with it."""


@lru_cache(maxsize=1)
def _by_sound() -> dict[str, list[str]]:
    """Words by their sound."""
    words: dict[str, list[str]] = {}
    for word, frequency in vocabulary().items():
        if frequency >= LEAST_FREQUENT and _HAN.fullmatch(word):
            words.setdefault(encode(word), []).append(word)
    return words
