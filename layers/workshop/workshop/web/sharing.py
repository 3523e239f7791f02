"""Links that a visitor hands on: never with more rights than the visitor has, nor for longer."""

from typing import Any

from workshop.admission.app_links import DAY, app_address, dataset_screen
from workshop.admission.grants import Grant, Right
from workshop.admission.invitations import Invitations, new_link_id
from workshop.admission.links import Links, SharedLink
from workshop.admission.visitors import Visitor
from workshop.platform.refusals import NotThere
from workshop.web.calls import Call, Reply


class Sharing:
    """The operations of the address .../links."""

    def __init__(self, invitations: Invitations, links: Links) -> None:
        self._invitations = invitations
        self._links = links

    def show(self, call: Call) -> Reply:
        return Reply({"links": [_told(link, call.visitor) for link in self._known(call)]})

    def share(self, call: Call) -> Reply:
        rights = frozenset(map(Right, call.body["rights"]))
        own = [call.grant(right) for right in sorted(rights)]
        expires = min(call.visitor.now + call.body["days"] * DAY, *(grant.expires for grant in own))
        grant = Grant(new_link_id(), call.dataset, rights, expires)
        link = self._links.record(grant, call.visitor.now, parent=own[0])
        url = app_address(call.base_url, self._invitations.invite(grant), dataset_screen(call.dataset))
        return Reply({"link": _told(link, call.visitor), "url": url})

    def revoke(self, call: Call) -> Reply:
        if call.path["link"] not in {link.id for link in self._known(call)}:
            raise NotThere("no_such_link")
        self._links.revoke(call.dataset, call.path["link"], call.visitor.now)
        return Reply()

    def _known(self, call: Call) -> list[SharedLink]:
        """The links that are the visitor's business: all of the dataset to who may drop, else those made by means of
        the visitor's own."""
        links = self._links.of_dataset(call.dataset)
        if Right.DROP in call.visitor.rights(call.dataset):
            return links
        return [link for link in links if _is_by(link, call.visitor)]


def _is_by(link: SharedLink, visitor: Visitor) -> bool:
    return link.parent in {grant.link for grant in visitor.grants}


def _told(link: SharedLink, visitor: Visitor) -> dict[str, Any]:
    return {
        "id": link.id,
        "rights": [right for right in Right if right in link.rights],
        "made": link.made or 0,
        "expires": link.expires,
        "is_revoked": link.is_revoked,
        "made_by": "you" if _is_by(link, visitor) else "another" if link.parent else "operator",
    }
