"""StyleGAN2's generator and discriminator (arXiv:1912.04958), with StyleGAN2-ADA's labels (arXiv:2006.06676).

Parameter and buffer names follow the widespread StyleGAN2-ADA state dictionaries, so weights can be exchanged.
Two conventions of that format matter when reading the code: weights are stored with unit variance and scaled when used
(equalised learning rate, arXiv:1710.10196 section 4.1), and upsampling convolutions are stored mirrored.
"""

import math
from typing import Any, Literal, cast, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from stylegan2.base.errors import OptionError
from stylegan2.model.layers import Conv, Linear, channels_at, sizes_of
from stylegan2.model.ops import (
    LRELU_GAIN,
    LRELU_SLOPE,
    make_filter,
    minibatch_stddev,
    modulated_conv,
    normalize_2nd_moment,
    upsample,
)

NoiseMode = Literal["const", "random", "none"]
Architecture = Literal["resnet", "orig"]
Size = tuple[int, int]  # height and width

W_AVG_DECAY = 0.995
SQRT_HALF = math.sqrt(0.5)


class Mapping(nn.Module):
    """Latent z (and label c) -> w. Keeps the running average of w that truncation moves towards."""

    w_avg: Tensor

    def __init__(self, z_dim: int, c_dim: int, w_dim: int, num_ws: int, num_layers: int) -> None:
        super().__init__()
        self.z_dim, self.c_dim, self.num_ws, self.num_layers = z_dim, c_dim, num_ws, num_layers
        if c_dim > 0:
            self.embed = Linear(c_dim, w_dim)
        features = z_dim + (w_dim if c_dim > 0 else 0)
        for index in range(num_layers):
            layer = Linear(features, w_dim, lrelu=True, lr_multiplier=0.01)
            self.add_module(f"fc{index}", layer)
            features = w_dim
        if num_ws > 0:
            self.register_buffer("w_avg", torch.zeros(w_dim))

    def embed_inputs(self, z: Tensor | None, c: Tensor | None) -> Tensor:
        """Return what the first layer sees: the normalised latent, the normalised embedding of the label, or both."""
        parts = []
        if z is not None and self.z_dim > 0:
            parts.append(normalize_2nd_moment(z))
        if self.c_dim > 0:
            if c is None:
                raise OptionError(f"c: this network is conditional and needs labels [N, {self.c_dim}]")
            parts.append(normalize_2nd_moment(self.embed(c)))
        return torch.cat(parts, dim=1)

    def forward(
        self,
        z: Tensor | None,
        c: Tensor | None = None,
        truncation_psi: float = 1.0,
        truncation_cutoff: int | None = None,
    ) -> Tensor:
        """Map z `[N, z_dim]`, c `[N, c_dim]` to ws `[N, num_ws, w_dim]`, or `[N, w_dim]` in the discriminator.

        `truncation_psi` < 1 moves the first `truncation_cutoff` (default: all) of the ws towards the average, which
        trades variety for quality.
        """
        x = self.embed_inputs(z, c)
        for index in range(self.num_layers):
            x = self.get_submodule(f"fc{index}")(x)
        if self.num_ws == 0:
            return x
        ws = x[:, None, :].repeat(1, self.num_ws, 1)
        if truncation_psi == 1:
            return ws
        cutoff = self.num_ws if truncation_cutoff is None else truncation_cutoff
        return torch.cat([self.w_avg.lerp(ws[:, :cutoff], truncation_psi), ws[:, cutoff:]], dim=1)

    @torch.no_grad()
    def move_average(self, w_mean: Tensor) -> None:
        """Move the average of w towards the mean `[w_dim]` of a micro-batch's ws. For training steps."""
        self.w_avg.copy_(w_mean.lerp(self.w_avg, W_AVG_DECAY))


