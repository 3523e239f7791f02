"""Of what size a run's pictures are: what an artist writes about it, and what a person's overrides make of it.

The network cannot have every size (contract.pipeline.picture_sizes). A refusal names the nearest that it can.
"""

from collections.abc import Mapping
from math import gcd, log
from typing import Any

from contract.pipeline import LONGEST_SIDE, SQUARE, PictureSize, picture_size, picture_sizes, resolution_of
from workshop.platform.errors import BadRequest, SettingsError
from workshop.words import Words


def chosen_size(
    say: Words, given: Mapping[str, Any], at: Mapping[str, int], resolution: int, language: str
) -> PictureSize:
    """The size that settings ask for: `given`, which stand in the lines `at`, beside this resolution.

    Raises SettingsError, which names the nearest possible size or proportions.
    """
    sides, others = given.keys() & {"width", "height"}, at.keys() & {"aspect", "resolution"}
    if sides and others:
        line = max(at[key] for key in others)
        raise SettingsError([say.setting_size_twice.format(line=line, key=" / ".join(sorted(others)))], language)
    if len(sides) == 1:
        (key,) = sides
        (other,) = {"width", "height"} - sides
        raise SettingsError([say.setting_side.format(line=at[key], key=key, other=other)], language)
    if sides:
        width, height = given["width"], given["height"]
        if (found := picture_sizes().get((width, height))) is not None:
            return found
        near = say.either.join(size.told for size in nearest_sizes(width, height))
        line = max(at["width"], at["height"])
        problem = say.setting_size.format(line=line, size=f"{width} x {height}", near=near, longest=LONGEST_SIDE)
        raise SettingsError([problem], language)
    if "aspect" not in given:
        return PictureSize(resolution, resolution, resolution)
    across, up = given["aspect"]
    if (found := size_of_aspect(across, up, resolution)) is not None:
        return found
    near = nearest_aspect(across, up, resolution)
    problem = say.setting_aspect.format(line=at["aspect"], aspect=f"{across}:{up}", resolution=resolution, near=near)
    raise SettingsError([problem], language)


def size_of_aspect(across: int, up: int, resolution: int) -> PictureSize | None:
    """The smallest pictures of these proportions, by area, with at least as many pixels as a square of this resolution;
    None if there are none."""
    alike = [s for s in _sizes_at(resolution) if s.width * up == s.height * across]
    return min(alike, key=_area, default=None)


def nearest_aspect(across: int, up: int, resolution: int) -> str:
    """The possible proportions that are most like these, as 3:2."""
    size = min(_sizes_at(resolution), key=lambda s: (_distortion(s, across, up), s.width // gcd(s.width, s.height)))
    divisor = gcd(size.width, size.height)
    return f"{size.width // divisor}:{size.height // divisor}"


def nearest_sizes(width: int, height: int, count: int = 2) -> list[PictureSize]:
    """The possible sizes that are most like this one, the nearest first. Other proportions are worse than more or fewer
    pixels."""

    def difference(size: PictureSize) -> float:
        return abs(log(_area(size) / (width * height))) / 2 + 2 * _distortion(size, width, height)

    return sorted(picture_sizes().values(), key=lambda size: (difference(size), size.width))[:count]


def size_of_run(size: str, resolution: int, overrides: Mapping[str, str]) -> PictureSize:
    """The size of a run whose settings ask for `size`, a value of PictureSize, at this resolution, with the overrides
    of a person, each checked by itself. Another Resolution alone keeps the proportions.

    Raises BadRequest for overrides that do not go together.
    """
    given, wanted = overrides.get("PictureSize"), overrides.get("Resolution")
    if given is not None and given != SQUARE:
        counts_as = resolution_of(given)
        if wanted not in (None, str(counts_as)):
            raise BadRequest(
                f"The parameters PictureSize={given} and Resolution={wanted} do not go together: pictures of that size "
                f"need Resolution={counts_as}, which may be left out."
            )
        return _size(given, counts_as or resolution)
    if given == SQUARE or wanted is None:
        return _size(given or size, int(wanted or resolution))
    found = _size(size, resolution)
    width, height = (side * int(wanted) / resolution for side in (found.width, found.height))
    scaled = picture_sizes().get((int(width), int(height)))
    if scaled is None or scaled.width != width or scaled.height != height:
        raise BadRequest(
            f"The parameter Resolution={wanted} cannot have pictures of the proportions of {size}: give a PictureSize, "
            f"for example {SQUARE}."
        )
    return scaled


def _size(text: str, resolution: int) -> PictureSize:
    found = picture_size(text, resolution)
    if found is None:
        raise BadRequest(f"Pictures cannot have the size {text} at Resolution={resolution}.")
    return found


def _sizes_at(resolution: int) -> list[PictureSize]:
    return [size for size in picture_sizes().values() if size.resolution == resolution]


def _area(size: PictureSize) -> int:
    return size.width * size.height


def _distortion(size: PictureSize, across: int, up: int) -> float:
    return abs(log(size.width / size.height * up / across))
