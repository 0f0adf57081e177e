"""Experiments as data: what their keys depend on, and which are refused."""

import json
import re
from dataclasses import fields, is_dataclass, replace

import numpy as np
import pytest
import tiny

from analysis import datasets, spec
from analysis.questions import EXPERIMENTS
from analysis.results import Ledger
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
    GlobalAveragePooling2D,
    LinearDecay,
    Lookahead,
    MaxPooling2D,
    Muon,
    Normalization,
    Rescaling,
    Reshape,
    SpecError,
    Whitening,
    canonical_json,
    mlp,
    spelled_out,
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
IMAGE = Reshape((28, 28, 1))
KNOWN_KEY = "c516cd5b1530ba0c1f5ab04ee560ee2560fe0b4b5e5d70081a3b1198ed7a013c"

CHANGES = {
    "dataset": "tiny",
    "layers": mlp(33, output="relu"),
    "loss": "cross_entropy",
    "optimizer": SGD(learning_rate=0.01),
    "epochs": 6,
    "batch_size": 33,
    "varies": ("order",),
    "fixed_seed": 1,
    "reshuffle": False,
    "validation": 100,
    "augmentation": Affine(shift=1),
    "mixup": 0.2,
    "label_smoothing": 0.1,
    "averaging": 0.9,
    "precision": "mixed_bfloat16",
    "activity": False,
    "activity_at": (1, 100),
    "outputs": True,
    "tta": True,
}
#: What a change needs beside it.
WITH = {
    "label_smoothing": {"loss": "cross_entropy", "layers": mlp(8, output="softmax")},
    "tta": {"outputs": True, "layers": mlp(32, output="softmax")},
    "fixed_seed": {"varies": ("order",)},
}


def test_key_of_a_known_experiment_stays(monkeypatch):
    monkeypatch.setattr(spec, "TRAINING_VERSION", 1)
    assert KNOWN.key == KNOWN_KEY, "every result that anybody has would be stale"


def test_equal_experiments_have_equal_keys():
    again = replace(KNOWN, seeds=tuple(range(10)))
    assert again == KNOWN
    assert again.key == KNOWN.key


#: One of each class; numbers that are whole where the field is no whole number.
EXAMPLES = (
    Normalization((0.0, 0.0), (1.0, 2.0)),
    Reshape((28, 28, 1)),
    Rescaling(2.0),
    Whitening(2),
    Conv2D(4, 3),
    MaxPooling2D(2),
    Flatten(),
    GlobalAveragePooling2D(),
    BatchNormalization(0.0, scale=False, shift_rate=2.0),
    Activation("relu"),
    Dropout(0.0),
    Dense(10),
    CosineDecay(1.0),
    LinearDecay(1.0),
    SGD(1.0),
    Adam(1.0),
    AdamW(1.0, 1.0),
    Muon(1.0, 0.0, SGD(1.0)),
    Affine(),
    FlipAndShift(),
    Lookahead(decay=0.0),
    replace(KNOWN, seeds=range(3), activity_at=(1, 30)),
)


def spellings(value) -> list:
    """Other values that are equal to one of a spec's field."""
    match value:
        case bool():
            return [int(value), float(value), np.bool_(value)]
        case int():
            return [np.int64(value), np.uint8(value)]
        case float():
            numbers = [int(value), np.float64(value), np.float32(value), np.int64(value)]
            return numbers + [-0.0] * (value == 0)
        case str():
            return [np.str_(value)]
        case tuple():
            arrays = [] if is_dataclass(value[0]) else [np.array(value)]
            return [list(value), *arrays, *zip(*map(spellings, value), strict=True)]
    return []


def test_every_class_of_specs_has_an_example():
    classes = {thing for thing in vars(spec).values() if is_dataclass(thing)}
    assert {type(example) for example in EXAMPLES} == classes


