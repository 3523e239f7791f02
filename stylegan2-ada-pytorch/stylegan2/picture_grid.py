"""Sheets of sample pictures that show how a training comes along."""

import json
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from stylegan2.networks import Generator

SHEET_WIDTH = 2048
"""Pixels that a sheet is wide at most."""


def grid_shape(resolution: int) -> tuple[int, int]:
    """Columns and rows of a sheet: 8 x 4 up to 256 px, fewer for larger pictures."""
    columns = min(max(SHEET_WIDTH // resolution, 2), 8)
    return columns, columns // 2


def to_uint8(images: Tensor) -> Tensor:
    """Pictures from -1 to 1 as bytes, rounded."""
    return ((images + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)


def save_sheet(images: Tensor, path: Path) -> None:
    """Write bytes `[N, C, R, R]` as one PNG, row by row; N must fill `grid_shape`."""
    _, channels, size, _ = images.shape
    columns, rows = grid_shape(size)
    sheet = images.reshape(rows, columns, channels, size, size).permute(0, 3, 1, 4, 2)
    pixels = sheet.reshape(rows * size, columns * size, channels).cpu().numpy()
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels[:, :, 0] if channels == 1 else pixels).save(path)


def describe_grid(resolution: int, path: Path) -> None:
    """Write how to cut a sheet into pictures."""
    columns, rows = grid_shape(resolution)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"columns": columns, "rows": rows, "cell": resolution}) + "\n", encoding="utf-8")


@torch.no_grad()
def sample_pictures(generator: Generator, seed: int) -> Tensor:
    """A sheet's pictures of the same latents every time, as bytes."""
    columns, rows = grid_shape(generator.img_resolution)
    source = torch.Generator().manual_seed(seed)
    z = torch.randn(columns * rows, generator.z_dim, generator=source)
    device = next(generator.parameters()).device
    return torch.cat([to_uint8(generator(part.to(device), noise_mode="const")) for part in torch.split(z, 8)])
