"""Command line: find directions along which a network's images change."""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np

from stylegan2.base.whole_files import refuse_existing
from stylegan2.cli.command_line import (
    NUMBERS,
    batch_option,
    check_sources,
    class_option,
    device_option,
    errors_as_messages,
    latents_of,
    network_option,
    noise_option,
    open_generator,
    outdir_option,
    overwrite_option,
    projected_w_option,
    truncation_option,
    write_png,
)
from stylegan2.model.networks import NoiseMode
from stylegan2.synthesis import render_images
from stylegan2.synthesis.directions import contact_sheet, even_shifts, find_directions, move_latents


@click.command(context_settings={"max_content_width": 110})
@network_option
@click.option("--seeds", type=NUMBERS, metavar="LIST", help="Pictures to change.  [default: 0-2]")
@projected_w_option
@click.option(
    "--count",
    type=click.IntRange(1, 512),
    default=8,
    show_default=True,
    help="Directions, from the one that changes most.",
)
@click.option(
    "--layers",
    type=NUMBERS,
    metavar="LIST",
    help="Layers to change; the first ones hold pose and shape, the last ones colours.  [default: all]",
)
@click.option(
    "--strength",
    type=click.FloatRange(0, 10, min_open=True),
    default=0.5,
    show_default=True,
    help="How far to go, both ways; 1 is as far as latents are from the mean one, on average.",
)
@click.option(
    "--steps",
    type=click.IntRange(2, 100),
    default=5,
    show_default=True,
    help="Pictures along a direction; of an odd number the middle one is unchanged.",
)
@class_option
@truncation_option
@noise_option
@batch_option
@device_option
@outdir_option
@overwrite_option
@errors_as_messages
def main(
    network: Path,
    seeds: list[int] | None,
    projected_w: Path | None,
    count: int,
    layers: list[int] | None,
    strength: float,
    steps: int,
    class_number: int | None,
    trunc: float,
    noise_mode: NoiseMode,
    batch: int,
    device: str | None,
    outdir: Path,
    overwrite: bool,
) -> None:
    """Find directions along which a network's pictures change most, and show them on a contact sheet.

    The directions are computed from the network's weights in a moment (arXiv:2007.06600). What each one means - pose,
    size, colour - is seen on the sheet. Few layers give purer directions: try --layers 0-3, then 4-7, and so on.

    Writes directions.png: a line for each direction, the strongest first, with the strips of all pictures side by side.
    Writes directions.npz: "directions" and "strengths", and as "w" the latents of the sheet's pictures, line by line,
    for the --projected-w of this program, generate.py and interpolate.py.

    \b
    Examples:
      python directions.py --network runs/tiles --outdir found
      python directions.py --network runs/tiles --seeds 4,8-9 --trunc 0.7 --outdir those
      python directions.py --network runs/tiles --projected-w me/projected_w.npz --layers 0-3 --outdir mine
    """
    if seeds is None and projected_w is None:
        seeds = [0, 1, 2]
    check_sources(seeds, projected_w, class_number)
    refuse_existing("--outdir", [outdir / "directions.png", outdir / "directions.npz"], overwrite)
    generator = open_generator(network, device)
    ws = latents_of(generator, seeds, projected_w, trunc, class_number)
    directions = find_directions(generator, count, layers)
    moved = move_latents(ws, directions, even_shifts(generator, strength, steps))
    images = render_images(generator, moved.flatten(0, 2), noise_mode=noise_mode, batch=batch)
    outdir.mkdir(parents=True, exist_ok=True)
    write_png(contact_sheet(images.reshape(*moved.shape[:3], *images.shape[1:])), outdir / "directions.png")
    np.savez(
        outdir / "directions.npz",
        directions=directions.vectors.numpy(),
        strengths=directions.strengths.numpy(),
        w=moved.flatten(0, 2).cpu().numpy(),
    )
    click.echo(f"The contact sheet is {outdir / 'directions.png'}")


if __name__ == "__main__":
    main()
