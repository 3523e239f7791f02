"""The functions' clients read time stamps as botocore does, only faster."""

from datetime import UTC, datetime

import pytest
from botocore.utils import parse_timestamp
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.conftest import BUCKET, Stage
from workshop.platform.clients import _parse_time


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC)))
def test_a_listing_s_time_stamps_are_read_as_botocore_reads_them(moment: datetime) -> None:
    text = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert _parse_time(text) == parse_timestamp(text)


@pytest.mark.parametrize("value", [1795531623, 1795531623.25, "Tue, 24 Nov 2026 10:00:00 GMT"])
def test_the_other_forms_of_time_stamps_are_left_to_botocore(value: object) -> None:
    assert _parse_time(value) == parse_timestamp(value)


def test_a_listing_has_times_with_a_zone(stage: Stage) -> None:
    stage.put("uploads/a/b.png")
    (entry,) = stage.s3.list_objects_v2(Bucket=BUCKET)["Contents"]
    assert entry["LastModified"].tzinfo is not None
