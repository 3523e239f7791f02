"""The commands that say who gets which mails."""

import click

from operations.stack_option import of_workshop
from operations.subscribing import Subscribed, Unsubscribed, subscribe, unsubscribe
from operations.workshop_stack import Workshop


@click.command(name="subscribe")
@click.argument("dataset")
@click.argument("email")
@of_workshop
def subscribe_person(workshop: Workshop, dataset: str, email: str) -> None:
    """Have the notices on DATASET mailed to EMAIL."""
    told = {
        Subscribed.ASKED: f"AWS asks {email} for confirmation by mail; until then nothing is sent.",
        Subscribed.ADDED: f"{email} is told about {dataset} from now on, too.",
        Subscribed.ALREADY: f"{email} is told about {dataset} already.",
        Subscribed.EVERYTHING: f"{email} is told about every dataset already.",
    }
    click.echo(told[subscribe(workshop, dataset, email)])


@click.command(name="unsubscribe")
@click.argument("dataset")
@click.argument("email")
@of_workshop
def unsubscribe_person(workshop: Workshop, dataset: str, email: str) -> None:
    """Have the notices on DATASET mailed to EMAIL no longer."""
    told = {
        Unsubscribed.REMOVED: f"{email} is not told about {dataset} any more.",
        Unsubscribed.NEVER: f"{email} is not told about {dataset}, or has not confirmed it.",
        Unsubscribed.EVERYTHING: f"{email} is told about every dataset, and so about {dataset}, too.",
    }
    click.echo(told[unsubscribe(workshop, dataset, email)])


READER_COMMANDS = (subscribe_person, unsubscribe_person)
