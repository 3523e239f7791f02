"""How far a training has come, as it tells beside its checkpoints (containers.train.progress)."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from contract.documents import as_text, parse_json, reading
from contract.errors import DocumentError
from contract.layout import PROGRESS
from contract.run_results import TrainingOutcome
from operations.aws import error_code
from operations.workshop_stack import Workshop

_MAX_BYTES = 64 << 10


@dataclass(frozen=True)
class Progress:
    """The outcome so far, when that was, and the newest sheet of samples as an S3 URI ("" before the first)."""

    outcome: TrainingOutcome
    written: datetime
    sheet: str


def read_progress(workshop: Workshop, checkpoints: str, since: datetime) -> Progress | None:
    """The progress below the S3 prefix `checkpoints`; None if nothing was told since then. Another training's, from
    before, may lie there."""
    where = urlsplit(checkpoints)
    try:
        answer = workshop.client("s3").get_object(Bucket=where.netloc, Key=where.path.lstrip("/") + PROGRESS)
    except ClientError as error:
        # S3 says 403 of what is not there, to whom may not list the bucket.
        if error_code(error) in {"NoSuchKey", "AccessDenied"}:
            return None
        raise
    try:
        with reading():
            value = parse_json(answer["Body"].read(_MAX_BYTES))
            sheet = "" if value["sheet"] is None else checkpoints + as_text(value["sheet"])
            progress = Progress(TrainingOutcome.from_dict(value), datetime.fromisoformat(value["written"]), sheet)
            return progress if progress.written >= since else None
    except DocumentError:
        return None
