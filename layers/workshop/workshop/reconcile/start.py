"""From a snapshot to StartPipelineExecution: the frozen request, its token, and what its errors mean."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from contract import layout
from contract.capacity.volumes import run_volumes
from contract.names import FALLBACK_LANGUAGE
from contract.pipeline import (
    OF_FOLDERS,
    OPEN_PARAMETERS,
    PARAMETERS,
    STEPS_WITHOUT_TRAINING,
    PictureSize,
    resolutions_of,
    why_refused,
)
from contract.run_identity import RunIdentity
from contract.train_options import options_text, read_options
from workshop.config import StartRunConfig
from workshop.dataset import Choice, Listing, Targets
from workshop.dataset.classes import Folders
from workshop.dataset.room import workload_of
from workshop.dataset.settings import MIN_JOB_SECONDS
from workshop.dataset.shape import size_of_run
from workshop.dataset.snapshot import fingerprint as images_fingerprint
from workshop.estimates.learned import speed_key
from workshop.estimates.whole import process_seconds
from workshop.ledger import Claim
from workshop.platform.clients import NOT_FOUND, SageMaker, error_code, list_executions
from workshop.platform.errors import BadRequest, StartDelayed, StartRefused
from workshop.reconcile.labels import told_folders, why_no_classes
from workshop.words import words

# By how much our clock may be before SageMaker's.
_CLOCKS_DIFFER_SECONDS = 3600

# Certainly nothing was started, and the same request may succeed later. ConflictException is documented as "a conflict
# when you attempted to modify a SageMaker entity", for example an update of the pipeline at this moment.
_LATER = frozenset(
    {"ThrottlingException", "Throttling", "TooManyRequestsException", "ResourceLimitExceeded", "ConflictException"}
)


def check_overrides(given: object) -> dict[str, str]:
    """The parameters of a manual start, each value checked by itself. Raises BadRequest naming the offender and what is
    allowed: otherwise a machine would be paid for before it says so."""
    if not isinstance(given, Mapping):
        raise BadRequest("`parameters` must be an object of pipeline parameter names and values.")
    overrides: dict[str, str] = {}
    for name, value in given.items():
        is_plain = isinstance(value, str | int | float)
        if name in OPEN_PARAMETERS and not is_plain:
            raise BadRequest(f"The parameter {name} must be a text, a number or true or false.")
        text = parameter_text(value) if is_plain else ""
        if (refusal := why_refused(name, text)) is not None:
            raise BadRequest(refusal)
        # Equal options are one training, however they are written: its checkpoints lie by them.
        overrides[name] = options_text(read_options(text)) if name == "TrainOptions" else text
    return overrides


def parameter_text(value: str | int | float) -> str:
    """A pipeline parameter's value; the API knows texts only."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else format(value, ".12g") if isinstance(value, float) else str(value)


@dataclass(frozen=True)
class _Training:
    """The machines that train; for how long they may learn, and how long their job may take, in seconds."""

    instance_type: str
    machines: int
    seconds: int
    job_seconds: int


def _training(config: StartRunConfig, choice: Choice, overrides: Mapping[str, str]) -> _Training:
    """What the deployer allows, the settings choose and the overrides replace. Raises BadRequest for overrides beyond
    the deployer's bounds, unless the deployer lets them."""
    caps, is_bounded = config.caps, not config.overrides_may_exceed_caps
    instance_type = overrides.get("TrainInstanceType") or choice.instance_type or config.train_instance_type
    machines = int(overrides.get("TrainInstanceCount", "1"))
    if is_bounded and instance_type not in caps.prices:
        raise BadRequest(
            f"The parameter TrainInstanceType must be one of {', '.join(caps.prices)}, not {instance_type}: these are "
            "the machines that this installation allows (AllowedTrainInstances)."
        )
    allowed = caps.job_seconds(instance_type, machines)
    if is_bounded and allowed < MIN_JOB_SECONDS:
        raise BadRequest(
            f"The parameter TrainInstanceCount is too large: {machines} x {instance_type} would use up what this "
            f"installation allows a run to cost (MaxRunCost) within {allowed} seconds."
        )
    given = overrides.get("MaxTrainSeconds")
    if is_bounded and given and int(given) > allowed:
        raise BadRequest(
            f"The parameter MaxTrainSeconds must be at most {allowed}, not {given}: this installation allows no more "
            f"time or money for {machines} x {instance_type} (MaxTrainSeconds, MaxRunCost)."
        )
    wanted = overrides.get("TrainSeconds")
    hours = int(wanted) / 3600 if wanted else None if given else choice.max_hours
    learning, job = caps.times(instance_type, hours, machines)
    if given:
        learning, job = int(wanted or given), int(given)
    return _Training(instance_type, machines, min(learning, job), job)


