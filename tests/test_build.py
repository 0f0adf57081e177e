"""Layers of our own: what they give and how they learn is what Keras's or a plain formula does."""

import numpy as np
import pytest
import tiny

from analysis.spec import (
    SGD,
    Activation,
    AdamW,
    BatchNormalization,
    Conv2D,
    Dense,
    Flatten,
    Normalization,
    Whitening,
)


@pytest.fixture(scope="module")
def build(engine):
    return engine.build


def outputs_and_gradients(layer, inputs, upstream, weights=()):
    """Of a call in a graph: the outputs, and gradients for the inputs and some weights."""
    import tensorflow as tf

    @tf.function
    def both(inputs):
        with tf.GradientTape() as tape:
            tape.watch([inputs, *weights])
            outputs = layer(inputs)
        return outputs, tape.gradient(outputs, [inputs, *weights], upstream)

    return both(inputs)


def normal(*shape, dtype="float32"):
    import tensorflow as tf

    return tf.cast(np.random.default_rng(sum(shape)).normal(size=shape), dtype)


def colours(n=400, side=8):
    """Images whose neighbouring pixels and colours are alike, as those of photographs are."""
    generator = np.random.default_rng(0)
    grey = generator.normal(size=(n, side, side, 1)).cumsum(axis=1).cumsum(axis=2)
    values = grey + 0.3 * generator.normal(size=(n, side, side, 3))
    return np.clip(128 + 20 * values, 0, 255).astype(np.uint8)


def whitened(build, images, size=2):
    mean, variance = (0.4, 0.5, 0.6), (0.1, 0.2, 0.05)
    layers = (
        Normalization(mean, variance),
        Whitening(size),
        Activation("gelu"),
        Flatten(),
        Dense(10, "softmax"),
    )
    chosen = tiny.experiment(dataset="tiny-colour", layers=layers)
    network = build.network(chosen, images, seed=0)
    values = (images / 255 - np.array(mean)) / np.sqrt(variance)
    return network, network.layers[1], values.astype(np.float32)


@pytest.mark.parametrize("size", [2, 3])
def test_whitened_patches_are_uncorrelated_and_of_variance_one(build, size):
    images = colours()
    _, layer, values = whitened(build, images, size)
    filters = np.asarray(layer(values)).reshape(-1, 2 * size**2 * 3)
    half = filters.shape[1] // 2
    np.testing.assert_allclose(filters[:, half:], -filters[:, :half], atol=1e-5)
    second_moments = filters[:, :half].T @ filters[:, :half] / len(filters)
    expected = np.diag(np.diag(second_moments))
    np.testing.assert_allclose(second_moments, expected, atol=2e-3)
    # Less than one by what is added to each variance.
    patches = np.stack(
        [
            values[:, i : 8 - size + i + 1, j : 8 - size + j + 1]
            for i in range(size)
            for j in range(size)
        ],
        axis=3,
    ).reshape(-1, half)
    variances = np.linalg.svd(patches, compute_uv=False) ** 2 / len(patches)
    np.testing.assert_allclose(
        np.sort(np.diag(second_moments)), np.sort(variances / (variances + 5e-4)), rtol=1e-3
    )


def test_whitening_is_computed_of_the_first_images_and_only_its_bias_is_trained(build, monkeypatch):
    images = colours()
    _, layer, _ = whitened(build, images)
    assert [w.name for w in layer.trainable_weights] == ["bias"]
    monkeypatch.setattr(build, "WHITENED_IMAGES", 100)
    fewer = whitened(build, images)[1]
    alone = whitened(build, images[:100])[1]
    np.testing.assert_array_equal(fewer.kernel, alone.kernel)
    assert np.abs(np.asarray(fewer.kernel) - np.asarray(layer.kernel)).max() > 1e-3


def test_whitening_adds_its_bias(build):
    _, layer, values = whitened(build, colours(20))
    before = np.asarray(layer(values))
    layer.bias.assign(np.arange(24))
    np.testing.assert_allclose(np.asarray(layer(values)), before + np.arange(24), rtol=1e-5)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_gelu_is_kerass(build, dtype):
    import keras

    inputs, upstream = normal(40, 50, dtype=dtype) * 3, normal(50, 40, dtype=dtype)
    upstream = np.asarray(upstream).T
    found = outputs_and_gradients(build.layers.gelu, inputs, upstream)
    exact = np.asarray(inputs, np.float32)
    expected = outputs_and_gradients(
        lambda x: keras.activations.gelu(x, approximate=True),
        keras.ops.convert_to_tensor(exact),
        upstream.astype(np.float32),
    )
    rounding = {"float32": 1e-5, "bfloat16": 2**-8}[dtype]
    for ours, theirs in zip((found[0], *found[1]), (expected[0], *expected[1]), strict=True):
        assert ours.dtype == dtype
        np.testing.assert_allclose(np.asarray(ours, np.float32), theirs, rtol=rounding, atol=1e-5)


