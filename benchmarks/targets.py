"""What must be reached on two cores with the bundled model, and whether it was."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from benchmarks.figures import DesksRow, LatencyRow, Results, Spread

FINAL_MS = {1: (500, 800), 8: (600, 1000), 16: (800, 1500)}
"""Calls at once -> speech end to final at the client, p50 and p95."""
FIRST_PARTIAL_MS = {1: 700, 8: 1000}
"""Calls at once -> speech onset to first partial, p50."""
DESKS = (1, 4, 16)
"""Desks at work for which the next four hold."""
PAGE_P95_MS = 300
WINDOWS_MS = 300
"""Between a desk's two windows, 19 times of 20."""
DRAFT_MS, DISPATCHED_MS = 1000, 2000
"""Every one, not a share of them: there is one a desk."""
THROUGHPUT = 5
"""Times that of `transcribe` with the same beam."""
NONSPEECH_SECONDS = 600
ENDURANCE_HOURS = 2
GROWTH_PERCENT = 10
GROWTH_MB = 30
"""Memory counts as flat when it grows no more than this between the first and the last window; the allocator alone
moves by about ten."""
CONDITION = "telephone"
LEAST_MEASUREMENTS = 20
"""Of fewer, a 95th percentile is only the largest, and chance."""
LEAST_CHARACTERS = 2000
"""Of fewer, an error rate is that of a handful of sentences."""

State = Literal["met", "missed", "not measured"]


@dataclass(frozen=True)
class Check:
    """One target; `measured` is what was found, in words."""

    what: str
    target: str
    measured: str
    state: State


def checks(results: Results) -> list[Check]:
    """Every target, in the order of the report."""
    return [
        *_latency(results),
        *desk_checks(results.desks or ()),
        *_accuracy(results),
        *_trust(results),
        *_endurance(results),
    ]


def _latency(results: Results) -> Iterator[Check]:
    for calls, (median, tail) in FINAL_MS.items():
        row = results.row(calls)
        spread = row.final_ms if row else None
        yield _within(f"Speech end → final, p50, {_calls(calls)}", spread, "p50", median)
        yield _within(f"Speech end → final, p95, {_calls(calls)}", spread, "p95", tail)
    for calls, median in FIRST_PARTIAL_MS.items():
        row = results.row(calls)
        spread = row.first_partial_ms if row else None
        yield _within(f"Speech onset → first partial, p50, {_calls(calls)}", spread, "p50", median)
    kinds: tuple[tuple[str, Callable[[LatencyRow], int | None]], ...] = (
        ("Lost utterances", lambda row: row.lost),
        ("Lost tails", lambda row: row.lost_tails),
        ("Doubled text", lambda row: row.doubled),
    )
    for what, count in kinds:
        rows = [row for calls in FINAL_MS if (row := results.row(calls))]
        counted = {row.calls: number for row in rows if (number := count(row)) is not None}
        missing = [calls for calls in FINAL_MS if calls not in counted]
        told = f"{_list(counted.values())} with {_list(counted)} calls" if counted else "–"
        told += f"; not measured with {_list(missing)}" if counted and missing else ""
        state: State = "missed" if any(counted.values()) else "not measured" if missing else "met"
        yield Check(what, "0", told, state)


def desk_checks(rows: Sequence[DesksRow]) -> Iterator[Check]:
    """The targets of the agents' pages."""
    by_desks = {row.desks: row for row in rows}
    for desks in DESKS:
        row, at = by_desks.get(desks), "1 desk" if desks == 1 else f"{desks} desks"
        yield _within(f"Event → page, p95, {at}", row.event_to_page_ms if row else None, "p95", PAGE_P95_MS)
        yield _within(f"Between two windows, p95, {at}", row.between_windows_ms if row else None, "p95", WINDOWS_MS)
        yield _all_within(f"Hang-up → whole draft, {at}", row.hang_up_to_draft_ms if row else None, DRAFT_MS)
        yield _all_within(f"Submit → dispatched, {at}", row.submit_to_dispatched_ms if row else None, DISPATCHED_MS)


