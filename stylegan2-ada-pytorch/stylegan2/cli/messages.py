"""Errors as messages: one line, and no traceback."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import click

from stylegan2.base.errors import ModelError

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def errors_as_messages(program: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Decorate a program so that the package's errors, and a full disk, end it with one line and no traceback."""

    @functools.wraps(program)
    def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        try:
            return program(*args, **kwargs)
        except ModelError as error:
            raise click.ClickException(str(error)) from error
        except OSError as error:
            raise click.ClickException(f"{error.filename or 'A file'} cannot be used: {error.strerror}.") from error

    return run
