"""dead-letters and redrive: nothing is lost, nothing goes to a stranger, nothing secret is shown."""

import json
from typing import Any

import pytest
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st

from operations.dead_letters import describe_event, parse_dead_letter
from operations.queues import PEEK_SECONDS
from operations.redriving import HOLD_SECONDS
from tests.operations.shell import REGION, ROOT, Shell, real_client

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


def sample(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((ROOT / "events" / f"{name}.json").read_text(encoding="utf-8"))
    return event


def message(body: object, **attributes: str) -> dict[str, Any]:
    """A message as ReceiveMessage gives it."""
    return {
        "MessageId": "1",
        "ReceiptHandle": "r",
        "Body": body if isinstance(body, str) else json.dumps(body),
        "Attributes": {"SentTimestamp": "1795435200000"},
        "MessageAttributes": {name: {"StringValue": value} for name, value in attributes.items()},
    }


def failed_invocation(function_arn: str, payload: object, **answer: str) -> dict[str, Any]:
    """Lambda's record of an asynchronous invocation that failed on every try."""
    return {
        "version": "1.0",
        "timestamp": "2026-11-23T12:00:00.000Z",
        "requestContext": {
            "requestId": "e4b46cbf-b738-xmpl-8880-a18cdf61200e",
            "functionArn": f"{function_arn}:$LATEST",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 3,
        },
        "requestPayload": payload,
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "responsePayload": answer,
    }


NOTICE = {"source": "listener", "pipelineExecutionArn": "arn", "status": "Failed", "dataset": "cats"}


@pytest.mark.parametrize(
    ("event", "subject", "dataset"),
    [
        (sample("s3_object_created"), "upload", "red-chairs"),
        (sample("s3_refused_name"), "upload", "?"),
        (sample("pipeline_execution_failed"), "run Failed", "red-chairs"),
        (sample("pipeline_step_failed"), "step Train Failed", ""),
        ({"dataset": "cats", "due": 0}, "timer", "cats"),
        ({"dataset": "../cats", "due": 0}, "timer", "?"),
        (sample("schedule"), "schedule", ""),
        (sample("manual_rerun"), "manual start", "red-chairs"),
        (NOTICE, "notice: run Failed", "cats"),
        (NOTICE | {"status": "a@b.example"}, "notice: run ?", "cats"),
        ({"something": "else"}, "unknown event", ""),
        (["no", "event"], "unreadable", ""),
    ],
)
def test_a_letter_says_what_it_is_about(event: object, subject: str, dataset: str) -> None:
    assert describe_event(event) == (subject, dataset)


@given(json_values | st.text())
def test_no_body_makes_reading_fail_or_shows_more_than_words_of_ours(body: object) -> None:
    dead_letter = parse_dead_letter(message(body if isinstance(body, str) and body else json.dumps(body)))
    assert dead_letter.subject.isprintable()
    assert "@" not in dead_letter.subject + dead_letter.dataset


@given(st.text(), st.sampled_from(["https://x.example/?t=secret", "secret@x.example"]), st.text())
def test_no_link_and_no_address_survives_in_an_error(before: str, secret: str, after: str) -> None:
    received = message("{}", TARGET_ARN="arn", ERROR_MESSAGE=f"{before} {secret} {after}")
    shown = parse_dead_letter(received).error
    assert "secret" not in shown or "secret" in before + after
    assert "@" not in shown
    assert shown.isprintable()


def test_counts_and_letters_are_shown_and_every_letter_stays(shell: Shell) -> None:
    for _ in range(3):
        shell.send("UploadDeadLetters", sample("s3_object_created"))
    record = failed_invocation(
        shell.function_arn("ReportFailure"), NOTICE, errorType="ClientError", errorMessage="no mail to a@b.example"
    )
    shell.send("NoticeDeadLetters", record)

    for _ in range(2):
        said = shell.succeed("dead-letters", "--limit", "2")
        lines = [" ".join(line.split()) for line in said.splitlines()]
        assert "UploadDeadLetters 3 0 UploadQueue" in lines
        assert "NoticeDeadLetters 1 0 EventBridge, Scheduler or Lambda" in lines
        assert "SettleDeadLetters 0 0 SettleQueue" in lines
        assert sum("upload red-chairs" in line for line in lines) == 2
        assert any(line.endswith("notice: run Failed cats ClientError: no mail to (address)") for line in lines)
    assert len(shell.messages("UploadDeadLetters")) == 3


def test_one_queue_can_be_looked_at_alone_and_a_limit_of_none_only_counts(shell: Shell) -> None:
    shell.send("UploadDeadLetters", sample("s3_object_created"))

    said = shell.succeed("dead-letters", "UploadDeadLetters", "--limit", "0")

    assert "Settle" not in said
    assert "red-chairs" not in said


@pytest.mark.parametrize("command", ["dead-letters", "redrive"])
@pytest.mark.parametrize("name", ["UploadQueue", "nope\x1b[2J", "../x"])
def test_what_is_no_dead_letter_queue_is_answered_with_those_that_are(shell: Shell, command: str, name: str) -> None:
    said = shell.fail(command, name)
    assert "there are EventDeadLetters, NoticeDeadLetters, SettleDeadLetters, UploadDeadLetters" in said
    assert "\x1b" not in said


def test_letters_of_a_queue_are_moved_back_by_sqs_itself(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        shell.send("SettleDeadLetters", {"dataset": "cats", "due": 0})
    arn = next(queue.arn for queue in shell.workshop.queues() if queue.name == "SettleDeadLetters")
    sqs = real_client("sqs")
    calls: list[dict[str, Any]] = []
    monkeypatch.setattr(sqs, "start_message_move_task", lambda **request: calls.append(request))

    said = shell.succeed("redrive", "SettleDeadLetters")

    assert calls == [{"SourceArn": arn}]
    assert said == "SettleDeadLetters: SQS is moving about 2 messages back\n"


def test_the_move_is_a_request_that_sqs_understands() -> None:
    with Stubber(real_client("sqs")) as stub:
        arn = f"arn:aws:sqs:{REGION}:123456789012:workshop-UploadDeadLetters-1"
        stub.add_response("start_message_move_task", {"TaskHandle": "t"}, {"SourceArn": arn})
        real_client("sqs").start_message_move_task(SourceArn=arn)


def test_letters_of_a_queue_are_sent_back_one_by_one_where_sqs_is_an_emulator_that_cannot_move(
    shell: Shell,
) -> None:
    shell.refuse("sqs", "start_message_move_task", "InvalidAction")
    bodies = [json.dumps({"dataset": "cats", "due": number}) for number in range(12)]
    for body in bodies:
        shell.send("SettleDeadLetters", body)

    assert "12 messages handed over" in shell.succeed("redrive", "SettleDeadLetters")

    assert sorted(shell.messages("SettleQueue")) == sorted(bodies)
    assert shell.messages("SettleDeadLetters") == []


def test_a_move_that_aws_refuses_is_one_sentence_and_loses_nothing(shell: Shell) -> None:
    shell.send("UploadDeadLetters", sample("s3_object_created"))
    shell.refuse("sqs", "start_message_move_task", "AccessDenied")

    assert "You may not call StartMessageMoveTask" in shell.fail("redrive", "UploadDeadLetters")
    assert len(shell.messages("UploadDeadLetters")) == 1


def test_a_failed_invocation_is_repeated_with_its_own_event(shell: Shell) -> None:
    shell.send("NoticeDeadLetters", failed_invocation(shell.function_arn("ReportFailure"), NOTICE))

    assert shell.succeed("redrive", "NoticeDeadLetters") == "NoticeDeadLetters: 1 message handed over\n"

    assert shell.functions.calls == [(shell.workshop.resource("ReportFailure"), "Event", NOTICE)]
    assert shell.messages("NoticeDeadLetters") == []


def test_an_undelivered_event_goes_to_the_function_or_queue_that_it_was_for(shell: Shell) -> None:
    status, upload, schedule = sample("pipeline_execution_failed"), sample("s3_object_created"), sample("schedule")
    queue_arn = next(queue.arn for queue in shell.workshop.queues() if queue.name == "UploadQueue")
    shell.send(
        "EventDeadLetters", status, TARGET_ARN=shell.function_arn("StatusListener"), RULE_ARN="r", ERROR_CODE="x"
    )
    shell.send("EventDeadLetters", upload, TARGET_ARN=queue_arn, RULE_ARN="r", ERROR_CODE="NO_PERMISSIONS")
    shell.send("EventDeadLetters", schedule, TARGET_ARN=shell.function_arn("StartRun"), SCHEDULE_ARN="s")

    assert "3 messages handed over" in shell.succeed("redrive", "EventDeadLetters")

    assert sorted(shell.functions.calls, key=str) == sorted(
        [
            (shell.workshop.resource("StatusListener"), "Event", status),
            (shell.workshop.resource("StartRun"), "Event", schedule),
        ],
        key=str,
    )
    assert [json.loads(body) for body in shell.messages("UploadQueue")] == [upload]
    assert shell.messages("EventDeadLetters") == []


@pytest.mark.parametrize(
    ("body", "target", "reason"),
    [
        ("no json {", "arn:aws:lambda:r:1:function:StartRun", "it is not readable"),
        ("[1]", "arn:aws:lambda:r:1:function:StartRun", "it is not readable"),
        ("{}", "arn:aws:lambda:r:1:function:somebody-elses", "it was for something that is not in this stack"),
        ("{}", "arn:aws:sqs:r:1:somebody-elses", "it was for something that is not in this stack"),
        ("{}", "nonsense", "it was for something that is not in this stack"),
        ("{}", None, "it does not say whom it was for"),
    ],
)
def test_a_letter_that_has_no_place_to_go_stays_and_is_named(
    shell: Shell, body: str, target: str | None, reason: str
) -> None:
    shell.send("EventDeadLetters", body, **({"TARGET_ARN": target} if target else {}))
    shell.send("EventDeadLetters", sample("schedule"), TARGET_ARN=shell.function_arn("StartRun"))

    said = shell.fail("redrive", "EventDeadLetters")

    assert f"1 message handed over; 1 message left: {reason}" in said
    assert shell.messages("EventDeadLetters") == [body]
    assert len(shell.functions.calls) == 1


def test_a_letter_is_kept_if_its_function_cannot_be_invoked(shell: Shell) -> None:
    for _ in range(3):
        shell.send("NoticeDeadLetters", failed_invocation(shell.function_arn("ReportFailure"), NOTICE))
    shell.functions.refuses = "TooManyRequestsException"

    said = shell.fail("redrive", "all")

    assert "NoticeDeadLetters: stopped: AWS refuses Invoke: TooManyRequestsException" in said
    assert "EventDeadLetters: empty" in said
    assert len(shell.messages("NoticeDeadLetters")) == 3


class Queue:
    """Fakes one queue of SQS, which may deliver a message again before its time, as SQS may."""

    def __init__(self, bodies: list[object], deliveries: int) -> None:
        self.messages = {str(n): message(body) | {"MessageId": str(n)} for n, body in enumerate(bodies)}
        self.deliveries = deliveries
        self.holds: set[int] = set()
        self.released: list[str] = []

    def get_queue_attributes(self, QueueUrl: str, AttributeNames: list[str]) -> dict[str, Any]:
        counts = {"ApproximateNumberOfMessages": "1", "ApproximateNumberOfMessagesNotVisible": "0"}
        return {"Attributes": counts | {"QueueArn": f"arn:{QueueUrl}"}}

    def receive_message(self, VisibilityTimeout: int, **_: Any) -> dict[str, Any]:
        self.holds.add(VisibilityTimeout)
        if not self.deliveries:
            return {}
        self.deliveries -= 1
        return {"Messages": [m | {"ReceiptHandle": key} for key, m in self.messages.items()]}

    def change_message_visibility(self, QueueUrl: str, ReceiptHandle: str, VisibilityTimeout: int) -> None:
        assert VisibilityTimeout == 0
        self.released.append(ReceiptHandle)

    def delete_message(self, QueueUrl: str, ReceiptHandle: str) -> None:
        del self.messages[ReceiptHandle]


def test_a_letter_that_comes_again_is_not_handed_over_again_and_ends_the_work(shell: Shell) -> None:
    bodies = ["no json", failed_invocation(shell.function_arn("ReportFailure"), NOTICE)]
    queue = shell.others["sqs"] = Queue(bodies, deliveries=100)

    shell.fail("redrive", "NoticeDeadLetters")

    assert len(shell.functions.calls) == 1
    assert list(queue.messages) == ["0"]
    assert queue.deliveries == 98
    assert queue.holds == {HOLD_SECONDS}
    assert "0" in queue.released


def test_a_look_lets_go_of_what_it_has_received(shell: Shell) -> None:
    queue = shell.others["sqs"] = Queue([NOTICE] * 3, deliveries=1)

    shell.succeed("dead-letters", "NoticeDeadLetters", "--limit", "1")

    assert sorted(queue.released) == ["0", "1", "2"]
    assert queue.holds == {PEEK_SECONDS}


def test_a_letter_whose_deletion_fails_after_its_hand_over_is_not_lost(shell: Shell) -> None:
    """It is handed over twice in the end, which everything behind allows."""
    shell.send("NoticeDeadLetters", failed_invocation(shell.function_arn("ReportFailure"), NOTICE))
    shell.refuse("sqs", "delete_message", "InternalError")
    shell.fail("redrive", "NoticeDeadLetters")
    shell.others.clear()

    shell.succeed("redrive", "NoticeDeadLetters")

    assert len(shell.functions.calls) == 2
    assert shell.messages("NoticeDeadLetters") == []


def test_an_error_of_aws_while_looking_is_one_sentence(shell: Shell) -> None:
    shell.refuse("sqs", "get_queue_attributes", "AccessDenied")
    assert shell.fail("dead-letters") == (
        "Error: You may not call GetQueueAttributes: AccessDenied. "
        "operations/iam-policy.json has the permissions of each command.\n"
    )
