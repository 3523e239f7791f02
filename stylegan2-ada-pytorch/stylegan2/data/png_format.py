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
    """Where everything lies in the plain PNG of one size."""

    def __init__(self, height: int, width: int, channels: int) -> None:
        self.shape = (height, width, channels)
        self.row_bytes = 1 + width * channels  # the first byte is the filter's number
        rows_per_block = _STORED_BLOCK_LIMIT // self.row_bytes
        content = bytearray(_ZLIB_HEADER)
        self.blocks: list[tuple[int, int, int]] = []  # where rows begin and end in the file, and the first one's number
        for first in range(0, height, rows_per_block):
            rows = min(rows_per_block, height - first)
            size = rows * self.row_bytes
            content += struct.pack("<BHH", first + rows == height, size, size ^ 0xFFFF)
            start = _IDAT + 4 + len(content)
            self.blocks.append((start, start + size, first))
            content += bytes(size)
        content += bytes(4)  # Adler-32
        self.checksum = _IDAT + 4 + len(content)  # where that of the chunk lies
        header = struct.pack(">IIBBBBB", width, height, _BIT_DEPTH, _COLOUR_TYPES[channels], 0, 0, 0)
        chunks = (_chunk(b"IHDR", header), _chunk(b"IDAT", bytes(content)), _chunk(b"IEND", b""))
        self.template = PNG_SIGNATURE + b"".join(chunks)
        self.size = len(self.template)
        """Length of the whole file in bytes."""

    def encode(self, pixels: Pixels) -> bytes:
        """Return the image, uint8 ``shape``, as a PNG. The same pixels always give the same bytes."""
        data = bytearray(self.template)
        file = np.frombuffer(data, dtype=np.uint8)
        view = memoryview(data)
        adler = 1
        for start, end, first in self.blocks:
            rows = file[start:end].reshape(-1, self.row_bytes)
            rows[:, 1:] = pixels[first : first + len(rows)].reshape(len(rows), -1)
            adler = zlib.adler32(view[start:end], adler)
        struct.pack_into(">I", data, self.checksum - 4, adler)
        struct.pack_into(">I", data, self.checksum, zlib.crc32(view[_IDAT : self.checksum]))
        return bytes(data)


class PlainReader:
    """Memory for one plain PNG, into which files are read one after the other.

    ``buffers`` are the parts of the file in their order, for a scattering read: the rows come to lie without a gap in
    one place, so that a single copy takes the pixels out, and what lies between them in another.
    """

    def __init__(self, png: PlainPng) -> None:
        height, _, _ = png.shape
        rows, frame = (memoryview(bytearray(size)) for size in (height * png.row_bytes, png.size))
        self.size = png.size
        self.buffers: list[memoryview] = []
        expected = bytearray()
        rows_end = file_end = 0
        for start, end, _ in png.blocks:
            self.buffers.append(frame[len(expected) : len(expected) + start - file_end])
            self.buffers.append(rows[rows_end : rows_end + end - start])
            expected += png.template[file_end:start]
            rows_end, file_end = rows_end + end - start, end
        tail = frame[len(expected) : len(expected) + png.size - file_end]
        self.buffers.append(tail)
        self._frame, self._expected = frame[: len(expected)], bytes(expected)
        scanlines = np.frombuffer(rows, dtype=np.uint8).reshape(height, png.row_bytes)
        self._filters, self._pixels = scanlines[:, 0], scanlines[:, 1:]
        self._summed = [self.buffers[0][_IDAT:], *self.buffers[1:-1], tail[:4]]
        self._checksum = tail[4:8]

    def fill(self, data: bytes) -> None:
        """Take over a file that is in memory already; it must have the right size."""
        start = 0
        for buffer in self.buffers:
            buffer[:] = data[start : start + len(buffer)]
            start += len(buffer)

    def take(self, out: Pixels, *, verify: bool) -> bool:
        """Copy the pixels of the file that was read into ``out``; False if it is any other PNG, or damaged.

        ``verify`` compares the checksum over the pixels, which takes longer than all the rest.
        """
        if self._frame != self._expected or self._filters.any():
            return False
        if verify:
            checksum = 0
            for part in self._summed:
                checksum = zlib.crc32(part, checksum)
            if checksum != struct.unpack(">I", self._checksum)[0]:
                return False
        out.reshape(len(out), -1)[:] = self._pixels
        return True


@functools.lru_cache(maxsize=8)
def plain_png(height: int, width: int, channels: int) -> PlainPng:
    """Return the plain PNG of a size; made once."""
    return PlainPng(height, width, channels)


def encode_png(pixels: Pixels) -> bytes:
    """Return ``pixels`` (uint8, [H, W, 1, 3 or 4]) as a plain PNG."""
    height, width, channels = pixels.shape
    return plain_png(height, width, channels).encode(pixels)


def decode_plain_png(data: bytes) -> Pixels | None:
    """Return the pixels [H, W, C] of a plain PNG, or None if it is any other PNG (or damaged): use Pillow for that."""
    header = read_png_header(data)
    # The pixels of a plain PNG are all there, so a header that promises more than there is gets no room for it.
    if header is None or not 0 < header.width * header.height * header.channels <= len(data):
        return None
    if header.width * header.channels >= _STORED_BLOCK_LIMIT:
        return None
    pixels = np.empty((header.height, header.width, header.channels), dtype=np.uint8)
    png = plain_png(*pixels.shape)
    if len(data) != png.size:
        return None
    reader = PlainReader(png)
    reader.fill(data)
    return pixels if reader.take(pixels, verify=True) else None


def _chunk(chunk_type: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(content, zlib.crc32(chunk_type))
    return b"".join((struct.pack(">I", len(content)), chunk_type, content, struct.pack(">I", checksum)))
