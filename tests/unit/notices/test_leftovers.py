"""Files that no run looks at: what is called like settings stops the run, everything else is told, once."""

import pytest

from tests.unit.conftest import Stage
from tests.unit.handlers.test_start_run import executions, finish, manual, targets_of
from workshop.notices import Notices

SETTINGS = "uploads/red-chairs/settings.yaml"
# A few of test_file_kinds.LOOKALIKES: what systems and editors make of the name.
UNREAD = ["settings.yaml.txt", "settings.yml", "Settings.yaml", "settings.txt", " settings.yaml", "sub/settings.yaml",
          "settings.json", "settings (1).yaml", "config.yaml"]  # fmt: skip


def texts(stage: Stage) -> list[str]:
    return [mail["Message"] for mail in stage.mails]


def put_and_settle(stage: Stage, *names: str, body: bytes = b"preset: best\n") -> None:
    """Some more files come, with their events, and are looked at."""
    for name in names:
        stage.put(f"uploads/red-chairs/{name}", body)
        stage.upload_event(f"uploads/red-chairs/{name}", len(body))
    stage.later(61)
    stage.serve_timer()


@pytest.mark.parametrize("name", UNREAD)
def test_no_run_starts_with_defaults_beside_settings_that_are_not_read(stage: Stage, name: str) -> None:
    stage.put(f"uploads/red-chairs/{name}", b"preset: tiny\n")
    stage.settle()
    stage.later(61)
    assert manual(stage)["outcome"] == "attention"

    assert executions(stage) == []
    assert stage.mail_kinds == ["attention"]
    (text,) = texts(stage)
    assert f'"{name}" looks like settings, but is not read' in text
    assert "Name it settings.yaml" in text


def test_the_run_starts_when_the_file_has_its_name(stage: Stage) -> None:
    stage.put("uploads/red-chairs/settings.yaml.txt", b"preset: tiny\n")
    stage.settle()
    stage.s3.delete_object(Bucket="workshop-bucket", Key="uploads/red-chairs/settings.yaml.txt")
    put_and_settle(stage, "settings.yaml", body=b"preset: tiny\n")

    assert [parameters["Preset"] for parameters in executions(stage)] == ["tiny"]


def test_a_harmless_file_of_that_name_blocks_until_an_empty_settings_file_says_so(stage: Stage) -> None:
    stage.put("uploads/red-chairs/data.yaml", b"names: [chair]\n")
    stage.settle()
    assert stage.mail_kinds == ["attention"]
    put_and_settle(stage, "settings.yaml", body=b"")

    assert [parameters["Preset"] for parameters in executions(stage)] == ["auto"]


def test_a_second_settings_file_beside_the_right_one_is_told_and_stops_nothing(stage: Stage) -> None:
    stage.put(SETTINGS, b"preset: tiny\n")
    stage.put("uploads/red-chairs/settings (1).yaml", b"preset: best\n")
    stage.settle()

    assert [parameters["Preset"] for parameters in executions(stage)] == ["tiny"]
    assert sorted(stage.mail_kinds) == ["attention", "started"]
    assert any('"settings (1).yaml" looks like settings, but is not read' in text for text in texts(stage))


def test_settings_that_are_not_read_are_told_after_a_first_run_too(stage: Stage) -> None:
    stage.settle()
    finish(stage, "Succeeded")
    put_and_settle(stage, "settings.yml")
    put_and_settle(stage, "settings.yml")

    assert len(executions(stage)) == 1
    assert stage.mail_kinds == ["started", "attention"]
    assert '"settings.yml" looks like settings' in texts(stage)[1]


def test_a_rerun_and_new_pictures_do_not_start_beside_them_either(stage: Stage) -> None:
    stage.settle()
    finish(stage, "Succeeded")
    put_and_settle(stage, "settings.yml")

    assert manual(stage, rerun=True)["outcome"] == "attention"
    assert manual(stage, inferenceOnly=True)["outcome"] == "attention"
    assert len(executions(stage)) == 1


@pytest.mark.parametrize("name", ["a.HEIC", "a.jfif", "a.avif", "a.psd", "a.svg", "photo", "empty.png"])
def test_a_file_that_may_be_a_picture_goes_to_prepare(stage: Stage, name: str) -> None:
    stage.put(f"uploads/red-chairs/{name}", b"" if name == "empty.png" else b"x")
    stage.settle()

    (parameters,) = executions(stage)
    listed = stage.read_json(f"manifests/red-chairs/{parameters['Fingerprint']}.json")["objects"]
    assert name in str(listed)
    assert "Images found:       4\n" in texts(stage)[0]


def test_forty_photos_of_a_telephone_become_a_run_whose_prepare_says_why_not(stage: Stage) -> None:
    for number in range(40):
        stage.put(f"uploads/red-chairs/IMG_{number:04d}.HEIC", b"heic %d" % number)
    stage.settle(images=0)

    assert len(executions(stage)) == 1
    assert "Images found:       40\n" in texts(stage)[0]


