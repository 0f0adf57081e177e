"""Trains networks again: what comes out the same, what does not, and what fits the time."""

import json
import random
from dataclasses import replace

import pytest
import tiny

from analysis import excerpts
from analysis.results import Ledger
from analysis.spec import (
    SGD,
    Adam,
    Affine,
    Conv2D,
    CosineDecay,
    Dense,
    Dropout,
    Flatten,
    FlipAndShift,
    Lookahead,
    mlp,
)
from analysis.training import machine, verify
from analysis.training.verify import VerificationError

pytestmark = pytest.mark.usefixtures("tiny_file")

# Layers so wide that a network is the same in any group on any processor.
WIDE = mlp(16, output="relu")
ONE = tiny.experiment(name="q00-one", layers=WIDE, epochs=3, seeds=range(4))
OTHER = tiny.experiment(name="q00-other", layers=WIDE, optimizer=Adam(), seeds=range(3))


@pytest.fixture
def trained(tmp_path, engine):
    """A folder with two experiments' ledgers, trained, and the labels that an audit needs."""
    folder = tmp_path / "results"
    for experiment in (ONE, OTHER):
        for record in engine.train(experiment, tiny.DATA, experiment.seeds):
            origin = {"provenance": machine.provenance(experiment)}
            Ledger(experiment, folder).append(record | origin)
    excerpts.keep("tiny", lambda labels: [], folder)
    return folder


def edit(folder, experiment, number, change):
    """Change what a ledger holds on one line."""
    path = Ledger(experiment, folder).path
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    change(lines[number - 1])
    path.write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines))


def contents(folder) -> dict:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_clean_ledgers_come_out_again_and_stay_as_they_are(trained, capsys):
    before = contents(trained)
    verify.verify([ONE, OTHER], folder=trained)
    said = capsys.readouterr().out
    assert "audit: 7 networks of 2 experiments" in said
    assert "no faults" in said
    for experiment in (ONE, OTHER):
        for seed in experiment.seeds:
            assert f"{experiment.name}, seed {seed}: same: equal to the last bit" in said
    assert "\ntrained again: 7 same; of 2 kinds of network among 2\n" in said
    assert machine.provenance(ONE)["machine"] in said
    assert contents(trained) == before


def test_a_line_that_was_edited_does_not_come_out_again(trained, capsys):
    def better(line):
        line["history"]["loss"][1] *= 0.999

    edit(trained, ONE, 2, better)
    with pytest.raises(VerificationError, match="not what the ledger says: q00-one, seed 1"):
        verify.verify([ONE, OTHER], folder=trained)
    said = capsys.readouterr().out
    assert "q00-one, seed 1: different: loss of epoch 2 is" in said
    assert said.count(": different: ") == 1
    assert "\ntrained again: 6 same, 1 different; of 2 kinds of network among 2\n" in said


def test_an_engine_with_a_fault_does_not_give_the_ledgers_lines(trained, capsys):
    """Lines as they came before a fault that makes the rate half as large again."""
    faulty = replace(ONE, name="q00-faulty", optimizer=SGD(learning_rate=0.15))
    lines = Ledger(ONE, trained).read().values()
    for line in lines:
        Ledger(faulty, trained).append(
            {name: value for name, value in line.items() if name not in ("key", "spec")}
        )
    with pytest.raises(VerificationError, match="q00-faulty, seed"):
        verify.verify([faulty], folder=trained)
    assert "different: loss of epoch 1 is" in capsys.readouterr().out


def test_a_contradiction_in_a_line_is_found_without_training(trained, capsys):
    edit(trained, ONE, 3, lambda line: line["after"].update(accuracy=2.0))
    with pytest.raises(VerificationError, match="1 lines or files"):
        verify.verify([ONE, OTHER], minutes=0, folder=trained)
    said = capsys.readouterr().out
    assert f"{Ledger(ONE, trained).path}, line 3, seed 2: after.accuracy is 2.0" in said
    assert "same" not in said


def test_it_is_said_that_no_network_was_trained_again(trained, capsys):
    with pytest.raises(VerificationError, match=r"none fits into .* minutes; give more with"):
        verify.verify([ONE, OTHER], minutes=0.01, folder=trained)
    assert "\ntrained again: none; of 0 kinds of network among 2\n" in capsys.readouterr().out


def test_it_is_said_that_none_is_of_this_machines_precision(trained, monkeypatch):
    monkeypatch.setattr(verify, "_as_here", lambda experiment, line: False)
    with pytest.raises(VerificationError, match="again: the ledgers hold none that this machine"):
        verify.verify([ONE, OTHER], folder=trained)


def test_one_experiment_alone_is_trained_again_and_all_are_audited(trained, capsys):
    verify.verify([ONE, OTHER], minutes=1, again=[OTHER], folder=trained)
    said = capsys.readouterr().out
    assert "audit: 7 networks of 2 experiments" in said
    assert "q00-other, seed 0: same" in said
    assert "q00-one" not in said


def made_up(folder, experiment, seconds):
    for seed in experiment.seeds:
        Ledger(experiment, folder).append(tiny.record(seed) | {"seconds": seconds})
    return experiment


