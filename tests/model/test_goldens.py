"""Not one golden array is left out: each is compared with what we compute, or is what we compute it from.

Here are also the comparisons with networks and functions that this package does not offer, put together from its parts.
"""

import inspect
import itertools
import json
import math
import sys
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from stylegan2.model import ops
from stylegan2.model.layers import Conv, Linear
from stylegan2.model.networks import DiscriminatorEpilogue, Generator, SynthesisLayer, ToRGB
from stylegan2.model.pixels import to_bytes
from stylegan2.results.sample_grid import to_uint8
from tests.augmentation import test_augment
from tests.goldens.arrays import GOLDENS, Golden, close, state
from tests.model import test_networks, test_ops
from tests.training import test_loss

SQRT_HALF = math.sqrt(0.5)

# What only these tests compute ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "curve", "gain"),
    [
        ("relu", F.relu, math.sqrt(2)),
        ("tanh", torch.tanh, 1),
        ("sigmoid", torch.sigmoid, 1),
        ("elu", F.elu, 1),
        ("selu", F.selu, 1),
        ("softplus", F.softplus, 1),
        ("swish", F.silu, math.sqrt(2)),
    ],
)
def test_other_activations_follow_our_bias(
    golden: Callable[[str], Golden], name: str, curve: Callable[[Tensor], Tensor], gain: float
) -> None:
    """No network here uses them: the curves are PyTorch's."""
    g = golden("ops")
    close(curve(ops.bias_act(g["ba_x"], g["ba_b"], lrelu=False)) * gain, g[f"ba_{name}"])


def test_a_fully_connected_layer_gives_the_golden_numbers(golden: Callable[[str], Golden]) -> None:
    g = golden("ops")
    layer = Linear(6, 5, lrelu=True, lr_multiplier=0.01)
    layer.load_state_dict({"weight": g["fc_w"], "bias": g["fc_b"]})
    close(layer(g["fc_x"]), g["fc_y_lrelu_lrmul0.01"])


def test_pictures_become_the_golden_bytes(golden: Callable[[str], Golden]) -> None:
    g = golden("ops")
    row = g["to_uint8_in"][None, None, None]
    close(torch.from_numpy(to_bytes(row)).flatten(), g["to_uint8_generate"], rtol=0, atol=0)
    close(to_uint8(row).flatten(), g["to_uint8_grid"], rtol=0, atol=0)


def test_every_filter_that_a_golden_network_holds_is_the_one_that_ours_make(golden: Callable[[str], Golden]) -> None:
    for file in ("nets32", "nets16_cond_arch", "train_step"):
        arrays = golden(file)
        for name in arrays:
            if name.endswith("resample_filter"):
                close(ops.make_filter(), arrays[name])


def synthesis_layer(weights: Golden, name: str, *, up: bool) -> SynthesisLayer:
    own = state(weights, f"{name}.")
    outputs, inputs = own["weight"].shape[:2]
    layer = SynthesisLayer(inputs, outputs, 16, tuple(own["noise_const"].shape), up=up, conv_clamp=None)
    layer.load_state_dict(own)
    return layer


@pytest.mark.parametrize("architecture", ["orig", "skip", "resnet"])
def test_synthesis_architectures_give_the_golden_pictures(golden: Callable[[str], Golden], architecture: str) -> None:
    """Ours is `skip`. `orig` has colours at the end only; `resnet` also, and a way around each pair of convolutions."""
    g = golden("nets16_cond_arch")
    ws, weights = g[f"{architecture}.ws"], state(g, f"{architecture}.Gs.")
    if architecture == "skip":
        synthesis = Generator(16, 0, 16, 16, 3, channel_base=256, channel_max=16).synthesis
        synthesis.load_state_dict(weights, strict=True)
        close(synthesis(ws, "const"), g["skip.img"])
        return
    x = weights["b4.const"].expand(len(ws), -1, -1, -1)
    x = synthesis_layer(weights, "b4.conv1", up=False)(x, ws[:, 0], "const")
    for block, first in (("b8", 1), ("b16", 3)):
        y = synthesis_layer(weights, f"{block}.conv0", up=True)(x, ws[:, first], "const")
        y = synthesis_layer(weights, f"{block}.conv1", up=False)(y, ws[:, first + 1], "const")
        if architecture == "resnet":
            around = weights[f"{block}.skip.weight"] / math.sqrt(x.shape[1])
            y = (y + ops.conv_up(x, around, ops.make_filter())) * SQRT_HALF
        x = y
    colours = ToRGB(16, 3, 16, conv_clamp=None)
    colours.load_state_dict(state(weights, "b16.torgb."))
    close(colours(x, ws[:, 5]), g[f"{architecture}.img"])