class SynthesisLayer(nn.Module):
    """Modulated 3x3 convolution (with `up`: to twice the size), noise, bias, leaky ReLU."""

    noise_const: Tensor
    resample_filter: Tensor
    energy: Tensor | None  # [O, I]: sums of the squared weights, once these do not change; see performance

    def __init__(
        self, in_channels: int, out_channels: int, w_dim: int, size: Size, *, up: bool, conv_clamp: float | None
    ) -> None:
        super().__init__()
        self.affine = Linear(w_dim, in_channels, bias=1.0)
        self.weight = nn.Parameter(torch.randn(out_channels, in_channels, 3, 3))
        self.noise_strength = nn.Parameter(torch.zeros([]))
        self.bias = nn.Parameter(torch.zeros(out_channels))
        self.register_buffer("noise_const", torch.randn(size))
        self.register_buffer("resample_filter", make_filter(), persistent=False)
        self.register_buffer("energy", None, persistent=False)
        self.size, self.up, self.conv_clamp = size, up, conv_clamp

    def forward(self, x: Tensor, w: Tensor, noise_mode: NoiseMode) -> Tensor:
        kernel = self.resample_filter if self.up else None
        shift = (self.bias * LRELU_GAIN).to(x.dtype)[None, :, None, None]
        styles = self.affine(w)
        if self.energy is None or x.dtype != styles.dtype:
            x = modulated_conv(x, self.weight, styles, kernel=kernel, gain=LRELU_GAIN) + shift
        else:
            x = modulated_conv(x, self.weight, styles, demodulate=False, kernel=kernel)
            factor = (styles.square() @ self.energy.t() + 1e-8).rsqrt() * LRELU_GAIN
            x = torch.addcmul(shift, x, factor[:, :, None, None])
        if noise_mode != "none":
            noise = self.noise_const.to(x.dtype)
            if noise_mode == "random":
                noise = torch.randn([x.shape[0], 1, *self.size], device=x.device, dtype=x.dtype)
            x += noise * (self.noise_strength * LRELU_GAIN)  # in place: nobody else needs what there was
        x = F.leaky_relu(x, LRELU_SLOPE, inplace=True)
        return x if self.conv_clamp is None else x.clamp(-self.conv_clamp, self.conv_clamp)


class ToRGB(nn.Module):
    """Modulated 1x1 convolution to image channels, without demodulation."""

    def __init__(self, in_channels: int, img_channels: int, w_dim: int, *, conv_clamp: float | None) -> None:
        super().__init__()
        self.affine = Linear(w_dim, in_channels, bias=1.0)
        self.weight = nn.Parameter(torch.randn(img_channels, in_channels, 1, 1))
        self.bias = nn.Parameter(torch.zeros(img_channels))
        self.weight_gain = 1 / math.sqrt(in_channels)
        self.conv_clamp = conv_clamp

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        styles = self.affine(w) * self.weight_gain
        x = modulated_conv(x, self.weight, styles, demodulate=False) + self.bias.to(x.dtype)[:, None, None]
        return x if self.conv_clamp is None else x.clamp(-self.conv_clamp, self.conv_clamp)


