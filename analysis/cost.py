"""Counts a network's weights and the arithmetic that training it takes, from its spec alone."""

from __future__ import annotations

import math
from dataclasses import dataclass

from analysis.datasets import DATASETS
from analysis.spec import (
    Activation,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Experiment,
    Flatten,
    GlobalAveragePooling2D,
    MaxPooling2D,
    Normalization,
    Rescaling,
    Reshape,
    Whitening,
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
    """

    shape: tuple[int, ...]
    weights: int = 0
    products: int = 0
    is_trained: bool = True


def layers(experiment: Experiment) -> list[Layer]:
    """The cost of each layer, from first to last."""
    counted = []
    shape = DATASETS[experiment.dataset].shapes["x_train"][1:]
    for spec in experiment.layers:
        counted.append(_layer(spec, shape))
        shape = counted[-1].shape
    return counted


def _layer(spec, shape: tuple[int, ...]) -> Layer:
    match spec:
        case Normalization() | Rescaling() | Activation() | Dropout():
            return Layer(shape)
        case BatchNormalization():
            return Layer(shape, (1 + spec.scale) * shape[-1])
        case Reshape():
            return Layer(tuple(spec.target_shape))
        case Flatten():
            return Layer((math.prod(shape),))
        case GlobalAveragePooling2D():
            return Layer(shape[-1:])
        case MaxPooling2D():
            height, width, channels = shape
            return Layer((height // spec.pool_size, width // spec.pool_size, channels))
        case Whitening():
            height, width, channels = shape
            filters = 2 * spec.kernel_size**2 * channels
            size = (height - spec.kernel_size + 1, width - spec.kernel_size + 1, filters)
            return Layer(size, filters, math.prod(size) * filters // 2, is_trained=False)
        case Conv2D():
            lost = spec.kernel_size - 1 if spec.padding == "valid" else 0
            height, width = (size - lost for size in shape[:2])
            kernel = spec.kernel_size**2 * shape[2] * spec.filters
            bias = spec.filters * spec.use_bias
            return Layer((height, width, spec.filters), kernel + bias, height * width * kernel)
        case Dense():
            products = shape[-1] * spec.units
            return Layer((spec.units,), products + spec.units * spec.use_bias, products)
    raise TypeError(f"no cost is known for a {type(spec).__name__}")


def weights(experiment: Experiment) -> int:
    """Trainable weights of one network."""
    return sum(layer.weights for layer in layers(experiment))


def flops_per_epoch(experiment: Experiment) -> int:
    """Multiplications and additions that train one network for an epoch.

    Those of matrix products: forward, for the gradient of the weights, where they are
    trained, and, but for the first layer with weights, for the gradient of the layer's inputs.
    """
    first, *others = [layer for layer in layers(experiment) if layer.products]
    products = (1 + first.is_trained) * first.products
    products += sum((2 + layer.is_trained) * layer.products for layer in others)
    images = DATASETS[experiment.dataset].shapes["x_train"][0] - experiment.validation
    return 2 * images * products


def flops_of_testing(experiment: Experiment) -> int:
    """Multiplications and additions that one network's answers to all test images take."""
    images = experiment.validation or DATASETS[experiment.dataset].shapes["x_test"][0]
    return 2 * images * sum(layer.products for layer in layers(experiment))
