"""The audit: a result whose values cannot all be true is found, with its line and both values."""

import json
import re
import subprocess

import numpy as np
import pytest
import tiny
from tiny import change

from analysis import audit, excerpts, results
from analysis.questions import EXPERIMENTS
from analysis.results import Ledger
from analysis.spec import Activation, BatchNormalization, Conv2D, Dense, Flatten, Reshape, mlp
from analysis.training import machine

PROBABILITIES = {"layers": mlp(8, output="softmax"), "outputs": True}
VIEWS = PROBABILITIES | {"tta": True}
MAPS = {
    "layers": (
        Reshape((8, 8, 1)),
        Conv2D(4, 3),
        Conv2D(6, 3, "linear"),
        BatchNormalization(),
        Activation("relu"),
        Flatten(),
        Dense(10, "softmax"),
    )
}


def share(count, images) -> float:
    return float(f"{count / images:.7g}")


def result(experiment, seed: int) -> dict:
    """A result whose values agree: four in five images right, all else drawn by the seed."""
    random = np.random.default_rng(seed)
    labels = audit.Labels(tiny.DATA.y_train, tiny.DATA.y_test).held_out(experiment.validation)
    train, test = len(labels.train), len(labels.test)
    predictions = labels.test.copy()
    predictions[random.permutation(test)[: test // 5]] += 1
    predictions %= 10
    outputs = np.eye(10)[predictions] * 0.375 + 0.0625  # exact as float16
    own = np.bincount(labels.train, minlength=10)
    hidden = sum(getattr(layer, "activation", "") == "relu" for layer in experiment.layers[:-1])

    def accuracy(images):
        return share(random.integers(images), images)

    def activity():
        some = {
            "dead": [int(random.integers(5)) for _ in range(hidden)],  # no layer has less than 4
            "own": [accuracy(images) for images in own],
            "others": [accuracy(train - images) for images in own],
        }
        has_relu_outputs = experiment.layers[-1].activation == "relu"
        return dict(list(some.items())[: (3 if has_relu_outputs else 1) * experiment.activity])

    epochs = [
        {"loss": 0.5, "accuracy": accuracy(train), "val_loss": 0.6, "val_accuracy": accuracy(test)}
        | activity()
        for _ in range(experiment.epochs)
    ]
    epochs[-1]["val_accuracy"] = 0.8
    counts = [activity() for _ in experiment.activity_at]
    within = {name: [count[name] for count in counts] for name in activity()}
    return {
        "seed": seed,
        "history": {name: [epoch[name] for epoch in epochs] for name in epochs[0]},
        "before": {
            "val_loss": 0.7,
            "val_accuracy": accuracy(test),
            "answer": random.random(10).tolist(),
        }
        | activity(),
        "after": {"loss": 0.4, "accuracy": accuracy(train), "answer": outputs[0].tolist()},
        "predictions": "".join(map(str, predictions)),
        "seconds": 1.5,
        "provenance": dict.fromkeys(("python", "tensorflow", "keras", "numpy", "machine"), "3"),
        **({"outputs": results.packed(outputs)} if experiment.outputs else {}),
        **({"within": within} if experiment.activity_at else {}),
    }


@pytest.fixture
def folder(tmp_path, tiny_file):
    """A folder of results with the labels of the data set ``tiny`` and no ledger."""
    excerpts.keep("tiny", lambda labels: [0], tmp_path / "results")
    return tmp_path / "results"


def fill(folder, experiment, edit=lambda record: None) -> Ledger:
    """Keep a result for each seed; that of seed 1, on line 2, edited."""
    ledger = Ledger(experiment, folder)
    for seed in experiment.seeds:
        record = result(experiment, seed)
        if seed == 1:
            edit(record)
        with open(ledger.path, "a") as file:
            line = {"key": experiment.key, "spec": experiment.identity()} | record
            file.write(json.dumps(line) + "\n")
    return ledger


def found(folder, changes, edit):
    """What the audit finds after a result of the experiment was edited."""
    experiment = tiny.experiment(**changes)
    ledger = fill(folder, experiment, edit)
    findings = audit.all_ledgers([experiment], folder)
    for finding in findings:
        assert (finding.path, finding.line, finding.seed) == (ledger.path, 2, 1)
        assert finding.is_fault
    return [finding.what for finding in findings]


def remove(*path):
    def apply(record):
        *parents, last = path
        for name in parents:
            record = record[name]
        del record[last]

    return apply


def mistake_image(number):
    """Make the category that it gives an image another."""

    def apply(record):
        digits = list(record["predictions"])
        digits[number] = str((tiny.DATA.y_test[number] + 1) % 10)
        record["predictions"] = "".join(digits)

    return apply


def outputs(edit):
    def apply(record):
        values = results.unpacked(record["outputs"]).copy()
        edit(values)
        record["outputs"] = results.packed(values)

    return apply


def diverge(record):
    record["history"]["val_loss"][-1] = record["history"]["loss"][-1] = None
    record["after"] |= {"loss": None, "answer": [None] * 10}
    if "outputs" in record:
        record["outputs"] = results.packed(np.full((100, 10), np.nan))


def nothing(record):
    pass


@pytest.mark.parametrize("edit", [nothing, diverge])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"validation": 50},
        {"activity": False},
        {"activity_at": (1, 5)},
        {"layers": mlp(8, 4, output="linear")},
        MAPS,
        PROBABILITIES,
        VIEWS,
    ],
)
def test_results_whose_values_agree_are_clean(folder, changes, edit):
    assert found(folder, changes, edit) == []


