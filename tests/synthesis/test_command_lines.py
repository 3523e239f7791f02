"""The programs for finished networks run end to end and put their files where users know them."""

import contextlib
import zipfile
from pathlib import Path

import av
import click
import directions
import export_network
import generate
import interpolate
import numpy as np
import projector
import pytest
import style_mixing
import torch
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from stylegan2.cli.values import NUMBERS, NumberList
from stylegan2.synthesis import generate_images
from stylegan2.synthesis.labelled_sheet import LEFT, TOP, enlargement
from stylegan2.synthesis.latents import LatentFileError, load_ws, save_ws
from tests.synthesis.conftest import make_generator
from tests.synthesis.test_projection import AskedLikeVgg, save_script


def run(program, *arguments):
    return CliRunner().invoke(program.main, [str(argument) for argument in arguments])


def pixels_of(path):
    with Image.open(path) as image:
        return np.asarray(image)


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


class TestSources:
    """Of pictures, by seeds or in a file, which three programs share."""

    @staticmethod
    def ask(program, network, tmp_path, *sources):
        result = ["--output", tmp_path / "walk.webp"] if program is interpolate else ["--outdir", tmp_path]
        return run(program, "--network", network, *sources, *result)

    @pytest.mark.parametrize(
        ("program", "sources"),
        [
            (generate, []),
            (interpolate, []),
            *(
                (program, ["--seeds", "1", "--projected-w", __file__])
                for program in (generate, directions, interpolate)
            ),
        ],
    )
    def test_seeds_or_latents_are_wanted_but_not_both(self, network_folder, tmp_path, program, sources):
        result = self.ask(program, network_folder(), tmp_path, *sources)
        assert result.exit_code == 2
        assert "either --seeds or --projected-w" in result.output

    @pytest.mark.parametrize("program", [generate, directions, interpolate])
    def test_a_class_does_not_go_with_given_latents(self, network_folder, tmp_path, program):
        result = self.ask(program, network_folder(), tmp_path, "--projected-w", __file__, "--class", 1)
        assert result.exit_code == 2
        assert "--class goes with --seeds" in result.output


class TestGenerate:
    def test_every_seed_gets_a_file_with_its_picture(self, network_folder, tmp_path, generator):
        result = run(
            generate, "--network", network_folder(), "--seeds", "3,0-1", "--outdir", tmp_path / "out", "--batch", 2
        )
        assert result.exit_code == 0, result.output
        assert names_in(tmp_path / "out") == ["seed0000.png", "seed0001.png", "seed0003.png"]
        difference = pixels_of(tmp_path / "out" / "seed0003.png").astype(int) - generate_images(generator, [3])[0]
        assert np.abs(difference).max() <= 1

    def test_the_tensors_file_may_be_named_instead_of_its_folder(self, network_folder, tmp_path):
        network = network_folder() / "network.safetensors"
        result = run(generate, "--network", network, "--seeds", "1", "--trunc", 0.5, "--outdir", tmp_path)
        assert result.exit_code == 0, result.output

    def test_a_grey_network_writes_grey_pictures(self, network_folder, tmp_path):
        result = run(generate, "--network", network_folder(channels=1), "--seeds", "1", "--outdir", tmp_path)
        assert result.exit_code == 0, result.output
        assert pixels_of(tmp_path / "seed0001.png").shape == (16, 16)

    def test_a_class_of_a_network_without_labels_is_one_line_of_error(self, network_folder, tmp_path):
        result = run(generate, "--network", network_folder(), "--seeds", 1, "--class", 4, "--outdir", tmp_path)
        assert result.exit_code == 1
        assert result.output.splitlines()[-1] == (
            "Error: class: this network was trained without labels, so it has no class 4"
        )

    def test_a_folder_without_a_network_is_one_line_of_error(self, tmp_path):
        result = run(generate, "--network", tmp_path, "--seeds", "1", "--outdir", tmp_path / "out")
        assert result.exit_code == 1
        assert result.output.startswith("Error: ")
        assert str(tmp_path) in result.output

    def test_an_unknown_device_is_named(self, network_folder, tmp_path):
        result = run(generate, "--network", network_folder(), "--seeds", 1, "--outdir", tmp_path, "--device", "abacus")
        assert result.exit_code == 2
        assert "'abacus' cannot be used" in result.output

    def test_an_output_folder_that_cannot_be_made_is_one_line_of_error(self, network_folder, tmp_path):
        (tmp_path / "file").write_text("")
        result = run(generate, "--network", network_folder(), "--seeds", 1, "--outdir", tmp_path / "file" / "out")
        assert result.exit_code == 1
        assert "cannot be used: Not a directory" in result.output


