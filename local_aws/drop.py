"""Dropping a folder of images into a dataset, as an artist would with any S3 client."""

import mimetypes
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from contract import layout
from contract.names import check_dataset
from local_aws.errors import DropError

UPLOADS_AT_ONCE = 8


def files_to_drop(folder: Path) -> list[Path]:
    """Return the files below `folder` in order of their names; links that leave the folder are not followed.

    Raises:
        DropError: there is no such folder, no file in it, or one whose name cannot be a key.
    """
    if not folder.is_dir():
        raise DropError(f"{folder} is no folder")
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    if not files:
        raise DropError(f"{folder} holds no files")
    for file in files:
        try:
            _key(file, folder).encode()
        except UnicodeEncodeError as error:
            raise DropError(f"the file name {str(file)!r} is not valid UTF-8; rename the file") from error
    return files


def drop_folder(
    s3: Any, bucket: str, folder: Path, dataset: str, uploaded: Callable[[int, int], None] = lambda done, of: None
) -> int:
    """Upload every file below `folder` to `uploads/<dataset>/` and return how many there were.

    `uploaded(done, of)` is called after each.

    Raises:
        RefusedName: `dataset` cannot name a dataset.
        DropError: there is nothing to drop.
    """
    check_dataset(dataset)
    files = files_to_drop(folder)
    with ThreadPoolExecutor(UPLOADS_AT_ONCE) as pool:
        uploads = pool.map(lambda file: _upload(s3, bucket, file, layout.uploads(dataset) + _key(file, folder)), files)
        for done, _ in enumerate(uploads, start=1):
            uploaded(done, len(files))
    return len(files)


def _upload(s3: Any, bucket: str, file: Path, key: str) -> None:
    content_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    s3.put_object(Bucket=bucket, Key=key, Body=file.read_bytes(), ContentType=content_type)


def _key(file: Path, folder: Path) -> str:
    return file.relative_to(folder).as_posix()
