"""Sheets are as large as the device draws in a moment, are drawn a few pictures at a time, and can be cut again."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torch import Tensor

from stylegan2.model.networks import Generator
from stylegan2.results import sample_grid
from stylegan2.results.sample_grid import Grid, sample_images
from stylegan2.training import train
from tests.marks import assert_says_a_machine_made_it, mark_of
from tests.training.pictures import write_pictures
from tests.training.trainings import options, stop_after


@pytest.mark.parametrize(
    ("height", "width", "device", "columns", "rows"),
    [
        (32, 32, "cpu", 8, 4),
        (256, 256, "cpu", 8, 4),
        (576, 1024, "cpu", 2, 1),
        (32, 32, "cuda", 32, 32),
        (64, 64, "cuda", 32, 32),
        (128, 128, "cuda", 30, 16),
        (256, 256, "cuda", 15, 8),
        (512, 512, "cuda", 7, 4),
        (1024, 1024, "cuda", 7, 4),
        (2048, 2048, "cuda", 7, 4),
        (576, 1024, "cuda", 7, 4),
    ],
)
def test_the_grid_depends_on_the_device_and_the_size(
    height: int, width: int, device: str, columns: int, rows: int
) -> None:
    assert Grid.for_device(height, width, device) == Grid(columns, rows, height, width)


@given(height=st.integers(8, 4096), width=st.integers(8, 4096))
def test_a_gpu_draws_at_least_as_many_as_a_cpu_within_the_largest_sheet(height: int, width: int) -> None:
    grid, on_cpu = (Grid.for_device(height, width, device) for device in ("cuda", "cpu"))
    assert 7 <= grid.columns <= 32
    assert 4 <= grid.rows <= 32
    assert grid.columns == 7 or grid.columns * width <= 3840
    assert grid.rows == 4 or grid.rows * height <= 2160
    assert 2 <= on_cpu.images <= min(32, grid.images + 4)


def counting(generator: Generator, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many pictures the generator draws in each call."""
    counts: list[int] = []
    original: Callable[..., Tensor] = generator.forward

    def forward(z: Tensor, *arguments: object, **named: object) -> Tensor:
        counts.append(len(z))
        return original(z, *arguments, **named)

    monkeypatch.setattr(generator, "forward", forward)
    return counts


def test_pictures_are_drawn_a_few_at_a_time_with_the_labels_of_their_places(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    generator = Generator(4, 2, 4, 8, 3, mapping_layers=1, channel_base=32, channel_max=4)
    grid, labels = Grid(6, 5, 8, 8), torch.eye(2).repeat(15, 1)
    counts = counting(generator, monkeypatch)
    drawn = sample_images(generator, grid, 3, labels)
    assert counts == [8, 8, 8, 6]
    assert (drawn.dtype, drawn.shape) == (torch.uint8, (30, 3, 8, 8))
    monkeypatch.setattr(sample_grid, "_at_once", lambda grid, device: 30)
    at_once = sample_images(generator, grid, 3, labels).int()
    assert (at_once - drawn.int()).abs().max() <= 1


@pytest.mark.parametrize(("side", "at_once"), [(32, 2048), (256, 32), (512, 8), (1024, 8)])
def test_a_gpu_draws_small_pictures_many_at_a_time_and_large_ones_as_a_cpu(side: int, at_once: int) -> None:
    grid = Grid.for_device(side, side, "cuda")
    assert sample_grid._at_once(grid, torch.device("cuda")) == at_once
    assert sample_grid._at_once(grid, torch.device("cpu")) == 8


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_sheet_is_cut_as_its_description_says(tmp_path: Path, channels: int) -> None:
    grid = Grid(3, 2, 4, 5)
    images = torch.randint(0, 256, (6, channels, 4, 5), dtype=torch.uint8)
    grid.save(images, tmp_path / "samples/sheet.png")
    grid.describe(tmp_path / "samples/grid.json")
    described = json.loads((tmp_path / "samples/grid.json").read_text())
    assert described == {"columns": 3, "rows": 2, "cell": 5, "cell_height": 4}
    with Image.open(tmp_path / "samples/sheet.png") as sheet:
        pixels = np.asarray(sheet).reshape(8, 15, channels)
    for number in range(6):
        row, column = divmod(number, 3)
        cell = pixels[row * 4 : row * 4 + 4, column * 5 : column * 5 + 5]
        assert np.array_equal(cell, images[number].permute(1, 2, 0).numpy())


@pytest.mark.parametrize(
    ("side", "channels", "suffix"), [(128, 3, ".png"), (256, 3, ".jpg"), (256, 1, ".jpg"), (256, 4, ".png")]
)
def test_small_pictures_and_those_with_alpha_are_kept_exactly(side: int, channels: int, suffix: str) -> None:
    assert Grid(1, 1, side, side).suffix(channels) == suffix


@pytest.mark.parametrize("name", ["sheet.png", "sheet.jpg"])
def test_a_sheet_says_that_a_machine_made_it_and_one_of_the_artists_images_does_not(tmp_path: Path, name: str) -> None:
    grid, images = Grid(2, 1, 16, 16), torch.zeros(2, 3, 16, 16, dtype=torch.uint8)
    grid.save(images, tmp_path / name)
    assert_says_a_machine_made_it(tmp_path / name)
    grid.save(images, tmp_path / name, are_made=False)
    assert mark_of((tmp_path / name).read_bytes()) is None


@pytest.mark.parametrize("channels", [1, 3])
def test_a_jpeg_sheet_is_near_its_pictures_in_fine_colours_too(tmp_path: Path, channels: int) -> None:
    ramp = torch.linspace(0, 255, 160).expand(2, channels, 144, 160)
    images = torch.stack([ramp[0], ramp[1].flip(0) if channels == 1 else 255 - ramp[1]]).to(torch.uint8)
    images[:, 0, ::8] = 255  # lines of one pixel: in one colour, which coarser colours would smear
    Grid(2, 1, 144, 160).save(images, tmp_path / "sheet.jpg")
    with Image.open(tmp_path / "sheet.jpg") as sheet:
        assert sheet.format == "JPEG"
        pixels = np.asarray(sheet).reshape(144, 2, 160, channels)
    errors = pixels.transpose(1, 3, 0, 2).astype(float) - images.numpy()
    assert np.sqrt((errors**2).mean()) < 4  # 36 dB


@pytest.mark.usefixtures("one_thread")
def test_a_training_that_goes_on_where_more_is_drawn_keeps_its_sheets_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, kept, out = write_pictures(tmp_path / "discs", 5, 8), tmp_path / "kept", tmp_path / "out"
    train(options(data, tmp_path / "first", checkpoint_dir=kept, signal_images=0), should_stop=stop_after(1))
    larger = Grid(9, 5, 8, 8)
    monkeypatch.setattr(Grid, "for_device", lambda height, width, device: larger)
    train(options(data, out, checkpoint_dir=kept, signal_images=0), should_stop=stop_after(1))
    assert json.loads((out / "samples/grid.json").read_text()) == {"columns": 8, "rows": 4, "cell": 8}
    sheets = sorted((out / "samples").glob("*.png"))
    assert [sheet.name for sheet in sheets] == [f"fakes{kimg}.png" for kimg in ("0000.000", "0000.008", "0000.016")] + [
        "reals.png"
    ]
    for sheet in sheets:
        with Image.open(sheet) as image:
            assert image.size == (64, 32)
