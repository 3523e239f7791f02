"""Why a run failed: the step, SageMaker's reason, where its log is, and what a person can do about it."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from botocore.exceptions import ClientError

from contract.names import Execution
from contract.pipeline import TOO_FEW_IMAGES, Step
from contract.statuses import FAILED, LOST, STOPPED
from workshop.notices.quoting import quoted
from workshop.notices.reasons import Cause, Finding, bare, find_cause, may_have_log
from workshop.platform.clients import NOT_FOUND, Response, SageMaker, error_code, list_steps
from workshop.words import Words

MAX_KEY_CHARS = 300

_TOO_FEW = re.compile("(?P<least>[0-9]{1,7})".join(map(re.escape, TOO_FEW_IMAGES)))

# The documented code, and what SageMaker answers about a job that it does not know.
JOB_IS_GONE = NOT_FOUND | {"ValidationException"}

_LOG_GROUPS = {
    "ProcessingJob": "/aws/sagemaker/ProcessingJobs",
    "TrainingJob": "/aws/sagemaker/TrainingJobs",
}
_HELP: dict[Cause, Callable[[Words], str]] = {
    Cause.QUOTA: lambda say: say.help_quota,
    Cause.CAPACITY: lambda say: say.help_capacity,
    Cause.TIME: lambda say: say.help_time,
    Cause.MEMORY: lambda say: say.help_memory,
    Cause.KILLED: lambda say: say.help_killed,
    Cause.DISK: lambda say: say.help_disk,
    Cause.PERMISSION: lambda say: say.help_permission,
    Cause.CREDENTIALS: lambda say: say.help_credentials,
    Cause.DIVERGED: lambda say: say.help_diverged,
    Cause.PEERS: lambda say: say.help_peers,
    Cause.IMAGE: lambda say: say.help_image,
    Cause.BASE: lambda say: say.help_base,
    Cause.CODE: lambda say: say.help_code,
    Cause.GONE: lambda say: say.help_gone,
    Cause.ARCHIVED: lambda say: say.help_archived,
    Cause.CLASH: lambda say: say.help_clash,
    Cause.DOWNLOAD: lambda say: say.help_download,
    Cause.INTERNAL: lambda say: say.help_internal,
}
# After these, a training that is started again goes on where it was.
_GOES_ON = frozenset({Cause.TIME, Cause.KILLED, Cause.DISK, Cause.CREDENTIALS, Cause.PEERS, Cause.INTERNAL})


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


def gather_failure(
    say: Words, sagemaker: SageMaker, execution: Execution, status: str, restart: Sequence[str]
) -> Failure:
    """Ask SageMaker what happened. `restart` are the ways to start the run again. What a job or SageMaker has said
    stays in its own words, which are English."""
    if status == LOST:
        return lost(say, restart)
    try:
        described = sagemaker.describe_pipeline_execution(PipelineExecutionArn=execution.arn)
        steps = list(list_steps(sagemaker, execution.arn))
    except ClientError as error:
        if error_code(error) not in NOT_FOUND:
            raise
        return lost(say, restart)
    return told_failure(say, sagemaker, execution, status, restart, described, steps)


def told_failure(
    say: Words,
    sagemaker: SageMaker,
    execution: Execution,
    status: str,
    restart: Sequence[str],
    described: Response,
    steps: list[Response],
) -> Failure:
    """The same, of what SageMaker has said already of the run and of its steps."""
    step = next((s for s in steps if s.get("StepStatus") == FAILED), None)
    if status == STOPPED and step is None:
        return stopped(say, steps, restart, execution)
    if message := _exit_message(sagemaker, step):
        return failed(say, step, message, restart, execution, is_own=True)
    reason = str((step or {}).get("FailureReason") or described.get("FailureReason") or "")
    return failed(say, step, reason, restart, execution)


def failed(
    say: Words,
    step: dict[str, Any] | None,
    reason: str,
    restart: Sequence[str],
    execution: Execution,
    *,
    is_own: bool = False,
) -> Failure:
    """A run whose step has failed, or that has failed as a whole (then `step` is None). `is_own`: the reason is what
    the job's own program has said, not SageMaker."""
    name = str(step["StepName"]) if step else ""
    if name == Step.TOO_FEW_IMAGES:
        return too_few_images(say, bare(reason) or say.no_reason)
    step_words = say.steps.get(name)
    log = log_url(step, execution) if step and (is_own or may_have_log(reason)) else ""
    what_helps = _what_helps(say, find_cause(reason, is_own=is_own), name, log)
    return Failure(
        headline=say.headline_failed_step.format(words=step_words) if step_words else say.headline_failed,
        what=say.failed,
        step_words=_step_words(say, name),
        reason=bare(reason) or say.no_reason,
        log_url=log,
        next_steps=(what_helps, *restart),
        is_too_few_images=False,
    )


