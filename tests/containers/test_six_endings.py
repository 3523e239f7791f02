"""A hostile pickle, torn checkpoints, a bad zip, other data than before, numbers that are not finite, a full disk.

Each is met in the middle of a training, once by the command line and once by the training job. It ends with one
sentence that names what is at fault, and whatever was there before is there afterwards, byte for byte.
"""

import json
import pickle
import re
import shutil
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import train
from click.testing import CliRunner
from PIL import Image

from containers.job import StopRequest, TrainingJob, run_job
from containers.train.__main__ import _train
from containers.train.hyperparameters import read_hyperparameters
from containers.train.step import train_network
from stylegan2.base.errors import ModelError
from stylegan2.data.preparation import prepare_images
from stylegan2.formats.network_file import load_generator, read_meta
from tests.containers.jobs import Job, draw
from tests.training.small_disk import files_of_at_most

HYPERPARAMETERS = {
    "dataset": "faces",
    "preset": "tiny",
    "kimg": "0.2",
    "resolution": "16",
    "mirror": "false",
    "seed": "0",
}

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training job that was stopped after a few steps: network, statistics and two checkpoints are there."""
    base, images = tmp_path_factory.mktemp("begun"), tmp_path_factory.mktemp("images")
    job = Job(base)
    job.configure_training(**HYPERPARAMETERS)
    draw(images, 12)
    prepare_images(images, base / "input/data/train/dataset.zip", resolution=16, workers=1)
    for steps in (3, 6):
        calls = iter(range(100))
        train_network(TrainingJob(base), read_hyperparameters(TrainingJob(base)), lambda: next(calls) >= steps)  # noqa: B023
    assert len(list((base / "checkpoints").rglob("*.pt"))) == 2
    # The best network as it is while the job goes on; at its end all that does not draw is taken away.
    shutil.copytree(checkpoint_folder(base) / "best", base / "model/best", dirs_exist_ok=True)
    return base


@pytest.fixture
def base(begun: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(begun, tmp_path / "job"))


def checkpoint_folder(base: Path) -> Path:
    """Where the job has kept its checkpoints, if it has."""
    return next((base / "checkpoints").glob("*/"), base / "checkpoints")


# The two doors --------------------------------------------------------------------------------------------------------


def by_command_line(base: Path, *, transfer: bool = False) -> str:
    """What train.py says last, after it ended with 1 and without a traceback."""
    arguments = {
        "--data": base / "input/data/train/dataset.zip",
        "--outdir": base / "model",
        "--checkpoint-dir": checkpoint_folder(base),
        "--preset": "tiny",
        "--kimg": "0.2",
        "--signal-images": "0",
        "--device": "cpu",
    }
    if transfer:
        arguments["--transfer"] = base / "input/data/base/network.pkl"
    result = CliRunner().invoke(train.main, [str(part) for pair in arguments.items() for part in pair])
    assert result.exit_code == 1, result.output
    assert isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.output
    last = result.output.splitlines()[-1]
    assert last.startswith("Error: ")
    return last.removeprefix("Error: ")


def by_training_job(base: Path, *, transfer: bool = False) -> str:
    """What the training job says in the file that becomes its FailureReason."""

    def step(job: TrainingJob) -> None:
        _train(job, StopRequest())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["train", "train"])
        patch.setattr("traceback.print_exc", lambda: pytest.fail("an unexpected error"))
        assert run_job(TrainingJob(base), step, known=(ModelError,)) == 1
    return (base / "output/failure").read_text()


# What happens ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Calamity:
    """What is done to a job's folder, and what is said of it: by the command line, and by the job if that differs."""

    strike: Callable[[Path], None]
    sentence: str
    of_the_job: str | None = None
    arguments: dict[str, bool] = field(default_factory=dict)


def hostile_pickle(base: Path) -> None:
    """As the network to begin with. (A training that goes on has begun, and would not look at it; and none begins over
    another's results.)"""
    for folder in ("checkpoints", "model"):
        shutil.rmtree(base / folder)
        (base / folder).mkdir()
    command = f"touch {owned(base)}".encode()
    payload = b"\x80\x04cposix\nsystem\nX" + len(command).to_bytes(4, "little") + command + b"\x85R."
    pickle.loads(payload)
    assert owned(base).exists()  # it is live: in Python's own reader it does run
    owned(base).unlink()
    (base / "input/data/base/network.pkl").write_bytes(payload)


