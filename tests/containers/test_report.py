"""The results page: complete, self-contained, and harmless whatever the files were called."""

import base64
import dataclasses
import html.parser
import json
import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from containers.errors import InputError
from containers.infer import page_extras
from containers.infer.page_parts import film_strip
from containers.infer.provenance import earlier_run
from containers.infer.report import write_report
from containers.infer.results import ChosenNetwork, MadeFilm, MadeImages, MovedPicture, Projections, ReportRun
from containers.infer.wording import wording
from contract.prepare_report import PrepareReport, SetAside
from contract.reasons import told
from contract.run_results import RunResults, TrainingOutcome
from stylegan2.synthesis.video import write_video
from tests.containers.conftest import picture
from tests.marks import FIELDS, MACHINE, mark_of
from workshop.dataset.snapshot import targets_per_run


class Page(html.parser.HTMLParser):
    """What a browser would find in the page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def values(self, name: str) -> list[str]:
        return [value for _, attribute, value in self.attributes if attribute == name]


def render(run: ReportRun, folder: Path) -> str:
    write_report(folder, run)
    return (folder / "index.html").read_text(encoding="utf-8")


def with_set_aside(run: ReportRun, *images: SetAside) -> ReportRun:
    return dataclasses.replace(run, prepare=dataclasses.replace(run.prepare, set_aside=images))


def test_every_part_of_the_run_is_on_the_page(finished_run: ReportRun, tmp_path: Path) -> None:
    text = render(finished_run, tmp_path / "report")
    page = Page(text)
    sections = ["new", "learning", "mixing", "likenesses", "curves", "made", "aside"]
    assert [value for tag, name, value in page.attributes if (tag, name) == ("section", "id")] == sections
    # sheet 24, strip 3 frames of 4 and 8 originals, mixing 2 + 3 + 6, one pair
    assert page.tags.count("img") == 24 + 12 + 8 + 11 + 2
    assert page.tags.count("svg") == 3 + 1
    assert "broken.png" in text
    assert "This is not an image but text." in text


def test_the_page_asks_nobody_for_anything(finished_run: ReportRun, tmp_path: Path) -> None:
    text = render(finished_run, tmp_path / "report")
    page = Page(text)
    policy = next(value for value in page.values("content") if "default-src" in value)
    assert "default-src 'none'" in policy
    assert "script" not in page.tags
    assert not {"link", "iframe", "object", "embed", "base", "form"} & set(page.tags)
    assert all(source.startswith("data:image/") for source in page.values("src"))
    assert all(target.startswith("#") for target in page.values("href"))
    assert not re.search(r"https?://|@import|url\(", text.replace(MACHINE, ""))
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]


def with_film_and_directions(run: ReportRun, folder: Path) -> ReportRun:
    frames = [np.full((64, 64, 3), 2 * number, np.uint8) for number in range(96)]
    write_video(frames, folder / "film.webp", frame_milliseconds=40)
    moved = [
        MovedPicture(seed, direction, step, shift, picture(folder / f"{direction}-{seed}-{step}.png", step))
        for direction in (1, 2)
        for seed in (0, 1)
        for step, shift in enumerate([-0.5, 0.0, 0.5], start=1)
    ]
    film = MadeFilm(folder / "film.webp", None, [0, 1], 96, 3.84)
    return dataclasses.replace(run, images=dataclasses.replace(run.images, directions=moved, film=film))


def test_film_and_directions_are_on_the_page_and_above_it_are_frames_of_the_film(
    finished_run: ReportRun, tmp_path: Path
) -> None:
    text = render(with_film_and_directions(finished_run, tmp_path), tmp_path / "report")
    page, plain = Page(text), Page(render(finished_run, tmp_path / "plain"))
    # banner 24, the film, 2 directions of 3 steps of the first seed
    assert page.tags.count("img") - plain.tags.count("img") == 24 + 1 + 6
    assert text.count("data:image/webp") == 1
    assert len(page.values("srcset")) == 1, "what is shown to those who want nothing to move"
    sources = page.values("src")
    assert len(set(sources[:24])) == 24
    assert not set(sources[:24]) & set(sources[24:])
    assert "Directions" in page.words
    assert "Film" in page.words


def test_a_film_that_is_too_large_for_a_page_is_left_out_of_it(
    finished_run: ReportRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_extras, "LARGEST_FILM", 1_000)
    page = Page(render(with_film_and_directions(finished_run, tmp_path), tmp_path / "report"))
    assert "Film" not in page.words
    assert "data:image/webp" not in "".join(page.values("src"))


def test_a_film_of_a_network_that_draws_one_picture_only_does_not_fail_the_page(
    finished_run: ReportRun, tmp_path: Path
) -> None:
    """As one that has collapsed. Frames that are alike are stored once."""
    run = with_film_and_directions(finished_run, tmp_path)
    write_video([np.zeros((64, 64, 3), np.uint8)] * 96, tmp_path / "film.webp", frame_milliseconds=40)
    page = Page(render(run, tmp_path / "report"))
    assert page.tags.count("img") == 57 + 1 + 1 + 6


def test_every_picture_of_the_page_says_that_a_machine_made_it_and_the_artists_images_do_not(
    finished_run: ReportRun, tmp_path: Path
) -> None:
    page = Page(render(with_film_and_directions(finished_run, tmp_path), tmp_path / "report"))
    marks = [mark_of(base64.b64decode(source.partition(",")[2])) for source in page.values("src")]
    unmarked = [number for number, mark in enumerate(marks) if mark is None]
    assert len(unmarked) == 8 + 1, "the images it was shown, and the one it was to recreate"
    assert {mark.source_type for mark in marks if mark is not None} == {MACHINE}
    described = dict(zip(page.values("name"), page.values("content")[1:], strict=True))
    assert described["digital-source-type"] == MACHINE
    label = json.loads(described["AIGC"])
    assert (list(label), label["Label"], label["ProduceID"]) == (FIELDS, "1", "ifw9mcxjxl5q")
    assert "were made by a machine" in " ".join(page.words)


def test_what_scrolls_is_reached_by_keyboard_and_pictures_wait_until_they_are_seen(
    finished_run: ReportRun, tmp_path: Path
) -> None:
    text = render(with_film_and_directions(finished_run, tmp_path), tmp_path / "report")
    boxes = re.findall(r'<div class="scroller"[^>]*>', text)
    assert len(boxes) == 4
    assert all(re.search(r'tabindex="0" role="region" aria-label="[^"]+"', box) for box in boxes)
    page = Page(text)
    assert page.values("loading") == ["lazy"] * page.tags.count("img")
    assert page.values("decoding") == ["async"] * page.tags.count("img")
    tables = re.findall(r"<table.*?</table>", text, re.DOTALL)
    assert all("<thead>" in table for table in tables)
    assert len(tables) == 4


def test_what_was_skipped_for_one_reason_is_one_line_that_opens(finished_run: ReportRun, tmp_path: Path) -> None:
    phones = [SetAside(f"IMG_{number}.HEIC", told("A HEIC photo.")) for number in range(150)]
    cut = [SetAside(f"{number}.png", told("The file is damaged.")) for number in range(2)]
    own = [SetAside("a.png", told("Another reason.")), SetAside("b.png", told("A third one."))]
    text = render(with_set_aside(finished_run, *cut, *phones, *own), tmp_path / "report")
    section = text[text.index('<section id="aside">') :]
    summaries = re.findall(r"<summary>(.*?) <span class=\"tag\">(.*?)</span>", section)
    assert summaries == [("A HEIC photo.", "150"), ("The file is damaged.", "2"), ("Other reasons", "2")]
    assert all(f"<bdi>{image.name}</bdi>" in section for image in (*phones, *cut, *own))


def test_every_link_of_the_page_leads_to_a_section_of_it(finished_run: ReportRun, tmp_path: Path) -> None:
    page = Page(render(finished_run, tmp_path / "report"))
    assert {target[1:] for target in page.values("href")} <= set(page.values("id"))


def test_the_numbers_are_written_for_other_programs(finished_run: ReportRun, tmp_path: Path) -> None:
    write_report(tmp_path / "report", finished_run)
    assert json.loads((tmp_path / "report" / "report.json").read_text()) == {
        "dataset": "my-faces",
        "execution_id": "ifw9mcxjxl5q",
        "images": {"found": 31, "good": 30, "set_aside": 1},
        "kimg": 1.0,
        "training_seconds": 30.0,
        "training": {
            "kimg": 1.0,
            "wanted_kimg": 1.0,
            "ended": "",
            "seconds": 30.0,
            "sec_per_kimg": 30.0,
            "estimated_seconds": 30.0,
            "trouble": None,
            "network": "last",
            "network_kimg": None,
            "network_score": None,
            "last_score": None,
        },
        "pictures": {"generated": 24, "mixed": 6, "projected": 1},
        "set_aside": [{"name": "broken.png", "code": "damaged", "arguments": {}}],
        "targets": {"listed": 2, "projected": 1, "skipped": 1, "steps": 3, "wanted_steps": 3},
        "skipped_targets": [{"name": "notes.txt", "code": "text", "arguments": {}}],
        "size": "",
        "classes": [],
        "page": "index.html",
    }


@pytest.mark.parametrize(
    ("mode", "made"), [("all", (24, 6, 1)), ("generate", (24, 0, 0)), ("mix", (0, 6, 0)), ("project", (0, 0, 1))]
)
def test_the_mail_is_told_as_many_pictures_as_the_page_names(
    finished_run: ReportRun, tmp_path: Path, mode: str, made: tuple[int, int, int]
) -> None:
    everything = finished_run.images
    images = dataclasses.replace(
        everything,
        generated=everything.generated if mode in ("all", "generate") else [],
        mixing=everything.mixing if mode in ("all", "mix") else None,
        projections=everything.projections if mode in ("all", "project") else Projections(),
    )
    page = Page(render(dataclasses.replace(finished_run, images=images), tmp_path))
    (shown,) = re.findall(r"Here are? (.*?)\.", " ".join(page.words))
    named = [int(number) for number in re.findall(r"(\d+) (?:new picture|mixed picture|images? recreated)", shown)]
    results = RunResults.from_json((tmp_path / "report.json").read_bytes())
    assert (sum(named), results.made_count) == (sum(made), sum(made))
    assert named == [number for number in made if number]


def test_of_a_run_that_can_use_none_of_its_targets_each_is_told_with_its_reason(
    finished_run: ReportRun, tmp_path: Path
) -> None:
    images = [SetAside(f"{number}.heic", told(f"Reason {number}.")) for number in range(targets_per_run(16))]
    run = dataclasses.replace(finished_run, images=MadeImages(skipped_targets=images))
    text = render(run, tmp_path / "report")
    numbers = json.loads((tmp_path / "report" / "report.json").read_text())
    assert numbers["pictures"] == {"generated": 0, "mixed": 0, "projected": 0}
    count = len(images)
    assert numbers["targets"] == {"listed": count, "projected": 0, "skipped": count, "steps": 0, "wanted_steps": 0}
    assert numbers["skipped_targets"] == [image.as_dict() for image in images]
    assert all(f"<bdi>{image.name}</bdi>" in text for image in images)


def with_projected(run: ReportRun, count: int, steps: int = 3) -> ReportRun:
    """The run with so many projected pictures, each of them with a name of its own."""
    (one,) = run.images.projected
    many = [dataclasses.replace(one, name=f"anna{number:03}.png") for number in range(count)]
    return dataclasses.replace(run, images=MadeImages(projections=Projections(many, steps, 3)))


def test_of_hundreds_of_projected_pictures_the_page_shows_some_and_says_where_the_others_are(
    finished_run: ReportRun, tmp_path: Path
) -> None:
    few, many = (render(with_projected(finished_run, count), tmp_path / str(count)) for count in (24, 500))
    assert "not shown here" not in few
    assert "476 more pairs are not shown here; they are among the files of the run" in many
    assert "anna023.png" in many
    assert "anna024.png" not in many
    assert len(many) < 1.01 * len(few)
    numbers = json.loads((tmp_path / "500" / "report.json").read_text())
    assert (numbers["pictures"]["projected"], numbers["targets"]["listed"]) == (500, 500)


def test_a_page_of_many_large_pairs_stays_small_enough_to_be_opened(finished_run: ReportRun, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (1024, 1024, 3), dtype=np.uint8)
    run = with_projected(finished_run, 64)
    Image.fromarray(noise).save(run.images.projected[0].target)
    Image.fromarray(noise).save(run.images.projected[0].projection)
    assert len(render(run, tmp_path / "report")) < 24 * 2 * 150_000


def test_a_hurried_search_is_told_of(finished_run: ReportRun, tmp_path: Path) -> None:
    hurried = render(with_projected(finished_run, 2, steps=2), tmp_path / "hurried")
    assert "were searched for in 2 steps instead of 3" in hurried
    assert "instead of" not in render(with_projected(finished_run, 2), tmp_path / "calm")


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(name=st.text(min_size=1, max_size=80), reason=st.text(max_size=80))
def test_any_name_of_a_file_stays_text(finished_run: ReportRun, tmp_path: Path, name: str, reason: str) -> None:
    (finished_run.model_folder / "samples" / "grid.json").unlink(missing_ok=True)  # for speed
    plain = Page(render(run_with_name(finished_run, "name", "reason"), tmp_path / "plain"))
    hostile = Page(render(run_with_name(finished_run, name, reason), tmp_path / "hostile"))
    assert hostile.tags == plain.tags
    assert [(tag, key) for tag, key, _ in hostile.attributes] == [(tag, key) for tag, key, _ in plain.attributes]


def run_with_name(run: ReportRun, name: str, reason: str) -> ReportRun:
    """The run with this name in every place that shows names of files."""
    image = SetAside(name, told(reason))
    projected = [dataclasses.replace(picture, name=name) for picture in run.images.projected]
    pictures = MadeImages(projections=Projections(projected, 3, 3), skipped_targets=[image])
    return with_set_aside(dataclasses.replace(run, images=pictures), image)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("<script>alert(1)</script>.png", "&lt;script&gt;alert(1)&lt;/script&gt;.png"),
        ('" onload="x', "&#34; onload=&#34;x"),
        ("cat\u202egnp.exe", "cat�gnp.exe"),
        ("half\udcff.png", "half�.png"),
        ("line\nbreak\x00", "line�break�"),
    ],
)
def test_a_hostile_name_is_shown_as_what_it_is(finished_run: ReportRun, tmp_path: Path, name: str, shown: str) -> None:
    run = with_set_aside(finished_run, SetAside(name, told("why")))
    assert f"<bdi>{shown}</bdi>" in render(run, tmp_path / "report")


def test_a_network_that_began_with_another_says_so(finished_run: ReportRun, tmp_path: Path) -> None:
    options = {"transfer": "base", "settings": {"kimg": 5.0}}
    (finished_run.model_folder / "training_options.json").write_text(json.dumps(options))
    (finished_run.model_folder / "base.json").write_text(json.dumps({"dataset": "<masks>", "kimg": 1200.0}))
    text = render(finished_run, tmp_path / "report")
    assert "did not begin from nothing" in text
    assert "already seen 1.2 million images of the data set “&lt;masks&gt;” was fine-tuned" in text
    assert "thousands of images to look at" in text


def test_a_network_that_began_from_nothing_says_so(finished_run: ReportRun, tmp_path: Path) -> None:
    assert "The model began from nothing" in render(finished_run, tmp_path / "report")


def test_a_page_of_an_earlier_runs_network_says_whose_it_is_and_from_when(
    finished_run: ReportRun, tmp_path: Path
) -> None:
    network = finished_run.model_folder / "network.json"
    network.write_text("{}")
    os.utime(network, (0, datetime(2026, 11, 24, 23, 59, tzinfo=UTC).timestamp()))
    run = dataclasses.replace(finished_run, trained_by="p4jn9xou8a8s")
    sentence = "The model was trained by an earlier run, p4jn9xou8a8s on 24 November 2026;"
    assert sentence in render(run, tmp_path / "report")
    assert "earlier run" not in render(finished_run, tmp_path / "own")


def with_last_tick(run: ReportRun, **changes: Any) -> ReportRun:
    file = run.model_folder / "stats.jsonl"
    *ticks, last = file.read_text().splitlines()
    file.write_text("\n".join([*ticks, json.dumps(json.loads(last) | changes)]))
    return run


BEST = ChosenNetwork("best", kimg=0.512, score=0.25, last_score=0.5)


@pytest.mark.parametrize(
    ("network", "sentence"),
    [
        (
            BEST,
            "made with the best model of the training, from when it had seen 512 images. Its score is 0.25, that",
        ),
        (dataclasses.replace(BEST, last_score=None), "Its score is 0.25, the last one has none any more: a"),
        (dataclasses.replace(BEST, last_score=0.25), "the last model of the training, which is its best. Its score"),
        (ChosenNetwork("last", 1.0, 0.5, 0.5), "made with the last model of the training. Its score is 0.5:"),
    ],
)
def test_the_page_says_which_network_has_drawn(
    finished_run: ReportRun, tmp_path: Path, network: ChosenNetwork, sentence: str
) -> None:
    assert sentence in render(dataclasses.replace(finished_run, network=network), tmp_path / "report")
    assert "made with" not in render(finished_run, tmp_path / "unscored"), (
        "of a network without a score nothing is known"
    )


@pytest.mark.parametrize(
    ("trouble", "network", "sentence"),
    [
        (
            "collapsed",
            BEST,
            "This training has collapsed: what the model had learned fell apart, as happens with few",
        ),
        ("collapsed", BEST, "The pictures here are from before that: they were made with the best model"),
        ("collapsed", ChosenNetwork(), "The pictures here are those of its last model that was saved."),
        ("stalled", BEST, "This training stood still in the end: for long, nothing better came of it."),
    ],
)
def test_trouble_is_told_in_plain_words(
    finished_run: ReportRun, tmp_path: Path, trouble: str, network: ChosenNetwork, sentence: str
) -> None:
    run = with_last_tick(dataclasses.replace(finished_run, network=network), trouble=trouble, ended="collapsed")
    assert sentence in render(run, tmp_path / "report")
    training = json.loads((tmp_path / "report" / "report.json").read_text())["training"]
    assert (training["trouble"], training["ended"]) == (trouble, "collapsed")


@pytest.mark.parametrize("trouble", [7, None, "<b>worn</b>", ["collapsed"]])
def test_what_is_no_trouble_that_is_known_is_not_told(finished_run: ReportRun, tmp_path: Path, trouble: Any) -> None:
    text = render(with_last_tick(finished_run, trouble=trouble), tmp_path / "report")
    assert "lead trouble" not in text
    assert "worn" not in text


def test_without_new_pictures_the_banner_shows_samples_of_the_network_that_draws(
    finished_run: ReportRun, tmp_path: Path
) -> None:
    """The last samples may be those of a network that has collapsed."""
    run = dataclasses.replace(finished_run, images=MadeImages())
    first, last = (
        Page(render(dataclasses.replace(run, network=n), tmp_path / n.name)) for n in (BEST, ChosenNetwork())
    )
    assert first.values("src")[0] != last.values("src")[0]
    assert first.values("src")[0] in last.values("src"), "in the film strip"


def test_a_network_without_a_date_is_told_of_without_one(finished_run: ReportRun, tmp_path: Path) -> None:
    run = dataclasses.replace(finished_run, trained_by="p4jn9xou8a8s")
    assert "by an earlier run, p4jn9xou8a8s; the pictures" in render(run, tmp_path / "report")


@pytest.mark.parametrize(
    ("seconds", "day"), [(0, "1 January 1970"), (1_795_564_740, "24 November 2026"), (2**62, ""), (float("nan"), "")]
)
def test_a_time_is_told_as_a_day_if_a_calendar_has_it(seconds: float, day: str) -> None:
    assert wording("en").day(seconds) == day


@pytest.mark.parametrize(
    ("ended", "words"),
    [
        ("time_limit", "Its training was ended by its time limit, after 1,310 of 2,000 thousand images."),
        ("on_request", "Its training was ended on request, after"),
        ("a new word", "Its training ended early, after"),
    ],
)
def test_a_training_that_ended_early_is_told_on_the_page(ended: str, words: str) -> None:
    assert words in wording("en").early_end(TrainingOutcome(1_310, 2_000, ended, 86_000))
    finished = TrainingOutcome(2_000, 2_000, "finished", 86_000)
    assert wording("en").early_end(finished) == wording("en").early_end(None) == ""


def test_the_page_tells_it_in_its_summary(finished_run: ReportRun, tmp_path: Path) -> None:
    options = finished_run.model_folder / "training_options.json"
    options.write_text(json.dumps(json.loads(options.read_text()) | {"settings": {"kimg": 20_000}}))
    assert "of 20,000 thousand images" in render(finished_run, tmp_path / "report")


@pytest.mark.parametrize(
    ("uri", "run"),
    [
        ("s3://bucket/runs/faces/p4jn9xou8a8s/training/job-1/output/model.tar.gz", "p4jn9xou8a8s"),
        ("s3://bucket/runs/faces/ifw9mcxjxl5q/training/job-1/output/model.tar.gz", None),
        ("s3://bucket/training/job-1/output/model.tar.gz", None),
        ("s3://bucket/elsewhere/model.tar.gz", None),
        ("s3://bucket/runs/faces/<b>/training/job-1/output/model.tar.gz", None),
        (None, None),
    ],
)
def test_the_run_that_trained_a_network_is_told_by_the_models_place(uri: str | None, run: str | None) -> None:
    assert earlier_run(uri, "ifw9mcxjxl5q") == run


def test_a_long_list_of_set_aside_files_is_cut_and_says_so(finished_run: ReportRun, tmp_path: Path) -> None:
    images = [SetAside(f"{number}.png", told("why")) for number in range(1000)]
    text = render(with_set_aside(finished_run, *images), tmp_path / "report")
    assert "199.png" in text
    assert "200.png" not in text
    assert "And 800 more; the whole list is in prepare.json." in text
    assert "Copies of" not in text  # nobody knows
    assert len(json.loads((tmp_path / "report" / "report.json").read_text())["set_aside"]) == 20


@pytest.mark.parametrize(("copies", "named"), [(3, "all"), (2, "2"), (0, None)])
def test_the_page_says_how_many_copies_of_set_aside_files_there_are(
    finished_run: ReportRun, tmp_path: Path, copies: int, named: str | None
) -> None:
    images = tuple(SetAside(f"{number}.png", told("why")) for number in range(3))
    prepare = dataclasses.replace(finished_run.prepare, set_aside=images, copies=copies)
    text = render(dataclasses.replace(finished_run, prepare=prepare), tmp_path / "report")
    assert (f"Copies of {named} of them lie in the folder “set-aside”" in text) is (named is not None)


def test_of_a_list_too_long_for_prepare_json_the_first_are_there_and_the_page_says_so(
    finished_run: ReportRun, tmp_path: Path
) -> None:
    images = [SetAside(f"{'ü' * 1000}-{number}.png", told("why")) for number in range(4000)]
    text = dataclasses.replace(finished_run.prepare, found=4030, good=30, set_aside=images).to_json()
    assert 14_900_000 < len(text) < 15_100_000
    written = json.loads(text)
    assert written["images"] == {"found": 4030, "good": 30, "set_aside": 4000}
    assert len(written["set_aside"]) + written["set_aside_unlisted"] == 4000
    prepare = PrepareReport.from_json(text)
    assert (prepare.found, prepare.set_aside_count) == (4030, 4000)
    assert list(prepare.set_aside) == images[: len(written["set_aside"])]
    text = render(dataclasses.replace(finished_run, prepare=prepare), tmp_path / "report")
    assert f"And 3,800 more; the first {len(prepare.set_aside):,} of all are listed in prepare.json." in text
    assert json.loads((tmp_path / "report" / "report.json").read_text())["images"] == written["images"]


def test_a_list_of_usual_length_is_whole_in_prepare_json(finished_run: ReportRun) -> None:
    text = finished_run.prepare.to_json()
    assert PrepareReport.from_json(text) == finished_run.prepare
    assert json.loads(text)["set_aside_unlisted"] == 0


def test_a_run_without_pictures_samples_and_statistics_still_has_a_page(
    finished_run: ReportRun, tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    run = dataclasses.replace(finished_run, model_folder=empty, images=MadeImages())
    page = Page(render(with_set_aside(run), tmp_path / "report"))
    assert page.values("id") == ["made"]
    assert "img" not in page.tags


def test_a_half_written_last_line_of_the_statistics_is_passed_over(finished_run: ReportRun, tmp_path: Path) -> None:
    with (finished_run.model_folder / "stats.jsonl").open("a") as file:
        file.write('{"kimg": 99.0, "seco')
    write_report(tmp_path / "report", finished_run)
    assert json.loads((tmp_path / "report" / "report.json").read_text())["kimg"] == 1.0


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("samples/grid.json", '{"columns": 1e9, "rows": 2, "cell": 16}'),
        ("samples/grid.json", '{"columns": 3, "rows": 2, "cell": 16}'),
        ("samples/grid.json", '{"columns": true, "rows": 2, "cell": 16}'),
        ("samples/reals.png", "not a picture"),
        ("training_options.json", "[]"),
        ("training_options.json", "{"),
    ],
)
def test_a_file_of_the_model_that_makes_no_sense_is_named(
    finished_run: ReportRun, tmp_path: Path, file: str, content: str
) -> None:
    (finished_run.model_folder / file).write_text(content)
    with pytest.raises(InputError) as caught:
        write_report(tmp_path / "report", finished_run)
    assert Path(file).name in str(caught.value) or ".png" in str(caught.value)


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    tick=st.dictionaries(st.sampled_from(["kimg", "seconds", "rt", "loss_g"]), json_values),
    options=st.dictionaries(st.sampled_from(["kimg", "target", "aug", "transfer", "preset"]), json_values),
)
def test_any_json_in_the_models_record_gives_a_page(
    finished_run: ReportRun, tmp_path: Path, tick: dict[str, Any], options: dict[str, Any]
) -> None:
    run = dataclasses.replace(finished_run, images=MadeImages())
    (run.model_folder / "samples" / "grid.json").unlink(missing_ok=True)
    (run.model_folder / "stats.jsonl").write_text(json.dumps(tick) + "\n" + json.dumps({**tick, "kimg": 2}) + "\n")
    (run.model_folder / "training_options.json").write_text(json.dumps(options))
    assert "</html>" in render(run, tmp_path / "report")


def test_the_film_strip_is_cut_from_jpeg_sheets_and_from_the_png_of_older_archives(finished_run: ReportRun) -> None:
    samples = finished_run.model_folder / "samples"
    newest = samples / "fakes001.024.png"
    with Image.open(newest) as sheet:
        sheet.save(samples / "fakes001.024.jpg", quality=95, subsampling=0)
    newest.unlink()
    strip = film_strip(wording("en"), finished_run.model_folder)
    assert [frame.label for frame in strip.frames] == ["start", "512", "1,024"]
