"""The way of many uploads at once through MiniStack: from S3's events to the batches that a function is given.

MiniStack starts a thread for the event of each upload, and hands a function at most ten messages at a time, as soon as
there is one: tens of thousands of uploads are as many invocations. At AWS a queue's batching window gathers them
(Lambda Developer Guide, "Batching behavior"): a batch is handed over when it is full, or when its window is over. (Six
megabytes of payload fill it, too: a thousand of S3's events are a fifth of that, so they are not counted here.)
"""

import contextvars
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from ministack.core.concurrency import esm_wake
from ministack.services import lambda_svc, s3, sqs


def send_events_in_turn() -> None:
    """Have one thread, not one for each, bring the events of uploads and deletions on their way."""
    fire = s3._fire_s3_event
    turn = ThreadPoolExecutor(1, "s3-events")

    def fire_in_turn(bucket: str, key: str, event: str, *details: Any, **more: Any) -> None:
        if bucket in s3._bucket_notifications:
            numbered = partial(fire, bucket, key, event, *details, sequencer=s3._next_event_sequencer(event), **more)
            turn.submit(contextvars.copy_context().run, numbered)  # the context knows the account

    if not callable(s3._fire_s3_event_async):
        raise TypeError("MiniStack changed: services.s3._fire_s3_event_async is no function")
    s3._fire_s3_event_async = fire_in_turn


def gather_batches() -> None:
    """Hand a queue's messages to its function as the mapping's batch size and batching window say."""
    receive_at_once = sqs._receive_messages_for_esm
    wakes: dict[str, threading.Timer] = {}

    def receive(queue_url: str, most: int) -> list[dict[str, Any]]:
        window = _batching_window(sqs._queues[queue_url]["attributes"]["QueueArn"])
        if not window:
            taken: list[dict[str, Any]] = receive_at_once(queue_url, most)
            return taken
        with sqs._queues_lock:
            queue = sqs._get_q(queue_url)
            sqs._expire_retained(queue)
            sqs._dlq_sweep(queue)
            now = time.time()
            ready = [message["visible_at"] for message in queue["messages"] if message["visible_at"] <= now]
            over_in = min(ready, default=now) + window - now
            if len(ready) < most and over_in > 0:
                if ready and (queue_url not in wakes or not wakes[queue_url].is_alive()):
                    wakes[queue_url] = _wake_in(over_in)
                return []
            batch: list[dict[str, Any]] = sqs._collect_msgs(queue, most, int(queue["attributes"]["VisibilityTimeout"]))
            return batch

    sqs._receive_messages_for_esm = receive


def _batching_window(queue_arn: str) -> float:
    """The seconds that the queue's mapping to a function waits for a batch to fill."""
    mappings = (mapping for _, _, mapping in lambda_svc._iter_all_esms())
    mapped = (mapping for mapping in mappings if mapping["EventSourceArn"] == queue_arn)
    return max((float(mapping["MaximumBatchingWindowInSeconds"]) for mapping in mapped), default=0.0)


def _wake_in(seconds: float) -> threading.Timer:
    """Have the thread that polls the queues look again after so long; it looks once a second by itself."""
    timer = threading.Timer(seconds, esm_wake.set)
    timer.daemon = True
    timer.start()
    return timer
