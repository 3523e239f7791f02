"""Processing job Infer: a trained network in, images and the run's report out.

input  model             model.tar.gz, as the training job left it
input  prepare-report    prepare.json
input  targets           record of the images to look for in the network (see containers.fetching); may be missing
output inference         the images as files (see containers.infer.synthesis)
output report            index.html and report.json
environment              DATASET, EXECUTION_ID; INFERENCE_MODE (all, generate, mix or project), INFERENCE_NETWORK (best
                         or last), SEED, INFERENCE_CLASSES (names or numbers of a network's classes; all),
                         PAGE_LANGUAGE, PROJECTION_STEPS; SIGNING_KEY, CERTIFICATES (see containers.content_credentials)
"""

from __future__ import annotations

import sys

from containers.job import ProcessingJob, base_folder, run_job
from stylegan2.base.errors import ModelError


def main() -> int:
    """Run the job; returns the exit code."""
    return run_job(ProcessingJob(base_folder()), _infer, known=(ModelError,))


def _infer(job: ProcessingJob) -> None:
    job.refuse_many_hosts()
    from containers.infer.step import infer  # here, so that a broken image is reported like any failure

    infer(job)


if __name__ == "__main__":
    sys.exit(main())
