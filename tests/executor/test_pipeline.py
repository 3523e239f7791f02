"""The workshop's own pipeline definition, run whole with programs of a few lines in the place of the containers'."""

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from containers.infer.provenance import earlier_run
from local_aws.sagemaker.events import STEP_CHANGE
from tests.executor.support import ACCOUNT, BUCKET, PIPELINE, ROLE, TOKEN, MakePlace, Place

OWN = Path(__file__).parents[2] / "pipeline_builder/definition.json"
FUNCTION = f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:report-success"
FINGERPRINT = "f" * 64

BASE = "import json, os, pathlib, sys, tarfile\nbase = pathlib.Path(os.environ.get('SAGEMAKER_BASE_DIR', '/opt/ml'))\n"
# Counts what it finds; packs nothing.
PREPARE = """
folder = base / 'processing'
[record] = (folder / 'input/snapshot').iterdir()
found = len(json.loads(record.read_text())['objects'])
images = {'found': found, 'good': found, 'set_aside': 0}
report = {'dataset': os.environ['DATASET'], 'resolution': int(os.environ['RESOLUTION']), 'images': images}
(folder / 'output/report/prepare.json').write_text(json.dumps(report))
(folder / 'output/report/counts.json').write_text(json.dumps({'good': found}))
(folder / 'output/prepared/dataset.zip').write_text('zipped')
"""
TRAIN = """
assert sys.argv[1:] == ['train']
assert (base / 'input/data/train/dataset.zip').read_text() == 'zipped'
assert (base / 'input/data/base/README.txt').exists()
hyperparameters = json.loads((base / 'input/config/hyperparameters.json').read_text())
(base / 'model/network.json').write_text(json.dumps(hyperparameters))
(base / 'checkpoints/state').write_text('checkpoint')
print('kimg=1.0 loss_g=0.7 loss_d=1.2 augment_p=0.0')
"""
# Lies in S3, as the inference code does.
INFER = """
folder = base / 'processing'
model = tarfile.open(folder / 'input/model/model.tar.gz')
network = json.load(model.extractfile('network.json'))
[record] = (folder / 'input/targets').iterdir()
targets = [image['name'] for image in json.loads(record.read_text())['objects']]
prepared = json.loads((folder / 'input/prepare-report/prepare.json').read_text())
(folder / 'output/inference/seeds.png').write_text('pixels')
facts = {'network': network, 'targets': targets, 'prepared': prepared, 'execution': os.environ['EXECUTION_ID']}
(folder / 'output/report/report.json').write_text(json.dumps(facts))
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a repository with the images' Dockerfiles and small programs."""
    folder = tmp_path / "repository"
    for name, program in {"prepare": PREPARE, "train": TRAIN, "infer": "sys.exit('not this one')"}.items():
        (folder / "containers" / name).mkdir(parents=True)
        entrypoint = f'ENTRYPOINT ["python3", "-m", "containers.{name}"]\n' if name == "train" else ""
        (folder / "containers" / name / "Dockerfile").write_text(
            "FROM debian\nCOPY . /workshop\nENV PYTHONPATH=/workshop:/workshop/stylegan2-ada-pytorch\n"
            f"WORKDIR /\n{entrypoint}"
        )
        (folder / "containers" / name / "__main__.py").write_text(BASE + program)
    return folder


def deploy(place: Place, images: int) -> dict[str, str]:
    """Upload a drop, create the pipeline as deployment does, and return the parameters that start_run gives it."""
    names = [f"{number:03}.png" for number in range(images)]
    for name in names:
        place.aws.put(f"uploads/faces/{name}")
    place.aws.put("base/none/README.txt", "from scratch")
    place.aws.put("code/0123/containers/__init__.py", "")
    place.aws.put("code/0123/containers/infer/__main__.py", BASE + INFER)
    text = OWN.read_text().replace("${JobRoleArn}", ROLE).replace("${NotifyFunctionArn}", FUNCTION)
    place.api.create_pipeline(PipelineName=PIPELINE, PipelineDefinition=text, RoleArn=ROLE)
    return {
        "Dataset": "faces",
        "Fingerprint": FINGERPRINT,
        "ProcessInput": place.aws.put("manifests/faces/f.json", record("uploads/faces/", names)),
        "ProcessImage": "workshop-prepare:local",
        "TrainImage": "workshop-train:local",
        "TrainCheckpointPath": f"s3://{BUCKET}/checkpoints/faces/{FINGERPRINT[:16]}-0/",
        "TrainOutputPath": f"s3://{BUCKET}/runs/faces",
        "WarmStartModel": f"s3://{BUCKET}/base/none/",
        "InferenceImage": "workshop-infer:local",
        "InferenceCodePath": f"s3://{BUCKET}/code/0123/",
        "InferenceImagePath": place.aws.put("manifests/faces/f.targets.json", record("uploads/faces/", names[:2])),
        "Preset": "tiny",
        "Kimg": "1.5",
        "Resolution": "32",
        "MinImages": "3",
    }


