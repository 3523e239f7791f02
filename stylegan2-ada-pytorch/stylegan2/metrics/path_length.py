"""Perceptual path length (arXiv:1812.04948, section 4.1): how evenly the image changes along a path of latents.

    l_Z = E[ d(G(slerp(z1, z2; t)), G(slerp(z1, z2; t + e))) / e^2 ],   e = 1e-4, t uniform in 0..1
    l_W = the same with lerp between w1 and w2

d is the perceptual distance, the squared distance of features. At the path's "end", t is 0 (arXiv:1912.04958).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from stylegan2.metrics.features import Features
from stylegan2.model.networks import Generator

EPSILON = 1e-4

Space = Literal["z", "w"]
Sampling = Literal["full", "end"]


@dataclass(frozen=True)
class PathLength:
    """The perceptual path length over many pairs of latents."""

    mean: float
    trimmed: float
    """The mean of those between the 1st and the 99th percentile: the published figures are of this kind."""


def path_length(
    generator: Generator,
    latents: Iterator[tuple[Tensor, Tensor | None]],
    perceptual: Features,
    *,
    space: Space,
    sampling: Sampling,
    seed: int = 0,
    epsilon: float = EPSILON,
) -> PathLength:
    """Return the path length over pairs; a batch (z [2N, z_dim], labels [2N, c_dim] or None) makes N of them.

    A pair has the labels of its first. Both images have the stored noise.
    """
    source = torch.Generator().manual_seed(seed)
    lengths = [
        _lengths(generator, z, c, perceptual, space, sampling, source, epsilon).cpu().double().numpy()
        for z, c in latents
    ]
    every = np.concatenate(lengths)
    low, high = np.percentile(every, [1, 99])
    return PathLength(float(every.mean()), float(every[(every >= low) & (every <= high)].mean()))


@torch.no_grad()
def _lengths(
    generator: Generator,
    z: Tensor,
    c: Tensor | None,
    perceptual: Features,
    space: Space,
    sampling: Sampling,
    source: torch.Generator,
    epsilon: float,
) -> Tensor:
    pairs = len(z) // 2
    t = (
        torch.rand(pairs, 1, generator=source, dtype=z.dtype).to(z.device)
        if sampling == "full"
        else z.new_zeros(pairs, 1)
    )
    labels = None if c is None else c[:pairs]
    if space == "z":
        first, second = z[:pairs], z[pairs:]
        ends = [generator.mapping(slerp(first, second, at), labels) for at in (t, t + epsilon)]
    else:
        first, second = generator.mapping(z[:pairs], labels), generator.mapping(z[pairs:], labels)
        ends = [first.lerp(second, at[:, :, None]) for at in (t, t + epsilon)]
    here, there = (perceptual(generator.synthesis(ws, noise_mode="const")).double() for ws in ends)
    lengths: Tensor = (here - there).square().sum(dim=1) / epsilon**2
    return lengths


def slerp(a: Tensor, b: Tensor, t: Tensor) -> Tensor:
    """Return the point at t [N, 1] of the great circle from the direction of a to that of b, of unit length."""
    a, b = a / a.norm(dim=1, keepdim=True), b / b.norm(dim=1, keepdim=True)
    cosine = (a * b).sum(dim=1, keepdim=True)
    across = b - cosine * a
    across = across / across.norm(dim=1, keepdim=True)
    angle = t * cosine.clamp(-1, 1).acos()
    point: Tensor = a * angle.cos() + across * angle.sin()
    return point
