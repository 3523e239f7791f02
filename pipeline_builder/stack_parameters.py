"""The template's parameters as a deployer gives them: a YAML file, or NAME=VALUE words with a shell's quotes."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import yaml

from pipeline_builder.errors import ParameterError

_NAME = re.compile(r"[A-Za-z0-9]{1,255}")


def read_file(path: Path) -> dict[str, str]:
    """The parameters in a file of `Name: value` lines; a list of values is joined with commas.

    Every value is taken as the text that stands there: 010 is not 8, and yes is not true.

    Raises:
        ParameterError: names the file, and the line where there is one.
    """
    try:
        document = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except OSError as error:
        raise ParameterError(f"{path} cannot be read: {error.strerror}.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ParameterError(f"{path} is not YAML: {' '.join(str(error).split())}") from error
    if document is None:
        return {}
    if not isinstance(document, yaml.MappingNode):
        raise ParameterError(f"{path} must hold lines of the form Name: value.")
    parameters: dict[str, str] = {}
    for key, value in document.value:
        where = f"{path}, line {key.start_mark.line + 1}"
        parts = value.value if isinstance(value, yaml.SequenceNode) else [value]
        if not isinstance(key, yaml.ScalarNode) or not all(isinstance(part, yaml.ScalarNode) for part in parts):
            raise ParameterError(f"{where}: a value must be a text or a list of texts.")
        _add(parameters, key.value, ",".join(part.value for part in parts), where)
    return parameters


def read_words(text: str) -> dict[str, str]:
    """The parameters in NAME=VALUE words; what has spaces in it must stand in quotes, as in a shell.

    Raises:
        ParameterError: names the word.
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise ParameterError(f"PARAMETERS cannot be read ({error}): {text}") from error
    parameters: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise ParameterError(
                f"PARAMETERS: {word!r} is not of the form NAME=VALUE. A value with spaces stands in quotes: "
                "PARAMETERS=\"RerunSchedule='cron(0 4 ? * MON *)'\"; or give a PARAMETERS_FILE."
            )
        _add(parameters, name, value, "PARAMETERS")
    return parameters


def _add(parameters: dict[str, str], name: str, value: str, where: str) -> None:
    if not _NAME.fullmatch(name):
        raise ParameterError(f"{where}: {name!r} is no name of a parameter: letters and digits are.")
    if name in parameters:
        raise ParameterError(f"{where}: the parameter {name} is given twice.")
    parameters[name] = value
