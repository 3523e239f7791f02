"""The training job's hyperparameters: ours, and those that a notebook for the reference sends, word for word."""

import json
from pathlib import Path

import pytest

from containers.errors import SettingError
from containers.job import TrainingJob
from containers.train.hyperparameters import Hyperparameters, read_hyperparameters
from stylegan2.options.training import TrainingChoices

# What the notebook of the project's seed sends: every value as JSON.
SEEDS_OWN = {
    "data": '"/opt/ml/input/data/train"',
    "outdir": '"/opt/ml/model"',
    "cfg": '"paper256"',
    "gamma": "10",
    "augpipe": '"bg"',
    "mirror": "1",
    "snap": "10",
    "kimg": "2000",
    "metrics": '"none"',
    "gpus": "1",
}


def read(folder: Path, hyperparameters: dict[str, str]) -> Hyperparameters:
    config = folder / "input" / "config"
    config.mkdir(parents=True, exist_ok=True)
    (config / "hyperparameters.json").write_text(json.dumps(hyperparameters))
    return read_hyperparameters(TrainingJob(folder))


def test_the_seeds_hyperparameters_are_taken_word_for_word(tmp_path: Path) -> None:
    found = read(tmp_path, SEEDS_OWN)
    assert (found.preset, found.kimg, found.mirror, found.dataset) == ("paper256", 2000, True, None)
    assert found.options == {"gamma": 10, "augpipe": "bg", "snapshot_ticks": 10}
    assert [sentence.split(":")[0] for sentence in found.reference.sentences(1, on_gpus=True)] == ["data", "outdir"]
    TrainingChoices(data=tmp_path, outdir=tmp_path, **found.options)


@pytest.mark.parametrize(
    ("more", "field", "value"),
    [
        ({"cfg": '"auto"'}, "preset", "auto"),
        ({"cfg": "auto", "preset": "auto"}, "preset", "auto"),
        ({"mirror": "true"}, "mirror", True),
        ({"mirror": '"True"'}, "mirror", True),
        ({"mirror": "0"}, "mirror", False),
        ({"dataset": '"cats"'}, "dataset", "cats"),
        ({"gamma": "0.5"}, "options", {"gamma": 0.5}),
        ({"gamma": "1e-05", "glr": "2.5E-3"}, "options", {"gamma": 1e-5, "glr": 0.0025}),
        ({"batch": "32", "batch-gpu": "8"}, "options", {"batch": 32, "batch_gpu": 8}),
        ({"aug": '"fixed"', "p": "0.2"}, "options", {"aug": "fixed", "p": 0.2}),
        ({"cond": "true"}, "has_classes", True),
        ({"subset": "500"}, "options", {"subset": 500}),
        ({"fp32": "true", "nhwc": "false"}, "options", {"precision": "fp32"}),
        ({"fp32": "false", "nhwc": "1"}, "options", {"channels_last": "on"}),
        ({"options": '{"gamma": 10}', "snap": "5"}, "options", {"gamma": 10, "snapshot_ticks": 5}),
        ({"options": '{"gamma": 10}', "gamma": "10"}, "options", {"gamma": 10}),
        ({"options": json.dumps('{"tick": 1}')}, "options", {"tick_kimg": 1}),
        ({"resume": '"noresume"'}, "options", {}),
    ],
)
def test_values_as_json_and_the_references_names_are_understood(
    tmp_path: Path, more: dict[str, str], field: str, value: object
) -> None:
    assert getattr(read(tmp_path, more), field) == value


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"cfg": '"paper256"', "preset": "auto"}, "hyperparameters 'cfg' and 'preset' mean the same, and differ"),
        ({"cfg": '"best"'}, "'preset' must be one of auto, "),
        ({"gamma": '"much"'}, "'gamma' must be a number of at least 0, but it is 'much'"),
        ({"snap": "0"}, "'snap' must be a whole number of at least 1, but it is '0'"),
        ({"snap": "10.5"}, "'snap' must be a whole number"),
        ({"augpipe": "everything"}, "'augpipe' must be one of blit, "),
        ({"p": "0.5"}, "hyperparameter p is for aug=fixed, but aug is ada"),
        ({"options": '{"gama": 10}'}, "'options' must be options of train.py as JSON, .* Did you mean gamma?"),
        ({"options": '{"gamma": 10}', "gamma": "5"}, "'gamma' is given twice, and differs"),
        ({"fp32": "true", "precision": "fp16"}, "'precision' is given twice, and differs"),
        ({"batch-gpu": "8", "batch_gpu": "8"}, "'batch_gpu' is given twice"),
        (
            {"resume": '"ffhq256"'},
            "'resume' cannot be followed: a network to begin with is given as the channel 'base'",
        ),
        ({"gpus": "0"}, "'gpus' must be a whole number from 1"),
        ({"metrics": "[]"}, "'metrics' must be like 'fid50k_full'"),
        ({"dry_run": "true"}, "'dry_run' is not known"),
        ({"mirror": '"'}, "'mirror' must be true or false"),
    ],
)
def test_what_cannot_be_followed_is_refused(tmp_path: Path, more: dict[str, str], sentence: str) -> None:
    with pytest.raises(SettingError, match=sentence):
        read(tmp_path, more)


@pytest.mark.parametrize(
    ("more", "machine", "said"),
    [
        ({"metrics": '"fid50k_full"'}, (1, True), ["metrics: fid50k_full is not measured here"]),
        ({"gpus": "8"}, (8, True), []),
        ({"gpus": "8"}, (1, True), ["gpus: 8 were asked for, and 1 is there"]),
        ({"gpus": "1"}, (1, False), ["gpus: 1 was asked for, and none is there"]),
        ({"gpus": "1"}, (4, True), ["gpus: 1 was asked for, and 4 are there"]),
        ({"allow-tf32": "true", "nobench": "true"}, (1, True), ["nobench: ", "allow_tf32: "]),
    ],
)
def test_what_is_not_followed_is_said(
    tmp_path: Path, more: dict[str, str], machine: tuple[int, bool], said: list[str]
) -> None:
    sentences = read(tmp_path, more).reference.sentences(*machine)
    assert len(sentences) == len(said)
    assert all(sentence.startswith(beginning) for sentence, beginning in zip(sentences, said, strict=True))
