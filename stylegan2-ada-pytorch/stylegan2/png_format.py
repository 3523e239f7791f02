"""The one kind of PNG that this project writes, and a fast way to read it back.

A "plain" PNG here is 8-bit grey or RGB, not interlaced, every scanline with filter 0 and the pixels in *stored*
(uncompressed) deflate blocks. Any PNG reader opens it, and it costs hardly more than copying the pixels: the
compression would be undone again in every epoch of the training.

Source: PNG specification, 3rd edition (W3C), sections 5 and 9-11; RFC 1950 and RFC 1951 section 3.2.4.
"""

from __future__ import annotations

import struct
import zlib
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
HEADER_BYTES = 33  # signature, then the whole IHDR chunk
_BIT_DEPTH = 8
_COLOUR_TYPES = {1: 0, 3: 2}  # channels -> PNG colour type (grey, truecolour)
_CHANNELS = {colour_type: channels for channels, colour_type in _COLOUR_TYPES.items()}
_STORED_BLOCK_LIMIT = 0xFFFF
_ZLIB_HEADER = b"\x78\x01"  # deflate, 32 KiB window, fastest level; (0x7801 % 31 == 0 as RFC 1950 asks)


class PngHeader(NamedTuple):
    """What the IHDR chunk says. ``channels`` is 0 for a kind that is never written here (palette, alpha, 16-bit)."""

    width: int
    height: int
    channels: int


def encode_png(pixels: NDArray[np.uint8]) -> bytes:
    """Return ``pixels`` (uint8, [H, W, 3] or [H, W, 1]) as a plain PNG. The same pixels always give the same bytes."""
    height, width, channels = pixels.shape
    scanlines = np.zeros((height, 1 + width * channels), dtype=np.uint8)  # column 0 is the filter type, 0
    scanlines[:, 1:] = pixels.reshape(height, width * channels)
    header = struct.pack(">IIBBBBB", width, height, _BIT_DEPTH, _COLOUR_TYPES[channels], 0, 0, 0)
    return b"".join(
        (
            PNG_SIGNATURE,
            _chunk(b"IHDR", header),
            _chunk(b"IDAT", _stored_zlib_stream(scanlines.tobytes())),
            _chunk(b"IEND", b""),
        )
    )


def read_png_header(data: bytes) -> PngHeader | None:
    """Return the size and kind of the PNG that starts with ``data`` (33 bytes are enough), None if it is no PNG."""
    if len(data) < HEADER_BYTES or data[:8] != PNG_SIGNATURE or data[12:16] != b"IHDR":
        return None
    width, height, depth, colour_type = struct.unpack(">IIBB", data[16:26])
    return PngHeader(width, height, _CHANNELS.get(colour_type, 0) if depth == _BIT_DEPTH else 0)


def decode_plain_png(data: bytes) -> NDArray[np.uint8] | None:
    """Return the pixels [H, W, C] of a plain PNG, or None if it is any other PNG (or damaged): use Pillow for that."""
    header = read_png_header(data)
    if header is None or header.channels == 0 or data[28] != 0 or len(data) < HEADER_BYTES + 8:
        return None  # data[28] is the interlace method
    row_bytes = 1 + header.width * header.channels
    expected = header.height * row_bytes
    # A chunk is length, type, content, CRC. Only a PNG whose single IDAT follows IHDR at once is plain.
    length, chunk_type = struct.unpack(">I4s", data[HEADER_BYTES : HEADER_BYTES + 8])
    start = HEADER_BYTES + 8
    if chunk_type != b"IDAT" or length < expected or start + length > len(data):
        return None
    inflater = zlib.decompressobj()
    try:
        # One byte more than expected makes zlib go on to the stream's end and check its Adler-32.
        raw = inflater.decompress(memoryview(data)[start : start + length], expected + 1)
    except zlib.error:
        return None
    if len(raw) != expected or not inflater.eof:
        return None
    scanlines = np.frombuffer(raw, dtype=np.uint8).reshape(header.height, row_bytes)
    if scanlines[:, 0].any():
        return None
    return scanlines[:, 1:].reshape(header.height, header.width, header.channels)


def _chunk(chunk_type: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(content, zlib.crc32(chunk_type))
    return b"".join((struct.pack(">I", len(content)), chunk_type, content, struct.pack(">I", checksum)))


def _stored_zlib_stream(raw: bytes) -> bytes:
    # zlib.compress(raw, 0) would do, but how it cuts the blocks differs between zlib builds, and the data set's
    # bytes must not depend on the machine.
    parts = [_ZLIB_HEADER]
    for start in range(0, len(raw), _STORED_BLOCK_LIMIT):
        block = raw[start : start + _STORED_BLOCK_LIMIT]
        is_last = start + _STORED_BLOCK_LIMIT >= len(raw)
        parts += (struct.pack("<BHH", is_last, len(block), len(block) ^ 0xFFFF), block)
    parts.append(struct.pack(">I", zlib.adler32(raw)))
    return b"".join(parts)
