"""What a run left behind: is it there, is it not empty, what does it say? A job that claims success may be wrong."""

import json
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from workshop import layout
from workshop.clients import S3, error_code, list_pages
from workshop.words import Words

# These documents are written by our own containers, but the pictures they name were chosen by others.
MAX_DOCUMENT_BYTES = 32 * 1024 * 1024
PICTURES = (".png", ".jpg", ".jpeg", ".webp")


@dataclass(frozen=True)
class SetAside:
    """A picture that was not used, and why, in a sentence."""

    name: str
    reason: str


@dataclass(frozen=True)
class PrepareReport:
    """prepare.json."""

    found: int
    good: int
    count_set_aside: int
    set_aside: tuple[SetAside, ...]


@dataclass(frozen=True)
class Artefacts:
    """Findings on a run's folder. `missing` has a sentence for everything that should be there and is not."""

    missing: tuple[str, ...]
    pictures: int
    prepared: PrepareReport | None


def inspect(s3: S3, bucket: str, dataset: str, execution_id: str, say: Words, *, trains: bool) -> Artefacts:
    """Look at everything that a finished run must have made; a model only if it is one that `trains`."""
    folder = layout.run(dataset, execution_id)
    sizes = _sizes(s3, bucket, folder)
    missing: list[str] = []
    for file, part in ((layout.REPORT_PAGE, say.results_page), (layout.REPORT_DATA, say.results_data)):
        name = f"report/{file}"
        if not sizes.get(name):
            missing.append((say.empty if name in sizes else say.missing).format(part=part.format(name=name)))
    models = [n for n in sizes if n.startswith("training/") and n.endswith("/output/model.tar.gz")]
    if trains and not any(sizes[name] for name in models):
        model = say.trained_model.format(name="training/.../model.tar.gz")
        missing.append((say.empty if models else say.missing).format(part=model))
    made = [n for n, size in sizes.items() if n.startswith("inference/") and n.lower().endswith(PICTURES) and size]
    if not made:
        missing.append(say.no_picture)
    return Artefacts(tuple(missing), len(made), read_prepare_report(s3, bucket, dataset, execution_id))


def read_prepare_report(s3: S3, bucket: str, dataset: str, execution_id: str) -> PrepareReport | None:
    """prepare.json of a run; None if there is none or it cannot be understood."""
    key = f"{layout.run(dataset, execution_id)}prepare-report/{layout.PREPARE_REPORT}"
    try:
        body = s3.get_object(Bucket=bucket, Key=key)["Body"].read(MAX_DOCUMENT_BYTES)
    except ClientError as error:
        # A right to list that is bound to a prefix does not count here: S3 then says 403 for what does not exist.
        if error_code(error) in {"NoSuchKey", "AccessDenied"}:
            return None
        raise
    try:
        return _parse_prepare_report(json.loads(body))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _parse_prepare_report(document: dict[str, Any]) -> PrepareReport:
    images = document["images"]
    return PrepareReport(
        found=int(images["found"]),
        good=int(images["good"]),
        count_set_aside=int(images["set_aside"]),
        set_aside=tuple(SetAside(str(i["name"]), str(i["reason"])) for i in document["set_aside"]),
    )


def _sizes(s3: S3, bucket: str, folder: str) -> dict[str, int]:
    """Sizes of all objects in the folder, by their name in it."""
    return {
        entry["Key"].removeprefix(folder): entry["Size"]
        for page in list_pages(s3, Bucket=bucket, Prefix=folder)
        for entry in page.get("Contents", [])
    }
