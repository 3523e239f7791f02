"""A small finished training and its pictures, drawn without a network."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto.s3.models import FakeKey
from moto.server import ThreadedMotoServer
from PIL import Image

from containers.infer.results import GeneratedImage, MadeImages, MixtureGrid, ProjectedImage, Projections, ReportRun
from contract.prepare_report import PrepareReport, SetAside
from contract.reasons import Reason, ReasonCode
from tests.containers.bucket import Bucket, etag_under_kms
from tests.containers.jobs import draw
from tests.one_thread import one_thread

__all__ = ["one_thread"]


@pytest.fixture(scope="session")
def s3_url() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    with pytest.MonkeyPatch.context() as patches:
        patches.setattr(FakeKey, "etag", property(etag_under_kms))
        yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


@pytest.fixture
def bucket(s3_url: str) -> Bucket:
    return Bucket(s3_url)


@pytest.fixture
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eleven little pictures."""
    folder = tmp_path_factory.mktemp("drawn")
    draw(folder, 11)
    return folder


def picture(file: Path, hue: int, size: tuple[int, int] = (16, 16)) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.new("HSV", size, (hue % 256, 200, 200)).convert("RGB").save(file)
    return file


@pytest.fixture
def finished_run(tmp_path: Path) -> ReportRun:
    """A run with every part of the report: samples, curves, generated, mixed and projected pictures."""
    model = tmp_path / "model"
    for number, name in enumerate(["reals", "fakes000.000", "fakes000.512", "fakes001.024"]):
        picture(model / "samples" / f"{name}.png", 60 * number, (16 * 4, 16 * 2))
    (model / "samples" / "grid.json").write_text(json.dumps({"columns": 4, "rows": 2, "cell": 16}))
    ticks = [
        {"kimg": 0.1 * n, "seconds": 3.0 * n, "sec_per_kimg": 30.0, "loss_g": 1.0, "loss_d": 1.2 - n / 20,
         "augment_p": 0.01 * n, "rt": 0.05 * n, "pl": None}
        for n in range(1, 11)
    ]  # fmt: skip
    (model / "stats.jsonl").write_text("".join(json.dumps(tick) + "\n" for tick in ticks))
    options = {"preset": "tiny", "resolution": 16, "kimg": 1.0, "aug": "ada", "target": 0.6, "mirror": True}
    (model / "training_options.json").write_text(json.dumps(options))
    drawn = tmp_path / "inference"
    sources = [GeneratedImage(seed, picture(drawn / f"source{seed}.png", seed)) for seed in range(5)]
    return ReportRun(
        dataset="my-faces",
        execution_id="ifw9mcxjxl5q",
        prepare=PrepareReport("my-faces", 16, 31, 30, (SetAside("broken.png", Reason(ReasonCode.DAMAGED)),), 1.5),
        model_folder=model,
        images=MadeImages(
            generated=[GeneratedImage(seed, picture(drawn / f"seed{seed}.png", 9 * seed)) for seed in range(24)],
            mixing=MixtureGrid(sources[:2], sources[2:], [[picture(drawn / "mix.png", 99)] * 3] * 2),
            projections=Projections(
                [ProjectedImage("anna.png", sources[0].file, sources[1].file, [1.0, 0.5, 0.25])], 3, 3
            ),
            skipped_targets=[SetAside("notes.txt", Reason(ReasonCode.TEXT))],
        ),
    )
