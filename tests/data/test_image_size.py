"""Pictures of many sizes are a small base, doubled; the usual ones are 4x4, doubled."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stylegan2.base.image_size import image_size, nominal_base


@pytest.mark.parametrize("resolution", [4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096])
def test_square_powers_of_two_keep_the_base_of_four(resolution):
    size = image_size(resolution, resolution)
    assert (size.base_height, size.base_width, size.resolution) == (4, 4, resolution)


@pytest.mark.parametrize(
    ("height", "width", "base", "resolution"),
    [
        (384, 256, (6, 4), 256),
        (256, 384, (4, 6), 256),
        (576, 1024, (9, 16), 512),
        (768, 1024, (6, 8), 512),
        (96, 96, (6, 6), 64),
        (240, 240, (15, 15), 128),
        (12, 12, (6, 6), 8),
        (7, 5, (7, 5), 4),
    ],
)
def test_other_sizes_have_the_smallest_base_that_is_large_enough(height, width, base, resolution):
    size = image_size(height, width)
    assert (size.base_height, size.base_width) == base
    assert size.resolution == resolution


@pytest.mark.parametrize(
    ("height", "width"), [(3, 4), (0, 0), (4, 17), (17, 17), (1080, 1920), (100, 100), (8192, 8192)]
)
def test_sizes_that_no_base_leads_to_have_none(height, width):
    assert image_size(height, width) is None


@given(st.integers(4, 16), st.integers(4, 16), st.integers(0, 8))
def test_every_doubled_base_can_be_made_and_comes_near_its_number_of_pixels(base_height, base_width, doublings):
    height, width = base_height << doublings, base_width << doublings
    size = image_size(height, width)
    scale = height // size.base_height
    assert (size.base_height * scale, size.base_width * scale) == (height, width)
    assert size.resolution == nominal_base(size.base_height, size.base_width) * scale
    assert size.resolution**2 <= height * width < 4 * size.resolution**2
