"""The grammar of names: datasets, files inside a dataset, executions, languages.

Every name here was chosen by somebody else and ends up in paths, parameters and mails, so everything is refused that
is not plainly allowed. Keys are EventBridge keys and listed keys: raw text, never URL-encoded.
"""

import re
from dataclasses import dataclass

from contract.errors import RefusedName
from contract.file_kinds import FileKind, kind_of
from contract.layout import UPLOADS

DATASET_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
DATASET_WORDS = "a dataset's name"
FINGERPRINT = re.compile(r"[0-9a-f]{64}")
FINGERPRINT_WORDS = "64 hex digits"
EXECUTION_ID = re.compile(r"[a-zA-Z0-9]{1,64}")
# What people are spoken to in: mails, settings' faults, reasons, the page. Files of words, the pipeline's parameter and
# pages name a language by its tag (BCP 47).
LANGUAGES = ("en", "de", "zh-CN")
FALLBACK_LANGUAGE = "en"  # where nobody has said another
# Any region of English and German; of Chinese, what is written in simplified characters.
_SPELLINGS = {"en": r"en(-[a-z]{2})?", "de": r"de(-[a-z]{2})?", "zh-CN": r"zh(-hans)?(-cn|-sg)?"}
_EXECUTION_ARN = re.compile(
    r"arn:aws[a-z-]*:sagemaker:(?P<region>[a-z0-9-]+):[0-9]{12}:"
    rf"pipeline/[a-zA-Z0-9-]{{1,256}}/execution/(?P<id>{EXECUTION_ID.pattern})"
)


@dataclass(frozen=True)
class UploadKey:
    """`uploads/<dataset>/<name>`, taken apart."""

    dataset: str
    name: str

    @property
    def kind(self) -> FileKind:
        return kind_of(self.name)


@dataclass(frozen=True)
class Execution:
    """A pipeline execution's ARN and the parts of it that are used."""

    arn: str
    region: str
    id: str


def check_dataset(text: object) -> str:
    """`text` if it is a dataset name (1-63 of a-z, 0-9 and inner hyphens), else RefusedName."""
    if isinstance(text, str) and DATASET_NAME.fullmatch(text):
        return text
    raise RefusedName(
        f"{printable(text, 80)!r} is no dataset name: use 1 to 63 lower-case letters, digits and inner hyphens."
    )


def check_fingerprint(text: object) -> str:
    """`text` if it is a SHA-256 in lower-case hex, else RefusedName."""
    if isinstance(text, str) and FINGERPRINT.fullmatch(text):
        return text
    raise RefusedName(f"{printable(text, 80)!r} is no fingerprint: {FINGERPRINT_WORDS} are expected.")


def parse_execution(arn: object) -> Execution:
    """The parts of a pipeline execution's ARN, else RefusedName."""
    match = _EXECUTION_ARN.fullmatch(arn) if isinstance(arn, str) else None
    if match is None:
        raise RefusedName(f"{printable(arn, 200)!r} is not the ARN of a pipeline execution.")
    return Execution(match[0], match["region"], match["id"])


def parse_upload_key(key: str) -> UploadKey:
    """Dataset and file name of an object key, else RefusedName."""
    folder, slash, name = key.removeprefix(UPLOADS).partition("/")
    if not key.startswith(UPLOADS) or not slash:
        raise RefusedName(f"{printable(key, 200)!r} is not in a dataset's folder: uploads/<dataset>/ is expected.")
    return UploadKey(check_dataset(folder), name)


def language_of(text: str) -> str | None:
    """The language that people mean by `zh`, `zh_CN`, `DE` or `en-gb`, as one of LANGUAGES; None if it is none of
    them."""
    plain = text.strip().replace("_", "-").lower()
    return next((tag for tag, spelling in _SPELLINGS.items() if re.fullmatch(spelling, plain)), None)


def printable(value: object, limit: int) -> str:
    """`value` as one line of printable text of at most `limit` characters, for messages and mails."""
    text = value if isinstance(value, str) else f"({type(value).__name__})"
    line = "".join(c if c.isprintable() else "?" for c in text[: limit + 1])
    return line if len(line) <= limit else line[: limit - 3] + "..."
