"""progress.json: what a training tells while it goes on, beside its checkpoints. Train writes it, watchers read it.

progress    the document
history     ... in it the curves, thinned to a bounded number of points
"""

from contract.training_progress.history import Point, thinned
from contract.training_progress.progress import (
    EndsBy,
    Sheet,
    SheetGrid,
    TrainingPhase,
    TrainingProgress,
    Verdict,
)

__all__ = ["EndsBy", "Point", "Sheet", "SheetGrid", "TrainingPhase", "TrainingProgress", "Verdict", "thinned"]
