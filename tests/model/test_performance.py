"""16-bit computation, memory layout and compilation change how a training is computed, not what it computes."""

import ctypes
import logging
from collections.abc import Callable
from copy import deepcopy
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from stylegan2.augmentation.augment import AugmentPipe
from stylegan2.base.host_memory import keep_freed_memory
from stylegan2.formats.network_file import save_network
from stylegan2.model import performance
from stylegan2.model.networks import Discriminator, Generator, NoiseMode
from stylegan2.model.ops import modulated_conv
from stylegan2.model.performance import (
    Performance,
    Precision,
    compiled_network,
    prepare_for_inference,
    resolve_performance,
    to_channels_last,
)
from stylegan2.options.training import TrainingChoices
from stylegan2.training import train
from stylegan2.training.loss import Losses
from stylegan2.training.optimisation import lazy_adam, optimiser_step
from stylegan2.training.training_options import resolve_options
from tests.goldens.arrays import close
from tests.training.pictures import write_pictures
from tests.training.trainings import assert_same_weights, stop_after

LOW: list[tuple[Precision, torch.dtype]] = [("bf16", torch.bfloat16), ("fp16", torch.float16)]


def networks(resolution: int = 128, clamp: float | None = None) -> tuple[Generator, Discriminator]:
    torch.manual_seed(1)
    width = {"channel_base": 1024, "channel_max": 8, "conv_clamp": clamp}
    generator = Generator(8, 0, 8, resolution, 3, mapping_layers=1, **width)
    return generator, Discriminator(0, resolution, 3, **width)


def dtypes_of_convolutions(network: nn.Module, run: Callable[[], object]) -> dict[str, torch.dtype]:
    """What comes out of each layer that ends a block, by the name of the layer."""
    seen: dict[str, torch.dtype] = {}

    def note(name: str) -> Callable[[nn.Module, object, Tensor], None]:
        return lambda module, given, result: seen.update({name: result.dtype})

    hooks = [m.register_forward_hook(note(n)) for n, m in network.named_modules() if n.endswith(("conv1", "b4.conv"))]
    run()
    for hook in hooks:
        hook.remove()
    return seen


@pytest.mark.parametrize(("precision", "dtype"), LOW)
def test_the_four_highest_resolutions_compute_in_16_bits_and_nothing_else(
    precision: Precision, dtype: torch.dtype
) -> None:
    generator, discriminator = networks()
    performance.use_precision(generator, precision)
    performance.use_precision(discriminator, precision)
    images: list[Tensor] = []
    seen = dtypes_of_convolutions(generator, lambda: images.append(generator(torch.randn(2, 8))))
    assert {name for name, found in seen.items() if found == dtype} == {
        f"synthesis.b{size}.conv1" for size in (16, 32, 64, 128)
    }
    assert {name for name, found in seen.items() if found == torch.float32} == {
        "synthesis.b4.conv1",
        "synthesis.b8.conv1",
    }
    assert images[0].dtype == torch.float32

    logits: list[Tensor] = []
    seen = dtypes_of_convolutions(discriminator, lambda: logits.append(discriminator(images[0])))
    assert {name for name, found in seen.items() if found == dtype} == {f"b{size}.conv1" for size in (16, 32, 64, 128)}
    assert {name for name, found in seen.items() if found == torch.float32} == {"b8.conv1", "b4.conv"}
    assert logits[0].dtype == torch.float32


def test_the_lowest_resolution_stays_precise_in_small_networks() -> None:
    generator, discriminator = networks(16)
    performance.use_precision(generator, "bf16")
    performance.use_precision(discriminator, "bf16")
    seen = dtypes_of_convolutions(generator, lambda: generator(torch.randn(1, 8)))
    assert seen["synthesis.b4.conv1"] == torch.float32
    assert seen["synthesis.b8.conv1"] == torch.bfloat16
    seen = dtypes_of_convolutions(discriminator, lambda: discriminator(torch.randn(1, 3, 16, 16)))
    assert seen["b4.conv"] == torch.float32


