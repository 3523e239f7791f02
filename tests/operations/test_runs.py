"""runs, describe and cancel, on the workshop's own stand-in for SageMaker: moto can neither list steps nor stop."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest

from contract.run_identity import RunIdentity
from local_aws.keys import RootKey
from local_aws.sagemaker import SageMakerStandIn
from operations import cancelling
from operations.cancelling import cancel, follow_run
from operations.runs import find_execution
from tests.chaos.fakes import client_error
from tests.executor.support import FakeBus, FakeLambda, processing
from tests.operations.shell import ACCOUNT, FINGERPRINT, PIPELINE, PIPELINE_ARN, REGION, Shell, note_calls
from tests.patience import HARD_END
from workshop.watching.ending_runs import stop_token

KEY = RootKey("testing", "testing")  # the shell's
FAIL = {"Name": "TooFewImages", "Type": "Fail", "Arguments": {"ErrorMessage": "Only 2 of 12\x1b[31m"}}
PARAMETERS = [{"Name": name, "Type": "String", "DefaultValue": "-"} for name in ("Kimg", "TrainCheckpointPath")]


@dataclass
class SageMaker:
    """The stand-in, with the shell's pipeline in it."""

    standin: SageMakerStandIn
    api: Any
    started: int = field(default=0)

    def define(self, *steps: dict[str, Any]) -> None:
        definition = {"Version": "2020-12-01", "Parameters": PARAMETERS, "Steps": list(steps)}
        self.api.update_pipeline(PipelineName=PIPELINE, PipelineDefinition=json.dumps(definition))

    def start(self, dataset: str | None, **parameters: str) -> str:
        """Start an execution, of nobody's if there is no dataset; returns its id."""
        self.started += 1
        described = RunIdentity(dataset, FINGERPRINT, self.started).to_json() if dataset else "by hand"
        answer = self.api.start_pipeline_execution(
            PipelineName=PIPELINE,
            PipelineExecutionDescription=described,
            ClientRequestToken=str(self.started).zfill(32),
            PipelineParameters=[{"Name": name, "Value": value} for name, value in parameters.items()],
        )
        return str(answer["PipelineExecutionArn"]).rsplit("/", 1)[-1]

    def end(self, run_id: str) -> None:
        assert self.standin.wait(f"{PIPELINE_ARN}/execution/{run_id}", HARD_END).ended is not None


@pytest.fixture
def sagemaker(shell: Shell, tmp_path: Path) -> Iterator[SageMaker]:
    (tmp_path / "containers/shell").mkdir(parents=True)
    (tmp_path / "containers/shell/Dockerfile").write_text('FROM debian\nENTRYPOINT ["sh"]\n')
    surroundings = {"events": FakeBus(), "lambda": FakeLambda()}
    session: Any = boto3.Session()

    def clients(service: str, credentials: Any = None) -> Any:
        return surroundings.get(service) or session.client(service, region_name=REGION)

    standin = SageMakerStandIn(
        tmp_path, tmp_path / "data", clients, ACCOUNT, KEY, grace_seconds=HARD_END, own_opt=False
    )
    api = note_calls(session.client("sagemaker", region_name=REGION, endpoint_url=standin.start()), "sagemaker")
    shell.others["sagemaker"] = api
    yield SageMaker(standin, api)
    standin.stop(grace_seconds=0.5)


def record(shell: Shell, run_id: str, dataset: str, **values: Any) -> None:
    """The ledger's record of a run."""
    known = {"fingerprint": FINGERPRINT, "attempt": 1, "images": 1234, "leftOut": 0, "preset": "sketch"}
    known |= {"resolution": 64, "speedKey": "e", "maxTrainSeconds": 60, "estimate": None, "startedAt": 1}
    known |= {"hourlyPrice": "1.41", "language": "en", "sourceArn": None}
    shell.put_item(f"RUN#{PIPELINE_ARN}/execution/{run_id}", "STATE", dataset=dataset, **known | values)


