"""The parts of the report's page, made ready for the template: texts, inlined images, laid-out charts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeGuard, TypeVar

from containers.infer import wording
from containers.infer.charts import SMALL, Chart, Series, line_chart
from containers.infer.classes import ClassChoice
from containers.infer.inline_images import InlineImage, inline_file, inline_image
from containers.infer.model_folder import TrainingRecord, cut_cells, list_fakes, read_grid_shape
from containers.infer.page_extras import frames_between
from containers.infer.results import BEST_NETWORK, ChosenNetwork, GeneratedImage, MixtureGrid, ProjectedImage, ReportRun
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
_SETTINGS = (
    ("preset", "Preset", "a set of numbers that fit together"),
    ("resolution", "Resolution", "pixels per side, or of a square of about as many"),
    ("kimg", "Length", "thousands of images to look at"),
    ("batch", "Batch", "images looked at together"),
    ("r1_gamma", "R1 weight (gamma)", "larger is steadier and smoother, smaller is bolder"),
    ("mirror", "Mirrored copies", "whether each image is also seen left-right reversed"),
    ("aug", "Augmentation", "how images are varied, so that a few go a long way"),
    ("augpipe", "Augmentation pipe", "which variations are allowed"),
    ("target", "Augmentation target", "the certainty r that the augmentation aims at"),
    ("seed", "Seed", "the same seed begins the same training"),
)

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
    """The generated images of a class, and how many images it was learned from ("" if that is not known)."""

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


def lead(run: ReportRun, record: TrainingRecord) -> str:
    """The summary under the title."""
    images = run.images
    made = [
        wording.count(number, one, many)
        for number, one, many in (
            (len(images.generated), "new picture", "new pictures"),
            (images.mixed_count, "mixture", "mixtures"),
            (len(images.projected), "likeness", "likenesses"),
        )
        if number
    ]
    learned = (
        f"A network studied {wording.count(run.prepare.good, 'image', 'images')}{_of_classes(run)} for "
        f"{wording.duration(record.seconds)} and learned to draw its own."
    )
    shown = f" Here are {wording.listing(made)}." if made else ""
    return learned + wording.early_end(record.outcome) + shown + _trained_earlier(run, record)


def facts(run: ReportRun, record: TrainingRecord) -> list[tuple[str, str]]:
    """The row of key figures: (name, figure)."""
    classes = len(run.prepare.classes)
    return [
        ("images used", f"{run.prepare.good:,}"),
        *([("classes", f"{classes:,}")] if classes else []),
        ("set aside", f"{run.prepare.set_aside_count:,}"),
        ("images seen in training", wording.looks(record.kimg)),
        ("training time", wording.duration(record.seconds)),
        ("picture size", _size(run)),
    ]


def shape(run: ReportRun) -> str:
    """The pictures' width by their height, as CSS has it."""
    size = _picture_size(run)
    return "1" if size is None else f"{size.width} / {size.height}"


def _size(run: ReportRun) -> str:
    size = _picture_size(run)
    if size is None or size.is_square:
        return f"{run.prepare.resolution} px"
    return f"{size.width} × {size.height} px"


def _picture_size(run: ReportRun) -> PictureSize | None:
    return picture_size(run.prepare.size or SQUARE, run.prepare.resolution)


def _of_classes(run: ReportRun) -> str:
    classes = len(run.prepare.classes)
    return f" of {wording.count(classes, 'class', 'classes')}" if classes else ""


def drawn_with(network: ChosenNetwork) -> str:
    """Which of the training's networks has drawn, and how good it and the last one are; "" if nothing is known."""
    if network.score is None or network.kimg is None:
        return ""
    score = f"Its score is {network.score:.3g}"
    if network.name != BEST_NETWORK:
        which = "the last network of the training"
    elif network.score == network.last_score:
        which = "the last network of the training, which is its best"
    else:
        which = f"the best network of the training, from when it had seen {wording.looks(network.kimg)} images"
        last = (
            "the last one has none any more"
            if network.last_score is None
            else f"that of the last one is {network.last_score:.3g}"
        )
        score += f"; {last}"
    return (
        f"The pictures were drawn with {which}. {score}: a distance to your images, of which less is better, and which "
        f"only tells networks of one training apart."
    )


def trouble(run: ReportRun, record: TrainingRecord) -> str:
    """What went wrong in the training, in plain words; "" if nothing did."""
    match record.trouble:
        case "collapsed":
            seen = (
                "The pictures here are from before that: they were drawn with the best network that the training had."
                if run.network.name == BEST_NETWORK
                else "The pictures here are those of its last network that was saved."
            )
            return (
                f"This training has collapsed: what the network had learned fell apart, as happens with few images. "
                f"{seen} More images, or images that are more alike, help most; another seed may help, too."
            )
        case "stalled":
            return (
                "This training stood still in the end: for long, nothing better came of it. A longer one would hardly "
                "help; more images may."
            )
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


def class_sheets(run: ReportRun) -> list[ClassSheet]:
    """The generated images of each class that was drawn; none of a network without classes."""
    learned = {one.name: one.images for one in run.prepare.classes}
    return [
        ClassSheet(
            wording.printable(one.name, _LONGEST_CLASS),
            wording.count(learned[one.name], "image", "images") if one.name in learned else "",
            seeds_sheet([image for image in run.images.generated if image.of_class == one]),
        )
        for one in (run.images.classes.drawn if run.images.generated else ())
    ]


