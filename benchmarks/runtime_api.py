"""Lambda's Runtime API for one environment: a function's package in awslambdaric, as Lambda runs it.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html: invocation/next, response, error, init/error.
"""

import http.server
import json
import os
import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ARN = "arn:aws:lambda:eu-central-1:123456789012:function:measured"


class Environment:
    """One execution environment: `start` measures the init, `invoke` one event.

    Both return wall seconds and the processor seconds of the function's process, which other work on the machine
    disturbs less.
    """

    def __init__(self, code: Path, layer: Path, variables: Mapping[str, str]) -> None:
        self._events: queue.Queue[bytes] = queue.Queue()
        self._news: queue.Queue[tuple[str, float, Any]] = queue.Queue()
        self._server = _Server(self._events, self._news)
        self._variables = {
            **variables,
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{code}:{layer}",
            "PYTHONDONTWRITEBYTECODE": "1",  # /opt and /var/task cannot be written to
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self._server.server_port}",
            "AWS_LAMBDA_FUNCTION_NAME": "measured",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/measured",
            "AWS_LAMBDA_LOG_STREAM_NAME": "2026/11/24/[$LATEST]0",
            "AWS_EXECUTION_ENV": "AWS_Lambda_python{}.{}".format(*sys.version_info),
            "LAMBDA_TASK_ROOT": str(code),
            "_HANDLER": "app.handler",
        }
        self._code = code
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> tuple[float, float]:
        """Start the runtime; it has initialised the function when it asks for its first event."""
        began = time.perf_counter()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "awslambdaric", "app.handler"],
            cwd=self._code,
            env=self._variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        return self._wait("next") - began, self._processor_seconds()

    def invoke(self, event: object) -> tuple[float, float]:
        """Hand the event over, wait for the answer, which may be an error."""
        began, worked = time.perf_counter(), self._processor_seconds()
        self._events.put(json.dumps(event).encode())
        answered = self._wait("response", "error")
        self._wait("next")
        return answered - began, self._processor_seconds() - worked

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._events.put(b"")  # lets the server's waiting thread go
        self._server.shutdown()
        self._server.server_close()

    def _wait(self, *wanted: str) -> float:
        what, when, content = self._news.get(timeout=60)
        if what not in wanted:
            raise RuntimeError(f"the function answered {what} instead of {wanted}: {content!r}")
        return when

    def _processor_seconds(self) -> float:
        """On-processor time of the main thread, which does all of it; the kernel counts it in nanoseconds."""
        pid = self._process.pid if self._process else 0
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, events: "queue.Queue[bytes]", news: "queue.Queue[tuple[str, float, Any]]") -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.events = events
        self.news = news
        threading.Thread(target=self.serve_forever, daemon=True).start()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # header and body in one segment
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def do_GET(self) -> None:
        self.server.news.put(("next", time.perf_counter(), None))
        event = self.server.events.get()
        if event:
            deadline = str(round((time.time() + 30) * 1000))
            headers = {
                # Without these two the runtime client ends by a segmentation fault.
                "Content-Type": "application/json",
                "Lambda-Runtime-Trace-Id": "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0",
                "Lambda-Runtime-Aws-Request-Id": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
                "Lambda-Runtime-Deadline-Ms": deadline,
                "Lambda-Runtime-Invoked-Function-Arn": ARN,
            }
            self._answer(200, event, headers)

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.news.put((self.path.rsplit("/", 1)[1], time.perf_counter(), content))
        self._answer(202, b"", {})

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""
