"""Projection comes near its targets, one target's search does not disturb another's, and bad input is named."""

import warnings

import numpy as np
import pytest
import torch

from stylegan2.base.errors import OptionError
from stylegan2.synthesis import generate_images, projection, render_images
from stylegan2.synthesis.perceptual import DiscriminatorFeatures, FeatureError, TorchScriptFeatures
from stylegan2.synthesis.projection import ProjectionError, project
from tests.synthesis.conftest import make_discriminator, make_generator

STEPS = 60


@pytest.fixture(scope="module")
def targets(generator):
    return generate_images(generator, [11, 12])


@pytest.fixture(scope="module")
def features(discriminator):
    return DiscriminatorFeatures(discriminator)


@pytest.fixture(scope="module")
def found(generator, features, targets):
    return project(generator, targets, features=features, steps=STEPS, frames=4)


def mean_difference(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.abs(first.astype(int) - second.astype(int)).mean())


class TestSearch:
    def test_the_distance_falls_to_a_small_part(self, found):
        assert found.distances.shape == (2, STEPS)
        assert (found.best < 0.3 * found.distances[:, 0]).all()

    def test_what_is_found_beats_every_one_of_many_seeds(self, generator, targets, found):
        for target, image in zip(targets, found.images, strict=True):
            others = [mean_difference(other, target) for other in generate_images(generator, range(30))]
            assert mean_difference(image, target) < min(others[:11] + others[13:])

    def test_the_latents_draw_nearly_the_same_picture_with_the_networks_own_noise(self, generator, found, targets):
        assert found.ws.shape == (2, generator.num_ws, 16)
        drawn = render_images(generator, found.ws)
        for index in (0, 1):
            assert mean_difference(drawn[index], targets[index]) < mean_difference(drawn[index], targets[1 - index])

    def test_in_w_all_layers_share_one_latent_and_in_w_plus_they_do_not(self, generator, features, targets, found):
        assert torch.equal(found.ws[:, 0], found.ws[:, -1])
        plus = project(generator, targets[:1], features=features, steps=20, space="w+")
        assert not torch.allclose(plus.ws[:, 0], plus.ws[:, -1])

    def test_the_result_is_the_nearest_of_all_steps(self, generator, features, targets):
        found = project(generator, targets, features=features, steps=12, frames=12)
        for index in (0, 1):
            nearest = found.distances[index].argmin()
            assert found.best[index] == found.distances[index, nearest]
            assert np.array_equal(found.images[index], found.videos[index][nearest])

    def test_a_target_alone_gives_the_same_as_in_company(self, generator, features, targets):
        both = project(generator, targets, features=features, steps=6)
        alone = project(generator, targets[1:], features=features, steps=6)
        assert np.allclose(both.distances[1], alone.distances[0], rtol=1e-3)
        assert torch.allclose(both.ws[1], alone.ws[0], atol=1e-3)

    def test_the_same_seed_gives_the_same_search(self, generator, features, targets):
        first, second, other = (
            project(generator, targets[:1], features=features, steps=5, seed=seed).distances for seed in (1, 1, 2)
        )
        assert np.array_equal(first, second)
        assert not np.array_equal(first, other)

    def test_frames_lead_from_the_mean_picture_to_the_end(self, found, targets):
        for film, target in zip(found.videos, targets, strict=True):
            assert film.shape == (4, 16, 16, 3)
            assert mean_difference(film[-1], target) < mean_difference(film[0], target) / 2

    def test_the_generator_is_left_as_it_was(self, generator, features, targets):
        before = {name: tensor.clone() for name, tensor in generator.state_dict().items()}
        project(generator, targets, features=features, steps=3)
        assert all(torch.equal(tensor, before[name]) for name, tensor in generator.state_dict().items())
        assert all(parameter.grad is None for parameter in generator.parameters())

    def test_progress_is_told_after_every_step(self, generator, features, targets):
        steps = []
        project(
            generator, targets, features=features, steps=3, on_step=lambda step, now: steps.append((step, now.shape))
        )
        assert steps == [(1, (2,)), (2, (2,)), (3, (2,))]

    def test_grey_pictures_are_found_too(self):
        generator, discriminator = make_generator(channels=1), make_discriminator(channels=1)
        targets = generate_images(generator, [1])
        found = project(generator, targets, features=DiscriminatorFeatures(discriminator), steps=30)
        assert found.best[0] < 0.5 * found.distances[0, 0]

    def test_a_network_with_labels_is_searched_from_the_mean_of_all_classes(self, features):
        generator = make_generator(c_dim=3)
        targets = generate_images(generator, [1], class_number=2)
        found = project(generator, targets, features=features, steps=30)
        assert found.best[0] < 0.5 * found.distances[0, 0]


