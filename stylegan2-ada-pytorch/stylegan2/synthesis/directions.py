"""Directions in W along which images change most, found in the weights alone.

Source: closed-form factorisation (SeFa, arXiv:2007.06600). Each layer turns its w into styles by an affine map with
the weights A. A unit vector n moves the styles by A n whatever the w, so the directions that change them most are the
eigenvectors of A^T A with the largest eigenvalues. No image, label or training is needed; what a direction means is
for the eye to find out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from stylegan2.base.errors import OptionError
from stylegan2.model.layers import Linear
from stylegan2.model.networks import Generator
from stylegan2.synthesis.generate import Images
from stylegan2.synthesis.latents import w_statistics


@dataclass(frozen=True)
class Directions:
    """K directions of some layers, strongest first."""

    vectors: Tensor
    """Unit vectors [K, w_dim] on the CPU, each at right angles to all others. Their largest component is positive."""
    strengths: Tensor
    """By how much, [K], the styles of the layers move together for each unit of w."""
    layers: tuple[int, ...]
    """The numbers of the ws that the directions are for."""


def find_directions(generator: Generator, count: int, layers: Sequence[int] | None = None) -> Directions:
    """Return the ``count`` directions that move the styles of ``layers`` most (None: of all layers).

    Raises:
        OptionError: an argument has no usable value.
    """
    chosen = tuple(range(generator.num_ws)) if layers is None else tuple(sorted(set(layers)))
    for layer in chosen:
        if not 0 <= layer < generator.num_ws:
            raise OptionError(f"layers: this network has the layers 0 to {generator.num_ws - 1}, but not {layer}")
    if not chosen:
        raise OptionError("layers: at least one is needed")
    if not 1 <= count <= generator.w_dim:
        raise OptionError(f"count: must be from 1 to the width of w, {generator.w_dim}, not {count}")
    affines = _affines(generator)
    # Stored weights have unit variance: used, they are scaled by 1 / sqrt(inputs), which is the same for all layers.
    weights = torch.cat([affines[layer].weight for layer in chosen]).detach().double().cpu() / generator.w_dim**0.5
    squares, columns = torch.linalg.eigh(weights.T @ weights)
    vectors = columns.T.flip(0)[:count]
    largest = vectors.gather(1, vectors.abs().argmax(dim=1, keepdim=True))
    strengths = squares.flip(0)[:count].clamp(min=0).sqrt()
    return Directions((vectors * largest.sign()).float(), strengths.float(), chosen)


def move_latents(ws: Tensor, directions: Directions, shifts: Sequence[float]) -> Tensor:
    """Move latents [N, num_ws, w_dim] along every direction, by each of the shifts: [K, N, shifts, num_ws, w_dim].

    Only the layers of the directions move.
    """
    moved = ws[None, :, None].repeat(len(directions.vectors), 1, len(shifts), 1, 1)
    steps = torch.tensor(shifts, device=ws.device)[:, None] * directions.vectors.to(ws.device)[:, None]
    moved[:, :, :, list(directions.layers)] += steps[:, None, :, None]
    return moved


def even_shifts(generator: Generator, strength: float, steps: int) -> list[float]:
    """Return ``steps`` distances in W, evenly spaced and alike in both senses.

    Args:
        strength: the largest, as a part of the distance that ws have from their mean.
        steps: how many; an odd number has 0 in its middle.

    Raises:
        OptionError: an argument has no usable value.
    """
    if steps < 2:
        raise OptionError(f"steps: must be at least 2, not {steps}")
    _, spread = w_statistics(generator)
    shifts: list[float] = np.linspace(-strength * spread, strength * spread, steps).tolist()
    return shifts


def contact_sheet(images: Images) -> Images:
    """Lay out images [K, N, S, H, W, C] in one: a line for each direction, the N strips of S steps side by side."""
    lines, strips, steps, height, width, channels = images.shape
    sheet: Images = images.transpose(0, 3, 1, 2, 4, 5).reshape(lines * height, strips * steps * width, channels)
    return sheet


def _affines(generator: Generator) -> list[Linear]:
    """Return for every w the map to styles of the convolution that reads it, and for the last w that of the colours.

    The other blocks' colours share their w with a convolution; as in the paper's experiments they are left out.
    """
    names = [
        name for name, _ in generator.synthesis.named_modules() if name.endswith((".conv0.affine", ".conv1.affine"))
    ]
    names.append(f"b{generator.synthesis.resolutions[-1]}.torgb.affine")
    affines = [generator.synthesis.get_submodule(name) for name in names]
    return [affine for affine in affines if isinstance(affine, Linear)]
