"""Question 1's sums and claims, and those of first epochs, on made-up runs."""

import itertools
from pathlib import Path

import numpy as np
import pytest
import tiny

from analysis import levels, levels_figures, statistics, style
from analysis.excerpts import Excerpt
from analysis.loaded import Results
from analysis.questions import q01, walkthrough
from analysis.results import Runs

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
        ax = levels_figures.first_epoch({"one": found, "two": found}).axes[1]
    started, heard = ax.containers
    assert [bar.get_height() for bar in started] == [3, 2, 2, 2, 1]
    assert [bar.get_height() for bar in heard] == [0, 1, 2, 2, 3]
    assert [bar.get_y() for bar in heard] == [3, 2, 2, 2, 1]
    assert [text.get_text() for text in ax.texts] == ["3", "3", "4", "4", "4"]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["none", "1", "4", "10", "all"]
    assert ax.get_title(loc="left") == "two"


@pytest.mark.parametrize("name", ["loss", "accuracy", "val_loss", "val_accuracy", "own", "others"])
def test_other_beginnings_are_noticed_in_any_value(name):
    early, _ = early_and_whole()
    assert levels.same_beginning(early, early).is_met
    other, _ = early_and_whole()
    history = other.records[0]["history"]
    history[name] = np.full_like(history[name], 0.123)
    assert not levels.same_beginning(early, other).is_met


def test_other_beginnings_are_noticed_before_training():
    early, other = early_and_whole()[0], early_and_whole()[0]
    other.records[0]["before"]["own"][3] = 0.123
    found = levels.same_beginning(early, other)
    assert not found.is_met
    assert found.measured.endswith("differ 1")


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
    half = 1.959964 * np.sqrt((1 + rho**2 / 2) / 3)
    assert (low, high) == pytest.approx(
        (np.tanh(np.arctanh(rho) - half), np.tanh(np.arctanh(rho) + half))
    )
    # Of the 720 ways to pair six ranks those whose squared differences sum to 12 or less, or to
    # 58 or more.
    ranks = np.array(list(itertools.permutations(range(6))))
    squares = ((ranks - np.arange(6)) ** 2).sum(axis=1)
    assert p == pytest.approx(np.mean((squares <= 12) | (squares >= 58)))
    assert statistics.rank_correlation(a, a)[0] == (1, 1, 1)
    nine = np.arange(9)  # whose ranks, rounded, correlate with themselves by 1 + 2e-16
    assert statistics.rank_correlation(nine, nine)[0] == (1, 1, 1)
    assert statistics.rank_correlation(nine, -nine)[0] == (-1, -1, -1)


def of_the_sheet(**values) -> Runs:
    """Made-up runs as those of question 1's first experiment."""
    return Runs(q01.SHEET, tiny.runs(**values).records)


def with_silent(*counts, **values) -> Runs:
    """A run for each number of silent outputs."""
    own = np.ones((len(counts), 1, 10))
    for run, count in enumerate(counts):
        own[run, :, :count] = 0
    return of_the_sheet(own=own, **values)


def test_a_level_is_as_far_from_the_next_as_the_line_through_all_runs_rises():
    runs = with_silent(0, 0, 1, 2, after_loss=[0.01, 0.03, 0.05, 0.08])
    # Least squares by hand: mean of the numbers 3/4, of the errors .0425.
    slope = (2 * -0.75 * -0.0225 + 0.25 * 0.0075 + 1.25 * 0.0375) / (2 * 0.5625 + 0.0625 + 1.5625)
    mean, low, high = q01._level_step(runs)
    assert mean == pytest.approx(slope)
    left = [0.01, 0.03, 0.05, 0.08] - (0.0425 + slope * (np.array([0, 0, 1, 2]) - 0.75))
    half = 4.302653 * np.sqrt(np.sum(left**2) / 2 / 2.75)  # Student's t with two left over
    assert (low, high) == pytest.approx((slope - half, slope + half), rel=1e-5)


@pytest.mark.parametrize(
    "values, room",
    [
        ([1, 2, 4, 5, 9], 2),
        ([1, 2, 4, 5, 6], 1),
        ([1, 5, 4, 6, 9], -1),
        ([1, 2, 4, 5, np.nan], np.nan),  # where one diverged there may be none
    ],
)
def test_groups_have_the_least_room_between_any_two_that_follow(values, room):
    found = levels.room(with_silent(0, 0, 1, 1, 3), np.array(values))
    assert found == pytest.approx(room, nan_ok=True)


def test_the_order_decides_where_it_costs_some_runs_an_output_and_others_none():
    by_weights = np.array([[0, 0, 0], [1, 2, 1], [0, 0, 3], [1, 0, 1], [1, 1, 1]])
    assert q01._decided_by_order(by_weights) == 2


