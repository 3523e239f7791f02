"""Links to a report that outlive the credentials of whoever made them.

A presigned URL dies with the function's session, within hours. A durable link carries a token instead: which report,
until when, and a MAC of that under a key that never leaves KMS. results_link turns it into a fresh presigned URL.

    token = base64url(["<dataset>","<execution id>",<expiry, seconds>]) "." base64url(HMAC-SHA-256)

Either way the page must open in the browser. What SageMaker's jobs upload bears no useful Content-Type, so each
presigned URL says what S3 is to answer.

Where there is a web app, mails open it instead: by a link to pass on, and one to keep to oneself, by which runs are
started and ended. Without one, whoever runs the workshop does that.
"""

import base64
import json
from dataclasses import dataclass, replace

from botocore.exceptions import ClientError

from contract import layout
from contract.errors import RefusedName
from contract.names import Execution, check_dataset
from workshop.admission.app_links import AppLinks, dataset_screen, pictures_screen, run_screen
from workshop.notices.publishing import Notice
from workshop.platform import clock
from workshop.platform.clients import KMS, S3, error_code
from workshop.platform.errors import LinkError
from workshop.words import Words

MAC_ALGORITHM = "HMAC_SHA_256"
DURABLE_SECONDS = 90 * 86_400
# A role's session lasts up to 12 hours, and a link signed with it no longer than that.
PRESIGNED_SECONDS = 12 * 3600
REDIRECT_SECONDS = 300
_MAX_TOKEN_CHARS = 512
_MAC_BYTES = 32


@dataclass(frozen=True)
class Link:
    """A link for a mail. `expires`: epoch seconds until which it works; None: for PRESIGNED_SECONDS at most."""

    url: str
    expires: int | None


class TokenKey:
    """Signs and checks tokens with an HMAC key in KMS."""

    def __init__(self, kms: KMS, key_id: str) -> None:
        self._kms = kms
        self._key_id = key_id

    def make(self, dataset: str, execution_id: str, expires: int) -> str:
        """A token for one report; `expires` in epoch seconds."""
        payload = _payload(dataset, execution_id, expires)
        mac = self._kms.generate_mac(KeyId=self._key_id, MacAlgorithm=MAC_ALGORITHM, Message=payload)["Mac"]
        return f"{_encode(payload)}.{_encode(mac)}"

    def read(self, token: object) -> tuple[str, str]:
        """Dataset and execution id of a valid token.

        Whoever knows the address may send anything: KMS is asked once, and only about what this class could have made.

        Raises:
            LinkError: with a sentence for the person who clicked.
        """
        dataset, execution_id, expires, mac = _parse(token)
        self._verify(_payload(dataset, execution_id, expires), mac)
        if expires * 1000 <= clock.now_ms():
            raise LinkError("This link is too old. The pictures may still be there: ask whoever runs the workshop.")
        return dataset, execution_id

    def _verify(self, payload: bytes, mac: bytes) -> None:
        try:
            self._kms.verify_mac(KeyId=self._key_id, MacAlgorithm=MAC_ALGORITHM, Message=payload, Mac=mac)
        except ClientError as error:
            if error_code(error) == "KMSInvalidMacException":
                raise LinkError("This link is not valid. Please use the whole link from the mail.") from error
            raise


def with_run_links(links: AppLinks | None, notice: Notice, execution: Execution) -> Notice:
    """The notice that a run has begun, with where to see it and where to end it."""
    if links is None:
        return replace(notice, end=notice.say.ask_to_cancel)
    screen, now = run_screen(notice.dataset, execution.id), _now()
    url, expires = links.to_look(notice.dataset, execution.arn, screen, now)
    say = notice.say
    look = say.run_link.format(url=url, date=say.date(expires))
    return replace(notice, end=f"{look}\n\n{_actions(say, links, notice.dataset, execution.arn, screen)}")


