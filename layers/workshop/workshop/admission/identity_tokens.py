"""People who sign in by their company's OpenID Connect provider: what their groups may see.

API Gateway has checked the token's signature, issuer, audience and times before the function is asked
(https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html). It hands claims on as texts
in which a list cannot be told from its members' spaces, so they are read from the token itself, once more.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from workshop.admission.grants import Grant, Right
from workshop.config import OidcConfig

# Who leaves a group keeps what was opened for so long.
OPEN_SECONDS = 12 * 3600
_LINK_ID_CHARS = 20


def claims_of(token: str) -> Mapping[str, Any]:
    """The claims of a token (RFC 7519) that somebody else has checked; none of what is no token."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}


def grants_of(config: OidcConfig, claims: Mapping[str, Any], now: int) -> list[Grant]:
    """Every right to the datasets of one's groups. By the "link" all of a person's can be revoked."""
    named = claims.get(config.group_claim)
    groups = named if isinstance(named, list) else [named]
    person = json.dumps([config.issuer, claims.get("sub")])
    link = hashlib.sha256(person.encode()).hexdigest()[:_LINK_ID_CHARS]
    datasets = sorted({dataset for group, dataset in config.datasets if group in groups})
    return [Grant(link, dataset, frozenset(Right), now + OPEN_SECONDS) for dataset in datasets]
