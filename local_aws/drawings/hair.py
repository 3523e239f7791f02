"""Hair, hats and scarves: one layer behind the head, one in front of the forehead."""

from __future__ import annotations

import math

from local_aws.drawings.canvas import Canvas, Colour, Point, darker, lighter, mirrored
from local_aws.drawings.people import Person

CROWN = 0.165  # where the skull begins, from above


def draw_behind(canvas: Canvas, person: Person) -> None:
    """Draw what hangs or stands behind the head and neck."""
    width, shade = person.head_width, darker(person.hair, 0.22)
    match person.hair_style:
        case "bob":
            canvas.blob(mirrored([(0, 0.10), (0.12, 0.13), (width + 0.05, 0.30), (width + 0.065, 0.55),
                                  (width + 0.03, 0.74), (0.1, 0.77)]), shade)  # fmt: skip
        case "long" | "long fringe":
            canvas.blob(mirrored([(0, 0.10), (0.12, 0.13), (width + 0.05, 0.28), (width + 0.06, 0.55),
                                  (width + 0.085, 0.80), (width + 0.05, 0.97), (0.06, 0.99)]), shade)  # fmt: skip
        case "afro":
            canvas.ellipse(0, 0.36, width + 0.135, 0.315, shade)
            _curl_around(canvas, person, shade, centre=(0, 0.36), radius=(width + 0.11, 0.285), curl=0.06)
        case "curls":
            _curl_around(canvas, person, shade, centre=(0, 0.42), radius=(width + 0.025, 0.25), curl=0.075)
        case "pigtails":
            for side in (-1, 1):
                x = side * (width + 0.065)
                canvas.blob([(x - side * 0.03, 0.44), (x + side * 0.06, 0.50), (x + side * 0.075, 0.66),
                             (x + side * 0.02, 0.80), (x - side * 0.035, 0.66)], shade)  # fmt: skip
                canvas.ellipse(x - side * 0.012, 0.46, 0.026, 0.026, person.hat)
        case "bun":
            canvas.ellipse(0, 0.105, 0.095, 0.085, shade)
            canvas.stroke([(-0.05, 0.09), (0, 0.065), (0.05, 0.09)], 0.012, lighter(person.hair, 0.12))
        case "scarf":
            canvas.blob(mirrored([(0, 0.085), (0.13, 0.12), (width + 0.055, 0.30), (width + 0.05, 0.58),
                                  (width + 0.07, 0.80), (width + 0.12, 0.99), (0.05, 1.02)]),
                        darker(person.hat, 0.12))  # fmt: skip
        case _:
            pass


def draw_in_front(canvas: Canvas, person: Person) -> None:
    """Draw the hairline, the fringe, or what is worn on the head."""
    match person.hair_style:
        case "bald":
            canvas.soft_ellipse(-0.06 * person.parting, 0.24, 0.09, 0.045, lighter(person.skin, 0.7), 0.6)
        case "buzz":
            _cap(canvas, person, hairline=_straight(person, 0.30), rise=0.004, alpha=0.78)
        case "short":
            _cap(canvas, person, hairline=_straight(person, 0.315), rise=0.03)
        case "side part" | "bob":
            _cap(canvas, person, hairline=_parted(person), rise=0.034)
        case "quiff":
            _cap(canvas, person, hairline=_straight(person, 0.285), rise=0.05)
            _quiff(canvas, person)
        case "fringe" | "long fringe":
            _cap(canvas, person, hairline=_fringe(person), rise=0.035)
        case "long" | "pigtails" | "bun":
            _cap(canvas, person, hairline=_middle_part(person), rise=0.032)
        case "curls" | "afro":
            _cap(canvas, person, hairline=_straight(person, 0.30), rise=0.03)
            _curls_on_forehead(canvas, person)
        case "beanie":
            _beanie(canvas, person)
        case "scarf":
            _scarf_edge(canvas, person)
        case _:
            raise ValueError(f"unknown hair style {person.hair_style!r}")
    if person.hair_style in ("long", "long fringe", "bob"):
        _strands_beside_face(canvas, person)


def _cap(canvas: Canvas, person: Person, *, hairline: list[Point], rise: float, alpha: float = 1.0) -> None:
    """Draw the hair on the skull: over the top from ear to ear, and back along the hairline."""
    width = person.head_width
    outside = mirrored([(0, CROWN - rise), (0.48 * width, CROWN + 0.02 - rise),
                        (0.89 * width, 0.258 - rise * 0.7), (width + 0.018, 0.37),
                        (width + 0.010, 0.455)])  # fmt: skip
    right, left = outside[:5], outside[5:]
    canvas.blob([*right, *hairline, *left], person.hair, alpha)
    if person.hair_style == "quiff":
        return  # it shines on its own
    shine = lighter(person.hair, 0.10)
    side = -1 if person.light_from_left else 1
    canvas.stroke(
        [(side * 0.78 * width, 0.285), (side * 0.55 * width, 0.225 - rise / 2), (side * 0.2 * width, 0.195 - rise / 2)],
        0.026, shine
    )  # fmt: skip


