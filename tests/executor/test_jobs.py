"""Jobs keep SageMaker's container contract: what a program finds, what becomes of what it leaves, how it ended."""

import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any
from unittest.mock import Mock

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from local_aws.sagemaker import jobs
from local_aws.sagemaker.processes import can_have_own_opt
from local_aws.sagemaker.storage import download_objects
from tests.executor.support import (
    BUCKET,
    ROLE,
    FakeAws,
    LetTimePass,
    MakePlace,
    Place,
    eventually,
    processing,
    processing_input,
    training,
)
from tests.patience import HARD_END

OUT = f"s3://{BUCKET}/out"


@pytest.fixture(params=["own /opt/ml", "rewritten paths"])
def any_place(request: pytest.FixtureRequest, make_place: MakePlace, own_opt: bool) -> Place:
    """A stand-in of each kind of isolation."""
    if request.param == "rewritten paths":
        return make_place(own_opt=False)
    if not own_opt:
        pytest.skip("this machine forbids user namespaces, or Python lies below /opt")
    return make_place(own_opt=True)


def test_processing_job_reads_its_inputs_and_its_outputs_are_uploaded(any_place: Place) -> None:
    any_place.aws.put("in/a.txt", "one")
    any_place.aws.put("in/sub/b.txt", "two")
    model = any_place.aws.put("models/job/model.tar.gz", "packed")
    script = (
        "cd /opt/ml/processing"
        " && cat input/data/a.txt input/data/sub/b.txt input/model/model.tar.gz > output/result/all.txt"
        " && mkdir output/result/deep && echo 1 > output/result/deep/x && ln -s all.txt output/result/link"
        " && cat /opt/ml/config/processingjobconfig.json /opt/ml/config/resourceconfig.json"
    )
    inputs = [processing_input("data", f"s3://{BUCKET}/in/"), processing_input("model", model)]
    description = any_place.run([processing(script, inputs, {"result": f"{OUT}/result"})])
    assert description["PipelineExecutionStatus"] == "Succeeded", any_place.log(description)
    assert any_place.aws.read("out/result/all.txt") == b"onetwopacked"
    assert any_place.aws.stored("out/") == ["out/result/all.txt", "out/result/deep/x"]
    log = any_place.log(description)
    assert '"ProcessingJobArn": "arn:aws:sagemaker:' in log
    assert '"hosts": ["algo-1"]' in log


def test_training_job_runs_the_image_with_the_argument_train_and_its_model_is_packed(any_place: Place) -> None:
    any_place.aws.put("train/images.zip", "zipped")
    any_place.program(
        "import json, os, pathlib, sys\n"
        "base = pathlib.Path(os.environ.get('SAGEMAKER_BASE_DIR', '/opt/ml'))\n"
        "config = {f.name: json.loads(f.read_text()) for f in (base / 'input/config').iterdir()}\n"
        "data = (base / 'input/data/train/images.zip').read_text()\n"
        "report = {'argv': sys.argv[1:], 'config': config, 'data': data, 'environment': dict(os.environ)}\n"
        "(base / 'model/sub').mkdir()\n"
        "(base / 'model/sub/report.json').write_text(json.dumps(report))\n"
        "(base / 'output/data/extra').write_text('more')\n"
        "(base / 'output/tensorboard').mkdir()\n"
        "(base / 'output/tensorboard/events').write_text('curves')\n"
    )
    step = training(
        {"train": f"s3://{BUCKET}/train"},
        HyperParameters={"kimg": "1.5", "preset": "tiny"},
        Environment={"SETTING": "/opt/ml/model:/opt/mlx"},
        TensorBoardOutputConfig={"S3OutputPath": f"s3://{BUCKET}/curves"},
    )
    description = any_place.run([step])
    assert description["PipelineExecutionStatus"] == "Succeeded", any_place.log(description)
    arn = any_place.steps(description["PipelineExecutionArn"])["Step"]["Metadata"]["TrainingJob"]["Arn"]
    name = arn.rsplit("/", 1)[-1]
    archive = unpack(any_place.aws.read(f"training/{name}/output/model.tar.gz"))
    report = json.loads(archive["sub/report.json"])
    assert report["argv"] == ["train"]
    assert report["data"] == "zipped"
    assert report["config"]["hyperparameters.json"] == {"kimg": "1.5", "preset": "tiny"}
    assert report["config"]["inputdataconfig.json"]["train"]["TrainingInputMode"] == "File"
    assert report["config"]["resourceconfig.json"]["hosts"] == ["algo-1"]
    environment = report["environment"]
    assert environment["TRAINING_JOB_NAME"] == name
    assert environment["TRAINING_JOB_ARN"] == arn
    assert environment["PYTHONPATH"] == f"{any_place.root}:{any_place.root}/other"
    base = environment.get("SAGEMAKER_BASE_DIR", "/opt/ml")
    assert environment["SETTING"] == f"{base}/model:/opt/mlx"
    assert unpack(any_place.aws.read(f"training/{name}/output/output.tar.gz")) == {"extra": b"more"}
    assert any_place.aws.read(f"curves/{name}/tensorboard-output/events") == b"curves"


