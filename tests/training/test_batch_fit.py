"""Rounds are made as large as memory allows, on a fake GPU and by what a host really needs."""

import dataclasses
from pathlib import Path

import pytest
import torch

from stylegan2.base.errors import OptionError
from stylegan2.training import batch_fit, loop, train
from stylegan2.training.batch_fit import (
    available_host_bytes,
    bytes_per_image,
    fit_batch_gpu,
    gpu_trial,
    host_estimate,
)
from stylegan2.training.state import TrainingState
from stylegan2.training.training_options import TrainingOptions
from tests.training.pictures import write_pictures
from tests.training.trainings import assert_same_weights, options, stop_after

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pictures(tmp_path_factory.mktemp("data") / "discs", 12, 8)


@pytest.mark.parametrize(
    ("batch", "room", "expected"), [(64, 100, 64), (64, 63, 32), (64, 9, 8), (12, 5, 3), (7, 6, 1)]
)
def test_rounds_divide_the_batch_and_fit(data: Path, tmp_path: Path, batch: int, room: int, expected: int) -> None:
    tried: list[int] = []

    def fits(pictures: int) -> bool:
        tried.append(pictures)
        return pictures <= room

    chosen = options(data, tmp_path, batch=batch, batch_gpu="auto")
    assert chosen.performance.fit_batch_gpu
    assert fit_batch_gpu(chosen, fits) == expected
    assert tried == sorted(tried, reverse=True)


def test_a_picture_that_does_not_fit_is_an_error_that_says_what_to_do(data: Path, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"^batch_gpu: not even one picture of 8 px fits"):
        fit_batch_gpu(options(data, tmp_path, batch_gpu="auto"), lambda pictures: False)


def test_a_trial_runs_all_phases_augmented_and_leaves_the_random_numbers_alone(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A GPU is full when torch says so; here a fake says it above 4 pictures."""
    trials: list[tuple[int, float, bool]] = []

    def on_a_small_gpu(state: TrainingState, real: torch.Tensor) -> None:
        if len(real) > 4:
            raise torch.OutOfMemoryError("CUDA out of memory")
        loop.iterate(state, real)
        trials.append((len(real), state.augment.p, "r1" in state.means.take()))

    monkeypatch.setattr(batch_fit, "iterate", on_a_small_gpu)
    chosen = options(data, tmp_path, batch=16, batch_gpu="auto")
    random = torch.get_rng_state()
    assert fit_batch_gpu(chosen, gpu_trial(chosen)) == 4
    assert trials == [(4, batch_fit.TRIED_P, True)]
    assert torch.equal(torch.get_rng_state(), random)


def test_a_host_plans_with_what_a_picture_keeps(data: Path, tmp_path: Path) -> None:
    chosen = options(data, tmp_path, batch=16, batch_gpu="auto")
    one = bytes_per_image(chosen)
    # At the least, R1 keeps what the two convolutions of the highest resolution give, for both derivatives.
    channels = min(chosen.settings.channel_base // 8, chosen.settings.channel_max)
    assert one > 2 * 2 * channels * 8 * 8 * 4
    for free, expected in ((8.5, 8), (1.5, 1), (1000, 16)):
        fits = host_estimate(chosen, lambda free=free: int(free * one / batch_fit.USABLE))  # type: ignore[misc]
        assert fit_batch_gpu(chosen, fits) == expected


def test_wider_networks_need_more_memory(data: Path, tmp_path: Path) -> None:
    chosen = options(data, tmp_path)
    wide = dataclasses.replace(chosen, settings=dataclasses.replace(chosen.settings, channel_base=512, channel_max=64))
    assert bytes_per_image(wide) > 2 * bytes_per_image(chosen)


def test_the_smaller_of_machine_and_container_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = available_host_bytes()
    assert machine > 1 << 20
    (tmp_path / "max").write_text("3000000\n")
    (tmp_path / "used").write_text("1000000\n")
    monkeypatch.setattr(batch_fit, "_CGROUP_LIMIT", tmp_path / "max")
    monkeypatch.setattr(batch_fit, "_CGROUP_USED", tmp_path / "used")
    assert available_host_bytes() == 2_000_000
    (tmp_path / "max").write_text("max\n")
    assert available_host_bytes() > 1 << 20


def test_a_training_with_fitted_rounds_keeps_them_when_it_goes_on(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def with_room_for(pictures: int) -> None:
        monkeypatch.setattr("stylegan2.training.start.fit_batch_gpu", lambda options: pictures)

    def auto(out: str, kept: str) -> TrainingOptions:
        return options(data, tmp_path / out, batch=8, batch_gpu="auto", kimg=0.04, checkpoint_dir=tmp_path / kept)

    with_room_for(4)
    train(auto("whole", "a"))
    train(auto("part", "b"), should_stop=stop_after(2))
    with_room_for(8)
    train(auto("rest", "b"))
    assert_same_weights(tmp_path / "whole", tmp_path / "rest")
    assert '"batch_gpu": 4' in (tmp_path / "rest/training_options.json").read_text()
