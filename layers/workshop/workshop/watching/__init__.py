"""What people see and do while a run is under way. Functions and operators' commands stand on it.

progress      how far a training has come, and its sheets of samples
previews      the mail about what a training has learned early
ending_runs   ending a run: with pictures of what was learned, or without
runs          the web app's operations: watched_run gathers what is known of a run, run_views tells it, images in short
"""

from workshop.watching.ending_runs import cancel_run, finish_training
from workshop.watching.progress import read_progress, sheet_uri, training_progress

__all__ = ["cancel_run", "finish_training", "read_progress", "sheet_uri", "training_progress"]
