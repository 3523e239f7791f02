"""Which sheets of samples a training keeps: few, however long it is, and spread over all of it."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from stylegan2.base.whole_files import copy_whole

MOST_SHEETS = 14
"""The first, the last, and a dozen between them."""
EARLIEST = 8
"""An early sheet comes after this part of a tick, which is some seconds of a training that takes hours; then whenever
the training has become twice as long, until the snapshots draw theirs. Few show how it begins, and cost next to nothing
(docs/performance.md)."""

_NAME = re.compile(r"fakes([0-9]{1,9}\.[0-9]{3})\.(?:png|jpg)")
_COPY = re.compile(r"sheet-[0-9]{2}\.(?:png|jpg)")


@dataclass(frozen=True)
class KeptSheet:
    """A sheet of the averaged generator at `kimg`; `copy` is where it lies beside the checkpoints, if it does."""

    kimg: float
    copy: Path | None


class SheetSeries:
    """The sheets in a training's folder, and their copies beside its checkpoints.

    What is kept depends on when sheets were drawn, and on nothing else: a training that was interrupted, and goes on
    with what its checkpoint holds, ends with the same sheets as one that was not.

    The copies have as many names as there are sheets, and take each other's: where nothing is ever deleted, as perhaps
    in S3, no more pile up. Which is which is known by their contents.
    """

    def __init__(self, folder: Path, copies: Path | None) -> None:
        self._folder, self._copies = folder, copies
        self._copied: dict[str, str] = {}  # of a sheet's name, that of its copy
        self.kept: dict[str, str] = {}
        """Names of the sheets that are kept, the oldest first, with the SHA-256 of each."""

    def place(self, kimg: float, suffix: str) -> Path:
        """Return where the sheet of this moment is to be written."""
        return self._folder / f"fakes{kimg:08.3f}{suffix}"

    def add(self, sheet: Path) -> None:
        """Count a sheet that has been written, copy it, and remove what is not kept (any more) of its time or before.

        Sheets that were drawn after the checkpoint that the training goes on from stay until that time comes again.
        """
        earlier = {name: digest for name, digest in self.kept.items() if name != sheet.name}
        digests = {**earlier, sheet.name: _digest(sheet)}
        self.kept = {name: digests[name] for name in thinned(list(digests))}
        self._copied = {name: copy for name, copy in self._copied.items() if name in self.kept and name in earlier}
        if self._copies is not None:
            self._copied[sheet.name] = self._free_name(sheet.suffix)
            copy_whole(sheet, self._copies / self._copied[sheet.name])
        for old in self._sheets():
            if old.name not in self.kept and _kimg(old.name) <= _kimg(sheet.name):
                old.unlink(missing_ok=True)

    def listed(self) -> tuple[KeptSheet, ...]:
        """Return the sheets that are kept, the oldest first."""
        copies = {name: None if self._copies is None else self._copies / copy for name, copy in self._copied.items()}
        return tuple(KeptSheet(_kimg(name), copies.get(name)) for name in self.kept)

    def restore(self, saved: Mapping[str, str] | Iterable[str] | None, kimg: float) -> None:
        """Take over the sheets that a checkpoint of this moment tells of. Those of earlier releases hold their names
        alone, or nothing, which means all; and copies had the names of their sheets."""
        if not isinstance(saved, Mapping):
            there = {sheet.name: _digest(sheet) for sheet in self._sheets()}
            saved = there if saved is None else {name: there.get(name, "") for name in saved}
        names = sorted((name for name in saved if _NAME.fullmatch(name) and _kimg(name) <= kimg), key=_kimg)
        self.kept = {name: saved[name] for name in thinned(names)}
        if self._copies is None or not self._copies.is_dir():
            return
        copies = (file for file in self._copies.iterdir() if _COPY.fullmatch(file.name) or _NAME.fullmatch(file.name))
        found = {_digest(file): file for file in copies}
        for name, digest in self.kept.items():
            if digest in found:
                self._copied[name] = found[digest].name
                copy_whole(found[digest], self._folder / name)

    def _free_name(self, suffix: str) -> str:
        names = (f"sheet-{number:02}{suffix}" for number in range(1, MOST_SHEETS + 1))
        return next(name for name in names if name not in self._copied.values())

    def _sheets(self) -> list[Path]:
        """Return all sheets under their own names; earlier releases named copies so, too."""
        folders = (folder for folder in (self._folder, self._copies) if folder is not None and folder.is_dir())
        return [file for folder in folders for file in folder.iterdir() if _NAME.fullmatch(file.name)]


def is_early_moment(before: int, after: int, tick: int, snapshot: int) -> bool:
    """Whether an early sheet is due when a training that had seen `before` images has seen `after`. All in images; a
    `tick` and a `snapshot` are that long. It depends on nothing else, so that one that was interrupted draws the same.
    """
    moment = max(tick // EARLIEST, 1)
    while moment <= before:
        moment *= 2
    return moment <= after and moment < snapshot


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


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