def record(prefix: str, names: list[str]) -> dict[str, Any]:
    """What start_run lists (the programs above fetch nothing)."""
    return {"bucket": BUCKET, "prefix": prefix, "objects": [{"name": name, "etag": "0", "size": 1} for name in names]}


def start(place: Place, images: int, **changes: str) -> str:
    return place.start(TOKEN, **deploy(place, images) | changes)


@pytest.mark.parametrize("isolation", ["own /opt/ml", "rewritten paths"])
def test_whole_run(make_place: MakePlace, own_opt: bool, isolation: str) -> None:
    if isolation == "own /opt/ml" and not own_opt:
        pytest.skip("this machine forbids user namespaces, or Python lies below /opt")
    place = make_place(own_opt=isolation == "own /opt/ml")
    arn = start(place, images=4)
    description = place.finish(arn)
    assert description["PipelineExecutionStatus"] == "Succeeded", place.steps(arn)
    assert list(place.steps(arn)) == ["Prepare", "EnoughImages", "Train", "Infer", "Notify"]
    run = f"runs/faces/{arn.rsplit('/', 1)[-1]}"
    facts = json.loads(place.aws.read(f"{run}/report/report.json"))
    assert facts["network"] == {
        "dataset": "faces",
        "preset": "tiny",
        "kimg": "1.5",
        "resolution": "32",
        "mirror": "false",
        "seed": "0",
        "labels": "none",
        "options": "{}",
        "patience": "50",
        "train_seconds": "432000",
        "max_train_seconds": "86400",
    }
    assert facts["targets"] == ["000.png", "001.png"]
    assert facts["prepared"]["images"]["good"] == 4
    assert facts["execution"] == arn.rsplit("/", 1)[-1]
    job = place.steps(arn)["Train"]["Metadata"]["TrainingJob"]["Arn"].rsplit("/", 1)[-1]
    assert place.aws.stored(f"{run}/") == [
        f"{run}/inference/seeds.png",
        f"{run}/prepare-report/counts.json",
        f"{run}/prepare-report/prepare.json",
        f"{run}/prepared/dataset.zip",
        f"{run}/report/report.json",
        f"{run}/training/{job}/output/model.tar.gz",
    ]
    assert place.aws.read(f"checkpoints/faces/{FINGERPRINT[:16]}-0/state") == b"checkpoint"
    with tarfile.open(fileobj=io.BytesIO(place.aws.read(f"{run}/training/{job}/output/model.tar.gz"))) as model:
        assert model.getnames() == ["network.json"]
    event = {
        "source": "pipeline",
        "dataset": "faces",
        "fingerprint": FINGERPRINT,
        "pipelineExecutionArn": arn,
        "reportUri": f"s3://{BUCKET}/{run}/report",
    }
    assert place.aws.functions.calls == [(FUNCTION, event)]
    assert "loss_g=0.7" in place.standin.job_logs(arn)["Train"].read_text()


