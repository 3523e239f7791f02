"""What a training measures of itself: means over a tick, the line for people and the record for machines."""

import math
import resource
import sys
from dataclasses import asdict, dataclass

import torch
from torch import Tensor

from stylegan2.base.errors import DivergedError
from stylegan2.options.budget import Ending
from stylegan2.options.words import Trouble


class Means:
    """Means of measurements over a tick. The numbers stay on the device until they are asked for."""

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._counts: dict[str, int] = {}

    def add(self, name: str, value: Tensor) -> None:
        self._sums[name] = self._sums[name] + value if name in self._sums else value
        self._counts[name] = self._counts.get(name, 0) + 1

    def take(self) -> dict[str, float]:
        """Return the means so far, by name; begins anew."""
        means = {name: float(total) / self._counts[name] for name, total in self._sums.items()}
        self._sums, self._counts = {}, {}
        return means


@dataclass(frozen=True)
class TickStats:
    """One tick of a training. None: not measured in this tick."""

    tick: int
    kimg: float
    """Thousands of reals seen so far."""
    seconds: float
    """Seconds since the beginning of the training, interruptions not counted."""
    sec_per_kimg: float
    """Speed in this tick, without the time for samples and files."""
    loss_g: float | None
    loss_d: float | None
    r1: float | None
    """Squared gradient norm of the discriminator at the reals."""
    pl: float | None
    """Running mean of the path lengths."""
    augment_p: float
    rt: float | None
    """Mean sign of the discriminator's opinion on the reals: 0 undecided, 1 it knows them by heart."""
    memory_mb: float
    """Largest memory of the process so far."""
    cost: float | None = None
    """What the training has cost so far, where the price of an hour is known."""
    ended: Ending | None = None
    """Why the training ended; told in the last tick only."""
    patch_distance: float | None = None
    """Distance of patches to those of the reals, at a snapshot (metrics.signal); less is better. It is no FID."""
    trouble: Trouble | None = None
    """What the scores so far say is the matter, at a snapshot."""
    without_progress: int | None = None
    """Snapshots since the scores last became better, at a snapshot."""

    def line(self) -> str:
        """Return one line for people and for metric patterns like `loss_g=(\\S+)`."""
        parts = [f"tick {self.tick:<4d} kimg={self.kimg:.3f} time={_duration(self.seconds)}"]
        parts.append(f"sec_per_kimg={self.sec_per_kimg:.2f}")
        for name in ("loss_g", "loss_d", "r1", "pl", "rt", "patch_distance"):
            value = getattr(self, name)
            if value is not None:
                parts.append(f"{name}={value:.4f}")
        parts.append(f"augment_p={self.augment_p:.4f} memory_mb={self.memory_mb:.0f}")
        return " ".join(parts)

    def as_json(self) -> dict[str, float | str | None]:
        """Return the record for `stats.jsonl`."""
        return {name: round(value, 6) if isinstance(value, float) else value for name, value in asdict(self).items()}


def non_finite(numbers: dict[str, float]) -> list[str]:
    """Return the names of the numbers that are infinite or not-a-number."""
    return [name for name, value in numbers.items() if not math.isfinite(value)]


def divergence(broken: list[str], kimg: float) -> DivergedError:
    """Return the error that says which numbers are no longer finite."""
    return DivergedError(
        f"the training has diverged before kimg={kimg:.3f}: {', '.join(broken)} {'is' if len(broken) == 1 else 'are'} "
        f"no longer finite. The last checkpoint and network are from before. A larger gamma or more pictures help; if "
        f"it transfers, try another network"
    )


def peak_memory_mb(device: torch.device) -> float:
    """Largest memory so far in MiB: the GPU's, or the process's resident set."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**20
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)  # macOS counts bytes, Linux KiB


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes:02d}m{rest:02d}s"
    return f"{minutes}m{rest:02d}s" if minutes else f"{rest}s"
