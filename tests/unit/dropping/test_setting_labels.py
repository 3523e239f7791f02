"""Every setting that can be chosen has a label in the app's form, whoever has added it."""

import json

from contract.names import LANGUAGES
from tests.unit.conftest import ROOT
from workshop.dataset import Caps
from workshop.dataset.settings import rules


def test_every_setting_has_a_label_in_every_language() -> None:
    known = {f"drop.setting.{key}" for key in rules(Caps(86_400, {"ml.g5.xlarge": 1.41}, 50))}
    for language in LANGUAGES:
        texts = json.loads((ROOT / "web" / "src" / "texts" / language / "drop.json").read_text(encoding="utf-8"))
        assert {key for key in texts if key.startswith("drop.setting.")} == known, language
