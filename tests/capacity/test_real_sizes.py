"""What contract.capacity computes, against the real thing: at least as much, and not absurdly more."""

import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from containers.infer import exploring, gallery, page_extras, page_parts, report, synthesis
from containers.infer.classes import NetworkClass
from containers.infer.picture_archive import write_picture_archive
from containers.infer.report import write_report
from containers.infer.results import (
    GeneratedImage,
    MadeFilm,
    MadeImages,
    MixtureGrid,
    MovedPicture,
    ProjectedImage,
    Projections,
    ReportRun,
    save_picture,
)
from contract.capacity import artefacts, networks
from contract.capacity.artefacts import Workload
from contract.capacity.volumes import process_bytes
from contract.gallery import Gallery
from contract.image_record import ImageRecord, ListedImage
from contract.pipeline import MAX_VALUE_CHARS, PARAMETERS, RESOLUTIONS, picture_sizes, resolutions_of
from contract.prepare_report import PrepareReport, SetAside
from contract.reasons import Reason, ReasonCode, told
from contract.training_progress import progress
from stylegan2.base.machine_made import save_marked, xmp_packet
from stylegan2.base.signed_files import signing_with
from stylegan2.data.png_format import plain_png
from stylegan2.data.preparation import prepare_images
from stylegan2.data.vetting import LARGEST_FILE
from stylegan2.model.meta_init import MetaInit
from stylegan2.model.networks import Discriminator, Generator
from stylegan2.options.presets import settings_of
from stylegan2.results.sample_grid import Grid
from stylegan2.results.sheet_series import MOST_SHEETS
from stylegan2.synthesis.labelled_sheet import labelled_sheet
from stylegan2.synthesis.mp4 import write_mp4
from stylegan2.synthesis.video import write_video
from stylegan2.training import train
from stylegan2.training.training_options import MOST_TICKS
from tests.training.pictures import write_pictures
from tests.training.trainings import options
from workshop.dataset import contents
from workshop.dataset.snapshot import targets_per_run

ROOT = Path(__file__).resolve().parents[2]
SMALL = Workload(20, 20_000, 16, 0.16, "tiny", "cpu")


@pytest.fixture(autouse=True)
def _as_large_as_signed() -> Iterator[None]:
    """Pictures and films have as many bytes more as a signature takes, which no reader minds at their end."""
    with signing_with(lambda content, _: content + bytes(artefacts._SIGNATURE_BYTES)):
        yield


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files below a folder."""
    return sum(file.stat().st_size for file in ([path] if path.is_file() else path.rglob("*")) if file.is_file())


def trained() -> Iterator[tuple[str, int]]:
    """Every preset at every resolution that it can train."""
    for preset in PARAMETERS["Preset"].choices:
        for resolution in resolutions_of(preset):
            yield preset, resolution


@pytest.mark.parametrize(("preset", "resolution"), list(trained()))
def test_the_networks_of_a_preset_have_as_many_numbers_as_computed(preset: str, resolution: int) -> None:
    s, widths = settings_of(preset, resolution), networks.widths_of(preset, resolution)
    assert widths.tick_kimg == s.tick_kimg
    for labels in (0, 7):
        with MetaInit():
            generator = Generator(
                s.z_dim, labels, s.w_dim, resolution, 3, s.mapping_layers, s.channel_base, s.channel_max
            )
            discriminator = Discriminator(
                labels, resolution, 3, s.channel_base, s.channel_max, s.mbstd_group_size, architecture=s.d_architecture
            )
        numbers = [sum(t.numel() for t in net.state_dict().values()) for net in (generator, discriminator)]
        assert numbers == [
            networks.generator_numbers(widths, resolution, labels),
            networks.discriminator_numbers(widths, resolution, labels),
        ]


@pytest.mark.usefixtures("one_thread")
def test_what_a_training_leaves_is_no_larger_than_computed(tmp_path: Path) -> None:
    """Everything but the networks' numbers is small here, and the bounds are mostly what is set aside for it."""
    data, out, kept = write_pictures(tmp_path / "discs", 20, 16), tmp_path / "out", tmp_path / "kept"
    train(options(data, out, checkpoint_dir=kept))
    (checkpoint, *_) = kept.glob("checkpoint-*.pt")
    real = {
        "network": size_of(out / "network.safetensors") + size_of(out / "network.json"),
        "checkpoint": size_of(checkpoint),
        "statistics": size_of(out / "stats.jsonl"),
        "model": size_of(out),
        "checkpoints": size_of(kept),
    }
    bounds = {
        "network": networks.network_bytes("tiny", 16),
        "checkpoint": artefacts.one_checkpoint_bytes(SMALL),
        "statistics": artefacts.statistics_bytes(SMALL),
        "model": artefacts.model_folder_bytes(SMALL),
        "checkpoints": artefacts.checkpoint_folder_bytes(SMALL),
    }
    fixed = {"network": 1, "checkpoint": 1, "model": 3, "checkpoints": 4}
    for what, most in bounds.items():
        assert real[what] <= most, what
        assert most - fixed.get(what, 0) * networks.HEADER_BYTES <= 3 * real[what] + 100_000, what
    lines = (out / "stats.jsonl").read_text().splitlines()
    assert max(map(len, lines)) <= artefacts._STATISTICS_BYTES <= 3 * max(map(len, lines))
    assert size_of(out / "log.txt") + size_of(out / "tensorboard") < 10_000 + len(lines) * artefacts._LOG_BYTES


