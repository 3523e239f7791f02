"""Links that a visitor hands on: never with more rights than the visitor has, nor for longer."""

from typing import Any

from workshop.admission.app_links import DAY, app_address, dataset_screen
from workshop.admission.grants import Grant, Right
from workshop.admission.invitations import Invitations, new_link_id
from workshop.admission.links import Links, SharedLink
from workshop.platform import clock
from workshop.web.calls import Call, Reply


class Sharing:
    """The operations of the address .../links."""

    def __init__(self, invitations: Invitations, links: Links) -> None:
        self._invitations = invitations
        self._links = links

    def list(self, call: Call) -> Reply:
        return Reply({"links": [_told(link) for link in self._links.of_dataset(call.dataset)]})

    def share(self, call: Call) -> Reply:
        now = call.visitor.now
        own = [call.grant(Right(right)) for right in call.body["rights"]]
        expires = min(now + call.body["days"] * DAY, *(grant.expires for grant in own))
        grant = Grant(new_link_id(), call.dataset, frozenset(map(Right, call.body["rights"])), expires)
        made_by = own[0].link
        self._links.record(grant, made_by, now)
        link = SharedLink(grant.link, grant.dataset, grant.rights, now, made_by, expires, is_revoked=False)
        url = app_address(call.base_url, self._invitations.invite(grant), dataset_screen(call.dataset))
        return Reply({"link": _told(link), "url": url})

    def revoke(self, call: Call) -> Reply:
        self._links.revoke(call.dataset, call.path["link"], clock.now_ms() // 1000)
        return Reply()


def _told(link: SharedLink) -> dict[str, Any]:
    return {
        "id": link.id,
        "rights": [right for right in Right if right in link.rights],
        "made": link.made or 0,
        "expires": link.expires,
        "is_revoked": link.is_revoked,
        "made_by": link.made_by,
    }
