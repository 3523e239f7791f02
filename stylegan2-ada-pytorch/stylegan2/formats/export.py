"""A generator as one file that draws images without this package: TorchScript, or a program of torch.export.

    .pt     TorchScript: torch.jit.load in Python, torch::jit::load in C++. torch calls it deprecated, and still runs it
    .pt2    torch.export: torch.export.load(...).module(), what torch recommends today; takes longer to make

Both are called with `z [N, z_dim]`, for a network with labels `c [N, c_dim]`, and the truncation `psi [N]`, and return
images `[N, C, R, R]`, about -1 to 1. The network's arguments lie within the file as `network.json`.
"""

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Literal, cast

import torch
from torch import Tensor, nn

from stylegan2.base.errors import NetworkFileError, OptionError
from stylegan2.model.networks import Generator

ExportNoise = Literal["const", "none"]
SUFFIXES = (".pt", ".pt2")
LARGEST_DIFFERENCE = 1e-6
"""Allowed between an image of the file and the generator's own, relative to its largest value (at least 1)."""
_DESCRIPTION = "network.json"
_EXAMPLES = 2  # one image would be taken for a batch that never grows


class ImageProgram(nn.Module):
    """What is exported: latents and truncation -> images, with nothing decided from their values."""

    def __init__(self, generator: Generator, noise_mode: ExportNoise) -> None:
        super().__init__()
        self.generator, self.noise_mode = generator, noise_mode

    def forward(self, z: Tensor, *inputs: Tensor) -> Tensor:
        """Draw images from z, then c if the network has labels, then psi `[N]` (or one psi for all)."""
        *labels, psi = inputs
        mapping = self.generator.mapping
        ws = mapping.w_avg.lerp(mapping(z, *labels), psi.reshape(-1, 1, 1))
        image: Tensor = self.generator.synthesis(ws, self.noise_mode)
        return image


def export_generator(generator: Generator, path: Path, noise_mode: ExportNoise = "const") -> float:
    """Write the file, read it again, and return how far its images are from the generator's (see above).

    Raises OptionError for another suffix, NetworkFileError where the disk refuses or the images differ.
    """
    if path.suffix not in SUFFIXES:
        raise OptionError(f"--dest: must end in {' or '.join(SUFFIXES)}, not in {path.suffix!r}")
    program = ImageProgram(generator, noise_mode).eval()
    partial = path.with_name(f".partial-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with torch.no_grad():
                written = (_write_torchscript if path.suffix == ".pt" else _write_program)(program, partial)
                difference = _difference(program, written)
            if difference > LARGEST_DIFFERENCE:
                raise NetworkFileError(f"{path}: not written: its pictures would differ from the network's")
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    except (OSError, RuntimeError) as error:  # RuntimeError: torch's own writer
        raise NetworkFileError(f"{path}: the network cannot be written: {error}") from error
    return difference


Drawing = Callable[..., Tensor]


def _write_torchscript(program: ImageProgram, path: Path) -> Drawing:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # torch would rather see torch.export
        # The shapes that the networks check are constants of the network.
        warnings.simplefilter("ignore", torch.jit.TracerWarning)  # type: ignore[attr-defined]
        inputs = _inputs(program.generator, _EXAMPLES)
        traced = torch.jit.trace(program, inputs, check_trace=False)  # type: ignore[no-untyped-call]
        torch.jit.save(traced, path, _extra_files={_DESCRIPTION: _described(program)})
        return cast(Drawing, torch.jit.load(path))  # type: ignore[no-untyped-call]


def _write_program(program: ImageProgram, path: Path) -> Drawing:
    inputs = _inputs(program.generator, _EXAMPLES)
    batch = torch.export.Dim("batch", min=1)
    shapes = {"z": {0: batch}, "inputs": tuple({0: batch} for _ in inputs[1:])}
    exported = torch.export.export(program, inputs, dynamic_shapes=shapes)
    torch.export.save(exported, path, extra_files={_DESCRIPTION: _described(program)})
    return cast(Drawing, torch.export.load(path).module())


def _described(program: ImageProgram) -> str:
    return json.dumps({**program.generator.init_kwargs, "noise_mode": program.noise_mode})


def _inputs(generator: Generator, count: int, psi: float = 1.0) -> tuple[Tensor, ...]:
    """Latents and labels from a fixed seed, and the truncation of each."""
    random = torch.Generator().manual_seed(count)
    device = generator.mapping.w_avg.device
    inputs = [torch.randn(count, generator.z_dim, generator=random)]
    if generator.c_dim > 0:
        inputs.append(torch.eye(generator.c_dim)[torch.arange(count) % generator.c_dim])
    inputs.append(torch.full([count], psi))
    return tuple(tensor.to(device) for tensor in inputs)


def _difference(program: ImageProgram, drawing: Drawing) -> float:
    """Return the largest difference over batches and truncations: neither may have become a constant."""
    largest = 0.0
    for count, psi in ((1, 1.0), (3, 0.5)):
        *latents, psis = _inputs(program.generator, count, psi)
        expected = program.generator(*latents, truncation_psi=psi, noise_mode=program.noise_mode)
        difference = (drawing(*latents, psis) - expected).abs().max() / expected.abs().max().clamp(min=1)
        largest = max(largest, difference.item())
    return largest
