"""Portraits of people who do not exist: every seed another face, always at the same place in the picture."""

from __future__ import annotations

import random

from PIL import Image

from local_aws.drawings import hair
from local_aws.drawings.canvas import BLACK, WHITE, Canvas, Point, darker, lighter, mirrored, mix
from local_aws.drawings.people import Person, choose_person

EYE_LINE = 0.480  # all from above, in units of the picture's side
EYE_FROM_MIDDLE = 0.096
NOSE_LINE = 0.585
MOUTH_LINE = 0.668


def draw_face(seed: int, size: int) -> Image.Image:
    """Return portrait number ``seed`` as an RGB picture of ``size`` x ``size`` pixels, the same one every time."""
    person = choose_person(seed)
    canvas = Canvas(size, *person.background)
    if person.has_disc:
        canvas.ellipse(0, 0.44, 0.40, 0.40, WHITE, 0.28)
    canvas.place(person.zoom, person.shift)
    hair.draw_behind(canvas, person)
    _body(canvas, person)
    _head(canvas, person)
    _cheeks(canvas, person, seed)
    _beard(canvas, person)
    _nose(canvas, person)
    _mouth(canvas, person)
    for side in (-1, 1):
        _eye(canvas, person, side)
        _brow(canvas, person, side)
    hair.draw_in_front(canvas, person)
    _glasses(canvas, person)
    return canvas.finish_lit(from_left=person.light_from_left)


def _body(canvas: Canvas, person: Person) -> None:
    cloth, skin = person.clothes, person.skin
    neck = 0.098
    shoulders = mirrored([(0, 0.845), (0.1, 0.855), (0.24, 0.895), (0.36, 0.96), (0.4, 1.1)])
    canvas.polygon([(-neck, 0.70), (neck, 0.70), (neck + 0.012, 0.90), (-neck - 0.012, 0.90)], skin)
    canvas.blob(
        [(-neck - 0.01, 0.80), (0, 0.775), (neck + 0.01, 0.80), (neck, 0.835), (0, 0.865), (-neck, 0.835)],
        darker(skin, 0.24),
    )
    canvas.blob(shoulders, cloth)
    match person.collar:
        case "round":
            canvas.ellipse(0, 0.845, neck + 0.022, 0.062, darker(cloth, 0.2))
            canvas.ellipse(0, 0.835, neck + 0.006, 0.055, skin)
        case "v":
            canvas.polygon([(-neck - 0.02, 0.84), (neck + 0.02, 0.84), (0, 0.995)], darker(cloth, 0.2))
            canvas.polygon([(-neck - 0.004, 0.835), (neck + 0.004, 0.835), (0, 0.97)], skin)
        case "turtleneck":
            canvas.blob(
                [
                    (-neck - 0.016, 0.80),
                    (0, 0.83),
                    (neck + 0.016, 0.80),
                    (neck + 0.028, 0.885),
                    (0, 0.915),
                    (-neck - 0.028, 0.885),
                ],
                lighter(cloth, 0.16),
            )
        case "shirt":
            canvas.polygon([(-neck, 0.83), (neck, 0.83), (0, 0.93)], skin)
            for side in (-1, 1):
                canvas.polygon(
                    [(side * neck, 0.805), (side * (neck + 0.045), 0.865), (side * 0.062, 0.965), (0, 0.905)],
                    lighter(cloth, 0.5),
                )
            canvas.stroke([(0, 0.93), (0, 1.0)], 0.006, darker(cloth, 0.3))
        case _:
            canvas.blob(
                [
                    (-neck - 0.07, 0.90),
                    (-neck - 0.02, 0.815),
                    (0, 0.88),
                    (neck + 0.02, 0.815),
                    (neck + 0.07, 0.90),
                    (0, 0.965),
                ],
                darker(cloth, 0.18),
            )
            canvas.ellipse(0, 0.835, neck, 0.05, skin)
            for side in (-1, 1):
                canvas.stroke([(side * 0.05, 0.925), (side * 0.055, 1.0)], 0.009, lighter(cloth, 0.6))


