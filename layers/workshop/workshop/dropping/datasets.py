"""Datasets: which there are, what is told of one, and a new one under any name people use."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from contract import layout
from contract.errors import RefusedName
from contract.names import check_dataset
from workshop.admission.visitors import Visitor
from workshop.dataset.snapshot import list_page
from workshop.dropping.cards import Cards
from workshop.dropping.titles import check_title, names_for
from workshop.ledger import Ledger
from workshop.platform.clients import S3
from workshop.platform.refusals import NotNow, NotThere
from workshop.web.calls import Call, Reply

PAGE = 24
_AT_A_TIME = 8
# How many datasets may share the name that is made of their titles.
_MOST_ALIKE = 50


class Datasets:
    """The operations of the address /api/datasets."""

    def __init__(self, s3: S3, bucket: str, ledger: Ledger, cards: Cards) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._ledger = ledger
        self._cards = cards

    def show_all(self, call: Call) -> Reply:
        """Those that the visitor's links name; all that there are, if one is for all of them."""
        if not call.visitor.sees_all:
            return Reply({"datasets": self._told(call.visitor, call.visitor.datasets), "next": None})
        names, following = self._page(call.query.get("after", ""))
        return Reply({"datasets": self._told(call.visitor, names), "next": following})

    def get(self, call: Call) -> Reply:
        card = self._card(call.visitor, call.dataset)
        if card is None:
            raise NotThere("no_such_dataset")
        return Reply(card)

    def create(self, call: Call) -> Reply:
        """Raises Unusable for what is no title, and NotNow if there is a dataset of this title."""
        title = check_title(call.body["title"])
        for name in names_for(title, _MOST_ALIKE):
            if not self._has_files(name) and self._ledger.name(name, title):
                # Consoles show it as a folder, and so it is found among the others before it has an image.
                self._s3.put_object(Bucket=self._bucket, Key=layout.uploads(name), Body=b"")
                return Reply(self._cards.card(name, call.visitor.rights(name)))
            if self._ledger.read(name).called == title:
                raise NotNow("title_taken", dataset=name)
        raise NotNow("too_many_alike")

    def _has_files(self, dataset: str) -> bool:
        """Whether somebody has uploaded to it, as people with keys may under any name."""
        folders = (layout.uploads(dataset), layout.targets(dataset))
        return any(list_page(self._s3, self._bucket, folder).files for folder in folders)

    def _told(self, visitor: Visitor, names: Iterable[str]) -> list[dict[str, Any]]:
        with ThreadPoolExecutor(_AT_A_TIME) as pool:
            cards = pool.map(lambda name: self._card(visitor, name), names)
            return [card for card in cards if card is not None]

    def _card(self, visitor: Visitor, dataset: str) -> dict[str, Any] | None:
        rights = visitor.rights(dataset)
        card = self._cards.card(dataset, rights)
        if card is None and dataset in visitor.datasets:
            return self._cards.empty_card(dataset, rights)
        return card

    def _page(self, after: str) -> tuple[list[str], str | None]:
        """Names of datasets with a folder, in S3's order, and the folder after which the next page begins."""
        # "0" follows "/": everything in that folder comes before.
        start = {"StartAfter": f"{layout.UPLOADS}{after}0"} if after else {}
        page = self._s3.list_objects_v2(
            Bucket=self._bucket, Prefix=layout.UPLOADS, Delimiter="/", MaxKeys=PAGE, **start
        )
        folders = [
            one["Prefix"].removeprefix(layout.UPLOADS).removesuffix("/") for one in page.get("CommonPrefixes", [])
        ]
        return [name for name in folders if _is_name(name)], folders[-1] if folders and page.get(
            "IsTruncated"
        ) else None


def _is_name(folder: str) -> bool:
    try:
        return check_dataset(folder) == folder
    except RefusedName:
        return False
