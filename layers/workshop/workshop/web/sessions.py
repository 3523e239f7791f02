"""Opening a link, and what is known of who is here."""

from typing import Any

from workshop.admission.grants import Right
from workshop.admission.visitors import Door, Visitor
from workshop.web.calls import Call, Reply
from workshop.web.interface import document
from workshop.web.sentences import LANGUAGES


class Sessions:
    """The operations of the address /api/session, and /api/me."""

    def __init__(self, door: Door, objects_origin: str) -> None:
        self._door = door
        self._objects_origin = objects_origin

    def open(self, call: Call) -> Reply:
        visitor, cookie = self._door.open(call.body["token"], call.cookies, call.visitor.now)
        return Reply(self._me(visitor), cookie=cookie)

    def close(self, call: Call) -> Reply:
        return Reply(cookie=self._door.forgotten())

    def me(self, call: Call) -> Reply:
        return Reply(self._me(call.visitor), cookie=self._door.renewed(call.visitor, call.cookies))

    def _me(self, visitor: Visitor) -> dict[str, Any]:
        grants = [
            {
                "dataset": grant.dataset,
                "rights": [right for right in Right if right in grant.rights],
                "expires": grant.expires,
            }
            for grant in visitor.grants
        ]
        return {
            "grants": grants,
            "may_create": visitor.may_create,
            "languages": list(LANGUAGES),
            "objects_origin": self._objects_origin,
            "limits": _limits(),
        }


def _limits() -> dict[str, int]:
    """What the document allows, for the app to know before it asks."""
    schemas = document()["components"]["schemas"]
    return {
        "files_a_request": schemas["Offer"]["properties"]["files"]["maxItems"],
        "bytes_a_file": schemas["OfferedFile"]["properties"]["size"]["maximum"],
        "name_characters": schemas["NewDataset"]["properties"]["title"]["maxLength"],
    }
