"""The web app as it is built, before the server that web/dev pretends: runs in every state at once, without a run."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local_aws.ports import free_port

WEB = Path(__file__).resolve().parents[2] / "web"


@contextmanager
def pretended_workshop() -> Iterator[str]:
    """Its address, without a slash at its end."""
    port = str(free_port())
    vite = WEB / "node_modules" / "vite" / "bin" / "vite.js"
    command = ["node", str(vite), "preview", "--config", "dev/vite.config.ts", "--host", "127.0.0.1"]
    process = subprocess.Popen(
        [*command, "--port", port, "--strictPort"], cwd=WEB, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        said = []
        for line in process.stdout or ():
            said.append(line)
            if port.encode() in line:  # alone: what is before and after it is coloured where CI is set
                break
        else:
            raise AssertionError(f"it did not start: {b''.join(said).decode()}")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()
        if process.stdout:
            process.stdout.close()
