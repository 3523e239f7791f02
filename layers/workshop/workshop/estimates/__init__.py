"""What a run will take and cost, before it is started: data that a deployer can edit, and what earlier runs have shown.

speeds    speeds.toml: how fast each machine prepares, trains and draws, as far as it is known
prices    prices.toml: what an hour of each machine costs, by region
learned   what this deployment's own runs have shown, as a few samples of each kind of training
whole     from these to the estimate of a whole run
"""

from workshop.estimates.speeds import Basis
from workshop.estimates.whole import Estimate

__all__ = ["Basis", "Estimate"]
