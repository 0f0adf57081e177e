"""Our own Keras layers, activations and initializers.

Keras lacks them, or is slower, or gives bits that depend on a network's place in its group.
"""

from __future__ import annotations

import math

import keras
import numpy as np
import tensorflow as tf


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

    Each would go through all the memory that the maps take. ``shift_rate`` is as in
    `analysis.spec.BatchNormalization`: a shift that is r times a weight moves by r² times
    what it would by itself, under plain gradient descent and with momentum. Weight decay takes
    the same share of both.
    """

    def __init__(self, shift_rate: float = 1.0, **arguments):
        super().__init__(**arguments)
        self.shift_rate = shift_rate

    def call(self, inputs, training=None):
        if len(inputs.shape) != 4:
            return super().call(inputs, training=training)
        statistics = [self.moving_mean, self.moving_variance]
        shift = self.beta if self.shift_rate == 1 else self.beta * math.sqrt(self.shift_rate)
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=self.gamma if self.scale else tf.ones_like(self.moving_mean),
            offset=shift,
            mean=[] if training else statistics[0],
            variance=[] if training else statistics[1],
            epsilon=self.epsilon,
            is_training=bool(training),
        )
        if training:
            # TensorFlow gives the estimate for all images, Keras keeps that of the batch.
            n = tf.cast(tf.size(inputs) // inputs.shape[-1], tf.float32)
            of_batch = [mean, variance * (n - 1) / n]
            for moving, value in zip(statistics, of_batch, strict=True):
                moving.assign(moving * self.momentum + value * (1 - self.momentum))
        return outputs


class Conv2D(keras.layers.Conv2D):
    """Keras's layer; where maps are small and channels many, its gradient found faster.

    There TensorFlow's gradient of the kernel takes most of a step, at a fifth of the rate of
    the convolution itself (measured for bfloat16 with AMX).
    """

    #: Pixels across a map at most, and channels before and after it at least.
    WIDTH, CHANNELS = 8, 256

    def convolution_op(self, inputs, kernel):
        is_small = inputs.shape[2] <= self.WIDTH and min(kernel.shape[2:]) >= self.CHANNELS
        # A bias beside it would have its gradient summed in bfloat16, of which little is left.
        if is_small and self.padding == "same" and not self.use_bias:
            return _convolution_of_small_maps(inputs, tf.convert_to_tensor(kernel))
        return super().convolution_op(inputs, kernel)


@tf.custom_gradient
def _convolution_of_small_maps(inputs: tf.Tensor, kernel: tf.Tensor):
    """A padded convolution whose kernel's gradient is a matrix product for each of its pixels."""

    def gradient(upstream):
        of_inputs = tf.nn.conv2d_transpose(upstream, kernel, tf.shape(inputs), 1, "SAME")
        (height, width), size = inputs.shape[1:3], kernel.shape[0]
        before = (size - 1) // 2
        edges = [before, size - 1 - before]
        wide = tf.pad(inputs, [[0, 0], edges, edges, [0, 0]])
        beside = tf.reshape(upstream, (-1, kernel.shape[3]))
        products = [
            tf.matmul(
                tf.reshape(wide[:, i : i + height, j : j + width], (-1, kernel.shape[2])),
                beside,
                transpose_a=True,
            )
            for i in range(size)
            for j in range(size)
        ]
        return of_inputs, tf.reshape(tf.stack(products), kernel.shape)

    return tf.nn.conv2d(inputs, kernel, 1, "SAME"), gradient


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

        def gradient(upstream):
            return _spread(upstream, _first_largest(inputs, outputs, size), size, inputs.shape)

        return outputs, gradient

    return pool(inputs)


