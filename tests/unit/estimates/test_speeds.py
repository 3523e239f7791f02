"""The table of speeds: whole, marked, and never wrong in a way that arithmetic could show."""

from itertools import pairwise
from math import isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.pipeline import PARAMETERS, RESOLUTIONS, resolutions_of
from tests.unit.properties import quick
from workshop.estimates.speeds import Basis, SpeedTable, speed_table

TABLE = speed_table()
TYPES = [
    *(f"{family}.{size}" for family in TABLE._values["families"] for size in ("xlarge", "12xlarge", "48xlarge")),
    *("ml.m5.large", "ml.m5.xlarge", "ml.c5.18xlarge", "ml.t3.medium", "ml.m8i.4xlarge"),
]
PRESETS = PARAMETERS["Preset"].choices


@pytest.mark.parametrize("instance_type", TYPES)
@pytest.mark.parametrize("preset", PRESETS)
def test_whatever_a_preset_can_train_has_a_speed_and_larger_pictures_take_longer(
    instance_type: str, preset: str
) -> None:
    speeds = [TABLE.training(instance_type, 1, preset, resolution) for resolution in resolutions_of(preset)]
    seconds = [speed.seconds for speed in speeds if speed is not None]
    assert len(seconds) == len(resolutions_of(preset))
    assert all(isfinite(one) and one > 0 for one in seconds)
    assert all(small < large for small, large in pairwise(seconds))


def test_every_figure_says_how_it_is_known() -> None:
    values = TABLE._values
    for name in ("starting", "prepare"):
        assert Basis(values[name]["basis"]) in Basis
    for device, table in values["training"].items():
        assert Basis(table["basis"]) in (Basis.MEASURED, Basis.GUESS), device
        assert table["why"], device
    # Nothing has been measured on a GPU yet.
    assert {device for device, table in values["training"].items() if table["basis"] == "measured"} == {"cpu"}
    assert {family["device"] for family in values["families"].values()} | {"cpu"} == set(values["training"])


@pytest.mark.parametrize(
    ("instance_type", "preset", "resolution", "basis"),
    [
        ("ml.m5.xlarge", "laptop", 32, Basis.MEASURED),
        ("ml.c5.xlarge", "auto", 32, Basis.MEASURED),
        ("ml.m5.xlarge", "auto", 256, Basis.GUESS),  # by its arithmetic
        ("ml.m5.4xlarge", "laptop", 32, Basis.GUESS),  # of more cores
        ("ml.m5.xlarge", "paper256", 32, Basis.GUESS),  # by a factor
        ("ml.g5.xlarge", "auto", 256, Basis.GUESS),
    ],
)
def test_only_what_was_measured_is_called_so(instance_type: str, preset: str, resolution: int, basis: Basis) -> None:
    speed = TABLE.training(instance_type, 1, preset, resolution)
    assert speed is not None
    assert speed.basis is basis


def test_more_gpus_and_machines_are_faster_but_not_as_many_times() -> None:
    def seconds(instance_type: str, machines: int = 1) -> float:
        speed = TABLE.training(instance_type, machines, "auto", 256)
        assert speed is not None
        return speed.seconds

    one = seconds("ml.g5.xlarge")
    assert one / 4 < seconds("ml.g5.12xlarge") < one / 2
    assert one / 4 < seconds("ml.g5.xlarge", machines=4) < one / 2
    assert seconds("ml.g5.xlarge") == seconds("ml.g5.16xlarge")  # one GPU, a larger host
    assert seconds("ml.m5.4xlarge") < seconds("ml.m5.xlarge") < seconds("ml.m5.large")


@pytest.mark.parametrize(
    "instance_type", ["ml.g9.xlarge", "ml.trn1.2xlarge", "ml.inf2.xlarge", "ml.m5.metal", "m5.xlarge", "", "ml.m5"]
)
def test_of_a_machine_that_nobody_knows_nothing_is_said(instance_type: str) -> None:
    assert TABLE.training(instance_type, 1, "auto", 256) is None
    assert TABLE.preparing(instance_type, 1, 1) is None
    assert TABLE.drawing(instance_type, "auto", 256, "all", 4) is None
    assert TABLE.starting(instance_type).seconds > 0


def test_of_another_images_preset_nothing_is_said() -> None:
    assert TABLE.training("ml.g5.xlarge", 1, "their-own", 256) is None


def test_what_a_deployer_has_measured_goes_before_all_else() -> None:
    table = SpeedTable(TABLE._values | {"measured": {"ml.g5.xlarge": {"auto": {"256": 33.0}}}})
    speed = table.training("ml.g5.xlarge", 1, "auto", 256)
    assert speed is not None
    assert (speed.seconds, speed.basis) == (33.0, Basis.MEASURED)
    assert table.training("ml.g5.xlarge", 1, "auto", 128) == TABLE.training("ml.g5.xlarge", 1, "auto", 128)
    assert table.training("ml.g5.2xlarge", 1, "auto", 256) == TABLE.training("ml.g5.2xlarge", 1, "auto", 256)


@quick
@given(
    instance_type=st.sampled_from(TYPES),
    resolution=st.sampled_from(RESOLUTIONS),
    images=st.integers(0, 200_000),
    size=st.integers(0, 10**12),
    targets=st.integers(0, 64),
    mode=st.sampled_from(PARAMETERS["InferenceMode"].choices),
)
def test_preparing_and_drawing_take_longer_for_more_and_never_less_than_nothing(
    instance_type: str, resolution: int, images: int, size: int, targets: int, mode: str
) -> None:
    prepared = TABLE.preparing(instance_type, images, size)
    drawn = TABLE.drawing(instance_type, "auto", resolution, mode, targets)
    more_prepared = TABLE.preparing(instance_type, images + 1, size + 10**6)
    more_drawn = TABLE.drawing(instance_type, "auto", resolution, mode, targets + 1)
    assert prepared is not None
    assert drawn is not None
    assert more_prepared is not None
    assert more_drawn is not None
    assert isfinite(prepared.seconds)
    assert 0 <= prepared.seconds < more_prepared.seconds
    assert isfinite(drawn.seconds)
    assert 0 < drawn.seconds <= more_drawn.seconds
