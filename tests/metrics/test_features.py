"""What the features see, and how the user's detector is found and asked."""

import hashlib
import io
import pickle
from urllib.error import URLError

import numpy as np
import pytest
import torch

from stylegan2.metrics import detector_file
from stylegan2.metrics.detector_file import default_cache, find_detector
from stylegan2.metrics.distances import frechet_distance, moments_of
from stylegan2.metrics.features import Detector, DetectorError, DiscriminatorStatistics, RandomFeatures
from tests.metrics.conftest import save_script

CPU = torch.device("cpu")
URL = "https://example.org/inception.pt"


def blobs(count, size=32, seed=0):
    """Smooth pictures of random colours."""
    source = torch.Generator().manual_seed(seed)
    coarse = torch.rand(count, 3, 4, 4, generator=source) * 1.6 - 0.8
    return torch.nn.functional.interpolate(coarse, size=(size, size), mode="bilinear")


def digest(content):
    return hashlib.sha256(content).hexdigest()


class TestRandomFeatures:
    def test_they_are_the_same_every_time_and_leave_the_random_numbers_alone(self):
        before = torch.get_rng_state()
        assert torch.equal(RandomFeatures()(blobs(3)), RandomFeatures()(blobs(3)))
        assert torch.equal(torch.get_rng_state(), before)

    @pytest.mark.parametrize("shape", [(1, 4, 4), (3, 8, 8), (4, 24, 16), (3, 128, 192)])
    def test_pictures_of_any_size_and_channels_have_features(self, shape):
        rows = RandomFeatures()(torch.zeros(2, *shape))
        assert rows.shape == (2, RandomFeatures.WIDTH)
        assert torch.isfinite(rows).all()

    def test_the_worse_pictures_are_spoiled_the_farther_they_are(self):
        features = RandomFeatures()
        reals = moments_of(features(blobs(128)).numpy())
        others = blobs(128, seed=1)
        noise = torch.randn(others.shape, generator=torch.Generator().manual_seed(2))
        spoils = {
            "noise": lambda amount: others + amount * noise,
            "colours": lambda amount: others + amount * torch.tensor([1.0, 0, -1])[:, None, None],
            "variety": lambda amount: others.lerp(others[:1], amount),
        }
        for name, spoil in spoils.items():
            distances = [
                frechet_distance(reals, moments_of(features(spoil(amount)).numpy())) for amount in (0, 0.1, 0.3, 0.9)
            ]
            assert distances == sorted(distances), name
            assert distances[-1] > 3 * distances[0], name

    def test_a_large_picture_is_seen_as_its_average_at_64_pixels(self):
        small = blobs(2, 64)
        large = small.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
        torch.testing.assert_close(RandomFeatures()(large), RandomFeatures()(small))


