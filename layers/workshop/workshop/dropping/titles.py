"""What people call a dataset, and the name in paths and addresses that is made of it."""

import hashlib
import re
import unicodedata
from collections.abc import Iterator

from workshop.platform.refusals import Unusable

MAX_CHARS = 200
# A dataset's name has 63 characters at most (contract.names); the rest is for a number.
_MAX_SLUG_CHARS = 58
# Unicode's Bidi_Control (https://www.unicode.org/reports/tr9/): they reorder what a page or mail has after them.
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_BREAKING = frozenset({"Cc", "Cs", "Zl", "Zp"})
_SEEN = ("L", "N", "P", "S")


def check_title(text: str) -> str:
    """The title as it is kept: in Unicode's NFC, without spaces around it. Raises Unusable for one that is too long,
    that nobody can see, or that has control characters in it."""
    title = unicodedata.normalize("NFC", text).strip()
    categories = [unicodedata.category(character) for character in title]
    if _TURNING & set(title) or _BREAKING & set(categories):
        raise Unusable("title_controls")
    if not any(category.startswith(_SEEN) for category in categories):
        raise Unusable("title_empty")
    if len(title) > MAX_CHARS:
        raise Unusable("title_too_long", limit=str(MAX_CHARS))
    return title


def slug_of(title: str) -> str:
    """A dataset's name for a title: its letters and digits as far as ASCII has them, or else a digest."""
    plain = unicodedata.normalize("NFKD", title.casefold()).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:_MAX_SLUG_CHARS].rstrip("-")
    return slug or f"set-{hashlib.sha256(title.encode()).hexdigest()[:8]}"


def names_for(title: str, most: int) -> Iterator[str]:
    """The names to try, the first that is free: red-chairs, red-chairs-2, red-chairs-3 ..."""
    slug = slug_of(title)
    yield slug
    yield from (f"{slug}-{number}" for number in range(2, most + 1))
