"""Progress is shown as suits the place: a bar on a terminal, plain lines elsewhere, and curves in TensorBoard."""

import io
import logging
import os
import pty
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from rich.console import Console

from stylegan2.cli.progress_bar import progress_bar
from stylegan2.training import train
from tests.training.pictures import write_pictures
from tests.training.trainings import options, stop_after

pytestmark = pytest.mark.usefixtures("one_thread")

SCRIPT = Path(__file__).parents[2] / "stylegan2-ada-pytorch/train.py"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pictures(tmp_path_factory.mktemp("data") / "discs", 12, 8)


def test_the_bar_shows_the_progress_below_the_log() -> None:
    terminal = io.StringIO()
    handlers = list(logging.getLogger().handlers)
    with progress_bar(2.5, Console(file=terminal, force_terminal=True, width=80)) as show:
        show(1.25)
        logging.getLogger("stylegan2").info("tick 0 [with brackets]")
        show(2.0)
    text = terminal.getvalue()
    assert "tick 0 [with brackets]\n" in text
    assert "2.00 of 2.5 kimg" in text
    assert logging.getLogger().handlers == handlers


def run_on_a_terminal(command: list[str]) -> str:
    """What the command shows on a terminal of its own."""
    ours, theirs = pty.openpty()
    environment = os.environ | {"OMP_NUM_THREADS": "1", "TERM": "xterm-256color"}
    with subprocess.Popen(command, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # Linux: the other end is closed
                break
            if not part:
                break
            shown += part
    os.close(ours)
    assert process.returncode == 0, shown.decode()
    return shown.decode()


def test_the_command_has_a_bar_on_a_terminal_and_plain_lines_in_a_pipe(data: Path, tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPT), "--data", str(data), "--preset", "tiny"]
    command += ["--kimg", "0.016", "--device", "cpu", "--outdir"]
    shown = run_on_a_terminal([*command, str(tmp_path / "shown")])
    assert "of 0.016 kimg" in shown
    assert "\x1b[" in shown
    piped = subprocess.run([*command, str(tmp_path / "piped")], capture_output=True, text=True, check=True).stdout
    assert "\x1b" not in piped
    assert [line.split(" ")[0] for line in piped.splitlines()] == ["discs:", "tick", "best", "finished", "The"]


def test_progress_is_told_after_every_iteration(data: Path, tmp_path: Path) -> None:
    seen: list[float] = []
    train(options(data, tmp_path / "out", kimg=0.032), on_progress=seen.append)
    assert seen == [0.008, 0.016, 0.024, 0.032]


class FakeTensorBoard(ModuleType):
    """Stands in for torch.utils.tensorboard: records folder, `purge_step`, scalars, and whether it was closed."""

    def __init__(self) -> None:
        super().__init__("torch.utils.tensorboard")
        self.writers: list[Any] = []
        board = self

        class SummaryWriter:
            def __init__(self, folder: str, purge_step: int) -> None:
                self.folder, self.purge_step, self.closed = folder, purge_step, False
                self.scalars: dict[str, list[int]] = {}
                board.writers.append(self)

            def add_scalar(self, name: str, value: float, step: int) -> None:
                assert isinstance(value, int | float)
                self.scalars.setdefault(name, []).append(step)

            def flush(self) -> None:
                assert not self.closed

            def close(self) -> None:
                self.closed = True

        self.SummaryWriter = SummaryWriter


def test_where_tensorboard_is_installed_it_gets_the_numbers_of_every_tick(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = FakeTensorBoard()
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", board)
    kept = tmp_path / "kept"
    train(options(data, tmp_path / "out", checkpoint_dir=kept, kimg=0.096), should_stop=stop_after(6))
    train(options(data, tmp_path / "out", checkpoint_dir=kept, kimg=0.096))
    first, second = board.writers
    assert first.folder == str(tmp_path / "out/tensorboard")
    assert (first.purge_step, second.purge_step) == (1, 49)
    assert (first.closed, second.closed) == (True, True)
    assert first.scalars["training/loss_g"] == [48]
    assert second.scalars["training/augment_p"] == [96]
    assert "training/ended" not in second.scalars  # a word, no number


def test_without_tensorboard_nothing_is_written_for_it(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)  # an import of it fails
    train(options(data, tmp_path / "out", kimg=0.008))
    assert not (tmp_path / "out/tensorboard").exists()
