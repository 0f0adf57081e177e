"""The networks that readers can draw for are those of the ledgers, and come back as kept."""

import json
import os
import re
from dataclasses import replace

import numpy as np
import pytest
import tiny

from analysis import datasets, networks
from analysis.agreement import ROUNDED, agreement
from analysis.draw_a_digit import TITLES
from analysis.figures import BOOK
from analysis.loaded import Results
from analysis.networks import Network, Pick
from analysis.questions import EXPERIMENTS, TO_DRAW_FOR, q01, q05, to_draw_for
from analysis.results import FOLDER, Ledger, LedgerError
from analysis.spec import Dense, Dropout, Flatten, Rescaling, SpecError, mlp
from analysis.training import weights
from analysis.training.verify import VerificationError

KEPT = networks.load()
RELU = tiny.experiment(epochs=1, seeds=(0, 1))
SOFTMAX = replace(
    RELU, name="q00-softmax", loss="cross_entropy", layers=mlp(8, output="softmax"), seeds=(1,)
)


# Those of the report ---------------------------------------------------------------------


def test_they_are_those_that_the_ledgers_choose_and_small_enough_for_a_page():
    assert networks.is_current(lambda: to_draw_for(Results()))
    assert (FOLDER / networks.FILE).stat().st_size <= 250_000


@pytest.mark.parametrize("name", KEPT.networks)
def test_they_say_what_their_ledgers_say(name):
    network, results = KEPT.networks[name], Results()
    experiment = EXPERIMENTS[network.experiment]
    line = Ledger(experiment).read()[network.seed]
    assert network.key == line["key"]
    excerpt = results.excerpts["mnist"]
    said = network.outputs(excerpt.test).argmax(axis=1)
    assert said.tolist() == [int(line["predictions"][number]) for number in excerpt.test_numbers]
    assert excerpt.test_numbers[0] == 0  # of which the ledger has the outputs
    answer = network.outputs(excerpt.test[:1])[0]
    np.testing.assert_allclose(answer, line["after"]["answer"], atol=5e-4)


@pytest.mark.parametrize("name", KEPT.networks)
def test_they_say_what_their_ledgers_say_of_all_test_images(mnist, name):
    network = KEPT.networks[name]
    line = Ledger(EXPERIMENTS[network.experiment]).read()[network.seed]
    said = network.outputs(mnist.x_test).argmax(axis=1)
    # Where two outputs are all but equal rounding may decide: measured, for one image of one.
    assert np.sum(said != [int(digit) for digit in line["predictions"]]) <= 3


def test_examples_are_the_first_test_image_of_each_digit(mnist):
    for digit, image in enumerate(KEPT.examples):
        np.testing.assert_array_equal(image, mnist.x_test[mnist.y_test == digit][0])


def test_they_have_the_same_names_on_the_page_as_in_figures():
    script = BOOK / "_ext" / "results_in_pages" / "static" / "draw-a-digit.js"
    (names,) = re.findall(r"const NAMES = {(.*?)};", script.read_text(), re.DOTALL)
    assert re.findall(r'(\w+): "([^"]*)"', names) == [*TITLES.items()]
    assert [*TITLES] == [*KEPT.networks]


# By which rule ---------------------------------------------------------------------------


def runs(*silent):
    """Runs of question 1 with these silent outputs."""
    own = np.ones((len(silent), 1, 10))
    for run, digits in enumerate(silent):
        own[run, 0, list(digits)] = 0
    made = tiny.runs(own=own)
    records = tuple(record | {"seed": 10 + place} for place, record in enumerate(made.records))
    return replace(made, experiment=q01.SHEET, records=records)


def test_the_first_are_chosen_that_have_no_silent_output_or_one_other_than_that_of_0():
    picks = to_draw_for(Results({q01.SHEET: runs([2, 3], [0], [9], [], [4], [])}))
    assert picks == {
        "healthy": Pick(q01.SHEET, 13),
        "stuck": Pick(q01.SHEET, 12, (9,)),
        "softmax": Pick(q05.SHEET, 13),
    }
    assert {pick.experiment for pick in picks.values()} == set(TO_DRAW_FOR)


