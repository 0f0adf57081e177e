"""What question 6 computes of its results, against made-up ones counted by hand."""

from pathlib import Path

import numpy as np
import pytest
import tiny

from analysis.excerpts import Excerpt
from analysis.loaded import Results
from analysis.questions import q06
from analysis.results import Runs
from analysis.statistics import estimate, holm

#: Three sizes of three runs each.
ACCURACY = np.array([[0.50, 0.60, 0.70], [0.80, 0.85, 0.90], [0.90, 0.91, 0.96]])

#: Differences between runs, so small that no mean of ten can be taken for another.
APART = np.linspace(-1e-6, 1e-6, 10)


def accuracy_of(*steps) -> np.ndarray:
    """Ten runs of each size by what each doubling gains; some chance in each."""
    means = np.cumsum([0.1, *steps])
    return means[:, None] + np.array([np.roll(APART, 3 * i**2) for i in range(len(means))])


def test_gains_are_points_from_each_size_to_the_next_in_pairs():
    first, second = q06._gains(ACCURACY)
    assert first == pytest.approx(tuple(estimate(np.array([30, 25, 20]))))
    assert second == pytest.approx(tuple(estimate(np.array([10, 6, 6]))))


def test_p_values_of_the_gains_are_adjusted_together():
    from scipy import stats

    alone = [stats.ttest_1samp(gains, 0).pvalue for gains in ([30, 25, 20], [10, 6, 6])]
    assert q06._p_values(ACCURACY) == pytest.approx(holm(alone))


def test_a_doubling_removes_a_share_of_the_smaller_networks_mistakes():
    np.testing.assert_allclose(
        q06._removed(ACCURACY),
        [[30 / 50, 25 / 40, 20 / 30], [10 / 20, 6 / 15, 6 / 10]],
    )


@pytest.mark.parametrize(
    "steps, size",
    [
        ((20, 10, 5, 4, 3, 2, 1), 256),
        ((20, 10, 5, 4, 3, 2, 2), 128),  # as much as before is not less
        ((20, 10, 5, 4, 3, 4, 1), 64),  # what comes after does not count
        ((20, 30, 5, 4, 3, 2, 1), 4),
    ],
)
def test_gains_shrink_up_to_the_last_size_before_one_that_does_not(steps, size):
    assert q06._shrinking_to(accuracy_of(*np.array(steps) / 100)) == size


def by_size(gaps) -> Results:
    """Ten runs of each size that end so many points better on the training set, but for chance.

    Testing accuracy is that of `accuracy_of`; each size is right on ten test images more.
    """
    gained = [0.2, 0.1, 0.06, 0.04, 0.03, 0.02, 0.01]
    labels, apart = np.arange(500) % 10, 1e4 * APART / 1e2
    spread = np.arange(8, 0, -1) / 1e4  # from the lowest to the highest run
    tested = accuracy_of(*gained)
    tested += spread[:, None] * np.roll(APART, 1) / np.ptp(APART)
    made = {}
    for place, (experiment, gap) in enumerate(zip(q06.BY_SIZE.values(), gaps, strict=True)):
        answers = np.tile(labels, (10, 1))
        answers[:, : 80 - 10 * place] = 9 - answers[:, : 80 - 10 * place]
        runs = tiny.runs(
            val_accuracy=np.repeat(tested[place][:, None], 10, axis=1),
            accuracy=np.full((10, 10), tested[place].mean() - 0.01),
            after_accuracy=tested[place] + (gap + np.roll(apart, place)) / 100,
            predictions=answers,
            val_loss=np.tile(np.linspace(1, 0.1, 10), (10, 1)),
        )
        made[experiment] = Runs(experiment, runs.records)
    return Results(made, {"mnist": Excerpt(labels, labels, np.array([], int), Path())})


GAPS = [0, 0.2, 0.5, 0.9, 1.5, 2.5, 2.2, 2]


def test_numbers_are_of_the_sizes_and_of_the_accuracy_that_they_name():
    found = q06.numbers(by_size(GAPS))
    expected = {
        "test_2": 0.1,
        "test_32": 0.5,
        "test_256": 0.56,
        "train_2": 0.09,
        "trained_256": 0.58,
        "gap_64": 2.5,
        "gap_256": 2,
        "spread_2": 0.08,
        "spread_256": 0.01,
        "gain_4": 20,
        "gain_256": 1,
        "removed_4": 20 / 90,
        "removed_256": 1 / 45,
        "last_gain": 1,
        "trained_rise": 2.5,
        "test_rise": 3,
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-3)


def holding(gaps) -> dict[str, bool]:
    return {claim.name: claim.holds for claim in q06.claims(by_size(gaps))}


def test_a_gap_that_grows_from_none_and_shrinks_again_is_told_from_others():
    assert holding(GAPS)["gap"] and holding(GAPS)["apart"]
    assert not holding([0.3, *GAPS[1:]])["gap"]  # not none with two
    assert not holding([*GAPS[:-1], 2.7])["gap"]  # larger again
    assert not holding([*GAPS[:4], 0.9, *GAPS[5:]])["apart"]


def test_the_largest_networks_error_rises_from_the_others_best_epoch_and_is_set_beside_the_next():
    epochs = np.full((2, 10), 9.0)
    largest, next_ones = epochs.copy(), epochs.copy()
    # The first is best after epoch 5, the second after epoch 3; each rises from the other's.
    largest[:, 4], largest[:, 2], largest[:, -1] = [1, 3], [1.5, 2], [4.5, 7]
    next_ones[:, 6], next_ones[:, -1] = [3, 6], [5.5, 10]
    runs = {256: tiny.runs(val_loss=largest), 128: tiny.runs(val_loss=next_ones)}
    results = Results({q06.BY_SIZE[size]: found for size, found in runs.items()})
    assert q06._since_best(results) == pytest.approx(tuple(estimate(np.array([3, 4]))))
    assert q06._less_error(results) == pytest.approx(tuple(estimate(np.array([1, 3]))))
    at_best = estimate(np.array([3 - 1.5, 6 - 3]))
    assert q06._less_error_at_best(results) == pytest.approx(tuple(at_best))


def test_the_largest_networks_gain_accuracy_after_the_epoch_of_the_lowest_error():
    accuracy = np.full((2, 10), 0.5)
    accuracy[:, q06.BEST_EPOCH - 1], accuracy[:, -1] = 0.9, [0.91, 0.93]
    runs = tiny.runs(val_accuracy=accuracy)
    found = q06._late_accuracy(Results({q06.BY_SIZE[256]: runs}))
    assert found == pytest.approx(tuple(estimate(np.array([1, 3]))))
