"""Charts as inline SVG: small, sharp on paper, and coloured by the page's style sheet, so light and dark both work.

Colours are the classes c1 to c6 of report.css. What a legend would say is left to the page (`legend`), because text
outside the drawing wraps on a narrow screen.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

WIDTH = 520
LEFT, RIGHT, TOP, BOTTOM = 50, 18, 30, 46
"""Margins around the plot for the axes' words."""
COLOURS = 6
CHARACTER = 6.6
"""Width of a character of a label, about."""

Point = tuple[float, float]


@dataclass(frozen=True)
class Axis:
    """A scale from `low` to `high` with its ticks; logarithmic where `log`."""

    label: str
    low: float
    high: float
    ticks: Sequence[float]
    tell: Callable[[float], str] = lambda value: f"{value:,.0f}"
    log: bool = False

    def place(self, value: float) -> float:
        """0 at `low`, 1 at `high`."""
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)


@dataclass(frozen=True)
class Series:
    """Points of one colour, 1 to 6."""

    name: str
    colour: int
    points: Sequence[Point]
    dashed: bool = False


@dataclass(frozen=True)
class Mark:
    """A target: a diamond of a series' colour."""

    x: float
    y: float
    colour: int
    tell: str


@dataclass(frozen=True)
class Dot:
    """A labelled point; `size` is its radius."""

    x: float
    y: float
    label: str
    colour: int
    size: float = 5
    tell: str = ""


@dataclass(frozen=True)
class Bar:
    """A bar from `start` to `end`, with its value in words behind it."""

    start: float
    end: float
    colour: int
    tell: str


