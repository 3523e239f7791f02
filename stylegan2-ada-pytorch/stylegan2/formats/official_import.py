"""Networks of stylegan2-ada-pytorch, and of stylegan3's StyleGAN2 configurations, in the words of this package.

Names of tensors are the same in both. What differs is how a network says what it is: those files hold the arguments of
every class. Each argument is either one of ours, or has no effect on the numbers at full precision, or must have the
one value that this package computes with; any other is refused, because the network would draw other images.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from stylegan2.base.errors import NetworkFileError
from stylegan2.formats.official_pickle import SavedModule, SavedTensor, read_official_pickle
from stylegan2.formats.pickle_machine import shown_value
from stylegan2.model.ops import make_filter

_DEEPEST = 8
_MOST_MODULES = 4096
_FILTER = ".resample_filter"
_PART_NAME = re.compile(r"\w{1,64}", re.ASCII)


@dataclass(frozen=True)
class OfficialNetwork:
    """The three parts of a network description (see network_file), and the tensors that belong to it."""

    generator: dict[str, Any]
    discriminator: dict[str, Any]
    training: dict[str, Any]
    tensors: dict[str, Tensor]
    """Tensors in float32, named `G_ema.<name>`, `D.<name>`, `G.<name>`."""


# How their arguments are to be understood: each place has values that it may only have, and arguments without effect
# here. A name that is in neither is refused.

_LAYERS_ONLY: dict[str, list[Any]] = {"activation": ["lrelu"], "resample_filter": [[1, 3, 3, 1]]}
_GENERATOR_ONLY: dict[str, list[Any]] = {**_LAYERS_ONLY, "architecture": ["skip"], "use_noise": [True]}
_PRECISION = {"num_fp16_res", "fp16_channels_last", "use_fp16", "fused_modconv_default"}
_MAPPING_FREE = {
    "embed_features", "layer_features",  # the shapes of the tensors say it
    "w_avg_beta",  # counts in training only
    "lr_multiplier",  # see _adapt_mapping
}  # fmt: skip
_SHAPE_DEFAULTS = {"channel_base": 32768, "channel_max": 512}
_LR_MULTIPLIER = 0.01  # of the mapping networks in `networks`


def read_official(path: Path) -> OfficialNetwork:
    """Read a `.pkl`. Names and shapes of the tensors are not compared with the networks here.

    Raises NetworkFileError, naming the file, if it is no such network, or one that this package cannot compute.
    """
    content = read_official_pickle(path)
    if not isinstance(content, dict):
        raise NetworkFileError(f"{path}: not a network of stylegan2-ada-pytorch: it holds {shown_value(content)}")
    tensors: dict[str, Tensor] = {}
    modules: dict[str, SavedModule] = {}
    budget = _Bytes(path)
    for part, class_name in (("G_ema", "Generator"), ("D", "Discriminator"), ("G", "Generator")):
        module = content.get(part)
        if module is None and part == "G":
            continue
        if not isinstance(module, SavedModule) or module.class_name != class_name:
            held = module.class_name if isinstance(module, SavedModule) else module
            raise NetworkFileError(f"{path}: its part {part!r} is not a {class_name}, but {shown_value(held)}")
        modules[part] = module
        tensors |= _tensors(module, part, budget, path)
    reader = _ArgumentReader(path)
    generator, discriminator = reader.generator(modules["G_ema"]), reader.discriminator(modules["D"])
    if "G" in modules and reader.generator(modules["G"]) != generator:
        raise NetworkFileError(f"{path}: its parts 'G' and 'G_ema' were built with different arguments")
    for part, module in modules.items():
        _adapt_mapping(tensors, f"{part}.mapping.fc", reader.mapping_multiplier(module) / _LR_MULTIPLIER)
    return OfficialNetwork(generator, discriminator, _training(content, path), tensors)


def _adapt_mapping(tensors: dict[str, Tensor], prefix: str, factor: float) -> None:
    """Give mapping layers of another learning rate multiplier ours: what they compute has weight times multiplier."""
    for name in tensors:
        if factor != 1 and name.startswith(prefix):
            tensors[name] = tensors[name] * factor


def _training(content: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """Return the little that these files say of their training."""
    training: dict[str, Any] = {"imported_from": path.name}
    match content.get("training_set_kwargs"):
        case {"path": str(dataset)}:
            name = re.split(r"[/\\]", dataset[-1000:].rstrip("/\\"))[-1].removesuffix(".zip")
            if re.fullmatch(r"[\w .-]{1,100}", name):
                training["dataset"] = name
    return training


# Tensors ------------------------------------------------------------------------------------------------------------


class _Bytes:
    """How much room the tensors may take: a file can name a large one many times. Half precision becomes single."""

    def __init__(self, path: Path) -> None:
        self._left = 2 * path.stat().st_size
        self._path = path

    def spend(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise NetworkFileError(f"{self._path}: its tensors are larger than the file: some are named many times")


def _walk(module: SavedModule, path: Path) -> Iterator[tuple[str, SavedModule]]:
    """Yield a module and all within it, with their dotted names; only so many, as a file can nest without end."""
    waiting = [("", module)]
    visited = 0
    while waiting:
        name, current = waiting.pop()
        visited += 1
        if visited > _MOST_MODULES or name.count(".") >= _DEEPEST:
            raise NetworkFileError(f"{path}: its modules are nested deeper or wider than any network's")
        yield name, current
        for child, value in _attribute(current, "_modules", path).items():
            if isinstance(value, SavedModule) and _PART_NAME.fullmatch(child):
                waiting.append((f"{name}.{child}" if name else child, value))
            elif value is not None:
                raise NetworkFileError(
                    f"{path}: its module {shown_value(child)} is {shown_value(value)}, where only modules can be"
                )


def _attribute(module: SavedModule, name: str, path: Path) -> dict[str, Any]:
    value = module.state.get(name, {})
    if not isinstance(value, dict):
        raise NetworkFileError(
            f"{path}: {name} of a {shown_value(module.class_name)} is {shown_value(value)}, not a dictionary"
        )
    return value


def _tensors(module: SavedModule, part: str, budget: _Bytes, path: Path) -> dict[str, Tensor]:
    """Parameters and buffers (a frozen layer has buffers only), without the filters, which are compared with ours."""
    tensors: dict[str, Tensor] = {}
    for name, current in _walk(module, path):
        held = {**_attribute(current, "_parameters", path), **_attribute(current, "_buffers", path)}
        for short, value in held.items():
            if value is None:
                continue
            full = f"{part}.{name}.{short}" if name else f"{part}.{short}"
            if not isinstance(value, SavedTensor) or not _PART_NAME.fullmatch(short):
                raise NetworkFileError(
                    f"{path}: {shown_value(full)} is {shown_value(value)}, where only tensors can be"
                )
            budget.spend(4 * math.prod(value.shape))
            tensor = torch.from_numpy(value.numpy())
            if not full.endswith(_FILTER):
                tensors[full] = tensor
            elif tensor.shape != (4, 4) or not torch.allclose(tensor, make_filter(), atol=1e-6):
                raise NetworkFileError(f"{path}: {full} is another filter than [1, 3, 3, 1], which is not supported")
    return tensors


# Arguments ----------------------------------------------------------------------------------------------------------


class _ArgumentReader:
    """Turns the arguments of their classes into those of ours."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def generator(self, module: SavedModule) -> dict[str, Any]:
        given = self._given(module)
        mapping = self._nested(given, "mapping_kwargs")
        # stylegan3 gives the synthesis network's arguments beside the others.
        synthesis = {**self._nested(given, "synthesis_kwargs"), **given}
        ours = self._taken(synthesis, "z_dim", "c_dim", "w_dim", "img_resolution", "img_channels")
        ours |= {name: synthesis.pop(name, default) for name, default in _SHAPE_DEFAULTS.items()}
        ours["mapping_layers"] = mapping.pop("num_layers", self._mapping_layers(module))
        ours["conv_clamp"] = self._conv_clamp(module, synthesis)
        self._check_mapping(mapping)
        self._check(synthesis, "synthesis_kwargs", _GENERATOR_ONLY, _PRECISION)
        return self._plain(ours)

    def discriminator(self, module: SavedModule) -> dict[str, Any]:
        given = self._given(module)
        mapping, block = self._nested(given, "mapping_kwargs"), self._nested(given, "block_kwargs")
        epilogue = self._nested(given, "epilogue_kwargs")
        ours = self._taken(given, "c_dim", "img_resolution", "img_channels")
        ours |= {name: given.pop(name, default) for name, default in _SHAPE_DEFAULTS.items()}
        ours["architecture"] = given.pop("architecture", "resnet")
        ours["mbstd_group_size"] = epilogue.pop("mbstd_group_size", 4)
        ours["mbstd_channels"] = epilogue.pop("mbstd_num_channels", 1)
        ours["mapping_layers"] = mapping.pop("num_layers", self._mapping_layers(module) or 8)
        ours["conv_clamp"] = self._conv_clamp(module, given)
        self._check_mapping(mapping)
        self._check(block, "block_kwargs", _LAYERS_ONLY, {"freeze_layers", *_PRECISION})
        self._check(epilogue, "epilogue_kwargs", {"activation": ["lrelu"]}, set())
        self._check(given, "Discriminator", {}, {"cmap_dim", *_PRECISION})
        return self._plain(ours)

    def mapping_multiplier(self, module: SavedModule) -> float:
        """Return by what the weights of the mapping network are multiplied when they are used."""
        value = self._nested(self._given(module), "mapping_kwargs").get("lr_multiplier", _LR_MULTIPLIER)
        if not isinstance(value, int | float) or not 1e-6 <= value <= 1e6:
            raise self._not_supported(f"mapping_kwargs: 'lr_multiplier' = {shown_value(value)}")
        return value

    def _given(self, module: SavedModule) -> dict[str, Any]:
        if module.state.get("_init_args") not in (None, (), []):
            raise self._not_supported(f"a {module.class_name} that was built with arguments without names")
        if any(name.startswith("synthesis.input") for name, _ in _walk(module, self._path)):
            raise self._not_supported("a generator of StyleGAN3: only those of StyleGAN2 are")
        return dict(_attribute(module, "_init_kwargs", self._path))

    def _nested(self, given: dict[str, Any], name: str) -> dict[str, Any]:
        """Take out the arguments that are handed on to a part."""
        value = given.pop(name, {})
        if not isinstance(value, dict):
            raise NetworkFileError(f"{self._path}: its {name} is {shown_value(value)}, not a dictionary")
        return dict(value)

    def _taken(self, given: dict[str, Any], *names: str) -> dict[str, Any]:
        for name in names:
            if name not in given:
                raise NetworkFileError(f"{self._path}: the argument {name} of a network is missing")
        return {name: given.pop(name) for name in names}

    def _plain(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Refuse what is neither a number nor a word, whose values are checked where the network is built."""
        for name, value in arguments.items():
            word = isinstance(value, str) and _PART_NAME.fullmatch(value)
            if value is not None and not isinstance(value, int | float) and not word:
                raise self._not_supported(f"{name} = {shown_value(value)}")
        return arguments

    def _mapping_layers(self, module: SavedModule) -> int:
        return sum(re.fullmatch(r"mapping\.fc\d+", name) is not None for name, _ in _walk(module, self._path))

    def _conv_clamp(self, module: SavedModule, given: dict[str, Any]) -> float | None:
        """Return the value at which activations are clamped, None if they are not.

        The default of the argument is not the same in both repositories, so what the layers themselves say counts. A
        residual branch is not clamped.
        """
        told = {
            _hashable(current.state["conv_clamp"])
            for name, current in _walk(module, self._path)
            if "conv_clamp" in current.state and not name.endswith(".skip")
        }
        if "conv_clamp" in given:
            told.add(_hashable(given.pop("conv_clamp")))
        if len(told) > 1:
            raise self._not_supported(f"a {module.class_name} whose layers clamp at different values")
        clamp: float | None = told.pop() if told else None
        return clamp

    def _check_mapping(self, given: dict[str, Any]) -> None:
        self._check(given, "mapping_kwargs", {"activation": ["lrelu"]}, _MAPPING_FREE)

    def _check(self, given: dict[str, Any], where: str, only: Mapping[str, list[Any]], ignored: set[str]) -> None:
        for name, value in given.items():
            if name in ignored:
                continue
            value = list(value) if isinstance(value, tuple) else value
            if name not in only or value not in only[name]:
                raise self._not_supported(f"{where}: {shown_value(name)} = {shown_value(value)}")

    def _not_supported(self, what: str) -> NetworkFileError:
        return NetworkFileError(f"{self._path}: not supported: {what}")


def _hashable(value: Any) -> Any:
    return value if value is None or isinstance(value, int | float) else shown_value(value)
