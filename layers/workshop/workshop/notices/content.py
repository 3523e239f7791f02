"""What each notice says: from records and findings to the words of the mail, in the language of `say`."""

from collections.abc import Sequence

from contract import layout
from contract.names import FALLBACK_LANGUAGE, Execution, parse_execution, printable
from contract.pipeline import PARAMETERS
from contract.prepare_report import PrepareReport, SetAside
from contract.reasons import Reason
from contract.run_results import TrainingOutcome
from workshop.ledger import RunRecord
from workshop.notices import Kind, Notice, expectations
from workshop.notices.artefacts import Artefacts
from workshop.notices.expectations import Course
from workshop.notices.failures import Failure
from workshop.notices.links import PRESIGNED_SECONDS, Link
from workshop.notices.publishing import render_notice
from workshop.notices.quoting import quoted
from workshop.words import Words, words

# How many offenders a mail names, and how many the page (containers.infer.report). prepare.json names more.
MAX_NAMED = 5
MAX_NAMED_ON_PAGE = 200
MAX_REASON_CHARS = 2000
BEST_NETWORK = PARAMETERS["InferenceNetwork"].choices[0]


def words_of(run: RunRecord | None) -> Words:
    """The words of a run's language; `run` is None if its record is lost."""
    return words(FALLBACK_LANGUAGE if run is None else run.language)


def started(say: Words, run: RunRecord, execution: Execution) -> Notice:
    """The run has begun."""
    if run.source_arn is not None:
        return render_notice(
            say,
            Kind.STARTED,
            "started_inference",
            run.dataset,
            source=parse_execution(run.source_arn).id,
            expected=expectations.expected_duration(say, run),
            cost=expectations.expected_cost(say, run),
            run=execution.id,
        )
    remarks = expectations.remarks(say, run)
    return render_notice(
        say,
        Kind.STARTED,
        "started",
        run.dataset,
        images=f"{say.number(run.images)}{_other_files(say, run.left_out)}",
        folders=run.folders and f"\n{run.folders}",
        preset=run.preset,
        size=run.picture_size,
        expected=expectations.expected_duration(say, run),
        training=expectations.expected_training(say, run),
        cost=expectations.expected_cost(say, run),
        run=execution.id,
        remarks=f"\n{remarks}\n" if remarks else "",
    )


def preview(say: Words, run: RunRecord, execution: Execution) -> Notice:
    """The first pictures of a training that has learned something."""
    return render_notice(
        say,
        Kind.PREVIEW,
        "preview",
        run.dataset,
        expected=expectations.expected_duration(say, run),
        run=execution.id,
    )


def succeeded(
    say: Words,
    dataset: str,
    execution: Execution,
    bucket: str,
    artefacts: Artefacts,
    link: Link,
    run: RunRecord | None,
    course: Course,
    *,
    has_app: bool = False,
) -> Notice:
    """The pictures are there. `run` is None if its record is lost; `has_app`: its reader can start runs."""
    folder = layout.run(dataset, execution.id)
    command = "" if has_app else f"python -m operations rerun {dataset}"
    ended = expectations.early_end(say, run, course.training, command)
    return render_notice(
        say,
        Kind.SUCCEEDED,
        "succeeded",
        dataset,
        link=link.url,
        link_note=_link_note(say, link),
        used=_used(say, artefacts.prepared, run),
        made=say.number(artefacts.images),
        duration=expectations.duration(say, course),
        cost=_training_cost(say, run, course.billed_seconds),
        network=_network(say, artefacts.training),
        run=execution.id,
        trouble=_trouble(say, artefacts.training),
        early_end=f"\n{ended}\n" if ended else "",
        set_aside=_set_aside(say, artefacts.prepared, folder, is_on_page=True),
        bucket=bucket,
        folder=folder,
    )


def problems(
    say: Words, dataset: str, execution: Execution, bucket: str, artefacts: Artefacts, restart_command: str
) -> Notice:
    """The run ended well by its own account, but its artefacts say otherwise: a failure."""
    missing, next_steps = list(artefacts.missing), []
    if artefacts.missing:
        next_steps.append(say.ask_for_restart.format(rerun=restart_command))
    if artefacts.unusable_targets:
        named = [_named(say, item) for item in artefacts.unusable_targets[:MAX_NAMED]]
        missing.append("\n  ".join([say.targets_unusable, *named]))
        next_steps.append(say.replace_targets)
    return render_notice(
        say,
        Kind.FAILED,
        "problems",
        dataset,
        problems=_bullets(missing),
        run=execution.id,
        bucket=bucket,
        folder=layout.run(dataset, execution.id),
        next=_bullets(next_steps),
    )


def failed(say: Words, dataset: str, execution: Execution, failure: Failure, prepared: PrepareReport | None) -> Notice:
    """The run has failed, was stopped, or is lost."""
    reason = quoted(failure.reason, MAX_REASON_CHARS)
    folder = layout.run(dataset, execution.id)
    if failure.is_too_few_images and prepared is not None:
        good, found = say.number(prepared.good), say.number(prepared.found)
        reason = say.too_few_counted.format(good=good, found=found, reason=reason)
    return render_notice(
        say,
        Kind.FAILED,
        "failed",
        dataset,
        headline=failure.headline,
        what=failure.what,
        step=failure.step_words,
        reason=reason,
        run=execution.id,
        details=_set_aside(say, prepared, folder, is_on_page=False) if failure.is_too_few_images else "",
        next=_bullets(failure.next_steps),
        log=f"\n{say.log}\n\n  {failure.log_url}\n" if failure.log_url else "",
    )


