"""What the app says by itself and what the server says through it are in the same words, those of the emails."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
LANGUAGES = ("en", "de", "zh-CN")


def catalogues(language: str) -> list[Path]:
    server = ROOT / "layers/workshop/workshop/web/texts" / f"{language}.json"
    return [server, *sorted((ROOT / "web/src/texts" / language).glob("*.json"))]


def keys_and_values(file: Path) -> list[tuple[str, object]]:
    """The pairs of the outermost object as they stand there, a key that stands there twice included."""
    pairs: list[list[tuple[str, object]]] = []

    def keep(found: list[tuple[str, object]]) -> dict[str, object]:
        pairs.append(found)
        return dict(found)

    json.loads(file.read_text(encoding="utf-8"), object_pairs_hook=keep)
    return pairs[-1]


def said(language: str) -> list[str]:
    """Every sentence, each form of its plural by itself, without what is filled in."""
    values = [value for file in catalogues(language) for _, value in keys_and_values(file)]
    texts = [form for value in values for form in (value.values() if isinstance(value, dict) else [value])]
    return [re.sub(r"\{\w+\}", "", str(text)) for text in texts]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_stands_twice_in_a_catalogue(language: str) -> None:
    for file in catalogues(language):
        keys = [key for key, _ in keys_and_values(file)]
        assert [key for key in keys if keys.count(key) > 1] == [], file


@pytest.mark.parametrize(
    ("language", "others"),
    [
        ("en", r"(?<!e)\bmails?\b|\bnetworks?\b|set aside|project(ed|ion)"),
        ("de", r"(?<!E-)\bMails?\b|Werkstatt|\bNetz\b|aussortiert|projizier|\b(Ihnen|Ihre[mnrs]?)\b|\b\w+en Sie\b"),
        ("zh-CN", r"工作坊|工作室|次运行|图像|网络模型|你"),
    ],
)
def test_app_and_server_use_the_words_of_the_emails(language: str, others: str) -> None:
    texts = said(language)
    assert len(texts) > 200
    assert [text for text in texts if re.search(others, text)] == []