@pytest.mark.parametrize(
    "example, name",
    [(example, field.name) for example in EXAMPLES for field in fields(example)],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_equal_values_of_a_field_give_equal_specs_and_equal_keys(example, name):
    value = getattr(example, name)
    others = spellings(value)
    assert others or value is None or is_dataclass(value), f"no other way to write {value!r}"
    for other in others:
        again = replace(example, **{name: other})
        assert again == example
        assert repr(again) == repr(example)  # that is, to the types of its values
        assert canonical_json(spec._plain(again)) == canonical_json(spec._plain(example))


def test_a_range_is_taken_as_a_tuple():
    assert KNOWN.seeds == tuple(range(10))


def test_experiments_of_equal_parts_have_equal_keys():
    known = replace(
        KNOWN,
        layers=[Normalization([0], np.ones(1)), Flatten(), Dense(10, "relu", use_bias=0)],
        optimizer=SGD(LinearDecay(1, warmup=0), nesterov=0),
        averaging=Lookahead(decay=0),
    )
    again = replace(
        KNOWN,
        layers=(Normalization((0.0,), (1.0,)), Flatten(), Dense(10, "relu", use_bias=False)),
        optimizer=SGD(LinearDecay(1.0, warmup=0.0), nesterov=False),
        averaging=Lookahead(decay=0.0),
    )
    assert known == again
    assert known.key == again.key


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_keys_of_the_reports_experiments_are_those_of_their_ledgers(name):
    experiment = EXPERIMENTS[name]
    path = Ledger(experiment).path
    if not path.exists():
        pytest.skip("it is still to be trained")
    with open(path) as ledger:
        assert json.loads(ledger.readline())["key"] == experiment.key


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
    identity = replace(KNOWN, layers=(IMAGE, Conv2D(2, 3), *KNOWN.layers)).identity()
    _, conv, _, dense, _ = identity["layers"]
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
        (IMAGE, BatchNormalization(shift_rate=2), Flatten(), Dense(32), Dense(10, "relu")),
        (Flatten(), Dense(32), Rescaling(2), Dense(10, "relu")),
        (IMAGE, Whitening(2), Flatten(), Dense(32), Dense(10, "relu")),
        (IMAGE, Whitening(3), Flatten(), Dense(32), Dense(10, "relu")),
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
            SGD(LinearDecay(0.1, warmup=0.1)),
            SGD(LinearDecay(0.1, warmup=0.1, first=0.1)),
            SGD(LinearDecay(0.1, last=0.1)),
        ),
        "augmentation": (
            None,
            FlipAndShift(),
            FlipAndShift("random"),
            FlipAndShift("alternating"),
            FlipAndShift(shift=1),
            FlipAndShift(cutout=1),
            Affine(),
            Affine(elastic=1),
        ),
        "averaging": (0.0, 0.5, Lookahead(), Lookahead(steps=6), Lookahead(decay=0.5)),
        "layers": tuple(
            (IMAGE, layer, Flatten(), Dense(10, "relu"))
            for layer in (Conv2D(4, 3), Conv2D(4, 3, kernel_initializer="identity"))
        ),
    }.items(),
)
def test_every_part_of_a_field_changes_the_key(field, values):
    assert len({replace(KNOWN, **{field: value}).key for value in values}) == len(values)


def test_every_part_of_muon_changes_the_key():
    known = replace(KNOWN, layers=(IMAGE, Conv2D(4, 3), Flatten(), Dense(10)))
    optimizers = (
        SGD(0.1),
        Muon(0.1, 0.5, SGD(0.1)),
        Muon(0.2, 0.5, SGD(0.1)),
        Muon(LinearDecay(0.1), 0.5, SGD(0.1)),
        Muon(0.1, 0.0, SGD(0.1)),
        Muon(0.1, 0.5, SGD(0.2)),
        Muon(0.1, 0.5, SGD(0.1, weight_decay=0.01)),
    )
    keys = {replace(known, optimizer=optimizer).key for optimizer in optimizers}
    assert len(keys) == len(optimizers)


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


NAME = "name must be letters, digits, -, . and _, the first a letter or a digit; got "
MAPS = "the input must be (height, width, channels), as Reshape((28, 28, 1)) arranges a digit; got "
LAST = (Flatten(), Dense(10))
SQUARE = Reshape((8, 8, 1))
CONVOLVES = {"layers": (SQUARE, Conv2D(4, 3), *LAST)}
FALLS = "optimizer must be such that a CosineDecay has at least one of the training's "


