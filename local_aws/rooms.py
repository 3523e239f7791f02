"""Makes the functions' shared package importable here, as the layer makes it importable on AWS."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

sys.path.append(str(ROOT / "layers" / "workshop"))
