"""Presets are the published ones, options are checked before anything expensive, the command line explains itself."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from train import main

from stylegan2.augmentation.augment import AdaRule
from stylegan2.base.errors import ModelError, OptionError
from stylegan2.model.performance import LOW_PRECISION_RESOLUTIONS, Performance
from stylegan2.options.budget import Budget
from stylegan2.options.presets import PRESETS, settings_of
from stylegan2.options.training import TrainingChoices
from stylegan2.options.words import PIPES
from stylegan2.training.optimisation import lazy_adam
from stylegan2.training.state import TrainingState
from stylegan2.training.training_options import resolve_options
from tests.goldens.arrays import GOLDENS
from tests.training.pictures import write_pictures

CONFIGS: dict[str, dict[str, Any]] = json.loads((GOLDENS / "facts_and_configs.json").read_text())["configs"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pictures(tmp_path_factory.mktemp("data") / "discs", 3, 16)


@pytest.mark.parametrize("name", CONFIGS)
def test_presets_resolve_to_the_published_configurations(name: str) -> None:
    preset, resolution, gpus = name.split("_")
    golden = CONFIGS[name]
    settings = settings_of(preset, int(resolution.removeprefix("res")), int(gpus.removeprefix("gpus")))
    loss, g_kwargs, d_kwargs = golden["loss_kwargs"], golden["G_kwargs"], golden["D_kwargs"]
    assert settings.kimg == golden["total_kimg"]
    assert settings.batch == golden["batch_size"]
    assert settings.batch_gpu == golden["batch_gpu"]
    assert settings.g_learning_rate == golden["G_opt_kwargs"]["lr"]
    assert settings.d_learning_rate == golden["D_opt_kwargs"]["lr"]
    assert settings.r1_gamma == loss["r1_gamma"]
    assert settings.pl_weight == loss.get("pl_weight", 2)
    assert settings.style_mixing_prob == loss.get("style_mixing_prob", 0.9)
    assert settings.ema_kimg == golden["ema_kimg"]
    assert settings.ema_rampup == golden["ema_rampup"]
    assert settings.mbstd_group_size == d_kwargs["epilogue_kwargs"]["mbstd_group_size"]
    assert settings.d_architecture == d_kwargs.get("architecture", "resnet")
    assert settings.mapping_layers == g_kwargs["mapping_kwargs"]["num_layers"]
    assert settings.channel_base == g_kwargs["synthesis_kwargs"]["channel_base"] == d_kwargs["channel_base"]
    assert settings.channel_max == g_kwargs["synthesis_kwargs"]["channel_max"]
    assert (settings.z_dim, settings.w_dim) == (g_kwargs["z_dim"], g_kwargs["w_dim"])
    reference = Performance("fp16", True, "off", 4, False)
    for kwargs in (g_kwargs["synthesis_kwargs"], d_kwargs):
        assert (LOW_PRECISION_RESOLUTIONS, reference.conv_clamp) == (kwargs["num_fp16_res"], kwargs["conv_clamp"])
    for kwargs in (golden["G_opt_kwargs"], golden["D_opt_kwargs"]):
        defaults = lazy_adam([torch.nn.Parameter(torch.zeros(1))], 1, None).defaults
        assert (list(defaults["betas"]), defaults["eps"]) == (kwargs["betas"], kwargs["eps"])
    assert AdaRule().target == golden["ada_target"]
    operations = {key for key, value in golden["augment_kwargs"].items() if value == 1}
    assert set(PIPES["bgc"]) == operations


def test_all_published_configurations_are_tested() -> None:
    assert len(CONFIGS) == 29
    assert {name.split("_")[0] for name in CONFIGS} == PRESETS.keys() - {"laptop", "tiny"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"aug": "much"}, r"^aug: must be one of ada, noaug, fixed, not 'much'"),
        ({"augpipe": "x"}, r"^augpipe: must be one of blit, .*, not 'x'"),
        ({"aug": "fixed"}, r"^p: must be given with aug=fixed"),
        ({"p": 0.5}, r"^p: is for aug=fixed, but aug is ada"),
        ({"aug": "fixed", "p": 1.5}, r"^p: must be between 0 and 1, not 1\.5"),
        ({"aug": "fixed", "p": float("nan")}, r"^p: must be between 0 and 1, not nan"),
        ({"aug": "noaug", "target": 0.5}, r"^target: is for aug=ada, but aug is noaug"),
        ({"target": 2}, r"^target: must be between -1 and 1"),
        ({"kimg": 0}, r"^kimg: must be greater than 0, not 0"),
        ({"kimg": float("inf")}, r"^kimg: must be greater than 0, not inf"),
        ({"batch": 0}, r"^batch: must be between 1 and 65536"),
        ({"batch": 8, "batch_gpu": 3}, r"^batch_gpu: 3 does not divide the batch of 8"),
        ({"batch_gpu": 0}, r"^batch_gpu: must be between 1 and 65536"),
        ({"glr": 0}, r"^glr: must be greater than 0, not 0"),
        ({"dlr": float("nan")}, r"^dlr: must be greater than 0, not nan"),
        ({"keep": 0}, r"^keep: must be between 1 and 1000"),
        ({"workers": 0}, r"^workers: must be between 1 and 256"),
        ({"max_hours": 0}, r"^max_hours: must be greater than 0"),
        ({"max_cost": -1, "price_per_hour": 1}, r"^max_cost: must be greater than 0, not -1"),
        ({"max_cost": 1}, r"^max_cost: needs --price-per-hour"),
        ({"price_per_hour": 0}, r"^price_per_hour: must be greater than 0"),
        ({"freezed": 8}, r"^freezed: must be between 0 and 7"),
        ({"freezed": -1}, r"^freezed: must be at least 0, not -1"),
        ({"signal_images": 1}, r"^signal_images: must be between 2 and 1000000, or 0, not 1"),
        ({"channels_last": "yes"}, r"^channels_last: must be one of auto, on, off, not 'yes'"),
        ({"compilation": "maybe"}, r"^compilation: must be one of auto, on, off, not 'maybe'"),
        ({"precision": "double"}, r"^precision: must be one of auto, fp32, bf16, fp16, not 'double'"),
        ({"gamma": -1}, r"^gamma: must be at least 0"),
        ({"seed": -1}, r"^seed: must be between 0 and"),
        ({"tick_kimg": 0}, r"^tick_kimg: must be greater than 0"),
        (
            {"tick_kimg": 0.01, "kimg": 1000},
            r"^tick_kimg: must be at least 0\.04 for a training of 1000 kimg, not 0\.01",
        ),
        ({"snapshot_ticks": 0}, r"^snapshot_ticks: must be at least 1, not 0"),
        ({"preset": "best"}, r"^preset: must be one of auto, .*, not 'best'"),
        ({"device": "tpu"}, r"^device: must be one of auto, cpu, cuda, not 'tpu'"),
    ],
)
def test_wrong_options_are_refused_by_name(data: Path, tmp_path: Path, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        resolve_options(TrainingChoices(data=data, outdir=tmp_path, **({"preset": "tiny"} | arguments)))


def test_small_presets_refuse_pictures_they_are_not_made_for(tmp_path: Path) -> None:
    large = write_pictures(tmp_path / "large", 1, 64)
    with pytest.raises(OptionError, match=r"^preset: tiny is for pictures of 8 to 32 pixels, not 64"):
        resolve_options(TrainingChoices(data=large, outdir=tmp_path, preset="tiny"))


def test_missing_data_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"nothing\.zip"):
        resolve_options(TrainingChoices(data=tmp_path / "nothing.zip", outdir=tmp_path))


def test_what_is_left_out_comes_from_the_preset_and_the_data(data: Path, tmp_path: Path) -> None:
    options = resolve_options(TrainingChoices(data=data, outdir=tmp_path, preset="laptop", mirror=True))
    assert options.settings == settings_of("laptop", 16)
    assert (options.resolution, options.channels, options.images) == (16, 3, 6)
    assert (options.dataset_name, options.aug, options.target, options.p) == ("discs", "ada", 0.6, 0)
    assert (options.freezed, options.keep, options.budget, options.performance.workers) == (0, 2, Budget(), 4)
    changed = resolve_options(
        TrainingChoices(data=data, outdir=tmp_path, preset="laptop", kimg=2, gamma=3, tick_kimg=1)
    )
    assert (changed.settings.kimg, changed.settings.r1_gamma, changed.settings.tick_kimg) == (2, 3, 1)


def test_each_network_has_its_learning_rate(data: Path, tmp_path: Path) -> None:
    options = resolve_options(TrainingChoices(data=data, outdir=tmp_path, preset="tiny", dlr=0.001))
    assert (options.settings.g_learning_rate, options.settings.d_learning_rate) == (0.0025, 0.001)
    state = TrainingState(
        dataclasses.replace(options, settings=dataclasses.replace(options.settings, d_reg_interval=1))
    )
    assert state.optimise_g.param_groups[0]["lr"] == 0.0025 * 4 / 5  # corrected for lazy regularisation
    assert state.optimise_d.param_groups[0]["lr"] == 0.001 / 2
    assert (
        resolve_options(TrainingChoices(data=data, outdir=tmp_path, preset="tiny", glr=0.1)).settings.g_learning_rate
        == 0.1
    )


def test_how_it_is_computed_and_paid_for_makes_no_other_training(data: Path, tmp_path: Path) -> None:
    plain = resolve_options(TrainingChoices(data=data, outdir=tmp_path, preset="tiny", device="cpu"))
    other = resolve_options(
        TrainingChoices(
            data=data,
            outdir=tmp_path,
            preset="tiny",
            device="cpu",
            keep=5,
            workers=1,
            channels_last="off",
            compilation="on",
            max_hours=1,
            price_per_hour=2,
        )
    )
    assert other.identity() == plain.identity()
    for changes in ({"precision": "bf16"}, {"freezed": 1}, {"glr": 1}, {"dlr": 1}):
        changed = resolve_options(TrainingChoices(data=data, outdir=tmp_path, preset="tiny", device="cpu", **changes))
        assert changed.identity() != plain.identity()


@pytest.mark.parametrize(("batch", "batch_gpu"), [(64, 8), (16, 8), (4, 4), (12, 6), (7, 7), (11, 1)])
def test_another_batch_keeps_the_rounds_of_the_preset(data: Path, tmp_path: Path, batch: int, batch_gpu: int) -> None:
    settings = resolve_options(TrainingChoices(data=data, outdir=tmp_path, preset="paper256", batch=batch)).settings
    assert (settings.batch, settings.batch_gpu) == (batch, batch_gpu)
    assert settings.mbstd_group_size <= batch_gpu


def test_dry_run_prints_the_resolved_options_and_writes_nothing(data: Path, tmp_path: Path) -> None:
    arguments = ["--data", str(data), "--outdir", str(tmp_path / "out"), "--cfg", "tiny", "--gamma", "2", "-n"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    printed = json.loads(result.output)
    assert (printed["preset"], printed["settings"]["r1_gamma"], printed["resolution"]) == ("tiny", 2, 16)
    assert not (tmp_path / "out").exists()


def test_every_option_of_the_command_reaches_the_training(data: Path, tmp_path: Path) -> None:
    text = (
        f"--data {data} --outdir {tmp_path}/out --cfg tiny --dry-run --kimg 3 --seed 4 --mirror 1 --dataset-name d "
        "--aug fixed --p 0.2 --augpipe bg --batch 6 --gamma 2 --glr 0.1 --dlr 0.2 --freezed 3 --keep 5 --tick 0.5 "
        "--snap 7 --max-hours 8 --max-cost 9 --price-per-hour 1.5 --device cpu --batch-gpu auto --precision bf16 "
        f"--channels-last off --compile on --workers 2 --checkpoint-dir {tmp_path}/kept"
    )
    result = CliRunner().invoke(main, text.split())
    assert result.exit_code == 0, result.output
    printed = json.loads(result.output)
    expected = {
        "mirror": True, "seed": 4, "dataset_name": "d", "aug": "fixed", "p": 0.2, "augpipe": "bg", "freezed": 3,
        "keep": 5, "budget": {"max_hours": 8, "max_cost": 9, "price_per_hour": 1.5}, "device": "cpu",
        "checkpoint_dir": f"{tmp_path}/kept",
        "performance": {
            "precision": "bf16", "channels_last": False, "compilation": "on", "workers": 2, "fit_batch_gpu": True,
        },
    }  # fmt: skip
    assert {name: printed[name] for name in expected} == expected
    settings = {
        "kimg": 3, "batch": 6, "r1_gamma": 2, "g_learning_rate": 0.1, "d_learning_rate": 0.2, "tick_kimg": 0.5,
        "snapshot_ticks": 7,
    }  # fmt: skip
    assert {name: printed["settings"][name] for name in settings} == settings


@pytest.mark.parametrize("rounds", ["0", "many", "1.5"])
def test_rounds_that_are_no_number_are_refused(data: Path, tmp_path: Path, rounds: str) -> None:
    arguments = ["--data", str(data), "--outdir", str(tmp_path / "out"), "--batch-gpu", rounds]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert "Invalid value for '--batch-gpu'" in result.output


def test_the_command_trains(data: Path, tmp_path: Path) -> None:
    arguments = [
        "--data",
        str(data),
        "--outdir",
        str(tmp_path),
        "--preset",
        "tiny",
        "--kimg",
        "0.016",
        "--tick",
        "0.01",
    ]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    assert (tmp_path / "network.safetensors").is_file()


def test_errors_are_one_sentence_without_a_traceback(data: Path, tmp_path: Path) -> None:
    arguments = ["--data", str(data), "--outdir", str(tmp_path / "out"), "--p", "0.5"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 1
    assert result.output == "Error: p: is for aug=fixed, but aug is ada\n"


def test_every_option_is_explained_under_a_heading() -> None:
    result = CliRunner().invoke(main, ["--help"])
    assert result.exit_code == 0
    for parameter in main.params:
        assert parameter.opts[0] in result.output
    assert "Help:\n  --help " in result.output  # every option of ours has another heading
