"""SageMaker's container contract: where a job finds its input, leaves its output and says why it failed.

This is the only module that knows `/opt/ml`. `SAGEMAKER_BASE_DIR` replaces that folder, as it does in AWS's own
training toolkit, so that a job can run as an ordinary process beside others.

Sources: SageMaker Developer Guide, "How Amazon SageMaker AI Runs Your Training Image", "... Signals Algorithm Success
and Failure", "How Amazon SageMaker Processing Runs Your Processing Container Image", "Checkpoints in Amazon
SageMaker AI"; API reference of StopTrainingJob.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

from containers.errors import InputError, StepError
from containers.settings import NamedStrings
from contract.jobs import FailureCode

DEFAULT_BASE = "/opt/ml"
BASE_VARIABLE = "SAGEMAKER_BASE_DIR"

# "The first 1,024 characters of /opt/ml/output/failure are returned as FailureReason"; a processing job's
# "/opt/ml/output/message ... up to 1 KB" becomes its ExitMessage. Bytes are the stricter reading, so both use it.
SENTENCE_BYTES = 1024

_LARGEST_CONFIG_BYTES = 1 << 20

# Names of exceptions, and codes of AWS's errors. By name, because the packages that have them load slowly.
_CAUSES = {
    "MemoryError": FailureCode.OUT_OF_MEMORY,
    "OutOfMemoryError": FailureCode.OUT_OF_MEMORY,
    "PeerLostError": FailureCode.PEER_LOST,
    "DivergedError": FailureCode.DIVERGED,
    "AccessDenied": FailureCode.ACCESS_DENIED,
    "AccessDeniedException": FailureCode.ACCESS_DENIED,  # as KMS says it
    "ExpiredToken": FailureCode.EXPIRED_TOKEN,
}


def base_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """The job's base folder: `/opt/ml` unless `SAGEMAKER_BASE_DIR` says otherwise."""
    return Path(environment.get(BASE_VARIABLE) or DEFAULT_BASE)


@dataclass(frozen=True)
class Cluster:
    """The machines of a job, e.g. algo-1 and algo-2."""

    hosts: tuple[str, ...]
    """All, in the same order on each of them."""
    current: str
    """This one."""
    interface: str | None
    """The network interface to the others."""


@dataclass(frozen=True)
class TrainingJob:
    """A training job's folders and configuration files, below `base`."""

    base: Path

    @property
    def model_folder(self) -> Path:
        """What lies here when the job ends becomes model.tar.gz."""
        return self.base / "model"

    @property
    def checkpoint_folder(self) -> Path:
        """Filled from S3 before the job starts and copied to S3 while it runs; not copied once more at the end."""
        return self.base / "checkpoints"

    @property
    def tensorboard_folder(self) -> Path:
        """Copied to S3 while the job runs, if it was started with a TensorBoardOutputConfig; else nobody reads it."""
        return self.base / "output" / "tensorboard"

    @property
    def sentence_file(self) -> Path:
        """Its text becomes the job's FailureReason."""
        return self.base / "output" / "failure"

    def hyperparameters(self) -> NamedStrings:
        """The job's hyperparameters; SageMaker writes all values as strings."""
        file = self.base / "input" / "config" / "hyperparameters.json"
        values = _read_object(file) if file.exists() else {}
        for key, value in values.items():
            if not isinstance(value, str):
                raise InputError(f"hyperparameter {key!r} must be a string in {file.name}, as SageMaker writes it.")
        return NamedStrings("hyperparameter", values)

    def channel(self, name: str) -> Path:
        """The folder of a channel that the job was started with."""
        if (folder := self.optional_channel(name)) is None:
            raise InputError(f"the training job has no channel {name!r}.")
        return folder

    def optional_channel(self, name: str) -> Path | None:
        """The folder of a channel, or None if the job was started without it."""
        config = self.base / "input" / "config" / "inputdataconfig.json"
        folder = self.base / "input" / "data" / name
        if config.exists() and name not in _read_object(config):
            return None
        return folder if folder.is_dir() else None

    def instance_type(self) -> str | None:
        """The type of this machine, or None if the job's configuration does not tell."""
        return _instance_type(self.base / "input" / "config" / "resourceconfig.json")

    def region(self) -> str | None:
        """The region that the job runs in, or None if its environment does not tell."""
        return _region_of(os.environ.get("TRAINING_JOB_ARN"))

    def environment(self) -> NamedStrings:
        """The job's environment variables."""
        return NamedStrings("environment variable", os.environ)

    def seconds_so_far(self) -> float:
        """How long the job has been going on: its configuration is written first, then its channels are copied."""
        file = self.base / "input" / "config" / "hyperparameters.json"
        return max(0.0, time.time() - file.stat().st_mtime) if file.exists() else 0.0

    def cluster(self) -> Cluster:
        """The machines of this job."""
        return _cluster(self.base / "input" / "config" / "resourceconfig.json")


