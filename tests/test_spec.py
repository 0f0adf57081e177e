"""Experiments as data: what their keys depend on, and which are refused."""

from dataclasses import fields, replace

import numpy as np
import pytest
import tiny

from analysis import datasets, spec
from analysis.spec import (
    SGD,
    Activation,
    Adam,
    AdamW,
    Affine,
    BatchNormalization,
    Conv2D,
    CosineDecay,
    Dense,
    Dropout,
    Experiment,
    Flatten,
    FlipAndShift,
    LinearDecay,
    Lookahead,
    Rescaling,
    SpecError,
    Whitening,
    mlp,
)

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
    "validation": 100,
    "augmentation": Affine(shift=1),
    "label_smoothing": 0.1,
    "averaging": 0.9,
    "precision": "mixed_bfloat16",
    "activity": False,
    "outputs": True,
    "views": True,
}
#: What a change needs beside it.
WITH = {"label_smoothing": {"loss": "cross_entropy"}, "views": {"outputs": True}}


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
    known = replace(KNOWN, **WITH.get(name, {}))
    assert replace(known, **{name: CHANGES[name]}).key != known.key


def test_fields_that_came_later_leave_older_keys_alone():
    identity = replace(KNOWN, layers=(Conv2D(2, 3), *KNOWN.layers)).identity()
    conv, _, dense, _ = identity["layers"]
    assert conv == {"type": "Conv2D", "filters": 2, "kernel_size": 3, "activation": "relu"}
    assert dense == {"type": "Dense", "units": 32, "activation": "relu"}
    assert "augmentation" not in identity
    changed = replace(KNOWN, augmentation=Affine(shift=1)).identity()
    assert changed["augmentation"]["shift"] == 1.0


@pytest.mark.parametrize(
    "layers",
    [
        mlp(output="relu"),
        mlp(32, 32, output="relu"),
        mlp(32, output="linear"),
        (Flatten(), Dense(32, "linear"), Dense(10, "relu")),
        (Flatten(), Dense(32, use_bias=False), Dense(10, "relu")),
        (Flatten(), Dense(32), Dropout(0.1), Dense(10, "relu")),
        (Flatten(), Dense(32), BatchNormalization(), Dense(10, "relu")),
        (Flatten(), Dense(32), BatchNormalization(0.5), Dense(10, "relu")),
        (Flatten(), Dense(32), BatchNormalization(scale=False), Dense(10, "relu")),
        (Flatten(), Dense(32), BatchNormalization(shift_rate=2), Dense(10, "relu")),
        (Flatten(), Dense(32), Rescaling(2), Dense(10, "relu")),
        (Whitening(2), Flatten(), Dense(32), Dense(10, "relu")),
        (Whitening(3), Flatten(), Dense(32), Dense(10, "relu")),
    ],
)
def test_every_part_of_a_layer_changes_the_key(layers):
    assert replace(KNOWN, layers=layers).key != KNOWN.key


@pytest.mark.parametrize(
    "field, values",
    {
        "optimizer": (
            SGD(0.1),
            Adam(0.1),
            SGD(0.1, momentum=0.5),
            SGD(0.1, momentum=0.5, nesterov=True),
            SGD(0.1, weight_decay=0.01),
            SGD(CosineDecay(0.1)),
            SGD(LinearDecay(0.1)),
            SGD(LinearDecay(0.1, rise=0.1)),
            SGD(LinearDecay(0.1, first=0.1)),
            SGD(LinearDecay(0.1, last=0.1)),
        ),
        "augmentation": (
            None,
            FlipAndShift(),
            FlipAndShift("random"),
            FlipAndShift("alternating"),
            FlipAndShift(shift=1),
        ),
        "averaging": (0.0, 0.5, Lookahead(), Lookahead(steps=6), Lookahead(kept=0.5)),
        "layers": tuple(
            (layer, Flatten(), Dense(10, "relu"))
            for layer in (Conv2D(4, 3), Conv2D(4, 3, kernel_initializer="identity"))
        ),
    }.items(),
)
def test_every_part_of_a_field_changes_the_key(field, values):
    assert len({replace(KNOWN, **{field: value}).key for value in values}) == len(values)


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
        ({"validation": -1}, "-1"),
        ({"validation": 0.1}, "0.1"),
        ({"augmentation": 2}, "2"),
        ({"label_smoothing": 0.1}, "cross_entropy"),
        ({"label_smoothing": 1, "loss": "cross_entropy"}, "1"),
        ({"averaging": 1.0}, "1.0"),
        ({"averaging": -0.5}, "-0.5"),
        ({"precision": "float16"}, "'float16'"),
        ({"views": True}, "outputs=True"),
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
        (lambda: AdamW(weight_decay=0), "0"),
        (lambda: CosineDecay(0), "0"),
        (lambda: CosineDecay(0.1, rise=1), "1"),
        (lambda: Conv2D(8, 3, padding="full"), "'full'"),
        (lambda: Dropout(1.0), "1.0"),
        (lambda: Dropout(-0.1), "-0.1"),
        (lambda: BatchNormalization(1), "1"),
        (lambda: Activation("swish"), "'swish'"),
        (lambda: Affine(rotation=-1), "-1"),
        (lambda: Affine(scale=1), "1"),
        (lambda: Affine(shift="2"), "'2'"),
        (lambda: FlipAndShift("upside down"), "'upside down'"),
        (lambda: FlipAndShift(shift=1.5), "1.5"),
        (lambda: FlipAndShift(shift=-1), "-1"),
        (lambda: Lookahead(steps=0), "0"),
        (lambda: Lookahead(kept=1), "1"),
        (lambda: LinearDecay(0), "0"),
        (lambda: LinearDecay(0.1, rise=1), "1"),
        (lambda: LinearDecay(0.1, first=-0.1), "-0.1"),
        (lambda: LinearDecay(0.1, last=1), "1"),
        (lambda: SGD(0.1, momentum=1), "1"),
        (lambda: SGD(0.1, nesterov=True), "momentum"),
        (lambda: SGD(0.1, weight_decay=-1), "-1"),
        (lambda: Rescaling(0), "0"),
        (lambda: Whitening(0), "0"),
        (lambda: BatchNormalization(shift_rate=0), "0"),
        (lambda: Conv2D(8, 3, kernel_initializer="zeros"), "'zeros'"),
    ],
)
def test_bad_layers_and_optimizers_are_refused_by_value(make, value):
    with pytest.raises(SpecError, match=r"^[A-Z][A-Za-z2]+(\b| needs| has)") as error:
        make()
    assert value in str(error.value)


def test_lists_are_taken_as_tuples_and_a_bare_string_is_refused():
    layers = [Flatten(), Dense(10, "softmax")]
    one = tiny.experiment(layers=layers, varies=["order"])
    assert one == tiny.experiment(layers=tuple(layers), varies=("order",))
    assert one.key
    with pytest.raises(SpecError, match="varies"):
        tiny.experiment(varies="order")