def _check_pair(parameters: Mapping[str, str]) -> None:
    possible = resolutions_of(parameters["Preset"])
    if int(parameters["Resolution"]) not in possible:
        raise BadRequest(
            f"The parameter Preset={parameters['Preset']} trains pictures of {', '.join(map(str, possible))} pixels, "
            f"not of {parameters['Resolution']}: give a Resolution that suits it."
        )


@dataclass(frozen=True)
class ChosenRun:
    """What the deployer, the settings and a person's overrides make of a run, whatever images it has."""

    parameters: dict[str, str]
    size: PictureSize
    training: _Training


def choose_run(config: StartRunConfig, choice: Choice, overrides: Mapping[str, str]) -> ChosenRun:
    """Raises BadRequest for overrides that do not go together, or beyond the deployer's bounds."""
    size = size_of_run(choice.size, choice.resolution, overrides)
    training = _training(config, choice, overrides)
    parameters = {
        "ProcessImage": config.process_image,
        "ProcessInstanceType": config.process_instance_type,
        "TrainImage": config.train_image,
        "TrainInstanceType": training.instance_type,
        "WarmStartModel": config.warm_start_model,
        "InferenceImage": config.inference_image,
        "InferenceCodePath": config.inference_code_path,
        "InferenceInstanceType": config.inference_instance_type,
        "Preset": choice.train_preset,
        **_of_settings(choice),
        "MinImages": parameter_text(config.min_images),
        "Patience": parameter_text(config.patience),
        "TrainSeconds": parameter_text(training.seconds),
        "MaxTrainSeconds": parameter_text(training.job_seconds),
        **overrides,
        "Resolution": parameter_text(size.resolution),
        "PictureSize": size.parameter,
    }
    _check_pair(parameters)
    return ChosenRun(parameters, size, training)


def build_claim(
    config: StartRunConfig,
    listing: Listing,
    fingerprint: str,
    choice: Choice,
    overrides: Mapping[str, str],
    *,
    projected: Targets,
    targets: str,
    targets_manifest: str,
    source_arn: str | None = None,
) -> Claim:
    """Freeze everything that the start of this snapshot needs; what it will take is not estimated yet.

    Raises BadRequest for overrides that do not go together, or beyond the deployer's bounds.

    `projected` are the images that the run projects, or none if these are the dataset's own. `targets` is the mark of
    the images to project that are done then, and `targets_manifest` the key of the run's list. With `source_arn`,
    nothing is trained: that run's network is used.
    """
    dataset = listing.dataset

    def uri(key: str) -> str:
        return f"s3://{config.bucket}/{key}"

    chosen = choose_run(config, choice, overrides)
    parameters = {
        "Dataset": dataset,
        "Fingerprint": fingerprint,
        "ProcessInput": uri(layout.snapshot_record(dataset, fingerprint)),
        "TrainOutputPath": uri(layout.runs(dataset)),
        "InferenceImagePath": uri(targets_manifest),
        **chosen.parameters,
    }
    labels = overrides.get("Labels", choice.labels)
    folders = Folders.of(listing.images)
    if labels == OF_FOLDERS and source_arn is None and not folders.can_be_classes:
        raise BadRequest(why_no_classes(words(FALLBACK_LANGUAGE), folders))
    workload = workload_of(listing, projected, choice.projection_targets, parameters)
    computed = run_volumes(workload, parameters)
    longest = process_seconds(parameters["ProcessInstanceType"], workload.images, workload.image_bytes)
    parameters = computed | {"MaxProcessSeconds": str(longest)} | parameters
    network = _digest({name: parameters[name] for name, p in PARAMETERS.items() if p.decides_network})
    images = images_fingerprint(listing.images, None)
    parameters["TrainCheckpointPath"] = uri(layout.checkpoints(dataset, images, network))
    return Claim(
        fingerprint=fingerprint,
        parameters=parameters,
        images=len(listing.images),
        left_out=listing.left_out,
        preset=overrides.get("Preset", choice.preset),
        resolution=int(parameters["Resolution"]),
        speed_key=speed_key(parameters),
        max_train_seconds=chosen.training.job_seconds,
        estimate=None,
        hourly_price=config.caps.price(chosen.training.instance_type),
        machines=chosen.training.machines,
        language=parameters["Language"],
        previews=choice.previews,
        targets=targets,
        source_arn=source_arn,
        size="" if chosen.size.is_square else chosen.size.told,
        folders=told_folders(words(parameters["Language"]), folders, labels),
    )


