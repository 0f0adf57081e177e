"""Weights, shapes and arithmetic counted from a spec, against Keras's own network."""

import math
from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf
import tiny

from analysis import cost
from analysis.datasets import DATASETS
from analysis.questions import q02, q09
from analysis.spec import (
    SGD,
    Activation,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    Layer,
    MaxPooling2D,
    Muon,
    Normalization,
    Rescaling,
    Reshape,
    Whitening,
)
from analysis.training import build, muon

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


def test_computed_filters_behind_trained_ones_hand_their_gradient_on():
    layers = (Conv2D(3, 1), Whitening(2), Flatten(), Dense(10))
    chosen = tiny.experiment(dataset="tiny-colour", layers=layers)
    first, second, third = 64 * 3 * 3, 49 * 12 * 24, 49 * 24 * 10
    assert cost.flops_per_epoch(chosen) == 300 * 2 * (2 * first + 2 * second + 3 * third)


def test_images_held_out_are_not_trained_on_but_tested():
    held_out = replace(q02.SHEET, validation=6_000)
    assert cost.flops_per_epoch(held_out) / cost.flops_per_epoch(q02.SHEET) == 0.9
    assert cost.flops_of_testing(held_out) / cost.flops_of_testing(q02.SHEET) == 0.6


def test_muon_multiplies_kernels_of_convolutions_at_every_step(monkeypatch):
    """As a matrix one is 27 × 5, the other 20 × 4; the last of five steps has fewer images."""
    multiply, counted = tf.matmul, []

    def counting(a, b, **options):
        product = multiply(a, b, **options)
        counted.append(math.prod(a.shape) * product.shape[-1])
        return product

    monkeypatch.setattr(tf, "matmul", counting)
    for matrix in ((1, 27, 5), (1, 20, 4)):
        muon.orthogonal(tf.ones(matrix), "float32")
    layers = (Conv2D(5, 3), Conv2D(4, 2), Flatten(), Dense(10))
    plain = tiny.experiment(dataset="tiny-colour", layers=layers, batch_size=64)
    with_muon = replace(plain, optimizer=Muon(0.1, 0.6, SGD(0.1)))
    extra = cost.flops_per_epoch(with_muon) - cost.flops_per_epoch(plain)
    assert extra == 5 * 2 * sum(counted) > 0


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


def costs(dataset, *layers) -> list[tuple]:
    """Output, weights and products of each of some layers, of images of 8 by 8 pixels."""
    chosen = tiny.experiment(dataset=dataset, layers=(*layers, Flatten(), Dense(10)))
    return [(c.shape, c.weights, c.products) for c in cost.layers(chosen)][: len(layers)]


@pytest.mark.parametrize(
    "layer, expected",
    [
        (Conv2D(5, 3), ((6, 6, 5), 5 * (27 + 1), 36 * 27 * 5)),
        (Conv2D(5, 3, use_bias=False), ((6, 6, 5), 5 * 27, 36 * 27 * 5)),
        (Conv2D(5, 3, padding="same"), ((8, 8, 5), 5 * (27 + 1), 64 * 27 * 5)),
        (Conv2D(5, 1), ((8, 8, 5), 5 * (3 + 1), 64 * 3 * 5)),
        (Whitening(2), ((7, 7, 24), 24, 49 * 12 * 24)),
        (Whitening(3), ((6, 6, 54), 54, 36 * 27 * 54)),
        (BatchNormalization(), ((8, 8, 3), 6, 0)),
        (BatchNormalization(scale=False), ((8, 8, 3), 3, 0)),
        (MaxPooling2D(3), ((2, 2, 3), 0, 0)),
        (GlobalAveragePooling2D(), ((3,), 0, 0)),
        (Normalization((0.1,) * 3, (0.2,) * 3), ((8, 8, 3), 0, 0)),
        (Rescaling(0.1), ((8, 8, 3), 0, 0)),
        (Activation("gelu"), ((8, 8, 3), 0, 0)),
        (Dropout(0.5), ((8, 8, 3), 0, 0)),
        (Reshape((16, 4, 3)), ((16, 4, 3), 0, 0)),
        (Flatten(), ((192,), 0, 0)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_a_layer_costs_is_as_worked_out_by_hand(layer, expected):
    assert costs("tiny-colour", layer) == [expected]


def test_a_dense_layer_multiplies_every_input_by_every_unit():
    layers = (Flatten(), Dense(7), Dense(4, use_bias=False))
    assert costs("tiny", *layers)[1:] == [((7,), 64 * 7 + 7, 64 * 7), ((4,), 7 * 4, 7 * 4)]
    chosen = tiny.experiment(layers=(*layers, Dense(10)))
    assert cost.weights(chosen) == (64 + 1) * 7 + 7 * 4 + (4 + 1) * 10


def test_an_epoch_of_a_convolutional_network_is_as_worked_out_by_hand():
    """300 images of 8 × 8 × 3, of which 100 are held out, and 100 to test on."""
    layers = (Conv2D(5, 3), MaxPooling2D(2), Conv2D(4, 2), Flatten(), Dense(10))
    first, second, third = 36 * 27 * 5, 4 * 20 * 4, 16 * 10
    chosen = tiny.experiment(dataset="tiny-colour", layers=layers)
    products = 2 * first + 3 * second + 3 * third
    assert cost.flops_per_epoch(chosen) == 300 * 2 * products
    assert cost.flops_of_testing(chosen) == 100 * 2 * (first + second + third)
    held_out = replace(chosen, validation=40)
    assert cost.flops_per_epoch(held_out) == 260 * 2 * products
    assert cost.flops_of_testing(held_out) == 40 * 2 * (first + second + third)


def test_what_stands_behind_trained_weights_needs_the_gradient_of_its_inputs():
    plain = tiny.experiment(layers=(Flatten(), Dense(10)))
    behind = tiny.experiment(layers=(Flatten(), BatchNormalization(), Dense(10)))
    assert cost.flops_per_epoch(behind) == 1.5 * cost.flops_per_epoch(plain)
