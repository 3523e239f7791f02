"""What a cold start pays for: no client before it is needed, none of the heavy packages at all."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
HANDLERS = sorted((ROOT / "functions").glob("*/app.py"))

# Imports each handler's module as Lambda does, without any of the environment's variables, then tells what is loaded.
PROBE = """
import importlib.util, json, sys, botocore.session
made = []
botocore.session.Session.create_client = lambda *a, **k: made.append(a)
for path in sys.argv[1:]:
    spec = importlib.util.spec_from_file_location("app", path)
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
print(json.dumps([made, sorted({name.split(".")[0] for name in sys.modules})]))
"""
HEAVY = {"aws_xray_sdk", "pydantic", "pydantic_core", "requests", "numpy", "sagemaker", "torch", "jinja2"}


def test_the_handlers_are_all_there() -> None:
    assert [path.parent.name for path in HANDLERS] == [
        "report_failure", "report_success", "send_mail", "start_run", "status_listener",
        "upload_trigger", "web_api",
    ]  # fmt: skip


def test_handlers_are_imported_without_clients_environment_or_heavy_packages() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *map(str, HANDLERS)],
        env={"PYTHONPATH": str(ROOT / "layers" / "workshop"), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    made, loaded = json.loads(done.stdout)
    assert made == []
    assert not HEAVY & set(loaded)
