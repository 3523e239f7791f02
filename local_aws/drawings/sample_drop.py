"""A folder as an artist might drop it: many portraits, and a handful of files that are no good."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PIL import Image

from local_aws.drawings.faces import draw_face
from local_aws.drawings.masks import draw_mask
from stylegan2.base.worker_pool import WorkerCrashed, map_in_order

DRAW: dict[str, Callable[[int, int], Image.Image]] = {"faces": draw_face, "masks": draw_mask}
_SIZES = (128, 128, 160, 192, 256)
_EXIF_ORIENTATION = 0x0112
_TURNED_RIGHT = 6  # stored lying on its side, as cameras held upright do; Exif 2.32, table 4
_ONE_IN = 50  # pictures is stored like that


def write_drawings(folder: Path, *, kind: str, count: int, size: int, seed: int = 0) -> None:
    """Write ``count`` PNG drawings of one kind ("faces" or "masks"), ``size`` pixels wide, into ``folder``.

    Raises:
        ValueError: the kind is unknown, or there is nothing to draw.
    """
    if kind not in DRAW:
        raise ValueError(f"kind: must be one of {', '.join(DRAW)}, not {kind!r}")
    if count < 1 or size < 1:
        raise ValueError(f"count and size: must be at least 1, not {count} and {size}")
    folder.mkdir(parents=True, exist_ok=True)
    _for_each(partial(_write_png, folder, kind, size, seed), count)


def write_sample_drop(folder: Path, count: int = 1000, seed: int = 0) -> None:
    """Write ``count`` portraits, PNG and JPEG of 128 to 256 pixels, and ``no_good_files`` into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    _for_each(partial(_write_portrait, folder, seed), count)
    for name, data in no_good_files(draw_face(seed, 128)).items():
        (folder / name).write_bytes(data)


def no_good_files(portrait: Image.Image) -> dict[str, bytes]:
    """Return name -> content of files that people upload by mistake, or to do harm; none may stop a preparation."""
    jpeg = _encode(portrait, "JPEG", quality=90)
    return {
        "cut-off.jpg": jpeg[: len(jpeg) // 2],
        "empty.png": b"",
        "icon.png": _encode(portrait.resize((8, 8)), "PNG"),
        "notes.png": b"Dear diary, these are my notes on portraits. They are not a picture.\n",
        "flyer.jpg": b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n",
        "poster.png": decompression_bomb(),
        # "_" sorts behind ".", so the copy comes after its original and is the one that is set aside
        "portrait-0000_copy.png": _encode(portrait, "PNG"),
    }


def decompression_bomb(side: int = 14_142) -> bytes:
    """Return a valid PNG of 200 million black pixels in 24 KB."""
    row = bytes(1 + (side + 7) // 8)  # the filter, then one bit per pixel
    packer = zlib.compressobj(9)
    packed = b"".join([*(packer.compress(row) for _ in range(side)), packer.flush()])
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", packed), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    )


def _write_png(folder: Path, kind: str, size: int, seed: int, number: int) -> None:
    DRAW[kind](seed + number, size).save(folder / f"{kind}-{number:05d}.png", compress_level=1)


def _write_portrait(folder: Path, seed: int, number: int) -> None:
    if number == 0:  # the original of the copy among no_good_files
        draw_face(seed, _SIZES[0]).save(folder / "portrait-0000.png")
        return
    portrait = draw_face(seed + number, _SIZES[number % len(_SIZES)])
    if number % _ONE_IN == 0:
        exif = Image.Exif()
        exif[_EXIF_ORIENTATION] = _TURNED_RIGHT
        lying = portrait.transpose(Image.Transpose.ROTATE_90)
        lying.save(folder / f"portrait-{number:04d}.jpg", quality=92, exif=exif)
    elif number % 2:
        portrait.save(folder / f"portrait-{number:04d}.jpg", quality=92)
    else:
        portrait.save(folder / f"portrait-{number:04d}.png", compress_level=1)


def _encode(image: Image.Image, file_format: str, **options: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def _for_each(function: Callable[[int], None], count: int) -> None:
    """Call ``function`` with 0 .. count - 1, on all CPUs if that is worth their start."""
    for number, outcome in enumerate(map_in_order(function, range(count))):
        if isinstance(outcome, WorkerCrashed):
            raise RuntimeError(f"the process that made drawing {number} was killed; is there too little memory?")
