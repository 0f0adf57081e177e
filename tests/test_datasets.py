"""Data sets and their excerpts: what is published passes, anything else is named."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import tiny

from analysis import datasets, excerpts, results
from analysis.datasets import DatasetError
from analysis.questions import q08, q10_arms


def arrays(**changes) -> dict[str, np.ndarray]:
    return {name: array.copy() for name, array in vars(tiny.DATA).items()} | changes


def test_published_data_set_loads(tiny_file):
    loaded = datasets.load("tiny")
    for name, array in vars(tiny.DATA).items():
        np.testing.assert_array_equal(getattr(loaded, name), array)


def test_mnist_is_the_published_one(mnist):
    assert mnist.x_train.shape == (60_000, 28, 28)
    assert mnist.y_test[:3].tolist() == [7, 2, 1]


def test_means_and_deviations_of_cifar10_are_those_of_its_training_images(cifar10):
    by_colour = cifar10.x_train.reshape(-1, 3).T
    counts = np.array([np.bincount(values, minlength=256) for values in by_colour])
    shares, levels = counts / counts.sum(axis=1, keepdims=True), np.arange(256) / 255
    mean = shares @ levels
    variance = shares @ levels**2 - mean**2
    assert tuple(mean.round(4)) == datasets.CIFAR10_MEAN
    assert tuple(np.sqrt(variance).round(4)) == datasets.CIFAR10_DEVIATION
    standardised, again = q08.STANDARDISED.layers[0], q10_arms.STANDARDISED
    assert standardised.mean == again.mean == q08.CENTRED.layers[0].mean == datasets.CIFAR10_MEAN
    assert standardised.variance == tuple(variance.round(4))
    assert again.variance == pytest.approx(variance, abs=5e-5)


def test_absent_file_is_named_with_what_to_do(tiny_file):
    tiny_file.unlink()
    with pytest.raises(DatasetError) as error:
        datasets.load("tiny")
    for part in (
        str(tiny_file),
        tiny.SOURCE.origin,
        "put its arrays there",
        datasets.FOLDER_VARIABLE,
    ):
        assert part in str(error.value)


def test_a_variable_that_names_the_file_is_told_from_a_damaged_file(tiny_file, monkeypatch):
    monkeypatch.setenv(datasets.FOLDER_VARIABLE, str(tiny_file))
    with pytest.raises(
        DatasetError, match=r"\(Not a directory\): REPORT_DATASETS names the folder"
    ):
        datasets.load("tiny")


def altered_pixel(images):
    images = images.copy()
    images[17, 3, 4] ^= 1
    return images


DATA = tiny.DATA


@pytest.mark.parametrize(
    "name, array",
    [
        ("x_train", altered_pixel(DATA.x_train)),
        ("x_test", altered_pixel(DATA.x_test)),
        ("y_train", (DATA.y_train + 1) % 10),
        ("y_test", DATA.y_test[::-1]),
        ("x_train", DATA.x_train[:-1]),
        ("x_train", DATA.x_train.reshape(300, 64)),
        ("x_train", DATA.x_train.reshape(150, 16, 8)),
        ("x_train", DATA.x_train / 255),
        ("x_train", DATA.x_train.view(np.int8)),
    ],
)
def test_altered_array_is_named_with_what_to_do(tiny_file, name, array):
    np.savez(tiny_file, **arrays(**{name: array}))
    with pytest.raises(DatasetError) as error:
        datasets.load("tiny")
    for part in (name, str(tiny_file), "not the published Tiny", "anew", tiny.SOURCE.origin):
        assert part in str(error.value)


def without_an_array(path):
    np.savez(path, **{name: array for name, array in arrays().items() if name != "y_test"})


def truncated(path):
    path.write_bytes(path.read_bytes()[:-500])


def one_bit_of_the_compressed_data_flipped(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def garbled_after_the_header(path):
    content = bytearray(path.read_bytes())
    content[200:400] = b"\xff" * 200
    path.write_bytes(content)


def with_objects(path):
    np.savez(path, **arrays(y_test=np.array([{}, None], object)))


def empty(path):
    path.write_bytes(b"")


def a_web_page(path):
    path.write_text("<html>404</html>")


def a_folder(path):
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    "damage",
    [
        without_an_array,
        truncated,
        one_bit_of_the_compressed_data_flipped,
        garbled_after_the_header,
        with_objects,
        empty,
        a_web_page,
        a_folder,
    ],
)
def test_damaged_file_is_named_with_what_to_do(tiny_file, damage):
    damage(tiny_file)
    with pytest.raises(DatasetError) as error:
        datasets.load("tiny")
    for part in (str(tiny_file), "anew", tiny.SOURCE.origin):
        assert part in str(error.value)


def keras_that(monkeypatch, load_data):
    monkeypatch.delenv(datasets.FOLDER_VARIABLE)
    keras = SimpleNamespace(datasets=SimpleNamespace(tiny=SimpleNamespace(load_data=load_data)))
    monkeypatch.setitem(sys.modules, "keras", keras)
    # Another process would not see this Keras.
    monkeypatch.setattr(datasets, "ProcessPoolExecutor", lambda n, _: ThreadPoolExecutor(n))


def test_without_a_folder_keras_is_asked(tiny_file, monkeypatch):
    tiny_file.unlink()
    keras_that(monkeypatch, lambda: ((DATA.x_train, DATA.y_train), (DATA.x_test, DATA.y_test)))
    np.testing.assert_array_equal(datasets.load("tiny").y_test, DATA.y_test)


def test_failed_download_says_what_to_do(tiny_file, monkeypatch):
    def fail():
        raise Exception("URL fetch failure: no route to host")

    keras_that(monkeypatch, fail)
    with pytest.raises(DatasetError) as error:
        datasets.load("tiny")
    for part in ("no route to host", tiny.SOURCE.origin, datasets.FOLDER_VARIABLE):
        assert part in str(error.value)


def first(labelled):
    return [0]


def test_excerpt_comes_back_as_it_was_kept(tiny_file, tmp_path):
    excerpts.keep("tiny", lambda labelled: [4, 2], tmp_path)
    excerpt = excerpts.load("tiny", tmp_path)
    np.testing.assert_array_equal(excerpt.train, DATA.x_train[:10])
    np.testing.assert_array_equal(excerpt.test, DATA.x_test[[4, 2]])
    np.testing.assert_array_equal(excerpt.test_numbers, [4, 2])
    np.testing.assert_array_equal(excerpt.test_images([2]), DATA.x_test[[2]])
    np.testing.assert_array_equal(excerpt.train_labels, DATA.y_train)
    np.testing.assert_array_equal(excerpt.test_labels, DATA.y_test)


def test_excerpt_is_current_until_images_or_data_set_change(tiny_file, tmp_path, monkeypatch):
    assert not excerpts.is_current("tiny", first, tmp_path)
    excerpts.keep("tiny", first, tmp_path)
    assert excerpts.is_current("tiny", first, tmp_path)
    assert not excerpts.is_current("tiny", lambda labelled: [0, 1], tmp_path)
    other = replace(tiny.SOURCE, sha256=tiny.SOURCE.sha256 | {"y_test": "0" * 64})
    monkeypatch.setitem(datasets.DATASETS, "tiny", other)
    assert not excerpts.is_current("tiny", first, tmp_path)


def test_excerpt_is_not_current_while_what_chooses_its_images_is_not_trained(tiny_file, tmp_path):
    def of_untrained(labelled):
        raise results.LedgerError("q09-cnn lacks 1 of 10 networks")

    excerpts.keep("tiny", first, tmp_path)
    assert not excerpts.is_current("tiny", of_untrained, tmp_path)


def test_images_are_chosen_by_the_labels_of_the_whole_test_set(tiny_file, tmp_path):
    def threes(labelled):
        return np.flatnonzero(labelled.test_labels == 3)[:2].tolist()

    excerpts.keep("tiny", threes, tmp_path)
    assert excerpts.is_current("tiny", threes, tmp_path)
    excerpt = excerpts.load("tiny", tmp_path)
    np.testing.assert_array_equal(excerpt.test_labels[excerpt.test_numbers], [3, 3])


@pytest.mark.parametrize("content", ["", "[]", "null", "{}", '{"digest": 1}', "\xff"])
def test_damaged_excerpt_is_not_current(tmp_path, content):
    (tmp_path / "tiny.json").write_text(content, encoding="latin-1")
    assert not excerpts.is_current("tiny", first, tmp_path)


def test_excerpt_names_its_source(tiny_file, tmp_path):
    excerpts.keep("tiny", first, tmp_path)
    kept = json.loads((tmp_path / "tiny.json").read_text())
    assert (kept["credit"], kept["origin"]) == (tiny.SOURCE.credit, tiny.SOURCE.origin)


def test_held_out_images_are_the_last_of_the_training_set_and_the_test_set_is_gone():
    held_out = DATA.held_out(40)
    np.testing.assert_array_equal(held_out.x_train, DATA.x_train[:260])
    np.testing.assert_array_equal(held_out.y_train, DATA.y_train[:260])
    np.testing.assert_array_equal(held_out.x_test, DATA.x_train[260:])
    np.testing.assert_array_equal(held_out.y_test, DATA.y_train[260:])


def test_where_nothing_is_held_out_all_is_as_it_is():
    assert DATA.held_out(0) is DATA
