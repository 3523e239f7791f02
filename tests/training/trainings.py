"""Small trainings and what they leave, for the tests."""

from pathlib import Path
from typing import Any

import torch

from stylegan2.formats.network_file import load_network, save_network
from stylegan2.model.networks import Discriminator, Generator
from stylegan2.options.budget import Ending
from stylegan2.options.training import TrainingChoices
from stylegan2.training.loop import ShouldStop
from stylegan2.training.training_options import TrainingOptions, resolve_options


def options(data: Path, outdir: Path, **changes: Any) -> TrainingOptions:
    arguments: dict[str, Any] = {"preset": "tiny", "kimg": 0.16, "tick_kimg": 0.048, "snapshot_ticks": 1}
    processes = changes.pop("processes", 1)
    return resolve_options(TrainingChoices(data=data, outdir=outdir, **(arguments | changes)), processes)


def stop_after(iterations: int, why: Ending = "stopped") -> ShouldStop:
    """Asks to stop before iteration number `iterations` (from 0)."""
    calls = iter(range(10**9))
    return lambda seconds: why if next(calls) >= iterations else None


def weights(outdir: Path) -> dict[str, torch.Tensor]:
    loaded = load_network(outdir)
    assert loaded.G is not None
    networks = {"G_ema": loaded.G_ema, "G": loaded.G, "D": loaded.D}
    return {f"{prefix}.{name}": t for prefix, net in networks.items() for name, t in net.state_dict().items()}


def assert_same_weights(first: Path, second: Path) -> None:
    ours, theirs = weights(first), weights(second)
    assert ours.keys() == theirs.keys()
    different = [name for name in ours if not torch.equal(ours[name], theirs[name])]
    assert different == []


def kept_checkpoints(folder: Path) -> list[float]:
    """The progress in kimg of each checkpoint, in the order of their names."""
    files = sorted(folder.glob("*.pt"))
    return [torch.load(file, weights_only=True)["state"]["training"]["shown"] / 1000 for file in files]


def base_network(folder: Path, *, resolution: int = 8, w_dim: int = 16) -> Path:
    torch.manual_seed(9)
    generator = Generator(16, 0, w_dim, resolution, 3, mapping_layers=1, channel_base=128, channel_max=16)
    discriminator = Discriminator(0, resolution, 3, channel_base=128, channel_max=16)
    save_network(folder, generator, discriminator, {"kimg": 1.0})
    return folder
