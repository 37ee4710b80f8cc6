"""Has anything got worse? `python -m benchmarks gate --baseline FILE_OR_DIR --current FILE_OR_DIR`.

Milliseconds of two machines cannot be compared; what is compared are ratios of figures of one run, which travel: our
throughput against that of `transcribe`, the latency with eight calls against that with one, and so on. What must be 0
may never become more, on any machine.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.table import Table

from assistant.errors import SeatError
from benchmarks.common import console
from benchmarks.figures import Compare, Endurance, LatencyRow, Results, Spread, Trust, read
from benchmarks.targets import LEAST_MEASUREMENTS

Better = Literal["lower", "higher", "never more"]


@dataclass(frozen=True)
class Ratio:
    """A figure that travels between machines; `exact`: it does not depend on how busy the machine was."""

    value: float
    better: Better
    exact: bool = False


@dataclass(frozen=True)
class Change:
    """A ratio on both sides; `by` is how much worse it got, negative: better."""

    name: str
    before: float
    now: float
    by: float
    """Per cent; of what may never become more the number itself."""
    unit: Literal["", " %"]
    worse: bool


def gate(
    baseline: Annotated[Path, typer.Option(help="Result file, or folder of them, to hold against.")],
    current: Annotated[Path, typer.Option(help="Result file, or folder of them, just measured.")],
    tolerance: Annotated[float, typer.Option(min=0, help="Per cent by which ratios of times may get worse.")] = 10,
    error_tolerance: Annotated[float, typer.Option(min=0, help="The same for error rates and recall.")] = 3,
) -> None:
    """Fail when a ratio got worse than in the baseline."""
    (old, old_runs), (new, new_runs) = read(baseline), read(current)
    before, now = ratios(old), ratios(new)
    changes = compare(before, now, tolerance, error_tolerance)
    if not changes:
        raise SeatError(f"{baseline} and {current} have no ratio in common: measure the same benchmarks for both.")
    cores = [{str(run.machine.get("cores")) for run in runs} for runs in (old_runs, new_runs)]
    if cores[0] != cores[1]:
        told = " and ".join("/".join(sorted(each)) for each in cores)
        console.print(f"The machines have {told} cores: latency against the number of calls does not travel that far.")
    console.print(_table(before, now, changes))
    if zero := sum(not change.before and not change.now for change in changes):
        console.print(f"{zero} counts that must be 0 are 0 on both sides.")
    if worse := [change for change in changes if change.worse]:
        told = "; ".join(f"{change.name}: {change.before:.3g}, now {change.now:.3g}" for change in worse)
        raise SeatError(f"{len(worse)} of {len(changes)} ratios got worse: {told}.")
    console.print(f"None of {len(changes)} ratios got worse.")


def _table(before: dict[str, Ratio], now: dict[str, Ratio], changes: list[Change]) -> Table:
    """What changed, then what only one side has."""
    table = Table("ratio", "baseline", "current", "worse by", "", title="Ratios that travel between machines")
    for change in changes:
        if change.before or change.now:
            worse_by = f"{change.by:+.3g}{change.unit}" if change.by else ""
            verdict = "[red]worse[/]" if change.worse else "better" if change.by < 0 else "ok"
            table.add_row(change.name, f"{change.before:.3g}", f"{change.now:.3g}", worse_by, verdict)
    for name in [*before, *now]:
        if (name in before) is not (name in now):
            values = (f"{side[name].value:.3g}" if name in side else "-" for side in (before, now))
            table.add_row(name, *values, "", "not compared")
    return table


def compare(before: dict[str, Ratio], now: dict[str, Ratio], tolerance: float, error_tolerance: float) -> list[Change]:
    """What both sides have; tolerances in per cent."""
    changes = []
    for name, old in before.items():
        if name not in now:
            continue
        new = now[name].value
        if old.better == "never more":
            changes.append(Change(name, old.value, new, new - old.value, "", new > old.value))
            continue
        good, bad = (old.value, new) if old.better == "lower" else (new, old.value)
        percent = 0.0 if good == bad else 100 * (bad / good - 1) if good else math.inf
        worse = percent > (error_tolerance if old.exact else tolerance)
        changes.append(Change(name, old.value, new, percent, " %", worse))
    return changes


def ratios(results: Results) -> dict[str, Ratio]:
    """Everything that can be compared, by name."""
    return {name: Ratio(value, better, exact) for name, value, better, exact in _all(results) if value is not None}


_Figures = Iterator[tuple[str, float | None, Better, bool]]


def _all(results: Results) -> _Figures:
    yield from _latency(results)
    yield from _accuracy(results)
    if results.trust:
        yield from _trust(results.trust)
    if results.endurance:
        yield from _endurance(results.endurance)
    if results.compare:
        yield from _systems(results.compare)
    for row in results.knowledge or []:
        yield f"recall@3, {row.articles} articles, {row.asked}, {row.kind}", row.recall_3, "higher", True


def _latency(results: Results) -> _Figures:
    one = results.row(1)
    for row in results.by_calls:
        calls = "1 call" if row.calls == 1 else f"{row.calls} calls"
        if (final := row.final_ms) and (final.count or 0) >= LEAST_MEASUREMENTS:
            yield f"final p95 / p50, {calls}", _over(final.p95, final.p50), "lower", False
        if one and row is not one:
            yield f"final p50, {calls} / 1 call", _medians(row.final_ms, one.final_ms), "lower", False
            partial = _medians(row.first_partial_ms, one.first_partial_ms)
            yield f"first partial p50, {calls} / 1 call", partial, "lower", False
        for name, count in _faults(row):
            yield f"{name}, {calls}", count, "never more", True


def _faults(row: LatencyRow) -> tuple[tuple[str, int | None], ...]:
    return (
        ("lost utterances", row.lost),
        ("lost tails", row.lost_tails),
        ("doubled texts", row.doubled),
    )


def _accuracy(results: Results) -> _Figures:
    rows = results.accuracy.rows if results.accuracy else []
    for condition in dict.fromkeys(row.condition for row in rows):
        ours = results.ours(condition)
        for word, name in (("30 s", "30 s window"), ("transcribe", "transcribe")):
            theirs = results.theirs(condition, word)
            if ours and theirs:
                errors = _over(ours.cer_percent, theirs.cer_percent)
                speed = _over(ours.times_real_time, theirs.times_real_time)
                yield f"CER / that of {name}, {condition}", errors, "lower", True
                yield f"throughput / that of {name}, {condition}", speed, "higher", False
        clean = results.ours("clean")
        if ours and clean and condition != "clean":
            yield f"CER, {condition} / clean", _over(ours.cer_percent, clean.cer_percent), "lower", True


def _trust(trust: Trust) -> _Figures:
    yield "characters from non-speech", trust.characters, "never more", True
    if speech := trust.speech:
        for name in ("loops", "broken", "traditional", "spaces"):
            yield f"{name} in speech", getattr(speech, name), "never more", True
    for where in dict.fromkeys(word.where for word in trust.survive):
        gone = sum(not word.kept for word in trust.survive if word.where == where)
        yield f"digits and English words not kept, {where}", gone, "never more", True
    if trust.echo:
        yield "utterances doubled by echo", sum(echo.doubled for echo in trust.echo), "never more", True
    if seam := trust.seam:
        yield "characters lost where speech is split", seam.lost, "never more", True
        yield "characters doubled where speech is split", seam.doubled, "never more", True


def _endurance(run: Endurance) -> _Figures:
    yield "final p50, end / start of a long call", _over(run.last_p50, run.first_p50), "lower", False
    settled = run.windows[min(1, len(run.windows) - 1)]  # the first window fills caches of words and names
    memory = _over(run.windows[-1].rss_mb, settled.rss_mb)
    yield "memory, end / start of a long call", memory, "lower", False


def _systems(run: Compare) -> _Figures:
    ours, *others = run.rows
    for other in others:
        name = f"that of {other.system} (compare)"
        yield f"CER / {name}", _over(ours.cer_percent, other.cer_percent), "lower", True
        yield f"throughput / {name}", _over(ours.times_real_time, other.times_real_time), "higher", False
        yield f"final p50 / {name}", _medians(ours.final_ms, other.final_ms), "lower", False


def _medians(part: Spread | None, whole: Spread | None) -> float | None:
    return _over(part.p50, whole.p50) if part and whole else None


def _over(part: float | None, whole: float | None) -> float | None:
    """None where either is missing or there is nothing to divide by."""
    return part / whole if part is not None and whole else None
