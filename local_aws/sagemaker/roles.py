"""Clients that act as an IAM role, so that the embedded AWS enforces what the role may do."""

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

Clients = Callable[[str, Mapping[str, str] | None], Any]
"""Makes a boto3 client: (service, credentials as boto3's keyword arguments, or None for the account's root)."""

SESSION_NAME = "SageMaker"
_RENEW_BEFORE_END = timedelta(minutes=5)


class Role:
    """An assumed role. Its clients are made when first asked for, and anew before the credentials end; safe to share by
    threads."""

    def __init__(self, arn: str, clients: Clients) -> None:
        self.arn = arn
        self._make = clients
        self._lock = threading.Lock()
        self._credentials: dict[str, str] = {}
        self._renew_at = datetime.min.replace(tzinfo=UTC)
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """Return a client with valid credentials.

        Raises:
            botocore.exceptions.ClientError: the role cannot be assumed.
        """
        with self._lock:
            self._renew()
            if service not in self._clients:
                self._clients[service] = self._make(service, self._credentials)
            return self._clients[service]

    def environment(self) -> dict[str, str]:
        """Return the variables that give a program the role's rights, for as long as the credentials last. (SageMaker
        gives a job an address that hands out fresh ones.) Raises as `client`."""
        with self._lock:
            self._renew()
            return {name.upper(): value for name, value in self._credentials.items()}

    def _renew(self) -> None:
        if datetime.now(UTC) < self._renew_at:
            return
        answer = self._make("sts", None).assume_role(RoleArn=self.arn, RoleSessionName=SESSION_NAME)["Credentials"]
        self._credentials = {
            "aws_access_key_id": answer["AccessKeyId"],
            "aws_secret_access_key": answer["SecretAccessKey"],
            "aws_session_token": answer["SessionToken"],
        }
        self._renew_at = answer["Expiration"] - _RENEW_BEFORE_END
        self._clients.clear()
