"""The links of mails.

Where there is a web app, mails open it: by a link to pass on, and one to keep to oneself, by which runs are started and
ended. Without one, whoever runs the workshop does that, and the page with the results is opened straight from S3, by a
presigned URL, which dies with the function's session, within hours. What SageMaker's jobs upload bears no useful
Content-Type, so each presigned URL says what S3 is to answer.
"""

from dataclasses import dataclass, replace

from contract import layout
from contract.names import Execution
from workshop.admission.app_links import AppLinks, dataset_screen, pictures_screen, run_screen
from workshop.notices.publishing import Notice
from workshop.platform import clock
from workshop.platform.clients import S3
from workshop.words import Words

# A role's session lasts up to 12 hours, and a link signed with it no longer than that.
PRESIGNED_SECONDS = 12 * 3600


@dataclass(frozen=True)
class Link:
    """A link for a mail. `expires`: epoch seconds until which it works; None: for PRESIGNED_SECONDS at most."""

    url: str
    expires: int | None


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


def presigned_link(s3: S3, bucket: str, dataset: str, execution_id: str) -> Link:
    """A link straight to S3, for an installation without a web app."""
    return Link(presign_report(s3, bucket, dataset, execution_id, PRESIGNED_SECONDS), None)


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