def test_jobs_inherit_nothing_of_the_environment(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a secret")
    monkeypatch.setenv("AWS_ENDPOINT_URL", place.aws.url)
    monkeypatch.setenv("PYTHONSTARTUP", "x")
    description = place.run([processing("env", Environment={"NAME": "value"})])
    names = {line.partition("=")[0] for line in place.log(description).splitlines()} - {"PWD", "_", "SHLVL", "OLDPWD"}
    role = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}
    assert names <= {"PATH", "HOME", "LANG", "PYTHONPATH", "NAME", "SAGEMAKER_BASE_DIR"} | role
    assert "NAME=value" in place.log(description)
    assert "a secret" not in place.log(description)


def test_jobs_carry_the_marks_of_the_workshop(make_place: MakePlace) -> None:
    place = make_place(job_environment=lambda: {"WORKSHOP_INSTANCE": "abc"})
    assert "WORKSHOP_INSTANCE=abc" in place.log(place.run([processing("env")]))


def test_a_job_reaches_s3_itself_with_the_rights_of_its_role(make_place: MakePlace, aws: FakeAws) -> None:
    """And with no others: nothing of what started the stand-in is in its environment."""
    place = make_place(job_environment=lambda: {"AWS_ENDPOINT_URL": aws.url, "AWS_REGION": "eu-central-1"})
    aws.put("in/a.txt", "from S3")
    look = (
        "import boto3, os; s3 = boto3.client('s3', region_name=os.environ['AWS_REGION']);"
        f" print(s3.get_object(Bucket='{BUCKET}', Key='in/a.txt')['Body'].read().decode());"
        " print(boto3.client('sts', region_name='eu-central-1').get_caller_identity()['Arn'])"
    )
    description = place.run([processing(f'"{sys.executable}" -c "{look}"')])
    assert place.log(description).splitlines() == [
        "from S3",
        f"{ROLE.replace(':iam:', ':sts:').replace(':role/', ':assumed-role/')}/SageMaker",
    ]


def test_data_is_moved_with_the_credentials_of_the_jobs_role(place: Place) -> None:
    place.aws.put("in/a")
    place.run([processing("true", [processing_input("data", f"s3://{BUCKET}/in/")])])
    used = [credentials for service, credentials in place.aws.credentials if service == "s3"]
    assert used
    assert all(credentials is not None and credentials["aws_session_token"] for credentials in used)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "ClientError: AlgorithmError: , exit code: 3"),
        ("No images were found.", "ClientError: AlgorithmError: No images were found., exit code: 3"),
        ("long " * 1000, "ClientError: AlgorithmError: " + "long " * 190),
    ],
)
def test_failed_training_says_what_it_left_in_the_failure_file(place: Place, text: str, reason: str) -> None:
    place.program(
        "import os, sys\n"
        "base = os.environ.get('SAGEMAKER_BASE_DIR', '/opt/ml')\n"
        f"open(base + '/output/failure', 'w').write({text!r})\n"
        "sys.exit(3)\n"
    )
    description = place.run([training()])
    assert description["PipelineExecutionStatus"] == "Failed"
    assert description["FailureReason"] == "Step failure: One or multiple steps failed."
    assert place.reason(description).startswith(reason)
    assert len(place.reason(description)) <= 1024
    assert place.aws.stored("training/") == []


