"""What a file is by its name alone: only what is certainly no picture, or means something else, is sorted out."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.file_kinds import READY_NAME, SETTINGS_NAME, FileKind, is_folder_marker, kind_of
from stylegan2.data.uploads import IGNORED_NAMES
from tests.unit.properties import quick

ROOT = Path(__file__).parents[3]

IMAGES = [
    "a.png", "sub/Ä b+c%2B1 ☺.JPeG", "x.tar.webp", "a.heic", "IMG_1.HEIF", "a.avif", "a.jfif", "a.jpe", "a.jp2",
    "a.jxl", "a.psd", "a.svg", "a.eps", "a.ai", "a.dng", "a.CR2", "a.raw", "a.tga", "a.ico", "a.exr", "png", "0001",
    "a.", "a. png", "photo", "README", "a.png ", "a.unheard-of", "settings.png", "sub/settings.jpg", "settings/a.png",
    "einstellung 1.png", "my settings.png", "red-chairs settings.heic", "set.gif", "nested.folder/a",
    "Settings.yaml/a.png",
]  # fmt: skip
OTHERS = [
    "notes.txt", "NOTES.TXT", "notes.md", "a.csv", "a.json", "a.pdf", "a.zip", "a.mp4", "IMG_1.MOV", "IMG_1.AAE",
    "a.mp3", "a.docx", "a.png.txt", "a.jpg.zip", "a.txt ", "model.safetensors", "a.png.crdownload", "sub/data.yaml",
    "sub/_READY", "_ready", "ready", "sub/settings.json", "sub/settings.txt", "sub/config.yml", "settings.yaml/a.png",
    "_READY/a.png",
]  # fmt: skip
LOOKALIKES = [
    "settings.yaml.txt", "settings.yml", "Settings.yaml", "SETTINGS.YAML", "settings.txt", " settings.yaml",
    "settings.yaml ", "sub/settings.yaml", "sub/deep/settings.yml", "Sub/Settings.YAML.txt", "settings.json",
    "settings (1).yaml", "settings(2).yaml", "settings - Copy.yaml", "settings - Kopie.yaml",
    "Kopie von settings.yaml", "Copy of settings.yaml", "settings copy.yaml", "settings.yaml.docx", "settings.rtf",
    "settings.yaml.rtf", "settings", "setting.yaml", "setings.yaml", "settings.yaml.yaml", "settings.yaml.bak",
    "settings.yaml~", "settings_yaml", "settings-yaml.txt", "settings.yaml_", "settings.yamI.yaml", "config.yaml",
    "preset.yml", "einstellungen.yaml", "Einstellungen.txt", "settings.toml", "settings.ini",
    "settings.yaml.download", "settings\u200b.yaml", "\uff53ettings.\uff59aml", "s\u0435ttings.yaml",
    ".settings.yaml", "settings.yaml.part", "settings.ymal", "settings.yalm", "settings.yam", "settings.ya",
    "settings.jaml", "settings.\u0443aml", "settings.tx", "settings.text", "settings.plist", "settings_v2.txt",
    "my settings.txt", "Meine Einstellungen.txt", "setings.txt", "sub/settings.ymal",
]  # fmt: skip
JUNK = [
    "", "sub/", "sub/deeper/", "sub_$folder$", ".png", ".DS_Store", ".DS_Store/a.png", "__MACOSX/a.png",
    "sub/._a.png", "._settings.yaml", "sub/.settings.yaml.swp", "Thumbs.db", "thumbs.db", "sub/Thumbs.db",
    "cats/@eaDir/a.png", "#recycle/a.png", "lost+found/a", "System Volume Information/a.png",
    "desktop.ini", "Desktop.ini", ".vscode/settings.yaml", "__MACOSX/settings.yaml", ".git/config.yaml",
]  # fmt: skip
REFUSED = [
    "../a.png", "a//b.png", "a\\b.png", "a\x00.png", "a\nb.png", "\ud800.png", "ü" * 126 + ".png", "../settings.yaml",
    "a/./b.png", "\u2028.png",
]  # fmt: skip
KINDS = {
    FileKind.IMAGE: IMAGES,
    FileKind.OTHER: OTHERS,
    FileKind.LOOKALIKE: LOOKALIKES,
    FileKind.JUNK: JUNK,
    FileKind.REFUSED: REFUSED,
    FileKind.SETTINGS: ["settings.yaml"],
    FileKind.READY: ["_READY"],
}


@pytest.mark.parametrize(("name", "kind"), [(name, kind) for kind, names in KINDS.items() for name in names])
def test_what_a_file_is_follows_from_its_name(name: str, kind: FileKind) -> None:
    assert kind_of(name) is kind


def test_every_kind_has_its_examples() -> None:
    assert set(KINDS) == set(FileKind)


SEGMENTS = st.sampled_from([*IGNORED_NAMES, SETTINGS_NAME, READY_NAME, ".hidden", "a.png", "sub", "b"]) | st.text(
    max_size=8
)


@quick
@given(st.lists(SEGMENTS, min_size=1, max_size=3).map("/".join))
def test_what_counts_as_an_image_is_looked_at_by_the_jobs(name: str) -> None:
    """Prepare and Infer pass over some names without a word: such a file would be counted and never told of."""
    if kind_of(name) is FileKind.IMAGE:
        segments = name.split("/")
        assert not [s for s in segments if s.startswith(".") or s in IGNORED_NAMES]


@quick
@given(st.text())
def test_every_name_has_a_kind(name: str) -> None:
    assert kind_of(name) in FileKind
    assert not is_folder_marker(name) or kind_of(name) is FileKind.JUNK


@pytest.mark.parametrize("kind", ["image", "other", "junk", "refused"])
def test_the_web_app_and_the_workshop_judge_names_alike(kind: str) -> None:
    """web/tests/files.test.ts holds the web app to the same list."""
    names = json.loads((ROOT / "web/tests/names.json").read_text("utf-8"))[kind]

    assert {name: kind_of(name) for name in names} == dict.fromkeys(names, kind)
