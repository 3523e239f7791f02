"""Latents: of seeds, in files, and what the mapping network makes of many of them."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from stylegan2.errors import ModelError, OptionError
from stylegan2.networks import Generator

_MOST_LATENTS = 10_000  # in one file
LARGEST_SEED = 2**32 - 1
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


@torch.no_grad()
def w_statistics(generator: Generator) -> tuple[Tensor, float]:
    """Return the mean [w_dim] of 10,000 ws and their spread, sqrt(E |w - mean|^2) (StyleGAN2, appendix D)."""
    latents = np.random.RandomState(_STATISTICS_SEED).randn(_STATISTICS_SAMPLES, generator.z_dim).astype(np.float32)
    device = generator.mapping.w_avg.device
    # In chunks, because the mapping network repeats every w for all layers.
    chunks = torch.split(torch.from_numpy(latents), _CHUNK)
    ws = torch.cat([generator.mapping(chunk.to(device))[:, 0] for chunk in chunks])
    mean = ws.mean(dim=0)
    return mean, float((ws - mean).square().sum(dim=1).mean().sqrt())
