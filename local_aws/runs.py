"""Looking at runs from outside, over SageMaker's API: what `watch`, `runs` and the demo show. What a job prints comes
from its log.
"""

import datetime
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contract.errors import RefusedName
from contract.names import check_dataset
from contract.statuses import EXECUTING, TERMINAL
from local_aws.sagemaker.records import last_lines


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


def last_log_line(jobs: Path, run: RunView) -> str:
    """Return the last line that a run's present job has printed, or nothing. `jobs` has a folder for each run."""
    present = next((step.name for step in reversed(run.steps) if step.status == EXECUTING), "")
    # Of a step that is tried again, the newest.
    logs = sorted((jobs / run.execution_id).glob(f"{present}*/log.txt"), key=lambda log: log.stat().st_mtime)
    lines = last_lines(logs[-1], 1) if present and logs else ()
    return lines[0] if lines else ""


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
