"""What was uploaded: the files in a folder or zip, whatever they are, by name.

A source can be sent to worker processes. Nothing in it raises but RefusedImage, which names no file: the caller does.
"""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from stylegan2.base.errors import DatasetError, ModelError
from stylegan2.data.image_files import LABELS_NAME, LARGEST_LABELS_FILE, ZipMembers, leads_outside
from stylegan2.data.refusals import Refusal, RefusalCode, RefusedImage, refusal
from stylegan2.data.vetting import LARGEST_FILE, read_ordinary_file

IGNORED_NAMES = frozenset({"__MACOSX", "@eaDir", "#recycle", "Thumbs.db", "desktop.ini"})
"""Files and folders that are not meant as images; hidden ones (".name") are passed over too."""


class PreparationError(ModelError):
    """The preparation as a whole cannot be done; the message names the path or option."""


class Uploads(Protocol):
    """The files of a folder or zip, by name."""

    path: Path

    def list_files(self) -> tuple[list[str], dict[str, Refusal]]:
        """Return the names (with "/") of all files, sorted, and what cannot even be listed, with the reason."""
        ...

    def read(self, name: str) -> bytes:
        """Return a file's content. Raises RefusedImage with the reason why it cannot be read."""
        ...

    def read_labels(self) -> bytes | None:
        """Return the content of dataset.json, None if there is none. Raises PreparationError."""
        ...

    def copy(self, name: str, target: Path, most: int = LARGEST_FILE) -> int | None:
        """Copy a file if it is an ordinary one that can be read and has at most so many bytes, into a folder that is
        made if it is missing. Return its size, None if it was not copied.

        Raises OSError if the copy cannot be written.
        """
        ...


def open_uploads(path: Path) -> Uploads:
    """Return the files of a folder or zip. Raises PreparationError if it is neither."""
    if path.is_dir():
        return FolderUploads(path)
    if path.is_file():
        return ZipUploads(path)
    raise PreparationError(f"There is no folder {path} to take images from, and no zip.")


def _is_ignored(name: str) -> bool:
    return name.startswith(".") or name in IGNORED_NAMES


class FolderUploads:
    """The files under a folder. Links are not followed."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def list_files(self) -> tuple[list[str], dict[str, Refusal]]:
        names: list[str] = []
        unusable: dict[str, Refusal] = {}
        folders = [""]
        while folders:
            folder = folders.pop()
            try:
                with os.scandir(self.path / folder) as listing:
                    entries = list(listing)
            except OSError as error:
                if folder == "":
                    raise PreparationError(f"The folder {self.path} cannot be opened: {error.strerror}.") from error
                unusable[folder] = refusal(RefusalCode.FOLDER_CANNOT_OPEN, why=str(error.strerror))
                continue
            for entry in entries:
                if _is_ignored(entry.name):
                    continue
                name = f"{folder}/{entry.name}" if folder else entry.name
                if entry.is_dir(follow_symlinks=False):
                    folders.append(name)
                else:
                    names.append(name)
        return sorted(names, key=os.fsencode), unusable

    def read(self, name: str) -> bytes:
        return read_ordinary_file(self.path / name)

    def read_labels(self) -> bytes | None:
        path = self.path / LABELS_NAME
        if not path.is_file():
            return None
        try:
            return path.read_bytes()
        except OSError as error:
            raise PreparationError(f"{path} cannot be read: {error.strerror}.") from error

    def copy(self, name: str, target: Path, most: int = LARGEST_FILE) -> int | None:
        return _copy_ordinary_file(self.path / name, target, most)


class NamedUploads:
    """Files that had other names where they came from: names that no file system need be able to hold, of which one
    may be the folder of another. On the disk a file's name is the digest of its own.
    """

    def __init__(self, path: Path, names: Sequence[str], unusable: Mapping[str, Refusal] | None = None) -> None:
        """``unusable``: names of files that are not there, each with the reason."""
        self.path = path
        self._names, self._unusable = names, unusable or {}

    def __reduce__(self) -> tuple[type[NamedUploads], tuple[Path, tuple[str, ...]]]:
        return NamedUploads, (self.path, ())  # whoever reads in another process is told the name, each time

    @staticmethod
    def place(folder: Path, name: str) -> Path:
        """Return where the file with this name lies in the folder."""
        return folder / hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()

    def list_files(self) -> tuple[list[str], dict[str, Refusal]]:
        return sorted(self._names, key=os.fsencode), dict(self._unusable)

    def read(self, name: str) -> bytes:
        return read_ordinary_file(self.place(self.path, name))

    def read_labels(self) -> bytes | None:
        return None  # a name is all that these files have

    def copy(self, name: str, target: Path, most: int = LARGEST_FILE) -> int | None:
        return _copy_ordinary_file(self.place(self.path, name), target, most)


def _copy_ordinary_file(path: Path, target: Path, most: int) -> int | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None  # a link, or unreadable, as its reason says
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_size > min(most, LARGEST_FILE):
        os.close(descriptor)
        return None
    with open(descriptor, "rb") as original:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as copy:
            shutil.copyfileobj(original, copy)
    return status.st_size


class ZipUploads:
    """The members of a zip. A bad member is refused by itself, a bad directory makes the whole zip useless."""

    def __init__(self, path: Path) -> None:
        self.path = path
        status = path.stat()
        self._version = status.st_mtime_ns, status.st_size
        self._members()  # so that a broken zip is told of now

    def _members(self) -> ZipMembers:
        return _members(self.path, *self._version)

    def list_files(self) -> tuple[list[str], dict[str, Refusal]]:
        names: list[str] = []
        unusable: dict[str, Refusal] = {}
        for name in self._members().infos:
            if not name:
                unusable[name] = refusal(RefusalCode.ZIP_NO_NAME)
            elif leads_outside(name):
                unusable[name] = refusal(RefusalCode.ZIP_LEADS_OUTSIDE)
            elif any(map(_is_ignored, name.split("/"))):
                continue
            elif name.endswith("/"):
                unusable[name] = refusal(RefusalCode.ZIP_FOLDER_NAME)
            else:
                names.append(name)
        return sorted(names, key=os.fsencode), unusable

    def read(self, name: str) -> bytes:
        members = self._members()
        reason = members.why_unusable(name, LARGEST_FILE)
        if reason is not None:
            raise RefusedImage(reason)
        try:
            data = members.read(name)
        except DatasetError as error:
            raise RefusedImage(refusal(RefusalCode.ZIP_DAMAGED)) from error
        if not data:
            raise RefusedImage(refusal(RefusalCode.EMPTY))
        return data

    def read_labels(self) -> bytes | None:
        members = self._members()
        if LABELS_NAME not in members.infos:
            return None
        reason = members.why_unusable(LABELS_NAME, LARGEST_LABELS_FILE)
        if reason is not None:
            raise PreparationError(reason.naming(members.describe(LABELS_NAME)))
        return members.read(LABELS_NAME)

    def copy(self, name: str, target: Path, most: int = LARGEST_FILE) -> int | None:
        try:
            data = self.read(name)
        except RefusedImage:
            return None
        if len(data) > most:
            return None
        target.parent.mkdir(parents=True, exist_ok=True)
        return target.write_bytes(data)


@functools.lru_cache(maxsize=1)
def _members(path: Path, _mtime_ns: int, _size: int) -> ZipMembers:
    """The directory of a zip is read once in each process, and again if there is another zip at its path."""
    return ZipMembers(path)
