"""Network files come back as they were written, and anything else is refused with a sentence that names the file."""

import json
import subprocess
import sys
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

import stylegan2
from stylegan2.base.errors import NetworkFileError
from stylegan2.formats.network_file import _build, load_generator, load_network, save_network
from stylegan2.model.networks import Discriminator, Generator

PACKAGE = Path(stylegan2.__file__).parent


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    generator = Generator(4, 0, 4, 8, mapping_layers=1, channel_base=32, channel_max=4)
    discriminator = Discriminator(0, 8, channel_base=32, channel_max=4)
    save_network(tmp_path / "net", generator, discriminator, {"kimg": 1.5, "dataset": "cats"}, deepcopy(generator))
    return tmp_path / "net"


def edit(folder: Path, part: str, name: str, value: Any) -> None:
    path = folder / "network.json"
    description = json.loads(path.read_text())
    description[part][name] = value
    path.write_text(json.dumps(description))


def test_a_network_comes_back_as_it_was_written(tmp_path: Path) -> None:
    generator = Generator(4, 0, 4, 8, mapping_layers=1, channel_base=32, channel_max=4)
    discriminator = Discriminator(0, 8, channel_base=32, channel_max=4)
    path = save_network(tmp_path, generator, discriminator, {"kimg": 1.5})
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["network.json", "network.safetensors"]
    for source in (tmp_path, path):
        loaded = load_network(source)
        assert loaded.meta == {"kimg": 1.5}
        assert loaded.G is None
        for ours, theirs in ((generator, loaded.G_ema), (discriminator, loaded.D)):
            assert not any(parameter.requires_grad for parameter in theirs.parameters())
            theirs_state = theirs.state_dict()
            assert all(torch.equal(tensor, theirs_state[name]) for name, tensor in ours.state_dict().items())


def test_the_unaveraged_generator_is_kept_when_given(saved: Path) -> None:
    loaded = load_network(saved)
    assert loaded.G is not None
    assert torch.equal(loaded.G.synthesis.get_submodule("b4").const, loaded.G_ema.synthesis.get_submodule("b4").const)


def test_a_file_with_constant_filters_and_half_precision_is_read(saved: Path) -> None:
    tensors = load_file(saved / "network.safetensors")
    tensors = {name: tensor.half() for name, tensor in tensors.items()}
    tensors["G_ema.synthesis.b8.resample_filter"] = torch.zeros(4, 4)
    save_file(tensors, saved / "network.safetensors")
    assert next(load_network(saved).G_ema.parameters()).dtype == torch.float32


@pytest.mark.parametrize(
    ("part", "name", "value", "message"),
    [
        ("generator", "img_resolution", 12, r"img_resolution: must be a power of two .* not 12"),
        ("generator", "img_resolution", 10**9, r"generator.img_resolution must be a whole number"),
        ("generator", "mapping_layers", 10**9, r"generator.mapping_layers must be"),
        ("generator", "z_dim", "4", r"generator.z_dim must be a whole number .* not '4'"),
        ("generator", "z_dim", True, r"generator.z_dim must be a whole number .* not True"),
        ("generator", "__class__", 1, r"unknown argument '__class__'"),
        ("generator", "conv_clamp", -1, r"conv_clamp must be null or a positive number"),
        ("generator", "channel_base", 4, r"channel_base: 4 leaves no channels at 8x8"),
        ("discriminator", "architecture", "skip", r"architecture: must be one of resnet, orig"),
        ("discriminator", "architecture", ["resnet"], r"architecture: must be one of resnet, orig"),
        (
            "generator",
            "w_dim",
            5,
            r"does not match network.json: it has another shape for tensor G_ema\.\S+ and \d+ more",
        ),
        ("generator", "mapping_layers", 2, r"it lacks tensor G\.mapping\.fc1\.bias and 3 more"),
        ("generator", "img_resolution", 4, r"it has the unexpected tensor G\.synthesis\.b8"),
    ],
)
def test_a_wrong_description_is_refused(saved: Path, part: str, name: str, value: Any, message: str) -> None:
    edit(saved, part, name, value)
    with pytest.raises(NetworkFileError, match=message) as caught:
        load_network(saved)
    assert str(saved) in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "not valid JSON"),
        (b"\xff\xfe", "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        (b"[]", "not a network's description"),
        (b'{"format": "other"}', "its format must be 'workshop-network/1'"),
        (b'{"format": "workshop-network/1"}', "the part 'generator' is missing"),
        (b" " * (1 << 20) + b" ", "too large"),
    ],
)
def test_a_file_that_is_no_description_is_refused(saved: Path, content: bytes, message: str) -> None:
    (saved / "network.json").write_bytes(content)
    with pytest.raises(NetworkFileError, match=message):
        load_network(saved)


