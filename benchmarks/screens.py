"""The report's section on the agents' pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from benchmarks import charts
from benchmarks.charts import Mark, Series
from benchmarks.figures import DesksRow, Spread
from benchmarks.page import figure, figures, table, text
from benchmarks.parts import number
from benchmarks.targets import DISPATCHED_MS, DRAFT_MS, PAGE_P95_MS, WINDOWS_MS, desk_checks

HOW = (
    "Calls are streamed in real time, one to each desk; each desk's page is open, all of them in one Chromium on the "
    "server's machine. A time ends when the frame that shows it has been drawn."
)
KINDS: tuple[tuple[str, Callable[[DesksRow], Spread], int | None], ...] = (
    ("Event → page", lambda row: row.event_to_page_ms, PAGE_P95_MS),
    ("Final → field", lambda row: row.final_to_field_ms, None),
    ("Between two windows", lambda row: row.between_windows_ms, WINDOWS_MS),
    ("Hang-up → whole draft", lambda row: row.hang_up_to_draft_ms, DRAFT_MS),
    ("Submit → dispatched", lambda row: row.submit_to_dispatched_ms, DISPATCHED_MS),
)


def desks(rows: Sequence[DesksRow]) -> str:
    """By number of desks, with the targets; what is missed is named."""
    headings = ["desks"]
    for title, _, _ in KINDS:
        headings += [f"{title} p50", "p95", "max"]
    cells = [
        [str(row.desks), *(number(value) for _, spread, _ in KINDS for value in _three(spread(row)))] for row in rows
    ]
    missed = [f"{check.what}: {check.measured}" for check in desk_checks(rows) if check.state == "missed"]
    return "\n".join(
        (
            text(HOW),
            figures(*(_by_desks(rows, *kind) for kind in KINDS)) if len(rows) > 1 else "",
            table(headings, cells, words=0),
            text(f"Missed: {'; '.join(missed)}.", "verdict") if missed else "",
            text("All times in milliseconds. Drafts and submissions are one a desk.", "note"),
        )
    )


def _three(spread: Spread) -> tuple[float | None, ...]:
    return spread.p50, spread.p95, spread.max


def _by_desks(rows: Sequence[DesksRow], title: str, spread: Callable[[DesksRow], Spread], limit: int | None) -> str:
    series = [
        Series("p95", 2, [(row.desks, spread(row).p95) for row in rows]),
        Series("p50", 1, [(row.desks, spread(row).p50) for row in rows]),
    ]
    marks = [Mark(row.desks, limit, 2, f"target: within {limit:,} ms") for row in rows] if limit else []
    x = charts.doubling("desks", [row.desks for row in rows])
    y = charts.axis("ms", [*(value for one in series for _, value in one.points), *(mark.y for mark in marks)])
    legend = charts.legend([(one.name, one.colour) for one in series], target=bool(marks))
    return figure(title, charts.lines(title, x, y, series, marks), legend)
