"""progress.json as the trainer's statistics and sheets make it: what is told when, and by which job."""

from pathlib import Path
from typing import Any

import pytest

from containers.train.progress import ProgressFile
from contract.training_progress import EndsBy, TrainingPhase, TrainingProgress, Verdict
from stylegan2.options.budget import Ending
from stylegan2.results.sample_grid import Grid
from stylegan2.results.sheet_series import KeptSheet
from stylegan2.results.tick_stats import TickStats
from stylegan2.training.run_files import Drawn

GRID = Grid(8, 4, 16, 24)


class Training:
    """Tells a ProgressFile what a trainer would, one second a tick of a kimg, and reads what is written."""

    def __init__(self, folder: Path, wanted_kimg: float = 100, time_left: float | None = None) -> None:
        self.file = folder / "checkpoints/progress.json"
        self.samples = folder / "checkpoints/abc/samples"
        self.progress = ProgressFile(self.file, wanted_kimg, lambda: time_left)
        self.ticks: list[dict[str, Any]] = []

    def draw(self, *kimgs: float, ended: Ending | None = None) -> TrainingProgress:
        sheets = tuple(KeptSheet(kimg, self.samples / f"sheet-{n:02}.png") for n, kimg in enumerate(kimgs, 1))
        self.progress.sheet(Drawn(kimgs[-1], sheets, GRID, self.ticks, ended))
        return TrainingProgress.from_json(self.file.read_bytes())

    def tick(self, kimg: float, **more: Any) -> TrainingProgress:
        known: dict[str, Any] = dict.fromkeys(("loss_g", "loss_d", "r1", "pl", "rt"), 0.5)
        stats = TickStats(len(self.ticks), kimg, kimg, 1.0, augment_p=0.1, memory_mb=1, **{**known, **more})
        self.progress.tick(stats)
        self.ticks.append(stats.as_json())
        return TrainingProgress.from_json(self.file.read_bytes())


def test_the_first_sheet_is_told_before_anything_is_learned_and_the_next_before_the_first_tick(tmp_path: Path) -> None:
    training = Training(tmp_path)
    first = training.draw(0.0)
    assert (first.phase, first.has_learned, first.seconds_left, first.history) == (
        TrainingPhase.STARTING,
        False,
        None,
        (),
    )
    assert [(sheet.key, sheet.kimg) for sheet in first.sheets] == [("abc/samples/sheet-01.png", 0)]
    assert first.grid is not None
    assert (first.grid.columns, first.grid.rows, first.grid.width, first.grid.height) == (8, 4, 24, 16)
    second = training.draw(0.0, 0.5)
    assert (second.phase, second.outcome.kimg, second.verdict) == (TrainingPhase.TRAINING, 0.5, Verdict.TOO_EARLY)


def test_a_copy_that_is_lost_is_not_told(tmp_path: Path) -> None:
    training = Training(tmp_path)
    sheets = (KeptSheet(0, None), KeptSheet(1, training.samples / "sheet-02.png"))
    training.progress.sheet(Drawn(1, sheets, GRID, [], None))
    assert [sheet.kimg for sheet in TrainingProgress.from_json(training.file.read_bytes()).sheets] == [1]


@pytest.mark.parametrize(
    ("time_left", "left", "ends_by"), [(None, 97, EndsBy.LENGTH), (500, 97, EndsBy.LENGTH), (30, 30, EndsBy.TIME)]
)
def test_a_training_ends_by_its_length_or_when_its_time_is_up(
    tmp_path: Path, time_left: float | None, left: float, ends_by: EndsBy
) -> None:
    training = Training(tmp_path, time_left=time_left)
    training.draw(0.0)
    for kimg in (1, 2, 3):
        progress = training.tick(kimg)
    assert (progress.seconds_left, progress.ends_by) == (left, ends_by)


@pytest.mark.parametrize(
    ("trouble", "verdict"),
    [(None, Verdict.IMPROVING), ("stalled", Verdict.STANDING_STILL), ("collapsed", Verdict.COLLAPSED)],
)
def test_the_scores_verdict_is_that_of_the_last_snapshot(tmp_path: Path, trouble: str | None, verdict: Verdict) -> None:
    training = Training(tmp_path)
    training.draw(0.0)
    assert training.tick(1, patch_distance=0.9, without_progress=0).verdict == Verdict.TOO_EARLY
    training.tick(2, patch_distance=0.8, without_progress=0)
    training.tick(3, patch_distance=0.7, without_progress=7, trouble=trouble)
    progress = training.tick(4)  # no snapshot
    assert (progress.verdict, progress.snapshots_without_progress) == (verdict, 7)
    assert [point.score for point in progress.history] == [0.9, 0.8, 0.7, None]


def test_numbers_that_are_no_longer_finite_are_a_collapse_at_once(tmp_path: Path) -> None:
    training = Training(tmp_path)
    training.draw(0.0)
    progress = training.tick(1, loss_g=None, trouble="collapsed", ended="collapsed")
    assert (progress.verdict, progress.phase) == (Verdict.COLLAPSED, TrainingPhase.SAVING)


def test_a_training_that_has_ended_saves(tmp_path: Path) -> None:
    training = Training(tmp_path)
    training.draw(0.0)
    assert training.tick(1, ended="on_request").phase == TrainingPhase.SAVING
    progress = training.draw(0.0, 1.0, ended="on_request")
    assert (progress.phase, progress.outcome.ended, progress.seconds_left) == (TrainingPhase.SAVING, "on_request", 0)


def test_a_job_that_goes_on_tells_the_whole_course_from_its_start_and_its_own_speed(tmp_path: Path) -> None:
    before = Training(tmp_path)
    before.draw(0.0)
    for kimg in (1, 2, 3):
        before.tick(kimg, patch_distance=1 / kimg, without_progress=0)
    after = Training(tmp_path)
    after.ticks = before.ticks
    begun = after.draw(0.0, 3.0)
    assert (begun.phase, begun.outcome.kimg, begun.outcome.seconds) == (TrainingPhase.STARTING, 3, 3)
    assert (begun.seconds_left, begun.verdict) == (None, Verdict.IMPROVING)
    assert [point.kimg for point in begun.history] == [1, 2, 3]
    assert [point.kimg for point in after.tick(4).history] == [1, 2, 3, 4]
