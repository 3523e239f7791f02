"""A pipeline definition (JSON, schema version 2020-12-01): parsed once, checked whole, refused by name where this
stand-in cannot run it.

Run here: the step types Processing, Training, Lambda, Condition and Fail; parameters of every type; Get, Std:Join,
Std:JsonGet with property files; all comparisons, In, And, Or, Not; DependsOn by name; retry policies. Accepted without
effect: Metadata, PipelineExperimentConfig, display names and descriptions of steps (shown by the API). Everything else
is a DefinitionError when the pipeline is created or updated: other step types, step caching, DependsOn with triggers,
MLflow, ...
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from local_aws.sagemaker.errors import ExpressionError, PipelineDefinitionError
from local_aws.sagemaker.expressions import Json, Reference, check_condition, find_references
from local_aws.sagemaker.job_requests import check_request
from local_aws.sagemaker.parameters import DeclaredParameter, parse_parameters
from local_aws.sagemaker.retry import RetryPolicy, parse_retry_policies

VERSION = "2020-12-01"
JOB_TYPES = ("Processing", "Training")
OUTPUT_TYPES = ("String", "Integer", "Float", "Boolean")

_TOP_LEVEL = {"Version", "Metadata", "Parameters", "PipelineExperimentConfig", "MlflowConfig", "Steps"}
_ANY_STEP = {"Name", "Type", "Arguments", "DependsOn", "DisplayName", "Description"}
_STEP_MEMBERS: Mapping[str, set[str]] = {
    "Processing": _ANY_STEP | {"RetryPolicies", "PropertyFiles"},
    "Training": _ANY_STEP | {"RetryPolicies"},
    "Lambda": _ANY_STEP | {"FunctionArn", "OutputParameters"},
    "Condition": _ANY_STEP,
    "Fail": _ANY_STEP,
}
_STEP_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_EXECUTION_VARIABLES = {
    "PipelineName",
    "PipelineArn",
    "PipelineExecutionId",
    "PipelineExecutionArn",
    "StartDateTime",
    "CurrentDateTime",
}
_JOB_NAME_VARIABLES = {"Processing": {"ProcessingJobName"}, "Training": {"TrainingJobName"}}


@dataclass(frozen=True)
class Branch:
    """Where a step stands that runs only for one outcome of a condition."""

    condition: str
    outcome: bool


@dataclass(frozen=True)
class StepDefinition:
    """One step. `waits_for` names every step that must have succeeded before it may start."""

    name: str
    type: str
    arguments: Json
    waits_for: frozenset[str]
    branch: Branch | None = None
    display_name: str | None = None
    description: str | None = None
    retry_policies: tuple[RetryPolicy, ...] = ()
    property_files: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Property file name -> (output name, path below the output)."""
    function_arn: Json = None
    outputs: Mapping[str, str] = field(default_factory=dict)
    """A Lambda step's output name -> type."""


@dataclass(frozen=True)
class Definition:
    """A checked definition. `steps` is in the order in which ready steps are started; `text` is the JSON as given."""

    text: str
    parameters: Mapping[str, DeclaredParameter]
    steps: Mapping[str, StepDefinition]


def parse_definition(text: str) -> Definition:
    """Parse and check a definition.

    Raises:
        DefinitionError: the message names the offending parameter, step or member.
    """
    try:
        document = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise PipelineDefinitionError(f"it is not valid JSON: {error}") from error
    if not isinstance(document, dict):
        raise PipelineDefinitionError("it is not a JSON object")
    if document.get("Version") != VERSION:
        raise PipelineDefinitionError(f"Version is {document.get('Version')!r}, not '{VERSION}'")
    if unknown := document.keys() - _TOP_LEVEL:
        raise PipelineDefinitionError(f"{', '.join(sorted(unknown))} is not supported here")
    if document.get("MlflowConfig") is not None:
        raise PipelineDefinitionError("MlflowConfig is not supported here")
    parameters = parse_parameters(document.get("Parameters") or [])
    steps: dict[str, StepDefinition] = {}
    for step in _flatten(document.get("Steps"), None):
        if step.name in steps:
            raise PipelineDefinitionError(f"two steps are named '{step.name}'")
        steps[step.name] = step
    if not steps:
        raise PipelineDefinitionError("it has no steps")
    for step in steps.values():
        _check_references(step, steps, parameters)
    _refuse_cycles(steps)
    return Definition(text, parameters, steps)


def _flatten(items: Json, branch: Branch | None) -> Iterator[StepDefinition]:
    """Yield a list of steps, each Condition followed by the steps of its branches."""
    if not isinstance(items, list):
        raise PipelineDefinitionError("Steps, IfSteps and ElseSteps are lists of steps")
    for item in items:
        step = _parse_step(item, branch)
        yield step
        if step.type == "Condition":
            for member, outcome in (("IfSteps", True), ("ElseSteps", False)):
                yield from _flatten(step.arguments.get(member) or [], Branch(step.name, outcome))


