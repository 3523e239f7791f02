"""How long the whole way takes on this machine, stretch by stretch.

    python -m benchmarks.whole_way [RUNS]            the demo, RUNS times (1): the median of each stretch
    python -m benchmarks.whole_way --images 63632    so many images of the Anime Face set's shapes (face_set.py), once

Both print a Markdown table with seconds; the second one also processor seconds and the peak memory of each process, and
it ends with an error unless report, mails and page tell the right numbers. Run it on a quiet machine; the first run on
a fresh checkout also builds the layer.
"""

import argparse
import json
import os
import platform
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.face_set import RESOLUTION, write_face_set
from benchmarks.process_watch import ProcessWatch
from contract.layout import REPORT_DATA
from contract.statuses import EXECUTING, SUCCEEDED
from local_aws.demo import LAST_NOTICES, DemoResult, run_demo
from local_aws.mailbox import Mail
from local_aws.progress import ProgressDisplay
from local_aws.runs import RunView
from local_aws.workshop import SHIPPED_BASE, Options

KIMG = "0.2"  # that it is trained and drawn is enough here; how fast that goes, training_step.py says
START, DROP, SETTLE, BETWEEN, MAIL, STOP = "start", "drop", "settle, snapshot", "between steps", "mail", "fetch, stop"
_FETCHED = re.compile(r"fetched in seconds=([0-9.]+)")


def stretches(result: DemoResult) -> dict[str, float]:
    """Seconds of each step, of what lies before and between them, and of everything."""
    steps = {step.name: step.seconds or 0.0 for step in result.run.steps}
    around = result.seconds - sum(steps.values())
    return {**steps, "start, upload, settle, stop": around, "all": result.seconds}


def run_demos(runs: int) -> None:
    """The demo as it is, and the median of each stretch."""
    measured = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as output:
            options = Options(warm_start=SHIPPED_BASE)
            measured.append(stretches(run_demo(None, Path(output), options, ProgressDisplay(), end=True)))
    print(f"\n{_machine()}, median of {runs}\n")
    print("| stretch | seconds |\n|---|---|")
    for name in measured[0]:
        print(f"| {name} | {statistics.median(run[name] for run in measured):.0f} |")


class Stopwatch(ProgressDisplay):
    """A display that notes how long what it shows takes, and how much processor time."""

    def __init__(self, watch: ProcessWatch) -> None:
        super().__init__()
        self.laps: dict[str, tuple[float, float]] = {}
        self.fetch_seconds = 0.0
        self._watch = watch
        self._last = (START, time.perf_counter(), 0.0)

    def show(
        self, doing: str, run: RunView | None = None, mails: Sequence[Mail] = (), tick: str = "", kimg: float = 0
    ) -> None:
        if fetched := _FETCHED.search(tick):
            self.fetch_seconds = float(fetched[1])
        self.lap(_stretch(doing, run, mails))
        super().show(doing, run, mails, tick, kimg)

    def lap(self, name: str) -> None:
        """Say what begins now, or goes on."""
        before, began, processor = self._last
        self._last = name, time.perf_counter(), self._watch.seconds()
        wall, own = self.laps.get(before, (0.0, 0.0))
        self.laps[before] = wall + self._last[1] - began, own + self._last[2] - processor


def _stretch(doing: str, run: RunView | None, mails: Sequence[Mail]) -> str:
    if run is not None and run.done:
        return STOP if LAST_NOTICES & {mail.kind for mail in mails} else MAIL
    if run is not None:
        return next((step.name for step in run.steps if step.status == EXECUTING), BETWEEN)
    return {"uploading": DROP, "waiting": SETTLE}.get(doing.partition(" ")[0], START)


def run_many_images(images: int) -> None:
    """One run of so many images, and a look at the numbers that people are told."""
    with tempfile.TemporaryDirectory() as folder, ProcessWatch() as watch:
        drop, output = Path(folder, "drop"), Path(folder, "output")
        too_small = write_face_set(drop, images)
        (drop / "settings.yaml").write_text(f"resolution: {RESOLUTION}\n")
        display = Stopwatch(watch)
        result = run_demo(drop, output, Options(kimg=KIMG), display, end=True)
        display.lap("")
        pages = output.rglob(REPORT_DATA)
        report = json.loads(next(pages).read_text())
        wrong = [] if result.page is None else [*_wrong_numbers(images, too_small, report, result.mails, result.page)]
    print(f"\n{images:,} images, {_machine()}, load {os.getloadavg()[1]:.0f}\n")
    print("| stretch | seconds | processor s of all processes |\n|---|---|---|")
    for name, (wall, processor) in display.laps.items():
        print(f"| {name} | {wall:.0f} | {processor:.0f} |")
    print(f"\nOf step Prepare, {display.fetch_seconds:.0f} s were the images' way out of S3.\n\n{watch.table()}\n")
    if result.run.status != SUCCEEDED or wrong:
        sys.exit(f"The run {result.run.status.lower()}. {' '.join(wrong)}")
    print(f"Report, mails and page say: {images:,} found, {images - too_small:,} good, {too_small:,} skipped.")


def _wrong_numbers(
    images: int, too_small: int, report: dict[str, object], mails: Sequence[Mail], page: Path
) -> Iterator[str]:
    """What people are told and is not so, a sentence each."""
    good = images - too_small
    counts = {"found": images, "good": good, "set_aside": too_small}
    if report["images"] != counts:
        yield f"The report says {report['images']} instead of {counts}."
    told = "\n".join(mail.text() for mail in mails)
    for line in (
        rf"Images found: +{images:,}\b",
        rf"Images used: +{good:,} of {images:,}\b",
        rf"\b{too_small:,} images? (was|were) skipped",
    ):
        if not re.search(line, told):
            yield f"No mail says {line!r}."
    text = re.sub(r"<[^>]*>", " ", page.read_text())
    for figure in (rf"images used\s+{good:,}\b", rf"skipped\s+{too_small:,}\b"):
        if not re.search(figure, text):
            yield f"The page does not say {figure!r}."


def _machine() -> str:
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="?", type=int, default=1, help="how often the demo is run")
    parser.add_argument("--images", type=int, help="one run of so many images instead")
    options = parser.parse_args()
    if options.images is None:
        run_demos(options.runs)
    else:
        run_many_images(options.images)


if __name__ == "__main__":
    main()
