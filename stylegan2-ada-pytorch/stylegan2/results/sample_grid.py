"""Sheets of sample images that show how a training comes along."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import torch
from PIL import Image
from torch import Tensor

from stylegan2.base.machine_made import save_marked
from stylegan2.base.whole_files import replacing_file, write_text_whole
from stylegan2.model.networks import Generator

CPU_SHEET_WIDTH, CPU_MOST_COLUMNS = 2048, 8
GPU_SHEET_WIDTH, GPU_SHEET_HEIGHT = 3840, 2160
GPU_FEWEST, GPU_MOST = (7, 4), (32, 32)
DRAWN_AT_ONCE = 8
PIXELS_DRAWN_AT_ONCE = DRAWN_AT_ONCE * 512 * 512
"""On a GPU small images are drawn more at a time, as many as have so many pixels; large ones as on a CPU."""
LARGEST_EXACT_WIDTH = 128
"""Of images in a sheet: up to this they are kept exactly, since JPEG's blocks of 8 px would show in so few pixels."""
JPEG_QUALITY = 95
"""With colours as fine as brightness. Of a sheet of photographs that is half of a PNG's bytes, in a tenth of the time,
and nobody sees the difference (docs/limits.md)."""


@dataclass(frozen=True)
class Grid:
    """How a sheet is made up: so many images side by side, and of what size each is, in pixels."""

    columns: int
    rows: int
    height: int
    width: int

    @classmethod
    def for_device(cls, height: int, width: int, device: str) -> Self:
        """Return what `device` ("cpu" or another) draws in a moment.

        A CPU: 8 x 4 images up to 256 px wide, fewer of larger ones. A GPU: what fits into 3840 x 2160 pixels, from
        7 x 4 to 32 x 32.
        """
        if device == "cpu":
            columns = min(max(CPU_SHEET_WIDTH // width, 2), CPU_MOST_COLUMNS)
            return cls(columns, columns // 2, height, width)
        fitting = GPU_SHEET_WIDTH // width, GPU_SHEET_HEIGHT // height
        columns, rows = (
            min(max(number, fewest), most) for number, fewest, most in zip(fitting, GPU_FEWEST, GPU_MOST, strict=True)
        )
        return cls(columns, rows, height, width)

    @property
    def images(self) -> int:
        return self.columns * self.rows

    def describe(self, path: Path) -> None:
        """Write how to cut a sheet: `cell` is the images' width, and their height unless `cell_height` is."""
        description = {"columns": self.columns, "rows": self.rows, "cell": self.width}
        if self.height != self.width:
            description["cell_height"] = self.height
        write_text_whole(path, json.dumps(description) + "\n")

    def suffix(self, channels: int) -> str:
        """Return what a sheet is to be: ".jpg" or, of small images or of others than RGB and grey, ".png"."""
        return ".jpg" if self.width > LARGEST_EXACT_WIDTH and channels in (1, 3) else ".png"

    def save(self, images: Tensor, path: Path, *, are_made: bool = True) -> None:
        """Write bytes `[N, C, H, W]` as one PNG or JPEG, as `path` says, row by row; N is `images`. Where they
        `are_made` by a network, the file says so."""
        channels = images.shape[1]
        sheet = images.reshape(self.rows, self.columns, channels, self.height, self.width).permute(0, 3, 1, 4, 2)
        pixels = sheet.reshape(self.rows * self.height, self.columns * self.width, channels).cpu().numpy()
        image = Image.fromarray(pixels[:, :, 0] if channels == 1 else pixels)
        save = save_marked if are_made else Image.Image.save
        with replacing_file(path) as partial:
            if path.suffix == ".jpg":
                save(image, partial, "JPEG", quality=JPEG_QUALITY, subsampling=0)
            else:  # the lightest compression takes a quarter of the time, and the file is hardly larger
                save(image, partial, "PNG", compress_level=1)


def to_uint8(images: Tensor) -> Tensor:
    """Return images from -1 to 1 as bytes, rounded."""
    return ((images + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)


@torch.no_grad()
def sample_images(generator: Generator, grid: Grid, seed: int, labels: Tensor | None = None) -> Tensor:
    """Draw a sheet's images of the same latents every time, as bytes; `labels` `[N, c_dim]` for a conditional network.

    They are drawn a few at a time and collected on the CPU, so that a large sheet needs no more of a GPU's memory.
    """
    source = torch.Generator().manual_seed(seed)
    z = torch.randn(grid.images, generator.z_dim, generator=source)
    device = next(generator.parameters()).device
    drawn = []
    at_once = _at_once(grid, device)
    for first in range(0, grid.images, at_once):
        some = slice(first, first + at_once)
        c = None if labels is None else labels[some].to(device)
        drawn.append(to_uint8(generator(z[some].to(device), c, noise_mode="const")).cpu())
    return torch.cat(drawn)


def _at_once(grid: Grid, device: torch.device) -> int:
    if device.type == "cpu":
        return DRAWN_AT_ONCE
    return max(PIXELS_DRAWN_AT_ONCE // (grid.height * grid.width), DRAWN_AT_ONCE)
