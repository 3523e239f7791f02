"""The programs take an official network wherever they take one of ours."""

from pathlib import Path
from typing import Any

import export_network
import generate
import import_network
import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from PIL import Image

from stylegan2.formats.network_file import load_network
from stylegan2.model.networks import Discriminator, Generator
from stylegan2.options.training import TrainingChoices
from stylegan2.training import train
from stylegan2.training.training_options import resolve_options
from tests.formats import official_pickles as pickles
from tests.formats.test_official_import import tiny_content
from tests.training.pictures import write_pictures


@pytest.fixture
def official(tmp_path: Path) -> Path:
    return pickles.write(tmp_path / "official.pkl", tiny_content())


def run(program: Any, *arguments: object) -> Result:
    return CliRunner().invoke(program.main, [str(argument) for argument in arguments])


def pixels_of(path: Path) -> Any:
    with Image.open(path) as image:
        return np.asarray(image)


def test_an_imported_network_draws_what_the_official_file_draws(official: Path, tmp_path: Path) -> None:
    done = run(import_network, "--source", official, "--dest", tmp_path / "ours")
    assert done.exit_code == 0, done.output
    assert "network.safetensors: a generator of 8 x 8 pictures, no labels, 0.0 million weights" in done.output
    for name, network in (("from the file", official), ("from ours", tmp_path / "ours")):
        drawn = run(generate, "--network", network, "--seeds", "1", "--outdir", tmp_path / name)
        assert drawn.exit_code == 0, drawn.output
    pictures = [pixels_of(tmp_path / name / "seed0001.png") for name in ("from the file", "from ours")]
    assert np.array_equal(*pictures)
    assert pictures[0].std() > 1


def test_an_import_never_replaces_a_network(official: Path, tmp_path: Path) -> None:
    assert run(import_network, "--source", official, "--dest", tmp_path / "ours").exit_code == 0
    again = run(import_network, "--source", official, "--dest", tmp_path / "ours")
    assert again.exit_code == 1
    assert again.output.startswith("Error: --dest: ")
    assert "holds a network already" in again.output


def test_an_import_of_something_else_ends_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "evil.pkl").write_bytes(b"\x80\x04cposix\nsystem\n.")
    done = run(import_network, "--source", tmp_path / "evil.pkl", "--dest", tmp_path / "ours")
    assert (done.exit_code, done.output) == (1, f"Error: {tmp_path}/evil.pkl: refused the global 'posix.system'\n")
    assert not (tmp_path / "ours").exists()
    other = run(import_network, "--source", __file__, "--dest", tmp_path / "ours")
    assert "is not a .pkl" in other.output


def test_a_training_begins_with_an_official_network_of_another_width(tmp_path: Path) -> None:
    torch.manual_seed(3)
    arguments = {"channel_base": 64, "channel_max": 8}
    data = write_pictures(tmp_path / "discs", 20, 8)
    chosen = resolve_options(TrainingChoices(data=data, outdir=tmp_path / "out", preset="tiny", kimg=0.016))
    wide = chosen.generator_kwargs()
    generator = Generator(**{**wide, **arguments})
    discriminator = Discriminator(**{**chosen.discriminator_kwargs(), **arguments})
    g_kwargs = {n: generator.init_kwargs[n] for n in ("z_dim", "c_dim", "w_dim", "img_resolution", "img_channels")}
    content = pickles.official_content(
        pickles.with_filters(generator.state_dict()),
        pickles.with_filters(discriminator.state_dict()),
        {**g_kwargs, "synthesis_kwargs": arguments, "mapping_kwargs": {"num_layers": wide["mapping_layers"]}},
        {"c_dim": 0, "img_resolution": 8, "img_channels": 3, **arguments},
    )
    path = pickles.write(tmp_path / "official.pkl", content)
    chosen = resolve_options(
        TrainingChoices(data=data, outdir=tmp_path / "out", preset="tiny", kimg=0.016, transfer=path)
    )
    train(chosen, should_stop=lambda _: "stopped")
    assert "into larger ones; channel_base was 64 and is" in (tmp_path / "out/log.txt").read_text()
    z = torch.randn(4, wide["z_dim"])
    torch.testing.assert_close(load_network(tmp_path / "out").G_ema(z), generator.eval()(z), rtol=1e-4, atol=1e-5)


def test_an_official_network_is_exported_by_one_command(official: Path, tmp_path: Path) -> None:
    done = run(export_network, "--network", official, "--dest", tmp_path / "faces.pt", "--noise-mode", "none")
    assert done.exit_code == 0, done.output
    assert f"faces.pt: draws what {official} draws (largest difference" in done.output
    assert (tmp_path / "faces.pt").is_file()
    other = run(export_network, "--network", official, "--dest", tmp_path / "faces.onnx")
    assert (other.exit_code, other.output) == (1, "Error: --dest: must end in .pt or .pt2, not in '.onnx'\n")