@dataclass(frozen=True)
class ProcessingJob:
    """A processing job's folders, below `base`."""

    base: Path

    @property
    def sentence_file(self) -> Path:
        """Its text becomes the job's ExitMessage."""
        return self.base / "output" / "message"

    def environment(self) -> NamedStrings:
        """The job's environment variables."""
        return NamedStrings("environment variable", os.environ)

    def input(self, name: str) -> Path:
        """The folder of an input that the job was started with."""
        if (folder := self.optional_input(name)) is None:
            raise InputError(f"the processing job has no input {name!r}.")
        return folder

    def optional_input(self, name: str) -> Path | None:
        """The folder of an input, or None if the job was started without it."""
        folder = self.base / "processing" / "input" / name
        return folder if folder.is_dir() else None

    def input_file(self, name: str) -> Path:
        """The file of an input that is one object."""
        files = [path for path in self.input(name).iterdir() if path.is_file()]
        if len(files) != 1:
            raise InputError(f"the input {name!r} must be one object, but has {len(files)} files.")
        return files[0]

    def region(self) -> str | None:
        """The region that the job runs in, or None if its configuration does not tell."""
        return _region_of(self._config().get("ProcessingJobArn"))

    def source(self, name: str) -> str | None:
        """The S3 URI that an input was copied from, or None if the job's configuration does not tell."""
        inputs = self._config().get("ProcessingInputs")
        for one in inputs if isinstance(inputs, list) else ():
            match one:
                case {"InputName": str(found), "S3Input": {"S3Uri": str(uri)}} if found == name:
                    return uri
        return None

    def max_seconds(self) -> float | None:
        """After how long SageMaker ends the job, or None if the job's configuration does not tell."""
        match self._config():
            case {"StoppingCondition": {"MaxRuntimeInSeconds": int(seconds)}} if seconds > 0:
                return float(seconds)
        return None

    def instance_type(self) -> str | None:
        """The type of this machine, or None if the job's configuration does not tell."""
        if (name := _instance_type(self.base / "config" / "resourceconfig.json")) is not None:
            return name
        match self._config():  # where the service does not say it of this machine itself
            case {"ProcessingResources": {"ClusterConfig": {"InstanceType": str(name)}}}:
                return name
        return None

    def output(self, name: str) -> Path:
        """The folder of an output; made if need be."""
        folder = self.base / "processing" / "output" / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @contextmanager
    def scratch(self, output: str) -> Iterator[Path]:
        """A folder for the job's own use, inside of an output's: only of inputs and outputs is it documented that they
        lie on the volume whose size was asked for. It is gone before the output is copied."""
        with tempfile.TemporaryDirectory(prefix="scratch-", dir=self.output(output)) as folder:
            yield Path(folder)

    def refuse_many_hosts(self) -> None:
        """Raise StepError on a job of several machines: each would do the whole work and overwrite the others'."""
        hosts = _cluster(self.base / "config" / "resourceconfig.json").hosts
        if len(hosts) > 1:
            raise StepError(f"This step runs on one machine, but was given {len(hosts)}; set its instance count to 1.")

    def _config(self) -> dict[str, Any]:
        file = self.base / "config" / "processingjobconfig.json"
        return _read_object(file) if file.exists() else {}


Job = TypeVar("Job", TrainingJob, ProcessingJob)


