"""Small data sets for the training's tests."""

from pathlib import Path

import numpy as np
from PIL import Image


def write_pictures(folder: Path, count: int, size: int, *, grey: bool = False) -> Path:
    """Discs of random colour on a dark ground, as PNG files."""
    rng = np.random.RandomState(7)
    folder.mkdir(parents=True)
    y, x = np.mgrid[:size, :size] / size
    for index in range(count):
        centre, radius, colour = rng.rand(2) * 0.4 + 0.3, rng.rand() * 0.2 + 0.2, rng.randint(100, 256, 3)
        disc = (x - centre[0]) ** 2 + (y - centre[1]) ** 2 < radius**2
        pixels = (disc[:, :, None] * colour + ~disc[:, :, None] * 30).astype(np.uint8)
        Image.fromarray(pixels[:, :, 0] if grey else pixels).save(folder / f"{index:03d}.png")
    return folder
