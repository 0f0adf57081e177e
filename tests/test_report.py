"""Numbers and claims: written whole, and a claim that fails is named with its page."""

import base64
import binascii
import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import tiny

from analysis import figures, levels_figures, report, statistics
from analysis.claims import Claim, at_least, at_most, exactly
from analysis.loaded import Results
from analysis.naming import ClaimError
from analysis.results import Runs
from analysis.spec import mlp

EXPERIMENT = tiny.experiment()
RUNS = Runs(EXPERIMENT, tuple(tiny.record(seed) for seed in EXPERIMENT.seeds))
RESULTS = Results({EXPERIMENT: RUNS})
SOME = Claim("some", "Some runs stick.", at_least("stuck", 3, 1))


@pytest.fixture
def page(monkeypatch, tmp_path):
    """The only question of a report that is written into a folder of its own."""
    module = SimpleNamespace(
        __file__=__file__,
        EXPERIMENTS=(EXPERIMENT,),
        FIGURES={},
        numbers=lambda results: {},
        tables=lambda results: {},
        claims=lambda results: [],
    )
    monkeypatch.setattr(report, "QUESTIONS", {"q00": module})
    monkeypatch.setattr(report, "NUMBERS", tmp_path / "numbers.json")
    monkeypatch.setattr(Results, "speed", {"ratio": 20.5})
    monkeypatch.setattr(Results, "profile", {"gflops": 200})
    monkeypatch.setattr(Results, "prescribed", [{"seconds": 90}, {"seconds": 150}])
    monkeypatch.setattr(report.speed, "numbers", lambda measured: {"rate": measured["gflops"]})
    monkeypatch.setattr(
        report.prescribed, "numbers", lambda measured: {"minutes": measured["seconds"] / 60}
    )
    monkeypatch.setattr(
        report.prescribed, "table", lambda measured: [["time"], [f"{measured['seconds']} s"]]
    )
    monkeypatch.setattr(
        *(report.prescribed, "by_machine"),
        lambda measured: [["here", "there"], [f"{found['seconds']} s" for found in measured]],
    )
    return module


def written() -> dict:
    def refuse(constant):
        raise ValueError(f"{constant} is not JSON")

    return json.loads(report.NUMBERS.read_text(), parse_constant=refuse)


def test_numbers_are_named_by_their_page_and_of_plain_types(page):
    page.numbers = lambda results: {
        "half": np.float32(0.5),
        "three": np.int64(3),
        "yes": np.True_,
        "text": "0, 4 → 7",
    }
    report.write_numbers(RESULTS)
    numbers = written()["numbers"]
    assert numbers["q00.half"] == 0.5
    assert numbers["q00.three"] == 3
    assert numbers["q00.yes"] is True
    assert numbers["q00.text"] == "0, 4 → 7"
    assert numbers["speed.ratio"] == 20.5
    assert numbers["profile.rate"] == 200
    assert numbers["prescribed.minutes"] == 1.5
    tables = written()["tables"]
    assert tables["speed-prescribed"] == {"header": ["time"], "rows": [["90 s"]]}
    assert tables["speed-machines"] == {"header": ["here", "there"], "rows": [["90 s", "150 s"]]}


def test_tables_are_named_by_their_page_and_split_into_headings_and_rows(page):
    page.tables = lambda results: {
        "arms": [["network", "gain"], ["784-10", "+1"], ["784-32-10", "+2"]]
    }
    report.write_numbers(RESULTS)
    assert written()["tables"]["q00-arms"] == {
        "header": ["network", "gain"],
        "rows": [["784-10", "+1"], ["784-32-10", "+2"]],
    }


def test_what_it_takes_to_make_the_report_again_is_told(page):
    report.write_numbers(RESULTS)
    tables, numbers = written()["tables"], written()["numbers"]
    (row,) = tables["report-experiments"]["rows"]
    assert row == ["q00-tiny", "3", "0–2", "2", "0.00", EXPERIMENT.key[:10]]
    (data,) = tables["report-data"]["rows"]
    assert data[0] == "Tiny"
    assert data[1:3] == ["300", "100"]
    assert data[3].replace(" ", "") == tiny.SOURCE.digest
    assert numbers["report.versions"] == "TensorFlow 2, Keras 3"
    assert numbers["report.machine"] == "two cores"


