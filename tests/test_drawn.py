"""The data of figures: each mark that is drawn is a row, with its true values and its seed."""

import csv
import io
from types import SimpleNamespace

import numpy as np
import pytest
from committed import as_committed, differences
from matplotlib.collections import PathCollection
from matplotlib.colors import to_hex

from analysis import drawn, figures, plots, style
from analysis.loaded import Results
from analysis.questions import QUESTIONS, q01, q05, q07, q09, q10

#: The plots of ten runs, by the ends of their names.
ASKED_FOR = ("training-accuracy", "errors", "accuracy")


def rows(figure) -> list[dict]:
    return list(csv.DictReader(io.StringIO(drawn.as_csv(figure).decode())))


@pytest.fixture
def axes():
    figure, ax = style.figure()
    ax.set(xlabel="epoch", ylabel="testing\nerror", title="all runs")
    return figure, ax


def filled(row: dict) -> dict:
    """What of a row is there."""
    return {name: value for name, value in row.items() if value}


HERE = {"panel": "all runs", "x_is": "epoch", "y_is": "testing error"}


def test_a_curve_has_a_row_for_each_of_its_points_with_its_seed(axes):
    figure, ax = axes
    (line,) = ax.plot([1, 2], [0.5, 1 / 3])
    drawn.of_seeds(line, 7, "two silent")
    assert list(map(filled, rows(figure))) == [
        HERE | {"mark": "line", "series": "two silent", "seed": "7", "x": "1.0", "y": "0.5"},
        HERE | {"mark": "line", "series": "two silent", "seed": "7", "x": "2.0", "y": "0.3333333"},
    ]


def test_panels_that_share_an_axis_share_its_name(axes):
    figure, ax = axes
    beside = figure.add_subplot(sharey=ax)
    for panel in (ax, beside):
        panel.plot([1], [2])
    assert [row["y_is"] for row in rows(figure)] == ["testing error"] * 2
    assert [row["x_is"] for row in rows(figure)] == ["epoch", ""]


def test_what_only_decorates_is_no_row(axes):
    figure, ax = axes
    ax.axhline(0.1)
    ax.axvline(3)
    ax.annotate("chance", (1, 1))
    assert rows(figure) == []


def test_dots_have_a_seed_each_and_the_place_where_they_would_be(axes):
    figure, ax = axes
    dots = ax.scatter([1.1, 0.9], [0.25, 0.75], label="raw")
    drawn.of_seeds(dots, [3, 5], places=np.array([[1, 0.25], [1, 0.75]]))
    assert list(map(filled, rows(figure))) == [
        HERE | {"mark": "dot", "series": "raw", "seed": "3", "x": "1.0", "y": "0.25"},
        HERE | {"mark": "dot", "series": "raw", "seed": "5", "x": "1.0", "y": "0.75"},
    ]


def test_a_dot_in_a_strip_is_told_by_the_strips_name(axes):
    figure, ax = axes
    plots.strips(ax, {"SGD,\nrate 1": np.array([0.5]), "Adam": np.array([0.25])}, "rb", "accuracy")
    assert [(row["series"], row["x"], row["y"]) for row in rows(figure)] == [
        ("SGD, rate 1", "SGD, rate 1", "0.5"),
        ("Adam", "Adam", "0.25"),
    ]


def test_bars_and_bands_have_their_ends(axes):
    figure, ax = axes
    ax.bar([2], [0.5], width=1)
    ax.fill_between([1, 2], [0.1, 0.2], [0.3, 0.6])
    (*band, bar) = [filled(row) for row in rows(figure)]
    assert bar == HERE | {**{"mark": "bar", "x": "1.5", "x_end": "2.5", "y": "0.0", "y_end": "0.5"}}
    assert [(row["x"], row["y"], row["y_end"]) for row in band] == [
        ("1.0", "0.1", "0.3"),
        ("2.0", "0.2", "0.6"),
    ]


def test_steps_are_bars_from_edge_to_edge(axes):
    figure, ax = axes
    ax.stairs([3, 5], [0, 1, 2])
    told = [(row["mark"], row["x"], row["x_end"], row["y_end"]) for row in rows(figure)]
    assert told == [("bar", "0.0", "1.0", "3.0"), ("bar", "1.0", "2.0", "5.0")]


