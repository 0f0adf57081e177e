"""Experiments as data: what their keys depend on, and which are refused."""

from dataclasses import fields, replace

import numpy as np
import pytest
import tiny

from analysis import datasets, spec
from analysis.spec import SGD, Adam, Dense, Experiment, Flatten, SpecError, mlp

KNOWN = Experiment(
    name="q01-sgd",
    dataset="mnist",
    layers=mlp(32, output="relu"),
    loss="squared_error",
    optimizer=SGD(learning_rate=0.1),
    epochs=5,
    seeds=range(10),
)
KNOWN_KEY = "c516cd5b1530ba0c1f5ab04ee560ee2560fe0b4b5e5d70081a3b1198ed7a013c"

CHANGES = {
    "dataset": "tiny",
    "layers": mlp(33, output="relu"),
    "loss": "cross_entropy",
    "optimizer": SGD(learning_rate=0.01),
    "epochs": 6,
    "batch_size": 33,
    "varies": ("order",),
}


def test_key_of_a_known_experiment_stays(monkeypatch):
    monkeypatch.setattr(spec, "TRAINING_VERSION", 1)
    assert KNOWN.key == KNOWN_KEY, "every result that anybody has would be stale"


def test_equal_experiments_have_equal_keys():
    again = replace(KNOWN, seeds=tuple(range(10)))
    assert again == KNOWN
    assert again.key == KNOWN.key


@pytest.mark.parametrize(
    "one, other",
    [
        (SGD(learning_rate=1), SGD(learning_rate=1.0)),
        (SGD(learning_rate=0.1), SGD(learning_rate=float(np.float64(0.1)))),
    ],
)
def test_equal_learning_rates_have_equal_keys(one, other):
    assert one == other
    assert replace(KNOWN, optimizer=one).key == replace(KNOWN, optimizer=other).key


@pytest.mark.parametrize("change", [{"name": "q02-other"}, {"seeds": range(3, 50)}])
def test_name_and_seeds_do_not_change_the_key(change):
    assert replace(KNOWN, **change).key == KNOWN.key


def test_every_other_field_is_tested_here():
    assert {field.name for field in fields(Experiment)} == CHANGES.keys() | {"name", "seeds"}


@pytest.mark.parametrize("name", CHANGES)
def test_every_other_field_changes_the_key(name):
    assert replace(KNOWN, **{name: CHANGES[name]}).key != KNOWN.key


@pytest.mark.parametrize(
    "layers",
    [
        mlp(output="relu"),
        mlp(32, 32, output="relu"),
        mlp(32, output="linear"),
        (Flatten(), Dense(32, "linear"), Dense(10, "relu")),
    ],
)
def test_every_part_of_a_layer_changes_the_key(layers):
    assert replace(KNOWN, layers=layers).key != KNOWN.key


def test_optimizers_of_the_same_rate_have_different_keys():
    assert replace(KNOWN, optimizer=Adam(learning_rate=0.1)).key != KNOWN.key


def test_version_of_the_training_code_changes_the_key(monkeypatch):
    before = KNOWN.key
    monkeypatch.setattr(spec, "TRAINING_VERSION", spec.TRAINING_VERSION + 1)
    assert KNOWN.key != before


def test_every_array_of_the_data_set_changes_the_key(monkeypatch):
    source, keys = datasets.DATASETS["mnist"], {KNOWN.key}
    for name in source.sha256:
        altered = replace(source, sha256=source.sha256 | {name: "0" * 64})
        monkeypatch.setitem(datasets.DATASETS, "mnist", altered)
        keys.add(KNOWN.key)
    assert len(keys) == 5


@pytest.mark.parametrize(
    "change, value",
    [
        ({"dataset": "minst"}, "'minst'"),
        ({"loss": "hinge"}, "'hinge'"),
        ({"varies": ("weights", "luck")}, "'luck'"),
        ({"varies": "order"}, "'order'"),
        ({"layers": ()}, "10 units"),
        ({"layers": (Flatten(), Dense(9))}, "10 units"),
        ({"layers": (Dense(10), Flatten())}, "10 units"),
        ({"epochs": 0}, "0"),
        ({"epochs": -1}, "-1"),
        ({"epochs": True}, "True"),
        ({"epochs": 5.0}, "5.0"),
        ({"batch_size": 0}, "0"),
        ({"batch_size": True}, "True"),
        ({"batch_size": 32.0}, "32.0"),
        ({"seeds": ()}, "seeds is empty"),
        ({"seeds": (0, 1, 0)}, "(0, 1, 0)"),
        ({"seeds": (0, -1)}, "-1"),
        ({"seeds": (0, 0.5)}, "0.5"),
        ({"seeds": (True,)}, "True"),
        ({"optimizer": "adam"}, "'adam'"),
    ],
)
def test_bad_experiments_are_refused_by_name_and_value(change, value):
    with pytest.raises(SpecError) as error:
        tiny.experiment(name="q00-bad", **change)
    assert "q00-bad" in str(error.value)
    assert value in str(error.value)


@pytest.mark.parametrize(
    "make, value",
    [
        (lambda: Dense(0), "0"),
        (lambda: Dense(-3), "-3"),
        (lambda: Dense(True), "True"),
        (lambda: Dense(8.0), "8.0"),
        (lambda: Dense(8, "swish"), "'swish'"),
        (lambda: mlp(0, output="relu"), "0"),
        (lambda: mlp(8, output="sigmoid"), "'sigmoid'"),
        (lambda: SGD(learning_rate=0), "0"),
        (lambda: SGD(learning_rate=-0.1), "-0.1"),
        (lambda: SGD(learning_rate=float("nan")), "nan"),
        (lambda: SGD(learning_rate=float("inf")), "inf"),
        (lambda: SGD(learning_rate="0.1"), "'0.1'"),
        (lambda: Adam(learning_rate=0.0), "0.0"),
        (lambda: Adam(learning_rate=True), "True"),
    ],
)
def test_bad_layers_and_optimizers_are_refused_by_value(make, value):
    with pytest.raises(SpecError, match=r"Dense|SGD|Adam") as error:
        make()
    assert value in str(error.value)


def test_lists_are_taken_as_tuples_and_a_bare_string_is_refused():
    layers = [Flatten(), Dense(10, "softmax")]
    one = tiny.experiment(layers=layers, varies=["order"])
    assert one == tiny.experiment(layers=tuple(layers), varies=("order",))
    assert one.key
    with pytest.raises(SpecError, match="varies"):
        tiny.experiment(varies="order")
