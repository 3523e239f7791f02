"""Selective execution: which steps may be run alone, and where what they need of other steps comes from."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from local_aws.sagemaker.definition import parse_definition
from local_aws.sagemaker.errors import SelectionError
from local_aws.sagemaker.events import STEP_CHANGE
from local_aws.sagemaker.records import Selection
from local_aws.sagemaker.selection import parse_selection, reused_steps
from tests.executor.support import (
    ACCOUNT,
    FUNCTION,
    GOOD,
    PIPELINE,
    REGION,
    ROLE,
    Place,
    condition,
    counting,
    eventually,
    fail,
    processing,
)

FIRST, SECOND, THIRD = "1" * 32, "2" * 32, "3" * 32
PIPELINE_ARN = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:pipeline/{PIPELINE}"


def call(name: str, *before: str, **arguments: Any) -> dict[str, Any]:
    """Return a Lambda step that is sent the outputs of the steps before it."""
    received = {other: {"Get": f"Steps.{other}.OutputParameters['said']"} for other in before}
    return {
        "Name": name,
        "Type": "Lambda",
        "FunctionArn": FUNCTION,
        "Arguments": {"name": name, **received, **arguments},
        "OutputParameters": [{"OutputName": "said", "OutputType": "String"}],
    }


def failing(name: str, *before: str) -> dict[str, Any]:
    """Return a Lambda step that misses an output in every answer."""
    return {**call(name, *before), "OutputParameters": [{"OutputName": "not said", "OutputType": "String"}]}


CHAIN = [call("A"), call("B", "A"), call("C", "B"), call("D", "C")]


def says(place: Place, word: str) -> None:
    """Let the function answer with its step's name and a word."""
    place.aws.functions.answer = lambda event: {"said": f"{event['name']}-{word}"}


def update(place: Place, *steps: dict[str, Any]) -> None:
    text = json.dumps({"Version": "2020-12-01", "Steps": list(steps)})
    place.api.update_pipeline(PipelineName=PIPELINE, PipelineDefinition=text)


def finished_source(place: Place, *steps: dict[str, Any]) -> str:
    """Run a pipeline of these steps to its end and forget what its functions were sent."""
    says(place, "first")
    place.create(list(steps))
    arn = place.start(FIRST)
    place.finish(arn)
    place.aws.functions.calls.clear()
    return arn


def test_selected_steps_run_on_what_the_source_has_left(place: Place) -> None:
    source = finished_source(place, *CHAIN)
    says(place, "second")
    arn = place.start(SECOND, ["B", "C"], source)
    description = place.finish(arn)
    assert description["PipelineExecutionStatus"] == "Succeeded"
    assert [event for _, event in place.aws.functions.calls] == [
        {"name": "B", "A": "A-first"},
        {"name": "C", "B": "B-second"},
    ]
    assert description["SelectiveExecutionConfig"] == {
        "SelectedSteps": [{"StepName": "B"}, {"StepName": "C"}],
        "SourcePipelineExecutionArn": source,
    }
    assert "SelectiveExecutionConfig" not in place.api.describe_pipeline_execution(PipelineExecutionArn=source)


def test_a_reused_step_is_listed_as_the_sources(place: Place) -> None:
    source = finished_source(place, *CHAIN)
    arn = place.start(SECOND, ["C"], source)
    place.finish(arn)
    steps = place.steps(arn)
    assert list(steps) == ["B", "C"]
    assert steps["B"]["SelectiveExecutionResult"] == {"SourcePipelineExecutionArn": source}
    assert (steps["B"]["StepStatus"], steps["B"]["AttemptCount"]) == ("Succeeded", 0)
    assert steps["B"]["Metadata"] == place.steps(source)["B"]["Metadata"]
    assert steps["B"]["StartTime"] == steps["B"]["EndTime"]
    assert "SelectiveExecutionResult" not in steps["C"]
    assert "SelectiveExecutionResult" not in place.steps(source)["B"]


def test_no_event_tells_of_a_reused_step(place: Place) -> None:
    source = finished_source(place, *CHAIN)
    arn = place.start(SECOND, ["C"], source)
    place.finish(arn)
    place.standin.stop()
    changes = place.aws.bus.details(STEP_CHANGE)
    assert {change["stepName"] for change in changes if change["pipelineExecutionArn"] == arn} == {"C"}


def test_steps_that_need_no_other_need_no_source(place: Place) -> None:
    says(place, "first")
    place.create(CHAIN)
    description = place.finish(place.start(FIRST, ["A", "B"]))
    assert list(place.steps(description["PipelineExecutionArn"])) == ["A", "B"]
    assert description["SelectiveExecutionConfig"] == {"SelectedSteps": [{"StepName": "A"}, {"StepName": "B"}]}


def test_a_failed_run_is_gone_on_with_where_it_failed(place: Place) -> None:
    source = finished_source(place, call("A"), failing("B", "A"))
    assert place.running(source).status == "Failed"
    update(place, *CHAIN)
    description = place.finish(place.start(SECOND, ["B"], source))
    assert description["PipelineExecutionStatus"] == "Succeeded"
    assert [event for _, event in place.aws.functions.calls] == [{"name": "B", "A": "A-first"}]