def test_more_of_them_after_a_first_run_are_a_further_run(stage: Stage) -> None:
    stage.settle()
    finish(stage, "Succeeded")
    put_and_settle(stage, *(f"IMG_{number}.HEIC" for number in range(5)))

    assert len(executions(stage)) == 2


def test_a_folder_of_nothing_but_other_files_is_no_silence(stage: Stage) -> None:
    put_and_settle(stage, "brief.pdf", "notes.txt", "clip.mp4")
    put_and_settle(stage, "clip.mp4")

    assert stage.mail_kinds == ["attention"]
    assert "3 files are no images" in texts(stage)[0]
    for name in ("brief.pdf", "notes.txt", "clip.mp4"):
        assert name in texts(stage)[0]


def test_more_other_files_in_a_folder_that_waits_for_pictures_are_told(stage: Stage) -> None:
    put_and_settle(stage, "0000.png", "notes.txt")
    put_and_settle(stage, "notes-2.txt")
    put_and_settle(stage, "notes-2.txt")

    assert stage.mail_kinds == ["attention", "attention"]
    assert "notes-2.txt" in texts(stage)[1]


def test_other_files_after_a_first_run_are_told_once(stage: Stage) -> None:
    stage.settle()
    finish(stage, "Succeeded")
    put_and_settle(stage, *(f"{number:03d}.pdf" for number in range(12)))
    put_and_settle(stage, "000.pdf")  # the same again

    assert len(executions(stage)) == 1
    assert stage.mail_kinds == ["started", "attention"]
    assert "12 files are no images" in texts(stage)[1]
    assert "and 7 more" in texts(stage)[1]


def test_what_the_notice_of_the_start_has_counted_is_not_told_again(stage: Stage) -> None:
    stage.put("uploads/red-chairs/notes.txt")
    stage.settle()
    finish(stage, "Succeeded")
    put_and_settle(stage, "0000.png", body=b"image 0")
    stage.invoke("start_run", {"source": "schedule"})
    stage.serve_timer()

    assert stage.mail_kinds == ["started"]
    assert "(1 other file was left out)" in texts(stage)[0]


@pytest.mark.parametrize("name", [".DS_Store", "Thumbs.db", "desktop.ini", "__MACOSX/._0000.png", "sub/"])
def test_what_systems_leave_behind_is_never_worth_a_mail(stage: Stage, name: str) -> None:
    stage.settle()
    finish(stage, "Succeeded")
    put_and_settle(stage, name, body=b"" if name == "sub/" else b"x")
    put_and_settle(stage, "0000.png", body=b"image 0")

    assert stage.mail_kinds == ["started"]


def test_names_that_cannot_be_used_are_told(stage: Stage) -> None:
    for number in range(3):
        stage.put(f"uploads/red-chairs/sub\\{number}.png")
    stage.upload_event("uploads/red-chairs/sub\\0.png")
    stage.later(61)
    stage.serve_timer()

    assert stage.mail_kinds == ["attention"]
    assert "3 files have names that cannot be used: sub\\" in texts(stage)[0]  # the newest first
    assert all(f"sub\\{number}.png" in texts(stage)[0] for number in range(3))
    assert "Upload the files with unusable names under others: without \\" in texts(stage)[0]
    assert "Export" not in texts(stage)[0]


def test_a_photo_of_a_telephone_to_project_is_listed_and_not_replaced_by_others(stage: Stage) -> None:
    stage.put("inference/red-chairs/mine.HEIC")
    stage.settle()

    (parameters,) = executions(stage)
    listed = str(stage.read_json(parameters["InferenceImagePath"].removeprefix("s3://workshop-bucket/")))
    assert "mine.HEIC" in listed
    assert "0000.png" not in listed


def test_what_cannot_be_projected_is_told_when_others_take_its_place(stage: Stage) -> None:
    stage.put("inference/red-chairs/mine.pdf")
    stage.settle()

    assert sorted(stage.mail_kinds) == ["attention", "started"]
    assert any("1 file is no image" in text and "inference/red-chairs/mine.pdf" in text for text in texts(stage))


def test_what_cannot_be_projected_is_told_after_a_training_and_where_nothing_else_is(stage: Stage) -> None:
    stage.settle()
    finish(stage, "Succeeded")
    for dataset in ("red-chairs", "blue-vases"):
        stage.put(f"inference/{dataset}/mine.pdf")
    stage.later(61)
    for dataset in ("red-chairs", "blue-vases", "red-chairs", "blue-vases"):
        manual(stage, dataset=dataset)

    assert stage.mail_kinds == ["started", "attention", "attention"]


def test_a_name_that_looks_like_a_link_stays_text_in_the_mail(stage: Stage) -> None:
    put_and_settle(stage, "www.example.com", "win.zip", "http:--evil.example.txt", "settings.evil.com.yaml")

    (text,) = texts(stage)
    assert "www[.]example[.]com" not in text, "what may be a picture is not told here"
    assert "win[.]zip" in text
    assert "settings[.]evil[.]com.yaml" in text


