"""What plots work out before they draw: places of labels, stretches, names, themes."""

import matplotlib as mpl
import numpy as np
import pytest

from analysis import plots, style


def test_labels_that_are_far_apart_stay_where_they_are():
    wanted = np.array([0.9, 0.1, 0.5])
    np.testing.assert_allclose(plots.spread(wanted, 0.1), wanted)


@pytest.mark.parametrize(
    "wanted, expected",
    [
        ([0.5, 0.5], [0.45, 0.55]),
        ([0.5, 0.5, 0.5], [0.4, 0.5, 0.6]),
        ([0.52, 0.48], [0.55, 0.45]),
        ([0.50, 0.52, 0.61, 0.95], [0.443333, 0.543333, 0.643333, 0.95]),
        ([0.3], [0.3]),
        ([], []),
    ],
)
def test_labels_that_would_touch_part_evenly(wanted, expected):
    np.testing.assert_allclose(plots.spread(np.array(wanted), 0.1), expected, atol=1e-6)


@pytest.mark.parametrize("seed", range(20))
def test_labels_never_touch_and_keep_their_order(seed):
    wanted = np.random.default_rng(seed).beta(2, 5, 12)
    places = plots.spread(wanted, 0.05)
    order = np.argsort(wanted)
    assert np.diff(places[order]).min() > 0.05 - 1e-9
    assert places.mean() == pytest.approx(wanted.mean())


def texts_and_crosses(values):
    with style.drawing(style.LIGHT):
        _, ax = style.figure()
        plots.run_curves(ax, np.array(values), ["fine"] * len(values), ["#000"] * len(values), "")
    crosses = [line.get_xydata().tolist() for line in ax.lines if line.get_marker() == "x"]
    return [text.get_text() for text in ax.texts], crosses


def test_runs_that_diverge_end_in_a_cross_and_are_labelled():
    nan = np.nan
    texts, crosses = texts_and_crosses([[3, 2, 1], [3, 9, nan], [3, nan, nan]])
    assert texts == ["fine", "diverged (× 2)"]
    assert crosses == [[[2, 9]], [[1, 3]]]


def test_run_that_diverges_in_its_first_epoch_is_not_lost():
    texts, crosses = texts_and_crosses([[3, 2], [np.nan, np.nan]])
    assert texts == ["fine", "diverged"]
    assert crosses == [[[1, 0]]]


@pytest.mark.parametrize(
    "marks, stretches",
    [
        ([0, 0, 0], []),
        ([1, 1, 1], [(1, 3)]),
        ([1, 0, 1], [(1, 1), (3, 3)]),
        ([0, 1, 1, 0, 0, 1], [(2, 3), (6, 6)]),
    ],
)
def test_stretches_have_their_first_and_last_epoch(marks, stretches):
    assert plots._stretches(np.array(marks, bool)) == stretches


def test_lifelines_draw_a_bar_for_every_stretch_of_silence():
    silent = np.zeros((2, 5, 10), bool)
    silent[0, 1:3, 4] = silent[0, 4:, 4] = silent[1, :, 7] = True
    with style.drawing(style.LIGHT):
        _, ax = style.figure()
        plots.lifelines(ax, silent)
        bars = [line.get_xdata() for line in ax.lines if len(set(line.get_ydata())) == 1]
    spans = [(round(x[0] - 0.55), round(x[1] - 0.45)) for x in bars if x[1] > 1]
    assert sorted(spans) == [(1, 5), (2, 3), (5, 5)]
    assert [text.get_text() for text in ax.texts] == ["4", "4", "7"]


def test_runs_are_named_by_their_silent_outputs():
    silent = np.zeros((3, 10), bool)
    silent[1, 4] = silent[2, [7, 0]] = True
    assert plots.silent_labels(silent) == ["none silent", "4 silent", "0, 7 silent"]


def test_levels_have_colours_of_their_own_up_to_three_or_more():
    colours = [plots.silent_colour(count) for count in range(5)]
    assert len(set(colours[:4])) == 4
    assert colours[4] == colours[3]


def test_runs_with_one_label_share_it_with_their_number():
    with style.drawing(style.LIGHT):
        _, ax = style.figure()
        values = np.array([[0.1, 0.2], [0.3, 0.4], [0.8, 0.9]])
        plots.run_curves(ax, values, ["low", "low", "high"], ["C0", "C0", "C1"], "y")
    assert [text.get_text() for text in ax.texts] == ["low (× 2)", "high"]


def test_theme_and_settings_are_put_back_after_drawing():
    before = dict(mpl.rcParams)
    with pytest.raises(ZeroDivisionError), style.drawing(style.DARK):
        assert style.theme() is style.DARK
        assert mpl.rcParams["text.color"] == style.DARK.text
        raise ZeroDivisionError
    assert style.theme() is style.LIGHT
    assert dict(mpl.rcParams) == before


def test_logarithmic_axes_have_plain_numbers():
    with style.drawing(style.LIGHT):
        figure, ax = style.figure()
        ax.set(yscale="log", ylim=(0.4, 1500))
        style.plain_ticks(ax.yaxis)
        figure.draw_without_rendering()
    labels = [text.get_text() for text in ax.get_yticklabels()]
    assert {"0.5", "20", "50", "1,000"} <= set(labels)


def test_answers_are_named_with_their_numbers_and_rare_ones_put_together():
    with style.drawing(style.LIGHT):
        _, axes = style.figure(2)
        said = np.array([[0, 3], [0, 3], [1, 2], [0, 1], [2, 0], [2, 3]])
        plots.answers(axes, said, ["cat", "dog", "ship", "bird"])
    first, second = (ax.get_xlabel().split("\n") for ax in axes)
    assert first == ["cat 3", "ship 2", "dog 1"]
    assert second[0] == "bird 3" and second[1].endswith(" 1") and second[2] == "others 2"
