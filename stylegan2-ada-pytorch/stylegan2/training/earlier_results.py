"""What lies already where results are to go: it is not overwritten, or mixed with them, unasked."""

from __future__ import annotations

import errno
import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stylegan2.base.errors import OutputError
from stylegan2.formats.network_file import DESCRIPTION_NAME, TENSORS_NAME
from stylegan2.training.training_options import TrainingOptions, identity_of

OPTIONS_NAME = "training_options.json"
_LEFT_BEHIND = ("best/*.json", "samples/*.png", "samples/*.jpg", "stats.jsonl")
"""What else a training leaves, of which one that begins would replace a part."""
_NO_LOCKS = (errno.ENOTSUP, errno.ENOLCK, errno.ENOSYS)


def refuse_results_of_another_training(options: TrainingOptions, checkpoint: Mapping[str, Any] | None = None) -> None:
    """Raise OutputError if `outdir` holds results that are not of this training.

    `checkpoint`: the identity of the training whose checkpoint there is to go on from, None if there is none. Then this
    very training may still have been in `outdir`, and killed before its first checkpoint: no network is there yet, its
    options are these, and to begin again gives the same.
    """
    outdir = options.outdir
    if outdir.exists() and not outdir.is_dir():
        raise OutputError(f"outdir: {outdir} is a file; name a folder")
    if options.data.is_dir() and outdir.resolve().is_relative_to(options.data.resolve()):
        raise OutputError(
            f"outdir: {outdir} lies among the pictures in {options.data}, where samples would become pictures to learn "
            f"from; name a folder outside"
        )
    recorded = outdir / OPTIONS_NAME
    is_of_this = recorded.is_file() and _are_of(options, checkpoint or options.identity(), recorded)
    if any((outdir / name).exists() for name in (TENSORS_NAME, DESCRIPTION_NAME)):
        found = f"a network{_progress(outdir / DESCRIPTION_NAME)}"
        is_of_this = is_of_this and checkpoint is not None
    elif recorded.is_file():
        found = "the beginning of a training with other options or data"
    elif left := [path.name for pattern in _LEFT_BEHIND for path in outdir.glob(pattern) if path.is_file()]:
        found = f"what another training has left ({left[0]})"
    else:
        return
    if not is_of_this:
        raise OutputError(f"outdir: {outdir} holds {found}, {_ways_on(options, checkpoint is not None)}")


def _ways_on(options: TrainingOptions, has_checkpoint: bool) -> str:
    if has_checkpoint:
        return (
            f"and the checkpoint in {options.checkpoint_dir} is of another training. To go on from that checkpoint, "
            f"name the outdir of its training or a new one; to go on with what is in outdir, give the folder of its "
            f"own checkpoints as checkpoint_dir"
        )
    where = (
        "no checkpoint folder is given" if options.checkpoint_dir is None else f"none is in {options.checkpoint_dir}"
    )
    return (
        f"and there is no checkpoint of it to go on from ({where}). To go on, give the folder of its checkpoints as "
        f"checkpoint_dir; to begin anew, name another outdir, or remove this one first"
    )


@contextmanager
def sole_writer(outdir: Path) -> Iterator[None]:
    """Keep other trainings out of a folder that is there, as long as this process lives and the block lasts.

    Raises OutputError if one is at work in it. Where the file system has no locks, nobody is kept out.
    """
    folder = os.open(outdir, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(folder)
        raise OutputError(
            f"outdir: another training is at work in {outdir}; wait for its end, or name another outdir"
        ) from error
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            os.close(folder)
            raise
    try:
        yield
    finally:
        os.close(folder)


def _progress(description: Path) -> str:
    """Return how far the training of a network had come, for after its mention; empty if nobody says."""
    content = _read(description)
    training = content.get("training") if isinstance(content, dict) else None
    kimg = training.get("kimg") if isinstance(training, dict) else None
    return f" that was trained for {kimg:g} kimg" if isinstance(kimg, int | float) else ""


def _are_of(options: TrainingOptions, identity: Mapping[str, Any], file: Path) -> bool:
    try:
        theirs = identity_of(_read(file))
    except (KeyError, TypeError, AttributeError, ValueError):
        return False
    ours: dict[str, Any] = json.loads(json.dumps(dict(identity)))
    if options.performance.fit_batch_gpu:  # what fits is found out after this, and by the memory that is free then
        for name in ("batch_gpu", "mbstd_group_size"):
            ours.pop(name), theirs.pop(name)
    return ours == theirs


def _read(file: Path) -> Any:
    try:
        return json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
