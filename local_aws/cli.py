"""The commands of `python -m local_aws`."""

import html
import os
import re
import shlex
import sys
import time
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import click
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from contract.errors import RefusedName
from contract.layout import FROM_SCRATCH
from contract.pipeline import PARAMETERS
from contract.statuses import SUCCEEDED
from local_aws import ROOT, server
from local_aws.demo import LOOK_SECONDS, DemoResult, run_demo
from local_aws.door import APP_PORT
from local_aws.drop import drop_folder
from local_aws.errors import LocalError, NotRunningError
from local_aws.mailbox import mails_in
from local_aws.progress import ProgressDisplay
from local_aws.results import fetch_results
from local_aws.runs import describe_run, list_runs
from local_aws.sagemaker import StandInError
from local_aws.workshop import SHIPPED_BASE, Options
from pipeline_builder.errors import PipelineBuilderError

PRESETS = click.Choice(["tiny", "laptop", "sketch", "balanced", "best"])

UP = """\
A workshop is up. It goes on until: python -m local_aws down

  {app_link}

  open the web app          the address above, or: python -m local_aws link
  drop a folder of images   python -m local_aws drop FOLDER DATASET
  watch its run             python -m local_aws watch
  list the runs             python -m local_aws runs
  read the mails            python -m local_aws mail
  fetch pictures and page   python -m local_aws fetch RUN FOLDER
  use the AWS CLI on it     eval "$(python -m local_aws env)"

Links in the mails open in any browser on this machine.
"""
DOWN_LATER = "It goes on until: python -m local_aws down"


class LocalCommands(click.Group):
    """Turns what can go wrong into one sentence and exit status 1."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except (LocalError, RefusedName, PipelineBuilderError, StandInError) as error:
            raise click.ClickException(str(error)) from error
        except (BotoCoreError, ClientError) as error:
            raise click.ClickException(f"the embedded AWS did not do it: {error}") from error
        except OSError as error:
            if error.filename is None:
                raise
            raise click.ClickException(f"{error.filename}: {error.strerror}") from error


class Thousands(click.ParamType[str]):
    """How many thousands of images: a number within the bounds of settings.yaml's `kimg`, as it was written."""

    name = "number"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        plain = re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", value, re.ASCII)
        low, high = PARAMETERS["Kimg"].bounds
        if value and not (plain and low <= float(value) <= high):
            self.fail(f"{value!r} is no number from {low:g} to {high:.0f}, such as 2 or 0.5", param, ctx)
        return value


