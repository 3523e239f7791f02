"""StyleGAN2's networks, written from the papers. Read these four in this order:

ops             the operators: filters, resampling, modulated convolution, minibatch standard deviation
layers          what has weights: linear maps and convolutions with equalised learning rate
networks        mapping, synthesis, discriminator; parameter names follow the widespread state dictionaries
performance     how they are computed: number formats, memory layout, compiled networks

fixed_filter    how a constant filter is applied, faster than by a convolution
freezing        layers of the discriminator that do not learn
meta_init       networks without storage, to compare names and shapes and to be filled
pixels          between the networks' images and bytes
"""

from stylegan2.model.networks import Discriminator, Generator, NoiseMode
from stylegan2.model.pixels import from_bytes, to_bytes

__all__ = ["Discriminator", "Generator", "NoiseMode", "from_bytes", "to_bytes"]
