"""The classes of a network that was trained with labels: their names, and which of them are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stylegan2.data.labels import names_of_classes
from stylegan2.formats.network_file import LoadedNetwork

MOST_DRAWN = 24
"""Of more classes a page would show too few pictures each."""


@dataclass(frozen=True)
class NetworkClass:
    """A class by its number, from 0, and its name."""

    number: int
    name: str


@dataclass(frozen=True)
class ClassChoice:
    """The classes that are drawn (none of a network without labels), how many others there are, and what was asked for
    that the network has not learned."""

    drawn: Sequence[NetworkClass] = ()
    others: int = 0
    unknown: Sequence[str] = ()


def choose_classes(network: LoadedNetwork, asked: Sequence[str]) -> ClassChoice:
    """The first classes of those `asked` for, by name or number; of all, if none of these is known.

    What is unknown fails nothing: the training has been paid for, and a class may have lost its last good image.
    """
    count = network.G_ema.c_dim
    names = names_of_classes(network.meta.get("classes"), count) or [f"class {number}" for number in range(count)]
    classes = [NetworkClass(number, name) for number, name in enumerate(names)]
    by_name = {str(one.number): one for one in classes} | {one.name: one for one in classes}
    known = list(dict.fromkeys(by_name[name] for name in asked if name in by_name))
    unknown = [name for name in asked if name not in by_name]
    drawn = (known or classes)[:MOST_DRAWN]
    return ClassChoice(drawn, count - len(drawn), unknown)
