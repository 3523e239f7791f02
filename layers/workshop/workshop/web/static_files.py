"""The app's own files, as the build has made them."""

import mimetypes
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ASSETS = "assets/"  # whose names change with what is in them
_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"


@dataclass(frozen=True)
class StaticFile:
    """One file of the app, and for how long browsers may keep it."""

    content: bytes
    media_type: str
    cache: str


def read_static(folder: Path) -> dict[str, StaticFile]:
    """Every file below the folder by its path as a browser asks for it: "/" is the page that lies at the top."""
    return {f"/{'' if re.fullmatch(r'[^/]+[.]html', name) else name}": file for name, file in _files(folder)}


def _files(folder: Path) -> Iterator[tuple[str, StaticFile]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            name = path.relative_to(folder).as_posix()
            media_type = _MEDIA_TYPES.get(path.suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
            yield name, StaticFile(path.read_bytes(), media_type, _FOR_EVER if name.startswith(ASSETS) else _ASK_AGAIN)


# Not left to the tables of whatever machine this runs on.
_MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
}
