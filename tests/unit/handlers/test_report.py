"""report_success and report_failure: one notice on the end of a run, with what can be found out about it."""

import json
from typing import Any

import pytest

from contract.names import parse_execution
from contract.prepare_report import PrepareReport, SetAside
from contract.reasons import told
from contract.run_identity import RunIdentity
from tests.chaos.fakes import FakeExecution, client_error
from tests.unit.conftest import BUCKET, RUN_ARN, Stage, sample
from tests.unit.handlers.test_start_run import finish
from workshop.ledger import Ledger, Runs
from workshop.ledger.runs import NOTICE_LEASE_MS, run_notice_key
from workshop.notices import Notices
from workshop.notices.started import announce_start
from workshop.platform.errors import NoticeBusy

JOB = "pipelines-p4jn9xou8a8s-Train-tmgxry49ug"


def succeed(stage: Stage, source: str = "pipeline", **changes: Any) -> Any:
    return stage.invoke("report_success", sample("report_success_from_pipeline") | {"source": source} | changes)


def fail(stage: Stage, status: str, steps: list[dict[str, Any]], reason: str = "") -> str:
    """Report an execution that ended like this; returns the mail's text."""
    identity = RunIdentity("red-chairs", "0" * 64, 1)
    stage.sagemaker.executions[RUN_ARN] = FakeExecution(
        RUN_ARN, identity.to_json(), {}, stage.date(), status, failure_reason=reason, steps=steps
    )
    stage.invoke("report_failure", sample("report_failure_from_listener") | {"status": status})
    mail = stage.mails[-1]
    assert stage.mail_kinds[-1] == "failed"
    return f"{mail['Subject']}\n{mail['Message']}"


@pytest.fixture(autouse=True)
def known(stage: Stage) -> None:
    """The samples' run was started here."""
    stage.know_run()


def step(name: str, status: str = "Failed", reason: str = "", **metadata: Any) -> dict[str, Any]:
    return {"StepName": name, "StepStatus": status, "FailureReason": reason, "Metadata": metadata}


def test_a_good_run_gives_one_mail_with_one_link_counts_and_reasons(stage: Stage) -> None:
    stage.leave_artefacts()
    assert succeed(stage) == {"notified": "succeeded"}

    (mail,) = stage.mails
    text = mail["Message"]
    assert mail["Subject"] == "Workshop: red-chairs - your pictures are ready"
    assert text.count("https://") == 1
    assert (
        "https://workshop-bucket.s3.eu-central-1.amazonaws.com/runs/red-chairs/p4jn9xou8a8s/report/index.html?" in text
    )
    assert "Images used:        3 of 5" in text
    assert "Pictures made:      2" in text
    assert "- a b.png: No image." in text
    assert "s3://workshop-bucket/runs/red-chairs/p4jn9xou8a8s/" in text


def test_pipeline_and_listener_together_send_one_mail(stage: Stage) -> None:
    stage.leave_artefacts()
    assert succeed(stage) == {"notified": "succeeded"}
    assert succeed(stage, "listener") == {"notified": "already sent"}
    assert succeed(stage) == {"notified": "already sent"}

    assert stage.mail_kinds == ["succeeded"]


def test_a_link_without_a_web_app_opens_the_page_and_says_honestly_how_long_it_works(stage: Stage) -> None:
    stage.leave_artefacts()
    succeed(stage)

    text = stage.mails[0]["Message"]
    assert "for 12 hours at most" in text
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in text
    assert "https://workshop-bucket.s3.eu-central-1.amazonaws.com/runs/" in text
    assert "response-content-type=text%2Fhtml" in text, "or the browser downloads it"


@pytest.mark.parametrize(
    ("key", "body", "sentence"),
    [
        ("report/index.html", None, "The page with the results (report/index.html) is missing."),
        ("report/report.json", b"", "The page's data (report/report.json) is empty."),
        ("training/job/output/model.tar.gz", None, "The trained model (training/.../model.tar.gz) is missing."),
        ("training/job/output/model.tar.gz", b"", "The trained model (training/.../model.tar.gz) is empty."),
    ],
)
def test_success_without_its_artefacts_is_a_failure_that_names_them(
    stage: Stage, key: str, body: bytes | None, sentence: str
) -> None:
    stage.leave_artefacts()
    whole = f"runs/red-chairs/p4jn9xou8a8s/{key}"
    if body is None:
        stage.s3.delete_object(Bucket=BUCKET, Key=whole)
    else:
        stage.put(whole, body)

    assert succeed(stage) == {"notified": "failed"}
    assert stage.mails[0]["Subject"] == "Workshop: red-chairs - the run finished with problems"
    assert sentence in stage.mails[0]["Message"]


