"""Makes the base network that is shipped: `make base-network` (about half an hour on two cores).

It learns 32-pixel drawings of `local_aws.drawings` from scratch: animal masks, and portraits of people with blue or
green skin, whose colours are exchanged. The demo fine-tunes it on portraits that are not among them. The result does
not depend on the machine's speed, but on torch's version in the last bits.
"""

import dataclasses
import logging
import os
import sys
import tempfile
import zlib
from pathlib import Path

from PIL import Image

from local_aws import rooms  # noqa: F401  (makes `stylegan2` importable)
from local_aws.drawings import write_drawings
from local_aws.rooms import ROOT
from stylegan2.network_file import load_network, save_network
from stylegan2.options import resolve_options
from stylegan2.preparation import prepare_images
from stylegan2.training import train

TARGET = ROOT / "stylegan2-ada-pytorch" / "base" / "fantasy32"
DRAWINGS = 6_000  # of each kind
SEED = 1_000_000  # far from the demo's portraits
DRAWN_AT, RESOLUTION = 128, 32  # pixels
DATASET = "animal masks and portraits in fantasy colours"
KIMG = 120.0
EMA_KIMG = 2.0  # a long training can afford a longer average than the preset's


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    # Beside the target, so that an interrupted training goes on where it was.
    work = Path(os.environ.get("WORK", tempfile.gettempdir())) / "base-network"
    data = work / "fantasy.zip"
    if not data.exists():
        for kind in ("masks", "faces"):
            write_drawings(work / "drawings" / kind, kind=kind, count=DRAWINGS, size=DRAWN_AT, seed=SEED)
        for file in (work / "drawings" / "faces").iterdir():
            _exchange_colours(file)
        prepare_images(work / "drawings", data, resolution=RESOLUTION)
    options = resolve_options(
        data=data,
        outdir=work / "out",
        checkpoint_dir=work / "checkpoints",
        preset="laptop",
        kimg=KIMG,
        aug="noaug",  # with so many drawings nothing is learned by heart
        tick_kimg=2,
    )
    options = dataclasses.replace(options, settings=dataclasses.replace(options.settings, ema_kimg=EMA_KIMG))
    train(options)
    trained = load_network(work / "out")
    TARGET.mkdir(parents=True, exist_ok=True)
    save_network(TARGET, trained.G_ema, trained.D, {**trained.meta, "dataset": DATASET})


def _exchange_colours(file: Path) -> None:
    """Red becomes green, green blue and blue red, or the other way round."""
    with Image.open(file) as portrait:
        red, green, blue = portrait.convert("RGB").split()
    bands = (blue, red, green) if zlib.crc32(file.name.encode()) % 2 else (green, blue, red)
    Image.merge("RGB", bands).save(file)


if __name__ == "__main__":
    main()
