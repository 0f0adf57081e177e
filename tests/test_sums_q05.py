"""What question 5 computes of its results, against made-up ones counted by hand."""

from pathlib import Path

import numpy as np
import pytest
import tiny

from analysis.excerpts import Excerpt
from analysis.loaded import Results
from analysis.questions import q05
from analysis.results import Runs
from analysis.spec import mlp
from analysis.statistics import Estimate, estimate

SOFTMAX = {"layers": mlp(8, output="softmax"), "loss": "cross_entropy"}


def end_with(testing, spec=SOFTMAX, /, **values) -> Runs:
    """Runs of one epoch by their testing accuracy."""
    return tiny.runs(spec, val_accuracy=np.reshape(testing, (-1, 1)), **values)


def approximately(expected: Estimate):
    return pytest.approx(tuple(expected))


@pytest.mark.parametrize("output, stuck", [("relu", [1, 2]), ("softmax", [2])])
def test_a_run_is_stuck_by_a_silent_output_or_by_its_accuracy(output, stuck):
    own = np.ones((3, 1, 10))
    own[1, 0, 4] = 0
    accuracy = [q05.LEARNED, q05.LEARNED + 0.01, q05.LEARNED - 0.01]
    runs = end_with(accuracy, {"layers": mlp(8, output=output)}, own=own)
    assert np.flatnonzero(q05._stuck(runs)).tolist() == stuck


def test_a_gain_is_that_of_the_seeds_stuck_in_neither_in_points():
    ours = end_with([0.97, 0.98, 0.20, 0.99, 0.96])
    theirs = end_with([0.96, 0.94, 0.95, 0.50])
    assert q05._gain(ours, theirs) == approximately(estimate(np.array([1.0, 4.0])))


def test_speed_is_that_beside_relu_runs_of_which_no_output_is_silent_after_any_epoch():
    own = np.ones((3, 3, 10))
    own[1, 0, 4] = 0  # it comes back
    relu = tiny.runs(own=own, val_accuracy=[[0.8, 0.7, 0.9], [0.1] * 3, [0.8, 0.8, 0.7]])
    ours = tiny.runs(SOFTMAX, val_accuracy=[[0.7, 0.9, 0.8], [0.9] * 3, [0.6, 0.6, 0.6]])
    speed = q05._speed(ours, relu)
    assert speed.ahead == pytest.approx(np.array([[-10, 20, -10], [-20, -20, -10]]))
    assert speed.epochs.tolist() == [2, np.inf]
    assert speed.relu_epochs.tolist() == [3, 1]


def test_intervals_over_images_are_of_what_each_image_earns():
    ours = tiny.runs(SOFTMAX, predictions=[[0, 1, 3], [0, 2, 2]], val_accuracy=[[1], [1]])
    theirs = tiny.runs(SOFTMAX, predictions=[[0, 0, 3], [1, 0, 0]], val_accuracy=[[1], [1]])
    assert q05.right_by_image(ours, np.arange(3)).tolist() == [100, 50, 50]
    expected = estimate(np.array([50, 50, 50]))
    assert q05.over_images(ours, theirs, np.arange(3)) == approximately(expected)
    assert q05.over_images(ours.first(1), theirs, np.arange(3)) == approximately(
        estimate(np.array([50, 100, 0]))
    )


def test_mistakes_removed_are_a_share_of_theirs_run_by_run():
    found = q05._mistakes_removed(end_with([0.98, 0.94]), end_with([0.96, 0.92]))
    assert found == approximately(estimate(np.array([1 / 2, 1 / 4])))


def test_the_accuracy_gap_is_training_minus_testing_of_trained_networks():
    runs = end_with([0.95, 0.96], accuracy=[[0.5], [0.5]], after_accuracy=[0.97, 0.99])
    assert q05._accuracy_gap(runs) == approximately(estimate(np.array([2.0, 3.0])))


# Three images, of 0, 1 and 2; halves, quarters, … are exact in float16.
LABELS = np.array([0, 1, 2])


def outputs(*largest) -> np.ndarray:
    """Of each image the answer and its output; the rest goes to 9."""
    said = np.zeros((len(largest), 10))
    for image, (answer, output) in enumerate(largest):
        said[image, answer], said[image, 9] = output, 1 - output
    return said


