"""Adaptive discriminator augmentation (ADA, arXiv:2006.06676): the pipeline of appendix B and the rule that steers it.

Both the reals and the generated images that the discriminator sees are augmented, each operation with probability p.
Everything is differentiable with respect to the images (twice, for R1), and nothing is done while p is 0.
"""

import functools
import math
from dataclasses import dataclass
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from stylegan2.augmentation.geometry import identity, rotation, scaling, translation, warp
from stylegan2.options.words import BLIT, COLOR, GEOMETRY

# Strengths (appendix B). Standard deviations of stretching, contrast and saturation are in octaves.
XINT_MAX = 0.125  # of the image's size
SCALE_STD = 0.2
ANISO_STD = 0.2
XFRAC_STD = 0.125  # of the image's size
BRIGHTNESS_STD = 0.2
CONTRAST_STD = 0.5
SATURATION_STD = 1.0
FILTER_STD = 1.0
FILTER_POWER = (10 / 13, 1 / 13, 1 / 13, 1 / 13)  # expected power of natural images (1/f) in the four bands
NOISE_STD = 0.1
CUTOUT_SIZE = 0.5  # of the image's size

# Low-pass filter of the wavelet sym2 (I. Daubechies, Ten Lectures on Wavelets).
SYM2 = (-0.12940952255092145, 0.22414386804185735, 0.836516303737469, 0.48296291314469025)

P_MAX = 0.85
"""ADA stops here: beyond, augmentations leak into the generated images (section 2.2 of the paper)."""


class Draws(Protocol):
    """The source of the pipeline's random numbers. `name` tells which operation asks."""

    def uniform(self, name: str, *shape: int, device: torch.device) -> Tensor:
        """Draw numbers of this shape, evenly from 0 to 1."""
        ...

    def normal(self, name: str, *shape: int, device: torch.device) -> Tensor:
        """Draw numbers of this shape, with mean 0 and standard deviation 1."""
        ...

    def chosen(self, name: str, n: int, p: float, *, device: torch.device) -> Tensor:
        """Draw which of n images the operation applies to: booleans `[N]`, each true with probability p."""
        ...


class RandomDraws:
    """PyTorch's global random numbers, so that saving their state is enough to go on exactly."""

    def uniform(self, name: str, *shape: int, device: torch.device) -> Tensor:
        return torch.rand(shape, device=device)

    def normal(self, name: str, *shape: int, device: torch.device) -> Tensor:
        return torch.randn(shape, device=device)

    def chosen(self, name: str, n: int, p: float, *, device: torch.device) -> Tensor:
        return torch.rand(n, device=device) < p


