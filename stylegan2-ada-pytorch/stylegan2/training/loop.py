"""The training loop, and in it an iteration's four phases."""

import logging
import math
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from torch import Tensor

from stylegan2.base.errors import DatasetError
from stylegan2.data.dataset import ImageDataset
from stylegan2.formats.network_file import TENSORS_NAME
from stylegan2.metrics.signal import PatchDistance
from stylegan2.metrics.watch import ScoreWatch
from stylegan2.model.networks import Generator
from stylegan2.options.budget import Ending
from stylegan2.options.words import Trouble
from stylegan2.results.sheet_series import is_early_moment
from stylegan2.results.tick_stats import TickStats, divergence, non_finite, peak_memory_mb
from stylegan2.training.loss import PhaseStats
from stylegan2.training.optimisation import ema_beta, update_ema
from stylegan2.training.real_images import Batch, Batches, real_batches
from stylegan2.training.run_files import RunFiles
from stylegan2.training.state import TrainingState
from stylegan2.training.training_options import TrainingOptions

_ENDINGS: tuple[Ending, ...] = get_args(Ending)
"""Of several reasons, that of a later place counts: whoever has lost the data cannot go on for anybody's sake."""

_TROUBLES: dict[Trouble, str] = {
    "collapsed": "the network has collapsed: its pictures are far worse than they were (the best network so far is in "
    "best/). More pictures, a larger gamma or another seed help",
    "stalled": "the training stands still: nothing better has come for long (the best network so far is in best/)",
}
ShouldStop = Callable[[float], Ending | None]
"""Says whether the training shall end now, and why. It is asked before every iteration, and told how many seconds one
more iteration, and saving everything after it, will take as far as was measured."""

_log = logging.getLogger(__name__)


def iterate(state: TrainingState, real: Tensor, labels: Tensor | None = None) -> None:
    """Train both networks with one batch.

    Of its reals `[batch, C, H, W]` and their labels `[batch, label_size]`, this process is given those of its
    micro-batches, in their order.
    """
    s, losses = state.settings, state.losses
    micro_batches = state.micro_batches(real, labels)
    share = s.batch_gpu / s.batch
    measured: dict[str, list[PhaseStats]] = {}

    # Generator, main: images that the discriminator takes for real.
    state.discriminator.requires_grad_(False)
    measured["Gmain"] = []
    for part, _ in state.seeded("Gmain", micro_batches):
        z, c = state.latents(len(part))
        measured["Gmain"].append(losses.generator_main(z, c, share=share))
    state.optimiser_step(state.optimise_g)

    # Generator, regularisation: a step in w changes the image by the same amount everywhere (path lengths).
    if s.pl_weight > 0 and state.iteration % s.g_reg_interval == 0:
        measured["Greg"] = []
        for part, _ in state.seeded("Greg", micro_batches):
            z, c = state.latents(len(part))
            stats = losses.generator_regularisation(z, c, interval=s.g_reg_interval, share=share)
            measured["Greg"].append(stats)
        state.optimiser_step(state.optimise_g)

    # Discriminator, main: reals told from fakes.
    state.discriminator.requires_grad_(True)
    measured["Dmain"] = []
    for part, c_real in state.seeded("Dmain", micro_batches):
        z, c = state.latents(len(part))
        measured["Dmain"].append(losses.discriminator_main(z, part, c, c_real, share=share))
    state.optimiser_step(state.optimise_d)

    # Discriminator, regularisation: flat at the reals (R1).
    if state.iteration % s.d_reg_interval == 0:
        measured["Dreg"] = []
        for part, c_real in state.seeded("Dreg", micro_batches):
            stats = losses.discriminator_regularisation(part, c_real, interval=s.d_reg_interval, share=share)
            measured["Dreg"].append(stats)
        state.optimiser_step(state.optimise_d)

    # What follows the networks: means, the averaged generator, the counters, the augmentation.
    state.follow(measured)
    update_ema(state.generator_ema, state.generator, ema_beta(s.batch, s.ema_kimg, state.images_seen, s.ema_rampup))
    state.images_seen += s.batch
    state.iteration += 1
    if state.iteration % s.ada_interval == 0:
        state.adjust_augmentation()


@dataclass(frozen=True)
class TrainingResult:
    """How a training ended, and where its network is."""

    kimg: float
    ended: Ending
    seconds: float
    network: Path
    """The tensors' file of the last network."""

    @property
    def finished(self) -> bool:
        """Whether its length was reached."""
        return self.ended == "finished"


