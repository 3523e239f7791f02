"""Every notice with sample data, in every language.

`make notices` prints them, the golden tests compare them.
"""

import sys

from contract import layout
from contract.names import LANGUAGES, Execution, parse_execution
from contract.pipeline import Step
from contract.prepare_report import PrepareReport, SetAside
from contract.reasons import Reason, ReasonCode, told
from contract.run_results import TrainingOutcome
from contract.statuses import FAILED
from workshop.admission.app_links import AppLinks, app_address
from workshop.admission.grants import Grant
from workshop.dataset import Caps, Targets, default_choice, parse_settings
from workshop.dataset.classes import Folders
from workshop.estimates import Basis, Estimate
from workshop.handlers.report import restart_command, ways_to_restart
from workshop.ledger import RunRecord
from workshop.notices import Notice, content, failures
from workshop.notices.artefacts import Artefacts
from workshop.notices.content import BEST_NETWORK
from workshop.notices.expectations import course_of
from workshop.notices.leftovers import Leftovers, Waiting, WaitingReason
from workshop.notices.links import Link, pictures_link, with_actions, with_run_links
from workshop.notices.strays import stray_notice
from workshop.platform.errors import SettingsError
from workshop.reconcile.labels import told_folders
from workshop.words import Words, words

_NOW = 1_795_435_200
_BUCKET = "workshop-bucket"
_DATASET = "red-chairs"
_RUN_ARN = "arn:aws:sagemaker:eu-central-1:123456789012:pipeline/workshop/execution/p4jn9xou8a8s"
_SOURCE_ARN = "arn:aws:sagemaker:eu-central-1:123456789012:pipeline/workshop/execution/a1b2c3d4e5f6"
_JOB_ARN = "arn:aws:sagemaker:eu-central-1:123456789012:training-job/pipelines-p4jn9xou8a8s-Train-tmgxry49ug"
_CAPS = Caps(36_000, {"ml.g5.xlarge": 1.41, "ml.g5.2xlarge": 1.52}, 50)
_MIN_IMAGES = 20
_GUESS = Estimate(9_760, 86_400, 946, 0.02, Basis.GUESS)
_SHOWN = Estimate(6_400, 86_400, 800, 0.02, Basis.OWN)
_TOO_LONG = Estimate(625_000, 86_400, 1_030, 0.02, Basis.MEASURED)
_FINISHED = TrainingOutcome(400, 400, "finished", 6_700, 16.75, 6_900, None, BEST_NETWORK, 360, 0.0823, 0.0912)
_CUT = TrainingOutcome(1_310, 2_000, "time_limit", 86_000, 47.0, 94_000, None, BEST_NETWORK, 1_310, 0.0823, 0.0823)
_REFUSAL = "SageMaker refuses to start workshop: ResourceNotFound: Pipeline 'workshop' does not exist."
_UNUSABLE = (
    SetAside("IMG_1.HEIC", Reason(ReasonCode.HEIC)),
    SetAside("brief.pdf", Reason(ReasonCode.PDF)),
)
_MANY_FAULTS = b"""
typeface: red
preset: [sketch]
kimg: 0,5
resolution: 250
mirror:
seed: 100000000000000000000000000000
"""


class _SampleLinks(AppLinks):
    """Always the same addresses."""

    def __init__(self) -> None:
        pass

    def address(self, grant: Grant, screen: str) -> str:
        return app_address("https://app.example.com/", f"{'-'.join(sorted(grant.rights))}...", screen)

    def to_look(self, dataset: str, arn: str, screen: str, now: int) -> tuple[str, int]:
        return super().to_look(dataset, arn, screen, _NOW)

    def to_act(self, dataset: str, arn: str, screen: str, now: int) -> tuple[str, int]:
        return super().to_act(dataset, arn, screen, _NOW)


def _started(say: Words, run: RunRecord, execution: Execution) -> Notice:
    return with_run_links(_SampleLinks(), content.started(say, run, execution), execution)


