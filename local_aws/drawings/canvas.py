"""A small painter over Pillow: shapes in units of the picture's side, smooth curves, see-through and soft colours."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

Colour = tuple[int, int, int]
Point = tuple[float, float]

WHITE: Colour = (255, 255, 255)
BLACK: Colour = (0, 0, 0)

_SMALL = 128  # pixels; larger pictures need less smoothing, as their steps are finer
_T = np.arange(7) / 7  # each piece of a curve, between two points, is drawn as 7 straight lines: more cannot be seen
_CATMULL_ROM = 0.5 * np.stack(
    [-_T + 2 * _T**2 - _T**3, 2 - 5 * _T**2 + 3 * _T**3, _T + 4 * _T**2 - 3 * _T**3, -(_T**2) + _T**3]
)  # weights [4 neighbouring points, 7 places between the middle two]
_SOFT_RINGS = 6


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """Return the colour between ``first`` (share 0) and ``second`` (share 1)."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def darker(colour: Colour, amount: float) -> Colour:
    """Return a shade of the colour, a little warmer and richer than by adding plain black."""
    return mix(colour, mix((60, 20, 40), BLACK, 0.4), amount)


def lighter(colour: Colour, amount: float) -> Colour:
    """Return a tint of the colour."""
    return mix(colour, (255, 250, 240), amount)


def mirrored(points: Sequence[Point]) -> list[Point]:
    """Return ``points``, which lie right of the middle, followed by their mirror images: one closed way."""
    return [*points, *((-x, y) for x, y in reversed(points) if x != 0)]


class Canvas:
    """A square picture in the making, one unit wide: x is measured from its middle line, y from its upper edge."""

    def __init__(self, size: int, top: Colour, bottom: Colour) -> None:
        """Begin with a background that runs from ``top`` to ``bottom``."""
        self._size = size
        self._oversampling = 4 if size <= _SMALL else 3  # every pixel is the mean of so many squared: smooth edges
        self._side = size * self._oversampling
        self._zoom, self._shift = 1.0, (0.0, 0.0)
        rows = np.linspace(top, bottom, self._side).astype(np.uint8)[:, np.newaxis]
        self._image = Image.fromarray(rows).resize((self._side, self._side), Image.Resampling.NEAREST)
        self._draw = ImageDraw.Draw(self._image, "RGBA")

    def place(self, zoom: float, shift: Point) -> None:
        """From now on, enlarge everything around the centre and move it."""
        self._zoom, self._shift = zoom, shift

    def ellipse(self, x: float, y: float, rx: float, ry: float, colour: Colour, alpha: float = 1.0) -> None:
        """Fill an ellipse around (x, y)."""
        left, top = self._to_pixels(x - rx, y - ry)
        right, bottom = self._to_pixels(x + rx, y + ry)
        self._draw.ellipse((left, top, right, bottom), fill=(*colour, round(255 * alpha)))

    def soft_ellipse(self, x: float, y: float, rx: float, ry: float, colour: Colour, alpha: float) -> None:
        """Fill an ellipse that fades out towards its edge."""
        for ring in range(_SOFT_RINGS):
            part = 1 - ring / _SOFT_RINGS
            self.ellipse(x, y, rx * part, ry * part, colour, alpha / _SOFT_RINGS)

    def blob(self, points: Sequence[Point], colour: Colour, alpha: float = 1.0) -> None:
        """Fill the smooth closed curve through ``points``."""
        self._draw.polygon(self._smooth(points, is_closed=True), fill=(*colour, round(255 * alpha)))

    def polygon(self, points: Sequence[Point], colour: Colour, alpha: float = 1.0) -> None:
        """Fill the polygon with these corners."""
        self._draw.polygon([self._to_pixels(*point) for point in points], fill=(*colour, round(255 * alpha)))

    def stroke(self, points: Sequence[Point], width: float, colour: Colour) -> None:
        """Draw the smooth curve from the first to the last of ``points`` with round ends."""
        way = self._smooth(points, is_closed=False)
        thickness = max(round(width * self._zoom * self._side), 1)
        self._draw.line(way, fill=colour, width=thickness, joint="curve")
        radius = thickness / 2
        for x, y in (way[:2], way[-2:]):
            self._draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)

    def ring(self, x: float, y: float, rx: float, ry: float, width: float, colour: Colour) -> None:
        """Draw the outline of an ellipse."""
        left, top = self._to_pixels(x - rx, y - ry)
        right, bottom = self._to_pixels(x + rx, y + ry)
        thickness = max(round(width * self._zoom * self._side), 1)
        self._draw.ellipse((left, top, right, bottom), outline=(*colour, 255), width=thickness)

    def finish(self) -> Image.Image:
        """Return the picture at its own size."""
        return self._image.reduce(self._oversampling)

    def finish_lit(self, *, from_left: bool) -> Image.Image:
        """Return the picture at its own size, lit a little from one side and above."""
        small = np.asarray(self.finish(), dtype=np.float32)
        across = np.linspace(1.05, 0.94, self._size, dtype=np.float32)
        down = np.linspace(1.02, 0.96, self._size, dtype=np.float32)
        light = (across if from_left else across[::-1])[np.newaxis, :, np.newaxis] * down[:, np.newaxis, np.newaxis]
        return Image.fromarray((small * light).clip(0, 255).astype(np.uint8))

    def _to_pixels(self, x: float, y: float) -> Point:
        shift_x, shift_y = self._shift
        return (x * self._zoom + 0.5 + shift_x) * self._side, ((y - 0.5) * self._zoom + 0.5 + shift_y) * self._side

    def _smooth(self, points: Sequence[Point], *, is_closed: bool) -> list[float]:
        """Return pixels x, y, x, y ... along the Catmull-Rom curve through ``points``."""
        corners = [self._to_pixels(*point) for point in points]
        around = [corners[-1], *corners, *corners[:2]] if is_closed else [corners[0], *corners, corners[-1]]
        line = np.array(around)
        neighbours = np.stack([line[:-3], line[1:-2], line[2:-1], line[3:]], axis=2)  # [pieces, x and y, 4 corners]
        curve: list[float] = (neighbours @ _CATMULL_ROM).transpose(0, 2, 1).ravel().tolist()
        return curve if is_closed else [*curve, *corners[-1]]