@pytest.mark.parametrize(
    "edit, said",
    [
        (change("history", "val_accuracy", -1, to=0.81), ["ends with 0.81, but 0.8 of"]),
        (
            change("history", "val_accuracy", 0, to=0.123),
            ["val_accuracy[0] is 0.123, but", "0.12,"],
        ),
        (
            change("history", "val_accuracy", 0, to=None),
            ["val_accuracy[0] is None,", "from 0 to 1"],
        ),
        (change("history", "accuracy", 0, to=1.1), ["history.accuracy[0] is 1.1,", "from 0 to 1"]),
        (
            change("history", "accuracy", 1, to=-0.01),
            ["history.accuracy[1] is -0.01,", "from 0 to 1"],
        ),
        (
            change("history", "accuracy", 1, to=0.501),
            ["accuracy[1] is 0.501, but", "300", "0.5, 150"],
        ),
        (change("before", "val_accuracy", to=0.105), ["before.val_accuracy is 0.105, but", "0.1,"]),
        (
            change("after", "accuracy", to=0.3333),
            ["after.accuracy is 0.3333, but", "0.3333333, 100"],
        ),
        (change("history", "loss", 0, to=-0.5), ["history.loss[0] is -0.5, neither", "from 0 up"]),
        (change("history", "val_loss", 1, to=float("inf")), ["history.val_loss[1] is inf"]),
        (change("history", "val_loss", 1, to=float("nan")), ["history.val_loss[1] is nan"]),
        (change("before", "val_loss", to="0.1"), ["before.val_loss is '0.1'"]),
        (change("after", "loss", to=-0.5), ["after.loss is -0.5"]),
        (change("before", "val_loss", to=None), ["before.val_loss is None, though"]),
        (change("history", "loss", 0, to=None), ["history.loss[0] is None, though"]),
        (change("history", "val_loss", 0, to=None), ["history.val_loss[0] is None, though"]),
        (change("after", "loss", to=None), ["after.loss is None, though"]),
        (
            change("history", "own", 1, to=[0.0] * 9),
            ["history.own[1] is [0.0,", "not a list of 10"],
        ),
        (change("history", "own", 1, to=1.0), ["history.own[1] is 1.0,", "not a list of 10"]),
        (change("history", "own", 1, 3, to=1.5), ["history.own[1][3] is 1.5,", "from 0 to 1"]),
        (
            change("history", "own", 1, 3, to=0.123),
            ["own[1][3] is 0.123, but", "34 images is 0.1176471, 4 of"],
        ),
        (
            change("history", "others", 0, 3, to=0.5001),
            ["others[0][3] is 0.5001,", "266 images is 0.5, 133 of"],
        ),
        (change("before", "others", 3, to=-1.0), ["before.others[3] is -1.0"]),
        (change("history", "dead", 0, to=[0, 0]), ["history.dead[0] is [0, 0], not a list of 1"]),
        (change("history", "dead", 0, 0, to=9), ["history.dead[0][0] is 9, but", "8 units"]),
        (change("history", "dead", 0, 0, to=-1), ["history.dead[0][0] is -1, but", "8 units"]),
        (change("history", "dead", 0, 0, to=1.0), ["history.dead[0][0] is 1.0, but", "8 units"]),
        (change("before", "dead", 0, to=9), ["before.dead[0] is 9, but", "8 units"]),
        (change("before", "answer", to=[0.1] * 9), ["before.answer is [0.1,", "not a list of ten"]),
        (change("before", "answer", to=None), ["before.answer is None", "not a list of ten"]),
        (change("before", "answer", 4, to=None), ["before.answer is [0.", "None"]),
        (change("after", "answer", 4, to=float("inf")), ["after.answer is", "inf"]),
        (change("after", "answer", to=None), ["after.answer is None"]),
        (change("seconds", to=0.0), ["seconds is 0.0"]),
        (change("seconds", to=float("inf")), ["seconds is inf"]),
        (change("provenance", "keras", to=" "), ["provenance.keras is ' '"]),
        (change("provenance", "precision", to=32), ["provenance.precision is 32"]),
        (remove("provenance", "numpy"), ["provenance.numpy is None"]),
        (change("history", "val_acuracy", to=[0.8, 0.8]), ["history holds", "val_acuracy, but"]),
        (change("before", "loss", to=0.8), ["before holds", "loss, but should hold val_loss"]),
        (remove("before", "val_loss"), ["before holds val_accuracy,", "should hold val_loss"]),
        (remove("after", "loss"), ["after holds accuracy,", "should hold loss"]),
        (change("note", to="by hand"), ["its line holds", "note, but should hold key"]),
    ],
)
def test_value_that_cannot_be_true_is_found(folder, edit, said):
    (what,) = found(folder, {}, edit)
    assert re.search(".*".join(map(re.escape, said)), what), what


