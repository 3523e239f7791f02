"""The jobs' client of S3, with the rights of their role."""

from __future__ import annotations

import os
from typing import Any, Literal, Protocol, cast

import boto3
from botocore.config import Config

THREADS = 16
CONFIG = Config(
    connect_timeout=5,
    read_timeout=30,
    retries={"mode": "standard", "total_max_attempts": 10},
    max_pool_connections=THREADS,
)
"""How patient any client of the jobs is."""


class S3Reader(Protocol):
    """The calls of S3 that are made."""

    def get_object(self, **request: Any) -> dict[str, Any]: ...
    def head_object(self, **request: Any) -> dict[str, Any]: ...
    def list_object_versions(self, **request: Any) -> dict[str, Any]: ...


def s3_client(region: str | None) -> S3Reader:
    """The job's own client. `region`: None leaves it to boto3."""
    own_endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    style: Literal["path", "virtual"] = "path" if own_endpoint else "virtual"
    config = CONFIG.merge(Config(s3={"addressing_style": style}))
    return cast(S3Reader, boto3.client("s3", region_name=region, config=config))
