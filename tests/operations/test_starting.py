"""start, rerun and look: start_run is asked, and its answer told."""

import json
from typing import Any

import pytest

from operations.starting import MEANINGS
from tests.operations.shell import Shell
from workshop.platform.errors import BadRequest
from workshop.reconcile.looks import Outcome, Result
from workshop.reconcile.start import check_overrides

ARN = "arn:aws:sagemaker:eu-central-1:123456789012:pipeline/workshop/execution/p4jn9xou8a8s"


def answer(shell: Shell, outcome: Outcome, detail: str = "", arn: str | None = None) -> None:
    shell.functions.answers["manual"] = Result(outcome, "cats", detail, arn).as_dict()


def sample_look(dataset: str) -> dict[str, Any]:
    """What a look sends."""
    return {"source": "manual", "dataset": dataset, "rerun": False, "inferenceOnly": False, "parameters": {}}


def the_event(shell: Shell) -> dict[str, Any]:
    ((name, kind, event),) = shell.functions.calls
    assert name == shell.workshop.resource("StartRun")
    assert kind == "RequestResponse"
    return dict(event)


@pytest.mark.parametrize(
    ("command", "flags"),
    [
        (["start"], {"rerun": False, "inferenceOnly": False}),
        (["rerun"], {"rerun": True, "inferenceOnly": False}),
        (["rerun", "--inference-only"], {"rerun": True, "inferenceOnly": True}),
    ],
)
def test_a_start_asks_the_function_with_its_parameters_and_names_the_run(
    shell: Shell, command: list[str], flags: dict[str, bool]
) -> None:
    answer(shell, Outcome.STARTED, "attempt 3", ARN)

    said = shell.succeed(*command, "cats", "Kimg=100", "WarmStartModel=s3://b/a=b/")

    assert said == "cats: a run has started: attempt 3.\nIts run: p4jn9xou8a8s\n"
    parameters = {"Kimg": "100", "WarmStartModel": "s3://b/a=b/"}
    assert the_event(shell) == {"source": "manual", "dataset": "cats", "parameters": parameters} | flags
    assert check_overrides(parameters) == parameters


@pytest.mark.parametrize("outcome", [o for o in Outcome if o is not Outcome.STARTED])
def test_a_rerun_that_has_not_started_ends_with_status_1_and_says_why(shell: Shell, outcome: Outcome) -> None:
    answer(shell, outcome, "a reason.")
    assert shell.fail("rerun", "cats").endswith(": a reason.\n")


def test_a_dataset_that_needs_attention_is_no_start(shell: Shell) -> None:
    answer(shell, Outcome.ATTENTION, "At least 20 pictures are needed.")
    assert shell.fail("start", "cats") == "cats: cannot be run as it is: At least 20 pictures are needed.\n"


def test_every_outcome_of_the_function_has_a_meaning() -> None:
    assert set(MEANINGS) == set(Outcome)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("Kimgs", "1", "'Kimgs' is not a parameter."),
        ("Kimg", "abc", "The parameter Kimg must be a number from 0.1 to 25000, not 'abc'."),
        ("Preset", "cheap", "The parameter Preset must be one of auto, "),
        ("TrainOptions", '{"gama": 10}', "'gama' is not an option that can be given here. Did you mean gamma?"),
        ("Seed", "4294967000", "The parameter Seed must be a whole number from 0 to 2147483647,"),
    ],
)
@pytest.mark.parametrize("command", ["start", "rerun"])
def test_a_parameter_is_refused_as_the_function_would_before_it_is_asked(
    shell: Shell, command: str, name: str, value: str, sentence: str
) -> None:
    with pytest.raises(BadRequest) as refusal:
        check_overrides({name: value})

    said = shell.fail(command, "cats", f"{name}={value}")

    assert said.removeprefix("Error: ") == f"{refusal.value}\n"
    assert sentence in said
    assert shell.functions.calls == []


