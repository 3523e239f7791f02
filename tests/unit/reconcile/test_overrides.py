"""Values of a manual start: refused with a sentence before anything is paid for, and within the deployer's bounds."""

import contextlib
import json
from typing import Any

import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.pipeline import OPEN_PARAMETERS, PARAMETERS, RESOLUTIONS
from stylegan2.base.errors import OptionError
from stylegan2.options.presets import PRESETS, settings_of
from tests.unit.conftest import BUCKET, Stage
from tests.unit.handlers.test_start_run import executions, finish, manual
from tests.unit.properties import quick
from workshop.platform.errors import BadRequest
from workshop.reconcile.start import check_overrides

WRONG = {
    "ProcessImage": ["", " ", "a b", "-x", "x" * 256],
    "ProcessInstanceCount": ["0", "2", "one", ""],
    "ProcessInstanceType": ["m5.xlarge", "ml.m5", "ml.M5.xlarge", "big", "ml.m5.xlarge "],
    "TrainImage": ["", "image\nurl"],
    "TrainInstanceCount": ["0", "-1", "101", "1.0", "many"],
    "TrainInstanceType": ["g5.xlarge", "ml..xlarge", "ml.g5.xlarge;rm"],
    "WarmStartModel": ["base/none/", "https://bucket/base/", "s3://", "s3://bucket", "s3://bucket/a b", "x" * 1025],
    "InferenceImage": [""],
    "InferenceCodePath": ["code/none/", "s3:/bucket/code/"],
    "InferenceImagePath": ["/opt/ml", "file:///etc/passwd"],
    "InferenceInstanceCount": ["2"],
    "InferenceInstanceType": ["cpu"],
    "Preset": ["cheap", "sketch", "AUTO", ""],
    "Kimg": ["abc", "0", "-1", "nan", "inf", "1e3", "0x10", "1_000", "25001", "0,5", ""],
    "Resolution": ["100", "8", "2048", "256.0", "x"],
    "Mirror": ["yes", "True", "1"],
    "Seed": ["4294967000", "2147483648", "-1", "1.5", "x"],
    "TrainOptions": [
        "",
        "{",
        "[]",
        '"gamma"',
        '{"gama": 10}',
        '{"gamma": -1}',
        '{"p": 0.5}',
        '{"kimg": 5}',
        "{}" * 600,
    ],
    "InferenceMode": ["everything", "ALL", ""],
    "PictureSize": [
        "384",
        "384x",
        "x256",
        "400x300",
        "4096x1024",
        "2x2",
        "384 x 256",
        "0384x0256",
        "Square",
        "384x256\n",
    ],
    "Fit": ["stretch", "Crop", ""],
    "Background": ["#ffffff", "white", "FFFFFF", "fff", "fffffg", ""],
    "Labels": ["folder", "file", "true", ""],
    "InferenceClasses": [" ", ",", "a\nb", "a\u2028b", "\ud800", "x" * 1025],
    "InferenceNetwork": ["first", "BEST", ""],
    "Language": ["fr", "zh", "EN", ""],
    "InferenceSeeds": [
        "",
        "-1",
        "1,2,3",
        "1, 2",
        "01",
        "1.5",
        "own,1",
        "4294966296",
        "1,4294967296",
        "1\n",
        "99999999999",
    ],
    "Patience": ["-1", "1.5", "1000001", "never"],
    "MinImages": ["0", "-5", "1.5", "none"],
    "ProcessVolumeGB": ["0", "16385", "30.5", "30 GB"],
    "TrainVolumeGB": ["0", "16385"],
    "InferenceVolumeGB": ["0", "16385"],
    "TrainSeconds": ["0", "432001", "1h"],
    "MaxTrainSeconds": ["0", "599", "432001", "1h"],
    "MaxProcessSeconds": ["0", "59", "432001", "x"],
}
RIGHT = {
    "ProcessImage": "123456789012.dkr.ecr.eu-central-1.amazonaws.com/workshop-prepare:1",
    "ProcessInstanceCount": "1",
    "ProcessInstanceType": "ml.m5.4xlarge",
    "TrainImage": "registry/image@sha256:0123",
    "TrainInstanceCount": "4",
    "TrainInstanceType": "ml.g5.2xlarge",
    "WarmStartModel": "s3://b/a=b/",
    "InferenceImage": "workshop-infer:local",
    "InferenceCodePath": "s3://workshop-bucket/code/0123/",
    "InferenceImagePath": "s3://workshop-bucket/manifests/a/Ä.targets.manifest",
    "InferenceInstanceCount": "1",
    "InferenceInstanceType": "ml.g5.xlarge",
    "Preset": "paper256",
    "Kimg": "0.5",
    "Resolution": "64",
    "Mirror": "true",
    "Seed": "2147483647",
    "TrainOptions": '{"augpipe":"bg","gamma":10,"snap":5}',
    "InferenceMode": "mix",
    "PictureSize": "96x64",
    "Fit": "letterbox",
    "Background": "f4e9d8",
    "Labels": "folders",
    "InferenceClasses": "chairs, 2, Stühle",
    "InferenceNetwork": "last",
    "Language": "zh-CN",
    "InferenceSeeds": "7,4294967295",
    "Patience": "0",
    "MinImages": "5",
    "ProcessVolumeGB": "16384",
    "TrainVolumeGB": "500",
    "InferenceVolumeGB": "60",
    "TrainSeconds": "1800",
    "MaxTrainSeconds": "3600",
    "MaxProcessSeconds": "600",
}


