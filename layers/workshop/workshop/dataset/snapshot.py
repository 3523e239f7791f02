"""What is in a dataset's folder at one moment, its fingerprint, and its record, which is what a run reads.

S3's listing is strongly consistent: it is the truth that the events only hint at.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from enum import StrEnum

from botocore.exceptions import ClientError

from contract import layout
from contract.errors import RefusedName
from contract.file_kinds import SETTINGS_NAME, FileKind, has_image_ending, is_folder_marker, kind_of
from contract.image_record import ImageRecord, ListedImage
from contract.layout import INFERENCE, UPLOADS
from contract.names import check_dataset
from workshop.dataset.contents import identify_objects, is_as_listed, is_objects_own, is_still_there
from workshop.dataset.settings import MAX_PROJECTION_TARGETS, MAX_SETTINGS_BYTES, Choice
from workshop.platform import clock
from workshop.platform.clients import S3, Response, error_code, http_status, list_pages

# Storage classes whose objects have to be restored before they can be read.
_ARCHIVES = frozenset({"GLACIER", "DEEP_ARCHIVE"})


@dataclass(frozen=True)
class StoredObject:
    """One object of a folder: its name relative to the folder, what S3's listing says of it, and what it holds."""

    name: str
    etag: str
    size: int
    modified_ms: int
    is_archived: bool = False
    content: str = ""  # see workshop.dataset.contents; "" until `with_contents` has found it out


@dataclass(frozen=True)
class Listing:
    """A dataset's folder, sorted by meaning. `left_out` counts the files that no run looks at: the `others`, which are
    no images, the `refused`, whose names could do harm, the `lookalikes` of settings.yaml (names, the newest first),
    and what systems leave behind."""

    dataset: str
    images: tuple[StoredObject, ...]
    settings: StoredObject | None
    ready: StoredObject | None
    left_out: int
    refused: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    lookalikes: tuple[str, ...] = ()

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
    """List everything in `uploads/<dataset>/`, sorted by what it is to us."""
    sorted_out = _sorted_out(s3, bucket, layout.uploads(dataset))
    images, others, refused, lookalikes, junk = (
        sorted_out[kind]
        for kind in (FileKind.IMAGE, FileKind.OTHER, FileKind.REFUSED, FileKind.LOOKALIKE, FileKind.JUNK)
    )
    return Listing(
        dataset,
        tuple(sorted(images, key=lambda image: image.name)),
        next(iter(sorted_out[FileKind.SETTINGS]), None),
        next(iter(sorted_out[FileKind.READY]), None),
        left_out=len(others) + len(refused) + len(lookalikes) + len(junk),
        refused=_newest_first(refused),
        others=_newest_first(others),
        lookalikes=_newest_first(lookalikes),
    )


