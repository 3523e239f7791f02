"""Why a run failed: the step, SageMaker's reason, where its log is, and what a person can do about it."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from botocore.exceptions import ClientError

from workshop.clients import NOT_FOUND, SageMaker, error_code, list_steps
from workshop.ending import LOST
from workshop.names import Execution

# Steps of the pipeline in an artist's words.
STEP_WORDS = {
    "Prepare": "preparing the pictures",
    "EnoughImages": "checking that there are enough good pictures",
    "TooFewImages": "checking that there are enough good pictures",
    "Train": "training",
    "Infer": "making new pictures",
    "Notify": "sending the result",
}
TOO_FEW_IMAGES = "TooFewImages"

_LOG_GROUPS = {
    "ProcessingJob": "/aws/sagemaker/ProcessingJobs",
    "TrainingJob": "/aws/sagemaker/TrainingJobs",
}
_CHANGE = "Or add or change a picture: then a new run starts by itself."


@dataclass(frozen=True)
class Failure:
    """A failed run, in words."""

    headline: str
    what: str
    step_words: str
    reason: str
    log_url: str
    next_steps: tuple[str, ...]
    is_too_few_images: bool


@dataclass(frozen=True)
class _Cause:
    """A reason that is met often: how to recognise it, and what to do."""

    pattern: re.Pattern[str]
    next_step: str


def _cause(pattern: str, next_step: str) -> _Cause:
    return _Cause(re.compile(pattern, re.IGNORECASE), next_step)


# The first that matches wins.
_CAUSES = (
    _cause(
        r"resource ?limit ?exceeded|service quota|account-level service limit",
        "The account's limit for this type of machine is used up. Whoever runs the workshop can ask AWS for a higher"
        " quota, or choose another instance type.",
    ),
    _cause(
        r"capacity ?error|insufficient .{0,40}capacity|unable to provision",
        "AWS had no free machine of this type. Waiting some hours often helps; another instance type does, too.",
    ),
    _cause(
        r"max(imum)? ?(run ?time|wait ?time)|MaxRuntimeExceeded|MaxWaitTimeExceeded",
        "The step took longer than allowed. Choose a smaller preset, or ask for a longer maximum. A rerun continues"
        " from the last checkpoint.",
    ),
    _cause(
        r"out of memory|OutOfMemory",
        "The machine ran out of memory. Choose a lower resolution, or ask for a larger instance type.",
    ),
    _cause(
        r"signal|killed|SIGKILL|SIGTERM|exit code:? 137",
        "The process was ended from outside, most often because the machine ran out of memory. A rerun continues from"
        " the last checkpoint; if it ends the same way, choose a lower resolution or a larger instance type.",
    ),
    _cause(
        r"AccessDenied|not authorized",
        "A permission is missing. Whoever runs the workshop should compare the job role with the template.",
    ),
)
_CLASSES = re.compile(r"^(?:(?:ClientError|AlgorithmError): )+(?=\S)")
_UNKNOWN_CAUSE = "Look at the log: its last lines usually name the cause."


def gather(sagemaker: SageMaker, execution: Execution, status: str, rerun: str) -> Failure:
    """Ask SageMaker what happened. `rerun` is the command that starts the run again."""
    how_again = again(rerun)
    if status == LOST:
        return lost(how_again)
    try:
        described = sagemaker.describe_pipeline_execution(PipelineExecutionArn=execution.arn)
        steps = list(list_steps(sagemaker, execution.arn))
    except ClientError as error:
        if error_code(error) not in NOT_FOUND:
            raise
        return lost(how_again)
    step = next((s for s in steps if s.get("StepStatus") == "Failed"), None)
    if status == "Stopped" and step is None:
        return stopped(steps, how_again, execution)
    run_reason = str(described.get("FailureReason") or "")
    return failed(step, _own_words(sagemaker, step) or _bare(run_reason), how_again, execution)


def again(rerun: str) -> str:
    """How to start the run again, as a next step."""
    return f"To start it again with the same pictures, ask whoever runs the workshop to call\n  {rerun}"


def failed(step: dict[str, Any] | None, reason: str, how_again: str, execution: Execution) -> Failure:
    """A run whose step has failed, or that has failed as a whole (then `step` is None)."""
    name = str(step["StepName"]) if step else ""
    reason = reason or "SageMaker gives no reason."
    if name == TOO_FEW_IMAGES:
        return too_few_images(reason)
    words = STEP_WORDS.get(name, "")
    hint = next((cause.next_step for cause in _CAUSES if cause.pattern.search(reason)), _UNKNOWN_CAUSE)
    return Failure(
        headline=f"the run has failed while {words}" if words else "the run has failed",
        what="The run has failed. Nothing that you uploaded is lost or changed.",
        step_words=_step_words(name),
        reason=reason,
        log_url=log_url(step, execution) if step else "",
        next_steps=(hint, how_again, _CHANGE),
        is_too_few_images=False,
    )


def too_few_images(reason: str) -> Failure:
    """The pipeline itself ended the run: Prepare has set too many pictures aside."""
    return Failure(
        headline="too few good pictures",
        what="The run has ended early: too few of your pictures can be used.",
        step_words=_step_words(TOO_FEW_IMAGES),
        reason=reason,
        log_url="",
        next_steps=("Add more pictures, or replace those that were set aside. Then a new run starts by itself.",),
        is_too_few_images=True,
    )


def stopped(steps: list[dict[str, Any]], how_again: str, execution: Execution) -> Failure:
    """Somebody has stopped the run."""
    step = next((s for s in steps if s.get("StepStatus") == "Stopped"), None)
    return Failure(
        headline="the run was stopped",
        what="Somebody has stopped the run. Nothing that you uploaded is lost or changed.",
        step_words=_step_words(str(step["StepName"])) if step else "none was active",
        reason="The run was stopped on request.",
        log_url=log_url(step, execution) if step else "",
        next_steps=(how_again, _CHANGE),
        is_too_few_images=False,
    )


def lost(how_again: str) -> Failure:
    """SageMaker has no such run any more."""
    return Failure(
        headline="the run is lost",
        what="SageMaker no longer knows the run. Somebody may have deleted it, or its pipeline.",
        step_words="unknown",
        reason="The run's record in SageMaker does not exist any more.",
        log_url="",
        next_steps=(how_again, _CHANGE),
        is_too_few_images=False,
    )


def _step_words(name: str) -> str:
    if name not in STEP_WORDS:
        return name or "unknown"
    return f"{name} ({STEP_WORDS[name]})"


def log_url(step: dict[str, Any], execution: Execution) -> str:
    """The step's log in CloudWatch's console, filtered to its job; "" for a step without a job."""
    for kind, group in _LOG_GROUPS.items():
        arn = str(step.get("Metadata", {}).get(kind, {}).get("Arn") or "")
        if arn:
            job = arn.rsplit("/", 1)[-1]
            console = f"https://{execution.region}.console.aws.amazon.com/cloudwatch/home?region={execution.region}"
            place = f"#logsV2:log-groups/log-group/{_console_escape(group)}"
            return f"{console}{place}$3FlogStreamNameFilter$3D{_console_escape(job)}"
    return ""


def _own_words(sagemaker: SageMaker, step: dict[str, Any] | None) -> str:
    """What the failed step itself said. A processing job's sentence is its exit message, which is in no step's reason:
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeProcessingJob.html"""
    if step is None:
        return ""
    job_arn = str(step.get("Metadata", {}).get("ProcessingJob", {}).get("Arn") or "")
    if job_arn:
        job = sagemaker.describe_processing_job(ProcessingJobName=job_arn.rsplit("/", 1)[-1])
        if job.get("ExitMessage"):
            return str(job["ExitMessage"])
    return _bare(str(step.get("FailureReason") or ""))


def _bare(reason: str) -> str:
    """A reason without the classes that SageMaker puts before it, one for each service it has gone through."""
    return _CLASSES.sub("", reason)


def _console_escape(text: str) -> str:
    # CloudWatch's console escapes twice and writes "$" for "%".
    return quote(quote(text, safe=""), safe="").replace("%", "$")
