"""Intervals, counts and votes against values known from elsewhere or worked out by hand."""

import numpy as np
import pytest

from analysis import statistics


def test_t_interval_of_ten_runs_reaches_715_thousandths_of_their_deviation():
    values = np.random.default_rng(0).normal(size=10)
    _, low, high = statistics.estimate(values)
    assert (low + high) / 2 == pytest.approx(values.mean())
    assert (high - low) / 2 == pytest.approx(0.7154 * values.std(ddof=1), rel=1e-3)


def test_t_interval_of_three_runs_is_as_worked_out_by_hand():
    # 4.3027: the 97.5% point with two degrees of freedom; 1: the deviation of 1, 2 and 3.
    half = 4.3027 / 3**0.5
    assert statistics.estimate(np.array([1.0, 3.0, 2.0])) == pytest.approx(
        (2, 2 - half, 2 + half), abs=1e-4
    )
    assert statistics.estimate(np.array([0.5, 0.5])) == (0.5, 0.5, 0.5)


@pytest.mark.parametrize("n", [0, 1])
def test_t_interval_needs_two_runs(n):
    with pytest.raises(ValueError, match=f"two runs; got {n}"):
        statistics.estimate(np.ones(n))


def test_an_estimate_is_a_mean_with_its_interval_in_any_unit():
    found = statistics.estimate(np.array([1.0, 3.0, 2.0]))
    half = 4.3027 / 3**0.5
    assert found == pytest.approx((2, 2 - half, 2 + half), abs=1e-4)
    assert found.times(100) == pytest.approx((200, 200 - 100 * half, 200 + 100 * half), abs=1e-2)


@pytest.mark.parametrize(
    "count, n, low, high",
    [
        # Newcombe 1998, table I
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (29, 29, 0.8830, 1.0000),
    ],
)
def test_a_rate_is_a_share_with_wilsons_interval_as_published(count, n, low, high):
    found = statistics.rate(np.repeat([True, False], [count, n - count]))
    assert found == pytest.approx((count / n, low, high), abs=6e-5)


def test_a_difference_is_of_the_seeds_that_both_have():
    ours, theirs = np.array([5.0, 7.0, 6.0, 99.0]), np.array([4.0, 4.0, 4.0])
    half = 4.3027 / 3**0.5
    assert statistics.difference(ours, theirs) == pytest.approx((2, 2 - half, 2 + half), abs=1e-4)
    found = statistics.difference(theirs, ours)
    assert found == pytest.approx((-2, -2 - half, -2 + half), abs=1e-4)


@pytest.mark.parametrize(
    "only_ours, only_theirs, p",
    [(0, 0, 1), (1, 0, 1), (5, 0, 2 / 32), (0, 6, 2 / 64), (2, 1, 1), (9, 2, 2 * 67 / 2048)],
)
def test_two_rates_are_compared_by_the_pairs_that_differ(only_ours, only_theirs, p):
    ours, theirs = np.repeat(
        [[True, False], [False, True], [True, True]], [only_ours, only_theirs, 4], axis=0
    ).T
    assert statistics.paired_p(ours, theirs) == pytest.approx(p)


def test_holm_raises_each_p_by_the_number_of_those_not_below_it():
    # Worked out by hand: .01 × 4, .02 × 3, .03 × 2 but no less than before it, .9.
    assert statistics.holm([0.03, 0.01, 0.9, 0.02]) == pytest.approx([0.06, 0.04, 0.9, 0.06])
    assert statistics.holm([0.6, 0.7]) == [1.0, 1.0]


def test_holm_takes_no_p_that_is_not_a_number():
    with pytest.raises(ValueError, match="not numbers"):
        statistics.holm([0.01, float("nan")])


def test_confusion_has_predicted_rows_and_actual_columns():
    matrix = statistics.confusion(np.array([1, 1, 9, 0]), np.array([1, 2, 9, 9]))
    assert matrix[1, 1] == matrix[1, 2] == matrix[9, 9] == matrix[0, 9] == 1
    assert matrix.sum() == 4
    assert np.trace(matrix) == 2


def test_confusion_counts_as_many_answers_as_there_are():
    labels = np.full(60_000, 7, np.uint8)
    assert statistics.confusion(np.full((10, 60_000), 2, np.uint8), labels)[2, 7] == 600_000


def test_confusion_adds_up_several_runs():
    labels = np.array([3, 4])
    matrix = statistics.confusion(np.array([[3, 3], [3, 4], [5, 4]]), labels)
    assert matrix.sum() == 6
    assert (matrix[3, 3], matrix[3, 4], matrix[4, 4], matrix[5, 3]) == (2, 1, 2, 1)


def test_recall_is_a_share_of_a_categorys_images_not_of_the_answers_that_name_it():
    labels = np.array([0, 0, 0, 0, *range(1, 10)])
    answers = np.array([[0, 0, 0, 1, *range(1, 10)], [0, 0, 9, 1, *range(1, 9), 0]])
    found = statistics.recall(answers, labels)
    assert found.tolist() == [[0.75, *[1] * 9], [0.5, *[1] * 8, 0]]


