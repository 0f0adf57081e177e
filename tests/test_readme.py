"""The README: its numbers are those of the results."""

import json

import numpy as np
import pytest

from analysis import forms, plots, readme, report, style, tta
from analysis.naming import ClaimError
from analysis.questions import q01, q08, q09, q10


def test_numbers_between_comments_are_replaced_in_their_format():
    numbers = {"q01.stuck": 63, "q09.test": 0.7071}
    text = "of 9 <!--q01.stuck-->12<!----> and <!--q09.test:.1%-->?<!---->, no more"
    assert readme.filled(text, numbers) == (
        "of 9 <!--q01.stuck-->63<!----> and <!--q09.test:.1%-->70.7%<!---->, no more"
    )


def test_a_number_that_the_results_lack_is_named():
    with pytest.raises(ClaimError, match=r"README.md cites the number 'q01\.stock'"):
        readme.filled("<!--q01.stock-->1<!---->", {"q01.stuck": 63})


def test_the_readmes_numbers_are_those_of_the_results():
    numbers, text = json.loads(report.NUMBERS.read_text())["numbers"], readme.README.read_text()
    assert len(readme.NUMBER.findall(text)) > 10
    assert readme.filled(text, numbers) == text, "run 'doit readme'"


def test_the_readme_shows_its_picture():
    assert f"]({readme.PICTURE.relative_to(readme.README.parent)})" in readme.README.read_text()
    assert readme.PICTURE.exists()


@pytest.fixture(scope="module")
def panels(results):
    """Both of the picture's."""
    with style.drawing(style.LIGHT):
        return readme.picture(results).axes


def test_the_pictures_curves_are_the_training_accuracies_of_question_1s_first_ten_runs(
    results, panels
):
    curves, ten = panels[0].lines, results[q01.SHEET].records[:10]
    assert panels[0].get_ylabel() == "training accuracy"
    for curve, record in zip(curves, ten, strict=True):
        accuracies = record["history"]["accuracy"]
        assert curve.get_ydata().tolist() == accuracies
        assert curve.get_xdata().tolist() == [*range(1, len(accuracies) + 1)]
    with style.drawing(style.LIGHT):
        by_silent = [plots.silent_colour(n) for n in results[q01.SHEET].silent[:10, -1].sum(axis=1)]
    assert [curve.get_color() for curve in curves] == by_silent
    assert len(set(by_silent)) > 1


def test_the_pictures_strips_are_what_the_first_ten_runs_reach_in_testing(results, panels):
    drawn = {forms.one_line(dots.series): dots.get_offsets() for dots in panels[1].collections}
    reached = {
        name: [record["history"]["val_accuracy"][-1] for record in results[experiment].records[:10]]
        for name, experiment in (
            ("one hidden layer", q08.SHEET),
            ("centred inputs", q08.CENTRED),
            ("convo-lution", q09.SHEET),
        )
    } | {"question 10": tta.accuracy(results, q10.FINAL)}
    assert panels[1].get_ylabel() == "testing accuracy"
    assert list(drawn) == list(reached)
    for place, (name, dots) in enumerate(drawn.items()):
        np.testing.assert_array_equal(dots[:, 1], reached[name], name)
        assert set(np.round(dots[:, 0])) == {place}, name
    labels = [forms.one_line(label.get_text()) for label in panels[1].get_xticklabels()]
    assert labels == list(reached)


def test_the_readme_and_its_picture_are_written(monkeypatch, tmp_path):
    monkeypatch.setattr(readme, "README", tmp_path / "README.md")
    monkeypatch.setattr(readme, "PICTURE", tmp_path / "readme.png")
    monkeypatch.setattr(report, "NUMBERS", tmp_path / "numbers.json")
    report.NUMBERS.write_text('{"numbers": {"q01.stuck": 63}}', encoding="utf-8")
    readme.README.write_text("9 × <!--q01.stuck-->12<!---->", encoding="utf-8")
    drawn = []

    def picture(results):
        drawn.append(style.theme())
        return style.figure()[0]

    monkeypatch.setattr(readme, "picture", picture)
    readme.write()
    assert readme.README.read_text(encoding="utf-8") == "9 × <!--q01.stuck-->63<!---->"
    assert readme.PICTURE.read_bytes().startswith(b"\x89PNG")
    assert drawn == [style.LIGHT]
