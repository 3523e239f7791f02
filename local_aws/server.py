"""The workshop that `up` leaves running: `python -m local_aws.server`, one per checkout, until SIGTERM."""

import fcntl
import json
import os
import select
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from local_aws import ROOT
from local_aws.aws import Endpoint
from local_aws.errors import LocalError, LocalStartError, NotRunningError
from local_aws.keys import RootKey
from local_aws.workshop import LocalWorkshop

HOME = ROOT / ".local_aws"
STATE = HOME / "running.json"
LOCK = HOME / "lock"
LOG = HOME / "server.log"

ALREADY_UP = "a workshop is up in this checkout already; end it with: python -m local_aws down"


@dataclass(frozen=True)
class Running:
    """What another process needs to know of the workshop that is up."""

    pid: int
    url: str
    ca_bundle: str
    sagemaker_url: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    results_proxy_url: str
    bucket: str
    pipeline_name: str
    start_run: str
    mail: str

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint(
            self.url,
            Path(self.ca_bundle),
            self.sagemaker_url,
            RootKey(self.access_key_id, self.secret_access_key),
        )


@contextmanager
def lock_state() -> Iterator[bool]:
    """Hold the lock of a running server; yields whether it could be had. The kernel frees it when its holder dies."""
    HOME.mkdir(exist_ok=True)
    HOME.chmod(0o700)  # the workshop's keys lie here
    with LOCK.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def running_workshop() -> Running:
    """Return the workshop that is up in this checkout.

    Raises:
        NotRunningError: there is none.
    """
    with lock_state() as free:
        if free or not STATE.exists():
            raise NotRunningError("no workshop is up here; start one with: python -m local_aws up")
    return Running(**json.loads(STATE.read_text()))


def end_workshop(state: Running) -> None:
    """End a running workshop; returns when it is gone, with every process and file of its own."""
    process = os.pidfd_open(state.pid)
    try:
        signal.pidfd_send_signal(process, signal.SIGTERM)
        select.select([process], [], [])  # readable when the process has ended
    finally:
        os.close(process)


def serve_workshop() -> None:
    """Hold a workshop up until SIGTERM or SIGINT."""
    with lock_state() as free:
        if not free:
            raise LocalStartError(ALREADY_UP)
        STATE.unlink(missing_ok=True)
        signal.signal(signal.SIGTERM, _interrupt)  # at any time, also while it starts: what has been started is ended
        with suppress(KeyboardInterrupt), LocalWorkshop(ROOT, Path(tempfile.mkdtemp(prefix="workshop-"))) as workshop:
            _publish(workshop)
            threading.Event().wait()
        STATE.unlink(missing_ok=True)


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _publish(workshop: LocalWorkshop) -> None:
    state = Running(
        os.getpid(),
        workshop.endpoint.url,
        str(workshop.endpoint.ca_bundle),
        workshop.endpoint.sagemaker_url,
        workshop.endpoint.root.id,
        workshop.endpoint.root.secret,
        workshop.results_proxy.url,
        workshop.bucket,
        workshop.outputs["PipelineName"],
        workshop.outputs["StartRunFunctionName"],
        str(workshop.folder / "mail"),
    )
    unfinished = STATE.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)  # before the keys are in it
    unfinished.write_text(json.dumps(asdict(state), indent=1))
    unfinished.replace(STATE)


if __name__ == "__main__":
    try:
        serve_workshop()
    except LocalError as error:
        sys.exit(f"{error}")