def test_sureness_of_wrong_answers_is_told_from_that_of_right_ones():
    runs = tiny.runs(
        SOFTMAX,
        val_loss=[[1.5], [2.5]],
        outputs=[
            outputs((0, 0.75), (5, 0.9375), (2, 0.5625)),
            outputs((3, 0.75), (1, 0.625), (0, 0.875)),
        ],
    )
    found = q05.sureness(runs, LABELS)
    right = np.array([-np.log(0.75) - np.log(0.5625), -np.log(0.625)]) / 3
    assert found.mistakes.tolist() == [1, 2]
    assert found.wrong.tolist() == [0.9375, 0.8125]
    assert found.right.tolist() == [0.65625, 0.625]
    assert found.very_sure.tolist() == [1, 0]
    np.testing.assert_allclose(found.error_of_right, right, rtol=1e-6)
    np.testing.assert_allclose(found.error_of_wrong, [1.5, 2.5] - right, rtol=1e-6)
    # Each answer lies in a part of its own, so it counts by itself.
    np.testing.assert_allclose(
        found.calibration, [(0.25 + 0.9375 + 0.4375) / 3, (0.75 + 0.375 + 0.875) / 3], rtol=1e-6
    )


class Made(dict):
    """Results that are made up, with the labels above."""

    def labels(self, experiment):
        return LABELS


def test_on_images_wrong_both_times_sureness_rises_by_the_mean_of_each_network():
    before = [outputs((0, 0.75), (5, 0.5625), (4, 0.625)), outputs((3, 0.75), (1, 0.5), (2, 0.5))]
    after = [outputs((1, 0.75), (5, 0.6875), (4, 0.875)), outputs((4, 0.875), (0, 1), (0, 1))]
    results = Made(
        (experiment, tiny.runs(SOFTMAX, outputs=said, val_loss=[[1.0], [1.0]]))
        for experiment, said in zip(q05.OUTPUTS.values(), (before, after), strict=True)
    )
    expected = estimate(np.array([(0.125 + 0.25) / 2, 0.125]))
    assert q05._surer_of_the_same(results) == approximately(expected)


def test_squared_errors_late_change_is_a_share_of_each_networks_own():
    # Of three images and ten outputs each, so the errors are thirtieths.
    before = [outputs((0, 1), (1, 1), (3, 1)), outputs((0, 1), (2, 1), (3, 1))]  # 2 and 4
    after = [outputs((0, 1), (1, 1), (2, 0.5)), outputs((0, 1), (1, 1), (3, 1))]  # 1/2 and 2
    results = Made(
        (experiment, tiny.runs(SOFTMAX, outputs=said, val_loss=[[1.0], [1.0]]))
        for experiment, said in zip(q05.OUTPUTS.values(), (before, after), strict=True)
    )
    assert q05._late_squared_error_of_sheet(results).tolist() == pytest.approx([-3 / 4, -1 / 2])
    losses = np.ones((2, q05.SHEET.epochs))
    losses[:, q05.BEST_EPOCH - 1], losses[:, -1] = 4, [3, 5]
    results = Results({q05.SOFTMAX_SQUARED: tiny.runs(SOFTMAX, val_loss=losses)})
    assert q05._late_squared_error(results).tolist() == pytest.approx([-1 / 4, 1 / 4])


def test_changes_since_the_best_epoch_are_those_of_runs_that_did_not_choose_it():
    loss = np.zeros((13, 12))
    loss[:, q05.BEST_EPOCH - 1] = 2
    loss[:, -1] = [9] * 10 + [3, 5, 4]
    runs = tiny.runs(SOFTMAX, val_loss=loss)
    assert q05._since_best(runs, "val_loss") == approximately(estimate(np.array([1, 3, 2])))


def test_the_same_order_costs_what_a_new_one_gives():
    kept = end_with(
        [0.94, 0.95],
        val_loss=[[0.4], [0.2]],
        accuracy=[[0.99], [0.98]],
        after_accuracy=[0.96, 0.97],
    )
    anew = end_with(
        [0.96, 0.96, 0.99],
        val_loss=[[0.3], [0.2], [0]],
        accuracy=[[0.98], [0.95], [0]],
        after_accuracy=[0.98, 0.98, 0],
    )
    found = q05.same_order(kept, anew)
    for name, values in {
        "error": [0.1, 0.0],
        "cost": [2, 1],
        "printed": [1, 3],
        "trained_cost": [2, 1],
    }.items():
        assert getattr(found, name) == approximately(estimate(np.array(values))), name