# These are many comparisons and no arithmetic, so they are compiled (a convolution must not be,
# XLA is slow at it). Compiled as one function, the first would be computed anew for each pixel.
@tf.function(jit_compile=True)
def _first_largest(inputs: tf.Tensor, outputs: tf.Tensor, size: int) -> tf.Tensor:
    """Place of each square's largest value, of equal ones the first; shape of ``outputs``."""
    height, width, channels = outputs.shape[1:]
    squares = tf.reshape(
        inputs[:, : height * size, : width * size], (-1, height, size, width, size, channels)
    )
    place = tf.fill(tf.shape(outputs), size**2 - 1)
    for before in reversed(range(size**2 - 1)):
        value = squares[:, :, before // size, :, before % size]
        place = tf.where(tf.equal(value, outputs), before, place)
    return place


@tf.function(jit_compile=True)
def _spread(upstream: tf.Tensor, place: tf.Tensor, size: int, shape: tf.TensorShape) -> tf.Tensor:
    """``upstream`` in its place in each square, and 0 elsewhere: shape (n, *shape[1:])."""
    height, width, channels = place.shape[1:]
    places = tf.reshape(tf.range(size**2), (1, 1, size, 1, size, 1))
    chosen = tf.equal(place[:, :, None, :, None], places)
    spread = tf.where(chosen, upstream[:, :, None, :, None], tf.zeros((), upstream.dtype))
    spread = tf.reshape(spread, (-1, height * size, width * size, channels))
    below, right = (shape[axis] - spread.shape[axis] for axis in (1, 2))
    return tf.pad(spread, [[0, 0], [0, below], [0, right], [0, 0]])


class Whitening(keras.layers.Layer):
    """The layer of `analysis.spec.Whitening`, once `adapt` has computed its filters."""

    #: Added to the variance along each component, so that none is divided by next to nothing.
    EPSILON = 5e-4

    def __init__(self, kernel_size: int, **arguments):
        super().__init__(**arguments)
        self.kernel_size = kernel_size

    def build(self, input_shape):
        size, channels = self.kernel_size, input_shape[-1]
        filters = 2 * size**2 * channels
        self.kernel = self.add_weight(
            shape=(size, size, channels, filters), trainable=False, name="kernel"
        )
        self.bias = self.add_weight(shape=(filters,), initializer="zeros", name="bias")

    def adapt(self, images: np.ndarray) -> None:
        """Compute the filters from images of shape (n, height, width, channels)."""
        size = self.kernel_size
        patches = np.lib.stride_tricks.sliding_window_view(images, (size, size), axis=(1, 2))
        vectors = patches.transpose(0, 1, 2, 4, 5, 3).reshape(-1, size**2 * images.shape[-1])
        vectors = vectors.astype(np.float64)
        variances, components = np.linalg.eigh(vectors.T @ vectors / len(vectors))
        # Which of two opposite vectors it gives, depends on the machine.
        largest = np.abs(components).argmax(axis=0)
        components *= np.sign(components[largest, range(len(largest))])
        filters = components / np.sqrt(variances + self.EPSILON)
        filters = np.concatenate([filters, -filters], axis=1)
        self.kernel.assign(filters.reshape(self.kernel.shape))

    def call(self, inputs):
        return tf.nn.conv2d(inputs, self.kernel, 1, "VALID") + self.bias


def gelu(inputs: tf.Tensor) -> tf.Tensor:
    """The Gaussian error linear unit by its tanh formula (Hendrycks & Gimpel 2016).

    Keras's with `approximate=True`, in two compiled loops instead of two dozen, each through all
    the memory.
    """

    @tf.custom_gradient
    def unit(inputs):
        return _gelu(inputs), lambda upstream: _gelu_gradient(inputs, upstream)

    return unit(inputs)


_GELU = math.sqrt(2 / math.pi), 0.044715


@tf.function(jit_compile=True)
def _gelu(inputs: tf.Tensor) -> tf.Tensor:
    x = tf.cast(inputs, tf.float32)
    a, b = _GELU
    return tf.cast(0.5 * x * (1 + tf.tanh(a * (x + b * x**3))), inputs.dtype)


@tf.function(jit_compile=True)
def _gelu_gradient(inputs: tf.Tensor, upstream: tf.Tensor) -> tf.Tensor:
    x = tf.cast(inputs, tf.float32)
    a, b = _GELU
    share = tf.tanh(a * (x + b * x**3))
    slope = 0.5 * (1 + share) + 0.5 * x * (1 - share**2) * a * (1 + 3 * b * x**2)
    return tf.cast(tf.cast(upstream, tf.float32) * slope, inputs.dtype)


class Identity(keras.initializers.Initializer):
    """Kernels of a convolution that begins by handing on its input; see `analysis.spec.Conv2D`."""

    def __init__(self, seed: int):
        self.others = keras.initializers.GlorotUniform(seed)

    def __call__(self, shape, dtype=None):
        size, _, channels, filters = shape
        kernel = np.array(self.others(shape, dtype))
        same = min(channels, filters)
        kernel[..., :same] = 0
        centre = (size - 1) // 2  # of an even size, too, as TensorFlow pads
        kernel[centre, centre, range(same), range(same)] = 1
        return kernel
