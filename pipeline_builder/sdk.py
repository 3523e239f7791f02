"""The only door to the SageMaker SDK (v3): everything the definition needs from it, and its traps disarmed.

The SDK is a build-time dependency. It takes a gigabyte and reaches out to the network in several places, so nothing
that runs in an account or on a laptop imports this module; see `deploy` for that half.
"""

from __future__ import annotations

import logging
import os
import warnings
from typing import Any

# All must be set before the first SDK import. 3.27 cannot be imported without a region (a class body in
# sagemaker.ai_registry makes a client), though no region ends up in the definition ...
os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
# ... and that client, which is never used, asks the metadata service of EC2 for credentials where there are none, ...
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
# ... and it checks roles at build time with iam:SimulatePrincipalPolicy (aws/sagemaker-python-sdk#6019).
os.environ["SAGEMAKER_VALIDATE_ROLE"] = "false"

import boto3
from sagemaker.core.lambda_helper import Lambda
from sagemaker.core.processing import Processor
from sagemaker.core.shapes import (
    MetricDefinition,
    ProcessingInput,
    ProcessingOutput,
    ProcessingS3Input,
    ProcessingS3Output,
)
from sagemaker.core.training.configs import (
    CheckpointConfig,
    Compute,
    InputData,
    OutputDataConfig,
    S3DataSource,
    StoppingCondition,
)
from sagemaker.core.workflow.conditions import ConditionGreaterThanOrEqualTo
from sagemaker.core.workflow.execution_variables import ExecutionVariables
from sagemaker.core.workflow.functions import Join, JsonGet
from sagemaker.core.workflow.parameters import ParameterFloat, ParameterInteger, ParameterString
from sagemaker.core.workflow.pipeline_context import PipelineSession
from sagemaker.core.workflow.properties import PropertyFile
from sagemaker.mlops.workflow.condition_step import ConditionStep
from sagemaker.mlops.workflow.fail_step import FailStep
from sagemaker.mlops.workflow.lambda_step import LambdaOutput, LambdaOutputTypeEnum, LambdaStep
from sagemaker.mlops.workflow.pipeline import Pipeline
from sagemaker.mlops.workflow.retry import (
    SageMakerJobExceptionTypeEnum,
    SageMakerJobStepRetryPolicy,
    StepExceptionTypeEnum,
    StepRetryPolicy,
)
from sagemaker.mlops.workflow.steps import ProcessingStep, TrainingStep
from sagemaker.train import ModelTrainer

__all__ = [
    "CheckpointConfig",
    "Compute",
    "ConditionGreaterThanOrEqualTo",
    "ConditionStep",
    "ExecutionVariables",
    "FailStep",
    "InputData",
    "Join",
    "JsonGet",
    "Lambda",
    "LambdaOutput",
    "LambdaOutputTypeEnum",
    "LambdaStep",
    "MetricDefinition",
    "ModelTrainer",
    "OutputDataConfig",
    "ParameterFloat",
    "ParameterInteger",
    "ParameterString",
    "Pipeline",
    "PipelineSession",
    "ProcessingInput",
    "ProcessingOutput",
    "ProcessingS3Input",
    "ProcessingS3Output",
    "ProcessingStep",
    "Processor",
    "PropertyFile",
    "S3DataSource",
    "SageMakerJobExceptionTypeEnum",
    "SageMakerJobStepRetryPolicy",
    "StepExceptionTypeEnum",
    "StepRetryPolicy",
    "StoppingCondition",
    "TrainingStep",
    "offline_session",
]

# It reports at length what it was told above and leaves out what the pipeline sets anyway (job names).
for _chatty in ("sagemaker", "sagemaker.config"):
    logging.getLogger(_chatty).setLevel(logging.ERROR)
warnings.filterwarnings("ignore", message="Running within a PipelineSession")
# Of a training's volume, whose size is a parameter, pydantic says that it is no number.
warnings.filterwarnings("ignore", message="Pydantic serializer warnings")
# No code comes with the function's ARN, so there is nothing that it could update.
warnings.filterwarnings("ignore", message="Lambda function won't be updated")

# Keeps the SDK from sending usage data to a bucket of AWS's (an HTTP request and sts:GetCallerIdentity for each call).
# Given as a value because the SDK otherwise merges the configuration files of whoever runs the build.
_NO_TELEMETRY: dict[str, Any] = {
    "SchemaVersion": "1.0",
    "SageMaker": {"PythonSDK": {"Modules": {"TelemetryOptOut": True}}},
}


def offline_session() -> PipelineSession:
    """A session that never leaves this machine: fixed region, no telemetry, no look-up of credentials or buckets."""
    return PipelineSession(
        boto_session=boto3.Session(
            region_name="us-east-1",
            aws_access_key_id="not-used",
            aws_secret_access_key="not-used",  # noqa: S106
        ),
        # Without a name the SDK asks STS and S3 for the account's default bucket. No job uses it.
        default_bucket="not-used",
        sagemaker_config=_NO_TELEMETRY,
    )