def test_runs_are_listed_newest_first_with_what_the_ledger_knows(shell: Shell, sagemaker: SageMaker) -> None:
    sagemaker.define(FAIL)
    ids = [sagemaker.start("cats"), sagemaker.start("dogs"), sagemaker.start(None)]
    for run_id in ids:
        sagemaker.end(run_id)
    began = sagemaker.api.describe_pipeline_execution(PipelineExecutionArn=f"{PIPELINE_ARN}/execution/{ids[0]}")
    ended = round(began["CreationTime"].timestamp() * 1000) + 125_000
    record(shell, ids[0], "cats", status="Failed", endedAt=ended)

    lines = shell.succeed("runs").splitlines()

    assert [line.split()[:3] for line in lines] == [
        ["RUN", "DATASET", "STATUS"],
        [ids[2], "-", "Failed"],
        [ids[1], "dogs", "Failed"],
        [ids[0], "cats", "Failed"],
    ]
    assert "2 min  sketch  1,234" in lines[3]
    assert len({line.index("Failed") for line in lines[1:]}) == 1  # aligned
    assert "\x1b" not in "".join(lines)


def test_runs_are_filtered_and_limited_and_told_as_json(shell: Shell, sagemaker: SageMaker) -> None:
    sagemaker.define(FAIL)
    ids = [sagemaker.start(dataset) for dataset in ("cats", "dogs", "cats", "cats")]
    for run_id in ids:
        sagemaker.end(run_id)

    def listed(*options: str) -> list[str]:
        return [run["id"] for run in json.loads(shell.succeed("runs", "--json", *options))]

    assert listed() == ids[::-1]
    assert listed("--dataset", "cats", "--limit", "2") == [ids[3], ids[2]]
    assert listed("--status", "FAILED", "--dataset", "dogs") == [ids[1]]
    assert listed("--status", "executing") == []
    assert shell.succeed("runs", "--dataset", "birds") == "There is no such run.\n"


def test_a_dataset_outside_the_grammar_is_refused(shell: Shell) -> None:
    assert "'../x' is no dataset name" in shell.fail("runs", "--dataset", "../x")


def test_a_failed_run_is_described_with_steps_reason_notices_and_places(shell: Shell, sagemaker: SageMaker) -> None:
    sagemaker.define(processing("echo x"), {**FAIL, "DependsOn": ["Step"]})
    run_id = sagemaker.start("cats", Kimg="7", TrainCheckpointPath="s3://b/checkpoints/cats/x/")
    sagemaker.end(run_id)
    pk = f"RUN#{PIPELINE_ARN}/execution/{run_id}"
    shell.put_item(pk, "NOTICE#started", sentAt=1_795_435_200_000)
    shell.put_item(pk, "NOTICE#failed", leaseUntil=1)

    said = shell.succeed("describe", run_id)

    lines = [" ".join(line.split()) for line in said.splitlines()]
    assert f"Run {run_id}" in lines
    assert "Dataset cats, attempt 1" in lines
    assert "Status Failed" in lines
    assert "Ended in TooFewImages (checking that there are enough good images)" in lines
    assert "Reason Only 2 of 12?[31m" in lines
    assert f"Files s3://{shell.bucket}/runs/cats/{run_id}/" in lines
    assert "Checkpoints s3://b/checkpoints/cats/x/" in lines
    assert any(line.startswith("Step Succeeded 20") for line in lines)
    assert any(line.startswith("TooFewImages Failed 20") for line in lines)
    assert any(line.startswith("Log https://eu-central-1.console.aws.amazon.com/cloudwatch/") for line in lines)
    assert lines.index("started 2026-11-23 12:00 UTC") < lines.index("failed being sent")
    assert "Kimg 7" in lines
    assert "\x1b" not in said
    assert said == shell.succeed("describe", f"{PIPELINE_ARN}/execution/{run_id}")


def test_a_description_as_json_has_every_field(shell: Shell, sagemaker: SageMaker) -> None:
    sagemaker.define(FAIL)
    run_id = sagemaker.start("cats", Kimg="7")
    sagemaker.end(run_id)

    found = json.loads(shell.succeed("describe", run_id, "--json"))

    assert found["id"] == run_id
    assert found["steps"][0]["name"] == "TooFewImages"
    assert found["parameters"]["Kimg"] == "7"
    assert found["notices"] == []


@pytest.mark.parametrize("command", ["describe", "cancel"])
def test_a_run_that_is_unknown_is_one_sentence(shell: Shell, sagemaker: SageMaker, command: str) -> None:
    assert "SageMaker knows no run abc; `runs` lists them." in shell.fail(command, "abc")


@pytest.mark.parametrize("command", ["describe", "cancel"])
@pytest.mark.parametrize("text", ["", "a/b", "../x", "a b", "arn:aws:s3:::b", "x" * 65, "a\n"])
def test_what_is_no_run_is_refused(shell: Shell, command: str, text: str) -> None:
    assert "is neither the id nor the ARN of a run" in shell.fail(command, text)


