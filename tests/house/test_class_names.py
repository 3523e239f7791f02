"""A class of the model or of the report has a name of its own: in a traceback it says which room it is from."""

import ast
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("functions", "layers", "operations", "local_aws", "pipeline_builder", "containers", "stylegan2-ada-pytorch")
HELD = ("stylegan2-ada-pytorch/", "containers/infer/")


def test_their_class_names_are_unique_in_the_repository() -> None:
    places = defaultdict(list)
    for room in ROOMS:
        for file in (ROOT / room).rglob("*.py"):
            for node in ast.parse(file.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.ClassDef):
                    places[node.name].append(str(file.relative_to(ROOT)))
    assert "Generator" in places
    shared = {name: files for name, files in places.items() if len(files) > 1}
    assert not {name: files for name, files in shared.items() if any(file.startswith(HELD) for file in files)}
