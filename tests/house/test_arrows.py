"""Who may know whom: the rooms' dependencies, held (docs/decisions.md)."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = {
    "functions",
    "contract",
    "workshop",
    "pipeline_builder",
    "stylegan2",
    "containers",
    "operations",
    "local_aws",
    "sagemaker",
    "boto3",
}

# room's folder -> what it may import of ours, and of the two packages that mark AWS
MAY_KNOW = {
    "layers/workshop/contract": {"contract"},
    "functions": {"contract", "workshop"},
    "layers/workshop/workshop": {"contract", "workshop", "boto3"},
    "operations": {"contract", "operations", "workshop", "boto3"},
    "pipeline_builder": {"contract", "pipeline_builder", "sagemaker", "boto3"},
    "stylegan2-ada-pytorch": {"stylegan2"},
    "containers": {"contract", "containers", "stylegan2", "boto3"},
    "local_aws": {"contract", "local_aws", "workshop", "pipeline_builder", "stylegan2", "boto3"},
}


def imports(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("room", MAY_KNOW)
def test_a_room_knows_only_the_rooms_it_may(room: str) -> None:
    files = list((ROOT / room).rglob("*.py"))
    assert files
    wrong = {str(f.relative_to(ROOT)): seen for f in files if (seen := imports(f) & ROOMS - MAY_KNOW[room])}
    assert not wrong


def test_the_contract_needs_the_standard_library_only() -> None:
    """The Prepare image has hardly anything else, and every room imports it."""
    for file in (ROOT / "layers/workshop/contract").rglob("*.py"):
        assert imports(file) <= sys.stdlib_module_names | {"contract"}, file


def test_only_the_containers_job_knows_opt_ml() -> None:
    """`containers/job.py` reads it, the pipeline's steps name it, and the stand-in for SageMaker provides it."""
    knowing = {
        str(file.relative_to(ROOT))
        for room in MAY_KNOW
        for file in (ROOT / room).rglob("*.py")
        if "/opt/ml" in file.read_text()
    }
    strangers = {f for f in knowing if not f.startswith(("pipeline_builder/", "local_aws/sagemaker/"))}
    assert strangers == {"containers/job.py"}


def test_files_stay_readable_in_one_go() -> None:
    """At most 400 lines a file, tests and data apart."""
    long = {
        str(file.relative_to(ROOT)): lines
        for room in MAY_KNOW
        for file in (ROOT / room).rglob("*.py")
        if (lines := len(file.read_text().splitlines())) > 400
    }
    assert not long
