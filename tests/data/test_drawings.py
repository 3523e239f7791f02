"""The drawings can be trained on, and the sample drop has exactly the good and the bad files that the demo promises."""

import io

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from local_aws.drawings import draw_face, draw_mask, write_drawings, write_sample_drop
from local_aws.drawings.__main__ import main
from local_aws.drawings.people import LONG_STYLES, SHORT_STYLES, choose_person
from local_aws.drawings.sample_drop import decompression_bomb
from stylegan2.data.dataset import ImageDataset
from stylegan2.data.preparation import prepare_images

BOTH = pytest.mark.parametrize("draw", [draw_face, draw_mask], ids=["face", "mask"])


@BOTH
@pytest.mark.parametrize("size", [16, 64, 200])
def test_a_seed_always_gives_the_same_picture_of_the_size_asked_for(draw, size):
    first, second = draw(7, size), draw(7, size)
    assert (first.size, first.mode) == ((size, size), "RGB")
    assert first.tobytes() == second.tobytes()


@BOTH
def test_no_two_of_many_drawings_are_alike(draw):
    pictures = {draw(seed, 32).tobytes() for seed in range(150)}
    assert len(pictures) == 150


@BOTH
def test_eyes_are_at_the_same_place_in_every_drawing(draw):
    """A small network learns this first: on the mean picture the eyes are still seen, darker than the nose between."""
    mean = np.mean([np.asarray(draw(seed, 64).convert("L"), dtype=float) for seed in range(150)], axis=0)
    eyes, between = mean[29:33, 22:27].mean(), mean[29:33, 30:34].mean()
    assert eyes < between - 10


@BOTH
def test_a_drawing_looks_the_same_at_every_size(draw):
    large = draw(3, 256).resize((64, 64), Image.Resampling.BOX)
    difference = np.abs(np.asarray(large, dtype=float) - np.asarray(draw(3, 64), dtype=float))
    assert difference.mean() < 3


def test_every_hair_style_occurs():
    assert {choose_person(seed).hair_style for seed in range(400)} == {*SHORT_STYLES, *LONG_STYLES}


def test_the_bomb_is_small_to_send_and_200_megapixels_to_open():
    bomb = decompression_bomb()
    assert len(bomb) < 25_000
    with pytest.raises(Image.DecompressionBombError):
        Image.open(io.BytesIO(bomb))


def test_of_the_sample_drop_every_portrait_is_good_and_every_other_file_is_set_aside(tmp_path):
    write_sample_drop(tmp_path / "drop", count=60, seed=5)
    report = prepare_images(tmp_path / "drop", tmp_path / "d.zip", resolution=64)
    assert report.good == 60
    reasons = {item.name: item.reason for item in report.set_aside}
    expected = {
        "cut-off.jpg": "damaged",
        "empty.png": "empty",
        "flyer.jpg": "PDF",
        "icon.png": "only 8 x 8",
        "notes.png": "text",
        "portrait-0000_copy.png": "same image as portrait-0000.png",
        "poster.png": "million pixels",
    }
    assert reasons.keys() == expected.keys()
    assert [name for name, word in expected.items() if word not in reasons[name]] == []


def test_the_sample_drop_is_a_mix_and_photos_lying_on_their_side_come_out_upright(tmp_path):
    write_sample_drop(tmp_path / "drop", count=60, seed=5)
    assert {path.suffix for path in (tmp_path / "drop").glob("portrait-*")} == {".png", ".jpg"}
    prepare_images(tmp_path / "drop", tmp_path / "d.zip", resolution=64)
    upright = np.asarray(draw_face(5 + 50, 64), dtype=float)
    assert np.abs(ImageDataset(tmp_path / "d.zip")[50].transpose(1, 2, 0) - upright).mean() < 4


def test_drawings_are_the_same_with_many_processes_as_with_one(tmp_path):
    write_drawings(tmp_path / "many", kind="masks", count=201, size=8, seed=3)
    with Image.open(tmp_path / "many" / "masks-00200.png") as image:
        assert image.tobytes() == draw_mask(203, 8).tobytes()
    assert len(list((tmp_path / "many").iterdir())) == 201


@pytest.mark.parametrize(
    "arguments", [{"kind": "dogs", "count": 1, "size": 8}, {"kind": "faces", "count": 0, "size": 8}]
)
def test_what_cannot_be_drawn_is_refused(tmp_path, arguments):
    with pytest.raises(ValueError, match="must be"):
        write_drawings(tmp_path, **arguments)


def test_the_command_line_writes_a_folder_for_dataset_tool(tmp_path):
    arguments = ["--kind", "faces", "--count", "3", "--size", "32", "--seed", "9", "--out", str(tmp_path / "faces")]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    assert prepare_images(tmp_path / "faces", tmp_path / "d.zip", resolution=32).good == 3
    assert np.array_equal(ImageDataset(tmp_path / "d.zip")[1].transpose(1, 2, 0), np.asarray(draw_face(10, 32)))