def _parse_step(item: Json, branch: Branch | None) -> StepDefinition:
    if not isinstance(item, dict) or not isinstance(item.get("Name"), str) or not _STEP_NAME.fullmatch(item["Name"]):
        raise PipelineDefinitionError("every step needs a Name of up to 64 letters, digits, '-' and '_'")
    name, kind = item["Name"], str(item.get("Type"))
    members = _STEP_MEMBERS.get(kind)
    if members is None:
        raise PipelineDefinitionError(
            f"step '{name}': steps of type {kind!r} are not supported here; known: {', '.join(sorted(_STEP_MEMBERS))}"
        )
    for member in item.keys() - members:
        if item[member] is not None:
            raise PipelineDefinitionError(f"step '{name}': {member} is not supported here for a {kind} step")
    arguments = item.get("Arguments") or {}
    depends_on = item.get("DependsOn") or []
    if not isinstance(depends_on, list) or not all(isinstance(other, str) for other in depends_on):
        raise PipelineDefinitionError(f"step '{name}': DependsOn is a list of step names here (no triggers)")
    try:
        _check_arguments(kind, arguments)
        referenced = {found.name for found in _step_references(kind, item) if found.root == "Steps"}
        return StepDefinition(
            name=name,
            type=kind,
            arguments=arguments,
            waits_for=frozenset({*depends_on, *referenced, *((branch.condition,) if branch else ())}),
            branch=branch,
            display_name=item.get("DisplayName"),
            description=item.get("Description"),
            retry_policies=parse_retry_policies(item.get("RetryPolicies") or []),
            property_files=_parse_property_files(item.get("PropertyFiles") or [], arguments),
            function_arn=item.get("FunctionArn"),
            outputs=_parse_outputs(item.get("OutputParameters") or []),
        )
    except (PipelineDefinitionError, ExpressionError) as error:
        raise PipelineDefinitionError(f"step '{name}': {error}") from error


def _check_arguments(kind: str, arguments: Json) -> None:
    if not isinstance(arguments, dict):
        raise PipelineDefinitionError("Arguments is not an object")
    if kind in JOB_TYPES:
        check_request(kind, arguments)
    elif kind == "Fail" and arguments.keys() - {"ErrorMessage"}:
        raise PipelineDefinitionError("a Fail step takes ErrorMessage alone")
    elif kind == "Condition":
        if arguments.keys() - {"Conditions", "IfSteps", "ElseSteps"} or not isinstance(
            arguments.get("Conditions"), list
        ):
            raise PipelineDefinitionError("a Condition step takes a list of Conditions, IfSteps and ElseSteps")
        for condition in arguments["Conditions"]:
            check_condition(condition)


def _step_references(kind: str, item: Mapping[str, Json]) -> Iterator[Reference]:
    """Yield the references of a step's own members, without those of the steps in its branches."""
    arguments = item.get("Arguments") or {}
    yield from find_references(arguments.get("Conditions", []) if kind == "Condition" else arguments)
    yield from find_references(item.get("FunctionArn"))


def _parse_property_files(items: Json, arguments: Mapping[str, Json]) -> dict[str, tuple[str, str]]:
    files: dict[str, tuple[str, str]] = {}
    outputs = (arguments.get("ProcessingOutputConfig") or {}).get("Outputs")
    names = [output.get("OutputName") for output in outputs or [] if isinstance(output, dict)]
    for item in items if isinstance(items, list) else [None]:
        name, output, path = _texts(item, "PropertyFileName", "OutputName", "FilePath")
        if output not in names:
            raise PipelineDefinitionError(
                f"property file '{name}' names the output '{output}', which the step does not have"
            )
        files[name] = (output, path)
    return files


def _parse_outputs(items: Json) -> dict[str, str]:
    outputs: dict[str, str] = {}
    for item in items if isinstance(items, list) else [None]:
        name, kind = _texts(item, "OutputName", "OutputType")
        if kind not in OUTPUT_TYPES:
            raise PipelineDefinitionError(f"the type of output '{name}' is '{kind}'; known: {', '.join(OUTPUT_TYPES)}")
        outputs[name] = kind
    return outputs


def _texts(item: Json, *members: str) -> list[str]:
    """Return the members of an object that must all be there and not empty."""
    values = [item.get(member) for member in members] if isinstance(item, dict) else []
    texts = [value for value in values if isinstance(value, str) and value]
    if len(texts) != len(members):
        raise PipelineDefinitionError(f"an object with {', '.join(members)} is expected, not {item!r}")
    return texts


def _check_references(
    step: StepDefinition, steps: Mapping[str, StepDefinition], parameters: Mapping[str, DeclaredParameter]
) -> None:
    for other in step.waits_for:
        if other not in steps:
            raise PipelineDefinitionError(f"step '{step.name}' refers to step '{other}', which does not exist")
        if steps[other].type == "Fail":
            raise PipelineDefinitionError(f"{step.name} can not depends on {other}: a Fail step ends the run")
    known_variables = _EXECUTION_VARIABLES | _JOB_NAME_VARIABLES.get(step.type, set())
    own = {"Arguments": step.arguments, "FunctionArn": step.function_arn}
    for found in _step_references(step.type, own):
        if found.root == "Parameters" and found.name not in parameters:
            raise PipelineDefinitionError(
                f"step '{step.name}' refers to parameter '{found.name}', which is not defined"
            )
        if found.root == "Execution" and found.name not in known_variables:
            raise PipelineDefinitionError(f"step '{step.name}' refers to Execution.{found.name}, which is not known")
        if (
            found.root == "Steps"
            and found.path[0] == "PropertyFiles"
            and found.path[1] not in steps[found.name].property_files
        ):
            raise PipelineDefinitionError(
                f"step '{step.name}' refers to property file '{found.path[1]}', which step '{found.name}' has not"
            )


def _refuse_cycles(steps: Mapping[str, StepDefinition]) -> None:
    done: set[str] = set()
    while len(done) < len(steps):
        ready = {name for name, step in steps.items() if name not in done and step.waits_for <= done}
        if not ready:
            raise PipelineDefinitionError(f"these steps wait for each other: {', '.join(sorted(steps.keys() - done))}")
        done |= ready


def _refuse_constant(name: str) -> Json:
    raise ValueError(f"{name} is not JSON")
