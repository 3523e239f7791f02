"""What several machines must agree on stands in `contract`, and nowhere a second time.

Looked at are the constants of all rooms but the model, which knows none of these facts, and the stand-in for SageMaker,
which speaks the service's words by itself. Tests spell the facts again on purpose: they are the second opinion.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract import jobs, layout, pipeline, statuses

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("functions", "layers/workshop/workshop", "pipeline_builder", "containers", "operations", "local_aws")
STAND_IN = ROOT / "local_aws/sagemaker"

PREFIXES = (
    layout.UPLOADS,
    layout.INFERENCE,
    layout.MANIFESTS,
    layout.CHECKPOINTS,
    layout.RUNS,
    layout.BASE,
    layout.CODE,
    *(f"{folder}/" for folder in (layout.PREPARED, layout.PREPARE_REPORT, layout.SET_ASIDE, layout.REPORT)),
    *(f"{kind}/" for kind in (*layout.MADE_KINDS, *layout.UNCOUNTED_KINDS)),
)
FILES = {
    layout.DATASET_ARCHIVE,
    layout.PREPARE_REPORT_FILE,
    layout.COUNTS_FILE,
    layout.MODEL_ARCHIVE,
    layout.REPORT_PAGE,
    layout.REPORT_DATA,
    layout.GALLERY,
    layout.PICTURE_ARCHIVE,
    layout.MODEL_NOTE,
}
JOB_NAMES = {
    value
    for name, value in vars(jobs).items()
    # Words like "report" or "DATASET" stand for other things as well.
    if name.endswith(("_INPUT", "_OUTPUT", "_VARIABLE")) and ("-" in value or "_" in value)
}
STATUSES = {*statuses.TERMINAL, statuses.EXECUTING, statuses.STOPPING, statuses.LOST}
# AWS's own errors are called like the others.
CODES = {code for code in jobs.FailureCode if code not in {"AccessDenied", "ExpiredToken", "OutOfMemory"}}
WORDS = {*FILES, *JOB_NAMES, *STATUSES, *CODES, *pipeline.Step, layout.LIKENESS}
COMMON_NUMBERS = {0, 0.1, 1, 60, 100, 600, 1_000_000}
BOUNDS = {bound for parameter in pipeline.PARAMETERS.values() for bound in parameter.bounds} - COMMON_NUMBERS
TABLES = {pipeline.RESOLUTIONS, *(p.choices for p in pipeline.PARAMETERS.values() if p.choices)}


def docstrings(tree: ast.AST) -> set[int]:
    """The ids of the nodes that are docstrings, or stand alone like them."""
    return {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}


def repeated_facts(source: str) -> Iterator[str]:
    """Each fact of the contract that a module writes down by itself."""
    tree = ast.parse(source)
    ignored = docstrings(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Tuple | ast.List | ast.Set):
            values = [element.value for element in node.elts if isinstance(element, ast.Constant)]
            if tuple(values) in TABLES and set(values) != {"true", "false"}:
                yield f"{node.lineno}: {values}"
        if not isinstance(node, ast.Constant) or id(node) in ignored:
            continue
        value = node.value
        if isinstance(value, str) and (value in WORDS or re.match("|".join(map(re.escape, PREFIXES)), value)):
            yield f"{node.lineno}: {value!r}"
        if type(value) in {int, float} and value in BOUNDS:
            yield f"{node.lineno}: {value}"


@pytest.mark.parametrize("room", ROOMS)
def test_no_room_writes_a_fact_of_the_contract_down_again(room: str) -> None:
    files = [file for file in (ROOT / room).rglob("*.py") if not file.is_relative_to(STAND_IN)]
    assert files
    found = [f"{file.relative_to(ROOT)}:{fact}" for file in files for fact in repeated_facts(file.read_text())]
    assert not found


@pytest.mark.parametrize(
    "source",
    [
        'folder = f"runs/{dataset}/"',
        'step = "Train"',
        "MAX_KIMG = 25_000",
        "SIDES = (16, 32, 64, 128, 256, 512, 1024)",
        'MODES = ["all", "generate", "mix", "project"]',
        'page = folder / "index.html"',
        'if status == "Succeeded": pass',
    ],
)
def test_a_fact_that_is_written_down_again_is_found(source: str) -> None:
    assert list(repeated_facts(source))


@pytest.mark.parametrize("source", ['"""Writes report.json."""', 'kind = "report"', "limit = 60", 'say = "Training"'])
def test_what_is_no_fact_of_the_contract_is_left_alone(source: str) -> None:
    assert not list(repeated_facts(source))