@dataclass(frozen=True)
class Targets:
    """The images to project: those of `inference/<dataset>/`, sorted. The names of other files there: `others` are
    certainly none, `refused` could do harm, and `lookalikes` are called like settings, which are not read there."""

    dataset: str
    images: tuple[StoredObject, ...]
    others: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    lookalikes: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of their names, contents and sizes; "" if there are none."""
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
        return replace(self, images=self.images[start:end]), mark


def _sorted_out(s3: S3, bucket: str, folder: str) -> dict[FileKind, list[StoredObject]]:
    """Everything in a folder, by what it is to us. What is called like a folder and has bytes is a file after all."""
    sorted_out: dict[FileKind, list[StoredObject]] = {kind: [] for kind in FileKind}
    for found in _objects(s3, bucket, folder):
        if not is_folder_marker(found.name):
            sorted_out[kind_of(found.name)].append(found)
        elif found.size:
            sorted_out[FileKind.REFUSED].append(found)
    return sorted_out


def targets_per_run(resolution: int) -> int:
    """How many images one run projects: for so many, Infer has the time for a fair search on a CPU
    (docs/performance.md)."""
    return 64 if resolution <= 256 else MAX_PROJECTION_TARGETS


def list_targets(s3: S3, bucket: str, dataset: str) -> Targets:
    """The images in `inference/<dataset>/`."""
    sorted_out = _sorted_out(s3, bucket, layout.targets(dataset))
    return Targets(
        dataset,
        tuple(sorted(sorted_out[FileKind.IMAGE], key=lambda image: image.name)),
        others=_newest_first(sorted_out[FileKind.OTHER] + sorted_out[FileKind.READY]),
        refused=_newest_first(sorted_out[FileKind.REFUSED]),
        lookalikes=_newest_first(sorted_out[FileKind.LOOKALIKE] + sorted_out[FileKind.SETTINGS]),
    )


def _newest_first(objects: Iterable[StoredObject]) -> tuple[str, ...]:
    return tuple(found.name for found in sorted(objects, key=lambda found: (-found.modified_ms, found.name)))


@dataclass(frozen=True)
class Page:
    """Some of a folder's files, in S3's order. `next` is the name after which the next page begins; None: there is
    none."""

    files: tuple[StoredObject, ...]
    next: str | None

    @property
    def images(self) -> list[StoredObject]:
        """Those of them that are images by their names."""
        return [found for found in self.files if kind_of(found.name) is FileKind.IMAGE]


def list_page(s3: S3, bucket: str, folder: str, after: str = "") -> Page:
    """The up to 1,000 objects of a folder that come after this name."""
    start = {"StartAfter": folder + after} if after else {}
    page = s3.list_objects_v2(Bucket=bucket, Prefix=folder, **start)
    files = tuple(_stored(folder, entry) for entry in page.get("Contents", []))
    return Page(files, files[-1].name if files and page.get("IsTruncated") else None)


def list_settings(s3: S3, bucket: str, dataset: str) -> Listing:
    """The settings file of a dataset's folder, as a listing of nothing else."""
    folder = layout.uploads(dataset)
    page = s3.list_objects_v2(Bucket=bucket, Prefix=folder + SETTINGS_NAME, MaxKeys=1)
    found = [_stored(folder, entry) for entry in page.get("Contents", [])]
    return Listing(dataset, (), next((one for one in found if one.name == SETTINGS_NAME), None), None, left_out=0)


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


class SettingsTrouble(StrEnum):
    """Why settings.yaml cannot be read."""

    ARCHIVED = "archived"  # it lies in S3 Glacier
    ENCRYPTED = "encrypted"  # with a key that we do not have (SSE-C)
    FORBIDDEN = "forbidden"


@dataclass(frozen=True)
class SettingsFile:
    """What settings.yaml says: its bytes, one more than allowed if it is too long; None if there is none, or none to be
    read. `identity` stands for them in the fingerprint."""

    content: bytes | None
    trouble: SettingsTrouble | None = None
    etag: str = ""

    @property
    def identity(self) -> bytes | None:
        return self.content if self.trouble is None else f"{self.trouble} {self.etag}".encode()


def read_settings(s3: S3, bucket: str, listing: Listing) -> SettingsFile | None:
    """The settings file of this listing; None if it has been replaced or deleted since: list again."""
    stored = listing.settings
    if stored is None:
        return SettingsFile(None)
    key = layout.uploads(listing.dataset) + stored.name
    try:
        answer = s3.get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if http_status(error) == 404:
            return None
        if not is_objects_own(error):
            raise
        if not is_still_there(s3, bucket, key, stored):
            return None
        return SettingsFile(None, _trouble(error), stored.etag)
    with closing(answer["Body"]) as body:
        return SettingsFile(body.read(MAX_SETTINGS_BYTES + 1)) if is_as_listed(answer, stored) else None


def _trouble(error: ClientError) -> SettingsTrouble:
    match error_code(error):
        case "InvalidObjectState":
            return SettingsTrouble.ARCHIVED
        case "InvalidRequest":
            return SettingsTrouble.ENCRYPTED
    return SettingsTrouble.FORBIDDEN


