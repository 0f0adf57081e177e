"""What networks get wrong on CIFAR-10, against answers counted by hand."""

import numpy as np
import pytest

from analysis import mistakes
from analysis.mistakes import NAMES

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
    assert mistakes.pairs(matrix)[:3] == [
        (0.30, "cat", "dog"),
        (0.20, "dog", "cat"),
        (0.05, "ship", "truck"),
    ]
    assert len(mistakes.pairs(matrix)) == 90
    # Half as many images of cats: twice the share.
    matrix[CAT, CAT] = 20
    assert mistakes.pairs(matrix)[0] == (0.60, "cat", "dog")


def test_mistakes_kept_within_a_kind_are_a_share_of_the_mistakes_on_that_kind():
    matrix = answers((DOG, CAT, 30), (SHIP, CAT, 10), (CAT, SHIP, 50), (TRUCK, SHIP, 7))
    assert mistakes.within_kinds(matrix) == (30 / 40, 7 / 57)


LABELS = np.array([0, 1, 1, 2, 3])
PREDICTIONS = np.array([[0, 2, 1, 9, 4], [0, 2, 0, 9, 5], [1, 3, 0, 2, 6]])


def test_images_that_all_get_wrong_are_found_whatever_was_answered():
    assert mistakes.all_wrong(PREDICTIONS, LABELS).tolist() == [1, 4]


def test_mistakes_are_shared_out_by_how_many_runs_miss_the_image():
    # Missed by 1, 3, 2, 2 and 3 runs: 11 mistakes.
    shares = mistakes.shared_by(PREDICTIONS, LABELS)
    assert shares.tolist() == pytest.approx([0, 1 / 11, 4 / 11, 6 / 11])


def test_the_majority_of_equals_is_the_first_category():
    assert mistakes.majority(PREDICTIONS).tolist() == [0, 2, 0, 9, 4]


def test_a_gallery_shows_the_first_images_that_all_get_wrong():
    labels = np.zeros(60, int)
    predictions = np.tile(np.arange(60) % 2, (3, 1))  # every other one is wrong
    places = mistakes.shown(predictions, labels)
    assert places.tolist() == list(range(1, 2 * mistakes.COLUMNS * mistakes.ROWS, 2))


def with_all_categories() -> tuple[np.ndarray, np.ndarray]:
    """The runs above, with an image of each other category that all get right."""
    others = np.arange(4, 10)
    return np.hstack([PREDICTIONS, np.tile(others, (3, 1))]), np.concatenate([LABELS, others])


def test_by_chance_all_are_wrong_by_the_product_of_their_shares_in_each_category():
    # Of 0: 0, 0, 1 wrong; of 1: .5, 1, 1 in two images; of 2: 1, 1, 0; of 3: all.
    expected = 1 * 0 + 2 * 0.5 + 1 * 0 + 1 * 1
    assert mistakes.all_wrong_by_chance(*with_all_categories()) == pytest.approx(expected)


def test_what_pages_cite_is_counted_over_all_runs():
    found = mistakes.numbers(*with_all_categories(), first=2)
    assert found == {
        "easiest": "deer",
        "easiest_recall": 1,
        "hardest": "cat",
        "hardest_recall": 0,
        "all_right": 6,
        "all_wrong": 2,
        "unanimous": 0,
        "pair1_share": pytest.approx(2 / 3),
        "pair1_actual": "bird",
        "pair1_predicted": "truck",
        "pair2_share": pytest.approx(1 / 3),
        "pair2_actual": "cat",
        "pair2_predicted": "frog",
    }


def test_two_are_mixed_up_by_the_mean_share_of_both_ways():
    matrix = answers((DOG, CAT, 30), (CAT, DOG, 10), (TRUCK, SHIP, 8))
    matrix[CAT, CAT] -= 40  # 60 images of cats: half of them taken for dogs
    found = mistakes.mixed_up(matrix)
    assert found[CAT, DOG] == found[DOG, CAT] == pytest.approx((30 / 60 + 10 / 100) / 2)
    assert found[SHIP, TRUCK] == pytest.approx(0.04)
    assert found[CAT, CAT] == 0


@pytest.mark.parametrize(
    "trucks, holds",
    [
        ((1, 1, 1), True),  # both ways together, cats and dogs lead by 7, 6 and 7 of twenty
        ((8, 7, 8), False),  # by 0 in each
        ((1, 1, 10), False),  # by 7, 6 and -2
    ],
)
def test_cats_and_dogs_are_mixed_up_most_if_they_are_above_any_other_two_over_runs(trucks, holds):
    labels = np.repeat(np.arange(10), 10)
    predictions = np.tile(labels, (3, 1))
    for run, (dogs, ships) in enumerate(zip((3, 2, 3), trucks, strict=True)):
        predictions[run, 10 * CAT : 10 * CAT + 5] = DOG
        predictions[run, 10 * DOG : 10 * DOG + dogs] = CAT
        predictions[run, 10 * SHIP : 10 * SHIP + ships] = TRUCK
    claim = mistakes.cats_and_dogs("cats", "They are.", predictions, labels)
    assert claim.holds is holds
    if holds:
        [criterion] = claim.criteria
        assert criterion.measured.startswith(
            "share of them mixed up, minus that of ship and truck, in points +33.3 "
        )
