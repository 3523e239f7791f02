"""The training loop: iterations, ticks, snapshots, and going on after an interruption.

The folder `outdir` receives:

    network.safetensors, network.json   the latest network (see network_file)
    training_options.json               every option, resolved
    stats.jsonl                         one record per tick
    log.txt                             what was said
    best/                               the network with the best score so far, unless nothing scores it
    tensorboard/                        the statistics for TensorBoard, if that is installed
    samples/reals.png, fakes*.png       sheets of pictures; the number in the name is the progress in kimg
    samples/grid.json                   how to cut the sheets: {"columns", "rows", "cell"}

Progress is also logged to the logger "stylegan2", one line per tick.
"""

import json
import logging
import math
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from stylegan2.batch_fit import fit_batch_gpu
from stylegan2.budget import Ending
from stylegan2.checkpoint import load_checkpoint
from stylegan2.checkpoint_writer import CheckpointWriter
from stylegan2.dataset import DatasetError, ImageDataset
from stylegan2.errors import OutputError
from stylegan2.metrics.signal import FrechetRandom
from stylegan2.network_file import save_network
from stylegan2.networks import Generator
from stylegan2.options import TrainingOptions
from stylegan2.performance import remarks
from stylegan2.picture_grid import Grid, sample_pictures
from stylegan2.real_images import decode, real_batches
from stylegan2.tensorboard_log import TensorBoardLog
from stylegan2.tick_stats import TickStats, peak_memory_mb, refuse_non_finite
from stylegan2.training_state import TrainingState
from stylegan2.whole_files import replacing, write_text_whole

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainingResult:
    """How a training ended."""

    kimg: float
    ended: Ending
    seconds: float
    network: Path
    """The tensors' file of the last network."""

    @property
    def finished(self) -> bool:
        """Whether its length was reached."""
        return self.ended == "finished"


def train(
    options: TrainingOptions,
    *,
    should_stop: Callable[[], bool] = lambda: False,
    on_tick: Callable[[TickStats], None] = lambda stats: None,
    on_progress: Callable[[float], None] = lambda kimg: None,
    score: Callable[[Generator], float] | None = None,
) -> TrainingResult:
    """Train until `kimg` is reached, a budget is used up or `should_stop` says so (asked before every iteration).

    If `checkpoint_dir` holds a checkpoint of this training, it goes on there, with the same result as if it had not
    been interrupted. When it ends, also before its length, network and checkpoint are those of the last iteration.

    `on_progress` is called after every iteration with the progress in kimg. `score` judges the averaged generator at
    every snapshot (less is better; it must leave the random numbers alone); the best network so far is kept. Without
    it, the Frechet distance on random features of `signal_images` pictures does, if that is not 0.

    Raises DatasetError, OptionError or NetworkFileError (transfer) before anything is written; later DatasetError, with
    everything saved; OutputError or CheckpointError where a file cannot be written or a checkpoint is of another
    training; DivergedError when the numbers are no longer finite.
    """
    dataset = options.open_dataset()
    cuda_devices = [torch.cuda.current_device()] if options.device == "cuda" else []
    saved = None if options.checkpoint_dir is None else load_checkpoint(options.checkpoint_dir)
    if options.performance.fit_batch_gpu:
        before = None if saved is None else saved["training"]["identity"]["batch_gpu"]
        options = options.with_rounds_of(before or fit_batch_gpu(options))
    # Every batch has the same shape, so cuDNN may look for the fastest way once. No TF32: it is less precise.
    cudnn = torch.backends.cudnn.flags(enabled=True, benchmark=True, allow_tf32=False)
    with torch.random.fork_rng(cuda_devices), cudnn:
        torch.manual_seed(options.seed)
        state = TrainingState(options, dataset)
        report = None
        if saved is not None:
            state.load_state_dict(saved["training"])
        elif options.transfer is not None:
            report = state.transfer()
        if score is None and options.signal_images > 0:
            score = FrechetRandom(dataset, options.signal_images, seed=options.seed, device=state.device)
        try:
            options.outdir.mkdir(parents=True, exist_ok=True)
            with _log_file(options.outdir / "log.txt"), _Run(options, state, on_tick, on_progress, score) as run:
                if saved is not None:
                    run.restore(saved)
                if report is not None:
                    _log.info("transfer from %s: %s", options.transfer, report.sentence())
                run.begin(dataset)
                return run.loop(dataset, should_stop)
        except OSError as error:
            raise OutputError(
                f"{error.filename or options.outdir}: cannot be written: {error.strerror or error}. "
                f"What was saved before is untouched: make room and give the same command again"
            ) from error


