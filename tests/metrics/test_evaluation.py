"""calc_metrics.py from end to end, against the formulas on pictures drawn here."""

import json

import calc_metrics
import numpy as np
import pytest
import torch
from click.testing import CliRunner

from stylegan2.base.errors import OptionError
from stylegan2.data.dataset import ImageDataset
from stylegan2.formats.network_file import load_network, save_network
from stylegan2.metrics.distances import frechet_distance, kernel_distance, moments_of
from stylegan2.metrics.evaluation import METRICS, Evaluation
from stylegan2.metrics.features import Detector, RandomFeatures
from stylegan2.model.pixels import from_bytes
from tests.metrics.conftest import make_network, write_noise

CPU = torch.device("cpu")


def run(*arguments):
    return CliRunner().invoke(calc_metrics.main, [str(argument) for argument in arguments])


def results_in(folder, name):
    return [json.loads(line) for line in (folder / f"metric-{name}.jsonl").read_text().splitlines()]


def all_pictures(data, network, num):
    """The data set's, and the generated ones, drawn at once."""
    dataset = ImageDataset(data)
    real = from_bytes(dataset.read(range(len(dataset))), CPU)
    source = torch.Generator().manual_seed(0)
    z = torch.cat([torch.randn(min(8, num - at), 16, generator=source) for at in range(0, num, 8)])
    with torch.no_grad():
        return real, network.G_ema(z, noise_mode="const")


def test_without_a_detector_the_two_frechet_distances_are_written_and_printed(network_folder, network, data, tmp_path):
    result = run("--network", network_folder, "--data", data, "--num", 20, "--outdir", tmp_path)
    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "metric-frechet_discriminator.jsonl",
        "metric-frechet_random.jsonl",
    ]
    (record,) = results_in(tmp_path, "frechet_random")
    assert record | {"seconds": 0, "results": {}} == {
        "metric": "frechet_random", "results": {}, "num": 20, "data": {"name": data.stem, "pictures": 30},
        "mirror": False, "seed": 0, "kimg": 1.5, "detector": None, "seconds": 0,
    }  # fmt: skip
    assert json.loads(result.output.splitlines()[0]) == record
    real, fake = (moments_of(RandomFeatures()(pictures).numpy()) for pictures in all_pictures(data, network, 20))
    assert record["results"]["frechet_random"] == pytest.approx(frechet_distance(real, fake), rel=1e-3)


def test_with_a_detector_every_metric_is_what_the_formulas_say(network_folder, network, data, inception, tmp_path):
    result = run(
        "--network", network_folder, "--data", data, "--num", 20, "--outdir", tmp_path, "--metrics", "fid,kid,pr,is",
        "--detector", inception,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    real, fake = (Detector(inception, CPU).features(pictures).numpy() for pictures in all_pictures(data, network, 20))
    expected = frechet_distance(moments_of(real), moments_of(fake))
    assert results_in(tmp_path, "fid")[0]["results"]["fid"] == pytest.approx(expected, rel=1e-3)
    order = np.random.RandomState(0).permutation(30)[:20]
    expected = kernel_distance(real[order], fake)
    assert results_in(tmp_path, "kid")[0]["results"]["kid"] == pytest.approx(expected, rel=1e-3)
    assert results_in(tmp_path, "pr")[0]["results"].keys() == {"precision", "recall"}
    assert 1 <= results_in(tmp_path, "is")[0]["results"]["is_mean"] < 2


def test_path_lengths_need_no_data(network_folder, vgg, tmp_path):
    names = [name for name in METRICS if name.startswith("ppl")]
    result = run(
        "--network", network_folder, "--num", 10, "--outdir", tmp_path, "--metrics", ",".join(names), "--detector", vgg
    )
    assert result.exit_code == 0, result.output
    lengths = [results_in(tmp_path, name)[0]["results"][name] for name in names]
    assert min(lengths) > 0
    assert len(set(lengths)) == 4


def test_a_second_measurement_is_added_and_is_the_same(network_folder, data, tmp_path):
    for batch in (8, 8):
        arguments = ("--network", network_folder, "--data", data, "--num", 9, "--batch", batch, "--outdir", tmp_path)
        assert run(*arguments, "--metrics", "frechet_random").exit_code == 0
    first, second = results_in(tmp_path, "frechet_random")
    assert first["results"] == second["results"]


def test_mirrored_reals_are_counted_twice(network_folder, data, tmp_path):
    result = run(
        "--network", network_folder, "--data", data, "--num", 9, "--mirror", "true", "--outdir", tmp_path,
        "--metrics", "frechet_random",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert results_in(tmp_path, "frechet_random")[0]["data"]["pictures"] == 60


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--metrics", "fid50k"], "'fid50k' is none of frechet_random, frechet_discriminator, fid"),
        (["--metrics", "fid"], "detector: fid needs one; without, there are frechet_random, frechet_discriminator"),
        ([], "data: frechet_random compares with a data set"),
        (["--metrics", "is", "--detector", "https://example.org/x.pt"], "give its SHA-256 too"),
    ],
)
def test_what_is_missing_is_said_in_one_line_before_anything_is_computed(network_folder, tmp_path, arguments, message):
    result = run("--network", network_folder, "--outdir", tmp_path / "out", *arguments)
    assert result.exit_code != 0
    assert message in result.output.splitlines()[-1]


def test_a_data_set_of_another_size_is_refused(network_folder, tmp_path):
    data = write_noise(tmp_path / "large", 3, size=32)
    result = run("--network", network_folder, "--data", data, "--outdir", tmp_path)
    expected = "Error: data: the pictures are 32 x 32 with 3 channels, but the network's are 16 x 16 with 3"
    assert result.output.splitlines()[-1] == expected


def test_a_conditional_network_is_shown_with_the_labels_of_the_data(tmp_path):
    data = write_noise(tmp_path / "data", 6)
    labels = [[f"{index:03d}.png", index % 2] for index in range(6)]
    (data / "dataset.json").write_text(json.dumps({"labels": labels}))
    save_network(tmp_path / "network", *make_network(c_dim=2), {})
    assert run("--network", tmp_path / "network", "--data", data, "--num", 6).exit_code == 0
    assert results_in(tmp_path / "network", "frechet_random")
    unlabelled = Evaluation(load_network(tmp_path / "network"), ImageDataset(data), None, num=4, batch=2)
    with pytest.raises(OptionError, match="wants the labels of a data set, of 2 numbers"):
        list(unlabelled.measure(["frechet_random"]))
