"""start_run: timers, schedule and people, and what reconcile does for them."""

import io
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from contract.capacity.volumes import OWN_DISK_GB
from contract.errors import RefusedName
from tests.chaos.fakes import client_error
from tests.unit.conftest import BUCKET, Stage, forget_assembled, sample
from workshop.platform import clients
from workshop.platform.errors import BadRequest


def executions(stage: Stage) -> list[dict[str, str]]:
    return [execution.parameters for execution in stage.sagemaker.executions.values()]


def targets_of(stage: Stage, parameters: dict[str, str]) -> Any:
    """The folder and the names of the images to project."""
    record = stage.read_json(parameters["InferenceImagePath"].removeprefix("s3://workshop-bucket/"))
    return [record["prefix"], *(image["name"] for image in record["objects"])]


def manual(stage: Stage, **event: Any) -> dict[str, Any]:
    result: dict[str, Any] = stage.invoke("start_run", {"source": "manual", "dataset": "red-chairs"} | event)
    return result


def test_a_settled_drop_starts_one_run_with_every_parameter_and_says_so(stage: Stage) -> None:
    stage.put("uploads/red-chairs/notes.txt")
    stage.put("uploads/red-chairs/notes.md")
    stage.settle()

    (parameters,) = executions(stage)
    fingerprint = parameters["Fingerprint"]
    targets = parameters["InferenceImagePath"].removeprefix("s3://workshop-bucket/manifests/red-chairs/")
    assert re.fullmatch(r"[0-9a-f]{64}\.targets\.json", targets)
    checkpoints = parameters.pop("TrainCheckpointPath")
    assert re.fullmatch(r"s3://workshop-bucket/checkpoints/red-chairs/[0-9a-f]{16}-[0-9a-f]{8}/", checkpoints)
    assert parameters == {
        "Dataset": "red-chairs",
        "Fingerprint": fingerprint,
        "ProcessInput": f"s3://workshop-bucket/manifests/red-chairs/{fingerprint}.json",
        "ProcessImage": "workshop-prepare:local",
        "ProcessInstanceType": "ml.m5.xlarge",
        "TrainImage": "workshop-train:local",
        "TrainInstanceType": "ml.g5.xlarge",
        "TrainOutputPath": "s3://workshop-bucket/runs/red-chairs",
        "WarmStartModel": "s3://workshop-bucket/base/none/",
        "InferenceImage": "workshop-infer:local",
        "InferenceCodePath": "s3://workshop-bucket/code/0123456789abcdef/",
        "InferenceImagePath": f"s3://workshop-bucket/manifests/red-chairs/{targets}",
        "InferenceInstanceType": "ml.m5.xlarge",
        "Preset": "auto",
        "Kimg": "400",
        "Resolution": "128",
        "PictureSize": "square",
        "Fit": "crop",
        "Background": "ffffff",
        "Labels": "none",
        "InferenceClasses": "all",
        "Mirror": "false",
        "Seed": "0",
        "TrainOptions": "{}",
        "InferenceMode": "all",
        "InferenceNetwork": "best",
        "Language": "en",
        "MinImages": "3",
        "ProcessVolumeGB": "30",
        "TrainVolumeGB": "30",
        "InferenceVolumeGB": "30",
        "MaxProcessSeconds": "7200",
        "Patience": "50",
        "TrainSeconds": "86400",
        "MaxTrainSeconds": "86400",  # 50 dollars would last longer
    }
    assert stage.mail_kinds == ["started"]
    assert "Images found:       3 (2 other files were left out)" in stage.mails[0]["Message"]
    state = stage.item("DATASET#red-chairs")
    assert state["phase"] == {"S": "RUNNING"}
    assert "timerDue" not in state
    assert stage.item("SLOTS")["holders"] == {"SS": ["red-chairs"]}


