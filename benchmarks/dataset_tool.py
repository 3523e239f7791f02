"""How fast a data set is made of 2,000 pictures: `python -m benchmarks.dataset_tool [ROUNDS]`.

The yardstick is what everybody writes first: Pillow opens, crops, resizes (Lanczos) and saves without compression, and
zipfile stores. Ours does the same and more (vetting, turning upright, looking for second copies, checksums), with one
and with two workers. Half of the pictures are JPEG and half PNG, of 256 pixels as the data set's; one is damaged,
which ends the yardstick, so it does not get that one.

Every run is a process of its own; the ways take turns for ROUNDS (5) rounds; medians. Memory is the peak of the
process and, after the plus, of its largest worker. (Ours has one process more than workers, which writes the zip.)
"""

import argparse
import io
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from multiprocessing.forkserver import _forkserver
from pathlib import Path

from PIL import Image

from benchmarks.loader import SIDE, photo
from stylegan2.data.preparation import prepare_images

COUNT = 2000
DAMAGED = "damaged.jpg"


def write_pictures(folder: Path) -> None:
    for index in range(COUNT):
        image = Image.fromarray(photo(index))
        if index % 2:
            image.save(folder / f"{index:05d}.jpg", quality=92)
        else:
            image.save(folder / f"{index:05d}.png")
    whole = next(folder.glob("*.jpg")).read_bytes()
    (folder / DAMAGED).write_bytes(whole[: len(whole) // 2])


def plain(source: Path, dest: Path) -> None:
    """The yardstick."""
    with zipfile.ZipFile(dest, "w", zipfile.ZIP_STORED) as archive:
        for index, path in enumerate(sorted(source.iterdir())):
            if path.name == DAMAGED:
                continue
            image = Image.open(path).convert("RGB")
            side = min(image.size)
            left, top = (image.width - side) // 2, (image.height - side) // 2
            image = image.crop((left, top, left + side, top + side)).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
            buffer = io.BytesIO()
            image.save(buffer, "PNG", compress_level=0)
            archive.writestr(f"{index // 1000:05d}/img{index:08d}.png", buffer.getvalue())


def run(way: str, source: Path, dest: Path) -> None:
    """Do it one way in this process, and print the seconds, the CPU seconds and the peak memory (KiB) of both."""
    start = time.perf_counter()
    if way == "plain":
        plain(source, dest)
    else:
        report = prepare_images(source, dest, resolution=SIDE, workers=int(way))
        if (report.good, len(report.set_aside)) != (COUNT, 1):
            raise SystemExit(f"{report.good} good, {report.set_aside}")
    seconds = time.perf_counter() - start
    _forkserver._stop()  # waits for the processes that the workers came from, so that they are counted
    own, workers = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    cpu = own.ru_utime + own.ru_stime + workers.ru_utime + workers.ru_stime
    print(seconds, cpu, own.ru_maxrss, workers.ru_maxrss)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rounds", nargs="?", type=int, default=5)
    rounds = parser.parse_args().rounds
    names = {"plain": "plain, 1 process", "1": "ours, 1 worker", "2": "ours, 2 workers"}
    measured: dict[str, list[list[float]]] = {way: [] for way in names}
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "pictures")
        source.mkdir()
        write_pictures(source)
        dest = str(Path(folder, "dataset.zip"))
        for _ in range(rounds):
            for way, runs in measured.items():
                code = f"from benchmarks.dataset_tool import *; run({way!r}, Path({str(source)!r}), Path({dest!r}))"
                done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
                runs.append([float(number) for number in done.stdout.split()])

    print(f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, median of {rounds}\n")
    print("| way | pictures/s | times plain (min - max) | CPU ms a picture | peak memory MiB |\n|---|---|---|---|---|")
    for way, runs in measured.items():
        seconds, cpu, memory, worker_memory = zip(*runs, strict=True)
        ratios = [base[0] / own for base, own in zip(measured["plain"], seconds, strict=True)]
        print(
            f"| {names[way]} | {COUNT / statistics.median(seconds):,.0f} | {statistics.median(ratios):.2f} "
            f"({min(ratios):.2f} - {max(ratios):.2f}) | {statistics.median(cpu) / COUNT * 1000:.2f} | "
            f"{max(memory) / 1024:.0f} + {max(worker_memory) / 1024:.0f} |"
        )


if __name__ == "__main__":
    main()
