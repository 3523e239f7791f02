"""The beginning of a training: checkpoint, data, state and files are brought together, and the loop runs.

The folder `outdir` receives:

    network.safetensors, network.json   the latest network (see formats.network_file)
    training_options.json               every option, resolved
    stats.jsonl                         one record per tick
    log.txt                             what was said
    best/                               the network with the best score so far, unless nothing scores it
    tensorboard/                        the statistics for TensorBoard, if that is installed
    samples/reals.png                   a sheet of the data set's images
    samples/fakes*.png or .jpg          sheets of samples, 14 at most, the first of the untrained network; the number
                                        in the name is the progress in kimg
    samples/grid.json                   how to cut the sheets: {"columns", "rows", "cell"}

Progress is also logged to the logger "stylegan2", one line per tick.
"""

import hashlib
import json
import logging
import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import torch

from stylegan2.base.errors import OutputError
from stylegan2.data.dataset import ImageDataset
from stylegan2.metrics.signal import PatchDistance
from stylegan2.model.networks import Generator
from stylegan2.model.performance import performance_remarks
from stylegan2.results.checkpoint import load_checkpoint
from stylegan2.results.tick_stats import TickStats
from stylegan2.training.batch_fit import fit_batch_gpu
from stylegan2.training.distributed import ALONE, ProcessGroup
from stylegan2.training.earlier_results import refuse_results_of_another_training
from stylegan2.training.loop import ShouldStop, TrainingLoop, TrainingResult
from stylegan2.training.run_files import Drawn, RunFiles
from stylegan2.training.state import TrainingState
from stylegan2.training.training_options import TrainingOptions
from stylegan2.training.transfer import TransferReport

_log = logging.getLogger(__name__)


def train(
    options: TrainingOptions,
    *,
    group: ProcessGroup = ALONE,
    should_stop: ShouldStop = lambda seconds: None,
    on_tick: Callable[[TickStats], None] = lambda stats: None,
    on_progress: Callable[[float], None] = lambda kimg: None,
    on_sheet: Callable[[Drawn], None] = lambda drawn: None,
    score: Callable[[Generator], float] | None = None,
) -> TrainingResult:
    """Train until `kimg` is reached, a budget is used up or `should_stop` says so (see there).

    If `checkpoint_dir` holds a checkpoint of this training, it goes on there, with the same result as if it had not
    been interrupted. When it ends, also before its length, network and checkpoint are those of the last iteration.

    Of several processes that train together, `group`, each calls this with the same options; the first one's
    checkpoint counts, it writes all files, and it alone scores. Whatever ends the training in one ends it in all.

    `on_progress` is called after every iteration with the progress in kimg, `on_sheet` when a sheet of samples was
    drawn: before the first iteration, often at first (results.sheet_series), and at every snapshot. `score` judges the
    averaged generator at every snapshot (a distance: less is better, and 0 the least; it must leave the random numbers
    alone). The best network so far is kept, and `patience` goes by it. Without it, the PatchDistance of `signal_images`
    images does, if that is not 0.

    Raises DatasetError, OptionError, NetworkFileError (transfer), or OutputError where another training's results lie,
    before anything is written; later DatasetError, with everything saved; OutputError or CheckpointError where a file
    cannot be written or a checkpoint is of another training; DivergedError when the numbers are no longer finite, in
    all processes, with the network and the checkpoint of the last snapshot in place; PeerLostError if another process
    is gone.
    """
    dataset = options.open_dataset()
    saved = _common_checkpoint(options, group)
    if options.performance.fit_batch_gpu:
        before = None if saved is None else saved["training"]["identity"]["batch_gpu"]
        options = options.with_micro_batch_of(before or group.smallest(fit_batch_gpu(options)))
    group.refuse_different(hashlib.sha256(json.dumps(options.identity()).encode()).digest())
    # Every batch has the same shape, so cuDNN may look for the fastest way once. No TF32: it is less precise.
    cudnn = torch.backends.cudnn.flags(enabled=True, benchmark=True, allow_tf32=False)
    cuda_devices = [torch.cuda.current_device()] if options.device == "cuda" else []
    with torch.random.fork_rng(cuda_devices), cudnn:
        torch.manual_seed(options.seed)
        state = TrainingState(options, dataset, group)
        report = None
        if saved is not None:
            state.load_state_dict(saved["training"])
            saved.setdefault("scores", [saved["best_score"]] if "best_score" in saved else [])  # an older checkpoint
        elif options.transfer is not None:
            report = state.transfer()
        if not group.is_main_process:
            score = None
        elif score is None and options.signal_images > 0:
            score = PatchDistance(dataset, options.signal_images, seed=options.seed, device=state.device)
        try:
            with RunFiles(options, state, on_sheet) if group.is_main_process else nullcontext() as files:
                loop = TrainingLoop(options, state, files, on_tick, on_progress, score)
                if saved is not None:
                    loop.ticks, loop.seconds_before = saved["ticks"], saved["seconds"]
                    loop.watch.scores = saved["scores"]
                if files is not None:
                    if saved is not None:
                        files.restore(saved)
                    _say_where_it_comes_from(options, state, is_continued=saved is not None, report=report)
                    begun = time.monotonic()
                    files.begin(dataset, loop.ticks)
                    loop.saving_seconds = time.monotonic() - begun
                    _say_what_begins(options, state, dataset)
                return loop.run(dataset, should_stop)
        except OSError as error:
            raise OutputError(
                f"{error.filename or options.outdir}: cannot be written: {error.strerror or error}. "
                f"What was saved before is untouched: make room and give the same command again"
            ) from error


def _common_checkpoint(options: TrainingOptions, group: ProcessGroup) -> dict[str, Any] | None:
    """Return the first process's checkpoint in all. Another training's results are refused."""
    saved = None
    if group.is_main_process:
        if options.checkpoint_dir is not None:
            saved = load_checkpoint(options.checkpoint_dir)
        refuse_results_of_another_training(options, None if saved is None else saved["training"]["identity"])
    return group.from_main_process(saved)


def _say_where_it_comes_from(
    options: TrainingOptions, state: TrainingState, *, is_continued: bool, report: TransferReport | None
) -> None:
    if is_continued:
        _log.info("going on at kimg=%.3f", state.kimg)
    if report is not None:
        _log.info("transfer from %s: %s", options.transfer, report.sentence())


def _say_what_begins(options: TrainingOptions, state: TrainingState, dataset: ImageDataset) -> None:
    if dataset.passed_over:
        _log.warning(
            "data: %d other files are no pictures by their names and are not used; the first is %s",
            len(dataset.passed_over), ascii(dataset.passed_over[0]),
        )  # fmt: skip
    _log.info(
        "%s: %d pictures of %s, preset %s, %s to %g kimg on %s%s",
        options.dataset_name, options.images, options.size, options.preset,
        "begins" if state.images_seen == 0 else "continues", options.settings.kimg, options.device,
        "" if options.processes == 1 else f", {options.processes} processes",
    )  # fmt: skip
    for remark in performance_remarks(options.device, options.performance):
        _log.warning("%s", remark)
    if options.freezed and options.transfer is None:
        _log.warning("freezed: without a transfer, the frozen layers have learned nothing")