def _accuracy(results: Results) -> Iterator[Check]:
    ours, window = results.ours(CONDITION), results.theirs(CONDITION, "30 s")
    what = "Character error rate, telephone, against the 30 s window in the same run"
    if ours and window:
        told = f"{ours.cer_percent:.2f} % against {window.cer_percent:.2f} %"
        few = ours.characters < LEAST_CHARACTERS
        told += f" of only {ours.characters} characters" if few else ""
        yield Check(what, "no worse", told, "not measured" if few else _state(ours.cer_percent <= window.cer_percent))
    else:
        yield Check(what, "no worse", "–", "not measured")
    stock = results.theirs(CONDITION, "transcribe")
    times = ours.times_real_time / stock.times_real_time if ours and stock else None
    told = f"{times:.1f} ×" if times else "–"
    state: State = "not measured"
    if times and ours and stock and ours.characters >= LEAST_CHARACTERS:
        state = _state(times >= THROUGHPUT and ours.cer_percent <= stock.cer_percent)
        told += f" at {ours.cer_percent:.2f} against {stock.cer_percent:.2f} % errors"
    what = "Throughput against transcribe with the same beam, errors no more"
    yield Check(what, f"≥ {THROUGHPUT} ×", told, state)


def _trust(results: Results) -> Iterator[Check]:
    trust = results.trust
    state: State
    what, target = "Characters from non-speech", f"0 in {NONSPEECH_SECONDS / 60:.0f} min"
    if trust:
        long = trust.seconds >= NONSPEECH_SECONDS
        state = "missed" if trust.characters else "met" if long else "not measured"
        yield Check(what, target, f"{trust.characters} in {trust.seconds / 60:.1f} min", state)
    else:
        yield Check(what, target, "–", "not measured")
    what = "Loops, broken or traditional characters, spaces in Chinese"
    if trust and (speech := trust.speech):
        found = speech.loops + speech.broken + speech.traditional + speech.spaces
        yield Check(what, "0", f"{found} in {speech.characters:,} characters", _state(found == 0))
    else:
        yield Check(what, "0", "–", "not measured")
    kept = [word.kept for word in trust.survive if word.where == "tidying"] if trust else []
    told = f"{sum(kept)} of {len(kept)}" if kept else "–"
    yield Check(
        "Digits and English words kept by our tidying", "all", told, _state(all(kept)) if kept else "not measured"
    )
    echoes = [echo.doubled for echo in trust.echo] if trust else []
    told = f"{sum(echoes)} at {len(echoes)} settings" if echoes else "–"
    yield Check("Utterances doubled by echo", "0", told, _state(not any(echoes)) if echoes else "not measured")
    what = "Characters lost or doubled where long speech is split"
    if trust and (seam := trust.seam) and seam.splits:
        told = f"{seam.lost} lost, {seam.doubled} doubled at {seam.splits} places"
        yield Check(what, "0", told, _state(not seam.lost and not seam.doubled))
    else:
        yield Check(what, "0", "–", "not measured")


def _endurance(results: Results) -> Iterator[Check]:
    run = results.endurance
    for what, limit, unit, growth in (
        ("growth of the median final", GROWTH_PERCENT, "%", run.growth_percent if run else None),
        ("growth of memory", GROWTH_MB, "MB", run.rss_growth_mb if run else None),
    ):
        name, target = f"{ENDURANCE_HOURS} h call: {what}", f"≤ {limit} {unit}"
        if run is None or growth is None:
            yield Check(name, target, "–", "not measured")
            continue
        state: State = "missed" if growth > limit else "met" if run.hours >= ENDURANCE_HOURS else "not measured"
        yield Check(name, target, f"{growth:+.1f} {unit} in {run.hours:.1f} h", state)


def _within(what: str, spread: Spread | None, which: Literal["p50", "p95"], limit: float) -> Check:
    target = f"≤ {limit:,.0f} ms"
    if spread is None:
        return Check(what, target, "–", "not measured")
    value, count = getattr(spread, which), spread.count or 0
    if count < LEAST_MEASUREMENTS:
        return Check(what, target, f"{value:,.0f} ms of only {count} measurements", "not measured")
    return Check(what, target, f"{value:,.0f} ms", _state(value <= limit))


def _all_within(what: str, spread: Spread | None, limit: float) -> Check:
    target = f"all ≤ {limit:,.0f} ms"
    if spread is None or spread.max is None:
        return Check(what, target, "–", "not measured")
    return Check(
        what, target, f"at most {spread.max:,.0f} ms, median {spread.p50:,.0f} ms", _state(spread.max <= limit)
    )


def _calls(calls: int) -> str:
    return "1 call" if calls == 1 else f"{calls} calls"


def _list(numbers: Iterable[int]) -> str:
    *first, last = map(str, numbers)
    return f"{', '.join(first)} and {last}" if first else last


def _state(reached: bool) -> State:
    return "met" if reached else "missed"
