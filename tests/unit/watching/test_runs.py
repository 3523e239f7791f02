"""Runs in the web app: which there are, how one goes, and to end one; every answer is held to openapi.json."""

import json
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.prepare_report import PrepareReport, SetAside
from contract.reasons import told
from tests.unit.conftest import Stage
from tests.unit.properties import on_one_stage, quick
from tests.unit.watching.conftest import CURVE, DATASET, RUNS, SHEETS, UnderWay
from tests.unit.web.conftest import CheckedBrowser
from workshop.admission.grants import Right
from workshop.watching.images import MOST_GROUPS, MOST_NAMES, summarize


def view(watcher: CheckedBrowser, run: UnderWay) -> Any:
    answer = watcher.ask("GET", run.address)
    assert answer.status == 200, answer.body
    return answer.body


def test_a_dataset_without_runs_has_none(watcher: CheckedBrowser) -> None:
    assert watcher.ask("GET", RUNS).body == {"runs": []}


def test_a_run_that_has_started_is_listed_and_shown(watcher: CheckedBrowser, run: UnderWay) -> None:
    (listed,) = watcher.ask("GET", RUNS).body["runs"]
    shown = view(watcher, run)
    assert listed == shown["run"]
    assert (listed["id"], listed["status"], listed["images"], listed["makes_model"]) == (run.id, "running", 3, True)
    assert (shown["title"], shown["preset"], shown["picture_size"]) == (DATASET, "sketch", "128 x 128")
    assert [step["status"] for step in shown["steps"]] == ["waiting"] * 4
    assert (shown["training"], shown["samples"], shown["images"], shown["failure"]) == (None, [], None, None)
    assert shown["cost"] == {"so_far": 0.0, "cap": pytest.approx(33.84)}
    assert (shown["may_finish"], shown["may_cancel"], shown["has_pictures"]) == (False, True, False)
    assert shown["ends_at"] > shown["now"]


def test_a_training_that_is_under_way_is_shown_with_its_sheets_curve_end_and_cost(
    watcher: CheckedBrowser, run: UnderWay
) -> None:
    progress = run.train(sheets=SHEETS, history=CURVE)
    run.stage.later(560)
    shown = view(watcher, run)
    assert [(step["name"], step["status"]) for step in shown["steps"]] == [
        ("Prepare", "done"), ("Train", "running"), ("Infer", "waiting"), ("Notify", "waiting"),
    ]  # fmt: skip
    assert progress.ends is not None
    assert shown["training"] == {
        "kimg": 40,
        "wanted_kimg": 400,
        "written": round(progress.written.timestamp()),
        "ends_at": round(progress.ends.timestamp()),
        "verdict": "improving",
        "curve": [{"kimg": 20, "seconds": 95, "score": None}, {"kimg": 40, "seconds": 190, "score": 31.5}],
    }
    assert shown["ends_at"] > shown["training"]["ends_at"]
    assert [sheet["kimg"] for sheet in shown["samples"]] == [0, 40]
    for sheet, kept in zip(shown["samples"], SHEETS, strict=True):
        assert unquote(urlsplit(sheet["url"]).path).endswith(f"/{run.checkpoints}{kept.key}")
    assert shown["images"]["found"] == 5
    assert [(group["count"], group["names"]) for group in shown["images"]["skipped"]] == [
        (1, ["c.png"]),
        (1, ["a b.png"]),
    ]
    assert shown["cost"]["so_far"] == pytest.approx(1.41 * 360 / 3600, abs=0.011)
    assert shown["may_finish"]


def test_what_another_training_has_left_in_the_same_folder_is_not_shown(watcher: CheckedBrowser, run: UnderWay) -> None:
    run.train(written=-500, sheets=SHEETS)
    shown = view(watcher, run)
    assert (shown["training"], shown["samples"], shown["may_finish"]) == (None, [], False)


def test_nor_is_a_later_trainings(watcher: CheckedBrowser, run: UnderWay) -> None:
    run.train(written=9_000, sheets=SHEETS)
    run.step("Train", "Succeeded", 200, 900)
    assert view(watcher, run)["training"] is None


def test_sheets_are_signed_for_in_the_datasets_own_checkpoints_only(watcher: CheckedBrowser, run: UnderWay) -> None:
    run.train(sheets=SHEETS)
    for elsewhere in ("s3://workshop-bucket/checkpoints/blue-chairs/a/", "s3://other-bucket/checkpoints/red-chairs/a/"):
        run.execution.parameters["TrainCheckpointPath"] = elsewhere
        assert view(watcher, run)["samples"] == []


