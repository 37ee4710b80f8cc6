"""One HTML page of everything that was measured, for people: `python -m benchmarks report --results DIR --out FILE`.

The page needs no other file and no network, follows the reader's light or dark setting and prints.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Annotated

import typer

from assistant.errors import SeatError
from benchmarks import sections
from benchmarks.common import console
from benchmarks.figures import NAMES, Results, Run, read
from benchmarks.page import document, section, table, text
from benchmarks.targets import CONDITION, FINAL_MS, Check, checks

TITLE = "Seat Assistant: benchmarks"
SIGNS = {"met": "✓", "missed": "✗", "not measured": "–"}
LIMITS = (
    "Client and server share one machine: no network is in the times, and the client takes its part of the processor.",
    "What the telephone network and the agent's sound device delay before a frame is sent comes on top.",
    "A 95th percentile rests on the slowest twentieth of the measurements: with 40 of them, on two.",
    "Error rates are those of the clips given; your callers, lines and microphones will differ.",
)
"""What the figures do not show."""


def report(
    results: Annotated[Path, typer.Option(help="Folder with latency.json, accuracy.json and so on.")],
    out: Annotated[Path, typer.Option(help="The HTML file to write.")] = Path("report.html"),
) -> None:
    """One HTML page with plots of everything that was measured."""
    page = draw(*read(results))
    try:
        out.write_text(page, encoding="utf-8")
    except OSError as error:
        raise SeatError(f"{out} cannot be written: {error.strerror}.") from error
    console.print(f"{out} ({len(page.encode()) / 1000:.0f} kB)")


def draw(results: Results, runs: Sequence[Run]) -> str:
    """The page."""
    drawn = sections.draw(results)
    last = max(_when(run) for run in runs)
    machines = list(
        dict.fromkeys(f"{run.machine.get('processor', '?')}, {run.machine.get('cores', '?')} cores" for run in runs)
    )
    measured = f"Measured on {' and '.join(machines)}; last on {last}."
    links = "".join(
        f'<a href="#{name}">{escape(title)}</a>' for name, title, _ in [*drawn, ("runs", "How it was run", "")]
    )
    body = (
        f"<header><h1>{TITLE}</h1>{text(measured, 'lede')}"
        f"<nav>{links}</nav></header>\n<main>\n{_summary(results)}\n"
        + "\n".join(html for _, _, html in drawn)
        + f"\n{_runs(runs)}\n</main>"
    )
    return document(TITLE, body)


def _summary(results: Results) -> str:
    """Headline figures, and every target with what was measured."""
    verdicts = checks(results)
    by_state = {state: [check for check in verdicts if check.state == state] for state in SIGNS}
    told = f"{len(by_state['met'])} of {len(verdicts)} targets met"
    told += f", {len(by_state['not measured'])} not measured." if by_state["not measured"] else "."
    told += f" Missed: {'; '.join(check.what for check in by_state['missed'])}." if by_state["missed"] else ""
    rows = "".join(map(_row, verdicts))
    missing = [name for name in NAMES if getattr(results, name) is None]
    return section(
        "summary",
        "In short",
        f'<div class="tiles">{"".join(_tile(*tile) for tile in _tiles(results))}</div>',
        text(told, "verdict"),
        '<div class="scroll"><table class="targets"><thead><tr><th></th><th>target</th><th>to reach</th>'
        f"<th>measured</th></tr></thead><tbody>{rows}</tbody></table></div>",
        text(f"Missing from this report, because their results were not there: {', '.join(missing)}.", "note")
        if missing
        else "",
    )


def _tiles(results: Results) -> list[tuple[str, str, str]]:
    """(figure, what it is, what to hold it against)."""
    tiles = []
    rows = [row for row in results.by_calls if row.final_ms]
    if rows and (first := rows[0].final_ms):
        others = [
            f"{row.calls} calls: {row.final_ms.p50:,.0f}" for row in rows[1:] if row.final_ms and row.calls in FINAL_MS
        ]
        calls = "one call" if rows[0].calls == 1 else f"{rows[0].calls} calls"
        tiles.append((f"{first.p50:,.0f} ms", f"from speech end to final text, median, {calls}", "; ".join(others)))
    ours, window, stock = (
        results.ours(CONDITION),
        results.theirs(CONDITION, "30 s"),
        results.theirs(CONDITION, "transcribe"),
    )
    if ours:
        against = f"30 s window: {window.cer_percent:.2f} %" if window else ""
        tiles.append((f"{ours.cer_percent:.2f} %", "characters wrong at telephone quality", against))
    if ours and stock:
        against = f"{ours.times_real_time:.1f} against {stock.times_real_time:.1f} times real time"
        tiles.append((f"{ours.times_real_time / stock.times_real_time:.1f} ×", "the throughput of transcribe", against))
    if results.trust:
        against = f"in {results.trust.seconds / 60:.1f} minutes of tones, music and noise"
        tiles.append((f"{results.trust.characters:,}", "characters out of sounds without speech", against))
    if run := results.endurance:
        tiles.append(
            (
                f"{run.growth_percent:+.1f} %",
                f"median final, end against start of {run.hours:g} h",
                f"memory {run.rss_growth_mb:+.0f} MB",
            )
        )
    return tiles


def _tile(figure: str, what: str, against: str) -> str:
    return f"<div><b>{escape(figure)}</b><span>{escape(what)}</span><small>{escape(against)}</small></div>"


def _row(check: Check) -> str:
    cells = "".join(f"<td>{escape(cell)}</td>" for cell in (check.what, check.target, check.measured))
    kind = check.state.replace(" ", "-")
    return f'<tr class="{kind}"><td title="{check.state}">{SIGNS[check.state]}</td>{cells}</tr>'


def _runs(runs: Sequence[Run]) -> str:
    """What was run where, with which versions, and what the figures do not show."""
    rows = [(run.file.stem, _when(run), str(run.machine.get("command", "–"))) for run in runs]
    machines: dict[str, list[str]] = {}
    for run in runs:
        facts = [f"{key} {value}" for key, value in run.machine.items() if key not in ("when", "command")]
        machines.setdefault(" · ".join(facts), []).append(run.file.stem)
    return section(
        "runs",
        "How it was run",
        table(("benchmark", "when", "command"), rows, words=3),
        *(text(f"{', '.join(names)}: {facts}", "note") for facts, names in machines.items()),
        "<h3>What these figures do not show</h3>",
        "<ul>" + "".join(f"<li>{escape(limit)}</li>" for limit in LIMITS) + "</ul>",
    )


def _when(run: Run) -> str:
    """Day and minute."""
    return str(run.machine.get("when", "–"))[:16].replace("T", "\u00a0")
