"""How large everything can get, beside its limit: `PYTHONPATH=layers/workshop python -m benchmarks.limits`.

Nothing is measured: the tables are computed by contract.capacity, and docs/limits.md shows them. Prints Markdown.
"""

from collections.abc import Iterator

from contract.capacity import artefacts
from contract.capacity.artefacts import Workload
from contract.capacity.limits import ARTEFACTS
from contract.capacity.volumes import inference_gb, process_gb, train_gb

EXAMPLES = {
    "`sketch`, 1,000 images": Workload(1_000, 1_000 * 3_000_000, 128, 400, "auto", "cuda", 4, 4 * 3_000_000),
    "`balanced`, 63,632": Workload(63_632, 63_632 * 100_000, 256, 2_000, "auto", "cuda", 64, 64 * 3_000_000),
    "`best` at 1024 px, 200,000": Workload(
        200_000, 200_000 * 3_000_000, 1024, 10_000, "paper1024", "cuda", 16, 16 * artefacts.LARGEST_UPLOAD
    ),
}
_UNITS = ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB"))


def tables() -> list[str]:
    """The table of artefacts, and that of disks."""
    return ["\n".join(_artefacts()), "\n".join(_disks())]


def _artefacts() -> Iterator[str]:
    yield f"| what | {' | '.join(EXAMPLES)} | grows with | limit | whose | beyond it |"
    yield "|---" * (5 + len(EXAMPLES)) + "|"
    for artefact in ARTEFACTS:
        sizes = [_amount(artefact.name, artefact.size(work)) for work in EXAMPLES.values()]
        limit = _amount(artefact.name, artefact.limit)
        cells = [artefact.name, *sizes, artefact.grows_with, limit, artefact.whose, artefact.beyond]
        yield f"| {' | '.join(cells)} |"


def _disks() -> Iterator[str]:
    yield f"| job, GB | {' | '.join(EXAMPLES)} |"
    yield "|---" * (1 + len(EXAMPLES)) + "|"
    needs = {
        "Prepare": process_gb,
        "Train": train_gb,
        "Infer": inference_gb,
    }
    for name, needed in needs.items():
        yield f"| {name} | {' | '.join(f'{needed(work):,}' for work in EXAMPLES.values())} |"


def _amount(name: str, number: int) -> str:
    """A size as people write it; of what is counted in something else than bytes, the number."""
    if name.startswith("files ") or name.endswith(", pixels"):
        return f"{number:,}"
    for unit, word in _UNITS:
        if number >= unit:
            return f"{number / unit:.3g} {word}"
    return f"{number} B"


if __name__ == "__main__":
    print("\n\n".join(tables()))
