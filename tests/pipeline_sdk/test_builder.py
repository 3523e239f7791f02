"""The builder makes exactly the definition that is kept. Needs the SageMaker SDK (`make test-pipeline`)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# A process of its own: the SDK changes logging, warnings and the environment of whoever imports it.
PROGRAM = """
import json, socket

attempts = []

def refuse(*arguments, **_):
    attempts.append(repr(arguments[1:] if arguments and isinstance(arguments[0], socket.socket) else arguments))
    raise OSError("no network while the definition is built")

socket.socket.connect = socket.socket.connect_ex = socket.socket.sendto = refuse
socket.getaddrinfo = socket.gethostbyname = socket.create_connection = refuse

from pipeline_builder.pipeline import build_definition

print(json.dumps({"definitions": [build_definition() for _ in range(TIMES)], "attempts": attempts}))
"""


@pytest.mark.parametrize(
    ("times", "hash_seed", "environment"),
    [
        pytest.param(2, "1", {}, id="twice in a bare environment"),
        pytest.param(
            1,
            "2",
            {
                "AWS_DEFAULT_REGION": "ap-southeast-2",
                "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
                "AWS_SECRET_ACCESS_KEY": "somebody's",
                "SAGEMAKER_VALIDATE_ROLE": "true",
                "TZ": "Pacific/Auckland",
            },
            id="somebody's account",
        ),
    ],
)
def test_the_builder_makes_the_kept_definition_byte_for_byte_without_a_network(
    tmp_path: Path, times: int, hash_seed: str, environment: dict[str, str]
) -> None:
    result = subprocess.run(
        [sys.executable, "-c", f"TIMES = {times}\n{PROGRAM}"],
        cwd=ROOT,
        # An empty home, so that no configuration file of whoever runs the test has a say.
        env={"HOME": str(tmp_path), "PATH": "", "PYTHONHASHSEED": hash_seed, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    answer = json.loads(result.stdout)

    kept = (ROOT / "pipeline_builder" / "definition.json").read_text(encoding="utf-8")
    assert answer["definitions"] == [kept] * times
    assert answer["attempts"] == []
