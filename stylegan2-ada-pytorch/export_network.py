"""Command line: turn a generator into one file that draws images without this package."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from stylegan2.base.whole_files import refuse_existing
from stylegan2.cli import WIDE, errors_as_messages, table, with_options
from stylegan2.formats.export import ExportNoise, export_generator
from stylegan2.formats.network_file import load_generator
from stylegan2.options.row import OUTPUT_FILE, REQUIRED, Row, one_of


@click.command(context_settings=WIDE)
@with_options(
    network    = table.NETWORK,
    dest       = Row(
        "--dest",
        OUTPUT_FILE,
        "FILE",
        REQUIRED,
        "The file to write: .pt for TorchScript (Python and C++), .pt2 for torch.export (Python; takes longer).",
    ),
    noise_mode = replace(table.NOISE_MODE, takes=one_of(ExportNoise), help="Fine grain: the network's own, or none."),
    overwrite  = table.OVERWRITE,
)  # fmt: skip
@errors_as_messages
def main(network: Path, dest: Path, noise_mode: ExportNoise, overwrite: bool) -> None:
    """Turn a generator into one file that draws pictures without this package.

    Only PyTorch is needed to use it. The file is called with latents z [N, z_dim], for a network with labels c
    [N, c_dim], and a truncation for every picture [N]; it returns pictures [N, C, R, R], about -1 to 1. Before the file
    gets its name, its pictures are compared with the network's own.

    \b
    Example:
      python export_network.py --network runs/tiles --dest tiles.pt
      python -c "import torch; draw = torch.jit.load('tiles.pt'); print(draw(torch.randn(4, 512), torch.ones(4)).shape)"
    """
    refuse_existing("--dest", [dest], overwrite)
    generator = load_generator(network)
    difference = export_generator(generator, dest, noise_mode)
    click.echo(f"{dest}: draws what {network} draws (largest difference {difference:.1e})")


if __name__ == "__main__":
    main()
