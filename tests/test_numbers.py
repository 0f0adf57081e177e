"""The numbers under version control: what the ledgers give, and no more than is cited."""

import json
import re

import pytest
from committed import as_committed, differences

from analysis import figures, readme, report
from analysis.loaded import Results
from analysis.training import benchmark, steps

#: As pages cite numbers, in their text and in alt texts: ``{num}`q01.stuck:,` ``.
CITATION = re.compile(r"\{num\}`([\w.]+)")


def test_committed_numbers_are_what_the_ledgers_give():
    kept, made = as_committed(report.NUMBERS), json.loads(json.dumps(report.collect(Results())))
    for content in (kept, made):
        del content["figures"]  # on which lines of the code they are drawn
    found = sorted(differences(kept, made))
    remedy = "if that is meant, run 'doit numbers' and commit book/numbers.json"
    assert not found, "\n".join([f"{remedy}; it differs in", *found])


@pytest.mark.parametrize("measuring, name", [(benchmark, "speed"), (steps, "profile")])
def test_what_is_measured_is_read_where_it_is_kept(measuring, name, monkeypatch, written_apart):
    monkeypatch.setattr(measuring, "_measured", lambda: {"cores": 2})
    kept = written_apart(measuring)
    measuring.measure()
    assert getattr(Results(folder=kept), name) == {"cores": 2}


def test_differences_are_found_wherever_they_are():
    ours = {"a": [1.0, "x"], "b": 1, "c": {"d": True}}
    assert list(differences(ours, {"a": [1.0 + 1e-15, "x"], "b": 1, "c": {"d": True}})) == []
    theirs = {"a": [1.0 + 1e-6, "y"], "b": 1.0, "e": None, "c": {"d": 1}}
    found = {line.partition(":")[0] for line in differences(ours, theirs)}
    assert found == {"/a/0", "/a/1", "/b", "/c/d"}
    assert list(differences({"a": [1]}, {"a": [1, 2]})) == ["/a: [1], and the ledgers give [1, 2]"]


def cited() -> set[str]:
    """Names of all numbers in the pages and in the README."""
    pages = [
        name for page in figures.BOOK.glob("*.md") for name in CITATION.findall(page.read_text())
    ]
    return {*pages, *(match["name"] for match in readme.NUMBER.finditer(readme.README.read_text()))}


def test_every_number_is_cited_somewhere():
    # Those of speed are what the benchmark's own file has.
    numbers = {n for n in as_committed(report.NUMBERS)["numbers"] if not n.startswith("speed.")}
    assert numbers - cited() == set(), "take them out of their question's numbers()"
