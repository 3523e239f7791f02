"""The web app as it is built, before the server that web/dev pretends: runs in every state at once, without a run."""

import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from local_aws.ports import free_port
from tests.patience import HARD_END

WEB = Path(__file__).resolve().parents[2] / "web"


@contextmanager
def pretended_workshop() -> Iterator[str]:
    """Its address, without a slash at its end."""
    address, port = "127.0.0.1", str(free_port())
    vite = WEB / "node_modules" / "vite" / "bin" / "vite.js"
    command = ["node", str(vite), "preview", "--config", "dev/vite.config.ts", "--host", address]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [*command, "--port", port, "--strictPort"], cwd=WEB, stdout=said, stderr=subprocess.STDOUT
        )
        try:
            url = f"http://{address}:{port}"
            if not _answers(url, process):
                said.seek(0)
                raise AssertionError(f"it did not start: {said.read().decode()}")
            yield url
        finally:
            process.terminate()
            process.wait()


def _answers(url: str, process: subprocess.Popen[bytes]) -> bool:
    """Whether the server answers before it ends. What it prints is for people, coloured where CI is set."""
    end = time.monotonic() + HARD_END
    while process.poll() is None and time.monotonic() < end:
        try:
            with urlopen(url):
                return True
        except URLError:
            time.sleep(0.05)  # a port that will open can only be asked again
    return False