@pytest.mark.parametrize("filters, size", [(3, 3), (5, 3), (8, 3), (5, 2), (5, 4)])
def test_a_convolution_that_begins_as_the_identity_hands_on_its_input(build, filters, size):
    layers = (Conv2D(filters, size, "linear", "same", False, "identity"), Flatten(), Dense(10))
    images = colours(4)
    chosen = tiny.experiment(dataset="tiny-colour", layers=layers)
    layer = build.network(chosen, images, seed=0).layers[0]
    values = images.astype(np.float32)
    found = np.asarray(layer(values))
    np.testing.assert_array_equal(found[..., :3], values[..., :filters])
    rest = np.asarray(layer.kernel)[..., 3:]
    assert rest.size == 0 or 0 < np.abs(rest).max() <= np.sqrt(6 / (size**2 * (3 + filters)))


def test_shifts_of_batch_norm_move_so_many_times_as_fast(build):
    import keras
    import tensorflow as tf

    inputs, upstream = normal(6, 4, 4, 5), normal(6, 4, 4, 5) + 0.1

    def trained(rate, learning_rate):
        layer = build._layer(BatchNormalization(0.6, scale=False, shift_rate=rate), 0, "float32")
        layer.build(inputs.shape)
        optimizer = keras.optimizers.SGD(learning_rate, 0.8, nesterov=True, weight_decay=0.01)
        for _ in range(4):
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum(layer(inputs, training=True) ** 2 * upstream)
            optimizer.apply(tape.gradient(loss, layer.trainable_weights), layer.trainable_weights)
        zero = tf.zeros_like(inputs)
        return np.asarray(layer(zero, training=True))[0, 0, 0], layer

    fast, layer = trained(64, 1e-4)
    assert [w.name for w in layer.trainable_weights] == ["beta"]
    # By itself the rate of the shift, and a 64th of the decay, which goes with the rate.
    slow, _ = trained(1, 1e-4)
    assert np.abs(fast).min() > 30 * np.abs(slow).max() / 2
    beta = np.asarray(layer.beta)
    np.testing.assert_allclose(fast, 8 * beta, rtol=1e-5)


@pytest.mark.parametrize("size, side, batch", [(3, 3, 4), (3, 7, 2), (2, 8, 2), (5, 8, 1)])
def test_gradients_of_a_convolution_of_small_maps_are_tensorflows(build, size, side, batch):
    import tensorflow as tf

    channels = build.layers.Conv2D.CHANNELS
    ours = build._layer(Conv2D(channels + 1, size, "linear", "same", use_bias=False), 0, "float32")
    theirs = tf.keras.layers.Conv2D(channels + 1, size, padding="same", use_bias=False)
    inputs = normal(batch, side, side, channels)
    ours.build(inputs.shape)
    theirs.build(inputs.shape)
    theirs.set_weights(ours.get_weights())
    upstream = normal(batch, side, side, channels + 1)
    found, expected = (
        outputs_and_gradients(layer, inputs, upstream, [w.value for w in layer.trainable_weights])
        for layer in (ours, theirs)
    )
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-4, atol=1e-4)
    for one, other in zip(found[1], expected[1], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=2e-4)


def test_only_convolutions_of_small_maps_and_many_channels_take_another_way(build, monkeypatch):
    taken = []
    way = build.layers._convolution_of_small_maps
    monkeypatch.setattr(
        build.layers,
        "_convolution_of_small_maps",
        lambda *a: taken.append(a[0].shape[1:]) or way(*a),
    )
    for side, channels, padding, use_bias in [
        (8, 256, "same", False),
        (9, 256, "same", False),
        (8, 255, "same", False),
        (8, 256, "valid", False),
        (8, 256, "same", True),
    ]:
        layer = build._layer(Conv2D(256, 3, "linear", padding, use_bias), 0, "float32")
        layer(normal(1, side, side, channels))
    assert taken == [(8, 8, 256)]


def test_without_weight_decay_sgd_goes_through_the_weights_once(build):
    optimizer = build.optimizer(tiny.experiment(optimizer=SGD(0.1)), 1)
    assert optimizer.weight_decay is None
    optimizer = build.optimizer(tiny.experiment(optimizer=SGD(0.1, weight_decay=0.1)), 1)
    assert optimizer.weight_decay == 0.1


@pytest.mark.parametrize("spec", [AdamW(0.1, weight_decay=0.2), SGD(0.1, weight_decay=0.2)])
def test_decay_of_adamw_reaches_kernels_only_and_that_of_sgd_every_weight(build, spec):
    layers = (Conv2D(4, 3), BatchNormalization(), Flatten(), Dense(10))
    chosen = tiny.experiment(dataset="tiny-colour", layers=layers, optimizer=spec)
    weights = build.network(chosen, colours(2), seed=0).trainable_weights
    for weight in weights:
        weight.assign(np.ones(weight.shape))
    # Without gradients nothing else moves them.
    build.optimizer(chosen, 1).apply([np.zeros(w.shape, "float32") for w in weights], weights)
    left = {(w.path.split("/")[-2].rstrip("_0123456789"), w.name): w.numpy() for w in weights}
    assert len(left) == 6
    for (layer, name), values in left.items():
        decays = name == "kernel" or isinstance(spec, SGD)
        np.testing.assert_allclose(values, 0.98 if decays else 1, err_msg=f"{layer}, {name}")