def test_style_mixing_writes_every_pair_every_seed_and_the_grid(network_folder, tmp_path):
    result = run(
        style_mixing,
        "--network",
        network_folder(),
        "--rows",
        "1,2",
        "--cols",
        "5",
        "--styles",
        "0-2",
        "--outdir",
        tmp_path,
    )
    assert result.exit_code == 0, result.output
    assert names_in(tmp_path) == ["1-1.png", "1-5.png", "2-2.png", "2-5.png", "5-5.png", "grid.png"]
    assert pixels_of(tmp_path / "grid.png").shape == (48, 32, 3)


def pictures_on(labelled: Path) -> np.ndarray:
    """The pixels of a labelled sheet of pictures of 16 px, without its labels, as small as they were."""
    factor = enlargement(16)
    return pixels_of(labelled)[TOP::factor, LEFT::factor]


class TestDirections:
    def test_it_writes_a_contact_sheet_and_latents_that_generate_draws(self, network_folder, tmp_path):
        network, found = network_folder(), tmp_path / "found"
        arguments = ["--seeds", "1,2", "--count", 3, "--steps", 5, "--layers", "0-2"]
        result = run(directions, "--network", network, *arguments, "--outdir", found)
        assert result.exit_code == 0, result.output
        sheet = pictures_on(found / "directions.png")
        assert sheet.shape == (3 * 16, 2 * 5 * 16, 3)
        latents = ["--projected-w", found / "directions.npz"]
        result = run(generate, "--network", network, *latents, "--outdir", tmp_path / "drawn")
        assert result.exit_code == 0, result.output
        assert len(names_in(tmp_path / "drawn")) == 3 * 2 * 5
        eighth = pixels_of(tmp_path / "drawn" / "proj07.png")
        assert np.abs(sheet[:16, 7 * 16 : 8 * 16].astype(int) - eighth).max() <= 1

    def test_without_seeds_the_first_three_are_taken(self, network_folder, tmp_path):
        network = network_folder()
        for name, seeds in (("default", []), ("named", ["--seeds", "0-2"])):
            assert run(directions, "--network", network, *seeds, "--outdir", tmp_path / name).exit_code == 0
        sheets = [(tmp_path / name / "directions.png").read_bytes() for name in ("default", "named")]
        assert sheets[0] == sheets[1]

    def test_the_middle_of_an_odd_strip_is_the_picture_unchanged(self, network_folder, tmp_path, generator):
        result = run(directions, "--network", network_folder(), "--seeds", 4, "--count", 1, "--outdir", tmp_path)
        assert result.exit_code == 0, result.output
        middle = pictures_on(tmp_path / "directions.png")[:, 32:48].astype(int)
        assert np.abs(middle - generate_images(generator, [4])[0]).max() <= 1

    def test_a_layer_that_the_network_does_not_have_is_named(self, network_folder, tmp_path):
        result = run(
            directions, "--network", network_folder(), "--seeds", 4, "--layers", "4-6", "--outdir", tmp_path / "out"
        )
        assert result.exit_code == 1
        assert "layers: this network has the layers 0 to 5, but not 6" in result.output
        assert not (tmp_path / "out").exists()


class TestInterpolate:
    def test_a_walk_through_seeds_is_a_film_that_begins_with_the_first(self, network_folder, tmp_path, generator):
        film_file = tmp_path / "new" / "walk.webp"
        arguments = ["--seeds", "1,5,9", "--frames", 4, "--fps", 20, "--output", film_file]
        result = run(interpolate, "--network", network_folder(), *arguments)
        assert result.exit_code == 0, result.output
        assert "12 frames, 0.6 seconds" in result.output
        with Image.open(film_file) as film:
            assert (film.size, film.n_frames) == ((16, 16), 12)
            first = np.asarray(film.convert("RGB")).astype(int)
            assert film.info["duration"] == 50
        own, other = (np.abs(first - generate_images(generator, [seed])[0]).mean() for seed in (1, 5))
        assert own < other / 2

    def test_latents_of_a_file_are_walked_through_too(self, network_folder, tmp_path, generator):
        save_ws(tmp_path / "w.npz", torch.randn(2, generator.num_ws, 16))
        arguments = ["--projected-w", tmp_path / "w.npz", "--frames", 3, "--output", tmp_path / "walk.webp"]
        result = run(interpolate, "--network", network_folder(channels=1), *arguments)
        assert result.exit_code == 0, result.output
        with Image.open(tmp_path / "walk.webp") as film:
            assert film.n_frames == 6

    def test_another_kind_of_file_is_refused_before_anything_is_drawn(self, network_folder, tmp_path):
        arguments = ["--seeds", "1,2", "--output", tmp_path / "walk.avi"]
        result = run(interpolate, "--network", network_folder(), *arguments)
        assert result.exit_code == 2
        assert "'walk.avi' does not end with .webp or .mp4" in result.output

    def test_an_mp4_has_the_frames_of_the_walk(self, network_folder, tmp_path):
        arguments = ["--seeds", "1,5", "--frames", 4, "--fps", 20, "--output", tmp_path / "walk.mp4"]
        result = run(interpolate, "--network", network_folder(), *arguments)
        assert result.exit_code == 0, result.output
        with av.open(tmp_path / "walk.mp4") as film:
            assert len(list(film.decode(video=0))) == 8

    def test_where_nothing_writes_mp4_that_is_said_before_anything_is_drawn(
        self, network_folder, tmp_path, monkeypatch
    ):
        monkeypatch.setattr(interpolate, "can_write_mp4", lambda: False)
        arguments = ["--seeds", "1,2", "--output", tmp_path / "walk.mp4"]
        result = run(interpolate, "--network", network_folder(), *arguments)
        assert result.exit_code == 2
        assert "pip install av" in result.output
        assert not (tmp_path / "walk.mp4").exists()

    def test_a_single_seed_is_no_walk(self, network_folder, tmp_path):
        arguments = ["--seeds", 1, "--output", tmp_path / "walk.webp"]
        result = run(interpolate, "--network", network_folder(), *arguments)
        assert result.exit_code == 1
        assert "at least 2 are needed, not 1" in result.output


