"""Muon: it trains as plain formulas say."""

import numpy as np
import pytest
import tiny

from analysis.datasets import Dataset
from analysis.spec import (
    SGD,
    Activation,
    BatchNormalization,
    Conv2D,
    CosineDecay,
    Dense,
    Flatten,
    LinearDecay,
    Muon,
    Whitening,
)
from analysis.training import machine

#: Kernels as matrices with a column a filter: 9 × 4, 36 × 6 and 24 × 40.
LAYERS = (
    Conv2D(4, 3, "gelu"),
    Conv2D(6, 3, "gelu", use_bias=False),
    Conv2D(40, 2, "gelu"),
    Flatten(),
    Dense(10, "softmax"),
)
SMALL = tiny.dataset(120, 20)
DATA = Dataset(SMALL.x_train[..., None], SMALL.y_train, SMALL.x_test[..., None], SMALL.y_test)
SEEDS = [3, 0]


@pytest.fixture(scope="module")
def muon(engine):
    return engine.build.muon


def experiment(optimizer, **changes):
    values = {"dataset": "tiny-grey", "layers": LAYERS, "loss": "cross_entropy"}
    return tiny.experiment(**values | {"optimizer": optimizer} | changes)


def iterated(matrix):
    """The iteration, on the singular values themselves."""
    left, values, right = np.linalg.svd(matrix.astype(np.float64), full_matrices=False)
    values /= np.sqrt(np.sum(values**2)) + 1e-7
    for _ in range(5):
        values = 3.4445 * values - 4.7750 * values**3 + 2.0315 * values**5
    return (left * values) @ right


def gradients(group, run, weights, batch):
    """Of one network's loss on a batch, at some weights."""
    import tensorflow as tf

    weights = [tf.constant(weight, tf.float32) for weight in weights]
    images = DATA.x_train[batch] / np.float32(255)
    state = [variable.value for variable in group.network.non_trainable_variables]
    with tf.GradientTape() as tape:
        tape.watch(weights)
        outputs, _ = group.network.stateless_call(weights, state, images, training=True)
        loss = group.loss(DATA.y_train[batch], outputs)
    return [gradient.numpy().astype(np.float64) for gradient in tape.gradient(loss, weights)]


def step(weights, gradients, buffers, rates, optimizer):
    """One step of each weight, as the papers have it."""
    kernel_rate, rate = rates
    share, others = optimizer.momentum, optimizer.others
    for place, (weight, gradient) in enumerate(zip(weights, gradients, strict=True)):
        if weight.ndim == 4:
            buffers[place] = share * buffers[place] + gradient
            ahead = gradient + share * buffers[place]
            weight *= np.sqrt(weight.shape[-1]) / np.linalg.norm(weight)
            rows = ahead.transpose(3, 2, 0, 1).reshape(weight.shape[-1], -1)
            height, width, channels, filters = weight.shape
            whole = iterated(rows).reshape(filters, channels, height, width)
            weight -= kernel_rate * whole.transpose(2, 3, 1, 0)
        else:
            weight -= rate * others.weight_decay * weight
            buffers[place] = others.momentum * buffers[place] + gradient
            nesterov = gradient + others.momentum * buffers[place]
            weight -= rate * (nesterov if others.nesterov else buffers[place])


# Ten steps are planned. Keras's momentum holds steps, with the rate of each, so where all else
# has one its rate is the same throughout.
RISING = LinearDecay(0.2, warmup=0.5, first=0.2, last=0.1)
OPTIMIZERS = {
    "momentum and decay": (
        Muon(RISING, 0.6, SGD(0.1, 0.8, nesterov=True, weight_decay=0.05)),
        lambda at: (0.2 * np.interp(at, [0, 5, 10], [0.2, 1, 0.1]), 0.1),
    ),
    "without": (
        Muon(0.1, 0.6, SGD(CosineDecay(0.1))),
        lambda at: (0.1, 0.05 * (1 + np.cos(np.pi * at / 10))),
    ),
    "no momentum": (Muon(0.1, 0.0, SGD(0.1)), lambda at: (0.1, 0.1)),
}


