"""Init, first and warm invocation of each function, and package sizes:
`python -m benchmarks.cold_start [ROUNDS] [OTHER_CHECKOUT]`.

Real: the packages that are deployed, unpacked, byte code and all; awslambdaric, Lambda's own runtime client. Not real:
the machine, and the runtime's boto3, which is this environment's. The events are cheap and call no service; the first
invocation makes the clients of upload_trigger, start_run and status_listener. Everything is measured in ROUNDS (7)
interleaved rounds, with another checkout (a git worktree of another commit) beside this one if given. `nothing` is
a function without a line in it: what Python and awslambdaric cost by themselves.
"""

import io
import json
import statistics
import sys
import tempfile
import zipfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from benchmarks.runtime_api import Environment
from local_aws import ROOT
from local_aws.package import build_function, build_layer
from local_aws.workshop import CACHE
from tests.unit.conftest import ENVIRONMENT

WARM_INVOCATIONS = 20
VARIABLES = ENVIRONMENT | {
    "SETTLE_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/settle",
    "TOPIC_ARN": "arn:aws:sns:eu-central-1:123456789012:notices",
    "LINK_KEY_ID": "alias/links",
    "AWS_REGION": "eu-central-1",
    "POWERTOOLS_SERVICE_NAME": "measured",
}
FOREIGN = json.loads((ROOT / "events" / "pipeline_execution_succeeded.json").read_text(encoding="utf-8"))
FOREIGN["detail"]["pipelineExecutionDescription"] = "not started here"
EVENTS: dict[str, Any] = {
    "nothing": {},
    "upload_trigger": {"Records": []},
    "start_run": {"Records": []},
    "status_listener": FOREIGN,
    "report_success": {"source": "pipeline"},
    "report_failure": {"source": "pipeline"},
}


class Checkout:
    """The packages of one checkout, unpacked."""

    def __init__(self, root: Path, folder: Path) -> None:
        self._folder = folder
        self.sizes = {"layer": _unpack(build_layer(root / "layers" / "workshop", "WorkshopLayer", CACHE), folder)}
        for name in EVENTS:
            if name != "nothing":
                self.sizes[name] = _unpack(build_function(root / "functions" / name), folder / name)
        (folder / "nothing").mkdir()
        (folder / "nothing" / "app.py").write_text("def handler(event, context):\n    pass\n")

    def measure(self, name: str) -> dict[str, tuple[float, float]]:
        """Wall and processor milliseconds of a new environment's init, of its first and of its warm invocations."""
        environment = Environment(self._folder / name, self._folder / "python", VARIABLES)
        try:
            init = environment.start()
            first = environment.invoke(EVENTS[name])
            warm = [environment.invoke(EVENTS[name]) for _ in range(WARM_INVOCATIONS)]
        finally:
            environment.stop()
        median = tuple(statistics.median(column) for column in zip(*warm, strict=True))
        figures = {"init": init, "first": first, "warm": median}
        return {what: (1000 * wall, 1000 * processor) for what, (wall, processor) in figures.items()}


def _unpack(archive: bytes, folder: Path) -> int:
    with zipfile.ZipFile(io.BytesIO(archive)) as zipped:
        zipped.extractall(folder)
    return len(archive)


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    roots = {"here": ROOT}
    if len(sys.argv) > 2:
        roots["there"] = Path(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        checkouts = {label: Checkout(root, Path(folder) / label) for label, root in roots.items()}
        figures: defaultdict[tuple[str, str], list[dict[str, tuple[float, float]]]] = defaultdict(list)
        for _ in range(rounds):
            for name in EVENTS:
                for label, checkout in checkouts.items():
                    figures[name, label].append(checkout.measure(name))
    print(f"milliseconds, wall / processor, medians of {rounds} interleaved rounds\n")
    print("| function | init | first invocation | warm | package, kB |\n|---|---|---|---|---|")
    for (name, label), rows in figures.items():
        cells = []
        for what in ("init", "first", "warm"):
            wall, processor = (statistics.median(row[what][i] for row in rows) for i in (0, 1))
            cells.append(f"{wall:.1f} / {processor:.1f}")
        size = checkouts[label].sizes.get(name, 0) / 1000
        print(f"| {name}{' ' + label if len(roots) > 1 else ''} | {' | '.join(cells)} | {size:.1f} |")
    for label, checkout in checkouts.items():
        print(f"\nlayer {label}: {checkout.sizes['layer'] / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
