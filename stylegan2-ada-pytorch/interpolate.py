"""Command line: a video that leads from image to image."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click
import numpy as np
import torch
from numpy.typing import NDArray

from stylegan2.base.whole_files import refuse_existing
from stylegan2.cli import WIDE, errors_as_messages, table, with_options
from stylegan2.cli.networks import check_sources, latents_of, open_generator
from stylegan2.options.row import OUTPUT_FILE, Row, whole
from stylegan2.synthesis import render_images
from stylegan2.synthesis.mp4 import can_write_mp4, write_mp4
from stylegan2.synthesis.video import latent_walk, write_video


@click.command(context_settings=WIDE)
@with_options(
    network      = table.NETWORK,
    seeds        = replace(table.SEEDS, help='Pictures to pass, in this order, for example "3,17,8".'),
    projected_w  = table.PROJECTED_W,
    frames       = Row("--frames", whole(1, 1000), None, 60,
        "From one picture to the next."),
    fps          = Row("--fps",    whole(1, 100),  None, 30,
        "Frames a second."),
    class_number = table.CLASS,
    trunc        = table.TRUNC,
    batch        = table.BATCH,
    device       = table.DEVICE,
    output       = Row("--output", OUTPUT_FILE,    None, "walk.webp",
        "File for the film: an animated WebP, or an MP4 (.mp4)."),
    overwrite    = table.OVERWRITE,
)  # fmt: skip
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
    The film is an animated WebP, which every browser plays, or an MP4, which messengers and slides take; that needs
    PyAV (pip install av). All its frames are kept in memory until it is written: 1000 frames of 256 x 256 pixels are
    200 MB.

    \b
    Examples:
      python interpolate.py --network runs/tiles --seeds 3,17,8,21 --trunc 0.7 --output walk.webp
      python interpolate.py --network runs/tiles --projected-w found/projected_w.npz --output friends.webp
    """
    write = {".webp": write_video, ".mp4": write_mp4}.get(output.suffix.lower())
    if write is None:
        raise click.BadParameter(f"{output.name!r} does not end with .webp or .mp4", param_hint="--output")
    if write is write_mp4 and not can_write_mp4():
        raise click.BadParameter("an MP4 needs PyAV: pip install av; or end the name with .webp", param_hint="--output")
    check_sources(seeds, projected_w, class_number)
    refuse_existing("--output", [output], overwrite)
    generator = open_generator(network, device)
    way = latent_walk(latents_of(generator, seeds, projected_w, trunc, class_number), frames)
    images: list[NDArray[np.uint8]] = []
    with click.progressbar(length=len(way), label="Drawing", show_pos=True) as bar:
        for ws in torch.split(way, batch):
            images += [*render_images(generator, ws, batch=batch)]
            bar.update(len(ws))
    output.parent.mkdir(parents=True, exist_ok=True)
    write(images, output, frame_milliseconds=round(1000 / fps))
    click.echo(f"The film is {output}: {len(way)} frames, {len(way) / fps:.1f} seconds")


if __name__ == "__main__":
    main()
