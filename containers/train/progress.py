"""progress.json: how far a training has come, beside its checkpoints, and so in S3 while the job goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from contract.run_results import TrainingOutcome
from contract.training_progress import (
    EndsBy,
    Point,
    Sheet,
    SheetGrid,
    TrainingPhase,
    TrainingProgress,
    Verdict,
    thinned,
)
from stylegan2.base.whole_files import write_text_whole
from stylegan2.options.budget import Ending
from stylegan2.results.tick_stats import TickStats
from stylegan2.training.run_files import Drawn

_VERDICTS = {"stalled": Verdict.STANDING_STILL, "collapsed": Verdict.COLLAPSED}
_FEWEST_SCORES = 3
"""Progress is what the middle one of so many makes (stylegan2.metrics.watch)."""


class ProgressFile:
    """Writes the file anew whenever a sheet of samples was drawn, and after every tick. What an earlier job has left
    stays until the first sheet: it says when it was written.

    `time_left` says how many seconds the training may go on; None: as long as it takes.
    """

    def __init__(self, file: Path, wanted_kimg: float, time_left: Callable[[], float | None]) -> None:
        self._file, self._wanted_kimg, self._time_left = file, wanted_kimg, time_left
        self._ticks: list[tuple[float, float]] = []  # of this job alone: another was on another machine, perhaps
        self._points: list[Point] = []
        self._scores = 0
        self._is_begun = False
        begun = TrainingOutcome.of_ticks([], wanted_kimg)
        self._told = TrainingProgress(TrainingPhase.STARTING, begun, datetime.now(UTC), verdict=Verdict.TOO_EARLY)

    def sheet(self, drawn: Drawn) -> None:
        """Tell of a sheet of samples; a job draws its first one before it learns anything."""
        phase = TrainingPhase.TRAINING if self._is_begun else TrainingPhase.STARTING
        if not self._is_begun:
            self._is_begun = True
            for record in drawn.ticks:
                self._take_in(record)
        copied = [(sheet.copy, sheet.kimg) for sheet in drawn.sheets if sheet.copy is not None]
        self._told = replace(
            self._told,
            sheets=tuple(Sheet(copy.relative_to(self._file.parent).as_posix(), kimg) for copy, kimg in copied),
            grid=SheetGrid(drawn.grid.columns, drawn.grid.rows, drawn.grid.width, drawn.grid.height),
        )
        self._write(phase, drawn.kimg, drawn.ended)

    def tick(self, stats: TickStats) -> None:
        """Tell of a tick's statistics."""
        self._ticks.append((stats.kimg, stats.seconds))
        self._take_in(stats.as_json())
        self._write(TrainingPhase.TRAINING, stats.kimg, stats.ended)

    def _take_in(self, record: Mapping[str, Any]) -> None:
        """What a tick says of the course of the training. Those of earlier releases say less."""
        known = (record.get(name) for name in ("patch_distance", "loss_g", "loss_d", "augment_p"))
        self._points.append(Point(record["kimg"], record["seconds"], *known))
        trouble, without_progress = record.get("trouble"), record.get("without_progress")
        if without_progress is not None:
            self._scores += 1
            verdict = Verdict.IMPROVING if self._scores >= _FEWEST_SCORES else Verdict.TOO_EARLY
            self._told = replace(self._told, verdict=verdict, snapshots_without_progress=without_progress)
        if trouble is not None:  # also between two snapshots, where numbers are no longer finite
            self._told = replace(self._told, verdict=_VERDICTS[trouble])

    def _write(self, phase: TrainingPhase, kimg: float, ended: Ending | None) -> None:
        outcome = replace(TrainingOutcome.of_ticks(self._ticks, self._wanted_kimg, ended or ""), kimg=kimg)
        if self._points:  # perhaps of an earlier job
            outcome = replace(outcome, seconds=self._points[-1].seconds)
        left, ends_by = self._rest(outcome)
        self._told = replace(
            self._told,
            phase=phase if ended is None else TrainingPhase.SAVING,
            outcome=outcome,
            written=datetime.now(UTC),
            seconds_left=left,
            ends_by=ends_by,
            history=thinned(self._points),
        )
        self._file.parent.mkdir(parents=True, exist_ok=True)
        write_text_whole(self._file, self._told.to_json())

    def _rest(self, outcome: TrainingOutcome) -> tuple[float | None, EndsBy | None]:
        """How many seconds it will go on, and what will end it then."""
        if outcome.ended:
            return 0.0, None
        by_length, by_time = outcome.seconds_left, self._time_left()
        if by_length is None:
            return None, None
        if by_time is not None and by_time < by_length:
            return by_time, EndsBy.TIME
        return by_length, EndsBy.LENGTH
