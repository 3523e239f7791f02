"""A class has its name in the whole repository: in a traceback it says which room it is from."""

import ast
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("functions", "layers", "operations", "local_aws", "pipeline_builder", "containers", "stylegan2-ada-pytorch")


def test_class_names_are_unique_in_the_repository() -> None:
    """A leading underscore makes no other name."""
    places = defaultdict(list)
    for room in ROOMS:
        for file in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef):
                    places[node.name.lstrip("_")].append(str(file.relative_to(ROOT)))
    assert "Generator" in places
    assert not {name: files for name, files in places.items() if len(files) > 1}