def test_pictures_to_project_of_which_none_can_be_used_are_named_and_not_tried_again(stage: Stage) -> None:
    stage.leave_artefacts()
    for name in ("seeds.png", "mix.png"):
        stage.s3.delete_object(Bucket=BUCKET, Key=f"runs/red-chairs/p4jn9xou8a8s/inference/{name}")
    data = {
        "pictures": {"generated": 0, "mixed": 0, "projected": 0},
        "targets": {"listed": 2, "projected": 0, "skipped": 2},
        "skipped_targets": [
            {"name": "IMG_1.HEIC", "reason": "A photo in Apple's format."},
            {"name": "b", "reason": "X."},
        ],
    }
    stage.put("runs/red-chairs/p4jn9xou8a8s/report/report.json", json.dumps(data).encode())

    assert succeed(stage) == {"notified": "failed"}
    text = stage.mails[0]["Message"]
    assert "None of the images to recreate can be used" in text
    assert "IMG_1.HEIC: A photo in Apple's format." in text
    assert "Replace those images" in text
    assert "start_run" not in text


@pytest.mark.parametrize(("name", "is_training"), [("Train", True), ("Infer", False)])
def test_more_time_is_allowed_by_whoever_has_set_the_limit(stage: Stage, name: str, is_training: bool) -> None:
    text = fail(stage, "Failed", [step(name, reason="ClientError: Job failed: MaxRuntimeExceeded")])
    assert "Your admin can allow more time." in text
    assert ("If settings.yaml has max_hours, a larger number there allows more." in text) is is_training


def test_a_mail_says_where_the_whole_list_is(stage: Stage) -> None:
    stage.leave_artefacts()
    named = [SetAside(f"{number}.png", told("No image.")) for number in range(800)]
    report = PrepareReport("red-chairs", 256, 900, 100, named, 61.5)
    stage.put("runs/red-chairs/p4jn9xou8a8s/prepare-report/prepare.json", report.to_json().encode())
    succeed(stage)

    assert "795 more are listed in prepare.json" in stage.mails[0]["Message"]


@pytest.mark.parametrize(
    "document",
    [
        {"generated": 48, "mixed": 24, "projected": 3},
        None,
        b"{}",
        b"[" * 100_000,
        b'{"pictures": []}',
        {"generated": "48", "mixed": 24, "projected": 3},
        {"generated": -48, "mixed": 24, "projected": 99},
        {"generated": 48.0, "mixed": 24, "projected": True},
        {"generated": 75},
    ],
)
def test_the_mail_counts_what_the_page_counts(stage: Stage, document: Any) -> None:
    """90 files: 48 pictures, 24 mixtures and 3 likenesses, two sheets, the mixtures' 10 sources, the artist's 3 images;
    and what shows the same once more. Where report.json does not tell, the files' names do."""
    stage.leave_artefacts()
    stage.s3.delete_object(Bucket=BUCKET, Key="runs/red-chairs/p4jn9xou8a8s/inference/seeds.png")
    stage.s3.delete_object(Bucket=BUCKET, Key="runs/red-chairs/p4jn9xou8a8s/inference/mix.png")
    names = [
        *(f"generated/seed{seed:04d}.png" for seed in range(48)),
        *(f"mixed/seed{seed:04d}.png" for seed in range(48, 58)),
        *(f"mixed/{row:04d}-{column:04d}.png" for row in range(54, 58) for column in range(48, 54)),
        *(f"projected/{number:02d}-{name}.png" for number, name in enumerate(["anna", "sheet", "drawn"])),
        *(f"projected/{number:02d}-{name}-drawn.png" for number, name in enumerate(["anna", "sheet", "drawn"])),
        *("generated/sheet.png", "mixed/sheet.png"),
    ]
    assert len(names) == 90
    names += ["directions/direction1-seed0000-1.png", "film/film.webp", "thumbnails/generated/seed0000.webp"]
    for name in names:
        stage.put(f"runs/red-chairs/p4jn9xou8a8s/inference/{name}")
    if document is not None:
        body = document if isinstance(document, bytes) else json.dumps({"pictures": document}).encode()
        stage.put("runs/red-chairs/p4jn9xou8a8s/report/report.json", body)

    succeed(stage)
    assert "Pictures made:      75" in stage.mails[0]["Message"]


