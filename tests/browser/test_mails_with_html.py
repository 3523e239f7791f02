"""A workshop with a sender of mails, on the embedded AWS with IAM enforced: what SNS publishes, SES hands over."""

from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage

import pytest

from local_aws.workshop import LocalWorkshop, Options
from operations.subscribing import Subscribed, subscribe
from operations.workshop_stack import Workshop
from tests.e2e.conftest import ROOT
from tests.e2e.drops import png, upload
from tests.e2e.following import mails_of, wait_for
from tests.e2e.mail_server import MailServer

pytestmark = pytest.mark.browser

SENDER, FIRST, ANNA = "workshop@example.com", "artist@example.com", "anna@example.com"


@dataclass(frozen=True)
class Mailing:
    """A workshop that mails by itself, and the server that its mails go to."""

    workshop: LocalWorkshop
    server: MailServer

    def mails(self, dataset: str, number: int) -> list[EmailMessage]:
        """The mails about a dataset, once there are so many."""

        def look() -> list[EmailMessage] | None:
            found = [mail for mail in self.server.mails if dataset in str(mail["Subject"])]
            return found if len(found) >= number else None

        return wait_for(self.workshop, f"{number} mails", look, lambda: [str(m["Subject"]) for m in self.server.mails])


@pytest.fixture(scope="module")
def mailing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailing]:
    options = Options(preset="tiny", quiet_seconds=60, min_images=8, mail_sender=SENDER)
    with MailServer() as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SMTP_HOST", server.address)
        with LocalWorkshop(ROOT, tmp_path_factory.mktemp("mailing"), options) as workshop:
            workshop.endpoint.client("sesv2").create_email_identity(EmailIdentity=SENDER)
            yield Mailing(workshop, server)


def text_of(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n").rstrip("\n")


def test_readers_get_a_notice_once_each_as_text_and_as_html(mailing: Mailing) -> None:
    stack = Workshop(mailing.workshop.endpoint.client, "workshop")
    assert subscribe(stack, "few", ANNA) is Subscribed.ADDED
    upload(mailing.workshop, "few", [("1.png", png(1))])

    mails = mailing.mails("few", 2)

    assert sorted(mail["To"] for mail in mails) == [ANNA, FIRST]
    (notice,) = mails_of(mailing.workshop, "few")
    for mail in mails:
        assert (mail["From"], mail["Subject"]) == (SENDER, notice.subject)
        assert text_of(mail, "plain") == notice.body.rstrip("\n")
        assert "<li" in text_of(mail, "html")


def test_a_run_that_was_asked_for_previews_mails_its_first_samples_and_its_pictures(mailing: Mailing) -> None:
    """Each mail shows pictures: the embedded SES hands over texts alone, so that the HTML tells of them."""
    upload(
        mailing.workshop,
        "shown",
        [("settings.yaml", b"previews: true\nlanguage: de\n"), *((f"{i}.png", png(i)) for i in range(12))],
    )

    mails = {str(mail["Subject"]): text_of(mail, "html") for mail in mailing.mails("shown", 3)}

    notices = {mail.kind: mail for mail in mails_of(mailing.workshop, "shown")}
    assert set(notices) == {"started", "preview", "succeeded"}
    assert [mails[notices[kind].subject].count('src="cid:') for kind in ("started", "preview", "succeeded")] == [
        0,
        1,
        6,
    ]
