"""Causes that are met often: each reason gets the hint that helps, whatever datasets and files are called."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.names import LANGUAGES, parse_execution
from tests.unit.conftest import RUN_ARN
from tests.unit.properties import quick
from workshop.notices.failures import failed, log_url, stopped, too_few_images
from workshop.notices.reasons import Cause, find_cause
from workshop.words import words

EXECUTION = parse_execution(RUN_ARN)
ENGLISH = words("en")
JOB = "arn:aws:sagemaker:eu-central-1:123456789012:training-job/pipelines-p4jn9xou8a8s-Train-tmgxry49ug"
WITH_LOG: dict[str, Any] = {"StepName": "Train", "StepStatus": "Failed", "Metadata": {"TrainingJob": {"Arn": JOB}}}

# Reasons as SageMaker, S3 and our jobs put them together; {dataset} and {file} are what others have named.
URI = "s3://workshop-bucket/uploads/{dataset}/{file}"
REASONS: list[tuple[str, Cause]] = [
    (
        "ClientError: Failed to invoke sagemaker:CreateTrainingJob. Error Details: The account-level service limit "
        "'ml.g5.xlarge for training job usage' is 0 Instances, with current utilization of 0 Instances and a request "
        "delta of 1 Instances. Please use AWS Service Quotas to request an increase for this quota.",
        Cause.QUOTA,
    ),
    ("ResourceLimitExceeded: The account-level service limit 'ml.g5.xlarge for training job usage' is 0", Cause.QUOTA),
    (
        "CapacityError: Unable to provision requested ML compute capacity. Please retry using a different ML instance "
        "type.",
        Cause.CAPACITY,
    ),
    ("InternalServerError: insufficient ml.g5.xlarge capacity", Cause.CAPACITY),
    ("Training job stopped: MaxRuntimeExceeded", Cause.TIME),
    (
        "ClientError: Training job pipelines-p4jn9xou8a8s-Train-tmgxry49ug was stopped: MaxRuntimeExceeded (3600 s)",
        Cause.TIME,
    ),
    ("Max runtime", Cause.TIME),
    ("The job stopped because it exceeded the maximum allowed runtime.", Cause.TIME),
    ("AlgorithmError: RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB, exit code: 1", Cause.MEMORY),
    ("AlgorithmError: torch.OutOfMemoryError: CUDA out of memory", Cause.MEMORY),
    ("AlgorithmError: OutOfMemory: Unexpected MemoryError: {file}, exit code: 1", Cause.MEMORY),
    ("AlgorithmError: memory limit", Cause.MEMORY),
    (
        "ClientError: Please use an instance type with more memory, or reduce the size of job data processed on an "
        "instance.",
        Cause.MEMORY,
    ),
    (
        "AlgorithmError: RuntimeError: DataLoader worker (pid 123) is killed by signal: Killed. , exit code: 1",
        Cause.KILLED,
    ),
    (
        "AlgorithmError: ClientError: An error occurred (AccessDenied) when calling the GetObject operation: Access "
        "Denied, exit code: 1",
        Cause.PERMISSION,
    ),
    (
        "AlgorithmError: botocore.exceptions.ClientError: An error occurred (ExpiredToken) when calling the PutObject "
        "operation: The provided token has expired.",
        Cause.CREDENTIALS,
    ),
    (
        "AlgorithmError: An error occurred (NoSuchKey) when calling the GetObject operation: The specified key does "
        "not exist., exit code: 1",
        Cause.GONE,
    ),
    ("ClientError: Cannot pull image 123456789012.dkr.ecr.eu-central-1.amazonaws.com/workshop-train:1", Cause.IMAGE),
    ("AlgorithmError: Diverged: the training has diverged before kimg=12.000, exit code: 1", Cause.DIVERGED),
    (
        "AlgorithmError: the channel 'base' holds no network.json; it must be a network's folder., exit code: 1",
        Cause.BASE,
    ),
    ("AlgorithmError: killed by signal 9 (SIGKILL), exit code: 137", Cause.KILLED),
    ("AlgorithmError: , exit code: 137", Cause.KILLED),
    ("ClientError: AlgorithmError: See job logs for more information, exit code: 143", Cause.KILLED),
    ("AlgorithmError: Process 0 of 0 to 3, on algo-1, was ended by SIGKILL, perhaps for want of memory", Cause.KILLED),
    ("AlgorithmError: The file '{file}' of {dataset} cannot be used, exit code: 137", Cause.KILLED),
    ("AlgorithmError: The disk is full: No space left on device", Cause.DISK),
    ("AlgorithmError: DiskFull: /opt/ml/model/{file}: cannot be written: No space left on device.", Cause.DISK),
    ("AlgorithmError: OSError: [Errno 28] No space left on device: '/opt/ml/{file}', exit code: 1", Cause.DISK),
    ("ClientError: Data download failed:Insufficient disk space", Cause.DISK),
    ("ClientError: Data download failed:[Errno 28] No space left on device: '/opt/ml/input/{file}'", Cause.DISK),
    ("AlgorithmError: AccessDenied when calling GetObject", Cause.PERMISSION),
    ("ClientError: Data download failed:AccessDenied (403): Access Denied [" + URI + "]", Cause.PERMISSION),
    (
        "ClientError: Failed to invoke sagemaker:CreateTrainingJob. Error Details: User: "
        "arn:aws:sts::123456789012:assumed-role/signal-PipelineRole-X/SageMaker is not authorized to perform: "
        "sagemaker:CreateTrainingJob on resource: " + JOB,
        Cause.PERMISSION,
    ),
    ("ClientError: Artifact upload failed:Error 7: The credentials received has been expired", Cause.CREDENTIALS),
    ("ClientError: Artifact upload failed:ExpiredToken (400): The provided token has expired.", Cause.CREDENTIALS),
    ("AlgorithmError: NCCL watchdog: Signal 6 (SIGABRT)", Cause.PEERS),
    (
        "AlgorithmError: AccessDenied: S3 does not give the images to the job ({file}: x), exit code: 1",
        Cause.PERMISSION,
    ),
    ("AlgorithmError: S3 does not give the images to the job ({file}: x), exit code: 1", Cause.UNKNOWN),
    ("AlgorithmError: PeerLost: another of the 4 processes of this training ended or hangs ({file})", Cause.PEERS),
    (
        "ClientError: Failed to invoke sagemaker:CreateTrainingJob. Error Details: Cannot find repository: "
        "workshop-train in registry ID: 123456789012. Please check if your ECR repository and image exist and role "
        "arn:aws:iam::123456789012:role/x has proper pull permissions for SageMaker.",
        Cause.IMAGE,
    ),
    (
        "ClientError: Failed to invoke sagemaker:CreateTrainingJob. Error Details: Could not find model data at "
        "s3://workshop-bucket/base/x/",
        Cause.BASE,
    ),
    (
        'ClientError: Data download failed:No S3 objects found under S3 URL "s3://workshop-bucket/base/x/" given in '
        'input data source. Please ensure that the bucket exists, and that the role has "s3:ListBucket" permissions on '
        'bucket "workshop-bucket".',
        Cause.BASE,
    ),
    (
        'ClientError: Data download failed:No S3 objects found under S3 URL "s3://workshop-bucket/code/0123456789/" '
        "given in input data source.",
        Cause.CODE,
    ),
    (
        "ClientError: Data download failed:NoSuchKey (404): The specified key does not exist. [" + URI + "]",
        Cause.GONE,
    ),
    (
        "ClientError: Data download failed:InvalidObjectState (403): The operation is not valid for the object's "
        "storage class [" + URI + "]",
        Cause.ARCHIVED,
    ),
    (
        "ClientError: Data download failed:the object " + URI + " has the name of a folder of other objects",
        Cause.CLASH,
    ),
    (
        "ClientError: Data download failed:Failed to download data. Cannot download "
        + URI
        + ", a previously downloaded "
        "file/folder clashes with it. Please check your s3 objects and ensure that there is no object that is both a "
        "folder as well as a file.",
        Cause.CLASH,
    ),
    (
        "ClientError: Data download failed:SlowDown (503): Please reduce your request rate. [" + URI + "]",
        Cause.DOWNLOAD,
    ),
    ("ClientError: Data download failed:Failed to download data. Cannot download " + URI + " today", Cause.DOWNLOAD),
    ("ClientError: Data download failed:the object name '{file}' cannot be a file name", Cause.DOWNLOAD),
    ("InternalServerError: We encountered an internal error. Please try again.", Cause.INTERNAL),
    ("AlgorithmError: signal_images: must be between 2 and 1000000, not 1", Cause.UNKNOWN),
    (
        "AlgorithmError: hyperparameter 'dataset' must be like 'my-faces', but it is '{dataset}'., exit code: 1",
        Cause.UNKNOWN,
    ),
    ("AlgorithmError: The data set /opt/ml/input/data/train/{file} holds no pictures, exit code: 1", Cause.UNKNOWN),
    ("AlgorithmError: Unexpected ValueError: '{file}', exit code: 1", Cause.UNKNOWN),
    ("something nobody has seen", Cause.UNKNOWN),
    ("", Cause.UNKNOWN),
]

# Names that say what a reason could say, as people give them to pictures of such things, or to confuse.
DATASETS = [
    *("red-chairs", "killed-dragons", "road-signals", "signal-9", "sigkill", "out-of-memory", "disk-full", "nccl"),
    *("accessdenied", "quota", "capacityerror", "max-runtime", "137", "base", "code", "internal-error"),
]
FILES = [
    *("a.png", "traffic signal 3.png", "killed.png", "SIGKILL.png", "CUDA out of memory.png", "OutOfMemoryError x"),
    *("No space left on device", "disk is full.png", "AccessDenied", "not authorized.png", "ResourceLimitExceeded"),
    *("Unable to provision.png", "insufficient capacity.png", "MaxRuntimeExceeded", "NCCL.png", "internal error.png"),
    *("credentials expired.png", "x, exit code: 137", "x] [y", "it's.png", 'say "signal 9".png', "base/code.png"),
    *("s3://workshop-bucket/base/x", "NoSuchKey (404)", "InvalidObjectState", "Data download failed:NoSuchKey"),
    *("x has the name of a folder of other objects.png", "a, b's.png"),
    "training-job/pipelines-p4jn9xou8a8s-Train-tmgxry49ug",
]
PHRASES = st.sampled_from(
    [*FILES, *(phrase for reason, _ in REASONS for phrase in re.split(r"[{}:.']", reason) if phrase)]
)
ANY_FILE = st.lists(PHRASES | st.text(max_size=8), min_size=1, max_size=4).map(" ".join)


@pytest.mark.parametrize(("reason", "cause"), REASONS, ids=[f"{i}-{cause}" for i, (_, cause) in enumerate(REASONS)])
def test_the_advice_does_not_depend_on_names(reason: str, cause: Cause) -> None:
    for dataset in DATASETS:
        for file in FILES:
            assert find_cause(filled(reason, dataset, file)).cause is cause, (dataset, file)

    @settings(quick, max_examples=60)
    @given(st.sampled_from(DATASETS) | st.from_regex(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", fullmatch=True), ANY_FILE)
    def whatever_it_is_called(dataset: str, file: str) -> None:
        assert find_cause(filled(reason, dataset, file)).cause is cause

    whatever_it_is_called()


@pytest.mark.parametrize("file", [name for name in FILES if ":" not in name])
def test_a_picture_that_a_program_names_without_quotes_is_still_a_name(file: str) -> None:
    assert find_cause(f"AlgorithmError: {file}.jpg: this picture is damaged, exit code: 1").cause is Cause.UNKNOWN


def filled(reason: str, dataset: str, file: str) -> str:
    return reason.replace("{dataset}", dataset).replace("{file}", file)


@settings(quick, max_examples=200)
@given(ANY_FILE)
def test_what_a_job_says_itself_is_not_read_as_what_is_said_about_it(file: str) -> None:
    """Its exit message ends where it ends: no exit code follows, and no class stands before it."""
    assert find_cause(f"The target '{file}', exit code: 137", is_own=True).cause is Cause.UNKNOWN


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("reason", "cause"), REASONS, ids=[f"{i}-{cause}" for i, (_, cause) in enumerate(REASONS)])
def test_each_cause_has_advice_of_its_own_in_every_language(reason: str, cause: Cause, language: str) -> None:
    say = words(language)
    expected = say.help_unknown if cause is Cause.UNKNOWN else getattr(say, f"help_{cause}")
    advice = failed(say, WITH_LOG, filled(reason, "cats", "a.png"), "again", EXECUTION).next_steps[0]
    assert advice.startswith(expected)
    assert "{" not in advice


@pytest.mark.parametrize(
    ("reason", "key"),
    [
        ("Data download failed:NoSuchKey (404): No such key. [s3://b/uploads/cats/a b.png]", "uploads/cats/a b.png"),
        ("Data download failed:InvalidObjectState (403): x [s3://b/uploads/cats/a].png]", "uploads/cats/a].png"),
        (
            "Data download failed:the object s3://b/inference/cats/a has the name of a folder of other objects",
            "inference/cats/a",
        ),
        (
            "Data download failed:Failed to download data. Cannot download s3://b/uploads/cats/a, b.png, a previously "
            "downloaded file/folder clashes with it.",
            "uploads/cats/a, b.png",
        ),
        (
            "Data download failed:NoSuchKey (404): No such key. [s3://b/uploads/cats/www.evil.com]",
            "uploads/cats/www[.]evil[.]com",
        ),
    ],
)
def test_the_advice_names_the_file_that_it_is_about(reason: str, key: str) -> None:
    step = {"StepName": "Prepare", "StepStatus": "Failed", "Metadata": {}}
    assert (
        failed(ENGLISH, step, f"ClientError: {reason}", "again", EXECUTION).next_steps[0].endswith(f"The file: {key}")
    )


def test_without_a_log_nobody_is_sent_to_it() -> None:
    step = {"StepName": "Notify", "StepStatus": "Failed", "Metadata": {}}
    failure = failed(ENGLISH, step, "something nobody has seen", "again", EXECUTION)
    assert (failure.log_url, failure.next_steps[0]) == ("", ENGLISH.help_no_log)


@pytest.mark.parametrize(
    "reason",
    [
        "CapacityError: Unable to provision requested ML compute capacity.",
        "ClientError: Failed to invoke sagemaker:CreateTrainingJob. Error Details: something new",
        "ClientError: Data download failed:something new",
        "ClientError: Data download failed:Insufficient disk space",
    ],
)
def test_a_job_whose_program_never_began_has_no_log(reason: str) -> None:
    failure = failed(ENGLISH, WITH_LOG, reason, "again", EXECUTION)
    assert failure.log_url == ""
    assert "log" not in failure.next_steps[0].split()


def test_only_a_training_goes_on_from_a_checkpoint() -> None:
    hints = {
        step: failed(ENGLISH, {"StepName": step}, "MaxRuntimeExceeded", "again", EXECUTION).next_steps[0]
        for step in ("Prepare", "Train", "Infer")
    }
    assert [step for step, hint in hints.items() if "last saved" in hint] == ["Train"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_reason_stays_in_its_own_words_in_every_language(language: str) -> None:
    failure = failed(words(language), {"StepName": "Train"}, "CUDA out of memory", "again", EXECUTION)
    assert failure.reason == "CUDA out of memory"
    assert failure.next_steps[0].startswith(words(language).help_memory)


def test_a_step_nobody_has_heard_of_is_named_as_it_is() -> None:
    failure = failed(ENGLISH, {"StepName": "Polish"}, "x", "again", EXECUTION)
    assert failure.step_words == "Polish"
    assert failure.headline == "the run has failed"


def test_no_reason_at_all_is_said() -> None:
    assert failed(ENGLISH, None, "", "again", EXECUTION).reason == "SageMaker gives no reason."


@pytest.mark.parametrize("metadata", [{}, {"Condition": {"Outcome": "False"}}, {"TrainingJob": {}}])
def test_a_step_without_a_job_has_no_log(metadata: dict[str, dict[str, str]]) -> None:
    assert log_url({"Metadata": metadata}, EXECUTION) == ""
    step = {"StepName": "Train", "StepStatus": "Stopped", "Metadata": metadata}
    assert stopped(ENGLISH, [step], "", EXECUTION).log_url == ""


@pytest.mark.parametrize(
    ("language", "told"), [("en", "At least 20 images are needed."), ("zh-CN", "至少需要 20 张图片。")]
)
def test_how_many_images_are_needed_is_told_in_the_readers_language(language: str, told: str) -> None:
    said = "Too few good images: at least 20 are needed. prepare.json of this run lists every file."
    assert too_few_images(words(language), said).reason == told
    assert too_few_images(words(language), "Too few.").reason == "Too few."
