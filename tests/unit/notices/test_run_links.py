"""Links of mails into the web app: what each allows, where it leads, and that a mail sent twice has the same ones."""

import os
import re
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.unit.conftest import RUN_ARN, Stage, forget_assembled, sample
from workshop.admission.app_links import DAY, mailed_link_id
from workshop.admission.grants import Grant, Right
from workshop.admission.invitations import Invitations
from workshop.platform import clients
from workshop.platform.signing import Signer

APP = "https://app.example.com"
LOOK, ALL = {Right.WATCH, Right.TAKE}, set(Right)


@pytest.fixture
def with_app(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """A stack with WebApp=public."""
    monkeypatch.setenv("APP_URL", APP)
    forget_assembled()
    return stage


def links(stage: Stage) -> list[tuple[Grant, str]]:
    """The grants of a mail's links into the app, and their screens."""
    key = Invitations(Signer(clients.kms(), os.environ["LINK_KEY_ID"]))
    found = []
    for url in re.findall(rf"{APP}/#\S+", stage.mails[-1]["Message"]):
        fragment = parse_qs(urlsplit(url).fragment)
        grant = key.read_invitation(fragment["t"][0], stage.now_ms() // 1000)
        assert grant is not None
        found.append((grant, fragment["go"][0]))
    return found


def days(stage: Stage, grant: Grant) -> int:
    return round((grant.expires - stage.now_ms() / 1000) / DAY)


def succeed(stage: Stage) -> None:
    stage.know_run()
    stage.leave_artefacts()
    stage.invoke("report_success", sample("report_success_from_pipeline"))


def test_the_started_mail_has_a_link_to_pass_on_and_one_to_keep(with_app: Stage) -> None:
    with_app.settle()
    (look, seen), (act, acted) = links(with_app)
    (arn,) = with_app.sagemaker.executions
    assert seen == acted == f"/red-chairs/runs/{arn.rpartition('/')[2]}"
    assert (look.dataset, look.rights, days(with_app, look)) == ("red-chairs", LOOK, 90)
    assert (act.dataset, act.rights, days(with_app, act)) == ("red-chairs", ALL, 7)
    assert (look.link, act.link) == (mailed_link_id(arn, "look"), mailed_link_id(arn, "act"))
    assert "aws sagemaker" not in with_app.mails[-1]["Message"]


def test_the_success_mail_opens_the_pictures(with_app: Stage) -> None:
    succeed(with_app)
    (look, seen), (act, acted) = links(with_app)
    assert seen == "/red-chairs/runs/p4jn9xou8a8s/pictures"
    assert acted == "/red-chairs"
    assert (look.rights, days(with_app, look), act.rights, days(with_app, act)) == (LOOK, 90, ALL, 7)
    assert "X-Amz-" not in with_app.mails[-1]["Message"]


def test_a_mail_that_is_sent_twice_has_links_of_the_same_ids(with_app: Stage) -> None:
    succeed(with_app)
    first = [grant.link for grant, _ in links(with_app)]
    with_app.later(3600)
    with_app.dynamodb.delete_item(  # whoever has sent it has died before it could say so
        TableName="ledger", Key={"pk": {"S": f"RUN#{RUN_ARN}"}, "sk": {"S": "NOTICE#succeeded"}}
    )
    with_app.invoke("report_success", sample("report_success_from_pipeline"))
    assert len(with_app.mails) == 2
    assert [grant.link for grant, _ in links(with_app)] == first
    assert len({*first}) == 2


def test_the_mail_of_a_failure_says_how_to_start_again_without_any_command(with_app: Stage) -> None:
    with_app.settle()
    (arn,) = with_app.sagemaker.executions
    with_app.sagemaker.end(arn, "Failed", "out of luck")
    event = {"source": "listener", "dataset": "red-chairs", "pipelineExecutionArn": arn, "status": "Failed"}
    with_app.invoke("report_failure", event)
    ((act, screen),) = links(with_app)
    assert (act.rights, screen) == (ALL, "/red-chairs")
    assert "start_run" not in with_app.mails[-1]["Message"]
    assert "last link of this email" in with_app.mails[-1]["Message"]


def test_who_is_told_of_bad_settings_can_go_there(with_app: Stage) -> None:
    with_app.put("uploads/red-chairs/settings.yaml", b"preset: none")
    with_app.settle()
    ((act, screen),) = links(with_app)
    assert (act.rights, act.link, screen) == (ALL, mailed_link_id("red-chairs", "act"), "/red-chairs")


def test_without_a_web_app_the_link_goes_to_s3_and_there_is_somebody_to_ask(stage: Stage) -> None:
    stage.settle()
    assert "Your admin can cancel this run" in stage.mails[-1]["Message"]
    succeed(stage)
    assert "X-Amz-Signature=" in stage.mails[-1]["Message"]
    assert not any("/#t=" in mail["Message"] for mail in stage.mails)


def test_links_for_different_purposes_and_runs_are_different_links() -> None:
    ids = {mailed_link_id(about, purpose) for about in ("a", "b", "a|look") for purpose in ("look", "act")}
    assert len(ids) == 6
    assert all(re.fullmatch("[0-9a-f]{20}", one) for one in ids)
