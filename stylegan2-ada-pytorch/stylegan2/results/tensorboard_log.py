"""The statistics for TensorBoard, where it is installed."""

from pathlib import Path
from typing import Any

from stylegan2.results.tick_stats import TickStats


class TensorBoardLog:
    """Writes every number of a tick; the step is the number of images seen. Does nothing without TensorBoard."""

    def __init__(self, folder: Path, images_seen: int) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            self._writer: Any = None
        else:  # purge_step: what an interrupted training wrote after its last checkpoint is written anew
            self._writer = SummaryWriter(str(folder), purge_step=images_seen + 1)

    def add(self, stats: TickStats) -> None:
        if self._writer is None:
            return
        for name, value in stats.as_json().items():
            if isinstance(value, int | float):
                self._writer.add_scalar(f"training/{name}", value, round(stats.kimg * 1000))
        self._writer.flush()

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
