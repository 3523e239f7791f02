"""What a training watches itself with, at every snapshot and without any weights from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from stylegan2.data.dataset import ImageDataset
from stylegan2.metrics.distances import Moments, frechet_distance
from stylegan2.metrics.features import Features, RandomFeatures
from stylegan2.metrics.images import generated_images, real_images
from stylegan2.model.networks import Generator

AT_ONCE = 8  # images: no more memory than the sheets of samples take


class FrechetRandom:
    """The Frechet distance between images of the data set and a generator's, on random features. It is no FID.

    The reals are looked at once. The latents are always the same, so that two snapshots differ by the network alone.
    """

    def __init__(self, dataset: ImageDataset, count: int, *, seed: int, device: torch.device) -> None:
        """Look at `count` images (all, if there are fewer). Raises DatasetError."""
        self._dataset, self._count, self._seed = dataset, count, seed
        self._features = RandomFeatures()
        self._reals = _moments(self._features, real_images(dataset, device, batch=AT_ONCE, count=count, seed=seed))
        self.of_one_image = float(np.trace(self._reals.covariance))
        """What a generator gets that always draws the same image, of the reals' mean features."""

    def __call__(self, generator: Generator) -> float:
        """Return the distance; less is better. It is not-a-number where the images are no finite numbers."""
        images = generated_images(generator, self._dataset, batch=AT_ONCE, count=self._count, seed=self._seed)
        return frechet_distance(self._reals, _moments(self._features, images))


def _moments(features: Features, images: Iterator[Tensor]) -> Moments:
    moments = Moments(RandomFeatures.WIDTH)
    for part in images:
        moments.add(features(part).cpu().numpy())
    return moments
