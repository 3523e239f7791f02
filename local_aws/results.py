"""Fetching what a run made out of the bucket."""

from pathlib import Path
from typing import Any

PARTS = ("report", "inference")


def fetch_results(s3: Any, bucket: str, dataset: str, execution_id: str, output: Path) -> Path | None:
    """Copy report and pictures of a run to `output/<dataset>-<execution id>/`.

    Returns:
        The report's page, or None if the run made none.
    """
    target = output / f"{dataset}-{execution_id}"
    for part in PARTS:
        prefix = f"runs/{dataset}/{execution_id}/{part}/"
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for item in page.get("Contents", []):
                file = target / part / item["Key"].removeprefix(prefix)
                if not file.resolve().is_relative_to(target.resolve()):
                    continue  # an object's name may hold "..", a file's place may not
                file.parent.mkdir(parents=True, exist_ok=True)
                s3.download_file(bucket, item["Key"], str(file))
    index = target / "report" / "index.html"
    return index if index.exists() else None
