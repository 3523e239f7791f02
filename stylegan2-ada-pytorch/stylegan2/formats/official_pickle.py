"""The pickles in which networks of StyleGAN2-ADA are published, read as data.

Every module in them is given as the Python source of its class, meant to be run, and a dictionary of attributes; here
the source is passed over. Tensors are pickles within the pickle, as torch.save wrote them before it wrote zip files.
"""

import io
import math
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from stylegan2.base.errors import NetworkFileError
from stylegan2.formats.pickle_machine import (
    BoundedFile,
    Builder,
    Name,
    PickleBudget,
    PickleContentError,
    Vocabulary,
    refuse_request,
    run_pickle,
    shown_value,
)

MAX_FILE_BYTES = 2 << 30
"""Three networks for 1024 x 1024 images are less than 400 MB."""
_MAX_DIMENSIONS = 8

_PERSISTENCE_VERSION = 6
_STORAGE_MAGIC = 0x1950A86A20F9469CFC6C
_STORAGE_PROTOCOL = 1001
_NUMPY_CODES = {"b1", "f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"}


@dataclass(frozen=True, eq=False, repr=False)
class SavedStorage:
    """The numbers of a tensor, one after the other."""

    numbers: NDArray[Any]


@dataclass(frozen=True, eq=False, repr=False)
class SavedTensor:
    """A tensor whose place in its storage has been checked."""

    storage: SavedStorage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def numpy(self) -> NDArray[np.float32]:
        """Return a copy of the numbers as a float32 tensor."""
        numbers = self.storage.numbers[self.offset :]
        strides = [stride * numbers.itemsize for stride in self.strides]
        view = np.lib.stride_tricks.as_strided(numbers, self.shape, strides, writeable=False)
        with np.errstate(over="ignore", invalid="ignore"):
            return view.astype(np.float32, order="C")


@dataclass(frozen=True, eq=False, repr=False)
class SavedModule:
    """A network or a part of one: the name of its class, and its attributes."""

    class_name: str
    state: dict[str, Any]


@dataclass(frozen=True, eq=False, repr=False)
class _NumberType:
    """A numpy dtype of plain numbers, such as "f8"."""

    code: str


@dataclass(frozen=True, eq=False, repr=False)
class _StorageIdentity:
    """What a storage's own pickle says of it: the numbers come after the pickle. The device does not matter."""

    key: str
    code: str
    count: int


def read_official_pickle(path: Path) -> Any:
    """Return the content: text, numbers, lists, dictionaries, SavedModule and SavedTensor.

    Raises NetworkFileError, naming the file, where it holds anything else, is damaged or too large.
    """
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise PickleContentError(f"too large for a network: {size} bytes, and at most {MAX_FILE_BYTES} are read")
        with path.open("rb") as file:
            budget = PickleBudget()
            return run_pickle(BoundedFile(file, size), _vocabulary(budget), budget)
    except OSError as error:
        raise NetworkFileError(f"{path}: the network cannot be read: {error.strerror}") from error
    except PickleContentError as fault:
        hint = ""
        if "dnnlib.tflib" in str(fault):
            hint = ". It is a network of the TensorFlow version, which that version's own tools can convert to PyTorch"
        raise NetworkFileError(f"{path}: {fault}{hint}") from fault


def _vocabulary(budget: PickleBudget) -> Vocabulary:
    builders: dict[str, Builder] = {
        "torch_utils.persistence._reconstruct_persistent_obj": _module,
        "collections.OrderedDict": _dictionary,
        "dnnlib.util.EasyDict": _dictionary,
        "builtins.set": _set,  # before protocol 4, pickles had no instruction for sets
        "torch._utils._rebuild_parameter": _parameter,
        "torch._utils._rebuild_tensor_v2": _tensor,
        "torch.storage._load_from_bytes": partial(_storage, budget),
        "numpy.dtype": _number_type,
        "numpy.core.multiarray.scalar": _number,
        "numpy._core.multiarray.scalar": _number,
    }
    return Vocabulary(builders, set_state=_set_state)


def _wrong_arguments(name: str) -> NoReturn:
    refuse_request(f"the arguments that the file gives to {name}")


def _module(arguments: tuple[Any, ...]) -> SavedModule:
    match arguments:
        case ({"type": "class", "version": version, "class_name": str(name), "state": dict(state)},):
            if version != _PERSISTENCE_VERSION:
                raise PickleContentError(
                    f"format {shown_value(version)} of modules; only {_PERSISTENCE_VERSION} is known"
                )
            return SavedModule(name, state)
    _wrong_arguments("_reconstruct_persistent_obj")


def _dictionary(arguments: tuple[Any, ...]) -> dict[str, Any]:
    """Make an empty one: its items follow in the pickle."""
    if arguments:
        _wrong_arguments("a dictionary")
    return {}


