"""Processing job Prepare: an artist's images in, a data set to train on out.

    input  snapshot    the run's record: which objects of S3 to read (see containers.fetching)
    output prepared    dataset.zip (absent if no image is good)
    output report      prepare.json: how many were found, are good, were set aside and why; counts.json: how many
    output set-aside   copies of the first images that were not used (contract.prepare_report says how many)
    environment        DATASET, RESOLUTION; PICTURE_SIZE (square, or a size of this resolution), FIT (crop or
                       letterbox), BACKGROUND (a colour), LABELS (none, or folders: sub-folders are classes)

Bad images never fail the job, not even if no good one is left: the pipeline's condition reads counts.json and decides.
"""

from __future__ import annotations

import sys
import time
from typing import cast

from containers.errors import StepError
from containers.job import ProcessingJob, base_folder, run_job
from contract import jobs
from contract.layout import COUNTS_FILE, DATASET_ARCHIVE, PREPARE_REPORT_FILE
from contract.prepare_report import MAX_CLASSES, MAX_COPIED_BYTES, MAX_COPIES, ImageClass, PrepareReport, SetAside
from stylegan2.base.errors import ModelError

_PROGRESS_SECONDS = 10.0


def main() -> int:
    """Run the job; returns the exit code."""
    return run_job(ProcessingJob(base_folder()), _prepare, known=(ModelError,))


def _prepare(job: ProcessingJob) -> None:
    job.refuse_many_hosts()
    # Here, so that a broken image is reported like any failure.
    from containers.fetching import fetch_images, read_record
    from containers.fitting import wanted_images
    from containers.reasons import reason_of
    from containers.s3 import s3_client
    from stylegan2.data.preparation import CopyLimits, LabelSource, prepare_images

    environment = job.environment()
    dataset = environment.dataset(jobs.DATASET_VARIABLE)
    resolution = environment.resolution(jobs.RESOLUTION_VARIABLE)
    size = environment.picture_size(jobs.PICTURE_SIZE_VARIABLE, resolution)
    fit = environment.parameter(jobs.FIT_VARIABLE, "Fit")
    background = environment.parameter(jobs.BACKGROUND_VARIABLE, "Background")
    labels = environment.parameter(jobs.LABELS_VARIABLE, "Labels")
    started = time.monotonic()
    record = read_record(job.input_file(jobs.SNAPSHOT_INPUT))
    with job.scratch(jobs.PREPARED_OUTPUT) as folder:
        images = fetch_images(s3_client(job.region()), record, folder)
        print(f"images listed={len(record.images)} fetched in seconds={time.monotonic() - started:.1f}", flush=True)
        prepared = prepare_images(
            images,
            job.output(jobs.PREPARED_OUTPUT) / DATASET_ARCHIVE,
            resolution=wanted_images(size.width, size.height, fit, background),
            labels=cast(LabelSource, labels),
            set_aside=job.output(jobs.SET_ASIDE_OUTPUT),
            copy_limits=CopyLimits(MAX_COPIES, MAX_COPIED_BYTES),
            on_progress=_PreparationProgress(),
        )
    if len(prepared.classes) > MAX_CLASSES:
        raise StepError(
            f"The images are of {len(prepared.classes)} classes, but a network learns at most {MAX_CLASSES}."
        )
    classes = zip(prepared.classes, prepared.class_images, strict=True)
    report = PrepareReport(
        dataset=dataset,
        resolution=resolution,
        found=prepared.found,
        good=prepared.good,
        set_aside=[SetAside(one.name, reason_of(one.refusal)) for one in prepared.set_aside],
        seconds=time.monotonic() - started,
        copies=prepared.copied,
        size=str(size),
        fit=fit,
        background=background,
        classes=[ImageClass(name, images) for name, images in classes],
    )
    folder = job.output(jobs.PREPARE_REPORT_OUTPUT)
    (folder / PREPARE_REPORT_FILE).write_text(report.to_json(), encoding="ascii")
    (folder / COUNTS_FILE).write_text(report.counts_json(), encoding="ascii")
    print(f"images found={report.found} good={report.good} set_aside={report.set_aside_count}", flush=True)


class _PreparationProgress:
    """Prints how far the work is, every few seconds, so that the job's log shows that it lives."""

    def __init__(self) -> None:
        self._next = time.monotonic() + _PROGRESS_SECONDS

    def __call__(self, done: int, found: int) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _PROGRESS_SECONDS
            print(f"images done={done} of={found}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
