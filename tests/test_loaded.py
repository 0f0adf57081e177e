"""Results as the analysis is given them: read when they are asked for, and once."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
import tiny

from analysis import excerpts
from analysis.loaded import Results, computed_once
from analysis.results import Ledger, LedgerError, Runs

EXPERIMENT = tiny.experiment()
RECORDS = tuple(tiny.record(seed) for seed in EXPERIMENT.seeds)


@pytest.fixture
def folder(tmp_path, tiny_file):
    """A folder with the ledger of an experiment and the excerpt of its data set."""
    for record in RECORDS:
        Ledger(EXPERIMENT, tmp_path).append(record)
    excerpts.keep("tiny", lambda labelled: [4], tmp_path)
    return tmp_path


def test_ledger_and_excerpt_are_read_once(folder):
    results = Results(folder=folder)
    runs, excerpt = results[EXPERIMENT], results.excerpts["tiny"]
    shutil.rmtree(folder)
    assert len(runs) == 3 and results[EXPERIMENT] is runs
    assert results.excerpts["tiny"] is excerpt


def test_ledger_that_is_not_complete_is_read_again(folder):
    results, more = Results(folder=folder), replace(EXPERIMENT, seeds=range(4))
    with pytest.raises(LedgerError, match="lacks 1 of 4 networks"):
        results[more]
    Ledger(more, folder).append(tiny.record(3))
    assert len(results[more]) == 4


@pytest.mark.parametrize("content", [None, "", "{}", "[]", '{"cores": ', "<<<<<<< HEAD"])
@pytest.mark.parametrize(
    "name, task",
    [("speed", "benchmark"), ("prescribed", "prescribed"), ("profile", "profile")],
)
def test_what_was_measured_and_cannot_be_read_is_named_with_what_mends_it(
    tmp_path, name, task, content
):
    file = {"speed": "benchmark"}.get(name, name) + ".json"
    if content is not None:
        (tmp_path / file).write_text(content)
    with pytest.raises(LedgerError, match=rf"{file} cannot be read .*'doit {task}' measures anew"):
        getattr(Results(folder=tmp_path), name)


@pytest.mark.parametrize(
    "content",
    [
        None,
        "",
        "{}",
        '{"train_labels": "1x"}',
        '{"train_labels": "1", "test_labels": "1", "test_numbers": [1e999]}',
        "<<<<<<< HEAD",
    ],
)
def test_an_excerpt_that_cannot_be_read_is_named_with_what_mends_it(folder, content):
    path = folder / "tiny.json"
    path.unlink() if content is None else path.write_text(content)
    with pytest.raises(LedgerError, match=r"tiny\.json cannot be read .*train:excerpt-tiny"):
        Results(folder=folder).excerpts["tiny"]


def test_results_that_are_given_need_no_files(tmp_path):
    runs = Runs(EXPERIMENT, RECORDS)
    assert Results({EXPERIMENT: runs}, folder=tmp_path)[EXPERIMENT] is runs


def test_labels_are_those_of_the_images_that_were_tested(folder):
    results = Results(folder=folder)
    np.testing.assert_array_equal(results.labels(EXPERIMENT), tiny.DATA.y_test)
    held_out = results.labels(replace(EXPERIMENT, validation=200))
    np.testing.assert_array_equal(held_out, tiny.DATA.y_train[100:])


def test_what_is_costly_is_computed_once_for_results_and_arguments():
    calls = []

    @computed_once
    def seconds(results, experiment):
        calls.append(experiment)
        return results[experiment].seconds

    other = replace(EXPERIMENT, name="q00-other")
    given = {EXPERIMENT: Runs(EXPERIMENT, RECORDS), other: Runs(other, RECORDS[:1])}
    one, two = Results(given), Results(given)
    assert [seconds(one, EXPERIMENT), seconds(one, other), seconds(one, EXPERIMENT)] == [
        4.5,
        1.5,
        4.5,
    ]
    assert calls == [EXPERIMENT, other]
    assert seconds(two, EXPERIMENT) == 4.5 and len(calls) == 3
