"""Unpack model.tar.gz without trusting it.

The archive comes from the training job, but whoever may write to its place in S3 could have put another one there.
So: bounded size, bounded number of files, only plain files and folders, and Python's own "data" filter, which refuses
paths that lead out of the destination (PEP 706).
"""

from __future__ import annotations

import gzip
import io
import tarfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from containers.errors import ArchiveError
from contract.capacity.volumes import LARGEST_MODEL_BYTES


@dataclass(frozen=True)
class ArchiveLimits:
    """What an archive may hold at most."""

    files: int = 10_000
    unpacked_bytes: int = LARGEST_MODEL_BYTES


def unpack_model(archive: Path, destination: Path, limits: ArchiveLimits | None = None) -> None:
    """Unpack `archive` (a gzipped tar) into the existing folder `destination`.

    Raises:
        ArchiveError: the archive is missing, damaged, too large, or holds anything but plain files and folders. What
            was unpacked before that is left behind.
    """
    limits = limits or ArchiveLimits()
    name = archive.name
    if not archive.is_file():
        raise ArchiveError(f"{name} is missing.")
    try:
        with gzip.open(archive) as unzipped, tarfile.open(fileobj=_Bounded(unzipped, limits), mode="r|") as tar:
            for number, member in enumerate(tar, start=1):
                if number > limits.files:
                    raise ArchiveError(f"{name} holds more than {limits.files} files.")
                if not (member.isfile() or member.isdir()):
                    raise ArchiveError(f"{name} holds {member.name!a}, which is neither a file nor a folder.")
                tar.extract(member, destination, filter="data")
    except tarfile.FilterError as error:
        raise ArchiveError(f"{name} is refused: {error}") from error
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, ValueError, OverflowError) as error:
        raise ArchiveError(f"{name} is damaged or no gzipped tar: {error}") from error
    except OSError as error:
        raise ArchiveError(f"{name} cannot be unpacked: {error}") from error


class _Bounded(io.RawIOBase):
    """A stream that ends with an error instead of giving more than the limit: a few KB can unpack to terabytes."""

    def __init__(self, stream: io.BufferedIOBase, limits: ArchiveLimits) -> None:
        self._stream = stream
        self._left = self._limit = limits.unpacked_bytes

    def read(self, size: int = -1) -> bytes:
        """Read up to `size` bytes."""
        data = self._stream.read(min(size, self._left + 1) if size >= 0 else self._left + 1)
        self._left -= len(data)
        if self._left < 0:
            raise ArchiveError(f"the model archive unpacks to more than {self._limit:,} bytes.")
        return data
