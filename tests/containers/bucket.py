"""An S3 for the jobs: moto's, over HTTP, with ETags as a bucket under KMS has them."""

import json
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from moto.s3.models import FakeKey

REGION = "eu-central-1"
KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}


def etag_under_kms(stored: FakeKey) -> str:
    """No digest of the bytes, and another one with each upload. (moto: their MD5.)"""
    etag: str = stored.__dict__.setdefault("etag_under_kms", f'"{secrets.token_hex(16)}"')
    return etag


@dataclass
class Bucket:
    """One bucket, in which old versions are kept."""

    url: str
    name: str = field(default_factory=lambda: f"bucket-{secrets.token_hex(4)}")

    def __post_init__(self) -> None:
        self.s3: Any = boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
            config=Config(s3={"addressing_style": "path"}),
        )
        self.s3.create_bucket(Bucket=self.name, CreateBucketConfiguration={"LocationConstraint": REGION})
        self.s3.put_bucket_versioning(Bucket=self.name, VersioningConfiguration={"Status": "Enabled"})

    @property
    def environment(self) -> dict[str, str]:
        """What a job needs to find it."""
        return KEYS | {"AWS_ENDPOINT_URL_S3": self.url}

    def put(self, key: str, body: bytes, **more: str) -> None:
        self.s3.put_object(Bucket=self.name, Key=key, Body=body, **more)

    def put_folder(self, folder: Path, prefix: str) -> None:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            self.put(prefix + file.relative_to(folder).as_posix(), file.read_bytes())

    def list_into(self, folder: Path, prefix: str) -> None:
        """Write the record of everything under a prefix, as start_run does, into an input's folder."""
        listed = self.s3.list_objects_v2(Bucket=self.name, Prefix=prefix).get("Contents", [])
        objects = [
            {"name": one["Key"].removeprefix(prefix), "etag": one["ETag"].strip('"'), "size": one["Size"]}
            for one in listed
        ]
        record = {"bucket": self.name, "prefix": prefix, "objects": objects}
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{'f' * 64}.json").write_text(json.dumps(record))
