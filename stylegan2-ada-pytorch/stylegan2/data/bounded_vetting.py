"""Vetting in processes that may die: whatever a file does to its decoder, it costs so much and no more.

Files of a few megabytes can keep a decoder busy for minutes (a JPEG with thousands of scans) or make it ask for
gigabytes. Nothing in a decoder can be interrupted, so each image has a bound of time and memory that the system
keeps, by killing. The largest images that `vetting` takes pass at a quarter of the time, and in four fifths of the
memory (docs/performance.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stylegan2.base.worker_pool import OutOfMemory, OutOfTime, WorkerCrashed, WorkerLimits, map_in_order
from stylegan2.data.refusals import Refusal, RefusalCode, RefusedImage, refusal
from stylegan2.data.vetting import Wanted, load_training_pixels

LIMITS = WorkerLimits(cpu_seconds=30, memory_bytes=2 << 30)
"""What one image may cost."""


def load_images(
    paths: Sequence[Path], wanted: int | Wanted, limits: WorkerLimits = LIMITS
) -> Iterator[NDArray[np.uint8] | RefusedImage]:
    """Yield for every path the image, as ``vetting.load_training_pixels`` does, or why there is none."""
    jobs = [(path, wanted) for path in paths]
    for outcome in map_in_order(_load, jobs, items_per_task=1, limits=limits):
        yield RefusedImage(why_lost(outcome, limits)) if isinstance(outcome, WorkerCrashed) else outcome


def why_lost(outcome: WorkerCrashed, limits: WorkerLimits) -> Refusal:
    """Return what to say of an image that has killed its process."""
    if isinstance(outcome, OutOfTime):
        return refusal(RefusalCode.TOO_SLOW, seconds=int(limits.cpu_seconds))
    if isinstance(outcome, OutOfMemory):
        return refusal(RefusalCode.TOO_MUCH_MEMORY, megabytes=limits.memory_bytes >> 20)
    return refusal(RefusalCode.CRASHES)


def _load(job: tuple[Path, int | Wanted]) -> NDArray[np.uint8] | RefusedImage:
    try:
        return load_training_pixels(*job)
    except RefusedImage as refused:
        return RefusedImage(refused.refusal)  # without the traceback, which cannot be sent