@pytest.mark.parametrize(("precision", "tolerance"), [("bf16", 0.02), ("fp16", 0.003)])
def test_16_bits_change_pictures_logits_and_gradients_by_rounding_only(precision: Precision, tolerance: float) -> None:
    """Gradients may differ more: where a leaky ReLU is near its kink, rounding decides between two slopes."""
    generator, discriminator = networks(64, clamp=256 if precision == "fp16" else None)
    z = torch.randn(4, 8)

    def values() -> list[Tensor]:
        images = generator(z, noise_mode="const")
        return [images, discriminator(images)]

    def gradients() -> list[Tensor]:
        images, logits = values()
        (slope,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
        of_r1 = torch.autograd.grad(slope.square().sum(), discriminator.b32.conv1.weight, retain_graph=True)
        return [slope, *of_r1, *torch.autograd.grad(logits.sum(), generator.synthesis.b8.conv0.weight)]

    exact_values, exact_gradients = values(), gradients()
    performance.use_precision(generator, precision)
    performance.use_precision(discriminator, precision)
    for ours, expected, allowed in [
        *((*pair, tolerance) for pair in zip(values(), exact_values, strict=True)),
        *((*pair, 10 * tolerance) for pair in zip(gradients(), exact_gradients, strict=True)),
    ]:
        assert ours.dtype == torch.float32
        error = float((ours - expected).detach().norm() / expected.detach().norm())
        assert 0 < error < allowed


def test_large_styles_and_weights_do_not_overflow_float16() -> None:
    torch.manual_seed(0)
    x, weight, styles = torch.randn(2, 64, 8, 8), torch.randn(16, 64, 3, 3) * 50, torch.randn(2, 64) * 300
    exact = modulated_conv(x, weight, styles)
    ours = modulated_conv(x.half(), weight, styles)
    assert ours.dtype == torch.float16
    assert float((ours.float() - exact).norm() / exact.norm()) < 2e-3
    assert modulated_conv(x.half(), weight, torch.zeros(2, 64)).isfinite().all()


def test_only_a_tame_step_survives_gradients_that_overflowed() -> None:
    for tame in (False, True):
        parameter = nn.Parameter(torch.zeros(4))
        optimiser = lazy_adam([parameter], 0.1, None)
        parameter.grad = torch.tensor([float("inf"), float("-inf"), float("nan"), 1.0])
        optimiser_step(optimiser, tame=tame)
        if tame:
            close(parameter.detach(), torch.tensor([-0.1, 0.1, 0.0, -0.1]))
        else:
            assert not parameter.isfinite().all()


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_a_training_in_16_bits_learns_and_goes_on_exactly(precision: str, tmp_path: Path) -> None:
    data = write_pictures(tmp_path / "data", 6, 16)

    def options(out: str, kept: str | None = None) -> object:
        folder = None if kept is None else tmp_path / kept
        return resolve_options(
            TrainingChoices(
                data=data, outdir=tmp_path / out, checkpoint_dir=folder, preset="tiny", kimg=0.04, precision=precision
            )
        )

    assert train(options("whole")).finished  # type: ignore[arg-type]
    train(options("part", "kept"), should_stop=stop_after(2))  # type: ignore[arg-type]
    assert train(options("rest", "kept")).finished  # type: ignore[arg-type]
    assert_same_weights(tmp_path / "whole", tmp_path / "rest")
    assert (
        f"precision: without special units, {precision} makes a CPU many times slower"
        in (tmp_path / "whole/log.txt").read_text()
    )


def resolve(device: str, **changes: object) -> Performance:
    chosen = {"precision": "auto", "channels_last": "auto", "compilation": "auto", "workers": 4, "fit_batch_gpu": False}
    return resolve_performance(device, **(chosen | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("tools", [True, False])
def test_auto_is_what_pays_on_the_device(monkeypatch: pytest.MonkeyPatch, tools: bool) -> None:
    monkeypatch.setattr(performance, "can_compile_for_gpu", lambda: tools)
    on_gpu = resolve("cuda")
    assert (on_gpu.precision, on_gpu.channels_last, on_gpu.conv_clamp) == ("fp16", True, 256)
    assert on_gpu.compilation == ("auto" if tools else "off")
    assert resolve("cuda", precision="fp32").channels_last is False
    assert resolve("cuda", precision="bf16").conv_clamp is None
    assert resolve("cuda", compilation="on").compilation == "on"
    assert performance.performance_remarks("cuda", on_gpu) == (
        [] if tools else ["compile: off, because Triton or a C compiler is missing here; with both, training is faster"]
    )
    on_cpu = resolve("cpu")
    assert (on_cpu.precision, on_cpu.channels_last, on_cpu.compilation) == ("fp32", True, "off")
    assert on_cpu.conv_clamp is None
    assert performance.performance_remarks("cpu", on_cpu) == []
    assert resolve("cpu", channels_last="off").channels_last is False


def test_the_memory_layout_changes_nothing_but_rounding() -> None:
    generator, discriminator = networks(16)
    z = torch.randn(2, 8)
    exact = discriminator(generator(z))
    to_channels_last(generator)
    to_channels_last(discriminator)
    assert discriminator.b16.conv0.weight.is_contiguous(memory_format=torch.channels_last)
    close(discriminator(generator(z)), exact)


@pytest.mark.parametrize("noise_mode", ["const", "none"])
@pytest.mark.parametrize("clamp", [None, 0.5])
def test_a_finished_network_draws_the_same_pictures_with_the_same_gradients(
    noise_mode: NoiseMode, clamp: float | None
) -> None:
    generator, _ = networks(64, clamp)
    for name, parameter in generator.named_parameters():
        if name.endswith(("bias", "noise_strength")):
            parameter.data.normal_()
    finished = deepcopy(generator).requires_grad_(False)
    prepare_for_inference(finished)
    ws = torch.randn(3, generator.num_ws, 8)
    results = []
    for network in (generator.requires_grad_(False), finished):
        tried = ws.clone().requires_grad_()
        pictures = network.synthesis(tried, noise_mode)
        (gradient,) = torch.autograd.grad(pictures.square().sum(), tried)
        results.append((pictures.detach(), gradient))
    for plain, quick in zip(*results, strict=True):
        torch.testing.assert_close(quick, plain, rtol=1e-3, atol=1e-4 * float(plain.abs().max()))


def test_a_finished_network_is_saved_like_any_other(tmp_path: Path) -> None:
    generator, discriminator = networks(16)
    save_network(tmp_path / "before", generator, discriminator, {}, deepcopy(generator))
    prepare_for_inference(generator)
    save_network(tmp_path / "after", generator, discriminator, {}, deepcopy(generator))
    assert_same_weights(tmp_path / "before", tmp_path / "after")


def test_a_finished_network_has_its_weights_laid_out_as_convolutions_take_them() -> None:
    generator, _ = networks(16)
    prepare_for_inference(generator)
    innermost = torch.channels_last
    for block in (generator.synthesis.get_submodule("b8"), generator.synthesis.get_submodule("b16")):
        assert block.conv0.weight.transpose(0, 1).is_contiguous(memory_format=innermost)
        assert block.conv1.weight.is_contiguous(memory_format=innermost)


class OtherLibrary:
    """A C library without mallopt."""


class Glibc:
    """A C library that notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []

    def mallopt(self, what: int, value: int) -> int:
        self.asked.append((what, value))
        return 1


def test_freed_memory_is_kept_where_the_library_can(monkeypatch: pytest.MonkeyPatch) -> None:
    library = Glibc()
    monkeypatch.setattr(ctypes, "CDLL", lambda name: library)
    keep_freed_memory()
    # No mappings for large blocks, nothing is given back, much is asked for at a time.
    assert library.asked == [(-4, 0), (-1, -1), (-2, 64 << 20)]
    monkeypatch.setattr(ctypes, "CDLL", lambda name: OtherLibrary())
    keep_freed_memory()


def phases(generator: Generator, discriminator: Discriminator, how: performance.Compilation) -> Losses:
    return Losses(
        generator, discriminator, AugmentPipe(()), 1.0, 2.0, 0.0, torch.zeros([]), "none",
        compiled_network(generator.synthesis, how), compiled_network(discriminator, how),
    )  # fmt: skip


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")  # torch's compiler causes its own
def test_compiled_main_phases_give_the_losses_and_gradients_of_plain_ones_and_regularisers_still_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Captured, functionalised and differentiated as for the default backend, of which only the C++ compiler is left
    out: that takes minutes here. `benchmarks/compiled_phases.py` makes the same comparison with it."""
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="aot_eager"))
    z, real = torch.randn(4, 8, generator=torch.Generator().manual_seed(2)), torch.randn(4, 3, 8, 8)
    results = []
    for how in ("off", "on"):
        generator, discriminator = networks(8)
        losses = phases(generator, discriminator, how)  # type: ignore[arg-type]
        discriminator.requires_grad_(False)
        numbers = [losses.generator_main(z).loss, losses.generator_regularisation(z, interval=4).loss]
        discriminator.requires_grad_(True)
        numbers += [
            losses.discriminator_main(z, real).loss,
            losses.discriminator_regularisation(real, interval=16).loss,
        ]
        grads = [p.grad for net in (generator, discriminator) for p in net.parameters() if p.grad is not None]
        results.append((torch.stack(numbers), grads))
    (plain_losses, plain_grads), (fast_losses, fast_grads) = results
    close(fast_losses, plain_losses, rtol=1e-5, atol=1e-5)
    for ours, expected in zip(fast_grads, plain_grads, strict=True):
        close(ours, expected, rtol=1e-4, atol=1e-5 * float(expected.abs().max() + 1))


def refuse_to_compile(*arguments: object, **options: object) -> None:
    raise torch._dynamo.exc.TorchRuntimeError("no compiler here\nmany more lines")


def test_auto_goes_on_without_a_compiler_that_fails_and_says_so_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    generator, discriminator = networks(8)
    monkeypatch.setattr(torch, "compile", lambda network, **options: refuse_to_compile)
    z = torch.randn(4, 8)
    with caplog.at_level(logging.WARNING, logger="stylegan2"):
        for _ in range(2):
            phases(generator, discriminator, "off").generator_main(z)
            tried = phases(generator, discriminator, "auto")
            tried.generator_main(z)
            tried.generator_main(z)
    messages = [record.getMessage() for record in caplog.records]
    assert messages == 2 * [
        "compile: Synthesis cannot be compiled and goes on as it is: no compiler here",
        "compile: Discriminator cannot be compiled and goes on as it is: no compiler here",
    ]
    with pytest.raises(torch._dynamo.exc.TorchDynamoException):
        phases(generator, discriminator, "on").generator_main(z)
