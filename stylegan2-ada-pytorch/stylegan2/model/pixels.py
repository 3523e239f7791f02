"""Between the networks' images, float [N, C, H, W] from -1 to 1, and bytes, uint8 [N, H, W, C]."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def to_bytes(images: Tensor) -> NDArray[np.uint8]:
    """Return float images [N, C, H, W] as bytes [N, H, W, C]: -1 is 0, 0 is 128, what lies outside is cut."""
    scaled = (images.float() * 127.5 + 128).clamp(0, 255).to(torch.uint8)
    pixels: NDArray[np.uint8] = scaled.permute(0, 2, 3, 1).contiguous().cpu().numpy()
    return pixels


def from_bytes(pixels: NDArray[np.uint8], device: torch.device) -> Tensor:
    """Return bytes [N, H, W, C] as float images [N, C, H, W] from -1 to 1."""
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))).to(device).float() / 127.5 - 1
