"""Every command that README, the guides and the programs' own help show does what is said there.

The model's commands are run, as they stand but for the changes below, in a folder with what they name. Commands that
need an account or a whole workshop are read by the program that they call: its options and arguments must be so; of
make, the targets must be there. What can be neither stands in NOT_RUN with the reason. A block that nobody has thought
of fails.
"""

import ast
import importlib
import importlib.util
import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image

from stylegan2.data.preparation import prepare_images
from stylegan2.formats.export import export_generator
from stylegan2.formats.network_file import load_generator, save_network
from stylegan2.model.networks import Discriminator, Generator
from stylegan2.synthesis.latents import save_ws
from tests.formats.official_pickles import write
from tests.formats.test_official_import import tiny_content
from tests.training.trainings import options

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "stylegan2-ada-pytorch"

NOT_RUN = {
    "git clone": "fetches what is being tested; the rest of the block is the demo, which tests/e2e runs",
    "for image in": "needs Docker and an account; the Dockerfiles and the deployment have tests of their own",
    " images ─▶": "a drawing",
    " 图片 ─▶": "a drawing",
    "sequenceDiagram": "a drawing",
    "uploads/red-chairs/": "a place, no command",
    "inference/red-chairs/": "a place, no command",
    "uploads/furniture/": "places, no commands",
    "{": "a policy, which tests/operations/test_upload_policy.py reads",
    "<!doctype html>": "a page, which web/tests/element.test.ts holds to the element",
    "OidcIssuer:": "parameters for a file, which tests/template knows",
    "preset: sketch": "settings, which tests/unit/dataset/test_settings.py reads",
    "options: gamma": "a setting, which tests/unit/dataset/test_settings.py reads",
}
"""How a block or a line of help begins, and why it is not run."""

NEEDS_MORE = {
    "torchrun": "several processes: tests/training/test_distributed.py runs it",
    "inception.pt": "weights that the user brings: tests/metrics has such a command with a detector of its own",
}
"""What a command contains that cannot be run here, and why."""

SMALLER = {"--resolution 32": "--resolution 16", "--resolution 64": "--resolution 16"}
SHORTER = {
    "train.py": "--preset tiny --kimg 0.016 --signal-images 0 --device cpu",
    "calc_metrics.py": "--num 20",
    "projector.py": "--num-steps 2",
    "interpolate.py": "--frames 2",
}
"""So that tests take seconds: other sizes, and options that are added to a program's own (the last one counts)."""


def blocks(text: str) -> list[str]:
    """The fenced and the indented blocks of a Markdown text."""
    fenced = re.findall(r"(?ms)^```[^\n]*\n(.*?)^```", text)
    without = re.sub(r"(?ms)^```.*?^```", "", text)
    return fenced + [
        re.sub(r"(?m)^    ", "", found) for found in re.findall(r"(?m)(?:(?<=\n\n)(?:    .*\n)+)", without)
    ]


def documented() -> dict[str, str]:
    """Every block, by file and first line."""
    files = [*sorted(ROOT.glob("README*.md")), ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
    return {
        f"{file.name}: {block.splitlines()[0]}": block for file in files for block in blocks("\n" + file.read_text())
    }


def examples() -> list[str]:
    """Every line of a command that a program's help shows."""
    rooms = ("stylegan2-ada-pytorch", "operations", "local_aws", "pipeline_builder")
    lines: list[str] = []
    for file in (path for room in rooms for path in sorted((ROOT / room).rglob("*.py"))):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef | ast.Module):
                text = ast.get_docstring(node) or ""
                lines += [line.strip() for line in re.findall(r"(?m)^ +(?:python|torchrun|make|\.venv\S+) .*$", text)]
    return lines


def commands(block: str) -> list[str]:
    return [line for line in block.replace("\\\n", " ").splitlines() if line.strip()]


def reason_not_to_run(text: str) -> str | None:
    return next((why for start, why in NOT_RUN.items() if text.startswith(start)), None)


def words_of(line: str, home: Path) -> list[str]:
    for theirs, ours in SMALLER.items():
        line = line.replace(theirs, ours)
    words = shlex.split(line, comments=True)
    words = [str(home / word[2:]) if word.startswith("~/") else word for word in words]
    return ["python", *words[1:]] if words[0] == ".venv/bin/python" else words


def run(words: list[str]) -> None:
    """Run a command of the model in this process and folder, or let another program read its own."""
    if words[0] == "make":
        targets = re.findall(r"(?m)^([a-z0-9-]+):", (ROOT / "Makefile").read_text())
        assert [word for word in words[1:] if "=" not in word and word not in targets] == []
        return
    if words[0] != "python":
        raise AssertionError(f"{words} is no command that this test can run; say in NOT_RUN why")
    if words[1] == "-c":
        subprocess.run([sys.executable, *words[1:]], check=True, capture_output=True, text=True)
    elif words[1] == "-m":
        modules = [f"{words[2]}.cli", f"{words[2]}.__main__"]
        name = next(module for module in modules if importlib.util.find_spec(module) is not None)
        read_by(importlib.import_module(name).main, words[3:])
    else:
        program = Path(words[1]).name
        more = shlex.split(SHORTER.get(program, ""))
        result = CliRunner().invoke(importlib.import_module(Path(program).stem).main, [*words[2:], *more])
        assert result.exit_code == 0, result.output


