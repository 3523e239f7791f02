"""What the embedded AWS needs for tens of thousands of uploads: batches as at AWS, and objects that lie in files."""

import asyncio
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ministack.services import lambda_svc, s3, sqs

from local_aws import stored_bodies, upload_events
from local_aws.stored_bodies import StoredBody, in_pieces, keep_bodies_in_files
from local_aws.upload_events import gather_batches, send_events_in_turn

WINDOW, FULL = 20, 50


class Queue:
    """A queue with a function behind it, on a clock that the test moves."""

    def __init__(self, patch: pytest.MonkeyPatch, name: str, window: float) -> None:
        self.now = 1_800_000_000.0
        self.url = sqs._act_create_queue({"QueueName": name}, "")["QueueUrl"]
        self._queue = sqs._get_q(self.url)
        mapping = {"EventSourceArn": self._queue["attributes"]["QueueArn"], "MaximumBatchingWindowInSeconds": window}
        patch.setattr(lambda_svc, "_iter_all_esms", lambda: [("", "", mapping)])
        patch.setattr(sqs.time, "time", lambda: self.now)
        patch.setattr(sqs, "_receive_messages_for_esm", sqs._receive_messages_for_esm)
        self.wakes: list[float] = []
        patch.setattr(upload_events, "_wake_in", self._note_wake)
        gather_batches()

    def send(self, messages: int) -> None:
        for _ in range(messages):
            message = {"id": "1", "body": "{}", "sent_at": self.now, "visible_at": self.now, "receive_count": 0}
            sqs._ensure_msg_fields(message)
            self._queue["messages"].append(message)

    def batch(self) -> int:
        return len(sqs._receive_messages_for_esm(self.url, FULL))

    def _note_wake(self, seconds: float) -> Any:
        self.wakes.append(round(seconds))

        class Timer:
            def is_alive(self) -> bool:
                return True

        return Timer()


def test_a_batch_is_handed_over_when_its_window_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    queue = Queue(monkeypatch, "windowed", WINDOW)
    queue.send(3)
    queue.now += WINDOW - 1
    queue.send(4)
    assert queue.batch() == 0
    assert queue.batch() == 0
    assert queue.wakes == [1]  # somebody looks again in time, and one is enough
    queue.now += 1
    assert queue.batch() == 7
    assert queue.batch() == 0


def test_a_full_batch_waits_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    queue = Queue(monkeypatch, "full", WINDOW)
    queue.send(FULL + 5)
    assert queue.batch() == FULL
    assert queue.batch() == 0


def test_a_queue_without_a_window_is_served_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    queue = Queue(monkeypatch, "hurried", 0)
    queue.send(12)
    assert [queue.batch(), queue.batch()] == [10, 2]


def test_events_keep_the_order_of_the_uploads(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[str, str]] = []
    monkeypatch.setattr(s3, "_fire_s3_event_async", s3._fire_s3_event_async)
    monkeypatch.setattr(s3, "_bucket_notifications", {"bucket": "<EventBridgeConfiguration/>"})
    monkeypatch.setattr(
        s3, "_fire_s3_event", lambda bucket, key, event, *, size, sequencer: sent.append((key, sequencer))
    )
    pools: list[Any] = []
    make: Callable[..., Any] = upload_events.ThreadPoolExecutor
    monkeypatch.setattr(upload_events, "ThreadPoolExecutor", lambda *given: pools.append(make(*given)) or pools[0])
    send_events_in_turn()
    for number in range(20):
        s3._fire_s3_event_async("bucket", f"{number:02d}", "s3:ObjectCreated:Put", size=1)
        s3._fire_s3_event_async("other-bucket", f"{number:02d}", "s3:ObjectCreated:Put", size=1)
    pools[0].shutdown(wait=True)
    assert [key for key, _ in sent] == [f"{number:02d}" for number in range(20)]
    assert sorted(sequencer for _, sequencer in sent) == [sequencer for _, sequencer in sent]


@given(st.lists(st.binary(max_size=9), max_size=4), st.data())
def test_a_stored_body_has_the_length_and_slices_of_its_bytes(
    tmp_path_factory: pytest.TempPathFactory, parts: list[bytes], data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("bodies")
    body = StoredBody.of(stored_bodies._File(folder / str(number), part) for number, part in enumerate(parts))
    whole = b"".join(parts)
    start, end = (data.draw(st.none() | st.integers(-40, 40)) for _ in range(2))
    assert len(body) == len(whole)
    assert body[start:end] == whole[start:end]
    assert body[-1:1] == whole[-1:1]  # of many, it ends before it begins
    assert b"".join(body.pieces()) == whole
    del body
    assert list(folder.iterdir()) == []


def test_an_answer_is_sent_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_bodies, "_PIECE", 4)
    sent: list[MutableMapping[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    async def answer() -> None:
        files = [stored_bodies._File(tmp_path / name, content) for name, content in (("1", b"seven b"), ("2", b"ytes"))]
        await in_pieces(send)({"type": "http.response.start", "status": 200})
        await in_pieces(send)({"type": "http.response.body", "body": StoredBody.of(files), "more_body": False})

    asyncio.run(answer())
    assert b"".join(message.get("body", b"") for message in sent) == b"seven bytes"
    assert max(len(message.get("body", b"")) for message in sent) == 4
    assert [message["more_body"] for message in sent[1:]] == [True] * (len(sent) - 2) + [False]


def test_an_upload_in_parts_is_put_together_without_being_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "_record_object_version",
        "_upload_part",
        "_complete_multipart_upload",
        "_resolve_object_checksums",
        "_get_object_data",
    ):
        monkeypatch.setattr(s3, name, getattr(s3, name))
    keep_bodies_in_files(tmp_path)
    s3._create_bucket("some-bucket", b"", {})
    answer = s3._create_multipart_upload("some-bucket", "key", {})
    upload = answer[2].decode().partition("<UploadId>")[2].partition("<")[0]
    parts = [b"a" * 6_000_000, b"b" * 5]
    listed = ""
    for number, part in enumerate(parts, start=1):
        query = {"uploadId": [upload], "partNumber": [str(number)]}
        _, headers, _ = s3._upload_part("some-bucket", "key", part, query, {})
        listed += f"<Part><PartNumber>{number}</PartNumber><ETag>{headers['ETag']}</ETag></Part>"
    monkeypatch.setattr(StoredBody, "_read", lambda *_: pytest.fail("the bytes were read"))
    document = f"<CompleteMultipartUpload>{listed}</CompleteMultipartUpload>".encode()
    status, _, _ = s3._complete_multipart_upload("some-bucket", "key", document, {"uploadId": [upload]}, {})
    monkeypatch.undo()
    record = s3._buckets["some-bucket"]["objects"]["key"]
    assert (status, record["size"]) == (200, sum(map(len, parts)))
    assert record["body"][:] == b"".join(parts)
