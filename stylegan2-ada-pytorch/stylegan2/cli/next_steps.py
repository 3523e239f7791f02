"""What to type next: commands that can be copied as they stand."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path


def command(program: str, *words: str | Path) -> str:
    """Return the command for another program of ours, in the folder of the one that runs."""
    python = "python" if shutil.which("python") == sys.executable else sys.executable
    return shlex.join([python, str(Path(sys.argv[0]).with_name(program)), *map(str, words)])


def free_place(path: Path) -> Path:
    """Return the path, or else the first of path-2, path-3 ... where nothing is yet."""
    number, place = 1, path
    while place.exists():
        number += 1
        place = path.with_name(f"{path.name}-{number}")
    return place