def test_a_machine_that_says_nothing_of_its_processor_trains_what_the_audit_accepts(
    folder, monkeypatch
):
    monkeypatch.setattr(machine, "_cpu_info", lambda: "")  # as on macOS
    origin = machine.provenance(tiny.experiment())
    assert origin["instructions"] == ""
    assert found(folder, {}, change("provenance", to=origin)) == []


@pytest.mark.parametrize(
    "edit, said",
    [
        (change("within", "own", 1, 3, to=1.5), ["within.own[1][3] is 1.5,", "from 0 to 1"]),
        (change("within", "dead", 0, 0, to=9), ["within.dead[0][0] is 9, but", "8 units"]),
        (change("within", "heard", to=[]), ["within holds", "heard, but", "dead, own, others"]),
    ],
)
def test_count_within_the_first_epoch_that_cannot_be_is_found(folder, edit, said):
    (what,) = found(folder, {"activity_at": (1, 5)}, edit)
    assert re.search(".*".join(map(re.escape, said)), what), what


def test_largest_answer_is_that_of_the_first_prediction(folder):
    (what,) = found(folder, {}, change("after", "answer", to=[0.0, 0.25, *[0.0] * 8]))
    assert "with 0.0 in after.answer, but 1 has 0.25" in what


def test_changed_prediction_is_found_by_the_accuracy_and_the_outputs(folder):
    given = result(tiny.experiment(**PROBABILITIES), 1)["predictions"]
    image = next(i for i in range(1, 100) if given[i] == str(tiny.DATA.y_test[i]))
    accuracy, largest = found(folder, PROBABILITIES, mistake_image(image))
    assert "ends with 0.8, but 0.79 of the predictions" in accuracy
    assert f"first is predictions[{image}]: " in largest
    assert "with 0.0625, but" in largest and "has 0.4375" in largest


def test_networks_with_images_held_out_are_tested_on_the_last_training_images(folder):
    (what,) = found(folder, {"validation": 50}, change("history", "val_accuracy", -1, to=0.82))
    assert "ends with 0.82, but 0.8 of" in what


def test_activity_is_counted_on_the_images_that_are_not_held_out(folder):
    (what,) = found(folder, {"validation": 50}, change("history", "accuracy", 0, to=share(1, 300)))
    assert "250 images" in what


