"""The curves of a training: what its ticks have measured, thinned to a bounded number of points."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from itertools import pairwise
from typing import Any

from contract.documents import as_amount

MOST_POINTS = 200
_DIGITS = 6


@dataclass(frozen=True)
class Point:
    """What a training had measured when it had come to `kimg`, in `seconds` since it began. `score` is a distance, of
    which less is better; None: not measured then."""

    kimg: float
    seconds: float
    score: float | None = None
    loss_g: float | None = None
    loss_d: float | None = None
    augment_p: float | None = None


COLUMNS = tuple(field.name for field in fields(Point))
_ALWAYS_KNOWN = ("kimg", "seconds")


def thinned(points: Sequence[Point]) -> tuple[Point, ...]:
    """At most MOST_POINTS for any number, the last one among them.

    Each stands for as many in a row, a power of two: only when there are twice as many does any but the last change.
    """
    width = 1
    while len(points) > width * MOST_POINTS:
        width *= 2
    return tuple(_merged(points[begin : begin + width]) for begin in range(0, len(points), width))


def as_columns(points: Iterable[Point]) -> dict[str, list[float | None]]:
    """For JSON: a list of numbers for each of COLUMNS."""
    rows = [astuple(point) for point in points]
    return {
        name: [None if row[column] is None else round(row[column], _DIGITS) for row in rows]
        for column, name in enumerate(COLUMNS)
    }


def from_columns(value: Any) -> tuple[Point, ...]:
    """Raises KeyError, TypeError or ValueError."""
    columns = [_column(value[name], name in _ALWAYS_KNOWN) for name in COLUMNS]
    points = tuple(Point(*row) for row in zip(*columns, strict=True))
    if any(later.kimg < earlier.kimg or later.seconds < earlier.seconds for earlier, later in pairwise(points)):
        raise ValueError("points of a curve are not in the order of time")
    return points


def _column(values: Any, is_always_known: bool) -> list[float | None]:
    if not isinstance(values, list) or len(values) > MOST_POINTS:
        raise TypeError(f"a list of at most {MOST_POINTS} numbers was expected")
    return [None if value is None and not is_always_known else as_amount(value) for value in values]


def _merged(points: Sequence[Point]) -> Point:
    """Where the last of them was, with the last known score and augmentation, and the means of the losses."""
    return Point(
        points[-1].kimg,
        points[-1].seconds,
        _last(points, lambda point: point.score),
        _mean(points, lambda point: point.loss_g),
        _mean(points, lambda point: point.loss_d),
        _last(points, lambda point: point.augment_p),
    )


def _last(points: Sequence[Point], of: Callable[[Point], float | None]) -> float | None:
    return next((value for point in reversed(points) if (value := of(point)) is not None), None)


def _mean(points: Sequence[Point], of: Callable[[Point], float | None]) -> float | None:
    known = [value for point in points if (value := of(point)) is not None]
    return sum(known) / len(known) if known else None
