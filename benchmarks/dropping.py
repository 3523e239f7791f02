"""What a drop through the web app costs: `python -m benchmarks.dropping`.

1,000 files of 0.5 kB, and 40 of 1 MB, 6 at a time, with forms that the function signs 200 at a time, as the app's own
pages do it; through the door to the embedded AWS. Real: the function, its role, the forms and who checks them. Not
real: the browser, which would also look into each file, and the way to AWS. Prints Markdown: files a second, requests,
invocations, and processor time of each process. Nothing else may be up in this checkout.
"""

import os
import platform
import random
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection
from threading import local
from typing import Any
from urllib.parse import urlsplit

from benchmarks.process_watch import ProcessWatch
from local_aws import server
from local_aws.server import Running
from local_aws.workshop import Options
from tests.e2e.visiting import Visitor, form_body

AT_ONCE = 6  # connections that a browser has to one address
A_PAGE = 200  # files that are signed for by one request
DROPS = {"files of 0.5 kB": (1_000, 500), "files of 1 MB": (40, 1_000_000)}
STARTED = "START RequestId"


@dataclass(frozen=True)
class Dropped:
    """One drop of `files` files: what it took."""

    files: int
    seconds: float
    pages: int
    invocations: Mapping[str, int]
    processor_seconds: Mapping[str, float]


class Poster:
    """Posts files over kept connections, one for each thread."""

    def __init__(self) -> None:
        self._own = local()

    def post(self, url: str, fields: Mapping[str, str], content: bytes) -> None:
        address = urlsplit(url)
        if not hasattr(self._own, "connection"):
            self._own.connection = HTTPConnection(address.netloc)
        kind, body = form_body(fields, content)
        self._own.connection.request("POST", address.path, body, {"Content-Type": kind})
        answer = self._own.connection.getresponse()
        refusal = answer.read()
        if answer.status != HTTPStatus.NO_CONTENT:
            raise RuntimeError(f"{answer.status}: {refusal.decode()}")


def drop(workshop: Running, watch: ProcessWatch, title: str, number: int, size: int) -> Dropped:
    """Make a dataset, and drop so many files of this size into it."""
    visitor = Visitor(workshop.app_url)
    visitor.open(workshop.app_link())
    dataset = _said(visitor.ask("POST", "/api/datasets", {"title": title}))["dataset"]
    noise = random.Random(number)  # noqa: S311
    files = {f"{one:04d}.png": noise.randbytes(size) for one in range(number)}
    pages = [list(files)[first : first + A_PAGE] for first in range(0, number, A_PAGE)]
    before, processors, began = _invocations(workshop), watch.seconds_of(), time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        posts: list[Future[None]] = []
        poster = Poster()
        for page in pages:  # the next is signed for while this one is sent
            offered = [{"name": name, "size": size, "type": "image/png"} for name in page]
            offer = {"folder": "images", "files": offered}
            signed = _said(visitor.ask("POST", f"/api/datasets/{dataset}/uploads", offer))
            forms = ((form["fields"], files[form["name"]]) for form in signed["files"])
            posts += [pool.submit(poster.post, signed["url"], *form) for form in forms]
        for post in posts:
            post.result()
    seconds = time.perf_counter() - began
    _wait_for_last_event(workshop)
    after, spent = _invocations(workshop), watch.seconds_of()
    return Dropped(
        number,
        seconds,
        len(pages),
        {name: count - before.get(name, 0) for name, count in after.items()},
        {kind: value - processors.get(kind, 0.0) for kind, value in spent.items()},
    )


def _said(reply: Any) -> Any:
    if reply.status >= HTTPStatus.BAD_REQUEST:
        raise RuntimeError(f"{reply.status}: {reply.content.decode()}")
    return reply.body


def _invocations(workshop: Running) -> dict[str, int]:
    """How often each function has been called, by its log."""
    logs = workshop.endpoint.client("logs")
    calls = {}
    for page in logs.get_paginator("describe_log_groups").paginate():
        for group in (found["logGroupName"] for found in page["logGroups"]):
            events = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
            started = (event for found in events for event in found["events"] if event["message"].startswith(STARTED))
            calls[group.rpartition("/")[2].removesuffix("Logs")] = sum(1 for _ in started)
    return calls


def _wait_for_last_event(workshop: Running) -> None:
    """Until upload_trigger has heard of every file."""
    sqs = workshop.endpoint.client("sqs")
    (queue,) = (url for url in sqs.list_queues()["QueueUrls"] if "UploadQueue" in url)
    waiting = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    while any(map(int, sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=waiting)["Attributes"].values())):
        time.sleep(0.5)  # nobody tells


def main() -> None:
    options = Options(quiet_seconds=3600)  # no run shall begin meanwhile
    with ProcessWatch() as watch, server.start_workshop(options, lambda _: None) as workshop:
        dropped = {
            what: drop(workshop, watch, f"drop {number}", number, size) for what, (number, size) in DROPS.items()
        }
        server.end_workshop(workshop)
    print(f"{os.cpu_count()} cores, {platform.machine()}, load {os.getloadavg()[1]:.0f}\n")
    print(f"| | {' | '.join(f'{one.files:,} {what}' for what, one in dropped.items())} |")
    print("|---" * (len(dropped) + 1) + "|")
    _row("seconds", (f"{one.seconds:.1f}" for one in dropped.values()))
    _row("**files a second**", (f"**{one.files / one.seconds:.0f}**" for one in dropped.values()))
    _row("requests: offers, forms", (f"{one.pages}, {one.files:,}" for one in dropped.values()))
    for name in sorted({name for one in dropped.values() for name, calls in one.invocations.items() if calls}):
        _row(f"invocations of {name}", (str(one.invocations.get(name, 0)) for one in dropped.values()))
    for kind in sorted({kind for one in dropped.values() for kind in one.processor_seconds}):
        _row(f"processor s: {kind}", (f"{one.processor_seconds.get(kind, 0.0):.1f}" for one in dropped.values()))


def _row(name: str, values: Iterable[str]) -> None:
    print(f"| {name} | {' | '.join(values)} |")


if __name__ == "__main__":
    main()
