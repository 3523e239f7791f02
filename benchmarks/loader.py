"""How many 256-pixel pictures one worker reads in a second: `python -m benchmarks.loader [ROUNDS]`.

Four data sets with the same pictures: our own (stored zip of plain PNGs), another program's (stored zip of PNGs that
Pillow wrote without compression, as the reference's tool does), the same PNGs in a folder, and Pillow's PNGs in a
folder; beside them the bare copy of as many bytes, which nothing can beat. "First" is the first time that a picture is
read, when its checksum is compared; "again" is every later time.

The ways take turns for ROUNDS (9) rounds; medians. Beside the wall's clock stands the thread's own, which does not
count the time that other programs had the core.
"""

import argparse
import os
import platform
import statistics
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from stylegan2.data.dataset import ImageDataset
from stylegan2.data.png_format import encode_png

SIDE, COUNT, BATCH = 256, 512, 64
Pixels = NDArray[np.uint8]


def photo(seed: int) -> Pixels:
    """A picture that compresses about as a photo does: smooth, with grain."""
    rng = np.random.RandomState(seed)
    coarse = Image.fromarray(rng.randint(0, 256, (8, 8, 3)).astype(np.uint8))
    smooth = np.asarray(coarse.resize((SIDE, SIDE), Image.Resampling.BICUBIC), dtype=np.int16)
    grainy: Pixels = (smooth + rng.randint(-8, 9, smooth.shape)).clip(0, 255).astype(np.uint8)
    return grainy


def write_data_sets(folder: Path) -> dict[str, Path]:
    """The same pictures in four ways."""
    names = ["our zip", "zip of Pillow's PNGs", "folder of our PNGs", "folder of Pillow's PNGs"]
    paths = dict(
        zip(names, [folder / "ours.zip", folder / "pillow.zip", folder / "ours", folder / "pillow"], strict=True)
    )
    for name in names[2:]:
        paths[name].mkdir()
    with zipfile.ZipFile(paths[names[0]], "w") as ours, zipfile.ZipFile(paths[names[1]], "w") as pillows:
        for index in range(COUNT):
            name, pixels = f"img{index:08d}.png", photo(index)
            (paths[names[2]] / name).write_bytes(encode_png(pixels))
            Image.fromarray(pixels).save(paths[names[3]] / name, compress_level=0)
            ours.write(paths[names[2]] / name, f"00000/{name}")
            pillows.write(paths[names[3]] / name, f"00000/{name}")
    return paths


def timed(read: Callable[[list[int]], object]) -> tuple[float, float]:
    """Pictures a second, in batches in a random order, by the wall's clock and by the thread's."""
    order = np.random.RandomState(0).permutation(COUNT).reshape(-1, BATCH).tolist()
    wall, own = time.perf_counter(), time.thread_time()
    for indices in order:
        read(indices)
    return COUNT / (time.perf_counter() - wall), COUNT / (time.thread_time() - own)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rounds", nargs="?", type=int, default=9)
    rounds = parser.parse_args().rounds
    out = np.zeros((BATCH, SIDE, SIDE, 3), dtype=np.uint8)
    source = np.zeros((COUNT, SIDE, SIDE, 3), dtype=np.uint8)

    def copy(indices: list[int]) -> None:
        for place, index in enumerate(indices):
            out[place] = source[index]

    measured: dict[str, list[tuple[float, float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        paths = write_data_sets(Path(folder))
        for _ in range(rounds):
            for name, path in paths.items():
                dataset = ImageDataset(path)
                for which in ("first", "again"):
                    speed = timed(lambda indices, dataset=dataset: dataset.read(indices, out))  # type: ignore[misc]
                    measured.setdefault(f"{name}, {which}", []).append(speed)
            measured.setdefault("bare copy", []).append(timed(copy))

    print(f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, median of {rounds}\n")
    print(
        f"| {SIDE} px pictures a second and worker | by the wall | (min - max) | by the thread's clock |\n"
        "|---|---|---|---|"
    )
    for name, speeds in measured.items():
        walls, owns = zip(*speeds, strict=True)
        span = f"{min(walls):,.0f} - {max(walls):,.0f}"
        print(f"| {name} | {statistics.median(walls):,.0f} | {span} | {statistics.median(owns):,.0f} |")


if __name__ == "__main__":
    main()
