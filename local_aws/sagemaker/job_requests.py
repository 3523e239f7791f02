"""Which part of CreateProcessingJob and CreateTrainingJob this machine can honour, and the check that a request stays
within it.

The check runs twice: on the definition when a pipeline is created (expressions stand for anything) and on the resolved
request when the job starts, then also against botocore's shapes, as the service checks types.
"""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import botocore.session
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

from local_aws.sagemaker.errors import PipelineDefinitionError
from local_aws.sagemaker.expressions import Json

OPERATIONS = {"Processing": "CreateProcessingJob", "Training": "CreateTrainingJob"}
PROCESSING_ROOT = "/opt/ml/processing/"
_ENVIRONMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Only:
    """A member that may have these values alone."""

    values: tuple[Json, ...]
    because: str


@dataclass(frozen=True)
class Matching:
    """A text member that must match a pattern."""

    pattern: str
    because: str


ANYTHING = object()
_ONE_HOST = Only((1,), "this machine runs one instance per job")
_FILE = Only(("File",), "other input modes are not built here")
_WHOLE = Only(("FullyReplicated",), "there is one instance")
_PLAIN = Only(("None",), "inputs are copied as they are")
_OURS = Only((False,), "a job here has no AWS client of its own")
# No "." and "..", no empty segment: a path cannot leave the folder it begins with.
_SEGMENTS = r"(?:/(?!\.{1,2}(?:/|$))[^/\0]+)+/?"
_LOCAL_PATH = Matching(rf"/opt/ml/processing{_SEGMENTS}", f"it must begin with {PROCESSING_ROOT}")
_BELOW_ML = Matching(rf"/opt/ml{_SEGMENTS}", "it must be below /opt/ml")
_CHANNEL_NAME = Matching(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,64}", "it becomes the name of a folder")
# Members of a request that do not change what a job computes; accepted and without effect on one machine.
_WITHOUT_EFFECT = dict.fromkeys(("Tags", "ExperimentConfig"), ANYTHING)

SUPPORTED: Mapping[str, Mapping[str, Any]] = {
    "Processing": {
        "RoleArn": ANYTHING,
        "ProcessingResources": {
            "ClusterConfig": {"InstanceCount": _ONE_HOST, "InstanceType": ANYTHING, "VolumeSizeInGB": ANYTHING}
        },
        "AppSpecification": {"ImageUri": ANYTHING, "ContainerEntrypoint": ANYTHING, "ContainerArguments": ANYTHING},
        "Environment": ANYTHING,
        "StoppingCondition": {"MaxRuntimeInSeconds": ANYTHING},
        "ProcessingInputs": [
            {
                "InputName": ANYTHING,
                "AppManaged": _OURS,
                "S3Input": {
                    "S3Uri": ANYTHING,
                    "LocalPath": _LOCAL_PATH,
                    "S3DataType": Only(("S3Prefix", "ManifestFile"), "other data types are not built here"),
                    "S3InputMode": _FILE,
                    "S3DataDistributionType": _WHOLE,
                    "S3CompressionType": _PLAIN,
                },
            }
        ],
        "ProcessingOutputConfig": {
            "Outputs": [
                {
                    "OutputName": ANYTHING,
                    "AppManaged": _OURS,
                    "S3Output": {
                        "S3Uri": ANYTHING,
                        "LocalPath": _LOCAL_PATH,
                        "S3UploadMode": Only(("EndOfJob",), "continuous upload is not built here"),
                    },
                }
            ]
        },
        **_WITHOUT_EFFECT,
    },
    "Training": {
        "RoleArn": ANYTHING,
        "AlgorithmSpecification": {
            "TrainingImage": ANYTHING,
            "TrainingInputMode": _FILE,
            "ContainerEntrypoint": ANYTHING,
            "ContainerArguments": ANYTHING,
            "MetricDefinitions": ANYTHING,
        },
        "HyperParameters": ANYTHING,
        "Environment": ANYTHING,
        "InputDataConfig": [
            {
                "ChannelName": _CHANNEL_NAME,
                "ContentType": ANYTHING,
                "InputMode": _FILE,
                "CompressionType": _PLAIN,
                "RecordWrapperType": _PLAIN,
                "DataSource": {
                    "S3DataSource": {
                        "S3Uri": ANYTHING,
                        "S3DataType": Only(("S3Prefix", "ManifestFile"), "other data types are not built here"),
                        "S3DataDistributionType": _WHOLE,
                    }
                },
            }
        ],
        "OutputDataConfig": {
            "S3OutputPath": ANYTHING,
            "CompressionType": Only(("GZIP",), "model.tar.gz is what is made here"),
        },
        "TensorBoardOutputConfig": {"S3OutputPath": ANYTHING, "LocalPath": _BELOW_ML},
        "CheckpointConfig": {"S3Uri": ANYTHING, "LocalPath": _BELOW_ML},
        "ResourceConfig": {"InstanceCount": _ONE_HOST, "InstanceType": ANYTHING, "VolumeSizeInGB": ANYTHING},
        "StoppingCondition": {"MaxRuntimeInSeconds": ANYTHING, "MaxWaitTimeInSeconds": ANYTHING},
        # Spot is a price; this machine is never taken away.
        "EnableManagedSpotTraining": ANYTHING,
        **_WITHOUT_EFFECT,
    },
}


