"""Where encoded images are: a folder or a zip, from anyone. Nothing in them is believed before it is checked.

open_files(path)        FolderFiles or ZipFiles
ZipMembers              a zip's members, read at their offsets; also for zips of uploads
"""

from __future__ import annotations

import hashlib
import os
import struct
import weakref
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from stylegan2.base.errors import DatasetError
from stylegan2.data.refusals import Refusal, RefusalCode, refusal

IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp"})
LABELS_NAME = "dataset.json"
LARGEST_IMAGE_FILE = 2 * 4096 * 4096 * 4  # bytes; no honest image of at most 4096 x 4096 x 4 is larger
LARGEST_LABELS_FILE = 512 << 20
_MOST_MEMBERS = 5_000_000
_TAIL_BYTES = 32  # of a PNG: checksums of its pixels (8 bytes), and the empty last chunk (12)
_LOCAL_HEADER = 30  # bytes; then the name again and an extra field (APPNOTE.TXT 4.3.7)
# Deflate reaches 1032:1 at most; flat colour is the only image that comes near, and a large one is of no use here.
_BOMB_BYTES, _BOMB_RATIO = 16 << 20, 500


class ImageFiles(Protocol):
    """The encoded images of a data set."""

    names: list[str]
    """The images' names, sorted."""
    passed_over: list[str]
    """The names of other files, which are no images by their suffix and not hidden."""

    def read(self, index: int) -> bytes:
        """Return the whole file, compared with its checksum where there is one."""
        ...

    def read_start(self, index: int, size: int) -> bytes:
        """Return the first ``size`` bytes (fewer if the file is shorter)."""
        ...

    def read_into(self, index: int, buffers: Sequence[memoryview], size: int) -> bool:
        """Fill the buffers with the file, not compared with a checksum; False if it is not ``size`` bytes, as they are.

        What is in the buffers then is of no use.
        """
        ...

    def read_labels(self) -> bytes | None:
        """Return the content of dataset.json, None if there is none."""
        ...

    def describe(self, index: int) -> str:
        """Return how a message calls this image."""
        ...

    def fingerprint(self) -> str:
        """Return a digest that changes when images come, go or are replaced. Reads no image as a whole."""
        ...


def open_files(path: Path) -> ImageFiles:
    """Return the images of a folder or zip. Raises DatasetError if it is neither."""
    if path.is_dir():
        return FolderFiles(path)
    if path.is_file():
        return ZipFiles(path)
    raise DatasetError(f"There is no data set at {path}: no such zip or folder.")


def is_hidden(name: str) -> bool:
    """Return whether a name (with "/") is one that file managers hide, or that macOS adds to archives."""
    return any(part.startswith(".") or part == "__MACOSX" for part in name.split("/"))


