"""Line charts for the report: numbers in, coordinates and labels out; the template draws them as inline SVG.

Coordinates are SVG user units with y growing downwards.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from containers.infer.wording import Wording

# Room for the labels around the plot, in SVG units.
LEFT, RIGHT, TOP, BOTTOM = 42.0, 12.0, 14.0, 38.0
LARGE = (420.0, 250.0)
SMALL = (280.0, 150.0)

_MOST_POINTS = 240
_UNITS_PER_TICK = 55.0

Point = tuple[float, float]


@dataclass(frozen=True)
class Series:
    """One line: its name in the legend, its CSS class, and its points as (x, y) in the data's own units."""

    name: str
    style: str
    points: Sequence[Point]


@dataclass(frozen=True)
class ChartLine:
    """A drawn line: an SVG path and the place of its last point."""

    name: str
    style: str
    path: str
    end: Point
    last_value: str


@dataclass(frozen=True)
class Tick:
    """A labelled place on an axis, in SVG units."""

    at: float
    label: str


@dataclass(frozen=True)
class Chart:
    """A chart ready to be drawn; `summary` says in words what it shows, for those who do not see it."""

    title: str
    summary: str
    x_name: str
    lines: Sequence[ChartLine]
    x_ticks: Sequence[Tick]
    y_ticks: Sequence[Tick]
    target: Tick | None
    width: float
    height: float

    @property
    def left(self) -> float:
        """Where the plot begins."""
        return LEFT

    @property
    def right(self) -> float:
        """Where the plot ends."""
        return self.width - RIGHT

    @property
    def bottom(self) -> float:
        """Where the horizontal axis lies."""
        return self.height - BOTTOM


def line_chart(
    say: Wording,
    title: str,
    series: Sequence[Series],
    *,
    x_name: str,
    y_range: tuple[float, float] | None = None,
    target: tuple[float, str] | None = None,
    size: tuple[float, float] = LARGE,
) -> Chart | None:
    """Lay out a chart, or return None if no series has two points to join.

    `y_range` widens the vertical axis to hold at least that range. `target` is a value to aim at and its label.
    """
    drawable = [
        Series(one.name, one.style, points) for one in series if len(points := _thinned(_finite(one.points))) > 1
    ]
    if not drawable:
        return None
    xs = [x for one in drawable for x, _ in one.points]
    ys = [y for one in drawable for _, y in one.points] + ([target[0]] if target else [])
    low, high = _with_margin(min(ys), max(ys), y_range)
    width, height = size
    x_scale = _Scale(min(xs), max(xs), LEFT, width - RIGHT)
    y_scale = _Scale(low, high, height - BOTTOM, TOP)
    lines = [_line(say, one, x_scale, y_scale) for one in drawable]
    return Chart(
        title=title,
        summary=say.sentences(
            say("curve_summary", title=title, x_name=x_name), *(_course(say, one) for one in drawable)
        ),
        x_name=x_name,
        lines=lines,
        x_ticks=[Tick(x_scale(x), say.figure(x)) for x in _nice_ticks(min(xs), max(xs), width / _UNITS_PER_TICK / 2)],
        y_ticks=[Tick(y_scale(y), say.figure(y)) for y in _nice_ticks(low, high, height / _UNITS_PER_TICK)],
        target=Tick(y_scale(target[0]), say("curve_target", name=target[1], value=say.figure(target[0])))
        if target
        else None,
        width=width,
        height=height,
    )


@dataclass(frozen=True)
class _Scale:
    """Maps low..high in the data to start..end in the drawing."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.5
        return round(self.start + share * (self.end - self.start), 2)


def _course(say: Wording, one: Series) -> str:
    first, last = (say.figure(point[1]) for point in (one.points[0], one.points[-1]))
    return say("curve_course", name=one.name, first=first, last=last)


def _line(say: Wording, series: Series, x_scale: _Scale, y_scale: _Scale) -> ChartLine:
    places = [(x_scale(x), y_scale(y)) for x, y in series.points]
    path = "M" + "L".join(f"{x:g},{y:g}" for x, y in places)
    return ChartLine(series.name, series.style, path, places[-1], say.figure(series.points[-1][1]))


def _with_margin(low: float, high: float, at_least: tuple[float, float] | None) -> tuple[float, float]:
    """low..high with a little air at both ends; an end given by `at_least` that holds the values needs none."""
    margin = 0.05 * (high - low)
    if at_least is None:
        return low - margin, high + margin
    return (
        at_least[0] if low >= at_least[0] else low - margin,
        at_least[1] if high <= at_least[1] else high + margin,
    )


def _finite(points: Sequence[Point]) -> list[Point]:
    # Values beyond this come from a training that went wrong; they would flatten everything else.
    return [(x, y) for x, y in points if math.isfinite(x) and math.isfinite(y) and max(abs(x), abs(y)) < 1e9]


def _thinned(points: list[Point]) -> list[Point]:
    """At most about `_MOST_POINTS` points, each the mean of its neighbours: a page must not carry 10,000 of them."""
    size = math.ceil(len(points) / _MOST_POINTS)
    if size <= 1:
        return points
    groups = [points[start : start + size] for start in range(0, len(points), size)]
    return [(sum(x for x, _ in group) / len(group), sum(y for _, y in group) / len(group)) for group in groups]


def _nice_ticks(low: float, high: float, wanted: float) -> list[float]:
    """About `wanted` round numbers (steps of 1, 2 or 5 times a power of ten) within low..high."""
    if high <= low:
        return [low]
    rough = (high - low) / wanted
    magnitude = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * magnitude for factor in (1.0, 2.0, 5.0, 10.0) if factor * magnitude >= rough)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(index * step, 12) for index in range(first, last + 1)]
