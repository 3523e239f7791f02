"""SageMaker's container contract: what a job reads, and what it leaves behind when it fails."""

import contextlib
import errno
import json
import os
import re
import signal
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from containers.errors import InputError, SettingError, StepError
from containers.infer import __main__ as infer
from containers.job import ProcessingJob, StopRequest, TrainingJob, base_folder, plain_sentence, run_job
from containers.prepare import __main__ as prepare
from containers.settings import NamedStrings
from stylegan2.base.errors import DivergedError, ModelError, OutputError, PeerLostError
from tests.chaos.fakes import client_error
from workshop.notices.reasons import Cause, bare, find_cause


def write(file: Path, value: object) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(value))


def settings(**values: str) -> NamedStrings:
    return NamedStrings("hyperparameter", values)


def test_the_base_folder_is_opt_ml_unless_the_environment_says_otherwise() -> None:
    assert base_folder({}) == Path("/opt/ml")
    assert base_folder({"SAGEMAKER_BASE_DIR": "/tmp/job"}) == Path("/tmp/job")


def test_hyperparameters_are_read_as_typed_values() -> None:
    given_values = settings(preset="tiny", kimg="0.5", resolution="16", mirror="True", seed="7", dataset="my-faces")
    assert given_values.choice("preset", ["tiny", "auto"]) == "tiny"
    assert given_values.number("kimg", 0.001, 10) == 0.5
    assert given_values.resolution("resolution") == 16
    assert given_values.flag("mirror") is True
    assert given_values.integer("seed", 0, 10) == 7
    assert given_values.dataset("dataset") == "my-faces"


@pytest.mark.parametrize(
    ("values", "read", "sentence"),
    [
        ({}, lambda s: s.integer("seed", 0, 9), "hyperparameter 'seed' is missing"),
        ({"seed": "10"}, lambda s: s.integer("seed", 0, 9), "'seed' must be a whole number from 0 to 9"),
        ({"seed": "9" * 5000}, lambda s: s.integer("seed", 0, 9), "'seed' must be"),
        ({"kimg": "nan"}, lambda s: s.number("kimg", 0, 9), "'kimg' must be a number from 0 to 9"),
        ({"kimg": "soon"}, lambda s: s.number("kimg", 0, 9), "but it is 'soon'"),
        ({"mirror": "perhaps"}, lambda s: s.flag("mirror"), "'mirror' must be true or false"),
        ({"resolution": "100"}, lambda s: s.resolution("resolution"), "'resolution' must be one of 16, 32, 64"),
        ({"preset": "huge"}, lambda s: s.choice("preset", ["tiny"]), "'preset' must be one of tiny"),
        ({"dataset": "../etc"}, lambda s: s.dataset("dataset"), "'dataset' must be like 'my-faces'"),
    ],
)
def test_a_bad_setting_is_refused_with_its_key_and_what_is_allowed(values, read, sentence) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(SettingError) as caught:
        read(settings(**values))
    assert sentence in str(caught.value)
    assert len(str(caught.value)) < 300


def test_an_unknown_setting_is_refused_but_sagemakers_own_are_passed_over() -> None:
    settings(kimg="1", sagemaker_region="eu-west-1").refuse_others(["kimg"])
    with pytest.raises(SettingError, match="'kmig' is not known; known are: kimg"):
        settings(kmig="1").refuse_others(["kimg"])


@given(st.text())
def test_any_text_as_a_setting_is_either_in_range_or_refused(text: str) -> None:
    for read in (lambda s: s.number("x", -1, 1), lambda s: s.integer("x", -1, 1)):
        with contextlib.suppress(SettingError):
            assert -1 <= read(settings(x=text)) <= 1


def test_a_channel_that_the_job_was_not_started_with_is_named(tmp_path: Path) -> None:
    job = TrainingJob(tmp_path)
    write(tmp_path / "input/config/inputdataconfig.json", {"train": {}})
    (tmp_path / "input/data/train").mkdir(parents=True)
    (tmp_path / "input/data/stray").mkdir()
    assert job.channel("train") == tmp_path / "input/data/train"
    assert job.optional_channel("stray") is None
    with pytest.raises(InputError, match="no channel 'base'"):
        job.channel("base")


@pytest.mark.parametrize("text", ["not json", "[1]", '{"kimg": 5}', "[" * 100_000])
def test_a_damaged_hyperparameters_file_is_an_input_error(tmp_path: Path, text: str) -> None:
    file = tmp_path / "input/config/hyperparameters.json"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    with pytest.raises(InputError):
        TrainingJob(tmp_path).hyperparameters()


def test_a_known_error_becomes_one_sentence_in_the_failure_file(tmp_path: Path) -> None:
    def step(_job: TrainingJob) -> None:
        raise InputError("the training job has no channel 'train'.")

    assert run_job(TrainingJob(tmp_path), step) == 1
    assert (tmp_path / "output/failure").read_text() == "the training job has no channel 'train'."


def test_an_error_that_the_step_declares_as_known_is_told_without_its_type(tmp_path: Path) -> None:
    def step(_job: TrainingJob) -> None:
        raise KeyError("kimg")

    assert run_job(TrainingJob(tmp_path), step, known=(KeyError,)) == 1
    assert (tmp_path / "output/failure").read_text() == "'kimg'"