def test_where_there_is_none_such_that_is_said():
    with pytest.raises(LedgerError, match="no network of q01-sgd is what"):
        to_draw_for(Results({q01.SHEET: runs([], [0], [3, 4])}))


RUNNABLE = "layers[1] must be Dense with a bias and activation 'relu' for readers to draw for"


@pytest.mark.parametrize(
    "layers, said",
    [
        (mlp(8, output="linear"), "layers[2] must be Dense with a bias and activation 'relu' or"),
        ((Flatten(), Dense(8, "gelu"), Dense(10)), RUNNABLE),
        ((Flatten(), Dense(8, "softmax"), Dense(10)), RUNNABLE),
        ((Flatten(), Dense(8, use_bias=False), Dense(10)), RUNNABLE),
        ((Flatten(), Dropout(0.1), Dense(10)), RUNNABLE),
        ((Rescaling(2), Flatten(), Dense(10)), "layers[0] must be Flatten() for readers to draw"),
    ],
    ids=["linear outputs", "gelu", "softmax within", "no biases", "dropout", "rescaled images"],
)
def test_networks_that_the_page_cannot_run_are_refused(layers, said):
    with pytest.raises(SpecError, match=re.escape(f"experiment 'q00-tiny': {said}")):
        Pick(replace(RELU, layers=layers), 0)


@pytest.mark.parametrize("hidden", [(), (8,), (8, 4)])
@pytest.mark.parametrize("output", ["relu", "softmax"])
def test_networks_that_the_page_can_run_may_be_picked(hidden, output):
    Pick(replace(RELU, layers=mlp(*hidden, output=output)), 0)


# What they say ---------------------------------------------------------------------------


def network(activation):
    """Two pixels, two hidden units, three outputs."""
    kernels = np.array([[1, -1], [2, 0]], np.float32), np.array([[1, 0, -1], [0, 3, 0]], np.float32)
    biases = np.array([0, 0.5], np.float32), np.array([0, -1, 0.25], np.float32)
    return Network(
        "q00-tiny", "", 0, (), activation, (kernels[0], biases[0], kernels[1], biases[1])
    )


# Hidden: (1 + 2 * 0.2, 0.5 - 1) and (0, 0.5), of which below zero is nothing left.
IMAGES = np.array([[[255, 51]], [[0, 0]]], np.uint8)
SUMS = np.array([[1.4, -1, -1.15], [0, 0.5, 0.25]])


def test_outputs_are_those_of_dense_layers_with_relu_or_softmax():
    np.testing.assert_allclose(network("relu").outputs(IMAGES), np.maximum(SUMS, 0), atol=1e-6)
    powers = np.exp(SUMS)
    softmax = powers / powers.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(network("softmax").outputs(IMAGES), softmax, atol=1e-6)


# Keeping them ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trained(engine):
    """What the engine gives for two experiments."""
    return {e: engine.train(e, tiny.DATA, e.seeds) for e in (RELU, SOFTMAX)}


@pytest.fixture
def folder(trained, tmp_path):
    """The ledgers of two experiments."""
    for experiment, records in trained.items():
        for record in records:
            Ledger(experiment, tmp_path).append(record | {"provenance": {"machine": "this one"}})
    return tmp_path


@pytest.fixture
def in_this_process(engine, monkeypatch, tiny_file):
    """What keeping a network needs no processes of its own for."""
    monkeypatch.setattr(weights.workers, "number_here", lambda: 1)
    monkeypatch.setattr(weights.workers, "engine_on_one_thread", lambda: engine.train)


PICKS = {"stuck": Pick(RELU, 1, (3,)), "softmax": Pick(SOFTMAX, 1)}


def test_networks_are_trained_as_their_ledgers_say_and_come_back_as_kept(folder, in_this_process):
    weights.keep(PICKS, folder)
    assert networks.is_current(lambda: PICKS, folder)
    kept = networks.load(folder)
    assert list(kept.networks) == ["stuck", "softmax"]
    for name, pick in PICKS.items():
        network, line = kept.networks[name], Ledger(pick.experiment, folder).read()[1]
        assert (network.seed, network.silent, network.key) == (1, pick.silent, pick.experiment.key)
        answer = network.outputs(tiny.DATA.x_test[:1])[0]
        np.testing.assert_allclose(answer, line["after"]["answer"], atol=1e-3)
    firsts = [np.argmax(tiny.DATA.y_test == digit) for digit in range(10)]
    np.testing.assert_array_equal(kept.examples, tiny.DATA.x_test[firsts])


