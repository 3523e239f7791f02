"""What a training makes of its data: batches, labels, sizes, and a data set that changed under a checkpoint."""

import json
import zipfile
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from stylegan2.augmentation.augment import AugmentPipe
from stylegan2.base.errors import CheckpointError
from stylegan2.data.dataset import DatasetError, ImageDataset, InfiniteSampler
from stylegan2.data.png_format import encode_png
from stylegan2.formats.network_file import load_network
from stylegan2.options.training import TrainingChoices
from stylegan2.options.words import PIPES
from stylegan2.training import loop, real_images, train
from stylegan2.training.real_images import real_batches
from stylegan2.training.state import TrainingState
from stylegan2.training.training_options import TrainingOptions, resolve_options
from tests.training.trainings import stop_after

pytestmark = pytest.mark.usefixtures("one_thread")


def write_data(path: Path, count: int = 12, shape: tuple[int, int, int] = (8, 8, 3), classes: int = 3) -> Path:
    """A data set whose pictures of class k are of brightness 60 k, give or take."""
    with zipfile.ZipFile(path, "w") as archive:
        labels = []
        for index in range(count):
            name, label = f"{index:03d}.png", index % classes
            pixels = np.random.RandomState(index).randint(0, 60, shape) + 60 * label
            archive.writestr(name, encode_png(pixels.astype(np.uint8)))
            labels.append([name, label])
        archive.writestr("dataset.json", json.dumps({"labels": labels}))
    return path


def options(data: Path, outdir: Path, **changes: object) -> TrainingOptions:
    arguments = {"preset": "tiny", "kimg": 0.096, "tick_kimg": 0.048, "snapshot_ticks": 1, "device": "cpu"}
    return resolve_options(TrainingChoices(data=data, outdir=outdir, **(arguments | changes)))


def tensors(outdir: Path) -> dict[str, torch.Tensor]:
    loaded = load_network(outdir)
    networks = {"G_ema": loaded.G_ema, "G": loaded.G, "D": loaded.D}
    return {f"{prefix}.{name}": t for prefix, net in networks.items() for name, t in net.state_dict().items()}


class TestBatches:
    @pytest.mark.parametrize("in_memory", [True, False])
    def test_pictures_and_labels_come_in_the_samplers_order(self, tmp_path, monkeypatch, in_memory):
        if not in_memory:
            monkeypatch.setattr(real_images, "IN_MEMORY_BYTES", 0)
        dataset = ImageDataset(write_data(tmp_path / "d.zip", shape=(16, 8, 3)), mirror=True, use_labels=True)
        batches = real_batches(dataset, 5, seed=3, start=7, device=torch.device("cpu"), workers=2)
        kept = [(pictures.clone(), labels.clone()) for pictures, labels in islice(batches, 40)]
        batches.close()
        order = list(islice(InfiniteSampler(len(dataset), seed=3, start=7), 200))
        for number, (pictures, labels) in enumerate(kept):
            indices = order[5 * number : 5 * number + 5]
            expected = np.stack([dataset[index] for index in indices]).astype(np.float32) / 127.5 - 1
            assert pictures.shape == (5, 3, 16, 8)
            assert pictures.is_contiguous()
            assert np.array_equal(pictures.numpy(), expected)
            assert np.array_equal(labels.numpy(), dataset.labels(indices))

    def test_a_batch_stays_as_it_was_when_the_next_ones_come(self, tmp_path, monkeypatch):
        monkeypatch.setattr(real_images, "IN_MEMORY_BYTES", 0)
        monkeypatch.setattr(real_images, "BATCHES_AHEAD", 1)
        dataset = ImageDataset(write_data(tmp_path / "d.zip"))
        batches = real_batches(dataset, 4, seed=0, start=0, device=torch.device("cpu"))
        first, _ = next(batches)
        before = first.clone()
        list(islice(batches, 5))
        batches.close()
        assert torch.equal(first, before)

    def test_a_picture_that_is_damaged_meanwhile_ends_the_stream_with_its_name(self, tmp_path, monkeypatch):
        monkeypatch.setattr(real_images, "IN_MEMORY_BYTES", 0)
        path = write_data(tmp_path / "d.zip")
        dataset = ImageDataset(path)
        data = bytearray(path.read_bytes())
        data[data.index(b"IDAT") + 40] ^= 0xFF
        path.write_bytes(data)
        batches = real_batches(dataset, 4, seed=0, start=0, device=torch.device("cpu"))
        with pytest.raises(DatasetError, match=r"000\.png.* is damaged"):
            list(islice(batches, 4))


