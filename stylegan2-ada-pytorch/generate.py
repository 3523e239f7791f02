"""Command line: draw images with a trained network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from stylegan2.base.whole_files import refuse_existing
from stylegan2.cli import WIDE, errors_as_messages, table, with_options
from stylegan2.cli.networks import check_sources, open_generator, write_png
from stylegan2.model.networks import NoiseMode
from stylegan2.synthesis import generate_images, render_images
from stylegan2.synthesis.latents import load_ws


@click.command(context_settings=WIDE)
@with_options(
    network      = table.NETWORK,
    seeds        = replace(table.SEEDS, help='One picture for each, for example "0-35" or "1,5,9-12".'),
    projected_w  = table.PROJECTED_W,
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
    class_number: int | None,
    trunc: float,
    noise_mode: NoiseMode,
    batch: int,
    device: str | None,
    outdir: Path,
    overwrite: bool,
) -> None:
    """Draw pictures with a trained network.

    Every seed stands for one picture: the same seed gives the same picture again, whichever others are drawn with it.
    Writes seed0000.png, seed0001.png ... (or, with --projected-w, proj00.png ...).

    \b
    Examples:
      python generate.py --network runs/tiles --seeds 0-35 --trunc 0.7 --outdir pictures
      python generate.py --network runs/letters --seeds 0-35 --class 2 --outdir letters
      python generate.py --network runs/tiles --projected-w found/projected_w.npz --outdir friends
    """
    check_sources(seeds, projected_w, class_number)
    generator = open_generator(network, device)
    if projected_w is not None:
        ws = load_ws(projected_w, generator)
        files = [outdir / f"proj{number:02d}.png" for number in range(len(ws))]
    else:
        files = [outdir / f"seed{seed:04d}.png" for seed in seeds or []]
    refuse_existing("--outdir", files, overwrite)
    outdir.mkdir(parents=True, exist_ok=True)
    if projected_w is not None:
        for file, pixels in zip(files, render_images(generator, ws, noise_mode=noise_mode, batch=batch), strict=True):
            write_png(pixels, file)
    if seeds is not None:
        with click.progressbar(length=len(seeds), label="Drawing", show_pos=True) as bar:
            for start in range(0, len(seeds), batch):
                some = seeds[start : start + batch]
                images = generate_images(
                    generator,
                    some,
                    truncation_psi=trunc,
                    noise_mode=noise_mode,
                    batch=batch,
                    class_number=class_number,
                )
                for seed, pixels in zip(some, images, strict=True):
                    write_png(pixels, outdir / f"seed{seed:04d}.png")
                bar.update(len(some))
    click.echo(f"The pictures are in {outdir}")


if __name__ == "__main__":
    main()
