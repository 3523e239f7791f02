"""The picture on a dataset's card: one that its last run has made, or else one of its images."""

from collections.abc import Collection, Iterable

from contract import layout
from contract.gallery import MAX_BYTES, Gallery, GalleryKind
from contract.names import parse_execution
from workshop.admission.grants import Right
from workshop.dataset.snapshot import StoredObject
from workshop.ledger import DatasetState
from workshop.platform.addresses import Addresses, is_shown
from workshop.platform.clients import S3
from workshop.platform.documents import read_document

MAX_IMAGE_BYTES = 2_000_000  # a page has many cards
# The first of these that there is; a sheet is too small to see anything in it.
_SHOWN = (GalleryKind.GENERATED, GalleryKind.RECREATED, GalleryKind.MIXED)


class Covers:
    """Finds them."""

    def __init__(self, s3: S3, bucket: str, addresses: Addresses) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._addresses = addresses

    def cover(self, state: DatasetState, images: Iterable[StoredObject], rights: Collection[Right]) -> str | None:
        """An address, for somebody with these rights: who may only watch has seen neither pictures nor images."""
        picture = self._picture(state) if Right.TAKE in rights else None
        if picture is None and {Right.TAKE, Right.DROP} & set(rights):
            picture = _image(state.dataset, images)
        return None if picture is None else self._addresses.show(picture)

    def _picture(self, state: DatasetState) -> str | None:
        """Of the last run, or of the last one that went well: a key."""
        for arn in dict.fromkeys(filter(None, (state.last_execution_arn, state.good_arn))):
            folder = layout.run(state.dataset, parse_execution(arn).id)
            key = f"{folder}{layout.REPORT}/{layout.GALLERY}"
            gallery = read_document(self._s3, self._bucket, key, Gallery.from_json, MAX_BYTES + 1)
            items = [] if gallery is None else [item for kind in _SHOWN for item in gallery.of_kind(kind)]
            if items:
                return folder + items[0].thumbnail
        return None


def _image(dataset: str, images: Iterable[StoredObject]) -> str | None:
    """The first that a browser shows and soon has: a key."""
    name = next((one.name for one in images if is_shown(one.name) and 0 < one.size <= MAX_IMAGE_BYTES), None)
    return None if name is None else layout.uploads(dataset) + name
