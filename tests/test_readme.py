"""The README: its numbers are those of the results."""

import json

import pytest

from analysis import readme, report


def test_numbers_between_comments_are_replaced_in_their_format():
    numbers = {"q01.stuck": 63, "q09.test": 0.7071}
    text = "of 9 <!--q01.stuck-->12<!----> and <!--q09.test:.1%-->?<!---->, no more"
    assert readme.filled(text, numbers) == (
        "of 9 <!--q01.stuck-->63<!----> and <!--q09.test:.1%-->70.7%<!---->, no more"
    )


def test_a_number_that_the_results_lack_is_named():
    with pytest.raises(KeyError, match=r"q01\.stock"):
        readme.filled("<!--q01.stock-->1<!---->", {"q01.stuck": 63})


def test_the_readmes_numbers_are_those_of_the_results():
    numbers, text = json.loads(report.NUMBERS.read_text())["numbers"], readme.README.read_text()
    assert len(readme.NUMBER.findall(text)) > 10
    assert readme.filled(text, numbers) == text, "run 'doit readme'"


def test_the_readme_shows_its_picture():
    assert f"]({readme.PICTURE.relative_to(readme.README.parent)})" in readme.README.read_text()
    assert readme.PICTURE.exists()
