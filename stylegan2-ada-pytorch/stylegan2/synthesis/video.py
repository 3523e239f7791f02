"""Videos: a way through W that passes given latents, and images in one animated file.

Videos are animated WebP files: Pillow writes them without a further program, browsers play them, the colours are whole
(a GIF has 256) and the files a small part of the size of an animated PNG, which is lossless. For those who need MP4
there is `mp4`, which needs a further library.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from stylegan2.base.errors import OptionError
from stylegan2.base.machine_made import content_id, xmp_packet
from stylegan2.base.signed_files import signed

_LARGEST_SIDE = 16_383  # pixels, of a WebP file
_QUALITY = 85


def latent_walk(ws: Tensor, frames: int) -> Tensor:
    """Return a smooth closed way [K * frames, ...] through latents [K, ...], ``frames`` steps from each to the next.

    It is at ws[k] at step k * frames, and from the last latent it leads back to the first, so that its video can be
    played for ever. Between two latents it is the cubic curve whose slopes at them point from their neighbours' one
    side to the other (Catmull and Rom, 1974): it has no kinks, where straight lines would jerk at every latent.

    Raises:
        OptionError: there are no two latents, or no step.
    """
    if len(ws) < 2:
        raise OptionError(f"latents: a film leads from one to the next, so at least 2 are needed, not {len(ws)}")
    if frames < 1:
        raise OptionError(f"frames: must be at least 1, not {frames}")
    part = (torch.arange(frames, device=ws.device) / frames).reshape(1, -1, *[1] * (ws.ndim - 1))
    before, start, end, after = (ws.roll(shift, dims=0)[:, None] for shift in (1, 0, -1, -2))
    slope_at_start, slope_at_end = (end - before) / 2, (after - start) / 2
    square, cube = part**2, part**3
    way = (
        (2 * cube - 3 * square + 1) * start
        + (cube - 2 * square + part) * slope_at_start
        + (3 * square - 2 * cube) * end
        + (cube - square) * slope_at_end
    )
    return way.flatten(0, 1)


def as_image(pixels: NDArray[np.uint8]) -> Image.Image:
    """Return pixels [H, W, 1, 3 or 4] as an image of Pillow's."""
    return Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)


def write_video(
    images: Sequence[NDArray[np.uint8]],
    path: Path,
    *,
    frame_milliseconds: int,
    last_milliseconds: int | None = None,
) -> None:
    """Write images [H, W, 1, 3 or 4] as an animated WebP that plays for ever, with the mark of what a machine made;
    signed where that was asked for.

    Args:
        frame_milliseconds: how long an image is seen.
        last_milliseconds: how long the last one is; None: as long as the others.

    Raises:
        OptionError: the images are too large for the format.
    """
    height, width, _ = images[0].shape
    if max(height, width) > _LARGEST_SIDE:
        raise OptionError(f"film: {width} x {height} pixels are too many; it can have {_LARGEST_SIDE} a side")
    frames = [as_image(image) for image in images]
    durations = [frame_milliseconds] * (len(frames) - 1) + [last_milliseconds or frame_milliseconds]
    mark = xmp_packet(content_id(frames)).encode()
    film, rest = io.BytesIO(), frames[1:]
    frames[0].save(
        film, "WEBP", save_all=True, append_images=rest, duration=durations, loop=0, quality=_QUALITY, xmp=mark
    )
    path.write_bytes(signed(film.getvalue(), "image/webp"))