def axis(label: str, values: Sequence[float], tell: Callable[[float], str] | None = None, low: float = 0) -> Axis:
    """A linear axis with round ticks from `low` to past the largest value."""
    high = max([*values, low])
    high = high if high > low else low + 1
    rough = (high - low) / 5
    power = 10 ** math.floor(math.log10(rough))
    step = next(nice * power for nice in (1, 2, 2.5, 5, 10) if nice * power >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.ceil(high / step - 1e-9)
    ticks = [step * number for number in range(first, last + 1)]
    digits = 0 if step >= 1 else -math.floor(math.log10(step))
    return Axis(label, low, ticks[-1], ticks, tell or (lambda value: f"{value:,.{digits}f}"))


def doubling(label: str, values: Sequence[float]) -> Axis:
    """A logarithmic axis whose ticks are the values themselves, so far as they do not touch."""
    distinct = sorted(set(values))
    low, high = distinct[0] / 1.25, distinct[-1] * 1.25
    ticks: list[float] = []
    for value in distinct:
        if not ticks or value / ticks[-1] > (high / low) ** 0.05:
            ticks.append(value)
    return Axis(label, low, high, ticks, lambda value: f"{value:g}", log=True)


def lines(title: str, x: Axis, y: Axis, series: Sequence[Series], marks: Sequence[Mark] = (), dots: bool = True) -> str:
    """Curves, with a dot at each point where `dots`, and targets as diamonds."""
    plot = _Plot(title, x, y)
    for one in series:
        path = " ".join(f"{plot.x(a):.1f},{plot.y(b):.1f}" for a, b in one.points)
        dashes = " dashed" if one.dashed else ""
        plot.add(f'<polyline class="line c{one.colour}{dashes}" points="{path}"/>')
        for a, b in one.points if dots else ():
            told = escape(f"{one.name}: {y.tell(b)} at {x.tell(a)}")
            plot.add(f'<circle class="dot c{one.colour}" cx="{plot.x(a):.1f}" cy="{plot.y(b):.1f}" r="3.5">')
            plot.add(f"<title>{told}</title></circle>")
    for mark in marks:
        a, b = plot.x(mark.x), plot.y(mark.y)
        plot.add(f'<path class="mark c{mark.colour}" d="M{a:.1f} {b - 6:.1f}l6 6l-6 6l-6-6z">')
        plot.add(f"<title>{escape(mark.tell)}</title></path>")
    return plot.svg()


def scatter(title: str, x: Axis, y: Axis, dots: Sequence[Dot], diagonal: bool = False) -> str:
    """Labelled points; `diagonal`: a line where both axes are the same."""
    plot = _Plot(title, x, y)
    if diagonal:
        plot.add(
            f'<line class="rule" x1="{plot.x(x.low):.1f}" y1="{plot.y(y.low):.1f}" '
            f'x2="{plot.x(x.high):.1f}" y2="{plot.y(y.high):.1f}"/>'
        )
    taken = [(plot.x(d.x) - d.size, plot.y(d.y) - d.size, plot.x(d.x) + d.size, plot.y(d.y) + d.size) for d in dots]
    for dot in dots:
        a, b = plot.x(dot.x), plot.y(dot.y)
        plot.add(f'<circle class="dot c{dot.colour}" cx="{a:.1f}" cy="{b:.1f}" r="{dot.size:.1f}">')
        plot.add(f"<title>{escape(dot.tell or dot.label)}</title></circle>")
        if dot.label:
            left, base = _free(a, b, dot, taken)
            plot.add(f'<text class="label" x="{left:.1f}" y="{base:.1f}">{escape(dot.label)}</text>')
    return plot.svg()


def bars(title: str, label: str, groups: Sequence[tuple[str, Sequence[Sequence[Bar]]]], rule: str = "") -> str:
    """Horizontal bars under the name of their group; each row holds one bar or several end to end.

    `rule` is written at a line through 0 when bars also start left of it.
    """
    every = [bar for _, rows in groups for row in rows for bar in row]
    room = CHARACTER * max(len(row[-1].tell) for _, rows in groups for row in rows) + 8
    x = axis(label, [bar.end for bar in every], low=min(0.0, *(bar.start for bar in every)))
    named = any(name for name, _ in groups)
    thick, gap, head, left = 15, 4, 20 if named else 6, 14
    height = 14 + BOTTOM + sum(head + len(rows) * (thick + gap) + 6 for _, rows in groups) + (16 if rule else 0)
    scale = (WIDTH - left - RIGHT - room) / (x.high - x.low)

    def at(value: float) -> float:
        return left + (value - x.low) * scale

    parts = []
    bottom, y = height - BOTTOM, 14 + (16 if rule else 0)
    for tick in x.ticks:
        parts.append(f'<line class="grid" x1="{at(tick):.1f}" x2="{at(tick):.1f}" y1="{y - 4}" y2="{bottom}"/>')
        parts.append(f'<text class="tick middle" x="{at(tick):.1f}" y="{bottom + 17}">{escape(x.tell(tick))}</text>')
    parts.append(f'<text class="axis" x="{left}" y="{height - 8}">{escape(label)}</text>')
    if rule:
        parts.append(f'<line class="zero" x1="{at(0):.1f}" x2="{at(0):.1f}" y1="{y - 4}" y2="{bottom}"/>')
        parts.append(f'<text class="tick" x="{at(0) + 4:.1f}" y="{y - 6}">{escape(rule)}</text>')
    for name, rows in groups:
        if name:
            parts.append(f'<text class="group" x="{left}" y="{y + 14}">{escape(name)}</text>')
        y += head
        for row in rows:
            for bar in row:
                wide = max(1.0, (bar.end - bar.start) * scale)
                parts.append(
                    f'<rect class="bar c{bar.colour}" x="{at(bar.start):.1f}" y="{y}" width="{wide:.1f}" '
                    f'height="{thick}" rx="2"><title>{escape(bar.tell)}</title></rect>'
                )
            parts.append(
                f'<text class="value" x="{at(row[-1].end) + 6:.1f}" y="{y + 12}">{escape(row[-1].tell)}</text>'
            )
            y += thick + gap
        y += 6
    return _svg(title, height, parts)


def legend(entries: Sequence[tuple[str, int]], dashed: Sequence[str] = (), target: bool = False) -> str:
    """Names with their colours, as a list beside the drawing."""
    items = [
        f'<li class="c{colour}{" dashed" if name in dashed else ""}"><i></i>{escape(name)}</li>'
        for name, colour in entries
    ]
    if target:
        items.append('<li class="target"><i></i>target</li>')
    return f'<ul class="legend">{"".join(items)}</ul>'


class _Plot:
    """A frame with two axes, to draw in."""

    def __init__(self, title: str, x: Axis, y: Axis, height: int = 300) -> None:
        self._title, self._axes, self._height = title, (x, y), height
        self._parts: list[str] = []
        right, bottom = WIDTH - RIGHT, height - BOTTOM
        for tick in y.ticks:
            at = self.y(tick)
            self.add(f'<line class="grid" x1="{LEFT}" x2="{right}" y1="{at:.1f}" y2="{at:.1f}"/>')
            self.add(f'<text class="tick end" x="{LEFT - 7}" y="{at + 4:.1f}">{escape(y.tell(tick))}</text>')
        for tick in x.ticks:
            at = self.x(tick)
            self.add(f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="{TOP}" y2="{bottom}"/>')
            self.add(f'<text class="tick middle" x="{at:.1f}" y="{bottom + 17}">{escape(x.tell(tick))}</text>')
        self.add(f'<text class="axis middle" x="{(LEFT + right) / 2}" y="{height - 8}">{escape(x.label)}</text>')
        self.add(f'<text class="axis" x="0" y="12">{escape(y.label)}</text>')

    def x(self, value: float) -> float:
        return LEFT + self._axes[0].place(value) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        return self._height - BOTTOM - self._axes[1].place(value) * (self._height - TOP - BOTTOM)

    def add(self, part: str) -> None:
        self._parts.append(part)

    def svg(self) -> str:
        return _svg(self._title, self._height, self._parts)


def _svg(title: str, height: float, parts: Sequence[str]) -> str:
    told = escape(title)
    return f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{told}">{"".join(parts)}</svg>'


def _free(a: float, b: float, dot: Dot, taken: list[tuple[float, float, float, float]]) -> Point:
    """Where a dot's label touches neither another nor the frame; (left, baseline)."""
    wide, far = CHARACTER * len(dot.label), dot.size + 4
    places = [
        (a + far, b + 4), (a - far - wide, b + 4), (a - wide / 2, b - far - 3), (a - wide / 2, b + far + 11),
        (a + far, b - 10), (a + far, b + 18), (a - far - wide, b - 10), (a - far - wide, b + 18),
    ]  # fmt: skip

    def clash(place: Point) -> float:
        left, base = place
        box = (left, base - 11, left + wide, base + 3)
        outside = max(0, LEFT - box[0]) + max(0, box[2] - WIDTH + 2) + max(0, TOP - box[1])
        return outside * 20 + sum(
            max(0, min(box[2], other[2]) - max(box[0], other[0]))
            * max(0, min(box[3], other[3]) - max(box[1], other[1]))
            for other in taken
        )

    left, base = min(places, key=clash)
    taken.append((left, base - 11, left + wide, base + 3))
    return left, base
