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
    spans = sorted(line.get_xdata().tolist() for line in ax.lines if line.get_marker() == "o")
    assert spans == [[1, 2, 3, 4, 5], [2, 3], [5]]
    assert [text.get_text() for text in ax.texts] == ["4", "heard again", "4", "7"]


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


def test_of_ten_outputs_the_largest_is_coloured():
    outputs = np.array([0, 0.2, 0.1, 0.9, 0, 0, 0, 0.3, 0, 0])
    bars = axes_after(plots.ten_outputs, outputs, 13).patches
    assert [bar.get_x() + bar.get_width() / 2 for bar in bars] == pytest.approx(range(13, 23))
    assert [bar.get_height() for bar in bars] == outputs.tolist()
    others = {bar.get_facecolor() for place, bar in enumerate(bars) if place != 3}
    assert len(others) == 1 and bars[3].get_facecolor() not in others


def axes_after(draw, *arguments):
    """Axes into which a plot was drawn."""
    with style.drawing(style.LIGHT):
        figure, ax = style.figure()
        draw(ax, *arguments)
        figure.draw_without_rendering()
    return ax


def test_curves_stand_at_their_epochs_from_1_in_their_colours():
    values = np.array([[0.1, 0.2, 0.4], [0.5, 0.3, 0.9]])
    ax = axes_after(plots.run_curves, values, ["low", "high"], ["C3", "C5"], "accuracy")
    np.testing.assert_array_equal([line.get_ydata() for line in ax.lines], values)
    assert [line.get_xdata().tolist() for line in ax.lines] == [[1, 2, 3]] * 2
    assert [line.get_color() for line in ax.lines] == ["C3", "C5"]
    assert [text.get_color() for text in ax.texts] == ["C3", "C5"]
    assert (ax.get_xlim(), ax.get_ylabel()) == ((1, 3), "accuracy")


def test_a_shared_label_stands_at_the_mean_of_its_runs_ends():
    ax = axes_after(
        plots.run_curves, np.array([[0, 1], [0, 3], [0, 10]]), ["a", "a", "b"], "rrb", ""
    )
    low, high = ax.get_ylim()
    assert [text.xy[1] for text in ax.texts] == pytest.approx([2, 10])
    places = [low + text.xyann[1] * (high - low) for text in ax.texts]
    assert places == pytest.approx([2, 10])


def test_labels_that_are_pushed_apart_lead_to_where_their_curves_end():
    ax = axes_after(plots.run_curves, np.array([[5, 1], [5, 1.01], [5, 3]]), "abc", "rgb", "")
    assert [text.xy for text in ax.texts] == [(1, 1), (1, 1.01), (1, 3)]
    places = [text.xyann[1] for text in ax.texts]
    assert places[1] - places[0] > 0.05
    assert all(text.arrow_patch is not None for text in ax.texts)


def test_labels_stand_at_their_heights_on_a_logarithmic_axis_too():
    with style.drawing(style.LIGHT):
        _, ax = style.figure()
        ax.set(yscale="log", ylim=(0.01, 1))
        plots.label_ends(ax, [0.1, 1.0], ["a", "b"], "rb")
    assert [text.xyann[1] for text in ax.texts] == pytest.approx([0.5, 1])


def test_training_stands_beside_testing_on_one_scale_with_one_set_of_labels():
    training, testing = np.array([[9, 5], [9, 6]]), np.array([[4, 1], [4, 2]])
    with style.drawing(style.LIGHT):
        _, axes = style.figure(2, sharey=True)
        plots.training_beside_testing(axes, training, testing, "ab", "rb", "error")
    assert [ax.get_title("left") for ax in axes] == ["training", "testing"]
    for ax, values in zip(axes, (training, testing), strict=True):
        np.testing.assert_array_equal([line.get_ydata() for line in ax.lines], values)
    assert axes[0].get_ylim() == axes[1].get_ylim()
    assert [text.get_text() for ax in axes for text in ax.texts] == ["a", "b"]
    assert [ax.get_ylabel() for ax in axes] == ["error", ""]


@pytest.mark.parametrize(
    "epochs, ticks",
    [(5, [1, 2, 3, 4, 5]), (10, list(range(1, 11))), (20, [1, 5, 10, 15, 20]), (12, [1, 5, 10])],
)
def test_the_first_epoch_is_numbered_1(epochs, ticks):
    ax = axes_after(plots.run_curves, np.zeros((1, epochs)), ["a"], ["red"], "")
    assert ax.get_xticks().tolist() == ticks


def test_small_curves_are_the_values():
    values = np.array([[0.1, 0.2], [0.5, 0.3]])
    with style.drawing(style.LIGHT):
        (ax,) = plots.small_curves(values, ["C3", "C5"]).axes
    np.testing.assert_array_equal([line.get_ydata() for line in ax.lines], values)
    assert [line.get_color() for line in ax.lines] == ["C3", "C5"]