class SynthesisBlock(nn.Module):
    """One resolution of the generator: its convolutions, and its contribution to the image (skip architecture)."""

    resample_filter: Tensor
    compute_dtype: torch.dtype | None = None
    """What the convolutions compute in; None: in what comes in. Styles and images stay as precise as ws."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        w_dim: int,
        size: Size,
        img_channels: int,
        conv_clamp: float | None,
    ) -> None:
        super().__init__()
        self.num_convs = 1 if in_channels == 0 else 2
        self.register_buffer("resample_filter", make_filter(), persistent=False)
        if in_channels == 0:
            self.const = nn.Parameter(torch.randn(out_channels, *size))
        else:
            self.conv0 = SynthesisLayer(in_channels, out_channels, w_dim, size, up=True, conv_clamp=conv_clamp)
        self.conv1 = SynthesisLayer(out_channels, out_channels, w_dim, size, up=False, conv_clamp=conv_clamp)
        self.torgb = ToRGB(out_channels, img_channels, w_dim, conv_clamp=conv_clamp)

    def forward(self, x: Tensor | None, img: Tensor | None, ws: Tensor, noise_mode: NoiseMode) -> tuple[Tensor, Tensor]:
        """Add a resolution. ws `[N, num_convs + 1, w_dim]`: one for each convolution, the last one for the colours."""
        batch = ws.shape[0]
        if x is None:
            x = self.const.expand(batch, -1, -1, -1)
        else:
            x = self.conv0(x.to(self.compute_dtype or x.dtype), ws[:, 0], noise_mode)
        x = self.conv1(x, ws[:, self.num_convs - 1], noise_mode)
        rgb: Tensor = self.torgb(x, ws[:, self.num_convs]).to(ws.dtype)
        assembled = rgb if img is None else rgb + upsample(img, self.resample_filter)
        return x, assembled


class Synthesis(nn.Module):
    """Makes images of ws. One block per resolution, from the base (4x4) up."""

    def __init__(
        self,
        w_dim: int,
        sizes: dict[int, Size],
        img_channels: int,
        channel_base: int,
        channel_max: int,
        conv_clamp: float | None,
    ) -> None:
        super().__init__()
        self.w_dim = w_dim
        self.resolutions = list(sizes)
        # A block's colours share their w with the next block's first convolution, so only the last one counts.
        self.num_ws = 2 * len(self.resolutions)
        in_channels = 0
        for resolution, size in sizes.items():
            out_channels = channels_at(resolution, channel_base, channel_max)
            block = SynthesisBlock(in_channels, out_channels, w_dim, size, img_channels, conv_clamp)
            self.add_module(f"b{resolution}", block)
            in_channels = out_channels

    def forward(self, ws: Tensor, noise_mode: NoiseMode = "const") -> Tensor:
        """Make, of ws `[N, num_ws, w_dim]`, images `[N, C, H, W]`, about -1 to 1 (not clipped).

        Noise: `const` the stored one (same ws, same image), `random` fresh, `none` nothing.
        """
        if noise_mode not in get_args(NoiseMode):
            raise OptionError(f"noise_mode: must be one of {', '.join(get_args(NoiseMode))}, not {noise_mode!r}")
        if ws.ndim != 3 or tuple(ws.shape[1:]) != (self.num_ws, self.w_dim):
            raise OptionError(f"ws: must have the shape [N, {self.num_ws}, {self.w_dim}], not {list(ws.shape)}")
        x: Tensor | None = None
        img: Tensor | None = None
        first = 0
        for resolution in self.resolutions:
            block = self.get_submodule(f"b{resolution}")
            num_convs = 1 if x is None else 2
            x, img = block(x, img, ws[:, first : first + num_convs + 1], noise_mode)
            first += num_convs
        return cast(Tensor, img)


class Generator(nn.Module):
    """Mapping and synthesis. `init_kwargs` holds what builds the same network again.

    Images of 384x256 pixels have the base 6x4, and so on (see image_size); by default they are square.
    """

    def __init__(
        self,
        z_dim: int = 512,
        c_dim: int = 0,
        w_dim: int = 512,
        img_resolution: int = 256,
        img_channels: int = 3,
        mapping_layers: int = 8,
        channel_base: int = 32768,
        channel_max: int = 512,
        conv_clamp: float | None = None,
        base_height: int = 4,
        base_width: int = 4,
    ) -> None:
        super().__init__()
        self.init_kwargs: dict[str, Any] = {
            "z_dim": z_dim, "c_dim": c_dim, "w_dim": w_dim, "img_resolution": img_resolution,
            "img_channels": img_channels, "mapping_layers": mapping_layers, "channel_base": channel_base,
            "channel_max": channel_max, "conv_clamp": conv_clamp, "base_height": base_height, "base_width": base_width,
        }  # fmt: skip
        self.z_dim, self.c_dim, self.w_dim = z_dim, c_dim, w_dim
        self.img_resolution, self.img_channels = img_resolution, img_channels
        sizes = sizes_of(img_resolution, base_height, base_width, 0)
        self.img_height, self.img_width = sizes[img_resolution]
        self.synthesis = Synthesis(w_dim, sizes, img_channels, channel_base, channel_max, conv_clamp)
        self.num_ws = self.synthesis.num_ws
        self.mapping = Mapping(z_dim, c_dim, w_dim, self.num_ws, mapping_layers)

    def forward(
        self,
        z: Tensor,
        c: Tensor | None = None,
        truncation_psi: float = 1.0,
        truncation_cutoff: int | None = None,
        noise_mode: NoiseMode = "const",
    ) -> Tensor:
        return cast(Tensor, self.synthesis(self.mapping(z, c, truncation_psi, truncation_cutoff), noise_mode))


class DiscriminatorBlock(nn.Module):
    """One resolution of the discriminator; the first one also reads the image. `orig` has no residual branch."""

    compute_dtype: torch.dtype | None = None
    """What the convolutions compute in; None: in what comes in."""
    memory_format: torch.memory_format = torch.contiguous_format
    """Memory layout of the image that is read: laid out as the weights are, so that nothing later has to be moved."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        img_channels: int,
        architecture: Architecture,
        conv_clamp: float | None,
    ) -> None:
        super().__init__()
        self.residual = architecture == "resnet"
        if img_channels > 0:
            self.fromrgb = Conv(img_channels, in_channels, 1, conv_clamp=conv_clamp)
        self.reads_image = img_channels > 0
        self.conv0 = Conv(in_channels, in_channels, 3, conv_clamp=conv_clamp)
        # Both branches are scaled by sqrt(1/2), so that their sum keeps unit variance.
        gain = SQRT_HALF if self.residual else 1.0
        self.conv1 = Conv(in_channels, out_channels, 3, down=True, gain=gain, conv_clamp=conv_clamp)
        if self.residual:
            self.skip = Conv(in_channels, out_channels, 1, activate=False, down=True, gain=SQRT_HALF)

    def forward(self, x: Tensor) -> Tensor:
        x = x.to(self.compute_dtype or x.dtype)
        if self.reads_image:
            x = self.fromrgb(x.contiguous(memory_format=self.memory_format))
        y: Tensor = self.conv1(self.conv0(x))
        return y + self.skip(x) if self.residual else y


