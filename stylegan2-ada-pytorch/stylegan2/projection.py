"""Find the latent with which a generator comes nearest to a given picture.

Source: StyleGAN2 (arXiv:1912.04958), appendix D: the latent and the noise maps are optimised together; the latent is
shaken less and less, and a penalty keeps the noise maps noise, so that they do not take over the picture's contents.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor
from torch.func import functional_call

from stylegan2.errors import ModelError, OptionError
from stylegan2.latents import w_statistics
from stylegan2.networks import Generator
from stylegan2.perceptual import Features
from stylegan2.pixels import from_bytes, to_bytes

LEARNING_RATE = 0.1
RAMP_UP, RAMP_DOWN = 0.05, 0.25  # parts of all steps in which the learning rate rises from 0, and falls to 0
SHAKE = 0.05  # of the latent at the beginning, as a part of the ws' spread ...
SHAKE_PART = 0.75  # ... which fades to nothing in this part of all steps
NOISE_PENALTY = 1e5
SMALLEST_NOISE_MAP = 8  # pixels per side; the penalty looks at the maps in ever smaller copies down to this

Space = Literal["w", "w+"]


class ProjectionError(ModelError):
    """The targets do not fit the generator, or the search left the range of numbers."""


@dataclass(frozen=True)
class Projection:
    """What was found for N targets."""

    ws: Tensor
    """[N, num_ws, w_dim], on the CPU: of each target the nearest latent of all steps."""
    images: NDArray[np.uint8]
    """[N, H, W, C]: the pictures of these latents, with the noise maps that were found along with them."""
    distances: NDArray[np.float32]
    """[N, steps]: how far each step's picture was from its target, as the features see it."""
    frames: NDArray[np.uint8]
    """[frames, N, H, W, C]: the pictures on the way, evenly spaced, for a film or a film strip."""

    @property
    def best(self) -> NDArray[np.float32]:
        """[N]: the distances of ``images``."""
        nearest: NDArray[np.float32] = self.distances.min(axis=1)
        return nearest


def project(
    generator: Generator,
    targets: NDArray[np.uint8],
    *,
    features: Features,
    steps: int = 1000,
    seed: int = 303,
    space: Space = "w",
    frames: int = 0,
    on_step: Callable[[int, NDArray[np.float32]], None] | None = None,
) -> Projection:
    """Search for the latents of several target pictures at once.

    A target's result does not depend on which others are searched for beside it.

    Args:
        generator: is not changed.
        targets: uint8 [N, H, W, C], of the generator's resolution and channels.
        features: what "near" means; see perceptual.py.
        steps: of the optimisation. 1000 is the paper's; a few hundred give a fair likeness.
        seed: of the first noise maps and of the shaking.
        space: "w" for one w for all layers, which stays editable; "w+" for one w per layer, which comes nearer.
        frames: how many pictures to keep on the way.
        on_step: called after every step with its number, from 1, and the targets' distances.

    Raises:
        OptionError: an argument has no usable value.
        ProjectionError: a distance is no finite number any more.
    """
    _check(generator, targets, steps, space, frames)
    count, device = len(targets), generator.mapping.w_avg.device
    goals = features(from_bytes(targets, device)).detach()

    # Where the search begins: the mean w, and noise maps of every target's own.
    mean, spread = w_statistics(generator)
    dice = [torch.Generator().manual_seed(seed) for _ in targets]
    layers = generator.num_ws if space == "w+" else 1
    ws = mean.repeat(count, layers, 1).requires_grad_()
    noise_maps = {
        name: _randn(dice, (1, *stored.shape), device).requires_grad_()
        for name, stored in generator.synthesis.named_buffers()
        if name.endswith("noise_const")
    }
    variables = [ws, *noise_maps.values()]
    optimizer = torch.optim.Adam(variables, betas=(0.9, 0.999))

    distances = np.empty((count, steps), dtype=np.float32)
    nearest = torch.full((count,), torch.inf, device=device)
    best_ws = mean.repeat(count, generator.num_ws, 1)
    best_images = torch.empty((count, *_picture_shape(generator)), device=device)
    film: list[NDArray[np.uint8]] = []
    steps_to_film = np.linspace(0, steps - 1, frames).round().astype(int).tolist()
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = _learning_rate(step / steps)
        shake = SHAKE * spread * max(0.0, 1 - step / (steps * SHAKE_PART)) ** 2
        shaken = (ws + shake * _randn(dice, ws.shape[1:], device)).expand(-1, generator.num_ws, -1)
        # The layers add whatever stands in the place of their stored noise: here one map for each target.
        images = functional_call(generator.synthesis, noise_maps, (shaken, "const"))
        distance = (features(images) - goals).square().sum(dim=1)
        loss = distance.sum() + NOISE_PENALTY * sum(map(_noise_penalty, noise_maps.values()))
        optimizer.zero_grad()
        torch.autograd.backward(loss, inputs=variables)
        optimizer.step()

        with torch.no_grad():
            for noise in noise_maps.values():
                _normalise_(noise)
            is_better = distance < nearest
            nearest = torch.where(is_better, distance, nearest)
            best_ws[is_better], best_images[is_better] = shaken[is_better], images[is_better]
        distances[:, step] = distance.detach().cpu().numpy()
        if not np.isfinite(distances[:, step]).all():
            raise ProjectionError(f"The distance is no finite number at step {step + 1}; the network may be damaged.")
        film += [to_bytes(images)] * steps_to_film.count(step)
        if on_step is not None:
            on_step(step + 1, distances[:, step])

    images = to_bytes(best_images)
    return Projection(
        best_ws.cpu(), images, distances, np.stack(film) if film else np.empty((0, *images.shape), np.uint8)
    )