def _is_image(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in IMAGE_SUFFIXES  # pathlib would be half of the time of opening


def _sorted_apart(names: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the images and the other files, each sorted, without dataset.json."""
    images: list[str] = []
    others: list[str] = []
    for name in sorted(names):
        if _is_image(name):
            images.append(name)
        elif name != LABELS_NAME:
            others.append(name)
    return images, others


class FolderFiles:
    """The images under a folder, by suffix. Hidden files are passed over, and links are not followed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.names, self.passed_over = _sorted_apart(_names_under(folder))

    def read(self, index: int) -> bytes:
        return self._read(self.names[index], LARGEST_IMAGE_FILE)

    def read_start(self, index: int, size: int) -> bytes:
        return self._read(self.names[index], size)

    def read_into(self, index: int, buffers: Sequence[memoryview], size: int) -> bool:
        name = self.names[index]
        try:
            descriptor = os.open(self._folder / name, os.O_RDONLY)
            try:
                return os.fstat(descriptor).st_size == size == os.preadv(descriptor, buffers, 0)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise self._unreadable(name, error) from error

    def read_labels(self) -> bytes | None:
        if not (self._folder / LABELS_NAME).exists():
            return None
        return self._read(LABELS_NAME, LARGEST_LABELS_FILE)

    def describe(self, index: int) -> str:
        return f"The picture {self.names[index]!r} in the folder {self._folder}"

    def fingerprint(self) -> str:
        digest = hashlib.sha256()
        for name in self.names:
            try:
                with (self._folder / name).open("rb") as file:
                    size = file.seek(0, os.SEEK_END)
                    # Plain PNGs of one size are all as long, but a PNG ends with the checksum of its pixels.
                    file.seek(max(size - _TAIL_BYTES, 0))
                    tail = file.read(_TAIL_BYTES)
            except OSError as error:
                raise self._unreadable(name, error) from error
            digest.update(f"{name}\0{size}\0{tail.hex()}\n".encode("utf-8", "surrogateescape"))
        return digest.hexdigest()

    def _read(self, name: str, limit: int) -> bytes:
        try:
            with (self._folder / name).open("rb") as file:
                return file.read(limit)
        except OSError as error:
            raise self._unreadable(name, error) from error

    def _unreadable(self, name: str, error: OSError) -> DatasetError:
        return DatasetError(f"The file {name!r} in the folder {self._folder} cannot be read: {error.strerror}.")


def _names_under(folder: Path) -> Iterator[str]:
    """Yield the slash-separated relative names of the files under ``folder``; folders that are links stay closed."""
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not is_hidden(name)]
        for name in files:
            path = Path(parent, name)
            if not is_hidden(name) and not path.is_symlink():
                yield path.relative_to(folder).as_posix()


class ZipMembers:
    """The members of a zip, read at their offsets.

    The file's position is never used, so threads and forked workers may read at the same time without a lock, and a
    read costs one system call instead of zipfile's bookkeeping. (A memory map would save a copy, but a file that
    shrinks under a map kills the process.) Compressed members are allowed, only slower.

    Raises:
        DatasetError: the file is no zip that can be read, or two of its members have one name.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._fd = os.open(path, os.O_RDONLY)
        except OSError as error:
            raise DatasetError(f"{path} cannot be opened: {error.strerror}.") from error
        weakref.finalize(self, os.close, self._fd)
        try:
            with zipfile.ZipFile(path) as archive:
                infos = [info for info in archive.infolist() if not _is_folder(info)]
        except Exception as error:
            # zipfile raises half a dozen unrelated types on directories that are damaged, or made to hurt.
            raise DatasetError(f"{path} is not a zip that can be read: {error}.") from error
        if len(infos) > _MOST_MEMBERS:
            raise DatasetError(f"{path} has {len(infos)} members; at most {_MOST_MEMBERS} are read.")
        self.infos: dict[str, zipfile.ZipInfo] = {}
        for info in infos:
            if info.filename in self.infos:
                raise DatasetError(f"{path} holds two members with the name {info.filename!r}.")
            self.infos[info.filename] = info
        self._starts: dict[str, int] = {}

    def __reduce__(self) -> tuple[type[ZipMembers], tuple[Path]]:
        return ZipMembers, (self.path,)  # an open file cannot be pickled; a spawned worker opens its own

    def why_unusable(self, name: str, limit: int) -> Refusal | None:
        """Return why a member cannot be read safely; None if it can."""
        info = self.infos[name]
        if info.flag_bits & 1:
            return refusal(RefusalCode.ZIP_ENCRYPTED)
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            return refusal(RefusalCode.ZIP_COMPRESSION)
        if info.compress_type == zipfile.ZIP_STORED and info.file_size != info.compress_size:
            return refusal(RefusalCode.ZIP_TWO_SIZES)
        if max(info.file_size, info.compress_size) > limit:
            return refusal(RefusalCode.ZIP_TOO_LARGE, size=info.file_size)
        if info.file_size > max(_BOMB_BYTES, _BOMB_RATIO * info.compress_size):
            return refusal(RefusalCode.ZIP_BOMB, packed=info.compress_size, size=info.file_size)
        return None

    def read(self, name: str) -> bytes:
        """Return the member's content. Raises DatasetError, naming it, if the zip is damaged there."""
        info = self.infos[name]
        data = self.read_raw(name, info.compress_size)
        if info.compress_type == zipfile.ZIP_DEFLATED:
            try:
                data = zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, max(info.file_size, 1))
            except zlib.error as error:
                raise DatasetError(f"{self.describe(name)} is damaged: {error}; make the zip anew.") from error
        if len(data) != info.file_size:
            raise DatasetError(f"{self.describe(name)} is shorter than the zip's directory says: make the zip anew.")
        if zlib.crc32(data) != info.CRC:
            raise DatasetError(
                f"{self.describe(name)} is damaged: its checksum is not the one in the zip's directory; "
                f"make the zip anew."
            )
        return data

    def read_raw(self, name: str, size: int) -> bytes:
        """Return the first ``size`` bytes of a member as they lie in the zip."""
        start = self._start(name)
        try:
            return os.pread(self._fd, size, start)
        except OSError as error:
            raise DatasetError(f"{self.describe(name)} cannot be read: {error.strerror}.") from error

    def read_raw_into(self, name: str, buffers: Sequence[memoryview]) -> int:
        """Fill the buffers, one after the other, with the member as it lies in the zip; return the number of bytes."""
        start = self._start(name)
        try:
            return os.preadv(self._fd, buffers, start)
        except OSError as error:
            raise DatasetError(f"{self.describe(name)} cannot be read: {error.strerror}.") from error

    def describe(self, name: str) -> str:
        """Return how a message calls this member."""
        return f"The file {name!r} in {self.path}"

    def _start(self, name: str) -> int:
        known = self._starts.get(name)
        if known is not None:
            return known
        offset = self.infos[name].header_offset
        try:
            header = os.pread(self._fd, _LOCAL_HEADER, offset)
        except OSError as error:
            raise DatasetError(f"{self.describe(name)} cannot be read: {error.strerror}.") from error
        if len(header) < _LOCAL_HEADER or not header.startswith(b"PK\x03\x04"):
            raise DatasetError(f"{self.describe(name)} is not where the zip's directory says: make the zip anew.")
        name_size, extra_size = struct.unpack("<HH", header[26:30])
        self._starts[name] = offset + _LOCAL_HEADER + name_size + extra_size
        return self._starts[name]


