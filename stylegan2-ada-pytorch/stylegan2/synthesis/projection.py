"""Find the latent with which a generator comes nearest to a given image.

Source: StyleGAN2 (arXiv:1912.04958), appendix D: the latent and the noise maps are optimised together; the latent is
shaken less and less, and a penalty keeps the noise maps noise, so that they do not take over the image's contents.
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

from stylegan2.base.errors import ModelError, OptionError
from stylegan2.model.networks import Generator
from stylegan2.model.pixels import from_bytes, to_bytes
from stylegan2.synthesis.latents import w_statistics
from stylegan2.synthesis.perceptual import Features

LEARNING_RATE = 0.1
RAMP_UP, RAMP_DOWN = 0.05, 0.25  # parts of all steps in which the learning rate rises from 0, and falls to 0
SHAKE = 0.05  # of the latent at the beginning, as a part of the ws' spread ...
SHAKE_PART = 0.75  # ... which fades to nothing in this part of all steps
PROGRESS = 0.01  # by what part a distance must fall to count as progress; see project(patience=)
NOISE_PENALTY = 1e5
SMALLEST_NOISE_MAP = 8  # pixels per side; the penalty looks at the maps in ever smaller copies down to this

Space = Literal["w", "w+"]


class ProjectionError(ModelError):
    """The targets do not fit the generator, or the search left the range of numbers."""


@dataclass(frozen=True)
class Projection:
    """What was found for N targets."""

    ws: Tensor
    """The nearest latent of all steps for each target, [N, num_ws, w_dim], on the CPU."""
    images: NDArray[np.uint8]
    """The images [N, H, W, C] of these latents, with the noise maps that were found along with them."""
    distances: NDArray[np.float32]
    """How far, [N, steps], each step's image was from its target, as the features see it; NaN at steps left out."""
    videos: list[NDArray[np.uint8]]
    """The images on the way, of each target [frames, H, W, C], without those of steps left out."""

    @property
    def best(self) -> NDArray[np.float32]:
        """The distances of ``images``, [N]."""
        nearest: NDArray[np.float32] = np.nanmin(self.distances, axis=1)
        return nearest

    @property
    def steps_taken(self) -> NDArray[np.int64]:
        """How many steps each target took, [N]."""
        taken: NDArray[np.int64] = np.isfinite(self.distances).sum(axis=1)
        return taken


