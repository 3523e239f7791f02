"""Writes the golden notices anew: PYTHONPATH=layers/workshop python -m tests.unit.notices.write_golden_notices"""

from pathlib import Path

from contract.names import LANGUAGES
from tests.unit.notices.notice_samples import as_text, samples

if __name__ == "__main__":
    for language in LANGUAGES:
        folder = Path(__file__).parent / "golden_notices" / language
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.txt"):
            old.unlink()
        for name, notice in samples(language).items():
            (folder / f"{name}.txt").write_text(as_text(notice), encoding="utf-8")
