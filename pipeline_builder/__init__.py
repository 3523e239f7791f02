"""Builds the SageMaker pipeline and puts it into an account.

Two halves that share nothing but `definition.json`:

    definition   `parameters`, one module per step, `pipeline`: need the SageMaker SDK (only at build time, see `sdk`)
    deployment   `bundle`, `deploy`: boto3 alone, read the committed `definition.json`

The package knows no function's code and imports none of the code that the jobs run: it copies those files.
"""

import sys
from pathlib import Path

# The contract is importable here, as the layer makes it on AWS.
sys.path.append(str(Path(__file__).resolve().parent.parent / "layers/workshop"))