def _what_helps(say: Words, finding: Finding, step: str, log: str) -> str:
    """What a person can do about the cause."""
    if finding.cause is Cause.UNKNOWN:
        return say.help_unknown if log else say.help_no_log
    text = _HELP[finding.cause](say)
    if finding.key:
        text = say.sentences(text, say.help_file.format(key=quoted(finding.key, MAX_KEY_CHARS)))
    if step == Step.TRAIN and finding.cause is Cause.TIME:
        text = say.sentences(text, say.help_training_time)
    # Train saves as it goes: whoever starts the run again does not begin anew.
    return say.sentences(text, say.help_checkpoint) if step == Step.TRAIN and finding.cause in _GOES_ON else text


def too_few_images(say: Words, reason: str) -> Failure:
    """The pipeline itself ended the run: Prepare has set too many images aside. How many are needed is told in the
    language of `say`, if the reason says it in the pipeline's words."""
    found = _TOO_FEW.match(reason)
    return Failure(
        headline=say.headline_too_few,
        what=say.too_few,
        step_words=_step_words(say, Step.TOO_FEW_IMAGES),
        reason=say.count(say.pictures_needed, int(found["least"])) if found else reason,
        log_url="",
        next_steps=(say.too_few_next,),
        is_too_few_images=True,
    )


def stopped(say: Words, steps: list[dict[str, Any]], restart: Sequence[str], execution: Execution) -> Failure:
    """Somebody has stopped the run."""
    step = next((s for s in steps if s.get("StepStatus") == STOPPED), None)
    return Failure(
        headline=say.headline_stopped,
        what=say.stopped,
        step_words=_step_words(say, str(step["StepName"])) if step else say.stopped_step_none,
        reason=say.stopped_reason,
        log_url=log_url(step, execution) if step else "",
        next_steps=tuple(restart),
        is_too_few_images=False,
    )


def lost(say: Words, restart: Sequence[str]) -> Failure:
    """SageMaker has no such run any more."""
    return Failure(
        headline=say.headline_lost,
        what=say.lost,
        step_words=say.unknown,
        reason=say.lost_reason,
        log_url="",
        next_steps=tuple(restart),
        is_too_few_images=False,
    )


def _step_words(say: Words, name: str) -> str:
    if name not in say.steps:
        return name or say.unknown
    return say.step_named.format(name=name, words=say.steps[name])


def log_url(step: dict[str, Any], execution: Execution) -> str:
    """The step's log in CloudWatch's console, filtered to its job; "" for a step without a job."""
    for kind, group in _LOG_GROUPS.items():
        arn = _job_arn(step, kind)
        if arn:
            job = arn.rsplit("/", 1)[-1]
            console = f"https://{execution.region}.console.aws.amazon.com/cloudwatch/home?region={execution.region}"
            place = f"#logsV2:log-groups/log-group/{_console_escape(group)}"
            return f"{console}{place}$3FlogStreamNameFilter$3D{_console_escape(job)}"
    return ""


def _exit_message(sagemaker: SageMaker, step: dict[str, Any] | None) -> str:
    """What a failed processing job itself has said, which is in no step's reason; "" if it has said nothing, is none or
    is gone.
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeProcessingJob.html"""
    job_arn = _job_arn(step or {}, "ProcessingJob")
    if not job_arn:
        return ""
    try:
        job = sagemaker.describe_processing_job(ProcessingJobName=job_arn.rsplit("/", 1)[-1])
    except ClientError as error:
        if error_code(error) not in JOB_IS_GONE:
            raise
        return ""
    return str(job.get("ExitMessage") or "")


def _job_arn(step: Mapping[str, Any], kind: str) -> str:
    return str(step.get("Metadata", {}).get(kind, {}).get("Arn") or "")


def _console_escape(text: str) -> str:
    # CloudWatch's console escapes twice and writes "$" for "%".
    return quote(quote(text, safe=""), safe="").replace("%", "$")
