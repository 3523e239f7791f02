"""boto3 clients for a person at a terminal, and AWS's errors in one sentence each."""

import os
from collections.abc import Callable
from typing import Any, Literal

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
)

from operations.text import one_line

ClientFactory = Callable[[str], Any]

# start_run may take two minutes (its Timeout in template.yaml), and must not be asked twice by a retry.
_FUNCTION_SECONDS = 150

_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"})
_UNKNOWN_KEYS = frozenset(
    {
        "InvalidAccessKeyId", "InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch",
        "InvalidSignatureException", "IncompleteSignature",
    }
)  # fmt: skip
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation"})


def session_client() -> ClientFactory:
    """Makes clients of the caller's own AWS configuration: profile, region, credentials, endpoint."""
    # The stubs overload `client` on each service's name, which no ordinary callable type describes.
    # boto3 does not know AWS_REGION, which the AWS CLI and the other SDKs put first.
    session: Any = boto3.Session(region_name=os.environ.get("AWS_REGION"))

    def client(service: str) -> Any:
        return session.client(service, config=_config(service))

    return client


def _config(service: str) -> Config:
    if service == "lambda":
        return Config(read_timeout=_FUNCTION_SECONDS, retries={"total_max_attempts": 1})
    # An endpoint of one's own has no host name per bucket.
    own_endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    style: Literal["path", "auto"] = "path" if own_endpoint else "auto"
    return Config(retries={"mode": "standard", "total_max_attempts": 5}, s3={"addressing_style": style})


def error_code(error: ClientError) -> str:
    """The service's own code."""
    return str(error.response.get("Error", {}).get("Code", ""))


def explain_error(error: ClientError | BotoCoreError) -> str:
    """What AWS says, in one sentence that says what to do."""
    if isinstance(error, ClientError):
        return _explain_answer(error)
    match error:
        case NoCredentialsError() | PartialCredentialsError():
            return "There are no AWS credentials here: log in, or set AWS_PROFILE."
        case NoRegionError():
            return "No AWS region is chosen: set AWS_REGION or AWS_DEFAULT_REGION."
        case EndpointConnectionError():
            return f"AWS cannot be reached: {one_line(error)} Check the network, the region and AWS_ENDPOINT_URL."
    return f"AWS could not be asked: {one_line(error)}"


def _explain_answer(error: ClientError) -> str:
    code = error_code(error)
    said = one_line(error.response.get("Error", {}).get("Message") or "no reason given").rstrip(".")
    if code in _EXPIRED:
        return "Your AWS credentials have expired: log in again."
    if code in _UNKNOWN_KEYS:
        return f"AWS does not accept these credentials ({code}): log in again, or choose another AWS_PROFILE."
    if code in _DENIED:
        return (
            f"You may not call {error.operation_name}: {said}. "
            "operations/iam-policy.json has the permissions of each command."
        )
    return f"AWS refuses {error.operation_name}: {code}: {said}."
