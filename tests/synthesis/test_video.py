"""A walk passes its latents without kinks and closes; a film holds its pictures in order and plays for ever."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from stylegan2.base.errors import OptionError
from stylegan2.synthesis.video import latent_walk, write_video


def some_latents(count: int) -> torch.Tensor:
    return torch.randn(count, 6, 16, generator=torch.Generator().manual_seed(count), dtype=torch.float64)


class TestWalk:
    @given(count=st.integers(2, 6), frames=st.integers(1, 12))
    def test_it_passes_every_latent_in_order(self, count, frames):
        ws = some_latents(count)
        way = latent_walk(ws, frames)
        assert way.shape == (count * frames, 6, 16)
        assert torch.allclose(way[::frames], ws)

    @given(count=st.integers(3, 6))
    def test_it_has_no_kink_anywhere_and_closes(self, count):
        way = latent_walk(some_latents(count), 1000)
        steps = torch.cat([way, way[:2]]).diff(dim=0)
        turns = steps.diff(dim=0)
        # Straight lines would turn by a whole step at the latents; here no turn is more than a hundredth of a step.
        assert turns.norm(dim=(1, 2)).max() < 0.02 * steps.norm(dim=(1, 2)).mean()

    def test_latents_on_a_line_at_equal_distances_are_walked_at_an_even_pace(self):
        corner_to_corner = torch.arange(6, dtype=torch.float64)[:, None]
        way = latent_walk(corner_to_corner, 10)
        assert torch.allclose(way[10:40, 0], torch.arange(10, 40, dtype=torch.float64) / 10)

    @pytest.mark.parametrize(
        ("count", "frames", "reason"), [(1, 5, "latents: .* not 1"), (0, 5, "latents"), (2, 0, "frames: .* not 0")]
    )
    def test_a_walk_to_nowhere_is_refused(self, count, frames, reason):
        with pytest.raises(OptionError, match=reason):
            latent_walk(some_latents(count), frames)


class TestFilm:
    @pytest.mark.parametrize("channels", [1, 3, 4])
    def test_the_pictures_come_back_in_order_for_their_time(self, tmp_path, channels):
        pictures = [np.full((16, 24, channels), value, np.uint8) for value in (10, 100, 200)]
        if channels == 4:
            for picture in pictures:
                picture[..., 3] = 255
        write_video(pictures, tmp_path / "film.webp", frame_milliseconds=40, last_milliseconds=2000)
        with Image.open(tmp_path / "film.webp") as film:
            assert (film.size, film.n_frames, film.info["loop"]) == ((24, 16), 3, 0)
            for index, (value, duration) in enumerate([(10, 40), (100, 40), (200, 2000)]):
                film.seek(index)
                assert abs(np.asarray(film.convert("L")).astype(int) - value).max() <= 3
                assert film.info["duration"] == duration

    def test_pictures_beyond_what_the_format_holds_are_refused_with_their_size(self, tmp_path):
        with pytest.raises(OptionError, match="film: 16384 x 1 pixels are too many"):
            write_video([np.zeros((1, 16384, 3), np.uint8)], tmp_path / "film.webp", frame_milliseconds=40)
