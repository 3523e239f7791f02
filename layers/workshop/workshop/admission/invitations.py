"""Links that let somebody in, and the sessions that they open.

An invitation is a token in the fragment of an address, which no server, log or proxy gets to see: the app posts it, and
gets a cookie for it. Opening it has no other effect and works any number of times, since mail scanners open links, too.
A session is a token of the same kind that holds the grants of every link opened in that browser. Neither is stored;
revoked links are (workshop.admission.links).

    ["invite", <grant>]     ["session", [<grant>, ...], <expires>]     a grant: see workshop.admission.grants
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from workshop.admission.grants import Grant
from workshop.platform.signing import Signer, take_apart

SESSION_SECONDS = 7 * 86_400
# A session that is older is renewed when the app opens.
RENEW_SECONDS = 86_400
MAX_GRANTS = 16  # of a session; the oldest are forgotten
_INVITE, _SESSION = "invite", "session"


@dataclass(frozen=True)
class Session:
    """Grants, newest first; `expires` in epoch seconds."""

    grants: tuple[Grant, ...]
    expires: int

    def with_grant(self, grant: Grant) -> "Session":
        others = [one for one in self.grants if (one.link, one.dataset) != (grant.link, grant.dataset)]
        return Session((grant, *others)[:MAX_GRANTS], self.expires)


def new_link_id() -> str:
    return secrets.token_hex(10)


class Invitations:
    """Writes and reads the tokens."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    def invite(self, grant: Grant) -> str:
        return self._signer.sign([_INVITE, grant.as_list()])

    def read_invitation(self, token: object, now: int) -> Grant | None:
        """The grant of a genuine invitation that has not expired at `now` (epoch seconds)."""
        match take_apart(token):
            case ([str(purpose), value], bytes(mac)) if purpose == _INVITE:
                grant = Grant.from_list(value)
                if grant is not None and now < grant.expires and self._signer.is_genuine([_INVITE, value], mac):
                    return grant
        return None

    def write_session(self, grants: Iterable[Grant], now: int) -> str:
        expires = now + SESSION_SECONDS
        return self._signer.sign([_SESSION, [grant.as_list() for grant in grants], expires])

    def read_session(self, token: object, now: int) -> Session | None:
        """A genuine session that has not expired, with those of its grants that have not, either."""
        match take_apart(token):
            case ([str(purpose), [*values], int(expires)], bytes(mac)) if purpose == _SESSION and now < expires:
                grants = [Grant.from_list(value) for value in values]
                if len(grants) <= MAX_GRANTS and self._signer.is_genuine([_SESSION, values, expires], mac):
                    return Session(tuple(one for one in grants if one is not None and now < one.expires), expires)
        return None
