"""How text sounds: toneless syllables with their positions, and how easily one syllable is taken for another."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from pypinyin.constants import PINYIN_DICT

MAX_READINGS = 2
"""Readings kept of a character, commonest first: enough for 番 (fan, pan), 涌 (yong, chong), 行 (xing, hang); the third
and later ones (食 as yi) are dictionary curiosities that make strange words alike."""

_DIGITS = ("ling", "yi yao", "er", "san", "si", "wu", "liu", "qi", "ba", "jiu")
_LETTERS = {
    "a": "ei", "b": "bi", "c": "xi", "d": "di", "e": "yi", "f": "fu", "g": "ji", "i": "ai", "j": "jie", "k": "kai",
    "m": "mu", "n": "en", "o": "ou", "p": "pi", "q": "qiu", "r": "er", "s": "si", "t": "ti", "u": "you", "v": "wei",
    "y": "wai", "z": "zei",
}  # fmt: skip
"""The Mandarin syllable nearest to a letter's name: recognisers write C区 as 西区."""

_INITIALS = (
    "zh", "ch", "sh", "b", "p", "m", "f", "d", "t", "n", "l", "g", "k", "h", "j", "q", "x", "r", "z", "c", "s",
)  # fmt: skip
_WHOLE = {
    "yi": "i", "ya": "ia", "ye": "ie", "yao": "iao", "you": "iou", "yan": "ian", "yin": "in", "yang": "iang",
    "ying": "ing", "yong": "iong", "yo": "io", "yai": "iai", "yu": "v", "yue": "ve", "yuan": "van", "yun": "vn",
    "wu": "u", "wa": "ua", "wo": "uo", "wai": "uai", "wei": "uei", "wan": "uan", "wen": "uen", "wang": "uang",
    "weng": "ueng",
}  # fmt: skip

_INITIAL_PAIRS = {
    0.25: "zh-z ch-c sh-s n-l r-l h-f",
    0.5: "b-p d-t g-k j-q zh-ch z-c zh-c z-ch j-zh j-z q-ch q-c x-sh x-s n-r r-0",
    0.65: "zh-sh ch-sh z-s c-s j-x q-x m-n g-h k-h b-m d-l f-0 h-0 zh-s z-sh",
    0.8: "b-d p-t d-g t-k f-p",
}
"""Distance 0..1 of initials; 0 is the missing initial. First row: the regional mergers of southern Mandarin; then by
one changed feature (aspiration, place, manner). Set by hand from recognisers' mistakes on telephone speech."""
_NUCLEUS_PAIRS = {0.3: "o-e -i-e", 0.35: "i-v", 0.4: "u-o -i-i", 0.5: "a-e i-e a-o u-v u-e"}


def _pairs(table: dict[float, str]) -> dict[tuple[str, str], float]:
    distances = {}
    for distance, pairs in table.items():
        for pair in pairs.split():
            left, right = pair.rsplit("-", 1)
            distances[left, right] = distances[right, left] = distance
    return distances


_INITIAL_DISTANCE = _pairs(_INITIAL_PAIRS)
_NUCLEUS_DISTANCE = _pairs(_NUCLEUS_PAIRS)


@dataclass(frozen=True, slots=True)
class _Parts:
    initial: str
    medial: str
    nucleus: str
    coda: str


def _parts(syllable: str) -> _Parts:
    initial = next((initial for initial in _INITIALS if syllable.startswith(initial)), "")
    final = _WHOLE.get(syllable, syllable[len(initial) :])
    if initial in ("j", "q", "x") and final.startswith("u"):
        final = "v" + final[1:]
    if initial:
        final = {"iu": "iou", "ui": "uei", "un": "uen"}.get(final, final)
    if initial in ("zh", "ch", "sh", "r", "z", "c", "s") and final == "i":
        return _Parts(initial, "", "-i", "")
    coda = ""
    if final.endswith("ng"):
        final, coda = final[:-2], "ng"
    elif len(final) > 1 and final[-1] in "niur":
        final, coda = final[:-1], final[-1]
    elif len(final) > 1 and final.endswith("o") and final[-2] == "a":
        final, coda = final[:-1], "u"
    medial = ""
    if len(final) > 1 and final[0] in "iuv":
        medial, final = final[0], final[1:]
    return _Parts(initial or "0", medial, final, coda)


def _final_distance(left: _Parts, right: _Parts) -> float:
    distance = 0.0 if left.medial == right.medial else 0.3
    if left.nucleus != right.nucleus:
        distance += _NUCLEUS_DISTANCE.get((left.nucleus, right.nucleus), 0.8)
    if left.coda != right.coda:
        distance += 0.25 if {left.coda, right.coda} == {"n", "ng"} else 0.5
    return min(1.0, distance)


def _syllable_distance(left: _Parts, right: _Parts) -> float:
    distances = [_weighted(left, right)]
    for one, other in ((left, right), (right, left)):
        if one.initial == "h" and one.medial == "u" and other.initial == "f":  # 湖华 - 湖发, 挥 - 飞
            distances.append(0.15 + _weighted(_Parts("f", "", one.nucleus, one.coda), other))
    return min(distances)


