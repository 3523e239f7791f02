"""Makes the functions' package and the model importable here, as the layer and the containers do on AWS."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

for folder in ("layers/workshop", "stylegan2-ada-pytorch"):
    sys.path.append(str(ROOT / folder))
