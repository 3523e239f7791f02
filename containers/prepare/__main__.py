"""Processing job Prepare: an artist's images in, a data set to train on out.

    input  snapshot    the run's record: which objects of S3 to read (see containers.fetching)
    output prepared    dataset.zip (absent if no image is good)
    output report      prepare.json: how many were found, are good, were set aside and why
    output set-aside   copies of the images that were not used
    environment        DATASET, RESOLUTION

Bad images never fail the job, not even if no good one is left: the pipeline's condition reads the count in
prepare.json and decides.
"""

from __future__ import annotations

import sys
import time

from containers.job import ProcessingJob, base_folder, run_job
from contract import jobs
from contract.layout import DATASET_ARCHIVE, PREPARE_REPORT_FILE
from contract.prepare_report import PrepareReport, SetAside
from stylegan2.base.errors import ModelError

_PROGRESS_SECONDS = 10.0


def main() -> int:
    """Run the job; returns the exit code."""
    return run_job(ProcessingJob(base_folder()), _prepare, known=(ModelError,))


def _prepare(job: ProcessingJob) -> None:
    job.refuse_many_hosts()
    # Here, so that a broken image is reported like any failure.
    from containers.fetching import fetch_images, read_record
    from containers.s3 import s3_client
    from stylegan2.data.preparation import prepare_images

    environment = job.environment()
    dataset = environment.dataset(jobs.DATASET_VARIABLE)
    resolution = environment.resolution(jobs.RESOLUTION_VARIABLE)
    started = time.monotonic()
    record = read_record(job.input_file(jobs.SNAPSHOT_INPUT))
    with job.scratch(jobs.PREPARED_OUTPUT) as folder:
        images = fetch_images(s3_client(job.region()), record, folder)
        print(f"images listed={len(record.images)} fetched in seconds={time.monotonic() - started:.1f}", flush=True)
        prepared = prepare_images(
            images,
            job.output(jobs.PREPARED_OUTPUT) / DATASET_ARCHIVE,
            resolution=resolution,
            set_aside=job.output(jobs.SET_ASIDE_OUTPUT),
            on_progress=_PreparationProgress(),
        )
    report = PrepareReport(
        dataset=dataset,
        resolution=resolution,
        found=prepared.found,
        good=prepared.good,
        set_aside=[SetAside(one.name, one.reason) for one in prepared.set_aside],
        seconds=time.monotonic() - started,
    )
    (job.output(jobs.PREPARE_REPORT_OUTPUT) / PREPARE_REPORT_FILE).write_text(report.to_json(), encoding="ascii")
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