def test_failed_processing_leaves_its_message_in_the_jobs_description(place: Place) -> None:
    fails = "echo x > /opt/ml/processing/output/o/x; echo 'Only 3 images.' > /opt/ml/output/message; exit 1"
    description = place.run([processing(fails, outputs={"o": OUT})])
    assert place.reason(description) == "ClientError: AlgorithmError: See job logs for more information, exit code: 1"
    arn = place.steps(description["PipelineExecutionArn"])["Step"]["Metadata"]["ProcessingJob"]["Arn"]
    job = place.api.describe_processing_job(ProcessingJobName=arn.rsplit("/", 1)[-1])
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["ExitMessage"] == "Only 3 images."
    assert place.aws.stored("out") == []


def test_a_pipe_in_the_place_of_the_message_does_not_hang_the_run(place: Place) -> None:
    description = place.run([processing("mkfifo /opt/ml/output/message; exit 1")])
    assert description["PipelineExecutionStatus"] == "Failed"


def test_killed_training_fails_with_the_name_of_the_signal(place: Place) -> None:
    place.program("import time\nprint('up', flush=True)\ntime.sleep(600)\n")
    place.create([training()])
    arn = place.start()
    pid = running_pid(place, arn)
    os.kill(pid, signal.SIGKILL)
    description = place.finish(arn)
    assert description["PipelineExecutionStatus"] == "Failed"
    assert place.reason(description) == "ClientError: AlgorithmError: killed by signal 9 (SIGKILL), exit code: 137"


def test_program_that_does_not_exist_fails_with_127(place: Place) -> None:
    step = processing("")
    step["Arguments"]["AppSpecification"]["ContainerEntrypoint"] = ["no-such-program"]
    description = place.run([step])
    assert "exit code: 127" in place.reason(description)
    assert "cannot run no-such-program" in place.log(description)


def test_what_a_program_leaves_running_is_killed_with_it(place: Place) -> None:
    description = place.run([processing("sleep 600 & echo $!")])
    left = int(place.log(description))
    eventually(partial(is_gone, left), "the end of the job's child")


def test_job_dies_with_the_executor(tmp_path: Path, own_opt: bool) -> None:
    """A process that starts a job is killed: the job goes, too."""
    script = (
        "import sys, threading\n"
        "from pathlib import Path\n"
        "from local_aws.sagemaker.processes import *\n"
        "folder, own = Path(sys.argv[1]), sys.argv[2] == 'own'\n"
        "job = JobProcess(['sleep', '600'], {'PATH': '/usr/bin:/bin'}, '/', folder, folder / 'log', own)\n"
        "print(job.pid, flush=True)\n"
        "job.wait(StopRequest(), 600, 600)\n"
    )
    for mode in ["rewritten", *(["own"] if own_opt else [])]:
        with subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path), mode],
            cwd=Path(__file__).parents[2],
            stdout=subprocess.PIPE,
            text=True,
        ) as executor:
            assert executor.stdout is not None
            pid = int(executor.stdout.readline())
            command = Path(f"/proc/{pid}/cmdline")
            eventually(partial(has_become, command, b"sleep"), "the job's program")
            executor.kill()
            executor.wait()
        eventually(partial(is_gone, pid), f"the end of the job ({mode})")


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        (
            f"s3://{BUCKET}/nothing/",
            'Data download failed:No S3 objects found under S3 URL "s3://workshop-test/nothing/"',
        ),
        ("s3://no-such-bucket-anywhere/x", "Data download failed:NoSuchBucket (404)"),
        ("/etc/passwd", "'/etc/passwd' is not an S3 URI"),
    ],
)
def test_input_that_is_not_there_fails_the_step(place: Place, uri: str, message: str) -> None:
    description = place.run([processing("true", [processing_input("data", uri)])])
    assert message in place.reason(description)


