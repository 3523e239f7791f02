"""The pictures' width and height: what a network can have, what an artist writes, what overrides make of it."""

import re
from math import gcd
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.pipeline import LONGEST_SIDE, PARAMETERS, RESOLUTIONS, SQUARE, PictureSize, picture_size, picture_sizes
from stylegan2.base.image_size import image_size
from tests.unit.properties import quick
from workshop.dataset import Caps, Choice, default_choice, parse_settings
from workshop.dataset.shape import nearest_aspect, nearest_sizes, size_of_aspect, size_of_run
from workshop.platform.errors import BadRequest, SettingsError

SIZES = st.sampled_from(sorted(picture_sizes().values(), key=str))
CAPS = Caps(36_000, {"ml.g5.xlarge": 1.41}, 50)
SIDES = st.integers(1, 99)


def choice(text: str, preset: str = "balanced") -> Choice:
    return parse_settings(text.encode(), default_choice(preset), CAPS)


def problem(text: str, preset: str = "balanced") -> str:
    with pytest.raises(SettingsError) as caught:
        choice(text, preset)
    (only,) = caught.value.problems
    return only


@quick
@given(
    st.integers(1, LONGEST_SIDE + 100) | st.builds(lambda n, k: n << k, st.integers(3, 17), st.integers(0, 8)), SIDES
)
def test_the_contracts_sizes_are_the_models(width: int, factor: int) -> None:
    for height in {width, width * factor // 16, width * 16 // factor}:
        of_model, ours = image_size(height, width), picture_sizes().get((width, height))
        is_small = of_model and of_model.resolution in RESOLUTIONS and max(width, height) <= LONGEST_SIDE
        assert (ours.resolution if ours else None) == (of_model.resolution if of_model and is_small else None)


@quick
@given(SIZES)
def test_a_size_is_told_as_parameters_and_read_from_them(size: PictureSize) -> None:
    assert PARAMETERS["PictureSize"].accepts(size.parameter)
    assert picture_size(size.parameter, size.resolution) == size
    assert all(picture_size(str(size), other) is None for other in RESOLUTIONS if other != size.resolution)
    assert nearest_sizes(size.width, size.height)[0] == size


@pytest.mark.parametrize(
    ("text", "size", "resolution"),
    [
        ("", (256, 256), 256),
        ("resolution: 64", (64, 64), 64),
        ("aspect: 1:1", (256, 256), 256),
        ("aspect: 3:2", (384, 256), 256),
        ("aspect: '2:3'", (256, 384), 256),
        ("aspect: 4:6\nresolution: 128", (128, 192), 128),
        ("aspect: 16:9\nresolution: 512", (1024, 576), 512),
        ("aspect: 4:3", (384, 288), 256),
        ("width: 96\nheight: 64", (96, 64), 64),
        ("width: 384\nheight: 384", (384, 384), 256),
        ("height: 2048\nwidth: 1152", (1152, 2048), 1024),
    ],
)
def test_proportions_or_pixels_become_a_size(text: str, size: tuple[int, int], resolution: int) -> None:
    chosen = choice(text)
    found = picture_size(chosen.size, chosen.resolution)
    assert found is not None
    assert ((found.width, found.height), chosen.resolution) == (size, resolution)
    assert (chosen.size == SQUARE) == (found.width == found.height == resolution)


def test_the_guide_tells_the_sizes_that_come_out() -> None:
    guide = (Path(__file__).resolve().parents[3] / "docs" / "artist-guide.md").read_text(encoding="utf-8")
    told = re.findall(r"(\d+) x (\d+) \| (nothing|`aspect[^|]*?) \|", guide)
    assert len(told) == 8
    for width, height, written in told:
        chosen = choice("\n".join(re.findall(r"`([^`]+)`", written)))
        assert picture_size(chosen.size, chosen.resolution) == picture_sizes()[int(width), int(height)]
    assert f"up to {LONGEST_SIDE}, so no shape is longer than 4:1" in guide


@quick
@given(st.integers(1, 16), st.integers(1, 16), st.sampled_from(RESOLUTIONS))
def test_proportions_are_kept_to_the_pixel_in_the_smallest_pictures_that_lose_none(
    across: int, up: int, resolution: int
) -> None:
    size = size_of_aspect(across, up, resolution)
    if size is None:
        near_across, near_up = map(int, nearest_aspect(across, up, resolution).split(":"))
        size = size_of_aspect(near_across, near_up, resolution)
        assert size is not None
        assert gcd(near_across, near_up) == 1
    else:
        assert size.width * up == size.height * across
        assert nearest_aspect(across, up, resolution) == f"{across // gcd(across, up)}:{up // gcd(across, up)}"
    assert size.resolution == resolution
    assert resolution**2 <= size.width * size.height < 4 * resolution**2


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("aspect: 1.5", "line 1: aspect must be a width and a height like 3:2, not 1.5."),
        ("aspect: 3:0", "aspect must be a width and a height like 3:2"),
        ("aspect: 5:1", "line 1: pictures of 5:1 cannot be made at resolution 256. The nearest that can are 4:1."),
        ("kimg: 5\naspect: 71:99", "line 2: pictures of 71:99 cannot be made at resolution 256. The nearest that can"),
        ("width: 384", "line 1: width needs height beside it."),
        ("seed: 1\nheight: 384", "line 2: height needs width beside it."),
        ("width: 400\nheight: 300", "Near are 384 x 288 and "),
        ("width: 1920\nheight: 1080", "up to 2048. Near are 2048 x 1152 and "),
        ("width: 4096\nheight: 64", "width must be a whole number from 1 to 2048, not 4096."),
        ("width: 384\nheight: 256\nresolution: 256", "line 3: width and height say it already. Leave out resolution,"),
        ("aspect: 3:2\nwidth: 384\nheight: 256", "line 1: width and height say it already. Leave out aspect,"),
        ("preset: tiny\naspect: 3:2\nresolution: 64", "makes pictures of 16, 32 pixels, not of 96 x 64 (~ 64)."),
        ("preset: laptop\nwidth: 384\nheight: 256", "line 3: the preset laptop makes pictures of"),
        ("fit: stretch", "fit must be one of crop, letterbox"),
        ("background: red", "background must be white, black, grey or six hex digits like f4e9d8"),
        ("background: #ffffff", "not nothing."),
    ],
)
def test_what_cannot_be_is_refused_with_what_can(text: str, sentence: str) -> None:
    assert sentence in problem(text)


