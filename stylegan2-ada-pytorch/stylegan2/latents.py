"""Seeds to latents, and what the mapping network makes of many of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from stylegan2.errors import OptionError
from stylegan2.networks import Generator

LARGEST_SEED = 2**32 - 1
_STATISTICS_SEED = 123
_STATISTICS_SAMPLES = 10_000
_CHUNK = 1000


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
