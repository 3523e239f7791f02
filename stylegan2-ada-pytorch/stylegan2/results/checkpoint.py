"""Checkpoints: the whole state of a training in one file that is either complete or ignored.

They lie in as many places as are kept, `checkpoint-1.pt`, `checkpoint-2.pt` ..., which are overwritten in turn: a copy
of the folder from which nothing is ever deleted holds no more of them. (Whether SageMaker's copy in S3 is one is
documented nowhere.) A file is torch's, and behind it a seal: the progress, and the SHA-256 of all before.

A checkpoint is written under another name, forced to the disk and then renamed, so a crash leaves those that were
there; and a copy that broke on its way (a killed upload, a full disk) has no seal, or one that is not its own, and is
passed over for the one before.

Earlier releases had the progress and the start of the checksum in the name, another one each time:
`checkpoint-00001234.560-0123456789abcdef.pt`. Such files are read and removed like the others.
"""

import hashlib
import io
import logging
import os
import re
import struct
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import torch

from stylegan2.base.errors import CheckpointError

FORMAT = "workshop-checkpoint/1"
"""Of the state. A training's place in S3 goes by it (containers.train.step)."""

_NAME = re.compile(r"checkpoint-[0-9]+\.pt")
_EARLIER_NAME = re.compile(r"checkpoint-([0-9]{8})\.([0-9]{3})-([0-9a-f]{16})\.pt")
_MARK = b"checkpoint/2"
_SEAL = struct.Struct(f">{len(_MARK)}sQ")  # the mark and the number of images seen; the checksum follows
_CHECKSUM_BYTES = hashlib.sha256().digest_size
_UNKNOWN = 1 << 64  # progress of a file without a seal: it may have been the newest
_log = logging.getLogger(__name__)


def save_checkpoint(folder: Path, kimg: float, state: dict[str, Any], keep: int = 2) -> Path:
    """Write `state` (tensors, numbers, strings, and lists and dictionaries of them); remove all but the last `keep`.

    Raises CheckpointError where the disk refuses; the checkpoints that are there stay.
    """
    images = round(kimg * 1000)
    partial = folder / "checkpoint.partial"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _SealedFile(partial) as file:
            torch.save({"format": FORMAT, "state": state}, file)
            file.seal(images)
            file.flush()
            os.fsync(file.fileno())
        path = _place(folder, images, keep)
        os.replace(partial, path)
        _sync_folder(folder)
        there = _checkpoints(folder)
        for old in {*there} - {*[one for one in there if one.images <= images][:keep]}:
            old.path.unlink(missing_ok=True)
    except (OSError, RuntimeError) as error:  # RuntimeError: torch's own writer
        partial.unlink(missing_ok=True)
        raise CheckpointError(
            f"{folder}: the checkpoint cannot be written: {_reason(error)}. The one before is untouched: make room and "
            f"give the same command again to go on from there"
        ) from error
    return path


def load_checkpoint(folder: Path) -> dict[str, Any] | None:
    """Return the newest checkpoint that is whole, or None if there is none. Only plain data is read, no code.

    Raises CheckpointError if there are some and not one is whole: beginning anew would overwrite what they led to.
    """
    there = _checkpoints(folder)
    faults = []
    for _, path in there:
        try:
            return _read(path)
        except _Damaged as fault:
            faults.append(str(fault))
            _log.warning("checkpoint %s is not used, because %s; trying the one before", path.name, fault)
    if not faults:
        return None
    raise CheckpointError(
        f"{folder}: no checkpoint here can be used ({len(faults)} tried; the newest, {there[0].path.name}: "
        f"{faults[0]}). Put a copy back to go on, or move them away to begin anew"
    )


class _Checkpoint(NamedTuple):
    """A file, and how many images the training had seen, as it says itself."""

    images: int
    path: Path


class _Damaged(Exception):  # noqa: N818 - it is the file that is at fault, and the one before may be whole
    """Why a checkpoint cannot be used."""


class _SealedFile(io.BufferedWriter):
    """A new file that ends with a seal."""

    def __init__(self, path: Path) -> None:
        super().__init__(io.FileIO(path, "w"))
        self._digest = hashlib.sha256()

    def write(self, data: Any, /) -> int:
        self._digest.update(data)
        return super().write(data)

    def seal(self, images: int) -> None:
        """Add the seal: that all is there, with so many images seen."""
        self.write(_SEAL.pack(_MARK, images))
        super().write(self._digest.digest())


def _place(folder: Path, images: int, keep: int) -> Path:
    """Return the place whose loss is the least: of the same moment, or free, or else the one with the least progress.

    What cannot be used counts as free: a torn file, and one with more progress than there is now. The training would
    have gone on from that, had it not been found damaged.
    """

    def worth(place: Path) -> tuple[bool, int]:
        there = _images_of(place)
        return there != images, there if there <= images else -1

    return min((folder / f"checkpoint-{number}.pt" for number in range(1, keep + 1)), key=worth)


def _read(path: Path) -> dict[str, Any]:
    try:
        _check(path)
        # torch's file is a zip, whose reader looks for the directory from the end: the seal behind it does no harm.
        content = torch.load(path, map_location="cpu", weights_only=True)
    except _Damaged:
        raise
    except Exception as error:
        raise _Damaged(f"it cannot be read ({error})") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise _Damaged(f"it has another format than {FORMAT}")
    state: dict[str, Any] = content["state"]
    return state


def _check(path: Path) -> None:
    earlier = _EARLIER_NAME.fullmatch(path.name)
    if earlier is None and _images_of(path) == _UNKNOWN:
        raise _Damaged("it is cut off")
    with path.open("rb") as file:
        if earlier is not None:
            is_whole = hashlib.file_digest(file, "sha256").hexdigest()[:16] == earlier[3]
        else:
            is_whole = _digest(file, path.stat().st_size - _CHECKSUM_BYTES) == file.read()
    if not is_whole:
        raise _Damaged("its checksum is wrong")


def _digest(file: BinaryIO, length: int) -> bytes:
    """Return the SHA-256 of the next `length` bytes."""
    digest = hashlib.sha256()
    while length > 0 and (some := file.read(min(length, 1 << 20))):
        digest.update(some)
        length -= len(some)
    return digest.digest()


def _reason(error: BaseException) -> str:
    """Return what the system said. torch's writer wraps it in a message about itself."""
    cause = error.__context__ if isinstance(error, RuntimeError) else error
    return (cause.strerror if isinstance(cause, OSError) else None) or str(error)


def _checkpoints(folder: Path) -> list[_Checkpoint]:
    """Return the checkpoints in a folder, the newest first, after torn ones; none if there is no folder."""
    if not folder.is_dir():
        return []
    names = (_NAME, _EARLIER_NAME)
    paths = [path for path in folder.iterdir() if any(name.fullmatch(path.name) for name in names)]
    return sorted((_Checkpoint(_images_of(path), path) for path in paths), reverse=True)


def _images_of(path: Path) -> int:
    """Return the progress that a file tells of, without looking whether it is whole or there at all."""
    if earlier := _EARLIER_NAME.fullmatch(path.name):
        return int(earlier[1] + earlier[2])
    try:
        with path.open("rb") as file:
            file.seek(-_SEAL.size - _CHECKSUM_BYTES, os.SEEK_END)
            mark, images = _SEAL.unpack(file.read(_SEAL.size))
    except OSError:  # also if it is shorter than a seal
        return _UNKNOWN
    return int(images) if mark == _MARK else _UNKNOWN


def _sync_folder(folder: Path) -> None:
    """Make the rename itself survive a power failure."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
