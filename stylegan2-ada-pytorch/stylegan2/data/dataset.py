"""The training images: a zip or a folder of images of one size, and the order in which they are shown.

    ImageDataset            length, [index] -> uint8 array [C, H, W], read(indices) -> [N, H, W, C], labels(indices)
    InfiniteSampler         an endless, seeded, resumable order of indices
    DatasetError            the data set cannot be used; the message names the file and says what to do

The zip is the format of StyleGAN2-ADA's data sets: members ``00000/img00000000.png`` and ``dataset.json``. Images are
taken in the order of their names. The file may come from anyone, so nothing in it is believed before it is checked.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from stylegan2.base.errors import DatasetError
from stylegan2.base.image_size import image_size, size_rule
from stylegan2.data.image_files import LABELS_NAME, open_files
from stylegan2.data.labels import Labels, read_labels
from stylegan2.data.png_format import HEADER_BYTES, PlainReader, plain_png, read_png_header

__all__ = ["DatasetError", "ImageDataset", "InfiniteSampler"]

_IMAGE_FORMATS = ("PNG", "JPEG", "WEBP", "BMP")
_CHANNELS_OF_MODE = {"L": 1, "RGB": 3, "RGBA": 4}
_PREPARE_FIRST = "Run dataset_tool.py on the original pictures to make a data set that fits."


class ImageDataset:
    """Images of one size, with or without labels; safe to share between threads and forked workers.

    Opening looks at the header of every image, so that a wrong one is found now and not hours into a training.

    Args:
        path: a zip (see the module's text) or a folder, searched with its sub-folders.
        mirror: show every image also flipped left-right: ``len`` doubles, the second half is the mirrored one.
        subset: only so many of the images, chosen by ``seed`` (as StyleGAN2-ADA chooses them).
        use_labels: read the labels in dataset.json, which must then be there, one for each image.

    Attributes:
        height, width: of each image in pixels.
        size: how a network comes to them (see image_size).
        resolution: ``size.resolution``; of an ordinary square data set the pixels per side.
        channels: 1 (grey), 3 (RGB) or 4 (RGBA).
        names: the images' names inside the zip or folder, sorted; with ``subset``, those chosen.
        passed_over: names of other files, which are neither images (by their suffix) nor hidden.
        label_size: numbers in the label of an image; 0 without labels.
        class_names: names of the classes 0, 1, ...; empty without labels, or if they have none.

    Raises:
        DatasetError: there is no such file, no image in it, or an image or label that does not fit the others.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        mirror: bool = False,
        subset: int | None = None,
        seed: int = 0,
        use_labels: bool = False,
    ) -> None:
        self.path = Path(path)
        self.mirror = mirror
        self._files = open_files(self.path)
        self.passed_over = self._files.passed_over
        if not self._files.names:
            raise DatasetError(f"The data set {self.path} holds no pictures (.png, .jpg, .webp, .bmp).")
        self.height, self.width, self.channels = self._check_all_headers()
        size = image_size(self.height, self.width)
        if size is None:
            raise DatasetError(
                f"{self._files.describe(0)} is {self.width} x {self.height} pixels, but {size_rule()}. {_PREPARE_FIRST}"
            )
        self.size, self.resolution = size, size.resolution
        self._plain = plain_png(self.height, self.width, self.channels)
        self._labels: Labels | None = self._read_labels() if use_labels else None
        self.label_size = 0 if self._labels is None else self._labels.size
        self.class_names = () if self._labels is None else self._labels.names
        self._chosen = self._choose(subset, seed)  # numbers of files
        self._verified = bytearray(len(self._files.names))
        self.names = [self._files.names[number] for number in self._chosen]

    def __len__(self) -> int:
        return len(self._chosen) * (2 if self.mirror else 1)

    def __getitem__(self, index: int) -> NDArray[np.uint8]:
        """Return image ``index`` as a contiguous uint8 array [channels, height, width]. Raises as ``read``."""
        return np.ascontiguousarray(self.read([index])[0].transpose(2, 0, 1))

    def read(self, indices: Sequence[int], out: NDArray[np.uint8] | None = None) -> NDArray[np.uint8]:
        """Return images as uint8 [N, height, width, channels], in ``out`` if that is given (contiguous).

        Raises:
            DatasetError: a file is damaged, or has changed since the data set was opened.
        """
        if out is None:
            out = np.empty((len(indices), self.height, self.width, self.channels), dtype=np.uint8)
        reader = PlainReader(self._plain)
        for pixels, index in zip(out, indices, strict=True):
            is_flipped, number = self._locate(index)
            self._decode(number, pixels, reader)
            if is_flipped:
                pixels[:] = pixels[:, ::-1].copy()
        return out

    def labels(self, indices: Sequence[int]) -> NDArray[np.float32]:
        """Return the labels of images, float32 [N, label_size]; a mirrored image has that of its original."""
        if self._labels is None:
            return np.zeros((len(indices), 0), dtype=np.float32)
        return self._labels.vectors([self._locate(index)[1] for index in indices])

    def fingerprint(self) -> str:
        """Return a digest of the files' names, sizes and checksums, and of the labels if they are used.

        It changes when images or labels were added, taken away or replaced. The checksums are those that a zip's
        directory or a PNG's end holds, so nothing is read as a whole.
        """
        digest = hashlib.sha256(self._files.fingerprint().encode())
        if self._labels is not None:
            digest.update(np.ascontiguousarray(self._labels.values).tobytes())
        return digest.hexdigest()[:16]

    def _locate(self, index: int) -> tuple[bool, int]:
        """Return whether an image is a mirrored one, and the number of its file."""
        if not 0 <= index < len(self):
            raise IndexError(f"picture {index} of {len(self)}")
        is_flipped, place = divmod(index, len(self._chosen))
        return bool(is_flipped), self._chosen[place]

    def _choose(self, subset: int | None, seed: int) -> list[int]:
        count = len(self._files.names)
        numbers = np.arange(count)
        if subset is not None:
            if not 1 <= subset <= count:
                raise DatasetError(f"subset: must be from 1 to {count}, the pictures in {self.path}, not {subset}.")
            if subset < count:
                np.random.RandomState(seed).shuffle(numbers)
        chosen: list[int] = np.sort(numbers[:subset]).tolist()
        return chosen

    def _read_labels(self) -> Labels:
        where = f"{LABELS_NAME} in {self.path}"
        data = self._files.read_labels()
        labels = None if data is None else read_labels(data, self._files.names, where)
        if labels is None:
            raise DatasetError(
                f"The data set {self.path} has no labels ({LABELS_NAME} is missing or says null). Train without cond, "
                f"or make them with dataset_tool.py --labels folders."
            )
        return labels

    def _decode(self, number: int, out: NDArray[np.uint8], reader: PlainReader) -> None:
        # Checksums are compared when an image is read for the first time. It takes longer than the reading itself,
        # and files that turn bad while they are in use are the file system's business.
        is_new = not self._verified[number]
        if self._files.read_into(number, reader.buffers, reader.size) and reader.take(out, verify=is_new):
            self._verified[number] = 1
            return
        data = self._files.read(number)
        header = read_png_header(data)
        # The size is compared before anything is decoded: a changed file must not become a decompression bomb.
        if header is not None and (header.width, header.height) != (self.width, self.height):
            raise self._changed(number)
        try:
            with Image.open(io.BytesIO(data), formats=_IMAGE_FORMATS) as image:
                pixels = np.asarray(image) if image.size == (self.width, self.height) else None
        except Exception as error:  # Pillow's decoders raise a dozen different types on damaged data
            raise DatasetError(f"{self._files.describe(number)} is damaged: {error}. {_PREPARE_FIRST}") from error
        if pixels is None or pixels.size != out.size:
            raise self._changed(number)
        out[:] = pixels.reshape(out.shape)

    def _changed(self, number: int) -> DatasetError:
        return DatasetError(f"{self._files.describe(number)} has changed its size since the data set was opened.")

    def _check_all_headers(self) -> tuple[int, int, int]:
        """Return height, width and channels, which must be the same for all."""
        first = self._read_header(0)
        for number in range(1, len(self._files.names)):
            found = self._read_header(number)
            if found != first:
                raise DatasetError(
                    f"{self._files.describe(number)} is {_describe(*found)}, but the first picture, "
                    f"{self._files.names[0]}, is {_describe(*first)}: all must be alike. {_PREPARE_FIRST}"
                )
        width, height, channels = first
        return height, width, channels

    def _read_header(self, number: int) -> tuple[int, int, int]:
        """Return width, height and channels of an image without decoding it."""
        header = read_png_header(self._files.read_start(number, HEADER_BYTES))
        if header is not None:
            width, height, channels = header
        else:
            try:
                with Image.open(io.BytesIO(self._files.read(number)), formats=_IMAGE_FORMATS) as image:
                    (width, height), channels = image.size, _CHANNELS_OF_MODE.get(image.mode, 0)
            except DatasetError:
                raise
            except Exception as error:  # see _decode
                raise DatasetError(f"{self._files.describe(number)} is not a picture. {_PREPARE_FIRST}") from error
        if channels == 0:
            raise DatasetError(
                f"{self._files.describe(number)} is neither plain grey, RGB nor RGBA with 8 bits per channel "
                f"(it has a palette, or 16 bits, or is CMYK). {_PREPARE_FIRST}"
            )
        return width, height, channels


class InfiniteSampler:
    """An endless order of the indices ``0 .. length - 1`` in which near repeats are rare and no epoch ends.

    The indices are shuffled once and then walked in a circle; every visited index changes places with one of those
    visited shortly before it (at most ``window`` of the circle back), so the order drifts from round to round.

    Args:
        length: how many images there are.
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


def _describe(width: int, height: int, channels: int) -> str:
    return f"{width} x {height} pixels with {channels} channel{'s' if channels > 1 else ''}"
