"""The whole way in one command: drop images, wait, read the mails, look at the page."""

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from local_aws.drawings import write_sample_drop
from local_aws.drop import drop_folder, files_to_drop
from local_aws.errors import DemoError
from local_aws.mailbox import Mail
from local_aws.progress import Progress
from local_aws.results import fetch_results
from local_aws.runs import RunView, kimg_of, list_runs
from local_aws.workshop import LocalWorkshop, Options

SAMPLE_IMAGES = 1000
START_SECONDS = 180.0
RUN_SECONDS = 7200.0
LOOK_SECONDS = 0.5
LAST_NOTICES = {"succeeded", "failed"}


@dataclass(frozen=True)
class DemoResult:
    """What a demo ended with: the run, every mail, and the page of the report if there is one."""

    run: RunView
    mails: Sequence[Mail]
    page: Path | None
    seconds: float


def run_demo(root: Path, images: Path | None, output: Path, options: Options, progress: Progress) -> DemoResult:
    """Start a workshop, drop the images (or the sample faces), and do nothing but wait for the last mail.

    Everything the workshop was is gone afterwards, except the results below `output`.

    Raises:
        LocalError: the workshop did not start, the folder cannot be dropped, or no run or mail came.
    """
    if images is not None:
        files_to_drop(images)  # a wrong folder is said before anything is started
    began = time.monotonic()
    with (
        progress,
        LocalWorkshop(root, Path(tempfile.mkdtemp(prefix="workshop-")), options, say=progress.show) as workshop,
    ):
        dataset, folder = _what_to_drop(images, workshop.folder / "drop", progress)
        s3 = workshop.endpoint.client("s3")
        number = drop_folder(
            s3, workshop.bucket, folder, dataset, lambda done, of: progress.show(f"uploading {of} files")
        )
        progress.say(
            f"Dropped {number} files into s3://{workshop.bucket}/uploads/{dataset}/. From here on: only waiting."
        )
        run = _wait_for_last_mail(workshop, dataset, progress)
        page = fetch_results(s3, workshop.bucket, dataset, run.execution_id, output)
        return DemoResult(run, workshop.mailbox.mails, page, time.monotonic() - began)


def _what_to_drop(images: Path | None, samples: Path, progress: Progress) -> tuple[str, Path]:
    if images is not None:
        return "my-images", images
    progress.show(f"drawing {SAMPLE_IMAGES} sample faces")
    write_sample_drop(samples, SAMPLE_IMAGES)
    return "sample-faces", samples


def _wait_for_last_mail(workshop: LocalWorkshop, dataset: str, progress: Progress) -> RunView:
    """Watch the dataset's run until it is over and its last mail has come."""
    sagemaker = workshop.endpoint.client("sagemaker")
    began = time.monotonic()
    while True:
        runs = list_runs(sagemaker, workshop.outputs["PipelineName"], dataset)
        mails = workshop.mailbox.mails
        run = runs[0] if runs else None
        if run is None:
            progress.show("waiting for the drop to settle", None, mails)
        else:
            kimg = kimg_of(sagemaker, run.arn)
            progress.show(f"run {run.execution_id}", run, mails, workshop.last_log_line(run.arn), kimg)
        if run and run.done and LAST_NOTICES & {mail.kind for mail in mails}:
            return run
        _give_up_in_time(run, mails, time.monotonic() - began)
        time.sleep(LOOK_SECONDS)  # two looks a second are enough for a person


def _give_up_in_time(run: RunView | None, mails: Sequence[Mail], waited: float) -> None:
    if run is None and any(mail.kind == "attention" for mail in mails):
        raise DemoError(f"the drop needs attention:\n\n{mails[-1].text()}")
    if run is None and waited > START_SECONDS:
        raise DemoError(f"no run was started within {START_SECONDS:.0f} s of the drop")
    if waited > RUN_SECONDS:
        raise DemoError(f"the run was not over after {RUN_SECONDS:.0f} s")
