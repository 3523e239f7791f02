"""The subject of a mail: one line in the reader's language that SNS takes.

"Subjects must be UTF-8 text with no line breaks or control characters, and less than 100 characters long."
https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
"""

import unicodedata
from collections.abc import Iterator

# What a character is to SNS is not said. Nothing has more of UTF-16's units than of any other characters.
MAX_SUBJECT_UNITS = 99

_ELLIPSIS = "…"
_ZERO_WIDTH_JOINER = "\u200d"
_JOINERS = "\u200c\u200d"  # they decide how letters and emoji look, and hide nothing


def fit_subject(text: str) -> str:
    """One line of 1 to 99 characters, cut between those that a reader sees.

    Control characters and everything else that cannot be seen become spaces. So do the controls of direction: none can
    be left open, and turn what a mail program writes after it.
    """
    seen = "".join(c if c.isprintable() or c in _JOINERS else " " for c in unicodedata.normalize("NFC", text))
    line = " ".join(seen.split()) or "Workshop"
    if _units(line) <= MAX_SUBJECT_UNITS:
        return line
    kept, left = "", MAX_SUBJECT_UNITS - _units(_ELLIPSIS)
    for cluster in _clusters(line):
        left -= _units(cluster)
        if left < 0:
            break
        kept += cluster
    return kept.rstrip() + _ELLIPSIS


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _clusters(line: str) -> Iterator[str]:
    """What a reader takes for one character each: a letter with its marks, an emoji with what is joined to it."""
    cluster = ""
    for character in line:
        if cluster and not _belongs(character, cluster):
            yield cluster
            cluster = ""
        cluster += character
    yield cluster


def _belongs(character: str, cluster: str) -> bool:
    """Whether a character goes on with a cluster: by https://unicode.org/reports/tr29/, for what NFC leaves."""
    return (
        unicodedata.category(character).startswith("M")
        or character in _JOINERS
        or "\U0001f3fb" <= character <= "\U0001f3ff"  # colours of skin
        or "\u1160" <= character <= "\u11ff"  # vowels and ends of Korean syllables
        or cluster.endswith(_ZERO_WIDTH_JOINER)
        or (len(cluster) == 1 and _is_half_flag(cluster) and _is_half_flag(character))
    )


def _is_half_flag(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"
