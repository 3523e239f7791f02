"""Hyperparameters by the names that train.py of stylegan2-ada-pytorch has and ours has not: taken, followed where that
can be, and answered with a sentence where not.

Nothing is ignored in silence. What only says where or how to compute does not end the job; what would make another
network than was asked for does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from containers.errors import SettingError
from containers.settings import NamedStrings
from contract import jobs
from contract.train_options import Value

REFERENCE_NAMES = frozenset(
    {"cfg", "cond", "data", "outdir", "gpus", "metrics", "resume", "fp32", "nhwc", "nobench", "allow_tf32"}
)
_MOST_GPUS = 10_000
_METRICS = re.compile(r"[a-z0-9_]{1,40}(,[a-z0-9_]{1,40}){0,20}")
_ANYTHING = re.compile(r".*", re.DOTALL)


@dataclass(frozen=True)
class ReferenceNames:
    """What they ask for: options of ours that mean the same, how many GPUs, and what has to be said."""

    options: Mapping[str, Value] = field(default_factory=dict)
    gpus: int | None = None
    remarks: Sequence[str] = ()

    @classmethod
    def read(cls, given: NamedStrings) -> ReferenceNames:
        """Raises SettingError for a value that is none, or cannot be followed."""
        options: dict[str, Value] = {}
        remarks = []
        if "data" in given.values:
            remarks.append(f"data: the pictures are those of the channel {jobs.TRAIN_CHANNEL!r}.")
        if "outdir" in given.values:
            remarks.append("outdir: the results are in the job's model.tar.gz.")
        if (metrics := given.text("metrics", _METRICS, "fid50k_full", default="none")) != "none":
            remarks.append(
                f"metrics: {metrics} is not measured here, for want of a detector's file; "
                "calc_metrics.py measures the network that this job leaves."
            )
        if given.text("resume", _ANYTHING, "noresume", default="noresume") != "noresume":
            raise SettingError(
                f"{given.kind} 'resume' cannot be followed: a network to begin with is given as the channel "
                f"{jobs.BASE_CHANNEL!r} (WarmStartModel), and a training that was interrupted goes on by itself."
            )
        if given.flag("fp32", default=False):
            options["precision"] = "fp32"
        if given.flag("nhwc", default=False):
            options["channels_last"] = "on"
        for name, sentence in (
            ("nobench", "cuDNN looks for the fastest way all the same."),
            ("allow_tf32", "TF32 is not used; `precision` chooses 16 bits where they are faster."),
        ):
            if given.flag(name, default=False):
                remarks.append(f"{name}: {sentence}")
        gpus = given.integer("gpus", 1, _MOST_GPUS) if "gpus" in given.values else None
        return cls(options, gpus, tuple(remarks))

    def sentences(self, processes: int, on_gpus: bool) -> list[str]:
        """What has to be said on machines where so many processes train."""
        if self.gpus is None or (self.gpus == processes and on_gpus):
            return list(self.remarks)
        asked = f"{self.gpus} {'was' if self.gpus == 1 else 'were'} asked for"
        found = f"{processes} {'is' if processes == 1 else 'are'} there" if on_gpus else "none is there"
        return [*self.remarks, f"gpus: {asked}, and {found}; a training takes what there is."]
