"""Causes that are met often: each reason gets the hint that helps."""

import pytest

from tests.unit.conftest import RUN_ARN
from workshop.failures import failed, log_url, stopped
from workshop.names import parse_execution
from workshop.settings import LANGUAGES
from workshop.words import words

EXECUTION = parse_execution(RUN_ARN)
ENGLISH = words("en")


@pytest.mark.parametrize(
    ("reason", "hint"),
    [
        ("ResourceLimitExceeded: The account-level service limit 'ml.g5.xlarge for training job usage' is 0", "quota"),
        ("CapacityError: Unable to provision requested ML compute capacity.", "no free machine"),
        ("InternalServerError: insufficient ml.g5.xlarge capacity", "no free machine"),
        ("Training job stopped: MaxRuntimeExceeded", "longer than allowed"),
        ("AlgorithmError: RuntimeError: CUDA out of memory", "ran out of memory"),
        ("AlgorithmError: the process was ended by SIGKILL, exit code: 137", "ended from outside"),
        ("AlgorithmError: AccessDenied when calling GetObject", "permission"),
        ("something nobody has seen", "Look at the log"),
    ],
)
def test_a_reason_gets_the_hint_that_helps(reason: str, hint: str) -> None:
    step = {"StepName": "Train", "StepStatus": "Failed"}
    assert hint in failed(ENGLISH, step, reason, "again", EXECUTION).next_steps[0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_reason_stays_in_its_own_words_in_every_language(language: str) -> None:
    failure = failed(words(language), {"StepName": "Train"}, "CUDA out of memory", "again", EXECUTION)
    assert failure.reason == "CUDA out of memory"
    assert failure.next_steps[0] == words(language).help_memory


def test_a_step_nobody_has_heard_of_is_named_as_it_is() -> None:
    failure = failed(ENGLISH, {"StepName": "Polish"}, "x", "again", EXECUTION)
    assert failure.step_words == "Polish"
    assert failure.headline == "the run has failed"


def test_no_reason_at_all_is_said() -> None:
    assert failed(ENGLISH, None, "", "again", EXECUTION).reason == "SageMaker gives no reason."


@pytest.mark.parametrize("metadata", [{}, {"Condition": {"Outcome": "False"}}, {"TrainingJob": {}}])
def test_a_step_without_a_job_has_no_log(metadata: dict[str, dict[str, str]]) -> None:
    assert log_url({"Metadata": metadata}, EXECUTION) == ""
    step = {"StepName": "Train", "StepStatus": "Stopped", "Metadata": metadata}
    assert stopped(ENGLISH, [step], "", EXECUTION).log_url == ""
