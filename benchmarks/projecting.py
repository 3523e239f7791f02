"""What it takes to project images on a CPU: `python -m benchmarks.projecting`.

Networks as the presets make them, with random weights. For each size of picture and of group, in a process of its own:
seconds of one thread for a step, for each image (the last two of three steps; the first takes longer), and the peak of
the memory. With it, how many steps Infer can do for as many images as one run may have, on a machine of two cores.
"""

import resource
import subprocess
import sys
import time

import numpy as np
import torch

from stylegan2.model.networks import Discriminator, Generator
from stylegan2.model.performance import move_to_device
from stylegan2.options.presets import settings_of
from stylegan2.synthesis import DiscriminatorFeatures, project

CASES = [(128, 1), (128, 4), (256, 1), (256, 8), (512, 1), (512, 2), (1024, 1)]
SECONDS_OF_A_JOB = 0.8 * 7200  # MaxProcessSeconds, and containers.infer.step's share of it
IMAGES_OF_A_RUN = {128: 64, 256: 64, 512: 16, 1024: 16}  # workshop.snapshot.targets_per_run


def measure(resolution: int, images: int) -> None:
    """Print the seconds for a step and an image, and the peak of memory in MB."""
    torch.set_num_threads(1)
    s = settings_of("auto", resolution, 1)
    sizes = {"img_resolution": resolution, "img_channels": 3, "channel_base": s.channel_base}
    G = Generator(z_dim=s.z_dim, c_dim=0, w_dim=s.w_dim, mapping_layers=s.mapping_layers, **sizes)
    D = Discriminator(**sizes)
    move_to_device([G.eval().requires_grad_(False), D.eval().requires_grad_(False)], "cpu")
    targets = np.random.RandomState(0).randint(0, 255, (images, resolution, resolution, 3)).astype(np.uint8)
    times: list[float] = []
    features = DiscriminatorFeatures(D)
    project(G, targets, features=features, steps=3, on_step=lambda *_: times.append(time.process_time()))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print((times[2] - times[0]) / 2 / images, peak)


def main() -> None:
    if len(sys.argv) == 3:
        measure(int(sys.argv[1]), int(sys.argv[2]))
        return
    print("| picture | at once | s a step and image, one thread | peak MB | steps of a full run, two cores |")
    print("|---|---|---|---|---|")
    for resolution, images in CASES:
        command = [sys.executable, "-m", "benchmarks.projecting", str(resolution), str(images)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        seconds, peak = map(float, done.stdout.split())
        steps = SECONDS_OF_A_JOB / IMAGES_OF_A_RUN[resolution] / (seconds / 2)
        print(f"| {resolution} px | {images} | {seconds:.2f} | {peak:,.0f} | {steps:.0f} |", flush=True)


if __name__ == "__main__":
    main()
