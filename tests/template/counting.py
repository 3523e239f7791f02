"""What the functions count, read from their code: which metric can come from which function."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from contract.statuses import TERMINAL
from tests.template.stack import ROOT

LAYER = ROOT / "layers" / "workshop" / "workshop"
ASSEMBLY = LAYER / "handlers" / "assembly.py"


@cache
def counted() -> frozenset[tuple[str, str]]:
    """Every (metric, folder of a function) such that the function's code, with what it imports, counts the metric."""
    pairs = set()
    for app in (ROOT / "functions").glob("*/app.py"):
        modules = {app, *_reachable(_asked_of_assembly(app) | _imported(app) - {ASSEMBLY})}
        pairs |= {(metric, app.parent.name) for module in modules for metric in _counts(module)}
    return frozenset(pairs)


def _counts(module: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "count":
            found |= _names(node.args[0])
    return found


def _names(argument: ast.expr) -> set[str]:
    """The values that the name of a metric can have: a literal, or one with a run's last status in it."""
    match argument:
        case ast.Constant(value=str(name)):
            return {name}
        case ast.JoinedStr(values=[ast.Constant(value=str(start)), ast.FormattedValue(value=ast.Name(id="status"))]):
            return {f"{start}{status}" for status in TERMINAL}
    raise AssertionError(f"cannot tell what is counted here: {ast.unparse(argument)}")


def _asked_of_assembly(app: Path) -> set[Path]:
    """The modules of the classes that the function gets from `assembly`, which itself imports everything."""
    assembly = ast.parse(ASSEMBLY.read_text())
    origin = {name: file for _, name, file in _origins(assembly)}
    made = {
        node.name: origin[node.returns.id]
        for node in assembly.body
        if isinstance(node, ast.FunctionDef) and isinstance(node.returns, ast.Name)
    }
    return {
        made[node.attr]
        for node in ast.walk(ast.parse(app.read_text()))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "assembly"
    }


def _imported(module: Path) -> set[Path]:
    return {file for _, _, file in _origins(ast.parse(module.read_text()))}


def _origins(tree: ast.Module) -> Iterator[tuple[str, str, Path]]:
    """Module, name and file of each of our own names that a module imports; a folder's face is looked through."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "workshop":
            for alias in node.names:
                yield node.module, alias.name, _file_of(node.module, alias.name)


def _file_of(module: str, name: str) -> Path:
    place = LAYER.joinpath(*module.split(".")[1:])
    if not place.is_dir():
        return place.with_suffix(".py")
    if (file := place / f"{name}.py").is_file():
        return file
    face = place / "__init__.py"
    behind = {found: file for source, found, file in _origins(ast.parse(face.read_text())) if source != module}
    return behind.get(name, face)


def _reachable(modules: set[Path]) -> set[Path]:
    seen: set[Path] = set()
    while modules:
        seen |= modules
        modules = {imported for module in modules for imported in _imported(module)} - seen
    return seen
