"""What a look knows of a dataset when it decides: values, and what follows from them.

Each kind of facts costs more to find out than the one before: the ledger's item, SageMaker's answer, two listings, what
the listed files hold.
"""

from dataclasses import dataclass, field
from enum import Enum, auto

from contract.pipeline import PARAMETERS
from contract.statuses import LOST, TERMINAL
from workshop.dataset.room import LackOfRoom, Machines, find_lack_of_room, workload_of
from workshop.dataset.settings import Choice
from workshop.dataset.shape import size_of_run
from workshop.dataset.snapshot import Listing, Targets
from workshop.ledger.state import Claim, DatasetState, Phase
from workshop.reconcile.looks import Request

# Prepare and Infer: each may take MaxProcessSeconds.
PROCESSING_JOBS = 2
# What retries and the machines' starts may add to the maxima of a run's jobs.
SPARE_SECONDS = 2 * 3600


@dataclass(frozen=True)
class StateFacts:
    """What the ledger says of the dataset, at `now_ms`."""

    state: DatasetState
    now_ms: int

    @property
    def phase(self) -> Phase:
        return self.state.phase

    @property
    def run_seconds(self) -> float:
        """How long ago the active run's start was recorded."""
        return (self.now_ms - (self.state.run_started_at or 0)) / 1000


@dataclass(frozen=True)
class RunFacts:
    """What SageMaker says of the dataset's active run: its `status`, or LOST, and when that last changed (epoch
    milliseconds)."""

    state: DatasetState
    run_seconds: float
    status: str
    changed_at: int

    @property
    def is_over(self) -> bool:
        return self.status in TERMINAL | {LOST}

    @property
    def is_overdue(self) -> bool:
        """Whether the run is longer than all its jobs may take together."""
        return self.run_seconds > _longest_seconds(self.state.held_claim)


@dataclass(frozen=True)
class FolderFacts:
    """What S3 lists in the dataset's folders, at `now_ms`; `quiet_seconds` is the deployer's quiet time."""

    state: DatasetState
    listing: Listing
    targets: Targets
    now_ms: int
    quiet_seconds: int

    @property
    def is_empty(self) -> bool:
        """Whether nothing is there that somebody could wait for."""
        return self.listing.is_empty and not self.targets.images and not self.targets.others

    @property
    def seconds_to_quiet(self) -> float:
        """How long it is until the newest change, by the events or by the listing, is `quiet_seconds` old. Multipart
        uploads are listed with the time they began, and events can be lost: hence both. 0 under a fresh `_READY`."""
        ready, newest_listed = self.listing.ready, max(self.listing.newest_ms, self.targets.newest_ms)
        if ready and ready.modified_ms >= newest_listed and ready.modified_ms > (self.state.claim_at or 0):
            return 0
        newest = newest_change_ms(self.state, self.listing, self.targets)
        return newest / 1000 + self.quiet_seconds - self.now_ms / 1000


class Missing(Enum):
    """Why it is not known yet what the files of a listing hold."""

    CONTENTS = auto()  # time ran out, or an image is another one by now
    SETTINGS = auto()  # settings.yaml is another one by now, or gone


@dataclass(frozen=True)
class PendingFacts:
    """What lies in the folders is listed, and what it holds is not known yet."""

    state: DatasetState
    missing: Missing


@dataclass(frozen=True)
class ContentFacts:
    """What the folders hold: each image's content is known, and so is what the settings ask for.

    `faults` are the sentences on settings that cannot be used, or are not where they are read; `choice` is then the
    default one. `min_images` is the deployer's least number of images to learn from, `machines` are the
    deployer's, too.
    """

    state: DatasetState
    listing: Listing
    targets: Targets
    fingerprint: str
    choice: Choice
    faults: tuple[str, ...]
    min_images: int
    machines: Machines = field(default_factory=Machines)

    @property
    def good_arn(self) -> str | None:
        """The run whose network is there."""
        return self.state.good_arn

    @property
    def has_images(self) -> bool:
        """Whether there is an image to project: one that was put there for it, or one of the dataset's own."""
        return bool(self.targets.images or self.listing.images)

    @property
    def has_new_targets(self) -> bool:
        """Whether there are images to project that the last run did not have, and the settings ask for it."""
        return self.choice.projects and self.targets.digest not in ("", self.state.last_targets)

    def has_to_learn(self, request: Request) -> bool:
        """Whether the folder is another one than the last training had, or is to be learned again."""
        is_wanted = request.rerun or self.fingerprint != self.state.last_fingerprint
        return is_wanted and not self.listing.is_empty

    def trains(self, request: Request) -> bool:
        """Whether a training is what is due."""
        return self.has_to_learn(request) and not request.inference_only

    def lack_of_room(self, request: Request) -> LackOfRoom | None:
        """What is too small for a training with all these images."""
        overrides = dict(request.overrides)
        size = size_of_run(self.choice.size, self.choice.resolution, overrides)
        parameters = {
            "Preset": self.choice.train_preset,
            "Kimg": str(self.choice.kimg),
            "ProcessInstanceType": self.machines.process,
            "TrainInstanceType": self.choice.instance_type or self.machines.train,
            **overrides,
            "Resolution": str(size.resolution),
            "PictureSize": size.parameter,
        }
        workload = workload_of(self.listing, self.targets, self.choice.projection_targets, parameters)
        return find_lack_of_room(workload, parameters["ProcessInstanceType"], parameters["TrainInstanceType"])

    def images_needed(self, request: Request) -> int:
        """How many images a training needs, if there are fewer; else 0."""
        needed = int(dict(request.overrides).get("MinImages", self.min_images))
        return needed if len(self.listing.images) < needed else 0


Facts = StateFacts | RunFacts | FolderFacts | PendingFacts | ContentFacts


def newest_change_ms(state: DatasetState, listing: Listing, targets: Targets) -> int:
    """When something last changed, by the events or by the listings (epoch milliseconds); 0 if nothing is known."""
    return max(state.last_seen or 0, listing.newest_ms, targets.newest_ms)


def _longest_seconds(claim: Claim) -> int:
    """How long all jobs of a run may take together."""
    processing = int(claim.parameters.get("MaxProcessSeconds") or PARAMETERS["MaxProcessSeconds"].default or 0)
    return claim.max_train_seconds + PROCESSING_JOBS * processing + SPARE_SECONDS
