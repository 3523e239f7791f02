"""However a training ends - budget, full disk, lost data, kill - it says so in a sentence and nothing is lost."""

import errno
import json
import os
import re
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from train import main

from benchmarks.kill_resume import kill_and_resume
from stylegan2.base.errors import CheckpointError, OptionError, OutputError
from stylegan2.data.dataset import DatasetError
from stylegan2.formats.network_file import load_network
from stylegan2.model.networks import Generator
from stylegan2.options.budget import Budget
from stylegan2.results import checkpoint_writer
from stylegan2.results.checkpoint import load_checkpoint, save_checkpoint
from stylegan2.results.checkpoint_writer import CheckpointWriter
from stylegan2.results.tick_stats import TickStats
from stylegan2.training import train
from tests.patience import HARD_END
from tests.training.pictures import write_pictures
from tests.training.small_disk import files_of_at_most
from tests.training.trainings import assert_same_weights, kept_checkpoints, options, stop_after

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_pictures(tmp_path / "discs", 20, 8)


def records(outdir: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (outdir / "stats.jsonl").read_text().splitlines()]


# Budgets --------------------------------------------------------------------------------------------------------------


def test_a_budget_is_used_up_when_its_time_or_money_is() -> None:
    assert Budget().used_up(10**9) is None
    assert Budget(max_hours=2).used_up(7199) is None
    assert Budget(max_hours=2).used_up(7200) == "max_hours"
    assert Budget(max_cost=3, price_per_hour=1.5).used_up(7199) is None
    assert Budget(max_cost=3, price_per_hour=1.5).used_up(7200) == "max_cost"
    assert Budget(price_per_hour=1.5).cost(7200) == 3
    assert Budget(max_hours=1).cost(7200) is None
    with pytest.raises(OptionError, match=r"^max_cost: needs --price-per-hour"):
        Budget(max_cost=3)


@pytest.mark.parametrize(
    ("limits", "ending", "words"),
    [
        ({"max_hours": 1e-9}, "max_hours", r"stopped, because its 1e-09 hours are used up; with a larger --max-hours"),
        (
            {"max_cost": 1e-9, "price_per_hour": 2.0},
            "max_cost",
            r"stopped, because its budget of 1e-09 is used up; with a larger --max-cost",
        ),
    ],
)
def test_a_training_whose_budget_is_used_up_keeps_everything_and_goes_on_with_a_larger_one(
    data: Path, tmp_path: Path, limits: dict[str, float], ending: str, words: str
) -> None:
    kept = tmp_path / "kept"
    first = train(options(data, tmp_path / "a", checkpoint_dir=kept, kimg=0.04), should_stop=stop_after(3))
    assert (first.ended, first.kimg) == ("stopped", 0.024)
    over = train(options(data, tmp_path / "b", checkpoint_dir=kept, kimg=0.04, **limits))
    assert (over.ended, over.finished, over.kimg) == (ending, False, 0.024)  # the time before counts
    assert re.search(words + r" it goes on, at kimg=0\.024", (tmp_path / "b/log.txt").read_text())
    assert load_network(tmp_path / "b").meta["kimg"] == 0.024
    last = train(options(data, tmp_path / "c", checkpoint_dir=kept, kimg=0.04, max_hours=1.0, price_per_hour=36000.0))
    assert last.ended == "finished"
    train(options(data, tmp_path / "whole", kimg=0.04))
    assert_same_weights(tmp_path / "c", tmp_path / "whole")
    written = records(tmp_path / "c")
    assert [record["ended"] for record in written] == ["stopped", "finished"]
    assert written[0]["cost"] is None
    assert written[-1]["cost"] == pytest.approx(written[-1]["seconds"] * 10, abs=1e-5)  # both are rounded


def test_the_last_line_of_the_statistics_says_that_time_was_up(data: Path, tmp_path: Path) -> None:
    train(options(data, tmp_path / "a", max_hours=1e-9, kimg=0.04))
    assert records(tmp_path / "a") == []  # not one iteration fitted in
    ticks: list[TickStats] = []
    clock = iter([0.0, 0.0, *[10.0**6] * 1000])
    chosen = options(data, tmp_path / "b", max_hours=1.0, kimg=0.04)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("stylegan2.training.loop.TrainingLoop.seconds", property(lambda run: next(clock)))
        train(chosen, on_tick=ticks.append)
    assert [tick.ended for tick in ticks] == ["max_hours"]
    assert records(tmp_path / "b")[-1]["ended"] == "max_hours"


