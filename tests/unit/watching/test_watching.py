"""Watching a run and ending it, as functions and operators' commands do, within the few calls that they may make."""

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from contract.names import parse_execution
from contract.run_identity import RunIdentity
from contract.run_results import TrainingOutcome
from contract.training_progress import Sheet, TrainingPhase, TrainingProgress
from tests.chaos.fakes import client_error
from tests.unit.conftest import BUCKET, RUN_ARN
from workshop.platform.clients import S3, SageMaker
from workshop.platform.errors import CannotEnd, WhyNot
from workshop.watching import cancel_run, finish_training, read_progress, sheet_uri
from workshop.watching.ending_runs import stop_token

BEGUN = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
CHECKPOINTS = f"s3://{BUCKET}/checkpoints/cats/0123456789abcdef-01234567/"
EXECUTION = parse_execution(RUN_ARN)
TRAINING = {"StepName": "Train", "StepStatus": "Executing", "StartTime": BEGUN}
PROGRESS = TrainingProgress(TrainingPhase.TRAINING, TrainingOutcome(5, 400, "", 60), BEGUN + timedelta(minutes=1))


class Objects:
    """Fakes S3 for a role that may not list: 403 of what is not there."""

    def __init__(self, objects: dict[str, bytes]) -> None:
        self.objects = objects

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        if Key not in self.objects:
            raise client_error("AccessDenied", "GetObject")
        return {"Body": io.BytesIO(self.objects[Key])}

    def put_object(self, Bucket: str, Key: str, Body: bytes) -> dict[str, Any]:
        self.objects[Key] = Body
        return {}


class OneRun:
    """Fakes SageMaker's answers about one execution; each look takes the next status, and the last one stays. Lists
    have one entry a page."""

    def __init__(self, *statuses: str, steps: list[dict[str, Any]], dataset: str = "cats", refusal: str = "") -> None:
        self.statuses, self.steps, self.dataset, self.refusal = list(statuses), steps, dataset, refusal
        self.stopped: list[str] = []

    def describe_pipeline_execution(self, PipelineExecutionArn: str) -> dict[str, Any]:
        if not self.statuses:
            raise client_error("ResourceNotFound", "DescribePipelineExecution")
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        told = RunIdentity(self.dataset, "0" * 64, 1).to_json() if self.dataset else "by hand"
        return {"PipelineExecutionStatus": status, "PipelineExecutionDescription": told}

    def stop_pipeline_execution(self, PipelineExecutionArn: str, ClientRequestToken: str) -> None:
        if self.refusal:
            raise client_error(self.refusal, "StopPipelineExecution")
        self.stopped.append(ClientRequestToken)

    def list_pipeline_execution_steps(self, NextToken: str = "0", **_: Any) -> dict[str, Any]:
        return self._page("PipelineExecutionSteps", self.steps, int(NextToken))

    def list_pipeline_parameters_for_execution(self, NextToken: str = "0", **_: Any) -> dict[str, Any]:
        parameters = [{"Name": "Kimg", "Value": "400"}, {"Name": "TrainCheckpointPath", "Value": CHECKPOINTS}]
        return self._page("PipelineParameters", parameters, int(NextToken))

    @staticmethod
    def _page(name: str, entries: list[dict[str, Any]], number: int) -> dict[str, Any]:
        more = {"NextToken": str(number + 1)} if number + 1 < len(entries) else {}
        return {name: entries[number : number + 1], **more}


def told(progress: TrainingProgress | None) -> Objects:
    key = CHECKPOINTS.removeprefix(f"s3://{BUCKET}/") + "progress.json"
    return Objects({} if progress is None else {key: progress.to_json().encode()})


def finish(objects: Objects, run: OneRun) -> TrainingProgress:
    return finish_training(cast(S3, objects), cast(SageMaker, run), BUCKET, EXECUTION)


