"""What each notice says: from records and findings to the words of the mail."""

from collections.abc import Sequence

from workshop import layout
from workshop.artefacts import Artefacts, PrepareReport
from workshop.clock import duration_text
from workshop.failures import Failure
from workshop.links import Link
from workshop.names import Execution, parse_execution, printable
from workshop.notices import Kind, Notice, render
from workshop.state import RunRecord

# How many offenders a mail names; the report's page names all of them.
MAX_NAMED = 5
MAX_REASON_CHARS = 2000


def started(run: RunRecord, execution: Execution) -> Notice:
    """The run has begun."""
    if run.source_arn is not None:
        return render(
            Kind.STARTED,
            "started_inference",
            run.dataset,
            source=parse_execution(run.source_arn).id,
            run=execution.id,
            region=execution.region,
            arn=execution.arn,
        )
    if run.expected_seconds is not None:
        expected = f"about {duration_text(run.expected_seconds)}, like the last run with these settings"
    else:
        limit = duration_text(run.max_train_seconds)
        expected = f"unknown, no run with these settings has finished yet; training ends after {limit} at the latest"
    return render(
        Kind.STARTED,
        "started",
        run.dataset,
        images=f"{run.images:,}{_other_files(run.left_out)}",
        preset=run.preset,
        resolution=str(run.resolution),
        expected=expected,
        cost=_expected_cost(run),
        run=execution.id,
        region=execution.region,
        arn=execution.arn,
    )


def succeeded(
    dataset: str,
    execution: Execution,
    bucket: str,
    artefacts: Artefacts,
    link: Link,
    run: RunRecord | None,
    billed_seconds: int | None,
) -> Notice:
    """The pictures are there. `run` is None if its record is lost; `billed_seconds` is the training job's bill."""
    prepared = artefacts.prepared
    if prepared is not None:
        used = f"{prepared.good:,} of {prepared.found:,}"
    elif run is not None and run.source_arn is not None:
        used = f"none; the network of run {parse_execution(run.source_arn).id} was used"
    else:
        used = "unknown"
    seconds = None if run is None else run.seconds
    return render(
        Kind.SUCCEEDED,
        "succeeded",
        dataset,
        link=link.url,
        link_note=link.note,
        used=used,
        made=f"{artefacts.pictures:,}",
        duration=duration_text(seconds) if seconds is not None else "unknown",
        cost=_training_cost(run, billed_seconds),
        run=execution.id,
        set_aside=_set_aside(prepared, "are listed on the page"),
        bucket=bucket,
        folder=layout.run(dataset, execution.id),
    )


def problems(dataset: str, execution: Execution, bucket: str, missing: Sequence[str], rerun: str) -> Notice:
    """The run ended well by its own account, but its artefacts say otherwise: a failure."""
    return render(
        Kind.FAILED,
        "problems",
        dataset,
        problems=_bullets(missing),
        run=execution.id,
        bucket=bucket,
        folder=layout.run(dataset, execution.id),
        rerun=rerun,
    )


def failed(dataset: str, execution: Execution, failure: Failure, prepared: PrepareReport | None) -> Notice:
    """The run has failed, was stopped, or is lost."""
    reason = printable(failure.reason, MAX_REASON_CHARS)
    if failure.is_too_few_images and prepared is not None:
        reason = f"{prepared.good:,} of {prepared.found:,} pictures can be used. {reason}"
    return render(
        Kind.FAILED,
        "failed",
        dataset,
        headline=failure.headline,
        what=failure.what,
        step=failure.step_words,
        reason=reason,
        run=execution.id,
        details=_set_aside(prepared, "are listed in prepare.json") if failure.is_too_few_images else "",
        next=_bullets(failure.next_steps),
        log=f"\nThe log of that step:\n\n  {failure.log_url}\n" if failure.log_url else "",
    )


def attention(
    dataset: str, bucket: str, faults: Sequence[str], images: int, left_out: int, next_steps: Sequence[str]
) -> Notice:
    """The folder as it is cannot become a run."""
    return render(
        Kind.ATTENTION,
        "attention",
        dataset,
        bucket=bucket,
        folder=layout.uploads(dataset),
        problems=_bullets(faults),
        images=f"{_count(images, 'picture', 'pictures')}{_other_files(left_out)}.",
        next=_bullets(next_steps),
    )


def stuck(dataset: str, execution: Execution, seconds: float) -> Notice:
    """The run goes on for longer than its jobs may take."""
    return render(
        Kind.ATTENTION,
        "stuck",
        dataset,
        age=duration_text(seconds),
        run=execution.id,
        region=execution.region,
        arn=execution.arn,
    )


def unknown_status(dataset: str, execution: Execution, status: str) -> Notice:
    """SageMaker has a status that this version does not know."""
    return render(
        Kind.ATTENTION,
        "unknown",
        dataset,
        status=printable(status, 60),
        region=execution.region,
        arn=execution.arn,
    )


def _expected_cost(run: RunRecord) -> str:
    if not run.hourly_price:
        return "unknown, this installation knows no price of the machine that trains"
    most = run.hourly_price * run.max_train_seconds / 3600
    if run.expected_seconds is None:
        return f"at most {_dollars(most)} for the training"
    return (
        f"about {_dollars(run.hourly_price * run.expected_seconds / 3600)}, at most {_dollars(most)} for the training"
    )


def _training_cost(run: RunRecord | None, billed_seconds: int | None) -> str:
    if run is not None and run.source_arn is not None:
        return "none"
    if billed_seconds is None:
        return "unknown"
    billed = f"{duration_text(billed_seconds)} billed"
    if run is None or not run.hourly_price:
        return billed
    return f"about {_dollars(run.hourly_price * billed_seconds / 3600)} ({billed})"


def _dollars(amount: float) -> str:
    return f"USD {amount:,.2f}"


def _other_files(number: int) -> str:
    return f" ({_count(number, 'other file was', 'other files were')} left out)" if number else ""


def _set_aside(prepared: PrepareReport | None, rest_where: str) -> str:
    """A block that begins and ends with an empty line, or "" if nothing was set aside."""
    if prepared is None or not prepared.count_set_aside:
        return ""
    count = _count(prepared.count_set_aside, "picture was", "pictures were")
    named = prepared.set_aside[:MAX_NAMED]
    lines = [f"{printable(item.name, 120)}: {printable(item.reason, 200)}" for item in named]
    if prepared.count_set_aside > len(named):
        lines.append(f"{prepared.count_set_aside - len(named):,} more {rest_where}")
    return f"\n{count} set aside:\n\n{_bullets(lines)}\n"


def _bullets(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
