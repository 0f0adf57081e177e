"""What questions work out from arrays and runs, against values counted by hand."""

import numpy as np
import pytest
import tiny

from analysis.questions import q01, q02, q03, q05, q06, q10, walkthrough
from analysis.spec import mlp


def answers(*counts) -> np.ndarray:
    """A confusion matrix of 100 images of each category: predicted, actual and how many."""
    matrix = np.zeros((10, 10), int)
    for predicted, actual, number in counts:
        matrix[predicted, actual] = number
    np.fill_diagonal(matrix, 100 - matrix.sum(axis=0))
    return matrix


def test_the_worst_mistakes_come_first_with_what_was_said_and_what_it_was():
    matrix = answers((4, 9, 12), (9, 4, 7), (3, 5, 20))
    assert walkthrough._worst_pairs(matrix)[:3] == [(3, 5, 20), (4, 9, 12), (9, 4, 7)]


def test_outputs_start_quiet_by_their_own_images_before_training():
    own = np.ones((2, 10))
    own[0, 3], own[1, 0], own[1, 1] = 0.049, 0.0, 0.05
    found = q01._quiet_start(tiny.runs(before_own=own))
    assert np.argwhere(found).tolist() == [[0, 3], [1, 0]]


def silent(*numbers, epochs=1, **values):
    """Runs with so many silent outputs each, from first to last epoch."""
    own = np.ones((len(numbers), epochs, 10))
    for run, number in enumerate(numbers):
        own[run, :, :number] = 0
    return tiny.runs(own=own, **values)


def test_a_level_is_as_far_from_the_next_as_the_line_through_all_runs_rises():
    runs = silent(0, 0, 1, 2, after_loss=[0.01, 0.03, 0.05, 0.08], loss=np.zeros((4, 1)))
    # Least squares by hand: mean of the numbers 3/4, of the errors .0425.
    slope = (2 * -0.75 * -0.0225 + 0.25 * 0.0075 + 1.25 * 0.0375) / (2 * 0.5625 + 0.0625 + 1.5625)
    assert q01._level_step(runs) == pytest.approx(slope)


def test_an_output_returns_in_the_epoch_after_the_last_of_its_silence():
    own = np.ones((3, 4, 10))
    own[0, 0, 1] = own[1, 1:3, 5] = own[2, 2:, 7] = 0  # heard again in 2, in 4, and never
    assert sorted(q02._return_epochs(tiny.runs(own=own))) == [2, 4]


def test_the_last_epochs_gain_is_that_of_runs_that_are_fine():
    runs = silent(0, 0, 1, epochs=3, loss=[[9, 0.5, 0.1], [9, 0.3, 0.2], [9, 8, 0]])
    assert q03._last_gain(runs) == pytest.approx(0.4 - 0.15)


@pytest.mark.parametrize("output, stuck", [("relu", [1, 2]), ("softmax", [2])])
def test_a_run_is_stuck_by_a_silent_output_or_by_its_accuracy(output, stuck):
    accuracy = np.array([[q05.LEARNED], [q05.LEARNED + 0.01], [q05.LEARNED - 0.01]])
    values = {"val_accuracy": accuracy, "own": np.ones((3, 1, 10))}
    values["own"][1, 0, 4] = 0
    runs = tiny.runs({"layers": mlp(8, output=output)}, **values)
    assert np.flatnonzero(q05._stuck(runs)).tolist() == stuck


def test_fewer_errors_are_a_share_of_the_first_networks():
    test = np.array([[0.90, 0.94], [0.96, 0.98]])  # 8 and 3 mistakes in a hundred
    assert q06._fewer_errors(test) == pytest.approx(5 / 8)


@pytest.mark.parametrize("points, size", [([0, 0, 2, 0, 0, 2, 2, 2], 64), ([2] * 8, 2)])
def test_training_and_testing_part_from_the_size_on_that_no_larger_one_goes_back_to(points, size):
    assert q06.SIZES == (2, 4, 8, 16, 32, 64, 128, 256)
    gap = np.array(points)[:, None] / 100 + np.array([-0.001, 0.001])
    assert q06._parts_from(gap) == size


def test_recall_is_a_share_of_a_categorys_images_not_of_the_answers_that_name_it():
    labels = np.array([0, 0, 0, 0, *range(1, 10)])
    answers = np.array([0, 0, 0, 1, *range(1, 10)])
    assert q10._recall(answers, labels).tolist() == [0.75, *[1.0] * 9]