def test_keras_takes_ten_zeros_for_equal_shares_and_gives_nothing_above_one_a_gradient(engine):
    """As the page says of ReLU outputs with cross-entropy."""
    import tensorflow as tf

    from analysis.training import build

    loss = build.loss(tiny.experiment(loss="cross_entropy"))
    above_one = np.array([[0.5, 3, *[0] * 8]])
    outputs = tf.Variable(np.concatenate([np.zeros((1, 10)), above_one]), dtype=tf.float32)
    for image, expected in ((0, np.log(10)), (1, np.log(3))):  # the second: 0.5 of 0.5 + 1
        with tf.GradientTape() as tape:
            value = loss(np.array([0]), outputs[image : image + 1])
        gradient = tape.gradient(value, outputs).numpy()[image]
        assert float(value) == pytest.approx(expected, rel=1e-5)
        if image == 0:
            assert not gradient.any()
        else:
            assert gradient[0] < 0
            assert not gradient[1:].any()


def crossed(**changes) -> Results:
    """Twelve runs of each setting: with ReLU outputs two get stuck, or all, with others none.

    Parameters
    ----------
    **changes : dict
        By an experiment's name in the module, values in place of those.
    """
    images = np.tile(np.arange(10), 3)
    apart = np.arange(12) / 1e4

    def by_accuracy(mean, zeros=0):
        """So many of the runs, the first, say nothing but 0."""
        answers = np.tile(images, (12, 1))
        answers[:zeros] = 0
        accuracy = mean + apart * (-1) ** np.arange(12)
        accuracy[:zeros] = 0.1
        return {"val_accuracy": np.tile(accuracy[:, None], 20), "predictions": answers}

    relu = np.ones((12, 20, 10))
    relu[:2, :, 4] = 0
    silent = np.ones((12, 20, 10))
    silent[:, :, 1:3] = 0
    answers = by_accuracy(0.1)
    answers["predictions"][:, 1:] = 0
    answers["predictions"][:9, 0] = 7  # of nine runs one answer is no 0
    values = {
        "SHEET": by_accuracy(0.97),
        "SOFTMAX_SQUARED": by_accuracy(0.969),
        "LINEAR_SQUARED": by_accuracy(0.95),
        "RELU_CROSS_ENTROPY": answers | {"own": silent},
        "SAME_ORDER_EACH_EPOCH": by_accuracy(0.96),
    }
    values = {name: of | changes.get(name, {}) for name, of in values.items()}
    made = {getattr(q05, name): of for name, of in values.items()}
    made[q05.q04.SHEET] = by_accuracy(0.96) | {"own": relu}
    runs = {e: Runs(e, tiny.runs(e_of(e), **of).records) for e, of in made.items()}
    for epoch, experiment in q05.OUTPUTS.items():
        outputs = np.full((10, 30, 10), 0.01)
        # Wrong on one image after the best epoch, on two after the last.
        wrong = np.tile(images, (10, 1))
        wrong[:, : 1 + (epoch == q05.SHEET.epochs)] = 9
        np.put_along_axis(outputs, wrong[:, :, None], 0.91, axis=2)
        kept = tiny.runs(loss=[[0.1] * epoch] * 10, outputs=outputs, predictions=wrong)
        runs[experiment] = Runs(experiment, kept.records)
    excerpt = Excerpt(images, images, np.array([], int), Path())
    return Results(runs, {"mnist": excerpt})


def e_of(experiment) -> dict:
    """What of an experiment decides which runs are stuck."""
    return {"layers": experiment.layers}


def test_numbers_are_of_the_runs_and_epochs_that_they_name():
    found = q05.numbers(crossed())
    expected = {
        "runs": 12,
        "relu_squared_stuck": 2,
        "softmax_cross_stuck": 0,
        "relu_cross_stuck": 12,
        "free_relu": 10,
        "relu_cross_zeros": 1 - 9 / 360,
        "relu_cross_only_zeros": 3,
        "relu_cross_outputs": 120,
        "relu_cross_silent_at_first": 24,
        "best_mistakes": 1,
        "last_mistakes": 2,
        "last_very_sure": 2,
        "order_runs": 12,
        "order_cost": 1,
        "sheet_over_relu": 1,
        "relu_over_linear": 1,
        "softmax_over_linear": 1.9,
        "cross_over_squared": 0.1,
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected)


def test_every_run_must_be_stuck_for_the_loss_alone_to_be_of_no_use():
    def holds(**changes):
        claims = q05._claims_of_stuck_runs(crossed(**changes))
        return {claim.name: claim.holds for claim in claims}["loss-alone"]

    own = np.zeros((12, 20, 10))
    own[0] = 1
    free = np.full((12, 20), 0.97)
    assert holds()
    assert not holds(RELU_CROSS_ENTROPY={"own": own, "val_accuracy": free})
