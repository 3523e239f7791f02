"""A training begins where nothing lies that it would overwrite, and the same command goes on after any interruption."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from train import main

from stylegan2.base.errors import OutputError
from stylegan2.training import run_files, train
from tests.training.pictures import write_pictures
from tests.training.trainings import assert_same_weights, base_network, options, stop_after

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pictures(tmp_path_factory.mktemp("data") / "discs", 20, 8)


@pytest.fixture(scope="module")
def finished(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a training that keeps its checkpoints in it."""
    out = tmp_path_factory.mktemp("finished") / "out"
    train(options(data, out, kimg=0.016, checkpoint_dir=out / "checkpoints"))
    return out


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("left", ["everything", "the network alone", "its description alone"])
@pytest.mark.parametrize("changes", [{}, {"seed": 4}, {"kimg": 9.0}])
def test_a_training_does_not_begin_over_anothers_network(
    data: Path, finished: Path, tmp_path: Path, left: str, changes: dict[str, object]
) -> None:
    out = tmp_path / "out"
    shutil.copytree(finished, out)
    shutil.rmtree(out / "checkpoints")
    if left != "everything":
        (name,) = {"network.safetensors", "network.json"} - {"network.json" if "alone" in left else ""}
        for path in out.iterdir():
            if path.name != name:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
    before = contents(out)
    with pytest.raises(OutputError, match=r"holds a network.*give the folder of its checkpoints.*name another outdir"):
        train(options(data, out, **{"kimg": 0.016, "checkpoint_dir": out / "checkpoints"} | changes))
    assert contents(out) == before


def test_a_network_says_how_far_it_had_come(data: Path, finished: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"holds a network that was trained for 0\.016 kimg, .*\(none is in"):
        train(options(data, finished, checkpoint_dir=tmp_path / "elsewhere"))
    with pytest.raises(OutputError, match=r"\(no checkpoint folder is given\)"):
        train(options(data, finished))


def test_an_imported_network_is_not_overwritten_by_what_begins_with_it(data: Path, tmp_path: Path) -> None:
    base = base_network(tmp_path / "base")
    before = contents(base)
    with pytest.raises(OutputError, match="holds a network"):
        train(options(data, base, transfer=base, checkpoint_dir=base / "checkpoints"))
    assert contents(base) == before


@pytest.mark.parametrize("killed_at", ["before the first checkpoint", "between checkpoint and network"])
def test_this_training_killed_early_is_begun_again_with_the_same_end(
    data: Path, finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed_at: str
) -> None:
    out = tmp_path / "out"
    chosen = options(data, out, kimg=0.016, checkpoint_dir=out / "checkpoints")
    with monkeypatch.context() as patched:
        place = (run_files.CheckpointWriter, "save") if "before" in killed_at else (run_files, "save_network")
        patched.setattr(*place, kill)
        with pytest.raises(KeyboardInterrupt):
            train(chosen)
    assert (out / "training_options.json").is_file()
    assert not (out / "network.safetensors").exists()
    assert train(chosen).finished
    assert_same_weights(out, finished)


def kill(*_: object) -> None:
    raise KeyboardInterrupt


