"""New pictures with the network that is there: when only `inference/<dataset>/` has something new, or on demand."""

from typing import Any

import pytest

from tests.chaos.fakes import FakeExecution
from tests.unit.conftest import BUCKET, Stage, sample
from tests.unit.handlers.test_start_run import finish, manual, targets_of


def runs(stage: Stage) -> list[FakeExecution]:
    return list(stage.sagemaker.executions.values())


def look(stage: Stage) -> None:
    """The weekly schedule comes by, after the quiet time."""
    stage.later(61)
    stage.invoke("start_run", sample("schedule"))
    stage.serve_timer()


@pytest.fixture
def trained(stage: Stage) -> FakeExecution:
    """A dataset whose first run has succeeded."""
    stage.settle()
    finish(stage, "Succeeded")
    stage.serve_timer()
    (run,) = runs(stage)
    return run


def test_new_pictures_to_project_alone_run_the_inference_part_on_the_last_good_run(
    stage: Stage, trained: FakeExecution
) -> None:
    stage.put("inference/red-chairs/mine.jpg")
    look(stage)

    request = stage.sagemaker.requests[-1]
    assert request["SelectiveExecutionConfig"] == {
        "SourcePipelineExecutionArn": trained.arn,
        "SelectedSteps": [{"StepName": "Infer"}, {"StepName": "Notify"}],
    }
    assert targets_of(stage, runs(stage)[1].parameters) == ["inference/red-chairs/", "mine.jpg"]
    assert "new pictures are being made" in stage.mails[-1]["Subject"]


def test_a_run_that_trains_is_not_selective(stage: Stage, trained: FakeExecution) -> None:
    assert "SelectiveExecutionConfig" not in stage.sagemaker.requests[0]


def test_the_same_pictures_to_project_run_once(stage: Stage, trained: FakeExecution) -> None:
    stage.put("inference/red-chairs/mine.jpg")
    look(stage)
    finish(stage, "Succeeded")
    stage.serve_timer()
    stage.put("inference/red-chairs/mine.jpg")  # the same content again
    look(stage)

    assert len(runs(stage)) == 2


@pytest.mark.parametrize("status", ["Failed", "Stopped"])
def test_an_inference_that_failed_is_not_repeated_by_itself(stage: Stage, trained: FakeExecution, status: str) -> None:
    stage.put("inference/red-chairs/mine.jpg")
    look(stage)
    finish(stage, status)
    stage.serve_timer()
    look(stage)

    assert len(runs(stage)) == 2


def put_targets(stage: Stage, count: int) -> list[str]:
    names = [f"{number:03d}.jpg" for number in range(count)]
    for name in names:
        stage.put(f"inference/red-chairs/{name}", name.encode())
    return names


def listed(stage: Stage, run: FakeExecution) -> list[str]:
    names: list[str] = targets_of(stage, run.parameters)[1:]
    return names


def test_a_folder_of_many_images_is_projected_by_several_runs_each_image_once(
    stage: Stage, trained: FakeExecution
) -> None:
    names = put_targets(stage, 130)
    look(stage)
    for _ in range(3):
        finish(stage, "Succeeded")
        stage.serve_timer()
    look(stage)

    parts = [listed(stage, run) for run in runs(stage)[1:]]
    assert [len(part) for part in parts] == [64, 64, 2]
    assert [name for part in parts for name in part] == names


def test_what_a_training_run_has_no_room_for_is_projected_right_after_it(stage: Stage) -> None:
    names = put_targets(stage, 70)
    stage.settle()
    for _ in range(2):
        finish(stage, "Succeeded")
        stage.serve_timer()

    assert [listed(stage, run) for run in runs(stage)] == [names[:64], names[64:]]
    assert [run.source for run in runs(stage)] == [None, runs(stage)[0].arn]


def test_of_large_pictures_one_run_projects_fewer(stage: Stage) -> None:
    put_targets(stage, 20)
    stage.put("uploads/red-chairs/settings.yaml", b"resolution: 512\n")
    stage.settle()

    assert len(listed(stage, runs(stage)[0])) == 16