def test_whole_report_is_counted(page):
    page.claims = lambda results: [Claim("one", "One is one.", exactly("it", 1, 1))] * 2
    report.write_numbers(RESULTS)
    numbers = written()["numbers"]
    assert numbers["report.networks"] == 3
    assert numbers["report.experiments"] == 1
    assert numbers["report.claims"] == 2
    assert numbers["report.core_hours"] == pytest.approx(4.5 / 3600)


def test_experiments_are_described_for_their_page(page):
    report.write_numbers(RESULTS)
    (described,) = written()["experiments"]["q00"]
    assert described["name"] == "q00-tiny"
    assert described["key"] == EXPERIMENT.key
    assert described["runs"] == 3
    assert described["ledger"] == "results/q00-tiny.jsonl"
    assert described["settings"]["data"] == "Tiny"
    assert described["settings"]["optimizer"] == "SGD, rate 0.1"
    assert described["settings"]["epochs"] == "2"


def test_each_experiment_but_the_first_is_told_beside_another(page):
    longer = replace(EXPERIMENT, name="q00-longer", epochs=9)
    wider = replace(longer, name="q00-wider", layers=mlp(9, output="relu"))
    records = tuple(tiny.record(seed) for seed in EXPERIMENT.seeds)
    page.EXPERIMENTS = (EXPERIMENT, longer, wider)
    results = Results({spec: Runs(spec, records) for spec in page.EXPERIMENTS})

    def told():
        _, *others = report.described(page, results)
        return [(other["base"], other["changes"]) for other in others]

    assert told() == [("q00-tiny", "epochs 9"), ("q00-longer", "network 64-9-10")]
    page.BASES = {wider: EXPERIMENT}
    assert told()[1] == ("q00-tiny", "epochs 9; network 64-9-10")


def test_a_precision_that_the_machine_could_not_have_is_told():
    half = replace(EXPERIMENT, precision="mixed_bfloat16")
    records = [tiny.record(seed) for seed in half.seeds]
    for record, precision in zip(records, ("mixed_bfloat16", "float32", None), strict=True):
        if precision:  # which older results do not say
            record["provenance"] |= {"precision": precision}
    results = Results({half: Runs(half, tuple(records))})
    assert report.describe(half, results)["machine"] == "two cores; two cores, in float32"


def test_machines_of_one_name_are_told_apart_by_family_and_model():
    records = [tiny.record(seed) for seed in EXPERIMENT.seeds]
    for record, model in zip(records, (1, 17, 17), strict=True):
        make = f"x86_64, vendor_id A, cpu family 25, model {model}, stepping 1"
        record["provenance"] |= {"machine": "A, Inc. B, 2 cores", "processor": make}
    machine = report.describe(EXPERIMENT, Results({EXPERIMENT: Runs(EXPERIMENT, tuple(records))}))[
        "machine"
    ]
    assert machine == (
        "A, Inc. B (family 25, model 1), 2 cores; A, Inc. B (family 25, model 17), 2 cores"
    )


def test_diverged_runs_are_counted(page):
    records = [tiny.record(seed) for seed in EXPERIMENT.seeds]
    records[1]["history"]["loss"] = [0.5, None]
    report.write_numbers(Results({EXPERIMENT: Runs(EXPERIMENT, tuple(records))}))
    (described,) = written()["experiments"]["q00"]
    assert (described["runs"], described["diverged"]) == (3, 1)


def test_claims_that_hold_are_written_and_pass(page):
    page.claims = lambda results: [SOME]
    report.write_numbers(RESULTS)
    assert written()["claims"] == {
        "q00": [
            {
                "name": "some",
                "sentence": "Some runs stick.",
                "needed": "stuck at least 1",
                "measured": "stuck 3",
                "holds": True,
            }
        ]
    }


def test_claim_that_fails_is_named_with_page_sentence_and_values(page):
    page.claims = lambda results: [
        SOME,
        Claim("none", "None ever does.", at_most("stuck", 3, 0)),
    ]
    with pytest.raises(ClaimError) as error:
        report.write_numbers(RESULTS)
    assert (
        "analysis/questions/q00.py, Claim('none', …): None ever does. (needed: stuck at most 0; "
        "measured: stuck 3)"
    ) in str(error.value)
    assert "Some runs stick" not in str(error.value)
    assert [claim["holds"] for claim in written()["claims"]["q00"]] == [True, False]


