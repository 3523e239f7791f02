"""Container images without containers: what the repository's Dockerfiles say about an image's command and environment.

An image URI `workshop-train:local` (or with a registry in front) stands for containers/train/Dockerfile. Of that file
the last stage's ENTRYPOINT, CMD, ENV and WORKDIR are honoured; `/workshop`, where the image holds the repository,
becomes the repository's own path, and `python3` the interpreter that runs this.
"""

import json
import os
import re
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from local_aws.sagemaker.errors import ImageError

IN_IMAGE = "/workshop"
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

_IMAGE_URI = re.compile(r"(?:[^/\s]+/)*workshop-(?P<name>[a-z]+)(?::[\w.-]+)?")
_ROOT = re.compile(rf"(?<![\w./-]){IN_IMAGE}(?=[/:]|$)")
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


@dataclass(frozen=True)
class Image:
    """How a container of an image would be started."""

    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    environment: Mapping[str, str]
    folder: str

    def command_line(self, entrypoint: Sequence[str], arguments: Sequence[str]) -> list[str]:
        """Return the argv; an entry point of the request replaces the image's, and its CMD with it.

        Raises:
            ImageError: neither the request nor the image names a program.
        """
        line = [*(entrypoint or self.entrypoint), *(arguments or (() if entrypoint else self.command))]
        if not line:
            raise ImageError("the image has no ENTRYPOINT, and the request no ContainerEntrypoint")
        if line[0] in {"python", "python3"}:
            line[0] = sys.executable
        return line


def load_image(root: Path, uri: str) -> Image:
    """Read the Dockerfile that an image URI stands for; `root` is the repository.

    Raises:
        ImageError: no such image, or a Dockerfile in a form that cannot be honoured without Docker.
    """
    matched = _IMAGE_URI.fullmatch(uri)
    dockerfile = root / "containers" / matched["name"] / "Dockerfile" if matched else None
    if dockerfile is None or not dockerfile.is_file():
        known = sorted(f"workshop-{path.parent.name}:local" for path in root.glob("containers/*/Dockerfile"))
        raise ImageError(f"no image '{uri}' on this machine; known: {', '.join(known) or 'none'}")
    return _read_dockerfile(dockerfile.read_text(encoding="utf-8"), str(root))


def _read_dockerfile(text: str, root: str) -> Image:
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    environment = {"PATH": DEFAULT_PATH}
    folder = "/"
    for instruction, rest in _instructions(text):
        match instruction:
            case "FROM":
                # Only the last stage becomes the image.
                entrypoint, command, environment, folder = (), (), {"PATH": DEFAULT_PATH}, "/"
            case "ENTRYPOINT":
                entrypoint, command = _exec_form(instruction, rest), ()
            case "CMD":
                command = _exec_form(instruction, rest)
            case "ENV":
                environment |= {name: _expand(value, environment) for name, value in _assignments(rest)}
            case "WORKDIR":
                folder = os.path.join(folder, rest)

    def here(value: str) -> str:
        return _ROOT.sub(lambda _: root, value)

    return Image(
        entrypoint=tuple(map(here, entrypoint)),
        command=tuple(map(here, command)),
        environment={name: here(value) for name, value in environment.items()},
        folder=here(folder),
    )


def _expand(value: str, environment: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda found: environment.get(found[1] or found[2], ""), value)


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    """Yield (INSTRUCTION, rest of the line), comments dropped and continued lines joined."""
    line = ""
    for raw in text.splitlines():
        if raw.lstrip().startswith("#"):
            continue
        line += raw.rstrip()
        if line.endswith("\\"):
            line = line[:-1] + " "
            continue
        if line.strip():
            instruction, _, rest = line.strip().partition(" ")
            yield instruction.upper(), rest.strip()
        line = ""


def _exec_form(instruction: str, rest: str) -> tuple[str, ...]:
    try:
        words = json.loads(rest)
    except ValueError:
        words = None
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        # SageMaker adds the word "train" to the entry point, which a shell form would swallow.
        raise ImageError(f'{instruction} must have the form ["program", "argument"], not: {rest}')
    return tuple(words)


def _assignments(rest: str) -> Iterator[tuple[str, str]]:
    for word in shlex.split(rest):
        name, equals, value = word.partition("=")
        if not equals:
            raise ImageError(f"ENV must have the form NAME=value, not: {rest}")
        yield name, value
