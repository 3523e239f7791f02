"""How many images of a batch fit into memory at once: the size of its micro-batches, found instead of guessed.

On a GPU, whole iterations are tried, with fewer and fewer images until one no longer runs out of memory. A CPU never
says that its memory is full, the process is killed; there, what the most demanding phase keeps for one image is
measured and multiplied.
"""

import gc
import logging
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from stylegan2.base.errors import OptionError
from stylegan2.training.loop import iterate
from stylegan2.training.loss import PL_BATCH_SHRINK
from stylegan2.training.state import TrainingState
from stylegan2.training.training_options import TrainingOptions

USABLE = 0.6
"""Part of the free memory of a host that is planned with. The rest is for the allocator's gaps and for others."""
TRIED_P = 0.8
"""Probability of the augmentation in trials: with it, an iteration needs more."""

_CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")
_CGROUP_USED = Path("/sys/fs/cgroup/memory.current")
_log = logging.getLogger(__name__)


def fit_batch_gpu(options: TrainingOptions, fits: Callable[[int], bool] | None = None) -> int:
    """Return the largest size of a micro-batch that divides a process's share of the batch and fits, found by halving.

    `fits` says whether as many images fit; by default the device is asked. Raises OptionError if not even one does.
    """
    if fits is None:
        fits = gpu_trial(options) if options.device == "cuda" else host_estimate(options)
    share = options.settings.batch // options.processes
    size: int | None = share
    while size is not None:
        if fits(size):
            return size
        size = next((n for n in range(size // 2, 0, -1) if share % n == 0), None)
    raise OptionError(
        f"batch_gpu: not even one picture of {options.resolution} px fits into the memory of this machine; "
        f"take a preset with smaller networks, or another machine"
    )


def gpu_trial(options: TrainingOptions) -> Callable[[int], bool]:
    """Return a question to the GPU, which does one iteration, with all four phases, on a training of its own."""

    def fits(images: int) -> bool:
        try:
            _one_iteration(options, images)
        except torch.OutOfMemoryError:
            return False
        finally:
            gc.collect()
            if options.device == "cuda":
                torch.cuda.empty_cache()
        return True

    return fits


def host_estimate(options: TrainingOptions, available_bytes: Callable[[], int] | None = None) -> Callable[[int], bool]:
    """Return a comparison of what an image needs with the memory that is free."""
    available = (available_bytes or available_host_bytes)() * USABLE
    per_image = bytes_per_image(options)
    most = int(available // per_image)
    _log.info("a picture needs about %.0f MiB: up to %d fit", per_image / 2**20, most)
    return lambda images: images <= most


def bytes_per_image(options: TrainingOptions) -> float:
    """Return what the most demanding phase keeps for one image until its gradients are computed."""
    with torch.random.fork_rng([]):
        state = _trial_state(options, 1)
        losses, z = state.losses, torch.zeros(1, options.settings.z_dim)
        real = torch.zeros(1, options.channels, options.resolution, options.resolution)
        parameters = [p for net in (state.generator, state.discriminator) for p in net.parameters()]
        own = {parameter.data_ptr() for parameter in parameters}
        phases = [
            _bytes_kept(lambda: losses.generator_main(z), own),
            _bytes_kept(lambda: losses.discriminator_regularisation(real, interval=1), own),
        ]
        if options.settings.pl_weight > 0:  # sees only part of the images
            kept = _bytes_kept(lambda: losses.generator_regularisation(z, interval=1), own)
            phases.append(kept / PL_BATCH_SHRINK)
    return max(phases)


def _bytes_kept(phase: Callable[[], object], own: set[int]) -> float:
    """Bytes of the tensors that a phase saves for its gradients, the parameters not counted."""
    kept: dict[int, int] = {}

    def count(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(count, lambda tensor: tensor):
        phase()
    return float(sum(kept.values()))


def available_host_bytes() -> int:
    """Free memory of this machine, or of the container if that has less (Linux; elsewhere: no limit is known)."""
    free = math.inf
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                free = int(line.split()[1]) * 1024
        limit = _CGROUP_LIMIT.read_text(encoding="ascii").strip()
        if limit != "max":
            free = min(free, int(limit) - int(_CGROUP_USED.read_text(encoding="ascii")))
    except OSError:
        pass  # no Linux, or no container: what was read before counts
    return int(free) if math.isfinite(free) else 1 << 50


def _one_iteration(options: TrainingOptions, images: int) -> None:
    devices: list[Any] = [torch.cuda.current_device()] if options.device == "cuda" else []
    with torch.random.fork_rng(devices):
        state = _trial_state(options, images)
        shape = options.channels, options.resolution, options.resolution
        iterate(state, torch.zeros(images, *shape, device=state.device))


def _trial_state(options: TrainingOptions, images: int) -> TrainingState:
    single = options.with_batch_of(images)
    state = TrainingState(single)
    if options.aug != "noaug":
        state.augment.p = max(state.augment.p, TRIED_P)
    return state
