"""What our own containers have written in S3, read back."""

from collections.abc import Callable
from typing import TypeVar

from botocore.exceptions import ClientError

from contract.errors import DocumentError
from workshop.platform.clients import S3, error_code

Document = TypeVar("Document")


def read_document(s3: S3, bucket: str, key: str, read: Callable[[bytes], Document], max_bytes: int) -> Document | None:
    """None if there is nothing, or nothing that can be understood: what is too long ends in the middle. `read` raises
    DocumentError for that."""
    try:
        return read(s3.get_object(Bucket=bucket, Key=key)["Body"].read(max_bytes))
    except ClientError as error:
        # A right to list that is bound to a prefix does not count here: S3 then says 403 for what does not exist.
        if error_code(error) in {"NoSuchKey", "AccessDenied"}:
            return None
        raise
    except DocumentError:
        return None


def size_of_object(s3: S3, bucket: str, key: str) -> int | None:
    """In bytes; None if there is no such object."""
    try:
        return int(s3.head_object(Bucket=bucket, Key=key)["ContentLength"])
    except ClientError as error:
        # A right to list that is bound to a prefix does not count here, either.
        if error_code(error) in {"404", "403", "NoSuchKey"}:
            return None
        raise