def samples(language: str) -> dict[str, Notice]:
    """Name of the sample -> notice in that language, in the order in which people get them."""
    say = words(language)
    execution = parse_execution(_RUN_ARN)
    prepared = _prepared(found=1012, good=998, copies=9)
    restart = ways_to_restart(say, _DATASET, None)
    in_app = ways_to_restart(say, _DATASET, None, has_app=True)
    failures_of = {
        "failed_training": (_training_failure(say, execution, restart), None),
        "failed_too_few_images": (
            failures.too_few_images(say, "Too few good images: at least 20 are needed. prepare.json lists every file."),
            _prepared(found=20, good=6, copies=14),
        ),
        "stopped": (failures.stopped(say, [], restart, execution), None),
        "lost": (failures.lost(say, restart), None),
    }
    return {
        "attention": _attention(say, b"kimgs: 5", images=7, left_out=3),
        "attention_settings": _attention(say, _MANY_FAULTS, images=1012, left_out=0),
        "attention_unread_settings": _attention(say, b"", images=1012, left_out=1, lookalikes=("settings.yaml.txt",)),
        "attention_shape": _attention(say, b"width: 1920\nheight: 1080", images=1012, left_out=0),
        "unused": _unused(say),
        "waiting": _waiting(say, WaitingReason.NO_NETWORK),
        "waiting_unasked": _waiting(say, WaitingReason.NOT_ASKED),
        "stray": stray_notice(say, "uploads/Rote Stühle (neu)/", "0001.png"),
        "stray_unnameable": stray_notice(say, "uploads/红椅子 www.example.com/", "www.example.com/a.png"),
        "stray_files": stray_notice(say, "uploads/", "Kopie von 0001.png"),
        "started": _started(say, _run(_SHOWN), execution),
        "started_first_time": _started(say, _run(_GUESS), execution),
        "started_too_long": _started(say, _run(_TOO_LONG), execution),
        "started_unknown": _started(say, _run(), execution),
        "started_classes": _started(say, _run(_SHOWN, size="384 x 256", folders=_folders(say, "folders")), execution),
        "started_folders": _started(say, _run(_SHOWN, folders=_folders(say, None)), execution),
        "started_inference": _started(say, _run(Estimate(0, 86_400, 420, 0.02, Basis.GUESS), _SOURCE_ARN), execution),
        "preview": with_run_links(_SampleLinks(), content.preview(say, _run(_SHOWN), execution), execution),
        "succeeded": _succeeded(say, execution, _run(_SHOWN, ended_at=7_512_000), prepared, 6900, _FINISHED),
        "succeeded_early": _succeeded(say, execution, _run(_TOO_LONG, ended_at=87_000_000), None, 86_200, _CUT),
        "succeeded_collapsed": _succeeded(
            say, execution, _run(_SHOWN, ended_at=7_512_000), None, 6900, _in_trouble(260, "collapsed", None)
        ),
        "succeeded_stalled": _succeeded(
            say,
            execution,
            _run(_SHOWN, ended_at=7_512_000),
            None,
            6900,
            _in_trouble(2600, "stalled", 0.0823),
        ),
        "succeeded_inference": _succeeded(say, execution, _run(source_arn=_SOURCE_ARN, ended_at=480_000), None, None),
        "succeeded_short_link": _succeeded(say, execution, None, None, None, expires=None),
        **{
            name: content.failed(say, _DATASET, execution, failure, prepared)
            for name, (failure, prepared) in failures_of.items()
        },
        "failed_inference": content.failed(say, _DATASET, execution, _inference_failure(say, execution), None),
        "failed_with_app": with_actions(
            _SampleLinks(),
            content.failed(say, _DATASET, execution, _training_failure(say, execution, in_app), None),
            execution,
        ),
        "succeeded_with_app": _succeeded_in_app(say, execution),
        "started_without_app": with_run_links(None, content.started(say, _run(_SHOWN), execution), execution),
        "problems": _problems(say, execution, Artefacts(_missing(say), 0, None)),
        "problems_targets": _problems(say, execution, Artefacts((), 0, None, _UNUSABLE)),
        "not_started": content.not_started(say, _DATASET, _BUCKET, _REFUSAL),
        "stuck": content.stuck(say, _DATASET, execution, 130_000),
        "unknown_status": content.unknown_status(say, _DATASET, execution, "Hibernating"),
    }


def print_samples() -> None:
    """Print every sample in every language as a mail client would show it."""
    for language in LANGUAGES:
        for name, notice in samples(language).items():
            sys.stdout.write(f"{'=' * 100}\n[{name}, {language}, kind {notice.kind}]\n{as_text(notice)}")


def as_text(notice: Notice) -> str:
    """Subject line, empty line, body."""
    return f"Subject: {notice.subject}\n\n{notice.body}"


def _attention(say: Words, settings: bytes, *, images: int, left_out: int, lookalikes: tuple[str, ...] = ()) -> Notice:
    left = Leftovers(lookalikes=lookalikes)
    faults, next_steps = left.problems(say), left.next_steps(say)
    try:
        parse_settings(settings, default_choice("balanced", language=say.language), _CAPS)
    except SettingsError as error:
        faults.extend(error.problems)
        next_steps.append(say.correct_settings)
    if images < _MIN_IMAGES:
        faults.append(say.count(say.pictures_needed, _MIN_IMAGES))
        next_steps.insert(0, say.add_pictures)
    return content.attention(say, _DATASET, _BUCKET, faults, images, left_out, next_steps)


def _unused(say: Words) -> Notice:
    left = Leftovers(("brief.txt", "clip.mov", "www.example.com", *(f"{n}.pdf" for n in range(40))))
    return content.attention(
        say, _DATASET, _BUCKET, left.problems(say), 1012, 43, left.next_steps(say), template="unused"
    )


