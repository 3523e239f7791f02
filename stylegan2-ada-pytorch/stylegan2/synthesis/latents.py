"""Latents: of seeds, in files, and what the mapping network makes of many of them."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from stylegan2.base.errors import ModelError, OptionError
from stylegan2.model.networks import Generator
from stylegan2.options.row import LARGEST_SEED

_MOST_LATENTS = 10_000  # in one file
_STATISTICS_SEED = 123
_STATISTICS_SAMPLES = 10_000
_CHUNK = 1000


class LatentFileError(ModelError):
    """The file with latents is damaged, or was made for another network; the message names it."""


def save_ws(path: Path, ws: Tensor) -> None:
    """Write latents [N, num_ws, w_dim] as the array "w" of an .npz file, as projectors for these networks do."""
    np.savez(path, w=ws.cpu().numpy())


def load_ws(path: Path, generator: Generator) -> Tensor:
    """Return the latents [N, num_ws, w_dim] in an .npz file, on the CPU.

    Raises:
        LatentFileError: see there.
    """
    layers, width = generator.num_ws, generator.w_dim
    try:
        with zipfile.ZipFile(path) as archive:  # the size is checked before numpy makes room for it
            size = archive.getinfo("w.npy").file_size
        if size > _MOST_LATENTS * layers * width * 8:
            raise LatentFileError(f"{path} is too large: at most {_MOST_LATENTS} latents are read.")
        with np.load(path, allow_pickle=False) as arrays:
            ws = np.asarray(arrays["w"], dtype=np.float32)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise LatentFileError(f"{path} is not an .npz file with an array 'w' of numbers.") from error
    if ws.ndim != 3 or ws.shape[1:] != (layers, width) or not np.isfinite(ws).all():
        raise LatentFileError(
            f"{path} does not fit this network: it holds {list(ws.shape)}, but finite [N, {layers}, {width}] is needed."
        )
    return torch.from_numpy(ws)


def draw_latents(generator: Generator, seeds: Sequence[int]) -> Tensor:
    """Return one latent per seed, [N, z_dim]. Each has a random generator of its own: it depends on its seed alone."""
    for seed in seeds:
        if not 0 <= seed <= LARGEST_SEED:
            raise OptionError(f"seeds: must be from 0 to {LARGEST_SEED}, not {seed}")
    latents = np.empty((len(seeds), generator.z_dim), dtype=np.float32)
    for row, seed in enumerate(seeds):
        latents[row] = np.random.RandomState(seed).randn(generator.z_dim)
    return torch.from_numpy(latents).to(generator.mapping.w_avg.device)


def seed_ws(
    generator: Generator,
    seeds: Sequence[int],
    *,
    truncation_psi: float = 1.0,
    class_number: int | Sequence[int] | None = None,
) -> Tensor:
    """Return the latents [N, num_ws, w_dim] that the mapping network makes of the seeds.

    ``class_number`` is one for all seeds, or one for each.

    Raises:
        OptionError: a seed is out of range, or the class is missing, unknown, or asked of a network without classes.
    """
    classes = generator.c_dim
    latents = draw_latents(generator, seeds)
    if classes == 0:
        if class_number is not None:
            raise OptionError(f"class: this network was trained without labels, so it has no class {class_number}")
        return cast(Tensor, generator.mapping(latents, truncation_psi=truncation_psi))
    numbers = [class_number] * len(seeds) if class_number is None or isinstance(class_number, int) else class_number
    for number in numbers:
        if number is None or not 0 <= number < classes:
            found = "none was given" if number is None else f"not {number}"
            raise OptionError(
                f"class: this network was trained with labels and draws the classes 0 to {classes - 1}, {found}"
            )
    if len(numbers) != len(seeds):
        raise OptionError(f"class: one for all {len(seeds)} seeds or one for each is needed, not {len(numbers)}")
    labels = _one_hot(generator, torch.tensor(numbers, dtype=torch.int64))
    return cast(Tensor, generator.mapping(latents, labels, truncation_psi=truncation_psi))


def _one_hot(generator: Generator, classes: Tensor) -> Tensor:
    return F.one_hot(classes, generator.c_dim).to(generator.mapping.w_avg)


@torch.no_grad()
def w_statistics(generator: Generator) -> tuple[Tensor, float]:
    """Return the mean [w_dim] of 10,000 ws and their spread, sqrt(E |w - mean|^2) (StyleGAN2, appendix D).

    Of a network with labels every class gives an equal part of them.
    """
    z = torch.from_numpy(np.random.RandomState(_STATISTICS_SEED).randn(_STATISTICS_SAMPLES, generator.z_dim)).float()
    device = generator.mapping.w_avg.device
    # In chunks, because the mapping network repeats every w for all layers.
    numbers = torch.split(torch.arange(_STATISTICS_SAMPLES), _CHUNK)
    ws = torch.cat([generator.mapping(z[some].to(device), _any_labels(generator, some))[:, 0] for some in numbers])
    mean = ws.mean(dim=0)
    return mean, float((ws - mean).square().sum(dim=1).mean().sqrt())


def _any_labels(generator: Generator, numbers: Tensor) -> Tensor | None:
    return _one_hot(generator, numbers % generator.c_dim) if generator.c_dim else None
