"""Fetching what a run made out of the bucket."""

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

from contract import layout

PARTS = (layout.REPORT, layout.MADE)


def fetch_results(
    s3: Any,
    bucket: str,
    dataset: str,
    execution_id: str,
    output: Path,
    leave_out: Callable[[str], None] = lambda _: None,
) -> Path | None:
    """Copy report and pictures of a run to `output/<dataset>-<execution id>/`.

    Args:
        leave_out: is told the key of each object that cannot be a file there.

    Returns:
        The report's page, or None if the run made none.
    """
    target = output / f"{dataset}-{execution_id}"
    for part in PARTS:
        prefix = f"{layout.run(dataset, execution_id)}{part}/"
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for item in page.get("Contents", []):
                if not _fetch(s3, bucket, item["Key"], target / part, item["Key"].removeprefix(prefix)):
                    leave_out(item["Key"])
    index = target / layout.REPORT / layout.REPORT_PAGE
    return index if index.exists() else None


def _fetch(s3: Any, bucket: str, key: str, folder: Path, name: str) -> bool:
    """Copy one object; False if its name leads out of `folder`, as one with ".." in it may, or names no file there."""
    file = folder / name
    try:
        if not name or name.endswith("/") or not file.resolve().is_relative_to(folder.resolve()) or file.is_dir():
            return False
        file.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError, ValueError):  # a file where a folder should be; a NUL in the name
        return False
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return False
        raise
    s3.download_file(bucket, key, str(file))
    return True
