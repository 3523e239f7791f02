"""What importing the package does."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "stylegan2-ada-pytorch"
LOOK = "import os, sys, stylegan2; print(os.environ.get('GOMP_SPINCOUNT'), 'torch' in sys.modules)"


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [("UNRELATED", "1", "1000"), ("GOMP_SPINCOUNT", "7", "7"), ("OMP_WAIT_POLICY", "ACTIVE", "None")],
)
def test_openmp_is_told_to_spin_only_briefly_before_torch_is_loaded_unless_the_user_says_otherwise(
    variable: str, value: str, expected: str
) -> None:
    environment = {name: text for name, text in os.environ.items() if name not in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")}
    environment |= {variable: value, "PYTHONPATH": str(PACKAGE)}
    output = subprocess.run([sys.executable, "-c", LOOK], env=environment, capture_output=True, text=True, check=True)
    assert output.stdout.split() == [expected, "False"]
