"""``doit prescribed``: it trains what the sheet asks for, times both ways, and compares."""

import json
import os
import signal
import time
from dataclasses import replace

import pytest
import tiny
from conftest import ROOT, nobody_is_left_of, wait_for_members
from test_programs import SPECS

from analysis import cost, prescribed
from analysis.loaded import Results
from analysis.results import FOLDER, Ledger, LedgerError
from analysis.spec import Adam, mlp
from analysis.training import prescribed as training
from analysis.training import workers
from analysis.training.verify import VerificationError

# Layers so wide that a network is the same in any group on any processor.
WIDE = mlp(16, output="relu")
SHORT = tiny.experiment(name="q01-short", layers=WIDE)
LONG = tiny.experiment(name="q02-long", layers=WIDE, epochs=3)
OTHER = tiny.experiment(name="q02-other", layers=WIDE, optimizer=Adam())
ASKED = [("q01", SHORT), ("q02", LONG), ("q02", OTHER)]

FIT = {"epoch": 4.0, "startup": 1.5}


@pytest.mark.parametrize("question", sorted(SPECS.keys() - {"q07", "q10"}))
def test_what_is_prescribed_is_what_the_program_in_plain_keras_trains(question):
    names = {}
    program = (ROOT / "book" / "programs" / f"{question}.py").read_text()
    (constants,) = (line for line in program.splitlines() if line.startswith("RUNS"))
    exec(constants, names)
    found = [e for asked, e in prescribed.PRESCRIBED if asked == question]
    assert [e.key for e in found] == [e.key for e in SPECS[question].values()]
    for experiment in found:
        assert experiment.seeds == tuple(range(names["RUNS"]))
        assert experiment.epochs == names["EPOCHS"]


def test_nothing_is_prescribed_beyond_what_the_sheet_asks_for():
    networks = {}
    for question, experiment in prescribed.PRESCRIBED:
        networks[question] = networks.get(question, 0) + len(experiment.seeds)
    ten = dict.fromkeys(("q01", "q02", "q03", "q04", "q05", "q09"), 10)
    assert networks == ten | {"q06": 8 * 10, "q08": 2 * 10}


def test_every_network_that_is_prescribed_is_in_the_reports_ledgers():
    for _, experiment in prescribed.PRESCRIBED:
        assert Ledger(experiment, FOLDER).missing() == []


def measured(question, **changes) -> dict:
    """What was measured of an experiment; made up."""
    return {
        "question": question,
        "experiment": f"{question}-some",
        "networks": 10,
        "epochs": 5,
        "seconds": 20.0,
        "fit_epoch_seconds": 2.0,
        "fit_startup_seconds": 1.0,
        "same": 10,
        "same_answers": 10,
        "accuracy": 0.5,
        "accuracy_in_report": 0.5,
        "largest_difference": 0.0,
    } | changes


def test_all_epochs_of_all_networks_are_reckoned_with_a_start_for_each():
    assert prescribed.extrapolated(measured("q01")) == 10 * (1 + 5 * 2)


def test_the_table_has_a_row_for_each_question_and_one_for_all():
    table = prescribed.table(
        {
            "experiments": [
                measured("q01"),
                measured(
                    "q06",
                    **{"networks": 20, "same": 20, "same_answers": 20},
                    **{"accuracy": 0.8, "accuracy_in_report": 0.8},
                ),
                measured(
                    "q06",
                    **{"seconds": 180.0, "epochs": 50, "same": 3, "same_answers": 7},
                    **{"accuracy": 0.65, "largest_difference": 0.0123},
                ),
            ]
        }
    )
    assert table == [
        list(prescribed.HEADINGS),
        ["1", "10", "20 s", "110 s", "5.5", "50.00%", "50.00%", "all, to the bit"],
        [
            *("6", "30", "200 s", "1,230 s", "6.2", "75.00%", "70.00%"),
            "23 to the bit, 27 in every answer, all within 1.23 points of testing accuracy",
        ],
        [
            *("all", "40", "220 s", "1,340 s", "6.1", "–", "–"),
            "33 to the bit, 37 in every answer, all within 1.23 points of testing accuracy",
        ],
    ]


def test_rates_are_the_arithmetic_of_all_networks_by_the_time_it_takes():
    assert prescribed.rates(measured("q01", epoch_gflop=2.2)) == pytest.approx((5.5, 1.0))


