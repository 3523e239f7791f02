"""The training loop: iterations, ticks, snapshots, and going on after an interruption.

The folder `outdir` receives:

    network.safetensors, network.json   the latest network (see network_file)
    training_options.json               every option, resolved
    stats.jsonl                         one record per tick
    log.txt                             what was said
    best/                               the network with the best score so far, unless nothing scores it
    tensorboard/                        the statistics for TensorBoard, if that is installed
    samples/reals.png, fakes*.png       sheets of images; the number in the name is the progress in kimg
    samples/grid.json                   how to cut the sheets: {"columns", "rows", "cell"}

Progress is also logged to the logger "stylegan2", one line per tick.
"""

import hashlib
import json
import logging
import math
import time
from collections.abc import Callable
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import torch

from stylegan2.base.errors import OutputError
from stylegan2.data.dataset import DatasetError, ImageDataset
from stylegan2.formats.network_file import TENSORS_NAME
from stylegan2.metrics.signal import FrechetRandom
from stylegan2.model.networks import Generator
from stylegan2.model.performance import performance_remarks
from stylegan2.options.budget import Ending
from stylegan2.results.checkpoint import load_checkpoint
from stylegan2.results.tick_stats import TickStats, peak_memory_mb, refuse_non_finite
from stylegan2.training.batch_fit import fit_batch_gpu
from stylegan2.training.distributed import ALONE, ProcessGroup
from stylegan2.training.earlier_results import refuse_results_of_another_training
from stylegan2.training.real_images import Batch, Batches, real_batches
from stylegan2.training.run_files import RunFiles
from stylegan2.training.state import TrainingState
from stylegan2.training.training_options import TrainingOptions
from stylegan2.training.transfer import TransferReport

_ENDINGS: tuple[Ending, ...] = get_args(Ending)
"""Of several reasons, that of a later place counts: whoever has lost the data cannot go on for anybody's sake."""

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
    group: ProcessGroup = ALONE,
    should_stop: Callable[[], bool] = lambda: False,
    on_tick: Callable[[TickStats], None] = lambda stats: None,
    on_progress: Callable[[float], None] = lambda kimg: None,
    score: Callable[[Generator], float] | None = None,
) -> TrainingResult:
    """Train until `kimg` is reached, a budget is used up or `should_stop` says so (asked before every iteration).

    If `checkpoint_dir` holds a checkpoint of this training, it goes on there, with the same result as if it had not
    been interrupted. When it ends, also before its length, network and checkpoint are those of the last iteration.

    Of several processes that train together, `group`, each calls this with the same options; the first one's
    checkpoint counts, it writes all files, and it alone scores. Whatever ends the training in one ends it in all.

    `on_progress` is called after every iteration with the progress in kimg. `score` judges the averaged generator at
    every snapshot (less is better; it must leave the random numbers alone); the best network so far is kept. Without
    it, the Frechet distance on random features of `signal_images` images does, if that is not 0.

    Raises DatasetError, OptionError, NetworkFileError (transfer), or OutputError where another training's results lie,
    before anything is written; later DatasetError, with everything saved; OutputError or CheckpointError where a file
    cannot be written or a checkpoint is of another training; DivergedError when the numbers are no longer finite;
    PeerLostError if another process is gone.
    """
    dataset = options.open_dataset()
    cuda_devices = [torch.cuda.current_device()] if options.device == "cuda" else []
    saved = (
        load_checkpoint(options.checkpoint_dir)
        if group.is_main_process and options.checkpoint_dir is not None
        else None
    )
    if group.is_main_process and saved is None:
        refuse_results_of_another_training(options)
    saved = group.from_main_process(saved)
    if options.performance.fit_batch_gpu:
        before = None if saved is None else saved["training"]["identity"]["batch_gpu"]
        options = options.with_micro_batch_of(before or group.smallest(fit_batch_gpu(options)))
    group.refuse_different(hashlib.sha256(json.dumps(options.identity()).encode()).digest())
    # Every batch has the same shape, so cuDNN may look for the fastest way once. No TF32: it is less precise.
    cudnn = torch.backends.cudnn.flags(enabled=True, benchmark=True, allow_tf32=False)
    with torch.random.fork_rng(cuda_devices), cudnn:
        torch.manual_seed(options.seed)
        state = TrainingState(options, dataset, group)
        report = None
        if saved is not None:
            state.load_state_dict(saved["training"])
        elif options.transfer is not None:
            report = state.transfer()
        if not group.is_main_process:
            score = None
        elif score is None and options.signal_images > 0:
            score = FrechetRandom(dataset, options.signal_images, seed=options.seed, device=state.device)
        try:
            with RunFiles(options, state) if group.is_main_process else nullcontext() as files:
                run = _Run(options, state, files, on_tick, on_progress, score)
                run.begin(dataset, saved, report)
                return run.loop(dataset, should_stop)
        except OSError as error:
            raise OutputError(
                f"{error.filename or options.outdir}: cannot be written: {error.strerror or error}. "
                f"What was saved before is untouched: make room and give the same command again"
            ) from error


