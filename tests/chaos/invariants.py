"""What must be true of a world at rest. Each yields what is not, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from workshop.dataset import default_choice, fingerprint, list_dataset, list_targets
from workshop.dataset.snapshot import read_settings, with_contents
from workshop.ledger import DatasetState, Ledger, Phase
from workshop.ledger.runs import attention_key
from workshop.notices.leftovers import Leftovers, waiting_targets

if TYPE_CHECKING:
    from tests.chaos.fakes import FakeExecution
    from tests.chaos.world import World


def stuck(world: World) -> Iterator[str]:
    slots = world.dynamodb.items.get(("SLOTS", "STATE"), {})
    if "holders" in slots:
        yield f"slots are stuck: {slots}"
    for dataset in sorted({pk.removeprefix("DATASET#") for pk, _ in world.dynamodb.items if pk.startswith("DATASET#")}):
        state = Ledger(world.dynamodb, "ledger").read(dataset)
        if state.phase is not Phase.IDLE:
            yield f"{dataset} is stuck in {state.phase}"
        if state.unreported:
            yield f"{dataset} still owes a notice"


@dataclass(frozen=True)
class Folder:
    """What lies there for a dataset, and how far it has got. `fingerprint` and `targets` are "" where there is nothing;
    `is_told`: its people know why nothing can be done; `waits_untold`: there is no network for the pictures to project,
    and nobody has said so."""

    fingerprint: str
    targets: str
    state: DatasetState
    is_told: bool
    waits_untold: bool


def folders(world: World) -> Iterator[Folder]:
    for dataset in sorted(world.datasets()):
        listing, targets = list_dataset(world.s3, "bucket", dataset), list_targets(world.s3, "bucket", dataset)
        identified = with_contents(world.s3, "bucket", listing, targets)
        settings = read_settings(world.s3, "bucket", listing)
        assert identified is not None, "nothing moves any more"
        assert settings is not None, "nothing moves any more"
        digest = fingerprint(identified[0].images, settings.identity)
        state = Ledger(world.dynamodb, "ledger").read(dataset)
        is_told = _is_told(world, dataset, Leftovers.of(listing, targets).digest(digest))
        trains = not listing.is_empty and digest != state.last_fingerprint
        waiting = waiting_targets(state, identified[1], default_choice("balanced"), trains=trains)
        left = Leftovers.of(listing, targets, waiting)
        yield Folder(
            "" if listing.is_empty else digest,
            identified[1].digest,
            state,
            is_told,
            waiting is not None and not is_told and not _is_told(world, dataset, left.digest()),
        )


def _is_told(world: World, dataset: str, digest: str) -> bool:
    """Whether an attention notice on this state of the folder was sent, whatever made it news."""
    key = attention_key(dataset, digest)
    return any(
        pk == key["pk"] and sk.startswith(key["sk"]) and "sentAt" in item
        for (pk, sk), item in world.dynamodb.items.items()
    )


def never_run(world: World) -> Iterator[str]:
    for folder in folders(world):
        if folder.fingerprint not in ("", folder.state.last_fingerprint) and not folder.is_told:
            yield f"a drop of {folder.state.dataset} was never run"


def never_projected(world: World) -> Iterator[str]:
    for folder in folders(world):
        is_new = folder.targets not in ("", folder.state.last_targets)
        if folder.state.good_arn and is_new and not folder.is_told:
            yield f"pictures to project of {folder.state.dataset} were never used"


def waits_untold(world: World) -> Iterator[str]:
    for folder in folders(world):
        if folder.waits_untold:
            yield f"nobody was told that there is no network {folder.state.dataset} for the pictures to project"


def run_twice(world: World) -> Iterator[str]:
    """A snapshot is trained once, until the folder is another one, somebody asks for it, or nothing is known any more;
    and so are pictures to project, on the network that is there."""
    for dataset in sorted({execution.parameters["Dataset"] for execution in world.sagemaker.executions.values()}):
        runs = world.executions(dataset)
        allowed = world.reruns[dataset] + (dataset in world.purged)
        trained = [execution.parameters["Fingerprint"] for execution in runs if not execution.source]
        projected = [execution.parameters["InferenceImagePath"] for execution in runs if execution.source]
        for what in (trained, projected):
            if sum(one == other for one, other in pairwise(what)) > allowed:
                yield f"the same work of {dataset} was done twice"


def came_back(world: World) -> Iterator[str]:
    """Nothing is written any more about a run that was purged."""
    for dataset, arns in world.purged.items():
        if any((f"RUN#{arn}") == pk for arn in arns for pk, _ in world.dynamodb.items):
            yield f"records of a purged run of {dataset} came back"


def untold(world: World) -> Iterator[str]:
    notices = world.notices()
    purged = set().union(*world.purged.values())
    for execution in world.sagemaker.executions.values():
        kind = "succeeded" if made_everything(execution) else "failed"
        is_told = notices[execution.arn.rsplit("/", 1)[1], kind] or execution.arn in purged
        if execution.is_active or not is_told:
            yield f"nobody was told how {execution.arn} ended"


def contradicted(world: World) -> Iterator[str]:
    """A run that has made everything has not failed, whatever became of the step that tells of it. (One that is retried
    may have failed before.)"""
    notices = world.notices()
    for execution in world.sagemaker.executions.values():
        if (
            made_everything(execution)
            and execution.arn not in world.retried
            and notices[execution.arn.rsplit("/", 1)[1], "failed"]
        ):
            yield f"people were told that {execution.arn} failed, which has made everything"


def made_everything(execution: FakeExecution) -> bool:
    return any(step["StepName"] == "Infer" for step in execution.steps)
