"""A checkpoint is whole or passed over, whatever breaks and when; and a copy that never deletes holds no more."""

import hashlib
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from stylegan2.base.errors import CheckpointError
from stylegan2.results.checkpoint import FORMAT, load_checkpoint, save_checkpoint
from tests.unit.properties import quick

NUMBERS = torch.arange(2000.0)


def save(folder: Path, kimg: float, keep: int = 2) -> Path:
    return save_checkpoint(folder, kimg, {"kimg": kimg, "numbers": NUMBERS + kimg}, keep)


def save_as_earlier_releases(folder: Path, kimg: float) -> Path:
    folder.mkdir(exist_ok=True)
    torch.save({"format": FORMAT, "state": {"kimg": kimg}}, folder / "file")
    digest = hashlib.sha256((folder / "file").read_bytes()).hexdigest()
    return (folder / "file").rename(folder / f"checkpoint-{kimg:012.3f}-{digest[:16]}.pt")


def found(folder: Path) -> float | None:
    """The progress of the checkpoint that would be gone on from."""
    state = load_checkpoint(folder)
    return None if state is None else state["kimg"]


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def alone(file: Path) -> float | None:
    """The progress of one checkpoint; None if it is not whole."""
    with TemporaryDirectory() as folder:
        (Path(folder) / file.name).write_bytes(file.read_bytes())
        try:
            return found(Path(folder))
        except CheckpointError:
            return None


@pytest.mark.parametrize("keep", [1, 2, 3])
def test_the_last_ones_are_kept_under_as_many_names(tmp_path: Path, keep: int) -> None:
    assert found(tmp_path / "none") is None
    for kimg in range(1, 8):
        save(tmp_path, kimg, keep)
        assert found(tmp_path) == kimg
    assert names(tmp_path) == [f"checkpoint-{number}.pt" for number in range(1, keep + 1)]
    assert sorted(filter(None, map(alone, tmp_path.iterdir()))) == list(range(8 - keep, 8))


def test_another_number_is_kept_from_then_on(tmp_path: Path) -> None:
    for kimg in range(1, 6):
        save(tmp_path, kimg, keep=5)
    kept = []
    for kimg, keep in ((6, 2), (7, 2), (8, 3), (9, 3), (10, 1)):
        save(tmp_path, kimg, keep)
        kept.append(sorted(filter(None, map(alone, tmp_path.iterdir()))))
    assert kept == [[5, 6], [6, 7], [6, 7, 8], [7, 8, 9], [10]]


def test_the_same_moment_again_takes_its_own_place(tmp_path: Path) -> None:
    """A finished training that is started again saves again; the one before is still there then."""
    for kimg in (1, 2, 2, 2):
        save(tmp_path, kimg)
    assert sorted(filter(None, map(alone, tmp_path.iterdir()))) == [1, 2]


