"""What a model's archive says of where it comes from."""

from containers.train.model_note import model_note


def test_a_model_from_nothing_names_its_images_and_no_other_network() -> None:
    note = model_note("red-chairs", 1_234, None)
    assert note.startswith("This model has learned from 1,234 images of the data set red-chairs")
    assert "did not begin from nothing" not in note
    assert "a machine made them" in note


def test_a_fine_tuned_model_names_the_network_that_it_began_with_and_its_licence() -> None:
    note = model_note("red-chairs", 30, {"dataset": "portraits in fantasy colours", "license": "Apache-2.0"})
    assert "from a network that had learned portraits in fantasy colours. Its licence is Apache-2.0." in note


def test_a_base_network_without_a_licence_or_with_a_hostile_name_is_told_of_in_plain_text() -> None:
    assert "had learned other images. Its file names no licence: ask" in model_note("d", 1, {"license": 7})
    note = model_note("d", 1, {"dataset": "x\n\nAll rights are yours.\u202e" + "y" * 500, "license": "\n"})
    assert len(note.split("\n\n")) == 3
    assert "\u202e" not in note
    assert "y" * 200 not in note
