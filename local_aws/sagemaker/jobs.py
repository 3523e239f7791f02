"""Processing and training jobs as processes with SageMaker's container contract.

Sources: SageMaker Developer Guide, "How Amazon SageMaker AI Runs Your Training Image", "... Provides Training
Information", "... Processes Training Output", "... Signals Algorithm Success and Failure", "How Amazon SageMaker
Processing Runs Your Processing Container Image"; API reference of StopTrainingJob (SIGTERM, 120 seconds, SIGKILL).
"""

import json
import logging
import os
import shutil
import stat
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local_aws.sagemaker.checkpoints import CheckpointSync
from local_aws.sagemaker.errors import DataError, ImageError
from local_aws.sagemaker.expressions import Json
from local_aws.sagemaker.images import DEFAULT_PATH, Image, load_image
from local_aws.sagemaker.job_requests import OPERATIONS
from local_aws.sagemaker.processes import ML_ROOT, EndCause, JobProcess, ProcessEnding, ProcessStop, in_folder
from local_aws.sagemaker.retry import JOB_INTERNAL_ERROR, exception_type_of
from local_aws.sagemaker.roles import Role
from local_aws.sagemaker.slot_queue import SlotQueue
from local_aws.sagemaker.storage import download_objects, explain_storage_error, join_key, upload_archive, upload_folder

logger = logging.getLogger(__name__)

GRACE_SECONDS = 120.0
CHECKPOINT_SECONDS = 1.0  # a file that has changed at every look waits: progress.json of a quick training
LONGEST_REASON = 1024
DEFAULT_MAX_SECONDS = 86_400
CHECKPOINT_PATH = f"{ML_ROOT}/checkpoints"
TENSORBOARD_PATH = f"{ML_ROOT}/output/tensorboard"
# What SageMaker's SDK says in its local mode: this machine has not the GPUs of the type that was asked for.
THIS_MACHINE = "local"


@dataclass(frozen=True)
class JobSettings:
    """How this machine runs jobs.

    Args:
        root: the repository, which the images hold as /workshop.
        own_opt: whether each job gets /opt/ml mounted; see `processes.can_have_own_opt`.
        environment: variables that every job carries besides those of its image and its request; asked for when a job
            starts. They say where S3 is: the rights are those of the job's role.
        grace_seconds: from SIGTERM to SIGKILL.
        checkpoint_seconds: between two looks at a running job's checkpoints.
        lines: where jobs wait, by their kind. A job has a thread for each core, and takes the memory and the GPU it
            finds: one at a time leaves the embedded AWS its share. A processing job does not wait for a training,
            which may take hours.
    """

    root: Path
    own_opt: bool
    environment: Callable[[], Mapping[str, str]] = dict
    grace_seconds: float = GRACE_SECONDS
    checkpoint_seconds: float = CHECKPOINT_SECONDS
    lines: Mapping[str, SlotQueue] = field(default_factory=lambda: {kind: SlotQueue() for kind in OPERATIONS})


@dataclass(frozen=True)
class JobOutcome:
    """How a job ended: "Completed", "Failed" or "Stopped".

    `exception_type` is set where a new job may succeed. `exit_message` is a processing job's /opt/ml/output/message.
    """

    status: str
    failure_reason: str | None = None
    secondary_status: str | None = None
    exception_type: str | None = None
    exit_message: str | None = None


class _StoppedError(Exception):
    """Somebody asked the run to stop while data was being copied."""


