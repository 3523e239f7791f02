"""The training loop: iterations, ticks, snapshots, and going on after an interruption.

The folder `outdir` receives:

    network.safetensors, network.json   the latest network (see network_file)
    training_options.json               every option, resolved
    stats.jsonl                         one record per tick
    log.txt                             what was said
    samples/reals.png, fakes*.png       sheets of pictures; the number in the name is the progress in kimg
    samples/grid.json                   how to cut the sheets: {"columns", "rows", "cell"}

Progress is also logged to the logger "stylegan2", one line per tick.
"""

import json
import logging
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from stylegan2.checkpoint import load_checkpoint, save_checkpoint
from stylegan2.dataset import ImageDataset
from stylegan2.network_file import save_network
from stylegan2.options import TrainingOptions
from stylegan2.picture_grid import describe_grid, grid_shape, sample_pictures, save_sheet
from stylegan2.real_images import decode, real_batches
from stylegan2.tick_stats import TickStats, peak_memory_mb, refuse_non_finite
from stylegan2.training_state import TrainingState

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainingResult:
    """How a training ended."""

    kimg: float
    finished: bool
    """False if it was asked to stop before its length was reached."""
    seconds: float
    network: Path
    """The tensors' file of the last network."""


def train(
    options: TrainingOptions,
    *,
    should_stop: Callable[[], bool] = lambda: False,
    on_tick: Callable[[TickStats], None] = lambda stats: None,
) -> TrainingResult:
    """Train until `kimg` is reached or `should_stop` says so (asked before every iteration).

    If `checkpoint_dir` holds a checkpoint of this training, it goes on there, with the same result as if it had not
    been interrupted. When it ends, also by `should_stop`, network and checkpoint are those of the last iteration.

    Raises DatasetError, OptionError or NetworkFileError (transfer) before anything is written, CheckpointError where a
    checkpoint is of another training or cannot be written, DivergedError when the numbers are no longer finite.
    """
    dataset = options.open_dataset()
    cuda_devices = [torch.cuda.current_device()] if options.device == "cuda" else []
    with torch.random.fork_rng(cuda_devices):
        torch.manual_seed(options.seed)
        state = TrainingState(options, dataset)
        report = None
        saved = None if options.checkpoint_dir is None else load_checkpoint(options.checkpoint_dir)
        if saved is not None:
            state.load_state_dict(saved["training"])
        elif options.transfer is not None:
            report = state.transfer()

        options.outdir.mkdir(parents=True, exist_ok=True)
        with _log_file(options.outdir / "log.txt"):
            run = _Run(options, state, on_tick)
            if saved is not None:
                run.restore(saved)
            if report is not None:
                _log.info("transfer from %s: %s", options.transfer, report.sentence())
            run.begin(dataset)
            return run.loop(dataset, should_stop)