@pytest.mark.parametrize(
    "change, message",
    [
        *(
            ({"name": name}, f"{NAME}{name!r}")
            for name in ("", "../q01", "a/b", "/a", "a\\b", "..", ".a", "a b", "a\n", 1)
        ),
        ({"dataset": "minst"}, "dataset must be 'mnist', 'cifar10'"),
        ({"dataset": ["mnist"]}, "dataset must be text; got ['mnist']"),
        ({"loss": "hinge"}, "loss must be 'squared_error' or 'cross_entropy'; got 'hinge'"),
        ({"varies": ("weights", "luck")}, "varies[1] must be 'weights' or 'order'; got 'luck'"),
        (
            {"varies": "order"},
            "varies must be a list in which each item is 'weights' or 'order'; got 'order'",
        ),
        (
            {"varies": {"order"}},
            "varies must be a list in which each item is 'weights' or 'order'; got {'order'}",
        ),
        ({"layers": ()}, "layers must be a list of layers, at least one; got ()"),
        ({"layers": "relu"}, "layers must be a list of layers, at least one; got 'relu'"),
        (
            {"layers": (Flatten(), Dense(9))},
            "layers[-1] must be Dense with 10 units, one for each category; got "
            "Dense(units=9, activation='relu', use_bias=True)",
        ),
        (
            {"layers": (Dense(10), Flatten())},
            "layers[-1] must be Dense with 10 units, one for each category; got Flatten()",
        ),
        ({"epochs": 0}, "epochs must be a whole number, at least 1; got 0"),
        ({"epochs": True}, "epochs must be a whole number, at least 1; got True"),
        ({"epochs": 5.0}, "epochs must be a whole number, at least 1; got 5.0"),
        ({"batch_size": 0}, "batch_size must be a whole number, at least 1; got 0"),
        (
            {"batch_size": 301},
            "batch_size must be at most the number of images to learn from, 300; got 301",
        ),
        (
            {"varies": ("order", "weights")},
            "varies must be some of ('weights', 'order'), each once and in this order; "
            "got ('order', 'weights')",
        ),
        (
            {"varies": ("order", "order")},
            "varies must be some of ('weights', 'order'), each once and in this order; "
            "got ('order', 'order')",
        ),
        (
            {"seeds": ()},
            "seeds must be a list of whole numbers, at least one, say range(10); got ()",
        ),
        ({"seeds": 3}, "seeds must be a list of whole numbers, at least one, say range(10); got 3"),
        ({"seeds": (0, 1, 0)}, "seeds must be all different; got (0, 1, 0)"),
        ({"seeds": (0, -1)}, "seeds[1] must be a whole number, at least 0; got -1"),
        ({"seeds": (0, 0.5)}, "seeds[1] must be a whole number, at least 0; got 0.5"),
        ({"seeds": (True,)}, "seeds[0] must be a whole number, at least 0; got True"),
        (
            {"optimizer": "adam"},
            "optimizer must be SGD(…), Adam(…), AdamW(…) or Muon(…); got 'adam'",
        ),
        (
            {"optimizer": Muon(0.1, 0.6, SGD(0.1))},
            "optimizer must be SGD(…), Adam(…) or AdamW(…) without a Conv2D; got Muon(",
        ),
        ({"validation": -1}, "validation must be a whole number, at least 0; got -1"),
        ({"validation": 0.1}, "validation must be a whole number, at least 0; got 0.1"),
        (
            {"validation": 300},
            "validation must be below the number of training images, 300; got 300",
        ),
        (
            {"dataset": "mnist", "validation": 60_001},
            "validation must be below the number of training images, 60,000; got 60001",
        ),
        ({"augmentation": 2}, "augmentation must be Affine(…), FlipAndShift(…) or None; got 2"),
        (
            {"augmentation": FlipAndShift(cutout=9)},
            "augmentation must be such that cutout is at most the 8 pixels across an image; got",
        ),
        ({"mixup": -0.1}, "mixup must be a number, at least 0; got -0.1"),
        ({"label_smoothing": 0.1}, "label_smoothing must be 0 unless the loss is cross_entropy;"),
        (
            {"label_smoothing": 1, "loss": "cross_entropy"},
            "label_smoothing must be a number from 0 to below 1; got 1",
        ),
        *(
            (
                {**changes, "loss": "cross_entropy", "layers": mlp(8, output="relu")},
                f"{name} must be 0 for cross-entropy of outputs that are not softmax's; got",
            )
            for name, changes in (
                ("label_smoothing", {"label_smoothing": 0.1}),
                ("mixup", {"mixup": 0.2}),
            )
        ),
        ({"averaging": 1.0}, "averaging must be a number from 0 to below 1 or Lookahead(…); got 1"),
        (
            {"averaging": Lookahead(steps=21)},
            "averaging must be a Lookahead of at most the training's 20 steps; got Lookahead(",
        ),
        *(
            ({"optimizer": optimizer} | changes, f"{FALLS}{steps} steps to fall in, with a smaller")
            for optimizer, changes, steps in (
                (AdamW(CosineDecay(0.1, warmup=0.98)), {}, 20),
                (SGD(CosineDecay(0.1, warmup=0.6)), {"epochs": 1, "batch_size": 300}, 1),
                (Muon(CosineDecay(0.1, warmup=0.98), 0.5, SGD(0.1)), CONVOLVES, 20),
                (Muon(0.1, 0.5, SGD(CosineDecay(0.1, warmup=0.98))), CONVOLVES, 20),
            )
        ),
        ({"precision": "float16"}, "precision must be 'float32' or 'mixed_bfloat16'; got"),
        ({"activity": "no"}, "activity must be True or False; got 'no'"),
        ({"activity_at": (0, 1)}, "activity_at[0] must be a whole number, at least 1; got 0"),
        ({"activity_at": (2, 1)}, "activity_at must be whole numbers in rising order; got (2, 1)"),
        ({"activity_at": (2, 2)}, "activity_at must be whole numbers in rising order; got (2, 2)"),
        (
            {"activity_at": (9, 10)},
            "activity_at must be below the number of steps in an epoch, 10; got",
        ),
        (
            {"activity_at": (7,), "validation": 90},
            "activity_at must be below the number of steps in an epoch, 7; got (7,)",
        ),
        (
            {"activity_at": (1,), "activity": False},
            "activity_at must be empty without activity=True; got (1,)",
        ),
        ({"fixed_seed": 1}, "fixed_seed must be 0 where the seed decides everything; got 1"),
        (
            {"fixed_seed": -1, "varies": ()},
            "fixed_seed must be a whole number, at least 0; got -1",
        ),
        ({"reshuffle": "no"}, "reshuffle must be True or False; got 'no'"),
        ({"outputs": 2}, "outputs must be True or False; got 2"),
        ({"outputs": None}, "outputs must be True or False; got None"),
        ({"tta": True}, "tta must be False without outputs=True; got True"),
        (
            {"tta": True, "outputs": True},
            "tta must be False unless the outputs are softmax's; got True",
        ),
        *(
            (
                {"loss": "cross_entropy", "layers": mlp(8, output=output)},
                "loss must be 'squared_error' unless the outputs are softmax's or ReLU's, which "
                "are not negative; got 'cross_entropy'",
            )
            for output in ("linear", "gelu")
        ),
        ({"layers": (Dense(10),)}, "layers[0], Dense: the input must be flat, as Flatten() makes"),
        ({"layers": (Dense(8), *LAST)}, "layers[0], Dense: the input must be flat, as Flatten()"),
        ({"layers": (Conv2D(4, 3), *LAST)}, f"layers[0], Conv2D: {MAPS}(8, 8)"),
        ({"layers": (Flatten(), Conv2D(4, 3), *LAST)}, f"layers[1], Conv2D: {MAPS}(64,)"),
        ({"layers": (Conv2D(4, 3, padding="same"), *LAST)}, f"layers[0], Conv2D: {MAPS}(8, 8)"),
        ({"layers": (Whitening(), *LAST)}, f"layers[0], Whitening: {MAPS}(8, 8)"),
        ({"layers": (MaxPooling2D(2), *LAST)}, f"layers[0], MaxPooling2D: {MAPS}(8, 8)"),
        (
            {"layers": (GlobalAveragePooling2D(), *LAST)},
            f"layers[0], GlobalAveragePooling2D: {MAPS}(8, 8)",
        ),
        (
            {"layers": (SQUARE, Conv2D(4, 9), *LAST)},
            "layers[1], Conv2D: kernel_size must be at most 8, for its input has the shape "
            "(8, 8, 1); got 9",
        ),
        (
            {"layers": (Reshape((4, 16, 1)), Conv2D(4, 5), *LAST)},
            "layers[1], Conv2D: kernel_size must be at most 4, for its input has the shape "
            "(4, 16, 1); got 5",
        ),
        (
            {"layers": (SQUARE, Whitening(9), *LAST)},
            "layers[1], Whitening: kernel_size must be at most 8, for its input has the shape "
            "(8, 8, 1); got 9",
        ),
        (
            {"layers": (SQUARE, Conv2D(4, 3), MaxPooling2D(3), MaxPooling2D(3), *LAST)},
            "layers[3], MaxPooling2D: pool_size must be at most 2, for its input has the shape "
            "(2, 2, 4); got 3",
        ),
        (
            {"layers": (Reshape((28, 28, 1)), *LAST)},
            "layers[0], Reshape: target_shape must be of 64 numbers, as its input (8, 8) is; got "
            "(28, 28, 1)",
        ),
        (
            {"layers": (SQUARE, Normalization((0.1, 0.2, 0.3), (1, 1, 1)), *LAST)},
            "layers[1], Normalization: mean must be of length 1 for an input (8, 8, 1); got",
        ),
        (
            {"layers": (Flatten(), BatchNormalization(shift_rate=2), Dense(10))},
            "layers[1], BatchNormalization: shift_rate must be 1 for an input (64,), as other "
            "values are for maps only; got 2.0",
        ),
    ],
)
def test_bad_experiments_are_refused_by_name_field_and_value(change, message):
    values = {"name": "q00-bad"} | change
    with pytest.raises(SpecError) as error:
        tiny.experiment(**values)
    assert str(error.value).startswith(f"experiment {values['name']!r}: {message}")


