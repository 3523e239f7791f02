"""Images from a trained generator: one per seed, mixed from the styles of two seeds, or near to a given image.

Images are uint8 arrays [N, H, W, C], ready for Pillow. Everything runs on the device where the generator is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from stylegan2.base.errors import OptionError
from stylegan2.model.networks import Generator, NoiseMode
from stylegan2.model.pixels import to_bytes
from stylegan2.synthesis.latents import seed_ws

Images = NDArray[np.uint8]


@torch.inference_mode()
def generate_images(
    generator: Generator,
    seeds: Sequence[int],
    *,
    truncation_psi: float = 1.0,
    noise_mode: NoiseMode = "const",
    batch: int = 8,
    class_number: int | Sequence[int] | None = None,
) -> Images:
    """Return one image per seed, [N, H, W, C]. A seed's image does not depend on the other seeds or on ``batch``.

    (Up to the last bit: a convolution over another number of images may add in another order.)

    Args:
        truncation_psi: 0 gives the mean image, 1 the whole variety; below 1 the images are more alike and better.
        noise_mode: "const" the noise stored in the network, "random" fresh noise from the image's seed, "none".
        batch: how many images are computed at once.
        class_number: what to draw, from 0, with a network that was trained with labels: one class, or one per seed.

    Raises:
        OptionError: an argument has no usable value, or the class is missing.
    """
    ws = seed_ws(generator, seeds, truncation_psi=truncation_psi, class_number=class_number)
    if noise_mode != "random":
        return render_images(generator, ws, noise_mode=noise_mode, batch=batch)
    images = []
    for seed, w in zip(seeds, ws, strict=True):
        with torch.random.fork_rng([w.device] if w.is_cuda else []):
            torch.manual_seed(seed)
            images.append(to_bytes(generator.synthesis(w[None], noise_mode="random")))
    return _joined(generator, images)


@torch.inference_mode()
def render_images(generator: Generator, ws: Tensor, *, noise_mode: NoiseMode = "const", batch: int = 8) -> Images:
    """Return the images [N, H, W, C] of latents that are already in W: [N, num_ws, w_dim]."""
    if batch < 1:
        raise OptionError(f"batch: must be at least 1, not {batch}")
    device = generator.mapping.w_avg.device
    return _joined(
        generator,
        [to_bytes(generator.synthesis(part.to(device), noise_mode=noise_mode)) for part in torch.split(ws, batch)],
    )


@dataclass(frozen=True)
class MixedStyles:
    """Images of R row seeds and C column seeds, and what comes of giving each row the styles of each column."""

    rows: Images
    """The rows' own images, [R, H, W, channels]."""
    columns: Images
    """The columns' own images, [C, H, W, channels]."""
    mixed: Images
    """Each row in the styles of each column, [R, C, H, W, channels]."""

    def sheet(self) -> Images:
        """Return all in one image [H * (R + 1), W * (C + 1), channels]: the columns above, the rows on the left."""
        corner = np.full_like(self.rows[0], 255)
        lines = [np.concatenate([corner, *self.columns], axis=1)]
        lines += [np.concatenate([row, *line], axis=1) for row, line in zip(self.rows, self.mixed, strict=True)]
        return np.concatenate(lines, axis=0)


@torch.inference_mode()
def mix_styles(
    generator: Generator,
    row_seeds: Sequence[int],
    column_seeds: Sequence[int],
    *,
    styles: Sequence[int] | None = None,
    truncation_psi: float = 1.0,
    noise_mode: NoiseMode = "const",
    batch: int = 8,
    class_number: int | Sequence[int] | None = None,
) -> MixedStyles:
    """Mix every row seed with every column seed: the image is the row's, but the layers ``styles`` are the column's.

    Args:
        styles: numbers of layers, from 0. The first ones decide about pose and shape, the last ones about colours.
            None takes the first half.
        truncation_psi, noise_mode, batch, class_number: as in ``generate_images``; noise "random" is not drawn per
            seed here, and classes are those of the rows' seeds, then of the columns'.

    Raises:
        OptionError: an argument has no usable value; in particular the network has no such layer.
    """
    if styles is None:
        styles = range(generator.num_ws // 2)
    for style in styles:
        if not 0 <= style < generator.num_ws:
            raise OptionError(f"styles: this network has the layers 0 to {generator.num_ws - 1}, but not {style}")
    ws = seed_ws(generator, [*row_seeds, *column_seeds], truncation_psi=truncation_psi, class_number=class_number)
    row_ws, column_ws = ws[: len(row_seeds)], ws[len(row_seeds) :]
    mixed_ws = row_ws[:, None].repeat(1, len(column_seeds), 1, 1)
    mixed_ws[:, :, list(styles)] = column_ws[None, :, list(styles)]
    everything = torch.cat([row_ws, column_ws, mixed_ws.flatten(0, 1)])
    images = render_images(generator, everything, noise_mode=noise_mode, batch=batch)
    rows, columns, mixed = np.split(images, [len(row_seeds), len(row_seeds) + len(column_seeds)])
    return MixedStyles(rows, columns, mixed.reshape(len(row_seeds), len(column_seeds), *images.shape[1:]))


def _joined(generator: Generator, parts: Sequence[Images]) -> Images:
    shape = (0, generator.img_height, generator.img_width, generator.img_channels)
    return np.concatenate([np.empty(shape, np.uint8), *parts])
