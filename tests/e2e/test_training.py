"""A training that dies, and one whose network is used again: as deployed on the embedded AWS."""

import io
import json
import os
import signal
from urllib.parse import urlsplit

import pytest
from PIL import Image

from contract.training_progress import Sheet, TrainingProgress
from local_aws.deploy import STACK
from local_aws.workshop import LocalWorkshop
from operations.describing import describe_run
from operations.errors import RunError
from operations.finishing import finish
from operations.runs import find_execution
from operations.starting import ask_for_look
from operations.workshop_stack import Workshop
from tests.e2e.drops import link_in, png, upload
from tests.e2e.following import (
    kinds,
    mails_of,
    processes,
    reused_steps,
    runs_of,
    wait_for,
    wait_for_mails,
    wait_for_runs,
    wait_until_over,
)
from tests.e2e.visiting import linked_page

pytestmark = pytest.mark.e2e


def made_pictures(workshop: LocalWorkshop, dataset: str) -> str:
    """The results' page of the dataset's newest run, which has succeeded."""
    last = [mail for mail in mails_of(workshop, dataset) if mail.kind == "succeeded"][-1]
    assert "Pictures made" in last.body
    return linked_page(link_in(last.body))


def sheets_told(operator: Workshop, run: str) -> tuple[Sheet, ...] | None:
    """The sheets of samples that a training under way has told of, once it has learned something."""
    progress = describe_run(operator, run).progress
    return progress.sheets if progress is not None and progress.has_learned else None


def test_a_killed_training_fails_with_its_first_sheets_kept_and_the_next_ends_with_pictures_when_somebody_asks_for_them(
    workshop: LocalWorkshop,
) -> None:
    endless = ("settings.yaml", b"kimg: 25000\n")
    upload(workshop, "killed", [endless, *((f"{i}.png", png(i)) for i in range(20))])
    (run,) = wait_for_runs(workshop, "killed", 1)

    def train() -> int | None:
        return next(iter(processes(workshop, "containers.train")), None)

    pid = wait_for(workshop, "the training process", train, lambda: runs_of(workshop, "killed"))
    operator = Workshop(workshop.endpoint.client, STACK)
    sheets = wait_for(
        workshop, "the first sheets", lambda: sheets_told(operator, run.arn), lambda: runs_of(workshop, "killed")
    )
    os.kill(pid, signal.SIGKILL)

    runs = wait_until_over(workshop, "killed")
    mails = wait_for_mails(workshop, "killed", ["started", "failed"])
    assert [run.status for run in runs] == ["Failed"]
    assert kinds(workshop, "killed") == ["failed", "started"]
    failed = next(mail for mail in mails if mail.kind == "failed")
    assert "Train" in failed.body
    assert "SIGKILL" in failed.body

    checkpoints = urlsplit(describe_run(operator, run.arn).checkpoints)
    assert [sheet.kimg for sheet in sheets[:2]] == [0, 0.128]
    for sheet in sheets:
        kept = workshop.endpoint.client("s3").get_object(
            Bucket=checkpoints.netloc, Key=checkpoints.path.lstrip("/") + sheet.key
        )
        with Image.open(io.BytesIO(kept["Body"].read())) as image:
            image.load()

    ask_for_look(operator, "killed", rerun=True, parameters={})
    again, _ = wait_for_runs(workshop, "killed", 2)

    def ask_to_finish() -> TrainingProgress | None:
        try:
            return finish(operator, find_execution(operator, again.arn))
        except RunError:  # it has learned nothing yet
            return None

    wait_for(workshop, "the first progress", ask_to_finish, lambda: runs_of(workshop, "killed"))
    assert wait_until_over(workshop, "killed")[0].status == "Succeeded"
    wait_for_mails(workshop, "killed", ["succeeded"])
    assert "<img" in made_pictures(workshop, "killed")


def test_new_pictures_to_project_are_made_with_the_network_that_is_there(workshop: LocalWorkshop) -> None:
    for_36_seconds = ("settings.yaml", b"kimg: 25000\nmax_hours: 0.01\n")
    upload(workshop, "inferred", [for_36_seconds, *((f"{i}.png", png(i)) for i in range(20))])
    wait_for_runs(workshop, "inferred", 1)
    (trained,) = wait_until_over(workshop, "inferred")
    wait_for_mails(workshop, "inferred", ["started", "succeeded"])
    workshop.endpoint.client("s3").put_object(Bucket=workshop.bucket, Key="inference/inferred/mine.png", Body=png(77))
    workshop.endpoint.client("lambda").invoke(
        FunctionName=workshop.outputs["StartRunFunctionName"], Payload=json.dumps({"source": "schedule"})
    )

    wait_for_runs(workshop, "inferred", 2)
    newest, _ = wait_until_over(workshop, "inferred")
    mails = wait_for_mails(workshop, "inferred", ["started", "started", "succeeded", "succeeded"])
    assert newest.status == "Succeeded"
    assert reused_steps(workshop, newest.arn) == {"Prepare", "EnoughImages", "Train"}
    last = [mail for mail in mails if mail.kind == "succeeded"][-1]
    assert f"the model of run {trained.execution_id} was used" in last.body
    assert "mine.png" in made_pictures(workshop, "inferred")