def test_the_records_name_the_snapshot_and_targets_to_project(stage: Stage) -> None:
    stage.settle(images=9)

    (parameters,) = executions(stage)
    record = stage.read_json(f"manifests/red-chairs/{parameters['Fingerprint']}.json")
    listed = stage.s3.list_objects_v2(Bucket=BUCKET, Prefix="uploads/red-chairs/")["Contents"]
    assert (record["bucket"], record["prefix"]) == (BUCKET, "uploads/red-chairs/")
    assert [(o["name"], o["etag"], o["size"]) for o in record["objects"]] == [
        (entry["Key"].removeprefix(record["prefix"]), entry["ETag"].strip('"'), entry["Size"]) for entry in listed
    ]
    assert record["settings"]["preset"] == "sketch"
    assert targets_of(stage, parameters) == [record["prefix"], "0000.png", "0002.png", "0004.png", "0006.png"]


def test_images_of_the_inference_folder_are_the_targets(stage: Stage) -> None:
    stage.put("inference/red-chairs/mine.jpg")
    stage.put("inference/red-chairs/readme.txt")
    stage.settle()

    (parameters,) = executions(stage)
    assert targets_of(stage, parameters) == ["inference/red-chairs/", "mine.jpg"]


def test_settings_choose_and_bound_the_work(stage: Stage) -> None:
    stage.put(
        "uploads/red-chairs/settings.yaml",
        b"preset: best\nresolution: 512\nmirror: yes\nseed: 7\noptions: gamma=10 augpipe=bg\n",
    )
    stage.settle()

    (parameters,) = executions(stage)
    wanted = {"Preset": "paper512", "Resolution": "512", "Kimg": "10000", "Mirror": "true", "Seed": "7"}
    wanted["TrainOptions"] = '{"augpipe":"bg","gamma":10}'
    assert parameters.items() >= wanted.items()


def test_a_drop_that_goes_on_is_waited_for(stage: Stage) -> None:
    stage.put_images("red-chairs", 3)
    stage.upload_event("uploads/red-chairs/0000.png")
    stage.later(50)
    stage.upload_event("uploads/red-chairs/0001.png")
    stage.later(10)
    stage.serve_timer()

    assert executions(stage) == []
    assert [delay for _, delay in stage.timers] == [60, 50]


def test_an_upload_whose_event_was_lost_still_counts_as_recent(stage: Stage) -> None:
    stage.put_images("red-chairs", 3)
    assert stage.invoke("start_run", {"source": "schedule"}) == {"datasets": 1, "nudged": 1}
    stage.serve_timer()

    assert executions(stage) == []
    assert stage.timers[-1][1] > 50


def test_the_ready_marker_skips_the_quiet_time_once(stage: Stage) -> None:
    stage.put_images("red-chairs", 3)
    stage.put("uploads/red-chairs/_READY", b"")
    stage.upload_event("uploads/red-chairs/_READY", 0)
    stage.serve_timer()
    assert len(executions(stage)) == 1

    finish(stage, "Succeeded")
    stage.put("uploads/red-chairs/late.png", b"late")
    stage.serve_timer()
    assert len(executions(stage)) == 1
    assert stage.timers[-1][1] > 0


def finish(stage: Stage, status: str) -> None:
    """The newest execution ends, and the listener hears of it."""
    arn, execution = list(stage.sagemaker.executions.items())[-1]
    stage.sagemaker.end(arn, status)
    event = sample("pipeline_execution_succeeded")
    event["detail"] |= {
        "currentPipelineExecutionStatus": status,
        "pipelineExecutionArn": arn,
        "pipelineExecutionDescription": execution.description,
    }
    del event["detail"]["executionEndTime"]
    stage.invoke("status_listener", event)


def test_one_more_image_while_a_run_is_active_leads_to_exactly_one_further_run(stage: Stage) -> None:
    stage.settle()
    stage.put("uploads/red-chairs/late.png", b"late")
    stage.upload_event("uploads/red-chairs/late.png")
    stage.later(61)
    stage.serve_timer()
    assert len(executions(stage)) == 1

    finish(stage, "Succeeded")
    stage.serve_timer()
    assert len(executions(stage)) == 2

    finish(stage, "Succeeded")
    stage.serve_timer()
    assert len(executions(stage)) == 2
    assert stage.item("DATASET#red-chairs")["phase"] == {"S": "IDLE"}
    assert "holders" not in stage.item("SLOTS")


