"""The workshop on one machine: an embedded AWS with the same template, handlers, pipeline definition and entry
points.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Contract, functions' package and model are importable here, as the layer and the containers make them on AWS.
for folder in ("layers/workshop", "stylegan2-ada-pytorch"):
    sys.path.append(str(ROOT / folder))
