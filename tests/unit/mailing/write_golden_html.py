"""Writes the golden mails anew: PYTHONPATH=layers/workshop python -m tests.unit.mailing.write_golden_html"""

from contract.names import LANGUAGES
from tests.unit.mailing.test_html_mail import GOLDEN, GOLDEN_NAMES
from tests.unit.notices.html_samples import html_samples

if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for language in LANGUAGES:
        for name in GOLDEN_NAMES:
            (GOLDEN / f"{name}.{language}.html").write_text(html_samples(language)[name], encoding="utf-8")
