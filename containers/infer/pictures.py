"""Draw the pictures of a run with its trained network and keep them as PNG files below one folder.

generated/seed0000.png ...   one picture a seed
generated/sheet.png          all of them in one
mixed/0052-0048.png ...      colours and details of the first seed, broad shape of the second
mixed/sheet.png              all of them in one, with the seeds' own pictures on the left and above
projected/00-anna.png        a target as the network was shown it ...
projected/00-anna-drawn.png  ... and the nearest picture that it can draw
projected/projected_w.npz    "w": the latents of these pictures, [targets, layers, w_dim]
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from containers.infer.results import GeneratedPicture, MixingGrid, ProjectedPicture
from containers.prepare_report import SetAsideImage
from stylegan2.network_file import LoadedNetwork
from stylegan2.networks import Generator
from stylegan2.synthesis_tools import DiscriminatorFeatures, generate_images, mix_styles, project
from stylegan2.uploads import Uploads
from stylegan2.vetting import RefusedPicture, Wanted, training_pixels

SHEET_PICTURES, SHEET_COLUMNS = 48, 12
MIX_ROWS, MIX_COLUMNS = 4, 6
MOST_TARGETS = 8

# How far pictures may stray from the average one (arXiv:1812.04948, appendix B): less variety, fewer failures.
_TRUNCATION = 0.8
_PROJECTION_SEED = 303

Pixels = NDArray[np.uint8]


def generate(generator: Generator, folder: Path, first_seed: int) -> list[GeneratedPicture]:
    """Draw a picture for each of the `SHEET_PICTURES` seeds from `first_seed` on."""
    seeds = range(first_seed, first_seed + SHEET_PICTURES)
    pictures = generate_images(generator, seeds, truncation_psi=_TRUNCATION)
    folder.mkdir(parents=True, exist_ok=True)
    rows = pictures.reshape(-1, SHEET_COLUMNS, *pictures.shape[1:])
    _save(np.concatenate([np.concatenate([*row], axis=1) for row in rows]), folder / "sheet.png")
    return [_save_seed(pixels, folder, seed) for seed, pixels in zip(seeds, pictures, strict=True)]


def mix(generator: Generator, folder: Path, first_seed: int) -> MixingGrid:
    """Mix `MIX_COLUMNS` seeds, for the broad shape, with `MIX_ROWS` seeds, for all the rest.

    The seeds are those that follow the ones of `generate`, so that the page shows as many different pictures as it can.
    """
    column_seeds = range(first_seed + SHEET_PICTURES, first_seed + SHEET_PICTURES + MIX_COLUMNS)
    row_seeds = range(column_seeds.stop, column_seeds.stop + MIX_ROWS)
    grid = mix_styles(generator, row_seeds, column_seeds, truncation_psi=_TRUNCATION)
    folder.mkdir(parents=True, exist_ok=True)
    _save(grid.sheet(), folder / "sheet.png")
    return MixingGrid(
        rows=[_save_seed(pixels, folder, seed) for seed, pixels in zip(row_seeds, grid.rows, strict=True)],
        columns=[_save_seed(pixels, folder, seed) for seed, pixels in zip(column_seeds, grid.columns, strict=True)],
        cells=[
            [
                _save(pixels, folder / f"{row:04d}-{column:04d}.png")
                for column, pixels in zip(column_seeds, line, strict=True)
            ]
            for row, line in zip(row_seeds, grid.mixed, strict=True)
        ],
    )


def vet_targets(source: Uploads, resolution: int) -> tuple[list[tuple[str, Pixels]], list[SetAsideImage]]:
    """Read the images of `source` as training images are read: (name, pixels) of each, and those that cannot be.

    At most `MOST_TARGETS` are taken, in the order of their names.
    """
    good: list[tuple[str, Pixels]] = []
    names, unusable = source.list_files()
    skipped = [SetAsideImage(name, reason) for name, reason in unusable.items()]
    for name in names:
        if len(good) == MOST_TARGETS:
            skipped.append(SetAsideImage(name, f"Only the first {MOST_TARGETS} pictures are looked for."))
            continue
        try:
            good.append((name, training_pixels(source.read(name), Wanted(resolution, resolution))))
        except RefusedPicture as refusal:
            skipped.append(SetAsideImage(name, str(refusal)))
    return good, skipped


def project_targets(
    network: LoadedNetwork, targets: Sequence[tuple[str, Pixels]], folder: Path, steps: int
) -> list[ProjectedPicture]:
    """Search for each target in the network, all at once, in `steps` steps."""
    if not targets:
        return []
    folder.mkdir(parents=True, exist_ok=True)
    found = project(
        network.G_ema,
        np.stack([pixels for _, pixels in targets]),
        features=DiscriminatorFeatures(network.D),
        steps=steps,
        seed=_PROJECTION_SEED,
    )
    np.savez(folder / "projected_w.npz", w=found.ws.numpy())
    stems = [f"{index:02d}-{_safe_stem(name)}" for index, (name, _) in enumerate(targets)]
    return [
        ProjectedPicture(
            name=name,
            target=_save(pixels, folder / f"{stem}.png"),
            projection=_save(drawn, folder / f"{stem}-drawn.png"),
            distances=distances.tolist(),
        )
        for (name, pixels), stem, drawn, distances in zip(targets, stems, found.images, found.distances, strict=True)
    ]


def _save_seed(pixels: Pixels, folder: Path, seed: int) -> GeneratedPicture:
    return GeneratedPicture(seed, _save(pixels, folder / f"seed{seed:04d}.png"))


def _save(pixels: Pixels, file: Path) -> Path:
    # Level 1: the default is 3.6 times as slow for pictures hardly smaller.
    Image.fromarray(pixels).save(file, compress_level=1)
    return file


def _safe_stem(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", Path(name).stem).strip(".-")[:60] or "picture"
