"""The whole way in one command: drop images, wait, read the mails, look at the page."""

import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from local_aws import server
from local_aws.drawings import write_sample_drop
from local_aws.drop import drop_folder, files_to_drop
from local_aws.errors import DemoError
from local_aws.mailbox import Mail, mails_in
from local_aws.progress import ProgressDisplay
from local_aws.results import fetch_results
from local_aws.runs import RunView, kimg_of, last_log_line, list_runs
from local_aws.server import Running
from local_aws.workshop import Options
from workshop.admission.app_links import pictures_screen

SAMPLE_IMAGES = 1000
# No verdicts on how fast this machine is: only what hangs ends here. A run has its own limit, MaxTrainSeconds.
START_SECONDS = 1800.0
LAST_MAIL_SECONDS = 900.0
LOOK_SECONDS = 0.5
LAST_NOTICES = {"succeeded", "failed"}


@dataclass(frozen=True)
class DemoResult:
    """What a demo ended with: the run, every mail, the page of the report if there is one, and a link that opens the
    run's pictures in the web app ("" if the workshop has been ended)."""

    run: RunView
    mails: Sequence[Mail]
    page: Path | None
    app_link: str
    seconds: float


def run_demo(
    images: Path | None, output: Path, options: Options, progress: ProgressDisplay, *, end: bool = False
) -> DemoResult:
    """Start a workshop, drop the images (or the sample faces), and do nothing but wait for the last mail.

    The workshop goes on; with `end`, or on failure, everything that it was is gone afterwards, except the results below
    `output`.

    Raises:
        LocalError: a workshop is up already or did not start, the folder cannot be dropped, or no run or mail came.
    """
    # What is wrong with a folder is said before anything is started.
    if images is not None:
        files_to_drop(images)
    output.mkdir(parents=True, exist_ok=True)
    if not os.access(output, os.W_OK):
        raise DemoError(f"{output} cannot be written to; choose another folder with --output")
    began = time.monotonic()
    with (
        progress,
        server.start_workshop(options, say=progress.show) as workshop,
        tempfile.TemporaryDirectory(prefix="workshop-drop-") as drawn,
    ):
        dataset, folder = _what_to_drop(images, Path(drawn), progress)
        s3 = workshop.endpoint.client("s3")
        number = drop_folder(
            s3, workshop.bucket, folder, dataset, lambda done, of: progress.show(f"uploading {of} files")
        )
        progress.say(
            f"Dropped {number} files into s3://{workshop.bucket}/uploads/{dataset}/. From here on: only waiting."
        )
        run = _wait_for_last_mail(workshop, dataset, progress)
        page = fetch_results(
            s3, workshop.bucket, dataset, run.execution_id, output, lambda key: progress.say(f"left out: {key!r}")
        )
        mails = mails_in(Path(workshop.mail))
        if end:
            progress.show("ending the workshop")
            server.end_workshop(workshop)
        app_link = "" if end else workshop.app_link(pictures_screen(dataset, run.execution_id))
        return DemoResult(run, mails, page, app_link, time.monotonic() - began)


def _what_to_drop(images: Path | None, samples: Path, progress: ProgressDisplay) -> tuple[str, Path]:
    if images is not None:
        return "my-images", images
    progress.show(f"drawing {SAMPLE_IMAGES} sample faces")
    write_sample_drop(samples, SAMPLE_IMAGES)
    return "sample-faces", samples


def _wait_for_last_mail(workshop: Running, dataset: str, progress: ProgressDisplay) -> RunView:
    """Watch the dataset's run until it is over and its last mail has come."""
    sagemaker = workshop.endpoint.client("sagemaker")
    began = time.monotonic()
    over: float | None = None
    while True:
        runs = list_runs(sagemaker, workshop.pipeline_name, dataset)
        mails = mails_in(Path(workshop.mail))
        run = runs[0] if runs else None
        if run is None:
            progress.show("waiting for the drop to settle", None, mails)
        else:
            kimg = kimg_of(sagemaker, run.arn)
            progress.show(f"run {run.execution_id}", run, mails, last_log_line(Path(workshop.jobs), run), kimg)
        if run and run.done and LAST_NOTICES & {mail.kind for mail in mails}:
            return run
        if run and run.done:
            over = over or time.monotonic()
        _give_up_in_time(mails, began if run is None else None, over)
        time.sleep(LOOK_SECONDS)  # two looks a second are enough for a person


def _give_up_in_time(mails: Sequence[Mail], dropped: float | None, over: float | None) -> None:
    """`dropped`: when the drop was, while no run has come of it; `over`: since when the run is over."""
    if dropped is not None and any(mail.kind == "attention" for mail in mails):
        raise DemoError(f"the drop needs attention:\n\n{mails[-1].text()}")
    if dropped is not None and time.monotonic() - dropped > START_SECONDS:
        raise DemoError(f"no run was started within {START_SECONDS:.0f} s of the drop")
    if over is not None and time.monotonic() - over > LAST_MAIL_SECONDS:
        raise DemoError(f"the run is over, but no mail about its end came within {LAST_MAIL_SECONDS:.0f} s")