def test_numbers_are_of_all_experiments_together():
    found = prescribed.numbers(
        {
            "processor": "Quick 9000",
            "instructions": "avx avx2 fma avx512f",
            "cores": 4,
            "experiments": [
                measured("q08", seconds=100.0, same=4),
                measured("q08"),
                measured("q09", seconds=80.0, same=0),
            ],
        }
    )
    assert found == pytest.approx(
        {
            "processor": "Quick 9000",
            "instructions": "AVX-512",
            "cores": 4,
            "networks": 30,
            "same": 14,
            "minutes": 200 / 60,
            "fit_minutes": 3 * 110 / 60,
            "ratio": 3 * 110 / 200,
            "two_slowest_share": 0.9,
        }
    )


@pytest.mark.parametrize(
    ("instructions", "widest"),
    [
        ("avx avx2 fma avx512f avx512_bf16", "AVX-512"),
        ("avx avx2 fma", "AVX2"),
        ("asimd asimdhp sve", "SVE"),
        ("asimd", "NEON"),
        ("avx", "others"),
    ],
)
def test_the_widest_vectors_of_a_processor_are_named(instructions, widest):
    assert prescribed.vectors({"instructions": instructions}) == widest


EPYC = {
    "processor": "AMD EPYC",
    "make": "x86_64, vendor_id AuthenticAMD, cpu family 25, model 17, stepping 1",
    "instructions": "avx avx2 avx512f",
    "settings": "",
    "cores": 2,
}
TOLD = "ONEDNN_MAX_CPU_ISA=AVX2 XLA_FLAGS=--xla_cpu_max_isa=AVX2"

#: What was measured of all that is asked for; made up.
OF_THESE = [
    measured(question, experiment=e.name, key=e.key, networks=len(e.seeds)) for question, e in ASKED
]


def test_machines_stand_side_by_side_each_with_its_times_and_ratios():
    told = f"REPORT_BFLOAT16=no {TOLD} TF_DETERMINISTIC_OPS=1"
    arm = {"processor": "Neoverse", "make": "aarch64", "instructions": "asimd", "settings": told}
    table = prescribed.by_machine(
        [
            EPYC | {"experiments": [measured("q01"), measured("q02", same=3), measured("q02")]},
            EPYC | arm | {"experiments": [measured("q01", seconds=40.0), measured("q02")]},
        ]
    )
    assert table == [
        ["", "AMD EPYC", "Neoverse"],
        ["family and model", "25, 17", "aarch64"],
        ["cores", "2", "2"],
        ["vectors it has", "AVX-512", "NEON"],
        [
            "settings",
            "none",
            "REPORT_BFLOAT16=no, oneDNN up to AVX2, XLA up to AVX2, TF_DETERMINISTIC_OPS=1",
        ],
        ["question 1", "20 s (5.5)", "40 s (2.8)"],
        ["question 2", "40 s (5.5)", "20 s (5.5)"],
        ["all", "60 s (5.5)", "60 s (3.7)"],
        [
            "the same as in the report",
            "23 to the bit, 30 in every answer, all within 0.00 points of testing accuracy",
            "all, to the bit",
        ],
    ]


@pytest.mark.parametrize(
    ("before", "is_kept"),
    [
        ({}, False),
        ({"tensorflow": "2.20"}, False),
        ({"cores": 4}, True),
        ({"settings": TOLD}, True),
        ({"instructions": "avx avx2"}, True),
        ({"processor": "AMD EPYC 9004"}, True),
        ({"make": EPYC["make"].replace("model 17", "model 1")}, True),
        ({"cores": 4, "experiments": OF_THESE[1:]}, False),
        ({"cores": 4, "experiments": [OF_THESE[0] | {"key": "0"}, *OF_THESE[1:]]}, False),
        ({"cores": 4, "experiments": [OF_THESE[0] | {"networks": 2}, *OF_THESE[1:]]}, False),
    ],
)
def test_what_was_measured_on_another_kind_of_machine_is_kept(
    folder, tmp_path, monkeypatch, capsys, before, is_kept
):
    file, before = tmp_path / "kept.json", EPYC | {"experiments": OF_THESE} | before
    file.write_text(json.dumps([before]))
    now = [found | {"seconds": 7.0} for found in OF_THESE]
    cores = EPYC["cores"]
    monkeypatch.setattr(training.machine, "timed_on", lambda: EPYC)
    monkeypatch.setattr(training.workers, "number_here", lambda: cores)
    monkeypatch.setattr(training, "_measured", lambda asked, ledgers, before: (now, []))
    training.measure(ASKED, file, folder)
    assert json.loads(file.read_text()) == [*[before] * is_kept, EPYC | {"experiments": now}]
    is_of_others = before["experiments"] != OF_THESE
    assert ("on AMD EPYC (25, 17) is of other networks" in capsys.readouterr().err) == is_of_others


