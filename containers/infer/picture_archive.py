"""pictures.zip: everything that a run has drawn in one file, in the same sub-folders. The same pictures give the same
bytes, and none is in memory as a whole."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

from contract.layout import THUMBNAILS

_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the earliest moment that a zip knows
_PERMISSIONS = 0o644 << 16
_PIECE = 1 << 20


def write_picture_archive(made: Path, archive: Path) -> None:
    """Write a zip of all files below the folder `made`, small copies left out."""
    files = sorted(file for file in made.rglob("*") if file.is_file())
    with zipfile.ZipFile(archive, "w") as target:
        for file in files:
            name = file.relative_to(made)
            if name.parts[0] == THUMBNAILS:
                continue
            entry = zipfile.ZipInfo(name.as_posix(), _LONG_AGO)
            entry.external_attr = _PERMISSIONS
            entry.file_size = file.stat().st_size  # tells whether the entry needs a large file's header
            with file.open("rb") as source, target.open(entry, "w") as place:
                shutil.copyfileobj(source, place, _PIECE)
