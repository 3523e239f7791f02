"""What a look at a dataset is asked for, and what became of it."""

from dataclasses import asdict, dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What a look has done or found."""

    STARTED = "started"
    WAITING = "waiting"  # not quiet yet, or somebody else is acting: a timer is armed
    QUEUED = "queued"  # no free slot, or SageMaker is busy: a timer is armed
    KEPT = "kept"  # SageMaker is busy, and may have started the run: its claim is tried again
    ACTIVE = "active"
    ENDED = "ended"  # a run's unheard end was found; its end looks again
    RELEASED = "released"  # a claim without a run was given back
    ATTENTION = "attention"
    NOTHING = "nothing"
    STALE = "stale"  # a timer in whose place another one is recorded


@dataclass(frozen=True)
class Request:
    """How a caller wants it. `patient`: respect the quiet time. `rerun`: run even a snapshot that was run last.
    `inference_only`: make new images with the network that is there, whatever is new."""

    patient: bool = True
    rerun: bool = False
    inference_only: bool = False
    overrides: tuple[tuple[str, str], ...] = ()

    @property
    def insists(self) -> bool:
        """Whether the caller wants a run of this kind, not only what is due."""
        return self.rerun or self.inference_only or bool(self.overrides)


@dataclass(frozen=True)
class Result:
    """What became of a look, for the log and for a person who called by hand."""

    outcome: Outcome
    dataset: str
    detail: str = ""
    execution_arn: str | None = None

    def as_dict(self) -> dict[str, object]:
        return asdict(self)
