"""Networks as files: `network.safetensors` for the numbers and `network.json` for what they belong to.

`network.json` holds `{"format": "workshop-network/1", "generator": {...}, "discriminator": {...}, "training": {...}}`:
the arguments that build the networks, and what is known of their training (kimg, dataset, ...). The tensors are named
`G_ema.<name>`, `D.<name>` and, where the un-averaged generator was kept too, `G.<name>`. A file may hold the averaged
generator alone, if it is only to make images: then "discriminator" is null. Neither file can hold code, and both may
come from anyone: sizes, names and shapes are checked before a network is built.

Networks of stylegan2-ada-pytorch (`.pkl`) are read too, wherever one of ours is: see official_import.
"""

import inspect
import json
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from stylegan2.base.errors import NetworkFileError, OptionError
from stylegan2.base.whole_files import replacing_file, write_text_whole
from stylegan2.formats.official_import import read_official
from stylegan2.model.meta_init import MetaInit
from stylegan2.model.networks import Discriminator, Generator

T = TypeVar("T", Generator, Discriminator)

FORMAT = "workshop-network/1"
TENSORS_NAME = "network.safetensors"
DESCRIPTION_NAME = "network.json"
MAX_DESCRIPTION_BYTES = 1 << 20

# Bounds of what a description may ask for, so that a hostile one cannot exhaust the machine.
_BOUNDS: dict[str, tuple[int, int]] = {
    "z_dim": (1, 8192),
    "c_dim": (0, 65536),
    "w_dim": (1, 8192),
    "img_resolution": (4, 4096),
    "img_channels": (1, 4),
    "mapping_layers": (1, 64),
    "channel_base": (1, 1 << 20),
    "channel_max": (1, 8192),
    "mbstd_group_size": (1, 4096),
    "mbstd_channels": (0, 64),
    "base_height": (1, 16),
    "base_width": (1, 16),
}


@dataclass(frozen=True)
class LoadedNetwork:
    """What a network file holds, ready for use: in evaluation mode, on the CPU, without gradients."""

    G_ema: Generator
    """The averaged generator: the one that makes images."""
    D: Discriminator
    G: Generator | None
    """The un-averaged generator, for going on with the training; None where the file does not hold it."""
    meta: dict[str, Any]
    """The `training` part of the description: kimg, dataset, ..."""


def save_network(
    folder: Path,
    generator_ema: Generator,
    discriminator: Discriminator | None,
    training: dict[str, Any],
    generator: Generator | None = None,
) -> Path:
    """Write the two files into `folder` (made if missing), each at once, and return the path of the tensors.

    `training` must be plain JSON without infinities. Raises NetworkFileError where the disk refuses.
    """
    folder = Path(folder)
    description = {
        "format": FORMAT,
        "generator": generator_ema.init_kwargs,
        "discriminator": None if discriminator is None else discriminator.init_kwargs,
        "training": training,
    }
    text = json.dumps(description, indent=2, allow_nan=False)
    modules: list[tuple[str, nn.Module | None]] = [("G_ema", generator_ema), ("D", discriminator), ("G", generator)]
    tensors = {
        f"{prefix}.{name}": tensor.detach().to("cpu", torch.float32).contiguous()
        for prefix, module in modules
        if module is not None
        for name, tensor in module.state_dict().items()
    }
    tensors_path, description_path = folder / TENSORS_NAME, folder / DESCRIPTION_NAME
    try:
        with replacing_file(tensors_path) as partial:
            save_file(tensors, partial, metadata={"format": FORMAT})
        write_text_whole(description_path, text + "\n")
    except (OSError, SafetensorError) as error:
        raise NetworkFileError(f"{folder}: the network cannot be written: {error}") from error
    return tensors_path


def load_network(path: Path) -> LoadedNetwork:
    """Read a network from its folder, from its `.safetensors` file (the description lies beside it), or from a `.pkl`.

    Raises NetworkFileError, naming the file, if anything in it is not as it should be, or if it is a generator alone.
    """
    with _checked(path) as (content, blueprints):
        if "D" not in blueprints:
            raise NetworkFileError(
                f"{path}: holds a generator alone, which makes images; what is asked for here needs the discriminator, "
                f"too: give the network that lies beside it"
            )
        loaded: dict[str, Any] = {"G": None}
        loaded |= {prefix: _filled(network, prefix, content) for prefix, network in blueprints.items()}
        return LoadedNetwork(meta=content.description["training"], **loaded)


def read_meta(path: Path) -> dict[str, Any]:
    """Read what is known of a network's training from its folder. Raises NetworkFileError as `load_network` does."""
    meta: dict[str, Any] = _read_description(Path(path) / DESCRIPTION_NAME)["training"]
    return meta


def load_generator(path: Path) -> Generator:
    """Read the averaged generator alone, as `load_network` does: a half of the file or less is read.

    Raises NetworkFileError as `load_network` does, also for names and shapes of what is not read.
    """
    with _checked(path) as (content, blueprints):
        return cast(Generator, _filled(blueprints["G_ema"], "G_ema", content))


@dataclass(frozen=True)
class _Content:
    """What a file holds, before it is known whether the tensors belong to the description."""

    description: dict[str, Any]
    description_path: Path
    tensors_path: Path
    shapes: dict[str, list[int]]
    """Shapes by name, of all tensors but constant filters, which some writers store."""
    read: Callable[[str], Tensor]
    """Reads a tensor by its name."""