DAMAGES = {
    "cut off": lambda new, old: new[: len(new) // 2],
    "nothing": lambda new, old: b"",
    "shorter than a seal": lambda new, old: new[-20:],
    "its end alone": lambda new, old: bytes(100) + new[-52:],
    "one bit": lambda new, old: new[:3000] + bytes([new[3000] ^ 1]) + new[3001:],
    "another progress": lambda new, old: new[:-33] + bytes([new[-33] ^ 1]) + new[-32:],
    "new data, old end": lambda new, old: new[: len(new) // 2] + old[len(old) // 2 :],
    "old data, new end": lambda new, old: old[: len(old) // 2] + new[len(new) // 2 :],
    "the seal of another": lambda new, old: new[:-52] + old[-52:],
}
OLD_SEALS = {"new data, old end", "the seal of another"}  # both files say the same, and any of them may be taken


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_broke_on_its_way_is_passed_over_and_its_place_taken_first(tmp_path: Path, damage: str) -> None:
    old, new = save(tmp_path, 1), save(tmp_path, 2)
    new.write_bytes(DAMAGES[damage](new.read_bytes(), old.read_bytes()))
    assert found(tmp_path) == 1
    if damage not in OLD_SEALS:
        assert save(tmp_path, 1.5) == new
        assert (found(tmp_path), alone(old)) == (1.5, 1)


@pytest.mark.parametrize("damage", DAMAGES)
def test_where_not_one_is_whole_nothing_begins(tmp_path: Path, damage: str) -> None:
    old, new = save(tmp_path, 1), save(tmp_path, 2)
    new.write_bytes(DAMAGES[damage](new.read_bytes(), old.read_bytes()))
    old.write_bytes(b"")
    with pytest.raises(CheckpointError, match=r"no checkpoint here can be used \(2 tried; the newest, .*Put a copy"):
        load_checkpoint(tmp_path)


class Bomb:
    """What runs when it is unpickled."""

    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return print, ("boom",)


@pytest.mark.parametrize("is_earlier", [False, True])
def test_only_plain_data_is_read(tmp_path: Path, is_earlier: bool) -> None:
    content = pickle.dumps(Bomb()) + (b"" if is_earlier else b"checkpoint/2" + (1).to_bytes(8))
    digest = hashlib.sha256(content)
    name = f"checkpoint-00000000.001-{digest.hexdigest()[:16]}.pt" if is_earlier else "checkpoint-1.pt"
    (tmp_path / name).write_bytes(content + (b"" if is_earlier else digest.digest()))
    with pytest.raises(CheckpointError, match=r"no checkpoint here can be used \(1 tried; .*cannot be read"):
        load_checkpoint(tmp_path)


def test_only_its_own_names_are_looked_at(tmp_path: Path) -> None:
    content = save(tmp_path, 9).read_bytes()
    (tmp_path / "checkpoint-1.pt").unlink()
    for name in ("checkpoint.partial", "checkpoint-1.pt.partial", "checkpoint-.pt", "checkpoint-x.pt", "other.pt"):
        (tmp_path / name).write_bytes(content)
    assert found(tmp_path) is None
    before = names(tmp_path)
    save(tmp_path, 1)
    assert names(tmp_path) == sorted({*before, "checkpoint-1.pt"} - {"checkpoint.partial"})


class KilledError(BaseException):
    """The process is gone: nobody handles this."""


def kill(*_: Any, **__: Any) -> None:
    raise KilledError


@pytest.mark.parametrize("place", ["torch.save", "os.fsync", "os.replace", "pathlib.Path.unlink"])
@pytest.mark.parametrize("keep", [1, 2])
@pytest.mark.parametrize("is_done", [False, True])
def test_killed_anywhere_it_leaves_this_one_or_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, keep: int, is_done: bool
) -> None:
    for kimg in (1, 2):
        save(tmp_path, kimg, keep)
    save_as_earlier_releases(tmp_path, 0.5)  # to be removed
    with monkeypatch.context() as patch:
        module, name = place.rsplit(".", 1)
        owner = {"torch": torch, "os": os, "pathlib.Path": Path}[module]
        real = getattr(owner, name)

        def do_and_be_killed(*arguments: Any, **named: Any) -> None:
            real(*arguments, **named)
            raise KilledError

        patch.setattr(owner, name, do_and_be_killed if is_done else kill)
        with pytest.raises(KilledError):
            save(tmp_path, 3, keep)
    assert found(tmp_path) in (2, 3)
    save(tmp_path, 4, keep)
    assert found(tmp_path) == 4
    assert len(names(tmp_path)) == keep


def test_those_of_earlier_releases_are_read_and_give_way_one_by_one(tmp_path: Path) -> None:
    for kimg in (1, 2):
        save_as_earlier_releases(tmp_path, kimg)
    assert found(tmp_path) == 2
    save(tmp_path, 3)
    assert sorted(filter(None, map(alone, tmp_path.iterdir()))) == [2, 3]
    (tmp_path / "checkpoint-1.pt").write_bytes(b"torn")
    assert found(tmp_path) == 2
    for kimg in (3, 4):
        save(tmp_path, kimg)
    assert names(tmp_path) == ["checkpoint-1.pt", "checkpoint-2.pt"]


def test_a_damaged_one_of_an_earlier_release_that_was_farther_does_not_take_the_new_ones_place(tmp_path: Path) -> None:
    save_as_earlier_releases(tmp_path, 5).write_bytes(b"damaged")
    save_as_earlier_releases(tmp_path, 4)
    save(tmp_path, 4.5, keep=1)
    assert names(tmp_path) == ["checkpoint-1.pt"]
    assert found(tmp_path) == 4.5


@st.composite
def journeys(draw: st.DrawFn) -> list[tuple[str, int]]:
    """What happens to a training on machine after machine, and to the copy of its folder that is never deleted from."""
    what = st.sampled_from(["save", "save", "copy", "copy", "tear", "partial", "new machine"])
    return draw(st.lists(st.tuples(what, st.integers(0, 99)), max_size=30))


@quick
@given(steps=journeys(), keep=st.integers(1, 3), earlier=st.integers(0, 2))
def test_a_copy_that_never_deletes_is_bounded_and_gives_back_its_newest_whole_one(
    steps: list[tuple[str, int]], keep: int, earlier: int
) -> None:
    """File by file and in any order; torn ones are copied, too, and repaired by none but the next copy."""
    with TemporaryDirectory() as place:
        folder, copy = Path(place) / "0", Path(place) / "copy"
        copy.mkdir()
        for kimg in range(earlier):
            save_as_earlier_releases(folder, kimg)
            save_as_earlier_releases(copy, kimg)
        kimg = float(earlier)
        for what, number in steps:
            there = sorted(folder.iterdir()) if folder.is_dir() else []
            if what == "save":
                kimg += 1
                save(folder, kimg, keep)
            elif what == "copy" and there:
                file = there[number % len(there)]
                (copy / file.name).write_bytes(file.read_bytes())
            elif what == "tear" and (torn := sorted(copy.iterdir())):
                content = torn[number % len(torn)].read_bytes()
                torn[number % len(torn)].write_bytes(content[: len(content) * number // 100])
            elif what == "partial":
                (copy / "checkpoint.partial").write_bytes(b"half")
            elif what == "new machine":
                folder = Path(place) / str(int(folder.name) + 1)
                folder.mkdir()
                for file in copy.iterdir():
                    (folder / file.name).write_bytes(file.read_bytes())
                whole = [progress for progress in map(alone, copy.glob("*.pt")) if progress is not None]
                if not whole and list(copy.glob("*.pt")):
                    with pytest.raises(CheckpointError):
                        load_checkpoint(folder)
                    return
                assert found(folder) == max(whole, default=None)
                kimg = max(whole, default=0.0)
            assert len(list(copy.iterdir())) <= keep + 1 + earlier
