"""Turn a folder or zip of uploaded images into a data set that can be trained on, whatever lies in it.

    prepare_images              the whole job: every file ends either in the data set or set aside with a reason
    PreparationResult           what came of it
    PreparationError            the job itself is impossible: no such folder, a useless resolution, a full disk

The zip is in the format of StyleGAN2-ADA's data sets (see dataset.py) and depends on nothing but the images' names,
pixels and labels: the same folder gives the same bytes again, whatever the number of workers.
"""

from __future__ import annotations

import functools
import json
import mmap
import os
import re
import stat
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from stylegan2.base.image_size import image_size, size_rule
from stylegan2.base.worker_pool import WorkerCrashed, choose_workers, items_under_way, map_in_order
from stylegan2.data.bounded_vetting import LIMITS, why_lost
from stylegan2.data.image_files import LABELS_NAME
from stylegan2.data.labels import Label, labels_by_name
from stylegan2.data.png_format import encode_png, plain_png
from stylegan2.data.refusals import Refusal, RefusalCode, RefusedImage, refusal
from stylegan2.data.uploads import PreparationError, Uploads, open_uploads
from stylegan2.data.vetting import LARGEST_FILE, Wanted, training_pixels

__all__ = ["CopyLimits", "LabelSource", "PreparationError", "PreparationResult", "RefusedFile", "prepare_images"]

LabelSource = Literal["none", "file", "folders"]
"""Where labels come from: nowhere, the source's dataset.json (if there is one), or the names of its sub-folders."""
_IMAGES_PER_FOLDER = 1000
_BYTES_PER_TASK = 4 << 20  # of pixels on their way from a worker process at a time
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date a zip can hold: no clock may show in the output
_UNSAFE_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_NAME = 120
_LONGEST_SHOWN = 1024


@dataclass(frozen=True)
class RefusedFile:
    """A file that is not in the data set: its name relative to the source, and why."""

    name: str
    refusal: Refusal

    @property
    def reason(self) -> str:
        """The plain sentence."""
        return str(self.refusal)


@dataclass(frozen=True)
class CopyLimits:
    """How many of the files that are not used are copied, and how many bytes of them, at most."""

    files: int
    total_bytes: int


@dataclass(frozen=True)
class PreparationResult:
    """What came of a preparation. ``found`` is always ``good + len(set_aside)``."""

    found: int
    good: int
    set_aside: tuple[RefusedFile, ...]
    classes: tuple[str, ...] = ()
    """Names of the sub-folders whose images have the labels 0, 1, ..., if labels came from there."""
    class_images: tuple[int, ...] = ()
    """How many good images each of these has."""
    copied: int = 0
    """How many of the files that are not in the data set were copied to the folder for them."""


