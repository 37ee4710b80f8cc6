"""What several sections of the report draw alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks import charts
from benchmarks.charts import Axis, Dot
from benchmarks.figures import Bin
from benchmarks.page import figure

MISSING = "–"


def number(value: Any, digits: int = 0) -> str:
    if value is None:
        return MISSING
    return f"{value:,.{digits}f}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def calibration(bins: Sequence[Bin], counted: str, right: str, error: float | None = None) -> str:
    tell = lambda value: f"{100 * value:.0f} %"  # noqa: E731
    ticks = (0, 0.25, 0.5, 0.75, 1)
    x, y = (Axis(label, 0, 1.04, ticks, tell) for label in ("stated confidence", f"{right} that were right"))
    most = max(one.count for one in bins)
    dots = [
        Dot(
            one.confidence, one.correct, "", 1, 3 + 7 * float(np.sqrt(one.count / most)),
            f"{one.count} {counted}: stated {tell(one.confidence)}, right {tell(one.correct)}",
        )
        for one in bins
    ]  # fmt: skip
    title = "Does the confidence mean what it says?"
    caption = f"On the line, it does; below it, the machine is too sure. The larger the dot, the more {counted}."
    if error is not None:
        caption += f" Mean distance from the line: {100 * error:.1f} points."
    return figure(title, charts.scatter(title, x, y, dots, diagonal=True), "", caption)