def test_what_is_measured_is_read_where_it_is_kept(folder, monkeypatch, written_apart):
    monkeypatch.setattr(training, "_measured", lambda asked, ledgers, before: (OF_THESE, []))
    monkeypatch.setattr(training.machine, "timed_on", lambda: EPYC)
    kept = written_apart(training)
    training.measure(ASKED, folder=folder)
    assert [found["experiments"] for found in Results(folder=kept).prescribed] == [OF_THESE]


@pytest.mark.parametrize(
    "content", ["{", "[{}]", json.dumps([EPYC]), json.dumps(EPYC | {"experiments": []}), "7"]
)
def test_a_file_that_is_not_of_its_making_is_refused_before_anything_is_trained(
    folder, fits, tmp_path, content
):
    file = tmp_path / "kept.json"
    file.write_text(content)
    with pytest.raises(VerificationError, match=r"kept\.json is not what 'doit prescribed' writes"):
        training.measure(ASKED, file, folder)
    assert fits == [] and file.read_text() == content


def test_what_the_page_shows_was_measured_of_the_networks_that_are_prescribed_now():
    for found in Results().prescribed:
        assert prescribed.is_of(found, prescribed.PRESCRIBED), "run 'doit prescribed'"


def test_the_last_column_is_the_machine_before_it_with_shorter_vectors_as_the_page_says():
    *_, before, last = map(prescribed.machine, Results().prescribed)
    assert last == before._replace(settings=TOLD)


def test_rows_are_printed_in_columns():
    printed = training.in_columns([["question", "s"], ["1", "2,000 s"]])
    assert printed == "question        s\n       1  2,000 s"


@pytest.fixture(scope="module")
def trained(engine):
    """What is asked for, trained: experiments and their records."""
    asked = (SHORT, LONG, OTHER)
    return [(e, record) for e in asked for record in engine.train(e, tiny.DATA, e.seeds)]


@pytest.fixture
def folder(tmp_path, tiny_file, trained):
    """A folder with the ledgers of what is asked for."""
    for experiment, record in trained:
        origin = {"provenance": {"machine": "two cores"}}
        Ledger(experiment, tmp_path / "results").append(record | origin)
    return tmp_path / "results"


@pytest.fixture
def fits(monkeypatch):
    """``model.fit`` takes a time that is made up; gives of what it was timed."""
    timed = []

    def apart(function, experiment, epochs):
        assert (function, epochs) == (training.literal.timed, training.EPOCHS)
        timed.append(experiment)
        return FIT

    monkeypatch.setattr(training, "apart", apart)
    return timed


def contents(folder) -> dict:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_on_two_models_of_one_make_all_networks_came_out_the_same_as_the_page_says():
    first, second, *_ = Results().prescribed
    assert first["make"].split(",")[:2] == second["make"].split(",")[:2]
    assert prescribed.machine(first).model != prescribed.machine(second).model
    for found in (first, second):
        assert prescribed.vectors(found) == "AVX-512"
        assert all(part["same"] == part["networks"] for part in found["experiments"])


def test_all_is_trained_again_and_compared_and_no_ledger_is_touched(folder, fits, tmp_path, capsys):
    before = contents(folder)
    training.measure(ASKED, tmp_path / "kept.json", folder)
    assert contents(folder) == before
    (kept,) = json.loads((tmp_path / "kept.json").read_text())
    assert kept["cores"] == workers.number_here()
    assert {*EPYC, "tensorflow", "keras", "numpy"} <= kept.keys()
    for (question, experiment), found in zip(ASKED, kept["experiments"], strict=True):
        lines = Ledger(experiment, folder).read().values()
        accuracy = sum(line["history"]["val_accuracy"][-1] for line in lines) / len(lines)
        assert found.pop("seconds") > 0
        flops = cost.flops_per_epoch(experiment) + cost.flops_of_testing(experiment)
        assert found == {
            "question": question,
            "experiment": experiment.name,
            "key": experiment.key,
            "networks": 3,
            "epochs": experiment.epochs,
            "hidden": [16],
            "epoch_gflop": pytest.approx(flops / 1e9),
            "fit_epoch_seconds": 4,
            "fit_startup_seconds": 1.5,
            "same": 3,
            "same_answers": 3,
            "accuracy": pytest.approx(accuracy),
            "accuracy_in_report": pytest.approx(accuracy),
            "largest_difference": 0,
        }
    said = capsys.readouterr()
    for row in ("1 3", "2 6", "all 9"):
        question, networks = row.split()
        (line,) = (line for line in said.out.splitlines() if line.split()[:1] == [question])
        assert line.split()[1] == networks and line.endswith("all, to the bit")
    assert "q02-other, seed 2: same: equal to the last bit (line from two cores)" in said.out
    assert "experiment 3 of 3, " in said.err and " left for all" in said.err


