"""The training pictures: a zip or a folder of square pictures of one size, and the order in which they are shown.

    DatasetError            the data set cannot be used; the message names the file and says what to do
    ImageDataset            length, [index] -> uint8 array [C, H, W]
    InfiniteSampler         an endless, seeded, resumable order of indices

The zip is the format of StyleGAN2-ADA's data sets: members ``00000/img00000000.png`` and ``dataset.json``. Pictures are
taken in the order of their names. The file may come from anyone, so nothing in it is believed before it is checked.
"""

from __future__ import annotations

import io
import os
import struct
import weakref
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from stylegan2.errors import ModelError
from stylegan2.png_format import HEADER_BYTES, decode_plain_png, read_png_header

PICTURE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp"})
_PICTURE_FORMATS = ("PNG", "JPEG", "WEBP", "BMP")
_CHANNELS_OF_MODE = {"L": 1, "RGB": 3}
_SMALLEST, _LARGEST = 4, 4096  # pixels per side
_MOST_PICTURES = 5_000_000
_LARGEST_FILE = 2 * _LARGEST * _LARGEST * 3  # bytes; no honest picture of at most 4096 x 4096 x 3 is larger
_PREPARE_FIRST = "Run dataset_tool.py on the original pictures to make a data set that fits."


class DatasetError(ModelError):
    """The data set cannot be used; the message names the offending file."""


class _PictureFiles(Protocol):
    """Where the encoded pictures are: a folder or a zip."""

    names: list[str]

    def read(self, index: int) -> bytes: ...

    def read_start(self, index: int) -> bytes:
        """Return at least the first ``HEADER_BYTES`` bytes (fewer if the file is shorter)."""
        ...

    def describe(self, index: int) -> str:
        """Return how a message calls this picture."""
        ...


class ImageDataset:
    """Square pictures of one size, read one at a time; safe to share between threads and forked workers.

    Opening looks at the header of every picture, so that a wrong one is found now and not hours into a training.

    Args:
        path: a zip (see the module's text) or a folder, searched with its sub-folders.
        mirror: show every picture also flipped left-right: ``len`` doubles, the second half is the mirrored one.

    Attributes:
        resolution: pixels per side, a power of two.
        channels: 1 (grey) or 3 (RGB).
        names: the pictures' names inside the zip or folder, sorted.

    Raises:
        DatasetError: there is no such file, no picture in it, or a picture that does not fit the others.
    """

    def __init__(self, path: str | os.PathLike[str], *, mirror: bool = False) -> None:
        self.path = Path(path)
        self.mirror = mirror
        self._files: _PictureFiles
        if self.path.is_dir():
            self._files = _FolderFiles(self.path)
        elif self.path.is_file():
            self._files = _ZipFiles(self.path)
        else:
            raise DatasetError(f"There is no data set at {self.path}: no such zip or folder.")
        self.names = self._files.names
        if not self.names:
            raise DatasetError(f"The data set {self.path} holds no pictures (.png, .jpg, .webp, .bmp).")
        self.resolution, self.channels = self._check_all_headers()

    def __len__(self) -> int:
        return len(self.names) * (2 if self.mirror else 1)

    def __getitem__(self, index: int) -> NDArray[np.uint8]:
        """Return picture ``index`` as a contiguous uint8 array [channels, resolution, resolution].

        Raises:
            DatasetError: the file is damaged, or has changed since the data set was opened.
        """
        if not 0 <= index < len(self):
            raise IndexError(f"picture {index} of {len(self)}")
        is_flipped, file_index = divmod(index, len(self.names))
        pixels = self._decode(file_index)
        if is_flipped:
            pixels = pixels[:, ::-1]
        return np.ascontiguousarray(pixels.transpose(2, 0, 1))

    def _decode(self, file_index: int) -> NDArray[np.uint8]:
        data = self._files.read(file_index)
        header = read_png_header(data)
        # The size is compared before anything is decoded: a changed file must not become a decompression bomb.
        if header is not None and (header.width, header.height) != (self.resolution, self.resolution):
            raise self._changed(file_index)
        pixels = decode_plain_png(data)
        if pixels is None:
            pixels = self._decode_with_pillow(data, file_index)
        if pixels.shape != (self.resolution, self.resolution, self.channels):
            raise self._changed(file_index)
        return pixels

    def _decode_with_pillow(self, data: bytes, file_index: int) -> NDArray[np.uint8]:
        try:
            with Image.open(io.BytesIO(data), formats=_PICTURE_FORMATS) as image:
                if image.size == (self.resolution, self.resolution):
                    return np.asarray(image).reshape(self.resolution, self.resolution, -1)
        except Exception as error:  # Pillow's decoders raise a dozen different types on damaged data
            raise DatasetError(f"{self._files.describe(file_index)} is damaged: {error}. {_PREPARE_FIRST}") from error
        raise self._changed(file_index)

    def _changed(self, file_index: int) -> DatasetError:
        return DatasetError(f"{self._files.describe(file_index)} has changed its size since the data set was opened.")

    def _check_all_headers(self) -> tuple[int, int]:
        width, height, channels = self._read_header(0)
        if width != height or width & (width - 1) or not _SMALLEST <= width <= _LARGEST:
            raise DatasetError(
                f"{self._files.describe(0)} is {width} x {height} pixels, but a data set's pictures must be square "
                f"with a side that is a power of two from {_SMALLEST} to {_LARGEST}. {_PREPARE_FIRST}"
            )
        for index in range(1, len(self.names)):
            found = self._read_header(index)
            if found != (width, height, channels):
                raise DatasetError(
                    f"{self._files.describe(index)} is {_describe(*found)}, but the first picture, {self.names[0]}, is "
                    f"{_describe(width, height, channels)}: all must be alike. {_PREPARE_FIRST}"
                )
        return width, channels

    def _read_header(self, index: int) -> tuple[int, int, int]:
        """Return width, height and channels of a picture without decoding it."""
        header = read_png_header(self._files.read_start(index))
        if header is not None:
            width, height, channels = header
        else:
            try:
                with Image.open(io.BytesIO(self._files.read(index)), formats=_PICTURE_FORMATS) as image:
                    (width, height), channels = image.size, _CHANNELS_OF_MODE.get(image.mode, 0)
            except Exception as error:  # see _decode_with_pillow
                raise DatasetError(f"{self._files.describe(index)} is not a picture. {_PREPARE_FIRST}") from error
        if channels == 0:
            raise DatasetError(
                f"{self._files.describe(index)} is neither plain RGB nor plain grey with 8 bits per channel "
                f"(it has a palette, transparency, or 16 bits). {_PREPARE_FIRST}"
            )
        return width, height, channels


