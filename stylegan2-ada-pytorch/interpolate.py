"""Command line: a film that leads from picture to picture."""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np
import torch
from numpy.typing import NDArray

from stylegan2.command_line import (
    NUMBERS,
    batch_option,
    check_sources,
    class_option,
    device_option,
    errors_as_messages,
    latents_of,
    network_option,
    open_generator,
    overwrite_option,
    projected_w_option,
    truncation_option,
)
from stylegan2.film import walk, write_film
from stylegan2.synthesis_tools import render
from stylegan2.whole_files import refuse_existing


@click.command(context_settings={"max_content_width": 110})
@network_option
@click.option("--seeds", type=NUMBERS, metavar="LIST", help='Pictures to pass, in this order, for example "3,17,8".')
@projected_w_option
@click.option(
    "--frames",
    type=click.IntRange(1, 1000),
    default=60,
    show_default=True,
    help="From one picture to the next.",
)
@click.option("--fps", type=click.IntRange(1, 100), default=30, show_default=True, help="Frames a second.")
@class_option
@truncation_option
@batch_option
@device_option
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default="walk.webp",
    show_default=True,
    help="File for the film, an animated WebP.",
)
@overwrite_option
@errors_as_messages
def main(
    network: Path,
    seeds: list[int] | None,
    projected_w: Path | None,
    frames: int,
    fps: int,
    class_number: int | None,
    trunc: float,
    batch: int,
    device: str | None,
    output: Path,
    overwrite: bool,
) -> None:
    """Make a film that leads smoothly from picture to picture, and from the last one back to the first.

    The way goes through W, in a curve without kinks; the fine grain is the network's own and stays in its place.
    The film is an animated WebP, which every browser plays. All its frames are kept in memory until it is written:
    1000 frames of 256 x 256 pixels are 200 MB.

    \b
    Examples:
      python interpolate.py --network runs/tiles --seeds 3,17,8,21 --trunc 0.7 --output walk.webp
      python interpolate.py --network runs/tiles --projected-w found/projected_w.npz --output friends.webp
    """
    if output.suffix.lower() != ".webp":
        raise click.BadParameter(f"{output.name!r} does not end with .webp", param_hint="--output")
    check_sources(seeds, projected_w, class_number)
    refuse_existing("--output", [output], overwrite)
    generator = open_generator(network, device)
    way = walk(latents_of(generator, seeds, projected_w, trunc, class_number), frames)
    pictures: list[NDArray[np.uint8]] = []
    with click.progressbar(length=len(way), label="Drawing", show_pos=True) as bar:
        for ws in torch.split(way, batch):
            pictures += [*render(generator, ws, batch=batch)]
            bar.update(len(ws))
    output.parent.mkdir(parents=True, exist_ok=True)
    write_film(pictures, output, frame_milliseconds=round(1000 / fps))
    click.echo(f"The film is {output}: {len(way)} frames, {len(way) / fps:.1f} seconds")


if __name__ == "__main__":
    main()
