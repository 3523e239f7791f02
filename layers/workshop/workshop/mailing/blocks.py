"""A notice's text, taken apart as a reader of plain text does it: by empty lines, indents, hyphens and colons.

    You may know this:          a paragraph

    Dataset:    red-chairs      facts: a label and a value each
    Run:        p4jn9xou8a8s

    - First this.               a list
      And this.

      python -m operations ...  lines that stand as they are: commands, places, links

Nothing is left out, whatever stands there: what looks like none of these is a paragraph.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

# A label is short, and no sentence.
_FACT = re.compile(r"(?:(?P<label>[^\s:：][^:：,.]{0,23}):[ ]+|(?P<wide>[^\s:：，。]{1,12})：\s*)(?P<value>\S.*)")
_LINK = re.compile(r"https?://[\x21-\x7e]+")
_ITEM = "- "
_INDENT = "  "


@dataclass(frozen=True)
class Paragraph:
    """Sentences."""

    text: str


@dataclass(frozen=True)
class Facts:
    """Labels, each with its value."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Items:
    """A list; each item is one line or several."""

    items: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Verbatim:
    """Lines that stand as they are."""

    lines: tuple[str, ...]

    @property
    def link(self) -> str:
        """The link, if there is nothing else; else ""."""
        return self.lines[0] if len(self.lines) == 1 and is_link(self.lines[0]) else ""


Block = Paragraph | Facts | Items | Verbatim


def blocks_of(body: str) -> Iterator[Block]:
    """The blocks of a text, in its order."""
    for part in re.split(r"\n[^\S\n]*\n", body):
        lines = [line.rstrip() for line in part.split("\n") if line.strip()]
        if lines:
            yield _block(lines)


def is_link(line: str) -> bool:
    """Whether a line is a link, and nothing else."""
    return _LINK.fullmatch(line) is not None


def _block(lines: list[str]) -> Block:
    if lines[0].startswith(_ITEM) and all(line.startswith((_ITEM, _INDENT)) for line in lines):
        return Items(tuple(_items(lines)))
    if all(line.startswith(_INDENT) for line in lines):
        return Verbatim(tuple(line.strip() for line in lines))
    facts = [_FACT.fullmatch(line) for line in lines]
    rows = tuple((fact["label"] or fact["wide"], fact["value"]) for fact in facts if fact is not None)
    if len(rows) == len(lines) > 1:
        return Facts(rows)
    return Paragraph(_joined(lines))


def _items(lines: list[str]) -> Iterator[tuple[str, ...]]:
    item: list[str] = []
    for line in lines:
        if line.startswith(_ITEM) and item:
            yield tuple(item)
            item = []
        item.append(line[len(_INDENT) :].strip())
    yield tuple(item)


def _joined(lines: list[str]) -> str:
    """Lines as one: between two signs that are written without spaces, there is none."""
    text = lines[0].strip()
    for line in (line.strip() for line in lines[1:]):
        text += ("" if _is_wide(text[-1]) and _is_wide(line[0]) else " ") + line
    return text


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"
