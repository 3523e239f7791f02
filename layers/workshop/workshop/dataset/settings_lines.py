"""The lines of settings.yaml: `key: value`, comments, and no more of YAML than that.

    # a comment                         and empty lines
    ---                                 as the first line, or not at all
    preset: sketch                      a plain value
    language: 'de'      # a comment     a quoted one is the same, but never a number or a truth

Whatever is taken here means the same to every YAML parser (but for 3:2, which YAML 1.1 took for 182, counting by
sixties). What YAML has besides (lists, nesting, anchors, tags, merge keys, several documents ...) is refused with its
line: no setting needs it, 500 bytes of it keep a general parser busy for hours, and its numbers surprise people (12:00
is 720, 010 is 8). Reading takes time in proportion to the bytes.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

# YAML's line breaks; the others that Unicode has are refused with what cannot be seen.
_LINE_BREAK = re.compile(r"\r\n|\n|\r")
_UNSEEN = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff\ud800-\udfff]")
# What looks like a space or like nothing. In a comment it does no harm.
_INVISIBLE = re.compile(
    r"[\u00a0\u00ad\u034f\u061c\u115f\u1160\u1680\u180e\u2000-\u200f\u202a-\u202f\u205f-\u206f\u3000\ufeff]"
)
_BLANK = re.compile(r"[ \t]*(#.*)?")
_FIRST_DOCUMENT = re.compile(r"---[ \t]*([ \t]#.*)?")
_OTHER_DOCUMENT = re.compile(r"(---|\.\.\.)([ \t].*)?|%.*")
_SETTING = re.compile(r"(?P<key>[^\s:][^:]*):(?:[ \t]+(?P<rest>.*)|)")
# Signs with which no plain value, and no key, may begin in YAML.
_SIGNS = frozenset("&*!|>[]{}%@`,#")
_QUOTED = re.compile(r"""(?:'(?P<single>(?:[^']|'')*)'|"(?P<double>[^"\\]*)")(?:[ \t]+#.*|[ \t]*)""")
_COMMENT = re.compile(r"(?:^|(?<=[ \t]))#")
# In a plain value, these would begin or be a further key.
_LOOKS_LIKE_STRUCTURE = re.compile(r"[-?:](?:[ \t].*)?|.*:(?:[ \t].*)?")


class Trouble(StrEnum):
    """Why a line cannot be read."""

    UNSEEN = "unseen"  # a character that no editor shows
    INDENTED = "indented"
    DOCUMENT = "document"  # a second document, or a directive
    FORM = "form"  # no `key: value`
    SIGN = "sign"  # the value begins with a sign that stands for something else in YAML
    QUOTES = "quotes"  # not closed, or with a backslash in them


@dataclass(frozen=True)
class Setting:
    """One `key: value`. `text` is None where nothing stands after the colon."""

    line: int
    key: str
    text: str | None
    is_quoted: bool = False


@dataclass(frozen=True)
class BadLine:
    """A line that cannot be read; `sign` is the offending one of Trouble.SIGN."""

    line: int
    trouble: Trouble
    sign: str = ""


def read_lines(text: str) -> Iterator[Setting | BadLine]:
    """Every line that says something, in order, counted from 1."""
    if text.strip() == "{}":  # what programs write for no settings at all
        return
    is_first = True
    for number, line in enumerate(_LINE_BREAK.split(text), start=1):
        if _UNSEEN.search(line) or _INVISIBLE.search(_COMMENT.split(line, maxsplit=1)[0]):
            yield BadLine(number, Trouble.UNSEEN)
        elif _BLANK.fullmatch(line) or (is_first and _FIRST_DOCUMENT.fullmatch(line)):
            is_first = is_first and not line.startswith("---")
            continue
        else:
            yield _read_line(number, line)
        is_first = False


def _read_line(number: int, line: str) -> Setting | BadLine:
    if line[0] in " \t":
        return BadLine(number, Trouble.INDENTED)
    if _OTHER_DOCUMENT.fullmatch(line):
        return BadLine(number, Trouble.DOCUMENT)
    found = _SETTING.fullmatch(line)
    if found is None or line[0] in _SIGNS | {"'", '"'} or line.startswith(("- ", "-\t", "? ", "?\t")):
        return BadLine(number, Trouble.FORM)
    key = found["key"].rstrip(" \t")
    if _without_comment(key) != key:
        return BadLine(number, Trouble.FORM)
    return _read_value(number, key, (found["rest"] or "").strip(" \t"))


def _read_value(number: int, key: str, rest: str) -> Setting | BadLine:
    if rest[:1] in ("'", '"'):
        quoted = _QUOTED.fullmatch(rest)
        if quoted is None:
            return BadLine(number, Trouble.QUOTES)
        single, double = quoted["single"], quoted["double"]
        return Setting(number, key, double if single is None else single.replace("''", "'"), is_quoted=True)
    text = _without_comment(rest)
    if not text:
        return Setting(number, key, None)
    if text[0] in _SIGNS:
        return BadLine(number, Trouble.SIGN, text[0])
    if _LOOKS_LIKE_STRUCTURE.fullmatch(text):
        return BadLine(number, Trouble.FORM)
    return Setting(number, key, text)


def _without_comment(text: str) -> str:
    comment = _COMMENT.search(text)
    return text if comment is None else text[: comment.start()].rstrip(" \t")
