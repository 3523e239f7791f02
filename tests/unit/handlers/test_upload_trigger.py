"""upload_trigger: from upload events to one timer per dataset."""

import json
from typing import Any
from urllib.parse import quote_plus

import pytest

from tests.chaos.fakes import client_error
from tests.unit.conftest import BUCKET, Stage, sample
from tests.unit.handlers.test_start_run import executions, finish
from workshop.handlers.upload_trigger import objects_in, parse_upload
from workshop.ledger import Ledger
from workshop.platform.errors import BadRequest


def records(*bodies: object) -> dict[str, Any]:
    return {
        "Records": [
            {"messageId": f"m{number}", "body": body if isinstance(body, str) else json.dumps(body)}
            for number, body in enumerate(bodies)
        ]
    }


def test_a_batch_notes_each_dataset_once_and_only_the_unreadable_record_comes_back(stage: Stage) -> None:
    result = stage.invoke("upload_trigger", sample("sqs_upload_batch"))

    assert result == {"batchItemFailures": [{"itemIdentifier": "059f36b4-87a3-44ab-83d2-661975800007"}]}
    assert stage.item("DATASET#red-chairs")["uploads"] == {"N": "3"}  # the empty file, too
    assert stage.item("DATASET#blue-vases")["uploads"] == {"N": "1"}
    assert sorted((json.loads(body)["dataset"], delay) for body, delay in stage.timers) == [
        ("blue-vases", 60),
        ("red-chairs", 60),
    ]


def test_a_hundred_events_in_ten_batches_arm_one_timer(stage: Stage) -> None:
    event = sample("s3_object_created")
    for _ in range(10):
        stage.invoke("upload_trigger", records(*[event] * 10))
        stage.later(5)

    assert len(stage.timers) == 1
    assert stage.item("DATASET#red-chairs")["uploads"] == {"N": "100"}


def test_the_same_batch_again_is_harmless(stage: Stage) -> None:
    first = stage.invoke("upload_trigger", sample("sqs_upload_batch"))
    again = stage.invoke("upload_trigger", sample("sqs_upload_batch"))

    assert first == again
    assert len(stage.timers) == 2


def test_a_timer_long_overdue_is_taken_for_lost_and_armed_again(stage: Stage) -> None:
    stage.upload_event("uploads/red-chairs/a.png")
    stage.later(60 + 3 * 60 + 1)
    stage.upload_event("uploads/red-chairs/b.png")

    assert len(stage.timers) == 2


def test_the_ready_marker_has_the_dataset_looked_at_at_once(stage: Stage) -> None:
    stage.upload_event("uploads/red-chairs/a.png")
    stage.invoke("upload_trigger", records(sample("s3_ready_marker")))

    assert [(json.loads(body)["due"] == 0, delay) for body, delay in stage.timers] == [(False, 60), (True, 0)]


@pytest.mark.parametrize("name", ["s3_folder_marker", "s3_refused_name", "s3_test_event"])
def test_an_event_that_means_no_work_is_consumed_without_a_trace(stage: Stage, name: str) -> None:
    assert stage.invoke("upload_trigger", records(sample(name))) == {"batchItemFailures": []}
    assert stage.timers == []


@pytest.mark.parametrize(
    "name", ["empty.png", "notes.txt", "settings.yaml.txt", "a.heic", "noext", "sub\\a.png", "a\nb.png"]
)
@pytest.mark.parametrize("size", [0, 1])
def test_whatever_is_put_into_a_dataset_has_it_looked_at(stage: Stage, name: str, size: int) -> None:
    """No other event may ever come: the look is what tells of files that cannot be used."""
    stage.upload_event(f"uploads/red-chairs/{name}", size)
    assert [json.loads(body)["dataset"] for body, _ in stage.timers] == ["red-chairs"]


def test_a_poison_record_comes_back_alone_and_its_neighbour_is_handled(stage: Stage) -> None:
    result = stage.invoke("upload_trigger", records("{not json", sample("s3_object_created")))

    assert result == {"batchItemFailures": [{"itemIdentifier": "m0"}]}
    assert len(stage.timers) == 1


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        '{"detail": []}',
        '{"detail": {"object": {"size": 1}}}',
        '{"detail": {"object": {"key": 7}}}',
        '{"Records": [{"s3": {}}]}',
        '{"Records": [{"s3": {"object": {"key": 7}}}]}',
        '{"Records": 1}',
        "7",
        '{"detail": {"object": {"key": "uploads/a/b.png", "size": "1"}}}',
        "[" * 100_000,
    ],
)
def test_what_is_no_upload_event_is_a_bad_request(body: str) -> None:
    with pytest.raises(BadRequest):
        [parse_upload(*found) for found in objects_in(body)]


