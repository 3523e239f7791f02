"""Every notice with sample data: `python -m workshop.notices` prints them, the golden tests compare them."""

import sys

from workshop import failures, links, notice_content
from workshop.artefacts import Artefacts, PrepareReport, SetAside
from workshop.names import Execution, parse_execution
from workshop.notices import Notice
from workshop.reporting import rerun_command
from workshop.state import RunRecord

_BUCKET = "workshop-bucket"
_DATASET = "red-chairs"
_RUN_ARN = "arn:aws:sagemaker:eu-central-1:123456789012:pipeline/workshop/execution/p4jn9xou8a8s"
_SOURCE_ARN = "arn:aws:sagemaker:eu-central-1:123456789012:pipeline/workshop/execution/a1b2c3d4e5f6"
_JOB_ARN = "arn:aws:sagemaker:eu-central-1:123456789012:training-job/pipelines-p4jn9xou8a8s-Train-tmgxry49ug"


def samples() -> dict[str, Notice]:
    """Name of the sample -> notice, in the order in which people get them."""
    execution = parse_execution(_RUN_ARN)
    link = links.Link(
        "https://results.example.com/?t=WyJyZWQtY2hhaXJzIl0.c2lnbmF0dXJl",
        "The link works until 2027-02-21 (UTC). Whoever has it can see the page.",
    )
    made = Artefacts((), 24, _prepared(found=1012, good=998))
    drawn = Artefacts((), 24, None)
    incomplete = ("The page with the results (report/index.html) is missing.", "There is no picture in inference/.")
    return {
        "attention": notice_content.attention(
            _DATASET,
            _BUCKET,
            ['settings.yaml: "kimgs" is not a setting. Did you mean "kimg"?', "At least 20 pictures are needed."],
            7,
            3,
            [
                "Add pictures (.png, .jpg, .webp, .bmp, .tif or .gif) to the folder.",
                "Correct settings.yaml, or remove it: everything in it is optional.",
            ],
        ),
        "started": notice_content.started(_run(expected_seconds=7800), execution),
        "started_first_time": notice_content.started(_run(), execution),
        "started_inference": notice_content.started(_run(source_arn=_SOURCE_ARN), execution),
        "succeeded": notice_content.succeeded(_DATASET, execution, _BUCKET, made, link, _run(ended_at=7_512_000), 6900),
        "succeeded_inference": notice_content.succeeded(
            _DATASET, execution, _BUCKET, drawn, link, _run(source_arn=_SOURCE_ARN, ended_at=480_000), None
        ),
        "failed_training": notice_content.failed(_DATASET, execution, _failure(execution), None),
        "failed_too_few_images": notice_content.failed(
            _DATASET, execution, failures.too_few_images("12 good images are needed."), _prepared(found=20, good=6)
        ),
        "stopped": notice_content.failed(_DATASET, execution, failures.stopped([], _again(), execution), None),
        "lost": notice_content.failed(_DATASET, execution, failures.lost(_again()), None),
        "problems": notice_content.problems(_DATASET, execution, _BUCKET, incomplete, rerun_command(_DATASET)),
        "stuck": notice_content.stuck(_DATASET, execution, 130_000),
        "unknown_status": notice_content.unknown_status(_DATASET, execution, "Hibernating"),
    }


def print_samples() -> None:
    """Print every sample as a mail client would show it."""
    for name, notice in samples().items():
        sys.stdout.write(f"{'=' * 100}\n[{name}, kind {notice.kind}]\n{as_text(notice)}")


def as_text(notice: Notice) -> str:
    """Subject line, empty line, body."""
    return f"Subject: {notice.subject}\n\n{notice.body}"


def _again() -> str:
    return failures.again(rerun_command(_DATASET))


def _failure(execution: Execution) -> failures.Failure:
    step = {
        "StepName": "Train",
        "StepStatus": "Failed",
        "Metadata": {"TrainingJob": {"Arn": _JOB_ARN}},
    }
    return failures.failed(step, "killed by signal 9 (SIGKILL), exit code: 137", _again(), execution)


def _prepared(found: int, good: int) -> PrepareReport:
    offenders = (
        SetAside("brief.png", "This file is not an image."),
        SetAside("Kopie von 0001.png", "The same picture as 0001.png."),
        SetAside("sub/panorama.jpg", "The file ends too early; it may have been copied incompletely."),
        SetAside("tiny.gif", "The picture is smaller than 64 x 64 pixels."),
        SetAside("x5.png", "This file is not an image."),
        SetAside("x6.png", "This file is not an image."),
    )
    return PrepareReport(found, good, found - good, offenders)


def _run(
    *, expected_seconds: int | None = None, source_arn: str | None = None, ended_at: int | None = None
) -> RunRecord:
    return RunRecord(
        arn=_RUN_ARN,
        dataset=_DATASET,
        fingerprint="0" * 64,
        attempt=1,
        images=1012,
        left_out=1,
        preset="sketch",
        resolution=128,
        effort="auto 400 128 ml.g5.xlarge",
        max_train_seconds=86_400,
        expected_seconds=expected_seconds,
        started_at=0,
        hourly_price=1.41,
        source_arn=source_arn,
        ended_at=ended_at,
    )