def test_dead_units_of_feature_maps_are_channels(folder):
    (what,) = found(folder, MAPS, change("history", "dead", 0, to=[4, 7]))
    assert what == "history.dead[0][1] is 7, but the layer has 6 units"


@pytest.mark.parametrize("steps, agree", [(0, True), (1, True), (2, True), (3, False)])
def test_prediction_may_have_the_largest_output_but_for_rounding(folder, steps, agree):
    def nearly_equal(values):
        predicted = values[4].argmax()
        values[4, predicted] = 0.25 - steps * 2**-13  # a float16's steps below 1/4
        values[4, predicted - 1] = 0.25

    whats = found(folder, PROBABILITIES, outputs(nearly_equal))
    assert whats == [] if agree else "first is predictions[4]: " in whats[0]


@pytest.mark.parametrize("steps, agree", [(1, True), (2, False)])
def test_prediction_may_have_an_output_that_was_rounded_to_zero(folder, steps, agree):
    def nearly_zero(values):
        predicted = values[4].argmax()
        values[4] = 0
        values[4, predicted - 1] = steps * 2**-24  # the smallest float16

    whats = found(
        folder, {"layers": mlp(8, output="linear"), "outputs": True}, outputs(nearly_zero)
    )
    assert whats == [] if agree else "first is predictions[4]: " in whats[0]


@pytest.mark.parametrize("steps, agree", [(-2, False), (-1, True), (1, True), (2, False)])
@pytest.mark.parametrize("value, step", [(0.25, 2**-12), (2**-23, 2**-24)])  # float16's steps
def test_first_outputs_are_the_answer_but_for_rounding(folder, value, step, steps, agree):
    changes = {"layers": mlp(8, output="linear"), "outputs": True}
    index = (int(result(tiny.experiment(**changes), 1)["predictions"][0]) + 1) % 10

    def edit(record):
        record["after"]["answer"][index] = value
        outputs(lambda values: values.put(index, value + steps * step))(record)

    said = (
        f"outputs[0][{index}] is {value + steps * step:.4g}, but after.answer[{index}] is {value!r}"
    )
    assert found(folder, changes, edit) == ([] if agree else [said])


def test_outputs_made_up_from_the_predictions_are_found_by_the_answer(folder):
    def make_up(values):
        values[:] = np.eye(10)[values.argmax(1)]

    (what,) = found(folder, PROBABILITIES, outputs(make_up))
    assert re.fullmatch(r"outputs\[0\]\[0\] is [01], but after.answer\[0\] is 0.\d+", what)


@pytest.mark.parametrize("answer", [None, [0.1] * 9, [None] * 10])
def test_answer_that_is_none_is_found_beside_outputs(folder, answer):
    whats = found(folder, PROBABILITIES, change("after", "answer", to=answer))
    assert whats[0].startswith("after.answer is ")
    assert len(whats) == (2 if answer == [None] * 10 else 1)


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("changes", [PROBABILITIES, VIEWS])
def test_outputs_that_are_not_finite_are_found(folder, changes, value):
    (what,) = found(folder, changes, outputs(lambda values: values.put(25, value)))
    assert what.startswith("outputs[2] is [") and str(value) in what


@pytest.mark.parametrize("changes", [PROBABILITIES, VIEWS])
def test_probabilities_that_do_not_sum_to_one_are_found(folder, changes):
    def double(values):
        values[7] *= 2

    (what,) = found(folder, changes, outputs(double))
    assert "outputs[7] sums to 2" in what


@pytest.mark.parametrize("steps, agree", [(-5, False), (-4, True), (4, True), (5, False)])
def test_probabilities_may_sum_to_one_but_for_rounding(folder, steps, agree):
    def shift(values):
        values[7, values[7].argmax()] += steps * 2**-12  # a float16's steps above 1/4

    whats = found(folder, PROBABILITIES, outputs(shift))
    assert whats == [] if agree else "outputs[7] sums to " in whats[0]


def test_other_outputs_need_not_sum_to_one(folder):
    changes = {"layers": mlp(8, output="linear"), "outputs": True}

    def double(values):
        values[7] *= 2

    assert found(folder, changes, outputs(double)) == []


