"""Makes the base network that is shipped: `make base-network` (45 minutes on one core).

It learns 32-pixel portraits of `local_aws.drawings` from scratch, with their colours exchanged: people with green or
purple skin. The demo fine-tunes it on portraits of other people, in their own colours. The result depends on torch's
version in the last bits.
"""

import dataclasses
import logging
import os
import sys
import tempfile
import zlib
from pathlib import Path

from PIL import Image

from local_aws import ROOT
from local_aws.drawings import write_drawings
from stylegan2.data.preparation import prepare_images
from stylegan2.formats.network_file import load_network, save_network
from stylegan2.options.training import TrainingChoices
from stylegan2.training import train
from stylegan2.training.training_options import resolve_options

TARGET = ROOT / "stylegan2-ada-pytorch" / "base" / "fantasy32"
PORTRAITS = 6_000
SEED = 1_000_000  # far from the demo's portraits
DRAWN_AT, RESOLUTION = 128, 32  # pixels
DATASET = "portraits in fantasy colours"
LICENSE = "Apache-2.0"
KIMG = 112
EMA_KIMG = 2.0  # a long training can afford a longer average than the preset's


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    # Kept, so that an interrupted training goes on where it was.
    work = Path(os.environ.get("WORK", tempfile.gettempdir())) / "base-network"
    data = work / "portraits.zip"
    if not data.exists():
        _draw(work / "drawings")
        prepare_images(work / "drawings", data, resolution=RESOLUTION)
    options = resolve_options(
        TrainingChoices(
            data=data,
            outdir=work / "training",
            checkpoint_dir=work / "checkpoints",
            preset="laptop",
            kimg=KIMG,
            aug="noaug",  # with so many drawings nothing is learned by heart
            tick_kimg=2,
        )
    )
    train(dataclasses.replace(options, settings=dataclasses.replace(options.settings, ema_kimg=EMA_KIMG)))
    network = load_network(options.outdir)
    TARGET.mkdir(parents=True, exist_ok=True)
    save_network(TARGET, network.G_ema, network.D, {**network.meta, "dataset": DATASET, "license": LICENSE})


def _draw(folder: Path) -> None:
    write_drawings(folder, kind="faces", count=PORTRAITS, size=DRAWN_AT, seed=SEED)
    for file in folder.iterdir():
        _exchange_colours(file)


def _exchange_colours(file: Path) -> None:
    """Red becomes green, green blue and blue red, or the other way round."""
    with Image.open(file) as portrait:
        red, green, blue = portrait.convert("RGB").split()
    bands = (blue, red, green) if zlib.crc32(file.name.encode()) % 2 else (green, blue, red)
    Image.merge("RGB", bands).save(file)


if __name__ == "__main__":
    main()
