"""StartPipelineExecution: the request against the API's own limits, read from botocore."""

import re
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st

from contract.pipeline import PARAMETERS
from contract.run_identity import RunIdentity
from tests.chaos.fakes import FakeClock, FakeSageMaker, client_error
from tests.unit.properties import quick
from workshop.ledger import Claim
from workshop.platform.errors import StartDelayed, StartRefused
from workshop.reconcile.start import Starter, check_overrides, display_name, parameter_text, request_token

MODEL = botocore.session.get_session().get_service_model("sagemaker")
REQUEST = MODEL.operation_model("StartPipelineExecution").input_shape.members
PARAMETER = REQUEST["PipelineParameters"].member.members

IDENTITIES = st.builds(
    RunIdentity,
    dataset=st.from_regex(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", fullmatch=True),
    fingerprint=st.text("0123456789abcdef", min_size=64, max_size=64),
    attempt=st.integers(1, 999_999_999),
)


@quick
@given(IDENTITIES)
def test_every_name_token_and_description_is_within_the_apis_limits(identity: RunIdentity) -> None:
    for text, member in (
        (display_name(identity), "PipelineExecutionDisplayName"),
        (request_token("x" * 256, "y" * 63, identity), "ClientRequestToken"),
        (identity.description("y" * 63), "PipelineExecutionDescription"),
    ):
        limits = REQUEST[member].metadata
        assert limits["min"] <= len(text) <= limits["max"], member
        if "pattern" in limits:
            assert re.fullmatch(limits["pattern"], text), member


@quick
@given(IDENTITIES)
def test_the_description_comes_back_as_the_same_run(identity: RunIdentity) -> None:
    assert RunIdentity.from_json(identity.to_json()) == identity
    assert RunIdentity.from_json(identity.description("bucket")) == identity


@quick
@given(IDENTITIES, IDENTITIES)
def test_tokens_are_equal_for_equal_runs_only(one: RunIdentity, other: RunIdentity) -> None:
    assert (request_token("p", "b", one) == request_token("p", "b", other)) is (one == other)
    assert request_token("p", "b", one) != request_token("q", "b", one)


@quick
@given(IDENTITIES)
def test_a_deployment_that_is_made_again_is_not_answered_with_a_run_of_the_deleted_one(identity: RunIdentity) -> None:
    """Pipeline, dataset, pictures and attempt are the same again; only the bucket is new."""
    assert request_token("workshop", "workshop-bucket-1", identity) != request_token(
        "workshop", "workshop-bucket-2", identity
    )


@quick
@given(st.text())
def test_any_other_description_is_no_run_of_ours(text: str) -> None:
    assert RunIdentity.from_json(text) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "true"), (False, "false"), (3, "3"), (0.5, "0.5"), (400.0, "400"), (25_000.0, "25000"), ("a", "a")],
)
def test_parameter_values_are_texts(value: Any, text: str) -> None:
    assert parameter_text(value) == text


NO_PARAMETERS = st.text(max_size=30).filter(lambda name: name not in PARAMETERS)


@quick
@given(st.dictionaries(NO_PARAMETERS, st.integers() | st.floats() | st.text() | st.none(), min_size=1))
def test_unknown_parameters_are_never_taken(given_parameters: dict[str, Any]) -> None:
    with pytest.raises(Exception, match="is not a parameter"):
        check_overrides(given_parameters)


RUN = RunIdentity("cats", "0" * 64, 1)


def claim(parameters: dict[str, str]) -> Claim:
    return Claim("0" * 64, parameters, 3, 0, "sketch", 128, "", 86_400, None)


def test_the_request_is_valid_for_the_api() -> None:
    sagemaker = FakeSageMaker(FakeClock())
    Starter(sagemaker, "workshop", "bucket").start(RUN, claim({"Dataset": "cats", "Kimg": "400"}))

    (request,) = sagemaker.requests
    shape = MODEL.operation_model("StartPipelineExecution").input_shape
    assert not ParamValidator().validate(request, shape).has_errors()
    assert {"Name", "Value"} == set(PARAMETER)


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        ("ThrottlingException", 400, StartDelayed),
        ("ResourceLimitExceeded", 400, StartDelayed),
        ("ConflictException", 409, StartDelayed),
        ("ResourceNotFound", 404, StartRefused),
        ("ValidationException", 400, StartRefused),
        ("AccessDeniedException", 403, StartRefused),
    ],
)
def test_a_refusal_says_whether_later_helps(code: str, status: int, error: type[Exception]) -> None:
    sagemaker = FakeSageMaker(FakeClock())
    sagemaker.refusals = [client_error(code, "StartPipelineExecution", status)]
    with pytest.raises(error, match=code):
        Starter(sagemaker, "workshop", "bucket").start(RUN, claim({}))


def test_every_declared_error_of_the_api_is_known_above() -> None:
    declared = {shape.name for shape in MODEL.operation_model("StartPipelineExecution").error_shapes}
    assert declared == {"ResourceNotFound", "ResourceLimitExceeded", "ConflictException"}


def test_an_error_that_leaves_it_open_is_not_turned_into_an_answer() -> None:
    sagemaker = FakeSageMaker(FakeClock())
    sagemaker.refusals = [client_error("InternalFailure", "StartPipelineExecution", 500), TimeoutError()]
    starter = Starter(sagemaker, "workshop", "bucket")
    with pytest.raises(Exception, match="InternalFailure"):
        starter.start(RUN, claim({}))
    with pytest.raises(TimeoutError):
        starter.start(RUN, claim({}))