class Undecided:
    """Sees the same in every picture but the first ones it is shown, so that no search makes progress."""

    def __init__(self):
        self.calls = 0

    def __call__(self, images):
        self.calls += 1
        return 0 * images.flatten(1) + min(self.calls, 2)


class TestPatience:
    def test_a_search_without_progress_leaves_out_all_steps_up_to_the_last_quarter(self, generator, targets):
        found = project(generator, targets[:1], features=Undecided(), steps=40, patience=5, frames=40)
        # The first step counts as progress; five more without it, and the search is stuck.
        assert np.flatnonzero(np.isfinite(found.distances[0])).tolist() == [*range(6), *range(30, 40)]
        assert found.steps_taken.tolist() == [16]
        assert found.videos[0].shape == (16, 16, 16, 3)

    def test_a_search_that_makes_progress_takes_every_step(self, generator, features, targets, found):
        patient = project(generator, targets, features=features, steps=STEPS, patience=STEPS)
        assert np.array_equal(patient.distances, found.distances)
        assert found.steps_taken.tolist() == [STEPS, STEPS]

    def test_a_target_that_is_stuck_does_not_hurry_the_others(self, generator, features, targets):
        hard = 255 - targets[:1]
        both = project(generator, np.concatenate([hard, targets[1:]]), features=features, steps=40, patience=2)
        for index, target in enumerate((hard, targets[1:])):
            alone = project(generator, target, features=features, steps=40, patience=2)
            assert np.allclose(both.distances[index], alone.distances[0], rtol=1e-3, equal_nan=True)

    def test_progress_is_told_by_the_target_that_is_furthest_behind(self, generator, targets):
        told = []
        project(
            generator,
            targets[:1],
            features=Undecided(),
            steps=8,
            patience=2,
            on_step=lambda step, distances: told.append((step, distances.tolist())),
        )
        assert [step for step, _ in told] == [1, 2, 6, 7, 8]
        assert all(len(distances) == 1 for _, distances in told)


class TestSchedule:
    def test_the_learning_rate_rises_stays_and_falls_to_nothing(self):
        rates = [projection._learning_rate(step / 1000) for step in range(1000)]
        assert rates[0] == 0
        assert rates[25] == pytest.approx(0.05)
        assert rates[50] == rates[500] == rates[750] == pytest.approx(0.1)
        assert rates[875] == pytest.approx(0.05)
        assert rates[999] < 1e-4

    def test_the_noise_penalty_is_small_for_noise_and_large_for_a_picture(self):
        noise = torch.randn(1, 1, 32, 32, generator=torch.Generator().manual_seed(0))
        slope = torch.linspace(-1.7, 1.7, 32).expand(1, 1, 32, 32)
        assert projection._noise_penalty([slope]) > 50 * projection._noise_penalty([noise])

    def test_noise_is_brought_back_to_mean_0_and_variance_1(self):
        noise = 3 + 2 * torch.randn(2, 1, 8, 8, generator=torch.Generator().manual_seed(0))
        projection._normalise_(noise)
        assert torch.allclose(noise.mean(dim=(1, 2, 3)), torch.zeros(2), atol=1e-5)
        assert torch.allclose(noise.var(dim=(1, 2, 3), correction=0), torch.ones(2), atol=1e-4)


