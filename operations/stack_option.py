"""The option --stack, which every command has."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from operations.aws import session_client
from operations.workshop_stack import Workshop


def of_workshop(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command the option --stack, and the workshop that it names as the first argument."""

    @click.option(
        "--stack",
        default="workshop",
        show_default=True,
        envvar="WORKSHOP_STACK",
        show_envvar=True,
        metavar="NAME",
        help="CloudFormation stack of template.yaml.",
    )
    @wraps(command)
    def with_workshop(stack: str, **arguments: Any) -> None:
        command(Workshop(session_client(), stack), **arguments)

    return with_workshop