class StopRequest:
    """Remembers that SageMaker has asked the job to stop; call the object to ask.

    SageMaker sends SIGTERM and, 120 seconds later, SIGKILL. Process 1 of a container ignores a SIGTERM that it
    has no handler for, so install this before anything slow (importing torch takes seconds).
    """

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self._also: Callable[[], None] = lambda: None

    def install(self) -> StopRequest:
        """Start listening, also for what was sent while the signal was blocked; only possible in the main thread."""
        signal.signal(signal.SIGTERM, self._remember)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        return self

    def also(self, action: Callable[[], None]) -> None:
        """Do this, too, when the job is asked to stop; at once if it already was. It may be done twice."""
        self._also = action
        if self():
            action()

    def __call__(self) -> bool:
        """Whether the job has been asked to stop."""
        return self._stopped.is_set()

    def _remember(self, _number: int, _frame: FrameType | None) -> None:
        self._stopped.set()
        self._also()


def run_job(
    job: Job,
    step: Callable[[Job], None],
    *,
    known: tuple[type[Exception], ...] = (),
    sentence_file: Path | None = None,
) -> int:
    """Run `step` and return the job's exit code: 0, or 1 after saying why in the job's failure or message file.

    `sentence_file` takes that file's place for a process that is not the job's only one.

    A `StepError`, or one of the `known` errors of the packages that the step uses, is told as it is. Anything else
    is a fault of ours: its type and message go into the file and its traceback into the log. Where the cause is one
    that a person can do something about without reading on, a word for it comes first (`_cause_of`).
    """
    told: tuple[type[Exception], ...] = (StepError, *known)
    file = job.sentence_file if sentence_file is None else sentence_file
    try:
        step(job)
    except told as error:
        _tell(file, f"{_cause_of(error)}{error}")
        return 1
    except Exception as error:  # noqa: BLE001 - the last place where the person who waits can be told
        traceback.print_exc()
        _tell(file, f"{_cause_of(error)}Unexpected {type(error).__name__}: {error}")
        return 1
    return 0


def _cause_of(error: BaseException) -> str:
    """A failure code with a colon, if the error or one that it comes from is of such a kind, else ""."""
    source: BaseException | None = error
    while source is not None:
        if isinstance(source, OSError) and source.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            return f"{FailureCode.DISK_FULL}: "
        refused_by_aws: Any = getattr(source, "response", None)
        code = refused_by_aws.get("Error", {}).get("Code") if isinstance(refused_by_aws, dict) else None
        if cause := _CAUSES.get(code or type(source).__name__):
            return f"{cause}: "
        source = source.__cause__
    return ""


def plain_sentence(text: str, limit: int = SENTENCE_BYTES) -> str:
    """`text` on one line, without control characters, at most `limit` bytes of UTF-8 (never half a character)."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    encoded = line.encode("utf-8", "replace")
    if len(encoded) <= limit:
        return encoded.decode()
    ellipsis = "…".encode()
    return encoded[: limit - len(ellipsis)].decode("utf-8", "ignore") + ellipsis.decode()


def _tell(file: Path, text: str) -> None:
    sentence = plain_sentence(text)
    print(sentence, file=sys.stderr, flush=True)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(sentence, encoding="utf-8")
    except OSError as error:
        # The exit code still tells that the job failed, and the log above tells why.
        print(f"cannot write {file}: {error}", file=sys.stderr, flush=True)


def _cluster(file: Path) -> Cluster:
    match _read_object(file) if file.exists() else {"hosts": ["localhost"], "current_host": "localhost"}:
        case {"hosts": [*hosts], "current_host": str(current), **rest} if current in hosts:
            interface = rest.get("network_interface_name")
            return Cluster(tuple(sorted(map(str, hosts))), current, interface if isinstance(interface, str) else None)
    raise InputError(f"{file.name} must name the job's 'hosts' and, of these, the 'current_host'.")


def _region_of(arn: object) -> str | None:
    parts = arn.split(":") if isinstance(arn, str) else []
    return parts[3] if len(parts) > 3 and parts[3] else None


def _instance_type(file: Path) -> str | None:
    name = _read_object(file).get("current_instance_type") if file.exists() else None
    return name if isinstance(name, str) else None


def _read_object(file: Path) -> dict[str, Any]:
    if file.stat().st_size > _LARGEST_CONFIG_BYTES:
        raise InputError(f"{file.name} is larger than {_LARGEST_CONFIG_BYTES} bytes.")
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{file.name} is not valid JSON: {error}") from error
    if not isinstance(value, dict):
        raise InputError(f"{file.name} must hold a JSON object.")
    return value