@pytest.mark.parametrize("progress", [b"", b"{}", b"[1]", b'{"kimg": NaN}', b"x" * 100_000, b"\xff"])
def test_progress_that_cannot_be_read_is_none(watcher: CheckedBrowser, run: UnderWay, progress: bytes) -> None:
    run.train()
    run.tell(progress)
    assert view(watcher, run)["training"] is None


def test_who_asks_again_is_told_only_what_has_changed(watcher: CheckedBrowser, run: UnderWay) -> None:
    run.train(sheets=SHEETS)
    first = watcher.ask("GET", run.address)
    tag = first.headers["ETag"]
    run.stage.later(2)
    again = watcher.ask("GET", run.address, if_none_match=tag)
    assert (again.status, again.body) == (304, b"")
    run.train(kimg=41, sheets=SHEETS)
    assert watcher.ask("GET", run.address, if_none_match=tag).status == 200


def test_within_an_hour_there_are_new_addresses_though_nothing_has_changed(
    watcher: CheckedBrowser, run: UnderWay
) -> None:
    run.end()
    first = watcher.ask("GET", run.address)
    run.stage.later(1801)
    assert watcher.ask("GET", run.address, if_none_match=first.headers["ETag"]).status == 200


def test_a_run_that_has_made_pictures_says_so_with_its_bill(watcher: CheckedBrowser, run: UnderWay) -> None:
    run.train()
    run.step("Train", "Succeeded", 200, 900)
    job = "arn:aws:sagemaker:eu-central-1:123456789012:training-job/pipelines-1"
    run.execution.steps[-1]["Metadata"] = {"TrainingJob": {"Arn": job}}
    run.stage.sagemaker.training_jobs["pipelines-1"] = {"BillableTimeInSeconds": 7200}
    run.end()
    shown = view(watcher, run)
    assert (shown["run"]["status"], shown["has_pictures"], shown["ends_at"]) == ("succeeded", True, None)
    assert shown["run"]["ended"] >= shown["run"]["started"]
    assert shown["cost"]["so_far"] == pytest.approx(2.82)
    assert (shown["may_finish"], shown["may_cancel"]) == (False, False)
    assert shown["training"]["ends_at"] is None
    assert watcher.ask("GET", RUNS).body["runs"] == [shown["run"]]


def test_a_run_that_sagemaker_has_forgotten_is_told_from_ledger_and_bucket(
    watcher: CheckedBrowser, run: UnderWay
) -> None:
    run.train()
    training = {
        "kimg": 400,
        "wanted_kimg": 400,
        "ended": "finished",
        "seconds": 9,
        "sec_per_kimg": 4,
        "trouble": "stalled",
    }
    report = {
        "pictures": {"generated": 48, "mixed": 0, "projected": 0},
        "targets": {"listed": 0},
        "skipped_targets": [],
        "training": training | {"estimated_seconds": None},
    }
    run.end()
    run.stage.put(f"{run.folder}/report/report.json", json.dumps(report).encode())
    run.stage.sagemaker.executions.clear()
    shown = view(watcher, run)
    assert shown["run"]["status"] == "succeeded"
    assert shown["has_pictures"]
    assert {step["status"] for step in shown["steps"]} == {"done"}
    assert (shown["training"]["kimg"], shown["training"]["verdict"]) == (400, "standing_still")
    assert shown["images"]["good"] == 3
    assert shown["cost"]["so_far"] is None


def test_a_run_that_nobody_knows_the_end_of_is_lost(watcher: CheckedBrowser, run: UnderWay) -> None:
    run.stage.sagemaker.executions.clear()
    shown = view(watcher, run)
    assert (shown["run"]["status"], shown["may_cancel"], shown["steps"]) == ("lost", False, [])
    assert shown["failure"]["headline"] == "we can no longer find the run"


@pytest.mark.parametrize("language", ["en", "de", "zh-CN"])
def test_a_failure_is_told_with_what_helps_and_no_command(
    watcher: CheckedBrowser, run: UnderWay, language: str
) -> None:
    run.step("Prepare", "Succeeded", 0, 60)
    run.step("Train", "Failed", 60, 90)
    run.execution.steps[-1]["FailureReason"] = "ClientError: ResourceLimitExceeded see http://evil.example"
    run.end("Failed")
    shown = watcher.ask("GET", run.address, accept_language=language).body
    assert shown["run"]["status"] == "failed"
    assert [step["status"] for step in shown["steps"]] == ["done", "failed", "waiting", "waiting"]
    assert "http[:]//evil[.]example" in shown["failure"]["reason"]
    assert shown["failure"]["next"]
    assert not any("start_run" in line or "aws " in line for line in shown["failure"]["next"])


