"""Writes pickles of the structure in which StyleGAN2-ADA's networks are published, and hostile ones.

Nothing of the original is needed: names are written as names, and tensors are pickled by torch itself.
"""

import pickle
import pickletools
from collections import OrderedDict
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

FILTER = torch.outer(torch.tensor([1.0, 3, 3, 1]), torch.tensor([1.0, 3, 3, 1])) / 64
NUMPY_SCALAR = "numpy._core.multiarray scalar"
OLD_NUMPY_SCALAR = "numpy.core.multiarray scalar"


class Named:
    """Is pickled as a global of this name ("module member"), which need not exist here."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self) -> None:
        raise AssertionError("a name in a test pickle must never be called")


class Call:
    """Is pickled as a call of something with arguments."""

    def __init__(self, name: str, *arguments: Any) -> None:
        self.name, self.arguments = name, arguments

    def __reduce__(self) -> tuple[Any, ...]:
        return Named(self.name), self.arguments


class EasyDict(dict[str, Any]):
    """Is pickled as official files hold their dictionaries."""


class _Pickler(pickle._Pickler):  # type: ignore[misc,name-defined]
    def save(self, obj: Any, save_persistent_id: bool = True) -> None:
        if isinstance(obj, Named):
            module, member = obj.name.split(" ")
            if self.proto >= 4:
                self.save(module)
                self.save(member)
                self.write(pickle.STACK_GLOBAL)
            else:
                self.write(pickle.GLOBAL + f"{module}\n{member}\n".encode())
            self.memoize(obj)
        elif isinstance(obj, EasyDict):
            self.save(Named("dnnlib.util EasyDict"))
            self.write(pickle.EMPTY_TUPLE + pickle.NEWOBJ)
            self.memoize(obj)
            for key, value in obj.items():
                self.save(key)
                self.save(value)
                self.write(pickle.SETITEM)
        else:
            super().save(obj, save_persistent_id)


def dumps(content: Any, protocol: int = 4) -> bytes:
    buffer = BytesIO()
    _Pickler(buffer, protocol).dump(content)
    return buffer.getvalue()


def scalar(value: float, name: str = NUMPY_SCALAR) -> Call:
    return Call(name, np.dtype("f8"), np.float64(value).tobytes())


def module(class_name: str, state: dict[str, Any]) -> Call:
    source = "raise SystemExit('the source in the file was run')\n" * 20
    meta = {"type": "class", "version": 6, "module_src": source, "class_name": class_name, "state": state}
    return Call("torch_utils.persistence _reconstruct_persistent_obj", meta)


def network(
    class_name: str,
    tensors: dict[str, Tensor],
    init_kwargs: dict[str, Any],
    layer_attributes: dict[str, Any] | None = None,
    frozen: Iterable[str] = (),
) -> Call:
    """A module tree with these tensors. Convolutions get `layer_attributes`; names in `frozen` become buffers."""
    children: OrderedDict[str, Any] = OrderedDict()
    for child in dict.fromkeys(name.split(".")[0] for name in tensors if "." in name):
        below = {name.removeprefix(f"{child}."): t for name, t in tensors.items() if name.startswith(f"{child}.")}
        within = [name.removeprefix(f"{child}.") for name in frozen if name.startswith(f"{child}.")]
        children[child] = network("Layer", below, {}, layer_attributes, within)
    own = {name: tensor for name, tensor in tensors.items() if "." not in name}
    buffers = {n for n in own if n in ("w_avg", "noise_const", "resample_filter") or n in frozen}
    state: dict[str, Any] = {
        "training": False,
        "_parameters": OrderedDict((n, nn.Parameter(t)) for n, t in own.items() if n not in buffers),
        "_buffers": OrderedDict((n, t) for n, t in own.items() if n in buffers),
        "_non_persistent_buffers_set": set(),
        "_backward_hooks": OrderedDict(),
        "_modules": children,
        "weight_gain": scalar(0.25),
        "_init_args": (),
        "_init_kwargs": init_kwargs,
    }
    if "weight" in own and "affine" not in own:
        state |= layer_attributes or {}
    return module(class_name, state)


def official_content(
    g_tensors: dict[str, Tensor],
    d_tensors: dict[str, Tensor],
    g_kwargs: dict[str, Any],
    d_kwargs: dict[str, Any],
    layer_attributes: dict[str, Any] | None = None,
) -> dict[str, Any]:
    averaged = {name: tensor * 0.5 for name, tensor in g_tensors.items() if not name.endswith("resample_filter")}
    averaged |= {name: tensor for name, tensor in g_tensors.items() if name.endswith("resample_filter")}
    return {
        "training_set_kwargs": EasyDict(class_name="training.dataset", path="/data/portraits.zip", xflip=True),
        "G": network("Generator", averaged, g_kwargs, layer_attributes),
        "D": network("Discriminator", d_tensors, d_kwargs, layer_attributes),
        "G_ema": network("Generator", g_tensors, g_kwargs, layer_attributes),
        "augment_pipe": module("AugmentPipe", {"_buffers": {"p": torch.tensor(0.3)}, "xflip": scalar(1)}),
    }


def with_filters(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Adds the constant filters, which official files hold and this package does not."""
    layers = {name.rpartition(".")[0] for name in tensors if ".conv" in name or ".skip" in name}
    blocks = {layer.rpartition(".")[0] for layer in layers if not layer.endswith("affine")}
    return tensors | {f"{layer}.resample_filter": FILTER for layer in layers | blocks if not layer.endswith("affine")}


def write(path: Path, content: Any, protocol: int = 4) -> Path:
    path.write_bytes(dumps(content, protocol))
    return path


def names_of(path: Path) -> set[str]:
    """The globals in a pickle whose names stand right before STACK_GLOBAL, or in GLOBAL."""
    found, texts = set(), []
    for opcode, argument, _ in pickletools.genops(path.read_bytes()):
        if opcode.name.endswith("UNICODE"):
            texts.append(argument)
        elif opcode.name == "STACK_GLOBAL":
            found.add(".".join(texts[-2:]))
        elif opcode.name == "GLOBAL":
            found.add(argument.replace(" ", "."))
    return found
