"""Invocations, API calls and cost of a drop of 60,000 images: `python -m benchmarks.big_drop [IMAGES]`.

Real: the handlers and everything below them; the template's defaults for quiet time, window, batch size. Not real: the
services, which are the fakes of tests/chaos on a clock of their own (pages of 1,000 objects here), and Lambda's poller,
which gathers a batch until it has 1,000 records, 6 MB or 20 seconds, as documented. How many pollers share a queue is
AWS's business: it begins with five and changes that with the load, so each drop is lived through with one and with
five. Nothing is lost, throttled or delivered twice. The calls are those that the functions make; the cost is theirs and
that of EventBridge's and Lambda's requests to the queues, without training, and without the uploads themselves.
"""

import json
import logging
import math
import os
import sys
from collections import Counter
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Any

import pytest

from local_aws import ROOT
from tests.chaos.fakes import FakeExecution
from tests.chaos.world import World
from workshop.platform.telemetry import logger

IMAGES = 60_000
QUIET_SECONDS = 600
WINDOW_SECONDS = 20
BATCH_RECORDS = 1_000
BATCH_BYTES = 6 * 1024 * 1024
RECEIVE_AT_ONCE = 10  # messages in one ReceiveMessage or DeleteMessageBatch

# US dollars, list prices of eu-central-1 in November 2026 as remembered: check them before you rely on them.
PRICES = {
    "s3 list, put (1,000)": 0.0054,
    "s3 get, head (1,000)": 0.00043,
    "dynamodb write unit (million)": 0.7625,  # a transaction's write counts twice
    "dynamodb read unit (million)": 0.1525,
    "sqs request (million)": 0.40,
    "eventbridge s3 event (million)": 1.00,
    "lambda request (million)": 0.20,
    "lambda GB-second, arm64": 0.0000133334,
    "sns publish (million)": 0.50,
    "sns mail (100,000)": 2.00,
}
# Seconds billed for one call at AWS: an assumption, generous; the listing's share of start_run is in snapshot.py.
BILLED_SECONDS = {"upload_trigger": 0.5, "start_run": 5.0, "status_listener": 1.0, "report_success": 1.0}
HEAD_SECONDS = 0.0016  # of start_run for an object's checksum: snapshot.py's 0.9 ms on 0.58 of a processor
GIGABYTES = {"upload_trigger": 0.5, "start_run": 1.0, "status_listener": 0.5, "report_success": 0.5}
READS = {"get_object", "head_object"}
EVENT = json.loads((ROOT / "events" / "s3_object_created.json").read_text(encoding="utf-8"))
RECORD = json.loads((ROOT / "events" / "sqs_upload_batch.json").read_text(encoding="utf-8"))["Records"][0]


@dataclass
class Batch:
    """What one poller has gathered so far."""

    number: int
    bodies: list[str]
    bytes: int


class Drop(World):
    """A world that counts, with an upload queue as Lambda reads it."""

    def __init__(self, patch: pytest.MonkeyPatch, pollers: int) -> None:
        super().__init__(patch, seed=pollers)
        patch.setenv("QUIET_SECONDS", str(QUIET_SECONDS))
        patch.setenv("MIN_IMAGES", "20")
        patch.setattr(type(self.s3), "PAGE", 1_000)
        self.calls: Counter[tuple[str, str]] = Counter()
        self.invocations: Counter[str] = Counter()
        self.started_after = 0.0  # seconds from the last upload to the start
        self.last_upload = 0
        self._batches = [Batch(0, [], 0) for _ in range(pollers)]

    def put(self, number: int) -> None:
        """One image arrives, and its event is on the queue within a second."""
        key = f"uploads/red-chairs/IMG_{number:06d}.jpg"
        self.s3.put_object("bucket", key, b"%d" % number)
        self.last_upload = self.clock.now
        detail = EVENT["detail"] | {"object": EVENT["detail"]["object"] | {"key": key}}
        body = json.dumps(EVENT | {"detail": detail})
        batch = self.random.choice(self._batches)
        if not batch.bodies:
            due = batch.number
            self.at(WINDOW_SECONDS, lambda: self._hand_over(batch, due))
        batch.bodies.append(body)
        batch.bytes += len(json.dumps(RECORD | {"body": body}))
        if len(batch.bodies) == BATCH_RECORDS or batch.bytes > BATCH_BYTES - 2_000:
            self._hand_over(batch, batch.number)

    def _hand_over(self, batch: Batch, number: int) -> None:
        """The batch is full or its window over, whichever comes first."""
        if number != batch.number:
            return
        records = [RECORD | {"messageId": str(i), "body": body} for i, body in enumerate(batch.bodies)]
        batch.number, batch.bodies, batch.bytes = number + 1, [], 0
        if self.invoke("upload_trigger", {"Records": records}) != {"batchItemFailures": []}:
            sys.exit("upload_trigger refused a part of a batch")

    def invoke(self, function: str, event: Any) -> Any:
        self.invocations[function] += 1
        return super().invoke(function, event)

    def after_call(self, service: str, operation: str, request: dict[str, Any]) -> None:
        self.calls[service, operation] += 1
        super().after_call(service, operation, request)

    def _on_start(self, execution: FakeExecution) -> None:
        super()._on_start(execution)
        self.started_after = (self.clock.now - self.last_upload) / 1000


