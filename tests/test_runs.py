"""Finished runs as arrays: which value of which run, epoch and output stands where."""

import numpy as np
import pytest
import tiny

from analysis import results

HISTORIES = ("loss", "accuracy", "val_loss", "val_accuracy")


def different(*shape):
    """Numbers of which no two are alike, from 0 to below 1."""
    return np.arange(np.prod(shape)).reshape(shape) / 1024


def test_seeds_are_those_of_the_runs_and_not_of_all_that_were_asked_for():
    spec = tiny.experiment(seeds=(7, 5, 9))
    runs = results.Runs(spec, tuple(tiny.record(seed) for seed in spec.seeds))
    assert runs.seeds == [7, 5, 9]
    assert runs.first(2).seeds == [7, 5]


@pytest.mark.parametrize("name", [*HISTORIES, "own", "others"])
def test_each_history_is_its_own_with_a_row_a_run_and_a_column_an_epoch(name):
    given = {
        key: place + different(3, 4, *((10,) if key in ("own", "others") else ()))
        for place, key in enumerate((*HISTORIES, "own", "others"))
    }
    runs = tiny.runs(**given)
    np.testing.assert_array_equal(runs.history(name), given[name])
    np.testing.assert_array_equal(runs.final(name), given[name][:, 3])
    if name in ("own", "others"):
        np.testing.assert_array_equal(getattr(runs, name), given[name])


def test_values_of_the_trained_network_are_not_those_of_its_last_epoch():
    runs = tiny.runs(loss=[[5, 4], [3, 2]], after_loss=[0.25, 0.5], after_accuracy=[0.75, 1])
    assert runs.after("loss").tolist() == [0.25, 0.5]
    assert runs.after("accuracy").tolist() == [0.75, 1]
    assert runs.final("loss").tolist() == [4, 2]


def test_a_change_counts_from_after_the_epoch_that_is_named():
    runs = tiny.runs(val_loss=[[5, 4, 1], [3, 2, 9]])
    assert runs.change("val_loss", 1).tolist() == [-4, 6]
    assert runs.change("val_loss", 2).tolist() == [-3, 7]


def test_an_output_is_silent_by_its_own_images_and_below_a_twentieth_of_them():
    own, others = np.ones((2, 2, 10)), np.ones((2, 2, 10))
    own[0, 1, 4], own[1, 0, 7], others[1, 1, 2] = 0.0499, 0.0, 0.0
    own[1, 1, 3] = 0.05
    silent = tiny.runs(own=own, others=others).silent
    assert np.argwhere(silent).tolist() == [[0, 1, 4], [1, 0, 7]]
    assert results.SILENT_BELOW == 0.05


def test_dead_units_are_those_of_all_hidden_layers_together():
    dead = [[[1, 2], [3, 4]], [[0, 0], [10, 0]], [[5, 6], [7, 8]]]  # by run, epoch and layer
    assert tiny.runs(dead=dead).dead.tolist() == [[3, 7], [0, 10], [11, 15]]


def test_predictions_are_numbers_not_digits():
    given = [[7, 0, 9, 1], [2, 2, 3, 8]]
    predictions = tiny.runs(predictions=given).predictions
    assert predictions.tolist() == given
    assert predictions.dtype == np.uint8


def test_outputs_come_back_by_run_image_and_category_to_three_digits():
    outputs = different(2, 5, 10)
    found = tiny.runs(outputs=outputs).outputs
    assert found.shape == (2, 5, 10)
    np.testing.assert_allclose(found, outputs, rtol=5e-4)


def test_the_first_runs_are_those_of_the_first_seeds():
    runs = tiny.runs(loss=different(5, 2), seconds=[1, 2, 4, 8, 16])
    first = runs.first(3)
    assert (len(runs), len(first), len(runs.first(9))) == (5, 3, 5)
    np.testing.assert_array_equal(first.history("loss"), runs.history("loss")[:3])
    assert first.experiment is runs.experiment
    assert (runs.seconds, first.seconds) == (31, 7)


def test_a_history_is_not_a_number_from_where_a_run_diverged():
    runs = tiny.runs(val_loss=[[1.0, 2.0], [1.0, None]])
    np.testing.assert_array_equal(runs.history("val_loss"), [[1, 2], [1, np.nan]])
    assert np.isnan(runs.final("val_loss")).tolist() == [False, True]