def test_networks_to_keep_are_trained_in_a_turn_of_their_own(
    folder, in_this_process, engine, monkeypatch
):
    told = []

    def train(*given, **how):
        told.append((folder / ".training").read_text())
        return engine.train(*given, **how)

    monkeypatch.setattr(weights.workers, "engine_on_one_thread", lambda: train)
    weights.keep(PICKS, folder)
    assert told == [f"weights (process {os.getpid()})"] * len(PICKS)
    assert not (folder / ".training").exists()


@pytest.mark.parametrize("name", PICKS)
def test_a_network_that_does_not_come_out_again_is_not_kept(folder, in_this_process, name):
    pick = PICKS[name]
    ledger = Ledger(pick.experiment, folder)
    lines = [json.loads(line) for line in ledger.path.read_text().splitlines()]
    (its_line,) = (line for line in lines if line["seed"] == pick.seed)
    its_line["history"]["loss"][0] *= 1.1
    ledger.path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    said = f"{pick.experiment.name}, seed 1, is not what its ledger says"
    with pytest.raises(VerificationError, match=said):
        weights.keep(PICKS, folder)
    assert not (folder / networks.FILE).exists()


def rewrite(ledger, change):
    """Write a ledger anew, each of its lines changed."""
    lines = [*ledger.read().values()]
    ledger.path.unlink()
    for line in lines:
        change(line)
        ledger.append(line)


@pytest.mark.parametrize("moved, is_kept", [(3e-4, True), (1e-3, False)])
def test_a_network_that_comes_out_rounded_is_kept_only_if_it_then_counts_as_current(
    folder, in_this_process, moved, is_kept
):
    """Its ledger is made to be that of a processor on which one loss and outputs differ."""

    def change(line):
        line["provenance"] = {"machine": "another one, 2 cores"}
        line["history"]["loss"][0] *= 1.0001
        line["after"]["answer"][3] += moved

    line, ledger = Ledger(SOFTMAX, folder).read()[1], Ledger(SOFTMAX, folder)
    rewrite(ledger, change)
    found = agreement(ledger.read()[1], line, [line])
    assert found.verdict == ROUNDED
    if is_kept:
        weights.keep(PICKS, folder)
        assert networks.is_current(lambda: PICKS, folder)
        return
    with pytest.raises(VerificationError) as error:
        weights.keep(PICKS, folder)
    said = re.fullmatch(
        r"q00-softmax, seed 1, gives .* up to (\S+) from those in its ledger, more than 0.0005, "
        "so its weights are not kept: train it on a processor of the kind that its ledger "
        "names, another one, 2 cores",
        str(error.value),
    )
    assert float(said[1]) == pytest.approx(moved, abs=3e-4)
    assert not (folder / networks.FILE).exists()


@pytest.mark.parametrize("diverged", [False, True])
def test_a_network_that_rounded_weights_change_too_much_is_not_kept(
    folder, in_this_process, monkeypatch, diverged
):
    as_kept = networks.as_kept

    def rounded(pick, arrays):
        return as_kept(pick, [*arrays[:-1], np.full(10, np.nan if diverged else 1e3)])

    monkeypatch.setattr(networks, "as_kept", rounded)
    with pytest.raises(VerificationError, match="rounding its weights does that, so choose"):
        weights.keep({"stuck": PICKS["stuck"]}, folder)
    assert not (folder / networks.FILE).exists()


def test_a_network_as_kept_is_what_comes_back(kept):
    random = np.random.default_rng(0)
    arrays = [random.normal(size=shape) for shape in ((64, 8), (8,), (8, 10), (10,))]
    pick = PICKS["stuck"]
    networks.write({"stuck": pick}, {"stuck": arrays}, tiny.DATA, kept[0].parent)
    ours, back = networks.as_kept(pick, arrays), networks.load(kept[0].parent).networks["stuck"]
    assert replace(ours, weights=()) == replace(back, weights=())
    for one, other in zip(ours.weights, back.weights, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)