def test_a_warmup_may_last_up_to_the_last_step_but_one():
    tiny.experiment(optimizer=SGD(CosineDecay(0.1, warmup=0.97)))  # 19 of 20 steps
    tiny.experiment(optimizer=SGD(LinearDecay(0.1, warmup=0.98)))  # a line needs no step to fall in


@pytest.mark.parametrize("layer", ["relu", Flatten, None, SGD(0.1)])
def test_what_is_not_a_layer_is_refused_with_all_that_are(layer):
    with pytest.raises(SpecError) as error:
        tiny.experiment(name="q00-bad", layers=(Flatten(), layer, Dense(10)))
    assert str(error.value).startswith("experiment 'q00-bad': layers[1] must be Normalization(…), ")
    assert str(error.value).endswith(f" or Dense(…); got {layer!r}")


def test_layers_give_the_shapes_that_the_next_ones_take():
    layers = (
        SQUARE,
        Conv2D(4, 2),
        Conv2D(5, 9, padding="same"),
        MaxPooling2D(2),
        Whitening(2),
        GlobalAveragePooling2D(),
        Dense(10),
    )
    shapes = tiny.experiment(layers=layers).shapes()
    assert shapes == [(8, 8, 1), (7, 7, 4), (7, 7, 5), (3, 3, 5), (2, 2, 40), (40,), (10,)]


