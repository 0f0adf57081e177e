"""Levels: made-up runs sorted by their silent outputs and drawn, against values counted by hand."""

import numpy as np
import pytest
import tiny

from analysis import levels, levels_figures, style
from analysis.loaded import Results
from analysis.questions import QUESTIONS
from analysis.spec import mlp
from analysis.statistics import estimate, rate


def silent_where(marks):
    """Runs whose outputs are silent where the array, (runs, epochs, 10), says so."""
    return tiny.runs(own=np.where(marks, 0.0, 1.0))


def silent_at_last(*digits, **values):
    """A run for each set of digits: those are silent after the second, last epoch.

    After the first other outputs are: 0 and 9 of every run.
    """
    own = np.ones((len(digits), 2, 10))
    own[:, 0, [0, 9]] = 0
    for run, silent in enumerate(digits):
        own[run, 1, list(silent)] = 0
    return tiny.runs(own=own, **values)


EVERY_KIND = [(), (0,), (4,), (0, 4), (3, 4), (0, 3, 4), range(10)]


def test_levels_count_the_outputs_that_are_silent_in_the_end():
    assert levels.counts(silent_at_last(*EVERY_KIND)).tolist() == [0, 1, 1, 2, 2, 3, 10]


def test_a_run_is_fine_if_no_output_is_silent_in_the_end():
    assert levels.fine(silent_at_last(*EVERY_KIND)).tolist() == [True] + [False] * 6


def test_runs_that_only_the_output_of_0_left_are_told_from_those_another_left():
    runs = silent_at_last(*EVERY_KIND)
    assert np.flatnonzero(levels.only_zero(runs)).tolist() == [1]
    assert np.flatnonzero(levels.only_other(runs)).tolist() == [2]


@pytest.mark.parametrize("layer, can", [("relu", True), ("softmax", False), ("linear", False)])
def test_only_relu_outputs_can_fall_silent(layer, can):
    spec = {"layers": mlp(8, output=layer)}
    assert levels.has_relu_outputs(tiny.runs(spec, loss=[[0.1, 0.1]])) is can


def test_changes_tell_outputs_that_fall_silent_from_those_that_come_back():
    silent = np.zeros((2, 3, 10), bool)
    silent[0, :, 1] = True
    silent[0, 1:, [2, 5]] = True
    silent[1, :2, 3] = True
    silent[1, [0, 2], 4] = True
    assert levels.changes(silent_where(silent)) == {
        "silent_at_first": 3,
        "fell_later": 3,
        "came_back": 2,
        "silent_at_last": 4,
    }


#: Twelve runs, of which ten were asked for, and those on each level by hand.
TWELVE = [(), (3,), (), (0, 1), (1, 2, 3), (), (0,), (), (0, 1, 2, 3), (8,), (), (9,)]
BY_LEVEL = {0: [0, 2, 5, 7, 10], 1: [1, 6, 9, 11], 2: [3], 3: [4, 8]}

SQUARES = np.arange(12) ** 2 / 997  # no two runs alike, nor two levels' means


def ends_with(values, first=0.9):
    """Histories of two epochs."""
    return np.stack([np.full(len(values), first), values], axis=1)


@pytest.fixture
def twelve():
    return silent_at_last(
        *TWELVE,
        loss=ends_with(1 + SQUARES),
        val_loss=ends_with(2 + SQUARES),
        accuracy=ends_with(0.3 + SQUARES),
        val_accuracy=ends_with(0.5 + SQUARES),
        after_loss=3 + 2 * SQUARES,
        after_accuracy=0.7 + SQUARES,
    )


def test_numbers_count_runs_of_all_and_of_the_first_ten(twelve):
    found = levels.numbers(twelve)
    _, low, high = rate(np.arange(12) < 7)
    expected = {
        "runs": 12,
        "ten_stuck": 6,
        "ten_fine": 4,
        "stuck": 7,
        "stuck_low": low,
        "stuck_high": high,
    }
    assert {name: found[name] for name in expected} == expected