@pytest.mark.parametrize(
    ("text", "colour"),
    [("white", "ffffff"), ("Black", "000000"), ("grey", "808080"), ("F4E9D8", "f4e9d8"), ("'#123abc'", "123abc")],
)
def test_a_colour_has_a_name_or_six_digits(text: str, colour: str) -> None:
    assert choice(f"background: {text}").background == colour
    assert PARAMETERS["Background"].accepts(colour)


@pytest.mark.parametrize(("size", "train_preset"), [("768\nheight: 512", "paper512"), ("96\nheight: 64", "auto")])
def test_the_papers_configurations_go_by_the_resolution_that_a_size_counts_as(size: str, train_preset: str) -> None:
    assert choice(f"preset: best\nwidth: {size}").train_preset == train_preset


@quick
@given(SIZES, st.sampled_from(RESOLUTIONS))
def test_another_resolution_alone_keeps_the_proportions(size: PictureSize, resolution: int) -> None:
    width, height = (side * resolution / size.resolution for side in (size.width, size.height))
    if (scaled := picture_sizes().get((int(width), int(height)))) and scaled.width == width and scaled.height == height:
        assert size_of_run(size.parameter, size.resolution, {"Resolution": str(resolution)}) == scaled
        return
    with pytest.raises(BadRequest, match="give a PictureSize"):
        size_of_run(size.parameter, size.resolution, {"Resolution": str(resolution)})


@quick
@given(SIZES, SIZES)
def test_a_size_of_a_persons_own_brings_its_resolution(size: PictureSize, given_size: PictureSize) -> None:
    given_text = str(given_size)
    assert size_of_run(size.parameter, size.resolution, {"PictureSize": given_text}) == given_size
    square = size_of_run(size.parameter, size.resolution, {"PictureSize": SQUARE})
    assert (square.width, square.height) == (size.resolution, size.resolution)
    if size.resolution != given_size.resolution:
        with pytest.raises(BadRequest, match=f"need Resolution={given_size.resolution}"):
            size_of_run(SQUARE, 256, {"PictureSize": given_text, "Resolution": str(size.resolution)})
