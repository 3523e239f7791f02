"""What a training watches itself with, at every snapshot and without any weights from elsewhere."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import chain

import torch
import torch.nn.functional as F
from torch import Tensor

from stylegan2.data.dataset import ImageDataset
from stylegan2.metrics.features import as_rgb
from stylegan2.metrics.images import generated_images, real_images
from stylegan2.model.networks import Generator

AT_ONCE = 8  # images: no more memory than the sheets of samples take

_LARGEST_SIDE, _SMALLEST_SIDE = 64, 8  # pixels of the scales that are looked at
_PATCH = 7  # pixels: the side of a patch
_PATCHES_A_SIDE = 8  # and scale, of an image, about
_DIRECTIONS = 32
_DIRECTIONS_SEED = 2020
_QUANTILES = 128

Scales = list[Tensor]
"""For each scale, the coarsest last, what the patches of some images are in each direction: [_DIRECTIONS, patches]."""


class PatchDistance:
    """How far a generator's images are from the data set's, patch by patch, at the scale where they differ most.

    It is the sliced Wasserstein distance between the patches of each scale of a Laplacian pyramid (arXiv:1710.10196,
    section 5), of few patches and directions, in units of the reals' spread. A network that blurs is far away at the
    fine scales, and one that draws few different images at the coarse ones. It is no FID, and says nothing of networks
    of other data sets.

    The reals are looked at once. The latents are always the same, so that two snapshots differ by the network alone.
    """

    def __init__(self, dataset: ImageDataset, count: int, *, seed: int, device: torch.device) -> None:
        """Look at `count` images (all, if there are fewer). Raises DatasetError."""
        self._dataset, self._count, self._seed = dataset, count, seed
        source = torch.Generator().manual_seed(_DIRECTIONS_SEED)
        self._directions = torch.randn(_DIRECTIONS, 3, _PATCH, _PATCH, generator=source).to(device)
        images = real_images(dataset, device, batch=AT_ONCE, count=count, seed=seed)
        first = next(images)
        reals = self._scales(chain([first], images))
        self._spread = [values.std().clamp(min=1e-6) for values in reals]
        self._reals = [_quantiles(values) for values in reals]
        alone = torch.tensor([self._distance(self._scales(iter([image[None]]))) for image in first])
        self.of_one_image = float(alone.median())
        """What a generator gets that always draws the same one of the reals."""

    def __call__(self, generator: Generator) -> float:
        """Return the distance; less is better. It is not-a-number where the images are no numbers."""
        images = generated_images(generator, self._dataset, batch=AT_ONCE, count=self._count, seed=self._seed)
        return self._distance(self._scales(images))

    def _distance(self, images: Scales) -> float:
        if not all(bool(values.isfinite().all()) for values in images):
            return math.nan
        distances = [
            (_quantiles(values) - reals).abs().mean() / spread
            for values, reals, spread in zip(images, self._reals, self._spread, strict=True)
        ]
        return float(torch.stack(distances).max())

    @torch.no_grad()
    def _scales(self, images: Iterator[Tensor]) -> Scales:
        parts = [self._patches(part) for part in images]
        return [torch.cat(same_scale).transpose(0, 1).flatten(1) for same_scale in zip(*parts, strict=True)]

    def _patches(self, images: Tensor) -> list[Tensor]:
        """Return, for each scale, what the patches of images are in each direction: [N, _DIRECTIONS, h, w].

        Images are [N, C, H, W]. A patch in a direction is a convolution's output.
        """
        found = []
        for layer in _pyramid(as_rgb(images.float()).clamp(-1, 1)):
            side = min(_PATCH, *layer.shape[2:])
            directions = self._directions[:, :, :side, :side]
            directions = directions / directions.flatten(1).norm(dim=1)[:, None, None, None]
            stride = max(1, (min(layer.shape[2:]) - side) // _PATCHES_A_SIDE)
            found.append(F.conv2d(layer, directions, stride=stride))
        return found


def _pyramid(images: Tensor) -> Iterator[Tensor]:
    """Yield what each halving of the images takes away, and what is left at the end."""
    while max(images.shape[2:]) > _LARGEST_SIDE:
        images = F.avg_pool2d(images, 2)
    while min(images.shape[2:]) >= _SMALLEST_SIDE:
        half = F.avg_pool2d(images, 2)
        yield images - F.interpolate(half, size=images.shape[2:], mode="bilinear", align_corners=False)
        images = half
    yield images


def _quantiles(values: Tensor) -> Tensor:
    """Return quantiles of every direction's values [D, patches]: [D, _QUANTILES]."""
    places = (torch.arange(_QUANTILES, device=values.device) + 0.5) / _QUANTILES * (values.shape[1] - 1)
    return values.sort(dim=1).values[:, places.round().long()]
