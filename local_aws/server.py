"""The workshop that `up` and `demo` leave running: `python -m local_aws.server OPTIONS`, one a checkout, until SIGTERM.

Whoever starts it holds the other end of its standard input, and says there that it is to stay. An end without that
word, be it by Ctrl-C, SIGKILL or a failure, ends the workshop, too.
"""

import fcntl
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, cast

from local_aws import ROOT
from local_aws.aws import Endpoint
from local_aws.errors import LocalError, LocalStartError, NotRunningError
from local_aws.keys import RootKey
from local_aws.workshop import LocalWorkshop, Options
from workshop.admission.app_links import app_address

HOME = ROOT / ".local_aws"
STATE = HOME / "running.json"
LOCK = HOME / "lock"
LOG = HOME / "server.log"

ALREADY_UP = "a workshop is up in this checkout already; end it with: python -m local_aws down"
_STAY = b"stay"


@dataclass(frozen=True)
class Running:
    """What another process needs to know of the workshop that is up."""

    pid: int
    url: str
    ca_bundle: str
    sagemaker_url: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    bucket: str
    pipeline_name: str
    start_run: str
    mail: str
    jobs: str
    app_url: str
    app_token: str = field(repr=False)

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint(
            self.url,
            Path(self.ca_bundle),
            self.sagemaker_url,
            RootKey(self.access_key_id, self.secret_access_key),
        )

    def app_link(self, screen: str = "/") -> str:
        """An address that opens the web app at this screen, with every right."""
        return app_address(f"{self.app_url}/", self.app_token, screen)


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


@contextmanager
def start_workshop(options: Options, say: Callable[[str], None]) -> Iterator[Running]:
    """Start a workshop in a process of its own, which goes on after the block. If the block fails, or the workshop is
    not up yet, it is ended and removed instead.

    `say` is told, in a few words, what is being started.

    Raises:
        LocalStartError: one is up already, or it did not start; the message says why.
    """
    with lock_state() as free:
        if not free:
            raise LocalStartError(ALREADY_UP)
        STATE.unlink(missing_ok=True)
    with LOG.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "local_aws.server", json.dumps(asdict(options))],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    word = cast(IO[bytes], process.stdin)
    try:
        # Of two that start at the same moment one fails, and must not be taken for the other.
        while not (STATE.exists() and running_workshop().pid == process.pid):
            if process.poll() is not None:
                raise LocalStartError(f"the workshop did not start: {LOG.read_text()[-3000:]}")
            say(LOG.read_text().rpartition("\n")[0].rpartition("\n")[2])
            time.sleep(0.1)  # another process's progress can only be looked at again
        yield running_workshop()
    except BaseException:
        word.close()
        process.wait()
        raise
    with suppress(BrokenPipeError), word:  # the block may have ended it
        word.write(_STAY)
    process.returncode = 0  # nobody waits for it, and it need not be complained about


def serve_workshop(options: Options) -> None:
    """Hold a workshop up until SIGTERM or SIGINT."""
    with lock_state() as free:
        if not free:
            raise LocalStartError(ALREADY_UP)
        signal.signal(signal.SIGTERM, _interrupt)  # at any time, also while it starts: what has been started is ended
        threading.Thread(target=_end_with_starter, daemon=True).start()
        folder = Path(tempfile.mkdtemp(prefix="workshop-"))
        with suppress(KeyboardInterrupt), LocalWorkshop(ROOT, folder, options, say=_tell) as workshop:
            _publish(workshop)
            threading.Event().wait()
        STATE.unlink(missing_ok=True)


def _end_with_starter() -> None:
    if os.read(sys.stdin.fileno(), len(_STAY)) != _STAY:
        os.kill(os.getpid(), signal.SIGTERM)


def _tell(line: str) -> None:
    print(line, flush=True)


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
        workshop.bucket,
        workshop.outputs["PipelineName"],
        workshop.outputs["StartRunFunctionName"],
        str(workshop.folder / "mail"),
        str(workshop.folder / "sagemaker/executions"),
        workshop.app_url,
        workshop.app_token,
    )
    unfinished = STATE.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)  # before the keys are in it
    unfinished.write_text(json.dumps(asdict(state), indent=1))
    unfinished.replace(STATE)


if __name__ == "__main__":
    try:
        serve_workshop(Options(**json.loads(sys.argv[1])))
    except LocalError as error:
        sys.exit(f"{error}")