def test_an_image_that_comes_between_the_parts_is_projected_too(stage: Stage, trained: FakeExecution) -> None:
    names = put_targets(stage, 70)
    look(stage)
    stage.put("inference/red-chairs/000a.jpg", b"late")
    for _ in range(3):
        finish(stage, "Succeeded")
        stage.later(61)
        stage.serve_timer()

    done = {name for run in runs(stage)[1:] for name in listed(stage, run)}
    assert done == {*names, "000a.jpg"}
    assert len(runs(stage)) == 4


def test_after_a_part_that_failed_nothing_goes_on_by_itself_and_a_person_begins_again(
    stage: Stage, trained: FakeExecution
) -> None:
    names = put_targets(stage, 130)
    look(stage)
    finish(stage, "Succeeded")
    stage.serve_timer()
    finish(stage, "Failed")
    stage.serve_timer()
    look(stage)
    assert len(runs(stage)) == 3

    manual(stage, inferenceOnly=True)
    assert listed(stage, runs(stage)[3]) == names[:64]


def test_images_stay_owed_after_a_run_that_was_told_to_project_nothing(stage: Stage, trained: FakeExecution) -> None:
    names = put_targets(stage, 2)
    stage.later(61)
    manual(stage, rerun=True, parameters={"InferenceMode": "generate"})
    finish(stage, "Succeeded")
    stage.serve_timer()

    assert listed(stage, runs(stage)[2]) == names
    assert runs(stage)[2].source == runs(stage)[1].arn


def test_a_second_inference_still_uses_the_run_that_trained(stage: Stage, trained: FakeExecution) -> None:
    for number in range(2):
        stage.put(f"inference/red-chairs/{number}.jpg")
        look(stage)
        finish(stage, "Succeeded")
        stage.serve_timer()

    assert [run.source for run in runs(stage)] == [None, trained.arn, trained.arn]


def test_pictures_to_learn_and_to_project_become_one_run_that_trains(stage: Stage, trained: FakeExecution) -> None:
    stage.put("inference/red-chairs/mine.jpg")
    stage.put("uploads/red-chairs/late.png", b"late")
    look(stage)
    finish(stage, "Succeeded")
    stage.serve_timer()

    assert [run.source for run in runs(stage)] == [None, None]


def test_pictures_that_are_still_coming_in_are_waited_for(stage: Stage, trained: FakeExecution) -> None:
    stage.later(61)
    stage.put("inference/red-chairs/mine.jpg")
    stage.skipped_ms = 0  # S3's clock is not the test's: the picture is new now
    stage.invoke("start_run", sample("schedule"))
    stage.serve_timer()

    assert len(runs(stage)) == 1
    assert stage.timers[-1][1] > 0


def test_without_a_network_pictures_to_project_wait(stage: Stage) -> None:
    stage.settle()
    finish(stage, "Failed")
    stage.serve_timer()
    stage.put("inference/red-chairs/mine.jpg")
    look(stage)

    assert len(runs(stage)) == 1
    assert "no run has succeeded yet" in manual(stage)["detail"]


def test_a_dataset_that_projects_nothing_is_not_run_for_new_targets(stage: Stage) -> None:
    stage.put("uploads/red-chairs/settings.yaml", b"inference_mode: generate\n")
    stage.settle()
    finish(stage, "Succeeded")
    stage.serve_timer()
    stage.put("inference/red-chairs/mine.jpg")
    look(stage)

    assert len(runs(stage)) == 1


def test_a_folder_that_was_emptied_after_its_run_still_gets_new_pictures(stage: Stage, trained: FakeExecution) -> None:
    for number in range(3):
        stage.s3.delete_object(Bucket="workshop-bucket", Key=f"uploads/red-chairs/{number:04d}.png")
    stage.put("inference/red-chairs/mine.jpg")
    look(stage)

    assert runs(stage)[1].source == trained.arn


def test_on_demand_new_pictures_are_made_although_nothing_is_new(stage: Stage, trained: FakeExecution) -> None:
    result = stage.invoke("start_run", sample("manual_inference_only"))

    assert result["outcome"] == "started"
    assert runs(stage)[1].source == trained.arn