class _Run(ExitStack):
    """The files and the clock around a TrainingState."""

    def __init__(
        self,
        options: TrainingOptions,
        state: TrainingState,
        on_tick: Callable[[TickStats], None],
        on_progress: Callable[[float], None],
        score: Callable[[Generator], float] | None,
    ) -> None:
        super().__init__()
        self.options, self.state = options, state
        self.on_tick, self.on_progress, self.score = on_tick, on_progress, score
        self.ticks: list[dict[str, float | str | None]] = []
        self.best_score = math.inf
        self.seconds_before = 0.0
        self.started = time.monotonic()
        self.warned = False
        self.grid = Grid.for_device(options.size.height, options.size.width, options.device)
        self.sheet_labels: torch.Tensor | None = None
        folder = options.checkpoint_dir
        self.checkpoints = None if folder is None else self.enter_context(CheckpointWriter(folder, options.keep))

    @property
    def seconds(self) -> float:
        return self.seconds_before + time.monotonic() - self.started

    @property
    def samples(self) -> Path:
        return self.options.outdir / "samples"

    def restore(self, saved: dict[str, Any]) -> None:
        """What earlier parts of this training measured, drew and thought best."""
        self.ticks, self.seconds_before, self.best_score = saved["ticks"], saved["seconds"], saved["best_score"]
        self.grid = Grid(**saved["grid"]) if "grid" in saved else self.grid  # all sheets are cut alike
        if self.options.checkpoint_dir is not None:
            for folder in ("samples", "best"):
                for file in (self.options.checkpoint_dir / folder).glob("*.*"):
                    _copy_file(file, self.options.outdir / folder / file.name)
        _log.info("going on at kimg=%.3f", self.state.kimg)

    def begin(self, dataset: ImageDataset) -> None:
        """The files that are there from the start."""
        options, outdir = self.options, self.options.outdir
        text = json.dumps(options.as_json(), indent=2)
        write_text_whole(outdir / "training_options.json", text + "\n")
        lines = "".join(json.dumps(tick) + "\n" for tick in self.ticks)
        write_text_whole(outdir / "stats.jsonl", lines)
        self.grid.describe(self.samples / "grid.json")
        chosen = np.resize(np.random.RandomState(options.seed).permutation(len(dataset)), self.grid.pictures).tolist()
        self.grid.save(decode(dataset, chosen), self.samples / "reals.png")
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
        for remark in remarks(options.device, options.performance):
            _log.warning("%s", remark)
        if options.freezed and options.transfer is None:
            _log.warning("freezed: without a transfer, the frozen layers have learned nothing")
        self.board = TensorBoardLog(outdir, self.state.shown)
        self.callback(self.board.close)
        if self.state.shown == 0:
            self._draw()

    def loop(self, dataset: ImageDataset, should_stop: Callable[[], bool]) -> TrainingResult:
        """The main loop."""
        state, s = self.state, self.options.settings
        tick_length = round(s.tick_kimg * 1000)
        tick_start, tick_clock = state.shown, time.monotonic()
        workers = self.options.performance.workers
        batches = real_batches(
            dataset, s.batch, seed=self.options.seed, start=state.shown, device=state.device, workers=workers
        )
        ended = self._why_end(should_stop)
        score = self._judge() if ended is not None else None
        with closing(batches):
            while ended is None:
                try:
                    real, labels = next(batches)
                except DatasetError:
                    seconds, score = time.monotonic() - tick_clock, self._judge()
                    if state.shown > tick_start:
                        self._tick(state.shown - tick_start, seconds, "data_lost", score)
                    self._snapshot(score)
                    _log.error("the data can no longer be read; everything up to kimg=%.3f is saved", state.kimg)
                    raise
                state.iterate(real, labels)
                self.on_progress(state.kimg)
                if self.checkpoints is not None:
                    self.checkpoints.check()
                ended = self._why_end(should_stop)
                if ended is None and state.shown < tick_start + tick_length:
                    continue
                seconds = time.monotonic() - tick_clock
                is_snapshot = ended is not None or (len(self.ticks) + 1) % s.snapshot_ticks == 0
                score = self._judge() if is_snapshot else None
                self._tick(state.shown - tick_start, seconds, ended, score)
                if is_snapshot and ended is None:
                    self._snapshot(score)
                tick_start, tick_clock = state.shown, time.monotonic()
        network = self._snapshot(score)
        if self.checkpoints is not None:
            self.checkpoints.finish()
        _log.info("%s at kimg=%.3f", self.options.budget.sentence(ended), state.kimg)
        return TrainingResult(state.kimg, ended, self.seconds, network)

    def _why_end(self, should_stop: Callable[[], bool]) -> Ending | None:
        if self.state.shown >= round(self.options.settings.kimg * 1000):
            return "finished"
        return "stopped" if should_stop() else self.options.budget.used_up(self.seconds)

    def _judge(self) -> float | None:
        """The score of this moment's network, if anything scores it."""
        return None if self.score is None else self.score(self.state.generator_ema)

    def _tick(self, shown: int, seconds: float, ended: Ending | None, score: float | None) -> None:
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
            cost=self.options.budget.cost(self.seconds),
            ended=ended,
            frechet_random=score if isinstance(self.score, FrechetRandom) and math.isfinite(score or 0) else None,
            **{name: means.get(name) for name in ("loss_g", "loss_d", "r1", "pl", "rt")},
        )
        self.ticks.append(stats.as_json())
        with (self.options.outdir / "stats.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(self.ticks[-1]) + "\n")
        _log.info("%s", stats.line())
        self.board.add(stats)
        self.on_tick(stats)
        if state.augmentation_is_at_its_limit and not self.warned:
            self.warned = True
            _log.warning(
                "augmentation has reached its limit (p=%.2f): the discriminator knows the pictures by heart. "
                "Stop here, or give it more pictures or a larger gamma", state.augment.p,
            )  # fmt: skip

    def _snapshot(self, score: float | None) -> Path:
        """Checkpoint (first: it is what must not be lost), samples and network of this moment."""
        state, options = self.state, self.options
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
        if score is not None:
            self._keep_if_best(score, training)
        if self.checkpoints is not None:
            saved = {"training": state.state_dict(), "ticks": self.ticks, "seconds": self.seconds}
            self.checkpoints.save(state.kimg, {**saved, "best_score": self.best_score, "grid": asdict(self.grid)})
        self._draw()
        return save_network(options.outdir, state.generator_ema, state.discriminator, training, state.generator)

    def _keep_if_best(self, score: float, training: dict[str, Any]) -> None:
        """Keep this network apart if it has the least score so far; a copy lies beside the checkpoints."""
        if not score < self.best_score:  # also where it is not a number
            return
        self.best_score = score
        _log.info("best so far: score=%.4f at kimg=%.3f", score, self.state.kimg)
        for folder in (self.options.outdir, self.options.checkpoint_dir):
            if folder is not None:
                described = {**training, "score": score}
                save_network(folder / "best", self.state.generator_ema, self.state.discriminator, described)

    def _draw(self) -> None:
        """A sheet of what the averaged generator makes now; a copy lies beside the checkpoints."""
        name = f"fakes{self.state.kimg:08.3f}.png"
        pictures = sample_pictures(self.state.generator_ema, self.grid, self.options.seed, self.sheet_labels)
        self.grid.save(pictures, self.samples / name)
        if self.options.checkpoint_dir is not None:
            _copy_file(self.samples / name, self.options.checkpoint_dir / "samples" / name)


def _copy_file(source: Path, target: Path) -> None:
    with replacing(target) as partial:
        shutil.copyfile(source, partial)


class _LogFile(logging.FileHandler):
    """A log file whose failure is an error like that of any other file, not a traceback beside the training."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        raise  # logging calls this while it handles the error


@contextmanager
def _log_file(path: Path) -> Iterator[None]:
    """What this package logs also goes to a file."""
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