def test_orders_differ_if_one_is_the_best_of_most_weights():
    alike = np.array([[0, 1, 2], [2, 1, 0]] * 5)
    unlike = np.array([[0, 1, 2], [0, 2, 1]] * 5)
    assert q01._difference_of_orders(alike) == pytest.approx(1)
    assert q01._difference_of_orders(unlike) < 0.01


def test_bands_hold_each_output_once_and_their_lower_ends():
    own = np.array([[0, 0.049, 0.05, 0.39, 0.4, 0.99, 1, 0.2, 0.2, 0.2]])
    runs = of_the_sheet(before_own=own)
    found = [np.flatnonzero(q01._in_band(runs, *band)).tolist() for band in q01.BANDS]
    assert found == [[0, 1], [2, 3, 7, 8, 9], [4, 5, 6]]


def test_the_table_of_starts_counts_outputs_by_where_they_fire():
    start, others = np.full((2, 10), 0.5), np.full((2, 10), 0.5)  # as much is not more
    start[0, :3], others[0, 0] = 0.1, 0.0
    own = np.ones((2, 1, 10))
    own[0, 0, 1] = own[1, 0, 9] = 0
    start[1, 0] = 0.0
    rows = q01._table_of_starts(of_the_sheet(own=own, before_own=start, before_others=others))
    assert rows[1:] == [
        ["0% to 5%", "0 of 1", "0.0%", "0 of 1", "0 of 0"],
        ["5% to 40%", "1 of 3", "33.3%", "1 of 2", "0 of 1"],
        ["40% to 100%", "1 of 16", "6.2%", "0 of 0", "1 of 16"],
    ]


LABELS = np.repeat(np.arange(10), 2).astype(np.uint8)


def results_with(runs: Runs, train_labels=LABELS, means=None) -> Results:
    excerpt = Excerpt(train_labels, LABELS, np.array([], int), Path(), means)
    return Results({q01.SHEET: runs}, {"mnist": excerpt})


def test_zeros_are_right_as_a_share_of_the_images_of_a_0():
    predictions = np.tile(LABELS, (2, 1))
    predictions[1, 0], predictions[1, 5:9] = 6, 0  # others taken for a 0 do not count
    found = q01._zeros_right(results_with(of_the_sheet(predictions=predictions)))
    assert found.tolist() == [1, 0.5]


def test_outputs_are_even_over_digits_or_not():
    even, uneven = np.eye(10, dtype=bool), np.zeros((20, 10), bool)
    uneven[:, 3] = True
    assert q01._evenness(even) == pytest.approx(1)
    assert q01._evenness(uneven) < 1e-6
    assert q01._more_than_the_mean(np.vstack([uneven, even])) == "3"


def test_properties_of_digits_are_as_counted_by_hand():
    predictions = np.tile(LABELS, (3, 1))
    predictions[0, :2] = 7  # both zeros of a network taken for a 7
    predictions[1, 2] = 7
    predictions[2] = 5  # of a network with a silent output, which does not count
    means = np.zeros((10, 2, 5), np.uint8)
    means.reshape(10, 10)[np.arange(10), np.arange(10)] = 10  # no two digits share a pixel …
    means[4, 0, :2] = [30, 40]  # … but this one with 0 and 1
    train_labels = np.repeat(np.arange(10), np.arange(1, 11)).astype(np.uint8)
    runs = with_silent(0, 0, 2, predictions=predictions)
    found = q01._properties(results_with(runs, train_labels, means))
    assert found["images"].tolist() == list(range(1, 11))
    assert found["missed"].tolist() == [0.5, 0.25, *[0] * 8]
    assert found["mistaken"].tolist() == [*[0] * 7, 3 / 36, 0, 0]
    assert found["ink"].tolist() == [1, 1, 1, 1, 8, *[1] * 5]
    length = np.sqrt(30**2 + 40**2 + 10**2)
    nearest = np.zeros(10)
    nearest[[0, 1, 4]] = 30 / length, 40 / length, 40 / length
    np.testing.assert_allclose(found["likeness"], nearest, atol=1e-12)


def test_correlations_of_digits_are_with_those_that_end_silent_and_raised_together():
    own = np.ones((9, 2, 10))
    for digit in range(10):
        own[:digit, 1, digit] = 0  # of the digit 9 all nine runs'
    own[:, 0] = 0  # after the first epoch, which does not count
    order = np.arange(10) + 1.0
    results = results_with(of_the_sheet(own=own))
    # Asked for once, they are kept.
    results.computed[q01._properties.__wrapped__, ()] = {
        "images": order,
        "ink": -order,
        "likeness": np.array([1, 2, 1, 2, 1, 2, 1, 2, 2, 1]),
    }
    found = q01._correlations(results)
    assert found["images"][0].mean == pytest.approx(1)
    assert found["ink"][0].mean == pytest.approx(-1)
    rho, p = found["likeness"]
    assert rho.low < 0 < rho.high
    assert p > 0.5


