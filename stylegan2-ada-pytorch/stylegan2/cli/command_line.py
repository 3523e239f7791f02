"""What the command line programs for finished networks share: number ranges, devices, networks, PNG files."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ParamSpec, TypeVar

import click
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from stylegan2.base.errors import ModelError
from stylegan2.formats.network_file import LoadedNetwork, load_generator, load_network
from stylegan2.model.networks import Generator
from stylegan2.model.performance import move_to_device
from stylegan2.synthesis.latents import load_ws, seed_ws

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

_RANGE = re.compile(r"(\d{1,10})(?:-(\d{1,10}))?", re.ASCII)
_MOST_NUMBERS = 100_000


class NumberList(click.ParamType[list[int]]):
    """Whole numbers such as "3", "1,5,9" or "0-99,200-210", in the order given."""

    name = "numbers"

    def convert(self, value: str | list[int], param: click.Parameter | None, ctx: click.Context | None) -> list[int]:
        """Return the numbers, or end the program with a sentence about the part that is wrong."""
        if isinstance(value, list):
            return value
        numbers: list[int] = []
        for part in value.split(","):
            match = _RANGE.fullmatch(part.strip())
            if match is None:
                self.fail(f"{part!r} is neither a whole number nor a range such as 0-9", param, ctx)
            first, last = int(match[1]), int(match[2] or match[1])
            if last < first:
                self.fail(f"the range {part!r} runs backwards", param, ctx)
            if len(numbers) + last - first >= _MOST_NUMBERS:
                self.fail(f"{value!r} asks for more than {_MOST_NUMBERS} numbers", param, ctx)
            numbers += range(first, last + 1)
        return numbers


NUMBERS = NumberList()

network_option = click.option(
    "--network",
    type=click.Path(path_type=Path, exists=True),
    required=True,
    help="Folder with network.safetensors and network.json, or the .safetensors file.",
)
projected_w_option = click.option(
    "--projected-w",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Take the latents in this file of projector.py or directions.py, instead of seeds.",
)
truncation_option = click.option(
    "--trunc",
    type=click.FloatRange(-2, 2),
    metavar="PSI",
    default=1.0,
    show_default=True,
    help="Variety: 1 all that was learned; towards 0 more alike and cleaner, 0 the mean picture.",
)
noise_option = click.option(
    "--noise-mode",
    type=click.Choice(["const", "random", "none"]),
    default="const",
    show_default=True,
    help="Fine grain: the network's own, fresh, or none.",
)
batch_option = click.option(
    "--batch", type=click.IntRange(1, 1024), default=8, show_default=True, help="Pictures computed at once."
)
class_option = click.option(
    "--class",
    "class_number",
    type=click.IntRange(min=0),
    metavar="NUMBER",
    help="What to draw, from 0, with a network that was trained with labels.",
)
device_option = click.option("--device", metavar="NAME", help="cpu, cuda, cuda:1 ...  [default: a GPU if there is one]")
outdir_option = click.option(
    "--outdir", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder for the results."
)

overwrite_option = click.option("--overwrite", is_flag=True, help="Replace files of the same names that are there.")


def errors_as_messages(program: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Decorate a program so that the package's errors, and a full disk, end it with one line and no traceback."""

    @functools.wraps(program)
    def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        try:
            return program(*args, **kwargs)
        except ModelError as error:
            raise click.ClickException(str(error)) from error
        except OSError as error:
            raise click.ClickException(f"{error.filename or 'A file'} cannot be used: {error.strerror}.") from error

    return run


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
    """Write one image [H, W, 1, 3 or 4]. Compressed lightly: that is four times as fast and hardly larger."""
    Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels).save(path, compress_level=1)