def test_missing_files_are_named(saved: Path, tmp_path: Path) -> None:
    (saved / "network.safetensors").unlink()
    with pytest.raises(NetworkFileError, match=r"network\.safetensors"):
        load_network(saved)
    (saved / "network.json").unlink()
    with pytest.raises(NetworkFileError, match=r"network\.json: .* cannot be read"):
        load_network(saved)
    with pytest.raises(NetworkFileError, match=r"weights\.ckpt: not a network"):
        load_network(tmp_path / "weights.ckpt")


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(cut=st.integers(0, 20_000), flip=st.integers(0, 2_000), bit=st.integers(0, 7))
def test_a_damaged_tensor_file_never_raises_anything_else(saved: Path, cut: int, flip: int, bit: int) -> None:
    path = saved / "network.safetensors"
    whole = path.read_bytes()
    damaged = bytearray(whole)
    damaged[flip] ^= 1 << bit
    path.write_bytes(bytes(damaged[: len(whole) - cut]))
    with suppress(NetworkFileError):  # a flip inside a number is no damage that can be seen
        load_network(saved)
    path.write_bytes(whole)


def test_the_generator_alone_is_the_averaged_one_of_the_whole_network(saved: Path) -> None:
    alone, whole = load_generator(saved), load_network(saved).G_ema
    assert not alone.training
    assert not any(parameter.requires_grad for parameter in alone.parameters())
    z = torch.randn(2, 4)
    assert torch.equal(alone(z), whole(z))
    assert alone.state_dict().keys() == whole.state_dict().keys()
    assert all(torch.equal(*pair) for pair in zip(alone.buffers(), whole.buffers(), strict=True))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"D.b4.fc.bias": None}, r"it lacks tensor D\.b4\.fc\.bias$"),
        ({"D.b4.fc.bias": torch.zeros(5)}, r"it has another shape for tensor D\.b4\.fc\.bias$"),
        ({"D.b4.more": torch.zeros(1)}, r"it has the unexpected tensor D\.b4\.more$"),
        ({"G.mapping.w_avg": torch.zeros(5)}, r"it has another shape for tensor G\.mapping\.w_avg$"),
    ],
)
def test_the_generator_alone_is_refused_with_a_wrong_rest(
    saved: Path, change: dict[str, torch.Tensor | None], message: str
) -> None:
    tensors = load_file(saved / "network.safetensors") | change
    save_file({name: tensor for name, tensor in tensors.items() if tensor is not None}, saved / "network.safetensors")
    with pytest.raises(NetworkFileError, match=message):
        load_generator(saved)


def test_the_generator_alone_is_refused_with_a_wrong_description_of_the_rest(saved: Path) -> None:
    edit(saved, "discriminator", "mapping_layers", 10**9)
    with pytest.raises(NetworkFileError, match=r"discriminator\.mapping_layers must be"):
        load_generator(saved)


@pytest.mark.parametrize("kind", [Generator, Discriminator])
def test_a_description_alone_reserves_no_memory_for_numbers(
    kind: type[Generator | Discriminator], tmp_path: Path
) -> None:
    largest = {"c_dim": 65536, "channel_base": 1 << 20, "channel_max": 8192, "img_resolution": 4096}
    network = _build(kind, largest, "part", tmp_path)
    assert all(tensor.is_meta for tensor in network.state_dict().values())


def test_a_network_does_not_change_with_its_file(saved: Path) -> None:
    loaded = load_network(saved)
    before = {name: tensor.clone() for name, tensor in loaded.D.state_dict().items()}
    path = saved / "network.safetensors"
    with path.open("r+b") as file:
        file.write(bytes(path.stat().st_size))
    assert all(torch.equal(tensor, before[name]) for name, tensor in loaded.D.state_dict().items())


def test_a_network_is_opened_without_the_compiler_which_takes_a_second_to_import(saved: Path) -> None:
    program = (
        "import sys, pathlib; from stylegan2.formats.network_file import load_network;"
        "load_network(pathlib.Path(sys.argv[1])); print('torch._dynamo' in sys.modules)"
    )
    command = [sys.executable, "-c", program, saved]
    done = subprocess.run(command, cwd=PACKAGE.parent, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_infinities_do_not_get_into_the_description(tmp_path: Path) -> None:
    generator = Generator(4, 0, 4, 8, mapping_layers=1, channel_base=32, channel_max=4)
    with pytest.raises(ValueError, match="JSON"):
        save_network(tmp_path, generator, Discriminator(0, 8, channel_base=32, channel_max=4), {"kimg": float("nan")})


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    generator = Generator(4, 0, 4, 8, mapping_layers=1, channel_base=32, channel_max=4)
    with pytest.raises(NetworkFileError, match="file: the network cannot be written"):
        save_network(tmp_path / "file", generator, Discriminator(0, 8, channel_base=32, channel_max=4), {})