def _is_folder(info: zipfile.ZipInfo) -> bool:
    # Not is_dir(), which raises IndexError for a member without a name, and takes files of such a name for folders.
    return info.filename.endswith("/") and info.file_size == 0


class ZipFiles:
    """The images in a zip. One bad image, or an unsafe name, refuses the whole: it is no zip to learn from."""

    def __init__(self, path: Path) -> None:
        self._members = ZipMembers(path)
        for name in self._members.infos:
            if leads_outside(name) or (not name.isprintable() and _is_image(name)):
                raise DatasetError(f"{path} holds a member with an unsafe name: {name!r}.")
        self.names, self.passed_over = _sorted_apart(name for name in self._members.infos if not is_hidden(name))
        for name in self.names:
            self._refuse_if_unusable(name, LARGEST_IMAGE_FILE)
        infos = [self._members.infos[name] for name in self.names]
        self._stored_sizes = [info.file_size if info.compress_type == zipfile.ZIP_STORED else -1 for info in infos]

    def read(self, index: int) -> bytes:
        return self._members.read(self.names[index])

    def read_start(self, index: int, size: int) -> bytes:
        if self._stored_sizes[index] < 0:
            return self.read(index)[:size]
        return self._members.read_raw(self.names[index], min(size, self._stored_sizes[index]))

    def read_into(self, index: int, buffers: Sequence[memoryview], size: int) -> bool:
        if self._stored_sizes[index] != size:
            return False
        return self._members.read_raw_into(self.names[index], buffers) == size

    def read_labels(self) -> bytes | None:
        if LABELS_NAME not in self._members.infos:
            return None
        self._refuse_if_unusable(LABELS_NAME, LARGEST_LABELS_FILE)
        return self._members.read(LABELS_NAME)

    def describe(self, index: int) -> str:
        return f"The picture {self.names[index]!r} in {self._members.path}"

    def fingerprint(self) -> str:
        digest = hashlib.sha256()
        for name in self.names:
            info = self._members.infos[name]
            digest.update(f"{name}\0{info.file_size}\0{info.CRC}\n".encode("utf-8", "surrogateescape"))
        return digest.hexdigest()

    def _refuse_if_unusable(self, name: str, limit: int) -> None:
        reason = self._members.why_unusable(name, limit)
        if reason is not None:
            raise DatasetError(reason.naming(self._members.describe(name)))


def leads_outside(name: str) -> bool:
    """Return whether a member's name would lead out of the folder that a zip is unpacked into, on some system."""
    return name.startswith("/") or "\\" in name or ".." in name.split("/")