def _of_settings(choice: Choice) -> dict[str, str]:
    """The parameters that settings feed."""
    chosen = {name: getattr(choice, p.setting) for name, p in PARAMETERS.items() if p.setting}
    return {
        name: parameter_text(str(PARAMETERS[name].default) if value is None else value)
        for name, value in chosen.items()
    }


def request_token(pipeline: str, bucket: str, identity: RunIdentity) -> str:
    """ClientRequestToken: 64 hex characters (the API takes 32 to 128), a function of what is to be started and of
    nothing else, so that whoever starts it, and however often, gets the one execution.

    The bucket is a deployment's own: one that is deleted and made again counts its attempts from one, and must not be
    answered with a run of the old one."""
    parts = (pipeline, bucket, identity.dataset, identity.fingerprint, str(identity.attempt))
    return hashlib.sha256("|".join(parts).encode()).hexdigest()


def display_name(identity: RunIdentity) -> str:
    """PipelineExecutionDisplayName: at most 82 characters of [a-zA-Z0-9-], as long as attempt < 10**9."""
    return f"{identity.dataset}-{identity.fingerprint[:8]}-{identity.attempt}"


class Starter:
    """Starts pipeline executions, and finds one that an unheard answer has left."""

    def __init__(self, sagemaker: SageMaker, pipeline: str, bucket: str) -> None:
        self._sagemaker = sagemaker
        self._pipeline = pipeline
        self._bucket = bucket

    def start(self, identity: RunIdentity, claim: Claim) -> str:
        """The ARN of the one execution of this attempt.

        Raises StartDelayed or StartRefused when SageMaker did not start it with this call. Any other error leaves open
        whether it did; repeating the call with the same arguments finds out.
        """
        request: dict[str, Any] = {
            "PipelineName": self._pipeline,
            "PipelineExecutionDisplayName": display_name(identity),
            "PipelineExecutionDescription": identity.description(self._bucket),
            "PipelineParameters": [{"Name": name, "Value": value} for name, value in sorted(claim.parameters.items())],
            "ClientRequestToken": request_token(self._pipeline, self._bucket, identity),
        }
        if claim.source_arn is not None:
            request["SelectiveExecutionConfig"] = {
                "SourcePipelineExecutionArn": claim.source_arn,
                "SelectedSteps": [{"StepName": name} for name in STEPS_WITHOUT_TRAINING],
            }
        try:
            return str(self._sagemaker.start_pipeline_execution(**request)["PipelineExecutionArn"])
        except ClientError as error:
            code, answered = error_code(error), error.response["ResponseMetadata"]
            # botocore repeats a request by itself, for example after a time-out that may have started the run.
            is_first_answer = not answered.get("RetryAttempts")
            if code in _LATER:
                message = f"SageMaker cannot start the run now: {code}: {error}"
                raise StartDelayed(message, is_first_answer=is_first_answer) from error
            if 400 <= answered["HTTPStatusCode"] < 500:
                message = f"SageMaker refuses to start {self._pipeline}: {code}: {error}"
                raise StartRefused(message, is_first_answer=is_first_answer) from error
            raise

    def find_execution(self, identity: RunIdentity, claimed_at: int) -> str | None:
        """The ARN of the run's execution, if SageMaker lists it; `claimed_at` in epoch milliseconds."""
        request: dict[str, Any] = {
            "PipelineName": self._pipeline,
            "CreatedAfter": datetime.fromtimestamp(claimed_at / 1000 - _CLOCKS_DIFFER_SECONDS, UTC),
        }
        try:
            for execution in list_executions(self._sagemaker, **request):
                if execution.get("PipelineExecutionDescription") == identity.description(self._bucket):
                    return str(execution["PipelineExecutionArn"])
        except ClientError as error:
            if error_code(error) not in NOT_FOUND:  # without a pipeline there is no execution of it
                raise
        return None


def _digest(parameters: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(dict(parameters), sort_keys=True).encode()).hexdigest()
