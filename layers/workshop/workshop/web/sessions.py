"""Opening a link, and what is known of who is here."""

from typing import Any

from contract.names import LANGUAGES
from workshop.admission.grants import Right
from workshop.admission.identity_tokens import claims_of, grants_of
from workshop.admission.visitors import Door, Visitor
from workshop.config import OidcConfig
from workshop.platform.refusals import NotThere
from workshop.web.calls import Call, Reply
from workshop.web.interface import document

_SCOPE = "openid profile"


class Sessions:
    """The operations of the addresses /api/session and /api/me, and of those for the company's own sign-in."""

    def __init__(self, door: Door, objects_origin: str, oidc: OidcConfig | None = None) -> None:
        self._door = door
        self._objects_origin = objects_origin
        self._oidc = oidc

    def open(self, call: Call) -> Reply:
        visitor, cookie = self._door.open(call.body["token"], call.cookies, call.visitor.now)
        return Reply(self._me(visitor), cookie=cookie)

    def sign_in(self, call: Call) -> Reply:
        if self._oidc is None:
            return Reply({"oidc": None})
        return Reply({"oidc": {"issuer": self._oidc.issuer, "client_id": self._oidc.client_id, "scope": _SCOPE}})

    def open_signed_in(self, call: Call) -> Reply:
        if self._oidc is None or call.identity_token is None:
            raise NotThere("no_such_address")
        now = call.visitor.now
        grants = grants_of(self._oidc, claims_of(call.identity_token), now)
        visitor, cookie = self._door.enter(grants, call.cookies, now)
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
