"""What a mail shows: pictures of the run, which are sent with it. Links to them would be dead within hours, and mail
programs do not follow links to pictures before they are asked to."""

from collections.abc import Iterable
from dataclasses import dataclass

from botocore.exceptions import ClientError

from contract.layout import CHECKPOINTS, RUNS
from workshop.platform.clients import S3, error_code

# Of all pictures of a mail together: a sheet of samples, which is one picture, may be as large as that.
MOST_BYTES = 800_000

_SIGNATURES = {"png": b"\x89PNG\r\n\x1a\n", "jpeg": b"\xff\xd8\xff", "webp": b"RIFF"}


@dataclass(frozen=True)
class SmallPicture:
    """A picture's bytes, and what they are: png, jpeg or webp."""

    content: bytes
    subtype: str


def read_pictures(s3: S3, bucket: str, keys: Iterable[str]) -> list[SmallPicture]:
    """The pictures that there are, in their order, as many as a mail has room for; a mail is no worse without."""
    pictures: list[SmallPicture] = []
    left = MOST_BYTES
    for key in keys:
        content = _read(s3, bucket, key, left) if key.startswith((RUNS, CHECKPOINTS)) else b""
        subtype = next((name for name, signature in _SIGNATURES.items() if content.startswith(signature)), None)
        if subtype is not None:
            pictures.append(SmallPicture(content, subtype))
            left -= len(content)
    return pictures


def _read(s3: S3, bucket: str, key: str, most: int) -> bytes:
    """What an object holds; nothing if it is gone, or larger than that."""
    try:
        answer = s3.get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error_code(error) in {"NoSuchKey", "AccessDenied"}:
            return b""
        raise
    content: bytes = answer["Body"].read() if answer["ContentLength"] <= most else b""
    return content