def test_a_training_has_no_more_ticks_than_computed(tmp_path: Path) -> None:
    assert artefacts.MOST_TICKS == MOST_TICKS
    data = write_pictures(tmp_path / "discs", 2, 16)
    longest = PARAMETERS["Kimg"].bounds[1]
    long = options(data, tmp_path / "out", kimg=longest, tick_kimg=None, snapshot_ticks=None)
    assert longest / long.settings.tick_kimg <= artefacts.ticks(replace(SMALL, kimg=longest))
    assert options(data, tmp_path / "out", kimg=1, tick_kimg=None).settings.tick_kimg == 0.1


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_sheets_are_made_up_as_computed(device: str) -> None:
    assert progress.MOST_SHEETS == MOST_SHEETS
    sizes = [*picture_sizes()]
    assert {(side, side) for side in RESOLUTIONS} < set(sizes)
    for width, height in sizes:
        grid = Grid.for_device(height, width, device)
        assert artefacts.sheet_size(height, width, device) == (grid.columns * width, grid.rows * height)


@pytest.mark.parametrize(("side", "levels"), [(128, 256), (256, 256), (256, 2)])  # JPEG makes most of two levels
def test_no_sheet_is_larger_than_computed_not_even_of_noise(tmp_path: Path, side: int, levels: int) -> None:
    grid = Grid.for_device(side, side, "cpu")
    noise = torch.randint(0, levels, (grid.images, 3, side, side), dtype=torch.uint8) * (255 // (levels - 1))
    sheet = tmp_path / f"sheet{grid.suffix(3)}"
    grid.save(noise, sheet)
    most = artefacts.sheet_bytes(replace(SMALL, resolution=side))
    assert sheet.stat().st_size <= most <= 1.3 * sheet.stat().st_size + 100_000


def test_images_of_a_data_set_have_exactly_the_computed_size() -> None:
    for height, width in [(side, side) for side in RESOLUTIONS] + [(384, 256), (576, 1024)]:
        real = plain_png(height, width, 3).size
        assert real <= artefacts.image_file_bytes(height, width) <= real + 20


def test_a_data_set_is_no_larger_than_computed(tmp_path: Path) -> None:
    result = prepare_images(write_pictures(tmp_path / "discs", 30, 32), tmp_path / "d.zip", resolution=32)
    most = artefacts.dataset_zip_bytes(artefacts.Workload(result.good, 0, 32, 1, "tiny"))
    assert result.good == 30
    assert size_of(tmp_path / "d.zip") <= most <= 1.2 * size_of(tmp_path / "d.zip") + networks.HEADER_BYTES


def test_a_preparation_never_takes_more_of_the_disk_than_computed(tmp_path: Path) -> None:
    """As in the job: the originals are there from the beginning and stay to the end. Looked at after every file."""
    job = tmp_path / "job"
    originals = write_pictures(job / "scratch", 40, 64)
    for number in range(20):
        (originals / f"bad{number}.png").write_bytes(b"no picture " * 2_000)
    work = Workload(60, size_of(originals), 64, 1, "auto")
    seen: list[int] = []
    prepare_images(
        originals, job / "dataset.zip", resolution=64, set_aside=job / "aside", workers=2,
        on_progress=lambda done, found: seen.append(size_of(job)),
    )  # fmt: skip
    seen.append(size_of(job))
    assert len(seen) == 61
    between_processes = 64 * plain_png(64, 64, 3).size  # what a disk's spare room is for
    assert max(seen) <= process_bytes(work) + between_processes
    assert process_bytes(work) - 60 * 4096 - networks.HEADER_BYTES <= 1.6 * max(seen)


def test_uploads_are_refused_from_the_size_that_is_computed_with() -> None:
    assert artefacts.LARGEST_UPLOAD == LARGEST_FILE == contents.LARGEST_READ


class TestLists:
    NAMES = tuple(f"sub/IMG_{number:06d} Kopie ä.png" for number in range(500))
    NAME_BYTES = len(json.dumps(NAMES[0]))
    WORK = Workload(len(NAMES), 0, 256, 1, "auto", name_bytes=NAME_BYTES)

    def test_records(self) -> None:
        images = tuple(ListedImage(name, f"{'0' * 32}-12", 123_456_789) for name in self.NAMES)
        real = len(
            json.dumps(ImageRecord("b" * 63, "uploads/" + "d" * 63 + "/", images).as_dict(), separators=(",", ":"))
        )
        assert real <= artefacts.record_bytes(len(self.NAMES), self.NAME_BYTES) <= 1.5 * real

    def test_the_index_of_contents(self) -> None:
        bodies: list[bytes] = []

        class Bucket:
            def put_object(self, **request: Any) -> None:
                bodies.append(request["Body"])

        known = contents._Known(f"{'0' * 32}-12", 123_456_789, "SHA256:" + "x" * 44)
        index = {f"uploads/{'d' * 63}/{name}": known for name in self.NAMES}
        contents._write_index(Bucket(), "bucket", "d", index, None)  # type: ignore[arg-type]
        assert len(bodies[0]) <= artefacts.contents_index_bytes(self.WORK) <= 1.5 * len(bodies[0])

    def test_prepare_json_and_counts_json(self) -> None:
        aside = [SetAside(name, Reason(ReasonCode.DUPLICATE, {"other": name})) for name in self.NAMES]
        prepared = PrepareReport("d" * 63, 1024, 200_000, 0, aside, 123.456, 0, 500)
        assert len(prepared.to_json()) <= artefacts.prepare_report_bytes(self.WORK) <= 3 * len(prepared.to_json())
        assert len(prepared.counts_json()) <= artefacts.counts_bytes(self.WORK)

    def test_report_json(self, tmp_path: Path) -> None:
        evil = SetAside("\U0001f600" * 300, told("\U0001f600" * 300))
        prepared = PrepareReport("d", 16, 999, 0, [evil] * 50, 1.0)
        run = ReportRun("d", "ifw9mcxjxl5q", prepared, tmp_path, MadeImages(skipped_targets=[evil] * 300))
        write_report(tmp_path / "report", run)
        real = size_of(tmp_path / "report/report.json")
        assert real <= artefacts.results_bytes(self.WORK) <= 1.2 * real


def test_the_page_shows_as_many_images_as_computed_and_is_no_larger(tmp_path: Path) -> None:
    """Every image is noise of two levels, of which JPEG makes most."""
    parts = (synthesis.SHEET_IMAGES, synthesis.MIX_ROWS, synthesis.MIX_COLUMNS)
    generated, rows, columns = parts
    assert (generated, rows * columns + rows + columns) == (artefacts._NEW, artefacts._MIXED)
    assert generated + (rows + 1) * (columns + 1) == artefacts._SHEET_CELLS
    steps = len(exploring.SHIFTS)
    assert (exploring.DIRECTIONS, exploring.MOVED_SEEDS * steps) == (artefacts._DIRECTIONS, artefacts._STRIPS)
    assert page_extras.LARGEST_FILM == artefacts._PAGE_FILM_BYTES
    assert (page_extras.FRAME_SIDE, page_extras.DIRECTION_SIDE) == (256, 192)
    rng = np.random.default_rng(0)

    def noise(file: Path, height: int, width: int) -> Path:
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray((rng.integers(0, 2, (height, width, 3)) * 255).astype(np.uint8)).save(file, compress_level=1)
        return file

    small, large = noise(tmp_path / "256.png", 256, 256), noise(tmp_path / "512.png", 512, 512)
    samples = tmp_path / "model/samples"
    sheet = noise(samples / "reals.png", 4 * 192, 8 * 192)
    for kimg in range(MOST_SHEETS):
        (samples / f"fakes{kimg:08.3f}.png").hardlink_to(sheet)
    (samples / "grid.json").write_text('{"columns": 8, "rows": 4, "cell": 192}')
    tick = dict.fromkeys(("loss_g", "loss_d", "rt", "augment_p", "sec_per_kimg"), 1.5)
    (tmp_path / "model/stats.jsonl").write_text("".join(json.dumps(tick | {"kimg": n}) + "\n" for n in range(2_000)))
    sources = [GeneratedImage(seed, small) for seed in range(10)]
    frames = [np.roll(np.asarray(Image.open(small)), number, axis=0) for number in range(48)]
    write_video(frames, tmp_path / "film.webp", frame_milliseconds=40)
    moved = [
        MovedPicture(seed, direction, step, shift, small)
        for direction in range(1, exploring.DIRECTIONS + 1)
        for seed in range(exploring.MOVED_SEEDS)
        for step, shift in enumerate(exploring.SHIFTS, start=1)
    ]
    pairs = [ProjectedImage(f"{n}.png", large, large, [1.0 / (n + 1) for n in range(1_000)]) for n in range(8)]
    aside = [SetAside("&" * 300, told("<" * 300))] * 300
    run = ReportRun(
        "d", "ifw9mcxjxl5q", PrepareReport("d", 512, 300, 0, aside, 1.0, copies=7), tmp_path / "model",
        MadeImages(
            generated=[GeneratedImage(seed, small) for seed in range(generated)],
            mixing=MixtureGrid(sources[:rows], sources[rows:], [[small] * columns] * rows),
            projections=Projections(pairs, 1_000, 1_000), skipped_targets=aside[:200],
            directions=moved, film=MadeFilm(tmp_path / "film.webp", None, [0, 1], 48, 2.0),
        ),
    )  # fmt: skip
    write_report(tmp_path / "report", run)
    real = size_of(tmp_path / "report/index.html")
    assert real <= artefacts.page_bytes(SMALL) <= 2 * real
    assert (page_parts._SHEET_SIDE, page_parts._STRIP_SIDE, page_parts._PAIR_SIDE) == (256, 192, 512)
    assert (report._MOST_PAIRS_SHOWN, page_parts._FEW_PAIRS) == (24, 8)


def test_what_infer_draws_is_no_larger_than_computed() -> None:
    """Sheets and single images together, each stored at the worst."""
    work = replace(SMALL, resolution=256, targets=targets_per_run(256))
    cells = artefacts._NEW + artefacts._MIXED + artefacts._SHEET_CELLS + 2 * work.targets
    cells += 2 * artefacts._DIRECTIONS * artefacts._STRIPS  # alone, and in their sheet
    pixels = cells * 256 * 256
    computed = artefacts.drawn_bytes(work) - artefacts.film_bytes(work)
    assert 3 * pixels < computed - (cells + 1) * artefacts._SIGNATURE_BYTES < 3.2 * pixels


@pytest.mark.parametrize(("height", "width"), [(16, 16), (4, 64), (80, 48), (256, 192), (384, 1024)])
def test_no_film_and_no_sheet_of_directions_is_larger_than_computed_not_even_of_noise(
    tmp_path: Path, height: int, width: int
) -> None:
    work = replace(SMALL, resolution=max(height, width), size=(height, width))
    rng = np.random.default_rng(0)
    noise = (rng.integers(0, 2, (6, height, width, 3)) * 255).astype(np.uint8)
    frames = [exploring._fitted(picture) for picture in noise]
    write_video(frames, tmp_path / "film.webp", frame_milliseconds=31)
    write_mp4(frames, tmp_path / "film.mp4", frame_milliseconds=31)
    most_frames = exploring.FILM_SEEDS * exploring.MOST_BETWEEN
    assert size_of(tmp_path) / len(frames) <= artefacts.film_bytes(work) / most_frames
    shape = (exploring.DIRECTIONS, exploring.MOVED_SEEDS, len(exploring.SHIFTS), height, width, 3)
    pictures = rng.integers(0, 256, shape, dtype=np.uint8)
    save_marked(labelled_sheet(pictures, exploring.SHIFTS), tmp_path / "sheet.png", "PNG", compress_level=1)
    real = (tmp_path / "sheet.png").stat().st_size
    assert real <= artefacts.directions_sheet_bytes(work) <= 12 * real, "enlarged squares are compressed well"


def test_the_gallery_the_zip_and_the_small_copies_are_no_larger_than_computed(tmp_path: Path) -> None:
    """Every picture is noise, and every name as long as a name can be."""
    made, report_folder = tmp_path / "inference", tmp_path / "report"
    report_folder.mkdir()
    work = replace(SMALL, resolution=64, targets=3)
    rng = np.random.default_rng(0)

    def noise(name: str) -> Path:
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        return save_picture(rng.integers(0, 256, (64, 64, 3), dtype=np.uint8), made / name)

    evil = "\U0001f600" * 300
    of_class = NetworkClass(1, evil)
    stem = "c" * 60
    sources = [GeneratedImage(seed, noise(f"mixed/seed{seed}.png"), of_class) for seed in range(10)]
    cells = [[noise(f"mixed/{row}-{column}.png") for column in range(6)] for row in range(4)]
    pairs = [
        ProjectedImage(evil, noise(f"projected/{n}-{stem}.png"), noise(f"projected/{n}-{stem}-drawn.png"), [1 / 3])
        for n in range(3)
    ]
    moved = [
        MovedPicture(2**32 - 1, 6, 5, -0.25, noise(f"directions/direction6-01-{stem}-seed4294967295-{n}.png"), of_class)
        for n in range(artefacts._DIRECTIONS * artefacts._STRIPS)
    ]
    frames = [np.asarray(Image.open(pairs[0].target))] * 2
    (made / "film").mkdir()
    write_video(frames, made / "film/film.webp", frame_milliseconds=40)
    (made / "film/film.mp4").write_bytes(b"mp4")
    images = MadeImages(
        generated=[GeneratedImage(seed, noise(f"generated/01-{stem}-seed{seed}.png"), of_class) for seed in range(48)],
        mixing=MixtureGrid(sources[:4], sources[4:], cells, range(9)),
        projections=Projections(pairs, 3, 3),
        directions=moved,
        film=MadeFilm(made / "film/film.webp", made / "film/film.mp4", range(6), 2, 0.1),
    )
    for kind in ("generated", "mixed", "directions"):
        noise(f"{kind}/sheet.png")
    (tmp_path / "model").mkdir()
    (tmp_path / "model/MODEL-NOTE.txt").write_text("\U0001f600" * 5_000)
    run = ReportRun(evil, "ifw9mcxjxl5q", PrepareReport("d", 64, 3, 3, (), 1.0), tmp_path / "model", images)
    write_picture_archive(made, report_folder / "pictures.zip")
    gallery.write_gallery(report_folder, made, run)
    read = Gallery.from_json((report_folder / "gallery.json").read_bytes())
    assert len(read.items) == artefacts.gallery_items(work)
    real = (report_folder / "gallery.json").stat().st_size
    assert real <= artefacts.gallery_bytes(work) <= 2 * real
    entries = zipfile.ZipFile(report_folder / "pictures.zip").infolist()
    overhead = (report_folder / "pictures.zip").stat().st_size - sum(entry.file_size for entry in entries)
    assert overhead <= len(entries) * artefacts._ZIP_ENTRY_BYTES <= 3 * overhead
    assert gallery.LARGEST_THUMBNAIL == artefacts._LARGEST_THUMBNAIL
    copies = [file.stat().st_size for file in (made / "thumbnails").rglob("*.webp")]
    assert len(copies) == len(read.items)
    assert sum(copies) <= artefacts.thumbnails_bytes(work)


def test_a_picture_is_marked_in_no_more_bytes_than_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTENT_PRODUCER", "<红" * 200)
    assert len(xmp_packet("0" * 32).encode()) + 100 <= artefacts._MARK_BYTES <= 2_000


class TestMessages:
    def test_an_event_of_an_upload_with_the_longest_key(self) -> None:
        """As an SQS record: the event is a text in it."""
        event = json.loads((ROOT / "events/sqs_upload_batch.json").read_text())["Records"][0]
        body = json.loads(event["body"])
        body["detail"]["object"]["key"] = "\U0001f600" * (artefacts.LONGEST_KEY_BYTES // 4)
        real = len(json.dumps(event | {"body": json.dumps(body)}))
        assert real <= artefacts.upload_event_bytes() <= 2 * real

    def test_the_parameters_of_a_start(self) -> None:
        address = "s3://b/" + "\U0001f600" * (MAX_VALUE_CHARS - 7)  # of others, none is longer than this
        longest = {name: address if one.accepts(address) else "x" * MAX_VALUE_CHARS for name, one in PARAMETERS.items()}
        real = len(json.dumps([{"Name": name, "Value": value} for name, value in longest.items()]))
        assert real <= artefacts.start_request_bytes() <= 3 * real
        assert len(longest) <= artefacts.MOST_PARAMETERS <= 200  # StartPipelineExecution's
        assert list(longest.values()).count(address) <= artefacts.MOST_ADDRESSES