def test_progress_is_that_of_this_training_not_of_one_before() -> None:
    s3 = cast(S3, told(PROGRESS))
    assert read_progress(s3, CHECKPOINTS, BEGUN) == PROGRESS
    assert read_progress(s3, CHECKPOINTS, BEGUN + timedelta(hours=1)) is None
    assert read_progress(cast(S3, told(None)), CHECKPOINTS, BEGUN) is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"kimg": 1e999}', "x" * 100_000, "[" * 50_000])
def test_what_cannot_be_read_is_no_progress(text: str) -> None:
    objects = told(PROGRESS)
    objects.objects = dict.fromkeys(objects.objects, text.encode())
    assert read_progress(cast(S3, objects), CHECKPOINTS, BEGUN) is None


def test_a_sheet_lies_beside_the_checkpoints() -> None:
    assert sheet_uri(CHECKPOINTS, Sheet("abc/samples/sheet-01.jpg", 0)) == f"{CHECKPOINTS}abc/samples/sheet-01.jpg"


def test_a_training_is_asked_to_end_by_one_object_however_often() -> None:
    objects, run = told(PROGRESS), OneRun("Executing", steps=[{**TRAINING, "StepName": "Prepare"}, TRAINING])
    before = {*objects.objects}
    for _ in range(2):
        assert finish(objects, run) == PROGRESS
        assert {*objects.objects} - before == {f"runs/cats/{EXECUTION.id}/finish"}


@pytest.mark.parametrize(
    ("run", "progress", "why"),
    [
        (OneRun(steps=[]), PROGRESS, WhyNot.UNKNOWN_RUN),
        (OneRun("Succeeded", steps=[TRAINING]), PROGRESS, WhyNot.ENDED),
        (OneRun("Executing", steps=[TRAINING], dataset=""), PROGRESS, WhyNot.NOT_OURS),
        (OneRun("Executing", steps=[{"StepName": "Train", "StepStatus": "Starting"}]), None, WhyNot.NOT_TRAINING_YET),
        (OneRun("Executing", steps=[{**TRAINING, "EndTime": BEGUN}]), PROGRESS, WhyNot.TRAINING_OVER),
        (OneRun("Executing", steps=[TRAINING]), None, WhyNot.NOTHING_LEARNED),
        (
            OneRun("Executing", steps=[TRAINING]),
            replace(PROGRESS, outcome=TrainingOutcome(0, 400, "", 0)),
            WhyNot.NOTHING_LEARNED,
        ),
    ],
)
def test_what_there_is_nothing_of_to_end_with_is_said_by_a_code_and_nothing_is_asked(
    run: OneRun, progress: TrainingProgress | None, why: WhyNot
) -> None:
    objects = told(progress)
    before = dict(objects.objects)
    with pytest.raises(CannotEnd) as refused:
        finish(objects, run)
    assert refused.value.why == why
    assert objects.objects == before


def test_cancelling_twice_is_cancelling_once() -> None:
    run = OneRun("Executing", "Stopping", "Stopped", steps=[])
    assert [cancel_run(cast(SageMaker, run), EXECUTION) for _ in range(3)] == ["Stopping", "Stopping", "Stopped"]
    assert run.stopped == [stop_token(RUN_ARN)] * 2
    assert stop_token(RUN_ARN) != stop_token(RUN_ARN + "x")


@pytest.mark.parametrize("statuses", [["Failed"], ["Executing", "Succeeded"]])
def test_a_run_that_has_ended_cannot_be_cancelled(statuses: list[str]) -> None:
    run = OneRun(*statuses, steps=[], refusal="ConflictException")
    with pytest.raises(CannotEnd) as refused:
        cancel_run(cast(SageMaker, run), EXECUTION)
    assert refused.value.why == WhyNot.ENDED


def test_another_refusal_to_stop_an_active_run_is_the_callers() -> None:
    run = OneRun("Executing", steps=[], refusal="ThrottlingException")
    with pytest.raises(ClientError):
        cancel_run(cast(SageMaker, run), EXECUTION)
