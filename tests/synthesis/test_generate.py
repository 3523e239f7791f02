"""Pictures depend on their seed alone, truncation and mixing do what they say."""

from pathlib import Path

import numpy as np
import pytest
import torch

from stylegan2.base.errors import OptionError
from stylegan2.model.pixels import from_bytes, to_bytes
from stylegan2.synthesis import generate_images, mix_styles, render_images
from stylegan2.synthesis.latents import draw_latents, w_statistics
from tests.synthesis.conftest import make_generator

GOLDEN_OPS = Path(__file__).parents[1] / "goldens" / "ops.npz"


def largest_difference(first: np.ndarray, second: np.ndarray) -> int:
    assert first.shape == second.shape
    return int(np.abs(first.astype(int) - second.astype(int)).max())


class TestPixels:
    def test_bytes_are_rounded_as_by_the_reference(self):
        with np.load(GOLDEN_OPS) as golden:
            values, expected = golden["to_uint8_in"], golden["to_uint8_generate"]
        assert to_bytes(torch.from_numpy(values).reshape(1, 1, 1, -1)).ravel().tolist() == expected.tolist()

    def test_bytes_come_back_as_they_were(self):
        pixels = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
        assert largest_difference(to_bytes(from_bytes(pixels, torch.device("cpu"))), pixels) <= 1


class TestGenerate:
    @pytest.mark.parametrize("noise_mode", ["const", "random", "none"])
    def test_a_seed_gives_the_same_picture_alone_and_in_any_batch(self, generator, noise_mode):
        seeds = [5, 0, 2**32 - 1, 7, 5]
        together = generate_images(generator, seeds, noise_mode=noise_mode, batch=4)
        assert together.dtype == np.uint8
        assert together.shape == (5, 16, 16, 3)
        for seed, picture in zip(seeds, together, strict=True):
            assert largest_difference(generate_images(generator, [seed], noise_mode=noise_mode)[0], picture) <= 1
        assert largest_difference(together[0], together[1]) > 20

    def test_random_noise_leaves_torchs_own_random_numbers_alone(self, generator):
        torch.manual_seed(3)
        expected = torch.rand(3)
        torch.manual_seed(3)
        generate_images(generator, [1, 2], noise_mode="random")
        assert torch.equal(torch.rand(3), expected)

    def test_noise_modes_differ(self, generator):
        const, fresh, none = (generate_images(generator, [1], noise_mode=mode) for mode in ("const", "random", "none"))
        assert min(largest_difference(const, fresh), largest_difference(const, none)) > 3

    def test_truncation_0_gives_the_mean_picture_for_every_seed(self, generator):
        pictures = generate_images(generator, [1, 2], truncation_psi=0)
        mean = render_images(generator, generator.mapping.w_avg.repeat(1, generator.num_ws, 1))
        assert largest_difference(pictures[0], mean[0]) <= 1
        assert largest_difference(pictures[1], mean[0]) <= 1

    def test_latents_are_those_that_users_know_by_their_seeds(self, generator):
        expected = np.random.RandomState(85).randn(1, 16)
        assert np.allclose(draw_latents(generator, [85]).numpy(), expected)

    def test_no_seeds_give_no_pictures(self, generator):
        assert generate_images(generator, []).shape == (0, 16, 16, 3)

    @pytest.mark.parametrize("seed", [-1, 2**32])
    def test_a_seed_out_of_range_is_named(self, generator, seed):
        with pytest.raises(OptionError, match=f"seeds: .* not {seed}"):
            generate_images(generator, [1, seed])

    def test_a_batch_of_0_is_refused(self, generator):
        with pytest.raises(OptionError, match="batch"):
            generate_images(generator, [1], batch=0)

    def test_a_network_with_labels_draws_a_seed_differently_in_every_class(self):
        generator = make_generator(c_dim=3)
        pictures = [generate_images(generator, [1], class_number=number)[0] for number in range(3)]
        labels = torch.eye(3)
        for label, picture in zip(labels, pictures, strict=True):
            drawn = to_bytes(generator(draw_latents(generator, [1]), label[None]))[0]
            assert largest_difference(drawn, picture) <= 1
        assert min(largest_difference(pictures[0], other) for other in pictures[1:]) > 5

    @pytest.mark.parametrize(("class_number", "reason"), [(None, "none was given"), (3, "not 3"), (-1, "not -1")])
    def test_a_network_with_labels_says_which_classes_it_has(self, class_number, reason):
        with pytest.raises(OptionError, match=f"class: .* labels and draws the classes 0 to 2, {reason}"):
            generate_images(make_generator(c_dim=3), [1], class_number=class_number)

    def test_a_class_asked_of_a_network_without_labels_is_refused(self, generator):
        with pytest.raises(OptionError, match=r"class: .* without labels, so it has no class 1"):
            generate_images(generator, [1], class_number=1)


