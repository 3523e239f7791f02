"""Draw the images of a run with its trained network and keep them as PNG files below one folder.

generated/seed0000.png ...   one image a seed; of a network with classes, one a class and seed:
generated/02-lamps-seed0000.png
generated/sheet.png          all of them in one
mixed/0052-0048.png ...      colours and details of the first seed, broad shape of the second
mixed/sheet.png              all of them in one, with the seeds' own images on the left and above
projected/00-anna.png        a target as the network was shown it ...
projected/00-anna-drawn.png  ... and the nearest image that it can draw
projected/projected_w.npz    "w": the latents of these images, [targets, layers, w_dim]

The projected ones are made in `projecting`; directions/ and film/ in `exploring`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from containers.infer.classes import NetworkClass
from containers.infer.results import GeneratedImage, MixtureGrid, Pixels, class_stem, save_picture
from containers.reasons import reason_of
from contract.layout import SEED, SHEET
from contract.prepare_report import SetAside
from stylegan2.data.bounded_vetting import load_images
from stylegan2.data.refusals import RefusedImage
from stylegan2.data.uploads import NamedUploads
from stylegan2.data.vetting import Wanted
from stylegan2.model.networks import Generator
from stylegan2.synthesis import generate_images, mix_styles

SHEET_IMAGES, SHEET_COLUMNS = 48, 12
# How many images of each class: as many as fit into a sheet, in whole rows.
_OF_A_CLASS = (24, 12, 8, 6, 4, 2)
MIX_ROWS, MIX_COLUMNS = 4, 6

# How far images may stray from the average one (arXiv:1812.04948, appendix B): less variety, fewer failures.
TRUNCATION = 0.8


def draw_generated(
    generator: Generator, folder: Path, first_seed: int, classes: Sequence[NetworkClass] = ()
) -> list[GeneratedImage]:
    """Draw an image for each of the `SHEET_IMAGES` seeds from `first_seed` on; or, of each class, as many as leave room
    for the others, of the same seeds."""
    if not classes:
        seeds = range(first_seed, first_seed + SHEET_IMAGES)
        images = generate_images(generator, seeds, truncation_psi=TRUNCATION)
        _save_sheet(images, folder, SHEET_COLUMNS)
        return [_save_seed(pixels, folder, seed) for seed, pixels in zip(seeds, images, strict=True)]
    number = next(number for number in _OF_A_CLASS if number * len(classes) <= SHEET_IMAGES)
    drawn = [(seed, one) for one in classes for seed in range(first_seed, first_seed + number)]
    images = generate_images(
        generator,
        [seed for seed, _ in drawn],
        truncation_psi=TRUNCATION,
        class_number=[one.number for _, one in drawn],
    )
    _save_sheet(images, folder, min(number, SHEET_COLUMNS))
    return [_save_seed(pixels, folder, seed, one) for (seed, one), pixels in zip(drawn, images, strict=True)]


def draw_mixtures(
    generator: Generator, folder: Path, seeds: Sequence[int], classes: Sequence[NetworkClass] = ()
) -> MixtureGrid:
    """Mix `MIX_COLUMNS` seeds, for the broad shape, with `MIX_ROWS` seeds, for all the rest; or two `seeds`, each in
    both ways.

    Of one seed, it is those that follow the ones of `generate`, so that the page shows as many different images as it
    can. Columns, and rows, are of one class after the other: so most mixtures are of two.
    """
    first, *others = seeds
    row_seeds: Sequence[int] = seeds
    column_seeds: Sequence[int] = seeds
    if not others:
        column_seeds = range(first + SHEET_IMAGES, first + SHEET_IMAGES + MIX_COLUMNS)
        row_seeds = range(column_seeds[-1] + 1, column_seeds[-1] + 1 + MIX_ROWS)
    row_classes, column_classes = in_turn(classes, len(row_seeds)), in_turn(classes, len(column_seeds))
    layers = range(generator.num_ws // 2)
    grid = mix_styles(
        generator,
        row_seeds,
        column_seeds,
        styles=layers,
        truncation_psi=TRUNCATION,
        class_number=[one.number for one in (*row_classes, *column_classes) if one] or None,
    )
    folder.mkdir(parents=True, exist_ok=True)
    save_picture(grid.sheet(), folder / f"{SHEET}.png")
    return MixtureGrid(
        rows=[
            replace(_save_seed(pixels, folder, seed), of_class=one)
            for seed, one, pixels in zip(row_seeds, row_classes, grid.rows, strict=True)
        ],
        columns=[
            replace(_save_seed(pixels, folder, seed), of_class=one)
            for seed, one, pixels in zip(column_seeds, column_classes, grid.columns, strict=True)
        ],
        cells=[
            [
                save_picture(pixels, folder / f"{row:04d}-{column:04d}.png")
                for column, pixels in zip(column_seeds, line, strict=True)
            ]
            for row, line in zip(row_seeds, grid.mixed, strict=True)
        ],
        layers=layers,
    )


def vet_targets(source: NamedUploads, wanted: int | Wanted) -> tuple[list[tuple[str, Pixels]], list[SetAside]]:
    """Read the images of `source` as training images are read: (name, pixels) of each, and those that cannot be.

    They come in the order of their names. A number is the side of a square.
    """
    good: list[tuple[str, Pixels]] = []
    names, unusable = source.list_files()
    skipped = [SetAside(name, reason_of(refusal)) for name, refusal in unusable.items()]
    files = [source.place(source.path, name) for name in names]
    for name, image in zip(names, load_images(files, wanted), strict=True):
        if isinstance(image, RefusedImage):
            skipped.append(SetAside(name, reason_of(image.refusal)))
        else:
            good.append((name, image))
    return good, skipped


def in_turn(classes: Sequence[NetworkClass], count: int) -> list[NetworkClass | None]:
    """One class after the other, so many in all; None of a network without classes."""
    return [classes[number % len(classes)] if classes else None for number in range(count)]


def _save_sheet(images: Pixels, folder: Path, columns: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    rows = images.reshape(-1, columns, *images.shape[1:])
    save_picture(np.concatenate([np.concatenate([*row], axis=1) for row in rows]), folder / f"{SHEET}.png")


def _save_seed(pixels: Pixels, folder: Path, seed: int, one: NetworkClass | None = None) -> GeneratedImage:
    stem = f"{SEED}{seed:04d}" if one is None else f"{class_stem(one)}-{SEED}{seed:04d}"
    return GeneratedImage(seed, save_picture(pixels, folder / f"{stem}.png"), one)
