"""How far a training has come, what there is to see of it, and when it will end."""

import json
import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any

from contract.documents import as_amount, as_count, as_text, parse_json, reading
from contract.run_results import TrainingOutcome
from contract.training_progress.history import Point, as_columns, from_columns

MAX_BYTES = 64 << 10
"""More than any has (contract.capacity.artefacts.progress_bytes)."""
MOST_SHEETS = 14
_LARGEST_SIDE = 1 << 14  # pixels
_LONGEST_SECONDS = 1e9
_KEY = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,99}(?:/[0-9A-Za-z][0-9A-Za-z._-]{0,99}){0,3}")


class TrainingPhase(StrEnum):
    """What a training does: it has not learned anything yet in this job, it learns, or it saves what it has learned."""

    STARTING = "starting"
    TRAINING = "training"
    SAVING = "saving"


class EndsBy(StrEnum):
    """What will end a training: its length is reached, or its time is up."""

    LENGTH = "length"
    TIME = "time"


class Verdict(StrEnum):
    """What a training says of itself: nothing (in an earlier release), that it has too few scores yet, that it comes
    nearer to the images, that nothing better has come for long, or that it has lost what it had learned."""

    UNKNOWN = "unknown"
    TOO_EARLY = "too_early"
    IMPROVING = "improving"
    STANDING_STILL = "standing_still"
    COLLAPSED = "collapsed"


@dataclass(frozen=True)
class Sheet:
    """A sheet of samples, drawn at `kimg`. `key` is relative to the document's own folder. Other sheets take its name
    later on, when this one is no longer kept."""

    key: str
    kimg: float

    @classmethod
    def from_dict(cls, value: Any) -> "Sheet":
        """Raises KeyError, TypeError or ValueError."""
        key = as_text(value["key"])
        if not _KEY.fullmatch(key):
            raise ValueError("the key of a sheet leads elsewhere")
        return cls(key, as_amount(value["kimg"]))


@dataclass(frozen=True)
class SheetGrid:
    """How to cut all sheets of a training: row by row, the same latents in the same place. `width` and `height` are of
    one picture, in pixels."""

    columns: int
    rows: int
    width: int
    height: int

    @classmethod
    def from_dict(cls, value: Any) -> "SheetGrid":
        """Raises KeyError, TypeError or ValueError."""
        grid = cls(*(as_count(value[name]) for name in ("columns", "rows", "width", "height")))
        if not (0 < grid.columns * grid.width <= _LARGEST_SIDE and 0 < grid.rows * grid.height <= _LARGEST_SIDE):
            raise ValueError("no sheet is as large as that")
        return grid


@dataclass(frozen=True)
class TrainingProgress:
    """A training that is under way.

    `seconds_left` is how long it will go on from `written` (aware), saving not counted, and `ends_by` why it ends then;
    None: nobody can say yet. `sheets` are those that are kept, the oldest first; all are cut like `grid`.
    """

    phase: TrainingPhase
    outcome: TrainingOutcome
    written: datetime
    seconds_left: float | None = None
    ends_by: EndsBy | None = None
    verdict: Verdict = Verdict.UNKNOWN
    snapshots_without_progress: int = 0
    sheets: tuple[Sheet, ...] = ()
    grid: SheetGrid | None = None
    history: tuple[Point, ...] = ()

    @property
    def ends(self) -> datetime | None:
        """When it will end, saving not counted; None if nobody can say yet."""
        return None if self.seconds_left is None else self.written + timedelta(seconds=self.seconds_left)

    @property
    def has_learned(self) -> bool:
        """Whether there is anything to make pictures of."""
        return self.outcome.kimg > 0

    def to_json(self) -> str:
        content = {
            "phase": self.phase,
            **asdict(self.outcome),
            "seconds_left": self.seconds_left,
            "ends_by": self.ends_by,
            "verdict": self.verdict,
            "snapshots_without_progress": self.snapshots_without_progress,
            "written": self.written.isoformat(timespec="seconds"),
            "sheets": [asdict(sheet) for sheet in self.sheets],
            "grid": None if self.grid is None else asdict(self.grid),
            "history": as_columns(self.history),
        }
        return json.dumps(content) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes) -> "TrainingProgress":
        """Raises DocumentError with what is wrong. Earlier releases told less."""
        with reading():
            value = parse_json(text)
            outcome = TrainingOutcome.from_dict(value)
            left, ends_by, grid, history = (value.get(key) for key in ("seconds_left", "ends_by", "grid", "history"))
            return cls(
                phase=TrainingPhase(value.get("phase", TrainingPhase.TRAINING)),
                outcome=outcome,
                written=_moment(value["written"]),
                seconds_left=None if left is None else _duration(left),
                ends_by=None if ends_by is None else EndsBy(ends_by),
                verdict=Verdict(value.get("verdict", Verdict.UNKNOWN)),
                snapshots_without_progress=as_count(value.get("snapshots_without_progress", 0)),
                sheets=_sheets(value.get("sheets", [])),
                grid=None if grid is None else SheetGrid.from_dict(grid),
                history=() if history is None else from_columns(history),
            )


def _moment(value: Any) -> datetime:
    moment = datetime.fromisoformat(as_text(value))
    if moment.tzinfo is None:
        raise ValueError("a moment needs its offset from UTC")
    return moment.astimezone(UTC)


def _duration(value: Any) -> float:
    return min(as_amount(value), _LONGEST_SECONDS)


def _sheets(value: Any) -> tuple[Sheet, ...]:
    if not isinstance(value, list) or len(value) > MOST_SHEETS:
        raise TypeError(f"a list of at most {MOST_SHEETS} sheets was expected")
    sheets = tuple(map(Sheet.from_dict, value))
    if any(later.kimg <= earlier.kimg for earlier, later in pairwise(sheets)):
        raise ValueError("sheets are not in the order of time")
    return sheets