def test_a_selective_execution_can_be_the_source_of_another(place: Place) -> None:
    source = finished_source(place, *CHAIN)
    again = place.start(SECOND, ["C"], source)
    place.finish(again)
    arn = place.start(THIRD, ["C"], again)
    assert place.finish(arn)["PipelineExecutionStatus"] == "Succeeded"
    assert place.aws.functions.calls[-1][1] == {"name": "C", "B": "B-first"}
    assert place.steps(arn)["B"]["SelectiveExecutionResult"] == {"SourcePipelineExecutionArn": again}


def test_the_present_definition_is_run_not_the_sources(place: Place) -> None:
    source = finished_source(place, *CHAIN)
    update(place, call("A"), call("B", "A", note="new"))
    place.finish(place.start(SECOND, ["B"], source))
    assert place.aws.functions.calls[-1][1] == {"name": "B", "A": "A-first", "note": "new"}


def test_parameters_are_not_taken_over_from_the_source(place: Place) -> None:
    said = {name: {"Get": f"Parameters.{name}"} for name in ("P", "Q")}
    parameters = [{"Name": name, "Type": "String", "DefaultValue": "default"} for name in said]
    says(place, "first")
    place.create([call("A"), call("B", "A", **said)], parameters)
    source = place.start(FIRST, P="of the source", Q="of the source")
    place.finish(source)
    place.finish(place.start(SECOND, ["B"], source, Q="given"))
    assert place.aws.functions.calls[-1][1] == {"name": "B", "A": "A-first", "P": "default", "Q": "given"}


def test_parameters_without_a_default_must_be_given_again(place: Place) -> None:
    says(place, "first")
    place.create([call("A"), call("B", "A")], [{"Name": "P", "Type": "String"}])
    source = place.start(FIRST, P="given")
    place.finish(source)
    with pytest.raises(ClientError, match=r"Parameters \[P\] have no default value"):
        place.start(SECOND, ["B"], source)


def test_same_token_gives_the_same_execution_whatever_is_selected(place: Place) -> None:
    source = finished_source(place, *CHAIN)
    arn = place.start(SECOND, ["C"], source)
    assert place.start(SECOND, ["C"], source) == arn
    assert place.start(SECOND, ["no such step"]) == arn
    assert place.start(SECOND) == arn
    assert place.start(THIRD, ["C"], source) != arn


def test_a_property_file_of_a_reused_step_is_read_where_the_source_left_it(place: Place) -> None:
    judged = condition(GOOD, 3, [call("Then")], [fail("too few")])
    source = finished_source(place, counting(3), judged)
    arn = place.start(SECOND, ["Enough", "Then"], source)
    assert place.finish(arn)["PipelineExecutionStatus"] == "Succeeded"
    assert list(place.steps(arn)) == ["Step", "Enough", "Then"]


def test_an_output_that_the_source_did_not_have_fails_the_step_that_reads_it(place: Place) -> None:
    source = finished_source(place, processing("true"))
    update(place, counting(3), condition(GOOD, 3, [call("Then")], []))
    arn = place.start(SECOND, ["Enough"], source)
    assert place.finish(arn)["PipelineExecutionStatus"] == "Failed"
    assert place.steps(arn)["Enough"]["FailureReason"] == f"ClientError: {source} has no output 'report' of step 'Step'"


@pytest.mark.parametrize(("good", "selected"), [(3, "Then"), (2, "Otherwise")])
def test_a_condition_that_is_not_selected_has_been_decided_by_the_source(
    place: Place, good: int, selected: str
) -> None:
    source = finished_source(place, counting(good), condition(GOOD, 3, [call("Then")], [call("Otherwise")]))
    arn = place.start(SECOND, [selected], source)
    assert place.finish(arn)["PipelineExecutionStatus"] == "Succeeded"
    assert list(place.steps(arn)) == ["Enough", selected]
    assert [event["name"] for _, event in place.aws.functions.calls] == [selected]
    other = "Otherwise" if selected == "Then" else "Then"
    with pytest.raises(ClientError, match=f"step '{other}' runs if the condition 'Enough' is .*, which it was not in"):
        place.start(THIRD, [other], source)


@pytest.mark.parametrize(
    ("selected", "message"),
    [
        (["B", "E", "F"], r"the pipeline has no steps \[E, F\]"),
        (["A", "C"], r"steps \[B\] lie between selected ones"),
        (["A", "D"], r"steps \[B, C\] lie between selected ones"),
        (["C", "C"], r"SelectedSteps names \[C\] more than once"),
        ([str(number) for number in range(51)], "SelectedSteps names 1 to 50 steps, not 51"),
    ],
)
def test_steps_that_cannot_be_run_alone_are_refused(place: Place, selected: list[str], message: str) -> None:
    source = finished_source(place, *CHAIN)
    with pytest.raises(ClientError, match=f"ValidationException.*Invalid SelectiveExecutionConfig: {message}"):
        place.start(SECOND, selected, source)
    assert len(place.api.list_pipeline_executions(PipelineName=PIPELINE)["PipelineExecutionSummaries"]) == 1


