"""Counts a network's weights and the arithmetic that training it takes, from its spec alone."""

from __future__ import annotations

import math
from dataclasses import dataclass

from analysis.datasets import DATASETS
from analysis.spec import (
    MUON_ITERATIONS,
    Activation,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Experiment,
    Flatten,
    GlobalAveragePooling2D,
    MaxPooling2D,
    Muon,
    Normalization,
    Rescaling,
    Reshape,
    Whitening,
)

#: Layers without weights and products.
FREE = (
    Activation,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    MaxPooling2D,
    Normalization,
    Rescaling,
    Reshape,
)


@dataclass(frozen=True)
class Layer:
    """What one layer costs.

    Attributes
    ----------
    shape : tuple of int
        Of its output for one image.
    weights : int
        Trainable numbers.
    products : int
        Multiplications for one image, forward.
    is_trained : bool
        Whether what it multiplies by is.
    kernel : tuple of int
        Rows and columns of a convolution's kernel as the matrix that `Muon` makes of it.
    """

    shape: tuple[int, ...]
    weights: int = 0
    products: int = 0
    is_trained: bool = True
    kernel: tuple[int, int] | None = None


def layers(experiment: Experiment) -> list[Layer]:
    """The cost of each layer, from first to last."""
    shapes = experiment.shapes()
    before = [DATASETS[experiment.dataset].shapes["x_train"][1:], *shapes[:-1]]
    return [_layer(*known) for known in zip(experiment.layers, before, shapes, strict=True)]


def _layer(spec, before: tuple[int, ...], shape: tuple[int, ...]) -> Layer:
    """The cost of a layer, from the shapes of its input and its output for one image."""
    match spec:
        case BatchNormalization():
            return Layer(shape, (1 + spec.scale) * shape[-1])
        case Whitening():
            filters = shape[-1]
            return Layer(shape, filters, math.prod(shape) * filters // 2, is_trained=False)
        case Conv2D():
            kernel = spec.kernel_size**2 * before[2] * spec.filters
            bias = spec.filters * spec.use_bias
            matrix = kernel // spec.filters, spec.filters
            return Layer(shape, kernel + bias, math.prod(shape[:2]) * kernel, kernel=matrix)
        case Dense():
            products = before[0] * spec.units
            return Layer(shape, products + spec.units * spec.use_bias, products)
        case _ if isinstance(spec, FREE):
            return Layer(shape)
    raise TypeError(f"no cost is known for a {type(spec).__name__}")


def weights(experiment: Experiment) -> int:
    """Trainable weights of one network."""
    return sum(layer.weights for layer in layers(experiment))


def flops_per_epoch(experiment: Experiment) -> int:
    """Multiplications and additions that train one network for an epoch.

    Those of matrix products: forward, for the gradient of the weights, where they are
    trained, and, but for the first layer with weights, for the gradient of the layer's inputs.
    `Muon` has products of its own, once a step. What else an optimizer computes is left out.
    """
    products, first = 0, True
    for layer in layers(experiment):
        products += (2 - first + layer.is_trained) * layer.products
        first = first and not layer.weights
    once_a_step = experiment.steps_an_epoch * _optimizer_products(experiment)
    return 2 * (experiment.images * products + once_a_step)


def _optimizer_products(experiment: Experiment) -> int:
    """Multiplications of matrix products that the optimizer takes at each step."""
    if not isinstance(experiment.optimizer, Muon):
        return 0
    sides = [sorted(layer.kernel) for layer in layers(experiment) if layer.kernel]
    # An iteration multiplies a matrix by its transpose, that square one by itself, and it by
    # the matrix.
    return MUON_ITERATIONS * sum(2 * m**2 * n + m**3 for m, n in sides)


def flops_of_testing(experiment: Experiment) -> int:
    """Multiplications and additions that one network's answers to all test images take."""
    images = experiment.validation or DATASETS[experiment.dataset].shapes["x_test"][0]
    return 2 * images * sum(layer.products for layer in layers(experiment))


def gflop_of_an_epoch(experiment: Experiment) -> float:
    """What one network takes to be trained for an epoch and tested, in 10⁹ operations."""
    return (flops_per_epoch(experiment) + flops_of_testing(experiment)) / 1e9