def test_every_open_parameter_has_its_examples() -> None:
    assert set(WRONG) == set(RIGHT) == set(OPEN_PARAMETERS)
    assert check_overrides(RIGHT) == RIGHT


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_a_value_that_a_job_would_choke_on_is_refused_with_what_is_allowed(name: str, value: str) -> None:
    with pytest.raises(BadRequest) as refusal:
        check_overrides({name: value})
    assert str(refusal.value).startswith(f"The parameter {name} must be {PARAMETERS[name].must_be}, not ")
    assert str(refusal.value).isprintable()


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [("Kimg", 100, "100"), ("Kimg", 0.5, "0.5"), ("Mirror", True, "true"), ("Seed", 7, "7"), ("Resolution", 64, "64")],
)
def test_json_has_numbers_and_truths_too(name: str, value: Any, text: str) -> None:
    assert check_overrides({name: value}) == {name: text}


def test_equal_options_of_the_trainer_are_one_text() -> None:
    spelled = ['{"gamma": 10, "batch-gpu": 4}', ' {"batch_gpu":4,"gamma":10}']
    assert {check_overrides({"TrainOptions": text})["TrainOptions"] for text in spelled} == {
        '{"batch_gpu":4,"gamma":10}'
    }


@pytest.mark.parametrize(("name", "value"), [("Kimg", float("nan")), ("Seed", 1.5), ("Seed", True), ("Mirror", 1)])
def test_but_they_are_checked_like_texts(name: str, value: Any) -> None:
    with pytest.raises(BadRequest, match=f"The parameter {name} must be"):
        check_overrides({name: value})


@quick
@given(st.dictionaries(st.sampled_from(sorted(PARAMETERS)), st.text(max_size=20) | st.integers() | st.floats()))
def test_whatever_is_taken_is_what_the_table_allows(given_values: dict[str, Any]) -> None:
    with contextlib.suppress(BadRequest):
        for name, text in check_overrides(given_values).items():
            assert PARAMETERS[name].accepts(text)


def test_every_machine_that_sagemaker_has_is_spelled_as_the_table_wants_it() -> None:
    shapes = botocore.session.get_session().get_service_model("sagemaker")
    for name, shape in (
        ("TrainInstanceType", "TrainingInstanceType"),
        ("ProcessInstanceType", "ProcessingInstanceType"),
    ):
        for machine in shapes.shape_for(shape).enum:
            assert PARAMETERS[name].accepts(machine), machine


@pytest.fixture
def trained(stage: Stage) -> Stage:
    """A dataset with a run behind it."""
    stage.settle()
    finish(stage, "Succeeded")
    return stage


def refused(stage: Stage, **parameters: str) -> str:
    """The sentence with which a rerun is refused; nothing is started, sent or held."""
    before, mails = len(executions(stage)), len(stage.mails)
    with pytest.raises(BadRequest) as refusal:
        manual(stage, rerun=True, parameters=parameters)
    assert (len(executions(stage)), len(stage.mails)) == (before, mails)
    assert "holders" not in stage.item("SLOTS")
    return str(refusal.value)


