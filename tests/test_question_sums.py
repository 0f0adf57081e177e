"""What questions work out from arrays and runs, against values counted by hand."""

from pathlib import Path

import numpy as np
import pytest
import tiny

from analysis.excerpts import Excerpt
from analysis.loaded import Results
from analysis.questions import q02, q08, q09, q10, walkthrough
from analysis.results import Runs
from analysis.spec import mlp

NAMES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
CAT, DOG, SHIP, TRUCK = map(NAMES.index, ("cat", "dog", "ship", "truck"))


def answers(*counts) -> np.ndarray:
    """A confusion matrix of 100 images of each category: predicted, actual and how many."""
    matrix = np.zeros((10, 10), int)
    for predicted, actual, number in counts:
        matrix[predicted, actual] = number
    np.fill_diagonal(matrix, 100 - matrix.sum(axis=0))
    return matrix


def test_a_pairs_share_is_of_the_actual_category_however_often_the_other_is_named():
    matrix = answers((DOG, CAT, 30), (CAT, DOG, 20), (TRUCK, SHIP, 5))
    assert q09.pairs(matrix)[:3] == [
        (0.30, "cat", "dog"),
        (0.20, "dog", "cat"),
        (0.05, "ship", "truck"),
    ]
    assert len(q09.pairs(matrix)) == 90
    # Half as many images of cats: twice the share.
    matrix[CAT, CAT] = 20
    assert q09.pairs(matrix)[0] == (0.60, "cat", "dog")


@pytest.mark.parametrize("other, holds", [(19, True), (25, False), (40, False)])
def test_cats_and_dogs_are_mixed_up_most_if_both_ways_come_before_any_other(other, holds):
    matrix = answers((DOG, CAT, 30), (CAT, DOG, 20), (TRUCK, SHIP, other))
    claim = q09.cats_and_dogs("They are.", matrix)
    assert claim.holds is holds
    if holds:
        assert claim.measured == "cat taken for dog 30.0%, dog taken for cat 20.0%"


def test_mistakes_kept_within_a_kind_are_a_share_of_the_mistakes_on_that_kind():
    kind = np.isin(NAMES, ("cat", "dog"))
    matrix = answers((DOG, CAT, 30), (SHIP, CAT, 10), (CAT, SHIP, 50), (TRUCK, SHIP, 7))
    assert q09._kept_within(matrix, kind) == 30 / 40
    assert q09._kept_within(matrix, ~kind) == 7 / 57


LABELS = np.array([0, 1, 1, 2, 3])
PREDICTIONS = np.array([[0, 2, 1, 9, 4], [0, 2, 0, 9, 5], [1, 3, 0, 2, 6]])


def test_images_that_all_get_wrong_are_found_whatever_was_answered():
    assert q09.all_wrong(PREDICTIONS, LABELS).tolist() == [1, 4]


def test_a_gallery_shows_the_first_images_that_all_get_wrong():
    labels = np.zeros(60, int)
    predictions = np.tile(np.arange(60) % 2, (3, 1))  # every other one is wrong
    places = q09.shown(predictions, labels)
    assert places.tolist() == list(range(1, 2 * q09.COLUMNS * q09.ROWS, 2))


def test_by_chance_all_are_wrong_by_the_product_of_their_shares_in_each_category():
    # Of 0: 0, 0, 1 wrong; of 1: .5, 1, 1 in two images; of 2: 1, 1, 0; of 3: all.
    expected = 1 * 0 + 2 * 0.5 + 1 * 0 + 1 * 1
    with np.errstate(invalid="ignore"):  # of categories without images
        labels = np.concatenate([LABELS, np.arange(4, 10)])
        predictions = np.hstack([PREDICTIONS, np.tile(np.arange(4, 10), (3, 1))])
        assert q09._expected_all_wrong(predictions, labels) == pytest.approx(expected)


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


def test_units_live_that_are_not_dead():
    spec = {"layers": mlp(8, output="softmax")}
    assert q08.living(tiny.runs(spec, dead=[[[0], [5]], [[8], [7]]])).tolist() == [[8, 3], [0, 1]]


