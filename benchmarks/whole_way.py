"""How long the whole way takes on this machine, stretch by stretch: `python -m benchmarks.whole_way [RUNS]`.

Runs the demo RUNS times (1), one after the other, and prints a Markdown table with the median of each stretch in
seconds. Run it on a quiet machine; the first run on a fresh checkout also builds the layer.
"""

import os
import platform
import statistics
import sys
import tempfile
from pathlib import Path

from local_aws import ROOT
from local_aws.demo import DemoResult, run_demo
from local_aws.progress import ProgressDisplay
from local_aws.workshop import SHIPPED_BASE, Options


def stretches(result: DemoResult) -> dict[str, float]:
    """Seconds of each step, of what lies before and between them, and of everything."""
    steps = {step.name: step.seconds or 0.0 for step in result.run.steps}
    around = result.seconds - sum(steps.values())
    return {**steps, "start, upload, settle, stop": around, "all": result.seconds}


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    measured = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as output:
            options = Options(warm_start=SHIPPED_BASE)
            measured.append(stretches(run_demo(ROOT, None, Path(output), options, ProgressDisplay())))
    print(f"\n{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, median of {runs}\n")
    print("| stretch | seconds |\n|---|---|")
    for name in measured[0]:
        print(f"| {name} | {statistics.median(run[name] for run in measured):.0f} |")


if __name__ == "__main__":
    main()
