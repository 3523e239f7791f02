"""The run's results as one page (index.html) and as numbers for other programs (report.json).

The page is a single file: images are inlined, charts are SVG, there is no script, and a Content-Security-Policy
forbids it to load anything. It opens from the file system as well as through a link.
"""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from containers.infer import page_extras, page_parts
from containers.infer.model_folder import TrainingRecord, read_training_record
from containers.infer.results import ChosenNetwork, ReportRun
from containers.infer.wording import printable, wording
from contract.layout import GENERATED, MIXED, PROJECTED, REPORT_DATA, REPORT_PAGE
from contract.prepare_report import SetAside
from contract.run_results import RunResults, TrainingOutcome
from stylegan2.base.machine_made import DIGITAL_SOURCE_TYPE, aigc_label

_TEMPLATES = Path(__file__).parent / "templates"
_MOST_SET_ASIDE_SHOWN = 200
_SET_ASIDE_IN_JSON = 20
_MOST_PAIRS_SHOWN = 24


def write_report(folder: Path, run: ReportRun) -> None:
    """Write index.html and report.json into `folder`; raises InputError if the model's files are not readable."""
    record = read_training_record(run.model_folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / REPORT_PAGE).write_text(_page(run, record), encoding="utf-8")
    numbers = json.dumps(_numbers(run, record), indent=1)
    (folder / REPORT_DATA).write_text(numbers + "\n", encoding="ascii")


def _numbers(run: ReportRun, record: TrainingRecord) -> dict[str, Any]:
    prepare, images = run.prepare, run.images
    results = RunResults(
        {GENERATED: len(images.generated), MIXED: images.mixed_count, PROJECTED: len(images.projected)},
        targets_listed=len(images.projected) + len(images.skipped_targets),
        skipped_targets=_named(images.skipped_targets),
        training=_outcome(run.network, record),
    ).as_dict()
    results["targets"] |= {"steps": images.projections.steps, "wanted_steps": images.projections.wanted_steps}
    return results | {
        "dataset": run.dataset,
        "execution_id": run.execution_id,
        "images": {"found": prepare.found, "good": prepare.good, "set_aside": prepare.set_aside_count},
        "size": prepare.size,
        "classes": [{"number": one.number, "name": printable(one.name)} for one in images.classes.drawn],
        "kimg": round(record.kimg, 3),
        "training_seconds": round(record.seconds, 1),
        "set_aside": [one.as_dict() for one in _named(prepare.set_aside[:_SET_ASIDE_IN_JSON])],
        "page": REPORT_PAGE,
    }


def _outcome(network: ChosenNetwork, record: TrainingRecord) -> TrainingOutcome | None:
    """How the training went, and which of its networks has drawn."""
    if (outcome := record.outcome) is None:
        return None
    return dataclasses.replace(
        outcome,
        network=network.name,
        network_kimg=network.kimg,
        network_score=network.score,
        last_score=network.last_score,
    )


def _named(images: Sequence[SetAside]) -> list[SetAside]:
    """The images as other programs may show them."""
    return [SetAside(printable(image.name), image.reason) for image in images]


@functools.cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["printable"] = printable
    return environment.get_template("report.html.j2")


def _page(run: ReportRun, record: TrainingRecord) -> str:
    say = wording(run.language)
    strip = page_parts.film_strip(say, run.model_folder)
    set_aside = run.prepare.set_aside[:_MOST_SET_ASIDE_SHOWN]
    return _template().render(
        say=say,
        run=run,
        lead=page_parts.lead(say, run, record),
        facts=page_parts.facts(say, run, record),
        trouble=page_parts.trouble(say, run, record),
        drawn_with=page_parts.drawn_with(say, run.network),
        banner=page_parts.banner(run, strip),
        generated=[] if run.images.classes.drawn else page_parts.seeds_sheet(run.images.generated),
        class_sheets=page_parts.class_sheets(say, run),
        class_note=page_parts.class_note(say, run.images.classes),
        shape=page_parts.shape(run),
        strip=strip,
        source_type=DIGITAL_SOURCE_TYPE,
        aigc=aigc_label(run.execution_id),
        directions=page_extras.direction_table(say, run.images.directions),
        film=page_extras.inline_film(run.images.film),
        mixture=page_parts.mixture(run.images.mixing) if run.images.mixing else None,
        pairs=page_parts.pairs(say, run.images.projected[:_MOST_PAIRS_SHOWN]),
        pairs_hidden=max(0, len(run.images.projected) - _MOST_PAIRS_SHOWN),
        skipped_targets=page_extras.by_reason(say, run.images.skipped_targets[:_MOST_SET_ASIDE_SHOWN]),
        skipped_hidden=max(0, len(run.images.skipped_targets) - _MOST_SET_ASIDE_SHOWN),
        charts=page_parts.charts(say, record),
        origin=page_parts.origin(say, run, record),
        settings=page_parts.settings(say, record),
        set_aside=page_extras.by_reason(say, set_aside),
        set_aside_hidden=run.prepare.set_aside_count - len(set_aside),
    )
