"""Weights, shapes and arithmetic counted from a spec, against Keras's own network."""

from dataclasses import replace

import numpy as np
import pytest

from analysis import cost
from analysis.datasets import DATASETS
from analysis.questions import q02, q09
from analysis.spec import (
    Activation,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    Layer,
    MaxPooling2D,
    Rescaling,
    Reshape,
    Whitening,
)
from analysis.training import build

EVERY_LAYER = replace(
    q02.SHEET,
    name="every-layer",
    layers=(
        Reshape((28, 28, 1)),
        Conv2D(6, 3, "linear", padding="same", use_bias=False),
        BatchNormalization(),
        Activation("relu"),
        MaxPooling2D(2),
        Dropout(0.1),
        Conv2D(5, 4),
        GlobalAveragePooling2D(),
        Dense(8, use_bias=False),
        Dense(10, "relu"),
    ),
)
WHITENED = replace(
    q09.SHEET,
    name="whitened",
    layers=(
        Whitening(2),
        Activation("gelu"),
        Conv2D(6, 3, "linear", use_bias=False, kernel_initializer="identity"),
        BatchNormalization(scale=False, shift_rate=64),
        Flatten(),
        Rescaling(0.5),
        Dense(10, "softmax"),
    ),
)


@pytest.mark.parametrize(
    "experiment",
    [q02.SHEET, q09.SHEET, EVERY_LAYER, WHITENED],
    ids=lambda experiment: experiment.name,
)
def test_weights_and_shapes_are_those_of_the_keras_network(experiment):
    image = DATASETS[experiment.dataset].shapes["x_train"][1:]
    network = build.network(experiment, np.zeros((1, *image), np.uint8), seed=0)
    assert cost.weights(experiment) == sum(w.numpy().size for w in network.trainable_variables)
    assert [layer.shape for layer in cost.layers(experiment)] == [
        layer.output.shape[1:] for layer in network.layers
    ]


def test_an_epoch_counts_forward_weights_and_inputs_but_no_gradient_of_the_images():
    # 784-32-10: the first layer's inputs are images and need no gradient.
    first, second = 784 * 32, 32 * 10
    assert cost.flops_per_epoch(q02.SHEET) == 60_000 * 2 * (2 * first + 3 * second)


def test_filters_that_are_computed_need_no_gradient():
    first, second, third = 31 * 31 * 12 * 24, 29 * 29 * 9 * 24 * 6, 29 * 29 * 6 * 10
    assert cost.flops_per_epoch(WHITENED) == 50_000 * 2 * (first + 3 * second + 3 * third)


def test_images_held_out_are_not_trained_on_but_tested():
    held_out = replace(q02.SHEET, validation=6_000)
    assert cost.flops_per_epoch(held_out) / cost.flops_per_epoch(q02.SHEET) == 0.9
    assert cost.flops_of_testing(held_out) / cost.flops_of_testing(q02.SHEET) == 0.6


def test_testing_goes_forward_only():
    assert cost.flops_of_testing(q02.SHEET) == 10_000 * 2 * (784 * 32 + 32 * 10)


def test_a_convolution_multiplies_once_for_each_place_of_its_kernel():
    layer = cost.layers(q09.SHEET)[0]
    assert layer.products == 30 * 30 * (3 * 3 * 3) * 32


def test_a_layer_without_known_cost_is_named():
    class Unknown(Layer):
        pass

    with pytest.raises(TypeError, match="Unknown"):
        cost.layers(replace(q02.SHEET, layers=(Unknown(), *q02.SHEET.layers)))
