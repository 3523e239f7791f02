"""CloudFormation cannot import the contract: what the template says a second time is what the contract says."""

import json
import re

from contract import layout
from contract.names import LANGUAGES
from contract.pipeline import PARAMETERS
from contract.train_options import TRAIN_OPTIONS
from tests.template.stack import Stack
from workshop.dataset.settings import PRESETS

PREFIXES = {
    layout.UPLOADS,
    layout.INFERENCE,
    layout.MANIFESTS,
    layout.CHECKPOINTS,
    layout.RUNS,
    layout.BASE,
    layout.CODE,
    layout.CREDENTIALS,
}
# Of an object's ARN in a policy, and of the prefixes in conditions, event patterns and lifecycle rules.
_IN_ARN = re.compile(r"\$\{Bucket\.Arn\}/([^*\"]*/)")
_PREFIX = re.compile(r'"(?:s3:)?[Pp]refix": (\[[^]]*\]|"[^"]*")')


def written_prefixes(stack: Stack) -> set[str]:
    """Every first folder of a key that the translated template names."""
    text = json.dumps(stack.resources)
    keys = _IN_ARN.findall(text)
    keys += [key for found in _PREFIX.findall(text) for key in re.findall(r'"([^"]*)"', found)]
    return {f"{key.split('/')[0]}/" for key in keys}


def test_every_prefix_is_one_of_the_layouts(stack: Stack) -> None:
    assert written_prefixes(stack) == PREFIXES


def test_the_deployers_bounds_are_those_of_the_pipeline(stack: Stack) -> None:
    given = stack.translated["Parameters"]
    longest, fewest = PARAMETERS["MaxTrainSeconds"], PARAMETERS["MinImages"]
    assert (given["MaxTrainSeconds"]["MinValue"], given["MaxTrainSeconds"]["MaxValue"]) == longest.bounds
    assert given["MinImages"]["MinValue"] == fewest.bounds[0]
    patience = PARAMETERS["Patience"]
    assert (given["Patience"]["MinValue"], given["Patience"]["MaxValue"]) == patience.bounds
    assert str(given["Patience"]["Default"]) == patience.default


def test_a_deployer_may_choose_what_the_functions_know(stack: Stack) -> None:
    given = stack.translated["Parameters"]
    assert set(given["DefaultPreset"]["AllowedValues"]) == set(PRESETS)
    assert tuple(given["NoticeLanguage"]["AllowedValues"]) == LANGUAGES
    assert set(given["AllowedTrainOptions"]["Default"].split(",")) <= TRAIN_OPTIONS.keys()
    assert re.fullmatch(given["WarmStartModel"]["AllowedPattern"], layout.FROM_SCRATCH)
    assert given["WarmStartModel"]["Default"] == layout.FROM_SCRATCH
    assert given["InferenceCodePath"]["AllowedPattern"].startswith(layout.CODE)
