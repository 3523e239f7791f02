"""The dead-letter queues: how much lies in them, and what."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from operations.dead_letters import DeadLetter, parse_dead_letter
from operations.errors import UsageError
from operations.text import one_line
from operations.workshop_stack import DEAD_LETTERS, Queue, Workshop

PEEK_SECONDS = 30


@dataclass(frozen=True)
class DeadLetterQueue:
    """`source` is the queue whose messages end here; None if they come from EventBridge, Scheduler or Lambda."""

    queue: Queue
    source: Queue | None


def dead_letter_queues(workshop: Workshop, name: str | None = None) -> list[DeadLetterQueue]:
    """All dead-letter queues of the stack, or the one named. Raises UsageError for a name that is none."""
    queues = workshop.queues()
    found = [
        DeadLetterQueue(queue, next((q for q in queues if q.dead_letters_arn == queue.arn), None))
        for queue in queues
        if queue.name.endswith(DEAD_LETTERS)
    ]
    if name is None:
        return found
    chosen = [dead for dead in found if dead.queue.name == name]
    if not chosen:
        known = ", ".join(dead.queue.name for dead in found)
        raise UsageError(f"There is no dead-letter queue {one_line(name, 80)!r}; there are {known}.")
    return chosen


def peek_messages(sqs: Any, queue: Queue, limit: int) -> list[DeadLetter]:
    """Up to `limit` messages, which stay where they are."""
    dead_letters: list[DeadLetter] = []
    try:
        for batch in receive_messages(sqs, queue, PEEK_SECONDS):
            dead_letters += batch
            if len(dead_letters) >= limit:
                break
    finally:
        put_back(sqs, queue, dead_letters)
    return dead_letters[:limit]


def receive_messages(sqs: Any, queue: Queue, hold_seconds: int) -> Iterator[list[DeadLetter]]:
    """Messages, some at a time, hidden from others for so long, until there is none that was not seen."""
    seen: set[str] = set()
    while True:
        answer = sqs.receive_message(
            QueueUrl=queue.url,
            MaxNumberOfMessages=10,
            VisibilityTimeout=hold_seconds,
            WaitTimeSeconds=1,  # asks all of SQS's servers; without it a queue can seem empty that is not
            MessageSystemAttributeNames=["SentTimestamp"],
            MessageAttributeNames=["All"],
        )
        dead_letters = [parse_dead_letter(message) for message in answer.get("Messages", [])]
        fresh = [dead_letter for dead_letter in dead_letters if dead_letter.message_id not in seen]
        put_back(sqs, queue, (dead_letter for dead_letter in dead_letters if dead_letter.message_id in seen))
        if not fresh:
            return
        seen.update(dead_letter.message_id for dead_letter in fresh)
        yield fresh


def put_back(sqs: Any, queue: Queue, dead_letters: Iterable[DeadLetter]) -> None:
    """Let others see the messages again at once."""
    for dead_letter in dead_letters:
        sqs.change_message_visibility(QueueUrl=queue.url, ReceiptHandle=dead_letter.receipt, VisibilityTimeout=0)
