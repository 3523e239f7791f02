"""A training learns, writes what it promises, is deterministic, and survives interruptions without a trace."""

import dataclasses
import json
import logging
import os
import re
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from stylegan2.base.errors import CheckpointError, DivergedError, OptionError
from stylegan2.data.dataset import ImageDataset
from stylegan2.formats.network_file import load_network, save_network
from stylegan2.model.networks import Discriminator, Generator
from stylegan2.results.checkpoint import load_checkpoint
from stylegan2.results.sample_grid import Grid, sample_images
from stylegan2.results.tick_stats import TickStats
from stylegan2.training import train
from stylegan2.training.real_images import decode_images
from stylegan2.training.run_files import Drawn
from tests.training.pictures import write_pictures
from tests.training.trainings import assert_same_weights, base_network, kept_checkpoints, options, stop_after, weights

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pictures(tmp_path_factory.mktemp("data") / "discs", 20, 8)


def test_a_training_writes_everything_that_a_model_folder_holds(data: Path, tmp_path: Path) -> None:
    ticks: list[TickStats] = []
    result = train(options(data, tmp_path / "out", dataset_name="discs"), on_tick=ticks.append)
    out = tmp_path / "out"
    assert result.finished
    assert result.kimg == 0.16
    assert result.network == out / "network.safetensors"
    assert sorted(
        path.relative_to(out).as_posix()
        for path in out.rglob("*")
        if path.is_file() and path.parent.name != "tensorboard"
    ) == [
        "best/network.json",
        "best/network.safetensors",
        "log.txt",
        "network.json",
        "network.safetensors",
        "samples/fakes0000.000.png",
        "samples/fakes0000.008.png",
        "samples/fakes0000.016.png",
        "samples/fakes0000.024.png",
        "samples/fakes0000.048.png",
        "samples/fakes0000.096.png",
        "samples/fakes0000.144.png",
        "samples/fakes0000.160.png",
        "samples/grid.json",
        "samples/reals.png",
        "stats.jsonl",
        "training_options.json",
    ]
    meta = load_network(out).meta
    assert (meta["kimg"], meta["dataset"], meta["images"], meta["preset"]) == (0.16, "discs", 20, "tiny")
    grid = json.loads((out / "samples/grid.json").read_text())
    assert grid == {"columns": 8, "rows": 4, "cell": 8}
    for sheet in (out / "samples").glob("*.png"):
        with Image.open(sheet) as image:
            assert (image.size, image.mode) == ((64, 32), "RGB")
    assert json.loads((out / "training_options.json").read_text())["settings"]["batch"] == 8

    records = [json.loads(line) for line in (out / "stats.jsonl").read_text().splitlines()]
    assert [record["kimg"] for record in records] == [0.048, 0.096, 0.144, 0.16]
    assert [stats.kimg for stats in ticks] == [0.048, 0.096, 0.144, 0.16]
    assert all(
        record.keys() >= {"kimg", "seconds", "sec_per_kimg", "loss_g", "loss_d", "r1", "pl", "augment_p", "rt"}
        for record in records
    )
    assert records[0]["r1"] > 0
    assert records[-1]["r1"] is None  # the last tick is too short for a lazy regularisation
    assert all(before["seconds"] <= after["seconds"] for before, after in pairwise(records))


