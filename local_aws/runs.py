"""Looking at runs from outside, over SageMaker's API alone: what `watch`, `runs` and the demo show."""

import datetime
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from contract.errors import RefusedName
from contract.names import check_dataset
from contract.statuses import TERMINAL


@dataclass(frozen=True)
class StepView:
    """One step of a run. `seconds` is None while it has not begun."""

    name: str
    status: str
    seconds: float | None
    reason: str = ""


@dataclass(frozen=True)
class RunView:
    """One run. `seconds` is how long it has been, or was, at work."""

    arn: str
    dataset: str
    status: str
    seconds: float
    steps: Sequence[StepView]
    reason: str = ""

    @property
    def done(self) -> bool:
        return self.status in TERMINAL

    @property
    def execution_id(self) -> str:
        return self.arn.rsplit("/", 1)[-1]


def list_runs(sagemaker: Any, pipeline_name: str, dataset: str | None = None) -> list[RunView]:
    """Return the runs of the pipeline, newest first; with `dataset`, only its own."""
    runs = []
    for page in sagemaker.get_paginator("list_pipeline_executions").paginate(PipelineName=pipeline_name):
        for summary in page["PipelineExecutionSummaries"]:
            run = describe_run(sagemaker, summary["PipelineExecutionArn"])
            if dataset in (None, run.dataset):
                runs.append(run)
    return runs


def describe_run(sagemaker: Any, arn: str) -> RunView:
    execution = sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)
    steps = sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=arn, SortOrder="Ascending")
    status = execution["PipelineExecutionStatus"]
    end = execution["LastModifiedTime"] if status in TERMINAL else _now()
    return RunView(
        arn,
        _dataset_in(execution.get("PipelineExecutionDescription")),
        status,
        (end - execution["CreationTime"]).total_seconds(),
        [_step(step) for step in steps["PipelineExecutionSteps"]],
        execution.get("FailureReason", ""),
    )


def kimg_of(sagemaker: Any, arn: str) -> float:
    """Return how far a run's training is to go, in thousands of images."""
    answer = sagemaker.list_pipeline_parameters_for_execution(PipelineExecutionArn=arn)
    return next(float(given["Value"]) for given in answer["PipelineParameters"] if given["Name"] == "Kimg")


def _dataset_in(description: str | None) -> str:
    """The dataset that a run is about; "?" for a run that somebody has started by hand with another description."""
    try:
        return check_dataset(json.loads(description or "null")["dataset"])
    except (ValueError, TypeError, LookupError, RecursionError, RefusedName):
        return "?"


def _step(step: dict[str, Any]) -> StepView:
    start = step.get("StartTime")
    seconds = (step.get("EndTime", _now()) - start).total_seconds() if start else None
    return StepView(step["StepName"], step["StepStatus"], seconds, step.get("FailureReason", ""))


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