def test_where_a_network_lies_a_checkpoint_is_whole(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However slowly the disk takes it: otherwise a training killed there could not be begun again."""
    seen = []

    def look(folder: Path, *_: object) -> None:
        if folder.name == "out":
            seen.append(len(list((tmp_path / "kept").glob("checkpoint-*.pt"))))

    monkeypatch.setattr(run_files, "save_network", look)
    train(options(data, tmp_path / "out", kimg=0.016, checkpoint_dir=tmp_path / "kept"))
    assert seen == [1]


@pytest.mark.parametrize("damage", [b"{", b"[1]", b'{"settings": 1}', b""])
def test_the_beginning_of_another_training_is_not_mixed_with_this_one(
    data: Path, tmp_path: Path, damage: bytes
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "training_options.json").write_text(json.dumps(options(data, out, seed=9).as_json()))
    with pytest.raises(OutputError, match="holds the beginning of a training with other options or data"):
        train(options(data, out))
    (out / "training_options.json").write_bytes(damage)
    with pytest.raises(OutputError, match="holds the beginning of a training"):
        train(options(data, out))
    assert [path.name for path in out.iterdir()] == ["training_options.json"]


@pytest.mark.parametrize("left", ["best/network.json", "samples/reals.png", "samples/fakes0000.000.jpg", "stats.jsonl"])
def test_what_else_a_training_leaves_is_kept_too(data: Path, tmp_path: Path, left: str) -> None:
    (tmp_path / "out" / left).parent.mkdir(parents=True)
    (tmp_path / "out" / left).write_text("of mine")
    with pytest.raises(OutputError, match=rf"holds what another training has left \({Path(left).name}\)"):
        train(options(data, tmp_path / "out", checkpoint_dir=tmp_path / "out/checkpoints"))
    assert contents(tmp_path / "out") == {left: b"of mine"}


@pytest.mark.parametrize("left", ["everything", "all but its options"])
def test_a_checkpoint_is_not_gone_on_from_in_anothers_folder(
    data: Path, finished: Path, tmp_path: Path, left: str
) -> None:
    own, theirs = tmp_path / "own", tmp_path / "theirs"
    shutil.copytree(finished, own)
    train(options(data, theirs, kimg=0.016, seed=9, checkpoint_dir=theirs / "checkpoints"))
    if left != "everything":
        (theirs / "training_options.json").unlink()
    before = contents(theirs)
    with pytest.raises(
        OutputError, match=r"holds a network that.*is of another training\. To go on from that.*own che"
    ):
        train(options(data, theirs, kimg=0.032, checkpoint_dir=own / "checkpoints"))
    assert contents(theirs) == before
    assert train(options(data, tmp_path / "new", kimg=0.032, checkpoint_dir=own / "checkpoints")).kimg == 0.032


def test_another_length_goes_on_and_a_shorter_one_is_done(data: Path, finished: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(finished, out)
    for kimg, reached in ((0.032, 0.032), (0.016, 0.032)):
        result = train(options(data, out, kimg=kimg, checkpoint_dir=out / "checkpoints"))
        assert (result.kimg, result.ended) == (reached, "finished")


def test_a_training_that_fits_its_batch_is_begun_again_whatever_fits_now(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    chosen = options(data, out, kimg=0.016, batch_gpu="auto")
    (out / "training_options.json").write_text(json.dumps(chosen.with_micro_batch_of(2).as_json()))
    assert train(chosen).finished


def test_a_folder_of_results_is_neither_a_file_nor_among_the_pictures(data: Path, tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("of mine")
    with pytest.raises(OutputError, match=r"outdir: .*notes is a file; name a folder"):
        train(options(data, tmp_path / "notes"))
    for place in (data, data / "sub/.." / "out"):
        with pytest.raises(OutputError, match=r"outdir: .* lies among the pictures in"):
            train(options(data, place))
    assert (tmp_path / "notes").read_text() == "of mine"


def test_two_trainings_do_not_write_into_one_folder_at_once(data: Path, tmp_path: Path) -> None:
    chosen = options(data, tmp_path / "out", kimg=0.016)

    def begin_another(_: float) -> None:
        with pytest.raises(OutputError, match="another training is at work in"):
            train(chosen)

    assert train(chosen, on_progress=begin_another).finished


def command(data: Path, out: Path, *more: str) -> list[str]:
    small = ["--preset", "tiny", "--kimg", "0.16", "--tick", "0.048", "--snap", "1", "--device", "cpu"]
    return ["--data", str(data), "--outdir", str(out), *small, *more]


def test_the_same_command_goes_on_where_it_was_stopped(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a word about checkpoints, as in README."""

    def stopped(*arguments: object, should_stop: object, **options: object) -> object:
        return train(*arguments, should_stop=stop_after(9), **options)

    with monkeypatch.context() as patched:
        patched.setattr("train.train", stopped)
        assert CliRunner().invoke(main, command(data, tmp_path / "out")).exit_code == 0
    again = CliRunner().invoke(main, command(data, tmp_path / "out"))
    assert again.exit_code == 0, again.output
    assert "going on at kimg=0.072" in (tmp_path / "out" / "log.txt").read_text()
    train(options(data, tmp_path / "whole"))
    assert_same_weights(tmp_path / "out", tmp_path / "whole")


def test_another_command_over_its_folder_is_one_sentence_and_changes_nothing(data: Path, finished: Path) -> None:
    before = contents(finished)
    result = CliRunner().invoke(main, command(data, finished, "--seed", "1"))
    assert result.exit_code == 1
    (sentence,) = result.output.splitlines()
    assert sentence.startswith("Error: checkpoint_dir: the checkpoint is of another training: seed was 0 and is 1.")
    assert contents(finished) == before