COUNT = "a whole number, at least 1"
SHARE = "a number from 0 to below 1"
RATE = "learning_rate must be a number above 0, CosineDecay(…) or LinearDecay(…)"
ACTIVATION = "activation must be 'relu', 'linear', 'softmax' or 'gelu'"


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: Dense(0), f"Dense: units must be {COUNT}; got 0"),
        (lambda: Dense(-3), f"Dense: units must be {COUNT}; got -3"),
        (lambda: Dense(True), f"Dense: units must be {COUNT}; got True"),
        (lambda: Dense(8.0), f"Dense: units must be {COUNT}; got 8.0"),
        (lambda: Dense(8, "swish"), f"Dense: {ACTIVATION}; got 'swish'"),
        (lambda: Dense(8, use_bias="no"), "Dense: use_bias must be True or False; got 'no'"),
        (lambda: mlp(0, output="relu"), f"Dense: units must be {COUNT}; got 0"),
        (lambda: mlp(8, output="sigmoid"), f"Dense: {ACTIVATION}; got 'sigmoid'"),
        (lambda: SGD(learning_rate=0), f"SGD: {RATE}; got 0"),
        (lambda: SGD(learning_rate=-0.1), f"SGD: {RATE}; got -0.1"),
        (lambda: SGD(learning_rate=float("nan")), f"SGD: {RATE}; got nan"),
        (lambda: SGD(learning_rate=float("inf")), f"SGD: {RATE}; got inf"),
        (lambda: SGD(learning_rate=10**400), f"SGD: {RATE}; got 1000"),
        (lambda: SGD(learning_rate="0.1"), f"SGD: {RATE}; got '0.1'"),
        (lambda: SGD(0.1, momentum=1), f"SGD: momentum must be {SHARE}; got 1"),
        (lambda: SGD(0.1, nesterov=True), "SGD: nesterov must be False without a momentum; got"),
        (lambda: SGD(0.1, weight_decay=-1), f"SGD: weight_decay must be {SHARE}; got -1"),
        (lambda: Adam(learning_rate=0.0), f"Adam: {RATE}; got 0.0"),
        (lambda: Adam(learning_rate=True), f"Adam: {RATE}; got True"),
        (lambda: AdamW(weight_decay=0), "AdamW: weight_decay must be a number above 0; got 0"),
        (lambda: Muon(0, 0.6, SGD(0.1)), f"Muon: {RATE}; got 0"),
        (lambda: Muon(0.1, 1, SGD(0.1)), f"Muon: momentum must be {SHARE}; got 1"),
        (lambda: Muon(0.1, 0.6, Adam()), "Muon: others must be SGD(…); got Adam("),
        (lambda: CosineDecay(0), "CosineDecay: peak must be a number above 0; got 0"),
        (lambda: CosineDecay(0.1, warmup=1), f"CosineDecay: warmup must be {SHARE}; got 1"),
        (lambda: LinearDecay(0), "LinearDecay: peak must be a number above 0; got 0"),
        (lambda: LinearDecay(0.1, warmup=1), f"LinearDecay: warmup must be {SHARE}; got 1"),
        (lambda: LinearDecay(0.1, first=-0.1), f"LinearDecay: first must be {SHARE}; got -0.1"),
        (
            lambda: LinearDecay(0.1, first=0.1),
            "LinearDecay: first must be 0 without a warmup; got 0.1",
        ),
        (lambda: LinearDecay(0.1, last=1), f"LinearDecay: last must be {SHARE}; got 1"),
        (lambda: Conv2D(0, 3), f"Conv2D: filters must be {COUNT}; got 0"),
        (lambda: Conv2D(8, (3, 3)), f"Conv2D: kernel_size must be {COUNT}; got (3, 3)"),
        (
            lambda: Conv2D(8, 3, padding="full"),
            "Conv2D: padding must be 'valid' or 'same'; got 'full'",
        ),
        (
            lambda: Conv2D(8, 3, kernel_initializer="zeros"),
            "Conv2D: kernel_initializer must be 'glorot_uniform' or 'identity'; got 'zeros'",
        ),
        (lambda: MaxPooling2D(0), f"MaxPooling2D: pool_size must be {COUNT}; got 0"),
        (lambda: Whitening(0), f"Whitening: kernel_size must be {COUNT}; got 0"),
        (lambda: Reshape((-1, 28)), f"Reshape: target_shape[0] must be {COUNT}; got -1"),
        (
            lambda: Reshape(784),
            f"Reshape: target_shape must be a list in which each item is {COUNT}; got 784",
        ),
        (
            lambda: Normalization((0.1,), (0,)),
            "Normalization: variance[0] must be a number above 0; got 0",
        ),
        (
            lambda: Normalization((0.1,), (1, 1)),
            "Normalization: variance must be of length 1, as mean is; got (1.0, 1.0)",
        ),
        (lambda: Rescaling(0), "Rescaling: scale must be a number above 0; got 0"),
        (lambda: Dropout(1.0), f"Dropout: rate must be {SHARE}; got 1.0"),
        (lambda: Dropout(-0.1), f"Dropout: rate must be {SHARE}; got -0.1"),
        (lambda: Dropout(None), f"Dropout: rate must be {SHARE}; got None"),
        (lambda: BatchNormalization(1), f"BatchNormalization: momentum must be {SHARE}; got 1"),
        (
            lambda: BatchNormalization(shift_rate=0),
            "BatchNormalization: shift_rate must be a number above 0; got 0",
        ),
        (lambda: Activation("swish"), f"Activation: {ACTIVATION}; got 'swish'"),
        (lambda: Affine(rotation=-1), "Affine: rotation must be a number, at least 0; got -1"),
        (lambda: Affine(scale=1), f"Affine: scale must be {SHARE}; got 1"),
        (lambda: Affine(shear=-1), "Affine: shear must be a number, at least 0; got -1"),
        (lambda: Affine(shift="2"), "Affine: shift must be a number, at least 0; got '2'"),
        (
            lambda: FlipAndShift("upside down"),
            "FlipAndShift: flip must be 'none', 'random' or 'alternating'; got 'upside down'",
        ),
        (
            lambda: FlipAndShift(shift=1.5),
            "FlipAndShift: shift must be a whole number, at least 0; got 1.5",
        ),
        (
            lambda: FlipAndShift(shift=-1),
            "FlipAndShift: shift must be a whole number, at least 0; got -1",
        ),
        (
            lambda: FlipAndShift(cutout=-1),
            "FlipAndShift: cutout must be a whole number, at least 0; got -1",
        ),
        (lambda: Lookahead(steps=0), f"Lookahead: steps must be {COUNT}; got 0"),
        (lambda: Lookahead(decay=1), f"Lookahead: decay must be {SHARE}; got 1"),
    ],
)
def test_bad_parts_are_refused_by_class_field_and_value(make, message):
    with pytest.raises(SpecError) as error:
        make()
    assert str(error.value).startswith(message)


