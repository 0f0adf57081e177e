"""What questions work out from arrays and runs, against values counted by hand."""

import numpy as np
import tiny

from analysis import mistakes
from analysis.questions import q02, walkthrough


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


def silent(*numbers, epochs=1, **values):
    """Runs with so many silent outputs each, from first to last epoch."""
    own = np.ones((len(numbers), epochs, 10))
    for run, number in enumerate(numbers):
        own[run, :, :number] = 0
    return tiny.runs(own=own, **values)


def test_an_output_returns_in_the_epoch_after_the_last_of_its_silence():
    own = np.ones((3, 4, 10))
    own[0, 0, 1] = own[1, 1:3, 5] = own[2, 2:, 7] = 0  # heard again in 2, in 4, and never
    assert sorted(q02._return_epochs(tiny.runs(own=own))) == [2, 4]


def test_recall_is_a_share_of_a_categorys_images_not_of_the_answers_that_name_it():
    labels = np.array([0, 0, 0, 0, *range(1, 10)])
    answers = np.array([0, 0, 0, 1, *range(1, 10)])
    assert mistakes.recall(answers, labels).tolist() == [0.75, *[1.0] * 9]
