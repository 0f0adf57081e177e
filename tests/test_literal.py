"""The assignment's way to train: it is timed, and its networks are those of the report."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
import tiny

from analysis import cost, prescribed
from analysis.training import literal

#: Each network once, whatever its epochs.
NETWORKS = list({prescribed.timed_as(e): e for _, e in prescribed.PRESCRIBED}.values())


def test_an_epoch_is_the_median_and_the_first_one_counts_as_startup(monkeypatch):
    clock, asked = SimpleNamespace(now=100.0), []
    monkeypatch.setattr(literal, "time", SimpleNamespace(perf_counter=lambda: clock.now))

    def fit(x, y, *, epochs, validation_data, callbacks, verbose):
        asked.append((x, y, epochs, validation_data))
        for epoch, lasts in enumerate([10, 2, 7, 3]):
            clock.now += lasts
            callbacks[0](epoch, None)

    def network(experiment):
        clock.now += 0.5
        return SimpleNamespace(fit=fit), lambda labels: labels + 100

    keras = SimpleNamespace(
        utils=SimpleNamespace(clear_session=lambda: None),
        callbacks=SimpleNamespace(LambdaCallback=lambda on_epoch_end: on_epoch_end),
    )
    monkeypatch.setitem(sys.modules, "keras", keras)
    monkeypatch.setattr(literal.machine, "import_tensorflow", lambda one_thread: None)
    monkeypatch.setattr(literal.datasets, "load", lambda name: tiny.DATA)
    monkeypatch.setattr(literal, "network", network)
    assert literal.timed(tiny.experiment(), 3) == {"epoch": 3, "startup": 10.5 - 3}
    ((images, targets, epochs, (tested, test_targets)),) = asked
    assert epochs == 1 + 3
    np.testing.assert_array_equal(images, tiny.DATA.x_train / 255)
    np.testing.assert_array_equal(targets, tiny.DATA.y_train + 100)
    np.testing.assert_array_equal(tested, tiny.DATA.x_test / 255)
    np.testing.assert_array_equal(test_targets, tiny.DATA.y_test + 100)


def test_keras_trains_it_as_it_is(engine, monkeypatch):
    monkeypatch.setattr(literal.datasets, "load", lambda name: tiny.DATA)
    found = literal.timed(tiny.experiment(), 2)
    assert found["epoch"] > 0 and found["startup"] > 0


@pytest.mark.parametrize("experiment", NETWORKS, ids=lambda experiment: experiment.name)
def test_both_ways_train_the_same_network_with_the_same_loss_and_steps(engine, experiment):
    import keras

    model, targets = literal.network(experiment)
    for theirs, ours in zip(model.layers, experiment.layers, strict=True):
        assert type(theirs) is getattr(keras.layers, type(ours).__name__)  # and not the engine's
        if hasattr(ours, "activation"):
            assert theirs.activation.__name__ == ours.activation
    assert model.count_params() == cost.weights(experiment)
    optimizer = engine.build.optimizer(experiment, 1)
    assert type(model.optimizer) is type(optimizer)
    called = {"name": optimizer.name}
    assert model.optimizer.get_config() | called == optimizer.get_config()
    labels = np.array([2, 0])
    outputs = np.linspace(0.01, 0.19, 20, dtype="float32").reshape(2, 10)
    found = np.mean(keras.losses.get(model.loss)(targets(labels), outputs))
    given = engine.build.targets(experiment, labels)
    assert found == pytest.approx(float(engine.build.loss(experiment)(given, outputs)))
