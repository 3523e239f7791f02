"""Vetting in processes that may die: whatever a file does to its decoder, it costs so much and no more.

Files of a few megabytes can keep a decoder busy for minutes (a JPEG with thousands of scans) or make it ask for
gigabytes. Nothing in a decoder can be interrupted, so each picture has a bound of time and memory that the system
keeps, by killing. The largest pictures that `vetting` takes pass at a quarter of the time, and in four fifths of the
memory (docs/performance.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stylegan2.base.worker_pool import Limits, OutOfMemory, OutOfTime, WorkerCrashed, map_in_order
from stylegan2.data.vetting import RefusedPicture, Wanted, load_training_pixels

LIMITS = Limits(cpu_seconds=30, memory_bytes=2 << 30)
"""Of one picture."""


def load_pictures(
    paths: Sequence[Path], wanted: int | Wanted, limits: Limits = LIMITS
) -> Iterator[NDArray[np.uint8] | RefusedPicture]:
    """Yield for every path the picture, as ``vetting.load_training_pixels`` does, or why there is none."""
    jobs = [(path, wanted) for path in paths]
    for outcome in map_in_order(_load, jobs, items_per_task=1, limits=limits):
        yield RefusedPicture(why_lost(outcome, limits)) if isinstance(outcome, WorkerCrashed) else outcome


def why_lost(outcome: WorkerCrashed, limits: Limits) -> str:
    """Return the sentence for the person who uploaded a picture that has killed its process."""
    if isinstance(outcome, OutOfTime):
        return (
            f"The picture takes longer than {limits.cpu_seconds:g} seconds to decode, which no ordinary one does; "
            f"save it anew as PNG or JPEG and try again."
        )
    if isinstance(outcome, OutOfMemory):
        return (
            f"The picture needs more than {limits.memory_bytes >> 20:,} MB of memory to decode; scale it down, "
            f"or save it anew as PNG or JPEG, and try again."
        )
    return "The picture makes the program that reads it crash; save it anew and try again."


def _load(job: tuple[Path, int | Wanted]) -> NDArray[np.uint8] | RefusedPicture:
    try:
        return load_training_pixels(*job)
    except RefusedPicture as refusal:
        return RefusedPicture(str(refusal))
