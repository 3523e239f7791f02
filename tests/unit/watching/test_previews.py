"""The mail about the first samples: once a run, only for those who have asked, and whatever of it was lost."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from contract.errors import RefusedName
from contract.run_results import TrainingOutcome
from contract.training_progress import Sheet, TrainingPhase, TrainingProgress
from tests.unit.conftest import BUCKET, TABLE, Stage, sample
from workshop.ledger import Ledger
from workshop.platform.errors import BadRequest

# As a training names its folder and its sheets (contract.training_progress).
TRAINING = "0123456789abcdef"
SHEET = f"{TRAINING}/samples/sheet-02.jpg"


def start(stage: Stage, settings: bytes = b"previews: true") -> str:
    """A run of red-chairs is started; returns where its training keeps its checkpoints, as a key."""
    stage.put("uploads/red-chairs/settings.yaml", settings)
    stage.settle()
    claim = Ledger(stage.dynamodb, TABLE).read("red-chairs").held_claim
    return claim.parameters["TrainCheckpointPath"].removeprefix(f"s3://{BUCKET}/")


def draw(stage: Stage, key: str) -> Any:
    event = sample("s3_sheet_created")
    event["detail"]["object"]["key"] = key
    return stage.invoke("status_listener", event)


def tell_progress(stage: Stage, checkpoints: str, sheets: int, written: datetime) -> None:
    outcome = TrainingOutcome(0.5, 400, "", 60, 120.0)
    listed = tuple(Sheet(f"{TRAINING}/samples/sheet-{n:02}.jpg", 0.25 * (n - 1)) for n in range(1, sheets + 1))
    progress = TrainingProgress(TrainingPhase.TRAINING, outcome, written, sheets=listed)
    stage.put(f"{checkpoints}progress.json", progress.to_json().encode())


def look_again(stage: Stage) -> None:
    stage.invoke("start_run", sample("sweep"))
    stage.serve_timer()


def test_the_first_samples_of_a_model_that_has_learned_are_mailed_once_and_shown(stage: Stage) -> None:
    checkpoints = start(stage)
    sheet = f"{checkpoints}{SHEET}"

    assert draw(stage, sheet) == {"outcome": "shown"}
    assert draw(stage, sheet) == {"outcome": "heard"}

    assert stage.mail_kinds == ["started", "preview"]
    mail = stage.mails[-1]
    assert json.loads(mail["MessageAttributes"]["pictures"]["StringValue"]) == [sheet]
    assert "Your admin can cancel this run, or end it early" in mail["Message"]


@pytest.mark.parametrize("settings", [b"", b"previews: false"])
def test_who_has_not_asked_is_not_told(stage: Stage, settings: bytes) -> None:
    checkpoints = start(stage, settings)
    assert draw(stage, f"{checkpoints}{SHEET}") == {"outcome": "heard"}
    stage.later(5)
    tell_progress(stage, checkpoints, 3, stage.date())
    look_again(stage)
    assert stage.mail_kinds == ["started"]


def test_the_mail_is_in_the_language_of_the_run(stage: Stage) -> None:
    checkpoints = start(stage, b"previews: true\nlanguage: de")
    draw(stage, f"{checkpoints}{SHEET}")
    assert stage.mails[-1]["Subject"] == "Workshop: red-chairs - die ersten Bilder des Trainings"


def test_samples_of_another_training_of_the_dataset_are_not_the_runs(stage: Stage) -> None:
    start(stage)
    event_key = sample("s3_sheet_created")["detail"]["object"]["key"]
    assert draw(stage, event_key) == {"outcome": "heard"}
    assert stage.mail_kinds == ["started"]


def test_samples_of_a_dataset_without_a_run_are_nothing(stage: Stage) -> None:
    assert stage.invoke("status_listener", sample("s3_sheet_created")) == {"outcome": "heard"}
    assert stage.mails == []


def test_a_lost_event_is_made_up_for_by_the_sweep_once(stage: Stage) -> None:
    checkpoints = start(stage)
    stage.later(5)
    tell_progress(stage, checkpoints, 1, stage.date())
    look_again(stage)
    assert stage.mail_kinds == ["started"], "the untrained model's alone"

    tell_progress(stage, checkpoints, 3, stage.date())
    look_again(stage)
    look_again(stage)

    assert stage.mail_kinds == ["started", "preview"]
    pictures = stage.mails[-1]["MessageAttributes"]["pictures"]["StringValue"]
    assert json.loads(pictures) == [f"{checkpoints}{SHEET}"]


def test_what_an_earlier_training_has_left_is_no_news_of_this_run(stage: Stage) -> None:
    checkpoints = start(stage)
    tell_progress(stage, checkpoints, 3, datetime(2020, 1, 1, tzinfo=UTC))
    look_again(stage)
    assert stage.mail_kinds == ["started"]


@pytest.mark.parametrize(
    "key",
    ["", "uploads/red-chairs/sheet-02.jpg", "checkpoints/Red Chairs/0-0/samples/sheet-02.png",
     "checkpoints/a/b/0-0/samples/sheet-02.png", "checkpoints/a/0-0/0/samples/sheet-02.png.exe",
     "checkpoints/a/0-0/samples/sheet-02.png", None, 5],
)  # fmt: skip
def test_an_object_that_is_no_sheet_is_refused(stage: Stage, key: Any) -> None:
    with pytest.raises((BadRequest, RefusedName)):
        draw(stage, key)
