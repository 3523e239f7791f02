"""The web app's own sentences, in the reader's language: texts/<language>.json, the same keys in each."""

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources

from contract.names import FALLBACK_LANGUAGE, LANGUAGES


@cache
def sentences(language: str) -> Mapping[str, str]:
    """All sentences of one of LANGUAGES."""
    text = resources.files("workshop.web").joinpath("texts", f"{language}.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def sentence(code: str, language: str, **values: str) -> str:
    return sentences(language)[code].format(**values)


def chosen_language(accepted: str | None) -> str:
    """The first of LANGUAGES that an Accept-Language header asks for, in its order of preference (RFC 9110, 12.5.4);
    a language without its region will do."""
    for tag in sorted(_tags(accepted or ""), key=lambda tag: -tag[1]):
        for language in LANGUAGES:
            if tag[1] > 0 and tag[0].partition("-")[0] == language.partition("-")[0].lower():
                return language
    return FALLBACK_LANGUAGE


def _tags(header: str) -> list[tuple[str, float]]:
    """Language tags, in lower case, and their weights. What is no weight counts as none given."""
    tags = []
    for part in header[:1000].split(","):
        tag, _, weight = part.partition(";")
        try:
            tags.append((tag.strip().lower(), float(weight.strip().removeprefix("q=")) if weight else 1.0))
        except ValueError:
            tags.append((tag.strip().lower(), 1.0))
    return tags