def live_through(images: int, seconds: float, pollers: int) -> Drop:
    """A drop that lasts so long, until its run has ended and everybody is told."""
    # Metrics are printed; here nobody wants them.
    with pytest.MonkeyPatch.context() as patch, open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):
        drop = Drop(patch, pollers)
        drop.run_seconds = lambda: 3_600
        for number in range(images):
            drop.put(number)
            drop.run(seconds / images)
        drop.run()
        drop.check()
    return drop


def cost(drop: Drop, images: int, seconds: float, pollers: int) -> dict[str, float]:
    """US dollars by service."""
    calls = drop.calls
    s3 = {op: n for (service, op), n in calls.items() if service == "s3"}
    reads = sum(n for op, n in s3.items() if op in READS)
    polls = pollers * seconds / WINDOW_SECONDS  # long polls that find nothing, at most
    messages = images + calls["sqs", "send_message"]
    queue = messages + 2 * math.ceil(messages / RECEIVE_AT_ONCE) + polls
    writes = calls["dynamodb", "update_item"] + calls["dynamodb", "put_item"]
    writes += 4 * calls["dynamodb", "transact_write_items"]
    billed = sum(n * BILLED_SECONDS[name] * GIGABYTES[name] for name, n in drop.invocations.items())
    billed += calls["s3", "head_object"] * HEAD_SECONDS * GIGABYTES["start_run"]
    million = 1_000_000
    return {
        "EventBridge": images * PRICES["eventbridge s3 event (million)"] / million,
        "SQS": queue * PRICES["sqs request (million)"] / million,
        "Lambda": drop.invocations.total() * PRICES["lambda request (million)"] / million
        + billed * PRICES["lambda GB-second, arm64"],
        "DynamoDB": writes * PRICES["dynamodb write unit (million)"] / million
        + calls["dynamodb", "get_item"] * PRICES["dynamodb read unit (million)"] / million,
        "S3": (sum(s3.values()) - reads) * PRICES["s3 list, put (1,000)"] / 1_000
        + reads * PRICES["s3 get, head (1,000)"] / 1_000,
        "SNS": calls["sns", "publish"]
        * (PRICES["sns publish (million)"] / million + PRICES["sns mail (100,000)"] / 100_000),
    }


def main() -> None:
    images = int(sys.argv[1]) if len(sys.argv) > 1 else IMAGES
    logger.setLevel(logging.CRITICAL)
    columns: dict[str, dict[str, str]] = {}
    for name, seconds, pollers in (
        ("2 h, 1 poller", 7_200, 1),
        ("2 h, 5 pollers", 7_200, 5),
        ("1 min, 1 poller", 60, 1),
        ("1 min, 5 pollers", 60, 5),
    ):
        drop = live_through(images, seconds, pollers)
        dollars = cost(drop, images, seconds, pollers)
        rows = {"runs started": str(len(drop.sagemaker.executions))}
        rows |= {"mails": str(len(drop.sns.published))}
        rows |= {"start after the last upload, s": f"{drop.started_after:.0f}"}
        rows |= {f"invocations of {function}": str(n) for function, n in sorted(drop.invocations.items())}
        rows |= {f"{service}: {operation}": str(n) for (service, operation), n in sorted(drop.calls.items())}
        rows |= {f"US$ {service}": f"{amount:.5f}" for service, amount in dollars.items()}
        columns[name] = rows | {"US$ together": f"{sum(dollars.values()):.5f}"}
    print(f"{images:,} images\n\n| | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}")
    for row in dict.fromkeys(row for rows in columns.values() for row in rows):
        print(f"| {row} | {' | '.join(rows.get(row, '0') for rows in columns.values())} |")


if __name__ == "__main__":
    main()
