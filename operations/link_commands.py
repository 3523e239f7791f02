"""The commands about links: to let somebody into the web app, to see and to end what was handed out."""

import click

from contract.names import check_dataset
from operations import text
from operations.errors import UsageError
from operations.inviting import LONGEST_DAYS, MadeLink, invite, link_to_results, links_of, parse_rights, revoke
from operations.runs import find_execution
from operations.stack_option import of_workshop
from operations.text import from_ms
from operations.workshop_stack import Workshop
from workshop.admission.grants import ALL_DATASETS, Right
from workshop.admission.links import SharedLink

_days = click.option(
    "--days", type=click.IntRange(1, LONGEST_DAYS), default=90, show_default=True, help="For how long it works."
)


@click.command(name="invite")
@click.argument("dataset", required=False)
@click.argument("address", required=False)
@click.option("--all", "everything", is_flag=True, help="To every dataset, those to come included.")
@click.option("--rights", default="drop,watch,take", show_default=True, help="What it allows, with commas between.")
@_days
@of_workshop
def invite_somebody(
    workshop: Workshop, dataset: str | None, address: str | None, everything: bool, rights: str, days: int
) -> None:
    """Make a link that lets somebody into the web app of DATASET.

    drop: add images, choose settings, start and end runs; watch: see how runs go; take: see and keep pictures. Whoever
    has the link has its rights. ADDRESS is noted beside it, to know later for whom it was; nothing is sent to it.
    """
    if everything and address is None:
        dataset, address = None, dataset
    made = invite(workshop, _one_of(dataset, everything), parse_rights(rights), days, address or "")
    _show(made)
    if address:
        click.echo("Nothing was sent: hand it to them yourself.")


@click.command(name="link")
@click.argument("run")
@_days
@of_workshop
def link_run(workshop: Workshop, run: str, days: int) -> None:
    """Make a new link to the results of RUN, an id or an ARN."""
    _show(link_to_results(workshop, find_execution(workshop, run), days))


@click.command(name="links")
@click.argument("dataset", required=False)
@click.option("--all", "everything", is_flag=True, help="Those to every dataset.")
@of_workshop
def list_links(workshop: Workshop, dataset: str | None, everything: bool) -> None:
    """List the links to DATASET that were made by hand, in the app or here, and those that were revoked.

    Those of mails are not listed; `revoke` ends them, too.
    """
    found = links_of(workshop, _one_of(dataset, everything))
    if not found:
        click.echo("There is no such link.")
        return
    click.echo(text.table(("LINK", "RIGHTS", "MADE", "WORKS UNTIL", "MADE BY"), map(_row, found)))


@click.command(name="revoke")
@click.argument("dataset")
@click.argument("link")
@of_workshop
def revoke_link(workshop: Workshop, dataset: str, link: str) -> None:
    """End LINK to DATASET (or to '*', all of them), given by its id or as a whole, and what it has opened."""
    revoked = revoke(workshop, dataset if dataset == ALL_DATASETS else check_dataset(dataset), link)
    click.echo(f"The link {revoked} opens nothing any more.")


LINK_COMMANDS = (invite_somebody, link_run, list_links, revoke_link)


def _one_of(dataset: str | None, everything: bool) -> str:
    if (dataset is not None) == everything:
        raise UsageError("Name one dataset, or give --all.")
    return ALL_DATASETS if dataset is None else check_dataset(dataset)


def _show(made: MadeLink) -> None:
    click.echo(made.url)
    named = f" (its id is {made.id})" if made.id else ""
    click.echo(f"It works until {text.moment(from_ms(made.expires * 1000))}{named}.")


def _row(link: SharedLink) -> tuple[str, ...]:
    rights = ", ".join(right for right in Right if right in link.rights)
    until = "revoked" if link.is_revoked else text.moment(from_ms(link.expires * 1000))
    made = text.moment(from_ms(link.made * 1000)) if link.made else ""
    return link.id, rights, made, until, _made_by(link)


def _made_by(link: SharedLink) -> str:
    return f"by means of {link.parent}" if link.parent else f"operator, {link.note}".rstrip(", ")
