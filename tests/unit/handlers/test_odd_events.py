"""Events with anything at any place: each ends in an outcome or in a refusal of ours, and costs no news it holds."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from contract.errors import RefusedName
from tests.unit.conftest import ROOT, RUN_ARN, Stage, sample
from tests.unit.handlers.test_status_events import SAMPLES
from workshop.platform.errors import BadRequest

FUNCTIONS = {name: function for name, (function, _) in SAMPLES.items()} | {
    path.stem: "upload_trigger" for path in (ROOT / "events").glob("s3_*.json")
}
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        ["", "x" * 100_000, "\ud800", "\x00", RUN_ARN, "9999-12-31T23:59:59Z", "0001-01-01", "[" * 10_000]
    ),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)
DROPPED = object()


def places(value: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The way to every value in a document, the whole first."""
    yield at
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in inner:
        yield from places(child, (*at, key))


def changed(event: Any, at: tuple[str | int, ...], value: Any) -> Any:
    """A copy of the event with another value at that place."""
    if not at:
        return value
    event = copy.deepcopy(event)
    holder = event
    for key in at[:-1]:
        holder = holder[key]
    if value is DROPPED:
        del holder[at[-1]]
    else:
        holder[at[-1]] = value
    return event


def mutations(name: str) -> st.SearchStrategy[Any]:
    """The sample with one to three values changed; those inside of a queue's message, too."""

    @st.composite
    def mutation(draw: st.DrawFn) -> Any:
        event: Any = sample(name)
        for _ in range(draw(st.integers(1, 3))):
            found = list(places(event))
            at = draw(st.sampled_from(found))
            event = changed(event, at, draw(VALUES | st.just(DROPPED)) if at else draw(VALUES))
        return event

    return mutation()


def in_queue(event: Any) -> dict[str, Any]:
    neighbour = sample("s3_object_created")
    neighbour["detail"]["object"]["key"] = "uploads/neighbour/1.png"
    bodies = {"odd": json.dumps(event), "good": json.dumps(neighbour)}
    return {"Records": [{"messageId": name, "body": body} for name, body in bodies.items()]}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_event_at_all_raises_anything_but_a_refusal(stage: Stage, name: str) -> None:
    stage.know_run()

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(mutations(name))
    @example(None)
    @example([])
    @example("Records")
    @example({"Records": [None]})
    @example({"Records": [{"messageId": "m", "body": 7}]})
    def one(event: Any) -> None:
        if name.startswith("s3_"):
            answer = stage.invoke("upload_trigger", in_queue(event))
            assert answer["batchItemFailures"] in ([], [{"itemIdentifier": "odd"}])
            assert stage.item("DATASET#neighbour")
        else:
            try:
                answer = stage.invoke(FUNCTIONS[name], event)
            except (BadRequest, RefusedName):
                return
        assert isinstance(answer, dict)
        assert answer

    one()


OPTIONAL = {
    "pipeline_execution_failed": ["executionEndTime", "executionStartTime", "pipelineExecutionDisplayName"],
    "pipeline_step_failed": [
        "metadata",
        "stepStartTime",
        "stepEndTime",
        "stepType",
        "failureReason",
        "previousStepStatus",
    ],
    "pipeline_step_cache_hit": ["cacheHitResult", "metadata"],
}


@pytest.mark.parametrize(("name", "field"), [(name, field) for name, fields in OPTIONAL.items() for field in fields])
@pytest.mark.parametrize(
    "value",
    [DROPPED, None, True, 7, -1.5, "", "x", "\ud800", "x" * 100_000, [], [None], {}, {"arn": []}, {"a": {"arn": {}}}],
)
def test_what_an_event_need_not_have_costs_no_news_in_whatever_form_it_comes(
    stage: Stage, name: str, field: str, value: Any
) -> None:
    stage.know_run()
    event = changed(sample(name), ("detail", field), value)

    expected = "recorded" if "step" in name else "ended"
    assert stage.invoke("status_listener", event) == {"outcome": expected}


@pytest.mark.parametrize(
    "metadata", [{"trainingJob": []}, {"other": {"arn": 7}}, {"a": 1, "trainingJob": {"arn": "arn:job"}}]
)
def test_a_job_is_found_beside_what_is_none(stage: Stage, metadata: dict[str, Any]) -> None:
    stage.know_run()
    event = changed(sample("pipeline_step_failed"), ("detail", "metadata"), metadata)
    stage.invoke("status_listener", event)

    job = stage.item(f"RUN#{RUN_ARN}", "STEP#Train").get("job")
    assert job == ({"S": "arn:job"} if metadata.get("a") else None)


@pytest.mark.parametrize("time", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00", "yesterday", 1795435200, None, ["x"]])
def test_an_end_at_an_impossible_time_has_ended_now(stage: Stage, time: Any) -> None:
    """A time to come would put off for ever what is asked so and so long after the end."""
    stage.know_run()
    event = changed(sample("pipeline_execution_failed"), ("detail", "executionEndTime"), time)
    before = stage.now_ms()
    stage.invoke("status_listener", event)

    assert before <= int(stage.item(f"RUN#{RUN_ARN}")["endedAt"]["N"]) <= stage.now_ms()
