"""Waiting for what a workshop does, by looking at it.

A wait ends with what it found. It fails when the workshop has come to rest without it: no run is active, no letter
waits in any queue, and no process works. How fast the machine is has no say in it.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from local_aws.mailbox import Mail
from local_aws.runs import RunView, list_runs
from local_aws.sagemaker.processes import ProcessStop
from local_aws.watchdog import marked_processes
from local_aws.workshop import LocalWorkshop
from tests.patience import HARD_END

LOOK_SECONDS = 0.2
# So many looks in a row: MiniStack sleeps for up to 30 s before it calls a function again that has failed.
LOOKS_AT_REST = 300
WAITING = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)

Found = TypeVar("Found")


def wait_for(workshop: LocalWorkshop, what: str, look: Callable[[], Found | None], seen: Callable[[], object]) -> Found:
    """Look until something is there; fail, saying what was seen, if it cannot come any more."""
    deadline, resting = time.monotonic() + HARD_END, 0
    while (found := look()) is None:
        resting = resting + 1 if is_at_rest(workshop) else 0
        assert resting < LOOKS_AT_REST, f"{what}: the workshop is at rest without; seen: {seen()}"
        assert time.monotonic() < deadline, f"{what}: something hangs; seen: {seen()}"
        time.sleep(LOOK_SECONDS)  # between two looks; nothing is decided by it
    return found


def is_at_rest(workshop: LocalWorkshop) -> bool:
    """Nothing is going on at this moment, and nothing is about to begin."""
    runs = list_runs(workshop.endpoint.client("sagemaker"), workshop.outputs["PipelineName"])
    return all(run.done for run in runs) and letters_waiting(workshop) == 0 and not any(working(workshop.instance))


def letters_waiting(workshop: LocalWorkshop) -> int:
    """Messages in all queues but the dead-letter queues: to be had, being handled, or delayed."""
    sqs = workshop.endpoint.client("sqs")
    queues = [url for url in sqs.list_queues()["QueueUrls"] if "DeadLetters" not in url]
    counts = [sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(WAITING))["Attributes"] for url in queues]
    return sum(int(attributes[name]) for attributes in counts for name in WAITING)


def working(instance: str) -> Iterator[int]:
    """The workshop's processes with a thread that runs, wants to, or waits for a disk."""
    for pid in marked_processes(instance):
        for task in Path(f"/proc/{pid}/task").glob("*/stat"):
            with suppress(OSError):  # ended while we look
                if task.read_text().rpartition(")")[2].split()[0] in "RD":
                    yield pid


@contextmanager
def jobs_held_back(workshop: LocalWorkshop, kind: str) -> Iterator[None]:
    """Let no job of a kind ("Processing", "Training") begin: a run then lasts as long as the block."""
    line = workshop.sagemaker._executor._jobs.lines[kind]
    with line.turn(ProcessStop()):
        yield


def runs_of(workshop: LocalWorkshop, dataset: str) -> list[RunView]:
    """The runs of a dataset, newest first."""
    return list_runs(workshop.endpoint.client("sagemaker"), workshop.outputs["PipelineName"], dataset)


def mails_of(workshop: LocalWorkshop, dataset: str) -> list[Mail]:
    return [mail for mail in workshop.mailbox.mails if mail.dataset == dataset]


def kinds(workshop: LocalWorkshop, dataset: str) -> list[str]:
    return sorted(mail.kind for mail in mails_of(workshop, dataset))


def wait_for_runs(workshop: LocalWorkshop, dataset: str, number: int) -> list[RunView]:
    def look() -> list[RunView] | None:
        runs = runs_of(workshop, dataset)
        return runs if len(runs) >= number else None

    return wait_for(workshop, f"{number} runs of {dataset}", look, lambda: runs_of(workshop, dataset))


def wait_until_over(workshop: LocalWorkshop, dataset: str) -> list[RunView]:
    def look() -> list[RunView] | None:
        runs = runs_of(workshop, dataset)
        return runs if all(run.done for run in runs) else None

    return wait_for(workshop, f"end of the runs of {dataset}", look, lambda: runs_of(workshop, dataset))


def wait_for_mails(workshop: LocalWorkshop, dataset: str, wanted: list[str]) -> list[Mail]:
    """Wait until at least the wanted kinds have come; whether more came is for the test to see."""

    def look() -> list[Mail] | None:
        came = kinds(workshop, dataset)
        return mails_of(workshop, dataset) if all(came.count(kind) >= wanted.count(kind) for kind in wanted) else None

    return wait_for(workshop, f"mails {wanted} about {dataset}", look, lambda: kinds(workshop, dataset))


def reused_steps(workshop: LocalWorkshop, arn: str) -> set[str]:
    """The steps of a run whose results are another run's."""
    answer = workshop.endpoint.client("sagemaker").list_pipeline_execution_steps(PipelineExecutionArn=arn)
    return {step["StepName"] for step in answer["PipelineExecutionSteps"] if "SelectiveExecutionResult" in step}


def processes(workshop: LocalWorkshop, command: str) -> list[int]:
    """The workshop's processes whose command line has `command` in it."""
    found = []
    for pid in marked_processes(workshop.instance):
        with suppress(OSError):  # ended while we look
            if command.encode() in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
                found.append(pid)
    return found
