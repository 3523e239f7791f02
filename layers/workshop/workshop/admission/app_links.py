"""Addresses that open the web app, at one of its screens, with what a link grants."""

import hashlib

from workshop.admission.grants import Grant, Right
from workshop.admission.invitations import Invitations

DAY = 86_400
_LINK_ID_CHARS = 20


def app_address(base_url: str, token: str, screen: str) -> str:
    """A link that opens the app at this screen; `base_url` ends with a slash. The fragment is in no request, and so in
    no log."""
    return f"{base_url}#t={token}&go={screen}"


def dataset_screen(dataset: str) -> str:
    return f"/{dataset}"


def run_screen(dataset: str, execution_id: str) -> str:
    return f"/{dataset}/runs/{execution_id}"


def pictures_screen(dataset: str, execution_id: str) -> str:
    return f"{run_screen(dataset, execution_id)}/pictures"


def mailed_link_id(arn: str, purpose: str) -> str:
    """The id of the link for this purpose in the mails about a run: the same in each, so that it can be revoked."""
    return hashlib.sha256(f"{arn}|{purpose}".encode()).hexdigest()[:_LINK_ID_CHARS]


class AppLinks:
    """Makes such addresses. `base_url` ends with a slash."""

    def __init__(self, invitations: Invitations, base_url: str) -> None:
        self._invitations = invitations
        self._base_url = base_url

    def address(self, grant: Grant, screen: str) -> str:
        return app_address(self._base_url, self._invitations.invite(grant), screen)

    def to_look(self, dataset: str, arn: str, screen: str, now: int) -> tuple[str, int]:
        """For everybody who gets a mail about a run, and whoever they pass it on to: to see how it goes, and to keep
        its pictures. The address, and until when it works (epoch seconds)."""
        expires = now + 90 * DAY
        grant = Grant(mailed_link_id(arn, "look"), dataset, frozenset({Right.WATCH, Right.TAKE}), expires)
        return self.address(grant, screen), expires

    def to_act(self, dataset: str, arn: str, screen: str, now: int) -> tuple[str, int]:
        """For a mail's reader alone: to add images, to start and to end runs, too."""
        expires = now + 7 * DAY
        return self.address(Grant(mailed_link_id(arn, "act"), dataset, frozenset(Right), expires), screen), expires
