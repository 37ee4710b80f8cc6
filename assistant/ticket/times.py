"""When it happened: spoken Chinese dates and times, resolved against the call's start, in the past."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from borax.calendars.lunardate import LunarDate

from assistant.ticket.dialogue import Conversation, Turn
from assistant.ticket.fields import EMPTY, FieldValue
from assistant.ticket.numbers import DIGITS, parse_cardinal
from assistant.ticket.sound import TEXTS, Cue

ZONE = ZoneInfo("Asia/Shanghai")

_N = r"[零〇一二两三四五六七八九十\d]"
_MONTH = r"1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九]"
_MONTHDAY = r"[12]\d|3[01]|0?[1-9]|[二三]?十[一二三四五六七八九]?|[一二三四五六七八九]"
_PERIOD = r"凌晨|清晨|大清早|一大早|早上|早晨|上午|中午|下午|傍晚|晚上|夜里|夜晚|半夜|深夜|晚|早"
_CLOCK = (
    rf"(?P<hour>{_N}{{1,3}})(?:(?:[点點]|时(?!间|候|段|就|常))(?:钟)?(?P<minute>半|一刻|三刻|[零〇一二三四五六七八九十\d]{{1,3}}(?=分|[^钟号个]|$))?分?|"
    r"[:：.](?P<digital>\d{2})分?)(?P<past>多|左右|前后)?"
)
_FESTIVALS = {
    "元旦": (1, 1), "情人节": (2, 14), "妇女节": (3, 8), "劳动节": (5, 1), "五一": (5, 1), "儿童节": (6, 1),
    "六一": (6, 1), "教师节": (9, 10), "国庆": (10, 1), "十一": (10, 1), "双十一": (11, 11), "双11": (11, 11),
    "双十二": (12, 12), "圣诞": (12, 25),
}  # fmt: skip
"""Month and day of the solar calendar."""
_LUNAR_FESTIVALS = {
    "春节": (1, 1), "大年初一": (1, 1), "元宵": (1, 15), "端午": (5, 5), "七夕": (7, 7), "中秋": (8, 15),
    "重阳": (9, 9),
}  # fmt: skip
"""Month and day of the lunar calendar; the eve (除夕) is the day before the first, 清明 follows the sun."""
_NAMES = "|".join(sorted({*_FESTIVALS, *_LUNAR_FESTIVALS} - {"五一", "六一", "十一"}, key=len, reverse=True))
_FESTIVAL = (
    rf"(?:{_NAMES}|除夕|大年三十|年三十|清明)节?(?!期间|假期?|放假|长假|[之以]?[前后]|活动|的时候|档|价)"
    rf"|(?<!{_N})(?:五一|六一|十一)(?=节|那|当[天晚]|晚|早上|上午|下午)节?"
)
_DATE = rf"""
  (?P<day>大前天|前天|前日|昨天|昨日|今天|今日|今儿)
 |(?P<dayperiod>[昨今前])(?=[晚早夜])
 |(?P<weeks>上上|上|这|本)?个?(?:星期|礼拜|周)(?P<weekday>[一二三四五六日天1-6])(?![个天块次里元户])
 |(?P<year>今年|去年|前年|(?:20)\d\d年|二零[一二]{_N}年)?的?(?P<month>{_MONTH}|上个?|这个?|本)月(?:份)?的?(?P<monthday>{_MONTHDAY})(?:[号日]|(?=[，,。的那]|$))
 |(?P<festyear>今年|去年|前年)?的?(?P<festival>{_FESTIVAL})
 |(?P<ago>{_N}{{1,3}})(?:个)?(?P<agounit>天|日|小时|钟头|星期|礼拜|周)(?:之|以)?前
 |(?<![第牌{_N[1:-1]}])(?P<bare>{_MONTHDAY})号(?=[，,。.那早上下晚中凌的就我去开到发左当]|$)(?!上的?[车线])