def test_a_run_of_another_pipeline_is_refused(shell: Shell) -> None:
    other = f"{PIPELINE_ARN}-2/execution/abc"
    assert "does not belong to the pipeline workshop" in shell.fail("cancel", other)


def test_a_stack_without_its_pipeline_says_how_to_make_it(shell: Shell) -> None:
    shell.refuse("sagemaker", "describe_pipeline", "ResourceNotFound")
    assert "python -m pipeline_builder upsert --stack workshop" in shell.fail("describe", "abc")


def test_a_cancelled_run_stops_and_what_it_had_is_named(
    shell: Shell, sagemaker: SageMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cancelling, "LOOK_SECONDS", 0.02)
    sagemaker.define(processing("exec sleep 600"))
    run_id = sagemaker.start("cats", TrainCheckpointPath="s3://b/checkpoints/cats/x/")

    said = shell.succeed("cancel", run_id, "--wait")

    assert f"The run {run_id} is being stopped." in said
    assert "What the training had reached is kept under s3://b/checkpoints/cats/x/" in said
    assert said.endswith("Stopped.\n")
    sagemaker.end(run_id)
    assert "has been stopped before" in shell.succeed("cancel", run_id)


def test_a_run_that_has_ended_cannot_be_cancelled(shell: Shell, sagemaker: SageMaker) -> None:
    sagemaker.define(FAIL)
    run_id = sagemaker.start("cats")
    sagemaker.end(run_id)

    assert f"The run {run_id} has ended already: Failed." in shell.fail("cancel", run_id)


class Executions:
    """Fakes the five calls around one execution: each look takes the next status; StopPipelineExecution may refuse."""

    def __init__(self, *statuses: str, stop_error: str = "") -> None:
        self._statuses = list(statuses)
        self._stop_error = stop_error
        self.tokens: list[str] = []

    def describe_pipeline(self, PipelineName: str) -> dict[str, Any]:
        return {"PipelineArn": PIPELINE_ARN}

    def describe_pipeline_execution(self, PipelineExecutionArn: str) -> dict[str, Any]:
        return {"PipelineExecutionStatus": self._statuses.pop(0)}

    def list_pipeline_execution_steps(self, PipelineExecutionArn: str, **page: Any) -> dict[str, Any]:
        steps = [{"StepName": "Train", "StepStatus": "Stopping"}, {"StepName": "Prepare", "StepStatus": "Succeeded"}]
        return {"PipelineExecutionSteps": steps}

    def stop_pipeline_execution(self, PipelineExecutionArn: str, ClientRequestToken: str) -> None:
        if self._stop_error:
            raise client_error(self._stop_error, "StopPipelineExecution")
        self.tokens.append(ClientRequestToken)


def test_cancelling_twice_sends_the_same_token(shell: Shell) -> None:
    fake = shell.others["sagemaker"] = Executions("Executing", "Stopping")
    workshop = shell.workshop
    execution = find_execution(workshop, "abc")

    cancel(workshop, execution)
    cancel(workshop, execution)

    assert fake.tokens == [stop_token(execution.arn)] * 2
    assert 32 <= len(fake.tokens[0]) <= 128
    assert stop_token(execution.arn) != stop_token(execution.arn + "d")


def test_a_run_that_ends_while_it_is_cancelled_is_told_as_it_is(shell: Shell) -> None:
    shell.others["sagemaker"] = Executions("Executing", "Succeeded", stop_error="ConflictException")

    assert "The run abc has ended meanwhile: Succeeded." in shell.fail("cancel", "abc")


def test_a_refusal_to_stop_an_active_run_is_told_as_aws_says_it(shell: Shell) -> None:
    shell.others["sagemaker"] = Executions("Executing", "Executing", stop_error="ValidationException")

    assert "AWS refuses StopPipelineExecution: ValidationException" in shell.fail("cancel", "abc")


def test_following_tells_each_change_once(shell: Shell) -> None:
    shell.others["sagemaker"] = Executions("Stopping", "Stopping", "Stopped")
    workshop = shell.workshop
    pauses: list[float] = []

    news = list(follow_run(workshop, find_execution(workshop, "abc"), pauses.append))

    assert news == [("Stopping", "Train"), ("Stopped", "Train")]
    assert pauses == [cancelling.LOOK_SECONDS] * 2
