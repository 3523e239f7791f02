"""What the ledger knows, as values: a dataset's state, the claim of a run, the record of a run."""

import json
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any

from contract.names import Execution, parse_execution
from contract.run_identity import RunIdentity
from workshop.estimates import Estimate
from workshop.platform.errors import LedgerDamaged


class Phase(StrEnum):
    """Where a dataset stands. A dataset holds one of the slots exactly while it is not IDLE."""

    IDLE = "IDLE"
    STARTING = "STARTING"  # claimed: StartPipelineExecution may or may not have happened
    RUNNING = "RUNNING"  # the execution's ARN is recorded


@dataclass(frozen=True)
class Claim:
    """Everything that a start needs, frozen when the dataset is claimed: whoever takes over a dead claim repeats
    exactly this request with exactly its token."""

    fingerprint: str
    parameters: dict[str, str]
    images: int
    left_out: int
    preset: str
    resolution: int
    speed_key: str  # trainings of equal ones run at about the same speed (workshop.estimates.learned)
    max_train_seconds: int
    estimate: Estimate | None
    hourly_price: float = 0.0  # dollars for one machine that trains; 0: not known
    machines: int = 1  # that train
    language: str = "en"
    targets: str = ""  # mark of the images to project that are done then (Targets.part); "" if the artist gave none
    source_arn: str | None = None  # the run whose network is used; None: this run trains its own
    size: str = ""  # of the pictures, as people read it; "": a square of the resolution
    folders: str = ""  # what the notices say of sub-folders, in the language
    previews: bool = False  # whether a mail shows what the training has learned early

    def to_json(self) -> str:
        estimate = None if self.estimate is None else self.estimate.to_json()
        return json.dumps(asdict(self) | {"estimate": estimate}, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "Claim":
        """A claim of another release may have other fields; its run goes on all the same."""
        values = {"speed_key": ""} | json.loads(text)
        known = {field.name: values[field.name] for field in fields(cls) if field.name in values}
        return cls(**known | {"estimate": Estimate.from_json(values.get("estimate"))})


# `considered` of a drop whose start was given back: no count of uploads is equal to it.
NOT_CONSIDERED = -1


@dataclass(frozen=True)
class DatasetState:
    """A dataset's item. Times are epoch milliseconds."""

    dataset: str
    phase: Phase = Phase.IDLE
    attempt: int = 0  # number of claims so far
    last_seen: int | None = None  # when the last upload event was processed
    uploads: int = 0  # number of upload events noted so far
    considered: int = 0  # `uploads` when last claimed or found to need nothing; or NOT_CONSIDERED
    timer_due: int | None = None  # the recorded timer, whose message is still to come
    timers_received: int = 0  # number of timer messages received so far
    claim_at: int | None = None
    lease_at: int | None = None  # since when somebody is at work on the claim
    claim: Claim | None = None  # of the run that is started or running, else of the last one
    execution_arn: str | None = None
    run_started_at: int | None = None
    last_fingerprint: str | None = None  # of the last run that ended
    last_execution_arn: str | None = None
    last_status: str | None = None
    ended_at: int | None = None
    last_targets: str = ""  # mark of the images to project that are done (Targets.part)
    good_arn: str | None = None  # of the last run that trained a network and succeeded
    unreported: frozenset[str] = frozenset()  # ARNs of ended runs whose notice is not known to be sent
    title: str = ""  # what its people call it, if that is not its name
    problems: tuple[str, ...] = ()  # why the last look has started no run though one was due, in sentences

    @classmethod
    def from_values(cls, dataset: str, values: dict[str, Any]) -> "DatasetState":
        claim = values.get("claim")
        return cls(
            dataset=dataset,
            phase=Phase(values.get("phase", Phase.IDLE)),
            attempt=values.get("attempt", 0),
            last_seen=values.get("lastSeen"),
            uploads=values.get("uploads", 0),
            considered=values.get("considered", 0),
            timer_due=values.get("timerDue"),
            timers_received=values.get("timersReceived", 0),
            claim_at=values.get("claimAt"),
            lease_at=values.get("leaseAt", values.get("claimAt")),
            claim=Claim.from_json(claim) if claim else None,
            execution_arn=values.get("executionArn"),
            run_started_at=values.get("runStartedAt"),
            last_fingerprint=values.get("lastFingerprint"),
            last_execution_arn=values.get("lastExecutionArn"),
            last_status=values.get("lastStatus"),
            ended_at=values.get("endedAt"),
            last_targets=values.get("lastTargets", ""),
            good_arn=values.get("goodArn"),
            unreported=frozenset(values.get("unreported", ())),
            title=values.get("title", ""),
            problems=tuple(json.loads(values.get("problems", "[]"))),
        )

    @property
    def called(self) -> str:
        """What its people call it."""
        return self.title or self.dataset

    @property
    def is_known(self) -> bool:
        """Whether anything was ever heard of it."""
        return self != DatasetState(self.dataset)

    @property
    def held_claim(self) -> Claim:
        """The claim of a dataset that is not IDLE."""
        if self.claim is None:
            raise LedgerDamaged(f"The dataset {self.dataset} is {self.phase} without a claim.")
        return self.claim

    @property
    def run(self) -> RunIdentity:
        """The run that a dataset that is not IDLE is starting or running."""
        return RunIdentity(self.dataset, self.held_claim.fingerprint, self.attempt)

    def is_claimed_for(self, run: RunIdentity, arn: str) -> bool:
        """Whether the execution `arn` can be the start of the claim that the dataset holds."""
        return self.phase is not Phase.IDLE and self.run == run and self.execution_arn in (None, arn)


@dataclass(frozen=True)
class RunRecord:
    """A run's item: what its notices say about it. Times are epoch milliseconds."""

    arn: str
    dataset: str
    fingerprint: str
    attempt: int
    images: int
    left_out: int
    preset: str
    resolution: int
    speed_key: str
    max_train_seconds: int
    estimate: Estimate | None
    started_at: int
    hourly_price: float = 0.0
    machines: int = 1
    language: str = "en"
    source_arn: str | None = None
    size: str = ""
    folders: str = ""
    previews: bool = False
    status: str | None = None  # terminal status, once known
    ended_at: int | None = None
    is_retried: bool = False  # somebody has had SageMaker retry it
    # By how many percent estimates were too long (or, below 0, too short): before it began, and early in its training.
    estimate_error: int | None = None
    early_error: int | None = None
    billed_seconds: int | None = None  # of its training, all machines together

    @classmethod
    def of_claim(cls, arn: str, identity: RunIdentity, claim: Claim, started_at: int) -> "RunRecord":
        return cls(
            arn=arn,
            dataset=identity.dataset,
            fingerprint=identity.fingerprint,
            attempt=identity.attempt,
            images=claim.images,
            left_out=claim.left_out,
            preset=claim.preset,
            resolution=claim.resolution,
            speed_key=claim.speed_key,
            max_train_seconds=claim.max_train_seconds,
            estimate=claim.estimate,
            started_at=started_at,
            hourly_price=claim.hourly_price,
            machines=claim.machines,
            language=claim.language,
            source_arn=claim.source_arn,
            size=claim.size,
            folders=claim.folders,
            previews=claim.previews,
        )

    @property
    def execution(self) -> Execution:
        """The ARN, taken apart."""
        return parse_execution(self.arn)

    @property
    def picture_size(self) -> str:
        """Width and height of the pictures, as people read them."""
        return self.size or f"{self.resolution} x {self.resolution}"

    @property
    def billed_cost(self) -> float | None:
        """Dollars that its training has cost, to the cent; None if bill or price are not known."""
        if self.billed_seconds is None or not self.hourly_price:
            return None
        return round(self.hourly_price * self.billed_seconds / 3600, 2)

    @property
    def goes_on(self) -> bool:
        """Whether it was retried after its end, and has not ended again."""
        return self.is_retried and self.status is None

    @property
    def seconds(self) -> float | None:
        """How long the run took, once it has ended; None for a retried one, which lay still in between."""
        return None if self.ended_at is None or self.is_retried else (self.ended_at - self.started_at) / 1000
