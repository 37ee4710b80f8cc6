"""Numbers in Chinese speech: cardinals, money and strings of digits, where they stand in a text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from assistant.ticket.sound import TEXTS, syllable

DIGITS = (
    {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "幺": 1, "两": 2} | {str(i): i for i in range(10)}
)
UNITS = {"十": 10, "百": 100, "千": 1000}
GROUPS = {"万": 10_000, "亿": 100_000_000}

_CHINESE = "零〇一二两三四五六七八九十百千万亿"
CARDINAL = rf"(?:(?<![\d{_CHINESE}])(?:\d++(?:,\d{{3}})*+(?:\.\d++)?+|[{_CHINESE}])++)"
"""A regular expression for a run of characters that may be one cardinal; possessive, so that it takes linear time."""
LARGEST = 10**13
"""From here on digits are an account or a case number, not a quantity."""

_NOT_NUMBERS = re.compile(
    r"万一|千万(?=[别不要记得])|一[直下样些般定切旦共边起点向会时]|[一二两三四]里|十分(?!钟)|百(?:货|姓)|三元里|一(?=[个]?劲)"
)
_MEASURES = "个户人年月号日天点分路楼栋房室米公里小时度平斤次岁多名位条辆间家层瓦秒兆星周倍期届成折页张件只"
_MONEY = re.compile(
    rf"(?P<number>{CARDINAL}|[一二两三四五六七八九]点[一二三四五六七八九]+[万亿]?)(?P<about>多|来|几)?(?P<group>[万千百])?"
    r"(?:块钱|块(?!地|儿|砖|布|玻|石|区|土)|元(?![里旦宵素件气朝培村岗桥路大])|圆|蚊(?!子))"
    rf"(?P<dime>[一二三四五六七八九1-9](?![{_MEASURES}一二三四五六七八九十百千万\d]))?"
)

SPOKEN_DIGITS = {
    "ling": 0, "yao": 1, "yi": 1, "er": 2, "san": 3, "si": 4, "wu": 5, "liu": 6, "qi": 7, "ba": 8, "jiu": 9,
}  # fmt: skip
"""Syllables of the digits: what a character that sounds like one stands for inside a spoken number."""
NEAR_DIGITS = {
    "lin": 0, "leng": 0, "you": 1, "ying": 1, "shan": 3, "shang": 3, "sang": 3, "shen": 3, "sheng": 3, "zhen": 3,
    "shi": 4, "niu": 6, "lu": 6, "pa": 8, "bai": 8,
}  # fmt: skip
"""Syllables that Whisper base writes for digits now and then: 妖山吧, 幽震把 and 要三百 were all 幺三八."""
SURE_LENGTH = 7
"""Characters in a row that all sound like digits: so many are a number however they are written."""


@dataclass(frozen=True)
class Number:
    """A number said in a text, at characters [start, end)."""

    value: float
    start: int
    end: int
    about: bool = False
    """Said as "more than" or "about" this."""


def parse_cardinal(text: str) -> float | None:
    """The value of 两万三千六, 1.2万, 八百六 (860), 一百零五; None for digit strings (八六) and anything else."""
    value = _cardinal(text)
    return value if value is not None and value < LARGEST else None


def _cardinal(text: str) -> float | None:
    if re.fullmatch(r"\d+(?:,\d{3})*(?:\.\d+)?", text):
        return float(text.replace(",", ""))
    total, section, number, unit, zero = 0.0, 0.0, None, 1, False
    for token in re.findall(r"\d+(?:,\d{3})*(?:\.\d+)?|.", text):
        if token in UNITS:
            if number is None and (token != "十" or (zero and not section)):
                return None
            section += (1 if number is None else number) * UNITS[token]
            number, unit, zero = None, UNITS[token], False
        elif token in GROUPS:
            section += number or 0
            if section == 0:
                return None
            total, section, number, unit, zero = total + section * GROUPS[token], 0.0, None, GROUPS[token], False
        elif token in ("零", "〇"):
            if number is not None:
                return None
            zero = True
        elif number is not None:
            return None
        elif token in DIGITS or token[0].isdigit():
            number = DIGITS[token] if token in DIGITS else float(token.replace(",", ""))
        else:
            return None
    if number is None:
        return total + section if total + section else (0.0 if text in ("零", "〇") else None)
    return total + section + number * (unit / 10 if unit > 10 and not zero and number < 10 else 1)


def _blocked(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in _NOT_NUMBERS.finditer(text)]


@lru_cache(maxsize=TEXTS)
def find_cardinals(text: str) -> tuple[Number, ...]:
    """Every cardinal, words like 一直 and 万一 left alone; approximate when followed by 多, 来 or 左右."""
    blocked, numbers = _blocked(text), []
    for match in re.finditer(CARDINAL, text):
        if any(start < match.end() and match.start() < end for start, end in blocked):
            continue
        value = parse_cardinal(match.group())
        before = text[match.start() - 1 : match.start()]
        if value is not None and before not in ("第", "几", "幺"):
            numbers.append(Number(value, *match.span(), about=text[match.end() : match.end() + 1] in ("多", "来")))
    return tuple(numbers)


@lru_cache(maxsize=TEXTS)
def find_money(text: str) -> tuple[Number, ...]:
    """Every sum of money that is said with its unit, in yuan: 八百六十块, 一千多元, 1.2万元, 八块五."""
    sums = []
    for match in _MONEY.finditer(text):
        number, group = match["number"], match["group"] or ""
        if "点" in number:
            whole, fraction = number.rstrip("万亿").split("点")
            value = float(f"{DIGITS[whole]}.{''.join(str(DIGITS[c]) for c in fraction)}")
            value *= GROUPS.get(number[-1], 1)
        else:
            parsed = parse_cardinal(number)
            if parsed is None or text[match.start() - 1 : match.start()] in ("几", "第"):
                continue
            value = parsed
            if value == 1 and re.search("[在到挤凑堆放绑聚][了成]?$", text[: match.start()]):  # 挤在一块
                continue
            if value <= 3 and match.group().endswith("块") and re.match(r"[\u4e00-\u9fff]", text[match.end() :]):
                continue
        value *= GROUPS.get(group, UNITS.get(group, 1))
        if match["dime"]:
            value += DIGITS[match["dime"]] / 10
        sums.append(Number(value, *match.span(), about=match["about"] is not None))
    return tuple(sums)


def find_bare_sums(text: str) -> list[Number]:
    """Cardinals from ten that may be money although no unit is said (两万三千六): use only where money is meant."""
    return [
        number
        for number in find_cardinals(text)
        if number.value >= 10
        and (text[number.end : number.end + 1] or "，") not in _MEASURES
        and not text[number.end : number.end + 2].startswith(("平方", "公斤", "块", "元"))
    ]


@dataclass(frozen=True)
class DigitRun:
    """Digits said one after the other, at characters [start, end)."""

    digits: str
    start: int
    end: int
    guessed: int
    """How many of them were written as another word of the same or a similar sound."""


_SKIP = " ，,、。.-－—　·"


def _digit(character: str) -> tuple[str, int] | None:
    """(digit, how far-fetched it is: 0 written as a digit, 1 homophone, 2 similar sound)."""
    if character in DIGITS and character != "两":
        return str(DIGITS[character]), 0
    sound = syllable(character)
    if sound in SPOKEN_DIGITS and "\u3400" <= character <= "\u9fff":
        return str(SPOKEN_DIGITS[sound]), 1
    if sound in NEAR_DIGITS and "\u3400" <= character <= "\u9fff":
        return str(NEAR_DIGITS[sound]), 2
    return None


@lru_cache(maxsize=TEXTS)
def find_digit_runs(text: str, shortest: int = 3, by_sound: bool = True) -> tuple[DigitRun, ...]:
    """Runs of at least `shortest` digits; pauses between groups do not end a run.

    With `by_sound` homophones count (邀三八 is 138); of a short run at least half must be written as digits.
    """
    runs: list[DigitRun] = []
    current: list[tuple[int, str, int]] = []

    def close() -> None:
        for end in (0, -1):
            while current and text[current[end][0]] == "是":
                current.pop(end)
        if len(current) > 11:
            while len(current) > 11 and current[0][2] == 2:
                current.pop(0)
            while len(current) > 11 and current[-1][2] == 2:
                current.pop()
        guessed = sum(1 for _, _, level in current if level)
        if len(current) >= shortest and (guessed * 2 <= len(current) or len(current) >= SURE_LENGTH):
            runs.append(DigitRun("".join(d for _, d, _ in current), current[0][0], current[-1][0] + 1, guessed))
        current.clear()

    for position, character in enumerate(text):
        found = _digit(character)
        if found and (found[1] == 0 or by_sound):
            current.append((position, *found))
        elif character not in _SKIP:
            close()
    close()
    return tuple(runs)
