"""What the guides and the template say of the presets' durations is what the table of speeds says."""

import re
from pathlib import Path

import pytest

from workshop.dataset.settings import PRESETS
from workshop.estimates.learned import Learned
from workshop.estimates.speeds import speed_table
from workshop.estimates.whole import Work, estimate_run
from workshop.words import words

ROOT = Path(__file__).resolve().parents[3]
TEMPLATE = (ROOT / "template.yaml").read_text(encoding="utf-8")
GUIDES = {
    language: (ROOT / f"docs/artist-guide{ending}.md").read_text(encoding="utf-8")
    for language, ending in {"en": "", "de": ".de", "zh-CN": ".zh-CN"}.items()
}
# Of a usual dataset: photos of phones.
WORK = Work(trains=True, images=1_000, size=300_000_000, targets=4)


def default(parameter: str) -> str:
    found = re.search(rf"^  {parameter}:\n    Type: String\n    Default: (\S+)$", TEMPLATE, re.MULTILINE)
    assert found
    return found[1]


@pytest.mark.parametrize("name", ["sketch", "balanced", "best"])
def test_presets_are_offered_with_how_long_they_take_on_the_default_machine(name: str) -> None:
    preset, machine = PRESETS[name], default("TrainInstanceType")
    parameters = {"Preset": preset.train_preset, "Resolution": str(preset.resolution), "Kimg": str(preset.kimg)}
    machines = {f"{step}InstanceType": default(f"{step}InstanceType") for step in ("Process", "Train", "Inference")}
    estimate = estimate_run(parameters | machines, WORK, Learned(), "eu-central-1")
    assert estimate.training is not None
    for language, guide in GUIDES.items():
        takes = words(language).rough_duration(estimate.training + estimate.beside)
        assert re.search(rf"^\| `{name}` \|.*\| \D*{takes} \|$", guide, re.MULTILINE), takes
        assert re.search(rf"^\|.* {machine}\b.*\|$", guide, re.MULTILINE)
    takes = words("en").rough_duration(estimate.training + estimate.beside)
    described = " ".join(TEMPLATE.split("  DefaultPreset:")[1].split("  DefaultKimg:")[0].split())
    assert f"A guess for an {machine}:" in described
    assert re.search(rf"{name}( takes)? about {takes}[.,]", described), takes


def test_the_tables_steps_and_pictures_are_those_of_the_jobs() -> None:
    """The jobs' modules need torch, so their source is read."""
    values = speed_table()._values["infer"]
    step = (ROOT / "containers/infer/step.py").read_text(encoding="utf-8")
    steps = re.search(r"^_STEPS_ON_CPU, _STEPS_ON_GPU = ([0-9]+), ([0-9]+)$", step, re.MULTILINE)
    assert steps
    assert [int(number) for number in steps.groups()] == [values[kind]["projection_steps"] for kind in ("cpu", "gpu")]
    synthesis = (ROOT / "containers/infer/synthesis.py").read_text(encoding="utf-8")
    sheet = re.search(r"^SHEET_IMAGES, SHEET_COLUMNS = ([0-9]+), [0-9]+$", synthesis, re.MULTILINE)
    mix = re.search(r"^MIX_ROWS, MIX_COLUMNS = ([0-9]+), ([0-9]+)$", synthesis, re.MULTILINE)
    assert sheet
    assert mix
    rows, columns = map(int, mix.groups())
    assert values["pictures"] == {"generate": int(sheet[1]), "mix": rows * columns + rows + columns}