def test_strips_have_every_run_of_a_group_above_its_name():
    groups = {"one": np.array([0.1, 0.2, 0.3]), "other": np.array([0.7])}
    ax = axes_after(plots.strips, groups, ["red", ["blue"]], "accuracy")
    for place, (dots, values) in enumerate(zip(ax.collections, groups.values(), strict=True)):
        np.testing.assert_array_equal(dots.get_offsets()[:, 1], values)
        assert np.abs(dots.get_offsets()[:, 0] - place).max() <= 0.3
    assert [label.get_text() for label in ax.get_xticklabels()] == ["one", "other"]
    assert ax.get_xticks().tolist() == [0, 1]


def test_sizes_have_their_runs_their_mean_and_its_t_interval():
    values = np.array([[1.0, 2.0, 3.0], [5.0, 5.0, 8.0]])
    ax = axes_after(plots.by_size, (2, 8), values, "red", "accuracy")
    *dots, band = ax.collections
    places = [group.get_offsets().tolist() for group in dots]
    assert places == [[[2, 1], [2, 2], [2, 3]], [[8, 5], [8, 5], [8, 8]]]
    (line,) = ax.lines
    np.testing.assert_allclose(line.get_xydata(), [[2, 2], [8, 6]])
    # 4.3027: Student's t with two degrees of freedom; the deviations are 1 and the root of 3.
    half = 4.3027 * np.array([1, 3**0.5]) / 3**0.5
    corners = band.get_paths()[0].vertices
    for size, mean, reach in zip((2, 8), (2, 6), half, strict=True):
        there = corners[corners[:, 0] == size, 1]
        assert (there.min(), there.max()) == pytest.approx((mean - reach, mean + reach), abs=1e-3)
    assert [label.get_text() for label in ax.get_xticklabels()] == ["2", "8"]


def test_a_confusion_matrix_has_predicted_categories_from_top_to_bottom():
    matrix = np.arange(100).reshape(10, 10) * 100
    ax = axes_after(plots.confusion, matrix, list("abcdefghij"))
    counts = {text.get_position(): text.get_text() for text in ax.texts}
    assert counts[0.5, 3.5] == "3,000"  # predicted d, an a
    assert counts[7.5, 1.5] == "1,700"
    assert len(counts) == 100
    bold = [text.get_position() for text in ax.texts if text.get_fontweight() == "bold"]
    assert bold == [(place + 0.5, place + 0.5) for place in range(10)]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("actual", "predicted")
    assert ax.yaxis_inverted()
    for labels in (ax.get_xticklabels(), ax.get_yticklabels()):
        assert "".join(label.get_text() for label in labels) == "abcdefghij"


def test_images_have_their_titles_and_greys_are_dark_on_light():
    with style.drawing(style.LIGHT):
        _, axes = style.figure(2)
        pictures = np.arange(2 * 4 * 4).reshape(2, 4, 4).astype(np.uint8)
        plots.images(axes, pictures, ["a 5", "a 0"])
    for ax, picture, title in zip(axes, pictures, ["a 5", "a 0"], strict=True):
        (image,) = ax.images
        np.testing.assert_array_equal(image.get_array(), picture)
        assert ax.get_title() == title
        assert image.get_cmap().name == "gray_r"


def test_lifelines_are_in_the_colour_of_the_silent_outputs_at_the_end():
    silent = np.zeros((3, 2, 10), bool)
    silent[0, 0, [1, 2]] = silent[1, :, [3, 4]] = silent[2, 1, 5] = True
    ax = axes_after(plots.lifelines, silent)
    texts = [text for text in ax.texts if text.get_text().isdigit()]
    colours = {text.get_text(): text.get_color() for text in texts}
    levels = {digit: style.LIGHT.categories.index(colour) for digit, colour in colours.items()}
    assert levels == {"1": 0, "2": 0, "3": 2, "4": 2, "5": 1}
    assert [label.get_text() for label in ax.get_yticklabels()] == ["0", "1", "2"]
    assert ax.get_ylabel() == "seed"
    assert ax.yaxis_inverted()


def test_three_answers_are_all_named_and_of_more_the_rare_are_counted_together():
    with style.drawing(style.LIGHT):
        _, axes = style.figure(2)
        said = np.array([[0, 0], [0, 0], [0, 0], [1, 1], [1, 1], [2, 2], [2, 3]])
        plots.answers(axes, said, ["cat", "dog", "ship", "bird"])
    assert axes[0].get_xlabel().split("\n") == ["cat 3", "dog 2", "ship 2"]
    assert axes[1].get_xlabel().split("\n") == ["cat 3", "dog 2", "others 2"]
