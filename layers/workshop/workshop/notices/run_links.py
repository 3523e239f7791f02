"""What a mail ends with where there is a web app: links that open it. What its reader may do with a run is a link of
its own, to be kept to oneself while the other one is passed on. Without a web app, whoever runs the workshop acts."""

from dataclasses import replace

from contract.names import Execution
from workshop.admission.app_links import AppLinks, dataset_screen, pictures_screen, run_screen
from workshop.notices.publishing import Notice
from workshop.notices.results_link import Link
from workshop.platform import clock
from workshop.words import Words


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
