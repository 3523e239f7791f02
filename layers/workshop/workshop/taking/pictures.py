"""What the web app asks of a run's pictures: to see them, to keep them, and to remember which ones people like best."""

import hashlib
import json
from typing import Any

from contract import layout
from contract.gallery import MAX_BYTES, Gallery, GalleryItem
from contract.names import parse_execution
from workshop.ledger import Ledger, RunRecord, Runs
from workshop.platform.addresses import SECONDS, Addresses
from workshop.platform.clients import S3, list_pages
from workshop.platform.documents import read_document, size_of_object
from workshop.platform.refusals import Unusable
from workshop.taking.favourites import Favourites
from workshop.taking.gallery_view import is_picture, picture
from workshop.watching.run_views import NEW_ADDRESSES_SECONDS, short_view
from workshop.watching.runs import found_run
from workshop.web.calls import Call, Reply
from workshop.web.sentences import sentence

PAGE = 250  # pictures; each has up to three addresses of a kilobyte or two
_SHOWN_OFFENDERS = 5


class Taking:
    """The operations of the addresses .../pictures and .../favourites."""

    def __init__(
        self, ledger: Ledger, runs: Runs, s3: S3, bucket: str, addresses: Addresses, favourites: Favourites
    ) -> None:
        self._ledger = ledger
        self._runs = runs
        self._s3 = s3
        self._bucket = bucket
        self._addresses = addresses
        self._favourites = favourites

    def list(self, call: Call) -> Reply:
        """A page of the pictures. Runs of releases that had no gallery, and those of another image, have none."""
        run, now = found_run(self._runs, call), call.visitor.now
        gallery = self._gallery(run)
        page, following = _page(_pictures(gallery), call.query.get("after"))
        favourites = self._favourites.read(run.dataset, run.execution.id)
        body = {
            "dataset": run.dataset,
            "title": self._ledger.read(run.dataset).called,
            "run": short_view(run),
            "pictures": [picture(item, self._folder(run), self._addresses, call.language) for item in page],
            "next": following,
            "favourites": favourites,
            "zip": None if gallery is None else self._archive(run, gallery),
            "page": self._report(run),
            "model": self._model(run),
            "model_licence": (gallery and gallery.model.note) or sentence("model_licence", call.language),
            "expires": now + SECONDS,
        }
        said = [[item.as_dict() for item in page], favourites, body["run"], body["title"], now // NEW_ADDRESSES_SECONDS]
        return Reply(body, version=hashlib.sha256(json.dumps(said).encode()).hexdigest())

    def put_favourites(self, call: Call) -> Reply:
        run = found_run(self._runs, call)
        known = {item.file for item in _pictures(self._gallery(run))}
        if strangers := [name for name in call.body["names"] if name not in known]:
            raise Unusable("no_such_picture", problems=[name[:300] for name in strangers[:_SHOWN_OFFENDERS]])
        names = self._favourites.put(run.dataset, run.execution.id, call.body["names"], call.visitor.now * 1000)
        return Reply({"names": names})

    def _gallery(self, run: RunRecord) -> Gallery | None:
        key = f"{self._folder(run)}{layout.REPORT}/{layout.GALLERY}"
        return read_document(self._s3, self._bucket, key, Gallery.from_json, MAX_BYTES + 1)

    def _archive(self, run: RunRecord, gallery: Gallery) -> dict[str, Any]:
        name = f"{run.dataset}-{run.execution.id}.zip"
        return self._download(f"{self._folder(run)}{gallery.archive.file}", gallery.archive.bytes, name)

    def _report(self, run: RunRecord) -> dict[str, Any] | None:
        """The page, as a file: a page that a job has made is never shown where the app's addresses lead."""
        key = f"{self._folder(run)}{layout.REPORT}/{layout.REPORT_PAGE}"
        size = size_of_object(self._s3, self._bucket, key)
        return None if size is None else self._download(key, size, f"{run.dataset}-{run.execution.id}.html")

    def _model(self, run: RunRecord) -> dict[str, Any] | None:
        """The model that has drawn: the run's own, or that of the run whose model it has used."""
        made_by = run.execution if run.source_arn is None else parse_execution(run.source_arn)
        folder = f"{layout.run(run.dataset, made_by.id)}{layout.TRAINING}/"
        for page in list_pages(self._s3, Bucket=self._bucket, Prefix=folder):
            for entry in page.get("Contents", []):
                if entry["Key"].endswith(f"/{layout.MODEL_PATH}") and entry["Size"]:
                    return self._download(entry["Key"], entry["Size"], f"{run.dataset}-{made_by.id}-model.tar.gz")
        return None

    def _download(self, key: str, size: int, name: str) -> dict[str, Any]:
        return {"url": self._addresses.save(key, name), "bytes": size, "name": name}

    @staticmethod
    def _folder(run: RunRecord) -> str:
        return layout.run(run.dataset, run.execution.id)


def _pictures(gallery: Gallery | None) -> list[GalleryItem]:
    return [] if gallery is None else [item for item in gallery.items if is_picture(item)]


def _page(items: list[GalleryItem], after: str | None) -> tuple[list[GalleryItem], str | None]:
    """The pictures that follow the one of this name, and the name after which there are more. Raises Unusable."""
    begin = 0
    if after is not None:
        names = [item.file for item in items]
        if after not in names:
            raise Unusable("no_such_picture", problems=[after[:300]])
        begin = names.index(after) + 1
    page = items[begin : begin + PAGE]
    return page, page[-1].file if len(items) > begin + PAGE else None