class AugmentPipe:
    """Applies the operations of a pipe (see options.words) to images, each with probability `p`."""

    def __init__(self, operations: tuple[str, ...], p: float = 0.0, draws: Draws | None = None) -> None:
        self.operations = frozenset(operations)
        self.p = p
        self.draws = RandomDraws() if draws is None else draws

    def __call__(self, images: Tensor) -> Tensor:
        """Augment images `[N, C, H, W]` with values about -1 to 1, C = 1, 3 or 4 (RGBA); the same shape comes back."""
        if self.p <= 0:
            return images
        if not self.operations.isdisjoint(BLIT + GEOMETRY):
            images = self._apply_geometry(images)
        if not self.operations.isdisjoint(COLOR):
            images = self._apply_colour(images)
        if "imgfilter" in self.operations:
            images = self._apply_filter(images)
        if "noise" in self.operations:
            images = self._apply_noise(images)
        if "cutout" in self.operations:
            images = self._apply_cutout(images)
        return images

    # Random numbers -----------------------------------------------------------------------------------------------

    def _gated(self, name: str, value: Tensor, neutral: float, p: float | None = None) -> Tensor:
        """`value` for the images that the operation is chosen for, `neutral` for the others."""
        chosen = self.draws.chosen(name, len(value), self.p if p is None else p, device=value.device)
        return value.where(chosen.reshape([-1] + [1] * (value.ndim - 1)), torch.full_like(value, neutral))

    def _uniform(self, name: str, like: Tensor, columns: int = 1) -> Tensor:
        numbers = self.draws.uniform(name, len(like), columns, device=like.device)
        return numbers[:, 0] if columns == 1 else numbers

    def _normal(self, name: str, like: Tensor, columns: int = 1) -> Tensor:
        numbers = self.draws.normal(name, len(like), columns, device=like.device)
        return numbers[:, 0] if columns == 1 else numbers

    # Operations ---------------------------------------------------------------------------------------------------

    def _apply_geometry(self, images: Tensor) -> Tensor:
        """Warp once for all geometric operations. Images that none was chosen for stay as they are."""
        inverse = self._inverse_geometry(images)
        moved = (inverse != identity(1, images.device)).flatten(1).any(dim=1)
        if moved.all():
            return warp(images, inverse)
        if not moved.any():
            return images
        result = images.clone()
        result[moved] = warp(images[moved], inverse[moved])
        return result

    def _inverse_geometry(self, images: Tensor) -> Tensor:
        """Return the product of the operations' inverses, in the order in which the operations are applied."""
        n, _, height, width = images.shape
        matrix = identity(n, images.device)
        one = torch.ones(n, device=images.device)
        if "xflip" in self.operations:
            flipped = self._gated("xflip", (self._uniform("xflip", images) * 2).floor(), 0)
            matrix = matrix @ scaling(1 - 2 * flipped, one)
        if "rotate90" in self.operations:
            turns = self._gated("rotate90", (self._uniform("rotate90", images) * 4).floor(), 0)
            matrix = matrix @ rotation(turns * (math.pi / 2))
        if "xint" in self.operations:
            shift = self._gated("xint", (self._uniform("xint", images, 2) * 2 - 1) * XINT_MAX, 0)
            matrix = matrix @ translation(-(shift[:, 0] * width).round(), -(shift[:, 1] * height).round())
        if "scale" in self.operations:
            factor = self._gated("scale", (self._normal("scale", images) * SCALE_STD).exp2(), 1)
            matrix = matrix @ scaling(1 / factor, 1 / factor)
        # The turn before and the turn after stretching together happen with probability p.
        p_turn = 1 - math.sqrt(max(1 - self.p, 0))
        if "rotate" in self.operations:
            angle = self._gated("rotate", (self._uniform("rotate", images) * 2 - 1) * math.pi, 0, p_turn)
            matrix = matrix @ rotation(angle)
        if "aniso" in self.operations:
            factor = self._gated("aniso", (self._normal("aniso", images) * ANISO_STD).exp2(), 1)
            matrix = matrix @ scaling(1 / factor, factor)
        if "rotate" in self.operations:
            angle = self._gated("rotate_after", (self._uniform("rotate_after", images) * 2 - 1) * math.pi, 0, p_turn)
            matrix = matrix @ rotation(angle)
        if "xfrac" in self.operations:
            shift = self._gated("xfrac", self._normal("xfrac", images, 2) * XFRAC_STD, 0)
            matrix = matrix @ translation(-shift[:, 0] * width, -shift[:, 1] * height)
        return matrix

    def _apply_colour(self, images: Tensor) -> Tensor:
        """Apply one affine map of the colour space for all colour operations; in grey images, its effect on grey.

        An alpha channel stays as it is: it is no colour.
        """
        if images.shape[1] == 4:
            return torch.cat([self._apply_colour(images[:, :3]), images[:, 3:]], dim=1)
        n, channels, height, width = images.shape
        matrix = self._colour_matrix(images).to(images.dtype)
        flat = images.reshape(n, channels, height * width)
        if channels == 3:
            flat = torch.baddbmm(matrix[:, :3, 3:], matrix[:, :3, :3], flat)
        else:
            grey = matrix[:, :3].mean(dim=1, keepdim=True)
            flat = flat * grey[:, :, :3].sum(dim=2, keepdim=True) + grey[:, :, 3:]
        return flat.reshape(images.shape)

    def _colour_matrix(self, images: Tensor) -> Tensor:
        device = images.device
        unit = torch.eye(4, device=device)
        luma = torch.tensor([1.0, 1.0, 1.0, 0.0], device=device) / math.sqrt(3)
        onto_luma = torch.outer(luma, luma)
        matrix = unit.repeat(len(images), 1, 1)
        if "brightness" in self.operations:
            shift = self._gated("brightness", self._normal("brightness", images) * BRIGHTNESS_STD, 0)
            step = unit.repeat(len(images), 1, 1)
            step[:, :3, 3] = shift[:, None]
            matrix = step @ matrix
        if "contrast" in self.operations:
            factor = self._gated("contrast", (self._normal("contrast", images) * CONTRAST_STD).exp2(), 1)
            matrix = torch.stack([factor, factor, factor, torch.ones_like(factor)], dim=1).diag_embed() @ matrix
        if "lumaflip" in self.operations:
            flipped = self._gated("lumaflip", (self._uniform("lumaflip", images) * 2).floor(), 0)
            matrix = (unit - 2 * onto_luma * flipped[:, None, None]) @ matrix
        if "hue" in self.operations and images.shape[1] > 1:
            angle = self._gated("hue", (self._uniform("hue", images) * 2 - 1) * math.pi, 0)
            matrix = _turn_around(luma, angle) @ matrix
        if "saturation" in self.operations and images.shape[1] > 1:
            factor = self._gated("saturation", (self._normal("saturation", images) * SATURATION_STD).exp2(), 1)
            matrix = (onto_luma + (unit - onto_luma) * factor[:, None, None]) @ matrix
        return matrix

    def _apply_filter(self, images: Tensor) -> Tensor:
        """Amplify or dampen frequency bands, with the expected power of the image kept."""
        n, channels, height, width = images.shape
        bands = _band_filters(images.device)
        power = torch.tensor(FILTER_POWER, device=images.device)
        gains = torch.ones(n, len(bands), device=images.device)
        for band in range(len(bands)):
            factor = self._gated("imgfilter", (self._normal("imgfilter", images) * FILTER_STD).exp2(), 1)
            step = torch.ones_like(gains)
            step[:, band] = factor
            gains = gains * step / (power * step.square()).sum(dim=1, keepdim=True).sqrt()
        taps = (gains @ bands).to(images.dtype)[:, None].repeat(1, channels, 1).reshape(n * channels, 1, 1, -1)
        reach = bands.shape[1] // 2
        flat = images.reshape(1, n * channels, height, width)
        # A reflection cannot be wider than the image: small images are padded in several steps.
        for _ in range(math.ceil(reach / (min(height, width) - 1))):
            step_size = min(reach, height - 1, width - 1)
            flat = F.pad(flat, [step_size] * 4, mode="reflect")
        surplus_y, surplus_x = (flat.shape[2] - height) // 2 - reach, (flat.shape[3] - width) // 2 - reach
        flat = F.pad(flat, [-surplus_x, -surplus_x, -surplus_y, -surplus_y])
        flat = F.conv2d(flat, taps, groups=n * channels)
        flat = F.conv2d(flat, taps.transpose(2, 3), groups=n * channels)
        return flat.reshape(images.shape)

    def _apply_noise(self, images: Tensor) -> Tensor:
        """Gaussian noise for every pixel, of a strength of its own for every image."""
        sigma = self._gated("noise", self._normal("noise", images).abs() * NOISE_STD, 0)
        noise = self.draws.normal("noise_pixels", *images.shape, device=images.device)
        return images + noise * sigma[:, None, None, None]

    def _apply_cutout(self, images: Tensor) -> Tensor:
        """Grey out a square of half the image's size, somewhere."""
        _, _, height, width = images.shape
        size = self._gated("cutout", torch.full([len(images)], CUTOUT_SIZE, device=images.device), 0)
        centre = self._uniform("cutout", images, 2)
        x = (torch.arange(width, device=images.device) + 0.5) / width
        y = (torch.arange(height, device=images.device) + 0.5) / height
        outside_x = (x - centre[:, :1]).abs() >= size[:, None] / 2
        outside_y = (y - centre[:, 1:]).abs() >= size[:, None] / 2
        return images * (outside_x[:, None, None, :] | outside_y[:, None, :, None])


