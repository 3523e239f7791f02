"""What a look asks the services for, call by call: what decides nothing costs nothing, and nothing is asked twice."""

import json

from tests.unit.conftest import Stage
from tests.unit.handlers.test_start_run import finish
from workshop.ledger import Runs

RECEIVE_TIMER, READ_STATE = ["UpdateItem"], ["GetItem"]
LIST_FOLDERS = ["ListObjectsV2"] * 2
READ_INDEX = ["GetObject"]
ASK_ABOUT_NEW_PICTURES = ["HeadObject"] * 3 + ["PutObject"]
CLAIM = ["TransactWriteItems"]
RECORD_RUN = ["start_pipeline_execution", "UpdateItem", "UpdateItem", "PutItem"]  # last: where it is found, itself
SEND_NOTICE = ["UpdateItem", "GetItem", "Publish", "UpdateItem"]  # read: what its people call the dataset
ASK_WHETHER_START_WAS_TOLD = ["GetItem"]


def nudge(stage: Stage) -> None:
    body = json.dumps({"dataset": "red-chairs", "due": 0})
    stage.invoke("start_run", {"Records": [{"messageId": "nudge", "body": body}]})


def test_a_look_that_waits_reads_no_file(stage: Stage, asked: list[str]) -> None:
    stage.put_images("red-chairs", 3)
    stage.upload_event("uploads/red-chairs/0000.png")
    asked.clear()
    stage.serve_timer()

    arm_timer = ["GetItem", "SendMessage", "UpdateItem"]
    assert asked == RECEIVE_TIMER + LIST_FOLDERS + arm_timer


def test_a_due_timer_starts_a_training_without_reading_back_what_it_has_written(stage: Stage, asked: list[str]) -> None:
    stage.put_images("red-chairs", 3)
    stage.upload_event("uploads/red-chairs/0000.png")
    stage.later(61)
    asked.clear()
    stage.serve_timer()

    write_snapshot = ["PutObject", "PutObject"]  # the images, and those to project
    how_fast_such_trainings_were = ["GetItem"]
    how_far_an_earlier_one_has_come = ["GetObject"]
    assert asked == [
        *RECEIVE_TIMER,
        *LIST_FOLDERS,
        *READ_INDEX,
        *ASK_ABOUT_NEW_PICTURES,
        *write_snapshot,
        *how_far_an_earlier_one_has_come,
        *how_fast_such_trainings_were,
        *CLAIM,
        *RECORD_RUN,
        *SEND_NOTICE,
    ]


def test_a_look_at_an_active_run_lists_nothing_and_asks_sagemaker_only_after_long(
    stage: Stage, asked: list[str]
) -> None:
    stage.settle()
    asked.clear()
    nudge(stage)
    assert asked == READ_STATE + ASK_WHETHER_START_WAS_TOLD

    stage.later(901)
    asked.clear()
    nudge(stage)
    assert asked == [*READ_STATE, *ASK_WHETHER_START_WAS_TOLD, "describe_pipeline_execution"]


def test_a_look_that_finds_nothing_new_asks_about_no_picture_again(stage: Stage, asked: list[str]) -> None:
    stage.settle()
    finish(stage, "Succeeded")
    asked.clear()
    nudge(stage)

    read_run_whose_notice_is_owed = ["GetItem"]
    assert asked == READ_STATE + read_run_whose_notice_is_owed + LIST_FOLDERS + READ_INDEX


def test_a_run_whose_end_is_heard_before_its_start_is_recorded_is_not_announced(stage: Stage) -> None:
    """Whoever has recorded the start does not take what it holds for all that is known."""
    start = stage.sagemaker.start_pipeline_execution

    def start_and_end_at_once(**request: object) -> object:
        answer = start(**request)
        arn = answer["PipelineExecutionArn"]
        Runs(stage.dynamodb, "ledger").end(arn, "Failed", stage.now_ms(), stage.now_ms())
        return answer

    stage.sagemaker.start_pipeline_execution = start_and_end_at_once  # type: ignore[assignment,method-assign]
    stage.settle()

    assert stage.item("DATASET#red-chairs")["phase"] == {"S": "RUNNING"}
    assert stage.mails == []