class _Run:
    """The clock and the loop around a TrainingState; `files` is None in all processes but the first."""

    def __init__(
        self,
        options: TrainingOptions,
        state: TrainingState,
        files: RunFiles | None,
        on_tick: Callable[[TickStats], None],
        on_progress: Callable[[float], None],
        score: Callable[[Generator], float] | None,
    ) -> None:
        self.options, self.state, self.files = options, state, files
        self.on_tick, self.on_progress, self.score = on_tick, on_progress, score
        self.ticks: list[dict[str, float | str | None]] = []
        self.seconds_before = 0.0
        self.started = time.monotonic()
        self.warned = False
        self.lost: DatasetError | None = None

    @property
    def seconds(self) -> float:
        return self.seconds_before + time.monotonic() - self.started

    def begin(self, dataset: ImageDataset, saved: dict[str, Any] | None, report: TransferReport | None) -> None:
        """Take over what a checkpoint tells of earlier parts, and say what begins."""
        options = self.options
        if saved is not None:
            self.ticks, self.seconds_before = saved["ticks"], saved["seconds"]
        if self.files is None:
            return
        if saved is not None:
            self.files.restore(saved)
            _log.info("going on at kimg=%.3f", self.state.kimg)
        if report is not None:
            _log.info("transfer from %s: %s", options.transfer, report.sentence())
        self.files.begin(dataset, self.ticks)
        if dataset.passed_over:
            _log.warning(
                "data: %d other files are no pictures by their names and are not used; the first is %s",
                len(dataset.passed_over), ascii(dataset.passed_over[0]),
            )  # fmt: skip
        _log.info(
            "%s: %d pictures of %s, preset %s, %s to %g kimg on %s%s",
            options.dataset_name, options.images, options.size, options.preset,
            "begins" if self.state.images_seen == 0 else "continues", options.settings.kimg, options.device,
            "" if options.processes == 1 else f", {options.processes} processes",
        )  # fmt: skip
        for remark in performance_remarks(options.device, options.performance):
            _log.warning("%s", remark)
        if options.freezed and options.transfer is None:
            _log.warning("freezed: without a transfer, the frozen layers have learned nothing")

    def loop(self, dataset: ImageDataset, should_stop: Callable[[], bool]) -> TrainingResult:
        """The main loop."""
        state, s = self.state, self.options.settings
        tick_length = round(s.tick_kimg * 1000)
        tick_start, tick_clock = state.images_seen, time.monotonic()
        with closing(self._batches(dataset)) as batches:
            while True:
                upcoming = self._next(batches, should_stop)
                ended = upcoming if isinstance(upcoming, str) else None
                images = state.images_seen - tick_start
                if ended is not None or images >= tick_length:
                    seconds = time.monotonic() - tick_clock
                    is_snapshot = ended is not None or (len(self.ticks) + 1) % s.snapshot_ticks == 0
                    score = self.score(state.generator_ema) if is_snapshot and self.score is not None else None
                    if images > 0:
                        self._tick(images, seconds, ended, score)
                    if is_snapshot and self.files is not None:
                        self.files.snapshot(score, self.ticks, self.seconds)
                    tick_start, tick_clock = state.images_seen, time.monotonic()
                if isinstance(upcoming, str):
                    return self._end(upcoming)
                state.iterate(*upcoming)
                self.on_progress(state.kimg)
                if self.files is not None:
                    self.files.check()

    def _batches(self, dataset: ImageDataset) -> Batches:
        options, s = self.options, self.options.settings
        micro_batches = self.state.group.micro_batches(s.batch // s.batch_gpu)
        return real_batches(
            dataset,
            s.batch,
            seed=options.seed,
            start=self.state.images_seen,
            device=self.state.device,
            workers=options.performance.workers,
            places=[slice(number * s.batch_gpu, (number + 1) * s.batch_gpu) for number in micro_batches],
        )

    def _next(self, batches: Batches, should_stop: Callable[[], bool]) -> Batch | Ending:
        """This process's part of the next batch, or why the training ends: in all processes for the same reason."""
        batch: Batch | None = None
        ended = self._why_end(should_stop)
        if ended is None:
            try:
                batch = next(batches)
            except DatasetError as error:
                self.lost, ended = error, "data_lost"
        number = self.state.group.largest(0 if ended is None else _ENDINGS.index(ended) + 1)
        return _ENDINGS[number - 1] if batch is None or number > 0 else batch

    def _end(self, ended: Ending) -> TrainingResult:
        """Say how it ended, once everything is written."""
        if self.files is not None:
            self.files.finish()
        if ended == "data_lost":
            _log.error("the data can no longer be read; everything up to kimg=%.3f is saved", self.state.kimg)
            raise self.lost or DatasetError("another process of this training can no longer read its data")
        _log.info("%s at kimg=%.3f", self.options.budget.sentence(ended), self.state.kimg)
        return TrainingResult(self.state.kimg, ended, self.seconds, self.options.outdir / TENSORS_NAME)

    def _why_end(self, should_stop: Callable[[], bool]) -> Ending | None:
        if self.state.images_seen >= round(self.options.settings.kimg * 1000):
            return "finished"
        return "stopped" if should_stop() else self.options.budget.used_up(self.seconds)

    def _tick(self, images: int, seconds: float, ended: Ending | None, score: float | None) -> None:
        """Statistics of the last `images`. Refuses to go on with numbers that are not finite."""
        state = self.state
        means = state.means.take()
        refuse_non_finite(means, state.kimg)
        elapsed = self.seconds  # read once: the cost is that of the time that is told
        stats = TickStats(
            tick=len(self.ticks),
            kimg=state.kimg,
            seconds=elapsed,
            sec_per_kimg=seconds / images * 1000,
            augment_p=state.augment.p,
            memory_mb=peak_memory_mb(state.device),
            cost=self.options.budget.cost(elapsed),
            ended=ended,
            frechet_random=score if isinstance(self.score, FrechetRandom) and math.isfinite(score or 0) else None,
            **{name: means.get(name) for name in ("loss_g", "loss_d", "r1", "pl", "rt")},
        )
        self.ticks.append(stats.as_json())
        if self.files is None:
            return
        self.files.tick(stats)
        self.on_tick(stats)
        if state.augmentation_is_at_its_limit and not self.warned:
            self.warned = True
            _log.warning(
                "augmentation has reached its limit (p=%.2f): the discriminator knows the pictures by heart. "
                "Stop here, or give it more pictures or a larger gamma", state.augment.p,
            )  # fmt: skip