def prepare_images(
    source: Path | Uploads,
    dest_zip: Path,
    *,
    resolution: int | Wanted,
    labels: LabelSource = "none",
    set_aside: Path | None = None,
    copy_limits: CopyLimits | None = None,
    max_images: int | None = None,
    workers: int | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> PreparationResult:
    """Write a data set with every usable image in ``source``, in the order of their names.

    Args:
        source: folder, searched with its sub-folders, or zip. Links are not followed; hidden files and IGNORED_NAMES
            are passed over, everything else counts as found. Or uploads that have been opened already.
        dest_zip: the data set. It appears only when it is complete, and not at all if no image is good.
        resolution: pixels per side of square RGB images, or what else they are to be like.
        labels: where they come from. Images that they say nothing of are set aside.
        set_aside: folder for copies of the files that are not used, under names that are safe on any system.
        copy_limits: of these copies: the first by name are copied, as long as they fit. None: all are.
        max_images: end when so many images are good; files after them count as not found. None: all.
        workers: processes; None takes the CPUs that this process may use, fewer for few files or little memory.
        on_progress: called with (files done, files found).

    Raises:
        PreparationError, DatasetError: the job is impossible, or the source's dataset.json or zip is damaged. A bad
            image never raises; it is in the report.
    """
    wanted = Wanted(resolution, resolution) if isinstance(resolution, int) else resolution
    _refuse_useless(wanted, max_images)
    uploads = open_uploads(source) if isinstance(source, Path) else source
    for option, path in (("dest", dest_zip), ("set_aside", set_aside)):
        if path is not None and path.resolve().is_relative_to(uploads.path.resolve()):
            raise PreparationError(f"{option}: {path} must not lie inside the images' own place, {uploads.path}.")
    names, unusable = uploads.list_files()
    listed = {*names, *unusable}  # dataset.json, which anyone may have written, can add any name to the unusable
    labelling = _Labelling(labels, uploads, names, unusable)
    found = len(names) + len(unusable)

    partial = dest_zip.with_name(dest_zip.name + ".part")
    good: dict[str, str] = {}  # name in the source -> name in the data set
    twins: dict[bytes, list[str]] = {}
    workers = choose_workers(len(names), LIMITS) if workers is None else workers
    try:
        dest_zip.parent.mkdir(parents=True, exist_ok=True)
        outcomes = _vet_all(uploads, names, wanted, workers, partial.with_name(partial.name + "s"))
        with _DatasetWriter(partial) as dataset, closing(outcomes):
            for done, (name, outcome) in enumerate(zip(names, outcomes, strict=True), start=1 + len(unusable)):
                if isinstance(outcome, WorkerCrashed):
                    unusable[name] = why_lost(outcome, LIMITS)
                elif isinstance(outcome, Refusal):
                    unusable[name] = outcome
                elif (no_label := labelling.why_without(name)) is not None:
                    unusable[name] = no_label
                else:
                    alike = twins.setdefault(bytes(outcome[-_CHECKSUMS:]), [])
                    twin = next((other for other in alike if dataset.read(good[other]) == outcome), None)
                    if twin is not None:
                        unusable[name] = refusal(RefusalCode.DUPLICATE, other=_printable(twin))
                    else:
                        alike.append(name)
                        good[name] = dataset.add(outcome)
                if len(good) == max_images:
                    found = done
                if on_progress is not None:
                    on_progress(done, found)
                if done == found:
                    break
            dataset.labels = json.dumps(
                labelling.as_json(good) | ({"preparation": wanted.record} if wanted.record else {})
            )
        if good:
            partial.replace(dest_zip)
        else:
            dest_zip.unlink(missing_ok=True)  # an old one would be taken for the result
    except OSError as error:
        raise PreparationError(f"{dest_zip} cannot be written: {error.strerror}.") from error
    finally:
        partial.unlink(missing_ok=True)

    in_order = sorted(unusable, key=_in_bytes)
    copied = 0
    if set_aside is not None:
        copied = _copy_files(uploads, [name for name in in_order if name in listed], set_aside, copy_limits)
    refused = tuple(RefusedFile(_printable(name), unusable[name]) for name in in_order)
    classes = labelling.classes(good)
    return PreparationResult(
        found, len(good), refused, tuple(map(_printable, classes)), tuple(classes.values()), copied
    )


def _refuse_useless(wanted: Wanted, max_images: int | None) -> None:
    height, width, _ = wanted.shape
    if image_size(height, width) is None:
        raise PreparationError(f"resolution: {size_rule()}, not {width} x {height}.")
    if not 1 <= wanted.height <= height:
        raise PreparationError(
            f"height: must be from 1 to the width of {width} for a wide picture, not {wanted.height}."
        )
    if max_images is not None and max_images < 1:
        raise PreparationError(f"max_images: must be at least 1, not {max_images}.")


_CHECKSUMS = 20  # bytes at the end of a plain PNG with Adler-32, CRC-32 and the empty last chunk


Outcome = memoryview | Refusal | WorkerCrashed


def _vet_all(
    uploads: Uploads, names: list[str], wanted: Wanted, workers: int, scratch: Path
) -> Generator[Outcome, None, None]:
    """Yield for every name the image as it comes into the data set (valid until the next), or why there is none."""
    # Through a pipe, moving the images took half as long as making them. So they come back through a file that all
    # processes map into their memory. (The system's shared memory is often small in containers, and who writes more
    # into it than there is gets killed; here the room is there once the file is written.)
    size = plain_png(*wanted.shape).size
    per_task = min(max(1, _BYTES_PER_TASK // size), 8)
    places = items_under_way(workers, per_task)
    try:
        with scratch.open("wb") as file:
            for _ in range(places):
                file.write(bytes(size))
        jobs = [(uploads, name, wanted, scratch, number % places * size) for number, name in enumerate(names)]
        outcomes = map_in_order(_vet_into_memory, jobs, workers=workers, items_per_task=per_task, limits=LIMITS)
        for (*_, start), outcome in zip(jobs, outcomes, strict=True):
            yield _mapped(scratch)[start : start + size] if outcome is None else outcome
    finally:
        _mapped.cache_clear()
        scratch.unlink(missing_ok=True)


def _vet_into_memory(job: tuple[Uploads, str, Wanted, Path, int]) -> Refusal | None:
    """Write the image, in a worker process, into the mapped file, or return why not."""
    uploads, name, wanted, scratch, start = job
    try:
        png = encode_png(training_pixels(uploads.read(name), wanted))
    except RefusedImage as refused:
        return refused.refusal
    _mapped(scratch)[start : start + len(png)] = png
    return None


@functools.lru_cache(maxsize=1)
def _mapped(path: Path) -> memoryview:
    """Return a file as memory that all processes share; opened once in each."""
    with path.open("r+b") as file:
        return memoryview(mmap.mmap(file.fileno(), 0))


class _Labelling:
    """Which label an image gets."""

    def __init__(self, source: LabelSource, uploads: Uploads, names: list[str], unusable: dict[str, Refusal]) -> None:
        """Takes dataset.json out of the ``names``, and adds what it tells of but is not there to the ``unusable``."""
        self._from_folders = source == "folders"
        self._by_name: dict[str, Label] | None = None
        if source == "none":
            return
        data = uploads.read_labels()
        if data is None:
            return
        names.remove(LABELS_NAME)
        if source == "file":
            self._by_name = labels_by_name(data, f"{LABELS_NAME} in {uploads.path}")
            for name in (self._by_name or {}).keys() - set(names):
                unusable.setdefault(name, refusal(RefusalCode.NO_SUCH_FILE))

    def why_without(self, name: str) -> Refusal | None:
        """Return why an image has no label, None if it has one or needs none."""
        if self._from_folders and "/" not in name:
            return refusal(RefusalCode.OUTSIDE_CLASSES)
        if self._by_name is not None and name not in self._by_name:
            return refusal(RefusalCode.NO_LABEL)
        return None

    def classes(self, good: Mapping[str, str]) -> dict[str, int]:
        """Return the classes' names, in order, and how many good images each has; none if labels are not of folders."""
        images = Counter(map(_class_of, good)) if self._from_folders else {}
        return {name: images[name] for name in sorted(images, key=os.fsencode)}

    def as_json(self, good: Mapping[str, str]) -> dict[str, object]:
        """Return what dataset.json says of the good images."""
        if not self._from_folders and self._by_name is None:
            return {"labels": None}
        content: dict[str, object] = {}
        by_name = self._by_name or {}
        if self._from_folders:
            classes = self.classes(good)
            numbers = {name: number for number, name in enumerate(classes)}
            by_name = {name: numbers[_class_of(name)] for name in good}
            content["classes"] = list(map(_printable, classes))
        content["labels"] = [[member, by_name[name]] for name, member in good.items()]
        return content


def _class_of(name: str) -> str:
    """Return the outermost folder of an image. Systems write an é in two ways: names that look alike are one class."""
    return unicodedata.normalize("NFC", name.split("/")[0])


class _DatasetWriter:
    """Writes the zip: images by number, then dataset.json. The bytes depend on images and labels only."""

    def __init__(self, path: Path) -> None:
        self._archive = zipfile.ZipFile(path, "w", zipfile.ZIP_STORED)
        self._count = 0
        self.labels = ""

    def __enter__(self) -> _DatasetWriter:
        return self

    def __exit__(self, *exception: object) -> None:
        with self._archive:
            if exception[0] is None:
                self._write(LABELS_NAME, self.labels.encode())

    def add(self, png: bytes | memoryview) -> str:
        """Write an image; return its name."""
        name = f"{self._count // _IMAGES_PER_FOLDER:05d}/img{self._count:08d}.png"
        self._write(name, png)
        self._count += 1
        return name

    def read(self, name: str) -> bytes:
        """Return an image that was written before."""
        return self._archive.read(name)

    def _write(self, name: str, data: bytes | memoryview) -> None:
        info = zipfile.ZipInfo(name, _ZIP_EPOCH)
        info.create_system = 3  # Unix, whatever this runs on
        info.external_attr = (stat.S_IFREG | 0o644) << 16
        self._archive.writestr(info, data)


def _copy_files(uploads: Uploads, names: list[str], folder: Path, limits: CopyLimits | None) -> int:
    """Copy the ordinary files among ``names`` into ``folder``, and return how many were. What cannot be copied, or does
    not fit within the limits any more, is left out: the report has it."""
    taken: dict[str, int] = {}
    copied = 0
    left = LARGEST_FILE * len(names) if limits is None else limits.total_bytes
    for name in names:
        if limits is not None and copied == limits.files:
            break
        safe_name = _safe_name(name, taken)
        try:
            size = uploads.copy(name, folder / safe_name, left)
        except OSError as error:
            raise PreparationError(f"Files cannot be set aside in {folder}: {error.strerror}.") from error
        if size is not None:
            copied, left = copied + 1, left - size
    return copied


def _safe_name(name: str, taken: dict[str, int]) -> str:
    """Return a file name of harmless characters, different (also without regard to case) from those ``taken``.

    With each of these is the number to begin with when it is wanted again: thousands of names may come out as one.
    """
    flat = _UNSAFE_IN_NAMES.sub("_", name.replace("/", "__")).lstrip(".-") or "_"
    stem, dot, suffix = flat.rpartition(".")
    if not dot:
        stem, suffix = flat, ""
    stem, suffix = stem[:_LONGEST_NAME], suffix[:_LONGEST_NAME]
    wanted = free = f"{stem}{dot}{suffix}"
    number = taken.get(wanted.lower(), 2)
    while free.lower() in taken:
        free = f"{stem}-{number}{dot}{suffix}"
        number += 1
    taken[free.lower()] = 2
    taken[wanted.lower()] = number
    return free


def _in_bytes(name: str) -> bytes:
    try:
        return os.fsencode(name)
    except UnicodeEncodeError:  # half a character, which only a dataset.json can hold
        return name.encode("utf-8", "backslashreplace")


def _printable(name: str) -> str:
    """Return a file's name as text that can be shown: bytes that are no UTF-8 and control characters are escaped.

    A name that only a zip can hold, longer than S3 or a file system allows, is cut; where there is none, that is said.
    """
    text = _in_bytes(name).decode("utf-8", "backslashreplace")
    shown = text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 3] + "..."
    return (
        "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in shown) or "(no name)"
    )