def test_fit_is_timed_once_for_each_network_whatever_its_epochs(folder, fits, tmp_path):
    training.measure(ASKED, tmp_path / "kept.json", folder)
    assert [replace(e, name="any", epochs=1) for e in fits] == [
        replace(e, name="any", epochs=1) for e in (SHORT, OTHER)
    ]


def test_time_left_counts_what_is_still_to_come_of_both_ways(folder, fits, tmp_path, monkeypatch):
    told, kept = [], tmp_path / "kept.json"
    other = OF_THESE[2] | {"seconds": 30.0}
    monkeypatch.setattr(training, "_kept", lambda *given: {"a machine": {"experiments": [other]}})
    monkeypatch.setattr(training.Pace, "say", lambda pace, at, seconds: told.append(seconds))
    training.measure(ASKED, kept, folder)
    never_measured = [
        sum(line["seconds"] for line in Ledger(e, folder).read().values()) / workers.number_here()
        for e in (SHORT, LONG)
    ]
    here = [*never_measured, 30]
    fit = training.START + 1 + (1 + training.EPOCHS) * 2
    assert told == pytest.approx(
        [training.START + fit + sum(here), fit + sum(here), sum(here), sum(here[1:]), here[2]]
    )


def test_a_network_that_contradicts_its_ledger_is_an_error_and_nothing_is_kept(
    folder, fits, tmp_path, capsys
):
    path, kept = Ledger(LONG, folder).path, tmp_path / "kept.json"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    lines[1]["history"]["loss"][1] *= 0.999
    path.write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines))
    kept.write_text("[]")
    with pytest.raises(VerificationError, match="not what the ledger says: q02-long, seed 1;"):
        training.measure(ASKED, kept, folder)
    said = capsys.readouterr().out
    assert "q02-long, seed 1: different: loss of epoch 2 is" in said
    assert "8 to the bit" in said.splitlines()[-1]
    assert kept.read_text() == "[]"


def test_without_a_ledger_nothing_is_trained(folder, fits, tmp_path):
    Ledger(OTHER, folder).path.unlink()
    with pytest.raises(LedgerError, match="q02-other lacks 3 of 3 networks"):
        training.measure(ASKED, tmp_path / "kept.json", folder)
    assert fits == []


def test_a_cluster_is_not_timed(folder, fits, tmp_path, monkeypatch):
    monkeypatch.setenv(workers.SCHEDULER_VARIABLE, "tcp://somewhere:8786")
    with pytest.raises(workers.ClusterError, match="this times one machine: unset it"):
        training.measure(ASKED, tmp_path / "kept.json", folder)
    assert fits == []


STOPPED = """
import sys
from pathlib import Path
import tiny
from analysis.training import prescribed
tiny.register()
prescribed.workers.number_here = lambda: 2  # whatever the machine has
prescribed.apart = lambda *given: {"epoch": 1.0, "startup": 1.0}
folder = Path(sys.argv[1])
prescribed.measure([("q00", tiny.experiment())], folder / "kept.json", folder)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopped_it_leaves_nothing_and_loses_nothing(start, tmp_path, monkeypatch, number):
    folder, shared = tmp_path / "results", tmp_path / "shared"
    monkeypatch.setenv("JOBLIB_TEMP_FOLDER", str(shared))
    for seed in range(3):
        Ledger(tiny.experiment(), folder).append(tiny.record(seed))
    (folder / "kept.json").write_text("[]")
    before = contents(folder)
    process = start("-c", STOPPED, folder, seconds_an_epoch=30)
    wait_for_members(process, 3)  # it has started workers
    time.sleep(2)
    os.kill(process.pid, number)
    assert process.wait(timeout=60) != 0
    assert nobody_is_left_of(process)
    assert contents(folder) == before
    assert list(shared.glob("*/*/")) == []
