"""What this deployment's own runs have shown, as a few samples of each kind of training.

A sample is one run's. It comes out of report.json, which another room has written: what cannot be is left out, and of
several the one in the middle counts, so that no single run can make all later estimates wrong.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

from contract.pipeline import PARAMETERS, SQUARE
from contract.train_options import NO_OPTIONS

MAX_SAMPLES = 7
# Beyond these nothing is a training: an H100 with the smallest network, a processor with the largest.
FASTEST, SLOWEST = 0.01, 100_000.0  # seconds per kimg
# What a run takes beside its training, as a multiple of what was estimated: a wait of hours for a machine is no rule.
LEAST_BESIDE, MOST_BESIDE = 0.02, 20.0
_TOLD_BY = ("TrainInstanceType", "TrainInstanceCount", "Preset", "Resolution")


def speed_key(parameters: Mapping[str, str]) -> str:
    """What trainings of one kind have in common, by a run's parameters: they run at about the same speed."""
    told = [parameters.get(name) or PARAMETERS[name].default or "" for name in _TOLD_BY]
    if (size := parameters.get("PictureSize", SQUARE)) != SQUARE:
        told.append(size)
    if (options := parameters.get("TrainOptions", NO_OPTIONS)) != NO_OPTIONS:  # some make it slower
        told.append(hashlib.sha256(options.encode()).hexdigest()[:8])
    return " ".join(told)


@dataclass(frozen=True)
class Sample:
    """What one run has shown: its training's speed, and how long all else took, as a multiple of the estimate (None:
    not known, as of a run that was retried)."""

    run: str
    sec_per_kimg: float
    beside: float | None = None

    @classmethod
    def of_run(cls, run: str, sec_per_kimg: float | None, beside: float | None) -> "Sample | None":
        """None for a speed that cannot be."""
        if sec_per_kimg is None or not isfinite(sec_per_kimg) or not FASTEST <= sec_per_kimg <= SLOWEST:
            return None
        is_sane = beside is not None and isfinite(beside) and LEAST_BESIDE <= beside <= MOST_BESIDE
        return cls(run, sec_per_kimg, beside if is_sane else None)


@dataclass(frozen=True)
class Learned:
    """The newest samples of one kind of training, oldest first."""

    samples: tuple[Sample, ...] = ()

    @property
    def sec_per_kimg(self) -> float | None:
        return _middle([sample.sec_per_kimg for sample in self.samples])

    @property
    def beside(self) -> float | None:
        return _middle([sample.beside for sample in self.samples if sample.beside is not None])

    def with_sample(self, sample: Sample) -> "Learned":
        """A run that reports again counts once; the oldest samples go."""
        others = [known for known in self.samples if known.run != sample.run]
        return Learned((*others, sample)[-MAX_SAMPLES:])


def _middle(numbers: Sequence[float]) -> float | None:
    """The median; of an even number the smaller one of the two in the middle, which was measured."""
    return sorted(numbers)[(len(numbers) - 1) // 2] if numbers else None
