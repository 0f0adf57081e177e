"""Figures as files: both themes and paper, always the same bytes, and their data beside them."""

import json
from dataclasses import replace

import joblib
import pytest
import tiny
from conftest import ROOT
from test_questions import imported

from analysis import drawn, figures, statistics, style
from analysis.loaded import Results
from analysis.naming import ClaimError
from analysis.questions import QUESTIONS
from analysis.results import Runs
from analysis.spec import SpecError

ANALYSIS = ROOT / "analysis"
EXPERIMENT = tiny.experiment()
RUNS = Runs(EXPERIMENT, tuple(tiny.record(seed) for seed in EXPERIMENT.seeds))
RESULTS = Results({EXPERIMENT: RUNS})
WRONG = "q07-mine is not among the arms"


@pytest.fixture
def folder(monkeypatch, tmp_path):
    """Where figures are written to."""
    monkeypatch.setattr(figures, "FIGURES", tmp_path)
    return tmp_path


def draw_a_line(results):
    figure, ax = style.figure()
    ax.plot(results[EXPERIMENT].final("loss"), color=style.theme().text)
    return figure


def test_what_results_have_nothing_to_draw_of_is_named_with_its_line():
    def draw_all(results):
        return statistics.estimate(results[EXPERIMENT].final("loss")[:0])

    line = draw_all.__code__.co_firstlineno + 1
    with pytest.raises(ClaimError, match=rf"^tests/test_figures.py, line {line}, in draw_all\(\)"):
        figures.drawn(draw_all, RESULTS)


def test_a_setting_that_is_wrong_is_told_as_such_where_a_figure_shows_it():
    with pytest.raises(SpecError, match=WRONG):
        figures.drawn(lambda results: (_ for _ in ()).throw(SpecError(WRONG)), RESULTS)


def test_figure_is_drawn_for_light_and_dark_pages_and_paper():
    light, dark, paper, dots, data = figures.drawn(draw_a_line, RESULTS)
    assert style.LIGHT.text.encode() in light
    assert style.DARK.text.encode() in dark
    assert paper.startswith(b"%PDF")
    assert json.loads(dots) == []
    _, *rows = data.decode().splitlines()
    assert rows == [f"1,line,,,,{x}.0,,,{y},,," for x, y in enumerate((0.5, 0.3333333, 0.25))]


def test_same_figure_gives_the_same_bytes():
    assert figures.drawn(draw_a_line, RESULTS) == figures.drawn(draw_a_line, RESULTS)


def test_page_is_the_same_whether_one_or_several_figures_are_drawn_at_a_time(folder, monkeypatch):
    written = []
    for cores in (1, 2):
        monkeypatch.setattr(joblib, "cpu_count", lambda cores=cores: cores)
        figures.draw_page("q03", Results())
        written.append({path.name: path.read_bytes() for path in folder.iterdir()})
        for path in folder.iterdir():
            path.unlink()
    assert written[0] == written[1]
    assert {"q03-small.csv", "q03-small.svg", "q03-small-dark.svg", "q03-small.pdf"} <= written[
        0
    ].keys()


def test_what_figures_show_is_kept_in_a_line_for_each_series(folder, monkeypatch):
    monkeypatch.setattr(figures, "DRAWN", folder / "drawn.json")
    monkeypatch.setattr(figures, "BY_PAGE", {"q98": {"line": draw_a_line}, "q99": {"ü": None}})
    _, _, _, _, data = figures.drawn(draw_a_line, RESULTS)
    for name in ("line", "ü"):
        figures.data_file(name).write_bytes(data)
    figures.write_drawn()
    text = figures.DRAWN.read_text(encoding="utf-8")
    short = drawn.in_short(data)
    assert json.loads(text) == {"line": short, "ü": short}
    lines = [line for line in text.splitlines() if "rows" in line]
    assert lines == 2 * [f'   "line": {json.dumps(short["1"]["line"])}']


def test_nothing_that_analyses_or_draws_imports_the_training():
    code = [*ANALYSIS.glob("*.py"), *ANALYSIS.glob("questions/*.py")]
    assert len(code) > 40
    for path in code:
        assert not [name for name in imported(path) if name.startswith("analysis.training")], path


class OneEpochLess(Results):
    """The report's results, as if what has several epochs had been trained for one less."""

    def __getitem__(self, experiment):
        runs = super().__getitem__(experiment)
        if experiment.epochs == 1:
            return runs
        records = [
            record | {"history": {name: of[:-1] for name, of in record["history"].items()}}
            for record in runs.records
        ]
        return Runs(replace(experiment, epochs=experiment.epochs - 1), tuple(records))


@pytest.fixture(scope="module")
def one_epoch_less():
    return OneEpochLess()


@pytest.mark.parametrize("page", QUESTIONS)
def test_figures_can_be_drawn_for_another_number_of_epochs(one_epoch_less, page):
    with style.drawing(style.LIGHT):
        for draw in figures.BY_PAGE[page].values():
            draw(one_epoch_less)
