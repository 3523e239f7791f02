"""Processes that train together: the result of one, whatever ends one ends all, and nobody waits for ever."""

import dataclasses
import functools
import json
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import torch
from PIL import Image

from local_aws.ports import free_port
from stylegan2.base.errors import OptionError, PeerLostError
from stylegan2.options.training import TrainingChoices
from stylegan2.results.checkpoint import load_checkpoint
from stylegan2.training import train
from stylegan2.training.distributed import ALONE, PATIENCE, ProcessGroup, connected_processes
from stylegan2.training.training_options import resolve_options
from tests.patience import HARD_END
from tests.training.pictures import write_pictures
from tests.training.together import (
    outcomes_of,
    start_together,
    together,
    work_train,
    work_until_signalled,
    work_with_other_data,
    work_with_vanishing_data,
)
from tests.training.trainings import options, weights

pytestmark = pytest.mark.usefixtures("one_thread")

ROUNDS = {"batch": 8, "batch_gpu": 2, "aug": "fixed", "p": 0.5, "kimg": 0.064}
SHORT = timedelta(seconds=30)  # far more than such a small training ever waits, also on a busy machine


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pictures(tmp_path_factory.mktemp("data") / "discs", 20, 8)


def records(outdir: Path) -> list[dict[str, float]]:
    """The measurements of a training, without those of the machine."""
    lines = [json.loads(line) for line in (outdir / "stats.jsonl").read_text().splitlines()]
    names = ("kimg", "loss_g", "loss_d", "r1", "pl", "rt", "augment_p", "patch_distance")
    return [{name: line[name] for name in names if line[name] is not None} for line in lines]


def assert_nearly_same(first: Path, second: Path) -> None:
    """Equal but for the order in which gradients were added."""
    ours, theirs = weights(first), weights(second)
    for name, tensor in theirs.items():
        torch.testing.assert_close(ours[name], tensor, rtol=1e-3, atol=1e-4, msg=name)
    for one, other in zip(records(first), records(second), strict=True):
        assert one == pytest.approx(other, rel=1e-3)


def test_two_processes_train_the_network_of_one(data: Path, tmp_path: Path) -> None:
    train(options(data, tmp_path / "one", **ROUNDS))
    ended = together(functools.partial(work_train, data=data, changes=ROUNDS), 2, tmp_path)
    assert ended == [
        {"ended": "finished", "kimg": 0.064, "wrote": True},
        {"ended": "finished", "kimg": 0.064, "wrote": False},
    ]
    assert_nearly_same(tmp_path / "one", tmp_path / "0/out")


def test_a_stop_asked_of_one_process_stops_all_and_another_number_of_them_goes_on(data: Path, tmp_path: Path) -> None:
    changes = {**ROUNDS, "checkpoint_dir": tmp_path / "checkpoints"}
    ended = together(functools.partial(work_train, data=data, changes=changes, stop=5), 2, tmp_path)
    assert [(one["ended"], one["kimg"]) for one in ended] == [("stopped", 0.04)] * 2
    train(options(data, tmp_path / "rest", **changes))
    train(options(data, tmp_path / "whole", **ROUNDS))
    ours, theirs = weights(tmp_path / "rest"), weights(tmp_path / "whole")
    for name, tensor in theirs.items():
        torch.testing.assert_close(ours[name], tensor, rtol=1e-3, atol=1e-4, msg=name)


def test_other_data_in_one_process_are_refused_by_all(data: Path, tmp_path: Path) -> None:
    ended = together(functools.partial(work_with_other_data, data=data), 2, tmp_path)
    sentence = "processes: 1 of 0 to 1 has other options or another data set than 0"
    assert [(one["kind"], one["error"].startswith(sentence)) for one in ended] == [("OptionError", True)] * 2
    assert not (tmp_path / "0/out").exists()


def test_data_lost_by_one_process_end_the_training_of_all_with_everything_saved(data: Path, tmp_path: Path) -> None:
    kept = tmp_path / "checkpoints"
    ended = together(functools.partial(work_with_vanishing_data, data=data, kept=kept), 2, tmp_path)
    assert [one["kind"] for one in ended] == ["DatasetError"] * 2
    assert ended[0]["error"] == "another process of this training can no longer read its data"
    assert ".png" in ended[1]["error"]
    saved = load_checkpoint(kept)
    assert saved is not None
    assert saved["training"]["shown"] == 1000 * records(tmp_path / "0/out")[-1]["kimg"] > 16


