"""What is told of a dataset: openapi.json's Dataset, from the ledger and one page of its folder."""

from collections.abc import Collection
from typing import Any

from contract import layout
from workshop.admission.grants import Right
from workshop.dataset.snapshot import Page, list_page
from workshop.dropping.cover import Covers
from workshop.ledger import DatasetState, Ledger, Phase, RunRecord, Runs
from workshop.platform.clients import S3
from workshop.watching.run_views import short_view


class Cards:
    """Makes them."""

    def __init__(self, s3: S3, bucket: str, ledger: Ledger, runs: Runs, covers: Covers) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._ledger = ledger
        self._runs = runs
        self._covers = covers

    def card(self, dataset: str, rights: Collection[Right]) -> dict[str, Any] | None:
        """For somebody with these rights to it. None for a dataset that nobody has made and that has no files."""
        state = self._ledger.read(dataset)
        page = list_page(self._s3, self._bucket, layout.uploads(dataset))
        if not state.is_known and not page.files:
            return None
        return self._told(state, page, rights)

    def empty_card(self, dataset: str, rights: Collection[Right]) -> dict[str, Any]:
        """Of a dataset that somebody was invited to, and that begins with the first image."""
        return self._told(DatasetState(dataset), Page((), None), rights)

    def _told(self, state: DatasetState, page: Page, rights: Collection[Right]) -> dict[str, Any]:
        told = _standing(state, page)
        run = self._run(state.execution_arn or state.last_execution_arn)
        return {
            "dataset": state.dataset,
            "title": state.called,
            "rights": [right for right in Right if right in rights],
            "images": len(page.images),
            "has_more": page.next is not None,
            "cover": self._covers.cover(state, page.images, rights),
            "state": told,
            "starts_at": (state.timer_due or 0) // 1000 if told == "waiting" else None,
            "problems": list(state.problems) if told == "blocked" else [],
            "run": None if run is None else short_view(run),
            "cost": self._cost(run, state.good_arn),
        }

    def _run(self, arn: str | None) -> RunRecord | None:
        return None if arn is None else self._runs.read(arn)

    def _cost(self, run: RunRecord | None, good_arn: str | None) -> float | None:
        """Of the last run, if it trains, else of the one whose model it uses."""
        training = run if run is None or run.source_arn is None else self._run(good_arn)
        return None if training is None else training.billed_cost


def _standing(state: DatasetState, page: Page) -> str:
    """Where the dataset stands: a look that has nothing new to see has told its problems already."""
    has_news = state.considered != state.uploads
    if state.phase is not Phase.IDLE:
        return "running"
    if has_news and state.timer_due is not None:
        return "waiting"
    if state.problems and not has_news:
        return "blocked"
    return "idle" if page.images else "empty"
