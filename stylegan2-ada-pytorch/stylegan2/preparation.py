"""Turn a folder of uploaded pictures into a data set that can be trained on, whatever lies in that folder.

    prepare_images              the whole job: every file ends either in the data set or set aside with a reason
    PrepareReport, SetAside     what came of it
    PreparationError            the job itself is impossible: no such folder, a useless resolution, a full disk

The zip is in the format of StyleGAN2-ADA's data sets (see dataset.py) and depends on nothing but the pictures' names
and pixels: the same folder gives the same bytes again, whatever the number of workers.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path

from stylegan2.errors import ModelError
from stylegan2.png_format import encode_png
from stylegan2.vetting import LARGEST_FILE, RefusedPicture, load_training_pixels
from stylegan2.worker_pool import WorkerCrashed, map_in_order

IGNORED_NAMES = frozenset({"__MACOSX", "Thumbs.db", "desktop.ini", "settings.yaml", "_READY"})
"""Files and folders that are not meant as pictures; hidden ones (".name") are passed over too."""
_SMALLEST, _LARGEST = 4, 4096  # pixels per side of a data set
_PICTURES_PER_FOLDER = 1000
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date a zip can hold: no clock may show in the output
_UNSAFE_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_NAME = 120


class PreparationError(ModelError):
    """The preparation as a whole cannot be done; the message names the path or option."""


@dataclass(frozen=True)
class SetAside:
    """A file that is not in the data set: its name relative to the source folder, and why, in one plain sentence."""

    name: str
    reason: str


@dataclass(frozen=True)
class PrepareReport:
    """What came of a preparation. ``found`` is always ``good + len(set_aside)``."""

    found: int
    good: int
    set_aside: tuple[SetAside, ...]


def prepare_images(
    source: Path,
    dest_zip: Path,
    *,
    resolution: int,
    set_aside: Path | None = None,
    workers: int | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> PrepareReport:
    """Write a data set with every usable picture under ``source``, in the order of their names.

    Args:
        source: folder, searched with its sub-folders. Links are not followed; hidden files and IGNORED_NAMES are
            passed over, everything else counts as found.
        dest_zip: the data set. It appears only when it is complete, and not at all if no picture is good.
        resolution: pixels per side, a power of two.
        set_aside: folder for copies of the files that are not used, under names that are safe on any system.
        workers: processes; None takes the CPUs that this process may use, and one for a handful of files.
        on_progress: called with (files done, files found).

    Raises:
        PreparationError: see there. A bad file never raises; it is in the report.
    """
    if not _SMALLEST <= resolution <= _LARGEST or resolution & (resolution - 1):
        raise PreparationError(
            f"resolution: must be a power of two from {_SMALLEST} to {_LARGEST} pixels, not {resolution}."
        )
    if not source.is_dir():
        raise PreparationError(f"There is no folder {source} to take pictures from.")
    for option, path in (("dest", dest_zip), ("set_aside", set_aside)):
        if path is not None and path.resolve().is_relative_to(source.resolve()):
            raise PreparationError(f"{option}: {path} must not lie inside the folder of pictures, {source}.")
    names, unusable = _list_files(source)
    found = len(names) + len(unusable)

    partial = dest_zip.with_name(dest_zip.name + ".part")
    good = 0
    twins: dict[bytes, str] = {}
    try:
        dest_zip.parent.mkdir(parents=True, exist_ok=True)
        with _DatasetWriter(partial) as dataset:
            outcomes = map_in_order(_vet, [(source / name, resolution) for name in names], workers=workers)
            for done, (name, outcome) in enumerate(zip(names, outcomes, strict=True), start=1 + len(unusable)):
                if isinstance(outcome, WorkerCrashed):
                    unusable[name] = "The picture makes the program that reads it crash; save it anew and try again."
                elif isinstance(outcome, str):
                    unusable[name] = outcome
                elif (twin := twins.setdefault(outcome.fingerprint, name)) != name:
                    unusable[name] = f"This is the same picture as {_printable(twin)}, which is used."
                else:
                    dataset.add(outcome.png)
                    good += 1
                if on_progress is not None:
                    on_progress(done, found)
        if good:
            partial.replace(dest_zip)
        else:
            dest_zip.unlink(missing_ok=True)  # an old one would be taken for the result
    except OSError as error:
        raise PreparationError(f"{dest_zip} cannot be written: {error.strerror}.") from error
    finally:
        partial.unlink(missing_ok=True)

    in_order = sorted(unusable, key=os.fsencode)
    if set_aside is not None:
        _copy_all(source, in_order, set_aside)
    return PrepareReport(found, good, tuple(SetAside(_printable(name), unusable[name]) for name in in_order))


@dataclass(frozen=True)
class _Prepared:
    png: bytes
    fingerprint: bytes  # equal for equal pixels


def _vet(job: tuple[Path, int]) -> _Prepared | str:
    """Return the picture ready for the data set, or the sentence that says why not. Runs in a worker process."""
    path, resolution = job
    try:
        pixels = load_training_pixels(path, resolution)
    except RefusedPicture as refusal:
        return str(refusal)
    return _Prepared(encode_png(pixels), hashlib.blake2b(pixels.tobytes(), digest_size=16).digest())


def _list_files(source: Path) -> tuple[list[str], dict[str, str]]:
    """Return the names (relative to ``source``, with "/") of all files, sorted, and what cannot even be listed."""
    names: list[str] = []
    unusable: dict[str, str] = {}
    folders = [""]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(source / folder) as listing:
                entries = list(listing)
        except OSError as error:
            if folder == "":
                raise PreparationError(f"The folder {source} cannot be opened: {error.strerror}.") from error
            unusable[folder] = f"This folder cannot be opened ({error.strerror})."
            continue
        for entry in entries:
            if entry.name.startswith(".") or entry.name in IGNORED_NAMES:
                continue
            name = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_dir(follow_symlinks=False):
                folders.append(name)
            else:
                names.append(name)
    return sorted(names, key=os.fsencode), unusable


class _DatasetWriter:
    """Writes the zip: pictures by number, then dataset.json. The bytes depend on the pictures only."""

    def __init__(self, path: Path) -> None:
        self._archive = zipfile.ZipFile(path, "w", zipfile.ZIP_STORED)
        self._count = 0

    def __enter__(self) -> _DatasetWriter:
        return self

    def __exit__(self, *exception: object) -> None:
        with self._archive:
            if exception[0] is None:
                self._write("dataset.json", b'{"labels": null}')

    def add(self, png: bytes) -> None:
        self._write(f"{self._count // _PICTURES_PER_FOLDER:05d}/img{self._count:08d}.png", png)
        self._count += 1

    def _write(self, name: str, data: bytes) -> None:
        info = zipfile.ZipInfo(name, _ZIP_EPOCH)
        info.create_system = 3  # Unix, whatever this runs on
        info.external_attr = (stat.S_IFREG | 0o644) << 16
        self._archive.writestr(info, data)


def _copy_all(source: Path, names: list[str], folder: Path) -> None:
    """Copy the ordinary files among ``names`` into ``folder``. What cannot be copied is left out: the report has it."""
    taken: set[str] = set()
    for name in names:
        safe_name = _safe_name(name, taken)
        try:
            descriptor = os.open(source / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            continue  # a link, or unreadable, as its reason says
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST_FILE:
            os.close(descriptor)
            continue
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with open(descriptor, "rb") as original, (folder / safe_name).open("wb") as copy:
                shutil.copyfileobj(original, copy)
        except OSError as error:
            raise PreparationError(f"Files cannot be set aside in {folder}: {error.strerror}.") from error


def _safe_name(name: str, taken: set[str]) -> str:
    """Return a file name of harmless characters, different (also without regard to case) from those ``taken``."""
    flat = _UNSAFE_IN_NAMES.sub("_", name.replace("/", "__")).lstrip(".-") or "_"
    stem, dot, suffix = flat.rpartition(".")
    if not dot:
        stem, suffix = flat, ""
    counters = chain([""], (f"-{number}" for number in count(2)))
    candidates = (f"{stem[:_LONGEST_NAME]}{counter}{dot}{suffix[:_LONGEST_NAME]}" for counter in counters)
    free = next(candidate for candidate in candidates if candidate.lower() not in taken)
    taken.add(free.lower())
    return free


def _printable(name: str) -> str:
    """Return a file's name as text that can be shown: bytes that are no UTF-8 and control characters are escaped."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
