"""Makes the base network that is shipped: `make base-network` (about half an hour on two cores).

It learns 32-pixel drawings of `local_aws.drawings` from scratch: first animal masks together with portraits of people
whose colours are exchanged (green or purple skin), then these portraits alone. The demo fine-tunes it on portraits in
their own colours that are not among them. The result depends on torch's version in the last bits.
"""

import dataclasses
import logging
import os
import sys
import tempfile
import zlib
from dataclasses import dataclass
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
EMA_KIMG = 2.0  # a long training can afford a longer average than the preset's


@dataclass(frozen=True)
class Stage:
    """A stretch of the training: what is learned, and for how many thousand images."""

    name: str
    kinds: tuple[str, ...]
    kimg: float


STAGES = (Stage("both", ("masks", "faces"), 36), Stage("portraits", ("faces",), 40))


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    # Kept, so that an interrupted training goes on where it was.
    work = Path(os.environ.get("WORK", tempfile.gettempdir())) / "base-network"
    trained: Path | None = None
    for stage in STAGES:
        trained = _train(stage, work / stage.name, trained)
    network = load_network(work / STAGES[-1].name)
    TARGET.mkdir(parents=True, exist_ok=True)
    save_network(TARGET, network.G_ema, network.D, {**network.meta, "dataset": DATASET})


def _train(stage: Stage, work: Path, before: Path | None) -> Path:
    """Train one stage, beginning with the network of the one before; return the folder of its network."""
    data = work.with_suffix(".zip")
    if not data.exists():
        _draw(stage.kinds, work / "drawings")
        prepare_images(work / "drawings", data, resolution=RESOLUTION)
    options = resolve_options(
        data=data,
        outdir=work,
        checkpoint_dir=work / "checkpoints",
        preset="laptop",
        kimg=stage.kimg,
        aug="noaug",  # with so many drawings nothing is learned by heart
        tick_kimg=2,
        transfer=before,
    )
    options = dataclasses.replace(options, settings=dataclasses.replace(options.settings, ema_kimg=EMA_KIMG))
    train(options)
    return work


def _draw(kinds: tuple[str, ...], folder: Path) -> None:
    for kind in kinds:
        write_drawings(folder / kind, kind=kind, count=DRAWINGS, size=DRAWN_AT, seed=SEED)
    for file in (folder / "faces").iterdir():
        _exchange_colours(file)


def _exchange_colours(file: Path) -> None:
    """Red becomes green, green blue and blue red, or the other way round."""
    with Image.open(file) as portrait:
        red, green, blue = portrait.convert("RGB").split()
    bands = (blue, red, green) if zlib.crc32(file.name.encode()) % 2 else (green, blue, red)
    Image.merge("RGB", bands).save(file)


if __name__ == "__main__":
    main()