class _Run:
    """The files and the clock around a TrainingState."""

    def __init__(self, options: TrainingOptions, state: TrainingState, on_tick: Callable[[TickStats], None]) -> None:
        self.options, self.state, self.on_tick = options, state, on_tick
        self.ticks: list[dict[str, float | None]] = []
        self.seconds_before = 0.0
        self.started = time.monotonic()
        self.warned = False
        self.sheet_labels: torch.Tensor | None = None

    @property
    def seconds(self) -> float:
        return self.seconds_before + time.monotonic() - self.started

    @property
    def samples(self) -> Path:
        return self.options.outdir / "samples"

    def restore(self, saved: dict[str, Any]) -> None:
        """What earlier parts of this training measured and drew."""
        self.ticks, self.seconds_before = saved["ticks"], saved["seconds"]
        if self.options.checkpoint_dir is not None:
            for sheet in (self.options.checkpoint_dir / "samples").glob("*.png"):
                self.samples.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(sheet, self.samples / sheet.name)
        _log.info("going on at kimg=%.3f", self.state.kimg)

    def begin(self, dataset: ImageDataset) -> None:
        """The files that are there from the start."""
        options, outdir = self.options, self.options.outdir
        text = json.dumps(options.as_json(), indent=2)
        (outdir / "training_options.json").write_text(text + "\n", encoding="utf-8")
        lines = "".join(json.dumps(tick) + "\n" for tick in self.ticks)
        (outdir / "stats.jsonl").write_text(lines, encoding="utf-8")
        columns, rows = grid_shape(options.size.width)
        describe_grid(options.size.height, options.size.width, self.samples / "grid.json")
        chosen = np.resize(np.random.RandomState(options.seed).permutation(len(dataset)), columns * rows).tolist()
        save_sheet(decode(dataset, chosen), self.samples / "reals.png")
        if options.label_size:  # the same in each place as among the reals
            self.sheet_labels = torch.from_numpy(dataset.labels(chosen))
        if dataset.passed_over:
            _log.warning(
                "data: %d other files are no pictures by their names and are not used; the first is %s",
                len(dataset.passed_over), ascii(dataset.passed_over[0]),
            )  # fmt: skip
        _log.info(
            "%s: %d pictures of %s, preset %s, %s to %g kimg on %s",
            options.dataset_name, options.images, options.size, options.preset,
            "begins" if self.state.shown == 0 else "continues", options.settings.kimg, options.device,
        )  # fmt: skip
        if self.state.shown == 0:
            self._draw()

    def loop(self, dataset: ImageDataset, should_stop: Callable[[], bool]) -> TrainingResult:
        """The main loop."""
        state, s = self.state, self.options.settings
        total, tick_length = round(s.kimg * 1000), round(s.tick_kimg * 1000)
        tick_start, tick_clock = state.shown, time.monotonic()
        stopped = False
        batches = real_batches(dataset, s.batch, seed=self.options.seed, start=state.shown, device=state.device)
        with closing(batches):
            while state.shown < total:
                stopped = should_stop()
                if stopped:
                    break
                state.iterate(*next(batches))
                if state.shown < min(tick_start + tick_length, total):
                    continue
                self._tick((state.shown - tick_start), time.monotonic() - tick_clock)
                if len(self.ticks) % s.snapshot_ticks == 0 and state.shown < total:
                    self._snapshot()
                tick_start, tick_clock = state.shown, time.monotonic()
        if state.shown > tick_start:
            self._tick(state.shown - tick_start, time.monotonic() - tick_clock)
        network = self._snapshot()
        _log.info("%s at kimg=%.3f", "stopped" if stopped else "finished", state.kimg)
        return TrainingResult(state.kimg, not stopped, self.seconds, network)

    def _tick(self, shown: int, seconds: float) -> None:
        """Statistics of the last `shown` pictures. Refuses to go on with numbers that are not finite."""
        state = self.state
        means = state.means.take()
        refuse_non_finite(means, state.kimg)
        stats = TickStats(
            tick=len(self.ticks),
            kimg=state.kimg,
            seconds=self.seconds,
            sec_per_kimg=seconds / shown * 1000,
            augment_p=state.augment.p,
            memory_mb=peak_memory_mb(state.device),
            **{name: means.get(name) for name in ("loss_g", "loss_d", "r1", "pl", "rt")},
        )
        self.ticks.append(stats.as_json())
        with (self.options.outdir / "stats.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(self.ticks[-1]) + "\n")
        _log.info("%s", stats.line())
        self.on_tick(stats)
        if state.augmentation_is_at_its_limit and not self.warned:
            self.warned = True
            _log.warning(
                "augmentation has reached its limit (p=%.2f): the discriminator knows the pictures by heart. "
                "Stop here, or give it more pictures or a larger gamma", state.augment.p,
            )  # fmt: skip

    def _snapshot(self) -> Path:
        """Samples, network and checkpoint of this moment."""
        state, options = self.state, self.options
        self._draw()
        training = {
            "kimg": state.kimg,
            "dataset": options.dataset_name,
            "images": options.images,
            "preset": options.preset,
            "seed": options.seed,
            "augment_p": state.augment.p,
            "seconds": round(self.seconds, 1),
            "transfer": None if options.transfer is None else options.transfer.name,
        }
        network = save_network(options.outdir, state.generator_ema, state.discriminator, training, state.generator)
        if options.checkpoint_dir is not None:
            saved = {"training": state.state_dict(), "ticks": self.ticks, "seconds": self.seconds}
            save_checkpoint(options.checkpoint_dir, state.kimg, saved)
        return network

    def _draw(self) -> None:
        """A sheet of what the averaged generator makes now; a copy lies beside the checkpoints."""
        name = f"fakes{self.state.kimg:08.3f}.png"
        save_sheet(sample_pictures(self.state.generator_ema, self.options.seed, self.sheet_labels), self.samples / name)
        if self.options.checkpoint_dir is not None:
            kept = self.options.checkpoint_dir / "samples"
            kept.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.samples / name, kept / name)


@contextmanager
def _log_file(path: Path) -> Iterator[None]:
    """What this package logs also goes to a file."""
    logger = logging.getLogger("stylegan2")
    handler = logging.FileHandler(path, encoding="utf-8")
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