"""
_WHEN = re.compile(
    rf"(?:{_DATE})(?:[的，,]?(?:那天|当天)?[，,]?(?:大概|大约|差不多)?(?P<period>{_PERIOD}))?(?:[，,]?(?:大概|大约|差不多)?{_CLOCK})?",
    re.X,
)
_BARE_CLOCK = re.compile(rf"(?P<period>{_PERIOD})?(?:大概|大约|差不多)?(?<!{_N}){_CLOCK}")
_PERIOD_SAID = re.compile(_PERIOD)
_JUST_NOW = re.compile(r"刚才|刚刚|刚[才刚]?[发出掉塌摔]")
_EVERY = re.compile(r"(?:每|逢|每个|每到|每逢)$")
_WEEKDAYS = {c: i for i, c in enumerate("一二三四五六日")} | {"天": 6} | {str(i + 1): i for i in range(6)}

_SINCE = re.compile(r"(?:那天|当天)?(?:就)?(?:开始|起|以来)")
_CONTACTED = Cue(
    r"(?:打|来)过[了]?(?:好?几?次)?(?:电话|热线|电)|投诉过|反映过|报过警?|上次(?:来电|投诉|反映)|登记过|报修过|联系过|找过|来过电话|"
    r"打[了过]?[^，。]{0,6}(?:12345|一二三四五|热线)"
)
_ARRANGED = Cue(
    r"打给我|联系我|回电|回复|回访|方便接|给我电话|麻烦[^，。]{0,3}打[给我]|不方便接",
    spelled="再打|还要|就要|去查|派人|截止|之前(?:要|必须)",
)
_ACQUIRED = Cue(
    r"买的|购买|办的|办了|充的|充了|签的|签了|入职|搬[进来]|租的|交的|报的名|订的|下的单|收楼|开始上班|毕业|退休的|结婚"
)
_EVENT = Cue(
    r"发现|发生|看到|看见|开始|坏|停[了水电气]|没[水电气]|塌|摔|撞|受伤|吃[了完坏]|拉肚子|出院|上的?车|坐|收[了走]?|晚上也|到现在|起就|就没|"
    r"倒[了闭]|关门|锁|断|漏|着火|爆|被|吵|打[人我]|骗|去[了看]?|过去|遇到|丢|的时候|那天|住院|辞|扣"
)


@dataclass(frozen=True)
class Moment:
    """A point in time that somebody said, at characters [start, end) of a text."""

    value: date | datetime
    """A date, or an aware datetime when the hour was said."""
    start: int
    end: int
    stressed: bool = True
    """False for a bare 今天 or 刚才, which often says nothing about when the matter happened."""
    dated: bool = False
    """Said with month and day."""

    @property
    def iso(self) -> str:
        return self.value.isoformat()

    @property
    def day(self) -> date:
        return self.value.date() if isinstance(self.value, datetime) else self.value


def _number(text: str) -> int | None:
    value = parse_cardinal(text)
    if value is None and all(c in DIGITS for c in text):
        value = int("".join(str(DIGITS[c]) for c in text))
    return int(value) if value is not None else None


def _safe_date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _month_day(match: re.Match[str], today: date) -> date | None:
    day = _number(match["monthday"])
    if day is None:
        return None
    word = match["month"]
    if word[0] in "上这本":
        first = today.replace(day=1)
        first = (first - timedelta(days=1)).replace(day=1) if word[0] == "上" else first
        return _safe_date(first.year, first.month, day)
    month = _number(word)
    if month is None:
        return None
    said = match["year"]
    if said:
        years = {"今年": today.year, "去年": today.year - 1, "前年": today.year - 2}
        year = years.get(said) or _number(said[:-1])
        return _safe_date(year, month, day) if year else None
    found = _safe_date(today.year, month, day)
    return found if found is None or found <= today else _safe_date(today.year - 1, month, day)


def _festival(match: re.Match[str], today: date) -> date | None:
    """The last time that the festival was celebrated, or that of the year that was said."""
    name = match["festival"].removesuffix("节")
    years = {"今年": today.year, "去年": today.year - 1, "前年": today.year - 2}
    if match["festyear"]:
        return _celebrated(name, years[match["festyear"]])
    past = [day for year in (today.year, today.year - 1) if (day := _celebrated(name, year)) and day <= today]
    return past[0] if past else None


def _celebrated(name: str, year: int) -> date | None:
    """The day of a festival in a year (of the solar calendar)."""
    solar = _FESTIVALS.get(name) or _FESTIVALS.get(f"{name}节")
    if solar:
        return date(year, *solar)
    if name == "清明":  # the sun at 15 degrees: exact from 2000 to 2099
        return date(year, 4, int((year % 100) * 0.2422 + 4.81) - (year % 100) // 4)
    lunar = _LUNAR_FESTIVALS.get(name)
    try:
        day: date = LunarDate(year, *(lunar or (1, 1)), 0).to_solar_date()
    except ValueError:  # beyond the table of moons
        return None
    return day if lunar else day - timedelta(days=1)


def _bare_day(text: str, today: date) -> date | None:
    day = _number(text)
    if day is None or not 1 <= day <= 31:
        return None
    if day <= today.day:
        return _safe_date(today.year, today.month, day)
    before = today.replace(day=1) - timedelta(days=1)
    return _safe_date(before.year, before.month, day)


def _day(match: re.Match[str], now: datetime) -> date | datetime | None:
    today = now.date()
    if match["day"]:
        days = {"大前天": 3, "前天": 2, "前日": 2, "昨天": 1, "昨日": 1}.get(match["day"], 0)
        return today - timedelta(days=days)
    if match["dayperiod"]:
        return today - timedelta(days={"昨": 1, "前": 2, "今": 0}[match["dayperiod"]])
    if match["weekday"]:
        weekday, weeks = _WEEKDAYS[match["weekday"]], match["weeks"]
        if weeks in ("上", "上上"):
            return today - timedelta(days=today.weekday() + 7 * len(weeks) - weekday)
        found = today - timedelta(days=today.weekday() - weekday)
        return found if found <= today else found - timedelta(days=7)
    if match["ago"]:
        count = _number(match["ago"])
        if count is None:
            return None
        if match["agounit"] in ("小时", "钟头"):
            return (now - timedelta(hours=count)).replace(minute=0, second=0, microsecond=0)
        return today - timedelta(days=count * (1 if match["agounit"] in ("天", "日") else 7))
    if match["monthday"]:
        return _month_day(match, today)
    if match["festival"]:
        return _festival(match, today)
    return _bare_day(match["bare"], today)


def _clock(match: re.Match[str], day: date, now: datetime, period: str = "") -> datetime | None:
    """The time of a day that a match of _CLOCK says; `period` where it names none itself."""
    hour = _number(match["hour"])
    minute_text = match["minute"] or match["digital"] or ""
    minute = {"半": 30, "一刻": 15, "三刻": 45, "": 0}.get(minute_text)
    if minute is None:
        minute = _number(minute_text.lstrip("零〇0") or "0") or 0
    if hour is None or hour > 24 or minute > 59:
        return None
    period = match["period"] or {"晚": "晚上", "夜": "夜里", "早": "早上"}.get(
        match.string[match.end("dayperiod")] if match.groupdict().get("dayperiod") else "", period
    )
    late = period in ("下午", "傍晚", "晚上", "晚", "夜晚", "深夜", "半夜", "夜里") and 5 <= hour < 12
    if late or (period in ("下午", "傍晚", "中午") and hour < 5):
        hour += 12
    elif period in ("晚上", "晚", "夜晚", "半夜", "深夜", "夜里", "凌晨") and hour in (12, 24):
        day, hour = (day, 0) if period == "凌晨" else (day + timedelta(days=1), 0)
    elif not period and hour < 12 and day == now.date() and hour < 8 and hour + 12 <= now.hour:
        hour += 12
    if hour == 24:
        day, hour = day + timedelta(days=1), 0
    return datetime.combine(day, time(hour, minute), now.tzinfo)


@lru_cache(maxsize=TEXTS)
def find_moments(text: str, started_at: datetime) -> tuple[Moment, ...]:
    """Every date or time of a date in the text that lies before `started_at` (aware), in order.

    Vague words (上个月, 前几天, 去年), hours without a date and anything in the future are left out: they are no date.
    """
    now, moments = started_at.astimezone(ZONE), []
    for match in _WHEN.finditer(text):
        day = _day(match, now)
        if day is None or _EVERY.search(text[: match.start()]):
            continue
        value: date | datetime | None = day
        if not isinstance(day, datetime) and match["hour"]:
            value = _clock(match, day, now) or day
        if isinstance(value, datetime):
            if value > now + timedelta(minutes=30):
                continue
        elif value is None or value > now.date():
            continue
        stressed = match["day"] not in ("今天", "今日", "今儿") or bool(match["period"] or match["hour"])
        moments.append(Moment(value, *match.span(), stressed, dated=bool(match["monthday"])))
    for match in _JUST_NOW.finditer(text):
        moments.append(Moment(now.date(), *match.span(), stressed=False))
    return tuple(sorted(moments, key=lambda moment: moment.start))


def _clause(text: str, start: int, end: int) -> str:
    left = max((text.rfind(mark, 0, start) for mark in "。！？!?"), default=-1) + 1
    rights = [at for mark in "。！？!?" if (at := text.find(mark, end)) >= 0]
    return text[max(left, start - 10) : min([*rights, len(text), end + 14])]


def _weigh(conversation: Conversation, position: int, moment: Moment) -> float:
    turn = conversation.turns[position]
    clause = _clause(turn.text, moment.start, moment.end)
    asked = "time" in conversation.asked(position)
    weight = 1.0 if turn.role == "caller" else 0.6
    weight += 2.0 if asked and turn.role == "caller" else 0.0
    weight += 0.5 if clause in _EVENT else 0.0
    weight += 0.4 if isinstance(moment.value, datetime) else 0.0
    weight -= 0.0 if moment.stressed or asked else 0.7
    weight -= 3.0 if clause in _CONTACTED else 0.0
    weight -= 2.0 if clause in _ARRANGED else 0.0
    weight += 1.0 if moment.dated else 0.0
    weight += 1.0 if _SINCE.match(turn.text, moment.end) else 0.0
    weight -= 0.8 if clause in _ACQUIRED and not asked else 0.0
    return weight


def _clock_beside(
    conversation: Conversation, positions: list[int], day: date, started_at: datetime
) -> tuple[int, Moment] | None:
    """The hour that the caller said apart from the day: 六点五十左右，今天晚上; or when asked for it: 九点多."""
    now = started_at.astimezone(ZONE)
    near = {position + shift for position in positions for shift in (0, 1, 2)}
    for position in sorted(near & set(range(len(conversation.turns)))):
        turn = conversation.turns[position]
        question = conversation.turns[position - 1].text if position else ""
        asked = "time" in conversation.asked(position)
        if turn.role != "caller" or not (position in positions or asked):
            continue
        if match := _BARE_CLOCK.search(turn.text):
            period = _PERIOD_SAID.search(turn.text) or (_PERIOD_SAID.search(question) if asked else None)
            value = _clock(match, day, now, period.group() if period else "")
            half_a_day = timedelta(hours=12)
            if value and not period and _JUST_NOW.search(turn.text) and value.hour < 12 and value + half_a_day <= now:
                value += half_a_day
            if value and value <= now + timedelta(minutes=30) and value.date() == day:
                return position, Moment(value, *match.span())
    return None


def _said(conversation: Conversation, position: int, started_at: datetime) -> Iterator[tuple[Turn, int, Moment, float]]:
    turn = conversation.turns[position]
    for moment in find_moments(turn.text, started_at):
        yield turn, position, moment, _weigh(conversation, position, moment)


def read_occurred_at(conversation: Conversation, started_at: datetime) -> FieldValue:
    """When the matter happened: an ISO date, or an ISO datetime with offset when the hour was said.

    The day with the most support wins: answers to the agent's question, words of happening beside it, the agent's
    echo; earlier calls to the hotline and times for calling back count against it.
    """
    said = [entry for entry in conversation.collect(_said, started_at) if entry[3] > 0]
    support: dict[date, float] = {}
    for _, _, moment, weight in said:
        support[moment.day] = support.get(moment.day, 0.0) + weight
    if not support:
        return EMPTY
    day = max(support, key=lambda key: (support[key], key))
    if support[day] < 0.6:
        return EMPTY
    ours = [entry for entry in said if entry[2].day == day]
    clocks = [entry for entry in ours if isinstance(entry[2].value, datetime)]
    if not clocks and (clock := _clock_beside(conversation, [entry[1] for entry in ours], day, started_at)):
        clocks = [(conversation.turns[clock[0]], clock[0], clock[1], 1.0)]
        ours += clocks
    best = max(clocks or ours, key=lambda entry: (entry[3], -entry[1]))[2]
    rivals = max((weight for key, weight in support.items() if key != day), default=0.0)
    echoed = len({turn.role for turn, _, moment, _ in ours if moment.iso == best.iso}) == 2
    confidence = 0.95 if echoed else 0.85 if support[day] >= 2 else 0.7 if support[day] >= 1 else 0.5
    if rivals > 0.6 * support[day]:
        confidence -= 0.15
    evidence = tuple(turn.evidence(moment.start, moment.end) for turn, _, moment, _ in ours)
    return FieldValue(best.iso, "suggested", round(confidence, 2), evidence, display=spoken(best.value))


def spoken(value: date | datetime) -> str:
    """The date as agents read it: 2026年3月11日, 2026年4月13日7时, 2026年4月6日12时10分."""
    text = f"{value.year}年{value.month}月{value.day}日"
    if isinstance(value, datetime):
        text += f"{value.hour}时" + (f"{value.minute}分" if value.minute else "")
    return text
