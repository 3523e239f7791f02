"""What a finished generator is used for. Images are uint8 arrays [N, H, W, C], ready for Pillow.

generate        images of seeds, and mixed from the styles of two seeds
latents         latents of seeds and in files
directions      directions along which images change most
labelled_sheet  ... and a sheet that shows what they do
projection      the latent whose image comes nearest to a given one
perceptual      ... what "near" means
video           a way through latents, and images in one animated file
mp4             ... or in one that messengers and slides take
"""

from stylegan2.synthesis.directions import find_directions
from stylegan2.synthesis.generate import MixedStyles, generate_images, mix_styles, render_images
from stylegan2.synthesis.latents import load_ws, save_ws, seed_ws
from stylegan2.synthesis.perceptual import DiscriminatorFeatures, TorchScriptFeatures
from stylegan2.synthesis.projection import Projection, project

__all__ = [
    "DiscriminatorFeatures",
    "MixedStyles",
    "Projection",
    "TorchScriptFeatures",
    "find_directions",
    "generate_images",
    "load_ws",
    "mix_styles",
    "project",
    "render_images",
    "save_ws",
    "seed_ws",
]
