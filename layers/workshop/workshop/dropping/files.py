"""What lies in a dataset's folders: list it, and get forms to post more with.

Each form is for one key, size and media type. A form for a whole folder would be less work, and would let through a
settings.yaml, a _READY and any number of files: what a link may send is counted when its forms are signed.
"""

from typing import Any

from contract import layout
from workshop.admission.grants import Right
from workshop.dataset.snapshot import list_page
from workshop.dropping.judging import refusal
from workshop.dropping.quotas import Quotas
from workshop.platform.addresses import SECONDS, Addresses
from workshop.platform.clients import S3
from workshop.platform.refusals import Unusable
from workshop.web.calls import Call, Reply

_FOLDERS = {"images": layout.uploads, "find": layout.targets}


class Files:
    """The operations of the addresses .../files and .../uploads."""

    def __init__(self, s3: S3, bucket: str, addresses: Addresses, quotas: Quotas) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._addresses = addresses
        self._quotas = quotas

    def show(self, call: Call) -> Reply:
        """The images, by their names; a page of a folder full of other things may have none."""
        name = call.query.get("folder", "images")
        if name not in _FOLDERS:
            raise Unusable("bad_request", problems=[f"folder must be one of {', '.join(_FOLDERS)}."])
        page = list_page(self._s3, self._bucket, _FOLDERS[name](call.dataset), call.query.get("after", ""))
        return Reply({"files": [[one.name, one.size] for one in page.images], "next": page.next})

    def offer(self, call: Call) -> Reply:
        """Raises TooMuch if all that may be sent together is more than the link has left."""
        folder = _FOLDERS[call.body["folder"]](call.dataset)
        offered: list[dict[str, Any]] = call.body["files"]
        refused = [refusal(folder, one["name"], one["size"], one["type"]) for one in offered]
        sizes = [one["size"] for one, why in zip(offered, refused, strict=True) if why is None]
        left = self._quotas.take(call.grant(Right.DROP).link, len(sizes), sum(sizes), call.visitor.now)
        forms = [
            {
                "name": one["name"],
                "fields": self._fields(folder, one) if why is None else None,
                "refused": None if why is None else {"code": why.code, "say": why.sentence(call.language)},
            }
            for one, why in zip(offered, refused, strict=True)
        ]
        return Reply(
            {
                "url": self._addresses.form_url,
                "expires": call.visitor.now + SECONDS,
                "files": forms,
                "files_left": left.files,
                "bytes_left": left.bytes,
            }
        )

    def _fields(self, folder: str, file: dict[str, Any]) -> dict[str, str]:
        return self._addresses.form(folder + file["name"], file["size"], file["type"]).fields