def test_firing_is_the_mean_of_a_runs_outputs_at_each_step():
    own = np.arange(20).reshape(2, 10) / 20
    runs = tiny.runs(before_own=own)
    for record, start in zip(runs.records, own, strict=True):
        record["within"] = {"own": [(start / step).tolist() for step in q01.STEPS]}
    found = q01._firing(Results({q01.FIRST_EPOCH: Runs(q01.FIRST_EPOCH, runs.records)}), "own")
    assert list(found) == [0, *q01.STEPS]
    np.testing.assert_allclose(found[0], [4.5 / 20, 14.5 / 20])
    np.testing.assert_allclose(found[10], [4.5 / 200, 14.5 / 200])


def test_a_start_is_counted_by_any_limit():
    start = np.full((1, 10), 0.5)
    start[0, :4] = [0.0, 0.009, 0.01, 0.19]
    own = np.ones((1, 1, 10))
    own[0, 0, [1, 2, 3, 9]] = 0
    results = results_with(of_the_sheet(own=own, before_own=start))
    assert [q01._stayed_below(results, limit) for limit in (0.01, 0.2)] == [1, 3]


def test_gains_are_testing_minus_training_after_each_epoch():
    runs = tiny.runs(accuracy=[[0.5, 0.8]], val_accuracy=[[0.75, 0.7]])
    np.testing.assert_allclose(walkthrough._gains(runs, "accuracy"), [0.25, -0.1])


def test_digits_are_mixed_up_either_way():
    matrix = np.zeros((10, 10), int)
    matrix[2, 2] = 90
    matrix[3, 5], matrix[4, 9], matrix[9, 4] = 5, 3, 4
    assert walkthrough._most_mixed(matrix)[:2] == [(4, 9), (3, 5)]


def followed(**kinds) -> Results:
    """Forty runs, of each of which some outputs start or end silent; see `KINDS`.

    Parameters
    ----------
    **kinds : int
        Outputs of each kind in each run.
    """
    names = [name for name, number in kinds.items() for _ in range(number)]
    names += ["heard"] * (10 - len(names))
    start, end = (np.array([KINDS[name][place] for name in names]) for place in (0, 1))
    # Shares of images differ a little by run and output, so that intervals have a width.
    heard = 0.96 + np.arange(400).reshape(40, 10) / 1e4
    before, after = np.where(start, 0.0, heard), np.where(end, 0.0, heard)
    before[:, 8:] = 0.2, 0.3
    steps = np.linspace(before, after, 2 + len(q01.STEPS))[1:-1].swapaxes(0, 1)
    values = {"before_own": before, "before_others": np.full((40, 10), 0.25)}
    once = tiny.runs(own=after[:, None], others=np.full((40, 1, 10), 0.5), **values)
    for record, shares in zip(once.records, steps, strict=True):
        record["within"] = {"own": shares.tolist(), "others": shares.tolist()}
    whole = tiny.runs(
        {"epochs": 5},
        own=np.tile(after[:, None], (1, 5, 1)),
        others=np.full((40, 5, 10), 0.5),
        predictions=np.tile(LABELS, (40, 1)),
        **values,
    )
    for record, first in zip(whole.records, once.records, strict=True):
        for name in ("loss", "accuracy", "val_loss", "val_accuracy"):
            record["history"][name][0] = first["history"][name][0]
    made = {q01.FIRST_EPOCH: once, q01.SHEET: whole}
    excerpt = Excerpt(LABELS, LABELS, np.array([], int), Path())
    return Results({e: Runs(e, runs.records) for e, runs in made.items()}, {"mnist": excerpt})


#: Whether an output is silent before training, and in the end.
KINDS = {"stays": (1, 1), "rises": (1, 0), "falls": (0, 1), "heard": (0, 0)}


@pytest.mark.parametrize(
    "kinds, two_ways, pulled_up",
    [
        ({"stays": 1, "rises": 1, "falls": 1}, True, True),
        ({"stays": 1, "rises": 3, "falls": 1}, True, False),
        ({"stays": 1, "rises": 1, "falls": 3}, False, True),
    ],
)
def test_half_of_those_that_end_silent_is_told_from_half_of_those_that_start_so(
    kinds, two_ways, pulled_up
):
    claims = q01._claims_of_the_first_epoch(followed(**kinds))
    holding = {claim.name: claim.holds for claim in claims}
    assert holding["same-beginning"]
    assert (holding["two-ways"], holding["pulled-up"]) == (two_ways, pulled_up)


