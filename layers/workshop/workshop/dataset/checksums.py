"""S3's checksums of an object's bytes, computed here: SHA-256, SHA-1, CRC-32, CRC-32C and CRC-64/NVME.

Lambda's Python has no library for the last two. They are computed by a table, two bytes a step: some 20 MB a second,
enough for the few objects whose checksum has to be compared and not only read.
"""

import base64
import hashlib
import sys
import zlib
from collections.abc import Callable
from functools import cache
from typing import Protocol

# In the order in which one is taken of an object that has several.
ALGORITHMS = ("CRC64NVME", "SHA256", "SHA1", "CRC32C", "CRC32")

_POLYNOMIALS = {"CRC32C": (0x82F63B78, 4), "CRC64NVME": (0x9A6C9329AC4BC9B5, 8)}  # reflected; bytes


class Digest(Protocol):
    """What hashlib's objects are, as far as it is needed."""

    def update(self, data: bytes, /) -> None: ...
    def digest(self) -> bytes: ...


class _Crc32:
    def __init__(self) -> None:
        self._crc = 0

    def update(self, data: bytes, /) -> None:
        self._crc = zlib.crc32(data, self._crc)

    def digest(self) -> bytes:
        return self._crc.to_bytes(4, "big")


class _TableCrc:
    def __init__(self, algorithm: str) -> None:
        self._polynomial, self._bytes = _POLYNOMIALS[algorithm]
        self._table = _table(self._polynomial)
        self._ones = (1 << 8 * self._bytes) - 1
        self._crc = self._ones

    def update(self, data: bytes, /) -> None:
        crc, table = self._crc, self._table
        even = len(data) & ~1
        for pair in memoryview(data)[:even].cast("H"):  # the first byte is the low one: see `_table`
            crc = table[(crc ^ pair) & 0xFFFF] ^ (crc >> 16)
        for byte in data[even:]:
            crc = _shifted(crc ^ byte, 8, self._polynomial)
        self._crc = crc

    def digest(self) -> bytes:
        return (self._crc ^ self._ones).to_bytes(self._bytes, "big")


@cache
def _table(polynomial: int) -> tuple[int, ...]:
    """The remainder of every pair of bytes, the low byte being the first of the two."""
    if sys.byteorder != "little":
        raise RuntimeError("pairs of bytes are read as little-endian numbers")
    return tuple(_shifted(pair, 16, polynomial) for pair in range(1 << 16))


def _shifted(crc: int, bits: int, polynomial: int) -> int:
    for _ in range(bits):
        crc = (crc >> 1) ^ polynomial if crc & 1 else crc >> 1
    return crc


_DIGESTS: dict[str, Callable[[], Digest]] = {
    "SHA256": hashlib.sha256,
    "SHA1": lambda: hashlib.sha1(usedforsecurity=False),
    "CRC32": _Crc32,
    "CRC32C": lambda: _TableCrc("CRC32C"),
    "CRC64NVME": lambda: _TableCrc("CRC64NVME"),
}


def new_digest(algorithm: str) -> Digest:
    """Begin a checksum by one of the `ALGORITHMS`."""
    return _DIGESTS[algorithm]()


def as_s3_writes_it(digest: Digest) -> str:
    """The value as S3 gives it: Base64 of the bytes, the highest first."""
    return base64.b64encode(digest.digest()).decode()
