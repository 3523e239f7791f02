"""The file with the user's detector: a path, a file:// address, or an https:// address that is downloaded once."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import urllib.request
from collections.abc import Callable
from contextlib import AbstractContextManager
from http.client import HTTPException
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit
from urllib.request import url2pathname

from stylegan2.metrics.features import DetectorError

MOST_BYTES = 2 << 30
_TIMEOUT = 60  # seconds without a byte
_CHUNK = 1 << 20

Opener = Callable[[str], AbstractContextManager[BinaryIO]]


def default_cache() -> Path:
    """Return the folder in which downloads are kept."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "stylegan2-detectors"


def _open_url(url: str) -> AbstractContextManager[BinaryIO]:
    opened: AbstractContextManager[BinaryIO] = urllib.request.urlopen(url, timeout=_TIMEOUT)
    return opened


def find_detector(
    location: str, sha256: str | None = None, cache: Path | None = None, *, opener: Opener = _open_url
) -> Path:
    """Return the path of the detector's file, which has the digest `sha256` if that is given.

    For an https:// address it must be given, as the file is a program; the download is kept in `cache`.

    Raises DetectorError: the location cannot be used or reached, or what is there is something else.
    """
    if sha256 is not None and not re.fullmatch(r"[0-9a-fA-F]{64}", sha256):
        raise DetectorError(f"detector: a SHA-256 has 64 hexadecimal digits; {sha256!r} is none")
    wanted = None if sha256 is None else sha256.lower()
    if "://" not in location:
        return _checked(Path(location), wanted)
    parts = urlsplit(location)
    if parts.scheme == "file":
        if parts.netloc not in ("", "localhost"):
            raise DetectorError(f"detector: {location} names a file on another machine ({parts.netloc})")
        return _checked(Path(url2pathname(parts.path)), wanted)
    if parts.scheme != "https":
        raise DetectorError(f"detector: give a path, a file:// or an https:// address, not {location}")
    if wanted is None:
        raise DetectorError(
            f"detector: {location} is a program from elsewhere, so give its SHA-256 too (--detector-sha256)"
        )
    return _downloaded(location, wanted, default_cache() if cache is None else cache, opener)


def _checked(path: Path, wanted: str | None) -> Path:
    if not path.is_file():
        raise DetectorError(f"detector: there is no file {path}")
    if wanted is not None and (found := _digest(path)) != wanted:
        raise DetectorError(f"detector: {path} has the SHA-256 {found}, not {wanted}")
    return path


def _downloaded(url: str, wanted: str, cache: Path, opener: Opener) -> Path:
    path = cache / f"{wanted}.pt"
    if path.is_file() and _digest(path) == wanted:  # a damaged one is fetched again
        return path
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=cache, suffix=".part", delete=False) as file:
        part = Path(file.name)
        try:
            found = _fetch(url, file, opener)
            file.close()
            if found != wanted:
                raise DetectorError(f"detector: {url} has the SHA-256 {found}, not {wanted}; nothing of it was run")
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    return path


def _fetch(url: str, file: tempfile._TemporaryFileWrapper[bytes], opener: Opener) -> str:
    digest, size = hashlib.sha256(), 0
    try:
        with opener(url) as answer:
            while chunk := answer.read(_CHUNK):
                size += len(chunk)
                if size > MOST_BYTES:
                    raise DetectorError(f"detector: {url} is larger than {MOST_BYTES >> 30} GiB")
                digest.update(chunk)
                file.write(chunk)
    except (OSError, HTTPException) as error:
        raise DetectorError(f"detector: {url} cannot be downloaded: {error}. Or give the path of a file") from error
    return digest.hexdigest()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
