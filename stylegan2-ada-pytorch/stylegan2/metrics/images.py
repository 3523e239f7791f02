"""The images that are compared: a data set's and a generator's, in batches on a device."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from stylegan2.base.errors import OptionError
from stylegan2.data.dataset import ImageDataset
from stylegan2.model.networks import Generator
from stylegan2.model.pixels import from_bytes

Latents = tuple[Tensor, Tensor | None]


def real_images(dataset: ImageDataset, device: torch.device, *, batch: int, count: int, seed: int) -> Iterator[Tensor]:
    """`count` of the images, or all if there are fewer, [N, C, H, W] from -1 to 1, in an order by chance."""
    chosen = np.random.RandomState(seed).permutation(len(dataset))[:count].tolist()
    for start in range(0, len(chosen), batch):
        yield from_bytes(dataset.read(chosen[start : start + batch]), device)


def latents(
    generator: Generator, dataset: ImageDataset | None, *, batch: int, count: int, seed: int
) -> Iterator[Latents]:
    """`count` latents [N, z_dim], with labels [N, c_dim] of images drawn by chance if the network wants them.

    Raises OptionError: it wants labels, and the data set has none, or others.
    """
    device = generator.mapping.w_avg.device
    source, dice = torch.Generator().manual_seed(seed), np.random.RandomState(seed)
    for start in range(0, count, batch):
        size = min(batch, count - start)
        z = torch.randn(size, generator.z_dim, generator=source).to(device)
        if generator.c_dim == 0:
            yield z, None
        elif dataset is None or dataset.label_size != generator.c_dim:
            raise OptionError(f"data: this network wants the labels of a data set, of {generator.c_dim} numbers each")
        else:
            labels = dataset.labels(dice.randint(len(dataset), size=size).tolist())
            yield z, torch.from_numpy(labels).to(device)


@torch.no_grad()
def generated_images(
    generator: Generator, dataset: ImageDataset | None, *, batch: int, count: int, seed: int
) -> Iterator[Tensor]:
    """`count` images [N, C, H, W] with the stored noise. Random numbers of others are left alone."""
    for z, c in latents(generator, dataset, batch=batch, count=count, seed=seed):
        yield generator(z, c, noise_mode="const")
