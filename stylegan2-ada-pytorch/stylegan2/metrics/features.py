"""What turns images into features, [N, C, H, W] from -1 to 1 into rows [N, F].

RandomFeatures          seeded random convolutions: no file, no training, the same everywhere
DiscriminatorStatistics of a network's own discriminator; comparable only between images, not between networks
Detector                the user's TorchScript file; with the usual Inception network it makes an FID
"""

from __future__ import annotations

import inspect
import math
import warnings
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from stylegan2.base.errors import ModelError
from stylegan2.model.networks import Discriminator

Features = Callable[[Tensor], Tensor]

_RANDOM_SEED = 2020
_RANDOM_CHANNELS = (8, 8, 16)
_LARGEST_SIDE = 64  # pixels that the random convolutions look at


class DetectorError(ModelError):
    """The file with the detector cannot be used; the message names it."""


class RandomFeatures:
    """Mean and spread of every channel of three random convolutions: 64 numbers that see colours, edges and grain.

    Images larger than 64 pixels are halved by averaging, so that the cost does not grow; grey ones count as RGB
    ones without colour, and a fourth channel is left out. The weights are drawn on the CPU, from their own seed.
    """

    WIDTH = 2 * sum(_RANDOM_CHANNELS)
    """How many numbers there are per image."""

    def __init__(self) -> None:
        source = torch.Generator().manual_seed(_RANDOM_SEED)
        self._weights = []
        channels = 3
        for out in _RANDOM_CHANNELS:
            weight = torch.randn(out, channels, 3, 3, generator=source) * math.sqrt(2 / (channels * 9))
            self._weights.append(weight)
            channels = out

    @torch.no_grad()
    def __call__(self, images: Tensor) -> Tensor:
        x = as_rgb(images.float())
        while max(x.shape[2:]) > _LARGEST_SIDE:
            x = F.avg_pool2d(x, 2)
        rows = []
        for number, weight in enumerate(self._weights):
            if number > 0:
                x = F.avg_pool2d(x, 2)
            x = F.leaky_relu(F.conv2d(x, weight.to(x.device), padding=1), 0.2)
            rows += [x.mean(dim=(2, 3)), x.std(dim=(2, 3), correction=0)]
        return torch.cat(rows, dim=1)


class DiscriminatorStatistics:
    """Mean and spread of every channel behind every block of a discriminator: rows [N, 2 * channels]."""

    def __init__(self, discriminator: Discriminator) -> None:
        self._discriminator = discriminator

    @torch.no_grad()
    def __call__(self, images: Tensor) -> Tensor:
        layers = [layer.float() for layer in self._discriminator.features(images)]
        parts = [[layer.mean(dim=(2, 3)), layer.std(dim=(2, 3), correction=0)] for layer in layers]
        return torch.cat([row for part in parts for row in part], dim=1)


class Detector:
    """The user's TorchScript module: RGB images [N, 3, H, W] from 0 to 255, as bytes would be, to rows.

    Resizing is the module's own business, as it decides about the distances. Where its ``forward`` has the argument
    ``return_features`` or ``return_lpips``, these choose between features, class probabilities and perceptual features,
    which is how the well-known files want to be asked; a module without them is asked for the one thing that it has.

    A TorchScript file is a program that runs here: use only one that you trust. It is loaded with torch.jit.load alone.
    """

    def __init__(self, path: Path, device: torch.device) -> None:
        """Load the module. Raises DetectorError if there is none."""
        self._path = path
        if not path.is_file():
            raise DetectorError(f"detector: there is no file {path}")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # torch prefers torch.export; the files do not
                self._module = torch.jit.load(str(path), map_location=device).eval()  # type: ignore[no-untyped-call]
        except (RuntimeError, ValueError) as error:
            raise DetectorError(f"detector: {path} is not a TorchScript module that can be loaded") from error
        self._arguments = {argument.name for argument in self._module.forward.schema.arguments}

    def features(self, images: Tensor) -> Tensor:
        """Return rows [N, F] for distances between sets of images. Raises DetectorError."""
        return self._rows(_as_bytes(images), return_features=True)

    def probabilities(self, images: Tensor) -> Tensor:
        """Return p(class | image), [N, classes]. Raises DetectorError."""
        return self._rows(_as_bytes(images), return_features=False)

    def perceptual(self, images: Tensor) -> Tensor:
        """Return rows [N, F] whose squared distance is that of two images, as with LPIPS. Raises DetectorError."""
        # Not rounded: the steps between the images are far smaller than between bytes.
        return self._rows(as_rgb(images.float()) * 127.5 + 127.5, return_lpips=True, resize_images=False)

    @torch.no_grad()
    def _rows(self, images: Tensor, **wanted: bool) -> Tensor:
        arguments = {name: value for name, value in wanted.items() if name in self._arguments}
        try:
            rows: object = self._module(images, **arguments)
        except RuntimeError as error:
            reason = inspect.cleandoc(str(error)).splitlines()[-1]
            raise DetectorError(
                f"detector: {self._path} cannot be asked about pictures {list(images.shape)}: {reason}"
            ) from error
        if not isinstance(rows, Tensor) or rows.ndim < 2 or rows.shape[0] != images.shape[0]:
            raise DetectorError(f"detector: {self._path} does not return one row of numbers per picture")
        return rows.flatten(1).float()


def as_rgb(images: Tensor) -> Tensor:
    """Return images [N, 1, 3 or 4, H, W] as RGB."""
    return images.expand(-1, 3, -1, -1) if images.shape[1] == 1 else images[:, :3]


def _as_bytes(images: Tensor) -> Tensor:
    """Return images as bytes would be, in float: what is looked at is what a file would hold."""
    return (as_rgb(images.float()) * 127.5 + 128).clamp(0, 255).floor()
