"""What lies already where results are to go: it is not overwritten, or mixed with them, unasked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from stylegan2.base.errors import OutputError
from stylegan2.formats.network_file import DESCRIPTION_NAME, TENSORS_NAME
from stylegan2.training.training_options import TrainingOptions, identity_of

OPTIONS_NAME = "training_options.json"


def refuse_results_of_another_training(options: TrainingOptions) -> None:
    """Raise OutputError if `outdir` holds another training's results, and this one has no checkpoint to go on from.

    This very training may have been there, and killed before its first checkpoint: then no network is there yet, its
    options are these, and to begin again gives the same.
    """
    outdir = options.outdir
    if any((outdir / name).exists() for name in (TENSORS_NAME, DESCRIPTION_NAME)):
        found = f"a network{_progress(outdir / DESCRIPTION_NAME)}"
    elif (outdir / OPTIONS_NAME).is_file() and not _are_of(options, outdir / OPTIONS_NAME):
        found = "the beginning of a training with other options or data"
    else:
        return
    where = (
        "no checkpoint folder is given" if options.checkpoint_dir is None else f"none is in {options.checkpoint_dir}"
    )
    raise OutputError(
        f"outdir: {outdir} holds {found}, and there is no checkpoint of it to go on from ({where}). To go on, give the "
        f"folder of its checkpoints as checkpoint_dir; to begin anew, name another outdir, or remove this one first"
    )


def _progress(description: Path) -> str:
    """Return how far the training of a network had come, for after its mention; empty if nobody says."""
    content = _read(description)
    training = content.get("training") if isinstance(content, dict) else None
    kimg = training.get("kimg") if isinstance(training, dict) else None
    return f" that was trained for {kimg:g} kimg" if isinstance(kimg, int | float) else ""


def _are_of(options: TrainingOptions, file: Path) -> bool:
    try:
        theirs = identity_of(_read(file))
    except (KeyError, TypeError, AttributeError, ValueError):
        return False
    ours: dict[str, Any] = json.loads(json.dumps(options.identity()))
    return ours == theirs


def _read(file: Path) -> Any:
    try:
        return json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
