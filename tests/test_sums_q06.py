"""What question 6 computes of its results, against made-up ones counted by hand."""

import numpy as np
import pytest

from analysis.questions import q06
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
