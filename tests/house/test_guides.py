"""The guides for artists are the same in every language; READMEs name parameters that there are; no link is dead."""

import re
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
GUIDES = {"en": "artist-guide.md", "de": "artist-guide.de.md", "zh-CN": "artist-guide.zh-CN.md"}
DOCUMENTS = [*ROOT.glob("*.md"), *DOCS.glob("*.md")]
LARGEST_PICTURE_BYTES = 150_000


def guide(language: str) -> str:
    return (DOCS / GUIDES[language]).read_text(encoding="utf-8")


def without_blocks(text: str) -> str:
    return re.sub(r"(?ms)^```.*?^```", "", text)


def headings(text: str) -> list[tuple[int, str]]:
    """Level and words of each heading."""
    return [(len(marks), words) for marks, words in re.findall(r"(?m)^(#+) (.+)$", without_blocks(text))]


def sections(text: str) -> list[str]:
    """What stands below each heading, in order."""
    return re.split(r"(?m)^#+ .+$", without_blocks(text))[1:]


def rows(section: str) -> list[list[str]]:
    return [re.split(r" \| ", line.strip("| ")) for line in section.splitlines() if line.startswith("|")]


def codes(text: str) -> list[str]:
    return sorted(re.findall(r"`([^`\n]+)`", text.replace("\n", " ")))


def numbers(cell: str) -> list[str]:
    return re.findall(r"[0-9]+(?:[.:x ]+[0-9]+)*", cell)


def anchors(text: str) -> set[str]:
    """What GitHub makes of headings."""
    return {re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-") for _, words in headings(text)}


@pytest.mark.parametrize("language", ["de", "zh-CN"])
def test_the_artists_guide_is_built_alike_in_every_language(language: str) -> None:
    english, other = guide("en"), guide(language)
    assert [level for level, _ in headings(other)] == [level for level, _ in headings(english)]
    for (_, title), theirs, ours in zip(headings(english), sections(other), sections(english), strict=True):
        assert [len(row) for row in rows(theirs)] == [len(row) for row in rows(ours)], title
        assert codes(theirs) == codes(ours), title
        assert theirs.count("\n- ") == ours.count("\n- "), title
    assert re.findall(r"(?ms)^```.*?^```", other) == re.findall(r"(?ms)^```.*?^```", english)
    assert re.findall(r"(?m)^    .+$", other) == re.findall(r"(?m)^    .+$", english)
    pictures = [f"images/{language}/{Path(name).name}" for name in re.findall(r"\]\((images/[^)]+)\)", english)]
    assert re.findall(r"\]\((images/[^)]+)\)", other) == pictures


@pytest.mark.parametrize("language", ["de", "zh-CN"])
def test_the_tables_of_settings_and_shapes_have_the_same_figures(language: str) -> None:
    def figures(text: str) -> list[list[list[str]]]:
        found = [row for section in sections(text) for row in rows(section)]
        return [[numbers(cell) for cell in row] for row in found if "`" in row[0] or re.match(r"\d+ x \d+", row[0])]

    english = figures(guide("en"))
    assert len(english) > 20
    different = [
        (ours, theirs) for ours, theirs in zip(english, figures(guide(language)), strict=True) if ours != theirs
    ]
    # Chinese counts in ten thousands: 400 thousand images are 40 of these.
    assert [pair for pair in different if language != "zh-CN" or len(pair[0]) != 5] == []


@pytest.mark.parametrize("language", GUIDES)
def test_the_artists_guide_leads_to_its_other_languages_at_once(language: str) -> None:
    _, _, line, *_ = guide(language).splitlines()
    others = [name for other, name in GUIDES.items() if other != language]
    assert re.findall(r"\]\(([^)]+)\)", line) == others


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_no_link_of_a_document_is_dead(document: Path) -> None:
    text = without_blocks(document.read_text(encoding="utf-8"))
    dead = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = document if not name else document.parent / name
        if not file.exists() or (anchor and anchor not in anchors(file.read_text(encoding="utf-8"))):
            dead.append(target)
    assert dead == []


@pytest.mark.parametrize(
    "picture", sorted(DOCS.glob("images/**/*.*")), ids=lambda path: f"{path.parent.name}-{path.stem}"
)
def test_a_picture_of_the_documents_is_small_and_shown_somewhere(picture: Path) -> None:
    with Image.open(picture) as opened:
        opened.verify()
    assert picture.stat().st_size <= LARGEST_PICTURE_BYTES
    place = picture.relative_to(DOCS).as_posix()
    assert [document.name for document in DOCUMENTS if place in document.read_text(encoding="utf-8")]


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md", "docs/web.md"])
def test_parameters_in_the_tables_of_a_document_are_the_templates(name: str) -> None:
    template = (ROOT / "template.yaml").read_text(encoding="utf-8").partition("\nConditions:")[0]
    there = set(re.findall(r"(?m)^  (\w+):$", template))
    cells = [
        cell for section in sections((ROOT / name).read_text(encoding="utf-8")) for row in rows(section) for cell in row
    ]
    named = {code.partition("=")[0] for cell in cells for code in codes(cell) if re.fullmatch(r"[A-Z]\w+(=\w+)?", code)}
    assert {"LinkFilesPerDay", "WebConcurrency"} <= named
    assert named - there == set()
