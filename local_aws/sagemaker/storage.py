"""A job's data in S3: inputs are copied before it starts, outputs when it has ended. All keys and manifests are taken
for hostile."""

import json
import os
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from local_aws.sagemaker.errors import DataError

COPY_THREADS = 8
LARGEST_MANIFEST_BYTES = 64 << 20
LARGEST_PROPERTY_FILE_BYTES = 2 << 20
LONGEST_NAME_BYTES = 255

_CHUNK = 1 << 20
_UPLOAD = TransferConfig(use_threads=False)
_IN_ONE_REQUEST = 1 << 20  # bytes; for thousands of small files, boto3's transfers take half as long again


def parse_uri(uri: str) -> tuple[str, str]:
    """Split "s3://bucket/some/key" into bucket and key (which may be empty)."""
    scheme, _, rest = uri.partition("://")
    bucket, _, key = rest.partition("/")
    if scheme != "s3" or not bucket:
        raise DataError(f"'{uri}' is not an S3 URI of the form s3://bucket/key")
    return bucket, key


def download_objects(s3: Any, uri: str, data_type: str, folder: Path, check: Callable[[], None]) -> int:
    """Copy an input into `folder`, which is made, and return the number of files.

    Args:
        uri: a key prefix or one object (data_type "S3Prefix"), or the URI of a "ManifestFile": `[{"prefix":
        "s3://b/p/"}, "a.png", ...]`. check: called before each file; raises to give up.

    Raises:
        DataError: nothing to copy, a manifest in another form, or names that would leave the folder or hide each other.
    """
    bucket, key = parse_uri(uri)
    if data_type == "ManifestFile":
        bucket, names = _names_of_manifest(s3, uri)
    else:
        names = list(_names_of_prefix(s3, bucket, key))
        if not names:
            raise DataError(
                f'No S3 objects found under S3 URL "{uri}" given in input data source. Please ensure that the bucket '
                "exists, that objects exist under that S3 prefix, and that the job's role has s3:ListBucket "
                f'permissions on bucket "{bucket}".'
            )
    targets = _targets(folder, names)
    folder.mkdir(parents=True, exist_ok=True)

    def copy(target: Path, key: str) -> None:
        check()
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as stream:
                for chunk in s3.get_object(Bucket=bucket, Key=key)["Body"].iter_chunks(_CHUNK):
                    stream.write(chunk)
        except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
            raise DataError(f"the object s3://{bucket}/{key} has the name of a folder of other objects") from error
        except ClientError as error:
            raise _with_key(error, bucket, key) from error

    with ThreadPoolExecutor(COPY_THREADS, "download") as threads:
        _wait_for_all(threads, [threads.submit(copy, target, key) for target, key in targets.items()])
    return len(targets)


def upload_folder(s3: Any, folder: Path, uri: str) -> int:
    """Copy the regular files below `folder` to keys below `uri`; symbolic links are left out. Return the number of
    files."""
    bucket, prefix = parse_uri(uri)
    files = list(regular_files(folder))
    with ThreadPoolExecutor(COPY_THREADS, "upload") as threads:
        jobs = [threads.submit(upload_file, s3, path, bucket, join_key(prefix, name)) for name, path in files]
        _wait_for_all(threads, jobs)
    return len(files)


def upload_archive(s3: Any, folder: Path, uri: str) -> None:
    """Pack the contents of `folder` as a .tar.gz and copy it to `uri`."""
    bucket, key = parse_uri(uri)
    with tempfile.NamedTemporaryFile(dir=folder.parent, suffix=".tar.gz") as packed:
        # Trained weights hardly shrink: the fastest compression is the best one here.
        with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=1) as archive:
            for entry in sorted(folder.iterdir()):
                archive.add(entry, arcname=entry.name)
        packed.flush()
        upload_file(s3, Path(packed.name), bucket, key)


def upload_file(s3: Any, path: Path, bucket: str, key: str) -> None:
    """Copy one file."""
    # Not `upload_file`, which wraps the service's error in one that no longer tells its code.
    with path.open("rb") as stream:
        if os.fstat(stream.fileno()).st_size <= _IN_ONE_REQUEST:
            s3.put_object(Bucket=bucket, Key=key, Body=stream.read())
            return
        s3.upload_fileobj(stream, bucket, key, Config=_UPLOAD)


