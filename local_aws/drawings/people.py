"""What distinguishes one drawn person from another."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from local_aws.drawings.canvas import Colour, Point, mix

SKINS: tuple[Colour, ...] = (
    (255, 226, 208), (252, 214, 190), (244, 198, 166), (230, 176, 138),
    (206, 148, 108), (174, 116, 80), (140, 90, 62), (110, 72, 54),
)  # fmt: skip
NATURAL_HAIR: tuple[Colour, ...] = (
    (40, 34, 42), (62, 44, 38), (94, 60, 42), (134, 86, 52),
    (180, 124, 68), (226, 184, 112), (190, 88, 48), (204, 200, 202),
)  # fmt: skip
DYED_HAIR: tuple[Colour, ...] = ((230, 112, 152), (82, 162, 172), (132, 106, 194), (88, 122, 204))
IRISES: tuple[Colour, ...] = (
    (72, 48, 36), (106, 72, 42), (86, 116, 68), (66, 120, 164), (112, 134, 146), (52, 96, 88),
)  # fmt: skip
BACKGROUNDS: tuple[tuple[Colour, Colour], ...] = (
    ((255, 222, 184), (250, 178, 148)), ((194, 230, 242), (128, 190, 218)), ((220, 238, 204), (158, 206, 166)),
    ((252, 226, 232), (240, 174, 192)), ((232, 222, 246), (178, 164, 218)), ((255, 242, 196), (248, 206, 120)),
    ((212, 232, 230), (128, 176, 180)), ((246, 236, 222), (214, 194, 170)), ((158, 178, 214), (92, 112, 164)),
)  # fmt: skip
CLOTHES: tuple[Colour, ...] = (
    (216, 84, 78), (62, 94, 144), (54, 132, 118), (240, 182, 82), (94, 78, 124),
    (240, 236, 228), (60, 62, 74), (230, 138, 106), (122, 154, 94), (198, 106, 142),
)  # fmt: skip
SHORT_STYLES = (
    "short",
    "short",
    "side part",
    "side part",
    "quiff",
    "curls",
    "afro",
    "buzz",
    "bald",
    "beanie",
    "fringe",
)
LONG_STYLES = ("bob", "bob", "long", "long", "long fringe", "bun", "pigtails", "curls", "afro", "scarf", "side part")


@dataclass(frozen=True)
class Person:
    """One person. Lengths are in units of the picture's side, from the top left corner."""

    background: tuple[Colour, Colour]
    has_disc: bool  # a pale disc behind the head
    skin: Colour
    hair: Colour
    hair_style: str
    parting: float  # -1 on the left ... 1 on the right
    hat: Colour
    head_width: float  # half of it, at the temples
    jaw: float  # the jaw's width as a part of head_width
    chin: float  # how far down it ends
    iris: Colour
    eye_size: float
    eye_tilt: float  # how much the outer corners are raised
    gaze: Point
    brow_lift: float
    brow_weight: float
    has_lashes: bool
    nose: str  # "button", "straight" or "wide"
    mouth: str  # "smile", "grin", "calm", "smirk" or "surprise"
    mouth_width: float
    lips: Colour
    beard: str  # "none", "stubble", "full", "moustache" or "goatee"
    glasses: str  # "none", "round", "square" or "sun"
    glasses_colour: Colour
    has_freckles: bool
    blush: float
    has_earrings: bool
    clothes: Colour
    collar: str  # "round", "v", "turtleneck", "shirt" or "hoodie"
    light_from_left: bool
    zoom: float
    shift: Point


def choose_person(seed: int) -> Person:
    """Return person number ``seed``, the same one every time."""
    dice = random.Random(seed)  # noqa: S311 - for drawings, not for secrets
    skin_index = dice.uniform(0, len(SKINS) - 1)
    skin = _along(SKINS, skin_index)
    # Fair hair is for fair skin, mostly: the scale of natural colours is cut shorter the darker the skin is.
    hair = _along(NATURAL_HAIR, dice.uniform(0, len(NATURAL_HAIR) - 1) * (1 - 0.105 * skin_index))
    if _chance(dice, 0.07):
        hair = dice.choice(DYED_HAIR)
    is_soft = _chance(dice, 0.55)  # lashes and long hair go together more often than not, as beards and short hair do
    blush_red: Colour = (214, 84, 90)
    return Person(
        background=dice.choice(BACKGROUNDS),
        has_disc=_chance(dice, 0.35),
        skin=skin,
        hair=hair,
        hair_style=dice.choice(LONG_STYLES if is_soft else SHORT_STYLES),
        parting=dice.uniform(-1, 1),
        hat=dice.choice(CLOTHES),
        head_width=dice.uniform(0.212, 0.236),
        jaw=dice.uniform(0.70, 0.80) if is_soft else dice.uniform(0.76, 0.90),
        chin=dice.uniform(0.765, 0.79),
        iris=dice.choice(IRISES),
        eye_size=dice.uniform(1.35, 1.55) if is_soft else dice.uniform(1.25, 1.45),
        eye_tilt=dice.uniform(-0.004, 0.009),
        gaze=(dice.uniform(-0.007, 0.007), dice.uniform(-0.002, 0.004)),
        brow_lift=dice.uniform(-0.008, 0.014),
        brow_weight=dice.uniform(0.009, 0.015) if is_soft else dice.uniform(0.014, 0.022),
        has_lashes=is_soft,
        nose=dice.choice(("button", "straight", "wide")),
        mouth=dice.choice(("smile", "smile", "grin", "grin", "calm", "smirk", "surprise")),
        mouth_width=dice.uniform(0.075, 0.10),
        lips=mix(skin, blush_red, dice.uniform(0.5, 0.85) if is_soft else dice.uniform(0.25, 0.45)),
        beard="none" if is_soft else dice.choice(("none", "none", "none", "stubble", "full", "moustache", "goatee")),
        glasses=dice.choice(("round", "square", "sun")) if _chance(dice, 0.24) else "none",
        glasses_colour=dice.choice(((44, 40, 48), (120, 66, 44), (178, 60, 64), (60, 80, 120))),
        has_freckles=_chance(dice, 0.16),
        blush=dice.uniform(0.15, 0.6),
        has_earrings=is_soft and _chance(dice, 0.4),
        clothes=dice.choice(CLOTHES),
        collar=dice.choice(("round", "v", "turtleneck", "shirt", "hoodie")),
        light_from_left=_chance(dice, 0.5),
        zoom=dice.uniform(1.24, 1.32),
        shift=(dice.uniform(-0.012, 0.012), dice.uniform(-0.008, 0.008)),
    )


def _chance(dice: random.Random, probability: float) -> bool:
    return dice.random() < probability


def _along(scale: Sequence[Colour], position: float) -> Colour:
    """Return the colour at ``position`` on a scale: 0 is its first one, 0.5 half-way to the second."""
    index = min(int(position), len(scale) - 2)
    return mix(scale[index], scale[index + 1], position - index)