class TestProjector:
    @pytest.fixture
    def target(self, generator, tmp_path):
        path = tmp_path / "target.jpg"
        Image.fromarray(generate_images(generator, [4])[0]).resize((64, 48)).save(path)
        return path

    def test_one_target_gives_the_well_known_files_and_generate_draws_its_latent(
        self, network_folder, tmp_path, target
    ):
        network = network_folder()
        result = run(
            projector, "--network", network, "--target", target, "--num-steps", 4, "--outdir", tmp_path / "out"
        )
        assert result.exit_code == 0, result.output
        assert names_in(tmp_path / "out") == ["proj.png", "proj.webp", "projected_w.npz", "target.png"]
        with Image.open(tmp_path / "out" / "proj.webp") as film:
            assert (film.size, film.n_frames) == ((32, 16), 4)
        latents = tmp_path / "out" / "projected_w.npz"
        result = run(generate, "--network", network, "--projected-w", latents, "--outdir", tmp_path / "again")
        assert result.exit_code == 0, result.output
        assert names_in(tmp_path / "again") == ["proj00.png"]

    def test_several_targets_are_numbered(self, network_folder, tmp_path, target):
        arguments = ["--target", target, "--target", target, "--num-steps", 2, "--no-save-video", "--space", "w+"]
        result = run(projector, "--network", network_folder(channels=1), *arguments, "--outdir", tmp_path / "out")
        assert result.exit_code == 0, result.output
        assert names_in(tmp_path / "out") == [
            "proj00.png",
            "proj01.png",
            "projected_w.npz",
            "target00.png",
            "target01.png",
        ]
        with np.load(tmp_path / "out" / "projected_w.npz") as arrays:
            assert arrays["w"].shape == (2, 6, 16)

    def test_another_perceptual_network_can_judge(self, network_folder, tmp_path, target):
        save_script(AskedLikeVgg(), tmp_path / "vgg.pt")
        arguments = ["--target", target, "--num-steps", 2, "--vgg", tmp_path / "vgg.pt"]
        result = run(projector, "--network", network_folder(), *arguments, "--outdir", tmp_path / "out")
        assert result.exit_code == 0, result.output

    def test_a_target_that_is_no_picture_is_named_with_the_reason(self, network_folder, tmp_path):
        (tmp_path / "notes.txt").write_text("hello")
        result = run(projector, "--network", network_folder(), "--target", tmp_path / "notes.txt", "--outdir", tmp_path)
        assert result.exit_code == 2
        assert "notes.txt: This is not an image but text." in " ".join(result.output.split())