def test_a_training_is_finished_and_asking_twice_is_asking_once(watcher: CheckedBrowser, run: UnderWay) -> None:
    run.train()
    for _ in range(2):
        answer = watcher.ask("POST", f"{run.address}/finish")
        assert (answer.status, answer.body["finish_asked"], answer.body["may_finish"]) == (202, True, False)
    assert run.stage.s3.head_object(Bucket="workshop-bucket", Key=f"{run.folder}/finish")


def test_before_it_has_learned_anything_it_cannot_be_finished(watcher: CheckedBrowser, run: UnderWay) -> None:
    said = [watcher.ask("POST", f"{run.address}/finish")]
    run.train(kimg=0)
    said.append(watcher.ask("POST", f"{run.address}/finish"))
    assert [(answer.status, answer.body["error"]) for answer in said] == [
        (409, "cannot_end_not_training_yet"), (409, "cannot_end_nothing_learned"),
    ]  # fmt: skip


def test_a_run_is_cancelled_and_asking_twice_is_asking_once(watcher: CheckedBrowser, run: UnderWay) -> None:
    for _ in range(2):
        answer = watcher.ask("POST", f"{run.address}/cancel")
        assert (answer.status, answer.body["run"]["status"]) == (202, "stopping")
        assert not answer.body["may_cancel"]
    run.end("Stopped")
    assert view(watcher, run)["run"]["status"] == "stopped"


@pytest.mark.parametrize("wish", ["finish", "cancel"])
def test_what_is_over_cannot_be_ended(watcher: CheckedBrowser, run: UnderWay, wish: str) -> None:
    run.end()
    answer = watcher.ask("POST", f"{run.address}/{wish}")
    assert (answer.status, answer.body["error"]) == (409, "cannot_end_ended")


def test_who_may_only_watch_ends_nothing(app: CheckedBrowser, run: UnderWay) -> None:
    app.open(DATASET, [Right.WATCH])
    run.train()
    for wish in ("finish", "cancel"):
        assert app.ask("POST", f"{run.address}/{wish}").status == 403
    assert run.execution.status == "Executing"


def test_a_run_of_another_dataset_is_not_there_whatever_is_asked_of_it(app: CheckedBrowser, run: UnderWay) -> None:
    app.open("blue-chairs")
    address = f"/api/datasets/blue-chairs/runs/{run.id}"
    for method, path in (("GET", address), ("POST", f"{address}/finish"), ("POST", f"{address}/cancel")):
        answer = app.ask(method, path)
        assert (answer.status, answer.body["error"]) == (404, "no_such_run")
    assert run.execution.status == "Executing"


@on_one_stage
@given(name=st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters="/?#%"), min_size=1))
def test_what_is_no_runs_id_is_not_there(watcher: CheckedBrowser, name: str) -> None:
    assert watcher.ask("GET", f"{RUNS}/{name}").status in (404, 422)


def test_the_report_of_a_run_is_read_once(watcher: CheckedBrowser, run: UnderWay, stage: Stage) -> None:
    run.prepare()
    first = view(watcher, run)
    stage.s3.delete_object(Bucket="workshop-bucket", Key=f"{run.folder}/prepare-report/prepare.json")
    assert view(watcher, run)["images"] == first["images"]


def test_where_a_run_keeps_its_checkpoints_is_asked_once(watcher: CheckedBrowser, run: UnderWay) -> None:
    run.train(sheets=SHEETS)
    assert len(view(watcher, run)["samples"]) == len(SHEETS)
    run.execution.parameters.clear()
    assert len(view(watcher, run)["samples"]) == len(SHEETS)


REASONS = st.lists(st.tuples(st.text(max_size=5), st.sampled_from([f"reason {n}" for n in range(80)])), max_size=200)


@quick
@given(skipped=REASONS)
def test_of_very_many_skipped_images_as_much_is_told_as_a_page_shows(skipped: list[tuple[str, str]]) -> None:
    set_aside = [SetAside(name, told(reason)) for name, reason in skipped]
    report = PrepareReport("cats", 32, 500, 500 - len(skipped), set_aside, 1.0)
    found = summarize(PrepareReport.from_json(report.to_json()))
    assert len(found.skipped) == min(len({reason for _, reason in skipped}), MOST_GROUPS)
    assert all(len(group.names) == min(group.count, MOST_NAMES) for group in found.skipped)
    counts = [group.count for group in found.skipped]
    assert counts == sorted(counts, reverse=True)