class TestRefusals:
    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"targets": np.zeros((1, 8, 8, 3), np.uint8)}, r"targets: .*\[N, 16, 16, 3\].*\[1, 8, 8, 3\]"),
            ({"targets": np.zeros((0, 16, 16, 3), np.uint8)}, "targets"),
            ({"targets": np.zeros((1, 16, 16, 3), np.float32)}, "targets: .* not float32"),
            ({"steps": 0}, "steps"),
            ({"patience": 0}, "patience: must be at least 1, not 0"),
            ({"space": "z"}, "space: must be one of w, w+"),
            ({"frames": 6}, "frames: .* 5, not 6"),
        ],
    )
    def test_an_argument_of_no_use_is_named(self, generator, features, changes, reason):
        arguments = {"targets": np.zeros((1, 16, 16, 3), np.uint8), "steps": 5} | changes
        with pytest.raises(OptionError, match=reason.replace("w+", r"w\+")):
            project(generator, features=features, **arguments)

    def test_a_damaged_network_ends_the_search_at_once(self, features):
        generator = make_generator()
        generator.synthesis.get_parameter("b16.torgb.bias").fill_(torch.nan)
        with pytest.raises(ProjectionError, match="step 1"):
            project(generator, np.zeros((1, 16, 16, 3), np.uint8), features=features, steps=5)


class AskedLikeVgg(torch.nn.Module):
    """Records in its output how it was asked, and is a poor perceptual network otherwise."""

    def forward(self, images: torch.Tensor, resize_images: bool = True, return_lpips: bool = False) -> torch.Tensor:
        small = torch.nn.functional.avg_pool2d(images, 4).flatten(1)
        asked = torch.tensor([float(resize_images), float(return_lpips), float(images.shape[3])])
        return torch.cat([asked.expand(images.shape[0], 3), small], dim=1)


class WithoutBatch(torch.nn.Module):
    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images.mean(dim=0).flatten()


def save_script(module: torch.nn.Module, path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.script(module).save(str(path))


class TestTorchScriptFeatures:
    @pytest.fixture
    def script(self, tmp_path):
        save_script(AskedLikeVgg(), tmp_path / "vgg.pt")
        return tmp_path / "vgg.pt"

    def test_the_module_is_asked_for_lpips_of_rgb_bytes_of_at_most_256_pixels(self, script):
        features = TorchScriptFeatures(script, torch.device("cpu"))
        rows = features(torch.ones(2, 1, 512, 512))
        assert rows[:, :3].tolist() == [[0, 1, 256]] * 2
        assert rows.shape == (2, 3 + 3 * 64 * 64)
        assert rows[0, 3:].unique().tolist() == [255]

    def test_the_transparency_of_pictures_is_kept_from_it(self, script):
        opaque, clear = torch.ones(1, 4, 16, 16), torch.ones(1, 4, 16, 16)
        clear[:, 3] = -1
        features = TorchScriptFeatures(script, torch.device("cpu"))
        assert features(opaque).shape == (1, 3 + 3 * 4 * 4)
        assert torch.equal(features(opaque), features(clear))

    def test_a_search_with_it_comes_near_the_target(self, generator, targets, script):
        found = project(generator, targets[:1], features=TorchScriptFeatures(script, torch.device("cpu")), steps=30)
        assert found.best[0] < 0.4 * found.distances[0, 0]

    def test_a_missing_file_is_named(self, tmp_path):
        with pytest.raises(FeatureError, match=r"gone\.pt"):
            TorchScriptFeatures(tmp_path / "gone.pt", torch.device("cpu"))

    def test_a_file_of_another_kind_is_named(self, tmp_path):
        (tmp_path / "text.pt").write_text("hello")
        with pytest.raises(FeatureError, match=r"text\.pt is not a TorchScript module"):
            TorchScriptFeatures(tmp_path / "text.pt", torch.device("cpu"))

    def test_a_module_that_does_not_give_one_row_per_picture_is_named(self, tmp_path):
        save_script(WithoutBatch(), tmp_path / "odd.pt")
        with pytest.raises(FeatureError, match=r"odd\.pt does not return one row"):
            TorchScriptFeatures(tmp_path / "odd.pt", torch.device("cpu"))(torch.zeros(2, 3, 16, 16))