class TestEarlierResults:
    """Nothing is overwritten unasked, and it is said before anything is drawn."""

    @pytest.mark.parametrize(
        ("program", "arguments", "written"),
        [
            (generate, ["--seeds", "0-3"], ["out/seed0002.png"]),
            (generate, ["--projected-w", "w.npz"], ["out/proj01.png"]),
            (style_mixing, ["--rows", "0", "--cols", "1,2"], ["out/0-2.png", "out/grid.png", "out/1-1.png"]),
            (directions, [], ["out/directions.png", "out/directions.npz"]),
            (interpolate, ["--seeds", "0-1", "--frames", "2"], ["out/walk.webp"]),
            (
                projector,
                ["--target", "a.png", "--num-steps", "2"],
                ["out/proj.png", "out/target.png", "out/proj.webp", "out/projected_w.npz"],
            ),
            (
                projector,
                ["--target", "a.png", "--target", "a.png", "--num-steps", "2", "--no-save-video"],
                ["out/proj01.png", "out/target00.png"],
            ),
            (export_network, [], ["out/net.pt"]),
        ],
    )
    def test_what_is_there_stays_unless_it_may_be_replaced(
        self, network_folder, tmp_path, monkeypatch, generator, program, arguments, written
    ):
        monkeypatch.chdir(tmp_path)
        Image.new("RGB", (16, 16), "red").save("a.png")
        save_ws(tmp_path / "w.npz", torch.zeros(2, generator.num_ws, 16))
        where = {interpolate: ["--output", "out/walk.webp"], export_network: ["--dest", "out/net.pt"]}
        command = ["--network", network_folder(), *arguments, *where.get(program, ["--outdir", "out"])]
        for name in written:
            (tmp_path / "out").mkdir(exist_ok=True)
            (tmp_path / name).write_text("of mine")
            result = run(program, *command)
            assert result.exit_code == 1
            assert f"{name} is there already; name another place, or give --overwrite" in result.output
            assert names_in(tmp_path / "out") == [(tmp_path / name).name]
            assert (tmp_path / name).read_text() == "of mine"
            (tmp_path / name).unlink()
        for name in written:
            (tmp_path / name).write_text("of mine")
        result = run(program, *command, "--overwrite")
        assert result.exit_code == 0, result.output
        assert all((tmp_path / name).read_bytes() != b"of mine" for name in written)

    def test_other_pictures_in_the_folder_do_not_matter(self, network_folder, tmp_path):
        network = network_folder()
        for seeds in ("0-1", "2-3"):
            assert run(generate, "--network", network, "--seeds", seeds, "--outdir", tmp_path).exit_code == 0
        assert len(names_in(tmp_path)) == 4


class TestNumberLists:
    @given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 50)), min_size=1, max_size=8))
    def test_lists_and_ranges_are_read_in_their_order(self, ranges):
        text = ", ".join(f"{first}-{first + more}" if more else str(first) for first, more in ranges)
        expected = [first + step for first, more in ranges for step in range(more + 1)]
        assert NUMBERS.convert(text, None, None) == expected

    @given(st.text(alphabet="0123456789-, .+e٣", max_size=12))
    def test_anything_else_is_refused_as_a_bad_parameter(self, text):
        with contextlib.suppress(click.BadParameter):
            assert NumberList()(text)

    @pytest.mark.parametrize("text", ["5-3", "0-99999999", "1;2", "-1", ""])
    def test_ranges_that_run_backwards_or_have_no_end_are_refused(self, network_folder, tmp_path, text):
        result = run(generate, "--network", network_folder(), f"--seeds={text}", "--outdir", tmp_path)
        assert result.exit_code == 2
        assert "--seeds" in result.output


class TestLatentFiles:
    def test_latents_come_back_as_they_were_saved(self, tmp_path, generator):
        ws = torch.randn(3, generator.num_ws, 16)
        save_ws(tmp_path / "w.npz", ws)
        assert torch.equal(load_ws(tmp_path / "w.npz", generator), ws)

    def test_latents_of_another_network_are_refused_with_both_shapes(self, tmp_path):
        save_ws(tmp_path / "w.npz", torch.zeros(1, 8, 16))
        with pytest.raises(LatentFileError, match=r"holds \[1, 8, 16\], but finite \[N, 6, 16\]"):
            load_ws(tmp_path / "w.npz", make_generator())

    def test_a_file_of_pickled_objects_is_refused_without_loading_them(self, tmp_path, generator):
        np.savez(tmp_path / "w.npz", w=np.array([print], dtype=object))
        with pytest.raises(LatentFileError, match="array 'w' of numbers"):
            load_ws(tmp_path / "w.npz", generator)

    def test_a_zip_bomb_is_refused_before_it_is_unpacked(self, tmp_path, generator):
        with (
            zipfile.ZipFile(tmp_path / "w.npz", "w", zipfile.ZIP_DEFLATED) as archive,
            archive.open("w.npy", "w") as file,
        ):
            for _ in range(20):
                file.write(bytes(1_000_000))
        with pytest.raises(LatentFileError, match="too large"):
            load_ws(tmp_path / "w.npz", generator)

    @pytest.mark.parametrize("content", [b"", b"text", b"\x93NUMPY", b"PK\x03\x04 broken"])
    def test_other_files_are_refused(self, tmp_path, generator, content):
        (tmp_path / "w.npz").write_bytes(content)
        with pytest.raises(LatentFileError, match=r"w\.npz is not"):
            load_ws(tmp_path / "w.npz", generator)
