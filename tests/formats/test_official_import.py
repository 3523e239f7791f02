"""Networks of stylegan2-ada-pytorch come in with every number as it was, or are refused with a sentence."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from stylegan2.base.errors import NetworkFileError
from stylegan2.formats.network_file import LoadedNetwork, load_network, save_network
from stylegan2.model.networks import Discriminator, Generator
from tests.formats import official_pickles as pickles
from tests.formats.official_pickles import EasyDict
from tests.goldens.arrays import Golden, close, state

SMALL = {"channel_base": 256, "channel_max": 16}
TINY = {"channel_base": 32, "channel_max": 4}


def all_of(arrays: Golden, prefix: str) -> Golden:
    """The state dictionary as official files hold it: with the filters."""
    return {key.removeprefix(prefix): value for key, value in arrays.items() if key.startswith(prefix)}


def generator_kwargs(**changes: Any) -> dict[str, Any]:
    synthesis = EasyDict(**SMALL, num_fp16_res=4, conv_clamp=None)
    given = {"z_dim": 16, "c_dim": 0, "w_dim": 16, "img_resolution": 32, "img_channels": 3}
    return {**given, "mapping_kwargs": EasyDict(num_layers=2), "synthesis_kwargs": synthesis, **changes}


def discriminator_kwargs(**changes: Any) -> dict[str, Any]:
    parts = {"block_kwargs": {}, "mapping_kwargs": {}, "epilogue_kwargs": EasyDict(mbstd_group_size=4)}
    given = {"c_dim": 0, "img_resolution": 32, "img_channels": 3, **SMALL, "num_fp16_res": 4, "conv_clamp": None}
    return {**given, **parts, **changes}


def tiny_content(
    g_changes: dict[str, Any] | None = None,
    d_changes: dict[str, Any] | None = None,
    layer_attributes: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """A pair of networks for 8x8 pictures, with changed arguments."""
    torch.manual_seed(0)
    generator, discriminator = Generator(4, 0, 4, 8, mapping_layers=1, **TINY), Discriminator(0, 8, **TINY)
    sizes = {"z_dim": 4, "c_dim": 0, "w_dim": 4, "img_resolution": 8, "img_channels": 3}
    g_kwargs = {**sizes, "mapping_kwargs": {"num_layers": 1}, "synthesis_kwargs": dict(TINY), **(g_changes or {})}
    d_kwargs = {"c_dim": 0, "img_resolution": 8, "img_channels": 3, **TINY, **(d_changes or {})}
    return pickles.official_content(
        pickles.with_filters(generator.state_dict()),
        pickles.with_filters(discriminator.state_dict()),
        g_kwargs,
        d_kwargs,
        layer_attributes,
    )


def assert_bits(network: torch.nn.Module, expected: dict[str, Tensor]) -> None:
    ours = network.state_dict()
    assert ours.keys() == expected.keys()
    assert all(torch.equal(tensor, expected[name]) for name, tensor in ours.items())


@pytest.mark.parametrize("protocol", [3, 4])
def test_a_pair_comes_in_bit_for_bit_and_draws_the_golden_pictures(
    golden: Callable[[str], Golden], tmp_path: Path, protocol: int
) -> None:
    g = golden("nets32")
    content = pickles.official_content(all_of(g, "G."), all_of(g, "D."), generator_kwargs(), discriminator_kwargs())
    loaded = load_network(pickles.write(tmp_path / "official.pkl", content, protocol))
    assert_bits(loaded.G_ema, state(g, "G."))
    assert_bits(loaded.D, state(g, "D."))
    assert loaded.G is not None
    assert_bits(loaded.G, {name: tensor * 0.5 for name, tensor in state(g, "G.").items()})
    close(loaded.G_ema(g["z"], truncation_psi=0.7), g["img_const_psi0.7"])
    close(loaded.D(g["real_img"]), g["logits_real"])
    assert loaded.meta == {"imported_from": "official.pkl", "dataset": "portraits"}


def test_a_pair_with_labels_gives_the_golden_numbers(golden: Callable[[str], Golden], tmp_path: Path) -> None:
    g = golden("nets16_cond_arch")
    sizes = {"c_dim": 3, "img_resolution": 16}
    content = pickles.official_content(
        all_of(g, "G."),
        all_of(g, "D."),
        generator_kwargs(**sizes),
        discriminator_kwargs(**sizes, mapping_kwargs=EasyDict(num_layers=2), cmap_dim=None),
    )
    loaded = load_network(pickles.write(tmp_path / "official.pkl", content))
    images = loaded.G_ema(g["z"], g["c"])
    close(images, g["img_const"])
    close(loaded.D(images, g["c"]), g["logits"])


def test_mapping_networks_with_another_learning_rate_multiplier_compute_the_same(
    golden: Callable[[str], Golden], tmp_path: Path
) -> None:
    g = golden("nets16_cond_arch")
    sizes = {"c_dim": 3, "img_resolution": 16}

    def stored(prefix: str, factor: float) -> Golden:
        """As a network with a `factor` times larger multiplier holds it."""
        tensors = all_of(g, prefix)
        return {n: tensor / factor if n.startswith("mapping.fc") else tensor for n, tensor in tensors.items()}

    content = pickles.official_content(
        stored("G.", 100),
        stored("D.", 10),
        generator_kwargs(**sizes, mapping_kwargs=EasyDict(num_layers=2, lr_multiplier=1)),
        discriminator_kwargs(**sizes, mapping_kwargs=EasyDict(num_layers=2, lr_multiplier=0.1)),
    )
    loaded = load_network(pickles.write(tmp_path / "official.pkl", content))
    close(loaded.G_ema.mapping(g["z"], g["c"])[:, 0], g["ws"])
    close(loaded.D(g["img_const"], g["c"]), g["logits"])
    assert torch.equal(loaded.D.mapping.embed.weight, g["D.mapping.embed.weight"])


@pytest.mark.parametrize("where", ["in the arguments", "in the layers, with the arguments of stylegan3"])
def test_the_clamp_of_the_activations_is_found_wherever_it_is_told(
    golden: Callable[[str], Golden], tmp_path: Path, where: str
) -> None:
    g, numbers = golden("nets32"), golden("conv_clamp")
    g_kwargs = generator_kwargs(synthesis_kwargs={**SMALL, "conv_clamp": 1})
    d_kwargs, attributes = discriminator_kwargs(conv_clamp=1), {}
    if where != "in the arguments":
        g_kwargs |= {**SMALL, "fused_modconv_default": "inference_only"}
        del g_kwargs["synthesis_kwargs"], d_kwargs["conv_clamp"]
        attributes = {"conv_clamp": 1}
    content = pickles.official_content(all_of(g, "G."), all_of(g, "D."), g_kwargs, d_kwargs, attributes)
    loaded = load_network(pickles.write(tmp_path / "official.pkl", content))
    img, logits = (numbers[key] for key in sorted(numbers))
    close(loaded.G_ema.synthesis(g["ws_psi1"][:, None].repeat(1, 8, 1)), img)
    close(loaded.D(g["real_img"]), logits)


def test_a_discriminator_without_residuals_and_with_frozen_layers_comes_in(
    golden: Callable[[str], Golden], tmp_path: Path
) -> None:
    g = golden("nets16_cond_arch")
    content = tiny_content()
    tensors = all_of(g, "orig.D.")
    kwargs = discriminator_kwargs(
        img_resolution=16, architecture="orig", block_kwargs=EasyDict(freeze_layers=2, activation="lrelu")
    )
    frozen = ["b16.fromrgb.weight", "b16.fromrgb.bias", "b16.conv0.weight", "b16.conv0.bias"]
    content["D"] = pickles.network("Discriminator", tensors, kwargs, frozen=frozen)
    loaded = load_network(pickles.write(tmp_path / "official.pkl", content))
    assert_bits(loaded.D, state(g, "orig.D."))
    close(loaded.D(g["orig.img"]), g["orig.logits"])


def test_half_precision_and_any_memory_layout_are_read(tmp_path: Path) -> None:
    generator = Generator(4, 0, 4, 8, mapping_layers=1, **TINY)
    expected = {name: tensor.clone() for name, tensor in generator.state_dict().items()}
    tensors = dict(expected)
    name = "synthesis.b8.conv1.weight"
    tensors[name] = tensors[name].contiguous(memory_format=torch.channels_last)
    tensors["mapping.fc0.weight"] = tensors["mapping.fc0.weight"].double()
    tensors["synthesis.b4.const"] = tensors["synthesis.b4.const"].half()
    expected["synthesis.b4.const"] = tensors["synthesis.b4.const"].float()
    tensors["synthesis.b8.conv1.bias"] = torch.arange(9.0)[1:8:2]
    expected["synthesis.b8.conv1.bias"] = torch.tensor([1.0, 3, 5, 7])
    content = tiny_content()
    kwargs = {"z_dim": 4, "c_dim": 0, "w_dim": 4, "img_resolution": 8, "img_channels": 3, "synthesis_kwargs": TINY}
    content["G_ema"], content["G"] = pickles.network("Generator", tensors, kwargs), None
    loaded = load_network(pickles.write(tmp_path / "official.pkl", content))
    assert loaded.G is None
    assert_bits(loaded.G_ema, expected)


def test_numbers_of_old_and_new_numpy_are_read(tmp_path: Path) -> None:
    for name in (pickles.NUMPY_SCALAR, pickles.OLD_NUMPY_SCALAR):
        content = tiny_content(layer_attributes={"conv_clamp": pickles.scalar(256, name)})
        loaded = load_network(pickles.write(tmp_path / "official.pkl", content))
        assert loaded.G_ema.init_kwargs["conv_clamp"] == loaded.D.init_kwargs["conv_clamp"] == 256


def test_an_imported_network_is_saved_and_read_as_one_of_ours(tmp_path: Path) -> None:
    official: LoadedNetwork = load_network(pickles.write(tmp_path / "official.pkl", tiny_content()))
    save_network(tmp_path / "ours", official.G_ema, official.D, official.meta, official.G)
    ours = load_network(tmp_path / "ours")
    assert_bits(ours.G_ema, official.G_ema.state_dict())
    assert ours.meta == official.meta


@pytest.mark.parametrize(
    ("g_changes", "d_changes", "message"),
    [
        ({"synthesis_kwargs": {**TINY, "architecture": "resnet"}}, {}, "synthesis_kwargs: 'architecture' = 'resnet'"),
        ({"synthesis_kwargs": {**TINY, "use_noise": False}}, {}, "synthesis_kwargs: 'use_noise' = False"),
        ({"synthesis_kwargs": {**TINY, "resample_filter": [1, 2, 1]}}, {}, r"'resample_filter' = \[1, 2, 1\]"),
        ({"mapping_kwargs": {"num_layers": 1, "lr_multiplier": 0}}, {}, "mapping_kwargs: 'lr_multiplier' = 0"),
        ({"mapping_kwargs": {"num_layers": 1, "normalize": True}}, {}, "mapping_kwargs: 'normalize' = True"),
        ({"magnitude_ema_beta": 0.5}, {}, "synthesis_kwargs: 'magnitude_ema_beta' = 0.5"),
        ({}, {"architecture": "skip"}, "architecture: must be one of resnet, orig, not 'skip'"),
        ({}, {"block_kwargs": {"activation": "relu"}}, "block_kwargs: 'activation' = 'relu'"),
        ({}, {"epilogue_kwargs": {"mbstd_group_size": None}}, "mbstd_group_size must be a whole number"),
        ({"z_dim": [4]}, {}, r"z_dim = \[4\]"),
        ({"img_resolution": 12}, {}, "img_resolution: must be a power of two"),
        ({"img_resolution": 1 << 30}, {}, "generator.img_resolution must be a whole number 4 to 4096"),
        ({"img_resolution": 16}, {}, "does not match its own arguments: it lacks tensor G.synthesis.b16"),
        ({"synthesis_kwargs": {"channel_base": 32}}, {}, "has another shape for tensor"),
        ({"synthesis_kwargs": 5}, {}, "its synthesis_kwargs is 5, not a dictionary"),
    ],
)
def test_a_network_that_cannot_be_computed_here_is_refused(
    tmp_path: Path, g_changes: dict[str, Any], d_changes: dict[str, Any], message: str
) -> None:
    path = pickles.write(tmp_path / "official.pkl", tiny_content(g_changes, d_changes))
    with pytest.raises(NetworkFileError, match=message) as caught:
        load_network(path)
    assert str(caught.value).startswith(f"{path}: ")


def without(content: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in content.items() if key != name}


def other_filter() -> Any:
    tensors = {"synthesis.b4.resample_filter": torch.ones(4, 4) / 16}
    return {**tiny_content(), "G_ema": pickles.network("Generator", tensors, {})}


def third_generation() -> Any:
    tensors = {"synthesis.input.weight": torch.ones(2, 2)}
    kwargs = {"z_dim": 4, "c_dim": 0, "w_dim": 4, "img_resolution": 8, "img_channels": 3}
    return {**tiny_content(), "G_ema": pickles.network("Generator", tensors, kwargs)}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (lambda: [1, 2], r"not a network of stylegan2-ada-pytorch: it holds \[1, 2\]"),
        (dict, "its part 'G_ema' is not a Generator, but None"),
        (lambda: without(tiny_content(), "D"), "its part 'D' is not a Discriminator, but None"),
        (lambda: {**tiny_content(), "D": tiny_content()["G"]}, "its part 'D' is not a Discriminator, but 'Generator'"),
        (lambda: {**tiny_content(), "G": tiny_content({"z_dim": 5})["G"]}, "built with different arguments"),
        (
            lambda: tiny_content({"synthesis_kwargs": {**TINY, "conv_clamp": 1}}, None, {"conv_clamp": 2}),
            "not supported: a Generator whose layers clamp at different values",
        ),
        (other_filter, r"G_ema.synthesis.b4.resample_filter is another filter than \[1, 3, 3, 1\]"),
        (third_generation, "not supported: a generator of StyleGAN3"),
        (
            lambda: {**tiny_content(), "G_ema": pickles.Call("dnnlib.tflib.network Network")},
            r"refused the global 'dnnlib.tflib.network.Network'. It is a network of the TensorFlow version",
        ),
    ],
)
def test_a_file_with_something_else_is_refused(tmp_path: Path, content: Callable[[], Any], message: str) -> None:
    path = pickles.write(tmp_path / "official.pkl", content())
    with pytest.raises(NetworkFileError, match=message) as caught:
        load_network(path)
    assert str(caught.value).startswith(f"{path}: ")


@pytest.mark.parametrize(
    ("dataset", "name"),
    [("/data/my cats.zip", "my cats"), ("C:\\data\\cats\\", "cats"), ("/data/\x1b[2J", None), ("", None), (5, None)],
)
def test_the_name_of_the_dataset_is_kept_if_it_is_one(tmp_path: Path, dataset: Any, name: str | None) -> None:
    content = {**tiny_content(), "G": None, "training_set_kwargs": EasyDict(path=dataset)}
    assert load_network(pickles.write(tmp_path / "official.pkl", content)).meta.get("dataset") == name


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(NetworkFileError, match=r"official\.pkl: the network cannot be read: No such file"):
        load_network(tmp_path / "official.pkl")
