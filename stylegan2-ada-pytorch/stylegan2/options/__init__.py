"""What a person may choose about a training, free of torch, so that a wrong choice is refused in no time.

training    the table: one row an option, from which train.py's options, their help and every check come
row         what a row says
words       the words that options take
presets     the numbers of a training, by a name
budget      what it may cost: time and money
recorded    the options of a training that took place, from the file that it has left
"""

from stylegan2.options.budget import Budget, Ending
from stylegan2.options.presets import PRESETS, TrainingSettings, settings_of
from stylegan2.options.row import Row, rows_of
from stylegan2.options.training import TrainingChoices

__all__ = ["PRESETS", "Budget", "Ending", "Row", "TrainingChoices", "TrainingSettings", "rows_of", "settings_of"]
