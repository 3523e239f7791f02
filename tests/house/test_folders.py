"""Folders with a face: few files each, one way between them, and a face that says what is inside."""

import ast
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MOST_MODULES = 12

# package -> where it lies
PACKAGES = {
    "workshop": ROOT / "layers" / "workshop" / "workshop",
    "stylegan2": ROOT / "stylegan2-ada-pytorch" / "stylegan2",
}
FLAT = {"contract": ROOT / "layers" / "workshop" / "contract"}


def folders(package: str) -> list[Path]:
    """The package's own folder and all below it that hold modules."""
    root = (PACKAGES | FLAT)[package]
    return [root, *sorted({file.parent for file in root.rglob("*.py")} - {root})]


def modules(folder: Path) -> list[str]:
    return sorted(file.stem for file in folder.glob("*.py") if file.stem != "__init__")


def imported(file: Path, package: str) -> Iterator[str]:
    """Modules of the package that a file imports, also within its functions, as `folder.module` or `folder`."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name.removeprefix(f"{package}.") for name in names if name.startswith(f"{package}."))


def order(arrows: dict[str, set[str]]) -> list[str]:
    """One in which nobody comes before what it needs."""
    return list(TopologicalSorter(arrows).static_order())


@pytest.mark.parametrize("package", [*PACKAGES, *FLAT])
def test_a_folder_holds_at_most_a_dozen_modules(package: str) -> None:
    crowded = {
        str(f.relative_to(ROOT)): len(found) for f in folders(package) if len(found := modules(f)) > MOST_MODULES
    }
    assert not crowded


@pytest.mark.parametrize("package", PACKAGES)
def test_between_folders_the_imports_run_one_way(package: str) -> None:
    arrows: dict[str, set[str]] = {}
    for folder in folders(package)[1:]:
        name = folder.relative_to(PACKAGES[package]).parts[0]
        seen = {target.split(".")[0] for file in folder.glob("*.py") for target in imported(file, package)}
        arrows[name] = arrows.get(name, set()) | seen - {name}
    assert arrows
    assert arrows.keys() <= set(order(arrows))  # CycleError names a circle


@pytest.mark.parametrize("package", PACKAGES)
def test_between_modules_too(package: str) -> None:
    arrows = {}
    for folder in folders(package)[1:]:
        for file in folder.glob("*.py"):
            name = ".".join(file.relative_to(PACKAGES[package]).with_suffix("").parts)
            seen = {".".join(target.split(".")[:2]) for target in imported(file, package)}
            arrows[name] = {
                target for target in seen if (PACKAGES[package] / f"{target.replace('.', '/')}.py").is_file()
            }
    order(arrows)


def test_a_circle_would_be_found() -> None:
    with pytest.raises(CycleError):
        order({"model": {"training"}, "training": {"data"}, "data": {"model"}})


@pytest.mark.parametrize(("package", "folder"), [(p, f.name) for p in PACKAGES for f in folders(p)[1:]])
def test_a_face_says_what_the_folder_is_for_names_every_module_and_exports(package: str, folder: str) -> None:
    place = PACKAGES[package] / folder
    face = ast.parse((place / "__init__.py").read_text(encoding="utf-8"))
    text = ast.get_docstring(face) or ""
    words = set(re.findall(r"\w+", text))
    assert [name for name in modules(place) if name not in words] == []
    assert any(isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__" for node in face.body)
