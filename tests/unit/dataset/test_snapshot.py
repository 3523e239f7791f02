"""A dataset's folder at one moment: what counts, its fingerprint, all pages of it."""

from dataclasses import replace
from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.chaos.fakes import FakeClock, FakeS3
from tests.unit.conftest import BUCKET, Stage
from tests.unit.properties import quick
from workshop.dataset import fingerprint, list_dataset, list_datasets, list_targets
from workshop.dataset.snapshot import StoredObject

OBJECTS = st.lists(
    st.builds(
        StoredObject,
        name=st.text(max_size=20),
        etag=st.text("0123456789abcdef-", max_size=8),
        size=st.integers(1, 10**12),
        modified_ms=st.integers(0, 2**41),
        content=st.text("0123456789abcdef:", min_size=1, max_size=8),
    ),
    unique_by=lambda stored: stored.name,
    max_size=8,
)


@quick
@given(OBJECTS, st.randoms(), st.none() | st.binary(max_size=10))
def test_the_fingerprint_does_not_depend_on_order_time_or_etag(
    objects: list[StoredObject], random: Random, settings: bytes | None
) -> None:
    shuffled = [replace(o, etag=f"{random.random()}", modified_ms=random.randrange(2**41)) for o in objects]
    random.shuffle(shuffled)
    assert fingerprint(shuffled, settings) == fingerprint(objects, settings)


@quick
@given(OBJECTS, OBJECTS, st.none() | st.binary(max_size=4), st.none() | st.binary(max_size=4))
def test_different_contents_have_different_fingerprints(
    one: list[StoredObject], other: list[StoredObject], settings: bytes | None, other_settings: bytes | None
) -> None:
    def content(objects: list[StoredObject]) -> set[tuple[str, str, int]]:
        return {(o.name, o.content, o.size) for o in objects}

    same = content(one) == content(other) and settings == other_settings
    assert (fingerprint(one, settings) == fingerprint(other, other_settings)) is same


def test_an_image_of_unknown_content_has_no_fingerprint() -> None:
    with pytest.raises(ValueError, match=r"what 'a.png' holds"):
        fingerprint([StoredObject("a.png", "0", 1, 0)], None)


def test_an_empty_settings_file_is_not_no_settings_file() -> None:
    assert fingerprint([], None) != fingerprint([], b"")


def test_only_images_count_and_the_newest_change_is_theirs_or_the_settings(stage: Stage) -> None:
    for name in ("b.png", "a/c.HEIC", "noext", "notes.txt", ".hidden.png", "x\\y.png", "settings.yml", "_READY"):
        stage.put(f"uploads/red-chairs/{name}")
    stage.put("uploads/red-chairs/empty.png", b"")
    stage.put("uploads/red-chairs/folder/", b"")
    stage.put("uploads/red-chairs/photo.png/", b"bytes")
    stage.put("uploads/red-chairs-2/other.png")
    listing = list_dataset(stage.s3, BUCKET, "red-chairs")

    assert [image.name for image in listing.images] == ["a/c.HEIC", "b.png", "empty.png", "noext"]
    assert (listing.left_out, sorted(listing.refused)) == (5, ["photo.png/", "x\\y.png"])
    assert listing.others == ("notes.txt",)
    assert listing.lookalikes == ("settings.yml",)
    assert listing.settings is None
    assert listing.ready
    assert listing.newest_ms == max(image.modified_ms for image in listing.images)
    assert not listing.is_empty


def test_a_folder_with_nothing_but_markers_is_empty(stage: Stage) -> None:
    stage.put("uploads/red-chairs/", b"")
    stage.put("uploads/red-chairs/_READY", b"")
    listing = list_dataset(stage.s3, BUCKET, "red-chairs")
    assert listing.is_empty
    assert listing.newest_ms == 0


def test_targets_are_whatever_may_be_an_image(stage: Stage) -> None:
    for name in ("a.HEIC", "b", "c.txt", ".DS_Store", "settings.yaml", "sub/d.png", "x\\y.png"):
        stage.put(f"inference/red-chairs/{name}")
    stage.put("inference/red-chairs/empty.png", b"")
    targets = list_targets(stage.s3, BUCKET, "red-chairs")

    assert [image.name for image in targets.images] == ["a.HEIC", "b", "empty.png", "sub/d.png"]
    assert (targets.others, targets.refused, targets.lookalikes) == (("c.txt",), ("x\\y.png",), ("settings.yaml",))


def test_every_page_of_a_long_listing_is_read() -> None:
    s3 = FakeS3(FakeClock())
    for number in range(3 * s3.PAGE + 1):
        s3.put_object(BUCKET, f"uploads/cats/{number:03d}.png", b"x")
    assert len(list_dataset(s3, BUCKET, "cats").images) == 3 * s3.PAGE + 1


def test_datasets_are_the_folders_with_a_good_name(stage: Stage) -> None:
    for folder in ("b", "a", "Not Good", "..", "c"):
        stage.put(f"uploads/{folder}/x.png")
    stage.put("uploads/loose.png")
    assert list_datasets(stage.s3, BUCKET) == (["a", "b", "c"], 2)


@pytest.mark.parametrize("second", [0, 1])
def test_times_are_in_milliseconds(second: int) -> None:
    clock = FakeClock(1_795_435_200_000 + second * 1000)
    s3 = FakeS3(clock)
    s3.put_object(BUCKET, "uploads/cats/a.png", b"x")
    moment = datetime(2026, 11, 23, 12, 0, second, tzinfo=UTC)
    assert list_dataset(s3, BUCKET, "cats").newest_ms == moment.timestamp() * 1000
