"""Hands dead-dead_letter messages over again: back to their queue, or to the function or queue that they were for.

A message is deleted only after it was taken. One that is handed over and not deleted comes again: everything behind
may be repeated.
"""

from collections import Counter
from dataclasses import dataclass, field

from botocore.exceptions import ClientError

from operations.aws import error_code, explain_error
from operations.dead_letters import DeadLetter
from operations.queues import DeadLetterQueue, put_back, receive_messages
from operations.workshop_stack import Queue, Workshop

HOLD_SECONDS = 120


@dataclass
class Redriven:
    """What became of one queue. `moving` counts what SQS moves by itself; `left` counts messages by the reason why they
    were not handed over. `trouble` is what AWS said when it took no more."""

    queue: str
    moving: int = 0
    handed_over: int = 0
    left: Counter[str] = field(default_factory=Counter)
    trouble: str = ""


class _NoTargetError(Exception):
    """A message cannot be handed over; the message is the reason."""


def redrive(workshop: Workshop, dead: DeadLetterQueue) -> Redriven:
    """Hand over what lies in the queue."""
    done = Redriven(dead.queue.name)
    if dead.source is None:
        _hand_over_all(workshop, dead, done)
        return done
    if not dead.queue.waiting:
        return done
    try:
        workshop.client("sqs").start_message_move_task(SourceArn=dead.queue.arn)
        done.moving = dead.queue.waiting
    except ClientError as error:
        if error_code(error) != "InvalidAction":
            raise
        # An emulator without this action: one by one, to the same queue.
        _hand_over_all(workshop, dead, done)
    return done


def _hand_over_all(workshop: Workshop, dead: DeadLetterQueue, done: Redriven) -> None:
    sqs = workshop.client("sqs")
    places = _Places(workshop, dead.source)
    left: list[DeadLetter] = []
    try:
        for batch in receive_messages(sqs, dead.queue, HOLD_SECONDS):
            left += batch
            for dead_letter in batch:
                try:
                    places.hand_over(dead_letter)
                except _NoTargetError as error:
                    done.left[str(error)] += 1
                    continue
                sqs.delete_message(QueueUrl=dead.queue.url, ReceiptHandle=dead_letter.receipt)
                left.remove(dead_letter)
                done.handed_over += 1
    except ClientError as error:
        done.trouble = explain_error(error)  # the next message would fare no better
    finally:
        put_back(sqs, dead.queue, left)


class _Places:
    """Where messages may go: the functions and queues of this stack, and nowhere else."""

    def __init__(self, workshop: Workshop, source: Queue | None) -> None:
        self._sqs = workshop.client("sqs")
        self._lambda = workshop.client("lambda")
        self._functions = workshop.functions
        self._queues = {queue.arn: queue for queue in workshop.queues()}
        self._source = source

    def hand_over(self, dead_letter: DeadLetter) -> None:
        """Raises _NoTargetError for a message that has no place to go, ClientError if AWS does not take it."""
        if dead_letter.payload is None:
            raise _NoTargetError("it is not readable; delete it in the SQS console")
        if dead_letter.target is None:
            if self._source is None:
                raise _NoTargetError("it does not say whom it was for; delete it in the SQS console")
            self._sqs.send_message(QueueUrl=self._source.url, MessageBody=dead_letter.payload)
        elif dead_letter.target in self._queues:
            self._sqs.send_message(QueueUrl=self._queues[dead_letter.target].url, MessageBody=dead_letter.payload)
        else:
            self._invoke(dead_letter.target, dead_letter.payload)

    def _invoke(self, target: str, payload: str) -> None:
        name = _function_name(target)
        if name not in self._functions:
            raise _NoTargetError("it was for something that is not in this stack")
        self._lambda.invoke(FunctionName=name, InvocationType="Event", Payload=payload.encode())


def _function_name(arn: str) -> str:
    """arn:<partition>:lambda:<region>:<account>:function:<name>[:<qualifier>]; "" for another ARN."""
    parts = arn.split(":")
    return parts[6] if len(parts) >= 7 and parts[2] == "lambda" and parts[5] == "function" else ""