def owned(base: Path) -> Path:
    """What the pickle would leave, beside the job's folder."""
    return base.parent / "owned"


def torn_checkpoints(base: Path) -> None:
    for file in checkpoint_folder(base).glob("*.pt"):
        file.write_bytes(file.read_bytes()[:-1000])


def rewrite(
    base: Path, change: Callable[[bytearray], None], *, name: str | None = None, compress: bool = False
) -> None:
    """Write the data set anew, perhaps with one more member; then change its bytes."""
    path = base / "input/data/train/dataset.zip"
    with zipfile.ZipFile(path) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    if name is not None:
        members[name] = bytes(30_000_000) if compress else next(iter(members.values()))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    data = bytearray(path.read_bytes())
    change(data)
    path.write_bytes(data)


def nothing(data: bytearray) -> None:
    """Change nothing."""


def worn_member(base: Path) -> None:
    def wear(data: bytearray) -> None:
        data[data.index(b"IDAT", data.index(b"img00000003.png")) + 100] ^= 0xFF

    rewrite(base, wear)


def encrypted_member(base: Path) -> None:
    def encrypt(data: bytearray) -> None:
        data[data.rindex(b"00000/img00000003.png") - 46 + 8] |= 1  # in the directory, at the end

    rewrite(base, encrypt)


