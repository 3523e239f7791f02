"""The picture on a dataset's card."""

from collections.abc import Iterable

from contract import layout
from workshop.dataset.snapshot import StoredObject
from workshop.platform.addresses import Addresses, is_shown

MAX_BYTES = 2_000_000  # a page has many cards


def cover_of(addresses: Addresses, dataset: str, images: Iterable[StoredObject]) -> str | None:
    """The address of the first of its images that a browser shows and soon has."""
    name = next((one.name for one in images if is_shown(one.name) and 0 < one.size <= MAX_BYTES), None)
    return None if name is None else addresses.show(layout.uploads(dataset) + name)
