"""Every artefact beside the limit that it meets. docs/limits.md shows this table; a test walks every workload."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from contract import gallery, image_record, prepare_report
from contract.capacity import artefacts
from contract.capacity.artefacts import Workload, record_bytes
from contract.capacity.volumes import LARGEST_MODEL_BYTES
from contract.prepare_report import MAX_COPIED_BYTES
from contract.training_progress.progress import MAX_BYTES

_MIB = 1 << 20
# Amazon S3 User Guide, "Amazon S3 multipart upload limits".
_S3_OBJECT = 5 * 10**12
# Amazon SQS, EventBridge and SNS quotas, and that of an asynchronous invocation of AWS Lambda.
_MESSAGE = 256 << 10

Beyond = Literal["never", "cut", "told before the start"]


@dataclass(frozen=True)
class Artefact:
    """Something with a size and a limit, both in bytes unless the name says otherwise; what the size grows with; whose
    limit it is; and what is done about a larger one: it cannot be, it is cut, or no run starts and a mail says why."""

    name: str
    size: Callable[[Workload], int]
    grows_with: str
    limit: int
    whose: str
    beyond: Beyond = "never"


ARTEFACTS = (
    # Lists.
    Artefact(
        "record of a snapshot, manifests/.../<fingerprint>.json",
        lambda work: record_bytes(work.images, work.name_bytes),
        "images, names",
        image_record.MAX_BYTES,
        "Prepare's reader",
        beyond="told before the start",
    ),
    Artefact(
        "record of images to project, manifests/.../<digest>.targets.json",
        lambda work: record_bytes(work.targets, artefacts.LONGEST_KEY_BYTES * 3),
        "images of one run",
        image_record.MAX_BYTES,
        "Infer's reader",
    ),
    Artefact(
        "index of contents, manifests/.../contents.json",
        artefacts.contents_index_bytes,
        "images, names",
        128 * _MIB,
        "start_run's memory of 1,024 MB",
    ),
    Artefact(
        "prepare.json",
        artefacts.prepare_report_bytes,
        "images set aside, names",
        prepare_report.MAX_BYTES,
        "readers of Infer and of the mails",
        beyond="cut",
    ),
    Artefact(
        "counts.json",
        artefacts.counts_bytes,
        "nothing",
        2 * _MIB,
        "the stand-in's; the service's is not documented",
    ),
    # Images.
    Artefact(
        "dataset.zip",
        artefacts.dataset_zip_bytes,
        "images, resolution",
        _S3_OBJECT,
        "an object of S3",
    ),
    Artefact(
        "copies of what is set aside",
        artefacts.set_aside_bytes,
        "images set aside",
        MAX_COPIED_BYTES,
        "Prepare's own",
        beyond="cut",
    ),
    # The training.
    Artefact("a sheet of samples", artefacts.sheet_bytes, "resolution, device", 128 * _MIB, "ours"),
    Artefact(
        "width of a sheet, pixels",
        lambda work: artefacts.sheet_size(*work.sides, work.device)[0],
        "resolution, device",
        16 * 1024,
        "Infer's reader",
    ),
    Artefact("stats.jsonl", artefacts.statistics_bytes, "kimg, preset", 64 * _MIB, "Infer's reader"),
    Artefact("progress.json", artefacts.progress_bytes, "nothing: curves are thinned", MAX_BYTES, "its readers"),
    Artefact(
        "model.tar.gz, unpacked",
        artefacts.model_folder_bytes,
        "resolution, preset, device, kimg",
        LARGEST_MODEL_BYTES,
        "Infer's reader",
    ),
    Artefact("files in model.tar.gz", artefacts.model_files, "nothing", 10_000, "Infer's reader"),
    Artefact("model.tar.gz", artefacts.model_archive_bytes, "as above", _S3_OBJECT, "an object of S3"),
    Artefact("a checkpoint", artefacts.one_checkpoint_bytes, "resolution, preset, kimg", _S3_OBJECT, "an object of S3"),
    # Results.
    Artefact("index.html", artefacts.page_bytes, "nothing: parts of the page are counted", 100 * 10**6, "ours"),
    Artefact(
        "report.json",
        artefacts.results_bytes,
        "nothing: lists are cut",
        prepare_report.MAX_BYTES,
        "reader of the mails",
        beyond="cut",
    ),
    Artefact("gallery.json", artefacts.gallery_bytes, "images to project", gallery.MAX_BYTES, "the web app's reader"),
    Artefact(
        "files in gallery.json", artefacts.gallery_items, "images to project", gallery.MAX_ITEMS, "the web app's reader"
    ),
    Artefact(
        "pictures.zip",
        artefacts.picture_archive_bytes,
        "resolution, images to project",
        4 * 10**9,
        "a zip without the extension that some programs lack",
    ),
    Artefact("a mail", lambda work: _MESSAGE - 1, "nothing", _MESSAGE - 1, "SNS", beyond="cut"),
    # Messages between services.
    Artefact(
        "event of an upload",
        lambda work: artefacts.upload_event_bytes(),
        "the key's length",
        _MESSAGE,
        "EventBridge, SQS",
    ),
    Artefact(
        "1,000 of them, for upload_trigger",
        lambda work: 1_000 * artefacts.upload_event_bytes(),
        "the keys' lengths",
        6 * _MIB,
        "Lambda's payload",
    ),
    Artefact("timers, requests for a report", lambda work: 4_000, "nothing", _MESSAGE, "SQS, Lambda's payload"),
    Artefact(
        "parameters of StartPipelineExecution",
        lambda work: artefacts.start_request_bytes(),
        "nothing: 60 values of 1,024 characters",
        1 * _MIB,
        "ours; the service bounds each value and their number (200)",
    ),
    Artefact(
        "a ledger item", lambda work: artefacts.ledger_item_bytes(), "nothing: the same values", 400 << 10, "DynamoDB"
    ),
)


def too_large(workload: Workload) -> list[str]:
    """The artefacts of a workload that would exceed their limit."""
    return [artefact.name for artefact in ARTEFACTS if artefact.size(workload) > artefact.limit]
