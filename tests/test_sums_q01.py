"""Question 1's sums and claims, and those of first epochs, on made-up runs."""

import numpy as np
import pytest
import tiny

from analysis import levels, statistics, style

#: Steps of an epoch of the tiny data set's 300 images, 32 a step.
WHOLE = 10


def early_and_whole():
    """Two runs looked into after steps 1 and 4, and the same for two epochs.

    Output 0 is silent throughout, 1 is pulled up at once, 2 later; 3 falls at step 4, 4 in the
    rest of the epoch, 5 falls and comes back; of the second run 6 falls in the second epoch.
    """
    silent = np.zeros((2, 5, 10), bool)  # before, after steps 1, 4 and 10, and in the end
    silent[0, :, 0] = silent[0, 0, 1] = silent[0, :4, 2] = True
    silent[0, 2:, 3] = silent[0, 3:, 4] = silent[0, 1:3, 5] = True
    silent[1, 4, 6] = True
    own = np.where(silent, 0.049, 0.05)
    early = tiny.runs(
        {"activity_at": (1, 4)},
        before_own=own[:, 0],
        own=own[:, 3:4],
        loss=[[0.3], [0.4]],
    )
    for record, within in zip(early.records, own[:, 1:3], strict=True):
        record["within"] = {"own": within.tolist()}
    whole = tiny.runs(
        before_own=own[:, 0], own=own[:, 3:], loss=[[0.3, 0.2], [0.4, 0.1]], others=own[:, 3:]
    )
    return early, whole


def test_outputs_are_followed_from_before_training_to_the_end():
    early, whole = early_and_whole()
    found = levels.first_epoch(early, whole)
    assert found.steps == (0, 1, 4, WHOLE)
    assert found.silent.sum(axis=(0, 2)).tolist() == [3, 3, 4, 4]
    assert found.falls.tolist() == [1, 1, 1]
    assert found.rises.tolist() == [1, 0, 1]
    assert found.numbers() == {
        "start_silent": 3,
        "pulled_up": 2,
        "stayed_silent": 1,
        "fell": 3,
        "end_silent": 4,
        "most_silent": 4,
        "most_silent_step": 4,
        "last_fall_from": 4,
        "last_fall_by": WHOLE,
    }


def test_an_output_seen_to_fall_at_no_count_has_no_place_in_the_last_fall():
    early, whole = early_and_whole()
    for record in early.records:
        record["history"]["own"] = record["within"]["own"][1:]
    assert levels.first_epoch(early, whole).last_fall == (1, 4)


def test_a_beginning_is_the_same_to_the_last_digit_or_not():
    early, whole = early_and_whole()
    for record in early.records:
        record["history"]["others"] = record["history"]["own"]
    for name in ("accuracy", "val_loss", "val_accuracy"):
        for one, other in zip(early.records, whole.records, strict=True):
            one["history"][name] = other["history"][name][:1]
    assert levels.same_beginning(early, whole).is_met
    early.records[1]["history"]["val_loss"] = [0.123]
    found = levels.same_beginning(early, whole)
    assert not found.is_met
    assert found.measured.endswith("differ 1")


def test_bars_stack_outputs_by_how_they_started():
    found = levels.first_epoch(*early_and_whole())
    with style.drawing(style.LIGHT):
        ax = levels.first_epoch_figure({"one": found, "two": found}).axes[1]
    started, heard = ax.containers
    assert [bar.get_height() for bar in started] == [3, 2, 2, 2, 1]
    assert [bar.get_height() for bar in heard] == [0, 1, 2, 2, 3]
    assert [bar.get_y() for bar in heard] == [3, 2, 2, 2, 1]
    assert [text.get_text() for text in ax.texts] == ["3", "3", "4", "4", "4"]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["none", "1", "4", "10", "all"]
    assert ax.get_title(loc="left") == "two"


@pytest.mark.parametrize("name", ["loss", "own"])
def test_other_beginnings_are_noticed_in_any_value(name):
    early, _ = early_and_whole()
    assert levels.same_beginning(early, early).is_met
    _, whole = early_and_whole()
    whole.records[0]["history"][name][0] = np.full_like(whole.records[0]["history"][name][0], 0.7)
    assert not levels.same_beginning(early, whole).is_met


def test_variance_that_is_the_rows_the_columns_or_how_they_meet_is_found_apart():
    rows, columns = np.array([[0.0], [1], [2], [4]]), np.array([[0.0, 5, 1]])
    meeting = np.array([[1.0, -1, 0], [-1, 1, 0], [0, 1, -1], [0, -1, 1]])
    shares = statistics._variance_shares(np.stack([rows + 0 * columns, columns + 0 * rows]))
    np.testing.assert_allclose(shares, [[1, 0], [0, 1], [0, 0]], atol=1e-12)
    # Mean squares by hand: rows 3 × 8.75 / 3, columns 4 × 14 / 2, the rest 8 / 6.
    found = statistics._variance_shares(rows + columns + meeting)
    parts = np.array([(8.75 - 8 / 6) / 3, (28 - 8 / 6) / 4, 8 / 6])
    np.testing.assert_allclose(found, parts / parts.sum())


def test_what_rows_and_columns_do_not_explain_is_theirs_together():
    table = np.array([[1.0, 0], [0, 1], [1, 0], [0, 1]])  # no row and no column stands out
    np.testing.assert_allclose(statistics._variance_shares(table), [0, 0, 1])


def test_shares_of_variance_have_intervals_that_hold_them():
    random = np.random.default_rng(1)
    table = random.normal(size=(20, 1)) + random.normal(size=(20, 10))
    rows, columns, both = statistics.variance_shares(table)
    assert 0 < rows.low < rows.mean < rows.high < 1
    assert 0 < both.low < both.mean < both.high < 1
    assert rows.mean + columns + both.mean == pytest.approx(1)
    assert statistics.variance_shares(table)[0] == rows


def test_rank_correlation_is_that_of_the_ranks_with_a_wide_interval():
    a = np.array([1.0, 2, 3, 4, 5, 6])
    (rho, low, high), p = statistics.rank_correlation(a, a**3 * [1, 1, 1, 1, 1, 0.1])
    # Ranks 1 2 4 5 6 3 against 1 to 6: 1 - 6 × 12 / (6 × 35).
    assert rho == pytest.approx(1 - 72 / 210)
    half = 1.959964 / np.sqrt(3)
    assert (low, high) == pytest.approx(
        (np.tanh(np.arctanh(rho) - half), np.tanh(np.arctanh(rho) + half))
    )
    assert 0.1 < p < 0.2
