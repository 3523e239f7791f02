"""Draw the pictures of a run with its trained network and keep them as PNG files.

    generated/seed0000.png ...      one picture a seed
    generated/sheet.png             all of them in one
    mixed/shape0048-look0054.png    broad shape of one seed, colours and details of the other
    mixed/sheet.png                 the grid, without its sources
    projected/<name>-target.png     a target as the network was shown it, and ...
    projected/<name>-projection.png ... the nearest picture that it can draw
    projected/projected_w.npz       "w": the latents of the projections, [targets, layers, w_dim]
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from containers.infer.inline_images import sheet
from containers.infer.results import GeneratedPicture, MixingGrid, ProjectedPicture
from containers.prepare_report import SetAsideImage
from stylegan2.network_file import LoadedNetwork
from stylegan2.networks import Generator
from stylegan2.synthesis_tools import generate_images, mix_styles, project
from stylegan2.vetting import RefusedPicture, load_training_pixels

SHEET_PICTURES, SHEET_COLUMNS = 48, 12
MIX_ROWS, MIX_COLUMNS = 4, 6
MOST_TARGETS = 8

# How far the pictures may stray from the average one (StyleGAN, appendix B): less variety, fewer failures.
_TRUNCATION = 0.7
_BATCH = 8

Pixels = NDArray[np.uint8]


def generate(generator: Generator, folder: Path, first_seed: int) -> list[GeneratedPicture]:
    """Draw one picture for each of the `SHEET_PICTURES` seeds from `first_seed` on."""
    seeds = list(range(first_seed, first_seed + SHEET_PICTURES))
    pictures = _draw_seeds(generator, seeds)
    files = [_save(pixels, folder / f"seed{seed:04d}.png") for seed, pixels in zip(seeds, pictures, strict=True)]
    sheet([_image(pixels) for pixels in pictures], SHEET_COLUMNS).save(folder / "sheet.png")
    return [GeneratedPicture(seed, file) for seed, file in zip(seeds, files, strict=True)]


def _image(pixels: Pixels) -> Image.Image:
    return Image.fromarray(pixels.squeeze(-1) if pixels.shape[-1] == 1 else pixels).convert("RGB")
