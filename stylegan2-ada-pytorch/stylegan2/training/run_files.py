"""The files that a training leaves in its folder, and their copies beside the checkpoints.

What they are is said in `start`. Only one process of a training writes them.
"""

import json
import logging
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from stylegan2.base.whole_files import copy_whole, write_text_whole
from stylegan2.data.dataset import ImageDataset
from stylegan2.formats.network_file import TENSORS_NAME, save_network
from stylegan2.options.budget import Ending
from stylegan2.results.checkpoint_writer import CheckpointWriter
from stylegan2.results.sample_grid import Grid, sample_images
from stylegan2.results.sheet_series import KeptSheet, SheetSeries
from stylegan2.results.tensorboard_log import TensorBoardLog
from stylegan2.results.tick_stats import TickStats
from stylegan2.training.earlier_results import OPTIONS_NAME, sole_writer
from stylegan2.training.real_images import decode_images
from stylegan2.training.state import TrainingState
from stylegan2.training.training_options import TrainingOptions

BEST = "best"
"""The folder, below that of the training, of the network with the best score so far."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Drawn:
    """What there is to see when a sheet of samples has been drawn: at `kimg`, `sheets` (cut like `grid`, the oldest
    first) and the records of all ticks so far. `ended` is why it is the last one."""

    kimg: float
    sheets: tuple[KeptSheet, ...]
    grid: Grid
    ticks: Sequence[dict[str, Any]]
    ended: Ending | None


class RunFiles(ExitStack):
    """Writes a training's files. Leaving the `with` block waits for what is being written."""

    def __init__(
        self,
        options: TrainingOptions,
        state: TrainingState,
        on_sheet: Callable[[Drawn], None] = lambda drawn: None,
    ) -> None:
        super().__init__()
        self.options, self.state, self.on_sheet = options, state, on_sheet
        self.drawn_at: int | None = None
        """Images seen when the last sheet was drawn."""
        self.grid = Grid.for_device(options.size.height, options.size.width, options.device)
        self.sheet_labels: torch.Tensor | None = None
        options.outdir.mkdir(parents=True, exist_ok=True)
        self.enter_context(sole_writer(options.outdir))
        self.enter_context(_log_file(options.outdir / "log.txt"))
        folder = options.checkpoint_dir
        self.checkpoints = None if folder is None else self.enter_context(CheckpointWriter(folder, options.keep))
        self.sheets = SheetSeries(self.samples, None if folder is None else folder / "samples")

    @property
    def samples(self) -> Path:
        return self.options.outdir / "samples"

    def restore(self, saved: dict[str, Any]) -> None:
        """Take over what earlier parts of this training drew and thought best, from the checkpoint that they left. In a
        new folder its network is written at once, so that there is one whatever happens before the next snapshot."""
        self.grid = Grid(**saved["grid"]) if "grid" in saved else self.grid  # all sheets are cut alike
        self.sheets.restore(saved.get("sheets"), self.state.kimg)
        if self.options.checkpoint_dir is not None:
            for file in (self.options.checkpoint_dir / BEST).glob("*.*"):
                copy_whole(file, self.options.outdir / BEST / file.name)
        if not (self.options.outdir / TENSORS_NAME).exists():
            self._save_network(self._description(saved["seconds"], saved["scores"]))

    def begin(self, dataset: ImageDataset, ticks: list[dict[str, Any]]) -> None:
        """Write what is there from the start."""
        options, outdir = self.options, self.options.outdir
        text = json.dumps(options.as_json(), indent=2)
        write_text_whole(outdir / OPTIONS_NAME, text + "\n")
        lines = "".join(json.dumps(tick) + "\n" for tick in ticks)
        write_text_whole(outdir / "stats.jsonl", lines)
        self.grid.describe(self.samples / "grid.json")
        chosen = np.resize(np.random.RandomState(options.seed).permutation(len(dataset)), self.grid.images).tolist()
        self.grid.save(decode_images(dataset, chosen), self.samples / "reals.png", are_made=False)
        if options.label_size:  # the same in each place as among the reals
            self.sheet_labels = torch.from_numpy(dataset.labels(chosen))
        self.board = TensorBoardLog(options.tensorboard_dir, self.state.images_seen)
        self.callback(self.board.close)
        self.draw(ticks)  # a checkpoint is older than its moment's sheet

    def tick(self, stats: TickStats) -> None:
        """Write a tick's statistics."""
        with (self.options.outdir / "stats.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(stats.as_json()) + "\n")
        _log.info("%s", stats.line())
        self.board.add(stats)

    @property
    def checkpoint_seconds(self) -> float:
        """How long the last checkpoint was being written, beside the training."""
        return 0.0 if self.checkpoints is None else self.checkpoints.seconds

    def snapshot(
        self, scores: list[float], ticks: list[dict[str, Any]], seconds: float, ended: Ending | None = None
    ) -> None:
        """Checkpoint (first: it is what must not be lost), samples and network of this moment. `scores` are those of
        all snapshots, or empty if nothing scores them; `ended` is why it is the last one."""
        training = self._description(seconds, scores, ended)
        if scores and scores[-1] < min(scores[:-1], default=math.inf):
            self._keep_as_best(training)
        if self.checkpoints is not None:
            saved = {"training": self.state.state_dict(), "ticks": ticks, "seconds": seconds, "scores": scores}
            saved |= {"grid": asdict(self.grid), "sheets": self.sheets.kept}
            self.checkpoints.save(self.state.kimg, saved)
        self.draw(ticks, ended)
        if not (self.options.outdir / TENSORS_NAME).exists():
            self.finish()  # where a network lies there is a checkpoint: see earlier_results
        self._save_network(training)

    def draw(self, ticks: Sequence[dict[str, Any]], ended: Ending | None = None) -> None:
        """Draw a sheet of what the averaged generator makes now, unless there is one, and tell of it; a copy lies
        beside the checkpoints. The training's own random numbers are left alone."""
        if self.drawn_at != self.state.images_seen:
            images = sample_images(self.state.generator_ema, self.grid, self.options.seed, self.sheet_labels)
            sheet = self.sheets.place(self.state.kimg, self.grid.suffix(images.shape[1]))
            self.grid.save(images, sheet)
            self.sheets.add(sheet)
            self.drawn_at = self.state.images_seen
        self.on_sheet(Drawn(self.state.kimg, self.sheets.listed(), self.grid, ticks, ended))

    def check(self) -> None:
        """Raise CheckpointError if the last checkpoint could not be written; waits for nothing."""
        if self.checkpoints is not None:
            self.checkpoints.check()

    def finish(self) -> None:
        """Wait until the last checkpoint is written. Raises CheckpointError if it could not be."""
        if self.checkpoints is not None:
            self.checkpoints.finish()

    def _description(self, seconds: float, scores: list[float], ended: Ending | None = None) -> dict[str, Any]:
        """Return what is to be known of the network of this moment, the last of `scores` among it."""
        state, options = self.state, self.options
        classes = state.dataset.class_names if options.label_size and state.dataset is not None else ()
        return {
            "kimg": state.kimg,
            "wanted_kimg": options.settings.kimg,
            "ended": ended,
            "dataset": options.dataset_name,
            "images": options.images,
            "preset": options.preset,
            "seed": options.seed,
            "augment_p": state.augment.p,
            "seconds": round(seconds, 1),
            "transfer": None if options.transfer is None else options.transfer.name,
            "score": scores[-1] if scores and math.isfinite(scores[-1]) else None,
            **({"classes": list(classes)} if classes else {}),
        }

    def _save_network(self, training: dict[str, Any]) -> None:
        """Write the network of this moment, with all that a later training needs."""
        state = self.state
        save_network(self.options.outdir, state.generator_ema, state.discriminator, training, state.generator)

    def _keep_as_best(self, training: dict[str, Any]) -> None:
        """Keep this network apart; a copy lies beside the checkpoints."""
        _log.info("best so far: score=%.4f at kimg=%.3f", training["score"], self.state.kimg)
        for folder in (self.options.outdir, self.options.checkpoint_dir):
            if folder is not None:
                save_network(folder / BEST, self.state.generator_ema, self.state.discriminator, training)


class _LogFile(logging.FileHandler):
    """A log file whose failure is an error like that of any other file, not a traceback beside the training."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        raise  # logging calls this while it handles the error


@contextmanager
def _log_file(path: Path) -> Iterator[None]:
    """Let what this package logs go to a file, too."""
    logger = logging.getLogger("stylegan2")
    handler = _LogFile(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.setLevel(level)
        logger.removeHandler(handler)
        handler.close()