@pytest.mark.parametrize("images, agree", [(3, True), (4, False)])
def test_six_views_may_say_other_than_one_on_few_images(folder, images, agree):
    def get_right(values):
        right = np.eye(10)[tiny.DATA.y_test] * 0.375 + 0.0625
        wrong = np.flatnonzero(values.argmax(1) != tiny.DATA.y_test)[:images]
        values[wrong] = right[wrong]

    whats = found(folder, VIEWS, outputs(get_right))
    assert whats == [] if agree else "right on 0.84" in whats[0] and "on 0.8:" in whats[0]


@pytest.mark.parametrize("images, agree", [(2, True), (4, False)])
def test_six_views_may_be_wrong_where_one_is_right_on_few_images(folder, images, agree):
    def get_wrong(values):
        right = np.flatnonzero(values.argmax(1) == tiny.DATA.y_test)[:images]
        values[right] = np.roll(values[right], 1, axis=1)

    whats = found(folder, VIEWS, outputs(get_wrong))
    assert whats == [] if agree else "right on 0.76" in whats[0] and "on 0.8:" in whats[0]


def test_accuracy_that_is_absent_is_found_beside_views(folder):
    whats = found(folder, VIEWS, change("history", "val_accuracy", -1, to=None))
    assert [what[:32] for what in whats] == [
        "history.val_accuracy[1] is None,",
        "history.val_accuracy ends with N",
    ]


def all_found(folder, *experiments):
    return [
        (f.path.name, f.line, f.seed, f.is_fault, f.what)
        for f in audit.all_ledgers(experiments, folder)
    ]


def test_missing_networks_are_found(folder):
    fill(folder, tiny.experiment(seeds=(1, 2)))
    ((*where, what),) = all_found(folder, tiny.experiment(seeds=range(5)))
    assert where == ["q00-tiny.jsonl", None, None, True]
    assert "3 of 5 networks are missing (seeds 0, 3, 4): 'doit train:q00-tiny'" in what


def test_absent_ledger_lacks_all_networks(folder):
    ((*_, what),) = all_found(folder, tiny.experiment())
    assert "3 of 3 networks are missing" in what


def test_line_of_another_key_is_found_and_stands_for_no_seed(folder):
    old, new = tiny.experiment(epochs=3, seeds=[1]), tiny.experiment()
    fill(folder, tiny.experiment(seeds=(0, 2)))
    fill(folder, old)
    other, missing = all_found(folder, new)
    assert other[:4] == ("q00-tiny.jsonl", 3, 1, True)
    assert old.key[:12] in other[4] and new.key[:12] in other[4]
    assert "1 of 3 networks are missing (seeds 1)" in missing[4]


def test_seed_not_asked_for_is_a_remark_and_its_values_are_looked_at(folder):
    fill(folder, tiny.experiment(), change("seconds", to=-1.0))
    remark, fault = all_found(folder, tiny.experiment(seeds=(0, 2)))
    assert remark[:4] == ("q00-tiny.jsonl", 2, 1, False) and "seed 1" in remark[4]
    assert fault[:4] == ("q00-tiny.jsonl", 2, 1, True) and "seconds" in fault[4]


def all_edited(folder, experiment, edit):
    """Keep a result for each seed, each edited with that of seed 0 beside it."""
    ledger = fill(folder, experiment)
    records = [json.loads(line) for line in ledger.path.read_text().splitlines()]
    first = json.dumps(records[0])
    for record in records:
        edit(record, json.loads(first))
    ledger.path.write_text("".join(f"{json.dumps(record)}\n" for record in records))


def copied(folder, experiment, edit):
    """Make line 2 that of seed 0 under seed 1, edited; what the audit then says of it."""

    def copy(record, first):
        if record["seed"] == 1:
            record |= first | {"seed": 1}
            edit(record)

    all_edited(folder, experiment, copy)
    findings = all_found(folder, experiment)
    assert {finding[:4] for finding in findings} <= {("q00-tiny.jsonl", 2, 1, True)}
    return [what for *_, what in findings]