def test_manifest_inputs_lie_under_their_names(place: Place) -> None:
    place.aws.put("uploads/cats/a.png", "A")
    place.aws.put("uploads/cats/sub/ü b.png", "B")
    place.aws.put("uploads/cats/later.png", "not in the snapshot")
    manifest = place.aws.put("m", [{"prefix": f"s3://{BUCKET}/uploads/cats/"}, "a.png", "sub/ü b.png", "a.png"])
    script = "cd /opt/ml/processing/input/images && find . -type f | sort && cat a.png 'sub/ü b.png'"
    description = place.run([processing(script, [processing_input("images", manifest, "ManifestFile")])])
    assert place.log(description) == "./a.png\n./sub/ü b.png\nAB"


@pytest.mark.parametrize(
    "name", ["../../escaped.png", "a/../../b.png", "./c.png", "sub/..", "n" * 300 + ".png", "nul\0.png"]
)
def test_hostile_names_fail_the_step(place: Place, name: str) -> None:
    manifest = place.aws.put("m", [{"prefix": f"s3://{BUCKET}/uploads/cats/"}, name, "good.png"])
    description = place.run([processing("true", [processing_input("images", manifest, "ManifestFile")])])
    assert "Data download failed:the object name" in place.reason(description)


@pytest.mark.parametrize(
    "manifest",
    [
        "not json",
        [],
        ["a.png"],
        [{"prefix": "s3://b/"}, 5],
        [{"prefix": 7}],
        [{"prefix": "s3://b/", "x": 1}],
        {"prefix": "s3://b/"},
    ],
)
def test_manifest_in_another_form_fails_the_step(place: Place, manifest: Any) -> None:
    uri = place.aws.put("m", manifest)
    description = place.run([processing("true", [processing_input("images", uri, "ManifestFile")])])
    assert "Data download failed:" in place.reason(description)


def test_manifest_names_an_object_that_is_gone(place: Place) -> None:
    uri = place.aws.put("m", [{"prefix": f"s3://{BUCKET}/uploads/"}, "gone.png"])
    description = place.run([processing("true", [processing_input("images", uri, "ManifestFile")])])
    assert "NoSuchKey (404)" in place.reason(description)
    assert "uploads/gone.png" in place.reason(description)


def test_an_object_with_the_name_of_a_folder_fails_the_step(place: Place) -> None:
    place.aws.put("in/a", "file")
    place.aws.put("in/a/b", "below it")
    description = place.run([processing("true", [processing_input("data", f"s3://{BUCKET}/in/")])])
    assert "has the name of a folder of other objects" in place.reason(description)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"AppSpecification": {"ImageUri": "alpine:3"}},
            "no image 'alpine:3' on this machine; known: workshop-shell:local",
        ),
        ({"AppSpecification": {"ImageUri": "workshop-../x:local"}}, "no image"),
        ({"ProcessingResources": {"ClusterConfig": {"InstanceCount": {"Get": "Parameters.P"}}}}, "may only be 1 here"),
        (
            {"Environment": {"KIMG": {"Std:JsonGet": {"S3Uri": f"s3://{BUCKET}/n.json", "Path": "n"}}}},
            "type: <class 'int'>",
        ),
        ({"Environment": {"a b": "c"}}, "Environment variable name 'a b'"),
        ({"Tags": 3}, "Invalid type for parameter Tags"),
    ],
)
def test_request_that_the_service_would_refuse_fails_the_step(
    place: Place, change: dict[str, Any], message: str
) -> None:
    place.aws.put("n.json", {"n": 5})
    description = place.run([processing("true", **change)], P="2")
    assert place.reason(description).startswith(
        "ClientError: Failed to invoke sagemaker:CreateProcessingJob. Error Details: "
    )
    assert message in place.reason(description)