def check_request(kind: str, arguments: Json) -> None:
    """Refuse, by name, what this machine would otherwise silently ignore. `kind` is "Processing" or "Training".

    Raises:
        DefinitionError: e.g. "ProcessingInputs[0].S3Input.S3InputMode may only be "File" here: ...".
    """
    _check(arguments, SUPPORTED[kind], "Arguments")


def check_resolved_request(kind: str, request: Mapping[str, Json]) -> None:
    """Check a request without expressions as the service would: members, types, and names that become variables or
    folders.

    Raises:
        DefinitionError: the message is what the service's ValidationException would carry.
    """
    check_request(kind, {key: value for key, value in request.items() if not key.endswith("JobName")})
    shape = _service_model().operation_model(OPERATIONS[kind]).input_shape
    if shape is None:
        raise PipelineDefinitionError(f"botocore does not know the request of {OPERATIONS[kind]}")
    mistakes = ParamValidator().validate(dict(request), shape).generate_report()
    if mistakes:
        raise PipelineDefinitionError(mistakes)
    _require_places(request)
    for name in request.get("Environment", {}):
        if not _ENVIRONMENT_NAME.fullmatch(name):
            raise PipelineDefinitionError(f"Environment variable name '{name}' does not match [a-zA-Z_][a-zA-Z0-9_]*")
    if _has_null_character(request):
        raise PipelineDefinitionError("a text of the request holds a null character")


def without_nulls(value: Json) -> Json:
    """Drop members that are null: the SDK writes some, and the service reads them as absent."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def is_expression(value: Json) -> bool:
    """Return whether a value of the definition is only known while the run is under way."""
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)) in {"Get", "Std:Join", "Std:JsonGet"}


def _check(value: Json, supported: Any, where: str) -> None:
    if supported is ANYTHING or value is None or is_expression(value):
        return
    if isinstance(supported, Only):
        # `True == 1` in Python, so compare the types, too.
        if not any(value == allowed and type(value) is type(allowed) for allowed in supported.values):
            allowed = " or ".join(repr(item) for item in supported.values)
            raise PipelineDefinitionError(f"{where} may only be {allowed} here, not {value!r}: {supported.because}")
    elif isinstance(supported, Matching):
        if not isinstance(value, str) or not re.fullmatch(supported.pattern, value):
            raise PipelineDefinitionError(f"{where} is {value!r}: {supported.because}")
    elif isinstance(supported, list):
        if not isinstance(value, list):
            raise PipelineDefinitionError(f"{where} is not a list")
        for index, item in enumerate(value):
            _check(item, supported[0], f"{where}[{index}]")
    else:
        if not isinstance(value, dict):
            raise PipelineDefinitionError(f"{where} is not an object")
        for key, item in value.items():
            if key not in supported and item is not None:
                raise PipelineDefinitionError(f"{where}.{key} is not supported here")
            _check(item, supported.get(key, ANYTHING), f"{where}.{key}")


def _require_places(request: Mapping[str, Json]) -> None:
    """Refuse inputs and outputs without a place in S3 or in the job, which the shapes leave optional."""
    for index, item in enumerate(request.get("ProcessingInputs", [])):
        if "LocalPath" not in item.get("S3Input", {}):
            raise PipelineDefinitionError(f"ProcessingInputs[{index}] needs an S3Input with a LocalPath")
    for index, item in enumerate(request.get("ProcessingOutputConfig", {}).get("Outputs", [])):
        if "S3Output" not in item:
            raise PipelineDefinitionError(f"ProcessingOutputConfig.Outputs[{index}] needs an S3Output")
    for channel in request.get("InputDataConfig", []):
        if "S3DataSource" not in channel["DataSource"]:
            raise PipelineDefinitionError(f"channel '{channel['ChannelName']}' needs an S3DataSource")


def _has_null_character(value: Json) -> bool:
    if isinstance(value, dict):
        return any(_has_null_character(item) for pair in value.items() for item in pair)
    if isinstance(value, list):
        return any(_has_null_character(item) for item in value)
    return isinstance(value, str) and "\0" in value


@functools.cache
def _service_model() -> ServiceModel:
    return botocore.session.get_session().get_service_model("sagemaker")
