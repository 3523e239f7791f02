"""Everything that the web app is refused with: a status, a word for programs and a sentence for the reader.

WebError
├── Unknown         401  no session, or one that has ended
├── NotAllowed      403  a link, right or origin that is not enough
├── NotThere        404
├── NotNow          409  it cannot be done as things stand
├── Unusable        422  what was asked makes no sense; `problems` has sentences
└── TooMuch         429  a quota of the link is used up
"""

# ruff: noqa: N818  (they are answers more than errors)

from collections.abc import Sequence

from contract.errors import WorkshopError


class WebError(WorkshopError):
    """`code` names a sentence of workshop.web.sentences, `values` fill it; `problems` are sentences already."""

    status = 400

    def __init__(self, code: str, *, problems: Sequence[str] = (), **values: str) -> None:
        super().__init__(code)
        self.code = code
        self.problems = list(problems)
        self.values = values


class Unknown(WebError):
    """Nobody is known by this session."""

    status = 401


class NotAllowed(WebError):
    """Somebody is known, and may not."""

    status = 403


class NotThere(WebError):
    """There is no such thing, or not any more."""

    status = 404


class NotNow(WebError):
    """Not as things stand."""

    status = 409


class Unusable(WebError):
    """The request cannot be understood, or asks for what cannot be."""

    status = 422


class TooMuch(WebError):
    """More than a link may ask for in a day."""

    status = 429
