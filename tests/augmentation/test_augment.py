"""The augmentations give the golden pictures, are harmless when they should be, and ADA's rule steers as published."""

import json
from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from stylegan2.augmentation import augment
from stylegan2.augmentation.augment import AdaRule, AugmentPipe
from stylegan2.augmentation.geometry import SYM6, identity, translation, warp
from stylegan2.options.words import PIPES
from tests.goldens.arrays import GOLDENS, Golden, close

SINGLE = [*PIPES["bgc"], "imgfilter", "cutout"]
QUANTILES = (0.1, 0.35, 0.6, 0.9)


class QuantileDraws:
    """Every number is its distribution's quantile (normals in the golden files' scale); every operation is chosen."""

    def __init__(self, q: float) -> None:
        self.q = q

    def uniform(self, name: str, *shape: int, device: torch.device) -> Tensor:
        return torch.full(shape, 0.5 if name == "rotate_after" else self.q)

    def normal(self, name: str, *shape: int, device: torch.device) -> Tensor:
        return torch.full(shape, self.q * 2 - 1).erfinv()

    def chosen(self, name: str, n: int, p: float, *, device: torch.device) -> Tensor:
        return torch.ones(n, dtype=torch.bool)


@pytest.mark.parametrize("q", QUANTILES)
@pytest.mark.parametrize("operation", SINGLE)
def test_each_operation_gives_the_golden_picture(golden: Callable[[str], Golden], operation: str, q: float) -> None:
    g = golden("augment")
    pipe = AugmentPipe((operation,), p=1, draws=QuantileDraws(q))
    close(pipe(g["img"])[:1], g[f"{operation}_q{q}"], atol=2e-5)


@pytest.mark.parametrize("q", QUANTILES)
def test_pipes_give_the_golden_pictures(golden: Callable[[str], Golden], q: float) -> None:
    g = golden("augment")
    draws = QuantileDraws(q)
    close(AugmentPipe(PIPES["bg"], 1, draws)(g["img"]), g[f"bg_q{q}"], atol=2e-5)
    close(AugmentPipe(PIPES["bgc"], 1, draws)(g["img"]), g[f"bgc_q{q}"], atol=2e-5)
    close(AugmentPipe((*PIPES["bgc"], "imgfilter", "cutout"), 1, draws)(g["img"][:1]), g[f"bgcfc_q{q}"], atol=2e-5)
    close(AugmentPipe(PIPES["bgc"], 1, draws)(g["img"][:1, :1]), g[f"gray_bgc_q{q}"], atol=2e-5)


def test_filters_are_the_golden_ones(golden: Callable[[str], Golden]) -> None:
    g = golden("augment")
    taps = torch.tensor(SYM6)
    close(taps / taps.sum(), g["Hz_geom"])
    close(augment._band_filters(torch.device("cpu")), g["Hz_fbank"], atol=1e-6)


def test_the_identity_is_resampled_as_in_the_golden_picture_and_skipped_in_the_pipe(
    golden: Callable[[str], Golden],
) -> None:
    g = golden("augment")
    close(warp(g["img"], identity(2, torch.device("cpu"))), g["bgc_p0"], atol=2e-5)
    pipe = AugmentPipe(PIPES["bgcfnc"], p=0)
    assert pipe(g["img"]) is g["img"]
    assert torch.equal(AugmentPipe(PIPES["bg"], p=1e-12)(g["img"]), g["img"])


def test_a_shift_by_whole_pixels_moves_the_picture(golden: Callable[[str], Golden]) -> None:
    image = golden("augment")["img"]
    moved = warp(image, translation(torch.tensor([3.0, 0.0]), torch.tensor([0.0, -2.0])))
    close(moved[0, :, :, :-4], image[0, :, :, 3:-1], atol=2e-3)
    close(moved[1, :, 3:], image[1, :, 1:-2], atol=2e-3)


def test_only_the_chosen_pictures_are_changed(golden: Callable[[str], Golden]) -> None:
    class SecondOnly(QuantileDraws):
        def chosen(self, name: str, n: int, p: float, *, device: torch.device) -> Tensor:
            return torch.tensor([False, True])

    g = golden("augment")
    result = AugmentPipe(PIPES["bg"], 1, SecondOnly(0.35))(g["img"])
    assert torch.equal(result[0], g["img"][0])
    close(result[1], g["bg_q0.35"][1], atol=2e-5)


def test_small_pictures_survive_every_operation() -> None:
    torch.manual_seed(0)
    for channels in (1, 3):
        result = AugmentPipe(PIPES["bgcfnc"], p=1)(torch.rand(4, channels, 8, 8))
        assert result.shape == (4, channels, 8, 8)
        assert result.isfinite().all()


def test_noise_and_cutout_change_what_they_say() -> None:
    torch.manual_seed(0)
    flat = torch.ones(64, 1, 16, 16)
    noisy = AugmentPipe(PIPES["noise"], p=1)(flat) - flat
    assert 0.05 < noisy.std() < 0.15  # sigma is the absolute value of a normal number times 0.1
    blank = AugmentPipe(PIPES["cutout"], p=1)(flat) == 0
    assert 0.1 < blank.float().mean() < 0.25  # a quarter, less what lies outside


def test_the_pipe_can_be_differentiated_twice() -> None:
    torch.manual_seed(0)
    images = torch.randn(2, 3, 8, 8, requires_grad=True)
    weight = torch.randn(3, requires_grad=True)
    augmented = AugmentPipe(PIPES["bgcf"], p=0.9)(images)
    score = (augmented.tanh() * weight[:, None, None]).sum()
    (gradient,) = torch.autograd.grad(score, images, create_graph=True)
    gradient.square().sum().backward()
    assert weight.grad is not None
    assert weight.grad.abs().min() > 0


def test_operations_are_applied_with_probability_p() -> None:
    torch.manual_seed(0)
    image = torch.randn(1, 1, 8, 8).repeat(2000, 1, 1, 1)
    changed = (AugmentPipe(("brightness",), p=0.3)(image) != image).flatten(1).any(1).float().mean()
    assert 0.26 < changed < 0.34


def test_ada_rule_follows_the_golden_sequence() -> None:
    facts = json.loads((GOLDENS / "facts_and_configs.json").read_text())["facts"]["ada_rule"]
    rule = AdaRule(target=facts["target"], kimg=facts["ada_kimg"])
    p = 0.0
    for mean_sign, expected in zip(facts["rt"], facts["p"], strict=True):
        p = rule.next_p(p, mean_sign, facts["batch"] * facts["interval"])
        assert p == pytest.approx(expected, abs=1e-12)


@given(signs=st.lists(st.floats(-1, 1), max_size=50), images=st.integers(1, 10**6), kimg=st.floats(0.01, 1000))
def test_p_never_leaves_its_range(signs: list[float], images: int, kimg: float) -> None:
    rule, p = AdaRule(kimg=kimg), 0.0
    for mean_sign in signs:
        p = rule.next_p(p, mean_sign, images)
        assert 0 <= p <= augment.P_MAX
