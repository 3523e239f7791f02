"""What a run may be told about its training beyond the pipeline's other parameters: options of train.py, as JSON.

    {"gamma": 10, "augpipe": "bg", "snap": 5}

table.json      the rows of the trainer's table of options (stylegan2.options.training) that are a run's to choose, by
                the names that its command line has. `python -m tests.containers.write_train_options` writes it
option          one row: what it takes, and how a value or a text is judged
reading         a whole choice: from JSON and back, with a sentence for what does not fit

The functions, the commands and the jobs judge by this table, which needs no trainer; the trainer judges by its own
rows. tests/containers/test_parameters_agree.py holds that both are the same.
"""

from contract.train_options.option import TRAIN_OPTIONS, TrainOption, Value
from contract.train_options.reading import (
    NO_OPTIONS,
    OPTIONS_WORDS,
    Clash,
    first_clash,
    options_text,
    read_options,
    why_options_refused,
)

__all__ = [
    "NO_OPTIONS",
    "OPTIONS_WORDS",
    "TRAIN_OPTIONS",
    "Clash",
    "TrainOption",
    "Value",
    "first_clash",
    "options_text",
    "read_options",
    "why_options_refused",
]
