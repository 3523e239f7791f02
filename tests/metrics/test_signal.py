"""What a training watches itself with."""

import json
import math
from pathlib import Path

import pytest
import torch

from stylegan2.base.errors import OptionError
from stylegan2.data.dataset import ImageDataset
from stylegan2.formats.network_file import load_network
from stylegan2.metrics.signal import PatchDistance
from stylegan2.options.training import TrainingChoices
from stylegan2.training import train
from stylegan2.training.training_options import TrainingOptions, resolve_options
from tests.metrics.conftest import make_network
from tests.training.trainings import stop_after


def options(data: Path, outdir: Path, **changes) -> TrainingOptions:
    arguments = {"preset": "tiny", "kimg": 0.16, "tick_kimg": 0.032, "snapshot_ticks": 2, "signal_images": 16}
    return resolve_options(TrainingChoices(data=data, outdir=outdir, **(arguments | changes)))


def records(outdir: Path) -> list[dict]:
    return [json.loads(line) for line in (outdir / "stats.jsonl").read_text().splitlines()]


def test_every_snapshot_has_a_signal_and_the_best_network_is_kept(data, tmp_path):
    train(options(data, tmp_path))
    found = {record["kimg"]: record["patch_distance"] for record in records(tmp_path)}
    assert [kimg for kimg, value in found.items() if value is not None] == [0.064, 0.128, 0.16]
    best = min((value, kimg) for kimg, value in found.items() if value is not None)
    meta = load_network(tmp_path / "best").meta
    assert (round(meta["score"], 6), meta["kimg"]) == best
    assert f"patch_distance={best[0]:.4f}" in (tmp_path / "log.txt").read_text()


def test_the_written_signal_is_that_of_the_network_beside_it(data, tmp_path):
    train(options(data, tmp_path))
    signal = PatchDistance(ImageDataset(data), 16, seed=0, device=torch.device("cpu"))
    assert signal(load_network(tmp_path).G_ema) == pytest.approx(records(tmp_path)[-1]["patch_distance"], abs=2e-6)


def test_the_training_is_the_same_with_without_and_over_an_interruption(data, tmp_path):
    train(options(data, tmp_path / "with"))
    train(options(data, tmp_path / "without", signal_images=0))
    kept = tmp_path / "kept"
    train(options(data, tmp_path / "part", checkpoint_dir=kept), should_stop=stop_after(8))
    train(options(data, tmp_path / "rest", checkpoint_dir=kept))
    tensors = [(tmp_path / name / "network.safetensors").read_bytes() for name in ("with", "without", "rest")]
    assert tensors[0] == tensors[1] == tensors[2]
    assert [(tmp_path / name / "best").exists() for name in ("with", "without")] == [True, False]
    signals = [[record["patch_distance"] for record in records(tmp_path / name)] for name in ("with", "rest")]
    assert signals[0] == signals[1]
    assert (tmp_path / "rest/best/network.safetensors").is_file()


def test_it_is_more_for_a_network_with_wrong_colours_and_leaves_random_numbers_alone(data):
    generator, _ = make_network()
    signal = PatchDistance(ImageDataset(data), 30, seed=0, device=torch.device("cpu"))
    state = torch.get_rng_state()
    before = signal(generator)
    assert signal(generator) == before
    assert torch.equal(torch.get_rng_state(), state)
    with torch.no_grad():
        generator.synthesis.get_submodule("b16").torgb.bias.fill_(10)
    assert signal(generator) > 1.2 * before


def test_a_broken_network_has_no_number_and_is_never_the_best(data):
    generator, _ = make_network()
    with torch.no_grad():
        generator.synthesis.get_submodule("b4").const.fill_(math.nan)
    signal = PatchDistance(ImageDataset(data), 10, seed=0, device=torch.device("cpu"))
    assert math.isnan(signal(generator))


def test_a_generator_that_always_draws_the_same_is_worth_no_more_than_one_image(data):
    generator, _ = make_network()
    signal = PatchDistance(ImageDataset(data), 30, seed=0, device=torch.device("cpu"))
    with torch.no_grad():
        for weights in generator.mapping.parameters():
            weights.zero_()
    assert signal(generator) >= signal.of_one_image > 0


@pytest.mark.parametrize("count", [1, -1])
def test_a_number_of_pictures_without_a_spread_is_refused(data, tmp_path, count):
    with pytest.raises(OptionError, match="signal_images: must be between"):
        options(data, tmp_path, signal_images=count)
