"""The parts of the report's page, made ready for the template: texts, inlined images, laid-out charts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeGuard, TypeVar

from containers.infer.charts import SMALL, Chart, Series, line_chart
from containers.infer.classes import ClassChoice
from containers.infer.inline_images import InlineImage, inline_file, inline_image
from containers.infer.model_folder import TrainingRecord, cut_cells, list_fakes, read_grid_shape
from containers.infer.page_extras import frames_between
from containers.infer.results import BEST_NETWORK, ChosenNetwork, GeneratedImage, MixtureGrid, ProjectedImage, ReportRun
from containers.infer.wording import Wording, printable
from contract.pipeline import SQUARE, PictureSize, picture_size

# Longest sides in pixels of the inlined images: about twice their size on the screen, for dense displays.
_SHEET_SIDE = 256
_STRIP_SIDE = 192
_PAIR_SIDE = 512
_FEW_PAIRS = 8

_STRIP_FRAMES = 9
_STRIP_ROWS = 4
_BANNER_IMAGES = 24
_LONGEST_CLASS, _MOST_UNKNOWN = 60, 5  # characters of a class's name; classes

# The options that a reader may want to repeat, in the order of reading; the rest is in training_options.json.
_SETTINGS = ("preset", "resolution", "kimg", "batch", "r1_gamma", "mirror", "aug", "augpipe", "target", "seed")

_ROUNDED = 0.001  # kimg, in the names of the sample grids

_T = TypeVar("_T")


@dataclass(frozen=True)
class Frame:
    """One moment of the training: when it was, in thousands of images seen and in words, and the same few images as
    they were then."""

    kimg: float
    label: str
    cells: Sequence[InlineImage]


@dataclass(frozen=True)
class FilmStrip:
    """The training's samples over time, and some of the images that it learned from."""

    frames: Sequence[Frame] = ()
    originals: Sequence[InlineImage] = ()


@dataclass(frozen=True)
class ClassSheet:
    """The generated images of a class, and what it was learned from ("" if that is not known)."""

    name: str
    learned: str
    images: Sequence[InlineImage]


@dataclass(frozen=True)
class Mixture:
    """The mixing grid: the images above it, and each row with the image beside it."""

    columns: Sequence[InlineImage]
    rows: Sequence[tuple[InlineImage, Sequence[InlineImage]]]


@dataclass(frozen=True)
class Pair:
    """A target, its projection, and how the search came closer."""

    name: str
    target: InlineImage
    projection: InlineImage
    improvement: str
    curve: Chart | None


def lead(say: Wording, run: ReportRun, record: TrainingRecord) -> str:
    """The summary under the title."""
    images = run.images
    made = [
        say.count(kind, number)
        for kind, number in (
            ("new", len(images.generated)),
            ("mixed", images.mixed_count),
            ("recreated", len(images.projected)),
        )
        if number
    ]
    return say.sentences(
        say("lead", images=_studied(say, run), duration=say.duration(record.seconds)),
        say.early_end(record.outcome),
        say("lead_shown", made=say.listing(made)) if made else "",
        _trained_earlier(say, run, record),
    )


def facts(say: Wording, run: ReportRun, record: TrainingRecord) -> list[tuple[str, str]]:
    """The row of key figures: (name, figure)."""
    classes = len(run.prepare.classes)
    return [
        (say("fact.used"), say.number(run.prepare.good)),
        *([(say("fact.classes"), say.number(classes))] if classes else []),
        (say("fact.skipped"), say.number(run.prepare.set_aside_count)),
        (say("fact.seen"), say.looks(record.kimg)),
        (say("fact.time"), say.duration(record.seconds)),
        (say("fact.size"), _size(say, run)),
    ]


def shape(run: ReportRun) -> str:
    """The pictures' width by their height, as CSS has it."""
    size = _picture_size(run)
    return "1" if size is None else f"{size.width} / {size.height}"


def _size(say: Wording, run: ReportRun) -> str:
    size = _picture_size(run)
    if size is None or size.is_square:
        return say("size_square", side=run.prepare.resolution)
    return say("size", width=size.width, height=size.height)


def _picture_size(run: ReportRun) -> PictureSize | None:
    return picture_size(run.prepare.size or SQUARE, run.prepare.resolution)


def _studied(say: Wording, run: ReportRun) -> str:
    images, classes = say.count("images", run.prepare.good), len(run.prepare.classes)
    return say("images_of_classes", images=images, classes=say.count("classes", classes)) if classes else images