class TrainingLoop:
    """The loop around a TrainingState, and its clock; `files` is None in all processes but the first."""

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
        hopeless = score.of_one_image if isinstance(score, PatchDistance) else 0.0
        self.watch = ScoreWatch(hopeless, options.patience)
        self.ticks: list[dict[str, float | str | None]] = []
        self.seconds_before = 0.0
        self.started = time.monotonic()
        self.saving_seconds = 0.0
        """How long it takes to save everything, as last measured; at first, what the first sheet took."""
        self.iteration_seconds = 0.0
        """The longest iteration but the first, in which compilers have their work."""
        self.warned = False
        self.lost: DatasetError | None = None

    @property
    def seconds(self) -> float:
        """How long the training has taken so far, interruptions not counted."""
        return self.seconds_before + time.monotonic() - self.started

    def run(self, dataset: ImageDataset, should_stop: ShouldStop) -> TrainingResult:
        """Iterate until the training ends: a line of statistics after every tick, all files after every few."""
        state, s = self.state, self.options.settings
        tick_length = round(s.tick_kimg * 1000)
        first_seen = tick_start = state.images_seen
        tick_clock = time.monotonic()
        with closing(self._batches(dataset)) as batches:
            while True:
                upcoming = self._next(batches, should_stop)
                ended = upcoming if isinstance(upcoming, str) else None
                images = state.images_seen - tick_start
                if ended is not None or images >= tick_length:
                    seconds = time.monotonic() - tick_clock
                    is_snapshot = ended is not None or (len(self.ticks) + 1) % s.snapshot_ticks == 0
                    saving_clock = time.monotonic()
                    score = self._score() if is_snapshot else None
                    if is_snapshot and ended is None:
                        ended = self._why_give_up()
                    if images > 0:
                        self._tick(images, seconds, ended, score)
                    if is_snapshot and self.files is not None:
                        self.files.snapshot(self.watch.scores, self.ticks, self.seconds, ended)
                        self.saving_seconds = time.monotonic() - saving_clock + self.files.checkpoint_seconds
                    tick_start, tick_clock = state.images_seen, time.monotonic()
                if isinstance(upcoming, str):
                    return self._end(upcoming)
                if ended is not None:
                    return self._end(ended)
                iteration_clock, is_first = time.monotonic(), state.images_seen == first_seen
                iterate(state, *upcoming)
                if not is_first:
                    self.iteration_seconds = max(self.iteration_seconds, time.monotonic() - iteration_clock)
                self.on_progress(state.kimg)
                tick_clock += self._after_iteration(tick_length)

    def _after_iteration(self, tick_length: int) -> float:
        """Look after the files; returns the seconds that this took of a tick."""
        if self.files is None:
            return 0.0
        self.files.check()
        s, seen = self.options.settings, self.state.images_seen
        if not is_early_moment(seen - s.batch, seen, tick_length, tick_length * s.snapshot_ticks):
            return 0.0
        begun = time.monotonic()
        self.files.draw(self.ticks)
        return time.monotonic() - begun

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

    def _next(self, batches: Batches, should_stop: ShouldStop) -> Batch | Ending:
        """Return this process's part of the next batch, or why the training ends: in all for the same reason."""
        batch: Batch | None = None
        ended = self._why_end(should_stop)
        if ended is None:
            try:
                batch = next(batches)
            except DatasetError as error:
                self.lost, ended = error, "data_lost"
        number = self.state.group.largest(0 if ended is None else _ENDINGS.index(ended) + 1)
        return _ENDINGS[number - 1] if batch is None or number > 0 else batch

    def _score(self) -> float | None:
        """Judge the averaged generator, in the process that does so, and remember the score."""
        if self.score is None:
            return None
        score = self.score(self.state.generator_ema)
        self.watch.add(score)
        return score

    def _why_give_up(self) -> Ending | None:
        """Return why the scores say that it should end: in all processes, though one alone knows them."""
        ended = self.watch.ending
        number = self.state.group.largest(0 if ended is None else _ENDINGS.index(ended) + 1)
        return _ENDINGS[number - 1] if number > 0 else None

    def _end(self, ended: Ending) -> TrainingResult:
        """Say how it ended, once everything is written."""
        if self.files is not None:
            self.files.finish()
        if ended == "data_lost":
            _log.error("the data can no longer be read; everything up to kimg=%.3f is saved", self.state.kimg)
            raise self.lost or DatasetError("another process of this training can no longer read its data")
        _log.info("%s at kimg=%.3f", self.options.budget.sentence(ended), self.state.kimg)
        return TrainingResult(self.state.kimg, ended, self.seconds, self.options.outdir / TENSORS_NAME)

    def _why_end(self, should_stop: ShouldStop) -> Ending | None:
        if self.state.images_seen >= round(self.options.settings.kimg * 1000):
            return "finished"
        return should_stop(self.iteration_seconds + self.saving_seconds) or self.options.budget.used_up(self.seconds)

    def _tick(self, images: int, seconds: float, ended: Ending | None, score: float | None) -> None:
        """Statistics of the last `images`. Raises DivergedError, once they tell of it, if numbers are not finite: what
        was saved before stays."""
        state = self.state
        means = state.means.take()
        broken = non_finite(means | state.weight_sums())
        trouble = "collapsed" if broken else self.watch.trouble if score is not None else None
        elapsed = self.seconds  # read once: the cost is that of the time that is told
        stats = TickStats(
            tick=len(self.ticks),
            kimg=state.kimg,
            seconds=elapsed,
            sec_per_kimg=seconds / images * 1000,
            augment_p=state.augment.p,
            memory_mb=peak_memory_mb(state.device),
            cost=self.options.budget.cost(elapsed),
            ended="collapsed" if broken else ended,
            patch_distance=score if isinstance(self.score, PatchDistance) and math.isfinite(score or 0) else None,
            trouble=trouble,
            without_progress=None if score is None else self.watch.without_progress,
            **{name: None if name in broken else means.get(name) for name in ("loss_g", "loss_d", "r1", "pl", "rt")},
        )
        self.ticks.append(stats.as_json())
        if self.files is not None:
            self.files.tick(stats)
            self.on_tick(stats)
        if broken:
            raise divergence(broken, state.kimg)
        if self.files is None:
            return
        if trouble is not None:
            _log.warning("%s", _TROUBLES[trouble])
        if state.augmentation_is_at_its_limit and not self.warned:
            self.warned = True
            _log.warning(
                "augmentation has reached its limit (p=%.2f): the discriminator knows the pictures by heart. "
                "Stop here, or give it more pictures or a larger gamma", state.augment.p,
            )  # fmt: skip
