"""Builds the Keras objects that a spec names."""

from __future__ import annotations

from dataclasses import fields

import keras
import numpy as np
import tensorflow as tf

from analysis.spec import (
    SCHEDULES,
    SGD,
    STREAMS,
    Adam,
    AdamW,
    Conv2D,
    CosineDecay,
    Dense,
    Dropout,
    Experiment,
    LinearDecay,
    Muon,
    warmup_steps,
)
from analysis.training import layers, machine, muon

_KERAS_LOSSES = {
    "squared_error": keras.losses.MeanSquaredError,
    "cross_entropy": keras.losses.SparseCategoricalCrossentropy,
}

# Each use of randomness draws from a stream of its own, so that, say, the weights of
# seed 3 are the same whatever order its images come in. One pair is not apart: the side on which
# alternating flips begin is drawn from the numbers of the first epoch's shifts, for NumPy takes
# [seed, 2] and [seed, 2, 0] for one. The order of the images, drawn elsewhere, parts the two.
_STREAM_NUMBERS = {"weights": 0, "order": 1, "augmentation": 2, "mixup": 3}


def stream_seed(experiment: Experiment, stream: str, seed: int) -> list[int]:
    """Seed sequence of one stream of one run; that of the fixed seed where it does not vary."""
    decided_by = stream if stream in STREAMS else "order"
    fixed = decided_by not in experiment.varies
    return [experiment.fixed_seed if fixed else seed, _STREAM_NUMBERS[stream]]


#: From so many of the first training images the filters of a `Whitening` are computed.
WHITENED_IMAGES = 5000


def network(experiment: Experiment, images: np.ndarray, seed: int) -> keras.Model:
    """The experiment's network with the initial weights of one seed.

    Parameters
    ----------
    experiment : Experiment
    images : ndarray of uint8, shape (n, height, width) or (n, height, width, 3)
        The training images.
    seed : int
        The run's seed.

    Returns
    -------
    keras.Sequential
        Kernels drawn by Glorot's uniform rule (Keras's default), biases zero, where the spec
        says nothing else.
    """
    streams = np.random.SeedSequence(stream_seed(experiment, "weights", seed))
    layer_seeds = streams.generate_state(len(experiment.layers)).tolist()
    precision = machine.precision(experiment)
    *before, last = zip(experiment.layers, layer_seeds, strict=True)
    network = keras.Sequential(
        [
            keras.Input(images.shape[1:]),
            *(_layer(spec, seed, precision) for spec, seed in before),
            _layer(*last, "float32"),
        ]
    )
    for place, layer in enumerate(network.layers):
        if isinstance(layer, layers.Whitening):
            values = images[:WHITENED_IMAGES].astype(np.float32) / 255
            for earlier in network.layers[:place]:
                values = earlier(values)
            layer.adapt(np.asarray(values, np.float32))
    return network


def _layer(spec, seed: int, precision: str) -> keras.layers.Layer:
    arguments = _arguments(spec) | {"dtype": precision}
    if isinstance(spec, Dense | Conv2D):
        identity = arguments.get("kernel_initializer") == "identity"
        kernels = layers.Identity if identity else keras.initializers.GlorotUniform
        arguments["kernel_initializer"] = kernels(seed)
    if arguments.get("activation") == "gelu":
        arguments["activation"] = layers.gelu
    if isinstance(spec, Dropout):
        arguments["seed"] = seed
    name = type(spec).__name__
    kind = getattr(layers, name, None) or getattr(keras.layers, name)  # ours where there is one
    return kind(**arguments)


def optimizer(experiment: Experiment, steps: int) -> keras.optimizers.Optimizer:
    """A fresh optimizer for so many steps."""
    spec = experiment.optimizer
    if isinstance(spec, Muon):
        return muon.Muon(
            kernel_rate=_learning_rate(spec.learning_rate, steps),
            kernel_momentum=spec.momentum,
            compute_dtype=keras.DTypePolicy(machine.precision(experiment)).compute_dtype,
            **_optimizer_arguments(spec.others, steps),
        )
    optimizer = getattr(keras.optimizers, type(spec).__name__)(**_optimizer_arguments(spec, steps))
    if isinstance(spec, AdamW):
        optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimizer


def _optimizer_arguments(spec: SGD | Adam | AdamW, steps: int) -> dict:
    arguments = _arguments(spec) | {"learning_rate": _learning_rate(spec.learning_rate, steps)}
    if isinstance(spec, SGD) and not spec.weight_decay:
        arguments["weight_decay"] = None  # Keras would go through all weights for a 0
    return arguments


def _learning_rate(spec: float | CosineDecay | LinearDecay, steps: int):
    if not isinstance(spec, SCHEDULES):
        return spec
    if isinstance(spec, LinearDecay):
        return Linear(spec, steps)
    warmup = warmup_steps(spec, steps)
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0 if warmup else spec.peak,
        decay_steps=steps - warmup,
        warmup_target=spec.peak if warmup else None,
        warmup_steps=warmup,
    )


class Linear(keras.optimizers.schedules.LearningRateSchedule):
    """The schedule of `analysis.spec.LinearDecay` over so many steps."""

    def __init__(self, spec: LinearDecay, steps: int):
        self.spec, self.warmup, self.steps = spec, warmup_steps(spec, steps), steps

    def __call__(self, step):
        spec, step = self.spec, tf.cast(step, tf.float32)
        rising = spec.first + (1 - spec.first) * step / max(self.warmup, 1)
        falling = 1 - (1 - spec.last) * (step - self.warmup) / (self.steps - self.warmup)
        return spec.peak * tf.where(step < self.warmup, rising, falling)


def loss(experiment: Experiment) -> keras.losses.Loss:
    """The loss, to be called as ``loss(targets, outputs)``; see `targets`."""
    if experiment.label_smoothing or (experiment.mixup and experiment.loss == "cross_entropy"):
        return keras.losses.CategoricalCrossentropy(label_smoothing=experiment.label_smoothing)
    return _KERAS_LOSSES[experiment.loss]()


def targets(experiment: Experiment, labels: np.ndarray) -> np.ndarray:
    """Labels in the form the loss compares with: one-hot rows or the labels themselves."""
    if experiment.loss == "squared_error" or experiment.label_smoothing or experiment.mixup:
        return np.eye(10, dtype=np.float32)[labels]
    return labels.astype(np.int32)


def _arguments(spec) -> dict:
    return {f.name: getattr(spec, f.name) for f in fields(spec)}