class TestLabels:
    def test_a_training_with_labels_ends_the_same_after_interruptions(self, tmp_path):
        data = write_data(tmp_path / "d.zip")
        train(options(data, tmp_path / "whole", cond=True, mirror=True, subset=9))
        arguments = {"cond": True, "mirror": True, "subset": 9, "checkpoint_dir": tmp_path / "kept"}
        for iterations in (5, 4):
            train(options(data, tmp_path / "parts", **arguments), should_stop=stop_after(iterations))
        assert train(options(data, tmp_path / "parts", **arguments)).finished
        ours, theirs = tensors(tmp_path / "whole"), tensors(tmp_path / "parts")
        assert [name for name in ours if not torch.equal(ours[name], theirs[name])] == []
        network = load_network(tmp_path / "whole")
        assert (network.G_ema.c_dim, network.D.c_dim) == (3, 3)

    def test_generated_pictures_get_labels_of_pictures_in_the_data_set(self, tmp_path, monkeypatch):
        data = write_data(tmp_path / "d.zip", count=9, classes=2)  # five of class 0, four of class 1
        chosen = options(data, tmp_path, cond=True)
        state = TrainingState(chosen, chosen.open_dataset())
        torch.manual_seed(0)
        drawn = torch.cat([state.latents(8)[1] for _ in range(50)])
        assert torch.equal(drawn.sum(dim=1), torch.ones(400))
        assert abs(float(drawn[:, 0].mean()) - 5 / 9) < 0.1

    def test_the_discriminator_sees_reals_with_their_own_labels(self, tmp_path, monkeypatch):
        data = write_data(tmp_path / "d.zip")
        chosen = options(data, tmp_path / "out", cond=True, kimg=0.016)
        seen = []
        iterate = loop.iterate

        def spy(state, real, labels=None):
            seen.append((real, labels))
            iterate(state, real, labels)

        monkeypatch.setattr(loop, "iterate", spy)
        train(chosen)
        for real, labels in seen:
            brightness = (real.mean(dim=(1, 2, 3)) + 1) * 127.5
            assert torch.equal((brightness // 60).long(), labels.argmax(dim=1))

    def test_labels_that_are_missing_are_said_before_anything_is_written(self, tmp_path):
        (tmp_path / "data").mkdir()
        Image.new("RGB", (8, 8)).save(tmp_path / "data" / "a.png")
        with pytest.raises(DatasetError, match=r"has no labels .* Train without cond, or make them"):
            options(tmp_path / "data", tmp_path / "out", cond=True)
        assert not (tmp_path / "out").exists()


class TestSizes:
    @pytest.mark.parametrize("shape", [(24, 16, 3), (12, 12, 1), (16, 16, 4)])
    def test_other_sizes_and_channels_train_with_all_augmentations(self, tmp_path, shape):
        data = write_data(tmp_path / "d.zip", shape=shape)
        chosen = options(data, tmp_path / "out", kimg=0.016, aug="fixed", p=0.6, augpipe="bgcfnc")
        assert train(chosen).finished
        network = load_network(tmp_path / "out")
        z = torch.randn(2, 16)
        assert network.G_ema(z).shape == (2, shape[2], *shape[:2])
        with Image.open(tmp_path / "out/samples/reals.png") as sheet:
            assert sheet.size == (8 * shape[1], 4 * shape[0])
            assert sheet.mode == {1: "L", 3: "RGB", 4: "RGBA"}[shape[2]]
        grid = json.loads((tmp_path / "out/samples/grid.json").read_text())
        assert (grid["cell"], grid.get("cell_height", grid["cell"])) == (shape[1], shape[0])

    def test_colour_augmentations_leave_the_alpha_channel_alone(self):
        torch.manual_seed(0)
        images = torch.rand(8, 4, 8, 8) * 2 - 1
        augmented = AugmentPipe(PIPES["color"], p=1.0)(images)
        assert torch.equal(augmented[:, 3], images[:, 3])
        assert (augmented[:, :3] - images[:, :3]).abs().amax(dim=(1, 2, 3)).min() > 0


class TestChangedData:
    def test_a_checkpoint_goes_on_with_the_same_data_under_another_name(self, tmp_path):
        data, kept = write_data(tmp_path / "d.zip"), tmp_path / "kept"
        train(options(data, tmp_path / "out", checkpoint_dir=kept), should_stop=stop_after(2))
        assert train(options(data.rename(tmp_path / "e.zip"), tmp_path / "out", checkpoint_dir=kept)).finished

    def test_a_data_set_that_changed_is_refused_and_the_message_says_what_to_do(self, tmp_path):
        data, kept = write_data(tmp_path / "d.zip"), tmp_path / "kept"
        train(options(data, tmp_path / "out", checkpoint_dir=kept), should_stop=stop_after(2))
        write_data(data, count=13)
        with pytest.raises(CheckpointError) as raised:
            train(options(data, tmp_path / "out", checkpoint_dir=kept))
        message = str(raised.value)
        assert "d.zip is not the one that this training began with (12 pictures then, 13 now;" in message
        assert "Give the old one to go on, or begin anew in another folder, with transfer" in message

    def test_other_files_in_the_data_are_said_in_the_log(self, tmp_path):
        data = write_data(tmp_path / "d.zip")
        with zipfile.ZipFile(data, "a") as archive:
            archive.writestr("more.tiff", b"")
        train(options(data, tmp_path / "out", kimg=0.008))
        log = (tmp_path / "out/log.txt").read_text()
        assert "data: 1 other files are no pictures by their names and are not used; the first is 'more.tiff'" in log
