"""What a training may cost: time and money."""

from dataclasses import dataclass
from typing import Literal

from stylegan2.base.errors import OptionError

Ending = Literal[
    "finished", "stopped", "on_request", "time_limit", "max_hours", "max_cost", "stalled", "collapsed", "data_lost"
]
"""Why a training ended: its length was reached, it was stopped, someone wants what there is, it would not have been
done in the time that it may take, a budget was used up, it learns nothing more or has lost what it had learned
(metrics.watch), the data are gone."""


@dataclass(frozen=True)
class Budget:
    """Limits of a training's whole time, interruptions not counted. None: no limit."""

    max_hours: float | None = None
    max_cost: float | None = None
    """Limit in the currency of `price_per_hour`."""
    price_per_hour: float | None = None

    def __post_init__(self) -> None:
        if self.max_cost is not None and self.price_per_hour is None:
            raise OptionError("max_cost: needs --price-per-hour, what an hour on this machine costs")

    def cost(self, seconds: float) -> float | None:
        """Return what this long a training costs, or None where the price is unknown."""
        return None if self.price_per_hour is None else seconds / 3600 * self.price_per_hour

    def used_up(self, seconds: float) -> Ending | None:
        """Return the limit that a training of this length has reached."""
        if self.max_hours is not None and seconds >= self.max_hours * 3600:
            return "max_hours"
        cost = self.cost(seconds)
        if self.max_cost is not None and cost is not None and cost >= self.max_cost:
            return "max_cost"
        return None

    def sentence(self, ending: Ending) -> str:
        """Return how a training ended, in words; a budget's limit says how to go on."""
        if ending == "on_request":
            return "ended on request, with everything saved,"
        if ending == "time_limit":
            return "ended in time for its limit, with everything saved,"
        if ending == "max_hours":
            return f"stopped, because its {self.max_hours:g} hours are used up; with a larger --max-hours it goes on,"
        if ending == "max_cost":
            return f"stopped, because its budget of {self.max_cost:g} is used up; with a larger --max-cost it goes on,"
        if ending == "collapsed":
            return "stopped, because it has lost what it had learned (the network from before is in best/),"
        if ending == "stalled":
            return "stopped, because it learns nothing more; with a larger --patience it goes on,"
        return ending
