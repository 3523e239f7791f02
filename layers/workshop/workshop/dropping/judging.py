"""Whether a file may be sent, by what is known of it before: name, size, media type. What it holds is Prepare's to
judge, with the same codes and sentences."""

import unicodedata

from contract.capacity.artefacts import LARGEST_UPLOAD
from contract.file_kinds import FileKind, is_archive, kind_of
from workshop.platform.addresses import FILE_NAME_VARIABLE
from workshop.web.sentences import sentence

MAX_KEY_BYTES = 1024  # S3's
# Media types by which objects are stored, and so shown: no browser takes one of them for a page.
MEDIA_TYPES = frozenset(f"image/{name}" for name in ("png", "jpeg", "webp", "bmp", "tiff", "gif"))
_OTHERS = {
    "image/heic": "heic",
    "image/heif": "heic",
    "image/avif": "avif",
    "image/svg+xml": "svg",
    "image/vnd.adobe.photoshop": "photoshop",
}
_MEGABYTE = 10**6


def refusal(folder: str, name: str, size: int, media_type: str, language: str) -> dict[str, str] | None:
    """Why `name`, below the `folder` of the bucket, may not be sent: openapi.json's Reason. None: it may."""
    code = _code(folder, name, size, media_type)
    if code is None:
        return None
    return {"code": code, "say": sentence(f"file_{code}", language, megabytes=str(LARGEST_UPLOAD // _MEGABYTE))}


def _code(folder: str, name: str, size: int, media_type: str) -> str | None:
    # A form's key with ${filename} in it would be another key, by the name that the browser gives the file.
    if not unicodedata.is_normalized("NFC", name) or FILE_NAME_VARIABLE in name:
        return "name_unusable"
    if len((folder + name).encode("utf-8", "replace")) > MAX_KEY_BYTES:
        return "name_unusable"
    match kind_of(name):
        case FileKind.IMAGE if size > LARGEST_UPLOAD:
            return "too_large"
        case FileKind.IMAGE:
            return None if media_type in MEDIA_TYPES else _OTHERS.get(media_type, "unreadable")
        case FileKind.OTHER if is_archive(name):
            return "archive"
        case FileKind.OTHER:
            return "unreadable"
    return "name_unusable"
