"""Who asks: by the cookie of the app's own pages, or by the token that a page of somebody else's was given.

A cookie is sent by the browser whoever makes it send a request, so everything that may have an effect must come from
the app's own origin, which no page can claim for itself. A token in the Authorization header is nobody's who was not
given it; pages that use one are named by the deployer.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from aws_lambda_powertools.shared.cookies import Cookie, SameSite

from workshop.admission.grants import ALL_DATASETS, Grant, Right
from workshop.admission.invitations import RENEW_SECONDS, SESSION_SECONDS, Invitations, Session
from workshop.admission.links import Links
from workshop.platform.refusals import NotAllowed, Unknown

_BEARER = "Bearer "


@dataclass(frozen=True)
class Visitor:
    """Somebody with these grants, none of them expired or revoked at `now` (epoch seconds)."""

    grants: tuple[Grant, ...]
    now: int

    def grant_for(self, right: Right, dataset: str) -> Grant:
        """The grant by which the visitor may. Raises NotAllowed, whether there is such a dataset or not."""
        for grant in self.grants:
            if grant.allows(right, dataset, self.now):
                return grant
        self.check_sees(dataset)
        raise NotAllowed("no_right")

    def check_sees(self, dataset: str) -> None:
        """Raises NotAllowed if the visitor has no right to the dataset at all, whether there is such a one or not."""
        if not self.rights(dataset):
            raise NotAllowed("foreign")

    def rights(self, dataset: str) -> frozenset[Right]:
        return frozenset(right for right in Right if any(one.allows(right, dataset, self.now) for one in self.grants))

    @property
    def sees_all(self) -> bool:
        return any(grant.dataset == ALL_DATASETS for grant in self.grants)

    @property
    def may_create(self) -> bool:
        return any(grant.allows(Right.DROP, ALL_DATASETS, self.now) for grant in self.grants)

    @property
    def datasets(self) -> list[str]:
        """Those that are named by a grant, in the order of their names."""
        return sorted({grant.dataset for grant in self.grants} - {ALL_DATASETS})


class Door:
    """Lets visitors in. `origins` are the app's own, `embedding` those of pages that may use tokens."""

    def __init__(self, invitations: Invitations, links: Links, cookie: str, embedding: Iterable[str]) -> None:
        self.invitations = invitations
        self._links = links
        self._cookie = cookie
        self._embedding = frozenset(embedding)

    def check_origin(self, headers: Mapping[str, str], own: Iterable[str], *, is_embeddable: bool) -> None:
        """Refuse a request with an effect that a foreign page may have made. Raises NotAllowed. Pages that embed a part
        of the app make those that are embeddable, with a token.

        Browsers send Origin with every request but GET and HEAD (https://fetch.spec.whatwg.org/#origin-header).
        """
        allowed = {*own, *self._embedding} if is_embeddable and token_of(headers) else set(own)
        if headers.get("origin") not in allowed:
            raise NotAllowed("foreign_page")

    def is_embedding(self, origin: str | None) -> bool:
        return origin in self._embedding

    def visitor(self, headers: Mapping[str, str], cookies: Iterable[str], now: int) -> Visitor:
        """Raises Unknown if nobody is known."""
        token = token_of(headers)
        if token:
            grant = self.invitations.read_invitation(token, now)
            grants: tuple[Grant, ...] = () if grant is None else (grant,)
        else:
            session = self.session(cookies, now)
            grants = () if session is None else session.grants
        grants = tuple(grant for grant in grants if not self._links.is_revoked(grant))
        if not grants:
            raise Unknown("no_session")
        return Visitor(grants, now)

    def session(self, cookies: Iterable[str], now: int) -> Session | None:
        return self.invitations.read_session(_cookie_of(cookies, self._cookie), now)

    def open(self, token: Any, cookies: Iterable[str], now: int) -> tuple[Visitor, Cookie]:
        """Add what an invitation grants to the browser's session. Raises Unknown."""
        grant = self.invitations.read_invitation(token, now)
        if grant is None or self._links.is_revoked(grant):
            raise Unknown("bad_link")
        return self.enter([grant], cookies, now)

    def enter(self, grants: Iterable[Grant], cookies: Iterable[str], now: int) -> tuple[Visitor, Cookie]:
        """Add grants to the browser's session. Raises Unknown if none of them holds."""
        session = self.session(cookies, now) or Session((), now)
        good = [grant for grant in grants if not self._links.is_revoked(grant)]
        if not good:
            raise Unknown("no_groups")
        for grant in good:
            session = session.with_grant(grant)
        return Visitor(session.grants, now), self.cookie(session.grants, now)

    def renewed(self, visitor: Visitor, cookies: Iterable[str]) -> Cookie | None:
        """A new cookie for a session that is a day old or more."""
        session = self.session(cookies, visitor.now)
        if session is None or session.expires > visitor.now + SESSION_SECONDS - RENEW_SECONDS:
            return None
        return self.cookie(visitor.grants, visitor.now)

    def cookie(self, grants: Iterable[Grant], now: int) -> Cookie:
        return self._as_cookie(self.invitations.write_session(grants, now), SESSION_SECONDS)

    def forgotten(self) -> Cookie:
        """What ends a session."""
        return self._as_cookie("", 0)

    def _as_cookie(self, value: str, seconds: int) -> Cookie:
        return Cookie(
            self._cookie, value, path="/", secure=True, http_only=True, same_site=SameSite.STRICT_MODE, max_age=seconds
        )


def cookie_name(app_url: str) -> str:
    """The cookie's name. `__Host-` binds it to this host, and to https or loopback. Cookies ignore ports: of several
    workshops on one machine each has a cookie of its own."""
    port = urlsplit(app_url).port
    return f"__Host-workshop-{port}" if port else "__Host-workshop"


def token_of(headers: Mapping[str, str]) -> str:
    """The bearer's token (RFC 6750); "" if there is none."""
    given = headers.get("authorization", "")
    return given.removeprefix(_BEARER) if given.startswith(_BEARER) else ""


def _cookie_of(cookies: Iterable[str], name: str) -> str | None:
    """The value of a cookie. Of two of that name neither is taken: one may have been planted."""
    found = []
    for text in cookies:
        for part in text.split(";"):
            key, _, value = part.strip().partition("=")
            if key == name:
                found.append(value)
    return found[0] if len(set(found)) == 1 else None