def test_the_discriminators_features_are_mean_and_spread_of_every_channel(network):
    images = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    rows = DiscriminatorStatistics(network.D)(images)
    layers = network.D.features(images)
    assert rows.shape == (2, 2 * sum(layer.shape[1] for layer in layers))
    channels = layers[0].shape[1]
    np.testing.assert_allclose(rows[:, :channels], layers[0].numpy().mean(axis=(2, 3)), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(
        rows[:, channels : 2 * channels], layers[0].numpy().std(axis=(2, 3)), rtol=1e-4, atol=1e-6
    )


class TestDetector:
    def test_it_sees_rgb_as_bytes_and_is_asked_for_what_is_wanted(self, inception):
        detector = Detector(inception, CPU)
        grey = torch.tensor([-1.0, 0.0, 1.0, 5.0]).reshape(4, 1, 1, 1).expand(-1, 1, 4, 4)
        expected = torch.tensor([0, 128, 255, 255]) / 255
        for channel in range(3):
            torch.testing.assert_close(detector.features(grey)[:, channel], expected)
        torch.testing.assert_close(detector.probabilities(grey)[:, 0], expected)

    def test_perceptual_features_are_not_rounded(self, vgg):
        images = torch.tensor([0.0, 1e-4]).reshape(2, 1, 1, 1).expand(-1, 3, 4, 4)
        rows = Detector(vgg, CPU).perceptual(images)
        torch.testing.assert_close(rows[1] - rows[0], torch.full((48,), 1e-4), rtol=1e-2, atol=0)

    def test_a_pickle_is_refused_and_nothing_of_it_runs(self, tmp_path, capsys):
        class Bomb:
            def __reduce__(self):
                return print, ("boom",)

        path = tmp_path / "detector.pkl"
        path.write_bytes(pickle.dumps(Bomb()))
        with pytest.raises(DetectorError, match=r"detector\.pkl is not a TorchScript module"):
            Detector(path, CPU)
        assert "boom" not in capsys.readouterr().out

    def test_a_module_that_cannot_take_the_pictures_or_returns_no_rows_is_named(self, tmp_path):
        class Sum(torch.nn.Module):
            def forward(self, img: torch.Tensor) -> torch.Tensor:
                return img.sum()

        wants_more = save_script(torch.nn.Conv2d(5, 1, 1), tmp_path / "five.pt")
        with pytest.raises(DetectorError, match=r"five\.pt cannot be asked about pictures \[2, 3, 4, 4\]: .*channels"):
            Detector(wants_more, CPU).features(torch.zeros(2, 3, 4, 4))
        with pytest.raises(DetectorError, match=r"sum\.pt does not return one row"):
            Detector(save_script(Sum(), tmp_path / "sum.pt"), CPU).features(torch.zeros(2, 3, 4, 4))


class TestDetectorFile:
    def test_a_path_and_a_file_address_are_taken_where_they_are(self, inception):
        assert find_detector(str(inception)) == inception
        assert find_detector(inception.as_uri(), digest(inception.read_bytes()).upper()) == inception

    @pytest.mark.parametrize(
        ("location", "sha256", "message"),
        [
            ("nowhere.pt", None, "there is no file nowhere.pt"),
            ("http://example.org/a.pt", "0" * 64, "give a path, a file:// or an https:// address"),
            ("file://elsewhere/a.pt", None, "on another machine"),
            (URL, None, "give its SHA-256 too"),
            (URL, "12", "64 hexadecimal digits; '12' is none"),
        ],
    )
    def test_a_location_that_cannot_be_used_is_refused_with_what_to_do(self, location, sha256, message, tmp_path):
        with pytest.raises(DetectorError, match=message):
            find_detector(location, sha256, tmp_path)

    def test_a_file_with_another_digest_is_refused(self, inception):
        with pytest.raises(DetectorError, match=f"inception.pt has the SHA-256 [0-9a-f]{{64}}, not {'0' * 64}"):
            find_detector(str(inception), "0" * 64)

    def test_an_address_is_downloaded_once(self, tmp_path):
        asked = []

        def opener(url):
            asked.append(url)
            return io.BytesIO(b"program")

        first = find_detector(URL, digest(b"program"), tmp_path / "cache", opener=opener)
        again = find_detector(URL, digest(b"program"), tmp_path / "cache", opener=opener)
        assert (first, first.read_bytes(), asked) == (again, b"program", [URL])
        assert list((tmp_path / "cache").iterdir()) == [first]
        first.write_bytes(b"damaged")
        assert find_detector(URL, digest(b"program"), tmp_path / "cache", opener=opener).read_bytes() == b"program"
        assert asked == [URL, URL]

    def test_a_download_of_something_else_or_too_large_leaves_nothing(self, tmp_path, monkeypatch):
        with pytest.raises(DetectorError, match="nothing of it was run"):
            find_detector(URL, "0" * 64, tmp_path, opener=lambda url: io.BytesIO(b"other"))
        monkeypatch.setattr(detector_file, "MOST_BYTES", 3)
        with pytest.raises(DetectorError, match="is larger than"):
            find_detector(URL, digest(b"other"), tmp_path, opener=lambda url: io.BytesIO(b"other"))
        assert list(tmp_path.iterdir()) == []

    def test_an_address_that_cannot_be_reached_is_named(self, tmp_path):
        def opener(url):
            raise URLError("no route to host")

        with pytest.raises(DetectorError, match=r"example.org/inception.pt cannot be downloaded: .*no route to host"):
            find_detector(URL, "0" * 64, tmp_path, opener=opener)

    def test_the_cache_is_where_the_system_wants_caches(self, tmp_path, monkeypatch):
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        assert default_cache() == tmp_path / "stylegan2-detectors"