def test_an_output_of_any_run_that_falls_silent_late_is_noticed():
    def falls_late(results):
        claims = {claim.name: claim for claim in q01._claims_of_the_first_epoch(results)}
        return not claims["early"].criteria[1].is_met

    results = followed(stays=1, rises=1, falls=1)
    assert not falls_late(results)
    results = followed(stays=1, rises=1, falls=1)
    results[q01.SHEET].records[-1]["history"]["own"][3][5] = 0.0
    assert falls_late(results)


def causes(**made: Runs) -> dict[str, bool]:
    """Which claims of causes hold if weights and orders are as given, by experiments' names."""
    counts = np.random.default_rng(0).integers(0, 3, (len(q01.CROSSED), 10))
    runs = {e: with_silent(*row) for e, row in zip(q01.CROSSED, counts, strict=True)}
    runs |= {q01.SAME_ORDER: with_silent(0, 0), q01.SAME_BOTH: with_silent(0, 0)}
    results = Results(runs | {getattr(q01, name): some for name, some in made.items()})
    share = statistics.Estimate(0.5, 0.4, 0.6)
    results.computed[q01._shares.__wrapped__, ()] = share, 0.0, share  # which take a while
    return {claim.name: claim.holds for claim in q01._claims_of_causes(results)}


@pytest.mark.parametrize("last, same", [(0.5, True), (0.25, False)])
def test_ten_runs_are_one_only_if_they_differ_in_no_epoch(last, same):
    assert causes(SAME_BOTH=of_the_sheet(loss=[[0.75, 0.5], [0.75, last]]))["same"] is same


def test_numbers_are_of_the_outputs_and_runs_that_they_name(monkeypatch):
    monkeypatch.setattr(q01.draw_a_digit, "numbers", lambda results, runs: {})
    results = followed(stays=1, falls=1, rises=1)
    records = results[q01.SHEET].records
    # One run loses no output, one that of 0, one that of 1; the others lose both.
    for record, digits in zip(records, ([], [0], [1]), strict=False):
        own = np.full((5, 10), 0.97)
        own[:, digits] = 0
        record["history"]["own"] = own.tolist()
    for run, record in enumerate(records):
        record["history"]["accuracy"] = [0.9 - run / 100] * 5
        record["history"]["val_accuracy"] = [0.8 - run / 100] * 5
        record["history"]["others"][-1][:2] = [0.01 if run % 4 else 0.2, 0.02]
    shares = statistics.Estimate(0.5, 0.4, 0.6), 0.1, statistics.Estimate(0.4, 0.3, 0.5)
    same = {e: with_silent(*range(3), *[0] * 7) for e in (*q01.CROSSED, q01.SAME_ORDER)}
    results = Results(
        {e: results[e] for e in (q01.SHEET, q01.FIRST_EPOCH)} | same, results.excerpts
    )
    results.computed[q01._shares.__wrapped__, ()] = shares
    found = q01.numbers(results)
    expected = {
        "stuck": 39,
        "ten_accuracy_min": 0.81,
        "ten_accuracy_max": 0.9,
        "ten_fine_min": 0.9,
        "ten_stuck_max": 0.89,
        "same_weights_stuck": 2,
        "same_weights_fine": 8,
        "crossed_weights": 20,
        "crossed_orders": 10,
        "crossed_never": 0,
        "crossed_always": 0,
        "crossed_some": 20,
        "outputs": 400,
        "silent_max": 2,
        "silent_at_first": 76,
        "silent_then_heard": 0,
        "start2_runs": 40,
        "start2_stuck": 39,
        "never_on_own": 76,
        "zero_on_all": 0,
        # Of those of 0 a quarter are at .2, of those of 1 all at .02.
        "others_silent_median": 0.02,
        "below_1_stayed": 38,
        "only_zero_runs": 1,
        "only_zero_accuracy": 0.79,
        "only_other_accuracy": 0.78,
        "fine_accuracy": 0.8,
        "orders_share": 0.1,
        "zeros_right": 1,
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected)
    assert found["digits_often"] == "0, 1"


def test_the_worst_mistakes_come_first_with_what_was_said_and_what_it_was():
    matrix = np.diag([90] * 10)
    matrix[4, 9], matrix[9, 4], matrix[3, 5] = 12, 7, 20
    assert walkthrough._worst_pairs(matrix)[:3] == [(3, 5, 20), (4, 9, 12), (9, 4, 7)]


def test_two_orders_cross_where_each_is_worse_with_some_weights():
    #                      orders: a  b  c
    by_weights = np.array([[1, 0, 1], [0, 1, 1], [0, 0, 0]])
    assert q01._crossing(by_weights) == 1  # a and b; c is never better than either


def test_outputs_without_an_image_of_their_own_are_followed_to_the_end():
    own = np.ones((1, 2, 10))
    own[0, 0, :3] = 0, 0, 0.01  # the last of these still fires on some
    own[0, 1, 1] = 0
    assert q01._returns_without_own(tiny.runs(own=own)).tolist() == [True, False]
