"""A training keeps few sheets, spread over its whole length, and the same ones whether it was interrupted or not."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stylegan2.results.sheet_series import MOST_SHEETS, SheetSeries, thinned
from stylegan2.training import train
from tests.training.pictures import write_pictures
from tests.training.trainings import options, stop_after


def name_of(kimg: float, suffix: str = ".png") -> str:
    return SheetSeries(Path(), None).place(kimg, suffix).name


def drawn(series: SheetSeries, *moments: float) -> None:
    for kimg in moments:
        sheet = series.place(kimg, ".png")
        sheet.parent.mkdir(parents=True, exist_ok=True)
        sheet.write_text(str(kimg))
        series.add(sheet)


def kept(kimgs: list[float]) -> list[float]:
    """What is left of sheets that are drawn one after the other."""
    names: list[str] = []
    for kimg in kimgs:
        names = thinned([*names, name_of(kimg)])
    return [kimg for kimg in kimgs if name_of(kimg) in names]


@settings(deadline=None, max_examples=40)
@given(count=st.integers(1, 700), each=st.floats(0.048, 200), jitter=st.lists(st.floats(0.9, 1.1), min_size=7))
def test_the_first_the_last_and_a_dozen_between_are_spread_over_any_length(
    count: int, each: float, jitter: list[float]
) -> None:
    steps = [each * jitter[number % len(jitter)] for number in range(count)]
    kimgs = [round(sum(steps[:number]), 3) for number in range(count)]
    left = kept(kimgs)
    assert (left[0], left[-1], len(left)) == (0.0, kimgs[-1], min(count, MOST_SHEETS))
    if count > MOST_SHEETS:
        mean = (left[-1] - left[0]) / (MOST_SHEETS - 1)
        assert max(later - earlier for earlier, later in pairwise(left)) < 3 * mean


def test_files_and_their_copies_go_together(tmp_path: Path) -> None:
    series = SheetSeries(tmp_path / "samples", tmp_path / "copies")
    drawn(series, *range(40))
    assert len(series.names) == MOST_SHEETS
    for folder in ("samples", "copies"):
        assert sorted(file.name for file in (tmp_path / folder).iterdir()) == series.names
        assert (tmp_path / folder / name_of(39)).read_text() == "39"


@pytest.mark.parametrize("lost", [1, 2, 15])
def test_a_series_that_goes_on_from_an_older_checkpoint_ends_as_if_nothing_had_happened(
    tmp_path: Path, lost: int
) -> None:
    """Sheets were drawn, and others removed for them, after the checkpoint that is gone on from."""
    whole = SheetSeries(tmp_path / "whole", None)
    drawn(whole, *range(50))
    before = SheetSeries(tmp_path / "before", tmp_path / "copies")
    drawn(before, *range(30))
    names = before.names
    drawn(before, *range(30, 30 + lost))
    after = SheetSeries(tmp_path / "after", tmp_path / "copies")
    after.restore(names, 29)
    assert after.names == names
    drawn(after, *range(30, 50))
    assert after.names == whole.names
    there = sorted(file.name for file in (tmp_path / "copies").iterdir())
    assert [name for name in whole.names if name not in there] == []
    assert set(there) == set(after.names)


def test_checkpoints_without_names_take_the_copies_up_to_their_moment(tmp_path: Path) -> None:
    old = SheetSeries(tmp_path / "old", tmp_path / "copies")
    drawn(old, 1, 2, 3)
    (tmp_path / "copies" / "notes.txt").write_text("an artist's")
    series = SheetSeries(tmp_path / "samples", tmp_path / "copies")
    series.restore(None, 2)
    assert series.names == [name_of(1), name_of(2)]
    assert sorted(file.name for file in (tmp_path / "samples").iterdir()) == series.names
    assert (tmp_path / "copies" / "notes.txt").is_file()


def test_names_in_a_checkpoint_that_are_no_sheets_are_passed_over(tmp_path: Path) -> None:
    outside = tmp_path / "fakes0000.000.png"
    outside.write_text("not ours")
    series = SheetSeries(tmp_path / "samples", tmp_path / "copies")
    series.restore(["../fakes0000.000.png", "reals.png", ""], 5)
    assert series.names == []
    assert outside.is_file()


@pytest.mark.usefixtures("one_thread")
def test_an_interrupted_training_ends_with_the_sheets_of_one_that_was_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stylegan2.results.sheet_series.MOST_SHEETS", 4)
    data, out = write_pictures(tmp_path / "discs", 5, 8), tmp_path / "parts"
    how = {"signal_images": 0, "tick_kimg": 0.008, "kimg": 0.08}
    train(options(data, tmp_path / "whole", **how))
    kept_at = tmp_path / "kept"
    train(options(data, out, checkpoint_dir=kept_at, **how), should_stop=stop_after(6))
    (out / "samples" / name_of(0.048)).unlink()  # killed between the checkpoint and its sheet
    (kept_at / "samples" / name_of(0.048)).unlink()
    train(options(data, out, checkpoint_dir=kept_at, **how))
    sheets = [{f.name: f.read_bytes() for f in (folder / "samples").iterdir()} for folder in (tmp_path / "whole", out)]
    assert sheets[0] == sheets[1]
    assert len(sheets[0]) == 4 + 2  # the reals, and how to cut them