def test_the_cost_of_a_tick_is_that_of_the_time_it_tells_however_long_telling_takes(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = (2.0**reading for reading in range(1000))
    monkeypatch.setattr("stylegan2.training.loop.TrainingLoop.seconds", property(lambda run: next(clock)))
    train(options(data, tmp_path / "a", kimg=0.04, price_per_hour=3600.0))
    written = records(tmp_path / "a")
    assert written
    assert [record["cost"] for record in written] == [record["seconds"] for record in written]


# Full disks -----------------------------------------------------------------------------------------------------------


def test_a_checkpoint_that_does_not_fit_leaves_the_one_before_and_no_rest(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, 1.0, {"a": 1})
    with (
        files_of_at_most(100_000),
        pytest.raises(CheckpointError, match=r"cannot be written: File too large\. The one"),
    ):
        save_checkpoint(tmp_path, 2.0, {"a": torch.zeros(100_000)})
    assert len(list(tmp_path.iterdir())) == 1
    assert load_checkpoint(tmp_path) == {"a": 1}


def test_a_training_on_a_disk_that_fills_up_ends_with_a_sentence_and_goes_on_when_there_is_room(
    data: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    train(options(data, tmp_path / "out", checkpoint_dir=kept), should_stop=stop_after(7))
    size = max(file.stat().st_size for file in kept.glob("*.pt"))
    with files_of_at_most(size - 10_000), pytest.raises(CheckpointError, match=rf"^{kept}: the checkpoint cannot be"):
        train(options(data, tmp_path / "out", checkpoint_dir=kept))
    assert train(options(data, tmp_path / "out", checkpoint_dir=kept)).finished
    train(options(data, tmp_path / "whole"))
    assert_same_weights(tmp_path / "out", tmp_path / "whole")


@pytest.mark.parametrize("what", ["log.txt", "stats.jsonl", "samples", "training_options.json"])
def test_results_that_cannot_be_written_are_named(data: Path, tmp_path: Path, what: str) -> None:
    out = tmp_path / "out"
    out.mkdir()
    if what == "log.txt":
        os.symlink("/dev/full", out / what)  # every write fails: no space left on device
    elif what == "samples":
        (out / what).write_text("a file where a folder should be")
    else:
        (out / what).mkdir()
    with pytest.raises(OutputError, match=r"cannot be written: .*\. What was saved before is untouched") as caught:
        train(options(data, out))
    assert str(caught.value).startswith(str(out))
    if what == "log.txt":
        assert isinstance(caught.value.__cause__, OSError)
        assert caught.value.__cause__.errno == errno.ENOSPC


def test_on_the_command_line_a_full_disk_is_one_sentence(data: Path, tmp_path: Path) -> None:
    (tmp_path / "out/stats.jsonl").mkdir(parents=True)
    arguments = ["--data", str(data), "--outdir", str(tmp_path / "out"), "--preset", "tiny"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 1
    assert result.output.splitlines()[-1].startswith(f"Error: {tmp_path}/out/stats.jsonl: cannot be written: Is a dir")


# Lost data ------------------------------------------------------------------------------------------------------------


def test_data_that_are_gone_while_training_end_it_with_everything_saved(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stylegan2.training.real_images.IN_MEMORY_BYTES", 0)
    kept, away, seen = tmp_path / "kept", tmp_path / "away", []

    def lose_the_data(kimg: float) -> None:
        seen.append(kimg)
        if len(seen) == 2:  # eight batches are decoded already
            shutil.move(data, away)

    chosen = options(data, tmp_path / "out", checkpoint_dir=kept, kimg=0.12)
    with pytest.raises(DatasetError, match=r"cannot be read: No such file"):
        train(chosen, on_progress=lose_the_data)
    assert f"everything up to kimg={seen[-1]:.3f} is saved" in (tmp_path / "out/log.txt").read_text()
    assert load_network(tmp_path / "out").meta["kimg"] == seen[-1]
    assert records(tmp_path / "out")[-1]["ended"] == "data_lost"
    with pytest.raises(DatasetError, match="There is no data set at"):
        train(chosen)
    shutil.move(away, data)
    assert train(options(data, tmp_path / "out", checkpoint_dir=kept, kimg=0.12)).finished
    train(options(data, tmp_path / "whole", kimg=0.12))
    assert_same_weights(tmp_path / "out", tmp_path / "whole")


# Checkpoints beside the training --------------------------------------------------------------------------------------


class SlowDisk:
    """Holds every checkpoint back until it is let go; counts those that are being written."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.may_write, self.began = threading.Event(), threading.Event()
        monkeypatch.setattr(checkpoint_writer, "save_checkpoint", self._save)

    def _save(self, folder: Path, kimg: float, state: dict[str, Any], keep: int) -> Path:
        self.began.set()
        assert self.may_write.wait(HARD_END)
        return save_checkpoint(folder, kimg, state, keep)


def test_training_goes_on_while_a_checkpoint_is_written_and_the_copy_stays_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = SlowDisk(monkeypatch)
    state: dict[str, Any] = {"tensor": torch.zeros(3), "list": [torch.ones(2), 1], "number": 5}
    with CheckpointWriter(tmp_path, 2) as writer:
        writer.save(1.0, state)
        assert disk.began.wait(HARD_END)
        state["tensor"] += 1  # the next iteration
        state["list"].append(2)
        state["list"][0] += 1
        writer.check()  # waits for nothing
        assert list(tmp_path.iterdir()) == []
        disk.may_write.set()
        writer.finish()
    saved = load_checkpoint(tmp_path)
    assert saved is not None
    assert saved["tensor"].tolist() == [0, 0, 0]
    assert [saved["list"][0].tolist(), *saved["list"][1:]] == [[1, 1], 1]


def test_one_checkpoint_at_a_time_is_pending(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = SlowDisk(monkeypatch)
    with CheckpointWriter(tmp_path, 5) as writer:
        writer.save(1.0, {"a": 1})
        second = threading.Thread(target=writer.save, args=(2.0, {"a": 2}))
        second.start()
        assert disk.began.wait(HARD_END)
        second.join(0.2)
        assert second.is_alive()  # waits for the first
        disk.may_write.set()
        second.join(HARD_END)
        assert not second.is_alive()
    assert len(list(tmp_path.iterdir())) == 2


def test_an_error_of_the_writer_ends_the_training_at_the_next_step(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object) -> Path:
        raise CheckpointError("the disk has gone")

    monkeypatch.setattr(checkpoint_writer, "save_checkpoint", refuse)
    seen: list[float] = []
    with pytest.raises(CheckpointError, match="the disk has gone"):
        train(options(data, tmp_path / "out", checkpoint_dir=tmp_path / "kept", kimg=4), on_progress=seen.append)
    assert 0.048 <= seen[-1] < 4


def test_another_error_is_told_before_that_of_the_writer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> Path:
        raise CheckpointError("the disk has gone")

    monkeypatch.setattr(checkpoint_writer, "save_checkpoint", refuse)

    def train_badly() -> None:
        with CheckpointWriter(tmp_path, 2) as writer:
            writer.save(1.0, {})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        train_badly()
    with pytest.raises(CheckpointError), CheckpointWriter(tmp_path, 2) as writer:
        writer.save(1.0, {})


@pytest.mark.parametrize("keep", [1, 3])
def test_as_many_checkpoints_are_kept_as_asked_for(data: Path, tmp_path: Path, keep: int) -> None:
    train(options(data, tmp_path / "out", checkpoint_dir=tmp_path / "kept", keep=keep))
    assert sorted(kept_checkpoints(tmp_path / "kept")) == [0.048, 0.096, 0.144, 0.160][-keep:]


def test_killed_anywhere_and_resumed_a_training_ends_bit_equal(tmp_path: Path) -> None:
    """A few of the points that `benchmarks/kill_resume.py` does fifty of."""
    kills = kill_and_resume(tmp_path, points=2, seed=11, kimg=0.1)
    assert [kill.differences for kill in kills] == [[], []]


# The best so far ------------------------------------------------------------------------------------------------------


def test_the_network_with_the_least_score_is_kept_apart_also_over_an_interruption(data: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    scores = iter([float("nan"), 1.0, 2.0, 1.5])
    seen: list[Generator] = []

    def score(generator: Generator) -> float:
        seen.append(generator)
        return next(scores)

    train(options(data, tmp_path / "a", checkpoint_dir=kept), should_stop=stop_after(12), score=score)
    assert load_network(tmp_path / "a/best").meta["score"] == 1.0
    best = load_network(tmp_path / "a/best")
    assert best.meta["kimg"] == 0.096
    train(options(data, tmp_path / "b", checkpoint_dir=kept), score=score)
    assert load_network(tmp_path / "b/best").meta == best.meta
    assert load_network(tmp_path / "b").meta["kimg"] == 0.16
    assert "best so far: score=1.0000 at kimg=0.096" in (tmp_path / "a/log.txt").read_text()
    assert len(seen) == 4
