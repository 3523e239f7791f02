"""A training keeps few sheets, spread over its whole length, and the same ones whether it was interrupted or not."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stylegan2.results.sheet_series import MOST_SHEETS, SheetSeries, is_early_moment, thinned
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


def contents(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in folder.iterdir()}


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


def test_copies_have_as_many_names_as_there_are_sheets(tmp_path: Path) -> None:
    series = SheetSeries(tmp_path / "samples", tmp_path / "copies")
    names = set()
    for kimg in (*range(40), 39):  # the last one again: drawn when a training goes on
        drawn(series, kimg)
        names |= {file.name for file in (tmp_path / "copies").iterdir()}
        newest = series.listed()[-1]
        assert newest.copy is not None
        assert (newest.kimg, newest.copy.read_text()) == (kimg, str(kimg))
    assert len(series.kept) == len(names) == MOST_SHEETS
    sheets, copies = ([file.read_text() for file in (tmp_path / name).iterdir()] for name in ("samples", "copies"))
    assert sorted(sheets) == sorted(copies)
    assert sorted(file.name for file in (tmp_path / "samples").iterdir()) == list(series.kept)


@settings(deadline=None)
@given(batch=st.integers(1, 64), tick=st.integers(1, 5_000), snapshot_ticks=st.integers(1, 20))
def test_early_sheets_come_after_an_eighth_of_a_tick_and_at_twice_the_length_each_until_the_first_snapshot(
    batch: int, tick: int, snapshot_ticks: int
) -> None:
    snapshot = tick * snapshot_ticks
    moments = range(0, 3 * snapshot + batch, batch)
    early = [after for after in moments[1:] if is_early_moment(after - batch, after, tick, snapshot)]
    wanted = {max(tick // 8, 1) << power for power in range(20)}
    due = [moment for moment in sorted(wanted) if moment < snapshot]
    assert early == sorted({-(-moment // batch) * batch for moment in due})
    assert len(early) <= 9


@pytest.mark.parametrize("lost", [1, 2, 15])
@pytest.mark.parametrize("nothing_is_deleted", [False, True])
def test_a_series_that_goes_on_from_an_older_checkpoint_ends_as_if_nothing_had_happened(
    tmp_path: Path, lost: int, nothing_is_deleted: bool
) -> None:
    """Sheets were drawn, and others removed for them, after the checkpoint that is gone on from."""
    whole = SheetSeries(tmp_path / "whole", None)
    drawn(whole, *range(50))
    before = SheetSeries(tmp_path / "before", tmp_path / "copies")
    drawn(before, *range(30))
    kept_then = before.kept
    drawn(before, *range(30, 30 + lost))
    if nothing_is_deleted:
        (tmp_path / "copies" / "sheet-01.png.partial").write_text("half")
        (tmp_path / "copies" / "sheet-77.png").write_text("of more sheets")
    after = SheetSeries(tmp_path / "after", tmp_path / "copies")
    after.restore(kept_then, 29)
    assert after.kept == kept_then
    drawn(after, *range(30, 50))
    assert after.kept == whole.kept
    assert contents(tmp_path / "after") == contents(tmp_path / "whole")
    assert {*contents(tmp_path / "whole").values()} <= {*contents(tmp_path / "copies").values()}


def test_a_copy_that_broke_on_its_way_is_no_sheet(tmp_path: Path) -> None:
    first = SheetSeries(tmp_path / "samples", tmp_path / "copies")
    drawn(first, 1, 2, 3)
    (tmp_path / "copies/sheet-02.png").write_text("torn")
    after = SheetSeries(tmp_path / "after", tmp_path / "copies")
    after.restore(first.kept, 3)
    assert contents(tmp_path / "after") == {name_of(1): "1", name_of(3): "3"}
    drawn(after, 4)
    assert contents(tmp_path / "copies") == {"sheet-01.png": "1", "sheet-02.png": "4", "sheet-03.png": "3"}


@pytest.mark.parametrize("saved", [None, [name_of(1), name_of(2)]])  # the earliest checkpoints hold no names
def test_copies_of_earlier_releases_have_the_names_of_their_sheets(tmp_path: Path, saved: list[str] | None) -> None:
    copies = tmp_path / "copies"
    copies.mkdir()
    for kimg in (1, 2, 3):
        (copies / name_of(kimg)).write_text(str(kimg))
    (copies / "notes.txt").write_text("an artist's")
    series = SheetSeries(tmp_path / "samples", copies)
    series.restore(saved, 2)
    assert contents(tmp_path / "samples") == {name_of(1): "1", name_of(2): "2"}
    drawn(series, 3)
    again = SheetSeries(tmp_path / "again", copies)
    again.restore(series.kept, 3)
    assert contents(tmp_path / "again") == {name_of(kimg): str(kimg) for kimg in (1, 2, 3)}
    drawn(again, *range(4, 40))
    assert contents(copies).keys() <= {f"sheet-{number:02}.png" for number in range(1, 15)} | {"notes.txt", name_of(1)}


def test_names_in_a_checkpoint_that_are_no_sheets_are_passed_over(tmp_path: Path) -> None:
    outside = tmp_path / "fakes0000.000.png"
    outside.write_text("not ours")
    series = SheetSeries(tmp_path / "samples", tmp_path / "copies")
    for saved in ["../fakes0000.000.png", "reals.png", ""], {"../fakes0000.000.png": "", "reals.png": ""}:
        series.restore(saved, 5)
        assert series.kept == {}
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
    max((kept_at / "samples").iterdir(), key=lambda copy: copy.stat().st_mtime_ns).unlink()
    train(options(data, out, checkpoint_dir=kept_at, **how))
    sheets = [{f.name: f.read_bytes() for f in (folder / "samples").iterdir()} for folder in (tmp_path / "whole", out)]
    assert sheets[0] == sheets[1]
    assert len(sheets[0]) == 4 + 2  # the reals, and how to cut them
