"""Times the assignment's way of training against the report's, on the same work.

``doit benchmark`` runs it on the real data and keeps what it measured in
``book/results/benchmark.json``. Run it on a quiet machine.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import joblib

from analysis import cost, datasets, results
from analysis.files import write_whole
from analysis.questions import q02
from analysis.spec import Experiment
from analysis.training.run import groups
from analysis.training.workers import engine_on_one_thread, processor

FILE = results.FOLDER / "benchmark.json"

NETWORKS = 10
#: Epochs of the engine that are timed; their median counts.
EPOCHS = 5


def measure(path: Path = FILE) -> None:
    """Measure, print and keep."""
    experiment = replace(q02.SHEET, seeds=range(NETWORKS))
    datasets.load(experiment.dataset)  # fails here, if it must, and not in a process
    with _processes(1) as pool:
        limit = pool.apply(_matrix_products)
    with _processes(1) as pool:
        sheet = pool.apply(_sheets_way, [experiment])
    engine = _engines_way(experiment)
    work = cost.flops_per_epoch(experiment) * NETWORKS
    found = {
        "processor": processor(),
        "cores": joblib.cpu_count(),
        "networks": NETWORKS,
        "limit_gflops": limit,
        "sheet_epoch_seconds": sheet["epoch"],
        "sheet_startup_seconds": sheet["startup"],
        "engine_epoch_seconds": engine["epoch"],
        "engine_counting_seconds": engine["counting"],
        "engine_startup_seconds": engine["startup"],
        "engine_megabytes": engine["megabytes"],
        "ratio": sheet["epoch"] / engine["epoch"],
        "epoch_gflop": work / 1e9,
        "sheet_share": work / 1e9 / sheet["epoch"] / limit,
        "engine_share": work / 1e9 / engine["epoch"] / limit,
    }
    write_whole(path, json.dumps(found, indent=1).encode() + b"\n")
    print(
        f"{found['processor']}, {found['cores']} cores\n"
        f"an epoch of {NETWORKS} networks of question 2 ({found['epoch_gflop']:.1f} GFLOP):\n"
        f"  model.fit, one after the other  {sheet['epoch']:7.2f} s"
        f"  (start-up {sheet['startup']:.1f} s)\n"
        f"  this report's engine            {engine['epoch']:7.2f} s"
        f"  (start-up {engine['startup']:.1f} s, {engine['megabytes']:,.0f} MB in all;\n"
        f"    counting silent units, which model.fit does not, {engine['counting']:.2f} s more)\n"
        f"  ratio                           {found['ratio']:7.1f}\n"
        f"float32 matrix products: {limit:.0f} GFLOP/s; of that model.fit reaches "
        f"{found['sheet_share']:.1%}, the engine {found['engine_share']:.1%}"
    )


def _processes(number: int):
    """Fresh processes, so that no measurement inherits another's threads or caches."""
    return multiprocessing.get_context("spawn").Pool(number)


def _matrix_products(size: int = 4096) -> float:
    """The machine's float32 rate in GFLOP/s: the best of several large products."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
    import tensorflow as tf

    left, right = tf.random.normal((2, size, size))
    product = tf.function(lambda: tf.reduce_sum(tf.matmul(left, right)))
    product()
    times = [_seconds(lambda: product().numpy()) for _ in range(8)]
    return 2 * size**3 / min(times) / 1e9


def _sheets_way(experiment: Experiment) -> dict[str, float]:
    """``model.fit`` for one network after the other, with Keras as it comes."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
    import keras
    import numpy as np

    data = datasets.load(experiment.dataset)
    x_train, x_test = data.x_train / 255.0, data.x_test / 255.0
    y_train, y_test = np.eye(10)[data.y_train], np.eye(10)[data.y_test]
    startups, epochs = [], []
    for _ in range(NETWORKS):
        keras.utils.clear_session()
        marks = [time.perf_counter()]
        model = keras.Sequential(
            [
                keras.Input((28, 28)),
                keras.layers.Flatten(),
                keras.layers.Dense(32, activation="relu"),
                keras.layers.Dense(10, activation="relu"),
            ]
        )
        model.compile(
            optimizer=keras.optimizers.SGD(learning_rate=0.1),
            loss=lambda target, output: (target - output) ** 2,
            metrics=["accuracy"],
        )
        # The second epoch is timed, which traces nothing any more.
        stamp = keras.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs, marks=marks: marks.append(time.perf_counter())
        )
        model.fit(
            x_train,
            y_train,
            epochs=2,
            validation_data=(x_test, y_test),
            callbacks=[stamp],
            verbose=0,
        )
        epochs.append(marks[2] - marks[1])
        startups.append(marks[1] - marks[0] - epochs[-1])
    return {"epoch": sum(epochs), "startup": sum(startups)}


def _engines_way(experiment: Experiment) -> dict[str, float]:
    """The report's engine on all cores: the slowest group's times."""
    divided = groups(experiment, experiment.seeds, joblib.cpu_count())
    with _processes(len(divided)) as pool:
        started = time.time()
        measured = pool.starmap(_timed_group, [(experiment, group) for group in divided])
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "epoch": max(m["epoch"] for m in measured),
        "counting": max(m["counting"] for m in measured),
        "startup": max(m["ready"] for m in measured) - started,
        "megabytes": (own + sum(m["kilobytes"] for m in measured)) / 1024,
    }


def _timed_group(experiment: Experiment, seeds: list[int]) -> dict[str, float]:
    """Seconds an epoch with testing takes, and counting silent and dead units beside it."""
    engine_on_one_thread()
    from analysis.training.engine import Group

    group = Group(experiment, datasets.load(experiment.dataset), seeds)
    for batches in (1, 2):  # the second length has the loop traced for any
        group.train_steps(_first_batches(group, batches))
    group.evaluate(), group.activity()
    ready = time.time()
    epochs, counting = [], []
    for epoch in range(EPOCHS):
        epochs.append(_seconds(lambda epoch=epoch: (group.train_epoch(epoch), group.evaluate())))
        counting.append(_seconds(group.activity))
    return {
        "ready": ready,
        "epoch": statistics.median(epochs),
        "counting": statistics.median(counting),
        "kilobytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    }


def _first_batches(group, number: int):
    import numpy as np
    import tensorflow as tf

    images = number * group.experiment.batch_size
    return tf.constant(np.stack([group.order(seed, 0)[:images] for seed in group.seeds]))


def _seconds(function: Callable[[], object]) -> float:
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


if __name__ == "__main__":
    measure()
