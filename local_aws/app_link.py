"""A link that opens the web app with every right to every dataset: whoever runs a workshop on their own machine may do
everything with it.
"""

import time
from typing import Any

from workshop.admission.grants import ALL_DATASETS, Grant, Right
from workshop.admission.invitations import Invitations, new_link_id
from workshop.platform.signing import Signer

VALID_SECONDS = 30 * 86_400  # as long as the embedded AWS's certificate


def sign_everything(kms: Any, link_key: str) -> str:
    """A token of an invitation to everything; signed, as every link's, with the deployed key `link_key`."""
    grant = Grant(new_link_id(), ALL_DATASETS, frozenset(Right), int(time.time()) + VALID_SECONDS)
    return Invitations(Signer(kms, link_key)).invite(grant)