def test_a_refused_name_is_counted(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    stage.invoke("upload_trigger", records(sample("s3_refused_name")))

    metrics = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    assert metrics[0]["RefusedNames"] == [1.0]


def test_one_dataset_in_trouble_brings_back_its_own_records_only(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    real = stage.dynamodb.update_item

    def failing(**request: Any) -> Any:
        if "blue-vases" in request["Key"]["pk"]["S"]:
            raise TimeoutError("no answer")
        return real(**request)

    monkeypatch.setattr(stage.dynamodb, "update_item", failing)
    result = stage.invoke("upload_trigger", sample("sqs_upload_batch"))

    failed = {failure["itemIdentifier"][-1] for failure in result["batchItemFailures"]}
    assert failed == {"3", "7"}
    assert stage.item("DATASET#red-chairs")["uploads"] == {"N": "3"}


def classic(*keys: str) -> dict[str, Any]:
    """S3's own notification of some uploads; the keys as they stand in it."""
    return {"Records": [{"eventName": "ObjectCreated:Put", "s3": {"object": {"key": key, "size": 9}}} for key in keys]}


# Where the dataset's name is good, it is looked at; the file's name goes nowhere.
HOSTILE = {
    "uploads/red-chairs/../../etc/passwd.png": ["red-chairs"],
    "uploads/red-chairs/a\x00b.png": ["red-chairs"],
    "uploads/red-chairs/a\nb.png": ["red-chairs"],
    "uploads/red-chairs/a\\b.png": ["red-chairs"],
    "uploads/red-chairs/" + "x" * 1000 + ".png": ["red-chairs"],
    "uploads/../red-chairs/a.png": [],
    "uploads/red-ch\u0430irs/a.png": [],  # a Cyrillic letter
    "uploads/Red-Chairs/a.png": [],
    "uploads/red-chairs%2F..%2Fblue/a.png": [],
    "uploads/" + "x" * 1000 + "/a.png": [],
    "elsewhere/red-chairs/a.png": [],
}


@pytest.mark.parametrize("key", HOSTILE)
@pytest.mark.parametrize("encoding", ["EventBridge", "classic"])
def test_a_hostile_name_is_refused_in_both_encodings_and_its_neighbour_is_handled(
    stage: Stage, key: str, encoding: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if encoding == "classic":
        event = records(classic(quote_plus(key, safe="/"), "uploads/good-one/a.png"))
    else:
        bad, good = sample("s3_object_created"), sample("s3_object_created")
        bad["detail"]["object"]["key"] = key
        good["detail"]["object"]["key"] = "uploads/good-one/a.png"
        event = records(bad, good)

    assert stage.invoke("upload_trigger", event) == {"batchItemFailures": []}
    assert sorted(json.loads(body)["dataset"] for body, _ in stage.timers) == sorted(["good-one", *HOSTILE[key]])
    assert '"RefusedNames":[1.0]' in capsys.readouterr().out.replace(" ", "")


@pytest.mark.parametrize("name", ["a b+c.png", "50%2F50.png", "größe é.jpg", "ナス.png", "+.png"])
def test_an_odd_but_harmless_name_means_the_same_in_both_encodings(name: str) -> None:
    key = f"uploads/red-chairs/{name}"
    plain = sample("s3_object_created")
    plain["detail"]["object"]["key"] = key
    both = [json.dumps(plain), json.dumps(classic(quote_plus(key, safe="/")))]
    uploads = [parse_upload(*stored) for body in both for stored in objects_in(body)]
    assert [upload.name for upload in uploads if upload] == [name, name]


# ------------------------------------------------------------------------------------------------------------ deletions


def deletion(key: str) -> dict[str, Any]:
    event = sample("s3_object_deleted")
    event["detail"]["object"]["key"] = key
    return event


def delete(stage: Stage, *keys: str) -> Any:
    for key in keys:
        stage.s3.delete_object(Bucket=BUCKET, Key=key)
    return stage.invoke("upload_trigger", records(*map(deletion, keys)))


def test_deleting_a_culprit_starts_the_next_run_when_deletions_have_settled(stage: Stage) -> None:
    stage.settle(images=5)
    finish(stage, "Failed")
    assert delete(stage, "uploads/red-chairs/0001.png") == {"batchItemFailures": []}
    stage.later(30)
    delete(stage, "uploads/red-chairs/0003.png")
    stage.later(31)
    stage.serve_timer()
    assert len(executions(stage)) == 1
    stage.later(30)
    stage.serve_timer()
    first, second = executions(stage)
    assert first["Fingerprint"] != second["Fingerprint"]


def test_deleting_everything_starts_nothing(stage: Stage) -> None:
    stage.settle()
    finish(stage, "Succeeded")
    delete(stage, *(f"uploads/red-chairs/{number:04}.png" for number in range(3)))
    stage.later(61)
    stage.serve_timer()
    assert len(executions(stage)) == 1
    assert stage.mail_kinds.count("attention") == 0


@pytest.mark.parametrize(
    "key", ["uploads/red-chairs/_READY", "uploads/never-heard-of/a.png", "uploads/Not Good/a.png", "uploads/loose.png"]
)
def test_a_deletion_that_changes_no_known_dataset_leaves_no_trace(stage: Stage, key: str) -> None:
    """After a purge a dataset is unknown again: a late event must not write its records back."""
    stage.settle()
    finish(stage, "Succeeded")
    timers = len(stage.timers)
    assert stage.invoke("upload_trigger", records(deletion(key))) == {"batchItemFailures": []}
    assert len(stage.timers) == timers
    assert stage.item("DATASET#never-heard-of") == {}


def test_a_deletion_that_cannot_be_noted_comes_back_alone(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise client_error("ThrottlingException", "UpdateItem")

    monkeypatch.setattr(Ledger, "note_deletion", refuse)
    event = records(sample("s3_object_deleted"), sample("s3_object_created"))
    assert stage.invoke("upload_trigger", event) == {"batchItemFailures": [{"itemIdentifier": "m0"}]}
    assert len(stage.timers) == 1


@pytest.mark.parametrize("detail", [None, {}, {"object": None}, {"object": {"key": 5}}, {"object": []}])
def test_an_unreadable_deletion_is_no_poison(stage: Stage, detail: object) -> None:
    event = sample("s3_object_deleted") | {"detail": detail}
    assert stage.invoke("upload_trigger", records(event)) == {"batchItemFailures": []}
