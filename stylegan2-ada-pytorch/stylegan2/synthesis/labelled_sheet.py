"""A sheet of what directions do, with the directions' numbers on the left and the ways gone above."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from stylegan2.synthesis.directions import contact_sheet
from stylegan2.synthesis.generate import Images
from stylegan2.synthesis.video import as_image

LEFT, TOP = 40, 28
"""Pixels for the labels."""
NARROWEST = 64
"""Pixels in which a label above has room: narrower pictures are enlarged, to squares with hard edges."""
_FONT_SIZE = 14


def labelled_sheet(images: Images, shifts: Sequence[float]) -> Image.Image:
    """Lay out images [K, N, S, H, W, C] in one: a line for each direction, the N strips of S steps side by side.

    Args:
        shifts: how far each of the S steps goes, as it is to be written above it.
    """
    lines, strips, steps, height, width, _ = images.shape
    factor = enlargement(width)
    height, width = height * factor, width * factor
    pictures = as_image(contact_sheet(images).repeat(factor, axis=0).repeat(factor, axis=1))
    sheet = Image.new(pictures.mode, (LEFT + pictures.width, TOP + pictures.height), "white")
    sheet.paste(pictures, (LEFT, TOP))
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(_FONT_SIZE)
    for line in range(lines):
        pen.text((LEFT / 2, TOP + (line + 0.5) * height), str(line + 1), "black", font, anchor="mm")
    for column in range(strips * steps):
        label = f"{shifts[column % steps]:+.2g}" if shifts[column % steps] else "0"
        pen.text((LEFT + (column + 0.5) * width, TOP / 2), label, "black", font, anchor="mm")
    return sheet


def enlargement(width: int) -> int:
    """Return how many times as large pictures of this width are shown in the sheet."""
    return math.ceil(NARROWEST / width)