def with_contents(s3: S3, bucket: str, listing: Listing, targets: Targets) -> tuple[Listing, Targets] | None:
    """Both, with what their images hold; None if that is not known of all yet, or not true any more: list again."""
    learned, projected = layout.uploads(listing.dataset), layout.targets(targets.dataset)
    objects = {learned + image.name: image for image in listing.images}
    objects |= {projected + image.name: image for image in targets.images}
    contents = identify_objects(s3, bucket, listing.dataset, objects)
    if contents is None:
        return None

    def identified(folder: str, images: tuple[StoredObject, ...]) -> tuple[StoredObject, ...]:
        return tuple(replace(image, content=contents[folder + image.name]) for image in images)

    return (
        replace(listing, images=identified(learned, listing.images)),
        replace(targets, images=identified(projected, targets.images)),
    )


def fingerprint(images: Iterable[StoredObject], settings: bytes | None) -> str:
    """SHA-256 (hex) of the images' names, contents and sizes, in any order, and of the settings file.

    Neither times nor ETags are part of it: uploading the same file again changes nothing. Raises ValueError for an
    image whose content has not been found out.
    """
    digest = hashlib.sha256()
    for line in sorted(map(_line, images)):
        digest.update(line.encode() + b"\n")
    digest.update(b"settings " + (hashlib.sha256(settings).hexdigest() if settings is not None else "-").encode())
    return digest.hexdigest()


def _line(image: StoredObject) -> str:
    if not image.content:
        raise ValueError(f"what {image.name!r} holds has not been found out")
    return json.dumps([image.name, image.content, image.size])


def write_snapshot(s3: S3, bucket: str, listing: Listing, fingerprint: str, choice: Choice) -> None:
    """Write the snapshot's record."""
    about = {"dataset": listing.dataset, "fingerprint": fingerprint, "settings": choice.as_dict()}
    record = _record_of(bucket, layout.uploads(listing.dataset), listing.images)
    body = _as_bytes(about | record.as_dict())
    _write(s3, bucket, layout.snapshot_record(listing.dataset, fingerprint), body)


def write_targets(s3: S3, bucket: str, listing: Listing, targets: Targets, choice: Choice) -> str:
    """Write the record of the images to project, or else of a few of the dataset's own; return its key."""
    folder, images = layout.targets(listing.dataset), targets.images
    if not images:
        folder, images = layout.uploads(listing.dataset), _spread(listing.images, choice.projection_targets)
    body = _as_bytes(_record_of(bucket, folder, images).as_dict())
    key = layout.targets_record(listing.dataset, hashlib.sha256(body).hexdigest())
    _write(s3, bucket, key, body)
    return key


def _record_of(bucket: str, folder: str, images: Iterable[StoredObject]) -> ImageRecord:
    return ImageRecord(bucket, folder, tuple(ListedImage(image.name, image.etag, image.size) for image in images))


def _spread(images: tuple[StoredObject, ...], count: int) -> tuple[StoredObject, ...]:
    """Up to `count` images, evenly spaced: of those that are images by their names, if there are any. Beside a
    telephone's photos, every second file may be one that nothing here can read."""
    images = tuple(image for image in images if has_image_ending(image.name)) or images
    if len(images) <= count:
        return images
    return tuple(images[i * len(images) // count] for i in range(count))


def _as_bytes(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


def _write(s3: S3, bucket: str, key: str, body: bytes) -> None:
    s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json")


def _objects(s3: S3, bucket: str, prefix: str) -> Iterator[StoredObject]:
    for page in list_pages(s3, Bucket=bucket, Prefix=prefix):
        for entry in page.get("Contents", []):
            yield _stored(prefix, entry)


def _stored(prefix: str, entry: Response) -> StoredObject:
    return StoredObject(
        entry["Key"].removeprefix(prefix),
        entry["ETag"].strip('"'),
        entry["Size"],
        clock.to_ms(entry["LastModified"]),
        entry.get("StorageClass") in _ARCHIVES,
    )
