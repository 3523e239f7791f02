"""What is remembered, in one DynamoDB table, and the timers that it remembers.

state      the values: a dataset's state, a claim, a run's record
datasets   `Ledger`: each change of a dataset is one conditional write
runs       `Runs`: records of runs and steps, and which notices were sent
readers    `Readers`: who gets the mails of a workshop that mails itself
speeds     `Speeds`: how fast trainings of each kind have been
timers     `Timers`: the delayed message that says "look again at this dataset"
"""

from workshop.ledger.datasets import Claimed, Ledger
from workshop.ledger.readers import Readers
from workshop.ledger.runs import Runs
from workshop.ledger.speeds import Speeds
from workshop.ledger.state import Claim, DatasetState, Phase, RunRecord
from workshop.ledger.timers import Timer, Timers

__all__ = [
    "Claim",
    "Claimed",
    "DatasetState",
    "Ledger",
    "Phase",
    "Readers",
    "RunRecord",
    "Runs",
    "Speeds",
    "Timer",
    "Timers",
]
