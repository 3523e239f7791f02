"""What a run left behind: is it there, is it not empty, what does it say? A job that claims success may be wrong."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from contract import layout
from contract.gallery import MAX_BYTES as MOST_GALLERY_BYTES
from contract.gallery import Gallery, GalleryKind
from contract.prepare_report import MAX_BYTES, PrepareReport, SetAside
from contract.run_results import RunResults, TrainingOutcome
from workshop.notices.publishing import MOST_PICTURES
from workshop.platform.clients import S3, list_pages
from workshop.platform.documents import read_document
from workshop.words import Words

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
# Not every file of the run's folder is one that the network was to make: there are sheets of many, the two that each
# mixture is made of, the artist's own beside their likenesses, and what shows the same once more.
_MADE = f"{layout.MADE}/"
_PROJECTED = f"{_MADE}{layout.PROJECTED}/"
_OF_MANY = re.compile(rf"{_MADE}(?:(?:.*/)?{layout.SHEET}\.[a-z]+|{layout.MIXED}/{layout.SEED}[^/]*)")
_UNCOUNTED = tuple(f"{_MADE}{kind}/" for kind in layout.UNCOUNTED_KINDS)
_TO_MAIL = (GalleryKind.GENERATED, GalleryKind.RECREATED, GalleryKind.MIXED)
_LIKENESS = re.compile(rf"(?P<target>{_PROJECTED}.*){layout.LIKENESS}(?P<ending>\.[a-z]+)")


@dataclass(frozen=True)
class Artefacts:
    """Findings on a run's folder. `missing` has a sentence for everything that should be there and is not; `pictures`
    counts those that the network has made, as the page does. `unusable_targets`: why there are none, if the run had
    nothing else to do than to project these. `training`: how that of its network went; None if nobody tells."""

    missing: tuple[str, ...]
    images: int
    prepared: PrepareReport | None
    unusable_targets: tuple[SetAside, ...] = ()
    training: TrainingOutcome | None = None

    @property
    def is_complete(self) -> bool:
        return not self.missing and not self.unusable_targets


def inspect_run_folder(s3: S3, bucket: str, dataset: str, execution_id: str, say: Words, *, trains: bool) -> Artefacts:
    """Look at everything that a finished run must have made; a model only if it is one that `trains`."""
    folder = layout.run(dataset, execution_id)
    sizes = _sizes(s3, bucket, folder)
    missing: list[str] = []
    for file, part in ((layout.REPORT_PAGE, say.results_page), (layout.REPORT_DATA, say.results_data)):
        name = f"{layout.REPORT}/{file}"
        if not sizes.get(name):
            missing.append((say.empty if name in sizes else say.missing).format(part=part.format(name=name)))
    models = [n for n in sizes if n.startswith(f"{layout.TRAINING}/") and n.endswith(f"/{layout.MODEL_PATH}")]
    if trains and not any(sizes[name] for name in models):
        model = say.trained_model.format(name=f"{layout.TRAINING}/.../{layout.MODEL_ARCHIVE}")
        missing.append((say.empty if models else say.missing).format(part=model))
    images = {n for n, size in sizes.items() if n.startswith(_MADE) and n.lower().endswith(IMAGE_SUFFIXES) and size}
    report_data = f"{layout.REPORT}/{layout.REPORT_DATA}"
    results = None
    if sizes.get(report_data):
        results = read_document(s3, bucket, f"{folder}{report_data}", RunResults.from_json, MAX_BYTES)
    unusable = () if images or results is None or results.projected else tuple(results.skipped_targets)
    if not images and not unusable:
        missing.append(say.no_picture.format(folder=layout.made(dataset, execution_id)))
    count = sum(is_made(name, images) for name in images) if results is None else results.made_count
    prepared = read_prepare_report(s3, bucket, dataset, execution_id)
    return Artefacts(tuple(missing), count, prepared, unusable, None if results is None else results.training)


def read_prepare_report(s3: S3, bucket: str, dataset: str, execution_id: str) -> PrepareReport | None:
    """prepare.json of a run; None if there is none or it cannot be understood."""
    folder = f"{layout.run(dataset, execution_id)}{layout.PREPARE_REPORT}/"
    return read_document(s3, bucket, f"{folder}{layout.PREPARE_REPORT_FILE}", PrepareReport.from_json, MAX_BYTES)


def pictures_to_mail(s3: S3, bucket: str, dataset: str, execution_id: str) -> tuple[str, ...]:
    """Keys of small pictures that show in a mail what the run has made: of its new ones, else of the others; none if
    its gallery is missing or cannot be understood."""
    folder = layout.run(dataset, execution_id)
    gallery = read_document(
        s3, bucket, f"{folder}{layout.REPORT}/{layout.GALLERY}", Gallery.from_json, MOST_GALLERY_BYTES
    )
    items = [] if gallery is None else [item for kind in _TO_MAIL for item in gallery.of_kind(kind)]
    return tuple(folder + item.thumbnail for item in items[:MOST_PICTURES])


def is_made(name: str, images: Collection[str]) -> bool:
    """Whether one of the run's pictures is one that the network was to make, by its name (containers.infer)."""
    if name.startswith(_PROJECTED):
        likeness = _LIKENESS.fullmatch(name)
        return likeness is not None and likeness["target"] + likeness["ending"] in images
    return not name.startswith(_UNCOUNTED) and not _OF_MANY.fullmatch(name)


def _sizes(s3: S3, bucket: str, folder: str) -> dict[str, int]:
    """Sizes of all objects in the folder, by their name in it."""
    return {
        entry["Key"].removeprefix(folder): entry["Size"]
        for page in list_pages(s3, Bucket=bucket, Prefix=folder)
        for entry in page.get("Contents", [])
    }
