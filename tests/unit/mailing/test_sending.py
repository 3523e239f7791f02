"""send_mail: each notice of the topic to each of the dataset's readers, once, as text and as HTML with pictures."""

import io
import json
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest

from contract.names import LANGUAGES
from tests.chaos.fakes import client_error
from tests.unit.conftest import TABLE, Recorder, Stage, sample
from tests.unit.notices.notice_samples import samples
from workshop.ledger import Readers, Runs
from workshop.ledger.runs import NOTICE_LEASE_MS
from workshop.mailing import letters_of
from workshop.mailing.letters import Letter
from workshop.mailing.messages import message_of
from workshop.mailing.small_pictures import MOST_BYTES, SmallPicture, read_pictures
from workshop.notices import Notice, Notices
from workshop.notices.publishing import MAX_BODY_BYTES
from workshop.platform import clients
from workshop.platform.errors import BadRequest, MailsUnsent

FIRST, ANNA, BOB = "first@example.com", "anna@example.com", "bob@example.com"
PNG = b"\x89PNG\r\n\x1a\n and so on"
NOTICE = samples("en")["succeeded"]


def handed_over(stage: Stage, notice: Notice, message_id: str = "5f3a") -> dict[str, Any]:
    """What the topic hands over when a notice is published."""
    Notices(stage.sns, stage.sns.list_topics()["Topics"][0]["TopicArn"], Runs(stage.dynamodb, TABLE)).publish_once(
        {"pk": "RUN#x", "sk": f"NOTICE#{message_id}"}, notice
    )
    return handed_on(stage.mails[-1], message_id)


def handed_on(request: dict[str, Any], message_id: str) -> dict[str, Any]:
    """The event of a Publish request: the attributes as SNS passes them on."""
    attributes = {
        name: {"Type": value["DataType"], "Value": value["StringValue"]}
        for name, value in request["MessageAttributes"].items()
    }
    message = {
        "Type": "Notification",
        "MessageId": message_id,
        "TopicArn": request["TopicArn"],
        "Subject": request["Subject"],
        "Message": request["Message"],
        "MessageAttributes": attributes,
    }
    return {"Records": [{"EventSource": "aws:sns", "EventVersion": "1.0", "Sns": message}]}


def requests(stage: Stage) -> list[dict[str, Any]]:
    return [request for operation, request in stage.ses.calls if operation == "send_email"]


def sent(stage: Stage) -> dict[str, EmailMessage]:
    """The messages, by reader."""
    found = {}
    for request in requests(stage):
        message = message_from_bytes(request["Content"]["Raw"]["Data"], policy=default)
        assert isinstance(message, EmailMessage)
        (found[request["Destination"]["ToAddresses"][0]],) = [message]
    return found


