"""What the programs for finished networks do alike: open a network, read latents, write a PNG."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from stylegan2.base.machine_made import save_marked
from stylegan2.formats.network_file import LoadedNetwork, load_generator, load_network
from stylegan2.model.networks import Generator
from stylegan2.model.performance import move_to_device
from stylegan2.synthesis.latents import load_ws, seed_ws
from stylegan2.synthesis.video import as_image


def open_network(path: Path, device: str | None) -> LoadedNetwork:
    """Load a network onto the device asked for, or onto a GPU if there is one; see `open_generator`.

    Raises:
        NetworkFileError: it cannot be read.
        click.BadParameter: there is no such device.
    """
    network = load_network(path)
    _move([network.G_ema, network.D], device)
    return network


def open_generator(path: Path, device: str | None) -> Generator:
    """Load the generator that makes images, without the rest of the network; see `open_network` for the errors.

    A CPU gets the convolutions' weights laid out as it convolves faster, and keeps the memory that it computes with.
    """
    generator = load_generator(path)
    _move([generator], device)
    return generator


def _move(networks: Sequence[nn.Module], device: str | None) -> None:
    name = device or ("cuda" if torch.cuda.is_available() else "cpu")
    try:
        move_to_device(networks, name)
    except (RuntimeError, AssertionError) as error:
        raise click.BadParameter(f"{name!r} cannot be used on this machine", param_hint="--device") from error


def check_sources(seeds: list[int] | None, projected_w: Path | None, class_number: int | None) -> None:
    """Check that the user names images in one way.

    Raises:
        click.UsageError: there are seeds and a file or neither, or there is a class for latents that have one already.
    """
    if (seeds is None) == (projected_w is None):
        raise click.UsageError("Give either --seeds or --projected-w.")
    if projected_w is not None and class_number is not None:
        raise click.UsageError("--class goes with --seeds: the latents of --projected-w have a class already.")


def latents_of(
    generator: Generator, seeds: list[int] | None, projected_w: Path | None, trunc: float, class_number: int | None
) -> Tensor:
    """Return the latents [N, num_ws, w_dim] that the user names, by seeds or in a file; see `check_sources`.

    Raises:
        LatentFileError: the file cannot be used.
        OptionError: the seeds or the class cannot be used.
    """
    if projected_w is not None:
        return load_ws(projected_w, generator)
    with torch.inference_mode():
        return seed_ws(generator, seeds or [], truncation_psi=trunc, class_number=class_number)


def write_png(pixels: NDArray[np.uint8], path: Path) -> None:
    """Write a picture [H, W, 1, 3 or 4] with the mark of what a machine made. Compressed lightly: that is four times as
    fast and hardly larger."""
    save_marked(as_image(pixels), path, "PNG", compress_level=1)
