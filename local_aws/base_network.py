"""Makes the base network that is shipped: `python -m local_aws.base_network` (about an hour on two cores; `make base-network`).

It learns 64-pixel animal masks, drawn by `local_aws.drawings`, from scratch. The demo fine-tunes it on portraits, which are other
drawings by other rules. The result does not depend on the machine's speed, but on torch's version in the last bits.
"""

import dataclasses
import logging
import os
import sys
import tempfile
from pathlib import Path

from local_aws import rooms  # noqa: F401  (makes `stylegan2` importable)
from local_aws.drawings import write_drawings
from local_aws.rooms import ROOT
from stylegan2.network_file import load_network, save_network
from stylegan2.options import resolve_options
from stylegan2.preparation import prepare_images
from stylegan2.training import train

TARGET = ROOT / "stylegan2-ada-pytorch" / "base" / "masks64"
DRAWINGS = 12_000
RESOLUTION = 64
KIMG = 120.0
EMA_KIMG = 2.0  # a long training can afford a longer average than the preset's


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    # Beside the target, so that an interrupted training goes on where it was.
    work = Path(os.environ.get("WORK", tempfile.gettempdir())) / "base-network"
    data = work / "masks.zip"
    if not data.exists():
        write_drawings(work / "masks", kind="masks", count=DRAWINGS, size=2 * RESOLUTION, seed=1_000_000)
        prepare_images(work / "masks", data, resolution=RESOLUTION)
    options = resolve_options(
        data=data, outdir=work / "out", checkpoint_dir=work / "checkpoints", preset="laptop", kimg=KIMG, tick_kimg=2
    )
    options = dataclasses.replace(options, settings=dataclasses.replace(options.settings, ema_kimg=EMA_KIMG))
    train(options)
    trained = load_network(work / "out")
    TARGET.mkdir(parents=True, exist_ok=True)
    save_network(TARGET, trained.G_ema, trained.D, {**trained.meta, "dataset": "animal masks"})


if __name__ == "__main__":
    main()
