"""Command line: measure how good a trained network is."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import click

from stylegan2.cli import WIDE, errors_as_messages, table, with_options
from stylegan2.cli.networks import open_network
from stylegan2.data.dataset import ImageDataset
from stylegan2.metrics.detector_file import find_detector
from stylegan2.metrics.evaluation import METRICS, WITHOUT_DETECTOR, Evaluation
from stylegan2.metrics.features import Detector
from stylegan2.options.row import A_SEED, INPUT, TEXT, YES_OR_NO, Row, whole


class MetricList(click.ParamType[list[str]]):
    """Names of metrics with commas between them."""

    name = "metrics"

    def convert(self, value: str | list[str], param: click.Parameter | None, ctx: click.Context | None) -> list[str]:
        """Return the names, or end the program with a sentence about the one that is wrong."""
        names = [part.strip() for part in value.split(",")] if isinstance(value, str) else value
        for name in names:
            if name not in METRICS:
                self.fail(f"{name!r} is none of {', '.join(METRICS)}", param, ctx)
        return list(dict.fromkeys(names))


_SUMMARIES = "; ".join(f"{name}: {metric.summary}" for name, metric in METRICS.items())
_WITHOUT_DETECTOR = ",".join(WITHOUT_DETECTOR)


@click.command(context_settings=WIDE)
@with_options(
    network         = table.NETWORK,
    data            = Row("--data",            INPUT,                "ZIP|DIR",  None,
        "Pictures that the network has learned from. Not needed for the inception score and path lengths, except for "
        "the labels of a conditional network."),
    metrics         = Row("--metrics",         MetricList(),         "LIST",     _WITHOUT_DETECTOR,
        f"With commas between them. {_SUMMARIES}."),
    detector        = Row("--detector",        TEXT,                 "FILE|URL", None,
        "TorchScript network whose features are compared: a path, or a file:// or https:// address. It is a program: "
        "use only one that you trust."),
    detector_sha256 = Row("--detector-sha256", TEXT,                 "HEX",      None,
        "Digest that the detector must have; required for https://."),
    mirror          = Row("--mirror",          YES_OR_NO,            "BOOL",     False,
        "Compare with every picture also mirrored."),
    num             = Row("--num",             whole(2, 10_000_000), "N",        50_000,
        "Generated pictures. Published figures are of 50000; with fewer, the distances come out larger."),
    batch           = table.BATCH,
    seed            = Row("--seed",            A_SEED,               "N",        0,      ""),
    device          = table.DEVICE,
    outdir          = replace(table.OUTDIR, default=None, help="Folder for the results.  [default: the network's]"),
)  # fmt: skip
@errors_as_messages
def main(
    network: Path,
    data: Path | None,
    metrics: list[str],
    detector: str | None,
    detector_sha256: str | None,
    mirror: bool,
    num: int,
    batch: int,
    seed: int,
    device: str | None,
    outdir: Path | None,
) -> None:
    """Measure how good a trained network is.

    Appends a line to metric-<name>.jsonl for each metric, and prints it. No weights are downloaded unasked: FID, KID,
    precision and recall, the inception score (all with an Inception network) and path lengths (with a VGG16 for LPIPS)
    need the file of a detector. The numbers can be compared with published ones only if it is the one used there.

    \b
    Examples:
      python calc_metrics.py --network out --data faces.zip --num 5000
      python calc_metrics.py --network out --data faces.zip --metrics fid,kid,pr --detector inception.pt
    """
    loaded = open_network(network, device)
    wants_labels = loaded.G_ema.c_dim > 0
    dataset = None if data is None else ImageDataset(data, mirror=mirror, use_labels=wants_labels)
    judge = None
    if detector is not None:
        judge = Detector(find_detector(detector, detector_sha256), loaded.G_ema.mapping.w_avg.device)
    evaluation = Evaluation(loaded, dataset, judge, num=num, batch=batch, seed=seed)
    folder = outdir or (network if network.is_dir() else network.parent)
    folder.mkdir(parents=True, exist_ok=True)
    for measured in evaluation.measure(metrics):
        line = json.dumps(
            {
                "metric": measured.metric,
                "results": measured.results,
                "num": num,
                "data": None if dataset is None else {"name": dataset.path.stem, "pictures": len(dataset)},
                "mirror": mirror,
                "seed": seed,
                "kimg": loaded.meta.get("kimg"),
                "detector": None if not METRICS[measured.metric].needs_detector else detector,
                "seconds": round(measured.seconds, 1),
            }
        )
        with (folder / f"metric-{measured.metric}.jsonl").open("a", encoding="utf-8") as file:
            file.write(line + "\n")
        click.echo(line)


if __name__ == "__main__":
    main()
