"""The commands of `python -m operations`."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import click
from botocore.exceptions import BotoCoreError, ClientError

from contract.errors import RefusedName
from contract.names import check_dataset
from contract.run_results import TrainingOutcome
from contract.statuses import STOPPED
from contract.training_progress import TrainingProgress
from operations import text
from operations.aws import explain_error
from operations.cancelling import cancel, follow_run
from operations.describing import Description, describe_run
from operations.errors import OperationsError, UsageError
from operations.finishing import finish
from operations.link_commands import LINK_COMMANDS
from operations.purging import Inventory, purge, refuse_if_active, take_inventory
from operations.queues import dead_letter_queues, peek_messages
from operations.reader_commands import READER_COMMANDS
from operations.redriving import Redriven, redrive
from operations.runs import STATUSES, RunSummary, find_execution, list_runs
from operations.stack_option import of_workshop
from operations.starting import ATTENTION, FREED, STARTED, Answer, ask_for_all, ask_for_look, parse_parameters, release
from operations.workshop_stack import Workshop
from workshop.platform.clients import parameters_of
from workshop.words import words

SAY = words("en")


class OperatorCommands(click.Group):
    """Turns what can go wrong into one sentence and exit status 1."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except (OperationsError, RefusedName) as error:
            raise click.ClickException(str(error)) from error
        except (ClientError, BotoCoreError) as error:
            raise click.ClickException(explain_error(error)) from error


as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, with all fields.")


@click.group(cls=OperatorCommands, context_settings={"max_content_width": 110})
def main() -> None:
    """What an operator does to a deployed workshop.

    Account, region and credentials are those of the AWS configuration (AWS_PROFILE, AWS_REGION). A workshop on this
    machine: eval "$(python -m local_aws env)".

    \b
    Examples:
      python -m operations runs --dataset red-chairs
      python -m operations rerun red-chairs Kimg=100 TrainInstanceType=ml.g5.2xlarge
    """


