"""Measures where a training step spends its time, and what it could reach at best.

``doit profile`` runs it and keeps what it measured in ``book/results/profile.json``. Run it on a
quiet machine.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import joblib
import numpy as np

from analysis import cost, datasets, results
from analysis.files import write_whole
from analysis.lifetime import stoppable
from analysis.questions import q02, q08, q09
from analysis.spec import Conv2D, Experiment
from analysis.training import machine, trace
from analysis.training.benchmark import (
    STEPS,
    apart,
    first_batches,
    matrix_products,
    ready_group,
    seconds_of,
    seconds_of_steps,
)
from analysis.training.run import groups

#: Whose steps are measured, by what their numbers are called.
MEASURED = {
    "q02": q02.SHEET,
    "q08_512": q08.BY_SIZE[512],
    "q08_1536": q08.BY_SIZE[1536],
    "q09": q09.SHEET,
}

#: The network whose convolutions are also measured one by one.
CONVOLUTIONAL = q09.SHEET

#: Networks that a question's first groups are taken from.
NETWORKS = range(10)

#: Operations of no kind that are named with their times.
NAMED = 10

#: Times that each convolution, and the copy, is done; the fastest counts.
TIMES = 50

#: Numbers that are copied for the memory's rate: more than a core's cache holds.
COPIED = 2**26


def measure(path: Path = results.PROFILE) -> None:
    """Measure, print and keep."""
    with stoppable():
        found = _measured()
    write_whole(path, json.dumps(found, indent=1).encode() + b"\n")


def _measured() -> dict:
    for experiment in MEASURED.values():
        datasets.load(experiment.dataset)  # fails here, if it must, and not in a process
    steps = {}
    for name, experiment in MEASURED.items():
        seeds = groups(experiment, NETWORKS, joblib.cpu_count())[0]
        steps[name] = apart(profiled, experiment, seeds)
        print(_in_words(steps[name]))
    convolutions, limits = apart(_limits, CONVOLUTIONAL)
    for convolution in convolutions:
        print(
            f"{convolution['operation']} {convolution['layer']} of {CONVOLUTIONAL.name} alone: "
            f"{convolution['gflops']:.0f} of {limits['product_gflops']:.0f} GFLOP/s"
        )
    return {
        **machine.timed_on(),
        "measured_steps": STEPS,
        "steps": steps,
        "convolutions": convolutions,
        **limits,
    }


def profiled(experiment: Experiment, seeds: list[int]) -> dict:
    """Where a step of a group goes, on one thread; all times are seconds of a step."""
    group = ready_group(experiment, seeds)
    orders = first_batches(group, STEPS)
    # First of all: what TensorFlow has found to be short it no longer traces.
    traced, operations = _traced(lambda: group.train_steps(orders)[0].numpy())
    operations = {name: seconds / STEPS for name, seconds in operations.items()}
    others = [name for name in operations if trace.kind(name) == trace.OTHER]
    return {
        "experiment": experiment.name,
        "networks": len(seeds),
        "weights": len(seeds) * cost.weights(experiment),
        "seconds": seconds_of_steps(group, orders) / STEPS,
        "traced_seconds": traced / STEPS,
        # The rest is what is done once for all steps, and compiled functions.
        "operations": sum(name.startswith("while/") for name in operations),
        "kinds": trace.by_kind(operations),
        "longest_others": {name: operations[name] for name in others[:NAMED]},
    }


def _traced(function: Callable[[], object]) -> tuple[float, dict[str, float]]:
    """Seconds that a function takes under the profiler, and each operation in it."""
    import tensorflow as tf
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    with TemporaryDirectory() as folder:
        with tf.profiler.experimental.Profile(folder):
            seconds = seconds_of(function)
        (file,) = Path(folder).rglob("*.xplane.pb")
        return seconds, trace.operations(xplane_pb2.XSpace.FromString(file.read_bytes()))


def _in_words(step: dict) -> str:
    kinds = sorted(step["kinds"].items(), key=lambda kind: -kind[1])
    accounted = sum(step["kinds"].values())
    return (
        f"a step of {step['experiment']}, networks at a time: {step['networks']}, takes "
        f"{1000 * step['seconds']:.2f} ms, its {step['operations']} operations "
        f"{1000 * accounted:.2f} ms: "
        + ", ".join(f"{kind} {1000 * seconds:.2f}" for kind, seconds in kinds if seconds)
    )


def _limits(experiment: Experiment) -> tuple[list[dict], dict[str, float]]:
    """The rates of convolutions by themselves, and those that one core reaches at best."""
    product = matrix_products("float32", one_thread=True)  # imports TensorFlow
    convolutions = [
        {
            "layer": number,
            "operation": operation,
            "seconds": seconds,
            "gflops": 2 * products * experiment.batch_size / 1e9 / seconds,
        }
        for number, (layer, before, products) in enumerate(_convolutions(experiment), start=1)
        for operation, seconds in _alone(layer, before, experiment.batch_size).items()
        if (number, operation) != (1, "input_gradient")  # of images no gradient is asked for
    ]
    return convolutions, {"product_gflops": product, "copy_bytes_a_second": _copy()}


def _convolutions(experiment: Experiment) -> list[tuple[Conv2D, tuple[int, ...], int]]:
    """Each convolution, the shape before it, and its multiplications for one image."""
    shapes = experiment.shapes()
    before = [datasets.DATASETS[experiment.dataset].shapes["x_train"][1:], *shapes[:-1]]
    return [
        (layer, shape, costs.products)
        for layer, shape, costs in zip(
            experiment.layers, before, cost.layers(experiment), strict=True
        )
        if isinstance(layer, Conv2D)
    ]


def _alone(layer: Conv2D, before: tuple[int, ...], images: int) -> dict[str, float]:
    """Seconds of a convolution and its gradients as a step computes them, by their kinds."""
    import tensorflow as tf

    padding = layer.padding.upper()
    inputs = tf.random.normal((images, *before))
    kernel = tf.random.normal((layer.kernel_size, layer.kernel_size, before[-1], layer.filters))
    upstream = tf.nn.conv2d(inputs, kernel, 1, padding)
    options = {"strides": [1, 1, 1, 1], "padding": padding}
    # Each in a graph, for there it is oneDNN's.
    operations = {
        "convolution": tf.function(lambda: tf.nn.conv2d(inputs, kernel, 1, padding)),
        "input_gradient": tf.function(
            lambda: tf.raw_ops.Conv2DBackpropInput(
                input_sizes=inputs.shape, filter=kernel, out_backprop=upstream, **options
            )
        ),
        "kernel_gradient": tf.function(
            lambda: tf.raw_ops.Conv2DBackpropFilter(
                input=inputs, filter_sizes=kernel.shape, out_backprop=upstream, **options
            )
        ),
    }
    return {name: _fastest(operation) for name, operation in operations.items()}


def _copy() -> float:
    """Bytes a second that one core reads and writes while it copies a large array."""
    source, target = np.ones((2, COPIED), np.float32)
    return 2 * source.nbytes / _fastest(lambda: np.copyto(target, source))


def _fastest(function: Callable[[], object]) -> float:
    """Seconds that a function takes when it is fastest, so not the first time, which prepares."""
    return min(seconds_of(function) for _ in range(TIMES))
