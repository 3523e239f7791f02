"""Images: a Dockerfile says how its container would start; the repository stands in the place of /workshop."""

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_aws.sagemaker.errors import ImageError
from local_aws.sagemaker.images import DEFAULT_PATH, load_image
from local_aws.sagemaker.processes import in_folder

OWN = Path(__file__).parents[2]


def write(root: Path, text: str) -> Path:
    folder = root / "containers/train"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "Dockerfile").write_text(text)
    return root


def test_last_stage_counts(tmp_path: Path) -> None:
    write(
        tmp_path,
        "# syntax=docker/dockerfile:1\n"
        "FROM python:3.11 AS build\n"
        'ENTRYPOINT ["make"]\n'
        "ENV BUILD=1\n"
        "FROM python:3.11-slim\n"
        "ENV PYTHONPATH=/workshop:/workshop/stylegan2-ada-pytorch \\\n"
        "    # a comment between the lines\n"
        '    TITLE="two words"\n'
        "ENV PATH=/workshop/bin:$PATH OTHER=/workshopping HOME=${HOME}/x\n"
        "WORKDIR /workshop\n"
        "WORKDIR runs\n"
        'CMD ["replaced by the entry point"]\n'
        'ENTRYPOINT ["python3", "-m", "containers.train"]\n',
    )
    image = load_image(tmp_path, "123456789012.dkr.ecr.eu-central-1.amazonaws.com/workshop-train:1.0")
    assert image.entrypoint == ("python3", "-m", "containers.train")
    assert image.environment == {
        "PATH": f"{tmp_path}/bin:{DEFAULT_PATH}",
        "PYTHONPATH": f"{tmp_path}:{tmp_path}/stylegan2-ada-pytorch",
        "TITLE": "two words",
        "OTHER": "/workshopping",
        "HOME": "/x",
    }
    assert image.folder == f"{tmp_path}/runs"
    assert image.command_line([], ["train"]) == [sys.executable, "-m", "containers.train", "train"]
    assert image.command_line(["sh", "-c"], ["true"]) == ["sh", "-c", "true"]


def test_command_of_the_image_is_for_its_own_entry_point(tmp_path: Path) -> None:
    write(tmp_path, 'FROM x\nENTRYPOINT ["sh"]\nCMD ["-c", "true"]\n')
    image = load_image(tmp_path, "workshop-train:local")
    assert image.command_line([], []) == ["sh", "-c", "true"]
    assert image.command_line(["bash"], []) == ["bash"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("FROM x\nENTRYPOINT python3 -m train\n", 'ENTRYPOINT must have the form ["program", "argument"]'),
        ("FROM x\nENV NAME value\n", "ENV must have the form NAME=value"),
    ],
)
def test_form_that_cannot_be_honoured_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ImageError) as raised:
        load_image(write(tmp_path, text), "workshop-train:local")
    assert message in str(raised.value)


def test_image_without_a_program_needs_one_from_the_request(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="has no ENTRYPOINT"):
        load_image(write(tmp_path, "FROM x\n"), "workshop-train:local").command_line([], [])


@pytest.mark.parametrize(
    "uri", ["", "workshop-train:../../x", "workshop-/../train:local", "train:local", "workshop-none"]
)
def test_unknown_image_is_named_with_the_known_ones(tmp_path: Path, uri: str) -> None:
    with pytest.raises(ImageError) as raised:
        load_image(write(tmp_path, "FROM x\n"), uri)
    assert str(raised.value) == f"no image '{uri}' on this machine; known: workshop-train:local"


@pytest.mark.parametrize("name", ["prepare", "train", "infer"])
def test_own_dockerfiles_can_be_honoured(name: str) -> None:
    if not (OWN / "containers" / name / "Dockerfile").exists():
        pytest.skip("not written yet")
    image = load_image(OWN, f"workshop-{name}:local")
    assert image.environment["PYTHONPATH"] == f"{OWN}:{OWN}/layers/workshop:{OWN}/stylegan2-ada-pytorch"
    if name == "train":
        assert image.command_line([], ["train"])[1:] == ["-m", "containers.train", "train"]


@pytest.mark.parametrize(
    ("text", "rewritten"),
    [
        ("/opt/ml", "/job/ml"),
        ("/opt/ml/model", "/job/ml/model"),
        ("/opt/ml/a:/opt/ml/b", "/job/ml/a:/job/ml/b"),
        ("--out=/opt/ml/x", "--out=/job/ml/x"),
        ("/opt/mlx:/my/opt/ml/x:/opt/ml.txt", "/opt/mlx:/my/opt/ml/x:/opt/ml.txt"),
    ],
)
def test_paths_are_rewritten_as_whole_names(text: str, rewritten: str) -> None:
    assert in_folder(text, Path("/job/ml")) == rewritten


@given(st.text("/optml:=. x", max_size=20))
def test_text_without_the_path_stays(text: str) -> None:
    if "/opt/ml" not in text:
        assert in_folder(text, Path("/job/ml")) == text
