"""The images are built from pinned parts, and what they start exists."""

import importlib.util
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ("prepare", "train", "infer")


def instructions(name: str) -> list[tuple[str, str]]:
    """The Dockerfile's instructions as (word, rest), continuation lines joined."""
    text = (ROOT / "containers" / name / "Dockerfile").read_text()
    lines = re.sub(r"\\\n", " ", re.sub(r"(?m)^#.*\n", "", text)).splitlines()
    return [(word, rest.strip()) for word, rest in (line.split(maxsplit=1) for line in lines if line.strip())]


def pins(file: Path) -> dict[str, str]:
    """The requirements of a file, each of which must be pinned."""
    lines = [line for line in file.read_text().splitlines() if line.strip() and not line.startswith(("#", "-r"))]
    pairs = [line.split("==") for line in lines]
    assert all(len(pair) == 2 for pair in pairs), f"{file} has a requirement without =="
    return {re.sub(r"\[.*\]", "", name): version for name, version in pairs}


@pytest.mark.parametrize("name", IMAGES)
def test_the_base_image_is_pinned_by_its_full_version(name: str) -> None:
    bases = [rest for word, rest in instructions(name) if word == "FROM"]
    assert bases
    assert all(re.fullmatch(r"[a-z0-9./-]+:\d+\.\d+\.\d+[a-z0-9.-]*(@sha256:[0-9a-f]{64})?", base) for base in bases)


@pytest.mark.parametrize("name", IMAGES)
def test_everything_that_is_copied_exists_and_reaches_the_build(name: str) -> None:
    reachable = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for word, rest in instructions(name):
        if word == "COPY":
            source = rest.split()[0]
            assert (ROOT / source).exists()
            assert any(Path(source).is_relative_to(folder) for folder in reachable)


@pytest.mark.parametrize("name", IMAGES)
def test_the_entry_point_is_a_module_of_the_image(name: str) -> None:
    [entrypoint] = [json.loads(rest) for word, rest in instructions(name) if word == "ENTRYPOINT"]
    assert entrypoint == ["python3", "-m", f"containers.{name}"]
    assert importlib.util.find_spec(f"containers.{name}.__main__") is not None


@pytest.mark.parametrize("name", IMAGES)
def test_the_image_has_the_versions_that_the_tests_run_with(name: str) -> None:
    tested = {}
    for part in ("run", "test", "torch"):
        tested |= pins(ROOT / "requirements" / f"{part}.txt")
    image = pins(ROOT / "containers" / name / "requirements.txt")
    assert image == {package: tested[package] for package in image}


@pytest.mark.parametrize("name", IMAGES)
def test_no_image_carries_a_secret_or_a_region(name: str) -> None:
    text = (ROOT / "containers" / name / "Dockerfile").read_text()
    assert not re.search(r"AWS_|[a-z]{2}-[a-z]+-\d|ADD\s|curl|wget", text)


@pytest.mark.parametrize("name", ["train", "infer"])
def test_an_image_that_computes_asks_for_the_gpu_and_can_compile_for_it(name: str) -> None:
    """NVIDIA's container runtime looks at these variables; Triton starts a C compiler with the C library's headers."""
    given = dict(pair.split("=") for word, rest in instructions(name) if word == "ENV" for pair in rest.split())
    assert given["NVIDIA_VISIBLE_DEVICES"] == "all"
    assert {"compute", "utility"} <= set(given["NVIDIA_DRIVER_CAPABILITIES"].split(","))
    commands = [rest for word, rest in instructions(name) if word == "RUN"]
    (installing,) = [command for command in commands if "apt-get install" in command]
    assert {"gcc", "libc6-dev", "--no-install-recommends"} <= set(installing.split())
    assert "rm -rf /var/lib/apt/lists" in installing


def test_preparing_needs_neither() -> None:
    text = (ROOT / "containers" / "prepare" / "Dockerfile").read_text()
    assert "NVIDIA" not in text
    assert "apt-get" not in text


def test_pictures_are_made_on_a_machine_without_a_gpu_unless_the_deployer_says_otherwise() -> None:
    """It takes minutes there, costs a sixth an hour, and needs no second quota."""
    template = (ROOT / "template.yaml").read_text()
    deployed = re.search(r"(?m)^  InferenceInstanceType:\n    Type: String\n    Default: (\S+)$", template)
    assert deployed is not None
    parameters = json.loads((ROOT / "pipeline_builder" / "definition.json").read_text())["Parameters"]
    (built,) = [one["DefaultValue"] for one in parameters if one["Name"] == "InferenceInstanceType"]
    assert deployed[1] == built
    assert re.fullmatch(r"ml\.[cmr][0-9][a-z]*\.\w+", built)
