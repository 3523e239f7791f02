"""From dropped images to mails and a page, on the embedded AWS: the template, handlers, definition and entry points
as deployed.
"""

import json

import pytest
from botocore.exceptions import ClientError

from local_aws.workshop import LocalWorkshop
from tests.e2e.drops import link_in, png, upload
from tests.e2e.following import (
    jobs_held_back,
    kinds,
    mails_of,
    runs_of,
    wait_for_mails,
    wait_for_runs,
    wait_until_over,
)
from tests.e2e.visiting import linked_page

pytestmark = pytest.mark.e2e


def test_a_drop_of_1000_starts_one_run_and_one_more_image_during_it_one_further_run(workshop: LocalWorkshop) -> None:
    images = [(f"{i:04d}.png", png(i)) for i in range(997)]
    others = [("kopie von 0001.png", png(1)), ("brief +1 %2F é.png", b"no picture"), ("leer.png", b"")]
    with jobs_held_back(workshop, "Processing"):
        upload(workshop, "faces", [*images, *others])
        first = wait_for_runs(workshop, "faces", 1)
        upload(workshop, "faces", [("late.png", png(5000))])
        assert [run.status for run in first] == ["Executing"]
        assert len(runs_of(workshop, "faces")) == 1

    wait_for_runs(workshop, "faces", 2)
    runs = wait_until_over(workshop, "faces")
    mails = wait_for_mails(workshop, "faces", ["started", "started", "succeeded", "succeeded"])
    assert [run.status for run in runs] == ["Succeeded", "Succeeded"], runs
    assert kinds(workshop, "faces") == ["started", "started", "succeeded", "succeeded"]

    # Ended, mailed about, and quiet: another look at everything finds nothing to do.
    workshop.endpoint.client("lambda").invoke(
        FunctionName=workshop.outputs["StartRunFunctionName"], Payload=json.dumps({"source": "schedule"})
    )
    assert len(runs_of(workshop, "faces")) == 2

    succeeded = [mail for mail in mails if mail.kind == "succeeded"]
    assert "997" in succeeded[0].body
    assert "998" in succeeded[1].body
    page = linked_page(link_in(succeeded[1].body))
    assert "<html" in page
    assert "kopie von 0001.png" in page


def test_too_few_good_images_end_the_run_with_a_sentence_that_says_so(workshop: LocalWorkshop) -> None:
    texts = [(f"{i}.png", b"this is no picture") for i in range(10)]
    upload(workshop, "broken", [*texts, ("0-empty.png", b""), ("0.HEIC", b"\0\0\0\x18ftypheic")])

    wait_for_runs(workshop, "broken", 1)
    runs = wait_until_over(workshop, "broken")
    mails = wait_for_mails(workshop, "broken", ["started", "failed"])
    assert runs[0].status == "Failed"
    body = next(mail for mail in mails if mail.kind == "failed").body
    assert "0 of 12" in body or "0 good" in body
    assert "0.png" in body
    assert "0-empty.png: The file is empty" in body
    assert "0.HEIC: This is a HEIC photo" in body


def test_a_dataset_with_bad_settings_gets_one_mail_that_names_the_key_and_no_run(workshop: LocalWorkshop) -> None:
    wrong = ("settings.yaml", b"kilograms: 5\n")
    upload(workshop, "unsettled", [wrong, *((f"{i}.png", png(i)) for i in range(10))])

    mails = wait_for_mails(workshop, "unsettled", ["attention"])
    assert "kilograms" in mails[0].body
    assert runs_of(workshop, "unsettled") == []


def test_a_name_that_cannot_be_a_dataset_is_refused_and_stops_nobody(workshop: LocalWorkshop) -> None:
    upload(workshop, "..%2F..", [("a.png", png(1))])
    upload(workshop, "Großes Haus", [("a.png", png(1))])
    upload(workshop, "after-them", [("a.png", png(1))])

    mails = wait_for_mails(workshop, "after-them", ["attention"])  # one image is too few
    assert len(mails) == 1
    assert [mail for mail in workshop.mailbox.mails if mail.dataset in ("..%2F..", "Großes Haus")] == []
    for meant in ("grosses-haus", "2f"):
        (told,) = wait_for_mails(workshop, meant, ["attention"])
        assert f"uploads/{meant}/" in told.body


def test_a_function_may_do_its_own_work_and_nothing_else(workshop: LocalWorkshop) -> None:
    """The functions' own roles are enforced: the trigger's may write the ledger, but not read anybody's images."""
    iam = workshop.endpoint.client("iam")
    roles = [role["Arn"] for role in iam.list_roles()["Roles"] if "UploadTriggerRole" in role["RoleName"]]
    granted = workshop.endpoint.client("sts").assume_role(RoleArn=roles[0], RoleSessionName="test")["Credentials"]
    s3 = workshop.endpoint.client(
        "s3",
        {
            "aws_access_key_id": granted["AccessKeyId"],
            "aws_secret_access_key": granted["SecretAccessKey"],
            "aws_session_token": granted["SessionToken"],
        },
    )
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.list_objects_v2(Bucket=workshop.bucket)


def test_no_dead_letter_is_left_by_all_of_this(workshop: LocalWorkshop) -> None:
    sqs = workshop.endpoint.client("sqs")
    queues = [url for url in sqs.list_queues()["QueueUrls"] if "DeadLetters" in url]
    assert len(queues) == 4
    for url in queues:
        number = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
        assert number["Attributes"]["ApproximateNumberOfMessages"] == "0", url
    assert mails_of(workshop, "") == []