def project(
    generator: Generator,
    targets: NDArray[np.uint8],
    *,
    features: Features,
    steps: int = 1000,
    seed: int = 303,
    space: Space = "w",
    patience: int | None = None,
    frames: int = 0,
    on_step: Callable[[int, NDArray[np.float32]], None] | None = None,
) -> Projection:
    """Search for the latents of several target images at once.

    A target's result does not depend on which others are searched for beside it.

    Args:
        generator: is not changed.
        targets: uint8 [N, H, W, C], of the generator's resolution and channels.
        features: what "near" means; see perceptual.py.
        steps: of the optimisation. 1000 is the paper's; a few hundred give a fair likeness.
        seed: of the first noise maps and of the shaking.
        space: "w" for one w for all layers, which stays editable; "w+" for one w per layer, which comes nearer.
        patience: a target whose smallest distance has not fallen by a hundredth in so many steps is as near as shaken
            latents get: it goes on with the last quarter of the steps, in which nothing is shaken any more and the
            learning rate falls. None takes all steps.
        frames: how many images to keep on the way.
        on_step: called after every step with the number of steps that lie behind all targets, taken or left out, and
            each target's last distance.

    Raises:
        OptionError: an argument has no usable value.
        ProjectionError: a distance is no finite number any more.
    """
    _check(generator, targets, steps, space, patience, frames)
    device = generator.mapping.w_avg.device
    goals = features(from_bytes(targets, device)).detach()
    mean, spread = w_statistics(generator)
    layers = generator.num_ws if space == "w+" else 1
    kept_steps = frozenset(np.linspace(0, steps - 1, frames).round().astype(int).tolist())
    searches = [
        _Search(
            generator, mean.repeat(layers, 1), goal, seed=seed, steps=steps, patience=patience, kept_steps=kept_steps
        )
        for goal in goals
    ]
    names = _names_by_size(generator)
    while running := [search for search in searches if search.step < steps]:
        shaken = torch.stack([search.shaken_ws(spread) for search in running]).expand(-1, generator.num_ws, -1)
        noise = [torch.stack(maps) for maps in zip(*(search.noise for search in running), strict=True)]
        # The layers add whatever stands in the place of their stored noise: here one map for each target.
        noise_maps = {
            name: maps[:, place, None]
            for maps, group in zip(noise, names, strict=True)
            for place, name in enumerate(group)
        }
        images = functional_call(generator.synthesis, noise_maps, (shaken, "const"))
        distance = (features(images) - torch.stack([search.goal for search in running])).square().sum(dim=1)
        loss = distance.sum() + NOISE_PENALTY * _noise_penalty(noise)
        torch.autograd.backward(loss, inputs=[variable for search in running for variable in search.variables])
        for search, *outcome in zip(running, shaken.detach(), images.detach(), distance.tolist(), strict=True):
            search.finish_step(*outcome)
        if on_step is not None:
            on_step(min(search.step for search in searches), np.array([search.last for search in searches], np.float32))

    return Projection(
        torch.stack([search.best_ws for search in searches]).cpu(),
        to_bytes(torch.stack([search.best_image for search in searches])),
        np.stack([search.distances for search in searches]),
        [
            np.stack(search.frames) if search.frames else np.empty((0, *targets.shape[1:]), np.uint8)
            for search in searches
        ],
    )


class _Search:
    """One target's search, with variables, random numbers and a clock of its own."""

    def __init__(
        self,
        generator: Generator,
        first_ws: Tensor,
        goal: Tensor,
        *,
        seed: int,
        steps: int,
        patience: int | None,
        kept_steps: frozenset[int],
    ) -> None:
        self.goal, self._steps, self._patience, self._kept_steps = goal, steps, patience, kept_steps
        self._dice = torch.Generator().manual_seed(seed)
        self._ws = first_ws.requires_grad_()
        drawn = {name: self._randn(stored.shape) for name, stored in _noise(generator).items()}
        groups = _names_by_size(generator)
        self.noise = [torch.stack([drawn[name] for name in group]).requires_grad_() for group in groups]
        """The maps of one size in one tensor [maps, H, W], which takes fewer operations; the largest first."""
        self.variables = [self._ws, *self.noise]
        self._optimizer = torch.optim.Adam(self.variables, betas=(0.9, 0.999), fused=True)

        self.step = 0
        self.distances = np.full(steps, np.nan, dtype=np.float32)
        self.last = self._nearest = math.inf
        self.best_ws, self.best_image = first_ws.detach(), first_ws.detach()
        self.frames: list[NDArray[np.uint8]] = []
        self._progress_at, self._progress = 0, math.inf  # when the distance last fell by PROGRESS, and to what

    def shaken_ws(self, spread: float) -> Tensor:
        """Return the ws [1 or num_ws, w_dim] to be tried in this step."""
        shake = SHAKE * spread * max(0.0, 1 - self.step / (self._steps * SHAKE_PART)) ** 2
        return self._ws + shake * self._randn(self._ws.shape)

    @torch.no_grad()
    def finish_step(self, ws: Tensor, image: Tensor, distance: float) -> None:
        """Learn from a step's outcome, whose gradients are there: ws [num_ws, w_dim], image [C, H, W]."""
        if not math.isfinite(distance):
            raise ProjectionError(
                f"The distance is no finite number at step {self.step + 1}; the network may be damaged."
            )
        self._optimizer.param_groups[0]["lr"] = _learning_rate(self.step / self._steps)
        self._optimizer.step()
        self._optimizer.zero_grad()
        for noise in self.noise:
            _normalise_(noise)
        if distance < self._nearest:
            self._nearest, self.best_ws, self.best_image = distance, ws.clone(), image.clone()
        self.last = self.distances[self.step] = distance
        if self.step in self._kept_steps:
            self.frames.append(to_bytes(image[None])[0])
        self.step = self._next_step(distance)

    def _next_step(self, distance: float) -> int:
        if distance <= (1 - PROGRESS) * self._progress:
            self._progress_at, self._progress = self.step, distance
        settling = math.ceil(self._steps * SHAKE_PART)
        is_stuck = self._patience is not None and self.step - self._progress_at >= self._patience
        return max(self.step + 1, settling) if is_stuck else self.step + 1

    def _randn(self, shape: Sequence[int]) -> Tensor:
        return torch.randn(tuple(shape), generator=self._dice).to(self.goal.device)