def cut_off_zip(base: Path) -> None:
    def cut(data: bytearray) -> None:
        del data[len(data) // 2 :]

    rewrite(base, cut)


def other_pictures(base: Path) -> None:
    images = base / "other"
    images.mkdir()
    draw(images, 13)
    prepare_images(images, base / "input/data/train/dataset.zip", resolution=16, workers=1)


def one_other_pixel(base: Path) -> None:
    """As many pictures, of the same names and sizes."""
    images = base / "other"
    with zipfile.ZipFile(base / "input/data/train/dataset.zip") as archive:
        archive.extractall(images)
    picture = images / "00000/img00000005.png"
    with Image.open(picture) as image:
        pixels = np.array(image)
    pixels[0, 0] ^= 1
    Image.fromarray(pixels).save(picture)
    prepare_images(images / "00000", base / "input/data/train/dataset.zip", resolution=16, workers=1)


CALAMITIES = {
    "a hostile pickle": Calamity(
        hostile_pickle,
        r"network\.pkl: refused the global 'posix\.system'",
        r"the channel 'base' holds no network\.safetensors; the warm-start model must be a network's folder",
        {"transfer": True},
    ),
    "torn checkpoints": Calamity(
        torn_checkpoints,
        r"checkpoints/\w+: no checkpoint here can be used \(2 tried; the newest, \S+: it is cut off\)\. Put a",
    ),
    "a worn picture": Calamity(
        worn_member, r"The file '00000/img00000003\.png' in \S+dataset\.zip is damaged: .*make the zip anew"
    ),
    "an encrypted picture": Calamity(
        encrypted_member, r"The file '00000/img00000003\.png' in \S+dataset\.zip is encrypted; make the zip without"
    ),
    "a member that leads outside": Calamity(
        lambda base: rewrite(base, nothing, name="../../evil.png"),
        r"dataset\.zip holds a member with an unsafe name: '\.\./\.\./evil\.png'",
    ),
    "a bomb": Calamity(
        lambda base: rewrite(base, nothing, name="bomb.png", compress=True),
        r"The file 'bomb\.png' in \S+dataset\.zip .*decompression bomb",
    ),
    "a zip cut off": Calamity(cut_off_zip, r"dataset\.zip is not a zip that can be read"),
    "other pictures": Calamity(
        other_pictures, r"dataset\.zip is not the one .*\(12 pictures then, 13 now; .* begin anew"
    ),
    "one other pixel": Calamity(
        one_other_pixel, r"dataset\.zip is not the one .*\(12 pictures then, 12 now; .*replaced"
    ),
}


def contents(base: Path) -> dict[str, bytes]:
    return {path.relative_to(base).as_posix(): path.read_bytes() for path in base.rglob("*") if path.is_file()}


def assert_nothing_lost(before: dict[str, bytes], after: dict[str, bytes]) -> None:
    """Everything is as it was. Log, statistics, progress may have gone on; the options tell where the data are now."""
    for name, content in before.items():
        if name in ("model/log.txt", "model/stats.jsonl"):
            assert after[name].startswith(content), name
        elif name in ("model/training_options.json", "checkpoints/progress.json"):
            assert json.loads(after[name]).keys() == json.loads(content).keys()
        else:
            assert after[name] == content, name
    assert not [name for name in after if name.endswith((".part", ".partial"))]


DOORS = {"the command line": by_command_line, "the training job": by_training_job}


def assert_one_sentence(said: str) -> None:
    assert len(said) < 500
    assert "\n" not in said


# To the job another data set is another training: see test_train_and_infer_jobs.
NOT_OF_THE_JOB = {"other pictures", "one other pixel"}


@pytest.mark.parametrize(
    ("name", "door"),
    [(name, door) for name in CALAMITIES for door in DOORS if door == "the command line" or name not in NOT_OF_THE_JOB],
)
def test_it_ends_with_a_sentence_and_nothing_is_lost(base: Path, name: str, door: str) -> None:
    calamity = CALAMITIES[name]
    calamity.strike(base)
    before = contents(base)
    said = DOORS[door](base, **calamity.arguments)
    expected = calamity.sentence if door == "the command line" else calamity.of_the_job or calamity.sentence
    assert_one_sentence(said)
    assert re.search(expected, said), said
    assert_nothing_lost(before, contents(base))
    assert not owned(base).exists()


@pytest.fixture
def numbers_that_are_not_finite(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "stylegan2.training.loss.r1_penalty", lambda logits, images: images.sum(dim=[1, 2, 3]) * float("nan")
    )


@pytest.mark.usefixtures("numbers_that_are_not_finite")
def test_numbers_that_are_not_finite_end_it_with_what_was_saved_before(base: Path) -> None:
    before = contents(base)
    said = by_command_line(base)
    assert_one_sentence(said)
    assert re.search(r"diverged before kimg=0\.\d+: .*no longer finite", said), said
    assert_nothing_lost(before, contents(base))


@pytest.mark.usefixtures("numbers_that_are_not_finite")
@pytest.mark.parametrize("machine", ["the same", "a new one"])
def test_numbers_that_are_not_finite_end_the_training_job_well_if_a_network_is_there(base: Path, machine: str) -> None:
    """The checkpoint's, on a new machine: it has the network of no snapshot yet."""
    # The first is cut down to what draws; the others begin anew on a new machine.
    changed = ("model/best/", "model/log.txt", "model/network.json")
    before = {name: content for name, content in contents(base).items() if not name.startswith(changed)}
    if machine == "a new one":
        shutil.rmtree(base / "model")
    train_network(TrainingJob(base), read_hyperparameters(TrainingJob(base)), lambda: False)
    after = contents(base)
    assert_nothing_lost(before, after)
    last = json.loads(after["model/stats.jsonl"].splitlines()[-1])
    assert (last["ended"], last["trouble"], last["r1"]) == ("collapsed", "collapsed", None)
    assert load_generator(base / "model/best").img_resolution == 16


@pytest.mark.usefixtures("numbers_that_are_not_finite")
def test_numbers_that_are_not_finite_from_the_beginning_fail_the_training_job(base: Path) -> None:
    for folder in ("checkpoints", "model"):
        shutil.rmtree(base / folder)
        (base / folder).mkdir()
    assert re.search(r"^Diverged: .*no longer finite", by_training_job(base))


@pytest.mark.parametrize(
    ("door", "room"),
    [
        ("the command line", 400),
        ("the training job", 1_000),
        ("the command line", 20_000),
        ("the training job", 300_000),
    ],
)
def test_a_disk_that_fills_up_ends_it_with_what_was_saved_before(base: Path, door: str, room: int) -> None:
    """The less room, the earlier: log, options, pictures, network, checkpoint. (Later, whole networks are no loss.)"""
    before = contents(base)
    with files_of_at_most(room):
        said = DOORS[door](base)
    assert_one_sentence(said)
    assert re.search(r"cannot be written: .*File too large", said), said
    assert str(base) in said
    after = contents(base)
    for folder in ("model", "model/best", *(f"{path.relative_to(base)}" for path in base.glob("checkpoints/*/best"))):
        load_generator(base / folder)  # whole
        if read_meta(base / folder)["kimg"] > json.loads(before[f"{folder}/network.json"])["training"]["kimg"]:
            before = {name: content for name, content in before.items() if not name.startswith(f"{folder}/network.")}
    assert_nothing_lost(before, after)
