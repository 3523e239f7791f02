"""The options of a training that took place, read from the file that it has left: training_options.json.

That file holds what was resolved: the preset's numbers beside those that were chosen. Read back, each number is a
choice of its own, so the training is the same even where a preset has changed since.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from stylegan2.base.errors import OptionError

_LARGEST_BYTES = 1 << 20  # ours have 2 kB

# choice -> where it stands in the file
_PLACES: Mapping[str, tuple[str, ...]] = {
    **{name: (name,) for name in ("data", "preset", "transfer", "seed", "mirror", "subset", "dataset_name")},
    **{name: (name,) for name in ("aug", "augpipe", "freezed", "keep", "signal_images", "patience", "device")},
    **{name: ("settings", name) for name in ("kimg", "batch", "batch_gpu", "tick_kimg", "snapshot_ticks")},
    "gamma": ("settings", "r1_gamma"),
    "glr": ("settings", "g_learning_rate"),
    "dlr": ("settings", "d_learning_rate"),
    **{name: ("budget", name) for name in ("max_hours", "max_cost", "price_per_hour")},
    **{name: ("performance", name) for name in ("precision", "compilation", "workers")},
}
_DERIVED: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "cond": lambda record: record["label_size"] > 0,
    "p": lambda record: record["p"] if record["aug"] == "fixed" else None,
    "target": lambda record: record["target"] if record["aug"] == "ada" else None,
    "channels_last": lambda record: "on" if record["performance"]["channels_last"] else "off",
}
RECORDED = frozenset({*_PLACES, *_DERIVED})
"""The choices that the file holds: all but where results and checkpoints go, which belong to that training."""


def recorded_choices(file: Path) -> dict[str, str]:
    """Return the choices by their names in TrainingChoices, written as on a command line; those left open are missing.

    Raises OptionError for a file that cannot be read, or is not one that a training has left. Whether a value is
    allowed is for the rows to say.
    """
    try:
        with file.open("rb") as opened:
            content = opened.read(_LARGEST_BYTES + 1)
        if len(content) > _LARGEST_BYTES:
            raise ValueError(f"it is larger than {_LARGEST_BYTES} bytes")
        record = json.loads(content)
        found = {name: _at(record, place) for name, place in _PLACES.items()}
        found |= {name: derive(record) for name, derive in _DERIVED.items()}
    except OSError as error:
        raise OptionError(f"options: {file} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
        raise OptionError(
            f"options: {file} is no training_options.json that a training has left: {_why(error)}"
        ) from error
    for name, value in found.items():
        if not isinstance(value, str | int | float | None) or (isinstance(value, str) and "\0" in value):
            raise OptionError(f"options: {file} has no usable value for {name}")
    return {name: str(value) for name, value in found.items() if value is not None}


def _at(record: Any, place: tuple[str, ...]) -> Any:
    for key in place:
        record = record[key]
    return record


def _why(error: Exception) -> str:
    return f"{error} is missing" if isinstance(error, KeyError) else str(error)