@pytest.fixture
def some(tmp_path, monkeypatch):
    """Two experiments of one kind, a slower one of another, and one in bfloat16."""
    monkeypatch.setattr(verify.workers, "number_here", lambda: 2)
    monkeypatch.setenv(machine.BFLOAT16_VARIABLE, "no")
    return [
        made_up(tmp_path, tiny.experiment(name="q00-quick", seeds=range(12)), 1.0),
        made_up(tmp_path, tiny.experiment(name="q00-alike", seeds=range(12), batch_size=8), 2.0),
        made_up(tmp_path, tiny.experiment(name="q00-adam", seeds=range(12), optimizer=Adam()), 9.0),
        made_up(tmp_path, tiny.experiment(name="q00-half", precision="mixed_bfloat16"), 1.0),
    ]


def names(trials) -> list[str]:
    return [trial.experiment.name.removeprefix("q00-") for trial in trials]


def test_each_kind_is_met_before_another_of_its_kind(some, tmp_path, capsys):
    trials = verify.choose(some, 9, tmp_path, random.Random(0))
    assert names(trials) == ["quick", "adam", "alike"] * 2
    assert {len(trial.seeds) for trial in trials} == {6}
    said = "left out: trained in another precision, for this machine has no bfloat16 instructions"
    assert f"{len(some[-1].seeds)} networks {said}" in capsys.readouterr().out


@pytest.mark.parametrize("here, seeds", [("no", {1}), ("yes", {0, 2})])
def test_networks_are_trained_again_in_the_precision_that_their_line_names(
    tmp_path, monkeypatch, here, seeds
):
    monkeypatch.setenv(machine.BFLOAT16_VARIABLE, here)
    half = tiny.experiment(name="q00-half", precision="mixed_bfloat16", seeds=range(3))
    for seed, precision in enumerate(("mixed_bfloat16", "float32", None)):  # the last is old
        record = tiny.record(seed)
        record["provenance"] = {"machine": "this"} | ({"precision": precision} if precision else {})
        Ledger(half, tmp_path).append(record)
    trials = verify.choose([half], 9, tmp_path, random.Random(0))
    assert {seed for trial in trials for seed in trial.seeds} == seeds


def test_what_does_not_fit_the_time_is_left_out(some, tmp_path):
    seconds = verify.START + 3 + 6  # room for one of the quick and one of its kind
    trials = verify.choose(some, seconds / 60, tmp_path, random.Random(0))
    assert names(trials) == ["quick", "alike"]
    assert sum(trial.seconds for trial in trials) == 9


def test_seeds_are_chosen_by_chance_and_none_twice(some, tmp_path):
    first, second = (
        verify.choose(some[:1], 9, tmp_path, random.Random(number)) for number in (0, 1)
    )
    for trials in (first, second):
        assert sorted(seed for trial in trials for seed in trial.seeds) == list(range(12))
    assert first != second


@pytest.mark.parametrize(
    "changes",
    [
        {"loss": "cross_entropy"},
        {"layers": (Flatten(), Dense(8), Dropout(0.1), Dense(10))},
        {"optimizer": SGD(CosineDecay(0.1))},
        {"averaging": Lookahead()},
        {"augmentation": Affine(shift=1)},
        {"dataset": "tiny-grey"},
        {"mixup": 0.2},
        {"reshuffle": False},
        {"layers": mlp(8, output="softmax")},
        {"optimizer": SGD(0.1, momentum=0.9)},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_takes_another_way_through_the_engine_is_of_another_kind(some, tmp_path, changes):
    other = made_up(
        tmp_path, tiny.experiment(name="q00-other", seeds=range(12), **changes), seconds=3.0
    )
    trials = verify.choose([*some[:2], other], 9, tmp_path, random.Random(0))
    assert names(trials) == ["quick", "other", "alike"] * 2


def test_views_and_squares_cut_out_are_of_another_kind_than_what_has_none():
    softmax = {"layers": mlp(8, output="softmax"), "outputs": True}
    plain = tiny.experiment(augmentation=FlipAndShift(shift=2), **softmax)
    cut_out = replace(plain, augmentation=FlipAndShift(shift=2, cutout=3))
    kinds = [verify._kind(e) for e in (plain, replace(plain, tta=True), cut_out)]
    assert len(set(kinds)) == 3
    assert verify._kind(replace(plain, augmentation=FlipAndShift(shift=1))) == kinds[0]


def test_convolutional_networks_are_trained_one_a_core(some, tmp_path):
    layers = (Conv2D(4, 3), Flatten(), Dense(10))
    chosen = tiny.experiment(dataset="tiny-grey", layers=layers, seeds=range(4))
    trials = verify.choose([made_up(tmp_path, chosen, 3.0)], 9, tmp_path, random.Random(0))
    assert [(len(trial.seeds), trial.seconds) for trial in trials] == [(2, 3), (2, 3)]


def test_no_trial_begins_that_would_end_too_late(trained, capsys):
    trials = [verify.Trial(ONE, (0,), 100.0), verify.Trial(OTHER, (1,), 0.5)]
    found = list(verify._train_again(trials, 1, trained))
    assert [(experiment, seed) for experiment, seed, _ in found] == [(OTHER, 1)]
    left_out = [line for line in capsys.readouterr().out.splitlines() if "lack of time" in line]
    assert left_out == ["q00-one: left out for lack of time"]