def test_equal_differences_have_an_interval_of_no_width():
    assert statistics.difference(np.array([3.0, 4.0]), np.array([1.0, 2.0])) == (2.0, 2.0, 2.0)


def outputs(*probabilities):
    """Outputs of networks for one image: each says categories 0, 1 and 2 with these."""
    return np.array([[[*rest, *[0.0] * 7]] for rest in probabilities])


def test_vote_weighs_each_network_by_its_certainty():
    unsure, sure = (0.6, 0.3, 0.1), (0.0, 0.9, 0.1)
    assert statistics.vote(outputs(unsure, unsure, sure)).tolist() == [1]
    assert statistics.vote(outputs(*[unsure] * 4, sure)).tolist() == [0]


def test_every_choice_of_networks_votes_once():
    zero, one = (1.0, 0.0, 0.0), (0.0, 0.9, 0.1)
    answers = [answer.tolist() for answer in statistics.votes_of(2, outputs(zero, one, one))]
    assert sorted(answers) == [[0], [0], [1]]
    assert len(list(statistics.votes_of(3, outputs(zero, one, one)))) == 1


def test_reliability_is_how_often_answers_so_sure_are_right():
    # Two networks, four images of categories 0, 1, 2, 0.
    said = np.zeros((2, 4, 10))
    said[0, range(4), [0, 1, 1, 0]] = [0.95, 0.62, 0.68, 1.0]
    said[1, range(4), [0, 2, 2, 0]] = [0.91, 0.64, 0.66, 0.35]
    sure, right, counts = statistics.reliability(said, np.array([0, 1, 2, 0]))
    assert counts.tolist() == [0, 0, 0, 1, 0, 0, 4, 0, 0, 3]
    np.testing.assert_allclose(right[[3, 6, 9]], [1, 2 / 4, 1])
    np.testing.assert_allclose(sure[[3, 6, 9]], [0.35, 0.65, (0.95 + 1 + 0.91) / 3])
    assert np.isnan(sure[0]) and np.isnan(right[0])
    gaps = [0.65 * 1, abs(0.65 - 0.5) * 4, (1 - 2.86 / 3) * 3]
    error = statistics.calibration_error(said, np.array([0, 1, 2, 0]))
    assert error == pytest.approx(sum(gaps) / 8)


@pytest.mark.parametrize("bins, expected", [(2, [2, 5]), (4, [0, 2, 1, 4]), (10, None)])
def test_reliability_has_bins_of_equal_width_with_their_lower_ends(bins, expected):
    largest = [0.3, 0.4, 0.5, 0.75, 0.8, 0.99, 1.0]
    said = np.zeros((7, 10))
    said[range(7), 3] = largest
    sure, right, counts = statistics.reliability(said, np.full(7, 3), bins)
    assert len(sure) == len(right) == len(counts) == bins
    if expected:
        assert counts.tolist() == expected
    np.testing.assert_array_equal(right[counts > 0], 1)
    assert np.nansum(sure * counts) == pytest.approx(sum(largest))


def test_calibration_error_is_the_gap_whichever_side_it_is_on():
    said = np.zeros((4, 10))
    said[:, 0] = 0.75
    for labels, error in (([0, 0, 0, 1], 0), ([0, 0, 0, 0], 0.25), ([0, 1, 1, 1], 0.5)):
        assert statistics.calibration_error(said, np.array(labels)) == pytest.approx(error)


def test_p_of_a_difference_is_below_a_twentieth_where_its_interval_leaves_out_zero():
    random = np.random.default_rng(2)
    for shift in np.linspace(0, 1.5, 30):
        ours, theirs = random.normal(shift, 1, 8), random.normal(0, 1, 6)
        p = statistics.difference_p(ours, theirs)
        _, low, high = statistics.difference(ours, theirs)
        assert (p < 0.05) == (low > 0 or high < 0)


@pytest.mark.parametrize("shift, p", [(0, 1), (0.5, 0)])
def test_p_of_differences_that_are_all_alike_is_certain(shift, p):
    values = np.array([1.0, 2.0, 4.0])
    assert statistics.difference_p(values + shift, values) == p


def test_p_of_a_difference_of_three_pairs_is_as_worked_out_by_hand():
    # 2 and 1 of deviation: t = 2√3, with two degrees of freedom p = 1 - t / √(t² + 2).
    ours, theirs = np.array([2.0, 5.0, 9.0]), np.array([1.0, 3.0, 6.0])
    assert statistics.difference_p(ours, theirs) == pytest.approx(1 - (12 / 14) ** 0.5)
    assert statistics.difference_p(theirs, ours) == pytest.approx(1 - (12 / 14) ** 0.5)
