"""What must be true of a world at rest. Each yields what is not, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from workshop.ledger import Ledger
from workshop.snapshot import Listing, Targets, fingerprint, list_dataset, list_targets, with_contents
from workshop.state import Phase

if TYPE_CHECKING:
    from tests.chaos.fakes import FakeExecution
    from tests.chaos.world import World


def stuck(world: World) -> Iterator[str]:
    slots = world.dynamodb.items.get(("SLOTS", "STATE"), {})
    if "holders" in slots:
        yield f"slots are stuck: {slots}"
    for dataset in world.datasets():
        state = Ledger(world.dynamodb, "ledger").read(dataset)
        if state.phase is not Phase.IDLE:
            yield f"{dataset} is stuck in {state.phase}"
        if state.unreported:
            yield f"{dataset} still owes a notice"


def what_is_there(world: World, dataset: str) -> tuple[Listing, Targets]:
    """The dataset's folders, with what their images hold."""
    listing, targets = list_dataset(world.s3, "bucket", dataset), list_targets(world.s3, "bucket", dataset)
    identified = with_contents(world.s3, "bucket", listing, targets)
    assert identified is not None, "nothing moves any more"
    return identified


def never_run(world: World) -> Iterator[str]:
    for dataset in world.datasets():
        listing, _ = what_is_there(world, dataset)
        if Ledger(world.dynamodb, "ledger").read(dataset).last_fingerprint != fingerprint(listing.images, None):
            yield f"a drop of {dataset} was never run"


def never_projected(world: World) -> Iterator[str]:
    for dataset in world.datasets():
        state = Ledger(world.dynamodb, "ledger").read(dataset)
        digest = what_is_there(world, dataset)[1].digest
        if state.good_arn and digest not in ("", state.last_targets):
            yield f"pictures to project of {dataset} were never used"


def run_twice(world: World) -> Iterator[str]:
    """Nobody here asks for a rerun, and no folder ever looks again as it looked before: one training per snapshot, and
    one run on a network that is there per list of pictures to project."""
    runs = Counter(
        (
            execution.parameters["Dataset"],
            execution.parameters["InferenceImagePath" if execution.source else "Fingerprint"],
        )
        for execution in world.sagemaker.executions.values()
    )
    for (dataset, what), times in runs.items():
        if times > 1:
            yield f"{what} of {dataset} was run {times} times"


def untold(world: World) -> Iterator[str]:
    notices = world.notices()
    for execution in world.sagemaker.executions.values():
        kind = "succeeded" if made_everything(execution) else "failed"
        if execution.is_active or not notices[execution.arn.rsplit("/", 1)[1], kind]:
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