def test_sheets_are_drawn_before_the_first_iteration_and_early_and_the_network_is_as_if_they_were_not(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[Drawn] = []
    ticks: list[TickStats] = []
    how: dict[str, Any] = {"snapshot_ticks": 2, "signal_images": 4}
    kept = tmp_path / "kept"
    train(options(data, tmp_path / "out", checkpoint_dir=kept, **how), on_sheet=drawn.append, on_tick=ticks.append)
    assert [one.kimg for one in drawn] == [0.0, 0.008, 0.016, 0.024, 0.048, 0.096, 0.16]
    assert [one.ended for one in drawn] == [None] * 6 + ["finished"]
    for number, one in enumerate(drawn, 1):
        assert [sheet.kimg for sheet in one.sheets] == [other.kimg for other in drawn[:number]]
        assert all(sheet.copy is not None and sheet.copy.parent == kept / "samples" for sheet in one.sheets)
    assert drawn[-1].ticks == [stats.as_json() for stats in ticks]
    assert [stats.without_progress for stats in ticks] == [None, 0, None, 0]
    monkeypatch.setattr("stylegan2.training.loop.is_early_moment", lambda *moment: False)
    few: list[Drawn] = []
    train(options(data, tmp_path / "few", **how), on_sheet=few.append)
    assert [one.kimg for one in few] == [0.0, 0.096, 0.16]
    assert_same_weights(tmp_path / "out", tmp_path / "few")
    for kimg in ("0000.000", "0000.096", "0000.160"):
        name = f"samples/fakes{kimg}.png"
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "few" / name).read_bytes()


def test_the_tick_line_can_be_read_by_metric_patterns(data: Path, tmp_path: Path) -> None:
    train(options(data, tmp_path, kimg=0.048))
    lines = [line for line in (tmp_path / "log.txt").read_text().splitlines() if "tick" in line]
    assert len(lines) == 1
    for name in ("kimg", "sec_per_kimg", "loss_g", "loss_d", "r1", "pl", "rt", "augment_p", "memory_mb"):
        (value,) = re.findall(rf"(?<![\w]){name}=(\S+)", lines[0])
        float(value)
    assert re.search(r"tick 0 +kimg=0\.048 time=\d+s ", lines[0])


def test_the_same_seed_gives_the_same_network_and_another_seed_another(data: Path, tmp_path: Path) -> None:
    state = torch.get_rng_state()
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        train(options(data, tmp_path / name, kimg=0.048, seed=seed))
    assert torch.equal(torch.get_rng_state(), state)  # the caller's random numbers are left alone
    assert_same_weights(tmp_path / "a", tmp_path / "b")
    assert weights(tmp_path / "a").keys() == weights(tmp_path / "c").keys()
    ours, theirs = weights(tmp_path / "a"), weights(tmp_path / "c")
    assert not torch.equal(ours["D.b4.out.weight"], theirs["D.b4.out.weight"])


def test_an_interrupted_training_ends_with_the_same_network(data: Path, tmp_path: Path) -> None:
    """Stopped in the middle of a tick and of an ADA interval, then again, then finished."""
    train(options(data, tmp_path / "whole", seed=3))
    kept = tmp_path / "checkpoints"
    first = train(options(data, tmp_path / "p1", seed=3, checkpoint_dir=kept), should_stop=stop_after(5))
    assert (first.finished, first.kimg) == (False, 0.04)
    second = train(options(data, tmp_path / "p2", seed=3, checkpoint_dir=kept), should_stop=stop_after(9))
    assert (second.finished, second.kimg) == (False, 0.112)
    last = train(options(data, tmp_path / "p3", seed=3, checkpoint_dir=kept))
    assert last.finished
    assert_same_weights(tmp_path / "whole", tmp_path / "p3")
    records = [json.loads(line) for line in (tmp_path / "p3/stats.jsonl").read_text().splitlines()]
    assert [record["kimg"] for record in records] == [0.04, 0.088, 0.112, 0.16]
    assert records[0] == json.loads((tmp_path / "p1/stats.jsonl").read_text())
    assert (tmp_path / "p3/samples/fakes0000.040.png").is_file()  # drawn by an earlier part
    assert "going on at kimg=0.112" in (tmp_path / "p3/log.txt").read_text()