def class_note(classes: ClassChoice) -> str:
    """What was not drawn, and what cannot be; "" if everything was."""
    sentences = []
    if classes.unknown:
        named = wording.listing(
            [f"“{wording.printable(name, _LONGEST_CLASS)}”" for name in classes.unknown[:_MOST_UNKNOWN]]
        )
        sentences.append(f"Asked for, but not learned by the network: {named}.")
    if classes.others:
        others = wording.count(classes.others, "class is", "classes are")
        sentences.append(f"{others} not drawn here; `classes` in settings.yaml chooses which are.")
    return " ".join(sentences)


def film_strip(model_folder: Path) -> FilmStrip:
    """The same few cells of the sample grids over time, and some of the images that were learned from."""
    shape = read_grid_shape(model_folder)
    if shape is None:
        return FilmStrip()
    cells = shape.columns * shape.rows
    rows = _spread(cells, _STRIP_ROWS)
    frames = [
        Frame(
            grid.kimg,
            "start" if grid.kimg == 0 else wording.looks(grid.kimg),
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
        replace(shown, of_class=wording.printable(image.of_class.name, _LONGEST_CLASS) if image.of_class else "")
        for image, shown in zip(images, seeds_sheet(images), strict=True)
    ]


def pairs(images: Sequence[ProjectedImage]) -> list[Pair]:
    """Targets beside their projections; smaller where there are many, so that the page stays a few MB."""
    side = _PAIR_SIDE if len(images) <= _FEW_PAIRS else _SHEET_SIDE
    return [_pair(image, side) for image in images]


def _pair(image: ProjectedImage, side: int) -> Pair:
    distances = image.distances
    closer = 1 - distances[-1] / distances[0] if len(distances) > 1 and distances[0] > 0 else 0.0
    return Pair(
        name=image.name,
        target=inline_file(image.target, side, is_made=False),
        projection=inline_file(image.projection, side, is_made=True),
        improvement=f"{closer:.0%} closer than at the start" if closer > 0 else "",
        curve=line_chart(
            "Distance to the target",
            [Series("distance", "a", list(enumerate(distances, start=1)))],
            x_name="steps of the search",
            y_range=(0.0, 0.0),
            size=SMALL,
        ),
    )


def charts(record: TrainingRecord) -> list[Chart]:
    """The training's curves, as far as they were measured."""
    seen = "thousands of images seen"
    laid_out = (
        line_chart(
            "Loss",
            [
                Series("drawing network", "a", record.series("loss_g")),
                Series("judging network", "b", record.series("loss_d")),
            ],
            x_name=seen,
        ),
        line_chart(
            "Certainty and augmentation",
            [
                Series("certainty r", "a", record.series("rt")),
                Series("augmentation, p", "b", record.series("augment_p")),
            ],
            x_name=seen,
            y_range=(0.0, 1.0),
            target=_augmentation_target(record),
        ),
        line_chart(
            "Seconds per thousand images",
            [Series("seconds", "a", record.series("sec_per_kimg"))],
            x_name=seen,
            y_range=(0.0, 0.0),
        ),
        line_chart(
            "Score (less is better)",
            [Series("distance to your images", "a", record.series("patch_distance"))],
            x_name=seen,
            y_range=(0.0, 0.0),
        ),
    )
    return [chart for chart in laid_out if chart is not None]


def origin(record: TrainingRecord) -> list[str]:
    """How the network came to be, in paragraphs; says openly when it did not begin from nothing."""
    seen = f"{wording.looks(record.kimg)} times it was shown an image"
    if record.base is None:
        return [
            "The network began from nothing: all that it draws, it learned from these images alone. "
            f"{seen}, each time a little different or in another order."
        ]
    name, kimg = record.base.get("dataset"), record.base.get("kimg")
    shown = f"{wording.looks(kimg)} images" if _is_number(kimg) else "other images"
    of = f" of the data set “{wording.printable(name)}”" if isinstance(name, str) else ""
    return [
        f"The network did not begin from nothing. A base network that had already been shown {shown}{of} was "
        "fine-tuned with these images: what it draws owes something to both.",
        f"{seen} in this training.",
    ]


def settings(record: TrainingRecord) -> list[tuple[str, str, str]]:
    """The training's settings as (name, value, what it means)."""
    return [
        (name, _value(record.options[key]), meaning)
        for key, name, meaning in _SETTINGS
        if record.options.get(key) is not None
    ]


def _trained_earlier(run: ReportRun, record: TrainingRecord) -> str:
    """Tells the images of this run from the learning of another, which the page shows as well."""
    if run.trained_by is None:
        return ""
    day = wording.day(record.saved) if record.saved is not None else ""
    when = f" on {day}" if day else ""
    return f" The network was trained by an earlier run, {run.trained_by}{when}; what it drew for this page is new."


def _augmentation_target(record: TrainingRecord) -> tuple[float, str] | None:
    target = record.options.get("target")
    if record.options.get("aug") != "ada" or not _is_number(target):
        return None
    return float(target), "where r should be"


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e12


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else wording.printable(str(value))


def _picked(items: Sequence[_T], wanted: int) -> list[_T]:
    return [items[index] for index in _spread(len(items), wanted)]


def _spread(length: int, wanted: int) -> list[int]:
    """Up to `wanted` indices spread evenly over 0..length-1, the first and the last among them."""
    if length <= wanted:
        return list(range(length))
    return [round(index * (length - 1) / (wanted - 1)) for index in range(wanted)]
