"""Writes the golden notices anew: python -m tests.unit.write_golden_notices (with layers/workshop on PYTHONPATH)."""

from pathlib import Path

from workshop.notice_samples import as_text, samples

if __name__ == "__main__":
    folder = Path(__file__).parent / "golden_notices"
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.txt"):
        old.unlink()
    for name, notice in samples().items():
        (folder / f"{name}.txt").write_text(as_text(notice), encoding="utf-8")