def rerun(stage: Stage, **parameters: str) -> dict[str, str]:
    """The parameters of the run that a rerun starts."""
    assert manual(stage, rerun=True, parameters=parameters)["outcome"] == "started"
    return executions(stage)[-1]


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"Kimg": "abc"}, "The parameter Kimg must be a number from 0.1 to 25000, not 'abc'."),
        ({"Preset": "cheap"}, "The parameter Preset must be one of auto, stylegan2,"),
        ({"InferenceMode": "everything"}, "must be one of all, generate, mix, project, not 'everything'."),
        ({"Seed": "4294967000"}, "must be a whole number from 0 to 2147483647, not '4294967000'."),
        ({"TrainInstanceType": "ml.p5.48xlarge"}, "must be one of ml.g5.xlarge, ml.g5.2xlarge, not ml.p5.48xlarge"),
        ({"MaxTrainSeconds": "200000"}, "MaxTrainSeconds must be at most 86400, not 200000"),
        ({"MaxTrainSeconds": "50000", "TrainInstanceCount": "4"}, "at most 31914, not 50000"),
        ({"TrainInstanceCount": "50", "TrainInstanceType": "ml.g5.2xlarge", "MaxTrainSeconds": "3600"}, "at most 2368"),
        ({"Preset": "tiny"}, "Preset=tiny trains pictures of 16, 32 pixels, not of 128"),
        ({"Labels": "folders"}, "but the images lie in 0 sub-folders. At least 2 are needed"),
        (
            {"PictureSize": "384x256", "Resolution": "128"},
            "do not go together: pictures of that size need Resolution=256",
        ),
        ({"Preset": "tiny", "PictureSize": "96x64"}, "Preset=tiny trains pictures of 16, 32 pixels, not of 64"),
        ({"Preset": "laptop", "Resolution": "512"}, "trains pictures of 16, 32, 64, 128 pixels, not of 512"),
    ],
)
def test_a_rerun_that_must_not_or_cannot_be_is_refused_before_anything_is_started(
    trained: Stage, parameters: dict[str, str], sentence: str
) -> None:
    assert sentence in refused(trained, **parameters)


def test_a_rerun_may_want_fewer_or_more_pictures_than_the_installation(trained: Stage) -> None:
    trained.s3.delete_object(Bucket=BUCKET, Key="uploads/red-chairs/0000.png")
    assert manual(trained, rerun=True)["outcome"] == "attention"
    assert rerun(trained, MinImages="2")["MinImages"] == "2"
    finish(trained, "Succeeded")
    assert "4 images" in manual(trained, rerun=True, parameters={"MinImages": "4"})["detail"]


def test_parameters_of_a_start_that_has_to_wait_are_not_dropped_without_a_word(stage: Stage) -> None:
    for dataset in ("a", "b"):
        stage.settle(dataset)
    stage.put_images("red-chairs", 3)
    result = manual(stage, parameters={"Kimg": "7"})
    assert result["outcome"] == "queued"
    assert "again later" in result["detail"]


