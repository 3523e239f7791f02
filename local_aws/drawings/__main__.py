"""Command line: write drawings to train on."""

from __future__ import annotations

from pathlib import Path

import click

from local_aws.drawings.sample_drop import DRAW, write_drawings


@click.command(context_settings={"max_content_width": 110})
@click.option("--kind", type=click.Choice(tuple(DRAW)), required=True, help="What to draw.")
@click.option("--count", type=click.IntRange(min=1), metavar="N", default=1000, show_default=True, help="How many.")
@click.option(
    "--size", type=click.IntRange(8, 2048), metavar="PIXELS", default=128, show_default=True, help="Side of each."
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Number of the first drawing.")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder for the PNG files."
)
def main(kind: str, count: int, size: int, seed: int, out: Path) -> None:
    """Write drawings to train on: portraits, or animal masks in flat colours.

    Nothing is downloaded; the same numbers always give the same pictures.

    \b
    Example:
      python -m local_aws.drawings --kind masks --count 3000 --size 64 --out masks
      python stylegan2-ada-pytorch/dataset_tool.py --source masks --dest masks-64.zip --resolution 64
    """
    write_drawings(out, kind=kind, count=count, size=size, seed=seed)
    click.echo(f"{count} {kind} of {size} x {size} pixels are in {out}")


if __name__ == "__main__":
    main()