def test_pictures_of_an_image_with_names_of_its_own_are_counted_as_they_are(stage: Stage) -> None:
    stage.leave_artefacts()
    succeed(stage)
    assert "Pictures made:      2" in stage.mails[0]["Message"]


def test_a_run_without_pictures_says_which_of_the_two_folders_is_meant(stage: Stage) -> None:
    stage.leave_artefacts()
    for name in ("seeds", "mix"):
        stage.s3.delete_object(Bucket=BUCKET, Key=f"runs/red-chairs/p4jn9xou8a8s/inference/{name}.png")
    stage.put("inference/red-chairs/mine.png")

    assert succeed(stage) == {"notified": "failed"}
    assert "the run's own folder runs/red-chairs/p4jn9xou8a8s/inference/ holds none." in stage.mails[0]["Message"]


def test_what_strangers_have_named_is_no_link_in_the_mail(stage: Stage) -> None:
    stage.leave_artefacts()
    evil = SetAside("www.evil.com/a.png", told("See https://evil.com"))
    report = PrepareReport("red-chairs", 256, 4, 3, [evil], 1.5)
    stage.put("runs/red-chairs/p4jn9xou8a8s/prepare-report/prepare.json", report.to_json().encode())
    succeed(stage)
    assert "- www[.]evil[.]com/a.png: See https[:]//evil[.]com" in stage.mails[0]["Message"]


def test_what_a_program_has_said_is_no_link_in_the_mail(stage: Stage) -> None:
    text = fail(stage, "Failed", [step("Train", reason="AlgorithmError: log in at https://evil.com/a.png")])
    assert "Reason:             log in at https[:]//evil[.]com/a.png" in text


def test_without_prepare_json_the_mail_goes_out_with_unknown_counts(stage: Stage) -> None:
    stage.leave_artefacts()
    stage.put("runs/red-chairs/p4jn9xou8a8s/prepare-report/prepare.json", b"[1, 2")

    assert succeed(stage) == {"notified": "succeeded"}
    assert "Images used:        unknown" in stage.mails[0]["Message"]


