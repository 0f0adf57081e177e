"""Forms of numbers, ranges and missing values."""

import numpy as np
import pytest

from analysis import forms

VALUES = np.array([3, 1, 2])


@pytest.mark.parametrize(
    "value, spec, text",
    [
        (1598, "", "1,598"),
        (np.int64(1598), "", "1,598"),
        (1598, "d", "1598"),
        (0.25, ".1%", "25.0%"),
        (-0.25, "+.1f", "−0.2"),
        (-3, "", "−3"),
        (-0.004, "+.2f", "0.00"),
        (0.004, "+.2f", "0.00"),
        (-0.006, "+.2f", "−0.01"),
        (-0.004, ".0%", "0%"),
        (-20, "", "−20"),
        ("784-32-10", "", "784-32-10"),
    ],
)
def test_numbers_have_groups_of_three_digits_and_minus_signs(value, spec, text):
    assert forms.number(value, spec) == text


def test_mean_of_no_runs_is_missing():
    assert forms.mean(VALUES, ".1f") == "2.0"
    assert forms.mean(VALUES[:0], ".1f") == "–"


def test_ranges_name_both_ends():
    assert forms.interval(-0.5, 0.25, "+.0%") == "−50% to +25%"
    assert forms.extent(VALUES, ".1f") == "1.0 to 3.0"
    assert forms.counts(VALUES) == "1\N{NO-BREAK SPACE}…\N{NO-BREAK SPACE}3"


@pytest.mark.parametrize(
    "seeds, text",
    [
        (range(100), "0–99"),
        ((0, 1, 2, 3, 4, 9), "0–4, 9"),
        ((9, 2, 0, 1, 8, 5), "0–2, 5, 8–9"),
        ((7,), "7"),
    ],
)
def test_seeds_are_named_from_where_to_where_they_follow_one_another(seeds, text):
    assert forms.seeds(seeds) == text
    assert forms.seeds(seeds, " to ") == text.replace("–", " to ")


def test_intervals_stand_beside_their_mean():
    assert forms.with_half_width(0.73, 0.70, 0.76, ".1%") == "73.0 ± 3.0%"
    assert forms.with_half_width(-1.2, -1.5, -0.9, "+.2f") == "−1.20 ± 0.30"
    assert forms.points(-1.234, -2, 0.5) == "−1.23 (−2.00 to +0.50)"


def test_p_values_that_are_very_small_are_only_bounded():
    assert [forms.p_value(p) for p in (1, 0.0456, 0.001, 0.00099)] == [
        "1.000",
        "0.046",
        "0.001",
        "< 0.001",
    ]


@pytest.mark.parametrize("p", [float("nan"), -0.01, 1.01])
def test_what_is_no_p_value_is_refused_rather_than_called_very_small(p):
    with pytest.raises(ValueError, match="no p-value: "):
        forms.p_value(p)


def test_runs_are_named_by_their_silent_outputs():
    named = [forms.silent(digits) for digits in ([], [4], [0, 7])]
    assert named == ["no output silent", "output 4 silent", "outputs 0, 7 silent"]


def test_a_label_that_was_broken_becomes_one_line():
    assert forms.one_line("softmax,\ncross-\nentropy  (question 5)") == (
        "softmax, cross-entropy (question 5)"
    )
