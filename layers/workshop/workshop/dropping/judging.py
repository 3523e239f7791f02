"""Whether a file may be sent, by what is known of it before: name, size, media type. What it holds is Prepare's to
judge, with the same codes and sentences."""

import unicodedata

from contract.capacity.artefacts import LARGEST_UPLOAD
from contract.file_kinds import FileKind, is_archive, kind_of
from contract.reasons import Reason, ReasonCode
from workshop.platform.addresses import FILE_NAME_VARIABLE

MAX_KEY_BYTES = 1024  # S3's
# Media types by which objects are stored, and so shown: no browser takes one of them for a page.
MEDIA_TYPES = frozenset(f"image/{name}" for name in ("png", "jpeg", "webp", "bmp", "tiff", "gif"))
_OTHERS = {
    "image/heic": ReasonCode.HEIC,
    "image/heif": ReasonCode.HEIC,
    "image/avif": ReasonCode.AVIF,
    "image/svg+xml": ReasonCode.SVG,
    "image/vnd.adobe.photoshop": ReasonCode.PHOTOSHOP,
}
_MEGABYTE = 10**6


def refusal(folder: str, name: str, size: int, media_type: str) -> Reason | None:
    """Why `name`, below the `folder` of the bucket, may not be sent. None: it may."""
    # A form's key with ${filename} in it would be another key, by the name that the browser gives the file.
    if not unicodedata.is_normalized("NFC", name) or FILE_NAME_VARIABLE in name:
        return Reason(ReasonCode.NAME_UNUSABLE)
    if len((folder + name).encode("utf-8", "replace")) > MAX_KEY_BYTES:
        return Reason(ReasonCode.NAME_UNUSABLE)
    match kind_of(name):
        case FileKind.IMAGE if size > LARGEST_UPLOAD:
            return Reason(ReasonCode.TOO_LARGE, {"megabytes": LARGEST_UPLOAD // _MEGABYTE})
        case FileKind.IMAGE:
            return None if media_type in MEDIA_TYPES else Reason(_OTHERS.get(media_type, ReasonCode.UNREADABLE))
        case FileKind.OTHER:
            return Reason(ReasonCode.ARCHIVE if is_archive(name) else ReasonCode.UNREADABLE)
    return Reason(ReasonCode.NAME_UNUSABLE)
