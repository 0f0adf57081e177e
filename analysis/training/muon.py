"""Muon: the optimizer that gives kernels of convolutions steps of equal size in all directions."""

from __future__ import annotations

import math

import keras
import tensorflow as tf

from analysis.spec import MUON_ITERATIONS

#: Coefficients of the Newton–Schulz iteration (Jordan et al. 2024), which move singular values
#: towards 1 fast but not all the way.
COEFFICIENTS = 3.4445, -4.7750, 2.0315


class Muon(keras.optimizers.SGD):
    """The optimizer of `analysis.spec.Muon`; weights are stacked as in `engine.Group`.

    Weight decay goes through the kernels, too, but at each step they are scaled anew.

    Keras's own takes matrices only: kernels of convolutions, which have four axes and five when
    stacked, it would hand to AdamW. Its iteration is this one, but older Keras has none.

    Parameters
    ----------
    kernel_rate : float or keras.optimizers.schedules.LearningRateSchedule
        Learning rate of the kernels, by the same steps as that of all else.
    kernel_momentum : float
    compute_dtype : str
        Of the iteration's products.
    **others
        Keras's arguments for all else.
    """

    def __init__(self, kernel_rate, kernel_momentum: float, compute_dtype: str, **others):
        super().__init__(**others)
        self.kernel_rate, self.kernel_momentum = kernel_rate, kernel_momentum
        self.compute_dtype = compute_dtype

    def build(self, variables):
        super().build(variables)
        if not self.momentums:  # all else has none
            self.momentums = self.add_optimizer_variables(variables, "momentum")

    def update_step(self, gradient, variable, learning_rate):
        if not _is_kernel(variable):
            super().update_step(gradient, variable, learning_rate)
            return
        momentum = self.momentums[self._get_variable_index(variable)]
        self.assign(momentum, self.kernel_momentum * momentum + gradient)
        ahead = _matrices(gradient + self.kernel_momentum * momentum)
        kernels = _matrices(variable)
        kernels *= math.sqrt(variable.shape[-1]) / _norm(kernels)
        rate = self.kernel_rate
        if callable(rate):
            rate = rate(self.iterations)
        kernels -= rate * orthogonal(ahead, self.compute_dtype)
        self.assign(variable, tf.reshape(kernels, variable.shape))


def _is_kernel(variable) -> bool:
    """Whether it is a stack of convolutions' kernels: no other weight has as many axes."""
    return len(variable.shape) == 5


def _matrices(kernels: tf.Tensor) -> tf.Tensor:
    """Kernels, shape (R, height, width, channels, filters), each as a matrix, a column a filter."""
    return tf.reshape(kernels, (kernels.shape[0], -1, kernels.shape[-1]))


def _norm(matrices: tf.Tensor) -> tf.Tensor:
    """Frobenius norm of each matrix: shape (R, 1, 1)."""
    return tf.norm(matrices, axis=(1, 2), keepdims=True)


def orthogonal(matrices: tf.Tensor, compute_dtype: str) -> tf.Tensor:
    """Matrices, float32 of shape (R, m, n), with their singular values moved towards 1."""
    a, b, c = COEFFICIENTS
    is_tall = matrices.shape[1] > matrices.shape[2]
    values = tf.linalg.matrix_transpose(matrices) if is_tall else matrices  # smaller products
    values /= _norm(values) + 1e-7  # singular values up to 1
    values = tf.cast(values, compute_dtype)
    for _ in range(MUON_ITERATIONS):
        square = tf.matmul(values, values, transpose_b=True)
        polynomial = b * square + c * tf.matmul(square, square)
        values = a * values + tf.matmul(polynomial, values)
    values = tf.cast(values, matrices.dtype)
    return tf.linalg.matrix_transpose(values) if is_tall else values
