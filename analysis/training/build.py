"""Builds the Keras objects that a spec names."""

from __future__ import annotations

from dataclasses import fields

import keras
import numpy as np
import tensorflow as tf

import analysis.spec
from analysis.spec import STREAMS, AdamW, CosineDecay, Experiment

_KERAS_LOSSES = {
    "squared_error": keras.losses.MeanSquaredError,
    "cross_entropy": keras.losses.SparseCategoricalCrossentropy,
}

# Each use of randomness draws from a stream of its own, so that, say, the weights of
# seed 3 are the same whatever order its images come in.
_STREAM_NUMBERS = {"weights": 0, "order": 1, "augmentation": 2}


def stream_seed(experiment: Experiment, stream: str, seed: int) -> list[int]:
    """Seed sequence of one stream of one run; that of seed 0 where the stream is fixed."""
    fixed = stream in STREAMS and stream not in experiment.varies
    return [0 if fixed else seed, _STREAM_NUMBERS[stream]]


def network(experiment: Experiment, input_shape: tuple[int, ...], seed: int) -> keras.Model:
    """The experiment's network with the initial weights of one seed.

    Parameters
    ----------
    experiment : Experiment
    input_shape : tuple of int
        Shape of one image.
    seed : int
        The run's seed.

    Returns
    -------
    keras.Sequential
        Kernels drawn by Glorot's uniform rule (Keras's default), biases zero.
    """
    streams = np.random.SeedSequence(stream_seed(experiment, "weights", seed))
    layer_seeds = streams.generate_state(len(experiment.layers)).tolist()
    *before, last = zip(experiment.layers, layer_seeds, strict=True)
    return keras.Sequential(
        [
            keras.Input(input_shape),
            *(_layer(spec, seed, experiment.precision) for spec, seed in before),
            _layer(*last, "float32"),
        ]
    )


class Dense(keras.layers.Dense):
    """Keras's layer with its bias added by a product with ones.

    The outputs are the same, and the bias's gradient becomes a product, too. As the plain sum
    over the batch that it is otherwise, its rounding depends on where it lies in memory, so on
    a network's place in its group, and a network would not come out twice the same.
    """

    def call(self, inputs, training=None):
        values = keras.ops.matmul(inputs, self.kernel)
        if self.use_bias:
            ones = keras.ops.ones((keras.ops.shape(inputs)[0], 1), self.compute_dtype)
            values = values + keras.ops.matmul(ones, self.bias[None])
        return self.activation(values)


class BatchNormalization(keras.layers.BatchNormalization):
    """Keras's layer, for feature maps in one operation instead of a dozen.

    Each would go through all the memory that the maps take.
    """

    def call(self, inputs, training=None):
        if len(inputs.shape) != 4:
            return super().call(inputs, training=training)
        statistics = [self.moving_mean, self.moving_variance]
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=self.gamma,
            offset=self.beta,
            mean=[] if training else statistics[0],
            variance=[] if training else statistics[1],
            epsilon=self.epsilon,
            is_training=bool(training),
        )
        if training:
            # TensorFlow gives the estimate for all images, Keras keeps that of the batch.
            n = tf.cast(tf.size(inputs) // inputs.shape[-1], tf.float32)
            for kept, found in zip(statistics, [mean, variance * (n - 1) / n], strict=True):
                kept.assign(kept * self.momentum + found * (1 - self.momentum))
        return outputs


class MaxPooling2D(keras.layers.MaxPooling2D):
    """Keras's layer with the same gradient, found ten times as fast.

    TensorFlow's own takes more than a third of a convolutional network's step on a CPU.
    """

    def call(self, inputs):
        return _max_pool(inputs, self.pool_size[0])


def _max_pool(inputs: tf.Tensor, size: int) -> tf.Tensor:
    """The largest value of each square of an image, shape (n, height, width, channels)."""

    @tf.custom_gradient
    def pool(inputs):
        outputs = tf.nn.max_pool2d(inputs, size, size, "VALID")
        return outputs, lambda upstream: _max_pool_gradient(inputs, outputs, upstream, size)

    return pool(inputs)


# Compiled, for it is many comparisons and no arithmetic, nor a convolution, on which XLA is slow.
@tf.function(jit_compile=True)
def _max_pool_gradient(
    inputs: tf.Tensor, outputs: tf.Tensor, upstream: tf.Tensor, size: int
) -> tf.Tensor:
    """``upstream`` in the place of each square's largest value, of equal ones in the first."""
    height, width, channels = outputs.shape[1:]
    squares = tf.reshape(
        inputs[:, : height * size, : width * size], (-1, height, size, width, size, channels)
    )
    free, rows = True, []
    for i in range(size):
        row = []
        for j in range(size):
            largest = tf.logical_and(free, tf.equal(squares[:, :, i, :, j], outputs))
            free = tf.logical_and(free, tf.logical_not(largest))
            row.append(tf.where(largest, upstream, tf.zeros_like(upstream)))
        rows.append(tf.stack(row, axis=3))
    spread = tf.reshape(tf.stack(rows, axis=2), (-1, height * size, width * size, channels))
    below, right = (inputs.shape[axis] - spread.shape[axis] for axis in (1, 2))
    return tf.pad(spread, [[0, 0], [0, below], [0, right], [0, 0]])


#: Layers that train as Keras's do, faster or with bits that do not depend on the group.
_OURS = {layer.__name__: layer for layer in (Dense, BatchNormalization, MaxPooling2D)}


def _layer(spec, seed: int, precision: str) -> keras.layers.Layer:
    arguments = _arguments(spec) | {"dtype": precision}
    if isinstance(spec, analysis.spec.Dense | analysis.spec.Conv2D):
        arguments["kernel_initializer"] = keras.initializers.GlorotUniform(seed)
    if isinstance(spec, analysis.spec.Dropout):
        arguments["seed"] = seed
    name = type(spec).__name__
    return _OURS.get(name, getattr(keras.layers, name))(**arguments)


def optimizer(experiment: Experiment, steps: int) -> keras.optimizers.Optimizer:
    """A fresh optimizer for so many steps."""
    spec = experiment.optimizer
    arguments = _arguments(spec) | {"learning_rate": _learning_rate(spec.learning_rate, steps)}
    optimizer = getattr(keras.optimizers, type(spec).__name__)(**arguments)
    if isinstance(spec, AdamW):
        optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimizer


def _learning_rate(spec: float | CosineDecay, steps: int):
    if not isinstance(spec, CosineDecay):
        return spec
    rise = round(spec.rise * steps)
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0 if rise else spec.peak,
        decay_steps=steps - rise,
        warmup_target=spec.peak if rise else None,
        warmup_steps=rise,
    )


def loss(experiment: Experiment) -> keras.losses.Loss:
    """The loss, to be called as ``loss(targets, outputs)``; see `targets`."""
    if experiment.label_smoothing:
        return keras.losses.CategoricalCrossentropy(label_smoothing=experiment.label_smoothing)
    return _KERAS_LOSSES[experiment.loss]()


def targets(experiment: Experiment, labels: np.ndarray) -> np.ndarray:
    """Labels in the form the loss compares with: one-hot rows or the labels themselves."""
    if experiment.loss == "squared_error" or experiment.label_smoothing:
        return np.eye(10, dtype=np.float32)[labels]
    return labels.astype(np.int32)


def _arguments(spec) -> dict:
    return {f.name: getattr(spec, f.name) for f in fields(spec)}
