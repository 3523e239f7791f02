"""Command line: find the latents of given images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

import click
import numpy as np
from numpy.typing import NDArray

from stylegan2.base.whole_files import refuse_existing
from stylegan2.cli import WIDE, errors_as_messages, table, with_options
from stylegan2.cli.networks import open_generator, open_network, write_png
from stylegan2.data.bounded_vetting import load_images
from stylegan2.data.refusals import RefusedImage
from stylegan2.data.vetting import Channels, Wanted
from stylegan2.options.row import A_SEED, INPUT_FILE, REQUIRED, SWITCH, Row, one_of, whole
from stylegan2.synthesis.latents import save_ws
from stylegan2.synthesis.perceptual import DiscriminatorFeatures, Features, TorchScriptFeatures
from stylegan2.synthesis.projection import Space, project
from stylegan2.synthesis.video import as_image, write_video

VIDEO_FRAMES = 120
FRAME_MILLISECONDS = 40  # per frame; the last one stays for two seconds


@click.command(context_settings=WIDE)
@with_options(
    network    = table.NETWORK,
    targets    = Row("--target",                     INPUT_FILE,        None,    REQUIRED, several=True, help=
        "Picture to find; may be given several times. It is cropped and resized as for training."),
    num_steps  = Row("--num-steps",                  whole(1, 100_000), None,    1000,
        "Steps of the search."),
    seed       = Row("--seed",                       A_SEED,            None,    303,
        "Of the search's random numbers."),
    space      = Row("--space",                      one_of("w", "w+"), None,    "w",
        "w: a latent like those of seeds, which mixes well; w+: nearer to the target."),
    patience   = Row("--patience",                   whole(1),          "STEPS", None,
        "Leave steps out: a target whose distance has not fallen by 1% in so many steps goes on with the last quarter "
        "of them, which settles it.  [default: take all steps]"),
    vgg        = Row("--vgg",                        INPUT_FILE,        None,    None,
        "TorchScript network that judges likeness, for example a VGG16 with LPIPS. It is a program: use only a file "
        "that you trust.  [default: the network's own discriminator]"),
    save_video = Row("--save-video/--no-save-video", SWITCH,            None,    True,
        "Film of the search, an animated WebP."),
    device     = table.DEVICE,
    outdir     = table.OUTDIR,
    overwrite  = table.OVERWRITE,
)  # fmt: skip
@errors_as_messages
def main(
    network: Path,
    targets: tuple[Path, ...],
    num_steps: int,
    seed: int,
    space: Space,
    patience: int | None,
    vgg: Path | None,
    save_video: bool,
    device: str | None,
    outdir: Path,
    overwrite: bool,
) -> None:
    """Find the latents with which a network comes nearest to given pictures.

    Writes target.png (the picture as the network is shown it), proj.png (the nearest that it can draw), projected_w.npz
    (the latent, for generate.py --projected-w) and proj.webp (a film of the search, target on the left). Several
    targets are searched for at once and numbered: target00.png, proj00.png, proj00.webp ...; projected_w.npz holds all.

    generate.py draws a latent with the network's own fine grain, so its picture differs a little from proj.png.
    --patience trades likeness for time: of 1000 steps, 50 is hasty and 100 careful.

    Pictures that are not framed like those of the training are found badly.

    \b
    Example:
      python projector.py --network runs/tiles --target tile.jpg --num-steps 500 --outdir found
    """
    numbers = [f"{index:02d}" if len(targets) > 1 else "" for index in range(len(targets))]
    kinds = ["target{}.png", "proj{}.png", *(["proj{}.webp"] if save_video else [])]
    files = [outdir / "projected_w.npz", *(outdir / kind.format(number) for number in numbers for kind in kinds)]
    refuse_existing("--outdir", files, overwrite)
    features: Features
    if vgg is None:
        loaded = open_network(network, device)
        generator, features = loaded.G_ema, DiscriminatorFeatures(loaded.D)
    else:
        generator = open_generator(network, device)
        features = TorchScriptFeatures(vgg, generator.mapping.w_avg.device)
    wanted = Wanted(generator.img_height, generator.img_width, cast(Channels, generator.img_channels))
    pixels = np.stack(_read_targets(targets, wanted))

    with click.progressbar(length=num_steps, label="Searching", show_pos=True, item_show_func=str) as bar:
        found = project(
            generator,
            pixels,
            features=features,
            steps=num_steps,
            seed=seed,
            space=space,
            patience=patience,
            frames=min(VIDEO_FRAMES, num_steps) if save_video else 0,
            on_step=lambda step, distances: bar.update(step - bar.pos, f"distance {distances.mean():.4f}"),
        )

    outdir.mkdir(parents=True, exist_ok=True)
    save_ws(outdir / "projected_w.npz", found.ws)
    for index, (path, number) in enumerate(zip(targets, numbers, strict=True)):
        as_image(pixels[index]).save(outdir / f"target{number}.png", compress_level=1)  # which no machine has made
        write_png(found.images[index], outdir / f"proj{number}.png")
        if save_video:
            _write_search(pixels[index], found.videos[index], outdir / f"proj{number}.webp")
        click.echo(f"{path}: distance {found.best[index]:.4f} after {found.steps_taken[index]} steps")
    click.echo(f"The results are in {outdir}")


def _read_targets(paths: Sequence[Path], wanted: Wanted) -> list[NDArray[np.uint8]]:
    images: list[NDArray[np.uint8]] = []
    for path, image in zip(paths, load_images(paths, wanted), strict=True):
        if isinstance(image, RefusedImage):
            raise click.BadParameter(f"{path}: {image}", param_hint="--target") from image
        images.append(image)
    return images


def _write_search(target: NDArray[np.uint8], frames: NDArray[np.uint8], path: Path) -> None:
    pairs = [np.concatenate([target, frame], axis=1) for frame in frames]
    write_video(pairs, path, frame_milliseconds=FRAME_MILLISECONDS, last_milliseconds=2000)


if __name__ == "__main__":
    main()