def _waiting(say: Words, reason: WaitingReason) -> Notice:
    left = Leftovers(waiting=Waiting(reason, Targets(_DATASET, ())))
    return content.attention(say, _DATASET, _BUCKET, left.problems(say), 0, 0, left.next_steps(say), template="unused")


def _succeeded(
    say: Words,
    execution: Execution,
    run: RunRecord | None,
    prepared: PrepareReport | None,
    billed_seconds: int | None,
    training: TrainingOutcome | None = None,
    expires: int | None = 1_803_168_000,
) -> Notice:
    link = Link("https://results.example.com/?t=WyJyZWQtY2hhaXJzIl0.c2lnbmF0dXJl", expires)
    made = Artefacts((), 24, prepared, training=training)
    course = course_of(run, training, billed_seconds)
    return content.succeeded(say, _DATASET, execution, _BUCKET, made, link, run, course)


def _succeeded_in_app(say: Words, execution: Execution) -> Notice:
    """An early end, after which its people can go on."""
    run = _run(_TOO_LONG, ended_at=87_000_000)
    made, link = Artefacts((), 24, None, training=_CUT), pictures_link(_SampleLinks(), _DATASET, execution)
    course = course_of(run, _CUT, 86_200)
    notice = content.succeeded(say, _DATASET, execution, _BUCKET, made, link, run, course, has_app=True)
    return with_actions(_SampleLinks(), notice, execution)


def _in_trouble(kimg: float, trouble: str, last_score: float | None) -> TrainingOutcome:
    return TrainingOutcome(
        kimg,
        10 * kimg,
        trouble,
        kimg * 17,
        trouble=trouble,
        network=BEST_NETWORK,
        network_kimg=0.9 * kimg,
        network_score=0.0823,
        last_score=last_score,
    )


def _missing(say: Words) -> tuple[str, ...]:
    page = say.results_page.format(name=f"{layout.REPORT}/{layout.REPORT_PAGE}")
    made = layout.made(_DATASET, parse_execution(_RUN_ARN).id)
    return say.missing.format(part=page), say.no_picture.format(folder=made)


def _training_failure(say: Words, execution: Execution, restart: tuple[str, str]) -> failures.Failure:
    step = {
        "StepName": Step.TRAIN,
        "StepStatus": FAILED,
        "Metadata": {"TrainingJob": {"Arn": _JOB_ARN}},
    }
    return failures.failed(say, step, "killed by signal 9 (SIGKILL), exit code: 137", restart, execution)


def _inference_failure(say: Words, execution: Execution) -> failures.Failure:
    step = {"StepName": Step.INFER, "StepStatus": FAILED, "Metadata": {"ProcessingJob": {"Arn": _JOB_ARN}}}
    restart = ways_to_restart(say, _DATASET, _run(source_arn=_SOURCE_ARN))
    return failures.failed(say, step, "MaxRuntimeExceeded", restart, execution)


def _problems(say: Words, execution: Execution, found: Artefacts) -> Notice:
    command = restart_command(say, _DATASET, None)
    return content.problems(say, _DATASET, execution, _BUCKET, found, command)


def _prepared(found: int, good: int, copies: int) -> PrepareReport:
    offenders = (
        SetAside("brief.png", Reason(ReasonCode.TEXT)),
        SetAside("Kopie von 0001.png", Reason(ReasonCode.DUPLICATE, {"other": "0001.png"})),
        SetAside("sub/panorama.jpg", Reason(ReasonCode.DAMAGED)),
        SetAside("tiny.gif", Reason(ReasonCode.TOO_FEW_PIXELS, {"width": 20, "height": 30, "side": 64})),
        SetAside("x5.png", told("This is what an earlier release has said of www.example.com.")),
        SetAside("x6.png", Reason(ReasonCode.TEXT)),
    )
    unlisted = found - good - len(offenders)
    return PrepareReport(_DATASET, 256, found, good, offenders, 61.5, unlisted=unlisted, copies=copies)


def _folders(say: Words, labels: str | None) -> str:
    images = {"chairs": 1200, "Stühle (alt)": 80, "www.example.com": 1} | {f"more {n}": 9 - n for n in range(9)}
    return told_folders(say, Folders(images, 12), labels)


def _run(
    estimate: Estimate | None = None,
    source_arn: str | None = None,
    ended_at: int | None = None,
    *,
    size: str = "",
    folders: str = "",
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
        speed_key="ml.g5.xlarge 1 auto 128",
        max_train_seconds=86_400,
        estimate=estimate,
        started_at=0,
        hourly_price=1.41,
        source_arn=source_arn,
        ended_at=ended_at,
        size=size,
        folders=folders,
    )


if __name__ == "__main__":
    print_samples()