def _noise(generator: Generator) -> dict[str, Tensor]:
    """Return the noise maps [H, W] that are stored in the network."""
    return {name: map_ for name, map_ in generator.synthesis.named_buffers() if name.endswith("noise_const")}


def _names_by_size(generator: Generator) -> list[list[str]]:
    """Return the names of the noise maps, those of one size together, the largest first."""
    sizes = {name: stored.shape for name, stored in _noise(generator).items()}
    return [
        [name for name in sizes if sizes[name] == size] for size in sorted(set(sizes.values()), key=math.prod)[::-1]
    ]


def _check(
    generator: Generator, targets: NDArray[np.uint8], steps: int, space: str, patience: int | None, frames: int
) -> None:
    channels, height, width = generator.img_channels, generator.img_height, generator.img_width
    if targets.dtype != np.uint8 or len(targets) == 0 or targets.shape[1:] != (height, width, channels):
        raise OptionError(
            f"targets: must be bytes of the shape [N, {height}, {width}, {channels}], as the network's pictures are, "
            f"not {targets.dtype} of the shape {list(targets.shape)}"
        )
    if steps < 1:
        raise OptionError(f"steps: must be at least 1, not {steps}")
    if space not in get_args(Space):
        raise OptionError(f"space: must be one of {', '.join(get_args(Space))}, not {space!r}")
    if patience is not None and patience < 1:
        raise OptionError(f"patience: must be at least 1, not {patience}")
    if not 0 <= frames <= steps:
        raise OptionError(f"frames: must be from 0 to the number of steps, {steps}, not {frames}")


def _learning_rate(part_done: float) -> float:
    """Rise linearly, stay, and fall along half a cosine wave."""
    rising = min(1.0, part_done / RAMP_UP)
    falling = min(1.0, (1 - part_done) / RAMP_DOWN)
    return LEARNING_RATE * rising * (1 - math.cos(math.pi * falling)) / 2


def _noise_penalty(noise: Sequence[Tensor]) -> Tensor:
    """Return how much the places of noise maps resemble their neighbours, at several scales, summed.

    Args:
        noise: maps [N, maps, H, W] of every size, the largest first, each half as large as the one before.
    """
    penalty = noise[0].new_zeros([])
    coarser: list[Tensor] = []
    for maps in noise:
        seen = torch.cat([*coarser, maps], dim=1)
        for dimension in (2, 3):
            penalty = penalty + (seen * seen.roll(1, dimension)).mean(dim=(2, 3)).square().sum()
        # Of four places the mean, brought back to unit variance, is looked at beside the maps that are so small anyway.
        coarser = [2 * F.avg_pool2d(seen, 2)] if min(seen.shape[-2:]) > SMALLEST_NOISE_MAP else []
    return penalty


def _normalise_(noise: Tensor) -> None:
    """Bring every map back to mean 0 and variance 1, in place."""
    noise -= noise.mean(dim=(-2, -1), keepdim=True)
    noise *= noise.square().mean(dim=(-2, -1), keepdim=True).rsqrt()
