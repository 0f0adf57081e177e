"""What is kept of a data set comes back as it was, and is noticed when it lacks something."""

import json
from dataclasses import replace

import numpy as np
import pytest
import tiny

from analysis import datasets, excerpts


def first(chosen_by):
    return [0]


@pytest.mark.parametrize("name", ["mnist", "cifar10"])
def test_the_reports_own_show_the_images_of_the_data_sets(request, name):
    data, excerpt = request.getfixturevalue(name), excerpts.load(name)
    np.testing.assert_array_equal(excerpt.train, data.x_train[: excerpts.TRAINING_IMAGES])
    np.testing.assert_array_equal(excerpt.test, data.x_test[excerpt.test_numbers])
    means = [data.x_train[data.y_train == category].mean(axis=0) for category in range(10)]
    np.testing.assert_array_equal(excerpt.train_means, np.rint(means))


def test_colours_and_places_out_of_order_come_back_as_they_were(monkeypatch, tmp_path):
    colours = tiny.DATA
    images = {
        name: np.stack([array, 255 - array, array // 2], axis=-1)
        for name, array in (("x_train", colours.x_train), ("x_test", colours.x_test))
    }
    data = replace(colours, **images)
    monkeypatch.setattr(datasets, "load", lambda name: data)
    excerpts.keep("tiny-colour", lambda chosen_by: [7, 0, 99], tmp_path)
    excerpt = excerpts.load("tiny-colour", tmp_path)
    np.testing.assert_array_equal(excerpt.train, data.x_train[: excerpts.TRAINING_IMAGES])
    np.testing.assert_array_equal(excerpt.test, data.x_test[[7, 0, 99]])
    np.testing.assert_array_equal(excerpt.test_images([99, 7]), data.x_test[[99, 7]])
    threes = data.x_train[data.y_train == 3].astype(float)
    np.testing.assert_array_equal(excerpt.train_means[3], np.rint(threes.mean(axis=0)))


def test_an_image_that_is_not_kept_is_not_mistaken_for_another(tiny_file, tmp_path):
    excerpts.keep("tiny", lambda chosen_by: [4, 2], tmp_path)
    with pytest.raises(ValueError, match="3"):
        excerpts.load("tiny", tmp_path).test_images([3])


def test_an_excerpt_that_lacks_labels_is_not_current(tiny_file, tmp_path):
    excerpts.keep("tiny", first, tmp_path)
    path = tmp_path / "tiny.json"
    kept = json.loads(path.read_text())
    assert len(kept["train_labels"]) == 300
    path.write_text(json.dumps(kept | {"train_labels": kept["train_labels"][:100]}))
    assert not excerpts.is_current("tiny", first, tmp_path)


@pytest.mark.parametrize("array", ["train_labels", "test_labels"])
def test_an_excerpt_one_of_whose_labels_is_another_is_not_current(tiny_file, tmp_path, array):
    excerpts.keep("tiny", first, tmp_path)
    path = tmp_path / "tiny.json"
    kept = json.loads(path.read_text())
    *labels, last = kept[array]
    path.write_text(json.dumps(kept | {array: "".join(labels) + str((int(last) + 1) % 10)}))
    assert not excerpts.is_current("tiny", first, tmp_path)


def test_an_excerpt_of_other_images_is_not_current(tiny_file, tmp_path):
    excerpts.keep("tiny", first, tmp_path)
    path = tmp_path / "tiny.json"
    kept = json.loads(path.read_text())
    path.write_text(json.dumps(kept | {"digest": datasets.DATASETS["mnist"].digest}))
    assert not excerpts.is_current("tiny", first, tmp_path)


def test_an_excerpt_whose_mean_images_are_damaged_or_absent_is_not_current(tiny_file, tmp_path):
    excerpts.keep("tiny", first, tmp_path)
    path = tmp_path / "tiny.json"
    kept = json.loads(path.read_text())
    whole = kept["train_means"]
    middle = len(whole) // 2
    damaged = whole[:middle] + ("A" if whole[middle] != "A" else "B") + whole[middle + 1 :]
    for means in (damaged, whole[:-8], ""):
        path.write_text(json.dumps(kept | {"train_means": means}))
        assert not excerpts.is_current("tiny", first, tmp_path)
    del kept["train_means"]
    path.write_text(json.dumps(kept))
    assert not excerpts.is_current("tiny", first, tmp_path)


def test_an_excerpt_of_other_mean_images_is_not_current(tiny_file, tmp_path):
    excerpts.keep("tiny", first, tmp_path)
    path = tmp_path / "tiny.json"
    kept, means = json.loads(path.read_text()), excerpts.load("tiny", tmp_path).train_means
    assert excerpts.is_current("tiny", first, tmp_path)
    brighter = means.copy()
    brighter[9, 0, 0] += 1
    for others in (means[::-1], means[:9], brighter):
        path.write_text(json.dumps(kept | {"train_means": excerpts._packed(others)}))
        assert not excerpts.is_current("tiny", first, tmp_path)
    del kept["means_digest"]
    path.write_text(json.dumps(kept))
    assert not excerpts.is_current("tiny", first, tmp_path)


@pytest.mark.parametrize("asked_for", [8, 12])
def test_an_excerpt_of_more_or_fewer_training_images_is_not_current(
    tiny_file, tmp_path, monkeypatch, asked_for
):
    excerpts.keep("tiny", first, tmp_path)
    assert excerpts.is_current("tiny", first, tmp_path)
    monkeypatch.setattr(excerpts, "TRAINING_IMAGES", asked_for)
    assert not excerpts.is_current("tiny", first, tmp_path)
    excerpts.keep("tiny", first, tmp_path)
    assert excerpts.is_current("tiny", first, tmp_path)
    excerpt = excerpts.load("tiny", tmp_path)
    np.testing.assert_array_equal(excerpt.train, tiny.DATA.x_train[:asked_for])


def test_an_excerpt_whose_images_are_damaged_or_anothers_is_not_current(tiny_file, tmp_path):
    excerpts.keep("tiny", first, tmp_path)
    path = tmp_path / "tiny.png"
    whole = path.read_bytes()
    assert excerpts.is_current("tiny", first, tmp_path)
    excerpts.keep("tiny", lambda chosen_by: [1], tmp_path / "other")
    for content in (whole[:-20], b"", (tmp_path / "other" / "tiny.png").read_bytes()):
        path.write_bytes(content)
        assert not excerpts.is_current("tiny", first, tmp_path)
    path.unlink()
    assert not excerpts.is_current("tiny", first, tmp_path)