def test_so_many_machines_that_the_money_lasts_for_no_training_are_refused(
    trained: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.unit.conftest import forget_assembled

    monkeypatch.setenv("MAX_RUN_COST", "1")
    forget_assembled()
    assert "TrainInstanceCount is too large: 20 x ml.g5.xlarge" in refused(trained, TrainInstanceCount="20")


def test_the_longest_training_and_the_mails_cost_count_all_machines(trained: Stage) -> None:
    parameters = rerun(trained, TrainInstanceCount="4")

    assert parameters["MaxTrainSeconds"] == "31914"  # 50 dollars at 4 x 1.41 an hour
    assert "USD 50 at most" in trained.mails[-1]["Message"]


def test_a_shorter_time_that_was_given_is_the_one_the_mail_reckons_with(trained: Stage) -> None:
    assert rerun(trained, MaxTrainSeconds="7200", TrainInstanceCount="2")["MaxTrainSeconds"] == "7200"

    text = trained.mails[-1]["Message"]
    assert "USD 5.64 at most" in text
    assert "Of it training:     about 1 h 30 min, 2 h at most" in text


def test_a_run_whose_jobs_were_given_more_time_is_not_said_to_be_stuck(trained: Stage) -> None:
    rerun(trained, MaxProcessSeconds="400000")
    trained.later(86_400 + 7 * 3600)
    assert manual(trained)["outcome"] == "active"
    assert "attention" not in trained.mail_kinds
    trained.later(800_000)
    assert manual(trained)["outcome"] == "active"
    assert "attention" in trained.mail_kinds


def test_the_price_is_that_of_the_machine_that_was_given(trained: Stage) -> None:
    rerun(trained, TrainInstanceType="ml.g5.2xlarge", MaxTrainSeconds="3600")
    assert "USD 1.52 at most" in trained.mails[-1]["Message"]


def test_the_settings_hours_bound_a_rerun_unless_it_has_its_own(stage: Stage) -> None:
    stage.put("uploads/red-chairs/settings.yaml", b"max_hours: 1\n")
    stage.settle()
    finish(stage, "Succeeded")

    parameters = rerun(stage, Kimg="5")
    assert (parameters["TrainSeconds"], parameters["MaxTrainSeconds"]) == ("3600", "7200")
    finish(stage, "Succeeded")
    parameters = rerun(stage, MaxTrainSeconds="9000")
    assert (parameters["TrainSeconds"], parameters["MaxTrainSeconds"]) == ("9000", "9000")
    finish(stage, "Succeeded")
    parameters = rerun(stage, TrainSeconds="40000")
    assert (parameters["TrainSeconds"], parameters["MaxTrainSeconds"]) == ("40000", "43600")


def test_the_notice_names_the_preset_and_resolution_of_the_run(trained: Stage) -> None:
    rerun(trained, Preset="paper256", Resolution="64")
    assert 'preset "paper256", pictures of 64 x 64' in trained.mails[-1]["Message"]


def test_the_deployer_may_let_overrides_exceed_the_bounds(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OVERRIDES_MAY_EXCEED_CAPS", "true")
    stage.settle()
    finish(stage, "Succeeded")
    parameters = rerun(
        stage, TrainInstanceType="ml.p5.48xlarge", MaxTrainSeconds="432000", TrainInstanceCount="100", Preset="paper256"
    )

    assert (parameters["TrainInstanceType"], parameters["MaxTrainSeconds"]) == ("ml.p5.48xlarge", "432000")
    assert "no price is configured for this type of machine" in stage.mails[-1]["Message"]


def test_even_then_no_value_is_out_of_what_a_job_takes(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OVERRIDES_MAY_EXCEED_CAPS", "true")
    stage.settle()
    finish(stage, "Succeeded")
    assert "must be a whole number from 600 to 432000" in refused(stage, MaxTrainSeconds="432001")


@pytest.mark.parametrize("preset", PRESETS)
def test_every_pair_that_a_rerun_may_have_can_be_trained(trained: Stage, preset: str) -> None:
    for resolution in RESOLUTIONS:
        try:
            settings_of(preset, resolution)
        except OptionError:
            assert "trains pictures of" in refused(trained, Preset=preset, Resolution=str(resolution))
        else:
            rerun(trained, Preset=preset, Resolution=str(resolution))
            finish(trained, "Succeeded")


def test_whoever_asks_for_a_run_that_cannot_be_done_in_its_time_is_told_at_once(trained: Stage) -> None:
    detail = manual(trained, rerun=True, parameters={"Kimg": "10000", "Resolution": "256"})["detail"]
    assert "Expected duration: about 24 h (a guess" in detail
    assert "The training cannot be done in its time: preset sketch would take about 4 d 17 h here" in detail
    assert "It will end at about 21 %" in detail
    assert "It will end at about 21 %" in trained.mails[-1]["Message"]


def test_a_training_that_goes_on_from_a_checkpoint_is_estimated_by_what_is_left(trained: Stage) -> None:
    path = rerun(trained)["TrainCheckpointPath"]
    finish(trained, "Failed")
    progress = {"kimg": 300.0, "wanted_kimg": 400.0, "ended": "", "seconds": 7_000.0, "sec_per_kimg": 23.0}
    body = json.dumps(progress | {"estimated_seconds": None, "sheet": None, "written": "2026-11-27T00:00:00+00:00"})
    trained.put(path.removeprefix(f"s3://{BUCKET}/") + "progress.json", body.encode())
    rerun(trained)
    text = trained.mails[-1]["Message"]
    assert "It goes on from about 75 % of the training" in text
    assert "Of it training:     about 41 min, 24 h at most" in text