def test_trouble_does_not_fail_the_pipeline_but_is_retried_for_the_listener(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.leave_artefacts()

    def broken(**_: Any) -> Any:
        raise client_error("InternalError", "Publish", 500)

    monkeypatch.setattr(stage.sns, "publish", broken, raising=False)
    assert succeed(stage) == {"notified": "trouble"}
    stage.later(151)
    with pytest.raises(Exception, match="InternalError"):
        succeed(stage, "listener")


def test_a_malformed_pipeline_event_is_reported_as_trouble_too(stage: Stage) -> None:
    assert stage.invoke("report_success", {"source": "pipeline", "dataset": "../x"}) == {"notified": "trouble"}


def test_a_sender_that_died_is_waited_for_and_then_replaced(stage: Stage) -> None:
    stage.leave_artefacts()
    key = run_notice_key(RUN_ARN, "succeeded")
    lease = {"pk": {"S": key["pk"]}, "sk": {"S": key["sk"]}, "leaseUntil": {"N": str(stage.now_ms() + NOTICE_LEASE_MS)}}
    stage.dynamodb.put_item(TableName="ledger", Item=lease)

    with pytest.raises(NoticeBusy):
        succeed(stage, "listener")
    stage.later(151)
    assert succeed(stage, "listener") == {"notified": "succeeded"}


def test_the_duration_is_the_runs(stage: Stage) -> None:
    stage.settle()
    arn = next(iter(stage.sagemaker.executions))
    stage.leave_artefacts(execution_id=parse_execution(arn).id)
    stage.later(3600 * 3 + 60)
    succeed(stage, pipelineExecutionArn=arn)

    assert "Duration:           3 h 1 min" in stage.mails[-1]["Message"]


def test_a_failed_step_is_named_with_reason_log_and_next_steps(stage: Stage) -> None:
    reason = "ClientError: AlgorithmError: CUDA out of memory, exit code: 1"
    arn = f"arn:aws:sagemaker:eu-central-1:123456789012:training-job/{JOB}"
    text = fail(stage, "Failed", [step("Prepare", "Succeeded"), step("Train", reason=reason, TrainingJob={"Arn": arn})])

    assert "the run has failed while training" in text
    assert "Reason:             CUDA out of memory, exit code: 1" in text
    assert "log-groups/log-group/$252Faws$252Fsagemaker$252FTrainingJobs" in text
    assert JOB in text
    assert "ran out of memory" in text
    assert '{"source": "manual", "dataset": "red-chairs", "rerun": true}' in text


def test_a_failed_processing_step_is_told_in_its_own_words(stage: Stage) -> None:
    reason = "ClientError: AlgorithmError: See job logs for more information"
    arn = f"arn:aws:sagemaker:eu-central-1:123456789012:processing-job/{JOB}"
    stage.sagemaker.exit_messages[JOB] = "The model holds numbers that are not finite."
    text = fail(stage, "Failed", [step("Infer", reason=reason, ProcessingJob={"Arn": arn})])

    assert "Reason:             The model holds numbers that are not finite." in text
    assert "AlgorithmError" not in text


def test_a_failed_processing_step_without_own_words_has_sagemakers_reason(stage: Stage) -> None:
    reason = "ClientError: AlgorithmError: See job logs for more information"
    arn = f"arn:aws:sagemaker:eu-central-1:123456789012:processing-job/{JOB}"
    assert "Reason:             See job logs" in fail(
        stage, "Failed", [step("Infer", reason=reason, ProcessingJob={"Arn": arn})]
    )


@pytest.mark.parametrize("code", ["ResourceNotFound", "ValidationException"])
def test_a_failed_processing_step_whose_job_is_gone_has_sagemakers_reason(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    def gone(**_: Any) -> Any:
        raise client_error(code, "DescribeProcessingJob")

    monkeypatch.setattr(stage.sagemaker, "describe_processing_job", gone)
    reason = "ClientError: AlgorithmError: See job logs for more information"
    arn = f"arn:aws:sagemaker:eu-central-1:123456789012:processing-job/{JOB}"
    assert "Reason:             See job logs" in fail(
        stage, "Failed", [step("Infer", reason=reason, ProcessingJob={"Arn": arn})]
    )


def test_too_few_good_images_are_counted_and_named(stage: Stage) -> None:
    stage.leave_artefacts()
    text = fail(stage, "Failed", [step("Prepare", "Succeeded"), step("TooFewImages", reason="At least 20 are needed.")])

    assert "too few good images" in text
    assert "3 of 5 images can be used. At least 20 are needed." in text
    assert "- a b.png: No image." in text


@pytest.mark.parametrize("code", ["NoSuchKey", "AccessDenied"])
def test_too_few_good_images_without_prepare_json_still_say_so(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    def missing(**_: Any) -> Any:
        raise client_error(code, "GetObject", 404)

    monkeypatch.setattr(stage.s3, "get_object", missing)
    assert "At least 20 are needed." in fail(stage, "Failed", [step("TooFewImages", reason="At least 20 are needed.")])


def test_a_stopped_run_is_told_as_stopped(stage: Stage) -> None:
    text = fail(stage, "Stopped", [step("Train", "Stopped")])
    assert "the run was stopped" in text
    assert "Train (training)" in text


def test_a_run_that_failed_as_a_whole_gives_the_executions_reason(stage: Stage) -> None:
    assert "no such role" in fail(stage, "Failed", [], "AccessDenied: no such role")


def test_a_lost_run_is_told_as_lost(stage: Stage) -> None:
    stage.invoke("report_failure", sample("report_failure_from_listener"))
    assert "we can no longer find the run" in stage.mails[0]["Subject"]


def test_the_failed_step_is_found_on_any_page(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = [
        {"PipelineExecutionSteps": [step("Prepare", "Succeeded")], "NextToken": "more"},
        {"PipelineExecutionSteps": [step("Infer", reason="no disk left")]},
    ]
    monkeypatch.setattr(stage.sagemaker, "list_pipeline_execution_steps", lambda **_: pages.pop(0))
    assert "no disk left" in fail(stage, "Failed", [])


def test_a_hostile_reason_cannot_break_the_mail(stage: Stage) -> None:
    text = fail(stage, "Failed", [step("Train", reason="\x1b[31m\r\nSubject: x\u202e$dataset " + "ü" * 400_000)])
    assert "\r" not in text
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "$dataset" in text
    assert len(text.encode()) < 10_000


def test_failures_are_reported_once(stage: Stage) -> None:
    fail(stage, "Failed", [step("Train", reason="x")])
    assert stage.invoke("report_failure", sample("report_failure_from_listener")) == {"notified": "already sent"}
    assert len(stage.mails) == 1


def test_a_report_settles_what_the_dataset_owes(stage: Stage) -> None:
    stage.settle()
    arn, execution = next(iter(stage.sagemaker.executions.items()))
    stage.sagemaker.end(arn, "Failed", "boom")
    event = sample("pipeline_execution_failed")
    event["detail"] |= {"pipelineExecutionArn": arn, "pipelineExecutionDescription": execution.description}
    stage.invoke("status_listener", event)
    assert stage.item("DATASET#red-chairs")["unreported"] == {"SS": [arn]}

    ((_, request),) = stage.invocations
    stage.invoke("report_failure", json.loads(json.dumps(request)))
    assert "unreported" not in stage.item("DATASET#red-chairs")


def test_a_success_says_what_its_training_is_billed_for(stage: Stage) -> None:
    stage.settle()
    arn, execution = next(iter(stage.sagemaker.executions.items()))
    stage.leave_artefacts(execution_id=parse_execution(arn).id)
    job_arn = f"arn:aws:sagemaker:eu-central-1:123456789012:training-job/{JOB}"
    execution.steps = [step("Prepare", "Succeeded"), step("Train", "Succeeded", TrainingJob={"Arn": job_arn})]
    stage.sagemaker.training_jobs[JOB] = {"BillableTimeInSeconds": 1800, "ResourceConfig": {"InstanceCount": 2}}
    succeed(stage, pipelineExecutionArn=arn)

    # 2 machines for half an hour at 1.41 dollars an hour
    assert "Cost of training:   about USD 1.41 (1 h billed)" in stage.mails[-1]["Message"]


def test_a_success_of_a_run_that_sagemaker_forgot_is_told_without_its_cost(stage: Stage) -> None:
    stage.leave_artefacts()
    succeed(stage)

    assert "Cost of training:   unknown" in stage.mails[-1]["Message"]


def test_a_success_that_was_told_is_not_gathered_again(stage: Stage, asked: list[str]) -> None:
    """Its end is heard about three times a run: by the last step, by the listener, and by a sweep."""
    stage.leave_artefacts()
    succeed(stage)
    assert {"ListObjectsV2", "list_pipeline_execution_steps", "Publish"} <= set(asked)

    asked.clear()
    assert succeed(stage) == {"notified": "already sent"}
    assert asked == ["GetItem"]
    asked.clear()
    assert succeed(stage, "listener") == {"notified": "already sent"}
    assert asked == ["GetItem", "TransactWriteItems"]  # the dataset owes nothing


def test_a_failure_that_was_told_is_not_gathered_again(stage: Stage, asked: list[str]) -> None:
    fail(stage, "Failed", [step("Train", reason="x")])
    assert {"describe_pipeline_execution", "list_pipeline_execution_steps", "Publish"} <= set(asked)

    asked.clear()
    assert stage.invoke("report_failure", sample("report_failure_from_listener")) == {"notified": "already sent"}
    assert asked == ["GetItem", "TransactWriteItems"]


def test_a_success_after_a_failure_that_was_told_is_told_too(stage: Stage) -> None:
    """Somebody has had SageMaker retry the run."""
    fail(stage, "Failed", [step("Train", reason="x")])
    stage.leave_artefacts()
    assert succeed(stage) == {"notified": "succeeded"}
    assert succeed(stage, "listener") == {"notified": "already sent"}
    assert stage.mail_kinds == ["failed", "succeeded"]


def test_a_start_that_was_told_is_asked_about_once(stage: Stage, asked: list[str]) -> None:
    """By every event of the run, and by every look at its dataset."""
    stage.settle()
    identity = RunIdentity("red-chairs", "0" * 64, 1)
    arn = next(iter(stage.sagemaker.executions))
    asked.clear()

    records = Runs(stage.dynamodb, "ledger")
    notices = Notices(stage.sns, "topic", records)
    assert announce_start(Ledger(stage.dynamodb, "ledger"), records, notices, identity, arn) is False
    assert asked == ["GetItem"]


@pytest.mark.parametrize("dies_at", ["publish", "record"])
def test_a_notice_whose_sender_has_died_is_gathered_and_sent_after_its_lease(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, dies_at: str
) -> None:
    """Asking first must not take a notice that is being sent for one that was sent."""
    stage.leave_artefacts()

    class Died(BaseException):
        pass

    def die(*_: Any, **__: Any) -> Any:
        raise Died

    with monkeypatch.context() as patch:
        if dies_at == "publish":
            patch.setattr(stage.sns, "publish", die, raising=False)
        else:
            patch.setattr(Runs, "end_notice", die)
        with pytest.raises(Died):
            succeed(stage, "listener")
    with pytest.raises(NoticeBusy):
        succeed(stage, "listener")
    stage.later(151)
    assert succeed(stage, "listener") == {"notified": "succeeded"}
    assert succeed(stage, "listener") == {"notified": "already sent"}
    assert stage.mail_kinds == ["succeeded"] * (2 if dies_at == "record" else 1)  # it was out, and nobody could know


TRAINING = {"kimg": 400.0, "wanted_kimg": 400.0, "ended": "finished", "seconds": 6_700.0}
TRAINING |= {"sec_per_kimg": 16.75, "estimated_seconds": 6_900.0}


def finish_training(stage: Stage, **training: Any) -> str:
    """Drop images, and let their run take two hours and leave this word of its training; returns the last mail."""
    stage.settle()
    arn = list(stage.sagemaker.executions)[-1]
    execution_id = parse_execution(arn).id
    stage.leave_artefacts(execution_id=execution_id)
    made = {"generated": 2, "mixed": 0, "projected": 0}
    targets = {"listed": 0, "projected": 0, "skipped": 0}
    results = {"pictures": made, "targets": targets, "skipped_targets": [], "training": TRAINING | training}
    stage.put(f"runs/red-chairs/{execution_id}/report/report.json", json.dumps(results).encode())
    stage.later(7_200)
    finish(stage, "Succeeded")
    succeed(stage, "listener", pipelineExecutionArn=arn)
    return str(stage.mails[-1]["Message"])


def test_a_run_shows_later_ones_how_long_they_take_and_its_own_estimates_are_held_against_it(stage: Stage) -> None:
    text = finish_training(stage)
    assert "Duration:           2 h (estimated: 3 h; after 2 % of the training: 2 h)" in text
    run = Runs(stage.dynamodb, "ledger").read(list(stage.sagemaker.executions)[-1])
    assert run is not None
    assert run.estimate_error is not None
    assert run.estimate_error > 40
    assert run.early_error == 3

    stage.invoke("start_run", {"source": "manual", "dataset": "red-chairs", "rerun": True})
    assert "(as earlier runs have shown)" in stage.mails[-1]["Message"]
    assert "Of it training:     about 1 h 50 min, 24 h at most" in stage.mails[-1]["Message"]


@pytest.mark.parametrize(
    "training", [{"sec_per_kimg": 1e-300}, {"sec_per_kimg": None}, {"sec_per_kimg": 1e300, "seconds": 1e300}]
)
def test_a_speed_that_cannot_be_teaches_nothing(stage: Stage, training: dict[str, Any]) -> None:
    finish_training(stage, **training)
    stage.invoke("start_run", {"source": "manual", "dataset": "red-chairs", "rerun": True})
    assert "a guess" in stage.mails[-1]["Message"]


def test_a_training_that_its_limit_has_ended_is_a_success_that_says_what_the_rest_takes(stage: Stage) -> None:
    text = finish_training(stage, kimg=100.0, ended="time_limit", seconds=6_000, estimated_seconds=None)
    assert stage.mail_kinds[-1] == "succeeded"
    assert "ended by its time limit, after 100 of 400 thousand images" in text
    assert "Finishing it takes about 1 h 25 min and USD 1.97." in text
    assert "\n  python -m operations rerun red-chairs\n" in text
