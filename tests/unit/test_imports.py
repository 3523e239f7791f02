"""What a cold start pays for: no client before it is needed, none of the heavy packages at all."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HANDLERS = sorted(path.parent.name for path in (ROOT / "functions").glob("*/app.py"))

# Imports the handler's module as Lambda does, without any of the environment's variables, then tells what is loaded.
PROBE = """
import json, sys, boto3
boto3.client = boto3.resource = lambda *a, **k: sys.exit("a client was made at import")
import app
print(json.dumps(sorted({name.split(".")[0] for name in sys.modules})))
"""
HEAVY = {"aws_xray_sdk", "pydantic", "pydantic_core", "requests", "numpy", "sagemaker", "torch", "jinja2"}


def test_the_handlers_are_all_there() -> None:
    assert HANDLERS == [
        "report_failure", "report_success", "results_link", "start_run", "status_listener", "upload_trigger",
    ]  # fmt: skip


@pytest.mark.parametrize("name", HANDLERS)
def test_a_handler_is_imported_without_clients_environment_or_heavy_packages(name: str) -> None:
    path = os.pathsep.join([str(ROOT / "functions" / name), str(ROOT / "layers" / "workshop")])
    done = subprocess.run(
        [sys.executable, "-c", PROBE],
        env={"PYTHONPATH": path, "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not HEAVY & set(json.loads(done.stdout))
