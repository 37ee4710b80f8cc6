"""By when an order's department must have called and must have answered, from the pack's deadlines.csv.

Working days follow the calendar of the State Council with its make-up days (chinesecalendar); years it has not
published yet have statutory holidays and weekends only (holidays), and deadlines in them are marked as estimated.
The day of receipt is not counted; the last day counts to its end.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path

import chinese_calendar  # type: ignore[import-untyped]
import holidays

from kb.errors import PackError
from kb.pack import rows

ANY = "不限"
EXTENSION = "延期"
"""In the column of request types: the row says by how many working days a deadline may be extended in all."""


@dataclass(frozen=True)
class Deadline:
    """What an order's department has to keep."""

    contact: datetime | None
    """First contact with the caller; None: the rule asks for none."""
    due: datetime
    """The answer."""
    working_days: int
    estimated: bool
    """The calendar of its year is not published yet."""
    source: str
    """The rule in words, as the pack gives it."""


@dataclass(frozen=True)
class _Rule:
    request_type: str
    caller_kind: str
    urgency: str
    working_days: int
    hours: float | None
    source: str

    def fits(self, request_type: str, caller_kind: str, urgency: str) -> bool:
        return all(
            own in (ANY, asked)
            for own, asked in (
                (self.request_type, request_type),
                (self.caller_kind, caller_kind),
                (self.urgency, urgency),
            )
        )

    @property
    def particular(self) -> int:
        return sum(own != ANY for own in (self.request_type, self.caller_kind, self.urgency))


class Policy:
    """The deadlines of one of the pack's rules."""

    def __init__(self, pack: Path, rule: str = "") -> None:
        """`rule`: the first of the file where none is named; a pack without the file has no deadlines. Raises
        PackError for a rule that the pack does not have."""
        file = pack / "deadlines.csv"
        columns = ("rule", "request_type", "caller_kind", "urgency", "working_days", "hours", "source")
        known: dict[str, list[_Rule]] = {}
        told = rows(file, *columns) if rule or file.is_file() else ()
        for name, kind, caller, urgency, days, hours, source in told:
            try:
                limit = _Rule(kind, caller, urgency, int(days), float(hours) if hours else None, source)
            except ValueError as error:
                raise PackError(f"{file}: {days!r} and {hours!r} must be numbers of days and hours") from error
            known.setdefault(name, []).append(limit)
        rule = rule or next(iter(known), "")
        if rule and rule not in known:
            raise PackError(f"{file} has no rule {rule!r}; set deadline_rule to one of {', '.join(known)}")
        self._rules = sorted(known.get(rule, ()), key=lambda each: -each.particular)
        self.extension = next((each.working_days for each in self._rules if each.request_type == EXTENSION), 0)
        """Working days by which a deadline may be extended in all."""

    def deadline(self, received: datetime, request_type: str, caller_kind: str, urgency: str) -> Deadline | None:
        """For an order received at an aware time; None where the rule says nothing of such orders. A caller of unknown
        kind is taken for a person."""
        asked = (request_type or ANY, caller_kind or "个人", urgency or "一般")
        rule = next((each for each in self._rules if each.request_type != EXTENSION and each.fits(*asked)), None)
        if rule is None:
            return None
        contact = received + timedelta(hours=rule.hours) if rule.hours else None
        due, estimated = after(received, rule.working_days)
        return Deadline(contact, due, rule.working_days, estimated, rule.source)


def after(moment: datetime, working_days: int) -> tuple[datetime, bool]:
    """The end of the n-th working day after an aware time (0: of that day), and whether that is an estimate."""
    day, left, estimated = moment.date(), working_days, False
    while left:
        day += timedelta(days=1)
        working, known = _working(day)
        left -= working
        estimated |= not known
    return datetime.combine(day, time(23, 59, 59), moment.tzinfo), estimated


@cache
def _working(day: date) -> tuple[bool, bool]:
    """Whether people work on a day, and whether that has been published."""
    try:
        return chinese_calendar.is_workday(day), True
    except NotImplementedError:
        return day.weekday() < 5 and day not in holidays.country_holidays("CN", years=day.year), False