def test_pictures_to_learn_are_not_forgotten_over_an_inference_on_demand(stage: Stage, trained: FakeExecution) -> None:
    stage.put("uploads/red-chairs/late.png", b"late")
    stage.invoke("start_run", sample("manual_inference_only"))
    assert runs(stage)[1].source == trained.arn

    finish(stage, "Succeeded")
    stage.later(61)
    stage.serve_timer()
    assert runs(stage)[2].source is None
    record = stage.read_json(runs(stage)[2].parameters["ProcessInput"].partition("workshop-bucket/")[2])
    assert "late.png" in [image["name"] for image in record["objects"]]


def test_on_demand_without_a_network_is_answered_with_the_reason(stage: Stage) -> None:
    stage.put_images("red-chairs", 3)
    result: dict[str, Any] = stage.invoke("start_run", sample("manual_inference_only"))

    assert result["outcome"] == "nothing"
    assert "no run has succeeded yet" in result["detail"]


def test_success_needs_no_model_of_its_own_and_names_the_run_whose_network_was_used(
    stage: Stage, trained: FakeExecution
) -> None:
    stage.invoke("start_run", sample("manual_inference_only"))
    run = runs(stage)[1]
    folder = f"runs/red-chairs/{run.arn.rpartition('/')[2]}"
    for name in ("report/index.html", "report/report.json", "inference/seeds.png"):
        stage.put(f"{folder}/{name}")
    event = sample("report_success_from_pipeline") | {"pipelineExecutionArn": run.arn}

    assert stage.invoke("report_success", event) == {"notified": "succeeded"}
    assert f"the model of run {trained.arn.rpartition('/')[2]} was used" in stage.mails[-1]["Message"]
    assert "Cost of training:   none" in stage.mails[-1]["Message"]


def test_a_network_of_large_pictures_is_asked_for_few_at_a_time_whatever_the_folder_says_now(stage: Stage) -> None:
    stage.put("uploads/red-chairs/settings.yaml", b"resolution: 1024\n")
    stage.settle()
    finish(stage, "Succeeded")
    stage.s3.delete_object(Bucket=BUCKET, Key="uploads/red-chairs/settings.yaml")
    for number in range(3):
        stage.s3.delete_object(Bucket=BUCKET, Key=f"uploads/red-chairs/{number:04d}.png")
    put_targets(stage, 40)
    look(stage)

    assert len(listed(stage, runs(stage)[1])) == 16


def test_a_rerun_in_another_resolution_projects_as_many_as_fit_it(stage: Stage, trained: FakeExecution) -> None:
    put_targets(stage, 40)
    stage.later(61)
    manual(stage, rerun=True, parameters={"Resolution": "1024"})

    assert len(listed(stage, runs(stage)[1])) == 16


def test_a_run_that_is_given_another_list_has_projected_none_of_the_folder(
    stage: Stage, trained: FakeExecution
) -> None:
    names = put_targets(stage, 2)
    stage.later(61)
    manual(stage, inferenceOnly=True, parameters={"InferenceImagePath": f"s3://{BUCKET}/lists/mine.json"})
    finish(stage, "Succeeded")
    stage.serve_timer()

    assert listed(stage, runs(stage)[2]) == names


@pytest.mark.parametrize("status", ["Failed", "Stopped", "Succeeded"])
def test_what_comes_to_nothing_is_begun_again_without_a_training(
    stage: Stage, trained: FakeExecution, status: str
) -> None:
    put_targets(stage, 1)
    look(stage)
    finish(stage, status)
    name = "report_success" if status == "Succeeded" else "report_failure"  # it has left nothing behind
    stage.invoke(name, next(event for asked, event in reversed(stage.invocations) if asked == name))

    text = stage.mails[-1]["Message"]
    assert '{"source": "manual", "dataset": "red-chairs", "inferenceOnly": true}' in text
    assert "a new run starts by itself" not in text


def test_of_a_telephones_photos_those_that_can_be_read_stand_for_the_dataset(stage: Stage) -> None:
    for number in range(40):
        for ending in ("HEIC", "JPG"):
            stage.put(f"uploads/red-chairs/IMG_{number:04d}.{ending}", b"%d" % number + ending.encode())
    stage.settle(images=0)

    assert {name.partition(".")[2] for name in listed(stage, runs(stage)[0])} == {"JPG"}