def text_of(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")  # a mail's line ends


@pytest.fixture
def readers(stage: Stage) -> Readers:
    """The sender is known to SES; who reads what, beside the first reader of all."""
    stage.ses.create_email_identity(EmailIdentity="workshop@example.com")
    return Readers(stage.dynamodb, TABLE)


@pytest.mark.usefixtures("readers")
def test_the_first_reader_gets_each_notice_as_text_and_as_html(stage: Stage) -> None:
    assert stage.invoke("send_mail", handed_over(stage, NOTICE)) == {"sent": 1}

    (message,) = sent(stage).values()
    assert message["From"] == "Workshop <workshop@example.com>"
    assert (message["To"], message["Subject"]) == (FIRST, NOTICE.subject)
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert text_of(message) == NOTICE.body
    html = message.get_body(("html",))
    assert html is not None
    assert NOTICE.link in html.get_content()
    (request,) = requests(stage)
    assert request["FromEmailAddress"] == "workshop@example.com"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_part_is_the_notices_own_body_in_every_language(language: str) -> None:
    for name, notice in samples(language).items():
        letter = Letter("1", notice.subject, notice.body, "d", notice.kind, language, notice.link, ())
        content = message_of(letter, [], "workshop@example.com", ANNA)
        message = message_from_bytes(content, policy=default)
        assert isinstance(message, EmailMessage)
        assert text_of(message).rstrip("\n") == notice.body.rstrip("\n"), name
        assert (message["Subject"], message["Content-Language"]) == (notice.subject, language)
        assert content.isascii()
        assert max(map(len, content.splitlines())) <= 998


def test_readers_of_the_dataset_and_of_all_get_it_once_each_and_others_do_not(stage: Stage, readers: Readers) -> None:
    for dataset, address in (("red-chairs", ANNA), ("red-chairs", FIRST), ("cats", BOB), ("*", "all@example.com")):
        assert readers.add(dataset, address)
    assert not readers.add("red-chairs", ANNA)
    readers.add("*", ANNA)

    assert stage.invoke("send_mail", handed_over(stage, NOTICE)) == {"sent": 3}
    assert list(sent(stage)) == [FIRST, "all@example.com", ANNA]


def test_a_notice_that_is_handed_over_again_is_not_mailed_again_and_another_is(stage: Stage, readers: Readers) -> None:
    readers.add("red-chairs", ANNA)
    event = handed_over(stage, NOTICE)
    stage.invoke("send_mail", event)
    assert stage.invoke("send_mail", event) == {"sent": 0}
    assert stage.invoke("send_mail", handed_over(stage, NOTICE, "77b1")) == {"sent": 2}


class RefusesOne:
    """SES, that does not take mails to one address."""

    def __init__(self, ses: Recorder, address: str) -> None:
        self._ses = ses
        self.address: str | None = address

    def send_email(self, **request: Any) -> Any:
        if request["Destination"]["ToAddresses"] == [self.address]:
            raise client_error("MessageRejected", "SendEmail")
        return self._ses.send_email(**request)


def test_one_whom_ses_refuses_keeps_nobody_from_the_mail_and_gets_it_alone_on_the_retry(
    stage: Stage, readers: Readers, monkeypatch: pytest.MonkeyPatch, log: io.StringIO
) -> None:
    readers.add("red-chairs", ANNA)
    readers.add("red-chairs", BOB)
    refusing = RefusesOne(stage.ses, ANNA)
    monkeypatch.setattr(clients, "ses", lambda: refusing)
    event = handed_over(stage, NOTICE)

    with pytest.raises(MailsUnsent, match="1 readers have not got the mail; 2 have got it now"):
        stage.invoke("send_mail", event)
    assert set(sent(stage)) == {FIRST, BOB}
    assert "MessageRejected" in log.getvalue()
    assert "@example.com" not in log.getvalue()

    refusing.address = None
    stage.later(NOTICE_LEASE_MS / 1000 + 1)
    assert stage.invoke("send_mail", event) == {"sent": 1}
    assert list(sent(stage)) == [FIRST, BOB, ANNA]


@pytest.mark.usefixtures("readers")
def test_two_at_once_send_one_mail_and_the_second_is_tried_again(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    event = handed_over(stage, NOTICE)
    inner: list[BaseException] = []

    class Meanwhile:
        def send_email(self, **request: Any) -> Any:
            with pytest.raises(MailsUnsent) as raised:
                stage.invoke("send_mail", event)
            inner.append(raised.value)
            return stage.ses.send_email(**request)

    monkeypatch.setattr(clients, "ses", Meanwhile)
    assert stage.invoke("send_mail", event) == {"sent": 1}
    assert (len(inner), len(requests(stage))) == (1, 1)


@pytest.mark.usefixtures("readers")
def test_records_of_mails_expire_and_do_not_say_who_was_written_to(stage: Stage) -> None:
    stage.invoke("send_mail", handed_over(stage, NOTICE))
    items = stage.dynamodb.scan(TableName=TABLE)["Items"]
    (mail,) = [item for item in items if item["pk"]["S"].startswith("MAIL#")]
    assert "expires" in mail
    assert FIRST not in json.dumps(mail)


@pytest.mark.usefixtures("readers")
def test_a_finished_runs_mail_carries_six_of_its_pictures(stage: Stage) -> None:
    stage.know_run()
    stage.leave_artefacts()
    folder = "runs/red-chairs/p4jn9xou8a8s"
    kinds = ["sheet"] + ["mixed"] * 2 + ["generated"] * 8
    items = [
        {"kind": kind, "file": f"inference/{kind}/{n}.png", "thumbnail": f"inference/thumbnails/{kind}/{n}.webp",
         "width": 64, "height": 64}
        for n, kind in enumerate(kinds)
    ]  # fmt: skip
    head = {"format": "workshop-gallery/1", "title": "x", "execution_id": "p4jn9xou8a8s", "truncation": 0.7}
    archive = {"file": "report/pictures.zip", "bytes": 1}
    gallery = head | {"model": {"network": "best", "note": ""}, "archive": archive, "items": items}
    stage.put(f"{folder}/report/gallery.json", json.dumps(gallery).encode())
    for item in items:
        stage.put(f"{folder}/{item['thumbnail']}", b"RIFF" + str(item["thumbnail"]).encode())

    stage.invoke("report_success", sample("report_success_from_pipeline"))
    published = stage.mails[-1]
    attributes = published["MessageAttributes"]
    assert json.loads(attributes["pictures"]["StringValue"]) == [
        f"{folder}/inference/thumbnails/generated/{n}.webp" for n in range(3, 9)
    ]
    assert attributes["link"]["StringValue"].startswith("https://workshop-bucket.s3.eu-central-1.amazonaws.com/runs/")

    stage.invoke("send_mail", handed_on(published, "5f3a"))
    (message,) = sent(stage).values()
    html = message.get_body(("related", "html"))
    assert html is not None
    inline = [part for part in message.walk() if part.get_content_maintype() == "image"]
    assert [part["Content-ID"] for part in inline] == [f"<picture-{n}@workshop>" for n in range(1, 7)]
    assert [part.get_content_disposition() for part in inline] == ["inline"] * 6
    assert inline[0].get_content() == b"RIFFinference/thumbnails/generated/3.webp"
    page = html.get_body(("html",))
    assert page is not None
    assert [f"cid:picture-{n}@workshop" in page.get_content() for n in range(1, 7)] == [True] * 6


def test_a_run_without_a_readable_gallery_is_told_of_without_pictures(stage: Stage) -> None:
    stage.know_run()
    stage.leave_artefacts()
    stage.put("runs/red-chairs/p4jn9xou8a8s/report/gallery.json", b"{")
    stage.invoke("report_success", sample("report_success_from_pipeline"))
    assert "pictures" not in stage.mails[-1]["MessageAttributes"]


def test_pictures_that_are_gone_too_large_elsewhere_or_none_are_left_out(stage: Stage) -> None:
    stage.put("runs/d/1/inference/good.png", PNG)
    stage.put("runs/d/1/inference/page.html", b"<html>")
    stage.put("runs/d/1/inference/large.png", PNG + bytes(MOST_BYTES))
    stage.put("uploads/d/private.png", PNG)
    keys = [f"runs/d/1/inference/{name}" for name in ("gone.png", "page.html", "large.png", "good.png")]
    found = read_pictures(stage.s3, "workshop-bucket", [*keys, "uploads/d/private.png"])
    assert found == [SmallPicture(PNG, "png")]


def test_a_mail_has_room_for_a_number_of_bytes_however_many_its_pictures_are(stage: Stage) -> None:
    for number in range(6):
        stage.put(f"runs/d/{number}.png", PNG.ljust(MOST_BYTES // 4, b"\0"))
    found = read_pictures(stage.s3, "workshop-bucket", [f"runs/d/{number}.png" for number in range(6)])
    assert len(found) == 4


@pytest.mark.parametrize(
    "event",
    [None, [], {}, {"Records": []}, {"Records": ["x"]}, {"Records": [{"Sns": "x"}]}, {"Records": [{"Sns": {}}]},
     {"Records": [{"Sns": {"MessageId": "1", "MessageAttributes": {}}}]},
     {"Records": [{"Sns": {"MessageId": "../x y", "MessageAttributes": {"dataset": {"Value": "d"}}}}]}],
)  # fmt: skip
def test_what_is_no_notice_is_refused(event: Any) -> None:
    with pytest.raises(BadRequest):
        letters_of(event)


def test_attributes_of_another_form_are_left_out_and_the_text_is_mailed_all_the_same() -> None:
    given = {"dataset": "d", "kind": "new", "language": "xx", "link": "javascript:alert(1)", "pictures": "{"}
    attributes = {name: {"Type": "String", "Value": value} for name, value in given.items()}
    (letter,) = letters_of(
        {"Records": [{"Sns": {"MessageId": "1", "Message": "text", "MessageAttributes": attributes}}]}
    )
    assert letter == Letter("1", "", "text", "d", None, "en", "", ())


def test_the_largest_notice_with_all_its_attributes_is_within_the_topics_limit(stage: Stage) -> None:
    pictures = tuple(f"runs/{'d' * 63}/{'r' * 12}/inference/{'n' * 300}{n}" for n in range(9))
    notice = replace(NOTICE, pictures=pictures, end=f"  https://x/{'l' * 4_000}\n" + "x" * MAX_BODY_BYTES)
    notice = replace(notice, values={**notice.values, "link": ""})
    handed_over(stage, notice)
    request = stage.mails[-1]
    size = sum(
        len(name) + len(value["DataType"]) + len(value["StringValue"])
        for name, value in request["MessageAttributes"].items()
    )
    assert len(request["Message"].encode()) == MAX_BODY_BYTES
    assert MAX_BODY_BYTES + size < 256 << 10
    assert len(json.loads(request["MessageAttributes"]["pictures"]["StringValue"])) == 6
