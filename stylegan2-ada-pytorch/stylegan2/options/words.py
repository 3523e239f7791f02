"""The words that options take, and that networks, augmentation and training decide by."""

from typing import Literal

Augmentation = Literal["ada", "noaug", "fixed"]
Device = Literal["auto", "cpu", "cuda"]
Precision = Literal["fp32", "bf16", "fp16"]
Compilation = Literal["auto", "on", "off"]
Trouble = Literal["collapsed", "stalled"]
"""What a training can be told to suffer from: it has lost what it had learned, or it learns nothing more."""

BLIT = ("xflip", "rotate90", "xint")
GEOMETRY = ("scale", "rotate", "aniso", "xfrac")
COLOR = ("brightness", "contrast", "lumaflip", "hue", "saturation")
PIPES: dict[str, tuple[str, ...]] = {
    "blit": BLIT,
    "geom": GEOMETRY,
    "color": COLOR,
    "filter": ("imgfilter",),
    "noise": ("noise",),
    "cutout": ("cutout",),
    "bg": BLIT + GEOMETRY,
    "bgc": BLIT + GEOMETRY + COLOR,
    "bgcf": (*BLIT, *GEOMETRY, *COLOR, "imgfilter"),
    "bgcfn": (*BLIT, *GEOMETRY, *COLOR, "imgfilter", "noise"),
    "bgcfnc": (*BLIT, *GEOMETRY, *COLOR, "imgfilter", "noise", "cutout"),
}
"""Sets of an augmentation's operations, by the name that the option `augpipe` takes."""
