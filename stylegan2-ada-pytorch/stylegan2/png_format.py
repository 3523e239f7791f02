"""The one kind of PNG that this project writes, and a fast way to read it back.

A "plain" PNG here is 8-bit grey, RGB or RGBA, not interlaced, every scanline with filter 0 and the pixels in *stored*
(uncompressed) deflate blocks of whole scanlines. Any PNG reader opens it. All plain PNGs of one size are alike but for
the pixels and two checksums, so reading one is comparing what lies between the pixels and copying the rest; a
compression would be undone again in every epoch of the training.

Source: PNG specification, 3rd edition (W3C), sections 5 and 9-11; RFC 1950 and RFC 1951 section 3.2.4.
"""

from __future__ import annotations

import functools
import struct
import zlib
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
HEADER_BYTES = 33  # signature, then the whole IHDR chunk
_BIT_DEPTH = 8
_COLOUR_TYPES = {1: 0, 3: 2, 4: 6}  # channels -> PNG colour type (grey, truecolour, truecolour with alpha)
_CHANNELS = {colour_type: channels for channels, colour_type in _COLOUR_TYPES.items()}
_STORED_BLOCK_LIMIT = 0xFFFF
_ZLIB_HEADER = b"\x78\x01"  # deflate, 32 KiB window, fastest level; (0x7801 % 31 == 0 as RFC 1950 asks)
_IDAT = HEADER_BYTES + 4  # where the type of the second chunk stands; its content follows, its length is before

Pixels = NDArray[np.uint8]


class PngHeader(NamedTuple):
    """What the IHDR chunk says. ``channels`` is 0 for a kind that is never written here (palette, 16-bit, ...)."""

    width: int
    height: int
    channels: int


def read_png_header(data: bytes) -> PngHeader | None:
    """Return the size and kind of the PNG that starts with ``data`` (33 bytes are enough), None if it is no PNG."""
    if len(data) < HEADER_BYTES or data[:8] != PNG_SIGNATURE or data[12:16] != b"IHDR":
        return None
    width, height, depth, colour_type = struct.unpack(">IIBB", data[16:26])
    return PngHeader(width, height, _CHANNELS.get(colour_type, 0) if depth == _BIT_DEPTH else 0)


class PlainPng:
    """The plain PNG of one size: writes and reads pictures, uint8 [height, width, channels]."""

    def __init__(self, height: int, width: int, channels: int) -> None:
        self.shape = (height, width, channels)
        self._row_bytes = 1 + width * channels  # the first byte is the filter's number
        rows_per_block = _STORED_BLOCK_LIMIT // self._row_bytes
        content = bytearray(_ZLIB_HEADER)
        self._blocks: list[tuple[int, int, int]] = []  # where the rows of a block begin and end in the file; first row
        for first in range(0, height, rows_per_block):
            rows = min(rows_per_block, height - first)
            size = rows * self._row_bytes
            content += struct.pack("<BHH", first + rows == height, size, size ^ 0xFFFF)
            start = _IDAT + 4 + len(content)
            self._blocks.append((start, start + size, first))
            content += bytes(size)
        content += bytes(4)  # Adler-32
        header = struct.pack(">IIBBBBB", width, height, _BIT_DEPTH, _COLOUR_TYPES[channels], 0, 0, 0)
        chunks = (_chunk(b"IHDR", header), _chunk(b"IDAT", bytes(content)), _chunk(b"IEND", b""))
        self._template = PNG_SIGNATURE + b"".join(chunks)
        self._checksum = _IDAT + 4 + len(content)
        ends = [0, *(end for _, end, _ in self._blocks)]
        self._between = [slice(end, start) for end, (start, _, _) in zip(ends, self._blocks, strict=False)]
        self.size = len(self._template)
        """Bytes of the whole file."""

    def encode(self, pixels: Pixels) -> bytes:
        """Return the picture as a PNG. The same pixels always give the same bytes."""
        data = bytearray(self._template)
        file = np.frombuffer(data, dtype=np.uint8)
        view = memoryview(data)
        adler = 1
        for start, end, first in self._blocks:
            rows = file[start:end].reshape(-1, self._row_bytes)
            rows[:, 1:] = pixels[first : first + len(rows)].reshape(len(rows), -1)
            adler = zlib.adler32(view[start:end], adler)
        struct.pack_into(">I", data, self._checksum - 4, adler)
        struct.pack_into(">I", data, self._checksum, zlib.crc32(view[_IDAT : self._checksum]))
        return bytes(data)

    def decode(self, data: bytes | bytearray | memoryview, out: Pixels, *, verify: bool) -> bool:
        """Write the pixels of the PNG ``data`` into ``out``; False if it is any other PNG (out may be spoiled then).

        ``verify`` compares the checksum over the pixels, which takes longer than all the rest.
        """
        if len(data) != self.size or any(data[part] != self._template[part] for part in self._between):
            return False
        view = memoryview(data)
        if verify and zlib.crc32(view[_IDAT : self._checksum]) != struct.unpack_from(">I", data, self._checksum)[0]:
            return False
        file = np.frombuffer(data, dtype=np.uint8)
        flat = out.reshape(len(out), -1)
        for start, end, first in self._blocks:
            rows = file[start:end].reshape(-1, self._row_bytes)
            if rows[:, 0].any():
                return False
            flat[first : first + len(rows)] = rows[:, 1:]
        return True


@functools.lru_cache(maxsize=8)
def plain_png(height: int, width: int, channels: int) -> PlainPng:
    """The plain PNG of a size; made once."""
    return PlainPng(height, width, channels)


def encode_png(pixels: Pixels) -> bytes:
    """Return ``pixels`` (uint8, [H, W, 1, 3 or 4]) as a plain PNG."""
    height, width, channels = pixels.shape
    return plain_png(height, width, channels).encode(pixels)


def decode_plain_png(data: bytes) -> Pixels | None:
    """Return the pixels [H, W, C] of a plain PNG, or None if it is any other PNG (or damaged): use Pillow for that."""
    header = read_png_header(data)
    # The pixels of a plain PNG are all there, so a header that promises more than there is gets no room for it.
    if header is None or header.channels == 0 or header.width * header.height * header.channels > len(data):
        return None
    if header.width * header.channels >= _STORED_BLOCK_LIMIT or header.width * header.height == 0:
        return None
    pixels = np.empty((header.height, header.width, header.channels), dtype=np.uint8)
    return pixels if plain_png(*pixels.shape).decode(data, pixels, verify=True) else None


def _chunk(chunk_type: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(content, zlib.crc32(chunk_type))
    return b"".join((struct.pack(">I", len(content)), chunk_type, content, struct.pack(">I", checksum)))
