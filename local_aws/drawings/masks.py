"""Animal masks in flat colours: another style than the portraits."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from PIL import Image

from local_aws.drawings.canvas import WHITE, Canvas, Colour, darker, lighter, mirrored, mix

GROUNDS: tuple[Colour, ...] = (
    (250, 216, 120), (126, 200, 196), (244, 150, 130), (164, 188, 236),
    (196, 220, 150), (238, 188, 214), (92, 108, 148), (246, 232, 206),
)  # fmt: skip
FURS: tuple[Colour, ...] = (
    (232, 128, 60), (120, 124, 140), (150, 98, 64), (238, 214, 176), (70, 66, 84), (214, 106, 138), (96, 156, 160),
    (140, 118, 190), (226, 178, 84), (240, 238, 234)
)  # fmt: skip
EYES: tuple[Colour, ...] = ((250, 210, 70), (128, 196, 96), (96, 180, 220), (240, 140, 60))
DARK: Colour = (40, 34, 46)
PINK: Colour = (238, 130, 140)

EYE_LINE = 0.475
EYE_FROM_MIDDLE = 0.105
HEAD_WIDTH = 0.265


@dataclass(frozen=True)
class Animal:
    """What one mask is made of."""

    kind: str  # "cat", "bear", "fox", "owl", "panda" or "rabbit"
    ground: Colour
    fur: Colour
    face: Colour  # of the muzzle, the cheeks or the discs around the eyes
    eye: Colour
    eye_size: float
    is_laughing: bool  # eyes shut, mouth open
    mark: str  # on the forehead: "none", "stripes", "diamond" or "spot"
    neck: str  # "none", "bow" or "scarf"
    cloth: Colour
    zoom: float
    shift: tuple[float, float]


def draw_mask(seed: int, size: int) -> Image.Image:
    """Return mask number ``seed`` as an RGB picture of ``size`` x ``size`` pixels, the same one every time."""
    animal = _choose_animal(seed)
    canvas = Canvas(size, animal.ground, animal.ground)
    canvas.place(animal.zoom, animal.shift)
    _ears(canvas, animal)
    _body(canvas, animal)
    _head(canvas, animal)
    for side in (-1, 1):
        _eye(canvas, animal, side)
    if animal.kind == "owl":
        _beak(canvas)
    else:
        _muzzle(canvas, animal)
    return canvas.finish()


def _choose_animal(seed: int) -> Animal:
    dice = random.Random(seed)  # noqa: S311 - for drawings, not for secrets
    kind = dice.choice(("cat", "bear", "fox", "owl", "panda", "rabbit"))
    fur = WHITE if kind == "panda" else dice.choice(FURS)
    ground = dice.choice([ground for ground in GROUNDS if _distance(ground, fur) > 90])
    return Animal(
        kind=kind,
        ground=ground,
        fur=fur,
        face=mix(fur, WHITE, dice.uniform(0.55, 0.9)),
        eye=dice.choice(EYES),
        eye_size=dice.uniform(0.9, 1.15),
        is_laughing=dice.random() < 0.25,
        mark=dice.choice(("none", "stripes", "diamond", "spot") if kind != "panda" else ("none",)),
        neck=dice.choice(("none", "bow", "scarf")),
        cloth=dice.choice([cloth for cloth in FURS if _distance(cloth, fur) > 90]),
        zoom=dice.uniform(0.96, 1.03),
        shift=(dice.uniform(-0.012, 0.012), dice.uniform(-0.008, 0.008)),
    )


def _distance(first: Colour, second: Colour) -> float:
    return math.dist(first, second)


def _ears(canvas: Canvas, animal: Animal) -> None:
    fur, inside = animal.fur, mix(animal.fur, PINK, 0.6)
    for side in (-1, 1):
        match animal.kind:
            case "cat" | "fox":
                tip = side * 0.235, 0.075
                canvas.polygon([(side * 0.05, 0.26), tip, (side * 0.262, 0.42)], fur)
                canvas.polygon([(side * 0.11, 0.25), (side * 0.22, 0.135), (side * 0.24, 0.33)],
                               inside if animal.kind == "cat" else DARK)  # fmt: skip
            case "bear" | "panda":
                ear = DARK if animal.kind == "panda" else fur
                canvas.ellipse(side * 0.20, 0.235, 0.082, 0.082, ear)
                canvas.ellipse(side * 0.20, 0.24, 0.046, 0.046, lighter(DARK, 0.2) if ear == DARK else inside)
            case "owl":
                canvas.polygon([(side * 0.06, 0.24), (side * 0.25, 0.125), (side * 0.25, 0.36)], darker(fur, 0.2))
            case _:
                x = side * 0.115
                canvas.blob(
                    [
                        (x - 0.055, 0.30),
                        (x - 0.05 + side * 0.01, 0.12),
                        (x + side * 0.03, 0.005),
                        (x + 0.05 + side * 0.03, 0.12),
                        (x + 0.055, 0.30),
                    ],
                    fur,
                )
                canvas.blob(
                    [
                        (x - 0.025, 0.28),
                        (x - 0.022 + side * 0.012, 0.14),
                        (x + side * 0.026, 0.06),
                        (x + 0.022 + side * 0.024, 0.14),
                        (x + 0.025, 0.28),
                    ],
                    inside,
                )


def _body(canvas: Canvas, animal: Animal) -> None:
    coat = DARK if animal.kind == "panda" else darker(animal.fur, 0.16)
    canvas.blob(mirrored([(0, 0.72), (0.14, 0.77), (0.26, 0.86), (0.33, 1.0), (0.34, 1.15)]), coat)
    canvas.ellipse(0, 1.02, 0.15, 0.19, animal.face)
    if animal.neck == "scarf":
        canvas.stroke([(-0.2, 0.80), (0, 0.855), (0.2, 0.80)], 0.085, animal.cloth)
        canvas.polygon([(0.07, 0.84), (0.16, 0.82), (0.19, 1.0), (0.09, 1.0)], darker(animal.cloth, 0.14))
    if animal.neck == "bow":
        for side in (-1, 1):
            canvas.polygon([(0, 0.855), (side * 0.12, 0.80), (side * 0.12, 0.915)], animal.cloth)
        canvas.ellipse(0, 0.857, 0.03, 0.03, darker(animal.cloth, 0.2))


def _head(canvas: Canvas, animal: Animal) -> None:
    width, fur, face = HEAD_WIDTH, animal.fur, animal.face
    if animal.kind == "fox":
        canvas.blob(
            mirrored([(0, 0.20), (0.115, 0.218), (0.9 * width, 0.345), (width + 0.05, 0.54), (0.15, 0.69), (0, 0.79)]),
            fur,
        )
        for side in (-1, 1):
            canvas.blob(
                [
                    (side * 0.04, 0.60),
                    (side * 0.16, 0.535),
                    (side * (width + 0.035), 0.545),
                    (side * 0.15, 0.685),
                    (0, 0.785),
                ],
                face,
            )
    else:
        canvas.blob(
            mirrored(
                [
                    (0, 0.19),
                    (0.115, 0.208),
                    (0.86 * width, 0.315),
                    (width + 0.012, 0.53),
                    (0.8 * width, 0.70),
                    (0.1, 0.775),
                    (0, 0.785),
                ]
            ),
            fur,
        )
    shade = darker(fur, 0.32)
    match animal.mark:
        case "stripes":
            for x in (-0.07, 0.0, 0.07):
                canvas.polygon([(x - 0.022, 0.21), (x + 0.022, 0.21), (0.8 * x, 0.33 - abs(x) * 0.5)], shade)
        case "diamond":
            canvas.polygon([(0, 0.235), (0.045, 0.305), (0, 0.385), (-0.045, 0.305)], face if face != fur else shade)
        case "spot":
            canvas.ellipse(0, 0.255, 0.09, 0.06, shade)
        case _:
            pass


def _eye(canvas: Canvas, animal: Animal, side: int) -> None:
    x, y, size = side * EYE_FROM_MIDDLE, EYE_LINE, animal.eye_size
    if animal.kind == "owl":
        canvas.ellipse(x + side * 0.012, y, 0.122, 0.122, animal.face)
    if animal.kind == "panda":
        canvas.blob(
            [
                (x - side * 0.05, y - 0.055),
                (x + side * 0.05, y - 0.05),
                (x + side * 0.085, y + 0.06),
                (x + side * 0.02, y + 0.075),
                (x - side * 0.06, y + 0.02),
            ],
            DARK,
        )
    if animal.is_laughing:
        line = WHITE if animal.kind == "panda" or animal.fur == (70, 66, 84) else DARK
        canvas.stroke(
            [(x - 0.048, y + 0.014), (x, y - 0.024), (x + 0.048, y + 0.014)],
            0.019,
            DARK if animal.kind == "owl" else line,
        )
        return
    canvas.ellipse(x, y, 0.058 * size, 0.058 * size, WHITE)
    canvas.ellipse(x, y, 0.047 * size, 0.047 * size, animal.eye)
    if animal.kind in ("cat", "fox"):
        canvas.ellipse(x, y, 0.016, 0.042 * size, DARK)
    else:
        canvas.ellipse(x, y, 0.029 * size, 0.029 * size, DARK)
    canvas.ellipse(x - 0.013, y - 0.015, 0.011, 0.011, WHITE)


def _beak(canvas: Canvas) -> None:
    orange: Colour = (244, 160, 62)
    canvas.polygon([(-0.045, 0.545), (0.045, 0.545), (0, 0.655)], orange)
    canvas.polygon([(0, 0.545), (0.045, 0.545), (0, 0.655)], darker(orange, 0.18))


def _muzzle(canvas: Canvas, animal: Animal) -> None:
    nose = PINK if animal.kind in ("cat", "rabbit") else DARK
    if animal.kind != "fox":
        canvas.ellipse(0, 0.645, 0.125, 0.10, animal.face)
    canvas.blob([(-0.04, 0.572), (0, 0.563), (0.04, 0.572), (0.025, 0.60), (0, 0.617), (-0.025, 0.60)], nose)
    if animal.is_laughing:
        canvas.blob(
            [(-0.07, 0.648), (0, 0.655), (0.07, 0.648), (0.05, 0.705), (0, 0.727), (-0.05, 0.705)], (120, 44, 56)
        )
        canvas.ellipse(0, 0.703, 0.034, 0.018, PINK)
    else:
        for side in (-1, 1):
            canvas.stroke(
                [(0, 0.617), (side * 0.006, 0.652), (side * 0.04, 0.668), (side * 0.072, 0.648)], 0.0125, DARK
            )
    if animal.kind == "rabbit":
        canvas.polygon([(-0.022, 0.664), (0.022, 0.664), (0.019, 0.708), (-0.019, 0.708)], WHITE)
    if animal.kind in ("cat", "rabbit"):
        whisker = lighter(DARK, 0.75) if sum(animal.fur) < 330 else DARK
        for side in (-1, 1):
            for lift in (-0.02, 0.014):
                canvas.stroke([(side * 0.12, 0.632 + lift * 0.6), (side * 0.30, 0.62 + lift * 1.9)], 0.007, whisker)
