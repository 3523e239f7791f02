"""What a message in a dead-letter queue is: whom it was for, what it is about, why it was not delivered.

Three kinds of sender leave three kinds of message:

    EventBridge, Scheduler   body = the event itself; attributes TARGET_ARN, ERROR_CODE, ERROR_MESSAGE
        https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
    Lambda's OnFailure       body = a record with requestContext.functionArn, requestPayload and responsePayload
        https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    a queue's RedrivePolicy  body = the message as it was; it went to the queue that this one serves

What is shown to a person never holds a link or a mail address: both are blotted out (workshop.platform.redaction).
"""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contract.errors import RefusedName
from contract.names import check_dataset, parse_upload_key
from contract.run_identity import RunIdentity
from operations.text import from_ms, one_line
from workshop.platform.redaction import redact

UNREADABLE = "unreadable"
_LONGEST_ERROR = 200
# The last letter of what EventBridge calls these events differs between runs and steps; both begin like this.
_STATUS_EVENT = "SageMaker Model Building Pipeline Execution"


@dataclass(frozen=True)
class DeadLetter:
    """One message. `target` is the ARN of a function or queue, None if the queue's own source is meant; `payload` is
    what has to be handed over, None if that cannot be told."""

    message_id: str
    receipt: str
    sent: datetime
    subject: str
    dataset: str
    error: str
    target: str | None
    payload: str | None


def parse_dead_letter(message: dict[str, Any]) -> DeadLetter:
    """A received SQS message; never raises for what is in its body."""
    attributes = {
        name: str(value.get("StringValue", "")) for name, value in message.get("MessageAttributes", {}).items()
    }
    body = message["Body"]
    content = _json(body)
    target, payload, error = None, body, ""
    if "TARGET_ARN" in attributes:
        target = attributes["TARGET_ARN"]
        error = _reason(attributes.get("ERROR_CODE"), attributes.get("ERROR_MESSAGE"))
    elif (record := _failed_invocation(content)) is not None:
        target, content, error = record
        payload = json.dumps(content)
    subject, dataset = describe_event(content)
    return DeadLetter(
        message_id=message["MessageId"],
        receipt=message["ReceiptHandle"],
        sent=from_ms(int(message["Attributes"]["SentTimestamp"])),
        subject=subject,
        dataset=dataset,
        error=_shown(error),
        target=target,
        payload=payload if isinstance(content, dict) else None,
    )


def _shown(text: str) -> str:
    """One line of `text`, without links and mail addresses."""
    return one_line(redact(one_line(text)), _LONGEST_ERROR)


def describe_event(content: object) -> tuple[str, str]:
    """What an event is about, and its dataset ("" if it names none)."""
    match content:
        case {"detail-type": "Object Created", "detail": {"object": {"key": str(key)}}}:
            return "upload", _dataset_of_key(key)
        case {"detail-type": str(kind), "detail": dict(detail)} if kind.startswith(_STATUS_EVENT):
            return _status_event(detail)
        case {"dataset": dataset, "due": int()}:
            return "timer", _dataset(dataset)
        case {"Records": [{"Sns": {"MessageAttributes": {"dataset": {"Value": dataset}}}}]}:
            return "mail", _dataset(dataset)
        case {"source": "schedule"}:
            return "schedule", ""
        case {"source": "manual", "dataset": dataset}:
            return "manual start", _dataset(dataset)
        case {"source": "listener" | "pipeline", "dataset": dataset, "status": str(status)}:
            return f"notice: run {_word(status)}", _dataset(dataset)
        case dict():
            return "unknown event", ""
    return UNREADABLE, ""


def _failed_invocation(content: object) -> tuple[str, object, str] | None:
    """Function, payload and error of a record of Lambda's; None for anything else."""
    match content:
        case {"requestContext": {"functionArn": str(arn), **context}, "requestPayload": payload, **more}:
            answer = more.get("responsePayload")
            said = answer if isinstance(answer, dict) else {}
            return arn, payload, _reason(said.get("errorType") or context.get("condition"), said.get("errorMessage"))
    return None


def _reason(kind: object, message: object) -> str:
    return ": ".join(str(part) for part in (kind, message) if part)


def _status_event(detail: dict[str, Any]) -> tuple[str, str]:
    identity = RunIdentity.from_json(detail.get("pipelineExecutionDescription"))
    dataset = identity.dataset if identity else ""
    if "currentStepStatus" in detail:
        return f"step {_word(detail.get('stepName'))} {_word(detail['currentStepStatus'])}", dataset
    return f"run {_word(detail.get('currentPipelineExecutionStatus'))}", dataset


def _word(value: object) -> str:
    """A status or a step's name; anything else is not repeated."""
    return value if isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9-]{1,64}", value) else "?"


def _dataset_of_key(key: str) -> str:
    try:
        return parse_upload_key(key).dataset
    except RefusedName:
        return "?"


def _dataset(name: object) -> str:
    try:
        return check_dataset(name)
    except RefusedName:
        return "?"


def _json(body: str) -> object:
    try:
        found: object = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found