def test_a_field_that_was_renamed_is_in_keys_as_it_was():
    identity = replace(
        KNOWN,
        loss="cross_entropy",
        layers=mlp(32, output="softmax"),
        optimizer=SGD(LinearDecay(0.5, warmup=0.25)),
        averaging=Lookahead(5, decay=0.5),
        outputs=True,
        tta=True,
    ).identity()
    assert identity["optimizer"]["learning_rate"]["rise"] == 0.25
    assert identity["averaging"]["kept"] == 0.5
    assert identity["views"] is True
    assert not {"tta", "warmup", "decay"} & {
        *identity,
        *identity["averaging"],
        *identity["optimizer"]["learning_rate"],
    }


def test_what_keys_leave_out_or_rename_is_spelled_out_as_a_spec_is_written():
    spec = replace(
        KNOWN,
        loss="cross_entropy",
        layers=(IMAGE, Conv2D(2, 3), Flatten(), Dense(10, "softmax")),
        optimizer=SGD(LinearDecay(0.5, warmup=0.25)),
        averaging=Lookahead(5, decay=0.5),
        outputs=True,
        tta=True,
    )
    found = spelled_out(spec.identity())
    assert found.keys() == {field.name for field in fields(Experiment)} - {"name", "seeds"} | {
        "dataset_digest",
        "training_version",
    }
    assert (found["tta"], found["outputs"], found["reshuffle"]) == (True, True, True)
    assert (found["augmentation"], found["activity_at"]) == (None, [])
    assert found["averaging"] == {"type": "Lookahead", "steps": 5, "decay": 0.5}
    assert found["optimizer"]["learning_rate"]["warmup"] == 0.25
    assert found["optimizer"]["nesterov"] is False
    assert found["layers"][1] == {
        "type": "Conv2D",
        "filters": 2,
        "kernel_size": 3,
        "activation": "relu",
        "padding": "valid",
        "use_bias": True,
        "kernel_initializer": "glorot_uniform",
    }


def test_a_class_that_is_no_longer_known_is_spelled_out_as_it_is():
    gone = {"type": "Gone", "kept": 0.5}
    assert spelled_out(gone) == gone


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: replace(KNOWN, epoch=2), "Experiment has no field 'epoch'; did you mean epochs?"),
        (lambda: Affine(zoom=1), "Affine has no field 'zoom'; it has rotation, scale, "),
        (lambda: Dense(units=3, activations="relu"), "no field 'activations'; did you mean"),
    ],
)
def test_fields_that_are_none_are_refused_by_name(make, message):
    with pytest.raises(SpecError, match=re.escape(message)):
        make()
