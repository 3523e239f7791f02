"""Training job: a data set and perhaps a base network in, the trained network and its record out.

    channel train       dataset.zip, from Prepare
    channel base        a network to fine-tune (network.safetensors, network.json), or just README.txt: from scratch
    hyperparameters     dataset; preset, kimg, resolution, mirror, seed, labels; train_seconds, max_train_seconds
    environment         FINISH_REQUEST: the object of S3 that asks the training to end with what it has learned;
                        SIGNING_KEY, CERTIFICATES (see containers.content_credentials)
    checkpoints         the training's whole state, in a folder by data set and options; a job that finds one goes on;
                        progress.json: how far it has come
    model               network, samples, statistics, options (see stylegan2.training); base.json: what is known of
                        the base network, if there was one

On a machine with several GPUs, or on several machines, one process a GPU works on it (see containers.train.processes).

SIGTERM (stop, spot interruption) saves everything and ends the job as a finished one; before its time limit it ends by
itself (see containers.train.ending). The image is started with the argument `train`.
"""

from __future__ import annotations

import os
import sys
from functools import partial

from containers.errors import StepError
from containers.gpus import count_gpus
from containers.job import StopRequest, TrainingJob, base_folder, run_job
from containers.train.hyperparameters import read_hyperparameters
from containers.train.processes import is_one_of_many, sentence_file, train_together
from stylegan2.base.errors import ModelError


def main() -> int:
    """Run the job; returns the exit code."""
    stop = StopRequest().install()
    job = TrainingJob(base_folder())
    own_file = sentence_file(job, os.environ["RANK"]) if is_one_of_many() else None
    return run_job(job, partial(_train, stop=stop), known=(ModelError,), sentence_file=own_file)


def _train(job: TrainingJob, stop: StopRequest) -> None:
    if sys.argv[1:] != ["train"]:
        raise StepError("The training image knows one command, `train`, which is how SageMaker starts it.")
    hyperparameters = read_hyperparameters(job)
    cluster, per_machine = job.cluster(), max(count_gpus(), 1)
    if len(cluster.hosts) * per_machine > 1 and not is_one_of_many():
        train_together(job, cluster, per_machine, stop)
        return
    from containers.train.step import train_network  # here, so that a broken image is reported like any failure

    train_network(job, hyperparameters, stop)


if __name__ == "__main__":
    sys.exit(main())
