"""What a training leaves behind: checkpoints, sheets of samples, statistics. training.run_files says what lies where.

checkpoint          the whole state in one file that is complete or ignored
checkpoint_writer   ... written while the training goes on
sample_grid         sheets of sample images
sheet_series        ... of which a training keeps few
tick_stats          what a training measures of itself
tensorboard_log     ... for TensorBoard
"""

from stylegan2.results.checkpoint import load_checkpoint, save_checkpoint
from stylegan2.results.checkpoint_writer import CheckpointWriter
from stylegan2.results.sample_grid import Grid
from stylegan2.results.tick_stats import TickStats

__all__ = ["CheckpointWriter", "Grid", "TickStats", "load_checkpoint", "save_checkpoint"]