def read_json(s3: Any, uri: str, largest: int = LARGEST_PROPERTY_FILE_BYTES) -> Any:
    """Return the parsed JSON object at `uri`.

    Raises:
        DataError: it is larger than `largest` bytes, or not JSON.
    """
    bucket, key = parse_uri(uri)
    try:
        body = s3.get_object(Bucket=bucket, Key=key)["Body"].read(largest + 1)
    except ClientError as error:
        raise _with_key(error, bucket, key) from error
    if len(body) > largest:
        raise DataError(f"{uri} is larger than {largest} bytes")
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{uri} is not valid JSON: {error}") from error


def regular_files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield (name relative to `folder`, path) of the regular files below it, not following symbolic links."""
    for parent, folders, files in os.walk(folder):
        folders.sort()
        for file in sorted(files):
            path = Path(parent, file)
            if path.is_file() and not path.is_symlink():
                name = path.relative_to(folder).as_posix()
                try:
                    name.encode()
                except UnicodeEncodeError as error:
                    raise DataError(f"the file name {name!r} is not valid UTF-8") from error
                yield name, path


def join_key(prefix: str, name: str) -> str:
    """Join a key prefix, with or without a final slash, and a name."""
    return f"{prefix.rstrip('/')}/{name}" if prefix.strip("/") else name


def explain_storage_error(error: ClientError) -> str:
    """Return an S3 error as SageMaker quotes it: "AccessDenied (403): Access Denied"."""
    details = error.response.get("Error", {})
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", "?")
    return f"{details.get('Code', 'Unknown')} ({status}): {details.get('Message', '')}"


def _wait_for_all(threads: ThreadPoolExecutor, jobs: list[Future[None]]) -> None:
    """Raise what the first of the jobs raises that fails, and begin no further one."""
    try:
        for job in jobs:
            job.result()
    except BaseException:
        threads.shutdown(cancel_futures=True)
        raise


def _names_of_prefix(s3: Any, bucket: str, prefix: str) -> Iterator[tuple[str, str]]:
    """Yield (name, key). Every key that begins with the prefix counts, as at SageMaker: `train` also means
    `train-2/x`."""
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for item in page.get("Contents", []):
            key = item["Key"]
            yield (key[len(prefix) :] or key.rsplit("/", 1)[-1]), key


def _names_of_manifest(s3: Any, uri: str) -> tuple[str, list[tuple[str, str]]]:
    items = read_json(s3, uri, LARGEST_MANIFEST_BYTES)
    if not isinstance(items, list) or not items or not isinstance(items[0], dict) or items[0].keys() != {"prefix"}:
        raise DataError(f"the manifest {uri} must be a list that begins with an object with a 'prefix'")
    prefix, *names = items
    if not isinstance(prefix["prefix"], str) or not all(isinstance(name, str) and name for name in names):
        raise DataError(f"the manifest {uri} must name its prefix and its objects as strings")
    bucket, start = parse_uri(prefix["prefix"])
    return bucket, [(name, start + name) for name in names]


def _targets(folder: Path, names: list[tuple[str, str]]) -> dict[Path, str]:
    """Return file -> key. Folder markers (keys that end in a slash) are left out; an object named twice is copied
    once."""
    targets: dict[Path, str] = {}
    for name, key in names:
        if name.endswith("/"):
            continue
        target = _safe_path(folder, name)
        if targets.setdefault(target, key) != key:
            raise DataError(f"the objects '{targets[target]}' and '{key}' would be the same file")
    return targets


def _safe_path(folder: Path, name: str) -> Path:
    parts = [part for part in name.split("/") if part]
    for part in parts:
        if part in {".", ".."} or "\0" in part or len(part.encode("utf-8", "surrogatepass")) > LONGEST_NAME_BYTES:
            raise DataError(f"the object name {name!r} cannot be a file name")
    if not parts:
        raise DataError(f"the object name {name!r} cannot be a file name")
    return folder.joinpath(*parts)


def _with_key(error: ClientError, bucket: str, key: str) -> ClientError:
    """Return the error with the object's name added to its message; S3 itself does not say which one it was."""
    details = error.response.get("Error", {})
    named = {**details, "Message": f"{details.get('Message', '')} [s3://{bucket}/{key}]"}
    return ClientError({**error.response, "Error": named}, error.operation_name)  # type: ignore[typeddict-item]
