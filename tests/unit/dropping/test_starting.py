"""Starting runs from the web app: start_run decides, and its answer is told in the reader's language."""

from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from tests.unit.conftest import TABLE, Stage
from tests.unit.dropping.conftest import ADDRESS, DATASET
from tests.unit.web.conftest import CheckedBrowser
from workshop.admission.grants import Right
from workshop.ledger import Ledger
from workshop.platform import clock
from workshop.platform.refusals import Unusable
from workshop.reconcile.looks import Outcome
from workshop.web.asking import _TOLD_AS, StartRun
from workshop.web.sentences import LANGUAGES, sentences


def start(browser: CheckedBrowser, *, again: bool = False, **headers: str) -> Any:
    return browser.ask("POST", f"{ADDRESS}/start", {"again": again}, **headers)


def find(browser: CheckedBrowser) -> Any:
    return browser.ask("POST", f"{ADDRESS}/find")


def end_well(stage: Stage, dataset: str = DATASET) -> str:
    """The active run has trained a network."""
    ledger = Ledger(stage.dynamodb, TABLE)
    state = ledger.read(dataset)
    arn = state.execution_arn or ""
    stage.sagemaker.executions[arn].status = "Succeeded"
    assert ledger.finish(state.run, state.held_claim, arn, "Succeeded", clock.now_ms(), has_trained=True)
    return arn


def test_a_run_starts_at_once_and_is_named(artist: CheckedBrowser, stage: Stage) -> None:
    stage.put_images(DATASET, 3)
    answer = start(artist)
    (arn,) = stage.sagemaker.executions
    assert answer.body == {"outcome": "started", "say": "A run has started.", "run": arn.rpartition("/")[2]}
    assert stage.mail_kinds == ["started"]


def test_while_it_runs_a_second_start_says_so(artist: CheckedBrowser, stage: Stage) -> None:
    stage.put_images(DATASET, 3)
    first, second = start(artist), start(artist)
    assert (second.body["outcome"], second.body["run"]) == ("active", first.body["run"])
    assert len(stage.sagemaker.executions) == 1


def test_nothing_new_is_run_again_only_if_that_is_asked_for(artist: CheckedBrowser, stage: Stage) -> None:
    stage.put_images(DATASET, 3)
    start(artist)
    end_well(stage)
    assert start(artist).body["outcome"] == "nothing"
    assert start(artist, again=True).body["outcome"] == "started"
    assert len(stage.sagemaker.executions) == 2


def test_too_few_images_are_told_and_the_datasets_page_says_why(artist: CheckedBrowser, stage: Stage) -> None:
    stage.put_images(DATASET, 1)
    answer = start(artist)
    assert (answer.body["outcome"], answer.body["run"]) == ("attention", None)
    shown = artist.ask("GET", ADDRESS).body
    assert (shown["state"], len(shown["problems"])) == ("blocked", 1)
    stage.put_images(DATASET, 3)
    assert start(artist).body["outcome"] == "started"
    assert artist.ask("GET", ADDRESS).body["problems"] == []


def test_with_no_slot_free_it_is_queued(artist: CheckedBrowser, stage: Stage) -> None:
    for name in ("lamps", "tables"):
        stage.put_images(name, 3)
        stage.invoke("start_run", {"source": "manual", "dataset": name})
    stage.put_images(DATASET, 3)
    assert start(artist).body["outcome"] == "queued"


@pytest.mark.parametrize(("language", "said"), [("de", "Ein Lauf"), ("zh-CN", "任务")])
def test_the_answer_is_in_the_readers_language(artist: CheckedBrowser, stage: Stage, language: str, said: str) -> None:
    stage.put_images(DATASET, 3)
    assert said in start(artist, accept_language=language).body["say"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_outcome_has_a_sentence(language: str) -> None:
    assert {f"start_{_TOLD_AS.get(outcome, outcome)}" for outcome in Outcome} <= set(sentences(language))


def test_a_look_that_takes_longer_than_anybody_waits_goes_on(artist: CheckedBrowser, stage: Stage) -> None:
    stage.functions.error = ReadTimeoutError(endpoint_url="x")
    answer = start(artist)
    assert (answer.status, answer.body["outcome"], answer.body["run"]) == (200, "waiting", None)
    assert len(stage.functions.asked) == 1


def test_what_goes_wrong_in_start_run_is_told_without_its_cause(
    artist: CheckedBrowser, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(Ledger, "read", fail)
    answer = start(artist)
    assert (answer.status, answer.body["error"]) == (500, "failed")
    assert "secret" not in str(answer.body)


def test_what_sagemaker_refuses_is_said_without_its_words(artist: CheckedBrowser, stage: Stage) -> None:
    """Whose run it is gets a mail, and whoever runs the workshop an alarm."""
    stage.settle(DATASET)
    end_well(stage)
    stage.sagemaker.executions.clear()
    stage.put(f"inference/{DATASET}/a.png")
    answer = find(artist)
    assert (answer.status, answer.body["error"], answer.body["problems"]) == (409, "cannot_start", [])


def test_what_start_run_finds_wrong_with_a_wish_is_told(stage: Stage) -> None:
    asking = StartRun(stage.functions, "start_run")
    with pytest.raises(Unusable) as refused:
        asking.ask({"dataset": DATASET, "parameters": {"Kimg": "many"}}, "en")
    assert "Kimg must be a number" in refused.value.problems[0]


def test_who_may_not_drop_starts_nothing(app: CheckedBrowser, stage: Stage) -> None:
    stage.put_images(DATASET, 3)
    app.open(DATASET, [Right.WATCH, Right.TAKE])
    assert (start(app).status, find(app).status) == (403, 403)
    assert stage.functions.asked == []


# --------------------------------------------------------------------------------------------------------------- find


def test_without_a_model_there_is_nothing_to_look_in(artist: CheckedBrowser, stage: Stage) -> None:
    stage.put(f"inference/{DATASET}/a.png")
    answer = find(artist)
    assert (answer.status, answer.body["error"], stage.functions.asked) == (409, "no_model", [])


def test_without_images_there_is_nothing_to_look_for(artist: CheckedBrowser, stage: Stage) -> None:
    stage.settle(DATASET)
    end_well(stage)
    stage.put(f"inference/{DATASET}/settings.yaml")
    answer = find(artist)
    assert (answer.status, answer.body["error"], stage.functions.asked) == (409, "nothing_to_find", [])


def test_images_are_looked_for_in_the_last_model_and_nothing_else_is_drawn(
    artist: CheckedBrowser, stage: Stage
) -> None:
    stage.put(f"uploads/{DATASET}/settings.yaml", b"inference_mode: generate\n")
    stage.settle(DATASET)
    model = end_well(stage)
    stage.put(f"inference/{DATASET}/a.png")
    answer = find(artist)
    assert answer.body["outcome"] == "started"
    found = next(run for arn, run in stage.sagemaker.executions.items() if arn.endswith(answer.body["run"]))
    assert (found.source, found.parameters["InferenceMode"]) == (model, "project")
    record = stage.read_json(found.parameters["InferenceImagePath"].partition("workshop-bucket/")[2])
    assert [one["name"] for one in record["objects"]] == ["a.png"]