def test_a_discriminator_that_sees_the_picture_at_every_size_gives_the_golden_logits(
    golden: Callable[[str], Golden],
) -> None:
    """The architecture `skip`, which this package does not offer for the discriminator."""
    g = golden("nets16_cond_arch")
    weights, img = state(g, "skip.D."), g["skip.img"]

    def conv(name: str, *, down: bool = False) -> Conv:
        own = state(weights, f"{name}.")
        outputs, inputs, size, _ = own["weight"].shape
        layer = Conv(inputs, outputs, size, down=down)
        layer.load_state_dict(own)
        return layer

    x: Tensor | float = 0.0
    for block in ("b16", "b8"):
        x = conv(f"{block}.conv1", down=True)(conv(f"{block}.conv0")(x + conv(f"{block}.fromrgb")(img)))
        img = ops.downsample(img, ops.make_filter())
    epilogue = DiscriminatorEpilogue(16, (4, 4), 1, 4, 1, None)
    epilogue.load_state_dict({name: weights[f"b4.{name}"] for name in epilogue.state_dict()})
    close(epilogue(x + conv("b4.fromrgb")(img)), g["skip.logits"])


# Nothing is left out --------------------------------------------------------------------------------------------------

INPUTS = {
    "ops": "x filter_sym6 filter_asym mc_x mc_w mc_s mc_noise8 ba_x ba_b fc_w fc_b fc_x mbstd_x norm2_x to_uint8_in",
    "nets32": "G.* D.* z real_img",
    "nets16_cond_arch": "G.* D.* z c *.ws orig.Gs.* orig.D.* skip.Gs.* skip.D.* resnet.Gs.* resnet.D.*",
    "conv_clamp": "",
    "regularizers": "pl_z pl_noise_raw",
    "train_step": "init.* z_Gmain z_Greg z_Dmain real pl_noise_raw",
    "augment": "img",
}
"""Weights and pictures from which the golden numbers are computed; all others must be compared with."""
USED_BY_NOBODY = {("train_step", "z_Dreg_unused")}
"""The golden iteration itself drew it and did not use it."""


class Recorded(Golden):
    """The arrays of a file; notes which are asked for."""

    def __init__(self, arrays: Golden) -> None:
        super().__init__(arrays)
        self.asked_for: set[str] = set()

    def __getitem__(self, name: str) -> Tensor:
        self.asked_for.add(name)
        return super().__getitem__(name)


def golden_tests(module: ModuleType) -> Iterator[tuple[Callable[..., None], dict[str, Any]]]:
    """The tests of a module that ask for golden files, each with all values of its parameters."""
    for function in vars(module).values():
        if not inspect.isfunction(function) or "golden" not in inspect.signature(function).parameters:
            continue
        if not function.__name__.startswith("test_"):
            continue
        parameters = []
        for mark in getattr(function, "pytestmark", []):
            names, values = mark.args[0], mark.args[1]
            if isinstance(names, str):
                names, values = (names,), [(value,) for value in values]
            parameters.append([dict(zip(names, value, strict=True)) for value in values])
        for combination in itertools.product(*parameters):
            yield function, {name: value for part in combination for name, value in part.items()}


def test_every_golden_array_is_compared_or_computed_from(
    golden: Callable[[str], Golden], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Runs all tests that ask for golden files, and notes what they ask for and what they compare with."""
    given: list[tuple[str, Recorded]] = []
    compared_with: list[Tensor] = []

    def read(file: str) -> Recorded:
        given.append((file, Recorded(golden(file))))
        return given[-1][1]

    def compare(actual: Tensor, expected: Tensor, **tolerances: float) -> None:
        compared_with.append(expected)

    monkeypatch.setattr(torch.testing, "assert_close", compare)
    for module in (test_ops, test_networks, test_loss, test_augment, sys.modules[__name__]):
        for function, arguments in golden_tests(module):
            if function.__name__ != "test_every_golden_array_is_compared_or_computed_from":
                function(golden=read, **arguments)

    memory = {tensor.untyped_storage().data_ptr() for tensor in compared_with}
    asked_for, compared = set(), set()
    for file, arrays in given:
        asked_for |= {(file, name) for name in arrays.asked_for}
        compared |= {
            (file, name) for name in arrays if dict.__getitem__(arrays, name).untyped_storage().data_ptr() in memory
        }
    everything = {(path.stem, name) for path in GOLDENS.glob("*.npz") for name in np.load(path).files}
    inputs = {
        (file, name) for file, name in everything for pattern in INPUTS[file].split() if fnmatchcase(name, pattern)
    }
    assert len(everything) == 1140
    assert everything - asked_for == USED_BY_NOBODY
    assert everything - compared - inputs == USED_BY_NOBODY


def test_every_fact_is_one_that_a_test_reads() -> None:
    """ADA's rule: test_augment.py; the samplers: tests/data/test_dataset.py; all configurations: test_options.py."""
    content = json.loads((GOLDENS / "facts_and_configs.json").read_text())
    assert content.keys() == {"facts", "configs"}
    samplers = {"InfiniteSampler_n10_seed0", *(f"InfiniteSampler_n7_seed3_rank{rank}of2" for rank in (0, 1))}
    assert content["facts"].keys() == {"ada_rule", *samplers}
