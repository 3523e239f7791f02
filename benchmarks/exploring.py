"""What directions and film add to a run, on one thread of a CPU: `python -m benchmarks.exploring`.

Networks as the presets make them, with random weights, and the shipped one of 32 px, which the demo fine-tunes. For
each size: seconds of processor time for the new pictures, for the directions, for the film, and for gallery, zip and
small copies of them; frames and bytes of the film.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import torch

from containers.infer.exploring import draw_directions, draw_film, plan_exploration
from containers.infer.gallery import write_gallery
from containers.infer.picture_archive import write_picture_archive
from containers.infer.results import MadeImages, ReportRun
from containers.infer.synthesis import draw_generated
from contract.layout import PICTURE_ARCHIVE
from contract.prepare_report import PrepareReport
from stylegan2.formats.network_file import load_generator
from stylegan2.model.networks import Generator
from stylegan2.model.performance import move_to_device
from stylegan2.options.presets import settings_of

SHIPPED = Path("stylegan2-ada-pytorch/base/fantasy32")
RESOLUTIONS = (64, 128, 256)

Made = TypeVar("Made")


def main() -> None:
    torch.set_num_threads(1)
    columns = ("picture", "new pictures, s", "directions, s", "film, s", "gallery, s", "frames", "WebP, MB", "MP4, MB")
    print(f"| {' | '.join(columns)} |")
    print("|---|---|---|---|---|---|---|---|")
    measure("32 px, shipped", load_generator(SHIPPED))
    for resolution in RESOLUTIONS:
        s = settings_of("auto", resolution, 1)
        generator = Generator(s.z_dim, 0, s.w_dim, resolution, 3, s.mapping_layers, s.channel_base, s.channel_max)
        measure(f"{resolution} px", generator.eval().requires_grad_(False))


def measure(name: str, generator: Generator) -> None:
    """Print a network's line."""
    move_to_device([generator], "cpu")
    plan = plan_exploration(generator.img_width * generator.img_height, "cpu", seconds_per_picture=0.0)
    with tempfile.TemporaryDirectory() as folder:
        made, report, model = (Path(folder) / part for part in ("inference", "report", "model"))
        report.mkdir()
        new, generated = timed(lambda: draw_generated(generator, made / "generated", 0))
        directing, moved = timed(lambda: draw_directions(generator, made / "directions", 0))
        filming, film = timed(lambda: draw_film(generator, made / "film", 0, plan.frames_between))
        images = MadeImages(generated=generated, directions=moved, film=film)
        run = ReportRun("d", "abc", PrepareReport("d", generator.img_resolution, 1, 1, (), 1.0), model, images)

        def show() -> None:
            write_picture_archive(made, report / PICTURE_ARCHIVE)
            write_gallery(report, made, run)

        showing, _ = timed(show)
        sizes = [0 if file is None else file.stat().st_size / 1e6 for file in (film.file, film.mp4)]
    seconds = " | ".join(f"{part:.2f}" for part in (new, directing, filming, showing))
    print(f"| {name} | {seconds} | {film.frames} | {sizes[0]:.2f} | {sizes[1]:.2f} |", flush=True)


def timed(work: Callable[[], Made]) -> tuple[float, Made]:
    """Processor seconds, and what was made."""
    began = time.process_time()
    made = work()
    return time.process_time() - began, made


if __name__ == "__main__":
    main()
