"""Which sheets of samples a training keeps: few, however long it is, and spread over all of it."""

import re
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

from stylegan2.base.whole_files import copy_whole

MOST_SHEETS = 14
"""The first, the last, and a dozen between them."""

_NAME = re.compile(r"fakes(\d{1,9}\.\d{3})\.(?:png|jpg)")


class SheetSeries:
    """The sheets in a training's folder, and their copies beside its checkpoints.

    What is kept depends on when sheets were drawn, and on nothing else: a training that was interrupted, and goes on
    with the names that its checkpoint holds, ends with the same sheets as one that was not.
    """

    def __init__(self, folder: Path, copies: Path | None) -> None:
        self._folders = [folder] if copies is None else [folder, copies]
        self.names: list[str] = []
        """Of the sheets that are kept, the oldest first."""

    def place(self, kimg: float, suffix: str) -> Path:
        """Return where the sheet of this moment is to be written."""
        return self._folders[0] / f"fakes{kimg:08.3f}{suffix}"

    def add(self, sheet: Path) -> None:
        """Count a sheet that has been written, copy it, and remove what is not kept (any more) of its time or before.

        Sheets that were drawn after the checkpoint that the training goes on from stay until that time comes again.
        """
        for copies in self._folders[1:]:
            copy_whole(sheet, copies / sheet.name)
        self.names = thinned([*(name for name in self.names if name != sheet.name), sheet.name])
        for name in self._there() - {*self.names}:
            if _kimg(name) <= _kimg(sheet.name):
                for folder in self._folders:
                    (folder / name).unlink(missing_ok=True)

    def restore(self, names: Iterable[str] | None, kimg: float) -> None:
        """Take over the sheets that a checkpoint of this moment names; None: all copies that are old enough."""
        drawn = self._there() if names is None else {name for name in names if _NAME.fullmatch(name)}
        self.names = thinned(sorted((name for name in drawn if _kimg(name) <= kimg), key=_kimg))
        folder, *others = self._folders
        for name in self.names:
            for copies in others:
                if (copies / name).is_file():
                    copy_whole(copies / name, folder / name)

    def _there(self) -> set[str]:
        """Return the names of all sheets in the folders."""
        files = (file for folder in self._folders if folder.is_dir() for file in folder.iterdir())
        return {file.name for file in files if _NAME.fullmatch(file.name)}


def thinned(names: list[str]) -> list[str]:
    """Return the names, in the order of time, without those whose neighbours are nearest to each other.

    Taken away one by one as a training goes on, that leaves gaps of which none is more than three times the mean.
    """
    kept = list(names)
    while len(kept) > MOST_SHEETS:
        times = [round(_kimg(name) * 1000) for name in kept]
        gaps = [later - earlier for earlier, later in pairwise(times)]
        around = [before + after for before, after in pairwise(gaps)]
        del kept[1 + around.index(min(around))]
    return kept


def _kimg(name: str) -> float:
    match = _NAME.fullmatch(name)
    return 0.0 if match is None else float(match[1])
