"""Command line: find directions along which a network's images change."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click
import numpy as np

from stylegan2.base.machine_made import save_marked
from stylegan2.base.whole_files import refuse_existing
from stylegan2.cli import WIDE, errors_as_messages, table, with_options
from stylegan2.cli.networks import check_sources, latents_of, open_generator
from stylegan2.cli.values import NUMBERS
from stylegan2.model.networks import NoiseMode
from stylegan2.options.row import Row, above, whole
from stylegan2.synthesis import render_images
from stylegan2.synthesis.directions import even_shifts, find_directions, move_latents
from stylegan2.synthesis.labelled_sheet import labelled_sheet


@click.command(context_settings=WIDE)
@with_options(
    network      = table.NETWORK,
    seeds        = replace(table.SEEDS, help="Pictures to change.  [default: 0-2]"),
    projected_w  = table.PROJECTED_W,
    count        = Row("--count",    whole(1, 512), None,   8,
        "Directions, from the one that changes most."),
    layers       = Row("--layers",   NUMBERS,       "LIST", None,
        "Layers to change; the first ones hold pose and shape, the last ones colours.  [default: all]"),
    strength     = Row("--strength", above(0, 10),  None,   0.5,
        "How far to go, both ways; 1 is as far as latents are from the mean one, on average."),
    steps        = Row("--steps",    whole(2, 100), None,   5,
        "Pictures along a direction; of an odd number the middle one is unchanged."),
    class_number = table.CLASS,
    trunc        = table.TRUNC,
    noise_mode   = table.NOISE_MODE,
    batch        = table.BATCH,
    device       = table.DEVICE,
    outdir       = table.OUTDIR,
    overwrite    = table.OVERWRITE,
)  # fmt: skip
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

    Writes directions.png: a line for each direction, the strongest first, with the strips of all pictures side by side,
    and above them how far each has gone.
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
    shifts = np.linspace(-strength, strength, steps).tolist()
    sheet = labelled_sheet(images.reshape(*moved.shape[:3], *images.shape[1:]), shifts)
    save_marked(sheet, outdir / "directions.png", "PNG", compress_level=1)
    np.savez(
        outdir / "directions.npz",
        directions=directions.vectors.numpy(),
        strengths=directions.strengths.numpy(),
        w=moved.flatten(0, 2).cpu().numpy(),
    )
    click.echo(f"The contact sheet is {outdir / 'directions.png'}")


if __name__ == "__main__":
    main()
