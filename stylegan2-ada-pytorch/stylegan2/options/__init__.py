"""What a person may choose about a training, free of torch, so that a wrong choice is refused in no time.

presets     the numbers of a training, by a name
budget      what it may cost: time and money
"""

from stylegan2.options.budget import Budget, Ending
from stylegan2.options.presets import PRESETS, TrainingSettings, settings_of

__all__ = ["PRESETS", "Budget", "Ending", "TrainingSettings", "settings_of"]