def test_bars_of_error_have_both_ends(axes):
    figure, ax = axes
    ax.errorbar([1], [2], yerr=[[0.5], [1]], fmt="none")
    (row,) = rows(figure)
    assert (row["mark"], row["x"], row["y"], row["y_end"]) == ("bar of error", "1.0", "1.5", "3.0")


def test_cells_have_their_row_column_and_count(axes):
    figure, ax = axes
    matrix = np.arange(100).reshape(10, 10)
    plots.confusion(ax, matrix, "0123456789")
    cells = {(row["y"], row["x"]): float(row["value"]) for row in rows(figure)}
    assert cells == {(str(r), str(c)): value for (r, c), value in np.ndenumerate(matrix) if r != c}


def test_numbers_that_are_shown_as_shades_have_their_row_and_column(axes):
    figure, ax = axes
    ax.imshow(np.array([[0.5, 1.0], [1.5, 2.0]]))
    cells = {(row["y"], row["x"]): row["value"] for row in rows(figure)}
    assert cells == {
        ("0.0", "0.0"): "0.5",
        ("0.0", "1.0"): "1.0",
        ("1.0", "0.0"): "1.5",
        ("1.0", "1.0"): "2.0",
    }


def test_what_is_marked_in_a_curve_is_a_dot_with_its_seed_and_its_words(axes):
    figure, ax = axes
    ax.set(xlim=(1, 20))
    plots.mark(ax, (13, 0.03), 6, "3 heard again", "red", up=24)
    (row,) = rows(figure)
    told = [row[name] for name in ("mark", "series", "seed", "x", "y")]
    assert told == ["dot", "3 heard again", "6", "13.0", "0.03"]


def test_a_mean_with_its_interval_is_a_line_and_a_band_of_one_name(axes):
    figure, ax = axes
    plots.mean_with_interval(ax, [(0.5, 0.25, 1.0), (0.25, 0.125, 0.5)], "red", "Adam")
    line, band = [
        [(row["series"], row["x"], row["y"], row["y_end"]) for row in rows(figure) if is_it(row)]
        for is_it in (lambda row: row["mark"] == "line", lambda row: row["mark"] == "band")
    ]
    assert line == [("Adam", "1.0", "0.5", ""), ("Adam", "2.0", "0.25", "")]
    assert band == [("Adam", "1.0", "0.25", "1.0"), ("Adam", "2.0", "0.125", "0.5")]


def test_an_image_has_what_stands_beside_it():
    figure, axes = style.figure(2)
    plots.images(axes, np.zeros((2, 4, 3), np.uint8), ["a 7", "a 2"])
    axes[0].set_xlabel("2, 40%\nsure")
    first, second = rows(figure)
    assert (first["mark"], first["value"]) == ("image of 3 × 4", "a 7 2, 40% sure")
    assert second["value"] == "a 2"


def test_an_image_is_known_by_its_pixels_and_not_by_what_stands_below_it():
    pictures = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    found = []
    for shown in (pictures, pictures[::-1]):
        figure, axes = style.figure(2)
        plots.images(axes, shown, ["a 7", "a 7"])
        plots.answers(axes, np.array([[7, 2]]), "0123456789")
        found.append(rows(figure))
    (first, second), turned = found
    assert first["pixels"] != second["pixels"]
    assert [row["pixels"] for row in turned] == [second["pixels"], first["pixels"]]
    assert [row["value"] for row in found[0]] == ["a 7 7 1", "a 7 2 1"]
    assert {row[axis] for row in found[0] for axis in ("x_is", "y_is")} == {""}


#: Two runs for three epochs, and one bar that stands for a name.
TABLE = """\
panel,mark,series,seed,x_is,x,x_end,y_is,y,y_end,value,pixels
testing,line,one silent,3,epoch,1.0,,error,0.05,,,
testing,line,one silent,3,epoch,2.0,,error,0.04,,,
testing,line,one silent,8,epoch,1.0,,error,0.06,,,
testing,line,one silent,8,epoch,2.0,,error,0.03,,,
testing,line,none silent,1,epoch,1.0,,error,0.02,,,
testing,line,none silent,1,epoch,2.0,,error,0.01,,,
2,bar,,,,Adam,Adam,,0.0,"1,000",,
3,image of 28 × 28,,,,,,,,,a 7,0f0f0f0f
3,image of 28 × 28,,,,,,,,,a 2,0f0f0f0f
"""


