"""progress.json: how far a training has come, beside its checkpoints, and so in S3 while the job goes on."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from contract.run_results import TrainingOutcome
from stylegan2.base.whole_files import write_text_whole
from stylegan2.results.sheet_series import newest_copy
from stylegan2.results.tick_stats import TickStats

_STATISTICS = ("loss_g", "loss_d", "augment_p", "patch_distance")


class ProgressFile:
    """Writes the file anew after every tick; call it with the tick's statistics. What an earlier job has left stays
    until then: it says when it was written.

    It holds the fields of TrainingOutcome, the seconds that are left by the speed so far, the last known statistics,
    the newest sheet of samples in `sheets` (relative to the file), and when it was written.
    """

    def __init__(self, file: Path, sheets: Path, wanted_kimg: float) -> None:
        self._file, self._sheets, self._wanted_kimg = file, sheets, wanted_kimg
        self._ticks: list[tuple[float, float]] = []
        self._statistics: dict[str, float] = {}

    def __call__(self, stats: TickStats) -> None:
        self._ticks.append((stats.kimg, stats.seconds))
        for name in _STATISTICS:
            if (value := getattr(stats, name)) is not None:
                self._statistics[name] = round(value, 6)
        outcome = TrainingOutcome.of_ticks(self._ticks, self._wanted_kimg, stats.ended or "")
        content = {
            **asdict(outcome),
            "seconds_left": outcome.seconds_left,
            "statistics": self._statistics,
            "sheet": self._newest_sheet(),
            "written": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        self._file.parent.mkdir(parents=True, exist_ok=True)
        write_text_whole(self._file, json.dumps(content, indent=1) + "\n")

    def _newest_sheet(self) -> str | None:
        newest = newest_copy(self._sheets)
        return None if newest is None else newest.relative_to(self._file.parent).as_posix()
