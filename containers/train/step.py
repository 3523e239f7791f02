"""The training job's work: hyperparameters and channels become options, and the network is trained."""

from __future__ import annotations

import hashlib
import json
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from containers.content_credentials import content_credentials
from containers.errors import InputError, SettingError
from containers.gpus import refuse_idle_gpu
from containers.job import TrainingJob
from containers.s3 import s3_client
from containers.train.ending import Deadline, FinishRequest, why_end
from containers.train.hyperparameters import Hyperparameters
from containers.train.model_note import model_note
from containers.train.progress import ProgressFile
from contract import jobs
from contract.layout import DATASET_ARCHIVE, MODEL_NOTE, PROGRESS
from stylegan2.base.errors import DivergedError
from stylegan2.base.host_memory import keep_freed_memory
from stylegan2.formats.network_file import (
    DESCRIPTION_NAME,
    TENSORS_NAME,
    load_generator,
    load_network,
    read_meta,
    save_network,
)
from stylegan2.options.training import TrainingChoices
from stylegan2.results.checkpoint import FORMAT
from stylegan2.training import train
from stylegan2.training.distributed import ProcessGroup, connected_processes
from stylegan2.training.loop import TrainingResult
from stylegan2.training.run_files import BEST
from stylegan2.training.training_options import TrainingOptions, resolve_options

BASE_RECORD = "base.json"


def train_network(job: TrainingJob, hyperparameters: Hyperparameters, stop: Callable[[], bool]) -> None:
    """Train as the hyperparameters say, until the end, until `stop` says so, or as long as there is time.

    Raises:
        StepError: a channel or the machine is not what it should be, or the data are not those of the hyperparameters.
        ModelError: the training cannot be done with these data and settings.
    """
    refuse_idle_gpu(job.instance_type())
    with connected_processes() as group:
        if group.is_main_process:
            # One line a tick on stdout: CloudWatch reads the job's metrics from it.
            logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(message)s")
        options = _options(job, hyperparameters, group.size)
        if group.is_main_process:
            for sentence in hyperparameters.reference.sentences(group.size, options.device == "cuda"):
                print(sentence, flush=True)
        if options.device == "cpu":
            keep_freed_memory()
        if not group.is_main_process:
            _train(job, options, group, should_stop=lambda _: "stopped" if stop() else None)
            return
        deadline = Deadline(
            hyperparameters.max_train_seconds, job.seconds_so_far(), hyperparameters.train_seconds, job.model_folder
        )
        progress = ProgressFile(job.checkpoint_folder / PROGRESS, options.settings.kimg, lambda: deadline.seconds_left)
        signing = content_credentials(job.environment(), job.region())
        with signing, _finish_request(job) as is_asked:
            should_stop = why_end(stop, is_asked, deadline)
            told = {"on_tick": progress.tick, "on_sheet": progress.sheet}
            result = _train(job, options, group, should_stop=should_stop, **told)
    _keep_drawing_part(job.model_folder / BEST)
    base = None if options.transfer is None else _keep_base_record(options.transfer, job.model_folder)
    images = options.images // 2 if options.mirror else options.images  # mirrored copies are counted
    note = model_note(options.dataset_name, images, base)
    (job.model_folder / MODEL_NOTE).write_text(note, encoding="utf-8")
    if result is not None:
        print(f"{result.ended}: the network has seen {result.kimg:g} of {options.settings.kimg:g} kimg.")


def _train(job: TrainingJob, options: TrainingOptions, group: ProcessGroup, **asked: Any) -> TrainingResult | None:
    """Train. Where the numbers become useless the job ends well, without a result, if there is a network from before:
    pictures are made with that one, and the statistics tell the report what has happened."""
    try:
        return train(options, group=group, **asked)
    except DivergedError as error:
        if not group.largest(int((job.model_folder / TENSORS_NAME).is_file())):
            raise
        print(f"collapsed: {error}", flush=True)
        return None


@contextmanager
def _finish_request(job: TrainingJob) -> Iterator[Callable[[], bool]]:
    """What says whether somebody wants the training to end, where the job was told what to look for."""
    if jobs.FINISH_VARIABLE not in job.environment().values:
        yield lambda: False
        return
    uri = job.environment().uri(jobs.FINISH_VARIABLE)
    with FinishRequest(s3_client(job.region()), uri) as request:
        yield request


def _options(job: TrainingJob, hyperparameters: Hyperparameters, processes: int) -> TrainingOptions:
    data = job.channel(jobs.TRAIN_CHANNEL) / DATASET_ARCHIVE
    if not data.is_file():
        raise InputError(
            f"the channel {jobs.TRAIN_CHANNEL!r} holds no {DATASET_ARCHIVE}; Prepare writes none if no image is good."
        )
    options = resolve_options(
        TrainingChoices(
            data=data,
            outdir=job.model_folder,
            tensorboard_dir=job.tensorboard_folder,
            patience=hyperparameters.patience,
            dataset_name=hyperparameters.dataset,
            preset=hyperparameters.preset,
            kimg=hyperparameters.kimg,
            mirror=hyperparameters.mirror,
            cond=hyperparameters.has_classes,
            seed=hyperparameters.seed,
            transfer=_base_network(job),
            **hyperparameters.options,
        ),
        processes=processes,
    )
    options = replace(options, checkpoint_dir=job.checkpoint_folder / _name_of_training(options))
    # Prepare was given the same number, so the two differ only where someone started the job by hand.
    if hyperparameters.resolution not in (None, options.resolution):
        raise SettingError(
            f"hyperparameter 'resolution' does not match the data set, whose pictures have {options.size}."
        )
    return options


def _name_of_training(options: TrainingOptions) -> str:
    """Where this training's checkpoints lie among those of its snapshot's other ones.

    A new image of Prepare makes other images of the same files, and one of Train has other options or another format.
    What such a training was interrupted in could only be refused, by every later run of the snapshot. Under names of
    their own trainings neither find nor overwrite each other's; what is left over expires.
    """
    identity = json.dumps([FORMAT, options.identity()], sort_keys=True)
    return hashlib.sha256(identity.encode()).hexdigest()[:16]


def _base_network(job: TrainingJob) -> Path | None:
    """The folder of the network to begin with, or None: an S3 prefix cannot be empty, so "none" holds a README.txt."""
    folder = job.optional_channel(jobs.BASE_CHANNEL)
    if folder is None:
        return None
    files = {path.name for path in folder.iterdir()}
    if files <= {"README.txt"}:
        return None
    for name in (TENSORS_NAME, DESCRIPTION_NAME):
        if name not in files:
            raise InputError(
                f"the channel {jobs.BASE_CHANNEL!r} holds no {name}; the warm-start model must be a network's folder."
            )
    return folder


def _keep_drawing_part(best: Path) -> None:
    """Of the best network the archive holds what draws. Its discriminator would make it twice as large, and has no use
    that the last one's has not."""
    if (best / TENSORS_NAME).is_file():
        save_network(best, load_generator(best), None, read_meta(best))


def _keep_base_record(base: Path, model_folder: Path) -> dict[str, Any]:
    """Leave with the model what its base network says of itself, so that the report can tell where it came from."""
    record = load_network(base).meta
    (model_folder / BASE_RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return record