def test_an_unexpected_error_is_told_with_its_type_and_logged_with_its_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def step(_job: ProcessingJob) -> None:
        raise ZeroDivisionError("division\nby zero")

    assert run_job(ProcessingJob(tmp_path), step) == 1
    assert (tmp_path / "output/message").read_text() == "Unexpected ZeroDivisionError: division by zero"
    assert "Traceback" in capsys.readouterr().err


def raised(error: BaseException, *sources: BaseException) -> BaseException:
    """The error, raised from the next one, and so on."""
    for later, earlier in zip((error, *sources), sources, strict=False):
        later.__cause__ = earlier
    return error


DISK_FULL = OSError(errno.ENOSPC, "No space left on device", "signal 9.png")


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (DISK_FULL, Cause.DISK),
        (raised(OutputError("/x/killed.png: cannot be written"), DISK_FULL), Cause.DISK),
        (raised(StepError("x"), KeyError("y"), OSError(errno.EDQUOT, "Disk quota exceeded")), Cause.DISK),
        (MemoryError(), Cause.MEMORY),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"), Cause.MEMORY),
        (DivergedError("the training has diverged before kimg=1"), Cause.DIVERGED),
        (InputError("the channel 'base' holds no network.json; the warm-start model must be one."), Cause.BASE),
        (PeerLostError("another of the 4 processes of this training ended or hangs"), Cause.PEERS),
        (raised(StepError("No access to a.png"), client_error("AccessDenied", "GetObject")), Cause.PERMISSION),
        (client_error("ExpiredToken", "GetObject"), Cause.CREDENTIALS),
        (raised(StepError("a.png is gone"), client_error("NoSuchKey", "GetObject")), Cause.UNKNOWN),
        (InputError("the data set '/x/CUDA out of memory.png' is none"), Cause.UNKNOWN),
        (OSError(errno.ENOENT, "No such file", "No space left on device"), Cause.UNKNOWN),
        (ValueError("DiskFull"), Cause.UNKNOWN),
    ],
    ids=lambda value: value if isinstance(value, Cause) else type(value).__name__,
)
@pytest.mark.parametrize("kind", [TrainingJob, ProcessingJob])
def test_the_mails_advice_follows_the_kind_of_the_error(
    tmp_path: Path, kind: type[Any], error: BaseException, cause: Cause
) -> None:
    """The two rooms, jobs and notices, agree on what a job's sentence begins with."""

    def step(_job: Any) -> None:
        raise error

    job = kind(tmp_path)
    assert run_job(job, step, known=(ModelError,)) == 1
    sentence = job.sentence_file.read_text()
    if kind is ProcessingJob:
        assert find_cause(sentence, is_own=True).cause is cause
    else:
        assert find_cause(f"ClientError: AlgorithmError: {sentence}, exit code: 1").cause is cause
    assert not re.match("DiskFull|OutOfMemory: |PeerLost|Diverged|AccessDenied|ExpiredToken", bare(sentence))


def test_a_failure_file_that_cannot_be_written_still_ends_in_exit_code_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "output").write_text("a file where the folder should be")

    def step(_job: TrainingJob) -> None:
        raise InputError("why it failed")

    assert run_job(TrainingJob(tmp_path), step) == 1
    assert "why it failed" in capsys.readouterr().err


@pytest.mark.parametrize("container", [prepare, infer])
def test_a_processing_job_on_several_machines_is_refused_before_it_does_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, container: ModuleType
) -> None:
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    write(tmp_path / "config/resourceconfig.json", {"current_host": "algo-2", "hosts": ["algo-1", "algo-2"]})
    assert container.main() == 1
    assert "instance count to 1" in (tmp_path / "output/message").read_text()
    assert not (tmp_path / "processing").exists()


def test_a_processing_job_knows_where_its_inputs_came_from(tmp_path: Path) -> None:
    inputs = [
        {"InputName": "code", "S3Input": {"S3Uri": "s3://b/code/"}},
        {"InputName": "model", "S3Input": {"S3Uri": "s3://b/model.tar.gz", "LocalPath": "/opt/ml/processing/x"}},
    ]
    write(tmp_path / "config/processingjobconfig.json", {"ProcessingInputs": inputs})
    assert ProcessingJob(tmp_path).source("model") == "s3://b/model.tar.gz"
    assert ProcessingJob(tmp_path).source("targets") is None


@pytest.mark.parametrize(
    "inputs", [None, 5, {}, [5, {}], [{"InputName": "model"}], [{"InputName": "model", "S3Input": 5}]]
)
def test_a_configuration_that_does_not_tell_where_an_input_came_from_is_no_error(
    tmp_path: Path, inputs: object
) -> None:
    assert ProcessingJob(tmp_path).source("model") is None
    write(tmp_path / "config/processingjobconfig.json", {"ProcessingInputs": inputs})
    assert ProcessingJob(tmp_path).source("model") is None


@given(st.text(max_size=3000))
def test_a_sentence_is_one_printable_line_of_at_most_1024_bytes(text: str) -> None:
    sentence = plain_sentence(text)
    assert len(sentence.encode()) <= 1024
    assert sentence.isprintable()


def test_sigterm_is_remembered() -> None:
    before = signal.getsignal(signal.SIGTERM)
    try:
        stop = StopRequest().install()
        asked_before = stop()
        os.kill(os.getpid(), signal.SIGTERM)
        assert (asked_before, stop()) == (False, True)
    finally:
        signal.signal(signal.SIGTERM, before)
