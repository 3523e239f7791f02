"""How much of directions and film is made: as much as pictures of that size, this device and the time allow."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from containers.infer import exploring
from containers.infer.classes import NetworkClass
from containers.infer.exploring import Exploration, draw_directions, draw_film, plan_exploration
from stylegan2.model.networks import Generator
from stylegan2.synthesis import generate_images
from tests.marks import assert_says_a_machine_made_it
from tests.synthesis.conftest import make_generator

MOVED, FILM = 60, 6


@pytest.mark.parametrize(
    ("pixels", "device", "each", "left", "plan"),
    [
        (32 * 32, "cpu", 0.01, None, Exploration(True, 40)),
        (128 * 128, "cpu", 0.1, None, Exploration(True, 40)),
        (256 * 256, "cpu", 0.3, None, Exploration(True, 10)),
        (1024 * 1024, "cpu", 5.0, None, Exploration(True, 10)),
        (1024 * 1024, "cuda", 0.1, None, Exploration(True, 40)),
        (32 * 32, "cpu", 0.01, 3600, Exploration(True, 40)),
        # A quarter of what is left: 60 pictures of directions, then 10 to 40 frames between six pictures.
        (32 * 32, "cpu", 1.0, 4 * (60 + 6 * 40), Exploration(True, 40)),
        (32 * 32, "cpu", 1.0, 4 * (60 + 6 * 15 + 5), Exploration(True, 15)),
        (32 * 32, "cpu", 1.0, 4 * (60 + 6 * 10), Exploration(True, 10)),
        (32 * 32, "cpu", 1.0, 4 * (60 + 6 * 10) - 1, Exploration(True, 0)),
        (32 * 32, "cpu", 1.0, 4 * 60, Exploration(True, 0)),
        (32 * 32, "cpu", 1.0, 4 * 60 - 1, Exploration(False, 0)),
        (32 * 32, "cuda", 1.0, -5.0, Exploration(False, 0)),
        (32 * 32, "cpu", 0.0, 10, Exploration(True, 40)),
    ],
)
def test_what_there_is_time_for(pixels: int, device: str, each: float, left: float | None, plan: Exploration) -> None:
    assert plan_exploration(pixels, device, each, left) == plan


@given(
    pixels=st.integers(16, 2048 * 2048),
    device=st.sampled_from(["cpu", "cuda"]),
    each=st.floats(1e-6, 1e4),
    left=st.floats(-1e4, 1e6),
)
def test_no_plan_takes_more_than_a_quarter_of_the_time_or_shows_a_film_that_jerks(
    pixels: int, device: str, each: float, left: float
) -> None:
    plan = plan_exploration(pixels, device, each, left)
    pictures = (MOVED if plan.directions else 0) + FILM * plan.frames_between
    assert pictures * each <= max(left, 0) / 4 * (1 + 1e-9)
    assert plan.frames_between == 0 or 10 <= plan.frames_between <= 40
    assert plan.directions or not plan.frames_between


@pytest.fixture(scope="module")
def generator() -> Generator:
    return make_generator()


def test_directions_are_single_pictures_and_a_labelled_sheet(generator: Generator, tmp_path: Path) -> None:
    moved = draw_directions(generator, tmp_path / "directions", first_seed=3)
    assert len(moved) == MOVED
    assert {one.file for one in moved} == set(tmp_path.glob("directions/direction*.png"))
    assert moved[0].file.name == "direction1-seed0003-1.png"
    assert [one.shift for one in moved[:5]] == [-0.5, -0.25, 0, 0.25, 0.5]
    (unmoved,) = generate_images(generator, [4], truncation_psi=0.8)
    middle = next(one for one in moved if (one.seed, one.step, one.direction) == (4, 3, 6))
    with Image.open(middle.file) as picture:
        assert np.abs(np.asarray(picture).astype(int) - unmoved).max() <= 1
    with Image.open(tmp_path / "directions/sheet.png") as sheet:
        assert sheet.size == (40 + 10 * 64, 28 + 6 * 64)
        labels = np.asarray(sheet.convert("L"))
        assert (labels[:28] < 128).any()
        assert (labels[28:, :40] < 128).any()
    for file in (tmp_path / "directions").iterdir():
        assert_says_a_machine_made_it(file)


def test_a_film_passes_its_seeds_enlarged_to_what_can_be_seen(generator: Generator, tmp_path: Path) -> None:
    film = draw_film(generator, tmp_path / "film", first_seed=2, frames_between=10)
    assert (film.frames, film.seconds, film.seeds) == (60, 7.5, [2, 3, 4, 5, 6, 7])
    with Image.open(film.file) as moving:
        assert moving.size == (256, 256)
        first = np.asarray(moving.convert("RGB")).astype(int)[8::16, 8::16]
    own, other = generate_images(generator, [2, 5], truncation_psi=0.8).astype(int)
    assert np.abs(first - own).mean() < np.abs(first - other).mean() / 2
    assert film.mp4 is not None
    for file in (film.file, film.mp4):
        assert_says_a_machine_made_it(file)


def test_where_nothing_writes_mp4_there_is_the_webp_alone(
    generator: Generator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exploring, "can_write_mp4", lambda: False)
    film = draw_film(generator, tmp_path, first_seed=0, frames_between=1)
    assert film.mp4 is None
    assert [file.name for file in tmp_path.iterdir()] == ["film.webp"]


def test_of_a_network_with_classes_seeds_are_of_one_after_the_other(tmp_path: Path) -> None:
    classes = [NetworkClass(0, "lamps"), NetworkClass(2, "chairs")]
    labelled = make_generator(c_dim=3)
    moved = draw_directions(labelled, tmp_path / "directions", 0, classes)
    assert [one.of_class for one in moved[:10:5]] == classes
    assert moved[5].file.name == "direction1-02-chairs-seed0001-1.png"
    assert draw_film(labelled, tmp_path / "film", 0, 2, classes).frames == 12


@pytest.mark.parametrize(
    ("size", "shown"),
    [((32, 32), (256, 256)), ((64, 48), (256, 192)), ((96, 96), (96, 96)), ((512, 384), (512, 384)),
     ((1024, 512), (512, 256)), ((96, 1536), (32, 512))],
)  # fmt: skip
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_frames_are_neither_tiny_nor_huge(size: tuple[int, int], shown: tuple[int, int], channels: int) -> None:
    width, height = size
    frame = exploring._fitted(np.zeros((height, width, channels), np.uint8))
    assert frame.shape == (shown[1], shown[0], channels)
