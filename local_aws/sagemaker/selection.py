"""Selective execution: some steps of a pipeline run, on what an earlier execution of it has left.

Sources: the API reference of SelectiveExecutionConfig and SelectiveExecutionResult; SageMaker Developer Guide,
"Selective execution of pipeline steps". Both are short; what they leave open is decided here:

- a selected step's dependencies are the steps it refers to, those in its DependsOn, and the Condition in whose branch
  it stands. Those that are not selected must have succeeded in the source, a Condition with the outcome that leads to
  the selected step. They count as succeeded and are listed with a SelectiveExecutionResult, as AWS's SDK expects of the
  service in its own tests. No event tells of them, since nothing happens to them.
- the source may itself have reused a step. Its whole definition need not be the present one: steps are matched by name
  and type.
- selected steps need not have anything to do with each other; only what lies between them must be selected as well.
"""

from collections.abc import Mapping

from local_aws.sagemaker.definition import Definition, StepDefinition
from local_aws.sagemaker.errors import SelectionError
from local_aws.sagemaker.expressions import Json
from local_aws.sagemaker.records import ExecutionRecord, Selection, StepRecord, now

MOST_STEPS = 50
_STATUSES_OF_SOURCES = frozenset({"Succeeded", "Failed"})


def parse_selection(config: Json) -> Selection:
    """Parse a SelectiveExecutionConfig.

    Raises:
        SelectionError: it is not of that form, or names no step, too many steps, or one step twice.
    """
    members = config if isinstance(config, dict) else {}
    items, source_arn = members.get("SelectedSteps"), members.get("SourcePipelineExecutionArn")
    names: list[str] = [
        item["StepName"]
        for item in (items if isinstance(items, list) else ())
        if isinstance(item, dict) and isinstance(item.get("StepName"), str)
    ]
    if not isinstance(items, list) or len(names) < len(items) or not isinstance(source_arn, str | None):
        raise SelectionError("it takes SelectedSteps, a list of objects with StepName, and SourcePipelineExecutionArn")
    if not 1 <= len(names) <= MOST_STEPS:
        raise SelectionError(f"SelectedSteps names 1 to {MOST_STEPS} steps, not {len(names)}")
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise SelectionError(f"SelectedSteps names [{', '.join(repeated)}] more than once")
    return Selection(tuple(names), source_arn)


def reused_steps(
    selection: Selection, definition: Definition, pipeline_arn: str, executions: Mapping[str, ExecutionRecord]
) -> dict[str, StepRecord]:
    """Return, as steps that have succeeded, those that the selected ones need and that are not selected.

    Args:
        executions: all that are known, by ARN.

    Raises:
        SelectionError: names the steps that cannot be run like this, or what is wrong with the source.
    """
    if unknown := [name for name in selection.steps if name not in definition.steps]:
        raise SelectionError(f"the pipeline has no steps [{', '.join(unknown)}]")
    if gaps := _gaps(selection, definition):
        raise SelectionError(
            f"steps [{', '.join(gaps)}] lie between selected ones; all steps of a path between two selected steps must "
            "be selected"
        )
    source = _source(selection, pipeline_arn, executions)
    needed = [
        step
        for step in definition.steps.values()
        if step.name not in selection.steps
        and any(step.name in definition.steps[name].waits_for for name in selection.steps)
    ]
    if needed and source is None:
        raise SelectionError(
            f"the selected steps [{', '.join(selection.steps)}] depend on [{', '.join(step.name for step in needed)}]: "
            "select these, too, or name a SourcePipelineExecutionArn in which they have succeeded"
        )
    reused = {step.name: _reused(step, source) for step in needed if source is not None}
    for name in selection.steps:
        branch = definition.steps[name].branch
        if branch and branch.condition in reused and reused[branch.condition].properties["Outcome"] != branch.outcome:
            raise SelectionError(
                f"step '{name}' runs if the condition '{branch.condition}' is {branch.outcome}, which it was not in "
                f"{selection.source_arn}"
            )
    return reused


def _gaps(selection: Selection, definition: Definition) -> list[str]:
    """Return the steps that are not selected though they come after one selected step and before another."""
    chosen = set(selection.steps)
    steps = definition.steps
    before = _closure(chosen, {name: step.waits_for for name, step in steps.items()})
    after = _closure(chosen, {name: {other for other in steps if name in steps[other].waits_for} for name in steps})
    return [name for name in steps if name in before & after and name not in chosen]


def _closure(names: set[str], neighbours: Mapping[str, frozenset[str] | set[str]]) -> set[str]:
    """Return what can be reached from `names`, themselves included."""
    found, frontier = set(names), set(names)
    while frontier:
        frontier = {other for name in frontier for other in neighbours[name]} - found
        found |= frontier
    return found


def _source(
    selection: Selection, pipeline_arn: str, executions: Mapping[str, ExecutionRecord]
) -> ExecutionRecord | None:
    arn = selection.source_arn
    if arn is None:
        return None
    source = executions.get(arn)
    if source is None or source.pipeline_arn != pipeline_arn:
        raise SelectionError(f"SourcePipelineExecutionArn {arn} is no execution of the pipeline {pipeline_arn}")
    if source.status not in _STATUSES_OF_SOURCES:
        raise SelectionError(
            f"SourcePipelineExecutionArn {arn} is {source.status}; only an execution that has Succeeded or Failed has "
            "results to go on with"
        )
    return source


def _reused(step: StepDefinition, source: ExecutionRecord) -> StepRecord:
    """Return a step of the present definition with what the source's step of that name has produced."""
    there = source.steps.get(step.name)
    if there is None or there.status != "Succeeded" or there.step.type != step.type:
        found = "it did not run" if there is None else f"it is a {there.step.type} step and {there.status}"
        raise SelectionError(
            f"the selected steps need the {step.type} step '{step.name}' to have succeeded in {source.arn}, but there "
            f"{found}"
        )
    moment = now()
    return StepRecord(
        step,
        status="Succeeded",
        started=moment,
        ended=moment,
        metadata=there.metadata,
        properties=there.properties,
        reused_from=source.arn,
    )
