"""The work of the job Infer: unpack the model, draw, write the report."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from containers.content_credentials import content_credentials
from containers.errors import InputError
from containers.fetching import fetch_images, read_record
from containers.fitting import wanted_images
from containers.gpus import refuse_idle_gpu
from containers.infer import synthesis
from containers.infer.archive import unpack_model
from containers.infer.classes import ClassChoice, choose_classes
from containers.infer.exploring import draw_directions, draw_film, plan_exploration
from containers.infer.gallery import write_gallery
from containers.infer.networks import load_drawing_network
from containers.infer.picture_archive import write_picture_archive
from containers.infer.projecting import Clock, project_targets
from containers.infer.provenance import earlier_run
from containers.infer.report import write_report
from containers.infer.results import MadeImages, ReportRun
from containers.job import ProcessingJob
from containers.s3 import s3_client
from contract import jobs
from contract.errors import DocumentError
from contract.layout import (
    DIRECTIONS,
    FILM,
    GENERATED,
    MIXED,
    MODEL_ARCHIVE,
    PICTURE_ARCHIVE,
    PREPARE_REPORT_FILE,
    PROJECTED,
)
from contract.names import EXECUTION_ID
from contract.pipeline import PARAMETERS, inference_seeds
from contract.prepare_report import MAX_BYTES, PrepareReport
from stylegan2.formats.network_file import LoadedNetwork
from stylegan2.model.networks import Generator
from stylegan2.model.performance import move_to_device

# A few hundred steps give a fair likeness; the paper's 1000 are for a GPU.
_STEPS_ON_CPU, _STEPS_ON_GPU = 150, 1000
# Of what SageMaker gives the job; the rest is for its start, the page, and the copies to S3.
_SHARE_OF_TIME = 0.8


def infer(job: ProcessingJob) -> None:
    """Draw what the job's environment asks for and write the report.

    Raises:
        StepError: an input or a variable is not what it should be.
        ModelError: the network cannot be loaded or used.
    """
    refuse_idle_gpu(job.instance_type())
    limit = job.max_seconds()
    clock = Clock(None if limit is None else time.monotonic() + _SHARE_OF_TIME * limit)
    environment = job.environment()
    dataset = environment.dataset(jobs.DATASET_VARIABLE)
    execution_id = environment.text(jobs.EXECUTION_ID_VARIABLE, EXECUTION_ID, "ifw9mcxjxl5q")
    mode = environment.parameter(jobs.INFERENCE_MODE_VARIABLE, "InferenceMode")
    wanted = environment.parameter(jobs.INFERENCE_NETWORK_VARIABLE, "InferenceNetwork")
    language = environment.parameter(jobs.PAGE_LANGUAGE_VARIABLE, "Language")
    seed = environment.integer(jobs.SEED_VARIABLE, *PARAMETERS["Seed"].bounds, default=0)
    gpu = torch.cuda.is_available()
    steps = environment.integer("PROJECTION_STEPS", 1, 10_000, default=_STEPS_ON_GPU if gpu else _STEPS_ON_CPU)
    seeds = inference_seeds(environment.parameter(jobs.INFERENCE_SEEDS_VARIABLE, "InferenceSeeds")) or (seed,)
    classes = environment.classes(jobs.INFERENCE_CLASSES_VARIABLE)
    prepare = _read_prepare_report(job.input(jobs.PREPARE_REPORT_INPUT) / PREPARE_REPORT_FILE)

    with content_credentials(environment, job.region()), job.scratch(jobs.REPORT_OUTPUT) as model:
        unpack_model(job.input(jobs.MODEL_INPUT) / MODEL_ARCHIVE, model)
        network, chosen = load_drawing_network(model, wanted)
        move_to_device([network.G_ema, network.D], "cuda" if gpu else "cpu")
        drawn = _draw(job, network, _Wish(mode, seeds, steps, choose_classes(network, classes), prepare), clock)
        trained_by = earlier_run(job.source(jobs.MODEL_INPUT), execution_id)
        run = ReportRun(dataset, execution_id, prepare, model, drawn, trained_by, chosen, language)
        report, made = job.output(jobs.REPORT_OUTPUT), job.output(jobs.MADE_OUTPUT)
        write_report(report, run)
        with _timed("gallery"):
            write_picture_archive(made, report / PICTURE_ARCHIVE)
            write_gallery(report, made, run)
    print(
        f"pictures generated={len(drawn.generated)} mixed={drawn.mixed_count} projected={len(drawn.projected)} "
        f"skipped_targets={len(drawn.skipped_targets)}",
        flush=True,
    )


@dataclass(frozen=True)
class _Wish:
    """What is to be drawn, and how the training's images were prepared: images to project are prepared alike. `seeds`:
    the first one to draw, or the two to mix with each other."""

    mode: str
    seeds: tuple[int, ...]
    steps: int
    classes: ClassChoice
    prepare: PrepareReport

    @property
    def seed(self) -> int:
        """The first one to draw."""
        return self.seeds[0]


def _draw(job: ProcessingJob, network: LoadedNetwork, wish: _Wish, clock: Clock) -> MadeImages:
    folder, generator, mode, classes = job.output(jobs.MADE_OUTPUT), network.G_ema, wish.mode, wish.classes.drawn
    drawn = MadeImages(wish.classes)
    began = clock.now()
    if mode in ("all", "generate"):
        with _timed("generate"):
            drawn = replace(
                drawn, generated=synthesis.draw_generated(generator, folder / GENERATED, wish.seed, classes)
            )
    seconds_per_picture = (clock.now() - began) / max(1, len(drawn.generated))
    if mode in ("all", "mix"):
        with _timed("mix"):
            drawn = replace(drawn, mixing=synthesis.draw_mixtures(generator, folder / MIXED, wish.seeds, classes))
    if mode == "all":
        drawn = _explore(drawn, network.G_ema, folder, wish, seconds_per_picture, clock)
    if mode in ("all", "project") and job.optional_input(jobs.TARGETS_INPUT) is not None:
        with _timed("project"), job.scratch(jobs.MADE_OUTPUT) as scratch:
            source = fetch_images(s3_client(job.region()), read_record(job.input_file(jobs.TARGETS_INPUT)), scratch)
            size = generator.img_width, generator.img_height
            wanted = wanted_images(*size, wish.prepare.fit, wish.prepare.background)
            targets, skipped = synthesis.vet_targets(source, wanted)
            projections = project_targets(network, targets, folder / PROJECTED, wish.steps, clock)
            drawn = replace(drawn, projections=projections, skipped_targets=skipped)
    return drawn


def _explore(
    drawn: MadeImages, generator: Generator, folder: Path, wish: _Wish, seconds_per_picture: float, clock: Clock
) -> MadeImages:
    """Add directions and a film, as far as there is time for them."""
    classes, device = wish.classes.drawn, generator.mapping.w_avg.device.type
    left = None if clock.deadline is None else clock.deadline - clock.now()
    pixels = generator.img_width * generator.img_height
    plan = plan_exploration(pixels, device, seconds_per_picture, left)
    if plan.directions:
        with _timed("directions"):
            drawn = replace(drawn, directions=draw_directions(generator, folder / DIRECTIONS, wish.seed, classes))
    if plan.frames_between:
        with _timed("film"):
            film = draw_film(generator, folder / FILM, wish.seed, plan.frames_between, classes)
            drawn = replace(drawn, film=film)
    return drawn


def _read_prepare_report(file: Path) -> PrepareReport:
    """Read what Prepare has reported. Raises InputError if it is missing, too large or of another form."""
    if not file.is_file() or file.stat().st_size > MAX_BYTES:
        raise InputError(f"{file.name} of the Prepare step is missing or too large.")
    try:
        report = PrepareReport.from_json(file.read_bytes())
    except DocumentError as error:
        raise InputError(f"{file.name} {error}") from error
    for name, value in (("Fit", report.fit), ("Background", report.background)):
        if not PARAMETERS[name].accepts(value):
            raise InputError(f"{file.name} of the Prepare step needs {name} to be {PARAMETERS[name].must_be}.")
    return report


@contextmanager
def _timed(what: str) -> Iterator[None]:
    """Print how long something took, for the job's log."""
    start = time.monotonic()
    yield
    print(f"{what} seconds={time.monotonic() - start:.1f}", flush=True)
