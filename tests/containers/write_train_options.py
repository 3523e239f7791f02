"""Writes contract/train_options/table.json from the trainer's own table of options, see contract.train_options:
`PYTHONPATH=layers/workshop:stylegan2-ada-pytorch:. python -m tests.containers.write_train_options`
"""

import json
import math
from pathlib import Path
from typing import Any

from containers.train.hyperparameters import JOBS_OWN
from stylegan2.options.row import YES_OR_NO, Numbers, OneOf, Row, rows_of
from stylegan2.options.training import TrainingChoices

TABLE = Path(__file__).resolve().parents[2] / "layers/workshop/contract/train_options/table.json"


def table() -> str:
    """The text of table.json."""
    rows = {row.name: as_json(row) for field, row in rows_of(TrainingChoices).items() if field not in JOBS_OWN}
    lines = [f"  {json.dumps(name)}: {json.dumps(row)}" for name, row in rows.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def as_json(row: Row) -> dict[str, Any]:
    found: dict[str, Any] = {}
    match row.takes:
        case Numbers(whole, low, high, open_low, word):
            found = {"takes": "whole" if whole else "number", "low": low}
            found |= {"high": high} if high < math.inf else {}
            found |= {"above_low": True} if open_low else {}
            found |= {"words": [word]} if word else {}
        case OneOf(allowed):
            found = {"takes": "word", "words": list(allowed)}
        case taken if taken is YES_OR_NO:
            found = {"takes": "truth"}
        case _:
            raise TypeError(f"{row.flags} takes something that JSON has no value for: {row.takes}")
    if row.default is not None:
        found["default"] = row.default
    if row.only_with is not None:
        found["only_with"] = [row.only_with.option, row.only_with.word]
        found |= {"needed": True} if row.only_with.needed else {}
    return found


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="utf-8")
