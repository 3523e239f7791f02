"""What a decision can come to: a look at more facts, or an action; some actions leave things as they are."""

from dataclasses import dataclass, replace

from workshop.dataset.room import LackOfRoom
from workshop.dataset.shape import size_of_run
from workshop.dataset.snapshot import Targets, targets_per_run
from workshop.ledger.state import RunRecord
from workshop.reconcile.facts import ContentFacts, FolderFacts


@dataclass(frozen=True)
class LookAtFolders:
    """List the dataset's folders."""


@dataclass(frozen=True)
class LookAtContents:
    """Find out what the listed files hold."""

    folders: FolderFacts


@dataclass(frozen=True)
class AskSageMaker:
    """Ask what has become of the active run: its end may have gone unheard."""


@dataclass(frozen=True)
class TakeOver:
    """Wait for the claim's holder; start the claim again, with its token, if its holder has died."""


@dataclass(frozen=True)
class LeaveRun:
    """A run is active: its end looks again."""


@dataclass(frozen=True)
class EndRun:
    """The active run has ended with this status, and nobody has heard of it."""

    status: str
    ended_at: int


@dataclass(frozen=True)
class TellStuck:
    """The active run is longer than it can be. It is not given up: it may still cost money."""

    run_seconds: float


@dataclass(frozen=True)
class Wait:
    """Have the dataset looked at again."""

    seconds: float
    why: str


@dataclass(frozen=True)
class Conclude:
    """Nothing is there: what was noted so far is not outstanding any more."""

    why: str


@dataclass(frozen=True)
class Nothing:
    """No run is due: tell of the files that no run looks at. `is_learning_due`: only images were asked for, and there
    is something to learn, which stays outstanding."""

    facts: ContentFacts
    why: str
    is_learning_due: bool


@dataclass(frozen=True)
class Attention:
    """A run is due, and cannot be: tell its people what to do. `images_needed`: how many, if there are fewer;
    `lack_of_room`: what is too small, if there are too many or too large ones."""

    facts: ContentFacts
    images_needed: int = 0
    lack_of_room: LackOfRoom | None = None


@dataclass(frozen=True)
class Start:
    """Start a run: one that trains; or, on the network of the run `source_arn`, the inference part alone."""

    facts: ContentFacts
    overrides: tuple[tuple[str, str], ...] = ()
    source_arn: str | None = None

    @property
    def trains(self) -> bool:
        return self.source_arn is None

    def targets_of_run(self, source: RunRecord | None) -> tuple[Targets, str]:
        """What the run is to project, and the mark of what is done when it has (Targets.part): no more than that.
        `source` is the record of the run whose network is used, if it is still known. Raises BadRequest for overrides
        that do not go together."""
        facts, overrides = self.facts, dict(self.overrides)
        resolution = size_of_run(facts.choice.size, facts.choice.resolution, overrides).resolution
        if source is not None:
            resolution = source.resolution
        done = "" if self.trains else facts.state.last_targets  # another network has done none of them
        part, mark = facts.targets.part(done, targets_per_run(resolution))
        mode = overrides.get("InferenceMode", facts.choice.inference_mode)
        projects_them = replace(facts.choice, inference_mode=mode).projects and "InferenceImagePath" not in overrides
        return part, mark if projects_them else facts.state.last_targets


Look = LookAtFolders | LookAtContents | AskSageMaker
Action = TakeOver | LeaveRun | EndRun | TellStuck | Wait | Conclude | Nothing | Attention | Start
Plan = Look | Action