def _straight(person: Person, height: float) -> list[Point]:
    width = person.head_width
    return [(0.93 * width, 0.42), (0.82 * width, height + 0.03), (0.4 * width, height),
            (0, height + 0.008), (-0.4 * width, height), (-0.82 * width, height + 0.03),
            (-0.93 * width, 0.42)]  # fmt: skip


def _parted(person: Person) -> list[Point]:
    width, side = person.head_width, 1 if person.parting > 0 else -1
    way = [(side * 0.94 * width, 0.43), (side * 0.84 * width, 0.33), (side * 0.45 * width, 0.262),
           (-side * 0.1 * width, 0.315), (-side * 0.6 * width, 0.375), (-side * 0.94 * width, 0.44)]  # fmt: skip
    return way if side > 0 else way[::-1]


def _fringe(person: Person) -> list[Point]:
    width = person.head_width
    return [(0.97 * width, 0.45), (0.86 * width, 0.405), (0.45 * width, 0.398), (0, 0.392),
            (-0.45 * width, 0.398), (-0.86 * width, 0.405), (-0.97 * width, 0.45)]  # fmt: skip


def _middle_part(person: Person) -> list[Point]:
    width, middle = person.head_width, 0.04 * person.parting
    return [(0.97 * width, 0.46), (0.86 * width, 0.37), (0.45 * width, 0.300), (middle, 0.222),
            (-0.45 * width, 0.300), (-0.86 * width, 0.37), (-0.97 * width, 0.46)]  # fmt: skip


def _strands_beside_face(canvas: Canvas, person: Person) -> None:
    width = person.head_width
    end = 0.70 if person.hair_style == "bob" else 0.93
    for side in (-1, 1):
        x = side * width
        outside = [(x - side * 0.02, 0.33), (x + side * 0.035, 0.38), (x + side * 0.055, 0.60), (x + side * 0.05, end)]
        inside = [(x + side * 0.01, end - 0.02), (x - side * 0.008, 0.60), (x - side * 0.012, 0.46)]
        canvas.blob([*outside, *inside], person.hair)


def _quiff(canvas: Canvas, person: Person) -> None:
    side = 1 if person.parting > 0 else -1
    width = person.head_width
    canvas.blob([(-side * 0.85 * width, 0.30), (-side * 0.9 * width, 0.16), (-side * 0.3 * width, 0.085),
                 (side * 0.5 * width, 0.095), (side * 0.98 * width, 0.19), (side * 0.6 * width, 0.265),
                 (0, 0.29)], person.hair)  # fmt: skip
    canvas.stroke([(-side * 0.5 * width, 0.18), (0, 0.14), (side * 0.6 * width, 0.16)],
                  0.016, lighter(person.hair, 0.14))  # fmt: skip


def _curl_around(canvas: Canvas, person: Person, colour: Colour, *, centre: Point, radius: Point, curl: float) -> None:
    """Set curls on an ellipse, open at the bottom."""
    count = 15
    for number in range(count):
        angle = math.pi * (0.86 + 1.28 * number / (count - 1))
        x, y = centre[0] + radius[0] * math.cos(angle), centre[1] + radius[1] * math.sin(angle)
        canvas.ellipse(x, y, curl, curl, colour if number % 2 else person.hair)


def _curls_on_forehead(canvas: Canvas, person: Person) -> None:
    width = person.head_width
    for number in range(7):
        across = number / 3 - 1
        x, y = 0.86 * width * across, 0.275 + 0.055 * across**2
        canvas.ellipse(x, y, 0.044, 0.044, person.hair)


def _beanie(canvas: Canvas, person: Person) -> None:
    width = person.head_width
    canvas.blob(mirrored([(0, 0.085), (0.1, 0.10), (width, 0.20), (width + 0.028, 0.335), (0.12, 0.34)]), person.hat)
    canvas.ellipse(0, 0.08, 0.045, 0.042, lighter(person.hat, 0.35))
    rim = [(-width - 0.03, 0.335), (0, 0.305), (width + 0.03, 0.335)]
    canvas.stroke(rim, 0.075, darker(person.hat, 0.14))
    canvas.stroke([(x, y - 0.012) for x, y in rim], 0.008, darker(person.hat, 0.06))


def _scarf_edge(canvas: Canvas, person: Person) -> None:
    width = person.head_width
    for side in (-1, 1):
        canvas.blob([(0, 0.10), (side * 0.13, 0.125), (side * (width + 0.045), 0.29),
                     (side * (width + 0.045), 0.56), (side * 0.16, 0.80), (0, 0.86), (0, 0.80),
                     (side * 0.11, 0.755), (side * 0.9 * width, 0.58), (side * 0.92 * width, 0.40),
                     (side * 0.62 * width, 0.275), (0, 0.245)], person.hat)  # fmt: skip
    canvas.stroke([(-0.62 * width, 0.262), (0, 0.232), (0.62 * width, 0.262)], 0.012, lighter(person.hat, 0.18))
