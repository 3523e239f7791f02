"""The images of a run, copied from S3 to the job's disk: exactly those that its record lists, as they were then.

    read_record     the list that start_run has written: names, ETags and sizes
    fetch_images    the files, and for each that cannot be had why

SageMaker's own inputs know keys only: they would bring whatever lies there by now, and one missing or unreadable
object would fail the job. Here an object that has been replaced or deleted since is taken from the bucket's versions,
and one that cannot be read is set aside. What is no property of an object (S3 throttles or cannot be reached, no
right to anything) is tried again, and fails the job only then.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from containers.errors import InputError, StepError
from containers.reasons import refusal_of
from containers.s3 import THREADS, S3Reader
from contract.errors import DocumentError
from contract.image_record import MAX_BYTES, ImageRecord, ListedImage
from contract.reasons import ReasonCode
from stylegan2.data.refusals import Refusal
from stylegan2.data.uploads import NamedUploads
from stylegan2.data.vetting import LARGEST_FILE

_CHUNK = 1 << 20
_TRIES = 5  # of reading a whole object; botocore tries each request several times

_REASONS = {
    "InvalidObjectState": ReasonCode.ARCHIVED,
    "InvalidRequest": ReasonCode.ENCRYPTED,
    "AccessDenied": ReasonCode.FORBIDDEN,
    "NoSuchKey": ReasonCode.GONE,
    "NoSuchVersion": ReasonCode.GONE,
    "MethodNotAllowed": ReasonCode.GONE,  # the version is a deletion
    "PreconditionFailed": ReasonCode.GONE,
}


def read_record(file: Path) -> ImageRecord:
    """Read a record, which may have been written by hand: a rerun can name any. Raises InputError."""
    if file.stat().st_size > MAX_BYTES:
        raise InputError(f'"{file.name}", the list of the images, is larger than {MAX_BYTES >> 20} MiB.')
    try:
        return ImageRecord.from_json(file.read_bytes())
    except DocumentError as error:
        raise InputError(f'"{file.name}", the list of the images, {error}.') from error


def fetch_images(s3: S3Reader, record: ImageRecord, folder: Path) -> NamedUploads:
    """Copy the images of a record into `folder`, several at a time, and none as a whole through memory.

    Raises:
        StepError: S3 itself is in trouble, or the disk is full.
    """
    folder.mkdir(parents=True, exist_ok=True)

    def fetch(image: ListedImage) -> Refusal | None:
        return _fetch(s3, record, image, NamedUploads.place(folder, image.name))

    with ThreadPoolExecutor(THREADS) as threads:
        reasons = zip(record.images, threads.map(fetch, record.images), strict=True)
        unusable = {image.name: why for image, why in reasons if why is not None}
    return NamedUploads(folder, [image.name for image in record.images if image.name not in unusable], unusable)


def _fetch(s3: S3Reader, record: ImageRecord, image: ListedImage, target: Path) -> Refusal | None:
    """Copy one image; return why it cannot be had, if it cannot."""
    if image.size > LARGEST_FILE:
        return refusal_of(ReasonCode.TOO_LARGE, megabytes=LARGEST_FILE // 1_000_000)
    where = {"Bucket": record.bucket, "Key": record.prefix + image.name}
    try:
        try:
            _copy(s3, where | {"IfMatch": f'"{image.etag}"'}, target)
            return None
        except ClientError as error:
            # S3 says "403", too, of what is gone, to a role that may not list the bucket.
            if _reason(error) not in (ReasonCode.GONE, ReasonCode.FORBIDDEN):
                raise
        version = _version_of(s3, where, image.etag)
        if version is None:
            return refusal_of(ReasonCode.GONE)
        _copy(s3, where | {"VersionId": version}, target)
    except ClientError as error:
        if (reason := _reason(error)) is None:
            raise _trouble(image, error) from error
        return refusal_of(reason)
    except BotoCoreError as error:
        raise _trouble(image, error) from error
    except OSError as error:
        raise StepError(
            f"The {len(record.images)} images do not fit on the disk of this machine ({error.strerror})."
        ) from error
    return None


def _copy(s3: S3Reader, request: dict[str, str], target: Path) -> None:
    for tries_left in reversed(range(_TRIES)):
        try:
            with closing(s3.get_object(**request)["Body"]) as body, target.open("wb") as file:
                while chunk := body.read(_CHUNK):
                    file.write(chunk)
            return
        except BotoCoreError:  # the connection broke, or what came is not what was sent
            if not tries_left:
                raise


def _version_of(s3: S3Reader, where: dict[str, str], etag: str) -> str | None:
    """The id of the version that had this ETag; None if there is none any more."""
    request = {"Bucket": where["Bucket"], "Prefix": where["Key"]}
    while True:
        try:
            page = s3.list_object_versions(**request)
        except ClientError as error:
            raise StepError(f'The versions of "{where["Key"]}" cannot be listed: {error}') from error
        for version in page.get("Versions", []):
            if version["Key"] == where["Key"] and version["ETag"].strip('"') == etag:
                return str(version["VersionId"])
        # Versions come in the order of their keys: this key's are all there is before any other's.
        if not page.get("IsTruncated") or page.get("NextKeyMarker") != where["Key"]:
            return None
        request |= {"KeyMarker": page["NextKeyMarker"], "VersionIdMarker": page["NextVersionIdMarker"]}


def _reason(error: ClientError) -> ReasonCode | None:
    """What is wrong with the object; None if the trouble is not the object's."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    if code.startswith("KMS.") and "Throttling" not in code:
        return ReasonCode.FORBIDDEN
    return _REASONS.get(code)


def _trouble(image: ListedImage, error: Exception) -> StepError:
    # In quotation marks, as in all sentences here: what a file is called must not be taken for what was the matter.
    return StepError(f'S3 does not give the images to the job, after several tries ("{image.name}": {error}).')