@main.command()
@click.option("--dataset", metavar="NAME", help="Only runs of this dataset.")
@click.option("--status", type=click.Choice(STATUSES, case_sensitive=False), help="Only runs in this status.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="At most so many.")
@as_json
@of_workshop
def runs(workshop: Workshop, dataset: str | None, status: str | None, limit: int, as_json: bool) -> None:
    """List runs, newest first."""
    found = list_runs(workshop, check_dataset(dataset) if dataset is not None else None, status, limit)
    if as_json:
        click.echo(_json([asdict(run) | {"id": run.id, "seconds": run.seconds} for run in found]))
    elif not found:
        click.echo("There is no such run." if dataset or status else "There is no run yet.")
    else:
        headings = ("RUN", "DATASET", "STATUS", "STARTED", "TOOK", "PRESET", "PICTURES", "REASON")
        click.echo(text.table(headings, map(_run_row, found)))


@main.command()
@click.argument("run")
@as_json
@of_workshop
def describe(workshop: Workshop, run: str, as_json: bool) -> None:
    """Show everything about RUN, an id or an ARN."""
    found = describe_run(workshop, run)
    if as_json:
        click.echo(_json(asdict(found) | {"id": found.id}))
    else:
        _show(found)


@main.command()
@click.argument("dataset")
@click.argument("parameters", nargs=-1, metavar="[NAME=VALUE]...")
@click.option(
    "--inference-only", is_flag=True, help="Train nothing: new pictures with the network of the last good run."
)
@of_workshop
def rerun(workshop: Workshop, dataset: str, parameters: Sequence[str], inference_only: bool) -> None:
    """Run DATASET again, changed or not.

    Pipeline parameters can be replaced; a wrong name is answered with the list of them.
    """
    answer = ask_for_look(
        workshop, dataset, rerun=True, parameters=parse_parameters(parameters), inference_only=inference_only
    )
    _tell(answer, is_well=answer.outcome == STARTED)


@main.command()
@click.argument("dataset")
@click.argument("parameters", nargs=-1, metavar="[NAME=VALUE]...")
@of_workshop
def start(workshop: Workshop, dataset: str, parameters: Sequence[str]) -> None:
    """Run DATASET now, if it has changed.

    As it will by itself, but without waiting for a quiet time, and with pipeline parameters replaced.
    """
    answer = ask_for_look(workshop, dataset, rerun=False, parameters=parse_parameters(parameters))
    _tell(answer, is_well=answer.outcome != ATTENTION)


@main.command()
@click.argument("dataset", required=False)
@click.option("--all", "everything", is_flag=True, help="Every dataset, as the schedule does it.")
@of_workshop
def look(workshop: Workshop, dataset: str | None, everything: bool) -> None:
    """Have DATASET looked at now.

    Starts what is due, and repairs what a lost event has left behind.
    """
    if (dataset is not None) == everything:
        raise UsageError("Name one dataset, or give --all.")
    if dataset is None:
        number = ask_for_all(workshop)
        click.echo(f"{text.plural(number, 'dataset is', 'datasets are')} being looked at; `runs` shows what starts.")
    else:
        answer = ask_for_look(workshop, dataset, rerun=False, parameters={})
        _tell(answer, is_well=answer.outcome != ATTENTION)


@main.command(name="release")
@click.argument("dataset")
@of_workshop
def release_dataset(workshop: Workshop, dataset: str) -> None:
    """Free what holds DATASET and its slot, without starting anything.

    For a start whose answer got lost and that holds up others. As long as its pictures are there, the hourly sweep
    tries it again. A run that is active is not touched: cancel it.
    """
    answer = release(workshop, dataset)
    _tell(answer, is_well=answer.outcome in FREED)


@main.command(name="cancel")
@click.argument("run")
@click.option("--wait", is_flag=True, help="Return when it has stopped.")
@of_workshop
def cancel_run(workshop: Workshop, run: str, wait: bool) -> None:
    """End RUN, an id or an ARN.

    What its training had reached is kept.
    """
    execution = find_execution(workshop, run)
    if cancel(workshop, execution) == STOPPED:
        click.echo(f"The run {execution.id} has been stopped before.")
        return
    click.echo(f"The run {execution.id} is being stopped. A training gets two minutes to save.")
    kept = parameters_of(workshop.client("sagemaker"), execution.arn).get("TrainCheckpointPath")
    if kept:
        click.echo(f"What the training had reached is kept under {text.one_line(kept)}")
    if wait:
        for status, steps in follow_run(workshop, execution):
            click.echo(f"{status}: {steps}" if steps else f"{status}.")


@main.command(name="finish")
@click.argument("run")
@of_workshop
def finish_run(workshop: Workshop, run: str) -> None:
    """Have the training of RUN, an id or an ARN, end now, and pictures made with what it has learned.

    The run succeeds. A later rerun of the dataset goes on from there.
    """
    execution = find_execution(workshop, run)
    progress = finish(workshop, execution)
    click.echo(f"The training of {execution.id} ends within a minute, at about {_how_far(progress.outcome)}.")


@main.command()
@click.argument("queue", required=False)
@click.option(
    "--limit", type=click.IntRange(0, 1000), default=5, show_default=True, help="Show so many messages of each queue."
)
@of_workshop
def dead_letters(workshop: Workshop, queue: str | None, limit: int) -> None:
    """Show what could not be delivered.

    Counts each dead-letter queue, and shows messages of QUEUE or of all; nothing is taken out.
    """
    found = dead_letter_queues(workshop, queue)
    headings = ("QUEUE", "WAITING", "BEING HANDLED", "FROM")
    rows = [
        (
            dead.queue.name,
            dead.queue.waiting,
            dead.queue.being_handled,
            dead.source.name if dead.source else "EventBridge, Scheduler or Lambda",
        )
        for dead in found
    ]
    click.echo(text.table(headings, rows))
    for dead in (dead for dead in found if dead.queue.waiting and limit):
        messages = peek_messages(workshop.client("sqs"), dead.queue, limit)
        click.echo(f"\n{dead.queue.name}, {text.plural(len(messages), 'message')} of about {dead.queue.waiting:,}:")
        lines = [(text.moment(it.sent), it.subject, it.dataset, it.error) for it in messages]
        click.echo(text.table(("SENT", "ABOUT", "DATASET", "ERROR"), lines))


@main.command(name="redrive")
@click.argument("queue", metavar="QUEUE|all")
@of_workshop
def redrive_queue(workshop: Workshop, queue: str) -> None:
    """Hand dead-letter messages over again.

    To their queue, or to the function that they were for. Repair the cause first.
    """
    is_done = True
    for dead in dead_letter_queues(workshop, None if queue == "all" else queue):
        done = redrive(workshop, dead)
        click.echo(f"{done.queue}: {_fate(done)}")
        is_done = is_done and not done.left and not done.trouble
    if not is_done:
        raise click.exceptions.Exit(1)


@main.command(name="purge")
@click.argument("dataset")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Only say what would be deleted.")
@of_workshop
def purge_dataset(workshop: Workshop, dataset: str, yes: bool, dry_run: bool) -> None:
    """Delete DATASET for good.

    Pictures, manifests, checkpoints, models and results in every version, and its records in the ledger. Subscriptions
    stay. It can be repeated after being cut short.
    """
    refuse_if_active(workshop, check_dataset(dataset))
    inventory = take_inventory(workshop, dataset)
    if inventory.is_empty:
        click.echo(f"There is nothing of {dataset}.")
        return
    _show_inventory(inventory)
    if dry_run:
        click.echo("Nothing was deleted (--dry-run).")
        return
    if (
        not yes
        and click.prompt("This cannot be undone. Type the dataset's name to go on", default="", show_default=False)
        != dataset
    ):
        raise UsageError("That is not its name. Nothing was deleted.")
    refuse_if_active(workshop, dataset)
    with click.progressbar(length=inventory.objects, label="deleting") as bar:
        purge(workshop, inventory, bar.update)
    click.echo(f"{dataset} is gone. SageMaker's own list of runs, and the logs of jobs, AWS keeps until they expire.")


for command in (*LINK_COMMANDS, *READER_COMMANDS):
    main.add_command(command)


def _tell(answer: Answer, is_well: bool) -> None:
    """Say what start_run has done; exit status 1 if that is not what was wanted."""
    click.echo(answer.sentence)
    if answer.arn:
        click.echo(f"Its run: {answer.arn.rsplit('/', 1)[-1]}")
    if not is_well:
        raise click.exceptions.Exit(1)


def _run_row(run: RunSummary) -> tuple[object, ...]:
    took = SAY.duration(run.seconds) if run.seconds is not None else ""
    pictures = "" if run.images is None else f"{run.images:,}"
    reason = text.one_line(run.reason, 80)
    return run.id, run.dataset or "-", run.status, text.moment(run.started), took, run.preset or "", pictures, reason


def _show(run: Description) -> None:
    seconds = (run.ended - run.started).total_seconds() if run.ended else None
    click.echo(
        text.fields(
            [
                ("Run", run.id),
                ("Dataset", f"{run.dataset}, attempt {run.attempt}" if run.dataset else "(not the workshop's)"),
                ("Status", run.status),
                ("Ended in", run.failed_step),
                ("Reason", run.reason),
                ("Started", text.moment(run.started)),
                ("Took", SAY.duration(seconds) if seconds is not None else ""),
                ("Estimated", run.estimate),
                ("Learned", _progress(run.progress)),
                ("Newest sheet", run.newest_sheet),
                ("Files", run.files),
                ("Checkpoints", run.checkpoints),
                ("Log", run.log),
                ("ARN", run.arn),
            ]
        )
    )
    if run.steps:
        click.echo("\n" + text.table(("STEP", "STATUS", "STARTED", "TOOK", "REASON"), map(_step_row, run.steps)))
    notices = [(notice.kind, text.moment(notice.sent) or "being sent") for notice in run.notices]
    click.echo("\n" + (text.table(("NOTICE", "SENT"), notices) if notices else "No notice has been sent."))
    click.echo("\n" + text.table(("PARAMETER", "VALUE"), sorted(run.parameters.items())))


def _progress(progress: TrainingProgress | None) -> str:
    if progress is None:
        return ""
    left = progress.seconds_left
    rest = "" if left is None else f", about {SAY.duration(left)} left"
    return f"{_how_far(progress.outcome)}{rest} ({text.moment(progress.written)})"


def _how_far(outcome: TrainingOutcome) -> str:
    return f"{outcome.kimg:,.4g} of {outcome.wanted_kimg:,.4g} kimg"


def _step_row(step: Any) -> tuple[str, ...]:
    took = SAY.duration((step.ended - step.started).total_seconds()) if step.started and step.ended else ""
    status = f"{step.status} (attempt {step.attempts})" if step.attempts > 1 else step.status
    return step.name, status, text.moment(step.started), took, text.one_line(step.reason, 120)


def _fate(done: Redriven) -> str:
    parts = []
    if done.moving:
        parts.append(f"SQS is moving about {text.plural(done.moving, 'message')} back")
    if done.handed_over:
        parts.append(f"{text.plural(done.handed_over, 'message')} handed over")
    parts += [f"{text.plural(count, 'message')} left: {reason}" for reason, count in done.left.most_common()]
    if done.trouble:
        parts.append(f"stopped: {done.trouble}")
    return "; ".join(parts) or "empty"


def _show_inventory(inventory: Inventory) -> None:
    folders = inventory.folders
    rows = [(folder.prefix, folder.versions, folder.markers, text.size(folder.bytes)) for folder in folders]
    versions, markers = sum(folder.versions for folder in folders), sum(folder.markers for folder in folders)
    rows.append(("together", versions, markers, text.size(inventory.bytes)))
    click.echo(text.table(("FOLDER", "VERSIONS", "DELETE MARKERS", "BYTES"), rows))
    records = len(inventory.items) + inventory.has_state
    click.echo(f"And {text.plural(records, 'record')} in the ledger, of {text.plural(inventory.runs, 'run')}.")


def _json(value: object) -> str:
    return json.dumps(value, indent=2, default=_iso)


def _iso(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form.")
