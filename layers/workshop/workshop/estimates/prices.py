"""prices.toml: what an hour of each machine costs, by region."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

# Where a region is not in the list, no price is known, and MaxRunCost must hold all the same.
_SAFETY = 1.5


class PriceList:
    """The prices of one file, in dollars an hour. Training and processing jobs cost the same."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._regions = values["regions"]
        self._base = values["prices"]

    def price(self, region: str, instance_type: str) -> float | None:
        """None if it is not known."""
        known = self._regions.get(region)
        if known is None:
            return None
        own = known.get("prices", {}).get(instance_type)
        base = self._base.get(instance_type)
        if own is not None or base is None:
            return None if own is None else float(own)
        return round(float(base * known["factor"]), 4)

    def bound(self, instance_type: str) -> float | None:
        """What an hour costs at most in a region that the list does not have: the dearest of those that it has, and
        half as much again. None if the type is not in the list at all."""
        known = [price for region in self._regions if (price := self.price(region, instance_type)) is not None]
        return max(known) * _SAFETY if known else None


@cache
def price_list() -> PriceList:
    """The deployment's list."""
    return PriceList(tomllib.loads(resources.files(__package__).joinpath("prices.toml").read_text(encoding="utf-8")))
