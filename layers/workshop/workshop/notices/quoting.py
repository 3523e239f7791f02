"""How mails repeat what somebody else has written: as one line of text, of which no mail program makes a link."""

import re

from contract.names import printable

# Of a file's or a folder's name in a sentence of a mail.
MAX_SHOWN_CHARS = 80

# What mail programs make links of, though nobody has written a link: an address with a scheme (one of S3 is none), a
# share, a mail address, and words with a dot between them of which the second may end a host's name. The dots are those
# that IDNA takes for dots, and the one that NFKC makes one.
_SCHEME = re.compile(r"(?<!\bs3):(?=//)|(?<=\bmailto):|(?<=\btel):|(?<=\bsms):|(?<=\bfile):", re.IGNORECASE)
_SHARE = re.compile(r"\\(?=\\)")
_AT = re.compile(r"(?<=\S)[@\uff20](?=\S)")
_DOT = re.compile(
    r"(?<=www)\.(?=\S)|(?:(?<=[^\s.])|(?<=www\.))"
    r"[.\u2024\u3002\uff0e\uff61](?=xn--|[^\W\d_](?:[^\W\d_]|[^\x00-\x7f]))",
    re.IGNORECASE,
)
# The last words of a file's or of a machine's name that no host's name ends with.
_HARMLESS = (
    r"(png|jpe?g|jfif|heic|heif|avif|webp|bmp|tiff?|gif|svg|psd|json|ya?ml|txt|rtf|toml|ini|pdf|csv|docx?|xlsx?|pptx?|html"
    r"|mp[34]|npz|gz|x?large)"
)
_NO_HOST = re.compile(rf"{_HARMLESS}(\.{_HARMLESS})*(?![\w/-]|[.:]\w)", re.IGNORECASE)


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