def test_a_table_in_short_has_a_line_for_each_series():
    short = drawn.in_short(TABLE.encode())
    lines = {
        f"{panel}: {mark}": line for panel, marks in short.items() for mark, line in marks.items()
    }
    assert {name: line["rows"] for name, line in lines.items()} == {
        "testing, x is epoch, y is error: line, one silent": 4,
        "testing, x is epoch, y is error: line, none silent": 2,
        "2: bar": 1,
        "3: image of 28 × 28": 2,
    }
    one, none, bar, images = lines.values()
    assert set(one) == {"rows", "seed", "x", "y"}
    assert 3 < one["seed"] < 8 and 1 < one["x"] < 2 and 0.03 < one["y"] < 0.06
    assert none["seed"] == 1
    assert bar == {"rows": 1, "x": "Adam", "x_end": "Adam", "y": 0.0, "y_end": 1000.0}
    assert images["pixels"] == "0f0f0f0f"
    assert len(images["value"]) == 8


def swapped(one: str, other: str) -> str:
    return TABLE.replace(one, "…").replace(other, one).replace("…", other)


@pytest.mark.parametrize(
    "changed",
    [
        swapped("one silent", "none silent"),
        swapped("epoch", "error"),
        swapped("3,epoch", "8,epoch"),
        swapped("0.05", "0.06"),
        swapped("0.04", "0.06"),
        swapped("1.0,,error,0.02", "2.0,,error,0.01"),
        swapped("a 7", "a 2"),
        TABLE.replace("1.0,,", "3.0,,"),
        TABLE.replace("line", "dot"),
        TABLE.replace("Adam,Adam", "Adam,SGD"),
        TABLE.replace("Adam", "0.5"),
        TABLE.replace("0.03,", "nan,"),
        TABLE.replace("0.03,", "0.03001,"),
        TABLE.replace("0.03,,", ",0.03,"),
        TABLE.replace("testing", "training"),
        TABLE.replace("0f0f0f0f", "1f1f1f1f", 1),
        TABLE[: TABLE.rindex("3,")],
    ],
)
def test_a_table_in_short_is_another_for_another_table(changed):
    ours, theirs = (drawn.in_short(table.encode()) for table in (TABLE, changed))
    assert changed != TABLE
    assert list(differences(ours, theirs, tolerance=2e-6))


def test_a_table_in_short_is_the_same_where_a_last_digit_differs():
    ours, theirs = (
        drawn.in_short(table.replace("0.03,", f"{y},").encode())
        for table, y in ((TABLE, 0.03333333), (TABLE, 0.03333334))
    )
    assert list(differences(ours, theirs, tolerance=2e-6)) == []


def colours_without_a_name(ax) -> set[str]:
    """Colours of a panel's curves and dots of which the data do not tell what they mean."""
    lines = [
        line
        for line in ax.lines
        if all(line.get_transform().contains_branch_seperately(ax.transData))
    ]
    colours = [[line.get_color()] for line in lines if not drawn._series(line)]
    for dots in ax.collections:
        if isinstance(dots, PathCollection) and len(dots.get_offsets()) and not drawn._series(dots):
            filled = dots.get_facecolor() if len(dots.get_facecolor()) else dots.get_edgecolor()
            colours.append(filled)
    return {to_hex(colour) for some in colours for colour in some}


class Watched(Results):
    """Results that note which experiments were asked for."""

    def __init__(self):
        super().__init__()
        self.read = set()

    def __getitem__(self, experiment):
        self.read.add(experiment)
        return super().__getitem__(experiment)


@pytest.fixture(scope="module", params=figures.BY_PAGE)
def page(request):
    """A page's figures and their data by name, and which experiments they were drawn from."""
    results, made = Watched(), {}
    for name, function in figures.BY_PAGE[request.param].items():
        with style.drawing(style.LIGHT):
            figure = function(results)
            made[name] = figure, drawn.as_csv(figure)
    return SimpleNamespace(name=request.param, made=made, read=results.read)


def test_every_figure_tells_what_it_shows_and_what_each_colour_means(page):
    for name, (figure, table) in page.made.items():
        assert len(table.splitlines()) > 1, name
        if not name.endswith("-small"):  # those are not offered as data
            for ax in figure.axes:
                assert len(colours_without_a_name(ax)) < 2, name