class DiscriminatorEpilogue(nn.Module):
    """The last part, 4x4 as the base is: minibatch standard deviation, convolution, two fully connected layers."""

    def __init__(
        self,
        channels: int,
        size: Size,
        out_features: int,
        mbstd_group_size: int,
        mbstd_channels: int,
        conv_clamp: float | None,
    ) -> None:
        super().__init__()
        self.mbstd_group_size, self.mbstd_channels = mbstd_group_size, mbstd_channels
        self.conv = Conv(channels + mbstd_channels, channels, 3, conv_clamp=conv_clamp)
        self.fc = Linear(channels * size[0] * size[1], channels, lrelu=True)
        self.out = Linear(channels, out_features)

    def forward(self, x: Tensor) -> Tensor:
        if self.mbstd_channels > 0:
            x = minibatch_stddev(x, self.mbstd_group_size, self.mbstd_channels)
        return cast(Tensor, self.out(self.fc(self.conv(x).flatten(1))))


class Discriminator(nn.Module):
    """Image -> how real it looks, as a logit. With labels: the features' projection on the label's embedding."""

    def __init__(
        self,
        c_dim: int = 0,
        img_resolution: int = 256,
        img_channels: int = 3,
        channel_base: int = 32768,
        channel_max: int = 512,
        mbstd_group_size: int = 4,
        mbstd_channels: int = 1,
        mapping_layers: int = 8,
        architecture: Architecture = "resnet",
        conv_clamp: float | None = None,
        base_height: int = 4,
        base_width: int = 4,
    ) -> None:
        super().__init__()
        if architecture not in get_args(Architecture):
            raise OptionError(f"architecture: must be one of {', '.join(get_args(Architecture))}, not {architecture!r}")
        self.init_kwargs: dict[str, Any] = {
            "c_dim": c_dim, "img_resolution": img_resolution, "img_channels": img_channels,
            "channel_base": channel_base, "channel_max": channel_max, "mbstd_group_size": mbstd_group_size,
            "mbstd_channels": mbstd_channels, "mapping_layers": mapping_layers, "architecture": architecture,
            "conv_clamp": conv_clamp, "base_height": base_height, "base_width": base_width,
        }  # fmt: skip
        self.c_dim, self.img_resolution, self.img_channels = c_dim, img_resolution, img_channels
        sizes = sizes_of(img_resolution, base_height, base_width, 1)
        self.base_resolution, *upper = sizes
        self.block_resolutions = upper[::-1]
        channels = {resolution: channels_at(resolution, channel_base, channel_max) for resolution in sizes}
        for resolution in self.block_resolutions:
            image = img_channels if resolution == img_resolution else 0
            block = DiscriminatorBlock(channels[resolution], channels[resolution // 2], image, architecture, conv_clamp)
            self.add_module(f"b{resolution}", block)
        features = channels[self.base_resolution]
        if c_dim > 0:
            self.mapping = Mapping(0, c_dim, features, 0, mapping_layers)
        out_features = features if c_dim > 0 else 1
        size = sizes[self.base_resolution]
        self.add_module(
            f"b{self.base_resolution}",
            DiscriminatorEpilogue(features, size, out_features, mbstd_group_size, mbstd_channels, conv_clamp),
        )

    def features(self, img: Tensor) -> list[Tensor]:
        """Return the output of every block, highest resolution first: a perceptual description of the image."""
        outputs = []
        for resolution in self.block_resolutions:
            img = self.get_submodule(f"b{resolution}")(img)
            outputs.append(img)
        return outputs

    def forward(self, img: Tensor, c: Tensor | None = None) -> Tensor:
        """Judge images `[N, C, H, W]`, -1 to 1: logits `[N, 1]`, larger for what looks real."""
        x: Tensor = self.get_submodule(f"b{self.base_resolution}")(self.features(img)[-1].to(img.dtype))
        if self.c_dim > 0:
            embedding: Tensor = self.mapping(None, c)
            x = (x * embedding).sum(dim=1, keepdim=True) / math.sqrt(embedding.shape[1])
        return x
