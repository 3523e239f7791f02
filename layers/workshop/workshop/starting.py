"""From a snapshot to StartPipelineExecution: the frozen request, its token, and what its errors mean."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from workshop import layout
from workshop.clients import SageMaker, error_code
from workshop.config import StartRunConfig
from workshop.errors import BadRequest, StartDelayed, StartRefused
from workshop.names import printable
from workshop.settings import Choice
from workshop.snapshot import Listing
from workshop.state import Claim, DatasetState, RunIdentity

MAX_PARAMETER_CHARS = 1024  # PipelineParameter.Value
# Parameters that say which run this is and where its files are; a rerun with changes cannot change them.
FIXED_PARAMETERS = frozenset({"Dataset", "Fingerprint", "ProcessInput", "TrainOutputPath", "TrainCheckpointPath"})
# Parameters that a person with the right to invoke start_run may replace.
OPEN_PARAMETERS = frozenset(
    {
        "ProcessImage", "ProcessInstanceCount", "ProcessInstanceType", "TrainImage", "TrainInstanceCount",
        "TrainInstanceType", "WarmStartModel", "InferenceImage", "InferenceCodePath", "InferenceImagePath",
        "InferenceInstanceCount", "InferenceInstanceType", "Preset", "Kimg", "Resolution", "Mirror", "Seed",
        "InferenceMode", "MinImages", "MaxTrainSeconds", "MaxProcessSeconds",
    }
)  # fmt: skip

# What runs when only new pictures are wanted: https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-selective-ex.html
STEPS_WITHOUT_TRAINING = ("Infer", "Notify")

# Certainly nothing was started, and the same request may succeed later. ConflictException is documented as "a conflict
# when you attempted to modify a SageMaker entity", for example an update of the pipeline at this moment.
_LATER = frozenset(
    {"ThrottlingException", "Throttling", "TooManyRequestsException", "ResourceLimitExceeded", "ConflictException"}
)


def check_overrides(given: object) -> dict[str, str]:
    """The parameters of a manual start, checked against the pipeline's. Raises BadRequest naming the offender."""
    if not isinstance(given, Mapping):
        raise BadRequest("`parameters` must be an object of pipeline parameter names and values.")
    overrides: dict[str, str] = {}
    for name, value in given.items():
        if name in FIXED_PARAMETERS:
            raise BadRequest(f"The parameter {name} says which run this is and cannot be replaced.")
        if name not in OPEN_PARAMETERS:
            raise BadRequest(
                f"{printable(name, 80)!r} is not a parameter. Known: {', '.join(sorted(OPEN_PARAMETERS))}."
            )
        if not isinstance(value, str | int | float):
            raise BadRequest(f"The parameter {name} must be a text, a number or true or false.")
        text = parameter_text(value)
        if not 0 < len(text) <= MAX_PARAMETER_CHARS:
            raise BadRequest(f"The parameter {name} must have 1 to {MAX_PARAMETER_CHARS} characters.")
        overrides[name] = text
    return overrides


