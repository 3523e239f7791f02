"""The run's results as one page (index.html) and as numbers for other programs (report.json).

The page is a single file: pictures are inlined, charts are SVG, there is no script, and a Content-Security-Policy
forbids it to load anything. It opens from the file system as well as through a link.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from containers.infer import page_parts, wording
from containers.infer.model_folder import TrainingRecord, read_training_record
from containers.infer.results import ReportRun
from containers.prepare_report import SetAsideImage

PAGE = "index.html"
_TEMPLATES = Path(__file__).parent / "templates"
_MOST_SET_ASIDE_SHOWN = 200
_SET_ASIDE_IN_JSON = 20
_SKIPPED_IN_JSON = 200  # more than a run projects: if it could use none of them, this is all that there is to say
_MOST_PAIRS_SHOWN = 24


def write_report(folder: Path, run: ReportRun) -> None:
    """Write index.html and report.json into `folder`; raises InputError if the model's files are not readable."""
    record = read_training_record(run.model_folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / PAGE).write_text(_page(run, record), encoding="utf-8")
    numbers = json.dumps(_numbers(run, record), indent=1)
    (folder / "report.json").write_text(numbers + "\n", encoding="ascii")


def _numbers(run: ReportRun, record: TrainingRecord) -> dict[str, Any]:
    prepare, pictures = run.prepare, run.pictures
    return {
        "dataset": run.dataset,
        "execution_id": run.execution_id,
        "images": {"found": prepare.found, "good": prepare.good, "set_aside": prepare.set_aside_count},
        "kimg": round(record.kimg, 3),
        "training_seconds": round(record.seconds, 1),
        "pictures": {
            "generated": len(pictures.generated),
            "mixed": pictures.mixed_count,
            "projected": len(pictures.projected),
        },
        "set_aside": _named(prepare.set_aside[:_SET_ASIDE_IN_JSON]),
        "targets": {
            "listed": len(pictures.projected) + len(pictures.skipped_targets),
            "projected": len(pictures.projected),
            "skipped": len(pictures.skipped_targets),
            "steps": pictures.projections.steps,
            "wanted_steps": pictures.projections.wanted_steps,
        },
        "skipped_targets": _named(pictures.skipped_targets[:_SKIPPED_IN_JSON]),
        "page": PAGE,
    }


def _named(images: Sequence[SetAsideImage]) -> list[dict[str, str]]:
    """The images as other programs may show them."""
    return [{"name": wording.printable(image.name), "reason": wording.printable(image.reason)} for image in images]


@functools.cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["printable"] = wording.printable
    return environment.get_template("report.html.j2")


def _page(run: ReportRun, record: TrainingRecord) -> str:
    strip = page_parts.film_strip(run.model_folder)
    set_aside = run.prepare.set_aside[:_MOST_SET_ASIDE_SHOWN]
    return _template().render(
        run=run,
        lead=page_parts.lead(run, record),
        facts=page_parts.facts(run, record),
        banner=page_parts.banner(run.pictures, strip),
        generated=page_parts.seeds_sheet(run.pictures.generated),
        strip=strip,
        mixture=page_parts.mixture(run.pictures.mixing) if run.pictures.mixing else None,
        pairs=page_parts.pairs(run.pictures.projected[:_MOST_PAIRS_SHOWN]),
        pairs_hidden=max(0, len(run.pictures.projected) - _MOST_PAIRS_SHOWN),
        skipped_targets=run.pictures.skipped_targets[:_MOST_SET_ASIDE_SHOWN],
        skipped_hidden=max(0, len(run.pictures.skipped_targets) - _MOST_SET_ASIDE_SHOWN),
        charts=page_parts.charts(record),
        origin=page_parts.origin(record),
        settings=page_parts.settings(record),
        set_aside=set_aside,
        set_aside_hidden=run.prepare.set_aside_count - len(set_aside),
    )
