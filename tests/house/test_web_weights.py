"""What the web app's pages weigh, and that they ask nobody else for anything: read in the files that are committed."""

import gzip
import re
from pathlib import Path

STATIC = Path(__file__).resolve().parents[2] / "functions" / "web_api" / "static"
ASSETS = STATIC / "assets"
SCRIPT_BYTES, STYLE_BYTES = 60_000, 12_000  # compressed
IMPORT = re.compile(r"""(?:\bfrom|\bimport)["'`]\./([\w-]+\.js)["'`]""")
LANGUAGES = ("en", "de", "zh-CN")
# Names of formats, which nobody loads.
NAMESPACES = {"http://www.w3.org/1999/xhtml", "http://www.w3.org/2000/svg", "http://www.w3.org/1998/Math/MathML"}


def built(name: str) -> Path:
    """The one file of that name, whatever its hash."""
    (file,) = [path for path in ASSETS.iterdir() if re.fullmatch(rf"{name}-[\w-]{{8}}\.\w+", path.name)]
    return file


def with_imports(file: Path) -> set[Path]:
    """A module, and all that has to be there before it runs."""
    found, waiting = set(), [file]
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            waiting += [ASSETS / name for name in IMPORT.findall(module.read_text())]
    return found


def compressed(files: set[Path]) -> int:
    return sum(len(gzip.compress(file.read_bytes(), 9, mtime=0)) for file in files)


def test_the_drop_page_is_light_in_every_language() -> None:
    page = (STATIC / "index.html").read_text()
    (entry,) = re.findall(r'<script [^>]*src="\./assets/([^"]+)"', page)
    (style,) = re.findall(r'<link rel="stylesheet" [^>]*href="\./assets/([^"]+)"', page)
    modules = with_imports(ASSETS / entry) | with_imports(built("drop")) | {built("worker")}
    assert {built("session"), built("screen")} <= modules, "what they import is found"
    for language in LANGUAGES:
        assert compressed(modules | with_imports(built(language))) <= SCRIPT_BYTES, language
    assert compressed({ASSETS / style}) <= STYLE_BYTES


def test_the_element_for_other_pages_is_light() -> None:
    assert compressed({STATIC / "workshop-drop.js"}) <= SCRIPT_BYTES


def test_no_file_has_anybody_elses_address() -> None:
    files = [file for file in STATIC.rglob("*") if file.is_file()]
    assert len(files) > len(LANGUAGES)
    addresses = {
        file.name: set(re.findall(r"""(?:https?:|wss?:|["'`])//[\w.-]+[^\s"'`)]*""", file.read_text())) - NAMESPACES
        for file in files
    }
    assert {name: found for name, found in addresses.items() if found} == {}
