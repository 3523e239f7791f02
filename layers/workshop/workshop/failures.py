"""Why a run failed: the step, SageMaker's reason, where its log is, and what a person can do about it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from botocore.exceptions import ClientError

from workshop.clients import NOT_FOUND, SageMaker, error_code, list_steps
from workshop.ending import LOST
from workshop.names import Execution
from workshop.words import Words

TOO_FEW_IMAGES = "TooFewImages"

_LOG_GROUPS = {
    "ProcessingJob": "/aws/sagemaker/ProcessingJobs",
    "TrainingJob": "/aws/sagemaker/TrainingJobs",
}


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
    help: Callable[[Words], str]


def _cause(pattern: str, what_helps: Callable[[Words], str]) -> _Cause:
    return _Cause(re.compile(pattern, re.IGNORECASE), what_helps)


# The first that matches wins.
_CAUSES = (
    _cause(r"resource ?limit ?exceeded|service quota|account-level service limit", lambda say: say.help_quota),
    _cause(r"capacity ?error|insufficient .{0,40}capacity|unable to provision", lambda say: say.help_capacity),
    _cause(r"max(imum)? ?(run ?time|wait ?time)|MaxRuntimeExceeded|MaxWaitTimeExceeded", lambda say: say.help_time),
    _cause(r"out of memory|OutOfMemory", lambda say: say.help_memory),
    _cause(r"signal|killed|SIGKILL|SIGTERM|exit code:? 137", lambda say: say.help_killed),
    _cause(r"AccessDenied|not authorized", lambda say: say.help_permission),
)
_CLASSES = re.compile(r"^(?:(?:ClientError|AlgorithmError): )+(?=\S)")


def gather(say: Words, sagemaker: SageMaker, execution: Execution, status: str, rerun: str) -> Failure:
    """Ask SageMaker what happened. `rerun` is the command that starts the run again. What a job or SageMaker has said
    stays in its own words, which are English."""
    if status == LOST:
        return lost(say, rerun)
    try:
        described = sagemaker.describe_pipeline_execution(PipelineExecutionArn=execution.arn)
        steps = list(list_steps(sagemaker, execution.arn))
    except ClientError as error:
        if error_code(error) not in NOT_FOUND:
            raise
        return lost(say, rerun)
    step = next((s for s in steps if s.get("StepStatus") == "Failed"), None)
    if status == "Stopped" and step is None:
        return stopped(say, steps, rerun, execution)
    run_reason = str(described.get("FailureReason") or "")
    return failed(say, step, _own_words(sagemaker, step) or _bare(run_reason), rerun, execution)


def failed(say: Words, step: dict[str, Any] | None, reason: str, rerun: str, execution: Execution) -> Failure:
    """A run whose step has failed, or that has failed as a whole (then `step` is None)."""
    name = str(step["StepName"]) if step else ""
    reason = reason or say.no_reason
    if name == TOO_FEW_IMAGES:
        return too_few_images(say, reason)
    step_words = say.steps.get(name)
    what_helps = next((cause.help(say) for cause in _CAUSES if cause.pattern.search(reason)), say.help_unknown)
    return Failure(
        headline=say.headline_failed_step.format(words=step_words) if step_words else say.headline_failed,
        what=say.failed,
        step_words=_step_words(say, name),
        reason=reason,
        log_url=log_url(step, execution) if step else "",
        next_steps=(what_helps, say.again.format(rerun=rerun), say.change),
        is_too_few_images=False,
    )


def too_few_images(say: Words, reason: str) -> Failure:
    """The pipeline itself ended the run: Prepare has set too many pictures aside."""
    return Failure(
        headline=say.headline_too_few,
        what=say.too_few,
        step_words=_step_words(say, TOO_FEW_IMAGES),
        reason=reason,
        log_url="",
        next_steps=(say.too_few_next,),
        is_too_few_images=True,
    )


def stopped(say: Words, steps: list[dict[str, Any]], rerun: str, execution: Execution) -> Failure:
    """Somebody has stopped the run."""
    step = next((s for s in steps if s.get("StepStatus") == "Stopped"), None)
    return Failure(
        headline=say.headline_stopped,
        what=say.stopped,
        step_words=_step_words(say, str(step["StepName"])) if step else say.stopped_step_none,
        reason=say.stopped_reason,
        log_url=log_url(step, execution) if step else "",
        next_steps=(say.again.format(rerun=rerun), say.change),
        is_too_few_images=False,
    )


def lost(say: Words, rerun: str) -> Failure:
    """SageMaker has no such run any more."""
    return Failure(
        headline=say.headline_lost,
        what=say.lost,
        step_words=say.unknown,
        reason=say.lost_reason,
        log_url="",
        next_steps=(say.again.format(rerun=rerun), say.change),
        is_too_few_images=False,
    )


def _step_words(say: Words, name: str) -> str:
    if name not in say.steps:
        return name or say.unknown
    return f"{name} ({say.steps[name]})"


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
