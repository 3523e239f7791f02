"""Command line: turn a network of stylegan2-ada-pytorch into one of ours."""

from __future__ import annotations

from pathlib import Path

import click

from stylegan2.base.errors import OptionError
from stylegan2.cli import WIDE, errors_as_messages, with_options
from stylegan2.formats.network_file import DESCRIPTION_NAME, TENSORS_NAME, load_network, save_network
from stylegan2.options.row import INPUT_FILE, OUTPUT_FOLDER, REQUIRED, Row


@click.command(context_settings=WIDE)
@with_options(
    source = Row("--source", INPUT_FILE,    "FILE", REQUIRED,
        "The .pkl: a snapshot of stylegan2-ada-pytorch, or of a StyleGAN2 configuration of stylegan3."),
    dest   = Row("--dest",   OUTPUT_FOLDER, "DIR",  REQUIRED,
        f"Folder for {TENSORS_NAME} and {DESCRIPTION_NAME}; made if missing."),
)  # fmt: skip
@errors_as_messages
def main(source: Path, dest: Path) -> None:
    """Turn a network of stylegan2-ada-pytorch into one of ours.

    All numbers stay as they are, and nothing in the file is executed: a .pkl is a program, and one from a stranger can
    do anything when it is opened in the ordinary way. A file that asks for more than plain numbers is refused.

    The other programs read such a .pkl too, but start faster with the folder that this one writes.

    A network stays under the licence of whoever published it. NVIDIA's allow research and evaluation only.

    \b
    Examples:
      python import_network.py --source network-snapshot-001000.pkl --dest portraits
      python generate.py --network portraits --seeds 0-35 --outdir pictures
      python train.py --data cats.zip --outdir cats --transfer portraits
    """
    if any((dest / name).exists() for name in (TENSORS_NAME, DESCRIPTION_NAME)):
        raise OptionError(f"--dest: {dest} holds a network already; name another folder, or remove it first")
    if source.suffix != ".pkl":
        raise OptionError(f"--source: {source} is not a .pkl")
    network = load_network(source)
    path = save_network(dest, network.G_ema, network.D, network.meta, network.G)
    generator = network.G_ema
    labels = f"{generator.c_dim} labels" if generator.c_dim else "no labels"
    millions = sum(parameter.numel() for parameter in generator.parameters()) / 1e6
    side = generator.img_resolution
    click.echo(f"{path}: a generator of {side} x {side} pictures, {labels}, {millions:.1f} million weights")


if __name__ == "__main__":
    main()
