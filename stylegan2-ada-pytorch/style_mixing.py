"""Command line: mix the styles of pairs of images."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import click

from stylegan2.base.whole_files import refuse_existing
from stylegan2.cli import WIDE, errors_as_messages, table, with_options
from stylegan2.cli.networks import open_generator, write_png
from stylegan2.cli.values import NUMBERS
from stylegan2.model.networks import NoiseMode
from stylegan2.options.row import REQUIRED, Row
from stylegan2.synthesis import mix_styles


@click.command(context_settings=WIDE)
@with_options(
    network      = table.NETWORK,
    rows         = Row("--rows",   NUMBERS, "LIST", REQUIRED,
        'Seeds of the rows, for example "0-3".'),
    cols         = Row("--cols",   NUMBERS, "LIST", REQUIRED,
        'Seeds of the columns, for example "5,8-10".'),
    styles       = Row("--styles", NUMBERS, "LIST", None,
        "Layers that come from the column; the first ones hold pose and shape, the last ones colours.  "
        "[default: the first half, which is 0-6 at 256 pixels]"),
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
    rows: list[int],
    cols: list[int],
    styles: list[int] | None,
    class_number: int | None,
    trunc: float,
    noise_mode: NoiseMode,
    batch: int,
    device: str | None,
    outdir: Path,
    overwrite: bool,
) -> None:
    """Mix the styles of pairs of pictures.

    Every picture of the grid is the one of its row's seed, in which some layers are exchanged for those of its column's
    seed. With the default layers it has the column's pose and shape in the row's colours. Writes ROW-COLUMN.png for
    every pair, SEED-SEED.png for every seed by itself, and grid.png with all of them.

    \b
    Example:
      python style_mixing.py --network runs/tiles --rows 0-3 --cols 10-15 --trunc 0.7 --outdir mixed
    """
    generator = open_generator(network, device)
    pairs = [*zip(rows, rows, strict=True), *zip(cols, cols, strict=True), *product(rows, cols)]
    files = [outdir / "grid.png", *(outdir / f"{row}-{column}.png" for row, column in pairs)]
    refuse_existing("--outdir", files, overwrite)
    grid = mix_styles(
        generator,
        rows,
        cols,
        styles=styles,
        truncation_psi=trunc,
        noise_mode=noise_mode,
        batch=batch,
        class_number=class_number,
    )
    outdir.mkdir(parents=True, exist_ok=True)
    for seed, pixels in [*zip(rows, grid.rows, strict=True), *zip(cols, grid.columns, strict=True)]:
        write_png(pixels, outdir / f"{seed}-{seed}.png")
    for row, line in zip(rows, grid.mixed, strict=True):
        for column, pixels in zip(cols, line, strict=True):
            write_png(pixels, outdir / f"{row}-{column}.png")
    write_png(grid.sheet(), outdir / "grid.png")
    click.echo(f"The grid is in {outdir / 'grid.png'}")


if __name__ == "__main__":
    main()