@pytest.mark.parametrize("command", ["start", "rerun"])
def test_what_only_this_installation_refuses_is_told_in_the_functions_own_sentence(shell: Shell, command: str) -> None:
    sentence = (
        "The parameter TrainInstanceType must be one of ml.g5.xlarge, not ml.p5.48xlarge: these are the machines."
    )
    shell.functions.error = "Unhandled"
    shell.functions.answers["manual"] = {"errorType": "BadRequest", "errorMessage": sentence}

    assert shell.fail(command, "cats", "TrainInstanceType=ml.p5.48xlarge") == f"Error: {sentence}\n"
    assert the_event(shell)["parameters"] == {"TrainInstanceType": "ml.p5.48xlarge"}


@pytest.mark.parametrize("kind", ["Sandbox.Timedout", "KeyError", "Exception", "annotations", ""])
def test_a_function_that_has_failed_is_told_with_its_log(shell: Shell, kind: str) -> None:
    shell.functions.error = "Unhandled"
    shell.functions.answers["manual"] = {"errorType": kind, "errorMessage": "Task timed out\nafter 120 s"}

    said = shell.fail("start", "cats")

    assert said.startswith("Error: Task timed out after 120 s (start_run, ")
    assert shell.workshop.resource("StartRunLogs") in said


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["Kimg"], "'Kimg' is not of the form NAME=VALUE."),
        (["=1"], "'=1' is not of the form NAME=VALUE."),
        (["Kimg=1", "Kimg=2"], "The parameter 'Kimg' is given twice."),
        (["a\x1b[2Jb"], "'a?[2Jb' is not of the form NAME=VALUE."),
        (["Dataset=dogs"], "The parameter Dataset says which run this is and cannot be replaced."),
    ],
)
def test_what_is_no_parameter_is_refused_before_anything_is_asked(shell: Shell, given: list[str], message: str) -> None:
    assert message in shell.fail("rerun", "cats", *given)
    assert shell.functions.calls == []


@pytest.mark.parametrize("command", ["start", "rerun", "look"])
def test_a_hostile_name_is_refused_before_anything_is_asked(shell: Shell, command: str) -> None:
    assert "is no dataset name" in shell.fail(command, "../cats")
    assert shell.functions.calls == []


def test_a_look_asks_for_one_dataset_without_a_rerun(shell: Shell) -> None:
    answer(shell, Outcome.NOTHING, "the last run had exactly these pictures")

    said = shell.succeed("look", "cats")

    assert said == "cats: nothing to do: the last run had exactly these pictures.\n"
    assert the_event(shell) == sample_look("cats")


def test_a_look_at_all_is_what_the_schedule_does(shell: Shell) -> None:
    shell.functions.answers["schedule"] = {"datasets": 3}

    assert shell.succeed("look", "--all") == "3 datasets are being looked at; `runs` shows what starts.\n"
    assert the_event(shell) == json.loads('{"source": "schedule"}')


@pytest.mark.parametrize("arguments", [[], ["cats", "--all"]])
def test_a_look_at_nothing_or_at_both_is_refused(shell: Shell, arguments: list[str]) -> None:
    assert "Name one dataset, or give --all." in shell.fail("look", *arguments)


def test_a_missing_right_to_ask_is_one_sentence(shell: Shell) -> None:
    shell.functions.refuses = "AccessDeniedException"
    assert "You may not call Invoke" in shell.fail("start", "cats")


@pytest.mark.parametrize(
    ("outcome", "is_free"),
    [
        (Outcome.RELEASED, True),
        (Outcome.ENDED, True),
        (Outcome.NOTHING, True),
        (Outcome.WAITING, False),
        (Outcome.ACTIVE, False),
        (Outcome.STARTED, False),
    ],
)
def test_a_release_asks_the_function_and_says_whether_the_dataset_is_free(
    shell: Shell, outcome: Outcome, is_free: bool
) -> None:
    answer(shell, outcome, "a reason")
    said = shell.succeed("release", "cats") if is_free else shell.fail("release", "cats")
    assert said.endswith(": a reason.\n")
    assert the_event(shell) == {"source": "manual", "dataset": "cats", "release": True}