def test_somebody_elses_lease_on_the_notice_stops_nothing(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    from workshop.platform.errors import NoticeBusy

    def busy(*_: object) -> bool:
        raise NoticeBusy("somebody else")

    stage.settle()
    finish(stage, "Succeeded")
    with monkeypatch.context() as patch:
        patch.setattr(Notices, "publish_once", busy)
        put_and_settle(stage, "a.pdf")
    put_and_settle(stage, "a.pdf")

    assert stage.mail_kinds == ["started", "attention"]


def test_pictures_for_a_network_that_nobody_trains_are_told_once(stage: Stage) -> None:
    stage.put("inference/red-chair/mine.jpg")
    for _ in range(2):
        assert manual(stage, dataset="red-chair")["outcome"] == "nothing"
    assert stage.mail_kinds == ["attention"]
    assert "The images in inference/red-chair/ wait: no model of this name has been trained yet." in texts(stage)[0]
    assert "Put the images that it shall learn from into uploads/red-chair/:" in texts(stage)[0]

    stage.put("inference/red-chair/another.jpg")
    manual(stage, dataset="red-chair")
    assert stage.mail_kinds == ["attention"] * 2


def test_pictures_to_project_that_come_before_those_to_learn_are_projected(stage: Stage) -> None:
    stage.put("inference/red-chairs/mine.jpg")
    manual(stage)
    stage.settle()

    (parameters,) = executions(stage)
    assert targets_of(stage, parameters) == ["inference/red-chairs/", "mine.jpg"]
    assert stage.mail_kinds == ["attention", "started"]


def test_pictures_that_the_settings_do_not_ask_for_are_told_once(stage: Stage) -> None:
    stage.put(SETTINGS, b"inference_mode: generate\n")
    stage.put("inference/red-chairs/mine.jpg")
    stage.settle()
    assert sorted(stage.mail_kinds) == ["attention", "started"]
    (text,) = [text for text in texts(stage) if "wait" in text]
    assert "The images in inference/red-chairs/ wait: by settings.yaml (inference_mode), none are recreated." in text
    assert "or remove that line" in text

    finish(stage, "Succeeded")
    manual(stage)
    assert sorted(stage.mail_kinds) == ["attention", "started"]


def test_pictures_that_a_failed_training_has_not_seen_are_told(stage: Stage) -> None:
    """Those that it would have projected are no news: its own mail says how it comes again."""
    stage.put("inference/red-chairs/mine.jpg")
    stage.settle()
    finish(stage, "Failed")
    manual(stage)
    assert stage.mail_kinds == ["started"]

    stage.put("inference/red-chairs/another.jpg")
    manual(stage)
    assert stage.mail_kinds == ["started", "attention"]


def test_settings_beside_the_pictures_to_project_are_read_by_nobody_and_told(stage: Stage) -> None:
    stage.put("inference/red-chairs/settings.yaml", b"preset: tiny\n")
    stage.put("inference/red-chairs/mine.jpg")
    stage.settle()

    assert executions(stage) == []
    (text,) = texts(stage)
    assert '"inference/red-chairs/settings.yaml" looks like settings, but is not read' in text
    assert "directly in the dataset's folder in uploads/" in text


def test_archives_are_to_be_unpacked(stage: Stage) -> None:
    put_and_settle(stage, "pictures.zip")
    assert "Unpack archives, and upload the images that are in them." in texts(stage)[0]


def test_other_files_are_told_when_a_run_starts_whose_notice_has_no_number_of_them(stage: Stage) -> None:
    stage.settle()
    finish(stage, "Succeeded")
    stage.put("inference/red-chairs/mine.jpg")
    stage.put("uploads/red-chairs/notes.txt")
    stage.later(61)
    manual(stage)

    assert len(executions(stage)) == 2
    assert stage.mail_kinds == ["started", "attention", "started"]
    assert "1 file is no image: notes.txt" in texts(stage)[1]


def test_other_files_are_not_counted_as_told_by_a_run_that_did_not_start(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAX_CONCURRENT_RUNS", "1")
    stage.settle()
    finish(stage, "Succeeded")
    stage.serve_timer()
    stage.settle("blue-vases")
    put_and_settle(stage, "notes.txt", "more.png")
    assert len(executions(stage)) == 2, "there is no free slot"

    stage.s3.delete_object(Bucket="workshop-bucket", Key="uploads/red-chairs/more.png")
    manual(stage)
    assert "1 file is no image: notes.txt" in texts(stage)[-1]


def test_the_same_mistake_is_told_again_on_another_day_and_after_a_run_in_between(stage: Stage) -> None:
    def write(settings: bytes) -> int:
        put_and_settle(stage, "settings.yaml", body=settings)
        return stage.mail_kinds.count("attention")

    stage.put_images("red-chairs", 3)
    assert [write(b"preset: sketsch\n") for _ in range(2)] == [1, 1]
    stage.later(86_400)
    manual(stage)  # nothing was uploaded: no news
    assert [write(b"preset: balansed\n"), write(b"preset: sketsch\n")] == [2, 3]
    write(b"preset: sketch\n")
    finish(stage, "Succeeded")
    assert write(b"preset: sketsch\n") == 4