class Job:
    """One job. `run` does everything, in the thread that calls it.

    Args:
        kind: "Processing" or "Training".
        name: the job's name; `arn` its ARN.
        request: the checked request, without expressions.
        folder: the job's own; its log stays there when the rest is gone.
    """

    def __init__(
        self, kind: str, arn: str, request: Mapping[str, Json], role: Role, folder: Path, settings: JobSettings
    ) -> None:
        self.kind = kind
        self.arn = arn
        self.name = arn.rsplit("/", 1)[-1]
        self.request = request
        self.log = folder / "log.txt"
        self.phase = "Pending"
        self.started: datetime | None = None
        """When its turn came."""
        self.pid: int | None = None
        """The program's process id while it runs."""
        self._role = role
        self._folder = folder
        self._ml = folder / "ml"
        self._settings = settings

    @property
    def model_uri(self) -> str:
        """Where a training job's model.tar.gz goes."""
        return join_key(self.request["OutputDataConfig"]["S3OutputPath"], f"{self.name}/output/model.tar.gz")

    def image(self) -> Image:
        """Return the image of the request.

        Raises:
            ImageError: there is none such here.
        """
        uri = (
            self.request["AppSpecification"]["ImageUri"]
            if self.kind == "Processing"
            else self._algorithm.get("TrainingImage", "")
        )
        return load_image(self._settings.root, uri)

    def run(self, stop: ProcessStop) -> JobOutcome:
        """Wait for the job's turn, copy the inputs, run the program, copy the outputs; failures become the outcome."""
        with self._settings.lines[self.kind].turn(stop) as come:
            if come:
                self.started = datetime.now(UTC)
            outcome = self._run(stop) if come else JobOutcome("Stopped", secondary_status="Stopped")
        self.phase = outcome.secondary_status or outcome.status
        return outcome

    def _run(self, stop: ProcessStop) -> JobOutcome:
        self.phase = "Starting"
        for folder in (self._ml / "output", self._folder / "home"):
            folder.mkdir(parents=True)
        try:
            outcome = self._run_training(stop) if self.kind == "Training" else self._run_processing(stop)
        except _StoppedError:
            outcome = JobOutcome("Stopped", secondary_status="Stopped")
        except (ImageError, DataError) as error:
            outcome = JobOutcome("Failed", _shorten(f"ClientError: {error}"))
        except (ClientError, BotoCoreError) as error:
            outcome = self._service_failure(error)
        finally:
            # The log stays. A job may leave folders that cannot be removed; that is no failure of the job.
            shutil.rmtree(self._ml, ignore_errors=True)
            shutil.rmtree(self._folder / "home", ignore_errors=True)
        return outcome

    def _run_processing(self, stop: ProcessStop) -> JobOutcome:
        app = self.request["AppSpecification"]
        outputs = [item["S3Output"] for item in self.request.get("ProcessingOutputConfig", {}).get("Outputs", [])]
        self._write_config("config/processingjobconfig.json", {"ProcessingJobArn": self.arn, **self.request})
        resources = {"current_host": "algo-1", "current_instance_type": THIS_MACHINE, "hosts": ["algo-1"]}
        self._write_config("config/resourceconfig.json", resources)
        self.phase = "Downloading"
        for item in self.request.get("ProcessingInputs", []):
            source = item["S3Input"]
            self._download(source["S3Uri"], source["S3DataType"], self._local(source["LocalPath"]), stop)
        for output in outputs:
            self._local(output["LocalPath"]).mkdir(parents=True, exist_ok=True)
        self.phase = "Processing"
        image = self.image()
        command = image.command_line(app.get("ContainerEntrypoint", []), app.get("ContainerArguments", []))
        ending = self._execute(image, command, {}, stop)
        message = self._read_text("output/message")
        if ending.cause is EndCause.TIME_LIMIT:
            return JobOutcome("Stopped", secondary_status="MaxRuntimeExceeded", exit_message=message)
        if ending.cause is EndCause.STOPPED:
            return JobOutcome("Stopped", secondary_status="Stopped", exit_message=message)
        if ending.code != 0:
            # The service does not quote the message here; DescribeProcessingJob has it as ExitMessage.
            why = f"killed by {ending.signal_name}" if ending.signal_name else "See job logs for more information"
            return JobOutcome("Failed", f"AlgorithmError: {why}, exit code: {ending.exit_code}", exit_message=message)
        self.phase = "Uploading"
        for output in outputs:
            self._upload(partial(upload_folder, folder=self._local(output["LocalPath"]), uri=output["S3Uri"]))
        return JobOutcome("Completed", exit_message=message)

    def _run_training(self, stop: ProcessStop) -> JobOutcome:
        self._write_training_config()
        self.phase = "Downloading"
        for channel in self.request.get("InputDataConfig", []):
            source = channel["DataSource"]["S3DataSource"]
            self._download(
                source["S3Uri"], source["S3DataType"], self._ml / "input/data" / channel["ChannelName"], stop
            )
        (self._ml / "model").mkdir()
        (self._ml / "output/data").mkdir()
        checkpoints = self._checkpoints()
        if checkpoints is not None:
            self._explained("Data download failed:", lambda: checkpoints.restore(lambda: _give_up_if_asked(stop)))
            checkpoints.start()
        self.phase = "Training"
        image = self.image()
        # Without an entry point of its own the image's runs, with the argument `train` in the place of its CMD.
        entrypoint, arguments = (
            self._algorithm.get("ContainerEntrypoint", []),
            self._algorithm.get("ContainerArguments", []),
        )
        command = image.command_line(entrypoint, arguments or ([] if entrypoint else ["train"]))
        try:
            ending = self._execute(image, command, {"TRAINING_JOB_NAME": self.name, "TRAINING_JOB_ARN": self.arn}, stop)
        finally:
            if checkpoints is not None:
                checkpoints.stop()
        self.phase = "Uploading"
        failed = ending.cause is EndCause.BY_ITSELF and ending.code != 0
        if checkpoints is not None:
            self._save_checkpoints(checkpoints, failed)
        self._save_curves()
        if any((self._ml / "output/data").iterdir()):
            uri = join_key(self.request["OutputDataConfig"]["S3OutputPath"], f"{self.name}/output/output.tar.gz")
            self._upload(partial(upload_archive, folder=self._ml / "output/data", uri=uri))
        if failed:
            why = self._read_text("output/failure") or (f"killed by {ending.signal_name}" if ending.signal_name else "")
            end = f", exit code: {ending.exit_code}"
            return JobOutcome("Failed", _shorten(f"AlgorithmError: {why}", LONGEST_REASON - len(end)) + end)
        # A job that was stopped in time leaves what it has saved.
        self._upload(partial(upload_archive, folder=self._ml / "model", uri=self.model_uri))
        if ending.cause is EndCause.BY_ITSELF:
            return JobOutcome("Completed", secondary_status="Completed")
        return JobOutcome(
            "Stopped", secondary_status="Stopped" if ending.cause is EndCause.STOPPED else "MaxRuntimeExceeded"
        )

    def _write_training_config(self) -> None:
        channels = {
            channel["ChannelName"]: {
                **({"ContentType": channel["ContentType"]} if "ContentType" in channel else {}),
                "TrainingInputMode": "File",
                "S3DistributionType": "FullyReplicated",
                "RecordWrapperType": "None",
            }
            for channel in self.request.get("InputDataConfig", [])
        }
        self._write_config("input/config/hyperparameters.json", self.request.get("HyperParameters", {}))
        self._write_config("input/config/inputdataconfig.json", channels)
        self._write_config(
            "input/config/resourceconfig.json",
            {
                "current_host": "algo-1",
                "current_instance_type": THIS_MACHINE,
                "hosts": ["algo-1"],
                "network_interface_name": "lo",
            },
        )
        if "CheckpointConfig" in self.request:
            path = self.request["CheckpointConfig"].get("LocalPath", CHECKPOINT_PATH)
            self._write_config("input/config/checkpointconfig.json", {"LocalPath": path})

    def _save_curves(self) -> None:
        """What the program wrote for TensorBoard, once at its end; the service copies it all the while."""
        config = self.request.get("TensorBoardOutputConfig")
        folder = self._local((config or {}).get("LocalPath", TENSORBOARD_PATH))
        if config is not None and folder.is_dir():
            uri = join_key(config["S3OutputPath"], f"{self.name}/tensorboard-output")
            self._upload(partial(upload_folder, folder=folder, uri=uri))

    def _checkpoints(self) -> CheckpointSync | None:
        config = self.request.get("CheckpointConfig")
        if config is None:
            return None
        folder = self._local(config.get("LocalPath", CHECKPOINT_PATH))
        return CheckpointSync(
            lambda: self._role.client("s3"), folder, config["S3Uri"], self._settings.checkpoint_seconds
        )

    def _save_checkpoints(self, checkpoints: CheckpointSync, failed: bool) -> None:
        try:
            self._explained("Artifact upload failed:", partial(checkpoints.copy, last=True))
        except (DataError, ClientError, BotoCoreError):
            if not failed:
                raise
            # Why the program failed is what people want to know.
            logger.warning("job %s: its last checkpoints are lost", self.name, exc_info=True)

    def _execute(self, image: Image, command: list[str], extra: Mapping[str, str], stop: ProcessStop) -> ProcessEnding:
        environment = {
            "LANG": "C.UTF-8",
            **image.environment,
            # A home of its own: there are no AWS credentials to be found in it but those of the role.
            "HOME": str(self._folder / "home"),
            # Programs beside the interpreter, for a job that starts `python3` itself.
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), image.environment.get("PATH", DEFAULT_PATH)]),
            **extra,
            **self.request.get("Environment", {}),
            **self._settings.environment(),
            **self._role.environment(),
        }
        limit = self.request.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", DEFAULT_MAX_SECONDS)
        try:
            process = JobProcess(command, environment, image.folder, self._ml, self.log, self._settings.own_opt)
        except OSError as error:
            raise ImageError(f"cannot start {command[0]}: {error}") from error
        self.pid = process.pid
        try:
            return process.wait(stop, limit, self._settings.grace_seconds)
        finally:
            self.pid = None

    def _download(self, uri: str, data_type: str, folder: Path, stop: ProcessStop) -> None:
        s3 = self._role.client("s3")
        self._explained(
            "Data download failed:",
            lambda: download_objects(s3, uri, data_type, folder, lambda: _give_up_if_asked(stop)),
        )

    def _upload(self, upload: Callable[[Any], object]) -> None:
        self._explained("Artifact upload failed:", lambda: upload(self._role.client("s3")))

    def _explained(self, what: str, action: Callable[[], object]) -> None:
        """Run an S3 action; a refusal that repeating cannot cure becomes a DataError that begins with `what`, as the
        service's does."""
        try:
            action()
        except ClientError as error:
            if exception_type_of(error) is not None:
                raise
            raise DataError(f"{what}{explain_storage_error(error)}") from error
        except DataError as error:
            raise DataError(f"{what}{error}") from error

    def _service_failure(self, error: ClientError | BotoCoreError) -> JobOutcome:
        logger.warning("job %s: %s", self.name, error)
        retryable = exception_type_of(error) is not None
        reason = (
            f"InternalServerError: We encountered an internal error. Please try again. ({error})"
            if retryable
            else f"ClientError: {error}"
        )
        return JobOutcome("Failed", _shorten(reason), exception_type=JOB_INTERNAL_ERROR if retryable else None)

    @property
    def _algorithm(self) -> Mapping[str, Json]:
        specification: Mapping[str, Json] = self.request.get("AlgorithmSpecification", {})
        return specification

    def _local(self, path: str) -> Path:
        """Return where a checked path below /opt/ml lies outside the job."""
        return self._ml / path.removeprefix(ML_ROOT).strip("/")

    def _write_config(self, name: str, content: Json) -> None:
        file = self._ml / name
        file.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(content)
        file.write_text(text if self._settings.own_opt else _rewritten(text, self._ml))

    def _read_text(self, name: str) -> str | None:
        """Return the beginning of a text the job left, or None. It may have left anything there: a pipe must not block
        us."""
        try:
            descriptor = os.open(self._ml / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            return None
        with os.fdopen(descriptor, "rb") as stream:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return None
            return stream.read(4 * LONGEST_REASON).decode("utf-8", "replace")[:LONGEST_REASON].strip() or None


def _rewritten(text: str, ml: Path) -> str:
    """Rewrite the paths in a configuration file; they stand in JSON strings, so behind a quote."""
    return json.dumps(_rewrite(json.loads(text), ml))


def _rewrite(value: Json, ml: Path) -> Json:
    if isinstance(value, dict):
        return {key: _rewrite(item, ml) for key, item in value.items()}
    if isinstance(value, list):
        return [_rewrite(item, ml) for item in value]
    return in_folder(value, ml) if isinstance(value, str) else value


def _give_up_if_asked(stop: ProcessStop) -> None:
    if stop.requested:
        raise _StoppedError


def _shorten(text: str, longest: int = LONGEST_REASON) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"
