"""What question 9 works out from runs, against values counted by hand."""

from pathlib import Path

import numpy as np
import pytest
import tiny

from analysis import cost, mistakes
from analysis.excerpts import Excerpt
from analysis.loaded import Results
from analysis.questions import q09
from analysis.results import Runs

CAT, DOG, SHIP, TRUCK = map(mistakes.NAMES.index, ("cat", "dog", "ship", "truck"))

#: By how much less testing accuracy an experiment ends with than the convolutional network.
BEHIND = {
    q09.SAME_WEIGHTS: 0.25,
    q09.SAME_COST: 0.125,
    q09.CENTRED: -0.01,
    q09.SAME_ORDER_EACH_EPOCH: 0.03,
    **{
        experiment: 0.26 - place / 50  # 0.02 a step, the largest of question 8 0.16 behind
        for place, experiment in enumerate(q09.CENTRED_DENSE)
    },
}


def histories(first, turn, last) -> np.ndarray:
    """Ten epochs of each run, with the first, that of the turn and the last named."""
    values = np.full((len(last), 10), 0.6)
    values[:, 0], values[:, q09.TURN - 1], values[:, -1] = first, turn, last
    return values


def results() -> Results:
    """Ten runs' answers to 30 test images, three of each category, and the other networks'."""
    labels = np.repeat(np.arange(10), 3).astype(np.uint8)
    predictions = np.tile(labels, (10, 1))
    predictions[:, 3 * CAT] = DOG  # all miss it alike
    predictions[0, 3 * CAT + 1], predictions[1, 3 * CAT + 1] = DOG, TRUCK
    predictions[:5, 3 * SHIP], predictions[5:, 3 * SHIP] = TRUCK, 0  # all miss it
    predictions[:5, 3 * TRUCK] = SHIP  # half of them miss it
    test = 0.7 + np.arange(10) / 100
    ours = tiny.runs(
        predictions=predictions,
        val_accuracy=histories(0.5, 0.74, test),
        accuracy=histories(0.4, 0.75, [0.8] * 10),
        val_loss=histories(0.9, 0.75, [0.7, 0.9] * 5),
        after_accuracy=test + 0.1,
    )
    runs = {q09.SHEET: Runs(q09.SHEET, ours.records)}
    for experiment, less in BEHIND.items():
        theirs = tiny.runs(
            val_accuracy=np.stack([test, test - less], axis=1),
            after_accuracy=test + 0.12,
            accuracy=np.full((10, 2), 0.7),
            dead=np.full((10, 2, 1), 38 * (experiment is q09.SAME_WEIGHTS)),  # of 40: on levels
        )
        runs[experiment] = Runs(experiment, theirs.records)
    return Results(runs, {"cifar10": Excerpt(labels, labels, np.array([], int), Path())})


def test_numbers_are_as_counted_by_hand():
    found = q09.numbers(results())
    expected = {
        "test": 0.745,
        "test_min": 0.7,
        "test_max": 0.79,
        "train": 0.8,
        "gap": 10,
        "first_epoch_test": 0.5,
        "first_epoch_train": 0.4,
        "late_train": 5,
        "late_error": 0.05,
        "late_test": 0.5,
        "all_wrong": 2,
        "unanimous": 1,
        "all_right": 26,
        "easiest_recall": 1,
        "hardest_recall": 18 / 30,
        "animals_for_animals": 11 / 12,
        "vehicles_for_vehicles": 1,
        "pair1_share": 11 / 30,
        "pair2_share": 5 / 30,
        "on_all_wrong": 20 / 27,
        "on_half_right": 7 / 27,
        "majority": 27 / 30,  # of equals the first category: a ship
        "same_weights_max": 0.54,
        "same_cost_gain": 12.5,
        "same_training_gain": 14,
        "nearest_dense": 14,
        "centring_gain": 1,
        "frozen_gain": -3,
        "frozen_train": 2,
        "frozen_running": -10,
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected)
    assert (found["easiest"], found["hardest"]) == ("airplane", "cat")
    assert (found["pair1_actual"], found["pair1_predicted"]) == ("cat", "dog")


def test_the_dense_network_of_equal_training_cost_is_one_within_a_thousandth():
    ours, theirs = (cost.flops_per_epoch(e) for e in (q09.SHEET, q09.SAME_TRAINING))
    assert ours == pytest.approx(theirs, rel=1e-3)
    assert q09.more_arithmetic() == pytest.approx(ours / cost.flops_per_epoch(q09.SAME_COST) - 1)


def test_the_dense_opponent_takes_more_products_forward_and_less_arithmetic_in_training():
    # By hand: kernels times places, then the dense layers.
    convolutional = 30**2 * 27 * 32 + 13**2 * 288 * 64 + 4**2 * 576 * 64 + 1024 * 64 + 64 * 10
    dense = 3072 * 1536 + 1536 * 10
    assert q09.products(q09.SHEET) == convolutional
    assert q09.products(q09.SAME_COST) == dense
    assert convolutional < dense and q09.more_arithmetic() > 0


def test_units_die_layer_by_layer_and_are_counted_in_the_end():
    runs = tiny.runs(dead=[[[9, 9, 9], [1, 2, 4]], [[9, 9, 9], [3, 4, 8]]])
    assert q09.dead_by_layer(runs).tolist() == [[1, 2, 4], [3, 4, 8]]
    assert q09._dead_filters(runs).tolist() == [3, 7]  # the last layer is dense
    assert q09._dead_units(runs).tolist() == [[9, 4], [9, 8]]


def test_the_comparisons_of_the_table_are_adjusted_together():
    # Differences are all alike, so certain; but those over levels are counted, ten of ten seeds.
    found = q09._holm(results())
    assert len(found) == 7
    assert max(found) == pytest.approx(2 / 2**10)


def test_claims_hold_of_what_is_true_of_these_results_and_of_nothing_else():
    holding = {claim.name for claim in q09.claims(results()) if claim.holds}
    assert holding == {"centred", "overfits", "curves_cross", "turn", "kinds", "shared"}