def _set(arguments: tuple[Any, ...]) -> list[Any]:
    match arguments:
        case (list(items),):
            return items
    _wrong_arguments("set")


def _parameter(arguments: tuple[Any, ...]) -> SavedTensor:
    match arguments:
        case (SavedTensor() as tensor, bool(), _):
            return tensor
    _wrong_arguments("_rebuild_parameter")


def _tensor(arguments: tuple[Any, ...]) -> SavedTensor:
    match arguments:
        case (SavedStorage() as storage, offset, tuple(shape), tuple(strides), bool(), _) | (
            SavedStorage() as storage, offset, tuple(shape), tuple(strides), bool(), _, _
        ) if len(shape) == len(strides) <= _MAX_DIMENSIONS:  # fmt: skip
            _check_place(len(storage.numbers), offset, shape, strides)
            return SavedTensor(storage, offset, shape, strides)
    _wrong_arguments("_rebuild_tensor_v2")


def _check_place(count: int, offset: Any, shape: tuple[Any, ...], strides: tuple[Any, ...]) -> None:
    """Refuse a tensor that reaches beyond the `count` numbers, or has more elements than there are numbers."""
    inside = all(type(number) is int and 0 <= number <= count for number in (offset, *shape, *strides))
    if inside and math.prod(shape) > 0:
        last = offset + sum((length - 1) * stride for length, stride in zip(shape, strides, strict=True))
        inside = last < count and math.prod(shape) <= count
    if not inside:
        raise PickleContentError("damaged: a tensor reaches beyond its numbers")


def _number_type(arguments: tuple[Any, ...]) -> _NumberType:
    match arguments:
        case (str(code), *_) if code in _NUMPY_CODES:
            return _NumberType(code)
    _wrong_arguments("numpy.dtype")


def _set_state(target: Any, state: Any) -> None:
    """The only thing whose state a file may set is a numpy dtype, and of that state only the byte order counts."""
    if not isinstance(target, _NumberType):
        refuse_request(f"to set the state of {shown_value(target)}")
    match state:
        case (_, "<" | "|" | "=", *_):
            return
    refuse_request("a numpy dtype that is not little-endian")


def _number(arguments: tuple[Any, ...]) -> float:
    match arguments:
        case (_NumberType(code=code), bytes(content)) if len(content) == np.dtype(code).itemsize:
            number: float = np.frombuffer(content, np.dtype(code).newbyteorder("<"))[0].item()
            return number
    _wrong_arguments("numpy's scalar")


# Tensors' numbers ---------------------------------------------------------------------------------------------------

_STORAGE_CODES = {
    f"{module}.{kind}Storage": code
    for module in ("torch", "torch.cuda")
    for kind, code in (("Float", "f4"), ("Half", "f2"), ("Double", "f8"))
}


def _storage(budget: PickleBudget, arguments: tuple[Any, ...]) -> SavedStorage:
    """Read four pickles about the storage, one with the keys of all storages (here one), the count, the numbers."""
    match arguments:
        case (bytes(content),):
            pass
        case _:
            _wrong_arguments("_load_from_bytes")
    stream = io.BytesIO(content)
    for expected in (_STORAGE_MAGIC, _STORAGE_PROTOCOL):
        if run_pickle(stream, _PLAIN, budget) != expected:
            raise PickleContentError("damaged: a tensor's numbers are not in the format of torch.save")
    match run_pickle(stream, _PLAIN, budget):
        case {"little_endian": True}:
            pass
        case _:
            refuse_request("a tensor whose numbers are not little-endian")
    identity = run_pickle(stream, _STORAGE, budget)
    keys = run_pickle(stream, _PLAIN, budget)
    if not isinstance(identity, _StorageIdentity) or keys != [identity.key]:
        raise PickleContentError("damaged: a tensor's numbers are not described")
    dtype = np.dtype(identity.code).newbyteorder("<")
    start = stream.tell() + 8
    count = int.from_bytes(content[start - 8 : start], "little")
    if count != identity.count or len(content) != start + count * dtype.itemsize:
        raise PickleContentError("damaged: a tensor has not as many numbers as it says")
    return SavedStorage(np.frombuffer(content, dtype, offset=start) if count else np.empty(0, dtype))


def _storage_identity(identity: Any) -> _StorageIdentity:
    match identity:
        case ("storage", Name(full=kind), str(key), str(), int(count), None):
            return _StorageIdentity(key, _STORAGE_CODES[kind], count)
    _wrong_arguments("a storage")


def _never_called(arguments: tuple[Any, ...]) -> NoReturn:
    _wrong_arguments("a storage")


_PLAIN = Vocabulary({})
_STORAGE = Vocabulary(dict.fromkeys(_STORAGE_CODES, _never_called), persistent=_storage_identity)
