"""A training that has learned something, and whose networks fall apart at a given iteration, in one of several ways."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from PIL import Image

from stylegan2.formats.network_file import load_generator
from stylegan2.model.networks import Generator
from stylegan2.synthesis.generate import generate_images
from stylegan2.training import loop
from stylegan2.training.state import TrainingState
from tests.training.trainings import base_network


def network_and_its_pictures(folder: Path, count: int) -> tuple[Path, Path]:
    """A network's folder, and one of pictures that it has drawn: who learns these from this network on need not learn
    much any more. Only who has learned something can lose it."""
    base, pictures = base_network(folder / "base", resolution=16), folder / "pictures"
    pictures.mkdir()
    for number, image in enumerate(generate_images(load_generator(base), range(count))):
        Image.fromarray(image).save(pictures / f"{number:03}.png")
    return base, pictures


def _each(change: Callable[[torch.Tensor], object]) -> Callable[[Generator], None]:
    def apply(generator: Generator) -> None:
        for weights in generator.parameters():
            change(weights)

    return apply


def _one_image(generator: Generator) -> None:
    """Whatever it is asked for."""
    for weights in generator.mapping.parameters():
        weights.zero_()


KINDS: dict[str, Callable[[Generator], None]] = {
    "nothing": _each(lambda weights: weights.zero_()),
    "noise": _each(lambda weights: weights.normal_(std=3)),
    "one image": _one_image,
    "no numbers": _each(lambda weights: weights.fill_(torch.nan)),
}


@contextmanager
def collapsing(kind: str, iteration: int) -> Iterator[None]:
    """Every training within loses both generators after so many iterations, and trains on with what is left of them."""
    iterate = loop.iterate

    def iterate_and_collapse(state: TrainingState, *batch: torch.Tensor | None) -> None:
        iterate(state, *batch)  # type: ignore[arg-type]
        if state.iteration == iteration:
            with torch.no_grad():
                KINDS[kind](state.generator)
                KINDS[kind](state.generator_ema)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "iterate", iterate_and_collapse)
        yield