def test_inference_alone_draws_new_targets_with_the_model_of_an_earlier_run(make_place: MakePlace) -> None:
    place = make_place()
    parameters = deploy(place, images=4)
    trained = place.start(TOKEN, **parameters)
    assert place.finish(trained)["PipelineExecutionStatus"] == "Succeeded", place.steps(trained)
    place.aws.put("inference/faces/face.png")
    targets = record("inference/faces/", ["face.png"])
    changes = {"InferenceImagePath": place.aws.put("manifests/faces/new.targets.json", targets), "Kimg": "99"}
    arn = place.start("i" * 32, ["Infer", "Notify"], trained, **parameters | changes)
    assert place.finish(arn)["PipelineExecutionStatus"] == "Succeeded", place.steps(arn)

    before, after = place.steps(trained), place.steps(arn)
    assert list(after) == ["Prepare", "EnoughImages", "Train", "Infer", "Notify"]
    for reused in ("Prepare", "EnoughImages", "Train"):
        assert after[reused]["SelectiveExecutionResult"] == {"SourcePipelineExecutionArn": trained}
        assert after[reused]["Metadata"] == before[reused]["Metadata"]
    assert after["EnoughImages"]["Metadata"] == {"Condition": {"Outcome": "True"}}
    assert after["Infer"]["Metadata"] != before["Infer"]["Metadata"]
    assert place.standin.job_logs(arn).keys() == {"Infer"}

    execution = arn.rsplit("/", 1)[-1]
    run = f"runs/faces/{execution}"
    assert place.aws.stored(f"{run}/") == [f"{run}/inference/seeds.png", f"{run}/report/report.json"]
    facts = json.loads(place.aws.read(f"{run}/report/report.json"))
    assert (facts["targets"], facts["execution"]) == (["face.png"], execution)
    assert facts["network"]["kimg"] == "1.5"
    assert facts["prepared"]["images"]["good"] == 4
    _, event = place.aws.functions.calls[-1]
    assert (event["pipelineExecutionArn"], event["reportUri"]) == (arn, f"s3://{BUCKET}/{run}/report")
    assert trained_by(place, trained) is None
    assert trained_by(place, arn) == trained.rsplit("/", 1)[-1]
    told = [(entry["stepName"], entry["currentStepStatus"]) for entry in events_of(place, arn)]
    assert [name for name, status in told if status == "Succeeded"] == ["Infer", "Notify"]


def test_inference_alone_is_refused_without_a_run_that_has_trained(make_place: MakePlace) -> None:
    place = make_place()
    parameters = deploy(place, images=2)
    with pytest.raises(ClientError, match=r"depend on \[Prepare, EnoughImages, Train\]"):
        place.start(TOKEN, ["Infer", "Notify"], **parameters)
    source = place.start("s" * 32, **parameters)
    place.finish(source)
    with pytest.raises(ClientError, match=r"need the Training step 'Train' .* it did not run"):
        place.start(TOKEN, ["Infer", "Notify"], source, **parameters)


def trained_by(place: Place, arn: str) -> str | None:
    """Return what the job Infer of an execution makes of its model's place in S3."""
    job = place.steps(arn)["Infer"]["Metadata"]["ProcessingJob"]["Arn"].rsplit("/", 1)[-1]
    inputs = place.api.describe_processing_job(ProcessingJobName=job)["ProcessingInputs"]
    (uri,) = [one["S3Input"]["S3Uri"] for one in inputs if one["InputName"] == "model"]
    return earlier_run(uri, arn.rsplit("/", 1)[-1])


def events_of(place: Place, arn: str) -> list[dict[str, Any]]:
    """End the stand-in and return what its events told of an execution's steps."""
    place.standin.stop()
    return [detail for detail in place.aws.bus.details(STEP_CHANGE) if detail["pipelineExecutionArn"] == arn]


def test_too_few_images_end_the_run_with_a_sentence(make_place: MakePlace) -> None:
    place = make_place()
    description = place.finish(start(place, images=2))
    assert description["PipelineExecutionStatus"] == "Failed"
    assert place.reason(description, "TooFewImages").startswith("Too few good images: at least 3 are needed.")
    assert list(place.steps(description["PipelineExecutionArn"])) == ["Prepare", "EnoughImages", "TooFewImages"]
    assert place.aws.functions.calls == []


def test_two_instances_are_refused_by_the_step_that_asks_for_them(make_place: MakePlace) -> None:
    place = make_place()
    description = place.finish(start(place, images=4, TrainInstanceCount="2"))
    assert "InstanceCount may only be 1 here, not 2: this machine runs one instance per job" in place.reason(
        description, "Train"
    )


def test_function_that_fails_fails_the_run(make_place: MakePlace) -> None:
    place = make_place()
    place.aws.functions.function_error = "Unhandled"
    description = place.finish(start(place, images=4))
    assert description["PipelineExecutionStatus"] == "Failed"
    assert "(Unhandled)" in place.reason(description, "Notify")
