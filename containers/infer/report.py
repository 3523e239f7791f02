"""The run's results as one page (index.html) and as numbers for other programs (report.json).

The page is a single file: pictures are inlined, charts are SVG, there is no script, and a Content-Security-Policy
forbids it to load anything. It opens from the file system as well as through a link.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from containers.infer import page_parts, wording
from containers.infer.model_folder import TrainingRecord, read_training_record
from containers.infer.results import Run

PAGE = "index.html"
_TEMPLATES = Path(__file__).parent / "templates"
_MOST_SET_ASIDE_SHOWN = 200
_SET_ASIDE_IN_JSON = 20


def write_report(folder: Path, run: Run) -> None:
    """Write index.html and report.json into `folder`; raises InputError if the model's files are not readable."""
    record = read_training_record(run.model_folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / PAGE).write_text(_page(run, record), encoding="utf-8")
    numbers = json.dumps(_numbers(run, record), indent=1)
    (folder / "report.json").write_text(numbers + "\n", encoding="ascii")


def _numbers(run: Run, record: TrainingRecord) -> dict[str, Any]:
    prepare, pictures = run.prepare, run.pictures
    return {
        "dataset": run.dataset,
        "execution_id": run.execution_id,
        "images": {"found": prepare.found, "good": prepare.good, "set_aside": len(prepare.set_aside)},
        "kimg": round(record.kimg, 3),
        "training_seconds": round(record.seconds, 1),
        "pictures": {
            "generated": len(pictures.generated),
            "mixed": pictures.mixed_count,
            "projected": len(pictures.projected),
        },
        "set_aside": [
            {"name": wording.printable(image.name), "reason": wording.printable(image.reason)}
            for image in prepare.set_aside[:_SET_ASIDE_IN_JSON]
        ],
        "page": PAGE,
    }


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


def _page(run: Run, record: TrainingRecord) -> str:
    strip = page_parts.film_strip(run.model_folder)
    return _template().render(
        run=run,
        lead=page_parts.lead(run, record),
        facts=page_parts.facts(run, record),
        banner=page_parts.banner(run.pictures, strip),
        generated=page_parts.seeds_sheet(run.pictures.generated),
        strip=strip,
        mixture=page_parts.mixture(run.pictures.mixing) if run.pictures.mixing else None,
        pairs=[page_parts.pair(picture) for picture in run.pictures.projected],
        charts=page_parts.charts(record),
        origin=page_parts.origin(record),
        settings=page_parts.settings(record),
        set_aside=run.prepare.set_aside[:_MOST_SET_ASIDE_SHOWN],
        set_aside_hidden=max(0, len(run.prepare.set_aside) - _MOST_SET_ASIDE_SHOWN),
    )
