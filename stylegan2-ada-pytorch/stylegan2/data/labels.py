"""Labels of images, from the dataset.json of StyleGAN2-ADA's data sets.

{"labels": [["00000/img00000000.png", 6], ...]}             a class, a number from 0 on
{"labels": [["00000/img00000000.png", [0.5, -1.0]], ...]}   a vector, as long for every image
{"labels": null}                                            none

Beside them, "classes" may hold the names of the classes 0, 1, ... (preparation writes it).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stylegan2.base.errors import DatasetError

MOST_CLASSES = 65536
LONGEST_NAMES = 1 << 19
"""Bytes of all classes' names as JSON: more would not fit into a network's description."""
Label = int | list[float]


@dataclass(frozen=True)
class Labels:
    """A label for every image: classes, int64 [N], or vectors, float32 [N, size]."""

    values: NDArray[np.int64] | NDArray[np.float32]
    size: int
    """The numbers that the network gets for an image: the classes (one of them 1, the others 0), or the vector's."""
    names: tuple[str, ...] = ()
    """Of the classes, if they have any."""

    def vectors(self, indices: Sequence[int]) -> NDArray[np.float32]:
        """Return what the network is given for these images, float32 [n, size]."""
        chosen = self.values[np.asarray(indices, dtype=np.int64)]
        if chosen.ndim == 2:
            return chosen.astype(np.float32)
        vectors = np.zeros((len(chosen), self.size), dtype=np.float32)
        vectors[np.arange(len(chosen)), chosen.astype(np.int64)] = 1
        return vectors


def read_labels(data: bytes, names: Sequence[str], where: str) -> Labels | None:
    """Return the labels of the images ``names``, in their order; None if the file says that there are none.

    Args:
        data: the content of dataset.json.
        where: how a message calls the file.

    Raises:
        DatasetError: the file is damaged, or does not give each image one label; the message names the first one.
    """
    content = _content(data, where)
    by_name = _by_name(content["labels"], where)
    if by_name is None:
        return None
    known = set(names)
    strangers = [name for name in by_name if name not in known]
    if strangers:
        raise DatasetError(
            f"{where} has labels for {_count(len(strangers))} not in the data set, the first is {strangers[0]!r}; "
            f"add the picture or take its label out."
        )
    missing = [name for name in names if name not in by_name]
    if missing:
        raise DatasetError(
            f"{where} has no label for {_count(len(missing))} in the data set, the first is {missing[0]!r}; "
            f"give each picture a label or take it out."
        )
    values = [by_name[name] for name in names]
    if isinstance(values[0], list):
        return Labels(np.array(values, dtype=np.float32), len(values[0]))
    classes = np.array(values, dtype=np.int64)
    size = int(classes.max()) + 1
    return Labels(classes, size, names_of_classes(content.get("classes"), size))


def names_of_classes(value: Any, size: int) -> tuple[str, ...]:
    """Return `value` if it names `size` classes, else no names: then classes are called by their numbers."""
    if not isinstance(value, list) or len(value) != size or not all(isinstance(name, str) for name in value):
        return ()
    return tuple(value) if len(json.dumps(value)) <= LONGEST_NAMES else ()


def labels_by_name(data: bytes, where: str) -> dict[str, Label] | None:
    """Return the labels in dataset.json: all classes, or all vectors of one length. Raises as ``read_labels``."""
    return _by_name(_content(data, where)["labels"], where)


def _by_name(entries: list[Any] | None, where: str) -> dict[str, Label] | None:
    if entries is None:
        return None
    by_name: dict[str, Any] = {}
    for number, entry in enumerate(entries):
        if not isinstance(entry, list) or len(entry) != 2 or not isinstance(entry[0], str):
            raise DatasetError(f"{where}: entry {number} of 'labels' is not [name, label] but {_short(entry)}.")
        name = entry[0].replace("\\", "/")  # as a program on Windows writes it
        if name in by_name:
            raise DatasetError(f"{where} has two labels for {name!r}.")
        by_name[name] = entry[1]
    first_name, first = next(iter(by_name.items()))
    if not isinstance(first, list):
        return {name: _class(name, label, where) for name, label in by_name.items()}
    for name, label in by_name.items():
        if not isinstance(label, list) or not 1 <= len(label) < MOST_CLASSES or not all(map(_is_number, label)):
            raise DatasetError(f"{where}: the label of {name!r} must be a list of finite numbers, not {_short(label)}.")
        if len(label) != len(first):
            raise DatasetError(
                f"{where}: the label of {name!r} has {len(label)} numbers, but that of {first_name!r} has {len(first)}."
            )
    return by_name


def _content(data: bytes, where: str) -> dict[str, Any]:
    """Return what dataset.json holds; its "labels" are None or a list that is not empty."""
    try:
        content = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise DatasetError(f"{where} is not valid JSON: {error}.") from error
    if not isinstance(content, dict) or "labels" not in content:
        raise DatasetError(f"{where} has no entry 'labels'.")
    labels = content["labels"]
    if labels is not None and (not isinstance(labels, list) or not labels):
        raise DatasetError(f"{where}: 'labels' must be null or a list of [name, label].")
    return content


def _class(name: str, label: Any, where: str) -> int:
    if _is_number(label) and label == int(label) and 0 <= label < MOST_CLASSES:
        return int(label)
    raise DatasetError(
        f"{where}: the label of {name!r} must be a whole number from 0 to {MOST_CLASSES - 1}, not {_short(label)}."
    )


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= float(np.finfo(np.float32).max)  # and so neither infinite nor not-a-number


def _count(images: int) -> str:
    return "1 picture that is" if images == 1 else f"{images} pictures that are"


def _short(value: Any) -> str:
    text = ascii(value)
    return text if len(text) <= 60 else f"{text[:60]}..."