@pytest.fixture
def kept(tmp_path):
    """A file of one network, which says the same of every image, and its content."""
    arrays = [np.zeros(shape) for shape in ((64, 8), (8,), (8, 10))] + [np.full(10, 0.25)]
    line = tiny.record(1, epochs=1) | {
        "after": {"loss": 1.0, "accuracy": 0.1, "answer": [0.25] * 10}
    }
    Ledger(RELU, tmp_path).append(line)
    networks.write({"stuck": PICKS["stuck"]}, {"stuck": arrays}, tiny.DATA, tmp_path)
    return tmp_path / networks.FILE, json.loads((tmp_path / networks.FILE).read_text())


@pytest.mark.parametrize(
    "pick",
    [
        Pick(RELU, 0, (3,)),
        Pick(RELU, 1),
        Pick(SOFTMAX, 1, (3,)),
        Pick(replace(RELU, epochs=2), 1, (3,)),
    ],
    ids=["another seed", "silent elsewhere", "another experiment", "trained otherwise"],
)
def test_a_file_of_other_networks_is_not_current(kept, pick):
    assert networks.is_current(lambda: {"stuck": PICKS["stuck"]}, kept[0].parent)
    assert not networks.is_current(lambda: {"stuck": pick}, kept[0].parent)
    assert not networks.is_current(lambda: PICKS, kept[0].parent)


@pytest.mark.parametrize("damage", ["", "[]", "{}", '{"networks": []}'])
def test_a_file_that_is_damaged_is_not_current(kept, damage):
    path, _ = kept
    path.write_text(damage)
    assert not networks.is_current(lambda: {"stuck": PICKS["stuck"]}, path.parent)


def test_weights_that_are_cut_short_are_noticed(kept):
    path, content = kept
    array = content["networks"]["stuck"]["weights"][0]
    array["values"] = array["values"][:-8]
    path.write_text(json.dumps(content))
    assert not networks.is_current(lambda: {"stuck": PICKS["stuck"]}, path.parent)


@pytest.mark.parametrize(
    "difference, is_current", [(4.99e-4, True), (5.01e-4, False), (-5.01e-4, False)]
)
def test_a_network_that_was_trained_again_elsewhere_is_noticed(kept, difference, is_current):
    path, _ = kept
    ledger = Ledger(RELU, path.parent)
    line = ledger.read()[1]
    line["after"]["answer"][9] += difference
    ledger.path.unlink()
    ledger.append(line)
    assert networks.is_current(lambda: {"stuck": PICKS["stuck"]}, path.parent) is is_current
    ledger.path.unlink()
    assert not networks.is_current(lambda: {"stuck": PICKS["stuck"]}, path.parent)


@pytest.mark.parametrize("name", KEPT.networks)
def test_a_network_of_the_report_with_other_weights_is_noticed(name, tmp_path):
    picks = to_draw_for(Results())
    for experiment in TO_DRAW_FOR:
        (tmp_path / f"{experiment.name}.jsonl").symlink_to(Ledger(experiment).path)
    whole = (FOLDER / networks.FILE).read_text()
    (tmp_path / networks.FILE).write_text(whole)
    assert networks.is_current(lambda: picks, tmp_path)
    content = json.loads(whole)
    kernel = content["networks"][name]["weights"][0]
    kernel["values"] = networks._packed(np.zeros(kernel["shape"]), "<f2")["values"]
    (tmp_path / networks.FILE).write_text(json.dumps(content))
    assert not networks.is_current(lambda: picks, tmp_path)


def test_an_example_that_is_lacking_is_noticed(kept):
    path, content = kept
    content["examples"]["numbers"].pop()
    path.write_text(json.dumps(content))
    assert not networks.is_current(lambda: {"stuck": PICKS["stuck"]}, path.parent)


def test_examples_of_another_data_set_are_noticed(kept):
    path, content = kept
    assert content["digest"] == datasets.DATASETS["mnist"].digest
    path.write_text(json.dumps(content | {"digest": tiny.SOURCE.digest}))
    assert not networks.is_current(lambda: {"stuck": PICKS["stuck"]}, path.parent)