def test_a_killed_and_a_terminated_training_end_with_the_same_network(data: Path, tmp_path: Path) -> None:
    """SIGKILL somewhere around the first checkpoint, then SIGTERM, in real processes; then the rest. The processes'
    training would take hours: none can end by itself before it is told to.
    """
    kept, script = tmp_path / "checkpoints", Path(__file__).parents[2] / "stylegan2-ada-pytorch/train.py"
    command = [sys.executable, str(script), "--data", str(data), "--outdir", str(tmp_path / "out"), "--preset", "tiny"]
    command += ["--kimg", "1000", "--tick", "0.048", "--snap", "1", "--checkpoint-dir", str(kept), "--device", "cpu"]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    for signal_number, exit_status in ((signal.SIGKILL, -signal.SIGKILL), (signal.SIGTERM, 0)):
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            next(line for line in process.stdout if line.startswith("tick"))
            process.send_signal(signal_number)
            rest = process.stdout.read()
        assert process.returncode == exit_status, rest
    stopped = re.search(r"stopped at kimg=(\d+\.\d+)\nThe network is in .*, and the same command again goes on", rest)
    assert stopped
    kimg = float(stopped[1]) + 0.048
    assert train(options(data, tmp_path / "out", kimg=kimg, checkpoint_dir=kept)).finished
    assert train(options(data, tmp_path / "whole", kimg=kimg)).finished
    assert_same_weights(tmp_path / "whole", tmp_path / "out")


def test_a_finished_training_that_is_started_again_only_writes_its_results(data: Path, tmp_path: Path) -> None:
    kept = tmp_path / "checkpoints"
    train(options(data, tmp_path / "a", kimg=0.048, checkpoint_dir=kept))
    again = train(options(data, tmp_path / "b", kimg=0.048, checkpoint_dir=kept))
    assert (again.finished, again.kimg) == (True, 0.048)
    assert_same_weights(tmp_path / "a", tmp_path / "b")
    longer = train(options(data, tmp_path / "c", kimg=0.096, checkpoint_dir=kept))
    assert longer.kimg == 0.096


