"""speeds.toml: how fast each machine prepares, trains and draws, as far as it is known."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

from contract.pipeline import RESOLUTIONS

_TYPE = re.compile(r"(?P<family>ml\.[a-z0-9-]+)\.(?P<size>[a-z0-9-]+)")
_SIZE = re.compile(r"(?P<times>[0-9]{0,3})xlarge")
_WITHOUT_GPU = re.compile(r"ml\.[cmrt][0-9].*")  # families of machines with a processor alone
_SMALLER_SIZES = {"medium": 2, "large": 2}  # their virtual processors
_VCPUS_AN_XLARGE = 4
_CPU = "cpu"
# Of a processor the table tells what two cores of it do, which is an xlarge.
_TABLES_CORES = 2
# n GPUs do the work of n ** 0.85: published for 256 px, 8 V100 are 5.4 times as fast as one, for 1024 px 7.7 times.
_GPUS_TOGETHER = 0.85
_CORES_TOGETHER = 0.8  # a guess: small convolutions keep few cores busy


class Basis(StrEnum):
    """How a figure is known, the surest first."""

    OWN = "own"  # this deployment's own runs
    MEASURED = "measured"
    GUESS = "guess"


@dataclass(frozen=True)
class Figure:
    """A length of time in seconds, or a speed in seconds per something, and how it is known."""

    seconds: float
    basis: Basis


@dataclass(frozen=True)
class InstanceShape:
    """What a machine is to the table: its device, and how many of them work together (a processor: pairs of cores)."""

    device: str
    devices: float

    @property
    def gain(self) -> float:
        """How many times as fast as the table's one device it is."""
        return float(self.devices ** (_CORES_TOGETHER if self.device == _CPU else _GPUS_TOGETHER))


class SpeedTable:
    """The speeds of one file."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def machine(self, instance_type: str) -> InstanceShape | None:
        """What a machine of this type is; None if nothing can be said about it."""
        match = _TYPE.fullmatch(instance_type)
        if match is None:
            return None
        family = self._values["families"].get(match["family"])
        if family is not None:
            return InstanceShape(family["device"], family.get("gpus", {}).get(match["size"], 1))
        vcpus = _vcpus(match["size"])
        if vcpus is None or not _WITHOUT_GPU.fullmatch(match["family"]):
            return None
        return InstanceShape(_CPU, vcpus / 2 / _TABLES_CORES)

    def training(self, instance_type: str, machines: int, preset: str, resolution: int) -> Figure | None:
        """Seconds per kimg of a training by this preset of the trainer; None if nothing can be said."""
        measured = self._values.get("measured", {}).get(instance_type, {}).get(preset, {}).get(str(resolution))
        if measured is not None:
            return Figure(measured / machines**_GPUS_TOGETHER, Basis.MEASURED)
        machine = self.machine(instance_type)
        if machine is None:
            return None
        table = self._values["training"].get(machine.device, {})
        factor = self._values["preset_factors"].get(preset, 1)
        seconds = table.get(preset if preset in table else "auto", {}).get(str(resolution))
        if seconds is None or (preset not in table and preset not in self._values["preset_factors"]):
            return None
        is_guess = machines > 1 or machine.devices != 1 or factor != 1
        basis = Basis.GUESS if is_guess else _basis(table, preset, resolution)
        return Figure(seconds * factor / machine.gain / machines**_GPUS_TOGETHER, basis)

    def preparing(self, instance_type: str, images: int, size: int) -> Figure | None:
        """How long it takes to prepare so many images of so many bytes together."""
        machine = self.machine(instance_type)
        if machine is None:
            return None
        table = self._values["prepare"]
        seconds = images * table["seconds_an_image"] + size / 1e6 * table["seconds_a_megabyte"]
        return Figure(seconds / (machine.gain if machine.device == _CPU else 1), Basis(table["basis"]))

    def drawing(self, instance_type: str, preset: str, resolution: int, mode: str, targets: int) -> Figure | None:
        """How long it takes to draw a run's pictures and to find so many targets in the network."""
        machine = self.machine(instance_type)
        if machine is None:
            return None
        values = self._values["infer"]
        table = values["gpu"] if machine.device in values["gpu_devices"] else values["cpu"]
        small = values["small_networks"].get(preset, 1)
        pictures = sum(number for kind, number in values["pictures"].items() if mode in ("all", kind))
        steps = table["projection_steps"] * (targets if mode in ("all", "project") else 0)
        per_picture, per_step = (_by_resolution(table[name], resolution) for name in ("picture", "step"))
        seconds = table["loading"] + (pictures * per_picture + steps * per_step) * small
        return Figure(seconds / (machine.gain if machine.device == _CPU else 1), Basis(table["basis"]))

    def starting(self, instance_type: str) -> Figure:
        """How long it takes until a job's program runs, and from its end until the next step's start."""
        machine = self.machine(instance_type)
        table = self._values["starting"]
        own = None if machine is None else table.get(machine.device)
        return Figure(table["seconds"] if own is None else own, Basis(table["basis"]))


@cache
def speed_table() -> SpeedTable:
    """The deployment's table."""
    return SpeedTable(tomllib.loads(resources.files(__package__).joinpath("speeds.toml").read_text(encoding="utf-8")))


def _vcpus(size: str) -> int | None:
    if size in _SMALLER_SIZES:
        return _SMALLER_SIZES[size]
    match = _SIZE.fullmatch(size)
    return None if match is None else _VCPUS_AN_XLARGE * int(match["times"] or 1)


def _basis(table: Mapping[str, Any], preset: str, resolution: int) -> Basis:
    """A table's own basis; of one that is measured, some figures may be guesses all the same."""
    return Basis.GUESS if resolution in table.get("guesses", {}).get(preset, ()) else Basis(table["basis"])


def _by_resolution(seconds: Mapping[str, float], resolution: int) -> float:
    """The figure of a resolution, or of the next larger one that the table has."""
    known = [number for number in RESOLUTIONS if str(number) in seconds]
    return seconds[str(next((number for number in known if number >= resolution), known[-1]))]
