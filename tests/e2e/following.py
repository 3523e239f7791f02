"""Waiting for what a workshop does, by looking at it: each wait ends with what it found, or fails with what it saw
instead.
"""

import time
from collections.abc import Callable
from typing import TypeVar

from local_aws.guardian import marked_processes
from local_aws.mailbox import Mail
from local_aws.runs import RunView, list_runs
from local_aws.workshop import LocalWorkshop

Found = TypeVar("Found")


def wait_for(what: str, look: Callable[[], Found | None], seconds: float, seen: Callable[[], object]) -> Found:
    """Look until something is there; fail after `seconds`, saying what was seen."""
    deadline = time.monotonic() + seconds
    while (found := look()) is None:
        assert time.monotonic() < deadline, f"{what}: not within {seconds:.0f} s; seen: {seen()}"
        time.sleep(0.2)  # between two looks; nothing is decided by it
    return found


def runs_of(workshop: LocalWorkshop, dataset: str) -> list[RunView]:
    """The runs of a dataset, newest first."""
    return list_runs(workshop.endpoint.client("sagemaker"), workshop.outputs["PipelineName"], dataset)


def mails_of(workshop: LocalWorkshop, dataset: str) -> list[Mail]:
    return [mail for mail in workshop.mailbox.mails if mail.dataset == dataset]


def kinds(workshop: LocalWorkshop, dataset: str) -> list[str]:
    return sorted(mail.kind for mail in mails_of(workshop, dataset))


def wait_for_runs(workshop: LocalWorkshop, dataset: str, number: int, seconds: float = 60) -> list[RunView]:
    def look() -> list[RunView] | None:
        runs = runs_of(workshop, dataset)
        return runs if len(runs) >= number else None

    return wait_for(f"{number} runs of {dataset}", look, seconds, lambda: runs_of(workshop, dataset))


def wait_until_over(workshop: LocalWorkshop, dataset: str, seconds: float = 180) -> list[RunView]:
    def look() -> list[RunView] | None:
        runs = runs_of(workshop, dataset)
        return runs if all(run.done for run in runs) else None

    return wait_for(f"end of the runs of {dataset}", look, seconds, lambda: runs_of(workshop, dataset))


def wait_for_mails(workshop: LocalWorkshop, dataset: str, wanted: list[str], seconds: float = 90) -> list[Mail]:
    """Wait until at least the wanted kinds have come; whether more came is for the test to see."""

    def look() -> list[Mail] | None:
        came = kinds(workshop, dataset)
        return mails_of(workshop, dataset) if all(came.count(kind) >= wanted.count(kind) for kind in wanted) else None

    return wait_for(f"mails {wanted} about {dataset}", look, seconds, lambda: kinds(workshop, dataset))


def reused_steps(workshop: LocalWorkshop, arn: str) -> set[str]:
    """The steps of a run whose results are another run's."""
    answer = workshop.endpoint.client("sagemaker").list_pipeline_execution_steps(PipelineExecutionArn=arn)
    return {step["StepName"] for step in answer["PipelineExecutionSteps"] if "SelectiveExecutionResult" in step}


def processes(workshop: LocalWorkshop, command: str) -> list[int]:
    """The workshop's processes whose command line has `command` in it."""
    found = []
    for pid in marked_processes(workshop.instance):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
        except OSError:
            continue
        if command.encode() in words:
            found.append(pid)
    return found
