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
from workshop.names import INFERENCE, UPLOADS, FileKind, check_dataset, kind_of
from workshop.settings import MAX_PROJECTION_TARGETS, MAX_SETTINGS_BYTES, Choice


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


@dataclass(frozen=True)
class Targets:
    """The images to project: those of `inference/<dataset>/`, sorted."""

    dataset: str
    images: tuple[StoredObject, ...]

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of their names, ETags and sizes; "" if there are none."""
        return fingerprint(self.images, None) if self.images else ""

    @property
    def newest_ms(self) -> int:
        """When one of them last changed; 0 if there is none."""
        return max((image.modified_ms for image in self.images), default=0)

    def part(self, done: str, most: int) -> tuple["Targets", str]:
        """The images that a run is to project, at most so many, and the mark of what is done once it has.

        A folder of more images is done by several runs, one after the other. `done` is the mark that the last of them
        has left; the digest alone says that nothing of this folder is owed.
        """
        digest, _, number = done.partition("@")
        start = int(number or 0) if digest == self.digest else 0
        end = start + most
        mark = f"{self.digest}@{end}" if end < len(self.images) else self.digest
        return Targets(self.dataset, self.images[start:end]), mark


def targets_per_run(resolution: int) -> int:
    """How many images one run projects: for so many, Infer has the time for a fair search on a CPU
    (docs/performance.md)."""
    return 64 if resolution <= 256 else MAX_PROJECTION_TARGETS


def list_targets(s3: S3, bucket: str, dataset: str) -> Targets:
    """The images in `inference/<dataset>/`."""
    found = _objects(s3, bucket, layout.targets(dataset))
    images = (o for o in found if o.size > 0 and kind_of(o.name) is FileKind.IMAGE)
    return Targets(dataset, tuple(sorted(images, key=lambda image: image.name)))


def list_datasets(s3: S3, bucket: str) -> tuple[list[str], int]:
    """The names of all datasets that have images to learn or to project, and how many folders have a name outside
    the grammar."""
    names: set[str] = set()
    refused: set[str] = set()
    for prefix in (UPLOADS, INFERENCE):
        for page in list_pages(s3, Bucket=bucket, Prefix=prefix, Delimiter="/"):
            for folder in page.get("CommonPrefixes", []):
                try:
                    names.add(check_dataset(folder["Prefix"].removeprefix(prefix).removesuffix("/")))
                except RefusedName:
                    refused.add(folder["Prefix"])
    return sorted(names), len(refused)


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
    """Write the snapshot's manifest and, last, its record."""
    folder = layout.uploads(listing.dataset)
    record = {
        "dataset": listing.dataset,
        "fingerprint": fingerprint,
        "objects": [{"key": folder + i.name, "etag": i.etag, "size": i.size} for i in listing.images],
        "settings": choice.as_dict(),
    }
    manifest = _manifest(bucket, folder, [i.name for i in listing.images])
    _write(s3, bucket, layout.manifest(listing.dataset, fingerprint), manifest)
    _write(s3, bucket, layout.snapshot_record(listing.dataset, fingerprint), record)


def write_targets(s3: S3, bucket: str, listing: Listing, targets: Targets, choice: Choice) -> str:
    """Write the manifest of the images to project, or else of a few of the dataset's own; return its key."""
    folder, images = layout.targets(listing.dataset), targets.images
    if not images:
        folder, images = layout.uploads(listing.dataset), _spread(listing.images, choice.projection_targets)
    manifest = _manifest(bucket, folder, [image.name for image in images])
    key = layout.targets_manifest(listing.dataset, _digest(manifest, images))
    _write(s3, bucket, key, manifest)
    return key


def _manifest(bucket: str, folder: str, names: list[str]) -> list[object]:
    return [{"prefix": f"s3://{bucket}/{folder}"}, *names]


def _digest(manifest: list[object], images: Iterable[StoredObject]) -> str:
    """A manifest's own name: equal for equal contents of the objects that it lists."""
    return hashlib.sha256(json.dumps([manifest, [image.etag for image in images]]).encode()).hexdigest()


def _spread(images: tuple[StoredObject, ...], count: int) -> tuple[StoredObject, ...]:
    """Up to `count` images, evenly spaced."""
    if len(images) <= count:
        return images
    return tuple(images[i * len(images) // count] for i in range(count))


def _write(s3: S3, bucket: str, key: str, document: object) -> None:
    body = json.dumps(document, separators=(",", ":")).encode()
    s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json")


def _objects(s3: S3, bucket: str, prefix: str) -> Iterator[StoredObject]:
    for page in list_pages(s3, Bucket=bucket, Prefix=prefix):
        for entry in page.get("Contents", []):
            name = entry["Key"].removeprefix(prefix)
            yield StoredObject(name, entry["ETag"].strip('"'), entry["Size"], clock.to_ms(entry["LastModified"]))