def mistake_otherwise(record):
    """Give an image on which it is wrong a category that is as wrong."""
    digits, truth = record["predictions"], tiny.DATA.y_test
    image = next(i for i in range(1, len(digits)) if int(digits[i]) != truth[i])
    record["predictions"] = f"{digits[:image]}{(truth[image] + 2) % 10}{digits[image + 1 :]}"


BEFORE = "its before is that of seed 0 to the last digit, as if copied"
HISTORY = "its history is that of seed 0 to the last digit, as if copied"


@pytest.mark.parametrize(
    "edit, said",
    [
        (nothing, [HISTORY, BEFORE]),
        (mistake_otherwise, [HISTORY, BEFORE]),
        (change("history", "loss", 1, to=0.51), [BEFORE]),
        (change("before", "val_loss", to=0.71), [HISTORY]),
    ],
)
def test_a_network_that_was_copied_under_another_seed_is_found(folder, edit, said):
    assert copied(folder, tiny.experiment(), edit) == said


def test_networks_that_start_alike_are_copied_if_their_histories_are_one(folder):
    of_order = tiny.experiment(varies=("order",))
    assert copied(folder, of_order, mistake_otherwise) == [HISTORY]
    (folder / "q00-tiny.jsonl").unlink()
    assert copied(folder, of_order, change("history", "loss", 1, to=0.51)) == []


def test_networks_whose_units_are_all_dead_may_start_alike(folder):
    def die(record, first):
        record["before"] = first["before"] | {"answer": [0.0] * 10}

    all_edited(folder, tiny.experiment(), die)
    assert all_found(folder, tiny.experiment()) == []


@pytest.mark.parametrize("copies, said", [((), []), (("before",), [HISTORY, BEFORE])])
def test_networks_that_diverge_at_once_may_do_so_alike_from_other_weights(folder, copies, said):
    def diverge_at_once(record, first):
        diverge(record)
        record["history"] = first["history"] | {"loss": [None] * 2, "val_loss": [None] * 2}
        if record["seed"] == 1:
            record |= {name: first[name] for name in copies}

    all_edited(folder, tiny.experiment(), diverge_at_once)
    assert [what for *_, what in all_found(folder, tiny.experiment())] == said


def of_others(*, give):
    """An edit that gives seeds the outputs of others: ``give`` has whose, by the seed."""
    experiment = tiny.experiment(**VIEWS)

    def apply(record, first):
        if record["seed"] in give:
            record["outputs"] = result(experiment, give[record["seed"]])["outputs"]

    return apply


@pytest.mark.parametrize("give", [{0: 1, 1: 0}, {1: 0}, {2: 1}, {0: 1, 1: 2, 2: 0}])
def test_outputs_of_another_network_are_found_though_they_are_of_several_views(folder, give):
    experiment = tiny.experiment(**VIEWS)
    all_edited(folder, experiment, of_others(give=give))
    findings = all_found(folder, experiment)
    assert [finding[:4] for finding in findings] == [
        ("q00-tiny.jsonl", seed + 1, seed, True) for seed in give
    ]
    for (*_, what), other in zip(findings, give.values(), strict=True):
        assert what == (
            f"outputs are not of its predictions: where those of seed {other} differ, its own "
            "have 0.0625 on average, but those 0.4375"
        )


def test_outputs_that_are_no_more_of_its_own_predictions_are_found(folder):
    *_, what = found(folder, VIEWS, outputs(lambda values: values.fill(0.1)))
    assert what.endswith("its own have 0.09998 on average, but those 0.09998")


def test_networks_that_say_the_same_of_all_images_may_share_their_views(folder):
    experiment = tiny.experiment(**VIEWS)

    def share_all(record, first):
        record |= {name: first[name] for name in ("predictions", "outputs", "after")}

    all_edited(folder, experiment, share_all)
    assert all_found(folder, experiment) == []


def test_views_that_cannot_be_numbers_are_not_asked_whose_they_are(folder):
    experiment = tiny.experiment(**VIEWS)
    all_edited(folder, experiment, lambda record, first: record["seed"] and diverge(record))
    assert all_found(folder, experiment) == []


def test_networks_that_no_seed_decides_may_be_alike(folder):
    alike = tiny.experiment(varies=())
    ledger = fill(folder, alike)
    first, *_ = ledger.path.read_text().splitlines(keepends=True)
    seeds = [first.replace('"seed": 0', f'"seed": {seed}') for seed in alike.seeds]
    ledger.path.write_text("".join(seeds))
    assert all_found(folder, alike) == []


