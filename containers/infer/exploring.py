"""Show what a network can do beside single pictures: directions along which they change, and a film through them.

directions/direction1-seed0000-1.png ...   the first direction, the first seed, the first step along it
directions/sheet.png                       all of them, labelled: a line for each direction
film/film.webp, film/film.mp4              from picture to picture and back to the first

Both cost as many drawings as all the rest, so how much of them is made depends on the pictures' size, on the device and
on the time that is left.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from containers.infer.classes import NetworkClass
from containers.infer.results import MadeFilm, MovedPicture, Pixels, class_stem, save_picture
from containers.infer.synthesis import TRUNCATION, in_turn
from contract.layout import SEED, SHEET
from stylegan2.base.machine_made import save_marked
from stylegan2.model.networks import Generator
from stylegan2.synthesis import find_directions, render_images, seed_ws
from stylegan2.synthesis.directions import even_shifts, move_latents
from stylegan2.synthesis.labelled_sheet import labelled_sheet
from stylegan2.synthesis.mp4 import can_write_mp4, write_mp4
from stylegan2.synthesis.video import as_image, latent_walk, write_video

DIRECTIONS, MOVED_SEEDS = 6, 2
SHIFTS = (-0.5, -0.25, 0.0, 0.25, 0.5)
FILM_SEEDS = 6
FEWEST_BETWEEN, MOST_BETWEEN = 10, 40
"""Frames from one picture of the film to the next."""
_SECONDS_BETWEEN = 1.25
# What a CPU draws of a film, in pixels: frames of 256 px take about a third of a second each.
_CPU_FILM_PIXELS = 60 * 256 * 256
LARGEST_FRAME, PIXEL_ART, ENLARGED = 512, 64, 256
"""Longest sides, in pixels: of a film's frames, of pictures that are so small as to be pixels, of these enlarged."""
_SHARE_OF_TIME = 0.25  # of what is left: images to project come after it, and take what they are given
_AT_ONCE = 8


@dataclass(frozen=True)
class Exploration:
    """What is to be made: directions or none; `frames_between` one picture of the film and the next (0: no film)."""

    directions: bool
    frames_between: int


def plan_exploration(
    pixels: int, device: str, seconds_per_picture: float, seconds_left: float | None = None
) -> Exploration:
    """What there is time for; directions before a film, and rather a short film than none.

    Args:
        pixels: of one picture.
        seconds_per_picture: as the first ones took.
        seconds_left: of the job, for everything; None: as much as it takes.
    """
    wanted = MOST_BETWEEN if device != "cpu" else _CPU_FILM_PIXELS // (FILM_SEEDS * pixels)
    wanted = min(max(wanted, FEWEST_BETWEEN), MOST_BETWEEN)
    if seconds_left is None or seconds_per_picture <= 0:
        return Exploration(True, wanted)
    pictures = math.floor(max(seconds_left, 0.0) * _SHARE_OF_TIME / seconds_per_picture)
    pictures -= DIRECTIONS * MOVED_SEEDS * len(SHIFTS)
    affordable = min(wanted, pictures // FILM_SEEDS)
    return Exploration(pictures >= 0, affordable if affordable >= FEWEST_BETWEEN else 0)


def draw_directions(
    generator: Generator, folder: Path, first_seed: int, classes: Sequence[NetworkClass] = ()
) -> list[MovedPicture]:
    """Move the pictures of `MOVED_SEEDS` seeds along the directions that change them most."""
    seeds, of_classes, ws = _sources(generator, first_seed, MOVED_SEEDS, classes)
    directions = find_directions(generator, min(DIRECTIONS, generator.w_dim))
    moved = move_latents(ws, directions, even_shifts(generator, SHIFTS[-1], len(SHIFTS)))
    pictures = render_images(generator, moved.flatten(0, 2), batch=_AT_ONCE)
    pictures = pictures.reshape(*moved.shape[:3], *pictures.shape[1:])
    folder.mkdir(parents=True, exist_ok=True)
    save_marked(labelled_sheet(pictures, SHIFTS), folder / f"{SHEET}.png", "PNG", compress_level=1)
    made = []
    for number, line in enumerate(pictures, start=1):
        for seed, of_class, strip in zip(seeds, of_classes, line, strict=True):
            stem = "-".join([f"direction{number}", *([class_stem(of_class)] if of_class else []), f"{SEED}{seed:04d}"])
            for step, (shift, picture) in enumerate(zip(SHIFTS, strip, strict=True), start=1):
                file = save_picture(picture, folder / f"{stem}-{step}.png")
                made.append(MovedPicture(seed, number, step, shift, file, of_class))
    return made


def draw_film(
    generator: Generator,
    folder: Path,
    first_seed: int,
    frames_between: int,
    classes: Sequence[NetworkClass] = (),
) -> MadeFilm:
    """Make a film through the pictures of `FILM_SEEDS` seeds."""
    seeds, _, ws = _sources(generator, first_seed, FILM_SEEDS, classes)
    way = latent_walk(ws, frames_between)
    frames = [_fitted(one) for some in torch.split(way, _AT_ONCE) for one in render_images(generator, some)]
    milliseconds = round(1000 * _SECONDS_BETWEEN / frames_between)
    folder.mkdir(parents=True, exist_ok=True)
    file, mp4 = folder / "film.webp", folder / "film.mp4"
    write_video(frames, file, frame_milliseconds=milliseconds)
    if can_write_mp4():
        write_mp4(frames, mp4, frame_milliseconds=milliseconds)
    return MadeFilm(file, mp4 if mp4.exists() else None, seeds, len(frames), len(frames) * milliseconds / 1000)


def _sources(
    generator: Generator, first_seed: int, count: int, classes: Sequence[NetworkClass]
) -> tuple[list[int], list[NetworkClass | None], torch.Tensor]:
    """The first seeds, their classes in turn, and their latents [count, num_ws, w_dim]."""
    seeds, of_classes = [*range(first_seed, first_seed + count)], in_turn(classes, count)
    numbers = [one.number for one in of_classes if one] or None
    with torch.inference_mode():
        return seeds, of_classes, seed_ws(generator, seeds, truncation_psi=TRUNCATION, class_number=numbers)


def _fitted(pixels: Pixels) -> Pixels:
    """A frame as it is seen in a film: large ones reduced, tiny ones enlarged to squares with hard edges."""
    height, width, _ = pixels.shape
    longest = max(height, width)
    if longest <= PIXEL_ART:
        factor = ENLARGED // longest
        return pixels.repeat(factor, axis=0).repeat(factor, axis=1)
    if longest <= LARGEST_FRAME:
        return pixels
    image = as_image(pixels)
    image.thumbnail((LARGEST_FRAME, LARGEST_FRAME), Image.Resampling.LANCZOS)
    return np.asarray(image).reshape(image.height, image.width, -1)