def _head(canvas: Canvas, person: Person) -> None:
    width, skin = person.head_width, person.skin
    if person.hair_style != "scarf":
        for side in (-1, 1):
            x = side * (width + 0.008)
            canvas.ellipse(x, 0.505, 0.034, 0.052, darker(skin, 0.06))
            canvas.ellipse(x + side * 0.003, 0.508, 0.016, 0.028, darker(skin, 0.22))
            if person.has_earrings:
                canvas.ellipse(x + side * 0.006, 0.572, 0.014, 0.014, (246, 206, 96))
    canvas.blob(_head_outline(person), skin)


def _head_outline(person: Person) -> list[Point]:
    width, jaw = person.head_width, person.jaw * person.head_width
    return mirrored([(0, hair.CROWN), (0.46 * width, 0.186), (0.84 * width, 0.265), (width, 0.39),
                     (0.98 * width, 0.53), (jaw, 0.672), (0.46 * jaw, person.chin - 0.022),
                     (0, person.chin)])  # fmt: skip


def _cheeks(canvas: Canvas, person: Person, seed: int) -> None:
    width, skin = person.head_width, person.skin
    shadow = -1 if not person.light_from_left else 1
    canvas.soft_ellipse(shadow * 0.66 * width, 0.56, 0.07, 0.16, darker(skin, 0.4), 0.22)
    canvas.soft_ellipse(-shadow * 0.25 * width, 0.36, 0.13, 0.08, lighter(skin, 0.6), 0.3)
    for side in (-1, 1):
        canvas.soft_ellipse(side * 0.135, 0.585, 0.062, 0.046, mix(skin, (226, 84, 84), 0.7), person.blush)
    if person.has_freckles:
        dice = random.Random(seed)  # noqa: S311 - for drawings, not for secrets
        for _ in range(16):
            side = dice.choice((-1, 1))
            canvas.ellipse(
                side * dice.uniform(0.03, 0.155), dice.uniform(0.545, 0.61), 0.0062, 0.0056, darker(skin, 0.36), 0.75
            )


def _eye(canvas: Canvas, person: Person, side: int) -> None:
    """Draw one eye; ``side`` is -1 for the one on the left."""
    size, skin = person.eye_size, person.skin
    x, y = side * EYE_FROM_MIDDLE, EYE_LINE
    rx, up, down = 0.047 * size, 0.034 * size, 0.024 * size
    inner, outer = (x - side * rx, y + 0.005), (x + side * rx, y - person.eye_tilt)
    upper = [
        inner,
        (x - side * 0.5 * rx, y - 0.78 * up),
        (x + side * 0.1 * rx, y - up),
        (x + side * 0.65 * rx, y - 0.72 * up),
        outer,
    ]
    lower = [
        outer,
        (x + side * 0.5 * rx, y + 0.8 * down),
        (x - side * 0.1 * rx, y + down),
        (x - side * 0.6 * rx, y + 0.7 * down),
    ]
    canvas.soft_ellipse(x, y - 0.008, rx * 1.35, up * 1.7, darker(skin, 0.35), 0.30)
    canvas.blob([*upper, *lower], (252, 250, 248))
    iris_x, iris_y = x + person.gaze[0], y - 0.003 + person.gaze[1]
    radius = 0.0265 * size
    canvas.ellipse(iris_x, iris_y, radius, radius, darker(person.iris, 0.3))
    canvas.ellipse(iris_x, iris_y + 0.002, radius * 0.82, radius * 0.82, lighter(person.iris, 0.1))
    canvas.ellipse(iris_x, iris_y, radius * 0.5, radius * 0.5, (24, 20, 26))
    glint = -1 if person.light_from_left else 1
    canvas.ellipse(iris_x + glint * 0.009, iris_y - 0.010, 0.0085, 0.0085, WHITE)
    # the lid covers the iris's upper edge
    canvas.blob(
        [*upper, (outer[0], outer[1] - 0.012), (x, y - up - 0.020), (inner[0], inner[1] - 0.012)],
        mix(skin, darker(skin, 0.5), 0.25),
    )
    line = darker(mix(skin, (50, 30, 30), 0.8), 0.3)
    canvas.stroke(upper, 0.0105 if person.has_lashes else 0.0075, line)
    if person.has_lashes:
        canvas.stroke([outer, (outer[0] + side * 0.014, outer[1] - 0.013)], 0.008, line)


