"""An exported generator draws the generator's own pictures, without this package."""

import json
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch

from stylegan2.base.errors import NetworkFileError, OptionError
from stylegan2.formats import export
from stylegan2.formats.export import export_generator
from stylegan2.model.networks import Generator


def a_generator(c_dim: int, conv_clamp: float | None = None) -> Generator:
    """With an average and noise, so that truncation and noise matter."""
    torch.manual_seed(c_dim)
    generator = Generator(8, c_dim, 8, 16, mapping_layers=2, channel_base=128, channel_max=8, conv_clamp=conv_clamp)
    generator.requires_grad_(False)
    generator.mapping.w_avg.normal_()
    for parameter in generator.parameters():
        if parameter.ndim == 0:
            parameter.fill_(0.3)
    return generator.eval()


def load(path: Path) -> Any:
    if path.suffix == ".pt2":
        return torch.export.load(path).module()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return torch.jit.load(path)  # type: ignore[no-untyped-call]


def inputs_of(generator: Generator, count: int, psi: float) -> list[torch.Tensor]:
    z = torch.randn(count, generator.z_dim)
    labels = [torch.eye(generator.c_dim)[torch.arange(count) % generator.c_dim]] if generator.c_dim else []
    return [z, *labels, torch.full([count], psi)]


@pytest.mark.parametrize(("suffix", "c_dim"), [(".pt", 0), (".pt", 3), (".pt2", 3)])
def test_an_exported_generator_draws_the_same_pictures_for_every_batch_truncation_and_label(
    tmp_path: Path, suffix: str, c_dim: int
) -> None:
    generator = a_generator(c_dim, conv_clamp=256 if c_dim else None)
    path = tmp_path / f"faces{suffix}"
    assert export_generator(generator, path) <= 1e-6
    program = load(path)
    for count in (1, 2, 3, 7):
        for psi in (1.0, 0.7, 0.0, -0.5):
            *latents, psis = inputs_of(generator, count, psi)
            expected = generator(*latents, truncation_psi=psi)
            torch.testing.assert_close(program(*latents, psis), expected, rtol=0, atol=1e-6)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [path.name]


def test_every_picture_can_have_a_truncation_of_its_own(tmp_path: Path) -> None:
    generator = a_generator(0)
    export_generator(generator, tmp_path / "faces.pt")
    z = torch.randn(2, 8)
    pictures = load(tmp_path / "faces.pt")(z, torch.tensor([1.0, 0.3]))
    ws = torch.stack([generator.mapping(z)[0], generator.mapping(z, truncation_psi=0.3)[1]])
    torch.testing.assert_close(pictures, generator.synthesis(ws), rtol=0, atol=1e-6)


def test_noise_is_left_out_where_asked(tmp_path: Path) -> None:
    generator = a_generator(0)
    export_generator(generator, tmp_path / "faces.pt", "none")
    *latents, psi = inputs_of(generator, 2, 1.0)
    pictures = load(tmp_path / "faces.pt")(*latents, psi)
    torch.testing.assert_close(pictures, generator(*latents, noise_mode="none"), rtol=0, atol=1e-6)
    assert (pictures - generator(*latents)).abs().max() > 1e-3


ELSEWHERE = """
import sys, torch, warnings
warnings.simplefilter("ignore")
extra = {"network.json": ""}
program = torch.jit.load(sys.argv[1], _extra_files=extra)
picture = program(torch.zeros(1, 8), torch.ones(1))
assert "stylegan2" not in sys.modules
print(extra["network.json"].decode())
print(list(picture.shape))
"""


def test_the_file_needs_nothing_of_this_package(tmp_path: Path) -> None:
    export_generator(a_generator(0), tmp_path / "faces.pt")
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, str(tmp_path / "faces.pt")],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env={},
    )
    description, shape = done.stdout.splitlines()
    assert json.loads(description)["z_dim"] == 8
    assert json.loads(description)["noise_mode"] == "const"
    assert shape == "[1, 3, 16, 16]"


def test_pictures_that_would_differ_are_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = export._write_torchscript

    def write_otherwise(*arguments: Any) -> export.Drawing:
        drawing = write(*arguments)
        return lambda *inputs: drawing(*inputs) + 1e-4

    monkeypatch.setattr(export, "_write_torchscript", write_otherwise)
    (tmp_path / "faces.pt").write_text("the one before")
    with pytest.raises(NetworkFileError, match=r"faces\.pt: not written: its pictures would differ"):
        export_generator(a_generator(0), tmp_path / "faces.pt")
    assert (tmp_path / "faces.pt").read_text() == "the one before"
    assert len(list(tmp_path.iterdir())) == 1


def test_another_suffix_and_a_place_that_cannot_be_written_are_named(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"^--dest: must end in \.pt or \.pt2, not in '\.onnx'"):
        export_generator(a_generator(0), tmp_path / "faces.onnx")
    (tmp_path / "file").write_text("")
    with pytest.raises(NetworkFileError, match=r"faces\.pt: the network cannot be written"):
        export_generator(a_generator(0), tmp_path / "file" / "faces.pt")