def test_processing_that_runs_too_long_fails_the_step(place: Place, let_time_pass: LetTimePass) -> None:
    works = "echo 'half done' > /opt/ml/output/message; echo up; exec sleep 600"
    place.create([processing(works, StoppingCondition={"MaxRuntimeInSeconds": 3600})])
    arn = place.start()
    eventually(lambda: place.running(arn).log_tail == ("up",), "the program's first words")
    let_time_pass(3600)
    description = place.finish(arn)
    assert "MaxRuntimeExceeded (3600 s)" in place.reason(description)
    arn = place.steps(description["PipelineExecutionArn"])["Step"]["Metadata"]["ProcessingJob"]["Arn"]
    job = place.api.describe_processing_job(ProcessingJobName=arn.rsplit("/", 1)[-1])
    assert (job["ProcessingJobStatus"], job["ExitMessage"]) == ("Stopped", "half done")


def test_data_that_cannot_be_moved_for_a_moment_is_an_internal_error_and_tried_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first job loses its connection to S3, the second gets through; each has a folder and a log of its own."""
    place.aws.put("in/a")
    troubles = [EndpointConnectionError(endpoint_url="https://localhost")]

    def lose_connection(*arguments: Any) -> int:
        if troubles:
            raise troubles.pop()
        return download_objects(*arguments)

    monkeypatch.setattr(jobs, "download_objects", lose_connection)
    policy = {"ExceptionType": ["SageMaker.JOB_INTERNAL_ERROR"], "IntervalSeconds": 0, "MaxAttempts": 1}
    step = processing("echo done", [processing_input("data", f"s3://{BUCKET}/in/")])
    description = place.run([step | {"RetryPolicies": [policy]}])
    assert description["PipelineExecutionStatus"] == "Succeeded"
    assert place.standin.job_logs(description["PipelineExecutionArn"])["Step"].parent.name == "Step-2"


def test_internal_error_without_a_policy_fails_the_step(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.aws.put("in/a")
    answer: Any = {"Error": {"Code": "InternalError"}, "ResponseMetadata": {"HTTPStatusCode": 500}}
    error = ClientError(answer, "GetObject")
    monkeypatch.setattr(jobs, "download_objects", Mock(side_effect=error))
    description = place.run([processing("true", [processing_input("data", f"s3://{BUCKET}/in/")])])
    assert place.reason(description).startswith("ClientError: InternalServerError: We encountered an internal error.")


def test_stop_ends_the_copying_of_inputs(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.aws.put("in/a")
    copying = Event()

    def copy_for_ever(s3: Any, uri: str, data_type: str, folder: Path, check: Callable[[], None]) -> None:
        copying.set()
        while True:  # until the run is stopped
            check()
            time.sleep(0.01)

    monkeypatch.setattr(jobs, "download_objects", copy_for_ever)
    place.create([processing("true", [processing_input("data", f"s3://{BUCKET}/in/")])])
    arn = place.start()
    assert copying.wait(HARD_END)
    place.standin.stop_execution(arn)
    assert place.finish(arn)["PipelineExecutionStatus"] == "Stopped"


def test_nothing_that_jobs_need_may_lie_below_opt(tmp_path: Path) -> None:
    """It would be hidden from a job that has an /opt of its own."""
    assert not can_have_own_opt(Path("/opt/workshop"), tmp_path)
    (tmp_path / "link").symlink_to("/opt")
    assert not can_have_own_opt(tmp_path / "link/workshop", tmp_path)


def running_pid(place: Place, arn: str) -> int:
    """Return the process id of the job that has just said something."""
    return int(eventually(lambda: place.running(arn).log_tail and place.running(arn).steps[-1].pid, "the program"))


def has_become(command: Path, program: bytes) -> bool:
    return command.read_bytes().startswith(program)


def is_gone(pid: int) -> bool:
    """Return whether a process has ended, be it that nobody has asked for its exit code yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def unpack(packed: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz") as archive:
        files = {member.name: archive.extractfile(member) for member in archive if member.isfile()}
        return {name: stream.read() for name, stream in files.items() if stream is not None}