def _brow(canvas: Canvas, person: Person, side: int) -> None:
    x, y = side * EYE_FROM_MIDDLE, EYE_LINE - 0.066 - person.brow_lift
    colour = darker(person.hair, 0.25) if person.hair_style not in ("scarf", "bald") else darker(person.skin, 0.62)
    canvas.stroke(
        [(x - side * 0.046, y + 0.006), (x, y - 0.010), (x + side * 0.050, y + 0.008)], person.brow_weight, colour
    )


def _nose(canvas: Canvas, person: Person) -> None:
    skin, y = person.skin, NOSE_LINE
    shade, shadow = darker(skin, 0.20), 1 if person.light_from_left else -1
    match person.nose:
        case "button":
            canvas.soft_ellipse(shadow * 0.008, y - 0.004, 0.034, 0.026, shade, 0.9)
            canvas.stroke([(-0.021, y + 0.008), (0, y + 0.016), (0.021, y + 0.008)], 0.0085, darker(skin, 0.34))
        case "straight":
            canvas.stroke(
                [
                    (shadow * 0.016, 0.50),
                    (shadow * 0.020, 0.55),
                    (shadow * 0.030, y + 0.004),
                    (0, y + 0.016),
                    (-shadow * 0.016, y + 0.011),
                ],
                0.0085,
                darker(skin, 0.30),
            )
        case _:
            canvas.soft_ellipse(0, y, 0.05, 0.028, shade, 0.8)
            for side in (-1, 1):
                canvas.stroke(
                    [(side * 0.036, y - 0.006), (side * 0.034, y + 0.010), (side * 0.014, y + 0.012)],
                    0.0085,
                    darker(skin, 0.36),
                )
    canvas.soft_ellipse(-shadow * 0.006, y - 0.016, 0.012, 0.02, lighter(skin, 0.8), 0.55)


def _mouth(canvas: Canvas, person: Person) -> None:
    width, y, line = person.mouth_width, MOUTH_LINE, darker(person.lips, 0.45)
    left, right = -width, width
    match person.mouth:
        case "grin":
            canvas.blob(
                [
                    (left, y - 0.012),
                    (0, y - 0.002),
                    (right, y - 0.012),
                    (0.72 * width, y + 0.030),
                    (0, y + 0.048),
                    (-0.72 * width, y + 0.030),
                ],
                darker(person.lips, 0.55),
            )
            canvas.blob(
                [
                    (left + 0.012, y - 0.008),
                    (0, y + 0.001),
                    (right - 0.012, y - 0.008),
                    (0.66 * width, y + 0.012),
                    (0, y + 0.019),
                    (-0.66 * width, y + 0.012),
                ],
                WHITE,
            )
            canvas.ellipse(0, y + 0.036, 0.42 * width, 0.010, (226, 110, 112))
            canvas.stroke([(-0.66 * width, y + 0.036), (0, y + 0.053), (0.66 * width, y + 0.036)], 0.011, person.lips)
        case "smile":
            canvas.blob([(left + 0.01, y), (0, y + 0.010), (right - 0.01, y), (0, y + 0.036)], person.lips)
            canvas.stroke(
                [
                    (left, y - 0.008),
                    (-0.5 * width, y + 0.009),
                    (0, y + 0.014),
                    (0.5 * width, y + 0.009),
                    (right, y - 0.008),
                ],
                0.0085,
                line,
            )
        case "calm":
            canvas.blob(
                [
                    (left + 0.015, y + 0.006),
                    (-0.02, y - 0.008),
                    (0, y - 0.004),
                    (0.02, y - 0.008),
                    (right - 0.015, y + 0.006),
                    (0, y + 0.030),
                ],
                person.lips,
            )
            canvas.stroke([(left + 0.012, y + 0.006), (0, y + 0.008), (right - 0.012, y + 0.006)], 0.0075, line)
        case "smirk":
            side = 1 if person.parting > 0 else -1
            canvas.blob(
                [(-side * (width - 0.01), y + 0.006), (0, y + 0.006), (side * width, y - 0.012), (0, y + 0.032)],
                person.lips,
            )
            canvas.stroke(
                [(-side * (width - 0.005), y + 0.006), (0, y + 0.012), (side * width, y - 0.014)], 0.0085, line
            )
        case _:
            canvas.ellipse(0, y + 0.012, 0.040, 0.034, person.lips)
            canvas.ellipse(0, y + 0.012, 0.027, 0.021, darker(person.lips, 0.6))


