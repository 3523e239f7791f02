"""Links that let somebody into the web app: made, listed and revoked."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from contract.errors import RefusedName
from contract.names import Execution, check_dataset, printable
from operations.errors import RunError, UsageError
from operations.subscribing import check_address
from operations.text import one_line
from operations.workshop_stack import Workshop
from workshop.admission.app_links import DAY, AppLinks, dataset_screen, pictures_screen
from workshop.admission.grants import ALL_DATASETS, Grant, Right
from workshop.admission.invitations import Invitations, new_link_id
from workshop.admission.links import Links, SharedLink
from workshop.ledger import Runs
from workshop.notices.links import PRESIGNED_SECONDS, presign_report
from workshop.platform import clock
from workshop.platform.signing import Signer, take_apart

LONGEST_DAYS = 365
_LINK_ID = re.compile(r"[a-z0-9]{16,40}")


@dataclass(frozen=True)
class MadeLink:
    """A new link: its address, its id, and until when it works (epoch seconds)."""

    url: str
    id: str
    expires: int


def parse_rights(text: str) -> frozenset[Right]:
    """Raises UsageError."""
    words = [word.strip() for word in text.split(",")]
    if unknown := [word for word in words if word not in {*Right}]:
        raise UsageError(f"{one_line(unknown[0], 40)!r} is no right; there are {', '.join(Right)}.")
    return frozenset(map(Right, words))


def invite(workshop: Workshop, dataset: str, rights: frozenset[Right], days: int, address: str = "") -> MadeLink:
    """A new link to a dataset, or to ALL_DATASETS. `address`: for whom it is, which is noted beside it; nothing is sent
    to it. Raises RefusedName or UsageError."""
    if address:
        check_address(address)
    screen = "/" if dataset == ALL_DATASETS else dataset_screen(check_dataset(dataset))
    return _make(workshop, dataset, rights, days, screen, address)


def link_to_results(workshop: Workshop, execution: Execution, days: int) -> MadeLink:
    """A new link to what a run has made. Without a web app it leads straight to the page, for some hours. Raises
    RunError for a run that the ledger does not know (any more)."""
    run = Runs(workshop.client("dynamodb"), workshop.table).read(execution.arn)
    if run is None:
        raise RunError(f"The ledger knows no run {execution.id}; `runs` lists what SageMaker knows.")
    if not workshop.web_app_url:
        url = presign_report(workshop.client("s3"), workshop.bucket, run.dataset, execution.id, PRESIGNED_SECONDS)
        return MadeLink(url, "", clock.now_ms() // 1000 + PRESIGNED_SECONDS)
    rights = frozenset({Right.WATCH, Right.TAKE})
    return _make(workshop, run.dataset, rights, days, pictures_screen(run.dataset, execution.id), "")


def links_of(workshop: Workshop, dataset: str) -> list[SharedLink]:
    """The links to a dataset, or to ALL_DATASETS, that were made or revoked by hand, newest first."""
    return _links(workshop).of_dataset(_checked(dataset))


def revoke(workshop: Workshop, dataset: str, link: str) -> str:
    """End a link, given by its id or as its whole address, and every session that it has opened. Returns its id.

    Raises RefusedName or UsageError.
    """
    grant = _grant_in(link)
    if grant is not None and grant.dataset != dataset:
        raise UsageError(f"This link is for {grant.dataset}, not for {printable(dataset, 80)}.")
    link_id = link if grant is None else grant.link
    if not _LINK_ID.fullmatch(link_id):
        raise UsageError(
            f"{one_line(link, 80)!r} is neither the id of a link nor a link; `links` lists those made by hand."
        )
    _links(workshop).revoke(_checked(dataset), link_id, clock.now_ms() // 1000)
    return link_id


def _make(workshop: Workshop, dataset: str, rights: frozenset[Right], days: int, screen: str, address: str) -> MadeLink:
    if not workshop.web_app_url:
        raise UsageError(
            f"The stack {workshop.stack!r} has no web app that a link could open: deploy it with WebApp=public."
        )
    now = clock.now_ms() // 1000
    grant = Grant(new_link_id(), dataset, rights, now + days * DAY)
    invitations = Invitations(Signer(workshop.client("kms"), workshop.resource("LinkKey")))
    url = AppLinks(invitations, f"{workshop.web_app_url.rstrip('/')}/").address(grant, screen)
    _links(workshop).record(grant, now, note=f"for {address}" if address else "")
    return MadeLink(url, grant.link, grant.expires)


def _links(workshop: Workshop) -> Links:
    return Links(workshop.client("dynamodb"), workshop.table)


def _checked(dataset: str) -> str:
    return dataset if dataset == ALL_DATASETS else check_dataset(dataset)


def _grant_in(link: str) -> Grant | None:
    """What a link's address says; None for what is none."""
    try:
        tokens = parse_qs(urlsplit(link).fragment).get("t", [])
    except ValueError:
        return None
    match take_apart(tokens[0]) if tokens else None:
        case ([str(), value], bytes()):
            try:
                return Grant.from_list(value)
            except RefusedName:
                return None
    return None