def _weighted(left: _Parts, right: _Parts) -> float:
    initial = 0.0 if left.initial == right.initial else _INITIAL_DISTANCE.get((left.initial, right.initial), 1.0)
    return min(1.0, 0.6 * initial + 0.7 * _final_distance(left, right))


def _fuzzy_name(parts: _Parts) -> str:
    initial = {"zh": "z", "ch": "c", "sh": "s", "n": "l", "r": "l"}.get(parts.initial, parts.initial)
    medial = parts.medial.replace("v", "i")
    nucleus = parts.nucleus.replace("v", "i")
    if initial == "h" and (medial == "u" or nucleus == "u"):
        initial, medial = "f", ""
    merges = parts.coda == "ng" and nucleus in ("a", "e", "i")
    return f"{initial} {medial} {nucleus} {'n' if merges else parts.coda}"


def _toneless(reading: str) -> str:
    letters = unicodedata.normalize("NFD", reading).replace("u\u0308", "v").replace("e\u0302", "e")
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _inventory() -> tuple[str, ...]:
    found = {
        _toneless(reading)
        for code in range(0x4E00, 0xA000)
        for reading in PINYIN_DICT.get(code, "").split(",")
        if reading
    }
    return tuple(sorted(found | set(_LETTERS.values())))


SYLLABLES: tuple[str, ...] = _inventory()
"""Every toneless syllable; a syllable's id is its place here."""

_IDS = {syllable: number for number, syllable in enumerate(SYLLABLES)}
_PARTS = [_parts(syllable) for syllable in SYLLABLES]


def _distance_table() -> NDArray[np.float32]:
    size = len(SYLLABLES)
    table = np.zeros((size, size), dtype=np.float32)
    for row in range(size):
        for column in range(row):
            table[row, column] = table[column, row] = _syllable_distance(_PARTS[row], _PARTS[column])
    return table


DISTANCE: NDArray[np.float32] = _distance_table()
"""(syllables, syllables), 0..1: 0 the same, 0.15-0.3 what southern speakers merge, 1 nothing in common."""


def _fuzzy_table() -> NDArray[np.int32]:
    names = [_fuzzy_name(parts) for parts in _PARTS]
    numbers = {name: number for number, name in enumerate(sorted(set(names)))}
    return np.array([numbers[name] for name in names], dtype=np.int32)


FUZZY: NDArray[np.int32] = _fuzzy_table()
"""(syllables,): the class of each syllable when zh=z, ch=c, sh=s, n=l=r, hu=f, yu=yi, ing=in, eng=en, ang=an."""


@dataclass(frozen=True, slots=True)
class Syllable:
    """One character of a text that is spoken; blanks and punctuation have none."""

    char: str
    """Lower case, full-width forms folded to ASCII."""
    position: int
    """Index of the character in the text."""
    readings: tuple[int, ...]
    """Ids of its toneless syllables, commonest first; empty when nobody knows how it is read."""


@lru_cache(maxsize=65536)
def readings(char: str) -> tuple[int, ...]:
    """Ids of the toneless syllables of one character, digit or letter; empty for anything else."""
    if char.isascii() and char.isdigit():
        names = _DIGITS[int(char)].split()
    elif char.isascii():
        names = [_LETTERS[char.lower()]] if char.lower() in _LETTERS else []
    else:
        names = list(dict.fromkeys(_toneless(reading) for reading in PINYIN_DICT.get(ord(char), "").split(",")))
    return tuple(_IDS[name] for name in names[:MAX_READINGS] if name in _IDS)


@lru_cache(maxsize=65536)
def _spoken(char: str) -> str:
    folded = unicodedata.normalize("NFKC", char).lower()
    return folded if len(folded) == 1 and folded.isalnum() else ""


def syllables(text: str) -> list[Syllable]:
    """The spoken characters of `text` in order, every reading of each."""
    return [
        Syllable(folded, position, readings(folded)) for position, char in enumerate(text) if (folded := _spoken(char))
    ]


def pinyin(text: str) -> list[str]:
    """The commonest toneless syllable of each spoken character of `text` ("?" where there is none)."""
    return [SYLLABLES[syllable.readings[0]] if syllable.readings else "?" for syllable in syllables(text)]


@lru_cache(maxsize=65536)
def spellings(char: str) -> tuple[str, ...]:
    """The toneless syllables that spell a Chinese character, commonest first; none for digits and Latin letters."""
    return () if char.isascii() else tuple(SYLLABLES[reading] for reading in readings(char))


@lru_cache(maxsize=65536)
def first_letters(char: str) -> tuple[str, ...]:
    """The letters that those begin with, each once."""
    return tuple(dict.fromkeys(spelling[0] for spelling in spellings(char)))


def initials(text: str) -> list[str]:
    """What is typed of each spoken character of `text` by initials: the first letters of its readings, commonest
    first (行 is "xh"); a digit or Latin letter is itself."""
    return ["".join(first_letters(spoken.char)) or spoken.char for spoken in syllables(text)]


def char_distance(left: str, right: str) -> float:
    """0..1, how far apart two characters sound at their closest readings; 0 for the same character or sound."""
    if left == right:
        return 0.0
    pairs = [DISTANCE[one, other] for one in readings(left) for other in readings(right)]
    return float(min(pairs)) if pairs else 1.0
