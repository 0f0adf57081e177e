"""The assignment's way to train, timed: ``model.fit`` on one network, with Keras as it comes."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from itertools import pairwise

import numpy as np

from analysis import datasets
from analysis.spec import Experiment
from analysis.training import machine


def timed(experiment: Experiment, epochs: int) -> dict[str, float]:
    """Train one network of an experiment for a few epochs.

    Parameters
    ----------
    experiment : Experiment
    epochs : int
        How many to time, after a first one.

    Returns
    -------
    dict
        In seconds: ``epoch``, with testing, the median; and ``startup``, what the first epoch,
        which traces the graph, takes more than that, with what comes before it.
    """
    machine.import_tensorflow(one_thread=False)
    import keras

    data = datasets.load(experiment.dataset)
    x_train, x_test = data.x_train / 255.0, data.x_test / 255.0
    keras.utils.clear_session()
    marks = [time.perf_counter()]
    model, targets = network(experiment)
    model.fit(
        x_train,
        targets(data.y_train),
        epochs=1 + epochs,
        validation_data=(x_test, targets(data.y_test)),
        callbacks=[
            keras.callbacks.LambdaCallback(
                on_epoch_end=lambda epoch, logs: marks.append(time.perf_counter())
            )
        ],
        verbose=0,
    )
    epoch = statistics.median(end - start for start, end in pairwise(marks[1:]))
    return {"epoch": epoch, "startup": marks[1] - marks[0] - epoch}


def network(experiment: Experiment) -> tuple:
    """The experiment's network, compiled as one would write it, and its targets of labels.

    Of its settings those that the assignment names: layers, loss and learning rate.
    """
    import keras

    shape = datasets.DATASETS[experiment.dataset].shapes["x_train"][1:]
    layers = [
        getattr(keras.layers, type(spec).__name__)(**vars(spec)) for spec in experiment.layers
    ]
    model = keras.Sequential([keras.Input(shape), *layers])
    optimizer = getattr(keras.optimizers, type(experiment.optimizer).__name__)
    loss, targets = _LOSSES[experiment.loss]
    model.compile(
        optimizer=optimizer(learning_rate=experiment.optimizer.learning_rate),
        loss=loss,
        metrics=["accuracy"],
    )
    return model, targets


#: Each loss as the assignment writes it, and what it compares outputs with.
_LOSSES: dict[str, tuple[Callable | str, Callable[[np.ndarray], np.ndarray]]] = {
    "squared_error": (
        lambda target, output: (target - output) ** 2,
        lambda labels: np.eye(10)[labels],
    ),
    "cross_entropy": ("sparse_categorical_crossentropy", lambda labels: labels),
}