def _beard(canvas: Canvas, person: Person) -> None:
    if person.beard == "none":
        return
    width, jaw, y = person.head_width, person.jaw * person.head_width, MOUTH_LINE
    colour = person.hair if person.hair_style not in ("bald", "scarf") else darker(person.skin, 0.6)
    if person.beard in ("full", "stubble"):
        alpha = 1.0 if person.beard == "full" else 0.22
        end = person.chin + (0.022 if person.beard == "full" else 0.0)
        outside = [(width * 0.99, 0.50), (0.99 * width, 0.57), (jaw + 0.006, 0.68), (0.52 * jaw, end - 0.014), (0, end)]
        inside = [(0, y - 0.042), (0.075, y - 0.036), (0.12, y - 0.03), (0.86 * width, 0.575)]
        canvas.blob(mirrored([*inside, *outside]), colour, alpha)
    if person.beard == "full":
        canvas.ellipse(0, y + 0.012, person.mouth_width + 0.008, 0.042, mix(person.skin, darker(person.skin, 0.3), 0.3))
    if person.beard == "goatee":
        canvas.blob(
            mirrored(
                [
                    (0, y + 0.050),
                    (0.035, y + 0.056),
                    (0.072, y + 0.052),
                    (0.067, person.chin - 0.012),
                    (0, person.chin + 0.018),
                ]
            ),
            colour,
        )
    if person.beard in ("moustache", "goatee", "full"):
        canvas.blob(
            mirrored(
                [
                    (0, y - 0.040),
                    (0.04, y - 0.044),
                    (person.mouth_width + 0.012, y - 0.004),
                    (0.04, y - 0.016),
                    (0, y - 0.018),
                ]
            ),
            darker(colour, 0.12),
        )


def _glasses(canvas: Canvas, person: Person) -> None:
    if person.glasses == "none":
        return
    colour, y = person.glasses_colour, EYE_LINE + 0.002
    rx, ry = (0.070, 0.066) if person.glasses == "round" else (0.076, 0.056)
    for side in (-1, 1):
        x = side * (EYE_FROM_MIDDLE + 0.003)
        corners: list[Point] = [
            (x - rx, y - 0.6 * ry),
            (x - 0.7 * rx, y - ry),
            (x + 0.7 * rx, y - ry),
            (x + rx, y - 0.6 * ry),
            (x + 0.92 * rx, y + 0.6 * ry),
            (x + 0.55 * rx, y + ry),
            (x - 0.55 * rx, y + ry),
            (x - 0.92 * rx, y + 0.6 * ry),
        ]
        if person.glasses == "round":
            canvas.ellipse(x, y, rx, ry, WHITE, 0.14)
            canvas.ring(x, y, rx, ry, 0.0115, colour)
        elif person.glasses == "square":
            canvas.blob(corners, WHITE, 0.14)
            canvas.stroke([*corners, corners[0]], 0.0125, colour)
        else:
            canvas.blob(corners, mix(colour, BLACK, 0.45), 0.93)
            canvas.stroke(
                [(x - 0.5 * rx, y + 0.1 * ry), (x - 0.05 * rx, y - 0.55 * ry)], 0.012, mix(colour, WHITE, 0.35)
            )
        canvas.stroke([(x + side * rx, y - 0.3 * ry), (side * (person.head_width - 0.004), y - 0.012)], 0.010, colour)
    bridge = EYE_FROM_MIDDLE + 0.003 - rx
    canvas.stroke([(-bridge, y - 0.006), (0, y - 0.016), (bridge, y - 0.006)], 0.0105, colour)
