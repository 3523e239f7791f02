"""How alike two images look, as the squared distance between features of them.

DiscriminatorFeatures   what the network's own discriminator sees: needs no further file, the default
TorchScriptFeatures     a TorchScript module from a file of the user's, such as VGG16 with LPIPS
"""

from __future__ import annotations

import math
import warnings
from pathlib import Path
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from stylegan2.base.errors import ModelError
from stylegan2.model.networks import Discriminator

_LARGEST_SIDE = 256  # pixels; perceptual networks were trained on about this size


class FeatureError(ModelError):
    """The file with the perceptual network cannot be used; the message names it."""


class Features(Protocol):
    """Turns images [N, C, H, W], -1 to 1, into features [N, F] whose squared distance is the images' distance."""

    def __call__(self, images: Tensor) -> Tensor: ...


class DiscriminatorFeatures:
    """The outputs of all blocks of a discriminator, and the image itself, at most 64 pixels wide.

    As in LPIPS (arXiv:1801.03924) the channels at every place are scaled to unit length, and a layer counts with the
    mean over its places. The image pins down colours and places, to which these directions are nearly blind: with it
    the likenesses of a briefly trained 32-pixel network are nearer to their targets by a tenth.
    """

    _SMALL = 64  # pixels per side

    def __init__(self, discriminator: Discriminator) -> None:
        self._discriminator = discriminator

    def __call__(self, images: Tensor) -> Tensor:
        parts = [_mean_of_places(F.normalize(layer, dim=1)) for layer in self._discriminator.features(images)]
        parts.append(_mean_of_places(F.adaptive_avg_pool2d(images, min(self._SMALL, images.shape[-1]))))
        return torch.cat(parts, dim=1)


class TorchScriptFeatures:
    """The features of a TorchScript module.

    It is called with RGB images [N, 3, H, W], 0 to 255, at most 256 pixels wide, and must return [N, F]. Where its
    ``forward`` has the arguments ``resize_images`` and ``return_lpips``, they are given as False and True, which is how
    the well-known VGG16 file wants to be asked for LPIPS features.

    A TorchScript file is a program: use only one that you trust.
    """

    def __init__(self, path: Path, device: torch.device) -> None:
        """Load the module.

        Raises:
            FeatureError: there is no such file, or it is not TorchScript.
        """
        self._path = path
        if not path.is_file():
            raise FeatureError(f"There is no perceptual network at {path}.")
        try:
            with warnings.catch_warnings():
                # torch would rather see torch.export, but the well-known perceptual networks are files of this kind.
                warnings.simplefilter("ignore", DeprecationWarning)
                self._module = torch.jit.load(str(path), map_location=device).eval()  # type: ignore[no-untyped-call]
        except (RuntimeError, ValueError) as error:
            raise FeatureError(f"{path} is not a TorchScript module that can be loaded.") from error
        names = {argument.name for argument in self._module.forward.schema.arguments}
        wanted = {"resize_images": False, "return_lpips": True}
        self._arguments = {name: value for name, value in wanted.items() if name in names}

    def __call__(self, images: Tensor) -> Tensor:
        if images.shape[-1] > _LARGEST_SIDE:
            images = F.interpolate(images, size=(_LARGEST_SIDE, _LARGEST_SIDE), mode="area")
        if images.shape[1] == 1:
            images = images.expand(-1, 3, -1, -1)
        images = images[:, :3]  # such networks know no transparency
        features: object = self._module((images + 1) * 127.5, **self._arguments)
        if not isinstance(features, Tensor) or features.shape[:1] != images.shape[:1]:
            raise FeatureError(f"{self._path} does not return one row of features per picture.")
        rows: Tensor = features.flatten(1)
        return rows


def _mean_of_places(layer: Tensor) -> Tensor:
    """Flatten [N, C, H, W] so that a squared distance is the mean over the places, summed over the channels."""
    places = layer.shape[2] * layer.shape[3]
    return (layer / math.sqrt(places)).flatten(1)
