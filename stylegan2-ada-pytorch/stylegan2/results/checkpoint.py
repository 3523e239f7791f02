"""Checkpoints: the whole state of a training in one file that is either complete or ignored.

A file's name holds the progress and the start of the content's SHA-256: `checkpoint-00001234.560-0123456789abcdef.pt`.
It is written under another name, forced to the disk and then renamed, so a crash leaves the checkpoint before; and a
copy that broke on its way (a killed upload, a full disk) is found by its checksum and passed over for the one before.
"""

import hashlib
import logging
import os
import re
from pathlib import Path
from typing import Any

import torch

from stylegan2.base.errors import CheckpointError

FORMAT = "workshop-checkpoint/1"

_NAME = re.compile(r"checkpoint-(\d{8}\.\d{3})-([0-9a-f]{16})\.pt")
_log = logging.getLogger(__name__)


def save_checkpoint(folder: Path, kimg: float, state: dict[str, Any], keep: int = 2) -> Path:
    """Write `state` (tensors, numbers, strings, and lists and dictionaries of them); remove all but the last `keep`.

    Raises CheckpointError where the disk refuses; the checkpoints that are there stay.
    """
    partial = folder / "checkpoint.partial"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            torch.save({"format": FORMAT, "state": state}, file)
            file.flush()
            os.fsync(file.fileno())
        path = folder / f"checkpoint-{kimg:012.3f}-{_digest(partial)}.pt"
        os.replace(partial, path)
        _sync_folder(folder)
        for old in _checkpoints(folder)[keep:]:
            old.unlink(missing_ok=True)
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
    paths = _checkpoints(folder)
    faults = []
    for path in paths:
        try:
            return _read(path)
        except _Damaged as fault:
            faults.append(str(fault))
            _log.warning("checkpoint %s is not used, because %s; trying the one before", path.name, fault)
    if not faults:
        return None
    raise CheckpointError(
        f"{folder}: no checkpoint here can be used ({len(faults)} tried; the newest, {paths[0].name}: {faults[0]}). "
        f"Put a copy back to go on, or move them away to begin anew"
    )


class _Damaged(Exception):  # noqa: N818 - it is the file that is at fault, and the one before may be whole
    """Why a checkpoint cannot be used."""


def _read(path: Path) -> dict[str, Any]:
    try:
        if _digest(path) != path.stem.rpartition("-")[2]:
            raise _Damaged("its checksum is wrong")
        content = torch.load(path, map_location="cpu", weights_only=True)
    except _Damaged:
        raise
    except Exception as error:
        raise _Damaged(f"it cannot be read ({error})") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise _Damaged(f"it has another format than {FORMAT}")
    state: dict[str, Any] = content["state"]
    return state


def _reason(error: BaseException) -> str:
    """Return what the system said. torch's writer wraps it in a message about itself."""
    cause = error.__context__ if isinstance(error, RuntimeError) else error
    return (cause.strerror if isinstance(cause, OSError) else None) or str(error)


def _checkpoints(folder: Path) -> list[Path]:
    """Return the checkpoints in a folder, the newest first; none if there is no folder."""
    if not folder.is_dir():
        return []
    return sorted((path for path in folder.iterdir() if _NAME.fullmatch(path.name)), reverse=True)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def _sync_folder(folder: Path) -> None:
    """Make the rename itself survive a power failure."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