def test_number_that_is_not_finite_is_named(page):
    page.numbers = lambda results: {"fine": 1.0, "ratio": float("nan")}
    with pytest.raises(ClaimError, match=r"q00\.py, 'ratio' in numbers\(\): it is nan"):
        report.write_numbers(RESULTS)
    assert not report.NUMBERS.exists()


def mean_error_of_stuck_runs(results):
    error = results[EXPERIMENT].final("val_loss")
    return statistics.estimate(error[error > 1])  # the line that the message is to name


@pytest.mark.parametrize("part", ["numbers", "tables", "claims"])
@pytest.mark.parametrize(
    ("compute", "words"),
    [
        (mean_error_of_stuck_runs, "an interval needs at least two runs; got 0"),
        (lambda results: results[EXPERIMENT].records[9], "tuple index out of range"),
        (lambda results: 1 / 0, "division by zero"),
    ],
)
def test_what_results_have_nothing_for_is_named_with_its_line(page, part, compute, words):
    setattr(page, part, compute)
    with pytest.raises(ClaimError) as error:
        report.write_numbers(RESULTS)
    line = compute.__code__.co_firstlineno + 2 * (compute is mean_error_of_stuck_runs)
    assert str(error.value).startswith(f"analysis/questions/q00.py, line {line}, in {part}(): ")
    assert f"({words})" in str(error.value)
    assert not report.NUMBERS.exists()


def test_of_functions_of_a_page_the_line_that_cannot_go_on_is_named(page):
    page.numbers = lambda results: {"error": mean_error_of_stuck_runs(results)}
    line = mean_error_of_stuck_runs.__code__.co_firstlineno + 2
    with pytest.raises(ClaimError, match=rf"q00\.py, line {line}, in numbers\(\)"):
        report.write_numbers(RESULTS)


@pytest.mark.parametrize("damage", [b"{", b"\xff", b'"%%%"'])
def test_a_damaged_file_is_not_told_as_results_with_nothing_to_count(page, tmp_path, damage):
    file = tmp_path / "excerpt.json"
    file.write_bytes(damage)
    page.numbers = lambda results: {
        "pixels": len(base64.b64decode(json.loads(file.read_text("utf-8")), validate=True))
    }
    with pytest.raises((json.JSONDecodeError, UnicodeDecodeError, binascii.Error)):
        report.write_numbers(RESULTS)


def test_numbers_stay_as_they_were_when_a_question_fails(page):
    report.write_numbers(RESULTS)
    before = report.NUMBERS.read_bytes()
    page.numbers = lambda results: 1 / 0
    with pytest.raises(ClaimError):
        report.write_numbers(RESULTS)
    assert report.NUMBERS.read_bytes() == before


def test_figures_name_their_data_and_the_lines_that_draw_them(page):
    page.FIGURES = {"q00-errors": levels_figures.errors}
    report.write_numbers(RESULTS)
    origin = written()["figures"]["q00-errors"]
    assert origin["data"] == "figures/q00-errors.csv"
    file, _, line = origin["source"].partition("#L")
    lines = (figures.BOOK.parent / file).read_text().splitlines()
    assert "def errors(" in lines[int(line) - 1]


def test_an_experiment_that_two_pages_show_is_counted_once(page, monkeypatch):
    monkeypatch.setattr(report, "QUESTIONS", {"q00": page, "q01": page})
    page.claims = lambda results: [SOME]
    report.write_numbers(RESULTS)
    numbers = written()["numbers"]
    assert (numbers["report.networks"], numbers["report.experiments"]) == (3, 1)
    assert numbers["report.core_hours"] == pytest.approx(4.5 / 3600)
    assert numbers["report.claims"] == 2
    assert len(written()["tables"]["report-experiments"]["rows"]) == 1


def test_hours_of_an_experiment_are_those_of_all_its_networks(page):
    records = [tiny.record(seed) | {"seconds": 1800.0} for seed in EXPERIMENT.seeds]
    report.write_numbers(Results({EXPERIMENT: Runs(EXPERIMENT, tuple(records))}))
    (row,) = written()["tables"]["report-experiments"]["rows"]
    assert row[4] == "1.50"
