"""A set of images as large as the Anime Face set, and of its shapes, made up in seconds.

The set (Kaggle, "Anime Face Dataset") is 63,632 JPEGs of cropped faces. Nearly square, the shorter side is between 25
and 220 pixels, of most between 90 and 110. So it is here, with one change: of every ten images exactly one is too small
for data sets of RESOLUTION pixels, which take nothing below a quarter.

    one of ten      a shorter side of 25 to 31 pixels, evenly
    the others      normally distributed, mean 100, standard deviation 15, at least 32 and at most 220
    longer side     up to 8 % more, upright or lying

What they show are soft patches of colour with grain, no two alike; JPEG, quality 90, about 4 KB each.
"""

from pathlib import Path

import numpy as np
from PIL import Image

RESOLUTION = 128
SMALLEST = RESOLUTION // 4
_IMAGES_PER_FOLDER = 5_000


def write_face_set(folder: Path, images: int) -> int:
    """Write the set's first images, always the same, and return how many of them are too small."""
    too_small = 0
    for number in range(images):
        rng = np.random.default_rng(number)
        path = folder / f"part-{number // _IMAGES_PER_FOLDER:02d}" / f"{number:05d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        size = _size(rng, is_small=number % 10 == 7)
        too_small += min(size) < SMALLEST
        _draw(rng, size).save(path, quality=90)
    return too_small


def _size(rng: np.random.Generator, *, is_small: bool) -> tuple[int, int]:
    shorter = rng.integers(25, SMALLEST) if is_small else np.clip(rng.normal(100, 15), SMALLEST, 220)
    longer = shorter * rng.uniform(1, 1.08)
    sides = round(shorter), round(longer)
    return sides if rng.random() < 0.5 else sides[::-1]


def _draw(rng: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    patches = Image.fromarray(rng.integers(0, 232, (6, 5, 3), dtype=np.uint8)).resize(size, Image.Resampling.BICUBIC)
    grain = rng.integers(0, 24, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(np.minimum(patches, 231) + grain)
