"""The price list: every machine that the default deployment uses, in every region that it names."""

import re

from workshop.estimates.prices import PriceList, price_list

LIST = price_list()
DEFAULTS = ("ml.m5.xlarge", "ml.g5.xlarge", "ml.g5.2xlarge", "ml.g4dn.xlarge")


def test_every_region_has_a_price_of_every_machine_within_reason() -> None:
    for region in LIST._regions:
        assert re.fullmatch(r"[a-z]{2}(-gov)?-[a-z]+-[1-9]", region)
        for instance_type in LIST._base:
            price = LIST.price(region, instance_type)
            assert price is not None
            assert 0.05 < price < 250, (region, instance_type)
    assert set(DEFAULTS) <= LIST._base.keys()


def test_a_price_of_a_regions_own_goes_before_the_factor() -> None:
    listed = PriceList(
        {
            "prices": {"ml.a.xlarge": 1.0},
            "regions": {
                "one": {"factor": 1.5},
                "two": {"factor": 2.0, "prices": {"ml.a.xlarge": 1.2, "ml.b.large": 3}},
            },
        }
    )
    assert (listed.price("one", "ml.a.xlarge"), listed.price("two", "ml.a.xlarge")) == (1.5, 1.2)
    assert (listed.price("one", "ml.b.large"), listed.price("two", "ml.b.large")) == (None, 3.0)
    assert listed.price("three", "ml.a.xlarge") is None


def test_the_bound_is_above_every_known_price() -> None:
    for instance_type in DEFAULTS:
        bound = LIST.bound(instance_type)
        assert bound is not None
        assert all((LIST.price(region, instance_type) or 0) < bound for region in LIST._regions)
    assert LIST.bound("ml.x1.xlarge") is None