def read_by(command: click.Command, arguments: list[str], parent: click.Context | None = None) -> None:
    """Have a command and its sub-commands read their arguments; nothing is done."""
    context = command.make_context(command.name, arguments, parent=parent)
    if isinstance(command, click.Group):
        rest = [*context._protected_args, *context.args]
        name, sub, rest = command.resolve_command(context, rest)
        assert sub is not None, name
        read_by(sub, rest, context)


def photos(folder: Path, count: int, side: int = 20) -> None:
    folder.mkdir(parents=True)
    random = np.random.RandomState(len(folder.name))
    for number in range(count):
        pixels = random.randint(0, 256, (4, 4, 3)).astype(np.uint8)
        Image.fromarray(pixels).resize((side * 2, side), Image.Resampling.BICUBIC).save(folder / f"{number}.png")


def network(folder: Path, c_dim: int = 0) -> None:
    torch.manual_seed(1)
    sizes = {"img_resolution": 16, "img_channels": 3, "channel_base": 256, "channel_max": 16}
    generator = Generator(z_dim=512, c_dim=c_dim, w_dim=16, mapping_layers=2, **sizes)
    save_network(folder, generator, Discriminator(c_dim=c_dim, **sizes), {"kimg": 1.0})


@pytest.fixture(scope="module")
def things(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the examples name: folders of pictures, data sets, networks, latents."""
    folder = tmp_path_factory.mktemp("things")
    photos(folder / "Pictures" / "chairs", 12)
    photos(folder / "pictures" / "tiles", 4, side=140)
    photos(folder / "photos", 12)
    photos(folder / "masks", 4)
    for kind in ("cat", "horse"):
        photos(folder / "animals" / kind, 3, side=140)
    for name, source, size in (
        ("faces", "photos", 16),
        ("cats", "photos", 16),
        ("from-elsewhere", "pictures/tiles", 128),
    ):
        prepare_images(folder / source, folder / f"{name}.zip", resolution=size)
    write(folder / "network-snapshot-001000.pkl", tiny_content())
    for name, c_dim in (("runs/tiles", 0), ("runs/letters", 3), ("out", 0), ("portraits", 0)):
        network(folder / name, c_dim)
    record = options(folder / "faces.zip", folder / "out").as_json()
    (folder / "out/training_options.json").write_text(json.dumps(record))
    export_generator(load_generator(folder / "runs" / "tiles"), folder / "tiles.pt", "const")
    for name in ("found", "me"):
        (folder / name).mkdir()
        save_ws(folder / name / "projected_w.npz", torch.zeros(2, 6, 16))
    Image.new("RGB", (16, 16), "red").save(folder / "tile.jpg")
    return folder


@pytest.mark.parametrize("name", documented())
def test_a_block_of_the_documents_runs_or_is_known_not_to(
    name: str, things: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    block = documented()[name]
    if reason_not_to_run(block) is not None:
        return
    monkeypatch.chdir(tmp_path)
    (tmp_path / "stylegan2-ada-pytorch").mkdir()
    for line in commands(block):
        words = words_of(line, things)
        if words[0] == "cd":
            monkeypatch.chdir(words[1])
        else:
            run(words)


@pytest.mark.parametrize("line", examples())
def test_an_example_of_a_programs_help_runs_or_is_known_not_to(
    line: str, things: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if any(part in line for part in NEEDS_MORE):
        return
    place = tmp_path / "here"
    shutil.copytree(things, place)
    monkeypatch.chdir(place)
    words = words_of(line, place)
    for option in ("--dest", "--outdir", "--output"):  # what the command is to make is not there yet
        if option in words and (made := place / words[words.index(option) + 1]).exists():
            shutil.rmtree(made) if made.is_dir() else made.unlink()
    run(words)


def test_every_module_that_a_document_mentions_is_there() -> None:
    text = "".join(file.read_text() for file in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
    named = set(re.findall(r"\bpython -m\s+([a-z_]+(?:\.[a-z_]+)*)", text))
    assert {"operations", "benchmarks.kill_resume"} <= named
    assert [name for name in sorted(named) if importlib.util.find_spec(name) is None] == []


def test_nothing_is_excused_that_is_not_there_any_more() -> None:
    shown = [*documented().values(), *examples()]
    assert [start for start in NOT_RUN if not any(text.startswith(start) for text in shown)] == []
    assert [part for part in NEEDS_MORE if not any(part in text for text in shown)] == []
    assert [text for text in SMALLER if not any(text in block for block in shown)] == []


def test_a_new_block_is_noticed() -> None:
    (block,) = blocks("\nDo this:\n\n    rm -rf everything\n\nand that.\n")
    assert reason_not_to_run(block) is None
    with pytest.raises(AssertionError, match="say in NOT_RUN why"):
        run(words_of(block, Path()))