def parameter_text(value: str | int | float) -> str:
    """A pipeline parameter's value; the API knows texts only."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else format(value, ".12g") if isinstance(value, float) else str(value)


def build_claim(
    config: StartRunConfig,
    state: DatasetState,
    listing: Listing,
    fingerprint: str,
    choice: Choice,
    completed: int,
    overrides: Mapping[str, str],
    *,
    targets: str,
    targets_manifest: str,
    source_arn: str | None = None,
) -> Claim:
    """Freeze everything that the start of this snapshot needs.

    `completed` counts the snapshot's succeeded runs. `targets` is the mark of the images to project that are
    done then, and `targets_manifest` the key of the run's list. With `source_arn`, nothing is trained: that run's
    network is used.
    """
    dataset = listing.dataset

    def uri(key: str) -> str:
        return f"s3://{config.bucket}/{key}"

    # A checkpoint of a training with other parameters must not be found.
    variant = f"{completed}-{_digest(overrides)[:8]}" if overrides else str(completed)
    train_instance_type = choice.instance_type or config.train_instance_type
    max_train_seconds = config.caps.train_seconds(train_instance_type, choice.max_hours)
    parameters = {
        "Dataset": dataset,
        "Fingerprint": fingerprint,
        "ProcessInput": uri(layout.manifest(dataset, fingerprint)),
        "ProcessImage": config.process_image,
        "ProcessInstanceType": config.process_instance_type,
        "TrainImage": config.train_image,
        "TrainInstanceType": train_instance_type,
        "TrainCheckpointPath": uri(layout.checkpoints(dataset, fingerprint, variant)),
        "TrainOutputPath": uri(layout.runs(dataset)),
        "WarmStartModel": config.warm_start_model,
        "InferenceImage": config.inference_image,
        "InferenceCodePath": config.inference_code_path,
        "InferenceImagePath": uri(targets_manifest),
        "InferenceInstanceType": config.inference_instance_type,
        "Preset": choice.train_preset,
        "Kimg": parameter_text(choice.kimg),
        "Resolution": parameter_text(choice.resolution),
        "Mirror": parameter_text(choice.mirror),
        "Seed": parameter_text(choice.seed),
        "InferenceMode": choice.inference_mode,
        "MinImages": parameter_text(config.min_images),
        "MaxTrainSeconds": parameter_text(max_train_seconds),
        **overrides,
    }
    effort = " ".join(parameters[name] for name in ("Preset", "Kimg", "Resolution", "TrainInstanceType"))
    return Claim(
        fingerprint=fingerprint,
        parameters=parameters,
        images=len(listing.images),
        left_out=listing.left_out,
        preset=choice.preset,
        resolution=choice.resolution,
        effort=effort,
        max_train_seconds=max_train_seconds,
        expected_seconds=state.last_seconds if state.last_effort == effort and source_arn is None else None,
        hourly_price=config.caps.prices.get(parameters["TrainInstanceType"], 0.0),
        language=choice.language,
        targets=targets,
        source_arn=source_arn,
    )


def request_token(pipeline: str, identity: RunIdentity) -> str:
    """ClientRequestToken: 64 hex characters (the API takes 32 to 128), a function of what is to be started and of
    nothing else, so that whoever starts it, and however often, gets the one execution."""
    parts = (pipeline, identity.dataset, identity.fingerprint, str(identity.attempt))
    return hashlib.sha256("|".join(parts).encode()).hexdigest()


def display_name(identity: RunIdentity) -> str:
    """PipelineExecutionDisplayName: at most 82 characters of [a-zA-Z0-9-], as long as attempt < 10**9."""
    return f"{identity.dataset}-{identity.fingerprint[:8]}-{identity.attempt}"


class Starter:
    """Starts pipeline executions."""

    def __init__(self, sagemaker: SageMaker, pipeline: str) -> None:
        self._sagemaker = sagemaker
        self._pipeline = pipeline

    def start(self, dataset: str, attempt: int, claim: Claim) -> str:
        """The ARN of the one execution of this attempt.

        Raises StartDelayed or StartRefused when SageMaker did not start it with this call. Any other error leaves open
        whether it did; repeating the call with the same arguments finds out.
        """
        identity = RunIdentity(dataset, claim.fingerprint, attempt)
        request: dict[str, Any] = {
            "PipelineName": self._pipeline,
            "PipelineExecutionDisplayName": display_name(identity),
            "PipelineExecutionDescription": identity.to_json(),
            "PipelineParameters": [{"Name": name, "Value": value} for name, value in sorted(claim.parameters.items())],
            "ClientRequestToken": request_token(self._pipeline, identity),
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
                message = f"SageMaker cannot start the run now ({code})."
                raise StartDelayed(message, is_first_answer=is_first_answer) from error
            if 400 <= answered["HTTPStatusCode"] < 500:
                message = f"SageMaker refuses to start {self._pipeline}: {code}: {error}"
                raise StartRefused(message, is_first_answer=is_first_answer) from error
            raise


def _digest(overrides: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(dict(overrides), sort_keys=True).encode()).hexdigest()
