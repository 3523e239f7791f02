"""A notice as one message: the plain text as it is, the same as HTML, and the pictures that the HTML shows."""

from collections.abc import Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from workshop.mailing.html_mail import html_of
from workshop.mailing.letters import Letter
from workshop.mailing.small_pictures import SmallPicture

SENDER_NAME = "Workshop"
# SES takes lines of up to 1,000 bytes, and no mail server on the way need take more than seven bits of each.
_POLICY = SMTP.clone(cte_type="7bit")


def message_of(letter: Letter, pictures: Sequence[SmallPicture], sender: str, reader: str) -> bytes:
    """The whole message, with its headers. Raises ValueError for what is no mail address."""
    message = EmailMessage(policy=_POLICY)
    message["Subject"] = letter.subject
    message["From"] = Address(SENDER_NAME, addr_spec=sender)
    message["To"] = Address(addr_spec=reader)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence is answered to it
    message.set_content(letter.body)
    ids = [f"picture-{number}@workshop" for number in range(1, len(pictures) + 1)]
    message.add_alternative(html_of(letter, ids), subtype="html")
    message["Content-Language"] = letter.language  # not before: what begins so would become the first part's
    page = message.get_payload()[1]  # type: ignore[index]
    for content_id, picture in zip(ids, pictures, strict=True):
        page.add_related(  # type: ignore[union-attr]
            picture.content,
            "image",
            picture.subtype,
            cid=f"<{content_id}>",
            disposition="inline",
            filename=f"{content_id.partition('@')[0]}.{picture.subtype}",
        )
    return message.as_bytes()
