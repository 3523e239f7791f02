"""What an operation of the web app is asked, and what it answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools.shared.cookies import Cookie

from workshop.admission.grants import Grant, Right
from workshop.admission.visitors import Visitor


@dataclass(frozen=True)
class Call:
    """One request, checked by openapi.json: its parameters and its body are of the documented forms, and the visitor
    has the right that the operation needs. `language` is the reader's, `base_url` the app's address, with a slash;
    `cookies` as they came. `identity_token`: of the company's provider, if API Gateway has checked one."""

    visitor: Visitor
    language: str
    base_url: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any = None
    cookies: Sequence[str] = ()
    identity_token: str | None = None

    @property
    def dataset(self) -> str:
        return self.path["dataset"]

    @property
    def run(self) -> str:
        return self.path["run"]

    def grant(self, right: Right) -> Grant:
        """The grant by which the visitor may do this with the dataset. Raises NotAllowed."""
        return self.visitor.grant_for(right, self.dataset)


@dataclass(frozen=True)
class Reply:
    """A body of the documented form; None: none. `version` names what the body says, where its bytes may differ though
    it says the same: who has this version already gets "not modified"."""

    body: Any = None
    version: str | None = None
    cookie: Cookie | None = None