class _FolderFiles:
    """The pictures under a folder, by suffix; hidden files and links are passed over."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.names = sorted(_picture_names_under(folder))

    def read(self, index: int) -> bytes:
        return self._read(index, _LARGEST_FILE)

    def read_start(self, index: int) -> bytes:
        return self._read(index, HEADER_BYTES)

    def describe(self, index: int) -> str:
        return f"The picture {self.names[index]!r} in the folder {self._folder}"

    def _read(self, index: int, limit: int) -> bytes:
        try:
            with (self._folder / self.names[index]).open("rb") as file:
                return file.read(limit)
        except OSError as error:
            raise DatasetError(f"{self.describe(index)} cannot be read: {error.strerror}.") from error


class _ZipFiles:
    """The pictures in a zip, read at their offsets with ``pread``.

    The file position is never used, so threads and forked workers may read at the same time without a lock, and a
    read costs two system calls instead of zipfile's bookkeeping. Compressed members are allowed, only slower.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd = os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self._fd)
        self._members = self._list_members()
        self.names = [member.filename for member in self._members]

    def __reduce__(self) -> tuple[type[_ZipFiles], tuple[Path]]:
        return _ZipFiles, (self._path,)  # an open file cannot be pickled; a spawned worker opens its own

    def read(self, index: int) -> bytes:
        member = self._members[index]
        data = self._read_stored(index, member.compress_size)
        if member.compress_type == zipfile.ZIP_DEFLATED:
            inflater = zlib.decompressobj(-zlib.MAX_WBITS)
            try:
                data = inflater.decompress(data, member.file_size)
            except zlib.error as error:
                raise DatasetError(f"{self.describe(index)} is damaged: {error}.") from error
        if len(data) != member.file_size:
            raise DatasetError(f"{self.describe(index)} is shorter than the zip's directory says: the zip is damaged.")
        return data

    def read_start(self, index: int) -> bytes:
        member = self._members[index]
        if member.compress_type == zipfile.ZIP_DEFLATED:
            return self.read(index)
        return self._read_stored(index, min(HEADER_BYTES, member.compress_size))

    def describe(self, index: int) -> str:
        return f"The picture {self.names[index]!r} in {self._path}"

    def _read_stored(self, index: int, size: int) -> bytes:
        """Return the first ``size`` bytes of a member as they lie in the zip."""
        # The local header repeats the name and has an extra field of its own length (APPNOTE.TXT 4.3.7).
        member = self._members[index]
        header_size = 30
        header = os.pread(self._fd, header_size, member.header_offset)
        if len(header) < header_size or not header.startswith(b"PK\x03\x04"):
            raise DatasetError(f"{self.describe(index)} is not where the zip's directory says: the zip is damaged.")
        name_size, extra_size = struct.unpack("<HH", header[26:30])
        return os.pread(self._fd, size, member.header_offset + header_size + name_size + extra_size)

    def _list_members(self) -> list[zipfile.ZipInfo]:
        try:
            with zipfile.ZipFile(self._path) as archive:
                infos = archive.infolist()
        except (zipfile.BadZipFile, OSError, ValueError, struct.error) as error:
            raise DatasetError(f"{self._path} is not a zip that can be read: {error}.") from error
        if len(infos) > _MOST_PICTURES:
            raise DatasetError(f"{self._path} has {len(infos)} members; at most {_MOST_PICTURES} are read.")
        members: dict[str, zipfile.ZipInfo] = {}
        for info in infos:
            if info.is_dir() or PurePosixPath(info.filename).suffix.lower() not in PICTURE_SUFFIXES:
                continue
            self._check_member(info)
            if info.filename in members:
                raise DatasetError(f"{self._path} holds two members with the name {info.filename!r}.")
            members[info.filename] = info
        return [members[name] for name in sorted(members)]

    def _check_member(self, info: zipfile.ZipInfo) -> None:
        name = info.filename
        if name.startswith("/") or "\\" in name or ".." in name.split("/") or not name.isprintable():
            raise DatasetError(f"{self._path} holds a member with an unsafe name: {name!r}.")
        picture = f"The picture {name!r} in {self._path}"
        if info.flag_bits & 1:
            raise DatasetError(f"{picture} is encrypted; make the zip without a password.")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise DatasetError(f"{picture} is compressed in an unknown way; store it without compression.")
        if max(info.file_size, info.compress_size) > _LARGEST_FILE:
            raise DatasetError(f"{picture} claims {info.file_size} bytes, which is too large.")


