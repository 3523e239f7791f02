"""One cached boto3 client per service, made on first use, and the few calls of it that this package makes.

The protocols are the whole surface that the functions need from AWS: the fakes of the simulation implement exactly
these, and each function's IAM policy is a subset of them.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, Literal, Protocol, cast

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.utils import parse_timestamp

Response = dict[str, Any]

S3_CONNECTIONS = 32  # at a time

NOT_FOUND = frozenset({"ResourceNotFound", "ResourceNotFoundException"})  # SageMaker's codes

# Throttling is retried by botocore with back-off; the time-outs keep a hanging call inside a function's own time-out.
_CONFIG = Config(
    connect_timeout=3,
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": 4},
)


class S3(Protocol):
    def list_objects_v2(self, **request: Any) -> Response: ...
    def get_object(self, **request: Any) -> Response: ...
    def head_object(self, **request: Any) -> Response: ...
    def put_object(self, **request: Any) -> Response: ...
    def generate_presigned_url(self, operation: str, **request: Any) -> str: ...
    def generate_presigned_post(self, **request: Any) -> Response: ...


class DynamoDB(Protocol):
    def get_item(self, **request: Any) -> Response: ...
    def put_item(self, **request: Any) -> Response: ...
    def update_item(self, **request: Any) -> Response: ...
    def query(self, **request: Any) -> Response: ...
    def batch_get_item(self, **request: Any) -> Response: ...
    def transact_write_items(self, **request: Any) -> Response: ...


class SQS(Protocol):
    def send_message(self, **request: Any) -> Response: ...


class SNS(Protocol):
    def publish(self, **request: Any) -> Response: ...


class SES(Protocol):
    def send_email(self, **request: Any) -> Response: ...


class Lambda(Protocol):
    def invoke(self, **request: Any) -> Response: ...


class KMS(Protocol):
    def generate_mac(self, **request: Any) -> Response: ...
    def verify_mac(self, **request: Any) -> Response: ...


class SageMaker(Protocol):
    def start_pipeline_execution(self, **request: Any) -> Response: ...
    def stop_pipeline_execution(self, **request: Any) -> Response: ...
    def describe_pipeline_execution(self, **request: Any) -> Response: ...
    def list_pipeline_executions(self, **request: Any) -> Response: ...
    def list_pipeline_execution_steps(self, **request: Any) -> Response: ...
    def list_pipeline_parameters_for_execution(self, **request: Any) -> Response: ...
    def describe_processing_job(self, **request: Any) -> Response: ...
    def describe_training_job(self, **request: Any) -> Response: ...


# Of somebody who waits for a function's answer, within the time that his own caller gives him. Asking again would have
# the function do its work twice at the same time.
_ASKING_ONCE = Config(read_timeout=20, retries={"mode": "standard", "total_max_attempts": 1})
_ONCE = "-once"


@cache
def _client(service: str) -> object:
    config = _CONFIG.merge(_s3_config()) if service == "s3" else _CONFIG
    if service.endswith(_ONCE):
        config = _CONFIG.merge(_ASKING_ONCE)
    return _session().client(service.removesuffix(_ONCE), config=config)  # type: ignore[call-overload]


@cache
def _session() -> boto3.session.Session:
    session = botocore.session.get_session()
    session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_parse_time)
    return boto3.session.Session(botocore_session=session)


def _parse_time(value: Any) -> datetime:
    """A time stamp in an answer. botocore leaves them to dateutil: half of the time of a listing of 60,000 objects."""
    if isinstance(value, str):
        for parse in (datetime.fromisoformat, parsedate_to_datetime):  # the latter: the form of HTTP's headers
            with suppress(ValueError):
                return parse(value)
    moment: datetime = parse_timestamp(value)  # seconds since the epoch, or what else there may be
    return moment


def _s3_config() -> Config:
    """What makes presigned links work everywhere: SigV4, since SigV2, boto3's default for them, is refused for objects
    under KMS (boto3 issue 2680); and the bucket's regional host, since the global one answers for a new bucket with a
    redirect that breaks the signature. An endpoint of one's own has no host name per bucket."""
    own_endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    style: Literal["path", "virtual"] = "path" if own_endpoint else "virtual"
    return Config(
        signature_version="s3v4",
        s3={"addressing_style": style, "us_east_1_regional_endpoint": "regional"},
        max_pool_connections=S3_CONNECTIONS,
    )


def s3() -> S3:
    return cast(S3, _client("s3"))


def dynamodb() -> DynamoDB:
    return cast(DynamoDB, _client("dynamodb"))


def sqs() -> SQS:
    return cast(SQS, _client("sqs"))


def sns() -> SNS:
    return cast(SNS, _client("sns"))


def ses() -> SES:
    return cast(SES, _client("sesv2"))


def lambda_() -> Lambda:
    return cast(Lambda, _client("lambda"))


def lambda_once() -> Lambda:
    """For who waits for the answer: gives up after a while, and never asks twice."""
    return cast(Lambda, _client(f"lambda{_ONCE}"))


def kms() -> KMS:
    return cast(KMS, _client("kms"))


def sagemaker() -> SageMaker:
    return cast(SageMaker, _client("sagemaker"))


def list_pages(s3: S3, **request: Any) -> Iterator[Response]:
    """All pages of ListObjectsV2 for this request."""
    page = s3.list_objects_v2(**request)
    yield page
    while page.get("IsTruncated"):
        page = s3.list_objects_v2(**request, ContinuationToken=page["NextContinuationToken"])
        yield page


def list_executions(sagemaker: SageMaker, **request: Any) -> Iterator[Response]:
    """All summaries of ListPipelineExecutions for this request."""
    while True:
        page = sagemaker.list_pipeline_executions(**request)
        yield from page["PipelineExecutionSummaries"]
        if not page.get("NextToken"):
            return
        request["NextToken"] = page["NextToken"]


def list_steps(sagemaker: SageMaker, execution_arn: str) -> Iterator[Response]:
    """The steps of a run, in the order of their start."""
    request: Response = {"PipelineExecutionArn": execution_arn, "SortOrder": "Ascending", "MaxResults": 100}
    while True:
        page = sagemaker.list_pipeline_execution_steps(**request)
        yield from page["PipelineExecutionSteps"]
        if not page.get("NextToken"):
            return
        request["NextToken"] = page["NextToken"]


def parameters_of(sagemaker: SageMaker, execution_arn: str) -> dict[str, str]:
    """The parameters that a run was started with."""
    found: dict[str, str] = {}
    request: Response = {"PipelineExecutionArn": execution_arn, "MaxResults": 50}
    while True:
        page = sagemaker.list_pipeline_parameters_for_execution(**request)
        found |= {given["Name"]: given["Value"] for given in page["PipelineParameters"]}
        if not page.get("NextToken"):
            return found
        request["NextToken"] = page["NextToken"]


def error_code(error: Exception) -> str:
    """The service's own code of a botocore ClientError, "" for anything else."""
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""


def http_status(error: ClientError) -> int:
    """The status of the answer; HEAD's answers have no body and so nothing else."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
