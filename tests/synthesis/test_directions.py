"""Directions are those that move the styles most, and moving along them changes the chosen layers and nothing else."""

import numpy as np
import pytest
import torch

from stylegan2.base.errors import OptionError
from stylegan2.synthesis.directions import contact_sheet, even_shifts, find_directions, move_latents
from stylegan2.synthesis.latents import seed_ws, w_statistics
from tests.synthesis.conftest import make_generator


def styles_moved(generator, layer_names, vector):
    """How far the styles of some layers move when w does by ``vector``, asked of the layers themselves."""
    squares = 0.0
    for name in layer_names:
        affine = generator.synthesis.get_submodule(f"{name}.affine")
        squares += float((affine(vector[None]) - affine(torch.zeros(1, 16))).square().sum())
    return squares**0.5


class TestFinding:
    def test_directions_are_unit_vectors_at_right_angles(self, generator):
        vectors = find_directions(generator, 16).vectors
        assert torch.allclose(vectors @ vectors.T, torch.eye(16), atol=1e-5)

    @pytest.mark.parametrize(
        ("layers", "names"),
        [([0], ["b4.conv1"]), ([1, 2], ["b8.conv0", "b8.conv1"]), ([5, 4], ["b16.conv1", "b16.torgb"])],
    )
    def test_strengths_are_how_far_the_layers_own_styles_move(self, generator, layers, names):
        found = find_directions(generator, 4, layers)
        for vector, strength in zip(found.vectors, found.strengths, strict=True):
            assert styles_moved(generator, names, vector) == pytest.approx(float(strength), rel=1e-4)

    def test_no_other_direction_moves_the_styles_more_than_the_first(self, generator):
        first = find_directions(generator, 1, [3])
        others = torch.nn.functional.normalize(torch.randn(50, 16, generator=torch.Generator().manual_seed(0)), dim=1)
        strongest = max(styles_moved(generator, ["b16.conv0"], other) for other in others)
        assert strongest < float(first.strengths[0])

    def test_strengths_fall(self, generator):
        strengths = find_directions(generator, 16).strengths
        assert (strengths[1:] <= strengths[:-1]).all()

    def test_the_sign_is_settled_so_that_a_direction_is_the_same_on_every_machine(self, generator):
        vectors = find_directions(generator, 16).vectors
        assert all(vector[vector.abs().argmax()] > 0 for vector in vectors)

    @pytest.mark.parametrize(
        ("arguments", "reason"),
        [
            ((0,), "count: must be from 1 to the width of w, 16, not 0"),
            ((17,), "count: .* not 17"),
            ((1, [6]), "layers: this network has the layers 0 to 5, but not 6"),
            ((1, []), "layers: at least one"),
        ],
    )
    def test_an_argument_of_no_use_is_named(self, generator, arguments, reason):
        with pytest.raises(OptionError, match=reason):
            find_directions(generator, *arguments)


class TestMoving:
    def test_only_the_chosen_layers_move_by_the_shift_along_the_direction(self, generator):
        ws = seed_ws(generator, [1, 2])
        found = find_directions(generator, 3, [1, 2])
        moved = move_latents(ws, found, [-0.5, 0.0, 2.0])
        assert moved.shape == (3, 2, 3, 6, 16)
        change = moved - ws[None, :, None]
        assert not change[:, :, :, [0, 3, 4, 5]].any()
        assert not change[:, :, 1].any()
        for direction in range(3):
            assert torch.allclose(change[direction, 1, 2, 1], 2 * found.vectors[direction], atol=1e-5)
            assert torch.allclose(change[direction, 0, 0, 2], -0.5 * found.vectors[direction], atol=1e-5)

    def test_shifts_are_parts_of_the_spread_of_the_latents(self, generator):
        _, spread = w_statistics(generator)
        assert even_shifts(generator, 0.5, 5) == pytest.approx([part * spread for part in (-0.5, -0.25, 0, 0.25, 0.5)])

    def test_a_single_step_is_refused(self):
        with pytest.raises(OptionError, match="steps: must be at least 2, not 1"):
            even_shifts(make_generator(), 0.5, 1)


def test_the_contact_sheet_has_a_line_a_direction_and_the_strips_side_by_side():
    pictures = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4, 1, 1, 1).repeat(5, axis=3).repeat(6, axis=4)
    sheet = contact_sheet(pictures)
    assert sheet.shape == (10, 72, 1)
    assert sheet[::5, ::6, 0].tolist() == [list(range(12)), list(range(12, 24))]
    assert (sheet[:5, 6:12] == 1).all()
