"""Images as `data:` URIs, so that the report is one file that opens anywhere and asks nobody for anything."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from containers.errors import InputError
from stylegan2.base.machine_made import save_marked

# Up to this side the pixels themselves are part of the image: they are enlarged to hard-edged squares here, because
# browsers either blur them or, with image-rendering: pixelated, make them unequal at fractional scales.
_LARGEST_PIXEL_ART = 64
# Up to this side an image is kept exactly, as PNG; larger ones are shown as JPEG.
_LARGEST_PNG = 128
_JPEG_QUALITY = 90
# The images come from our own jobs; a side beyond this (16 images of 1024) is no image of ours.
_LARGEST_SIDE = 1024 * 16


@dataclass(frozen=True)
class InlineImage:
    """An image inside the page."""

    uri: str
    caption: str = ""
    of_class: str = ""


def open_image(file: Path) -> Image.Image:
    """A PNG or JPEG of one of our jobs as an RGB image; raises InputError if it is anything else."""
    try:
        with Image.open(file, formats=("PNG", "JPEG")) as image:
            if max(image.size) > _LARGEST_SIDE:
                raise InputError(f"{file.name} has {image.width} x {image.height} pixels, which is too large.")
            return image.convert("RGB")
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError, ValueError, SyntaxError) as error:
        raise InputError(f"{file.name} cannot be read as a PNG or JPEG picture: {error}") from error


def inline_image(image: Image.Image, side: int, caption: str = "", *, is_made: bool) -> InlineImage:
    """`image` as a data URI: reduced if it is larger than `side` pixels, enlarged if it is so small as to be pixels.
    What a machine has made (`is_made`) says so when it is saved from the page, too."""
    longest = max(image.size)
    exact = longest <= _LARGEST_PNG
    if longest <= _LARGEST_PIXEL_ART:
        factor = max(1, side // longest)
        image = image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)
    elif longest > side:
        image = image.copy()
        image.thumbnail((side, side), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    save = save_marked if is_made else Image.Image.save
    if exact:
        save(image, buffer, "PNG")  # optimize=True would save 5 % and take 7 times as long
    else:
        # Not with optimize=True: it saves a tenth, and of noise Pillow runs out of its buffer and raises OSError.
        save(image, buffer, "JPEG", quality=_JPEG_QUALITY, subsampling=0)
    kind = "png" if exact else "jpeg"
    return InlineImage(f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode()}", caption)


def inline_file(file: Path, side: int, caption: str = "", *, is_made: bool) -> InlineImage:
    """Like `inline_image`, for a file."""
    return inline_image(open_image(file), side, caption, is_made=is_made)