def test_missing_source_is_refused_with_the_steps_that_need_it(place: Place) -> None:
    place.create(CHAIN)
    with pytest.raises(ClientError, match=r"the selected steps \[C, D\] depend on \[B\]: select these, too, or name"):
        place.start(FIRST, ["C", "D"])


def test_source_that_is_no_execution_of_the_pipeline_is_refused(place: Place) -> None:
    source = finished_source(place, *CHAIN)
    text = json.dumps({"Version": "2020-12-01", "Steps": CHAIN})
    place.api.create_pipeline(PipelineName="other", PipelineDefinition=text, RoleArn=ROLE)
    config = {"SelectedSteps": [{"StepName": "B"}], "SourcePipelineExecutionArn": source}
    with pytest.raises(ClientError, match=f"{source} is no execution of the pipeline .*pipeline/other"):
        place.api.start_pipeline_execution(PipelineName="other", SelectiveExecutionConfig=config)
    with pytest.raises(ClientError, match="execution/none is no execution of the pipeline"):
        place.start(SECOND, ["B"], f"{PIPELINE_ARN}/execution/none")


def test_source_that_still_runs_or_was_stopped_is_refused(place: Place) -> None:
    says(place, "first")
    place.create([processing("echo up; sleep 600"), {**call("B"), "DependsOn": ["Step"]}])
    source = place.start(FIRST)
    eventually(lambda: place.running(source).log_tail, "the program")
    with pytest.raises(ClientError, match=f"{source} is Executing; only an execution that has Succeeded or Failed"):
        place.start(SECOND, ["B"], source)
    place.standin.stop_execution(source)
    place.finish(source)
    with pytest.raises(ClientError, match=f"{source} is Stopped; only"):
        place.start(SECOND, ["B"], source)


def test_source_whose_step_has_not_succeeded_is_refused(place: Place) -> None:
    after = {**call("C"), "DependsOn": ["B"]}
    source = finished_source(place, call("A"), failing("B", "A"), after, call("D", "C"))
    needed = r"the selected steps need the Lambda step '{}' to have succeeded in .*, but there it {}"
    with pytest.raises(ClientError, match=needed.format("B", "is a Lambda step and Failed")):
        place.start(SECOND, ["C"], source)
    with pytest.raises(ClientError, match=needed.format("C", "did not run")):
        place.start(SECOND, ["D"], source)


def test_source_whose_step_was_of_another_type_is_refused(place: Place) -> None:
    source = finished_source(place, processing("true"), call("B"))
    update(place, call("Step"), call("B", "Step"))
    with pytest.raises(ClientError, match=r"the Lambda step 'Step' .* it is a Processing step and Succeeded"):
        place.start(SECOND, ["B"], source)


@pytest.mark.parametrize(
    "config",
    [
        "A",
        [],
        {},
        {"SelectedSteps": {}},
        {"SelectedSteps": 5},
        {"SelectedSteps": ["A"]},
        {"SelectedSteps": [{"StepName": "A"}, {}]},
        {"SelectedSteps": [{"StepName": 5}]},
        {"SelectedSteps": [{"StepName": "A"}], "SourcePipelineExecutionArn": 5},
        {"SelectedSteps": []},
    ],
)
def test_config_in_another_form_is_refused(config: Any) -> None:
    with pytest.raises(SelectionError, match="SelectedSteps"):
        parse_selection(config)


@given(st.data())
def test_a_selection_is_refused_if_and_only_if_a_path_leaves_it_and_comes_back(data: st.DataObject) -> None:
    """Compared with walking along every path of a random pipeline."""
    names = "ABCDEFG"[: data.draw(st.integers(1, 7))]
    before = {
        name: data.draw(st.sets(st.sampled_from(names[:index]))) if index else set() for index, name in enumerate(names)
    }
    selected = data.draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
    steps = [{**call(name), "DependsOn": sorted(others)} for name, others in before.items()]
    definition = parse_definition(json.dumps({"Version": "2020-12-01", "Steps": steps}))

    def paths_back(path: str) -> list[str]:
        return [path, *(longer for other in before[path[-1]] for longer in paths_back(path + other))]

    paths = [path for name in selected for path in paths_back(name) if path[-1] in selected]
    left_out = sorted({name for path in paths for name in path if name not in selected})
    needed = {other for name in selected for other in before[name]} - set(selected)
    selection = Selection(tuple(selected), None)
    if left_out:
        with pytest.raises(SelectionError, match=rf"^steps \[{', '.join(left_out)}\] lie between selected ones"):
            reused_steps(selection, definition, PIPELINE_ARN, {})
    elif needed:
        with pytest.raises(SelectionError, match=rf"depend on \[{', '.join(sorted(needed))}\]"):
            reused_steps(selection, definition, PIPELINE_ARN, {})
    else:
        assert reused_steps(selection, definition, PIPELINE_ARN, {}) == {}
