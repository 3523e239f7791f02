"""From the last upload to the start of the run, beyond the quiet time: `python -m benchmarks.start_latency [ROUNDS]`.

Real: the deployed template, handlers, queues and timers, as processes on this machine. Not real: AWS. MiniStack hands a
batch over as soon as it finds one and ignores the batching window, so the window's share at AWS is added from the
template: the last event of a drop waits for half of it on average, for the whole of it at most.
Each of ROUNDS (7) drops has eight files that are no pictures, so that its run ends in its first step.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

from local_aws import ROOT
from local_aws.runs import RunView, list_runs
from local_aws.workshop import LocalWorkshop, Options
from workshop.platform.clock import to_ms

OPTIONS = Options(preset="tiny", quiet_seconds=5, min_images=8)
AWS_WINDOW_SECONDS = 20  # UploadBatchWindowSeconds' default
DEADLINE_SECONDS = 120
STRETCHES = ("upload noted", "settled, timer served, claimed", "start recorded by SageMaker", "all")


def measure(workshop: LocalWorkshop, dataset: str) -> list[float]:
    """Seconds of each stretch from the last upload to the start, without the quiet time."""
    s3 = workshop.endpoint.client("s3")
    for number in range(8):
        s3.put_object(Bucket=workshop.bucket, Key=f"uploads/{dataset}/{number}.png", Body=b"no picture %d" % number)
    uploaded = time.time()
    run = wait_for_run(workshop, dataset)
    table = workshop.endpoint.client("dynamodb")
    key = {"pk": {"S": f"DATASET#{dataset}"}, "sk": {"S": "STATE"}}
    state = table.get_item(TableName=workshop.outputs["LedgerName"], Key=key, ConsistentRead=True)["Item"]
    noted, claimed = (int(state[name]["N"]) / 1000 for name in ("lastSeen", "claimAt"))
    described = workshop.endpoint.client("sagemaker").describe_pipeline_execution(PipelineExecutionArn=run.arn)
    started = to_ms(described["CreationTime"]) / 1000
    settled = noted + OPTIONS.quiet_seconds
    return [noted - uploaded, claimed - settled, started - claimed, started - uploaded - OPTIONS.quiet_seconds]


def wait_for_run(workshop: LocalWorkshop, dataset: str) -> RunView:
    """The dataset's run, once it is over: the next drop is not to be disturbed by it."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        runs = list_runs(workshop.endpoint.client("sagemaker"), workshop.outputs["PipelineName"], dataset)
        if runs and runs[0].done:
            return runs[0]
        time.sleep(0.5)  # between two looks
    sys.exit(f"no run of {dataset} has come to an end within {DEADLINE_SECONDS} s")


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    folder = Path(tempfile.mkdtemp(prefix="workshop-"))
    with LocalWorkshop(ROOT, folder, OPTIONS) as workshop:
        measured = [measure(workshop, f"drop-{number}") for number in range(rounds)]
    print(f"quiet time {OPTIONS.quiet_seconds} s, median of {rounds}\n\n| stretch | seconds |\n|---|---|")
    for name, seconds in zip(STRETCHES, zip(*measured, strict=True), strict=True):
        print(f"| {name} | {statistics.median(seconds):.2f} |")
    print(f"| batching window at AWS, in addition | {AWS_WINDOW_SECONDS / 2:.0f}, at most {AWS_WINDOW_SECONDS} |")


if __name__ == "__main__":
    main()
