"""The embedded AWS: MiniStack as a child process on loopback, with TLS and IAM enforced, and clients for it."""

import os
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

from local_aws.certificate import write_certificate
from local_aws.errors import LocalStartError
from local_aws.keys import RootKey
from local_aws.watchdog import MARK

ACCOUNT = "123456789012"
REGION = "eu-central-1"
# No verdict: whether it lives is looked at, too. What hangs ends here.
START_SECONDS = 900.0


@dataclass(frozen=True)
class Endpoint:
    """Where the embedded AWS answers, how to trust it, and whom it trusts.

    `sagemaker_url` is the stand-in for SageMaker, which MiniStack does not have.
    """

    url: str
    ca_bundle: Path
    sagemaker_url: str
    root: RootKey

    def client(self, service: str, credentials: Mapping[str, str] | None = None) -> Any:
        """Make a boto3 client; without credentials it acts as the account's root."""
        here = self.sagemaker_url if service == "sagemaker" else self.url
        # Synchronous invocations wait as long as the function works, and are not sent twice.
        patience: dict[str, Any] = (
            {"read_timeout": 900, "retries": {"total_max_attempts": 1}}
            if service == "lambda"
            else {"retries": {"total_max_attempts": 5, "mode": "standard"}}
        )
        # Whoever runs the workshop may have a profile for AWS itself: nothing of it is asked.
        session = botocore.session.Session({"profile": (None, None, None, None)})
        make: Any = boto3.session.Session(botocore_session=session).client  # its type has services as literals only
        return make(
            service,
            endpoint_url=here,
            region_name=REGION,
            verify=str(self.ca_bundle),
            config=Config(
                s3={"addressing_style": "path"},
                signature_version="s3v4" if service == "s3" else None,
                max_pool_connections=32,
                **patience,
            ),
            **(credentials or self.root.arguments()),
        )

    def for_jobs(self) -> dict[str, str]:
        """Return the variables that tell a job where it is, as SageMaker does; its credentials are its role's."""
        return {"AWS_ENDPOINT_URL": self.url, "AWS_CA_BUNDLE": str(self.ca_bundle), "AWS_REGION": REGION}

    def environment(self) -> dict[str, str]:
        """Return the variables that point the AWS CLI, boto3 or sam at this endpoint."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ENDPOINT_URL_SAGEMAKER": self.sagemaker_url,
            "AWS_CA_BUNDLE": str(self.ca_bundle),
            "AWS_ACCESS_KEY_ID": self.root.id,
            "AWS_SECRET_ACCESS_KEY": self.root.secret,
            "AWS_DEFAULT_REGION": REGION,
        }


@dataclass
class EmbeddedAws:
    """MiniStack's process. `start` returns when it answers; `stop` when it is gone."""

    folder: Path
    instance: str
    port: int
    sagemaker_url: str
    root: RootKey
    process: "subprocess.Popen[bytes] | None" = field(default=None, init=False)

    def start(self) -> Endpoint:
        """Start MiniStack and wait until it answers.

        Raises:
            StartError: it ended, or hangs; the message quotes its log.
        """
        temporary = self.folder / "tmp"
        temporary.mkdir(parents=True, exist_ok=True)
        certificate, key = write_certificate(self.folder)
        endpoint = Endpoint(f"https://localhost:{self.port}", certificate, self.sagemaker_url, self.root)
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            **endpoint.environment(),
            "BIND_HOST": "127.0.0.1",  # its default is every interface
            "GATEWAY_PORT": str(self.port),
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "MINISTACK_REGION": REGION,
            "AUTH": "true",
            "USE_SSL": "1",
            "MINISTACK_SSL_CERT": str(certificate),
            "MINISTACK_SSL_KEY": str(key),
            "IOT_MTLS_ENABLED": "0",
            "LOG_LEVEL": "INFO",
            "TMPDIR": str(temporary),
            "PYTHONDONTWRITEBYTECODE": "1",
            MARK: self.instance,
        }
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "local_aws.ministack_server"],
                cwd=Path(__file__).resolve().parent.parent,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C in a terminal reaches the workshop alone, which then stops this
            )
        self._wait_until_it_answers(endpoint)
        return endpoint

    @property
    def log(self) -> Path:
        return self.folder / "ministack.log"

    def stop(self) -> None:
        """End MiniStack at once: it holds nothing that outlives the workshop."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def _wait_until_it_answers(self, endpoint: Endpoint) -> None:
        deadline = time.monotonic() + START_SECONDS
        context = trust_certificate(endpoint.ca_bundle)
        while time.monotonic() < deadline:
            if self.process is None or self.process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{endpoint.url}/_ministack/health", timeout=5, context=context):
                    return
            except urllib.error.HTTPError:
                return  # it answers, if only with an error
            except OSError:
                time.sleep(0.05)  # a port that will open can only be asked again
        raise LocalStartError(f"the embedded AWS did not start; the end of its log:\n{last_lines(self.log)}")


def last_lines(log: Path, lines: int = 15) -> str:
    """Return the last lines of a log file, or a remark that there is none."""
    if not log.exists():
        return f"(no log at {log})"
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def trust_certificate(certificate: Path) -> ssl.SSLContext:
    """Return a TLS context that trusts this certificate and no other."""
    return ssl.create_default_context(cafile=str(certificate))