def _check(generator: Generator, targets: NDArray[np.uint8], steps: int, space: str, frames: int) -> None:
    channels, height, width = _picture_shape(generator)
    if targets.dtype != np.uint8 or len(targets) == 0 or targets.shape[1:] != (height, width, channels):
        raise OptionError(
            f"targets: must be bytes of the shape [N, {height}, {width}, {channels}], as the network's pictures are, "
            f"not {targets.dtype} of the shape {list(targets.shape)}"
        )
    if steps < 1:
        raise OptionError(f"steps: must be at least 1, not {steps}")
    if space not in get_args(Space):
        raise OptionError(f"space: must be one of {', '.join(get_args(Space))}, not {space!r}")
    if not 0 <= frames <= steps:
        raise OptionError(f"frames: must be from 0 to the number of steps, {steps}, not {frames}")


def _picture_shape(generator: Generator) -> tuple[int, int, int]:
    return generator.img_channels, generator.img_height, generator.img_width


def _learning_rate(part_done: float) -> float:
    """Rise linearly, stay, and fall along half a cosine wave."""
    rising = min(1.0, part_done / RAMP_UP)
    falling = min(1.0, (1 - part_done) / RAMP_DOWN)
    return LEARNING_RATE * rising * (1 - math.cos(math.pi * falling)) / 2


def _randn(dice: Sequence[torch.Generator], shape: Sequence[int], device: torch.device) -> Tensor:
    """Return normal noise [N, *shape], every target's from its own generator, so that it is alone in what it gets."""
    return torch.stack([torch.randn(tuple(shape), generator=own) for own in dice]).to(device)


def _noise_penalty(noise: Tensor) -> Tensor:
    """Return how much the places of noise maps [N, 1, R, R] resemble their neighbours, at several scales, summed."""
    penalty = noise.new_zeros([])
    while True:
        for dimension in (2, 3):
            penalty = penalty + (noise * noise.roll(1, dimension)).mean(dim=(1, 2, 3)).square().sum()
        if min(noise.shape[-2:]) <= SMALLEST_NOISE_MAP:
            return penalty
        noise = 2 * F.avg_pool2d(noise, 2)  # of four places the mean, brought back to unit variance


def _normalise_(noise: Tensor) -> None:
    """Bring every map back to mean 0 and variance 1, in place."""
    noise -= noise.mean(dim=(1, 2, 3), keepdim=True)
    noise *= noise.square().mean(dim=(1, 2, 3), keepdim=True).rsqrt()
