"""Further pictures of a model: start_run is asked, and decides."""

from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from contract.pipeline import PARAMETERS
from tests.unit.conftest import Stage
from tests.unit.watching.conftest import UnderWay
from tests.unit.web.conftest import CheckedBrowser
from workshop.platform import clients


def ask(watcher: CheckedBrowser, run: UnderWay, kind: str, *of: int) -> Any:
    return watcher.ask("POST", f"{run.address}/more", {"kind": kind, "of": list(of)})


def newest(run: UnderWay) -> dict[str, str]:
    parameters: dict[str, str] = [*run.stage.sagemaker.executions.values()][-1].parameters
    return parameters


def test_new_pictures_are_made_of_seeds_that_nobody_has_drawn(watcher: CheckedBrowser, made: UnderWay) -> None:
    answer = ask(watcher, made, "pictures")
    assert (answer.status, answer.body["outcome"], answer.body["run"]) == (200, "started", "run00002")
    parameters = newest(made)
    assert parameters["InferenceMode"] == "generate"
    assert PARAMETERS["InferenceSeeds"].accepts(parameters["InferenceSeeds"])
    assert [*made.stage.sagemaker.executions.values()][-1].source == made.arn
    shown = watcher.ask("GET", f"{made.address.replace(made.id, 'run00002')}").body
    assert (shown["run"]["makes_model"], shown["source"]) == (False, made.id)
    assert [step["name"] for step in shown["steps"]] == ["Infer", "Notify"]
    assert shown["cost"] == {"so_far": 0.0, "cap": 0.0}


def test_two_runs_draw_other_seeds(watcher: CheckedBrowser, made: UnderWay) -> None:
    seeds = set()
    for number in (2, 3):
        ask(watcher, made, "pictures")
        seeds.add(newest(made)["InferenceSeeds"])
        (arn,) = [arn for arn in made.stage.sagemaker.executions if arn.endswith(f"run0000{number}")]
        made.stage.sagemaker.end(arn, "Succeeded")
        made.stage.later(1000)
        made.stage.invoke("start_run", {"source": "manual", "dataset": "red-chairs", "release": True})
    assert len(seeds) == 2


def test_two_seeds_are_mixed(watcher: CheckedBrowser, made: UnderWay) -> None:
    assert ask(watcher, made, "mix", 7, 4_294_967_295).body["outcome"] == "started"
    assert (newest(made)["InferenceMode"], newest(made)["InferenceSeeds"]) == ("mix", "7,4294967295")


@pytest.mark.parametrize(("kind", "of"), [("mix", []), ("mix", [1]), ("mix", [1, 1]), ("pictures", [1])])
def test_a_wish_that_makes_no_sense_is_refused(
    watcher: CheckedBrowser, made: UnderWay, kind: str, of: list[int]
) -> None:
    answer = ask(watcher, made, kind, *of)
    assert (answer.status, answer.body["error"]) == (422, "bad_wish")
    assert len(made.stage.sagemaker.executions) == 1


def test_of_an_older_model_no_more_is_made(watcher: CheckedBrowser, made: UnderWay) -> None:
    made.stage.dynamodb.update_item(
        TableName="ledger",
        Key={"pk": {"S": "DATASET#red-chairs"}, "sk": {"S": "STATE"}},
        UpdateExpression="SET goodArn = :other",
        ExpressionAttributeValues={":other": {"S": made.arn.replace(made.id, "newer")}},
    )
    answer = ask(watcher, made, "pictures")
    assert (answer.status, answer.body["error"]) == (409, "older_model")


def test_while_a_run_is_active_it_is_said_and_none_is_started(watcher: CheckedBrowser, made: UnderWay) -> None:
    ask(watcher, made, "pictures")
    answer = ask(watcher, made, "mix", 1, 2)
    assert (answer.status, answer.body["outcome"]) == (200, "active")
    assert len(made.stage.sagemaker.executions) == 2


def test_what_start_run_refuses_is_told_in_its_words(
    watcher: CheckedBrowser, made: UnderWay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workshop.taking.more.secrets.randbelow", lambda _: 2**32)
    answer = ask(watcher, made, "pictures")
    assert (answer.status, answer.body["error"]) == (422, "cannot_start")
    assert "InferenceSeeds" in answer.body["problems"][0]


def test_a_look_that_takes_longer_than_anybody_waits_goes_on(watcher: CheckedBrowser, made: UnderWay) -> None:
    made.stage.functions.error = ReadTimeoutError(endpoint_url="https://lambda")
    answer = ask(watcher, made, "pictures")
    assert (answer.status, answer.body["outcome"]) == (200, "waiting")


def test_a_failure_of_start_run_is_not_told_to_strangers(
    watcher: CheckedBrowser, made: UnderWay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(made.stage.functions, "_invoke", lambda *_: 1 / 0)
    answer = ask(watcher, made, "pictures")
    assert (answer.status, answer.body["error"], answer.body["problems"]) == (500, "failed", [])


def test_who_waits_asks_once_and_gives_up_before_his_own_caller_does(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    config = clients._client.__wrapped__("lambda-once").meta.config  # type: ignore[attr-defined]
    assert (config.read_timeout, config.retries["total_max_attempts"]) == (20, 1)