def test_a_run_has_learned_nothing_by_its_testing_accuracy_at_the_end():
    accuracy = [[0.1, 0.1], [0.1, 0.3], [0.3, 0.1], [0.1, q08.NOTHING]]
    assert q08.nothing(tiny.runs(val_accuracy=accuracy)).tolist() == [True, False, True, False]


def test_images_are_noticed_whose_answer_is_not_the_usual_one():
    runs = tiny.runs(predictions=[[3, 3, 3, 1, 2, 3], [0, 0, 0, 0, 0, 0], [1, 2, 1, 2, 1, 2]])
    assert q08._noticed(runs).tolist() == [2, 0, 3]


def test_adams_first_step_moves_a_unit_as_far_as_all_pixels_together():
    step, width = q08._first_step()
    mean, square = 0.4733667, (0.4914**2 + 0.4822**2 + 0.4465**2 + 0.061 + 0.0593 + 0.0684) / 3
    assert step == pytest.approx(0.001 * 3072 * mean)
    assert width == pytest.approx((3072 * square * 2 / (3072 + 32)) ** 0.5)


def results_of_question_9() -> Results:
    """Ten runs' answers to 30 test images, three of each category, and two dense networks."""
    labels = np.repeat(np.arange(10), 3).astype(np.uint8)
    predictions = np.tile(labels, (10, 1))
    predictions[:, 3 * CAT] = DOG  # all miss it alike
    predictions[0, 3 * CAT + 1], predictions[1, 3 * CAT + 1] = DOG, TRUCK
    predictions[:5, 3 * SHIP], predictions[5:, 3 * SHIP] = TRUCK, 0  # all miss it
    test = 0.7 + np.arange(10) / 100
    ours = tiny.runs(
        predictions=predictions,
        val_accuracy=np.stack([np.full(10, 0.5), test], axis=1),
        accuracy=[[0.4, 0.8]] * 10,
        val_loss=[[0.9, 0.7]] * 10,
        after_accuracy=test + 0.1,
        dead=[[[9, 1], [9, place]] for place in range(10)],
    )
    runs = {q09.SHEET: Runs(q09.SHEET, ours.records)}
    for experiment, less in ((q09.SAME_WEIGHTS, 0.25), (q09.SAME_COST, 0.125)):
        theirs = tiny.runs(val_accuracy=np.stack([test, test - less], axis=1))
        runs[experiment] = Runs(experiment, theirs.records)
    return Results(runs, {"cifar10": Excerpt(labels, labels, np.array([], int), Path())})


def test_numbers_of_question_9_are_as_counted_by_hand():
    found = q09.numbers(results_of_question_9())
    expected = {
        "test": 0.745,
        "test_min": 0.7,
        "test_max": 0.79,
        "train": 0.8,
        "train_after": 0.845,
        "gap": 10,
        "first_epoch_test": 0.5,
        "first_epoch_train": 0.4,
        "best_loss_epoch": 2,
        "all_wrong": 2,
        "unanimous": 1,
        "all_right": 27,
        "easiest_recall": 1,
        "hardest_recall": 18 / 30,
        "animals_for_animals": 11 / 12,
        "vehicles_for_vehicles": 1,
        "dead_dense": 4.5,
        "pair1_share": 11 / 30,
        "pair2_share": 5 / 30,
        "same_weights_gain": 25,
        "same_weights_test": 0.495,
        "same_cost_gain": 12.5,
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected)
    assert (found["easiest"], found["hardest"]) == ("airplane", "cat")
    assert (found["pair1_actual"], found["pair1_predicted"]) == ("cat", "dog")


def test_recall_is_a_share_of_a_categorys_images_not_of_the_answers_that_name_it():
    labels = np.array([0, 0, 0, 0, *range(1, 10)])
    answers = np.array([0, 0, 0, 1, *range(1, 10)])
    assert q10._recall(answers, labels).tolist() == [0.75, *[1.0] * 9]