def with_actions(links: AppLinks | None, notice: Notice, execution: Execution | None = None) -> Notice:
    """A notice after which its reader may want to do something: about a run, or about a dataset that has none."""
    if links is None:
        return notice
    about = notice.dataset if execution is None else execution.arn
    return replace(notice, end=_actions(notice.say, links, notice.dataset, about, dataset_screen(notice.dataset)))


def pictures_link(links: AppLinks, dataset: str, execution: Execution) -> Link:
    """Where the app shows what a run has made."""
    url, expires = links.to_look(dataset, execution.arn, pictures_screen(dataset, execution.id), _now())
    return Link(url, expires)


def _actions(say: Words, links: AppLinks, dataset: str, about: str, screen: str) -> str:
    url, expires = links.to_act(dataset, about, screen, _now())
    return say.act_link.format(url=url, date=say.date(expires))


def _now() -> int:
    return clock.now_ms() // 1000


def durable_link(key: TokenKey, results_url: str, dataset: str, execution_id: str) -> Link:
    """A link through the results_link function."""
    expires = clock.now_ms() // 1000 + DURABLE_SECONDS
    token = key.make(dataset, execution_id, expires)
    return Link(f"{results_url.rstrip('/')}/?t={token}", expires)


def presigned_link(s3: S3, bucket: str, dataset: str, execution_id: str) -> Link:
    """A link straight to S3, for an installation without results_link."""
    return Link(presign_report(s3, bucket, dataset, execution_id, PRESIGNED_SECONDS), None)


def report_url(s3: S3, bucket: str, dataset: str, execution_id: str) -> str | None:
    """A presigned URL for the one who has just clicked; None if the report is gone."""
    try:
        s3.head_object(Bucket=bucket, Key=_page(dataset, execution_id))
    except ClientError as error:
        # Without the right to list the bucket, S3 says 403 for what does not exist.
        if error_code(error) in {"404", "403", "NoSuchKey"}:
            return None
        raise
    return presign_report(s3, bucket, dataset, execution_id, REDIRECT_SECONDS)


def presign_report(s3: S3, bucket: str, dataset: str, execution_id: str, seconds: int) -> str:
    """A presigned (SigV4) URL under which a browser shows the report's page."""
    params = {
        "Bucket": bucket,
        "Key": _page(dataset, execution_id),
        "ResponseContentType": "text/html; charset=utf-8",
        "ResponseContentDisposition": "inline",
    }
    return s3.generate_presigned_url("get_object", Params=params, ExpiresIn=seconds)


def _page(dataset: str, execution_id: str) -> str:
    return f"{layout.run(dataset, execution_id)}{layout.REPORT}/{layout.REPORT_PAGE}"


def _parse(token: object) -> tuple[str, str, int, bytes]:
    """Dataset, execution id, expiry and MAC of a token in the one form that `make` gives it. Raises LinkError."""
    damaged = LinkError("This link is damaged. Please use the whole link from the mail.")
    if not isinstance(token, str) or len(token) > _MAX_TOKEN_CHARS:
        raise damaged
    try:
        payload, mac = (base64.b64decode(part + "=" * (-len(part) % 4), b"-_", True) for part in token.split("."))
        dataset, execution_id, expires = json.loads(payload)
        check_dataset(dataset)
    except (ValueError, TypeError, RefusedName, RecursionError) as error:
        raise damaged from error
    if not isinstance(execution_id, str) or not execution_id.isalnum() or type(expires) is not int:
        raise damaged
    # Another spelling of the same is no token: base64 and JSON know many for one content.
    if len(mac) != _MAC_BYTES or token != f"{_encode(_payload(dataset, execution_id, expires))}.{_encode(mac)}":
        raise damaged
    return dataset, execution_id, expires, mac


def _payload(dataset: str, execution_id: str, expires: int) -> bytes:
    return json.dumps([dataset, execution_id, expires], separators=(",", ":")).encode()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
