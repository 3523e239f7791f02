"""Command line: make a data set for training from a folder or zip of images."""

from __future__ import annotations

import re
from pathlib import Path
from typing import cast

import click

from stylegan2.base.errors import ModelError, OptionError
from stylegan2.base.image_size import LARGEST_SIDE, ImageSize, image_size
from stylegan2.base.whole_files import refuse_existing
from stylegan2.cli import WIDE, with_options
from stylegan2.cli.next_steps import command, free_place
from stylegan2.data.preparation import LabelSource, PreparationResult, prepare_images
from stylegan2.data.vetting import Channels, ResizeFilter, Transform, Wanted
from stylegan2.options.presets import settings_of
from stylegan2.options.row import INPUT, OUTPUT_FILE, OUTPUT_FOLDER, REQUIRED, SWITCH, Row, one_of, whole


class Size(click.ParamType[tuple[int, int]]):
    """Pixels: one number for a square, or WIDTHxHEIGHT."""

    name = "size"

    def convert(
        self, value: str | tuple[int, int], param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        """Return width and height."""
        if isinstance(value, tuple):
            return value
        match = re.fullmatch(r"([0-9]{1,4})(?:[x×]([0-9]{1,4}))?", value)
        if match is None:
            self.fail(f"{value!r} is neither a number of pixels up to {LARGEST_SIDE} nor WIDTHxHEIGHT", param, ctx)
        width, height = match.groups()
        return int(width), int(height or width)


class HexColour(click.ParamType[tuple[int, int, int]]):
    """A colour, as six hex digits with or without a # before them."""

    name = "colour"

    def convert(
        self, value: str | tuple[int, int, int], param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int, int]:
        """Return red, green and blue."""
        if isinstance(value, tuple):
            return value
        if re.fullmatch(r"#?[0-9A-Fa-f]{6}", value) is None:
            self.fail(f"{value!r} is not a colour of six hex digits, like ffffff", param, ctx)
        red, green, blue = bytes.fromhex(value.removeprefix("#"))
        return red, green, blue


@click.command(context_settings=WIDE)
@with_options(
    source        = Row("--source",        INPUT,                             None,         REQUIRED,
        "Folder of pictures (its sub-folders are searched too), or a zip, for example another data set."),
    dest          = Row("--dest",          OUTPUT_FILE,                       None,         REQUIRED,
        "The data set to write, a .zip."),
    resolution    = Row("--resolution",    Size(),                            "PIXELS|WxH", None,
        "Size of the training pictures: the side of a square, or width and height, as 1024x576. Both are 4 to 16 "
        "times the same power of two.  [default: 256]"),
    width         = Row("--width",         whole(1, LARGEST_SIDE),            "PIXELS",     None,
        "With --height: as --resolution."),
    height        = Row("--height",        whole(1, LARGEST_SIDE),            "PIXELS",     None,
        "With --width: as --resolution."),
    transform     = Row("--transform",     one_of(Transform),                 None,         "center-crop",
        "How pictures of other proportions fit. center-crop: the largest part around the middle. center-crop-wide: "
        "the same, between bars that make it a square of the width. letterbox: the whole picture, between bars. "
        "Bars are black, or as --background says (transparent with --channels 4)."),
    background    = Row("--background",    HexColour(),                       "RRGGBB",     None,
        "Colour under transparency and of bars, as six hex digits.  [default: white, and black bars]"),
    max_images    = Row("--max-images",    whole(1),                          "N",          None,
        "Stop when N pictures are good."),
    channels      = Row("--channels",      one_of("1", "3", "4"),             None,         "3",
        "1: grey. 3: RGB, on the background where a picture is transparent. 4: RGB and transparency."),
    labels        = Row("--labels",        one_of("file", "folders", "none"), None,         "file",
        "Labels for train.py --cond: from the source's dataset.json, if it has one; from the names of its "
        "sub-folders, each a class; or none."),
    resize_filter = Row("--resize-filter", one_of(ResizeFilter),              None,         "lanczos",
        "How pictures are resized. Lanczos is sharper; published FIDs are often of box. What is not the default is "
        "recorded in dataset.json."),
    set_aside     = Row("--set-aside",     OUTPUT_FOLDER,                     None,         None,
        "Folder for copies of the files that cannot be used, so that you can mend them."),
    overwrite     = Row("--overwrite",     SWITCH,                            None,         False,
        "Replace --dest, and files of the same names in --set-aside."),
    workers       = Row("--workers",       whole(1),                          None,         None,
        "Processes to use.  [default: one per CPU, fewer for a small folder]"),
)  # fmt: skip
def main(
    source: Path,
    dest: Path,
    resolution: tuple[int, int] | None,
    width: int | None,
    height: int | None,
    transform: str,
    background: tuple[int, int, int] | None,
    max_images: int | None,
    channels: str,
    labels: str,
    resize_filter: str,
    set_aside: Path | None,
    overwrite: bool,
    workers: int | None,
) -> None:
    """Make a data set for training from a folder or zip of pictures.

    Every PNG, JPEG, WebP, BMP, TIFF or GIF (its first frame) is turned upright, cropped to the largest part around its
    middle that has the right proportions (see --transform), resized and stored without any metadata. Files of no use
    are listed with the reason, and never stop the rest: damaged or tiny pictures, second copies of the same picture,
    documents and other things that are no pictures.

    The same pictures always give the same data set, byte for byte. The zip is in the format of StyleGAN2-ADA's data
    sets (PNG, dataset.json), and reads ten times as fast as one that other programs wrote.

    Ends with 1 if no picture could be used, and then writes nothing.

    \b
    Examples:
      python dataset_tool.py --source ~/pictures/tiles --dest tiles-256.zip --resolution 256 --set-aside bad
      python dataset_tool.py --source animals --dest animals.zip --resolution 384x256 --labels folders
      python dataset_tool.py --source from-elsewhere.zip --dest ours.zip --resolution 256
    """
    width, height = _size(resolution, width, height)
    ways = cast(ResizeFilter, resize_filter), cast(Transform, transform)
    wanted = Wanted(height, width, cast(Channels, int(channels)), *ways, background)
    try:
        refuse_existing("--dest", [dest], overwrite)
        refuse_existing(
            "--set-aside", sorted(set_aside.iterdir()) if set_aside and set_aside.exists() else [], overwrite
        )
        with click.progressbar(length=1, label="Preparing pictures", show_pos=True) as bar:

            def show(done: int, found: int) -> None:
                bar.length = found
                bar.update(done - bar.pos)

            report = prepare_images(
                source,
                dest,
                resolution=wanted,
                labels=cast(LabelSource, labels),
                set_aside=set_aside,
                max_images=max_images,
                workers=workers,
                on_progress=show,
            )
    except ModelError as error:
        raise click.ClickException(str(error)) from error
    _print_summary(report, dest, set_aside, wanted)
    if report.good == 0:
        raise click.ClickException(f"No usable picture in {source}; {dest} was not written.")


def _size(resolution: tuple[int, int] | None, width: int | None, height: int | None) -> tuple[int, int]:
    """Return width and height, whichever way they are given."""
    if width is None and height is None:
        return resolution or (256, 256)
    if resolution is not None or width is None or height is None:
        raise click.UsageError("Give --width and --height together, and then no --resolution.")
    return width, height


def _print_summary(report: PreparationResult, dest: Path, set_aside: Path | None, wanted: Wanted) -> None:
    if report.set_aside:
        width = min(max(len(item.name) for item in report.set_aside), 60)
        click.echo("Set aside:")
        for item in report.set_aside:
            click.echo(f"  {item.name:<{width}}  {item.reason}")
        if set_aside is not None:
            click.echo(f"Copies of them are in {set_aside}.")
    if report.classes:
        click.echo("Classes: " + ", ".join(f"{number} {name}" for number, name in enumerate(report.classes)))
    files = "file" if report.found == 1 else "files"
    click.echo(f"{report.found} {files} found, {report.good} good, {len(report.set_aside)} set aside.")
    size = image_size(wanted.height, wanted.width)
    if report.good and size is not None:
        click.echo(f"Data set: {dest}. Train with it: {_next(dest, size, labelled=bool(report.classes))}")


def _next(dest: Path, size: ImageSize, *, labelled: bool) -> str:
    """The command that trains on the data set, with the preset that ends within minutes where the size allows it."""
    preset = next((name for name in ("laptop", "tiny") if _is_for(name, size.resolution)), "auto")
    words: list[str | Path] = ["--data", dest, "--outdir", free_place(Path("runs") / dest.stem), "--preset", preset]
    return command("train.py", *words, *(["--cond", "true"] if labelled else []))


def _is_for(preset: str, resolution: int) -> bool:
    try:
        settings_of(preset, resolution)
    except OptionError:
        return False
    return True


if __name__ == "__main__":
    main()