class FolderPath(click.ParamType[Path]):
    """A folder's path, with the home folder spelled as `~`, too; it need not exist."""

    name = "folder"

    def convert(self, value: str | Path, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        if not str(value).strip():
            self.fail("the name of a folder is missing", param, ctx)
        return Path(value).expanduser()


@click.group(cls=LocalCommands, context_settings={"max_content_width": 110})
def main() -> None:
    """The workshop on this machine: no AWS account, no Docker.

    The template, the functions, the pipeline's definition and the containers' entry points are the ones that run on
    AWS; AWS itself is MiniStack, with a stand-in for SageMaker.
    """


def port_option(command: Callable[..., None]) -> Callable[..., None]:
    """Where the web app is; pictures have the next port."""
    return click.option(
        "--port",
        type=click.IntRange(1024, 65534),
        default=APP_PORT,
        show_default=True,
        help="Where the web app is: http://127.0.0.1:PORT/. Pictures have the next port.",
    )(command)


@main.command()
@click.option("--images", type=FolderPath(), help="A folder of your own pictures, instead of the sample faces.")
@click.option("--output", type=FolderPath(), default=ROOT / "demo-output", help="Where pictures and page are put.")
@click.option("--preset", type=PRESETS, default="laptop", show_default=True, help="How much work the run is.")
@click.option(
    "--kimg",
    type=Thousands(),
    default="",
    help="Thousands of images training shows the network; by default the preset's.",
)
@click.option(
    "--from-scratch",
    is_flag=True,
    help="Train from scratch instead of fine-tuning the base network that is shipped; it is of the preset laptop, and "
    "other presets always begin from scratch.",
)
@click.option("--end", is_flag=True, help="End the workshop afterwards, and keep the page only.")
@port_option
def demo(images: Path | None, output: Path, preset: str, kimg: str, from_scratch: bool, end: bool, port: int) -> None:
    """Start a workshop, drop pictures, wait for the mails; keep the page, and leave the workshop up.

    \b
    Example:
      python -m local_aws demo --images ~/Pictures/chairs
    """
    options = Options(preset=preset, kimg=kimg, warm_start=base_for(preset, from_scratch), port=port)
    progress = ProgressDisplay()
    try:
        result = run_demo(images, output, options, progress, end=end)
    except KeyboardInterrupt:
        sys.exit("Interrupted; the workshop has been ended and removed.")
    _tell(result)
    sys.exit(0 if _went_well(result) else 1)


def base_for(preset: str, from_scratch: bool) -> str:
    """The network to fine-tune: the shipped one fits no other preset than the one it was made with."""
    return SHIPPED_BASE if preset == "laptop" and not from_scratch else FROM_SCRATCH


def _tell(result: DemoResult) -> None:
    for mail in result.mails:
        click.echo(f"\n{'─' * 100}\n{mail.text()}", nl=False)
    click.echo(f"{'─' * 100}\n")
    run = result.run
    click.echo(f"The run {run.status.lower()} after {run.seconds:.0f} s; the whole demo took {result.seconds:.0f} s.")
    if result.page:
        click.echo(f"The report is here: {result.page}")
    if result.app_link:
        click.echo(f"The pictures are in the web app: {result.app_link}\n{DOWN_LATER}")


def _went_well(result: DemoResult) -> bool:
    kinds = [mail.kind for mail in result.mails]
    return result.run.status == SUCCEEDED and result.page is not None and kinds == ["started", "succeeded"]


@main.command()
@port_option
@click.option("--no-browser", is_flag=True, help="Do not open the web app in a browser.")
def up(port: int, no_browser: bool) -> None:
    """Start a workshop, open its web app in the browser, and leave it running."""
    with Console().status("starting") as status, server.start_workshop(Options(port=port), say=status.update) as state:
        pass
    click.echo(UP.format(app_link=state.app_link()))
    if not no_browser:
        _open_in_browser(state.app_link())


def _open_in_browser(link: str) -> None:
    """Open the link in the browser of the desktop, if there is one. What a browser is started with, every user of the
    machine can see in the list of processes: so it is a file of ours, which leads to the link.
    """
    if sys.platform == "linux" and not {"DISPLAY", "WAYLAND_DISPLAY"} & set(os.environ):
        return  # what is opened then is a program in this terminal
    page = server.HOME / "open.html"
    page.unlink(missing_ok=True)
    page.touch(mode=0o600)
    page.write_text(f'<!doctype html><meta http-equiv="refresh" content="0; url={html.escape(link)}">')
    with suppress(OSError, webbrowser.Error):  # no browser, or an odd one: the link has been printed
        webbrowser.open(page.as_uri())


@main.command()
def link() -> None:
    """Print the link that opens the web app with every right."""
    click.echo(server.running_workshop().app_link())


@main.command()
def down() -> None:
    """End the workshop that is up, and leave nothing of it behind: no process, no picture, no mail.

    A training that runs is told to stop and has a few seconds for it. What you want to keep, `fetch` before.
    """
    try:
        state = server.running_workshop()
    except NotRunningError as error:
        raise NotRunningError(f"there is nothing to end: {error}") from error
    click.echo("Ending the workshop: its runs, its processes, and everything in its bucket and its mailbox ...")
    server.end_workshop(state)
    click.echo("The workshop is down. Nothing of it is left but what you have fetched.")


@main.command()
@click.argument("folder", type=FolderPath())
@click.argument("dataset")
def drop(folder: Path, dataset: str) -> None:
    """Upload every file of FOLDER to DATASET; a run starts when the drop has settled."""
    state = server.running_workshop()
    with click.progressbar(length=1, label="uploading") as bar:

        def uploaded(done: int, of: int) -> None:
            bar.length = of
            bar.update(done - bar.pos)

        number = drop_folder(state.endpoint.client("s3"), state.bucket, folder, dataset, uploaded)
    click.echo(f"Dropped {number} files into s3://{state.bucket}/uploads/{dataset}/")


@main.command()
@click.argument("dataset", required=False)
def watch(dataset: str | None) -> None:
    """Show the newest run (of DATASET) until it is over."""
    state = server.running_workshop()
    sagemaker = state.endpoint.client("sagemaker")
    with ProgressDisplay() as progress:
        while True:
            runs = list_runs(sagemaker, state.pipeline_name, dataset)
            progress.show(f"run {runs[0].execution_id}" if runs else "no run yet", runs[0] if runs else None)
            if runs and runs[0].done:
                break
            time.sleep(LOOK_SECONDS)
    click.echo(f"{runs[0].execution_id}  {runs[0].status}  {runs[0].reason}")


@main.command()
def runs() -> None:
    """List all runs, newest first."""
    state = server.running_workshop()
    for run in list_runs(state.endpoint.client("sagemaker"), state.pipeline_name):
        steps = "  ".join(f"{step.name} {step.status}" for step in run.steps)
        columns = f"{run.execution_id}  {run.dataset:20}  {run.status:10}  {run.seconds:6.0f} s"
        click.echo(f"{columns}  {steps}  {run.reason}".rstrip())


@main.command()
def mail() -> None:
    """Print every mail that was sent, oldest first."""
    for one in mails_in(Path(server.running_workshop().mail)):
        click.echo(f"{one.text()}\n{'─' * 100}")


@main.command()
@click.argument("run")
@click.argument("folder", type=FolderPath())
def fetch(run: str, folder: Path) -> None:
    """Copy pictures and page of RUN (an id from `runs`) into FOLDER."""
    state = server.running_workshop()
    sagemaker = state.endpoint.client("sagemaker")
    known = {view.execution_id: view for view in list_runs(sagemaker, state.pipeline_name)}
    if run not in known:
        raise click.ClickException(f"there is no run {run}; see: python -m local_aws runs")
    view = describe_run(sagemaker, known[run].arn)
    page = fetch_results(state.endpoint.client("s3"), state.bucket, view.dataset, run, folder, _tell_left_out)
    click.echo(f"The report is here: {page}" if page else f"Run {run} has made no report ({view.status}).")


def _tell_left_out(key: str) -> None:
    click.echo(f"Left out, because its name cannot be a file's in that folder: {key!r}", err=True)


@main.command()
def env() -> None:
    """Print shell commands that point the AWS CLI, boto3 or sam at the workshop."""
    state = server.running_workshop()
    for name, value in state.endpoint.environment().items():
        click.echo(f"export {name}={shlex.quote(value)}")