class TestMixing:
    def test_with_labels_all_pictures_are_of_the_class(self):
        generator = make_generator(c_dim=3)
        grid = mix_styles(generator, [1], [2], class_number=2)
        assert largest_difference(grid.rows, generate_images(generator, [1], class_number=2)) <= 1

    def test_with_labels_each_seed_may_have_a_class_of_its_own(self):
        generator = make_generator(c_dim=3)
        grid = mix_styles(generator, [1, 1], [2], class_number=[0, 1, 2], styles=[])
        alone = [generate_images(generator, [1], class_number=number) for number in (0, 1)]
        assert largest_difference(grid.rows, np.concatenate(alone)) <= 1
        assert largest_difference(grid.columns, generate_images(generator, [2], class_number=2)) <= 1
        assert largest_difference(grid.mixed[:, 0], grid.rows) <= 1
        with pytest.raises(OptionError, match="class: one for all 2 seeds or one for each is needed, not 1"):
            generate_images(generator, [1, 2], class_number=[0])
        with pytest.raises(OptionError, match=r"class: .* not 3"):
            generate_images(generator, [1, 2], class_number=[0, 3])

    def test_a_seed_mixed_with_itself_is_itself(self, generator):
        grid = mix_styles(generator, [3, 4], [4, 3, 9], styles=[0, 2, 5])
        assert largest_difference(grid.mixed[0, 1], grid.rows[0]) <= 1
        assert largest_difference(grid.mixed[1, 0], grid.rows[1]) <= 1
        assert largest_difference(grid.mixed[0, 2], grid.rows[0]) > 5

    def test_with_all_layers_the_columns_picture_remains_and_with_none_the_rows(self, generator):
        everything = mix_styles(generator, [1], [2], styles=range(generator.num_ws))
        nothing = mix_styles(generator, [1], [2], styles=[])
        assert largest_difference(everything.mixed[0, 0], everything.columns[0]) <= 1
        assert largest_difference(nothing.mixed[0, 0], nothing.rows[0]) <= 1

    def test_rows_and_columns_are_the_pictures_of_their_seeds(self, generator):
        grid = mix_styles(generator, [1, 2], [5], truncation_psi=0.6, batch=2)
        assert largest_difference(grid.rows, generate_images(generator, [1, 2], truncation_psi=0.6)) <= 1
        assert largest_difference(grid.columns, generate_images(generator, [5], truncation_psi=0.6)) <= 1

    def test_the_first_half_of_the_layers_is_exchanged_unless_told_otherwise(self, generator):
        by_default = mix_styles(generator, [1], [2])
        assert np.array_equal(by_default.mixed, mix_styles(generator, [1], [2], styles=[0, 1, 2]).mixed)

    def test_the_sheet_has_the_columns_above_and_the_rows_on_the_left(self, generator):
        grid = mix_styles(generator, [1, 2], [5, 6, 7])
        sheet = grid.sheet()
        assert sheet.shape == (3 * 16, 4 * 16, 3)
        assert (sheet[:16, :16] == 255).all()
        assert np.array_equal(sheet[:16, 48:], grid.columns[2])
        assert np.array_equal(sheet[32:, :16], grid.rows[1])
        assert np.array_equal(sheet[32:, 16:32], grid.mixed[1, 0])

    def test_a_layer_that_the_network_does_not_have_is_named(self, generator):
        with pytest.raises(OptionError, match="styles: this network has the layers 0 to 5, but not 6"):
            mix_styles(generator, [1], [2], styles=[0, 6])


def test_the_statistics_of_w_agree_with_other_latents(generator):
    mean, spread = w_statistics(generator)
    ws = generator.mapping(torch.randn(4000, 16, generator=torch.Generator().manual_seed(0)))[:, 0]
    assert torch.allclose(mean, ws.mean(dim=0), atol=0.1)
    assert spread == pytest.approx(float((ws - mean).square().sum(dim=1).mean().sqrt()), rel=0.05)


def test_the_statistics_of_a_network_with_labels_are_over_all_classes():
    generator = make_generator(c_dim=3)
    mean, spread = w_statistics(generator)
    z = torch.randn(3000, 16, generator=torch.Generator().manual_seed(0))
    ws = generator.mapping(z, torch.eye(3).repeat_interleave(1000, dim=0))[:, 0]
    assert torch.allclose(mean, ws.mean(dim=0), atol=0.1)
    assert spread == pytest.approx(float((ws - mean).square().sum(dim=1).mean().sqrt()), rel=0.05)