def _turn_around(axis: Tensor, angle: Tensor) -> Tensor:
    """Return rotations `[N, 4, 4]` of the colour space around `axis` (Rodrigues' formula)."""
    x, y, z, _ = axis.tolist()
    cross = torch.tensor([[0, -z, y, 0], [z, 0, -x, 0], [-y, x, 0, 0], [0, 0, 0, 0]], device=axis.device)
    unit = torch.eye(4, device=axis.device)
    sine, cosine = angle.sin()[:, None, None], angle.cos()[:, None, None]
    return unit + cross * sine + (cross @ cross) * (1 - cosine)


@functools.lru_cache(maxsize=4)
def _band_filters(device: torch.device) -> Tensor:
    """Return four symmetric filters `[4, taps]` with the sum of a unit impulse: an octave filter bank (appendix B.2).

    One step of the recursion halves the frequencies of all bands so far (by inserting zeros between the taps), which
    the squared low-pass filter of sym2 keeps from repeating, and adds the next band: what its high-pass sibling passes.
    """
    low = torch.tensor(SYM2, dtype=torch.float64)
    high = low * torch.tensor([(-1.0) ** k for k in range(len(SYM2))], dtype=torch.float64)
    low2, high2 = (_convolve(taps, taps.flip(0)) / 2 for taps in (low, high))
    bands = [torch.ones(1, dtype=torch.float64)]
    for _ in range(len(FILTER_POWER) - 1):
        bands = [_convolve(_insert_zeros(taps), low2) for taps in bands]
        bands.append(high2)
    longest = max(len(taps) for taps in bands)
    centred = [F.pad(taps, [(longest - len(taps)) // 2] * 2) for taps in bands]
    return torch.stack(centred).to(device, torch.float32)


def _convolve(a: Tensor, b: Tensor) -> Tensor:
    return F.conv1d(a[None, None], b.flip(0)[None, None], padding=len(b) - 1)[0, 0]


def _insert_zeros(taps: Tensor) -> Tensor:
    spread = taps.new_zeros(2 * len(taps) - 1)
    spread[::2] = taps
    return spread


@dataclass
class AdaRule:
    """Steers p so that the discriminator's confidence on the reals stays near the target (section 3 of the paper).

    The sign of its overfitting heuristic E[sign(D(real))] decides the direction; the speed is such that p goes from 0
    to 1 in `kimg` thousand images at most.
    """

    target: float = 0.6
    kimg: float = 500.0

    def next_p(self, p: float, mean_sign: float, images: int) -> float:
        """Return the new p, after `images` reals whose logits had the mean sign `mean_sign`; between 0 and P_MAX."""
        difference = mean_sign - self.target
        direction = (difference > 0) - (difference < 0)
        return min(max(p + direction * images / (self.kimg * 1000), 0.0), P_MAX)
