"""The languages that people are spoken to in: mails, settings' faults, reasons, the page, the web app.

A language is named by its tag (BCP 47), as files of words, the pipeline's parameter and pages name it.
"""

import re

LANGUAGES = ("en", "de", "zh-CN")
# Where nobody has said another.
FALLBACK_LANGUAGE = "en"

# Any region of English and German; of Chinese, what is written in simplified characters.
_SPELLINGS = {"en": r"en(-[a-z]{2})?", "de": r"de(-[a-z]{2})?", "zh-CN": r"zh(-hans)?(-cn|-sg)?"}


def language_of(text: str) -> str | None:
    """The language that people mean by `zh`, `zh_CN`, `DE` or `en-gb`, as one of LANGUAGES; None if it is none of
    them."""
    plain = text.strip().replace("_", "-").lower()
    return next((tag for tag, spelling in _SPELLINGS.items() if re.fullmatch(spelling, plain)), None)
