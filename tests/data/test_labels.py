"""Labels are the reference's dataset.json; what is wrong with them is said by name, and nothing is dropped."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stylegan2.data.dataset import DatasetError, ImageDataset
from stylegan2.data.labels import read_labels
from stylegan2.data.png_format import encode_png

NAMES = ["00000/img00000000.png", "00000/img00000001.png", "00000/img00000002.png"]


def labelled(path: Path, content: object, names: list[str] = NAMES) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            pixels = np.random.RandomState(len(name)).randint(0, 256, (8, 8, 3)).astype(np.uint8)
            archive.writestr(name, encode_png(pixels))
        if content is not None:
            archive.writestr("dataset.json", content if isinstance(content, str) else json.dumps(content))
    return path


def pairs(*labels: object) -> dict[str, object]:
    return {"labels": [[name, label] for name, label in zip(NAMES, labels, strict=True)]}


def test_classes_become_vectors_with_a_one_in_their_place(tmp_path):
    dataset = ImageDataset(labelled(tmp_path / "d.zip", pairs(2, 0, 3)), use_labels=True)
    assert dataset.label_size == 4
    expected = np.eye(4, dtype=np.float32)[[3, 2, 0]]
    vectors = dataset.labels([2, 0, 1])
    assert vectors.dtype == np.float32
    assert np.array_equal(vectors, expected)


def test_vectors_stay_as_they_are(tmp_path):
    dataset = ImageDataset(labelled(tmp_path / "d.zip", pairs([0.5, -1], [0, 1], [2, 3.25])), use_labels=True)
    assert dataset.label_size == 2
    assert np.array_equal(dataset.labels([0, 2]), np.array([[0.5, -1], [2, 3.25]], dtype=np.float32))


def test_mirrored_pictures_keep_their_labels_and_a_subset_its_number_of_classes(tmp_path):
    path = labelled(tmp_path / "d.zip", pairs(1, 0, 5))
    whole = ImageDataset(path, use_labels=True, mirror=True)
    assert np.array_equal(whole.labels([3, 4, 5]), whole.labels([0, 1, 2]))
    for seed in range(4):
        some = ImageDataset(path, use_labels=True, mirror=True, subset=1, seed=seed)
        assert some.label_size == 6
        assert np.array_equal(some.labels([0, 1]), whole.labels([NAMES.index(some.names[0])] * 2))


def test_the_order_of_the_entries_and_windows_separators_do_not_matter(tmp_path):
    content = {"labels": [[name.replace("/", "\\"), index] for index, name in reversed(list(enumerate(NAMES)))]}
    dataset = ImageDataset(labelled(tmp_path / "d.zip", content), use_labels=True)
    assert np.array_equal(dataset.labels([0, 1, 2]), np.eye(3, dtype=np.float32))


def test_a_folder_has_labels_too(tmp_path):
    for index in range(2):
        (tmp_path / f"{index}.png").write_bytes(encode_png(np.full((8, 8, 3), index, dtype=np.uint8)))
    (tmp_path / "dataset.json").write_text('{"labels": [["0.png", 1], ["1.png", 0]]}')
    dataset = ImageDataset(tmp_path, use_labels=True)
    assert np.array_equal(dataset.labels([0, 1]), np.eye(2, dtype=np.float32)[::-1])
    assert dataset.passed_over == []


def test_labels_count_in_the_fingerprint_only_where_they_are_used(tmp_path):
    first = labelled(tmp_path / "a.zip", pairs(0, 1, 2))
    second = labelled(tmp_path / "b.zip", pairs(0, 2, 1))
    assert ImageDataset(first).fingerprint() == ImageDataset(second).fingerprint()
    with_labels = [ImageDataset(path, use_labels=True).fingerprint() for path in (first, second)]
    assert with_labels[0] != with_labels[1]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"d\.zip has no labels \(dataset\.json is missing or says null\)"),
        ({"labels": None}, r"has no labels"),
        ("{broken", r"dataset\.json in \S+d\.zip is not valid JSON"),
        ("[" * 100_000, r"is not valid JSON"),
        ([], r"has no entry 'labels'"),
        ({}, r"has no entry 'labels'"),
        ({"labels": {}}, r"'labels' must be null or a list"),
        ({"labels": []}, r"'labels' must be null or a list"),
        ({"labels": [[NAMES[0], 1], "x"]}, r"entry 1 of 'labels' is not \[name, label\] but 'x'"),
        (pairs(0, 1, "cat"), r"label of '00000/img00000002\.png' must be a whole number .* not 'cat'"),
        (pairs(0, 1, -1), r"img00000002\.png' must be a whole number from 0 to 65535, not -1"),
        (pairs(0, 1, 1.5), r"img00000002\.png' must be a whole number"),
        (pairs(0, 1, True), r"img00000002\.png' must be a whole number .* not True"),
        (pairs(0, 1, 10**30), r"img00000002\.png' must be a whole number"),
        (pairs(0, [1], 2), r"img00000001\.png' must be a whole number .* not \[1\]"),
        (pairs([1], 0, [2]), r"img00000001\.png' must be a list of finite numbers, not 0"),
        (pairs([1], [float("nan")], [2]), r"img00000001\.png' must be a list of finite numbers, not \[nan\]"),
        (pairs([1], [], [2]), r"img00000001\.png' must be a list of finite numbers, not \[\]"),
        (pairs([1], [1, 2], [2]), r"img00000001\.png' has 2 numbers, but that of '00000/img00000000\.png' has 1"),
        ({"labels": [[NAMES[0], 1]]}, r"has no label for 2 pictures .* the first is '00000/img00000001\.png'"),
        (
            {"labels": [*pairs(0, 1, 2)["labels"], ["gone.png", 1]]},
            r"has labels for 1 picture that is not in the data set, the first is 'gone\.png'",
        ),
        ({"labels": [[NAMES[0], 1], [NAMES[0], 1]]}, r"has two labels for '00000/img00000000\.png'"),
    ],
)
def test_what_is_wrong_with_labels_is_one_sentence(tmp_path, content, message):
    path = labelled(tmp_path / "d.zip", content)
    with pytest.raises(DatasetError, match=message) as raised:
        ImageDataset(path, use_labels=True)
    assert "\n" not in str(raised.value)
    ImageDataset(path)  # who does not use the labels is not troubled by them


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), JSON), max_size=4) | JSON)
def test_whatever_a_dataset_json_holds_it_gives_labels_for_all_or_an_error_of_ours(labels):
    try:
        found = read_labels(json.dumps({"labels": labels}).encode(), ["a", "b"], "dataset.json")
    except DatasetError:
        return
    if found is not None:
        assert np.isfinite(found.vectors([0, 1])).all()
        assert found.vectors([0, 1]).shape == (2, found.size)
