"""Geometric transformations of images for the augmentation pipeline (ADA, arXiv:2006.06676 appendix B.1).

A transformation is given by its inverse, a batch of 3x3 matrices in homogeneous coordinates that takes a place in the
result to the place in the original that it shows. Places are in pixels, with the image's centre as the origin.
"""

import functools
import math

import torch
import torch.nn.functional as F
from torch import Tensor

from stylegan2.model.ops import upfirdn

# Low-pass filter of the orthogonal wavelet sym6 (I. Daubechies, Ten Lectures on Wavelets, table 6.3).
SYM6 = (
    0.015404109327027373, 0.0034907120842174702, -0.11799011114819057, -0.048311742585633,
    0.4910559419267466, 0.787641141030194, 0.3379294217276218, -0.07263752278646252,
    -0.021060292512300564, 0.04472490177066578, 0.0017677118642428036, -0.007800708325034148,
)  # fmt: skip
# The filter is nearly symmetric about a tap, not about its middle: what it filters arrives half a sample early.
_DELAY = 0.5
_RING = len(SYM6) // 2 - 1
"""Samples around the result, at twice its resolution, that the filter of the final downsampling reaches."""


def identity(n: int, device: torch.device) -> Tensor:
    """Return n times the transformation that changes nothing, `[N, 3, 3]`."""
    return torch.eye(3, device=device).repeat(n, 1, 1)


def translation(x: Tensor, y: Tensor) -> Tensor:
    """Shift by x and y `[N]` pixels."""
    matrix = identity(len(x), x.device)
    matrix[:, 0, 2], matrix[:, 1, 2] = x, y
    return matrix


def scaling(x: Tensor, y: Tensor) -> Tensor:
    """Stretch by the factors x and y `[N]`."""
    matrix = identity(len(x), x.device)
    matrix[:, 0, 0], matrix[:, 1, 1] = x, y
    return matrix


def rotation(angle: Tensor) -> Tensor:
    """Turn by `[N]` radians, from the x axis (right) towards the y axis (down)."""
    matrix = identity(len(angle), angle.device)
    matrix[:, 0, 0] = matrix[:, 1, 1] = angle.cos()
    matrix[:, 1, 0] = angle.sin()
    matrix[:, 0, 1] = -matrix[:, 1, 0]
    return matrix


@functools.lru_cache(maxsize=4)
def _kernels(device: torch.device) -> tuple[Tensor, Tensor]:
    """Return the filter along x and along y; two passes of 12 taps are cheaper than one of 144."""
    taps = torch.tensor(SYM6, device=device)
    taps = taps / taps.sum()
    return taps[None, :], taps[:, None]


def _fixed(scale_x: float, scale_y: float, shift: float, device: torch.device) -> Tensor:
    matrix = torch.tensor([[scale_x, 0, shift], [0, scale_y, shift], [0, 0, 1]], dtype=torch.float32)
    return matrix.to(device)


def _margins(inverse: Tensor, height: int, width: int) -> tuple[int, int, int, int]:
    """Pixels (left, right, top, bottom) beyond the original that the result and its filters look at, over the batch.

    A reflection cannot be wider than the image; places further out show black.
    """
    x, y = (width + _RING) / 2, (height + _RING) / 2
    corners = torch.tensor([[-x, x, x, -x], [-y, -y, y, y], [1, 1, 1, 1]], dtype=torch.float32)
    seen = inverse[:, :2] @ corners.to(inverse.device)
    lowest, highest = seen.amin(dim=(0, 2)).tolist(), seen.amax(dim=(0, 2)).tolist()
    filter_reach = len(SYM6) / 4
    left, right = (_margin(place + filter_reach, width) for place in (-lowest[0], highest[0]))
    top, bottom = (_margin(place + filter_reach, height) for place in (-lowest[1], highest[1]))
    return left, right, top, bottom


def _margin(place: float, size: int) -> int:
    return min(max(math.ceil(place - size / 2), 0), size - 1)


def warp(images: Tensor, inverse: Tensor) -> Tensor:
    """Transform images `[N, C, H, W]`, mirrored at their borders.

    To avoid aliasing, the images are sampled (bilinearly) from twice the resolution and to twice the resolution.
    """
    _, _, height, width = images.shape
    along_x, along_y = _kernels(images.device)
    left, right, top, bottom = _margins(inverse, height, width)
    images = F.pad(images, [left, right, top, bottom], mode="reflect")
    padded_height, padded_width = images.shape[2:]

    size = len(SYM6)
    before, after = (size + 1) // 2, (size - 2) // 2
    images = upfirdn(images, along_x, up=(2, 1), padding=(before, after, 0, 0), gain=2)
    images = upfirdn(images, along_y, up=(1, 2), padding=(0, 0, before, after), gain=2)

    # From the sampled points' coordinates, which run from -1 to 1 over each image, to pixels and back.
    fine_height, fine_width = 2 * (height + _RING), 2 * (width + _RING)
    device = images.device
    to_pixels = _fixed(fine_width / 4, fine_height / 4, _DELAY / 2, device)
    recentre = _fixed(1, 1, 0, device)
    recentre[0, 2], recentre[1, 2] = (left - right) / 2, (top - bottom) / 2
    from_pixels = _fixed(2 / padded_width, 2 / padded_height, 0, device) @ _fixed(1, 1, -_DELAY / 2, device)
    theta = (from_pixels @ recentre @ inverse @ to_pixels)[:, :2].to(images.dtype)
    shape = [images.shape[0], images.shape[1], fine_height, fine_width]
    images = F.grid_sample(images, F.affine_grid(theta, shape, align_corners=False), align_corners=False)

    images = upfirdn(images, along_x, down=(2, 1), flip=True)
    return upfirdn(images, along_y, down=(1, 2), flip=True)
