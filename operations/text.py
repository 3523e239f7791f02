"""Text for a terminal: aligned columns, times, sizes; nothing that a stranger wrote can move the cursor."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from contract.names import printable

LONGEST_LINE = 1000


def one_line(value: object, limit: int = LONGEST_LINE) -> str:
    """`value` as one line of printable text of at most `limit` characters."""
    return printable(" ".join(str(value).split()), limit)


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Aligned columns, two spaces apart: numbers to the right, all else to the left."""
    listed = [*rows]
    cells = [[*headings], *([_cell(value) for value in row] for row in listed)]
    columns = range(len(headings))
    widths = [max(len(line[column]) for line in cells) for column in columns]
    numeric = [bool(listed) and all(isinstance(row[column], int) for row in listed) for column in columns]
    aligned = (
        [line[n].rjust(widths[n]) if numeric[n] else line[n].ljust(widths[n]) for n in columns] for line in cells
    )
    return "\n".join("  ".join(line).rstrip() for line in aligned)


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else one_line(value)


def fields(pairs: Iterable[tuple[str, str]]) -> str:
    """A name and its value in each line; empty values are left out."""
    shown = [(name, value) for name, value in pairs if value]
    width = max((len(name) for name, _ in shown), default=0)
    return "\n".join(f"{name.ljust(width)}  {one_line(value)}" for name, value in shown)


def moment(when: datetime | None) -> str:
    """A moment for people: 2026-11-23 14:05 UTC; "" for None."""
    return when.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC") if when else ""


def from_ms(ms: int) -> datetime:
    """An aware datetime of epoch milliseconds."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def size(count: int) -> str:
    """A size for people: 512 B, 3.4 MB (powers of ten)."""
    if count < 1000:
        return f"{count} B"
    number = float(count)
    for unit in ("kB", "MB", "GB"):
        number /= 1000
        if number < 999.95:
            return f"{number:.1f} {unit}"
    return f"{number / 1000:.1f} TB"


def plural(count: int, one: str, many: str = "") -> str:
    """A count for people: 1 file, 2 files, 1,000 files."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
