"""The report's section on work orders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.figures import TicketCall, Tickets
from benchmarks.page import details, figure, figures, table, text
from benchmarks.parts import calibration, number


def tickets(rows: Sequence[Tickets]) -> str:
    """By field, then each call side by side, the ones with most mistakes first."""
    parts = []
    for row in rows:
        ranked = ", ".join(f"{name} {number(share, 3)}" for name, share in row.top_3.items())
        took = f" Each utterance took {row.utterance_ms.p95:.1f} ms (p95)." if row.utterance_ms else ""
        parts.append(
            text(
                f"From {row.source}: {row.right:,} of {row.fields:,} fields of {row.calls} calls exactly right "
                f"({100 * row.share:.1f} %). Right one among the first three: {ranked}. Content holds "
                f"{number(row.content_facts, 3)} of the reference's facts and {len(row.content_invented)} that nobody "
                f"said. Wrong with a confidence above 0.9: {len(row.sure_and_wrong)} of {row.sure}; filled though "
                f"never said: {len(row.never_said)}.{took}"
            )
        )
        heads = ("field", "right", "where known", "left empty", "never said")
        cells = [
            (
                one.field, f"{one.right} of {one.of}", f"{one.known_right} of {one.known}", str(one.missing),
                str(one.never_said),
            )
            for one in row.by_field
        ]  # fmt: skip
        drawn = [figure(f"By field, from {row.source}", table(heads, cells), tall=True)]
        if row.calibration:
            drawn.append(calibration(row.calibration, "fields", "fields"))
        parts.append(figures(*drawn))
    worst = sorted(rows[-1].details, key=lambda call: sum(field.right is False for field in call.fields), reverse=True)
    return "\n".join([*parts, *map(_ticket, worst)])


def _ticket(call: TicketCall) -> str:
    wrong = sum(field.right is False for field in call.fields)
    filled = [
        (
            {True: "✓", False: "✗", None: ""}[one.right], one.label, _told(one.filled), _told(one.true),
            f"{one.confidence:.2f}" if one.filled is not None else "",
        )
        for one in call.fields
    ]  # fmt: skip
    lines = [f"{one.speaker}: {one.text}" for one in call.said]
    heard = [f"{one.speaker}: {one.text}" for one in call.heard]
    sides = table(("said", "heard"), [("\n".join(lines), "\n".join(heard))], words=2)
    fields = table(("", "field", "filled", "true", "confidence"), filled, words=4)
    return details(f"{call.call}: {wrong} wrong", sides + fields)


def _told(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value))
    return "" if value is None else str(value)
