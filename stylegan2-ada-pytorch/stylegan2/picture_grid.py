"""Sheets of sample pictures that show how a training comes along."""

import json
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from stylegan2.networks import Generator
from stylegan2.whole_files import replacing, write_text_whole

SHEET_WIDTH = 2048
"""Pixels that a sheet is wide at most."""
DRAWN_AT_ONCE = 8


def grid_shape(width: int) -> tuple[int, int]:
    """Columns and rows of a sheet: 8 x 4 of pictures up to 256 px wide, fewer of larger ones."""
    columns = min(max(SHEET_WIDTH // width, 2), 8)
    return columns, columns // 2


def to_uint8(images: Tensor) -> Tensor:
    """Pictures from -1 to 1 as bytes, rounded."""
    return ((images + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)


def save_sheet(images: Tensor, path: Path) -> None:
    """Write bytes `[N, C, H, W]` as one PNG, row by row; N must fill `grid_shape`."""
    _, channels, height, width = images.shape
    columns, rows = grid_shape(width)
    sheet = images.reshape(rows, columns, channels, height, width).permute(0, 3, 1, 4, 2)
    pixels = sheet.reshape(rows * height, columns * width, channels).cpu().numpy()
    with replacing(path) as partial:
        Image.fromarray(pixels[:, :, 0] if channels == 1 else pixels).save(partial, "PNG")


def describe_grid(height: int, width: int, path: Path) -> None:
    """Write how to cut a sheet into pictures: `cell` is their width, and their height unless `cell_height` is."""
    columns, rows = grid_shape(width)
    description = {"columns": columns, "rows": rows, "cell": width}
    if height != width:
        description["cell_height"] = height
    write_text_whole(path, json.dumps(description) + "\n")


@torch.no_grad()
def sample_pictures(generator: Generator, seed: int, labels: Tensor | None = None) -> Tensor:
    """A sheet's pictures of the same latents every time, as bytes; `labels` `[N, c_dim]` for a conditional network."""
    columns, rows = grid_shape(generator.img_width)
    source = torch.Generator().manual_seed(seed)
    z = torch.randn(columns * rows, generator.z_dim, generator=source)
    device = next(generator.parameters()).device
    drawn = []
    for first in range(0, len(z), DRAWN_AT_ONCE):
        some = slice(first, first + DRAWN_AT_ONCE)
        c = None if labels is None else labels[some].to(device)
        drawn.append(to_uint8(generator(z[some].to(device), c, noise_mode="const")))
    return torch.cat(drawn)
