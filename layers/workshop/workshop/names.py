"""The grammar of names: datasets, files inside a dataset, executions.

Every name here was chosen by somebody else and ends up in paths, parameters and mails, so everything is refused that
is not plainly allowed. Keys are EventBridge keys and listed keys: raw text, never URL-encoded.
"""

import re
from dataclasses import dataclass

from workshop.errors import RefusedName
from workshop.file_kinds import FileKind, kind_of

UPLOADS = "uploads/"
INFERENCE = "inference/"

_DATASET = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")
_EXECUTION_ARN = re.compile(
    r"arn:aws[a-z-]*:sagemaker:(?P<region>[a-z0-9-]+):[0-9]{12}:"
    r"pipeline/[a-zA-Z0-9-]{1,256}/execution/(?P<id>[a-zA-Z0-9]{1,64})"
)

# What mail programs make links of, though nobody has written a link: an address with a scheme (one of S3 is none), a
# share, a mail address, and words with a dot between them of which the second may end a host's name. The dots are those
# that IDNA takes for dots, and the one that NFKC makes one.
_SCHEME = re.compile(r"(?<!\bs3):(?=//)|(?<=\bmailto):|(?<=\btel):|(?<=\bsms):|(?<=\bfile):", re.IGNORECASE)
_SHARE = re.compile(r"\\(?=\\)")
_AT = re.compile(r"(?<=\S)[@\uff20](?=\S)")
_DOT = re.compile(
    r"(?<=www)\.(?=\S)|(?<=[^\s.])[.\u2024\u3002\uff0e\uff61](?=xn--|[^\W\d_](?:[^\W\d_]|[^\x00-\x7f]))", re.IGNORECASE
)
# The last words of a file's or of a machine's name that no host's name ends with.
_HARMLESS = (
    r"(png|jpe?g|jfif|heic|heif|avif|webp|bmp|tiff?|gif|svg|psd|json|ya?ml|txt|rtf|toml|ini|pdf|csv|docx?|xlsx?|pptx?|html"
    r"|mp[34]|npz|gz|x?large)"
)
_NO_HOST = re.compile(rf"{_HARMLESS}(\.{_HARMLESS})*(?![\w/-]|[.:]\w)", re.IGNORECASE)


# Of a file's or a folder's name in a sentence of a mail.
MAX_SHOWN_CHARS = 80


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
    if isinstance(text, str) and _DATASET.fullmatch(text):
        return text
    raise RefusedName(
        f"{printable(text, 80)!r} is no dataset name: use 1 to 63 lower-case letters, digits and inner hyphens."
    )


def check_fingerprint(text: object) -> str:
    """`text` if it is a SHA-256 in lower-case hex, else RefusedName."""
    if isinstance(text, str) and _FINGERPRINT.fullmatch(text):
        return text
    raise RefusedName(f"{printable(text, 80)!r} is no fingerprint: 64 hex digits are expected.")


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


def printable(value: object, limit: int) -> str:
    """`value` as one line of printable text of at most `limit` characters, for messages and mails."""
    text = value if isinstance(value, str) else f"({type(value).__name__})"
    line = "".join(c if c.isprintable() else "?" for c in text[: limit + 1])
    return line if len(line) <= limit else line[: limit - 3] + "..."


def quoted(text: str, limit: int) -> str:
    """What somebody else has written, for a mail: one line, and no link."""
    return unlinked(printable(text, limit))


def unlinked(text: str) -> str:
    """`text` that somebody else has chosen, for an official mail: whatever a mail program would make a link of is
    written so that it stays text (`http[:]//example[.]com`), and can still be read.
    """
    text = _AT.sub("(at)", _SHARE.sub(r"[\\]", _SCHEME.sub("[:]", text)))
    return _DOT.sub(lambda dot: dot[0] if _NO_HOST.match(text, dot.end()) and not _is_www(dot) else f"[{dot[0]}]", text)


def _is_www(dot: re.Match[str]) -> bool:
    return dot.string[: dot.start()].lower().endswith("www")
