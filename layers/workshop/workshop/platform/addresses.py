"""Presigned addresses, by which a browser gets and sends objects past the functions.

Whoever has one can use it until it expires, with the rights of the function that has signed it; so each names exactly
one object. They end with the function's own credentials, if that is sooner.
"""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from workshop.platform.clients import S3

SECONDS = 3600
# By the end of the name, since what SageMaker's jobs upload bears no useful type. What is not here is no picture, and a
# browser saves it.
_SHOWN = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "gif": "image/gif",
    "mp4": "video/mp4",
}
# https://docs.aws.amazon.com/AmazonS3/latest/developerguide/HTTPPOSTForms.html: S3 puts the browser's name for it.
FILE_NAME_VARIABLE = "${filename}"


def is_shown(key: str) -> bool:
    """Whether a browser shows what has such a name."""
    return key.rpartition(".")[2].lower() in _SHOWN


@dataclass(frozen=True)
class Form:
    """Where one file is posted, as multipart/form-data, and the fields that go before it."""

    url: str
    fields: dict[str, str]


class Addresses:
    """Signs for objects of one bucket. `objects_url`: where browsers reach S3, with a slash; "": at its own address."""

    def __init__(self, s3: S3, bucket: str, objects_url: str = "") -> None:
        self._s3 = s3
        self._bucket = bucket
        self._objects_url = objects_url

    def show(self, key: str) -> str:
        """A picture, film or image, to be shown where the page wants it."""
        media_type = _SHOWN.get(key.rpartition(".")[2].lower())
        return self.save(key) if media_type is None else self._get(key, media_type, "inline")

    def save(self, key: str, name: str | None = None) -> str:
        """Anything, to be saved under this name or its own: never shown, whatever it is."""
        name = name or key.rpartition("/")[2]
        plain = re.sub(r'[^ -~]|["\\?]', "_", name)
        disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"  # RFC 6266
        return self._get(key, "application/octet-stream", disposition)

    def form(self, key: str, size: int, media_type: str) -> Form:
        """For a file of exactly this key, size in bytes and media type."""
        if FILE_NAME_VARIABLE in key:
            raise ValueError("a form for this key would be one for a whole folder")
        signed = self._s3.generate_presigned_post(
            Bucket=self._bucket,
            Key=key,
            Fields={"Content-Type": media_type},
            Conditions=[{"Content-Type": media_type}, ["content-length-range", size, size]],
            ExpiresIn=SECONDS,
        )
        return Form(self._reachable(signed["url"]), signed["fields"])

    @property
    def form_url(self) -> str:
        """Where every form is posted."""
        return self.form("any.png", 1, "image/png").url

    @property
    def origin(self) -> str:
        """The origin of every address."""
        return origin_of(self.show("any.png"))

    def _get(self, key: str, media_type: str, disposition: str) -> str:
        params: dict[str, Any] = {
            "Bucket": self._bucket,
            "Key": key,
            "ResponseContentType": media_type,
            "ResponseContentDisposition": disposition,
        }
        return self._reachable(self._s3.generate_presigned_url("get_object", Params=params, ExpiresIn=SECONDS))

    def _reachable(self, url: str) -> str:
        """The same object through `objects_url`. What is signed is S3's own host, which that server must ask."""
        if not self._objects_url:
            return url
        return self._objects_url + url.removeprefix(f"{origin_of(url)}/")


def origin_of(url: str) -> str:
    """Scheme, host and port, as browsers compare them (RFC 6454)."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
