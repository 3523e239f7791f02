"""Adaptive discriminator augmentation (arXiv:2006.06676): what the discriminator sees is changed, as much as it needs.

augment     the operations, each with a probability, and the rule that steers it
geometry    one warp for all that move the image
"""

from stylegan2.augmentation.augment import P_MAX, AdaRule, AugmentPipe

__all__ = ["P_MAX", "AdaRule", "AugmentPipe"]