def test_the_same_file_uploaded_again_starts_nothing(stage: Stage) -> None:
    stage.settle()
    finish(stage, "Succeeded")
    stage.settle()

    assert len(executions(stage)) == 1


@pytest.mark.parametrize("images", [1, 2])
def test_too_few_images_give_one_notice_per_snapshot_and_no_run(stage: Stage, images: int) -> None:
    stage.settle(images=images)
    stage.settle(images=images)

    assert executions(stage) == []
    assert stage.mail_kinds == ["attention"]
    assert "At least 3 images are needed." in stage.mails[0]["Message"]


def test_pictures_that_no_disk_holds_start_nothing_until_a_larger_machine_is_chosen(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(OWN_DISK_GB, "ml.g5.xlarge", 5)
    stage.settle()
    stage.settle()

    assert executions(stage) == []
    assert stage.mail_kinds == ["attention"]
    assert "All these images together need a disk of about" in stage.mails[0]["Message"]
    assert "the machine ml.g5.xlarge has at most 5 GB" in stage.mails[0]["Message"]
    assert "divide them among several folders" in stage.mails[0]["Message"]

    stage.put("uploads/red-chairs/settings.yaml", b"instance_type: ml.g5.2xlarge\n")
    stage.settle()
    assert len(executions(stage)) == 1


def test_bad_settings_give_one_notice_that_names_the_key(stage: Stage) -> None:
    stage.put("uploads/red-chairs/settings.yaml", b"kilograms: 5\npreset: huge\n")
    stage.settle()

    assert executions(stage) == []
    (mail,) = stage.mails
    assert '"kilograms" is not a setting' in mail["Message"]
    assert "preset must be one of laptop, tiny, sketch, balanced, best" in mail["Message"]


def test_corrected_settings_are_a_new_snapshot(stage: Stage) -> None:
    stage.put("uploads/red-chairs/settings.yaml", b"kilograms: 5\n")
    stage.settle()
    stage.put("uploads/red-chairs/settings.yaml", b"kimg: 5\n")
    stage.settle()

    (parameters,) = executions(stage)
    assert parameters["Kimg"] == "5"


def test_an_empty_folder_is_nobodys_mistake(stage: Stage) -> None:
    stage.put("uploads/red-chairs/", b"")
    assert manual(stage)["outcome"] == "nothing"
    assert stage.mails == []


def test_a_stale_timer_is_dropped(stage: Stage) -> None:
    stage.put_images("red-chairs", 3)
    stage.upload_event("uploads/red-chairs/0000.png")
    stage.later(61)
    due = json.loads(stage.timers[0][0])["due"]
    body = json.dumps({"dataset": "red-chairs", "due": due - 1})
    stage.invoke("start_run", {"Records": [{"messageId": "m", "body": body}]})

    assert executions(stage) == []


@pytest.mark.parametrize("body", ["", "{}", '{"dataset": "../x", "due": 1}', '{"dataset": "a", "due": "1"}'])
def test_an_unreadable_timer_comes_back_alone(stage: Stage, body: str) -> None:
    stage.put_images("red-chairs", 3)
    stage.upload_event("uploads/red-chairs/0000.png")
    stage.later(61)
    good = stage.timers[0][0]
    event = {"Records": [{"messageId": "bad", "body": body}, {"messageId": "good", "body": good}]}

    assert stage.invoke("start_run", event) == {"batchItemFailures": [{"itemIdentifier": "bad"}]}
    assert len(executions(stage)) == 1


@pytest.mark.parametrize("code", ["ThrottlingException", "ResourceLimitExceeded"])
def test_a_busy_sagemaker_queues_the_run_and_fails_nothing(stage: Stage, code: str) -> None:
    stage.sagemaker.refusals = [client_error(code, "StartPipelineExecution")]
    stage.settle()
    assert stage.item("DATASET#red-chairs")["phase"] == {"S": "IDLE"}
    assert stage.mails == []

    stage.later(61)
    assert stage.serve_timer() == {"batchItemFailures": []}
    assert len(executions(stage)) == 1
    assert stage.mail_kinds == ["started"]


def test_a_refusal_comes_back_until_the_dead_letter_queue_and_holds_no_slot(stage: Stage) -> None:
    stage.sagemaker.refusals = [client_error("ResourceNotFound", "StartPipelineExecution")]
    stage.put_images("red-chairs", 3)
    stage.upload_event("uploads/red-chairs/0000.png")
    stage.later(61)

    assert stage.serve_timer() == {"batchItemFailures": [{"itemIdentifier": "timer"}]}
    assert "holders" not in stage.item("SLOTS")
    assert stage.serve_timer() == {"batchItemFailures": []}
    assert len(executions(stage)) == 1


def test_an_answer_that_never_came_keeps_the_claim_and_is_repeated_with_the_same_token(stage: Stage) -> None:
    stage.sagemaker.refusals = [client_error("InternalFailure", "StartPipelineExecution", 500)]
    stage.put_images("red-chairs", 3)
    stage.upload_event("uploads/red-chairs/0000.png")
    stage.later(61)
    assert stage.serve_timer() == {"batchItemFailures": [{"itemIdentifier": "timer"}]}
    assert stage.item("DATASET#red-chairs")["phase"] == {"S": "STARTING"}

    assert stage.serve_timer() == {"batchItemFailures": []}  # the lease is not over
    assert executions(stage) == []
    stage.later(301)
    stage.serve_timer()
    assert len(executions(stage)) == 1
    first, second = stage.sagemaker.requests
    assert first == second


@pytest.mark.parametrize("code", ["ThrottlingException", "ValidationException"])
def test_a_refusal_after_an_answer_that_got_lost_keeps_the_claim_and_its_token(stage: Stage, code: str) -> None:
    """botocore has repeated the request by itself: the first try may have started the run."""
    refusal = client_error(code, "StartPipelineExecution")
    refusal.response["ResponseMetadata"]["RetryAttempts"] = 1
    stage.sagemaker.refusals = [refusal]
    stage.settle()
    assert stage.item("DATASET#red-chairs")["phase"] == {"S": "STARTING"}

    stage.later(301)
    stage.serve_timer()
    first, second = stage.sagemaker.requests
    assert first["ClientRequestToken"] == second["ClientRequestToken"]


def test_no_more_runs_at_once_than_allowed(stage: Stage) -> None:
    for dataset in ("a", "b", "c"):
        stage.settle(dataset)
    assert {p["Dataset"] for p in executions(stage)} == {"a", "b"}

    finish(stage, "Succeeded")
    stage.later(61)
    stage.serve_timer("c")
    assert {p["Dataset"] for p in executions(stage)} == {"a", "b", "c"}


def test_a_lost_end_is_found_by_the_next_look(stage: Stage) -> None:
    stage.settle()
    stage.sagemaker.end(next(iter(stage.sagemaker.executions)), "Failed")
    stage.later(1000)
    assert manual(stage)["outcome"] == "ended"

    assert stage.item("DATASET#red-chairs")["phase"] == {"S": "IDLE"}
    assert [name for name, _ in stage.invocations] == ["report_failure"]


@pytest.mark.parametrize("status", ["Executing", "Hibernating"])
def test_a_run_far_over_its_time_is_told_once_but_not_taken_for_ended(
    stage: Stage, log: io.StringIO, capsys: pytest.CaptureFixture[str], status: str
) -> None:
    stage.settle()
    next(iter(stage.sagemaker.executions.values())).status = status
    stage.later(86_400 + 7 * 3600)

    assert manual(stage)["outcome"] == "active"
    assert manual(stage)["outcome"] == "active"
    metrics = capsys.readouterr().out
    assert metrics.count('"RunsOverdue":') == 2
    assert metrics.count('"RunsStuck":') == 1
    assert stage.mail_kinds == ["started", "attention"]
    assert "takes longer than it should" in stage.mails[1]["Subject"]
    assert ("unknown status" in log.getvalue()) is (status == "Hibernating")


def test_a_debt_about_a_run_that_nobody_remembers_is_dropped(stage: Stage) -> None:
    stage.settle()
    finish(stage, "Failed")
    arn = next(iter(stage.sagemaker.executions))
    stage.dynamodb.delete_item(TableName="ledger", Key={"pk": {"S": f"RUN#{arn}"}, "sk": {"S": "STATE"}})
    manual(stage)

    assert "unreported" not in stage.item("DATASET#red-chairs")


def test_a_run_that_sagemaker_forgot_is_reported_as_lost(stage: Stage) -> None:
    stage.settle()
    stage.sagemaker.executions.clear()
    stage.later(1000)
    manual(stage)

    ((name, event),) = stage.invocations
    assert (name, event["status"]) == ("report_failure", "Lost")


def test_a_notice_that_is_owed_is_asked_for_again(stage: Stage) -> None:
    stage.settle()
    finish(stage, "Succeeded")
    stage.later(601)
    manual(stage)

    assert [name for name, _ in stage.invocations] == ["report_success", "report_success"]


def test_a_person_reruns_with_other_parameters(stage: Stage) -> None:
    stage.settle()
    finish(stage, "Succeeded")
    assert manual(stage)["outcome"] == "nothing"

    result = stage.invoke("start_run", sample("manual_rerun"))
    assert result["outcome"] == "started"
    first, second = executions(stage)
    assert first["Fingerprint"] == second["Fingerprint"]
    assert (second["Kimg"], second["TrainInstanceType"]) == ("100", "ml.g5.2xlarge")
    assert second["TrainCheckpointPath"] == first["TrainCheckpointPath"]  # a longer training goes on from a shorter one


def test_a_rerun_during_a_run_is_answered_with_what_to_do(stage: Stage) -> None:
    stage.settle()
    result = manual(stage, rerun=True)
    assert result["outcome"] == "active"
    assert "again later" in result["detail"]


def test_a_rerun_that_finds_the_end_of_another_run_is_answered_with_what_to_do(stage: Stage) -> None:
    stage.settle()
    stage.sagemaker.end(next(iter(stage.sagemaker.executions)), "Failed")
    stage.later(1000)
    result = manual(stage, rerun=True)
    assert result["outcome"] == "ended"
    assert "again later" in result["detail"]


@pytest.mark.parametrize("wanted", [{"rerun": True}, {"inferenceOnly": True}, {"parameters": {"Kimg": "7"}}])
@pytest.mark.parametrize("busy", [False, True], ids=["started", "kept"])
def test_a_run_that_was_claimed_before_is_not_the_one_that_is_asked_for(
    stage: Stage, wanted: dict[str, Any], busy: bool
) -> None:
    stage.sagemaker.refusals = [client_error("InternalFailure", "StartPipelineExecution", 500)]
    stage.settle()
    stage.later(301)
    stage.sagemaker.refusals = [client_error("ThrottlingException", "StartPipelineExecution")] if busy else []
    result = manual(stage, **wanted)
    assert result["outcome"] == ("kept" if busy else "started")
    assert "claimed before" in result["detail"]
    assert "again later" in result["detail"]


def test_a_rerun_whose_claim_is_kept_starts_by_itself_and_need_not_be_asked_for_again(stage: Stage) -> None:
    stage.settle()
    finish(stage, "Succeeded")
    throttled = client_error("ThrottlingException", "StartPipelineExecution")
    throttled.response["ResponseMetadata"]["RetryAttempts"] = 1
    stage.sagemaker.refusals = [throttled]
    result = manual(stage, rerun=True)
    assert result["outcome"] == "kept"
    assert "by itself" in result["detail"]
    assert "again later" not in result["detail"]

    stage.later(301)
    stage.serve_timer()
    assert len(executions(stage)) == 2


def test_a_second_run_with_equal_effort_is_announced_with_the_firsts_duration(stage: Stage) -> None:
    stage.settle()
    stage.later(7200)
    finish(stage, "Succeeded")
    manual(stage, rerun=True)

    assert "about 2 h" in stage.mails[-1]["Message"]


@pytest.mark.parametrize(
    ("event", "error", "message"),
    [
        ({"dataset": "../etc"}, RefusedName, "dataset name"),
        ({"rerun": "yes"}, BadRequest, "`rerun`"),
        ({"inferenceOnly": 1}, BadRequest, "`inferenceOnly`"),
        ({"parameters": {"Dataset": "x"}}, BadRequest, "Dataset"),
        ({"parameters": {"Kilos": 1}}, BadRequest, "Kilos"),
        ({"parameters": {"Kimg": []}}, BadRequest, "Kimg"),
        ({"parameters": {"Preset": "x" * 1025}}, BadRequest, "Preset"),
        ({"parameters": []}, BadRequest, "parameters"),
        ({"source": "weather"}, BadRequest, "start_run wants"),
    ],
)
def test_a_bad_request_is_refused_by_name(stage: Stage, event: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        manual(stage, **event)


def test_the_schedule_has_every_dataset_looked_at_and_counts_bad_folders(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.put_images("a", 3)
    stage.put_images("b", 3)
    stage.put("uploads/Not A Name/x.png")

    assert stage.invoke("start_run", sample("schedule")) == {"datasets": 2, "nudged": 2}
    assert stage.timers == [(json.dumps({"dataset": name, "due": 0}), 0) for name in ("a", "b")]
    assert '"RefusedNames"' in capsys.readouterr().out


def test_the_schedule_also_looks_at_a_running_dataset_whose_folder_is_gone(stage: Stage) -> None:
    stage.settle()
    for number in range(3):
        stage.s3.delete_object(Bucket="workshop-bucket", Key=f"uploads/red-chairs/{number:04d}.png")

    assert stage.invoke("start_run", sample("schedule"))["datasets"] == 1


class Refusing:
    """S3, whose GetObject refuses one key; HeadObject and listings know of no trouble."""

    def __init__(self, s3: Any, key: str, code: str, before: Callable[[], None] = lambda: None) -> None:
        self._s3, self._key, self.code, self._before = s3, key, code, before

    def __getattr__(self, operation: str) -> Any:
        return getattr(self._s3, operation)

    def get_object(self, **request: Any) -> Any:
        if request["Key"] == self._key and self.code:
            self._before()
            raise client_error(self.code, "GetObject", 403)
        return self._s3.get_object(**request)


def refuse(stage: Stage, monkeypatch: pytest.MonkeyPatch, refusing: Refusing) -> None:
    others = clients._client
    monkeypatch.setattr(clients, "_client", lambda name: refusing if name == "s3" else others(name))
    forget_assembled()


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("InvalidObjectState", "settings.yaml lies in an archive (S3 Glacier) and cannot be read; upload it again."),
        ("InvalidRequest", "settings.yaml is encrypted with a key of its own (SSE-C)"),
        ("AccessDenied", "settings.yaml may not be read by the workshop"),
        ("KMS.DisabledException", "settings.yaml may not be read by the workshop"),
    ],
)
def test_settings_out_of_reach_are_told_once_and_are_no_dead_letter(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, code: str, sentence: str
) -> None:
    stage.put("uploads/red-chairs/settings.yaml", b"preset: best")
    s3 = Refusing(stage.s3, "uploads/red-chairs/settings.yaml", code)
    refuse(stage, monkeypatch, s3)
    stage.settle()
    stage.serve_timer()

    assert stage.mail_kinds == ["attention"]
    assert sentence in " ".join(stage.mails[0]["Message"].split())
    assert executions(stage) == []
    s3.code = ""
    stage.put("uploads/red-chairs/settings.yaml", b"preset: best")
    stage.upload_event("uploads/red-chairs/settings.yaml")
    stage.later(61)
    stage.serve_timer()
    assert 'preset "best"' in stage.mails[-1]["Message"]


def test_settings_deleted_while_they_are_read_are_looked_at_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the right to list the bucket, S3 answers "403" for what is gone as well."""
    key = "uploads/red-chairs/settings.yaml"
    stage.put(key, b"preset: best")
    delete = lambda: stage.s3.delete_object(Bucket=BUCKET, Key=key)  # noqa: E731
    refuse(stage, monkeypatch, Refusing(stage.s3, key, "AccessDenied", delete))
    stage.settle()
    assert (stage.mail_kinds, executions(stage)) == ([], [])
    stage.serve_timer()
    (run,) = executions(stage)
    assert run["Preset"] == "auto"
    assert 'preset "sketch"' in stage.mails[-1]["Message"]