def test_a_damaged_checkpoint_is_passed_over_for_the_one_before(
    data: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kept = tmp_path / "checkpoints"
    train(options(data, tmp_path / "whole"))
    train(options(data, tmp_path / "a", checkpoint_dir=kept), should_stop=stop_after(13))
    files = sorted(kept.glob("*.pt"))
    newest = files[kept_checkpoints(kept).index(0.104)]
    newest.write_bytes(newest.read_bytes()[:-1000])
    (kept / "checkpoint.partial").write_bytes(b"half a checkpoint")
    train(options(data, tmp_path / "b", checkpoint_dir=kept))
    assert f"checkpoint {newest.name} is not used, because it is cut off" in caplog.text
    assert_same_weights(tmp_path / "whole", tmp_path / "b")


def test_a_checkpoint_of_another_training_is_refused(data: Path, tmp_path: Path) -> None:
    kept = tmp_path / "checkpoints"
    train(options(data, tmp_path / "a", kimg=0.016, checkpoint_dir=kept))
    with pytest.raises(CheckpointError, match=r"r1_gamma was 0\.1 and is 5\.0, seed was 0 and is 1"):
        train(options(data, tmp_path / "b", kimg=0.016, checkpoint_dir=kept, seed=1, gamma=5.0))
    assert not (tmp_path / "b").exists()


def test_rounds_of_part_of_the_batch_train_too(data: Path, tmp_path: Path) -> None:
    chosen = options(data, tmp_path, batch=8, batch_gpu=4, kimg=0.016)
    assert chosen.settings.mbstd_group_size == 4
    assert train(chosen).finished


def test_grey_pictures_and_a_discriminator_without_regularised_generator_train_too(tmp_path: Path) -> None:
    data = write_pictures(tmp_path / "grey", 5, 8, grey=True)
    chosen = options(data, tmp_path / "out", kimg=0.016, aug="fixed", p=0.5, augpipe="bgcfnc", mirror=True)
    settings = dataclasses.replace(chosen.settings, pl_weight=0.0, style_mixing_prob=0.0, d_architecture="orig")
    assert train(dataclasses.replace(chosen, settings=settings)).finished
    assert load_network(tmp_path / "out").G_ema.img_channels == 1


def test_large_data_sets_are_decoded_while_training_with_the_same_result(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(options(data, tmp_path / "memory", kimg=0.048))
    monkeypatch.setattr("stylegan2.training.real_images.IN_MEMORY_BYTES", 0)
    train(options(data, tmp_path / "threads", kimg=0.048))
    assert_same_weights(tmp_path / "memory", tmp_path / "threads")


def test_a_short_training_brings_the_pictures_nearer_to_the_data(data: Path, tmp_path: Path) -> None:
    """Measured by the distance of the mean picture from the data's, before and after."""
    reals = decode_images(ImageDataset(data), list(range(20))).float()

    def distance(generator: Generator) -> float:
        fakes = sample_images(generator, Grid(8, 4, 8, 8), 5).float()
        return float((fakes.mean(0) - reals.mean(0)).abs().mean())

    chosen = options(data, tmp_path, kimg=1.0, tick_kimg=0.5, aug="noaug")
    torch.manual_seed(chosen.seed)
    before = distance(Generator(**chosen.generator_kwargs()))
    train(chosen)
    after = distance(load_network(tmp_path).G_ema)
    assert after < 0.6 * before, (before, after)


def test_numbers_that_are_not_finite_end_the_training_before_anything_is_saved(data: Path, tmp_path: Path) -> None:
    chosen = options(data, tmp_path / "out", checkpoint_dir=tmp_path / "checkpoints")
    broken = dataclasses.replace(chosen, settings=dataclasses.replace(chosen.settings, r1_gamma=float("nan")))
    with pytest.raises(DivergedError, match=r"diverged before kimg=0\.048: loss_g, .* no longer finite"):
        train(broken)
    assert not (tmp_path / "out/network.safetensors").exists()
    assert load_checkpoint(tmp_path / "checkpoints") is None


def test_augmentation_at_its_limit_is_said_once(data: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    chosen = options(data, tmp_path, target=-1.0)
    settings = dataclasses.replace(chosen.settings, ada_kimg=0.001)
    with caplog.at_level(logging.WARNING, logger="stylegan2"):
        train(dataclasses.replace(chosen, settings=settings))
    assert caplog.text.count("augmentation has reached its limit (p=0.85)") == 1
    assert load_network(tmp_path).meta["augment_p"] == 0.85


def test_a_transfer_begins_with_the_other_network(data: Path, tmp_path: Path) -> None:
    base = base_network(tmp_path / "base")
    chosen = options(data, tmp_path / "out", transfer=base, kimg=0.016)
    assert chosen.settings.ema_rampup is None
    assert not train(chosen, should_stop=lambda _: "stopped").finished
    ours, theirs = load_network(tmp_path / "out"), load_network(base)
    for name, tensor in theirs.G_ema.state_dict().items():
        assert torch.equal(ours.G_ema.state_dict()[name], tensor)
    assert ours.G is not None
    assert torch.equal(ours.G.mapping.w_avg, theirs.G_ema.mapping.w_avg)
    assert "copied 73 of 73 tensors" in (tmp_path / "out/log.txt").read_text()
    assert ours.meta["transfer"] == "base"


def test_a_transfer_from_another_shape_says_what_it_could_not_use(data: Path, tmp_path: Path) -> None:
    base = base_network(tmp_path / "base", resolution=16)
    train(options(data, tmp_path / "out", transfer=base, kimg=0.008))
    log = (tmp_path / "out/log.txt").read_text()
    assert re.search(
        r"copied \d\d of 73 tensors; new, because the other network has none of that name and shape: D\.b8\.fromrgb",
        log,
    )


def test_a_transfer_that_fits_nowhere_is_refused(data: Path, tmp_path: Path) -> None:
    other = Generator(3, 0, 3, 8, 1, mapping_layers=1, channel_base=24, channel_max=3)
    save_network(tmp_path / "other", other, Discriminator(0, 8, 1, channel_base=24, channel_max=3), {})
    chosen = options(data, tmp_path / "out", transfer=tmp_path / "other")
    with pytest.raises(OptionError, match=r"transfer: no layer of \S+ fits this network"):
        train(chosen)
    assert not (tmp_path / "out").exists()