def drawn_with(say: Wording, network: ChosenNetwork) -> str:
    """Which of the training's networks has drawn, and how good it and the last one are; "" if nothing is known."""
    if network.score is None or network.kimg is None:
        return ""
    score = say.figure(network.score)
    if network.name != BEST_NETWORK:
        return say.sentences(say("model_last"), say("score", score=score))
    if network.score == network.last_score:
        return say.sentences(say("model_last_best"), say("score", score=score))
    which = say("model_best", seen=say.looks(network.kimg))
    if network.last_score is None:
        return say.sentences(which, say("score_alone", score=score))
    return say.sentences(which, say("score_beside", score=score, last=say.figure(network.last_score)))


def trouble(say: Wording, run: ReportRun, record: TrainingRecord) -> str:
    """What went wrong in the training, in plain words; "" if nothing did."""
    match record.trouble:
        case "collapsed":
            seen = say("collapsed_best" if run.network.name == BEST_NETWORK else "collapsed_last")
            return say.sentences(say("collapsed"), seen, say("collapsed_next"))
        case "stalled":
            return say("stalled")
    return ""


def banner(run: ReportRun, strip: FilmStrip) -> Sequence[InlineImage]:
    """The images above the title, not those right below: of the film or, where there are no new pictures, training
    samples of the network that draws: the last ones that are not younger."""
    if run.images.film is not None:
        return frames_between(run.images.film, _BANNER_IMAGES)
    if run.images.generated:
        return []
    drawn_at = math.inf if run.network.kimg is None else run.network.kimg + _ROUNDED
    return next((frame.cells for frame in reversed(strip.frames) if frame.kimg <= drawn_at), [])


def seeds_sheet(images: Sequence[GeneratedImage]) -> list[InlineImage]:
    """The generated images, captioned with their seeds."""
    return [inline_file(image.file, _SHEET_SIDE, str(image.seed), is_made=True) for image in images]


def class_sheets(say: Wording, run: ReportRun) -> list[ClassSheet]:
    """The generated images of each class that was drawn; none of a network without classes."""
    learned = {one.name: one.images for one in run.prepare.classes}
    return [
        ClassSheet(
            printable(one.name, _LONGEST_CLASS),
            say("learned_from", images=say.count("images", learned[one.name])) if one.name in learned else "",
            seeds_sheet([image for image in run.images.generated if image.of_class == one]),
        )
        for one in (run.images.classes.drawn if run.images.generated else ())
    ]


def class_note(say: Wording, classes: ClassChoice) -> str:
    """What was not drawn, and what cannot be; "" if everything was."""
    sentences = []
    if classes.unknown:
        shown = [say("quoted", name=printable(name, _LONGEST_CLASS)) for name in classes.unknown[:_MOST_UNKNOWN]]
        sentences.append(say("classes_unknown", names=say.listing(shown)))
    if classes.others:
        sentences.append(say.count("classes_others", classes.others))
    return say.sentences(*sentences)


def film_strip(say: Wording, model_folder: Path) -> FilmStrip:
    """The same few cells of the sample grids over time, and some of the images that were learned from."""
    shape = read_grid_shape(model_folder)
    if shape is None:
        return FilmStrip()
    cells = shape.columns * shape.rows
    rows = _spread(cells, _STRIP_ROWS)
    frames = [
        Frame(
            grid.kimg,
            say("learning_start") if grid.kimg == 0 else say.looks(grid.kimg),
            [inline_image(cell, _STRIP_SIDE, is_made=True) for cell in cut_cells(grid.file, shape, rows)],
        )
        for grid in _picked(list_fakes(model_folder), _STRIP_FRAMES)
    ]
    reals = model_folder / "samples" / "reals.png"
    shown = cut_cells(reals, shape, _spread(cells, _STRIP_FRAMES)) if reals.is_file() else []
    return FilmStrip(frames, [inline_image(cell, _STRIP_SIDE, is_made=False) for cell in shown])


def mixture(grid: MixtureGrid) -> Mixture:
    """The mixing grid with its sources."""
    return Mixture(
        columns=_sources(grid.columns),
        rows=[
            (source, [inline_file(file, _SHEET_SIDE, is_made=True) for file in cells])
            for source, cells in zip(_sources(grid.rows), grid.cells, strict=True)
        ],
    )


def _sources(images: Sequence[GeneratedImage]) -> list[InlineImage]:
    """Images that are mixed, captioned with their seeds, and with their classes if they have any."""
    return [
        replace(shown, of_class=printable(image.of_class.name, _LONGEST_CLASS) if image.of_class else "")
        for image, shown in zip(images, seeds_sheet(images), strict=True)
    ]