@pytest.mark.parametrize("setting", OPTIMIZERS)
@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("seeds", [SEEDS, SEEDS[:1]], ids=["two networks", "one"])
def test_steps_are_those_of_plain_formulas(engine, setting, steps, seeds):
    optimizer, rates = OPTIMIZERS[setting]
    group = engine.Group(experiment(optimizer, epochs=5, batch_size=60), DATA, seeds)
    assert group.steps == 10
    orders = np.stack([group.order(seed, epoch=0) for seed in seeds])
    orders = np.concatenate([orders, orders], axis=1)[:, : 60 * steps]
    expected = []
    for run in range(len(seeds)):
        weights = [variable.numpy()[run].astype(np.float64) for variable in group.weights]
        buffers = [np.zeros_like(weight) for weight in weights]
        for at in range(steps):
            batch = orders[run, 60 * at : 60 * (at + 1)]
            step(weights, gradients(group, run, weights, batch), buffers, rates(at), optimizer)
        expected.append(weights)
    group.train_steps(orders)
    for run, weights in enumerate(expected):
        for ours, theirs in zip(group.weights, weights, strict=True):
            np.testing.assert_allclose(ours.numpy()[run], theirs, atol=2e-5)


@pytest.mark.parametrize("shape", [(2, 36, 6), (1, 6, 36), (3, 12, 12)])
@pytest.mark.parametrize(
    "dtype, least, most", [("float32", 0, 1e-5), ("bfloat16", 1e-3, 0.15)], ids=["32", "16"]
)
def test_singular_values_are_moved_close_to_one(muon, shape, dtype, least, most):
    if dtype == "bfloat16" and not machine.has_bfloat16():
        pytest.skip("no instructions for bfloat16, without which experiments take float32")
    import tensorflow as tf

    matrices = 1e-3 * np.random.default_rng(0).normal(size=shape).astype(np.float32)
    found = muon.orthogonal(tf.constant(matrices), dtype).numpy()
    assert found.dtype == np.float32
    rounding = np.abs(found - np.stack([iterated(matrix) for matrix in matrices])).max()
    assert least <= rounding <= most
    wide = min(shape[1:]) < max(shape[1:])  # of a square matrix some may be next to 0
    assert not wide or np.abs(np.linalg.svd(found, compute_uv=False) - 1).max() < 0.4


def test_products_are_of_the_experiments_precision(engine, bfloat16):
    chosen = experiment(Muon(0.1, 0.6, SGD(0.1)), precision="mixed_bfloat16")
    optimizer = engine.build.optimizer(chosen, 1)
    assert optimizer.compute_dtype == ("bfloat16" if bfloat16 else "float32")


def test_without_gradients_kernels_are_scaled_and_only_all_else_decays(engine):
    layers = (Whitening(2), *LAYERS[:2], BatchNormalization(), Activation("relu"), *LAYERS[2:])
    chosen = experiment(Muon(0.1, 0.6, SGD(0.1, 0.8, weight_decay=0.2)), layers=layers)
    group = engine.Group(chosen, DATA, SEEDS)
    for weight in group.weights:
        weight.assign(np.ones(weight.shape))
    group.optimizer.apply([np.zeros(w.shape, np.float32) for w in group.weights], group.weights)
    for weight in group.weights:
        values = weight.numpy()
        if values.ndim == 5:
            filters = values.shape[-1]
            expected = np.sqrt(filters / values[0].size)
            np.testing.assert_allclose(np.linalg.norm(values[1]), np.sqrt(filters), rtol=1e-6)
        else:
            expected = 0.98
        np.testing.assert_allclose(values, expected, rtol=1e-6)
    assert sorted(len(weight.shape) for weight in group.weights) == [2] * 6 + [3] + [5] * 3