def test_the_table_of_levels_has_means_of_the_trained_networks(twelve):
    header, *rows = levels.levels_table(twelve)
    assert header == ["silent outputs", "runs of 12", "training error", "testing error"]
    assert [row[:2] for row in rows] == [
        ["none", "5"],
        ["one", "4"],
        ["two", "1"],
        ["three", "1"],
        ["four", "1"],
    ]
    values = SQUARES[BY_LEVEL[1]]
    half = estimate(values).high - values.mean()
    assert rows[1][2:] == [
        f"{3 + 2 * values.mean():.4f} ± {2 * half:.4f}",
        f"{2 + values.mean():.4f} ± {half:.4f}",
    ]
    assert rows[2][2:] == [f"{3 + 2 * SQUARES[3]:.4f}", f"{2 + SQUARES[3]:.4f}"]


def test_means_of_runs_that_are_fine_leave_the_others_out(twelve):
    mean = SQUARES[BY_LEVEL[0]].mean()
    assert levels.fine_means(twelve) == pytest.approx(
        {
            "fine_train_error": 3 + 2 * mean,
            "fine_error": 2 + mean,
            "fine_accuracy": 0.5 + mean,
            "fine_gap": 2 + mean - (3 + 2 * mean),
        }
    )


@pytest.mark.parametrize(
    "minus_testing, since",
    [
        ([-1, -1, -1, -1], 1),
        ([1, -1, -1, -1], 2),
        ([0, -1, -1, -1], 2),  # equal is not below
        ([1, -1, 1, -1], 4),
        ([1, 1, 1, 1], 5),  # that is, not yet
    ],
)
def test_training_error_is_below_testing_error_from_an_epoch_on(minus_testing, since):
    loss = [[0.5] * 4] * 10 + [[9.0] * 4]  # an eleventh run, which was not asked for
    apart = np.array([*[[-3.0] * 4] * 5, *[[3.0] * 4] * 5, [0.0] * 4])  # gone in the mean
    runs = tiny.runs(loss=loss, val_loss=np.array(loss) - np.array(minus_testing) / 8 + apart)
    assert levels.below_from(runs) == since


def drawn(figure_of, *arguments):
    with style.drawing(style.LIGHT):
        return figure_of(*arguments).axes[0]


def test_curves_are_of_the_history_named_and_of_the_first_ten(twelve):
    ax = drawn(levels_figures.curves, twelve, "val_loss", "testing error")
    np.testing.assert_allclose(
        [line.get_ydata() for line in ax.lines], twelve.history("val_loss")[:10]
    )
    assert ax.get_ylabel() == "testing error"
    texts = [text.get_text() for text in ax.texts]
    assert texts[:3] == ["no output silent (× 4)", "output 3 silent", "outputs 0, 1 silent"]
    colours = [line.get_color() for line in ax.lines]
    assert colours == [style.LIGHT.categories[min(len(digits), 3)] for digits in TWELVE[:10]]


def test_small_curves_are_the_first_tens(twelve):
    ax = drawn(levels_figures.small_curves, twelve, "accuracy")
    np.testing.assert_allclose(
        [line.get_ydata() for line in ax.lines], twelve.history("accuracy")[:10]
    )


def test_curves_without_levels_are_one_colour_and_the_first_tens():
    loss = np.arange(24).reshape(12, 2)
    with style.drawing(style.LIGHT):
        runs = tiny.runs(loss=loss + 1, val_loss=loss + 2)
        training, testing = levels_figures.errors_of_all(runs, "error").axes
    np.testing.assert_allclose([line.get_ydata() for line in training.lines], loss[:10] + 1)
    np.testing.assert_allclose([line.get_ydata() for line in testing.lines], loss[:10] + 2)
    assert [text.get_text() for text in testing.texts] == ["all runs (× 10)"]