@pytest.mark.parametrize(("number", "what"), [(signal.SIGKILL, "killed"), (signal.SIGSTOP, "frozen")])
def test_a_lost_process_ends_the_others_with_a_sentence(
    data: Path, tmp_path: Path, number: signal.Signals, what: str
) -> None:
    kept = tmp_path / "checkpoints"
    work = functools.partial(work_until_signalled, data=data, number=number, kept=kept)
    processes = start_together(work, 2, tmp_path, patience=SHORT if number == signal.SIGSTOP else PATIENCE)
    (survivor,) = outcomes_of(processes[:1], tmp_path)
    processes[1].kill()
    processes[1].join()
    assert survivor["kind"] == "PeerLostError"
    assert "another of the 2 processes of this training ended or hangs" in survivor["error"]
    assert "start all again to go on there" in survivor["error"]
    saved = load_checkpoint(kept)
    assert saved is not None
    assert saved["training"]["shown"] == 96, what


def test_torchrun_starts_the_command_in_several_processes_of_which_one_speaks(data: Path, tmp_path: Path) -> None:
    script = Path(__file__).parents[2] / "stylegan2-ada-pytorch/train.py"
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    command += ["--master-port", str(free_port()), str(script), "--data", str(data), "--outdir", str(tmp_path / "out")]
    command += ["--preset", "tiny", "--kimg", "0.016", "--device", "cpu", "--signal-images", "0"]
    ended = subprocess.run(
        command, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True, timeout=HARD_END
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count("finished at kimg=0.016") == 1
    assert "to 0.016 kimg on cpu, 2 processes" in ended.stdout
    assert (tmp_path / "out/network.safetensors").is_file()


def test_a_process_whose_peers_never_come_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    for name, value in {"RANK": 1, "WORLD_SIZE": 2, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}.items():
        monkeypatch.setenv(name, str(value))
    sentence = rf"^process 1 of 2 cannot connect with the others at 127.0.0.1:{port}"
    with pytest.raises(PeerLostError, match=sentence), connected_processes("cpu", timedelta(seconds=1)):
        pass


def test_a_process_alone_needs_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "1")
    with connected_processes() as group:
        assert group is ALONE
    assert not torch.distributed.is_initialized()


def test_a_place_that_is_no_number_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "many")
    sentence = "processes: the environment variable WORLD_SIZE must be a number, not 'many'"
    with pytest.raises(OptionError, match=sentence), connected_processes():
        pass


@pytest.mark.parametrize(
    ("processes", "changes", "expected"),
    [
        (2, {}, (8, 4)),  # the preset's batch, in two rounds
        (2, {"batch": 32}, (32, 8)),  # the preset's rounds
        (4, {"batch": 32, "batch_gpu": 8}, (32, 8)),
        (3, {}, "batch: 8 cannot be shared by 3 processes; take a multiple of that"),
        (4, {"batch": 32, "batch_gpu": 16}, "batch_gpu: 16 does not divide the batch of 32, of which each of 4 "),
    ],
)
def test_processes_share_the_rounds_of_a_batch_evenly(
    data: Path, tmp_path: Path, processes: int, changes: dict[str, int], expected: tuple[int, int] | str
) -> None:
    if isinstance(expected, str):
        with pytest.raises(OptionError, match=f"^{expected}"):
            options(data, tmp_path, processes=processes, **changes)
    else:
        settings = options(data, tmp_path, processes=processes, **changes).settings
        assert (settings.batch, settings.batch_gpu) == expected
        count = settings.batch // settings.batch_gpu
        shares = [ProcessGroup(rank, processes).micro_batches(count) for rank in range(processes)]
        assert sorted(number for share in shares for number in share) == list(range(count))
        assert len({len(share) for share in shares}) == 1


def test_more_processes_train_the_auto_preset_with_a_larger_batch(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    Image.new("RGB", (256, 256)).save(data / "a.png")
    one, four = (resolve_options(TrainingChoices(data=data, outdir=tmp_path), processes=n).settings for n in (1, 4))
    assert (one.batch, one.batch_gpu) == (16, 16)
    assert (four.batch, four.batch_gpu) == (64, 16)
    assert dataclasses.replace(one, batch=64, r1_gamma=four.r1_gamma, ema_kimg=four.ema_kimg) == four
