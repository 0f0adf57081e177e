"""Criteria of claims: each is met on its own side of its bound only, and says what it needs."""

import numpy as np
import pytest

from analysis.claims import (
    Claim,
    Criterion,
    above,
    as_often,
    at_least,
    at_most,
    below,
    exactly,
    less_than,
    more_often,
    more_than,
    undecided,
    within,
)
from analysis.statistics import Estimate

MET, UNMET = (Criterion("a", "b", is_met) for is_met in (True, False))


@pytest.mark.parametrize(
    "criterion, bound, met",
    [
        (at_least, 2, [False, True, True]),
        (at_most, 2, [True, True, False]),
        (more_than, 2, [False, False, True]),
        (less_than, 2, [True, False, False]),
        (exactly, 2, [False, True, False]),
    ],
)
def test_a_value_is_compared_with_its_bound(criterion, bound, met):
    assert [criterion("runs", value, bound).is_met for value in (1, 2, 3)] == met


def test_words_of_a_value_have_its_form():
    made = at_most("runs at chance", 0.125, 0.5, ".1%")
    assert (made.needed, made.measured) == (
        "runs at chance at most 50.0%",
        "runs at chance 12.5%",
    )


@pytest.mark.parametrize(
    "low, high, met",
    [
        (0.1, 0.3, [True, False, False]),
        (-0.3, -0.1, [False, True, False]),
        (-0.1, 0.2, [False, False, True]),
        (0.0, 0.2, [False, False, True]),
        (-0.2, 0.0, [False, False, True]),
    ],
)
def test_an_interval_lies_above_below_or_around_zero(low, high, met):
    measured = Estimate((low + high) / 2, low, high)
    assert [kind("gain", measured).is_met for kind in (above, below, undecided)] == met


def test_an_interval_is_compared_with_other_bounds():
    measured = Estimate(2.0, 1.0, 3.0)
    assert [above("gain", measured, bound).is_met for bound in (0.5, 1.0, 1.5)] == [1, 0, 0]
    assert [below("gain", measured, bound).is_met for bound in (2.5, 3.0, 3.5)] == [0, 0, 1]
    ends = [(1, 3), (1.5, 3), (1, 2.5), (0, 4)]
    assert [within("gain", measured, *pair).is_met for pair in ends] == [1, 0, 0, 1]


def test_words_of_an_interval_have_its_form():
    made = above("points", Estimate(1.0, 0.5, 1.5), form="+.1f")
    assert made.needed == "the whole interval above 0"
    assert made.measured == "points +1.0 (+0.5 to +1.5)"


def test_an_interval_that_is_not_a_number_meets_nothing():
    unknown = Estimate(*[float("nan")] * 3)
    criteria = [above("", unknown), below("", unknown), undecided("", unknown)]
    assert not any(criterion.is_met for criterion in [*criteria, within("", unknown, -1, 1)])


def pairs(only_ours, only_theirs, both=3):
    """Runs of which so many are true of one side only, or of both; of two of neither."""
    shares = np.repeat([[1, 0], [0, 1], [1, 1], [0, 0]], [only_ours, only_theirs, both, 2], axis=0)
    return shares.astype(bool).T


@pytest.mark.parametrize(
    "only_ours, only_theirs, more, alike",
    [(6, 0, True, False), (5, 0, False, True), (0, 6, False, False), (9, 2, False, True)],
)
def test_rates_are_told_apart_by_the_pairs_that_differ(only_ours, only_theirs, more, alike):
    # Of six pairs all one way by chance: 2 / 2**6 = 0.03, of five 0.06, and 9 against 2 0.065.
    ours, theirs = pairs(only_ours, only_theirs)
    assert more_often("stuck", ours, theirs).is_met is more
    assert as_often("stuck", ours, theirs).is_met is alike


def test_words_of_two_rates_tell_the_pairs():
    made = more_often("stuck", *pairs(9, 2))
    assert made.measured == "stuck 12 of 16 against 5; 9 only here, 2 only there, p = 0.065"


@pytest.mark.parametrize("criteria, holds", [([MET], 1), ([MET, UNMET], 0), ([UNMET, MET], 0)])
def test_a_claim_holds_if_all_its_criteria_are_met(criteria, holds):
    assert Claim("few", "Some runs stick.", *criteria).holds == holds


def test_a_claim_is_told_with_each_need_once():
    claim = Claim("few", "Some stick.", *[at_most("runs", n, 3) for n in (1, 2)])
    assert claim.described() == {
        "name": "few",
        "sentence": "Some stick.",
        "needed": "runs at most 3",
        "measured": "runs 1; runs 2",
        "holds": True,
    }


def test_a_claim_needs_a_criterion():
    with pytest.raises(ValueError, match="'few' has no criterion"):
        Claim("few", "Some runs stick.")


def test_what_is_met_is_pythons_own_bool():
    assert type(at_least("runs", np.int64(3), 2).is_met) is bool
