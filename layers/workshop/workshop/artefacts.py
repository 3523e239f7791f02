"""What a run left behind: is it there, is it not empty, what does it say? A job that claims success may be wrong."""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from workshop import layout
from workshop.clients import S3, error_code, list_pages
from workshop.words import Words

# These documents are written by our own containers, but the pictures they name were chosen by others.
MAX_DOCUMENT_BYTES = 32 * 1024 * 1024
PICTURES = (".png", ".jpg", ".jpeg", ".webp")
# The kinds of pictures in report.json. Other files of the run's folder are no pictures that the network was to make:
# sheets of many, the two that each mixture is made of, and the artist's own beside their likenesses.
_KINDS = ("generated", "mixed", "projected")
_OF_MANY = re.compile(r"inference/(?:(?:.*/)?sheet\.[a-z]+|mixed/seed[^/]*)")
_LIKENESS = re.compile(r"(?P<target>inference/projected/.*)-drawn(?P<ending>\.[a-z]+)")


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
    """Findings on a run's folder. `missing` has a sentence for everything that should be there and is not; `pictures`
    counts those that the network has made, as the page does. `unusable_targets`: why there are none, if the run had
    nothing else to do than to project these."""

    missing: tuple[str, ...]
    pictures: int
    prepared: PrepareReport | None
    unusable_targets: tuple[SetAside, ...] = ()

    @property
    def is_complete(self) -> bool:
        return not self.missing and not self.unusable_targets


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
    pictures = {n for n, size in sizes.items() if n.startswith("inference/") and n.lower().endswith(PICTURES) and size}
    has_data = bool(sizes.get(f"report/{layout.REPORT_DATA}"))
    data = _read_document(s3, bucket, f"{folder}report/{layout.REPORT_DATA}") if has_data else None
    unusable = () if pictures else _unusable_targets(data)
    if not pictures and not unusable:
        missing.append(say.no_picture.format(folder=layout.made(dataset, execution_id)))
    told = _count_in_report(data)
    count = sum(is_made(name, pictures) for name in pictures) if told is None else told
    return Artefacts(tuple(missing), count, read_prepare_report(s3, bucket, dataset, execution_id), unusable)


def read_prepare_report(s3: S3, bucket: str, dataset: str, execution_id: str) -> PrepareReport | None:
    """prepare.json of a run; None if there is none or it cannot be understood."""
    document = _read_document(s3, bucket, f"{layout.run(dataset, execution_id)}prepare-report/{layout.PREPARE_REPORT}")
    try:
        images = document["images"]
        return PrepareReport(
            found=_counted(images["found"]),
            good=_counted(images["good"]),
            count_set_aside=_counted(images["set_aside"]),
            set_aside=_named(document["set_aside"]),
        )
    except (KeyError, TypeError):
        return None


def _count_in_report(data: Any) -> int | None:
    """How many pictures the run's report.json counts, and so its page; None if it cannot be understood."""
    try:
        return sum(_counted(data["pictures"][kind]) for kind in _KINDS)
    except (KeyError, TypeError):
        return None


def _unusable_targets(data: Any) -> tuple[SetAside, ...]:
    """The first of the pictures to project that report.json lists, if not one of them could be used."""
    try:
        is_none_usable = _counted(data["targets"]["listed"]) > _counted(data["targets"]["projected"]) == 0
        return _named(data["skipped_targets"]) if is_none_usable else ()
    except (KeyError, TypeError):
        return ()


def _named(entries: Any) -> tuple[SetAside, ...]:
    return tuple(SetAside(str(entry["name"]), str(entry["reason"])) for entry in entries)


def is_made(name: str, pictures: Collection[str]) -> bool:
    """Whether one of the run's pictures is one that the network was to make, by its name (containers.infer)."""
    if name.startswith("inference/projected/"):
        likeness = _LIKENESS.fullmatch(name)
        return likeness is not None and likeness["target"] + likeness["ending"] in pictures
    return not _OF_MANY.fullmatch(name)


def _read_document(s3: S3, bucket: str, key: str) -> Any:
    """A JSON document; None if there is none or it is not JSON."""
    try:
        body = s3.get_object(Bucket=bucket, Key=key)["Body"].read(MAX_DOCUMENT_BYTES)
        return json.loads(body)
    except ClientError as error:
        # A right to list that is bound to a prefix does not count here: S3 then says 403 for what does not exist.
        if error_code(error) in {"NoSuchKey", "AccessDenied"}:
            return None
        raise
    except (ValueError, RecursionError):
        return None


def _counted(value: object) -> int:
    """`value` if it can count something; TypeError for anything else."""
    if type(value) is not int or value < 0:
        raise TypeError
    return value


def _sizes(s3: S3, bucket: str, folder: str) -> dict[str, int]:
    """Sizes of all objects in the folder, by their name in it."""
    return {
        entry["Key"].removeprefix(folder): entry["Size"]
        for page in list_pages(s3, Bucket=bucket, Prefix=folder)
        for entry in page.get("Contents", [])
    }