def test_figures_are_drawn_from_what_doit_draws_them_anew_for(page):
    module = QUESTIONS.get(page.name)
    assert page.read <= {*(module.EXPERIMENTS if module else ())}


def test_committed_figures_show_what_the_ledgers_give(page):
    kept = as_committed(figures.DRAWN)
    found = [
        line
        for name, (_, table) in page.made.items()
        # The networks that answer on question 1's page do so in float32, which without AVX-512
        # moved an output of 0.0004 by 3e-6 of it.
        for line in differences(kept.get(name), drawn.in_short(table), name, tolerance=1e-4)
    ]
    remedy = "if that is meant, run 'doit drawn' and commit book/drawn.json"
    assert not found, "\n".join([f"{remedy}; it differs in", *sorted(found)])


def test_what_is_committed_of_figures_is_of_all_of_them_and_of_no_others():
    drawn_now = [name for made in figures.BY_PAGE.values() for name in made]
    assert list(as_committed(figures.DRAWN)) == drawn_now, "run 'doit drawn'"


def test_a_row_of_weights_with_each_order_has_the_silent_outputs_of_its_seeds():
    results = Results()
    with style.drawing(style.LIGHT):
        (ax,) = q01.crossed(results).axes
    told = {text.get_position(): text.get_text() for text in ax.texts}
    for row, label in enumerate(ax.get_yticklabels()):
        runs = results[q01.CROSSED[int(label.get_text())]]
        for column, silent in enumerate(runs.silent[:, -1]):
            assert told[column, row] == ", ".join(map(str, np.flatnonzero(silent)))


def test_sureness_is_of_the_wrong_answers_of_one_network():
    results = Results()
    with style.drawing(style.LIGHT):
        (ax,) = q05.sureness_of_mistakes(results).axes
    for steps, experiment in zip(ax.patches, q05.OUTPUTS.values(), strict=True):
        answers = results[experiment].outputs.argmax(axis=2)
        wrong = (answers != results.labels(q05.SHEET)).sum(axis=1).mean()
        assert steps.get_data().values.sum() == pytest.approx(wrong)


def test_curves_of_overfitting_stand_under_what_was_done_against_it():
    results = Results()
    with style.drawing(style.LIGHT):
        axes = q07.overfitting(results).axes
    arms = {
        "nothing added": q07.DENSE_HALF,
        "dropout": q07.DENSE_DROPOUT,
        "changed images": q07.DENSE_CHANGED,
    }
    assert [ax.get_title("left") for ax in axes] == list(arms)
    for ax, arm in zip(axes, arms.values(), strict=True):
        mistakes = 100 * (1 - results[arm.experiment].history("val_accuracy"))
        curves = [line.get_ydata() for line in ax.lines if line.series == "val_accuracy"]
        np.testing.assert_allclose(curves, mistakes)


def test_two_settings_of_the_same_seeds_have_these_seeds_both():
    with style.drawing(style.LIGHT):
        told = rows(q07.averaging(Results()))
    seeds = {}
    for row in told:
        seeds.setdefault(row["series"], set()).add(row["seed"])
    expected = {str(seed) for seed in q07.CNN_DECAY.experiment.seeds}
    assert seeds == {"the weights": expected, "their average": expected}


def test_mistakes_by_category_are_under_the_name_of_their_network():
    results = Results()
    with style.drawing(style.LIGHT):
        figure = q10.categories(results)
    missed = {}
    for row in rows(figure):
        if row["mark"] == "dot":
            missed.setdefault(row["series"], []).append(float(row["x"]))
    wrong = 100 * (results[q09.SHEET].predictions != results.labels(q09.SHEET)).mean()
    before, after = (np.mean(missed.pop(name)) for name in ("question 9", "the final network"))
    assert not missed
    # Each category has as many images, so their mean is that of all images.
    assert before == pytest.approx(wrong, rel=1e-3)
    assert after < wrong / 2


def test_seeds_are_told_of_the_runs_that_a_page_is_asked_for():
    results = Results()
    for page in ("q01", "q02", "q04", "q05", "q08", "q09"):
        name = next(name for name in QUESTIONS[page].FIGURES if name.endswith(ASKED_FOR))
        with style.drawing(style.LIGHT):
            told = rows(QUESTIONS[page].FIGURES[name](results))
        assert {row["seed"] for row in told} == set(map(str, range(10))), name
