"""What is in a dataset's folder at one moment, its fingerprint, and its manifests.

S3's listing is strongly consistent: it is the truth that the events only hint at.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from workshop import clock, layout
from workshop.clients import S3, list_pages
from workshop.errors import RefusedName
from workshop.names import UPLOADS, FileKind, check_dataset, kind_of
from workshop.settings import MAX_SETTINGS_BYTES, Choice

# Projection targets, when the artist gave none: a few images of the dataset itself.
DEFAULT_TARGETS = 4


@dataclass(frozen=True)
class StoredObject:
    """One object of a folder: its name relative to the folder, and what S3's listing says of it."""

    name: str
    etag: str
    size: int
    modified_ms: int


@dataclass(frozen=True)
class Listing:
    """A dataset's folder, sorted by meaning. `left_out` counts files that are no usable image."""

    dataset: str
    images: tuple[StoredObject, ...]
    settings: StoredObject | None
    ready: StoredObject | None
    left_out: int
    refused: int

    @property
    def is_empty(self) -> bool:
        """Nothing there that somebody could wait for."""
        return not self.images and not self.left_out and self.settings is None

    @property
    def newest_ms(self) -> int:
        """When an image or the settings last changed; 0 if there is neither."""
        changed = [image.modified_ms for image in self.images]
        if self.settings is not None:
            changed.append(self.settings.modified_ms)
        return max(changed, default=0)


def list_dataset(s3: S3, bucket: str, dataset: str) -> Listing:
    """Everything in `uploads/<dataset>/`."""
    images: list[StoredObject] = []
    special: dict[FileKind, StoredObject] = {}
    left_out = refused = 0
    for found in _objects(s3, bucket, layout.uploads(dataset)):
        kind = kind_of(found.name)
        if kind is FileKind.IMAGE and found.size > 0:
            images.append(found)
        elif kind in (FileKind.SETTINGS, FileKind.READY):
            special[kind] = found
        elif found.name and not found.name.endswith("/"):
            left_out += 1
            refused += kind is FileKind.REFUSED
    images.sort(key=lambda image: image.name)
    return Listing(
        dataset, tuple(images), special.get(FileKind.SETTINGS), special.get(FileKind.READY), left_out, refused
    )


def list_datasets(s3: S3, bucket: str) -> tuple[list[str], int]:
    """The names of all datasets, and how many folders have a name outside the grammar."""
    names: list[str] = []
    refused = 0
    for page in list_pages(s3, Bucket=bucket, Prefix=UPLOADS, Delimiter="/"):
        for folder in page.get("CommonPrefixes", []):
            try:
                names.append(check_dataset(folder["Prefix"].removeprefix(UPLOADS).removesuffix("/")))
            except RefusedName:
                refused += 1
    return names, refused


def read_settings(s3: S3, bucket: str, listing: Listing) -> bytes | None:
    """The bytes of settings.yaml, one more than allowed if it is too long, None if there is none."""
    if listing.settings is None:
        return None
    key = layout.uploads(listing.dataset) + listing.settings.name
    response = s3.get_object(Bucket=bucket, Key=key)
    content: bytes = response["Body"].read(MAX_SETTINGS_BYTES + 1)
    return content


def fingerprint(images: Iterable[StoredObject], settings: bytes | None) -> str:
    """SHA-256 (hex) of the images' names, ETags and sizes, in any order, and of the settings file.

    Times are not part of it: uploading the same file again changes nothing.
    """
    digest = hashlib.sha256()
    for line in sorted(json.dumps([image.name, image.etag, image.size]) for image in images):
        digest.update(line.encode() + b"\n")
    digest.update(b"settings " + (hashlib.sha256(settings).hexdigest() if settings is not None else "-").encode())
    return digest.hexdigest()


def write_manifests(s3: S3, bucket: str, listing: Listing, fingerprint: str, choice: Choice) -> None:
    """Write the manifest, the projection targets' manifest and the snapshot's record; the last one last."""
    folder = layout.uploads(listing.dataset)
    targets_folder = layout.targets(listing.dataset)
    targets = sorted(image.name for image in _images(s3, bucket, targets_folder))
    if not targets:
        targets_folder, targets = folder, _spread([image.name for image in listing.images], DEFAULT_TARGETS)
    record = {
        "dataset": listing.dataset,
        "fingerprint": fingerprint,
        "objects": [{"key": folder + i.name, "etag": i.etag, "size": i.size} for i in listing.images],
        "settings": choice.as_dict(),
    }
    documents: dict[str, object] = {
        layout.manifest(listing.dataset, fingerprint): _manifest(bucket, folder, [i.name for i in listing.images]),
        layout.targets_manifest(listing.dataset, fingerprint): _manifest(bucket, targets_folder, targets),
        layout.snapshot_record(listing.dataset, fingerprint): record,
    }
    for key, document in documents.items():
        body = json.dumps(document, indent=None, separators=(",", ":")).encode()
        s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json")


def _manifest(bucket: str, folder: str, names: list[str]) -> list[object]:
    return [{"prefix": f"s3://{bucket}/{folder}"}, *names]


def _spread(names: list[str], count: int) -> list[str]:
    """Up to `count` names, evenly spaced."""
    if len(names) <= count:
        return names
    return [names[i * len(names) // count] for i in range(count)]


def _images(s3: S3, bucket: str, prefix: str) -> Iterator[StoredObject]:
    return (o for o in _objects(s3, bucket, prefix) if o.size > 0 and kind_of(o.name) is FileKind.IMAGE)


def _objects(s3: S3, bucket: str, prefix: str) -> Iterator[StoredObject]:
    for page in list_pages(s3, Bucket=bucket, Prefix=prefix):
        for entry in page.get("Contents", []):
            name = entry["Key"].removeprefix(prefix)
            yield StoredObject(name, entry["ETag"].strip('"'), entry["Size"], clock.to_ms(entry["LastModified"]))
