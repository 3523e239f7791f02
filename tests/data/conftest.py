"""Folders of uploads, as people drop them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.one_thread import one_thread

__all__ = ["one_thread"]


@pytest.fixture
def uploads(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes files (name -> bytes) into a folder and returns the folder."""

    def write(files: dict[str, bytes]) -> Path:
        folder = tmp_path / "uploads"
        for name, data in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
        return folder

    return write