class InfiniteSampler:
    """An endless order of the indices ``0 .. length - 1`` in which near repeats are rare and no epoch ends.

    The indices are shuffled once and then walked in a circle; every visited index changes places with one of those
    visited shortly before it (at most ``window`` of the circle back), so the order drifts from round to round.

    Args:
        length: how many pictures there are.
        rank, num_replicas: yield only every ``num_replicas``-th index, beginning with the ``rank``-th.
        seed: of the order; the same on every rank.
        window: how far back the exchange may reach, as a fraction of ``length``.
        start: how many indices all ranks together have already used. A sampler that starts at n continues exactly
            where the one from 0 would be after n (the order is replayed, about 4 million indices a second).
    """

    _DRAWS_AT_A_TIME = 4096

    def __init__(
        self, length: int, *, rank: int = 0, num_replicas: int = 1, seed: int = 0, window: float = 0.5, start: int = 0
    ) -> None:
        if length < 1:
            raise ValueError(f"length must be at least 1, not {length}")
        if not 0 <= rank < num_replicas:
            raise ValueError(f"rank must be from 0 to num_replicas - 1 = {num_replicas - 1}, not {rank}")
        if not 0 <= window <= 1:
            raise ValueError(f"window must be from 0 to 1, not {window}")
        if start < 0:
            raise ValueError(f"start must not be negative, but is {start}")
        self.length, self.rank, self.num_replicas = length, rank, num_replicas
        self.seed, self.window, self.start = seed, window, start

    def __iter__(self) -> Iterator[int]:
        rng = np.random.RandomState(self.seed)
        circle: list[int] = rng.permutation(self.length).tolist()
        reach = max(round(self.length * self.window), 1)  # 1: every index changes places with itself
        position = 0
        while True:
            for step_back in rng.randint(reach, size=self._DRAWS_AT_A_TIME).tolist():
                here = position % self.length
                if position >= self.start and position % self.num_replicas == self.rank:
                    yield circle[here]
                there = here - step_back  # may be negative: Python counts from the end, which closes the circle
                circle[here], circle[there] = circle[there], circle[here]
                position += 1


def _picture_names_under(folder: Path) -> Iterator[str]:
    """Yield the slash-separated relative names of the pictures under ``folder``; folders that are links stay closed."""
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            path = Path(parent, name)
            if not name.startswith(".") and path.suffix.lower() in PICTURE_SUFFIXES and not path.is_symlink():
                yield path.relative_to(folder).as_posix()


def _describe(width: int, height: int, channels: int) -> str:
    return f"{width} x {height} pixels with {channels} channel{'s' if channels > 1 else ''}"
