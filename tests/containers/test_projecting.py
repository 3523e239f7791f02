"""However many images are listed, all are drawn: alike in any group, and in fewer steps where time is short."""

import itertools
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from containers.infer import projecting
from containers.infer.projecting import Clock, project_targets
from containers.infer.results import Pixels, Projections
from containers.infer.synthesis import vet_targets
from contract.pipeline import RESOLUTIONS
from stylegan2.data.uploads import NamedUploads
from stylegan2.formats.network_file import LoadedNetwork
from stylegan2.model.networks import Discriminator, Generator
from tests.containers.jobs import draw
from workshop.dataset import default_choice
from workshop.dataset.settings import MAX_PROJECTION_TARGETS
from workshop.dataset.snapshot import targets_per_run

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def network() -> LoadedNetwork:
    torch.manual_seed(1)
    sizes = {"img_resolution": 16, "img_channels": 3, "channel_base": 256, "channel_max": 16}
    generator = Generator(z_dim=16, c_dim=0, w_dim=16, mapping_layers=2, **sizes)
    generator.mapping.w_avg.normal_()
    modules = [module.eval().requires_grad_(False) for module in (generator, Discriminator(**sizes))]
    return LoadedNetwork(G_ema=modules[0], D=modules[1], G=None, meta={})


@pytest.fixture(scope="module")
def targets(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, Pixels]]:
    drawn, fetched = (tmp_path_factory.mktemp(name) for name in ("drawn", "fetched"))
    draw(drawn, 20)
    for file in drawn.iterdir():
        file.rename(NamedUploads.place(fetched, file.name))
    names = [f"picture{number:03d}.png" for number in range(20)]
    good, skipped = vet_targets(NamedUploads(fetched, names), 16)
    assert not skipped
    return good


def test_every_listed_image_is_drawn_and_kept_as_files(
    network: LoadedNetwork, targets: list[tuple[str, Pixels]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(projecting.PIXELS_AT_ONCE, "cpu", 3 * 16 * 16)
    found = project_targets(network, targets, tmp_path / "projected", 2, Clock())
    assert [image.name for image in found.images] == [name for name, _ in targets]
    assert len(list((tmp_path / "projected").glob("*-drawn.png"))) == 20
    with np.load(tmp_path / "projected" / "projected_w.npz") as latents:
        assert len(latents["w"]) == 20
    assert (found.steps, found.were_hurried) == (2, False)


def test_what_is_found_does_not_depend_on_the_group(
    network: LoadedNetwork, targets: list[tuple[str, Pixels]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def latents(at_once: int, some: list[tuple[str, Pixels]]) -> np.ndarray:
        monkeypatch.setitem(projecting.PIXELS_AT_ONCE, "cpu", at_once * 16 * 16)
        project_targets(network, some, tmp_path / str(at_once), 6, Clock())
        with np.load(tmp_path / str(at_once) / "projected_w.npz") as file:
            return np.asarray(file["w"])

    together, by_twos, alone = latents(5, targets[:5]), latents(2, targets[:5]), latents(1, targets[4:5])
    assert np.allclose(together, by_twos, atol=1e-3)
    assert np.allclose(together[4:], alone, atol=1e-3)


def hurried(
    network: LoadedNetwork, targets: list[tuple[str, Pixels]], folder: Path, seconds: float | None
) -> Projections:
    """Project on a machine that takes a second a step of a group, as far as it is measured."""
    looks = itertools.count()
    return project_targets(network, targets, folder, 50, Clock(seconds, lambda: float(next(looks))))


def test_where_time_is_short_all_take_fewer_steps_and_it_is_told(
    network: LoadedNetwork, targets: list[tuple[str, Pixels]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(projecting.PIXELS_AT_ONCE, "cpu", 4 * 16 * 16)
    found = hurried(network, targets, tmp_path / "short", 103.0)
    assert len(found.images) == 20
    assert found.steps == 18  # nine tenths of 100 s, for 5 groups of a second a step
    assert found.were_hurried
    assert {len(image.distances) for image in found.images} == {18}


@pytest.mark.parametrize("seconds", [1e9, None])
def test_with_enough_time_all_steps_are_taken(
    network: LoadedNetwork, targets: list[tuple[str, Pixels]], tmp_path: Path, seconds: float | None
) -> None:
    found = hurried(network, targets[:2], tmp_path, seconds)
    assert (found.steps, found.were_hurried) == (50, False)


@pytest.mark.parametrize("seconds", [0.0, -1e6])
def test_even_without_any_time_every_image_is_drawn(
    network: LoadedNetwork, targets: list[tuple[str, Pixels]], tmp_path: Path, seconds: float
) -> None:
    found = hurried(network, targets[:3], tmp_path, seconds)
    assert (len(found.images), found.steps) == (3, 1)


def test_a_machine_that_becomes_slower_leaves_the_last_images_fewer_steps(
    network: LoadedNetwork, targets: list[tuple[str, Pixels]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(projecting.PIXELS_AT_ONCE, "cpu", 4 * 16 * 16)
    looks = iter([0.0, 1.0, 2.0, 3.0, 150.0, 150.0, *range(151, 200)])  # the first group takes three times as long
    found = project_targets(network, targets, tmp_path, 50, Clock(303.0, lambda: next(looks)))
    taken = [len(image.distances) for image in found.images]
    assert taken == [50] * 4 + [11] * 16  # nine tenths of 153 s, for 4 groups of 2.94 s a step
    assert found.steps == 11


def test_settings_lists_guide_and_job_agree_on_how_many_images_are_projected() -> None:
    """Infer has no bound of its own (above): what a run lists, it draws."""
    assert all(targets_per_run(resolution) >= MAX_PROJECTION_TARGETS for resolution in RESOLUTIONS)
    assert default_choice("balanced").projection_targets <= MAX_PROJECTION_TARGETS
    guide = (ROOT / "docs" / "artist-guide.md").read_text()
    assert f"| `projection_targets` | 1 to {MAX_PROJECTION_TARGETS} |" in guide
    told = re.search(r"One run recreates (\d+) images, or (\d+) where the pictures are 512 or 1024 px large", guide)
    assert told is not None
    assert {int(told[1])} == {targets_per_run(resolution) for resolution in RESOLUTIONS if resolution <= 256}
    assert {int(told[2])} == {targets_per_run(resolution) for resolution in RESOLUTIONS if resolution > 256}