def pairs(say: Wording, images: Sequence[ProjectedImage]) -> list[Pair]:
    """Targets beside their projections; smaller where there are many, so that the page stays a few MB."""
    side = _PAIR_SIDE if len(images) <= _FEW_PAIRS else _SHEET_SIDE
    return [_pair(say, image, side) for image in images]


def _pair(say: Wording, image: ProjectedImage, side: int) -> Pair:
    distances = image.distances
    closer = 1 - distances[-1] / distances[0] if len(distances) > 1 and distances[0] > 0 else 0.0
    return Pair(
        name=image.name,
        target=inline_file(image.target, side, is_made=False),
        projection=inline_file(image.projection, side, is_made=True),
        improvement=say("recreated_closer", percent=say.number(100 * closer)) if closer > 0 else "",
        curve=line_chart(
            say,
            say("recreated_distance"),
            [Series(say("recreated_distance_line"), "a", list(enumerate(distances, start=1)))],
            x_name=say("recreated_steps"),
            y_range=(0.0, 0.0),
            size=SMALL,
        ),
    )


def charts(say: Wording, record: TrainingRecord) -> list[Chart]:
    """The training's curves, as far as they were measured."""
    seen = say("curve_seen")
    laid_out = (
        line_chart(
            say,
            say("curve_loss"),
            [
                Series(say("curve_loss_maker"), "a", record.series("loss_g")),
                Series(say("curve_loss_judge"), "b", record.series("loss_d")),
            ],
            x_name=seen,
        ),
        line_chart(
            say,
            say("curve_certainty"),
            [
                Series(say("curve_certainty_r"), "a", record.series("rt")),
                Series(say("curve_certainty_p"), "b", record.series("augment_p")),
            ],
            x_name=seen,
            y_range=(0.0, 1.0),
            target=_augmentation_target(say, record),
        ),
        line_chart(
            say,
            say("curve_speed"),
            [Series(say("curve_speed_line"), "a", record.series("sec_per_kimg"))],
            x_name=seen,
            y_range=(0.0, 0.0),
        ),
        line_chart(
            say,
            say("curve_score"),
            [Series(say("curve_score_line"), "a", record.series("patch_distance"))],
            x_name=seen,
            y_range=(0.0, 0.0),
        ),
    )
    return [chart for chart in laid_out if chart is not None]


def origin(say: Wording, run: ReportRun, record: TrainingRecord) -> list[str]:
    """How the network came to be, in paragraphs; says openly when it did not begin from nothing."""
    seen, times = say.looks(record.kimg), round(record.kimg * 1000 / max(run.prepare.good, 1))
    training = say("made_seen_each", seen=seen, times=say.number(times)) if times > 1 else say("made_seen", seen=seen)
    if record.base is None:
        return [say.sentences(say("made_scratch"), training)]
    name, kimg = record.base.get("dataset"), record.base.get("kimg")
    shown = say("made_base_images", seen=say.looks(kimg)) if _is_number(kimg) else say("made_base_other")
    if isinstance(name, str):
        shown = say("made_base_of", images=shown, name=printable(name))
    return [say("made_base", shown=shown), training]


def settings(say: Wording, record: TrainingRecord) -> list[tuple[str, str, str]]:
    """The training's settings as (name, value, what it means)."""
    return [
        (say(f"setting.{key}"), _value(say, record.options[key]), say(f"setting.{key}.meaning"))
        for key in _SETTINGS
        if record.options.get(key) is not None
    ]


def _trained_earlier(say: Wording, run: ReportRun, record: TrainingRecord) -> str:
    """Tells the images of this run from the learning of another, which the page shows as well."""
    if run.trained_by is None:
        return ""
    day = say.day(record.saved) if record.saved is not None else ""
    return say("trained_by_on", run=run.trained_by, day=day) if day else say("trained_by", run=run.trained_by)


def _augmentation_target(say: Wording, record: TrainingRecord) -> tuple[float, str] | None:
    target = record.options.get("target")
    if record.options.get("aug") != "ada" or not _is_number(target):
        return None
    return float(target), say("curve_certainty_target")


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e12


def _value(say: Wording, value: object) -> str:
    if isinstance(value, bool):
        return say("yes" if value else "no")
    return f"{value:g}" if isinstance(value, float) else printable(str(value))


def _picked(items: Sequence[_T], wanted: int) -> list[_T]:
    return [items[index] for index in _spread(len(items), wanted)]


def _spread(length: int, wanted: int) -> list[int]:
    """Up to `wanted` indices spread evenly over 0..length-1, the first and the last among them."""
    if length <= wanted:
        return list(range(length))
    return [round(index * (length - 1) / (wanted - 1)) for index in range(wanted)]