@contextmanager
def _checked(path: Path) -> Iterator[tuple[_Content, dict[str, Generator | Discriminator]]]:
    """Open a file, and yield it with networks on meta that its tensors fit: G_ema, and D and G if they are there."""
    path = Path(path)
    with _read_pickle(path) if path.suffix == ".pkl" and not path.is_dir() else _open_files(path) as content:
        description, where = content.description, content.description_path
        blueprints: dict[str, Generator | Discriminator] = {
            "G_ema": _build(Generator, description["generator"], "generator", where),
        }
        if description["discriminator"] is not None:
            blueprints["D"] = _build(Discriminator, description["discriminator"], "discriminator", where)
        if any(name.startswith("G.") for name in content.shapes):
            blueprints["G"] = _build(Generator, description["generator"], "generator", where)
        _check_tensors(content, blueprints)
        yield content, blueprints


@contextmanager
def _read_pickle(path: Path) -> Iterator[_Content]:
    official = read_official(path)
    parts = {"generator": official.generator, "discriminator": official.discriminator, "training": official.training}
    tensors = official.tensors
    yield _Content(
        parts, path, path, {name: list(tensor.shape) for name, tensor in tensors.items()}, tensors.__getitem__
    )


@contextmanager
def _open_files(path: Path) -> Iterator[_Content]:
    tensors_path = path / TENSORS_NAME if path.is_dir() else path
    if tensors_path.suffix != ".safetensors":
        raise NetworkFileError(
            f"{path}: not a network; give a folder with {TENSORS_NAME}, a .safetensors file, or a .pkl of "
            f"stylegan2-ada-pytorch"
        )
    description_path = tensors_path.with_suffix(".json")
    description = _read_description(description_path)
    try:
        with safe_open(tensors_path, framework="pt") as file:
            names = [name for name in file.keys() if not name.endswith(".resample_filter")]  # noqa: SIM118 - no mapping
            shapes = {name: file.get_slice(name).get_shape() for name in names}
            yield _Content(description, description_path, tensors_path, shapes, file.get_tensor)
    except OSError as error:
        raise NetworkFileError(f"{tensors_path}: the network cannot be read: {error}") from error
    except SafetensorError as error:
        raise NetworkFileError(f"{tensors_path}: not a safetensors file, or damaged: {error}") from error


def _filled(network: nn.Module, prefix: str, content: _Content) -> nn.Module:
    """Fill the network with the file's numbers, as float32: copies, since the file may change or shrink meanwhile."""
    numbers = {name: content.read(f"{prefix}.{name}").to(torch.float32, copy=True) for name in network.state_dict()}
    network.load_state_dict(numbers, assign=True)
    return network.eval().requires_grad_(False)


def _read_description(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MAX_DESCRIPTION_BYTES:
            raise NetworkFileError(f"{path}: too large for a network's description")
        description = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise NetworkFileError(f"{path}: the network's description cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise NetworkFileError(f"{path}: not valid JSON: {error}") from error
    if not isinstance(description, dict) or description.get("format") != FORMAT:
        raise NetworkFileError(f"{path}: not a network's description; its format must be {FORMAT!r}")
    for part in ("generator", "discriminator", "training"):
        is_left_out = part == "discriminator" and description.get(part, {}) is None
        if not isinstance(description.get(part), dict) and not is_left_out:
            raise NetworkFileError(f"{path}: the part {part!r} is missing or no object")
    return description


def _build(kind: type[T], arguments: dict[str, Any], part: str, path: Path) -> T:
    """Return the network without storage for its numbers: enough to compare names and shapes, and to be filled."""
    known = set(inspect.signature(kind).parameters)
    for name, value in arguments.items():
        if name not in known:
            raise NetworkFileError(f"{path}: {part} has the unknown argument {name!r}")
        lowest, highest = _BOUNDS.get(name, (0, 0))
        if name in _BOUNDS and (type(value) is not int or not lowest <= value <= highest):
            raise NetworkFileError(f"{path}: {part}.{name} must be a whole number {lowest} to {highest}, not {value!r}")
        if name == "conv_clamp" and value is not None and not _is_positive_number(value):
            raise NetworkFileError(f"{path}: {part}.conv_clamp must be null or a positive number, not {value!r}")
    try:
        with MetaInit():
            return kind(**arguments)
    except (OptionError, TypeError) as error:
        raise NetworkFileError(f"{path}: {part} cannot be built: {error}") from error


def _is_positive_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value > 0


def _check_tensors(content: _Content, networks: Mapping[str, nn.Module]) -> None:
    """Refuse a file whose names or shapes are not exactly those of the networks."""
    found, path = content.shapes, content.tensors_path
    described = "its own arguments" if path == content.description_path else content.description_path.name
    expected = {
        f"{prefix}.{name}": list(tensor.shape)
        for prefix, network in networks.items()
        for name, tensor in network.state_dict().items()
    }
    missing, extra = sorted(expected.keys() - found.keys()), sorted(found.keys() - expected.keys())
    wrong = [name for name in expected if name in found and found[name] != expected[name]]
    for problem, names in (("lacks", missing), ("has the unexpected", extra), ("has another shape for", wrong)):
        if names:
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            raise NetworkFileError(f"{path}: does not match {described}: it {problem} tensor {names[0]}{more}")