@pytest.mark.parametrize("page", ["q02", "q03", "q04"])
def test_errors_of_questions_2_to_4_fit_on_the_scale_that_they_share(page):
    runs = Results()[QUESTIONS[page].SHEET]
    with style.drawing(style.LIGHT):
        axes = levels_figures.errors(runs).axes
    ten = runs.first(10)
    for ax, name in zip(axes, ("loss", "val_loss"), strict=True):
        errors = ten.history(name)
        assert (ax.get_ylim(), ax.get_yscale()) == (levels_figures.ERRORS, "log")
        assert levels_figures.ERRORS[0] < errors.min() and errors.max() < levels_figures.ERRORS[1]


def test_an_output_that_is_heard_again_is_marked_after_the_epoch_that_brought_it_back():
    silent = np.zeros((2, 4, 10), bool)
    silent[0, :2, 3] = silent[1, :, 7] = silent[1, 0, 5] = True
    own, errors = np.where(silent, 0.0, 1.0), np.array([[9, 8, 7, 1], [9, 6, 5, 4]]) / 100
    runs = tiny.runs(own=own, loss=errors, val_loss=errors)
    assert levels.heard_again(runs) == [(0, 3, 3), (1, 2, 5)]
    with style.drawing(style.LIGHT):
        axes = levels_figures.errors(runs).axes
    for ax in axes:
        places = [ring.get_offsets()[0].tolist() for ring in ax.collections]
        assert places == [[3, 0.07], [2, 0.06]]
        words = [text for text in ax.texts if text.get_text().endswith("heard again")]
        assert [text.get_text() for text in words] == [
            "output 3\nheard again",
            "output 5\nheard again",
        ]
        # Words of a run that ends fine stand below the curves, those of a stuck one above.
        assert [text.xyann[1] > 0 for text in words] == [False, True]


def test_levels_are_drawn_by_error_and_accuracy_with_diamonds_where_0_is_silent(twelve):
    ax = drawn(levels_figures.final_values, twelve)
    labels = [text.get_text() for text in ax.texts]
    assert labels == [f"{count} silent" for count in ("none", "one", "two", "three", "four")]
    places = [c.get_offsets()[:, 0].round(4).tolist() for c in ax.collections[:-1]]
    # Of each level the runs where 0 is heard, then those where it is silent.
    expected = [BY_LEVEL[0], [], [1, 9, 11], [6], [], [3], [4], [], [], [8]]
    assert places == [(2 + SQUARES[runs]).round(4).tolist() for runs in expected]
    hollow = [len(c.get_facecolor()) == 0 for c in ax.collections[:-1] if len(c.get_offsets())]
    assert hollow == [False, False, True, True, False, True]
    heights = ax.collections[0].get_offsets()[:, 1]
    np.testing.assert_allclose(heights, 0.5 + SQUARES[BY_LEVEL[0]])


@pytest.mark.parametrize("name", ["val_accuracy", "val_loss"])
def test_settings_stand_side_by_side_with_every_run_in_the_colour_of_its_level(twelve, name):
    softmax = {"layers": mlp(8, output="softmax")}
    other = tiny.runs(softmax, **{name: [[0.1, 0.2], [0.3, 0.4]]})
    ax = drawn(levels_figures.settings, {"ReLU": twelve, "softmax": other}, name)
    assert [label.get_text() for label in ax.get_xticklabels()] == ["ReLU", "softmax"]
    np.testing.assert_allclose(ax.collections[0].get_offsets()[:, 1], twelve.final(name))
    np.testing.assert_allclose(ax.collections[1].get_offsets()[:, 1], [0.2, 0.4])
    shades = ax.collections[0].get_facecolor()
    assert len(np.unique(shades, axis=0)) == 4
    np.testing.assert_allclose(shades[BY_LEVEL[3]], [shades[4]] * 2)
    (key,) = ax.figure.legends
    assert [text.get_text() for text in key.get_texts()] == ["none", "one", "two", "three or more"]
    colours = [handle.get_color() for handle in key.legend_handles]
    assert colours == list(style.LIGHT.categories[:4])
    what = {"val_accuracy": "testing accuracy", "val_loss": "testing error"}[name]
    assert ax.get_ylabel() == what