def test_ledger_of_no_experiment_is_a_remark(folder):
    fill(folder, tiny.experiment())
    (remark,) = all_found(folder)
    assert remark[:4] == ("q00-tiny.jsonl", None, None, False)
    assert "no experiment" in remark[4]


def test_last_line_without_an_end_is_found(folder):
    ledger = fill(folder, tiny.experiment())
    ledger.path.write_bytes(ledger.path.read_bytes()[:-2])
    missing, torn = all_found(folder, tiny.experiment())
    assert "1 of 3 networks are missing (seeds 2)" in missing[4]
    assert torn[:4] == ("q00-tiny.jsonl", None, None, True) and "no end" in torn[4]
    assert torn[4].endswith("so it is ignored")


def test_last_line_that_lacks_only_its_newline_is_found_with_what_adds_it(folder):
    ledger = fill(folder, tiny.experiment(), change("seconds", to=-1.0))
    whole = ledger.path.read_bytes()
    first, second, third = whole.splitlines(keepends=True)
    for content in (whole, first + third + second):  # whose last line is looked at, too
        ledger.path.write_bytes(content[:-1])
        seconds, open_ended = all_found(folder, tiny.experiment())
        assert seconds[:3] == ("q00-tiny.jsonl", content.splitlines().index(second[:-1]) + 1, 1)
        assert open_ended[:4] == ("q00-tiny.jsonl", None, None, True)
        command = open_ended[4][open_ended[4].index("echo ") :]
        subprocess.run(command, shell=True, check=True)
        assert ledger.path.read_bytes() == content


def test_each_line_that_is_no_result_is_found_and_the_others_are_looked_at(folder):
    ledger = fill(folder, tiny.experiment(), change("seconds", to=-1.0))
    first, second, third = ledger.path.read_text().splitlines(keepends=True)
    ledger.path.write_text(f"junk\n{second}{second}{first}{third}")
    junk, seconds, again = all_found(folder, tiny.experiment())
    assert junk[:4] == ("q00-tiny.jsonl", 1, None, True) and "not a result" in junk[4]
    assert seconds[:4] == ("q00-tiny.jsonl", 2, 1, True) and "seconds" in seconds[4]
    assert again[:4] == ("q00-tiny.jsonl", 3, None, True) and "already on line 2" in again[4]


def test_ledger_that_another_program_changed_is_one_finding_and_the_next_is_looked_at(folder):
    ledger = fill(folder, tiny.experiment())
    ledger.path.write_bytes(ledger.path.read_bytes().replace(b"\n", b"\r\n"))
    other = tiny.experiment(name="q00-other")
    fill(folder, other, change("seconds", to=-1.0))
    endings, seconds = all_found(folder, tiny.experiment(), other)
    assert endings[:4] == ("q00-tiny.jsonl", 1, None, True) and "CR LF" in endings[4]
    assert seconds[:4] == ("q00-other.jsonl", 2, 1, True)


@pytest.mark.parametrize("name, array", [("train_labels", "y_train"), ("test_labels", "y_test")])
def test_labels_that_are_not_those_published_are_found(folder, name, array):
    fill(folder, tiny.experiment())
    path = folder / "tiny.json"
    kept = json.loads(path.read_text())
    kept[name] = kept[name][::-1]
    path.write_text(json.dumps(kept))
    ((*where, what),) = all_found(folder, tiny.experiment())
    assert where == ["tiny.json", None, None, True]
    assert f"published as {array} have {tiny.SOURCE.sha256[array][:12]}…" in what
    assert "'doit train:excerpt-tiny'" in what


def test_labels_that_cannot_be_read_are_found(folder):
    fill(folder, tiny.experiment())
    (folder / "tiny.json").unlink()
    ((*where, what),) = all_found(folder, tiny.experiment())
    assert where == ["tiny.json", None, None, True]
    assert "cannot be read (FileNotFoundError" in what and "tiny.json" not in what


def test_ledgers_of_the_report_are_clean():
    assert audit.all_ledgers(EXPERIMENTS.values()) == []
