"""Command line: make a data set for training from a folder of pictures."""

from __future__ import annotations

from pathlib import Path

import click

from stylegan2.preparation import PreparationError, PrepareReport, prepare_images


@click.command(context_settings={"max_content_width": 110})
@click.option(
    "--source",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    required=True,
    help="Folder of pictures; its sub-folders are searched too.",
)
@click.option(
    "--dest", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The data set to write, a .zip."
)
@click.option(
    "--resolution",
    type=click.IntRange(4, 4096),
    metavar="PIXELS",
    default=256,
    show_default=True,
    help="Side of the square training pictures, a power of two.",
)
@click.option(
    "--set-aside",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for copies of the files that cannot be used, so that you can mend them.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    help="Processes to use.  [default: one per CPU, fewer for a small folder]",
)
def main(source: Path, dest: Path, resolution: int, set_aside: Path | None, workers: int | None) -> None:
    """Make a data set for training from a folder of pictures.

    Every PNG, JPEG, WebP, BMP, TIFF or GIF (its first frame) in the folder is turned upright, cropped to the square in
    its middle, resized and stored without any metadata. Files of no use are listed with the reason, and never stop
    the rest: damaged or tiny pictures, second copies of the same picture, documents and other things that are no
    pictures.

    The same folder always gives the same data set, byte for byte. The zip is in the format of StyleGAN2-ADA's data
    sets (square PNG, dataset.json).

    Ends with 1 if no picture could be used, and then writes nothing.

    \b
    Example:
      python dataset_tool.py --source ~/pictures/tiles --dest tiles-256.zip --resolution 256 --set-aside bad
    """
    try:
        with click.progressbar(length=1, label="Preparing pictures", show_pos=True) as bar:

            def show(done: int, found: int) -> None:
                bar.length = found
                bar.update(done - bar.pos)

            report = prepare_images(
                source, dest, resolution=resolution, set_aside=set_aside, workers=workers, on_progress=show
            )
    except PreparationError as error:
        raise click.ClickException(str(error)) from error
    _print_summary(report, dest, set_aside)
    if report.good == 0:
        raise click.ClickException(f"No usable picture in {source}; {dest} was not written.")


def _print_summary(report: PrepareReport, dest: Path, set_aside: Path | None) -> None:
    if report.set_aside:
        width = min(max(len(item.name) for item in report.set_aside), 60)
        click.echo("Set aside:")
        for item in report.set_aside:
            click.echo(f"  {item.name:<{width}}  {item.reason}")
        if set_aside is not None:
            click.echo(f"Copies of them are in {set_aside}.")
    files = "file" if report.found == 1 else "files"
    click.echo(f"{report.found} {files} found, {report.good} good, {len(report.set_aside)} set aside.")
    if report.good:
        click.echo(f"Data set: {dest}")


if __name__ == "__main__":
    main()