def attention(
    say: Words,
    dataset: str,
    bucket: str,
    faults: Sequence[str],
    images: int,
    left_out: int,
    next_steps: Sequence[str],
    template: str = "attention",
) -> Notice:
    """The folder as it is cannot become a run; or, with the template "unused", some files of it become none."""
    return render_notice(
        say,
        Kind.ATTENTION,
        template,
        dataset,
        bucket=bucket,
        folder=layout.uploads(dataset),
        problems=_bullets(faults),
        contents=say.count(say.folder_holds, images, others=_other_files(say, left_out)),
        next=_bullets(next_steps),
    )


def not_started(say: Words, dataset: str, bucket: str, reason: str) -> Notice:
    """SageMaker refuses to start the run, or has put it off for long."""
    return render_notice(
        say,
        Kind.ATTENTION,
        "not_started",
        dataset,
        bucket=bucket,
        folder=layout.uploads(dataset),
        reason=printable(reason, MAX_REASON_CHARS),
    )


def stuck(say: Words, dataset: str, execution: Execution, seconds: float) -> Notice:
    """The run goes on for longer than its jobs may take."""
    return render_notice(
        say,
        Kind.ATTENTION,
        "stuck",
        dataset,
        age=say.duration(seconds),
        run=execution.id,
        region=execution.region,
        arn=execution.arn,
    )


def unknown_status(say: Words, dataset: str, execution: Execution, status: str) -> Notice:
    """SageMaker has a status that this version does not know."""
    return render_notice(
        say,
        Kind.ATTENTION,
        "unknown",
        dataset,
        status=quoted(status, 60),
        region=execution.region,
        arn=execution.arn,
    )


def _link_note(say: Words, link: Link) -> str:
    """How long the link works, honestly."""
    if link.expires is None:
        return say.link_for_hours.format(hours=PRESIGNED_SECONDS // 3600)
    return say.link_until.format(date=say.date(link.expires))


def _used(say: Words, prepared: PrepareReport | None, run: RunRecord | None) -> str:
    if prepared is not None:
        return say.pictures_used.format(good=say.number(prepared.good), found=say.number(prepared.found))
    if run is not None and run.source_arn is not None:
        return say.pictures_used_none.format(run=parse_execution(run.source_arn).id)
    return say.unknown


def _training_cost(say: Words, run: RunRecord | None, billed_seconds: int | None) -> str:
    if run is not None and run.source_arn is not None:
        return say.no_cost
    if billed_seconds is None:
        return say.unknown
    billed = say.billed.format(duration=say.duration(billed_seconds))
    if run is None or not run.hourly_price:
        return billed
    return say.billed_cost.format(cost=say.dollars(run.hourly_price * billed_seconds / 3600), billed=billed)


def _network(say: Words, training: TrainingOutcome | None) -> str:
    """Which of the training's networks has drawn, how good it is, and how good the last one."""
    if training is None or training.network is None:
        return say.unknown
    if training.network_score is None:
        return say.network_unscored
    score, last = _measured(say, training.network_score), training.last_score
    if training.network != BEST_NETWORK:
        return say.network_last.format(score=score)
    if training.network_score == last:
        return say.network_last_is_best.format(score=score)
    return say.network_best.format(
        kimg=say.unknown if training.network_kimg is None else say.kimg(training.network_kimg),
        score=score,
        last=say.network_no_score if last is None else _measured(say, last),
    )


def _trouble(say: Words, training: TrainingOutcome | None) -> str:
    """What was the matter with the training, as a block that begins and ends with an empty line; "" if nothing was."""
    trouble = None if training is None else training.trouble
    if training is None or trouble is None or trouble not in say.troubles:
        return ""
    words = [say.troubles[trouble]]
    if training.ended == trouble:
        kimg, wanted = say.kimg(training.kimg), say.kimg(training.wanted_kimg)
        words.append(say.trouble_ended.format(kimg=kimg, wanted=wanted))
    words.append(say.trouble_next[trouble])
    return f"\n{say.paragraph(*words)}\n"


def _measured(say: Words, amount: float) -> str:
    return say.number(round(amount)) if amount >= 100 else f"{amount:.3g}".replace(".", say.decimal)


def _other_files(say: Words, number: int) -> str:
    return say.count(say.other_files, number) if number else ""


def _set_aside(say: Words, prepared: PrepareReport | None, folder: str, *, is_on_page: bool) -> str:
    """A block that begins and ends with an empty line, or "" if nothing was set aside. `folder` is the run's;
    `is_on_page`: there is a page that names more of them."""
    if prepared is None or not prepared.set_aside_count:
        return ""
    named = prepared.set_aside[:MAX_NAMED]
    lines = [_named(say, item) for item in named]
    more = say.more_on_page if is_on_page and prepared.set_aside_count <= MAX_NAMED_ON_PAGE else say.more_in_file
    if prepared.set_aside_count > len(named):
        lines.append(say.count(more, prepared.set_aside_count - len(named)))
    copies = _copies(say, prepared, f"{folder}{layout.SET_ASIDE}/")
    return f"\n{say.count(say.set_aside, prepared.set_aside_count)}\n\n{_bullets(lines)}\n{copies}"


def _copies(say: Words, prepared: PrepareReport, folder: str) -> str:
    """Where copies of what was set aside lie, in a block of its own; "" if there are none, or nobody knows."""
    if not prepared.copies:
        return ""
    if prepared.copies == prepared.set_aside_count:
        text = say.copies_of_all
    else:
        text = say.copies_of_some.one if prepared.copies == 1 else say.copies_of_some.many
    return f"\n{text.format(count=say.number(prepared.copies), folder=folder)}\n"


def _named(say: Words, item: SetAside) -> str:
    return say.named.format(name=quoted(item.name, 120), text=_why(say, item.reason))


def _why(say: Words, reason: Reason) -> str:
    return reason.sentence(say.language, lambda text: quoted(text, 200))


def _bullets(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
