"""Runs are found by their dataset, newest first, whoever has written their records and however often."""

from dataclasses import replace

import pytest

from contract.run_identity import RunIdentity
from tests.unit.conftest import TABLE, Recorder, Stage
from workshop.ledger import Claim, RunRecord, Runs
from workshop.ledger.runs import MOST_LISTED
from workshop.platform import clients

NOW = 1_795_435_200_000
ARN = "arn:aws:sagemaker:eu-central-1:123456789012:pipeline/workshop/execution/"
CLAIM = Claim("0" * 64, {}, 3, 0, "sketch", 128, "", 86_400, None)


def record(name: str, started_at: int, dataset: str = "cats") -> RunRecord:
    return RunRecord.of_claim(f"{ARN}{name}", RunIdentity(dataset, "0" * 64, 1), CLAIM, started_at)


@pytest.fixture
def runs(stage: Stage) -> Runs:
    return Runs(clients.dynamodb(), TABLE)


def names(runs: Runs, dataset: str = "cats") -> list[str]:
    return [run.arn.removeprefix(ARN) for run in runs.of_dataset(dataset)]


def test_a_datasets_runs_come_newest_first_without_those_of_others(runs: Runs) -> None:
    for run in (record("b", NOW), record("a", NOW - 1), record("c", NOW + 5), record("d", NOW, "cats-2")):
        assert runs.create(run, NOW)
    assert names(runs) == ["c", "b", "a"]
    assert names(runs, "dogs") == []


def test_a_run_is_as_its_own_record_says_and_found_once(runs: Runs) -> None:
    run = record("a", NOW)
    assert runs.create(run, NOW)
    assert not runs.create(replace(run, started_at=NOW + 60_000), NOW + 60_000)  # who has heard of it later
    runs.end(run.arn, "Succeeded", NOW + 90_000, NOW + 90_000)
    (found,) = runs.of_dataset("cats")
    assert (found.started_at, found.status) == (NOW, "Succeeded")
    assert found == runs.read(run.arn)


def test_of_very_many_runs_the_newest_are_listed(runs: Runs) -> None:
    for number in range(MOST_LISTED + 2):
        runs.create(record(f"run{number}", NOW + number), NOW)
    assert names(runs) == [f"run{number}" for number in range(MOST_LISTED + 1, 1, -1)]


def test_what_finds_a_run_is_written_before_the_record_and_goes_with_it(stage: Stage, runs: Runs) -> None:
    recorder = Recorder(stage.dynamodb)
    Runs(recorder, TABLE).create(record("a", NOW), NOW)  # type: ignore[arg-type]
    assert [operation for operation, _ in recorder.calls] == ["update_item", "put_item"]
    place = stage.item("DATASET#cats", f"RUN#{NOW:015d}#a")
    assert place["expires"] == stage.item(f"RUN#{ARN}a")["expires"]


def test_a_run_whose_record_was_never_written_is_not_listed(stage: Stage, runs: Runs) -> None:
    runs.create(record("a", NOW), NOW)
    stage.dynamodb.delete_item(TableName=TABLE, Key={"pk": {"S": f"RUN#{ARN}a"}, "sk": {"S": "STATE"}})
    assert names(runs) == []


def test_a_run_is_found_by_its_id_among_however_many_of_its_own_dataset_only(runs: Runs) -> None:
    for number in range(MOST_LISTED + 5):
        runs.create(record(f"run{number}", NOW + number), NOW)
    assert runs.find("cats", "run0") == runs.read(f"{ARN}run0")
    assert runs.find("cats", "0") is None
    assert runs.find("dogs", "run0") is None
