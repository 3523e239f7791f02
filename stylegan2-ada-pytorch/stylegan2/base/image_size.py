"""The sizes of images that the networks can make: a small base, doubled n times.

StyleGAN2 begins with 4x4 and doubles. Nothing in it needs the base to be square: 384x256 pixels are a base of 6x4,
doubled six times. The usual square sizes keep the base 4x4.
"""

from __future__ import annotations

from dataclasses import dataclass

SMALLEST_BASE, LARGEST_BASE = 4, 16
LARGEST_SIDE = 4096


@dataclass(frozen=True)
class ImageSize:
    """Height and width in pixels, and how a network comes to them."""

    height: int
    width: int
    base_height: int
    base_width: int
    resolution: int
    """Side of a square power-of-two image of about as many pixels (at most as many): what presets go by."""

    def __str__(self) -> str:
        if self.height == self.width:
            return f"{self.width} px"
        return f"{self.width} x {self.height} px"


def nominal_base(base_height: int, base_width: int) -> int:
    """Return the largest power of two whose square is no larger than the base: layers are counted from it."""
    side = 1
    while 4 * side * side <= base_height * base_width:
        side *= 2
    return side


def image_size(height: int, width: int) -> ImageSize | None:
    """Return how a network makes images of this size: of the possible bases the smallest. None if there is no way."""
    if min(height, width) < SMALLEST_BASE or max(height, width) > LARGEST_SIDE:
        return None
    doublings = 0
    while min(height, width) % (2 << doublings) == 0 == max(height, width) % (2 << doublings):
        if min(height, width) >> (doublings + 1) < SMALLEST_BASE:
            break
        doublings += 1
    base_height, base_width = height >> doublings, width >> doublings
    if max(base_height, base_width) > LARGEST_BASE:
        return None
    resolution = nominal_base(base_height, base_width) << doublings
    return ImageSize(height, width, base_height, base_width, resolution)


def size_rule() -> str:
    """Return which sizes there are, as the end of a sentence."""
    return (
        f"both sides must be {SMALLEST_BASE} to {LARGEST_BASE} times the same power of two, up to {LARGEST_SIDE} "
        f"(as 256 x 256, 384 x 256 or 1024 x 576)"
    )
