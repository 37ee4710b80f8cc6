"""The sections of the report, one for each benchmark."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Literal

import numpy as np

from benchmarks import charts
from benchmarks.charts import Axis, Bar, Dot, Mark, Series
from benchmarks.figures import (
    Accuracy,
    Admission,
    Compare,
    Endurance,
    LatencyRow,
    Results,
    Spread,
    SuggestionsRow,
    Survival,
    System,
    Trust,
)
from benchmarks.orders import tickets
from benchmarks.page import figure, figures, section, table, text
from benchmarks.parts import MISSING, calibration, number
from benchmarks.screens import desks
from benchmarks.targets import CONDITION, FINAL_MS, FIRST_PARTIAL_MS

CURVES = 4
"""Distributions in one drawing."""
CURVE_POINTS = 150
STAGES = {
    "voice activity": "how long after the true end speech was taken to have ended",
    "window": "the beginning of the pause, until a decoding is ordered",
    "queue": "waiting for a free worker",
    "decode": "the recogniser at work",
    "endpoint": "the text is ready and the pause not yet long enough",
    "publish": "numbered and stored",
}
WHERE = {"tidying": "texts that went through our rules", "speech": "voices that were recognised"}
HOW = (
    "Recorded two-channel calls are streamed in real time to a server in another process. A time runs from the moment "
    "at which the frame that holds the true end (or onset) of speech was sent to the moment at which a websocket "
    "client has the text, as the agent's page would."
)


def draw(results: Results) -> list[tuple[str, str, str]]:
    """(name, title, HTML) of each section for which there are figures."""
    found = (
        ("latency", "Latency", _latency(results)),
        ("stages", "Where the time goes", _stages(results.by_calls)),
        ("desks", "On the agents' pages", desks(results.desks) if results.desks else None),
        ("accuracy", "Accuracy", _accuracy(results.accuracy) if results.accuracy else None),
        ("trust", "Trust", _trust(results.trust) if results.trust else None),
        ("endurance", "A long call", _endurance(results.endurance) if results.endurance else None),
        ("compare", "Against other programs", _compare(results.compare) if results.compare else None),
        ("tickets", "Work orders", tickets(results.tickets) if results.tickets else None),
        ("knowledge", "Knowledge search", _knowledge(results) if results.knowledge else None),
        ("suggestions", "Suggestions", _suggestions(results.suggestions) if results.suggestions else None),
    )
    return [(name, title, section(name, title, body)) for name, title, body in found if body]


def _latency(results: Results) -> str | None:
    rows = results.by_calls
    if not rows:
        return None
    curves = rows if len(rows) <= CURVES else [row for row in rows if row.calls in FINAL_MS] or rows[:CURVES]
    finals = [(row, row.finals, FINAL_MS.get(row.calls, ())) for row in curves if row.finals]
    first = [
        (row, row.partials, (FIRST_PARTIAL_MS[row.calls],) if row.calls in FIRST_PARTIAL_MS else ())
        for row in curves
        if row.partials
    ]
    drawn = [
        _distribution("Speech end → final text", "ms after the true end of speech", finals),
        _distribution("Speech onset → first words", "ms after the true onset of speech", first),
        _against_calls(rows) if len(rows) > 1 else "",
        _load(rows) if len(rows) > 1 else "",
    ]
    headings = ("calls", "turns", "final p50", "p95", "max", "first words p50", "p95", "ticket p50", "suggestion p50")
    counts = ("lost", "tails", "doubled", "refused", "CPU %", "MB")
    cells = [
        [
            str(row.calls), str(row.turns), *_spread(row.final_ms, "max"), *_spread(row.first_partial_ms),
            _spread(row.ticket_ms)[0], _spread(row.suggestion_ms)[0],
            *map(number, (row.lost, row.lost_tails, row.doubled, row.refused, row.cpu_percent, row.rss_mb)),
        ]
        for row in rows
    ]  # fmt: skip
    both = sorted({row.calls for row in results.latency or []} & {row.calls for row in results.load or []})
    twice = f"Both latency and load measured {' and '.join(map(str, both))} calls; shown are the figures of latency. "
    return "\n".join(
        (
            text(HOW),
            figures(*drawn),
            table(headings + counts, cells, words=0),
            text(_capacity(rows)) if len(rows) > 1 else "",
            text(_admission(results.admission)) if results.admission else "",
            text(
                (twice if both else "") + "All times in milliseconds. lost: turns of which no text came; tails: turns "
                "whose end is missing; doubled: text that came twice; CPU: of one core; a dash: not measured.",
                "note",
            ),
        )
    )


def _capacity(rows: Sequence[LatencyRow]) -> str:
    """Up to how many calls at once all goes well."""
    most = max(FINAL_MS)
    median, tail = FINAL_MS[most]
    good = 0
    for row in rows:
        told = row.final_ms
        if not told or told.p50 > median or told.p95 > tail or row.lost or row.lost_tails or row.doubled or row.refused:
            break
        good = row.calls
    within = f"finals within {median} ms (p50) and {tail:,} ms (p95), nothing lost, doubled or refused"
    return f"Of the numbers measured, all is well up to {_calls(good)} at once: {within}." if good else ""


def _admission(told: Admission) -> str:
    """What a full machine does with more calls."""
    finals = (
        f", finals {told.final_ms.p50:,.0f} ms (p50) and {told.final_ms.p95:,.0f} ms (p95)" if told.final_ms else ""
    )
    return (
        f"A server that takes {_calls(told.capacity)} was offered {told.offered}: it took {told.taken} and refused "
        f"{told.offered - told.taken}{f' ({told.said[0]})' if told.said else ''}. Of those it took, "
        f"{told.lost} turns were lost{finals}."
    )


def _distribution(title: str, label: str, rows: Sequence[tuple[LatencyRow, list[float], Sequence[float]]]) -> str:
    """How many of the measurements were at most so long, for each number of calls."""
    if not rows:
        return ""
    values = list(chain.from_iterable(values for _, values, _ in rows))
    targets = list(chain.from_iterable(targets for _, _, targets in rows))
    edge = max(2.5 * max(float(np.percentile(values, 95)) for _, values, _ in rows), *targets, 1)
    x = charts.axis(label, [*(value for value in values if value <= edge), *targets], low=min(0, *values))
    y = Axis("share of measurements", 0, 1, (0, 0.25, 0.5, 0.75, 0.95), lambda value: f"{100 * value:.0f} %")
    curves, marks = [], []
    for colour, (row, measured, limits) in enumerate(rows, start=1):
        shares = np.linspace(0, 1, min(CURVE_POINTS, len(measured) + 1))
        at = np.quantile(measured, shares)
        points = [(float(a), float(b)) for a, b in zip(at, shares, strict=True) if a <= x.high]
        curves.append(Series(_calls(row.calls), colour, points))
        for limit, share in zip(limits, (0.5, 0.95), strict=False):
            marks.append(Mark(limit, share, colour, f"target for {_calls(row.calls)}: {share:.0%} within {limit} ms"))
    beyond = sum(value > x.high for value in values)
    caption = "A curve that passes left of the diamonds of its colour meets its targets." if marks else ""
    caption += f" {beyond} of {len(values)} measurements lie beyond the right edge." if beyond else ""
    legend = charts.legend([(curve.name, curve.colour) for curve in curves], target=bool(marks))
    return figure(title, charts.lines(title, x, y, curves, marks, dots=False), legend, caption.strip())


def _against_calls(rows: Sequence[LatencyRow]) -> str:
    kinds = (
        ("final p95", 2, False, [(row.calls, row.final_ms.p95) for row in rows if row.final_ms]),
        ("final p50", 1, False, [(row.calls, row.final_ms.p50) for row in rows if row.final_ms]),
        ("first words p50", 3, True, [(row.calls, row.first_partial_ms.p50) for row in rows if row.first_partial_ms]),
    )
    series = [Series(name, colour, points, dashed) for name, colour, dashed, points in kinds if points]
    if not series:
        return ""
    measured = {row.calls for row in rows}
    marks = [
        Mark(calls, limit, colour, f"target for {_calls(calls)}: {name} within {limit} ms")
        for name, colour, limits in (
            ("final p50", 1, {calls: median for calls, (median, _) in FINAL_MS.items()}),
            ("final p95", 2, {calls: tail for calls, (_, tail) in FINAL_MS.items()}),
            ("first words p50", 3, FIRST_PARTIAL_MS),
        )
        for calls, limit in limits.items()
        if calls in measured
    ]
    x = charts.doubling("calls at once", [row.calls for row in rows])
    y = charts.axis("ms", [*(value for one in series for _, value in one.points), *(mark.y for mark in marks)])
    legend = charts.legend(
        [(one.name, one.colour) for one in series], [one.name for one in series if one.dashed], bool(marks)
    )
    title = "Latency against the number of calls"
    caption = "A point below the diamond of its colour meets its target." if marks else ""
    return figure(title, charts.lines(title, x, y, series, marks), legend, caption)


def _load(rows: Sequence[LatencyRow]) -> str:
    """The machine at each number of calls."""
    points = [(row.calls, row.cpu_percent) for row in rows if row.cpu_percent is not None]
    if len(points) < 2:
        return ""
    x = charts.doubling("calls at once", [row.calls for row in rows])
    y = charts.axis("% of one core", [value for _, value in points])
    title = "Processor use of the server"
    drawing = charts.lines(title, x, y, [Series("CPU", 4, [(float(calls), value) for calls, value in points])])
    refused = [f"{row.refused} of {row.calls}" for row in rows if row.refused]
    caption = (
        f"Calls refused because the machine was full: {', '.join(refused)}."
        if refused
        else "No call was refused: the server was told to take them all."
    )
    return figure(title, drawing, charts.legend([("server process", 4)]), caption)


def _stages(rows: Sequence[LatencyRow]) -> str | None:
    drawn = []
    if shown := next((row for row in rows if row.waterfall), None):
        groups = [
            (one.stage, [[Bar(one.start, one.end, _colour(place), f"{one.end - one.start:,.0f} ms")]])
            for place, one in enumerate(shown.waterfall)
        ]
        title = f"One utterance of median latency, {_calls(shown.calls)}"
        drawn.append(figure(title, charts.bars(title, "ms after the true end of speech", groups, rule="speech ends")))
    stacked = [row for row in rows if row.stages_ms]
    names = list(dict.fromkeys(chain.from_iterable(row.stages_ms for row in stacked)))
    if stacked:
        groups = []
        for row in stacked:
            bars, at = [], 0.0
            for stage, value in row.stages_ms.items():
                bars.append(Bar(at, at + value, _colour(names.index(stage)), f"{stage} {value:,.0f} ms"))
                at += value
            last = bars[-1]
            bars[-1] = Bar(last.start, last.end, last.colour, f"{at:,.0f} ms")
            groups.append((_calls(row.calls), [bars]))
        title = "Median of each stage"
        legend = charts.legend([(name, _colour(place)) for place, name in enumerate(names)])
        caption = "Medians of stages need not add up to the median of the whole."
        drawn.append(figure(title, charts.bars(title, "ms", groups), legend, caption))
    if not drawn:
        return None
    told = [f"{name}: {STAGES[name]}" for name in STAGES if name in names]
    return figures(*drawn) + (text("; ".join(told) + ".", "note") if told else "")


def _accuracy(accuracy: Accuracy) -> str:
    ways = list(dict.fromkeys(row.what for row in accuracy.rows))
    conditions = list(dict.fromkeys(row.condition for row in accuracy.rows))
    groups = [
        (
            condition,
            [
                [Bar(0, row.cer_percent, _colour(ways.index(row.what)), f"{row.cer_percent:.2f} %")]
                for row in accuracy.rows
                if row.condition == condition
            ],
        )
        for condition in conditions
    ]
    legend = charts.legend([(way, _colour(place)) for place, way in enumerate(ways)])
    title = "Character error rate by condition"
    drawn = [figure(title, charts.bars(title, "% of characters wrong; shorter is better", groups), legend, tall=True)]
    speed = [row for row in accuracy.rows if row.condition == (CONDITION if CONDITION in conditions else conditions[0])]
    if speed:
        title = f"Throughput, {speed[0].condition}"
        rows = [
            ("", [[Bar(0, row.times_real_time, _colour(ways.index(row.what)), f"{row.times_real_time:.1f} ×")]])
            for row in speed
        ]
        drawing = charts.bars(title, "seconds of speech recognised in a second; longer is better", rows)
        drawn.append(figure(title, drawing, legend, "All ways on the same clips, model and number of threads."))
    if accuracy.calibration:
        drawn.append(calibration(accuracy.calibration, "utterances", "characters", accuracy.calibration_error))
    characters = max((row.characters for row in accuracy.rows), default=0)
    return figures(*drawn) + text(
        f"{characters:,} characters in each row. Only what is spoken counts: numbers as they are said, no punctuation, "
        "simplified characters.",
        "note",
    )


def _trust(trust: Trust) -> str:
    sounds = [(one.name, f"{one.seconds:.0f}", str(one.characters), one.text) for one in trust.sounds]
    drawn = [
        figure("Sounds without speech", table(("sound", "seconds", "characters", "text"), sounds, wide=True), tall=True)
    ]
    if speech := trust.speech:
        rows = [
            (f"in {speech.characters:,} characters of {speech.seconds / 60:.1f} minutes", ""),
            ("loops", str(speech.loops)),
            ("broken characters", str(speech.broken)),
            ("traditional characters", str(speech.traditional)),
            ("spaces between Chinese characters", str(speech.spaces)),
        ]
        drawn.append(figure("What must never come out of speech", table(rows[0], rows[1:])))
    if trust.survive:
        kinds = {where: [word for word in trust.survive if word.where == where] for where in WHERE}
        words = [
            (told, f"{sum(one.kept for one in kinds[where])} of {len(kinds[where])}", _not_kept(kinds[where]))
            for where, told in WHERE.items()
            if kinds[where]
        ]
        counted = table(("", "kept", "not kept"), words, wide=True)
        drawn.append(figure("Digits and English words inside Chinese", counted))
    if trust.echo:
        echoes = [
            [
                f"{one.level_db:g} dB, {one.delay_ms:g} ms", str(one.doubled), number(one.without_suppression),
                f"{one.missing} of {one.characters:,}" if one.missing is not None and one.characters else MISSING,
            ]
            for one in trust.echo
        ]  # fmt: skip
        heads = ("echo", "utterances doubled", "without suppression", "own characters lost")
        drawn.append(figure("The other leg, heard again through a bad headset", table(heads, echoes)))
    if seam := trust.seam:
        heads = ("seconds", "splits", "characters lost there", "doubled")
        counts = [number(count) for count in (seam.seconds, seam.splits, seam.lost, seam.doubled)]
        drawn.append(figure("Speech without a pause", table(heads, [counts], words=0)))
    said = f"{trust.characters} characters came out of {trust.seconds / 60:.1f} minutes in which nobody speaks."
    return text(said) + figures(*drawn)


def _not_kept(words: Sequence[Survival]) -> str:
    return " ".join(dict.fromkeys(word.said for word in words if not word.kept))


def _endurance(run: Endurance) -> str:
    last = max(one.minute for one in run.windows)
    ticks = range(0, int(last) + 1, next((step for step in (1, 2, 5, 10, 30) if last / step <= 6), 60))
    x = Axis("minute of the call", 0, last, ticks)
    finals = [
        Series("p95", 2, [(one.minute, one.final_ms.p95) for one in run.windows]),
        Series("p50", 1, [(one.minute, one.final_ms.p50) for one in run.windows]),
    ]
    memory = [Series("memory", 4, [(one.minute, one.rss_mb) for one in run.windows])]
    drawn = []
    for title, label, series in (("Speech end → final text", "ms", finals), ("Memory of the server", "MB", memory)):
        y = charts.axis(label, [value for one in series for _, value in one.points])
        legend = charts.legend([(one.name, one.colour) for one in series])
        drawn.append(figure(title, charts.lines(title, x, y, series), legend))
    told = (
        f"A call of {run.hours:g} hours, {run.pace:g} times real time wanted, {run.pace_reached:.1f} reached. "
        f"The median final went from "
        f"{run.first_p50:,.0f} to {run.last_p50:,.0f} ms ({run.growth_percent:+.1f} %), memory changed by "
        f"{run.rss_growth_mb:+.1f} MB."
    )
    return text(told) + figures(*drawn)


def _compare(compare: Compare) -> str:
    speed, latency = "times real time; further right is better", "speech end → final, p50, ms; further left is better"
    drawn = [
        _cloud(
            "Error rate against speed, recorded utterances",
            compare.rows,
            speed,
            lambda one: one.times_real_time,
            lambda one: one.cer_percent,
        ),
        _cloud(
            "Error rate against latency, live",
            compare.rows,
            latency,
            lambda one: one.final_ms.p50 if one.final_ms else None,
            lambda one: one.live_cer_percent,
        ),
    ]
    columns: dict[str, list[str]] = {
        "system": [one.system for one in compare.rows],
        "version": [one.version for one in compare.rows],
        "CER %, recorded": [number(one.cer_percent, 2) for one in compare.rows],
        "CER %, live": [number(one.live_cer_percent, 2) for one in compare.rows],
        "CER %, clips": [number(one.speech_cer_percent, 2) for one in compare.rows],
        "× real time": [number(one.times_real_time, 1) for one in compare.rows],
        "final p50": [_spread(one.final_ms)[0] for one in compare.rows],
        "final p95": [_spread(one.final_ms)[1] for one in compare.rows],
        "first words p50": [_spread(one.first_partial_ms)[0] for one in compare.rows],
        "lost turns": [number(one.lost) for one in compare.rows],
        "doubled": [number(one.doubled) for one in compare.rows],
        "non-speech characters": [number(one.nonspeech_characters) for one in compare.rows],
        "how it was run": [one.how for one in compare.rows],
    }
    known = {heading: cells for heading, cells in columns.items() if set(cells) != {MISSING}}
    parts = [
        text(f"In one run, on the same audio: {compare.audio}"),
        figures(*drawn),
        table(list(known), list(zip(*known.values(), strict=True)), words=2, wide=True),
    ]
    parts.append(text("Times in milliseconds; a dash: the program has no such figure or it was not measured.", "note"))
    if compare.not_run:
        parts.append(table(("not run", "why"), [(one.system, one.why) for one in compare.not_run], words=2))
    return "\n".join(parts)


def _cloud(
    title: str,
    systems: Sequence[System],
    label: str,
    along: Callable[[System], float | None],
    wrong: Callable[[System], float | None],
) -> str:
    """Character error rate of the systems against something else that is known of them."""
    known = [(one, value, cer) for one in systems if (value := along(one)) and (cer := wrong(one)) is not None]
    if len(known) < 2:
        return ""
    x = charts.axis(label, [value for _, value, _ in known])
    y = charts.axis("character error rate, %", [cer for _, _, cer in known])
    dots = [
        Dot(value, cer, one.system, 1 if one is systems[0] else 6, 6, f"{one.system}: {cer:.2f} %, {value:,.1f}")
        for one, value, cer in known
    ]
    return figure(title, charts.scatter(title, x, y, dots), "", "Lower is better.")


def _knowledge(results: Results) -> str:
    heads = ("articles", "queries", "kind", "number", "recall@1", "recall@3", "mean reciprocal rank")
    cells = [
        (f"{row.articles:,}", row.asked, row.kind, str(row.queries), f"{row.recall_1:.3f}", f"{row.recall_3:.3f}",
         f"{row.mrr:.3f}")
        for row in results.knowledge or ()
    ]  # fmt: skip
    told = text("Is the right article found? Misheard: with homophones, as a recogniser writes them.")
    costs = [
        (f"{one.articles:,}", number(one.build_seconds), number(one.load_seconds, 1), number(one.memory_mb),
         *_spread(one.search_ms, "max"))
        for one in results.knowledge_speed or ()
    ]  # fmt: skip
    heads_of_costs = ("articles", "index made, s", "index read, s", "memory, MB", "search p50, ms", "p95", "max")
    return told + table(heads, cells, words=3) + (table(heads_of_costs, costs, words=1) if costs else "")


def _suggestions(rows: Sequence[SuggestionsRow]) -> str:
    heads = ("calls", "number", "articles asked for", "shown", "by the end of the turn", "others", "others a call",
             "calls with others only")  # fmt: skip
    cells = [
        (row.calls, str(row.number), str(row.wanted), str(row.shown), str(row.in_time), str(row.others),
         f"{row.others / row.number:.2f}", str(row.only_others))
        for row in rows
    ]  # fmt: skip
    return text("Does the agent see the article that the caller asks for, and how many others?") + table(
        heads, cells, words=1
    )


def _spread(spread: Spread | None, *more: Literal["max"]) -> list[str]:
    """p50 and p95 (and max) in words."""
    values = (spread.p50, spread.p95, spread.max) if spread else (None, None, None)
    return [number(value) for value in values[: 2 + len(more)]]


def _calls(calls: int) -> str:
    return "1 call" if calls == 1 else f"{calls} calls"


def _colour(place: int) -> int:
    return place % charts.COLOURS + 1
