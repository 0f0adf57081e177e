"""The engine: it trains as ``model.fit`` does, and always to the same numbers."""

from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
import tiny

from analysis import spec
from analysis.datasets import Dataset
from analysis.questions import q09
from analysis.results import unpacked
from analysis.spec import (
    SGD,
    Activation,
    Adam,
    AdamW,
    Affine,
    BatchNormalization,
    Conv2D,
    CosineDecay,
    Dense,
    Dropout,
    Experiment,
    Flatten,
    FlipAndShift,
    GlobalAveragePooling2D,
    LinearDecay,
    Lookahead,
    MaxPooling2D,
    Muon,
    Normalization,
    Rescaling,
    Whitening,
    mlp,
)
from analysis.training import machine

# float32 holds seven digits. Over 400 steps the order in which sums are taken moves losses by
# up to 7e-7 of their size and weights by up to 1.2e-6 (measured with AVX2, with AVX-512 and
# without oneDNN); an error in the training moves them much further than what is let through.
ROUNDING = {"rtol": 5e-6, "atol": 0}
ROUNDING_OF_WEIGHTS = {"rtol": 0, "atol": 5e-6}

IMAGES = 6_410  # 200 whole batches of 32 and one of 10

CONVOLUTIONS = (
    Conv2D(4, 3),
    MaxPooling2D(2),
    Conv2D(6, 2),
    Flatten(),
    Dense(16),
    Dense(10, "softmax"),
)
PADDED = (
    Conv2D(4, 3, "linear", padding="same", use_bias=False),
    BatchNormalization(),
    Activation("relu"),
    Dropout(0.25),
    GlobalAveragePooling2D(),
)
# Where a ReLU tips over, rounding grows: over 400 steps to 9e-6 in weights, with AVX2.
SMOOTH = tuple(Activation("gelu") if layer == Activation("relu") else layer for layer in PADDED)
NORMALIZED = (Dense(24, "linear", use_bias=False), BatchNormalization(0.8), Activation("relu"))
SHEET = {
    "sgd, squared error": {"optimizer": SGD(learning_rate=0.1)},
    "adam, squared error": {"optimizer": Adam()},
    "adam, cross-entropy": {
        "optimizer": Adam(),
        "loss": "cross_entropy",
        "layers": mlp(32, output="softmax"),
    },
}
SETTINGS = SHEET | {
    "convolutions": {
        "dataset": "tiny-grey",
        "optimizer": Adam(),
        "loss": "cross_entropy",
        "layers": CONVOLUTIONS,
    },
    "standardised": {
        "optimizer": Adam(),
        "loss": "cross_entropy",
        "layers": (Normalization(mean=(0.4,), variance=(0.1,)), *mlp(32, output="softmax")),
    },
    "batch norm": {
        "optimizer": SGD(0.01),
        "loss": "cross_entropy",
        "layers": (Flatten(), *NORMALIZED, Dense(10, "softmax")),
    },
    "batch norm and dropout after padded convolutions": {
        "dataset": "tiny-grey",
        "optimizer": SGD(0.003),
        "loss": "cross_entropy",
        "layers": (*SMOOTH, Dense(10, "softmax")),
    },
    "dropout": {
        "loss": "cross_entropy",
        "layers": (Flatten(), Dense(32), Dropout(0.5), Dense(10, "softmax")),
    },
    "decayed weights, rise and fall, smoothed labels": {
        "optimizer": AdamW(CosineDecay(0.01, warmup=0.25), weight_decay=0.1),
        "loss": "cross_entropy",
        "layers": mlp(32, output="softmax"),
        "label_smoothing": 0.1,
    },
    "fall alone": {"optimizer": SGD(CosineDecay(0.1))},
    "momentum, decayed weights, rise and fall in lines, no factors": {
        "optimizer": SGD(
            LinearDecay(0.02, warmup=0.25, first=0.2, last=0.1),
            0.8,
            nesterov=True,
            weight_decay=0.1,
        ),
        "loss": "cross_entropy",
        "layers": (
            Flatten(),
            Dense(24, "linear", use_bias=False),
            BatchNormalization(0.6, scale=False),
            Activation("relu"),
            Rescaling(0.5),
            Dense(10, "softmax"),
        ),
    },
}


def experiment(**changes) -> Experiment:
    return tiny.experiment(**{"layers": mlp(32, output="relu")} | changes)


def with_channel(data: Dataset) -> Dataset:
    """The images as convolutions and standardising want them."""
    return Dataset(data.x_train[..., None], data.y_train, data.x_test[..., None], data.y_test)


def stock_network(experiment, group, run):
    """Keras's own layers, loss and optimizer, as the assignment uses them."""
    import keras

    gelu = partial(keras.activations.gelu, approximate=True)
    layers = [
        getattr(keras.layers, type(layer).__name__)(
            **{name: value for name, value in vars(layer).items() if name != "shift_rate"}
            | ({"seed": seed} if isinstance(layer, Dropout) else {})
            | ({"activation": gelu} if layer == Activation("gelu") else {})
        )
        for layer, seed in zip(experiment.layers, layer_seeds(experiment, run), strict=True)
    ]
    network = keras.Sequential([keras.Input(group.x_train.shape[1:]), *layers])
    for variable, value in zip(network.trainable_variables, weights(group, run), strict=True):
        variable.assign(value)
    steps = experiment.epochs * -(-len(group.y_train) // experiment.batch_size)
    losses = {
        "squared_error": lambda target, output: (target - output) ** 2,
        "cross_entropy": keras.losses.SparseCategoricalCrossentropy(),
        "smoothed": keras.losses.CategoricalCrossentropy(label_smoothing=0.1),
    }
    network.compile(
        optimizer=stock_optimizer(experiment.optimizer, steps),
        loss=losses["smoothed" if experiment.label_smoothing else experiment.loss],
        metrics=["accuracy"],
    )
    return network


def layer_seeds(experiment, run):
    from analysis.training import build

    stream = build.stream_seed(experiment, "weights", run)
    return np.random.SeedSequence(stream).generate_state(len(experiment.layers)).tolist()


def stock_optimizer(optimizer, steps):
    import keras

    if isinstance(optimizer, AdamW):
        rise = steps // 4
        decaying = keras.optimizers.AdamW(
            keras.optimizers.schedules.CosineDecay(
                0.0, steps - rise, warmup_target=0.01, warmup_steps=rise
            ),
            weight_decay=0.1,
        )
        decaying.exclude_from_weight_decay(var_names=["bias"])
        return decaying
    if optimizer == SGD(CosineDecay(0.1)):
        return keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(0.1, steps))
    if isinstance(optimizer, SGD) and isinstance(optimizer.learning_rate, LinearDecay):
        rates = 0.02 * np.interp(range(steps), [0, round(steps / 4), steps], [0.2, 1, 0.1])
        return keras.optimizers.SGD(listed(rates), momentum=0.8, nesterov=True, weight_decay=0.1)
    if isinstance(optimizer, SGD):
        return keras.optimizers.SGD(optimizer.learning_rate)
    return keras.optimizers.Adam()


def listed(rates):
    """A schedule that looks the rate of each step up."""
    import keras

    class Listed(keras.optimizers.schedules.LearningRateSchedule):
        def __call__(self, step):
            return keras.ops.take(rates.astype(np.float32), step)

    return Listed()


def weights(group, run) -> list[np.ndarray]:
    return [variable.numpy()[run] for variable in group.weights]


def statistics_of(trained):
    """The running means of batch normalisation: what is kept beside weights, less seeds."""
    kept = trained.non_trainable_variables if hasattr(trained, "fit") else trained.state
    return [variable for variable in kept if variable.dtype == "float32"]


def running_loss_recorder():
    import keras

    losses = []
    record = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: losses.append(logs["loss"])
    )
    return record, losses


def first_images(mnist):
    """As many as make 201 steps, the last one smaller, and some to test on."""
    train, test = slice(IMAGES), slice(1_100)
    return Dataset(
        mnist.x_train[train], mnist.y_train[train], mnist.x_test[test], mnist.y_test[test]
    )


@pytest.fixture(
    scope="module",
    params=[(setting, "synthetic") for setting in SETTINGS]
    + [(setting, "mnist") for setting in SHEET],
    ids=" on ".join,
)
def both(request, engine):
    """Two epochs of some networks, by the engine and by ``model.fit``."""
    setting, images = request.param
    if images == "mnist":
        data = first_images(request.getfixturevalue("mnist"))
    else:
        data = tiny.dataset(IMAGES, 1_100)
    chosen = experiment(**SETTINGS[setting])
    if isinstance(chosen.layers[0], Conv2D | Normalization):
        data = with_channel(data)
    seeds = [0, 1] if chosen.lockstep else [0]
    group = engine.Group(chosen, data, seeds)
    networks = [stock_network(chosen, group, run) for run in seeds]

    orders = np.stack([group.order(seed, 0) for seed in seeds])
    losses, correct = (values.numpy() for values in group.train_steps(orders))
    second_epoch = group.train_epoch(1)

    def arrays(images, labels):
        if chosen.loss == "squared_error" or chosen.label_smoothing:
            labels = np.eye(10, dtype="float32")[labels]
        return images / np.float32(255), labels

    x, y = arrays(data.x_train, data.y_train)
    test_set = arrays(data.x_test, data.y_test)
    fits = []
    for run, network in enumerate(networks):
        record, running_losses = running_loss_recorder()
        histories = [
            network.fit(
                x[order], y[order], batch_size=32, shuffle=False, verbose=0, callbacks=callbacks
            ).history
            for order, callbacks in ((orders[run], [record]), (group.order(run, 1), []))
        ]
        fitted = [v.numpy() for v in network.trainable_variables + statistics_of(network)]
        for variables, stacked in (
            (network.trainable_variables, group.weights),
            (statistics_of(network), statistics_of(group)),
        ):
            for variable, values in zip(variables, stacked, strict=True):
                variable.assign(values.numpy()[run])
        fits.append(
            SimpleNamespace(
                running_losses=running_losses,
                histories=histories,
                weights=fitted,
                evaluation=network.evaluate(*test_set, verbose=0),
            )
        )
    return SimpleNamespace(
        losses=losses, correct=correct, second_epoch=second_epoch, group=group, fits=fits
    )


def test_losses_are_those_of_fit_after_every_step(both):
    sizes = np.array([32] * 200 + [10])
    for run, fit in enumerate(both.fits):
        running = np.cumsum(both.losses[:, run] * sizes) / np.cumsum(sizes)
        np.testing.assert_allclose(running, fit.running_losses, **ROUNDING)


def test_correct_answers_are_those_of_fit(both):
    for run, fit in enumerate(both.fits):
        expected = fit.histories[0]["accuracy"][0] * IMAGES
        assert both.correct[:, run].sum() == pytest.approx(expected, abs=1)


def test_epoch_averages_are_those_in_the_history_of_fit(both):
    for run, fit in enumerate(both.fits):
        loss, accuracy = (fit.histories[1][name][0] for name in ("loss", "accuracy"))
        np.testing.assert_allclose(both.second_epoch["loss"][run], loss, **ROUNDING)
        assert both.second_epoch["accuracy"][run] == pytest.approx(accuracy, abs=1.01 / IMAGES)


def test_weights_are_those_of_fit_in_the_end(both):
    for run, fit in enumerate(both.fits):
        all_ours = weights(both.group, run) + [v.numpy()[run] for v in statistics_of(both.group)]
        for ours, theirs in zip(all_ours, fit.weights, strict=True):
            np.testing.assert_allclose(ours, theirs, **ROUNDING_OF_WEIGHTS)


def test_validation_figures_are_those_of_evaluate(both):
    figures = both.group.evaluate()
    for run, fit in enumerate(both.fits):
        loss, accuracy = fit.evaluation
        np.testing.assert_allclose(figures["val_loss"][run], loss, **ROUNDING)
        np.testing.assert_allclose(figures["val_accuracy"][run], accuracy, **ROUNDING)


def test_predictions_are_the_largest_outputs(both):
    figures = both.group.evaluate()
    for run, _ in enumerate(both.fits):
        right = np.mean(figures["predictions"][run] == both.group.y_test)
        assert right == pytest.approx(figures["val_accuracy"][run])
        assert np.argmax(figures["answer"][run]) == figures["predictions"][run][0]


def test_first_hundred_steps_of_question_9s_network_are_those_of_fit(engine, cifar10):
    steps, size = 100, 32
    n = steps * size
    data = Dataset(
        cifar10.x_train[:n], cifar10.y_train[:n], cifar10.x_test[:size], cifar10.y_test[:size]
    )
    group = engine.Group(q09.SHEET, data, [0])
    order = group.order(0, 0)
    # The same batches, their images in another order: the same training but for rounding.
    within = np.random.default_rng(0).permuted(order.reshape(steps, size), axis=1).ravel()

    def fit(order):
        network = stock_network(q09.SHEET, group, 0)
        record, running_losses = running_loss_recorder()
        images = data.x_train[order] / np.float32(255)
        fitting = {"batch_size": size, "shuffle": False, "verbose": 0, "callbacks": [record]}
        network.fit(images, data.y_train[order], **fitting)
        return np.array(running_losses)

    theirs, theirs_rounded = fit(order), fit(within)
    losses, _ = group.train_steps(order[None])
    ours = np.cumsum(losses.numpy()[:, 0]) / np.arange(1, steps + 1)
    assert ours[-1] < 0.95 * ours[0], "it has not learned anything"
    np.testing.assert_allclose(ours[:5], theirs[:5], rtol=1e-6)
    # Then maxima and ReLUs tip over and rounding grows, for Keras against itself as well.
    rounding = np.abs(theirs_rounded / theirs - 1).max()
    assert 0 < rounding < 0.01
    assert np.abs(ours / theirs - 1).max() < 5 * rounding


# Sizes as in the report: which kernel multiplies matrices, and so the rounding, depends on them.
@pytest.fixture(scope="module")
def small_images():
    return tiny.dataset(330, 50, side=28)


@pytest.mark.parametrize("setting", [*SHEET, "standardised", "bent"])
def test_network_is_the_same_to_the_last_bit_wherever_it_trains(engine, small_images, setting):
    def trained(seeds):
        chosen = experiment(**(SETTINGS | GOLDEN_SETTINGS)[setting])
        data = with_channel(small_images) if setting == "standardised" else small_images
        group = engine.Group(chosen, data, seeds)
        group.train_epoch(0)
        group.train_epoch(1)
        return [b"".join(w.tobytes() for w in weights(group, run)) for run in range(len(seeds))]

    pair, reverse, five = trained([7, 3]), trained([3, 7]), trained([3, 1, 7, 2, 5])
    assert pair[0] != pair[1]
    assert pair == reverse[::-1] == [five[2], five[0]]


def test_result_is_the_same_alone_and_in_a_group(engine, small_images):
    alone, beside = (
        engine.train(experiment(), small_images, seeds)[0] for seeds in ([7], [7, 3, 1])
    )
    assert alone["seed"] == 7
    assert {**alone, "seconds": 0} == {**beside, "seconds": 0}


def starts(engine, seeds, varies, **changes):
    """Initial weights and first order of images of some seeds."""
    group = engine.Group(tiny.experiment(varies=varies, **changes), tiny.DATA, seeds)
    return [
        (b"".join(w.tobytes() for w in weights(group, run)), group.order(seed, 0).tobytes())
        for run, seed in enumerate(seeds)
    ]


@pytest.mark.parametrize("varies", [(), ("weights",), ("order",), ("weights", "order")])
def test_seed_decides_what_varies_and_nothing_else(engine, varies):
    for stream, values in zip(
        ("weights", "order"), zip(*starts(engine, [0, 1, 2], varies), strict=True), strict=True
    ):
        assert len(set(values)) == (3 if stream in varies else 1)


def test_what_does_not_vary_is_as_for_seed_0_and_what_does_is_as_without(engine):
    both = starts(engine, [0, 4], ("weights", "order"))
    only_weights = starts(engine, [0, 4], ("weights",))
    only_order = starts(engine, [0, 4], ("order",))
    assert only_weights == [both[0], (both[1][0], both[0][1])]
    assert only_order == [both[0], (both[0][0], both[1][1])]


def test_what_does_not_vary_is_as_for_the_fixed_seed(engine):
    (ours,) = starts(engine, [4], ("weights", "order"))
    (theirs,) = starts(engine, [7], ("weights", "order"))
    assert starts(engine, [4], ("order",), fixed_seed=7) == [(theirs[0], ours[1])]
    assert starts(engine, [4], ("weights",), fixed_seed=7) == [(ours[0], theirs[1])]


def test_without_reshuffling_every_epoch_has_the_order_of_the_first(engine):
    new, same = (
        engine.Group(tiny.experiment(reshuffle=reshuffle), tiny.DATA, [3])
        for reshuffle in (True, False)
    )
    first = new.order(3, 0).tolist()
    assert [same.order(3, epoch).tolist() for epoch in (0, 1, 5)] == [first] * 3
    assert new.order(3, 1).tolist() != first


def test_every_order_holds_every_image_once(engine):
    group = engine.Group(tiny.experiment(), tiny.DATA, [0])
    orders = [group.order(seed, epoch) for seed in (0, 1) for epoch in (0, 1)]
    assert len({order.tobytes() for order in orders}) == 4
    for order in orders:
        np.testing.assert_array_equal(np.sort(order), np.arange(300))


def test_no_stream_repeats_another(engine):
    from analysis.training import build

    wide = tiny.experiment(seeds=range(100))
    each = [[epoch] for epoch in range(20)]
    uses = {"weights": [[]], "order": each, "augmentation": each, "mixup": each}
    words = [
        np.random.SeedSequence([*build.stream_seed(wide, stream, seed), *epoch]).generate_state(4)
        for seed in wide.seeds
        for stream, epochs in uses.items()
        for epoch in epochs
    ]
    assert len({word.tobytes() for word in words}) == len(words) == 6_100


def test_layers_start_from_weights_of_their_own(engine):
    layers = (Flatten(), Dense(10), Dense(10), Dense(10))
    group = engine.Group(tiny.experiment(layers=layers), tiny.DATA, [0])
    _, _, second, _, third, _ = weights(group, 0)
    assert not np.any(second == third)


LAYERS = {
    "two hidden layers": (Flatten(), Dense(12), Dense(9), Dense(10, "relu")),
    "a linear layer between": (Flatten(), Dense(12), Dense(9, "linear"), Dense(10, "relu")),
    "softmax outputs": (Flatten(), Dense(12), Dense(9), Dense(10, "softmax")),
    "no hidden layer": (Flatten(), Dense(10, "relu")),
    "a convolution": (Conv2D(6, 3), MaxPooling2D(2), Flatten(), Dense(9), Dense(10, "relu")),
}
SOME = with_channel(tiny.dataset(130, 10))
DEAD = ([2, 5], [4])


def with_dead_units(engine, layers):
    """A group of two networks whose first hidden layer has units, or channels, that are dead."""
    group = engine.Group(tiny.experiment(dataset="tiny-grey", layers=layers), SOME, [0, 1])
    if len(layers) > 2:
        bias = group.weights[1].numpy()
        for run, dead in enumerate(DEAD):
            bias[run, dead] = -1_000
        group.weights[1].assign(bias)
    return group


def plain_values(group, run):
    """The values of every ReLU layer on all training images, as simply as can be said."""
    values, stacked, found = SOME.x_train / np.float32(255), iter(weights(group, run)), []
    for layer in group.experiment.layers:
        if isinstance(layer, Flatten):
            values = values.reshape(len(values), -1)
        elif isinstance(layer, MaxPooling2D):
            n, height, width, channels = values.shape
            squares = values.reshape(n, height // 2, 2, width // 2, 2, channels)
            values = squares.max(axis=(2, 4))
        elif isinstance(layer, Conv2D):
            patches = np.lib.stride_tricks.sliding_window_view(values, (3, 3), axis=(1, 2))
            values = np.einsum("nhwcij,ijcf->nhwf", patches, next(stacked)) + next(stacked)
        else:
            values = values @ next(stacked) + next(stacked)
        if getattr(layer, "activation", None) == "relu":
            values = np.maximum(values, 0)
            found.append(values)
    return found


def plain_activity(group, run):
    """`Group.activity` of one network, as simply as can be said."""
    layers, labels = plain_values(group, run), SOME.y_train
    with_relu = group.experiment.layers[-1].activation == "relu"
    hidden = layers[:-1] if with_relu else layers
    activity = {"dead": [int(np.sum(~(v > 0).any(axis=tuple(range(v.ndim - 1))))) for v in hidden]}
    if with_relu:
        fires = layers[-1] > 0
        activity["own"] = [fires[labels == digit, digit].mean() for digit in range(10)]
        activity["others"] = [fires[labels != digit, digit].mean() for digit in range(10)]
    return activity


@pytest.mark.parametrize("layers", LAYERS)
@pytest.mark.parametrize("at_a_time", [50, 1_000])
def test_activity_is_what_a_plain_count_gives(engine, monkeypatch, layers, at_a_time):
    monkeypatch.setattr(engine, "EVALUATION_BATCH", at_a_time)
    group = with_dead_units(engine, LAYERS[layers])
    found = group.activity()
    for run in (0, 1):
        expected = plain_activity(group, run)
        assert found.keys() == expected.keys()
        for name, values in expected.items():
            assert found[name][run] == pytest.approx(values, rel=1e-6), name
        if len(LAYERS[layers]) > 2:
            assert found["dead"][run][0] >= len(DEAD[run])


def test_a_unit_that_only_the_last_image_reaches_is_not_dead(engine, monkeypatch):
    monkeypatch.setattr(engine, "EVALUATION_BATCH", 50)
    images = np.zeros((130, 2, 2), np.uint8)
    images[-1] = 255
    labels = np.arange(130, dtype=np.uint8) % 10
    layers = (Flatten(), Dense(3), Dense(10, "softmax"))
    group = engine.Group(
        tiny.experiment(layers=layers), Dataset(images, labels, images, labels), [0, 1]
    )
    group.weights[0].assign(np.ones((2, 4, 3)))
    group.weights[1].assign([[1, -1, -9], [1, 1, -1]])
    assert group.activity()["dead"] == [[1], [0]]


@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("values", ["different", "many alike"])
@pytest.mark.parametrize("shape", [(5, 12, 12, 4), (5, 13, 14, 3)])
def test_gradient_of_pooling_is_tensorflows_to_the_last_bit(engine, size, values, shape):
    import tensorflow as tf

    generator = np.random.default_rng(0)
    inputs = generator.normal(size=shape).astype(np.float32)
    inputs = tf.constant(inputs if values == "different" else np.maximum(inputs.round(), 0))
    ours, theirs = engine.build.layers.MaxPooling2D(size), tf.keras.layers.MaxPooling2D(size)
    upstream = tf.constant(generator.normal(size=theirs(inputs).shape).astype(np.float32))

    @tf.function
    def gradient_of(layer):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = layer(inputs)
        return outputs, tape.gradient(outputs, inputs, upstream)

    for found, expected in zip(gradient_of(ours), gradient_of(theirs), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_tested_weights_are_running_averages(engine):
    chosen = experiment(averaging=0.2, layers=(Flatten(), *NORMALIZED, Dense(10, "relu")))
    group = engine.Group(chosen, tiny.DATA, [0, 1])
    order = np.stack([group.order(seed, 0) for seed in (0, 1)])[:, :96]
    variables = [*group.weights, *group.state]
    averages = [variable.numpy() for variable in variables]
    for step in range(1, 4):
        group.train_steps(order[:, (step - 1) * 32 : step * 32])
        kept = min(0.2, (1 + step) / (10 + step))  # 2/11, and then 0.2
        averages = [
            kept * average + (1 - kept) * variable.numpy()
            for average, variable in zip(averages, variables, strict=True)
        ]
    for ours, expected in zip(group.averages, averages, strict=True):
        np.testing.assert_allclose(ours.numpy(), expected, rtol=1e-6, atol=1e-7)
    group.weights[-1].assign_sub(np.full(group.weights[-1].shape, 9))  # by these none would fire
    tested, counted = group.evaluate()["val_loss"], group.activity()
    for variable, average in zip(variables, averages, strict=True):
        variable.assign(average)
    group.averages = []
    plain = engine.Group(replace(chosen, averaging=0.0), tiny.DATA, [0, 1])
    for theirs, variable in zip([*plain.weights, *plain.state], variables, strict=True):
        theirs.assign(variable)
    np.testing.assert_allclose(tested, plain.evaluate()["val_loss"], rtol=1e-6)
    assert np.max(counted["own"]) > 0
    np.testing.assert_allclose(counted["own"], plain.activity()["own"], rtol=1e-6)


@pytest.mark.parametrize("elastic", [0, 1])
def test_changed_images_are_what_is_trained_on_and_plain_ones_what_is_tested(engine, elastic):
    chosen = experiment(augmentation=Affine(shift=2, rotation=20, elastic=elastic))
    group, plain = (
        engine.Group(e, tiny.DATA, [3]) for e in (chosen, replace(chosen, augmentation=None))
    )
    assert group.evaluate()["val_loss"] == plain.evaluate()["val_loss"]
    order = group.order(3, 0)[None]
    drawn = group.transforms(0, order)
    group.train_steps(order, drawn)
    images = plain.x_train.numpy()[order]
    changed = (
        engine.augment.bend(images, drawn[..., :6], drawn[..., 6:])
        if elastic
        else engine.augment.apply(images, drawn)
    )[0]
    plain.x_train = tf_constant_in_order(changed, order[0])
    plain.train_steps(order)
    for ours, theirs in zip(group.weights, plain.weights, strict=True):
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dataset", ["tiny", "tiny-colour"])
def test_covered_and_mixed_images_and_targets_are_what_is_trained_on(engine, dataset):
    data, colour = tiny.DATA, tiny.DATA.x_train.mean(dtype=np.float32)
    if dataset == "tiny-colour":  # of channels that differ
        data = Dataset(
            *(np.stack([v, v // 2, v // 4], -1) if v.ndim == 3 else v for v in vars(data).values())
        )
        colour = [data.x_train[..., channel].mean(dtype=np.float32) for channel in range(3)]
    chosen = experiment(dataset=dataset, augmentation=FlipAndShift(cutout=2), mixup=0.5)
    group, plain = (
        engine.Group(e, data, [3]) for e in (chosen, replace(chosen, augmentation=None, mixup=0.0))
    )
    assert group.evaluate()["val_loss"] == plain.evaluate()["val_loss"]
    order = group.order(3, 0)[None]
    drawn, shares = group.transforms(0, order), group.shares(0)
    group.train_steps(order, drawn, shares)

    images = engine.augment.cover(
        engine.augment.apply(plain.x_train.numpy()[order], drawn[..., :6]),
        drawn[..., 6:],
        2,
        colour,
    )
    parts = [
        np.concatenate(
            [
                engine.augment.mix(values[:, start : start + 32], shares[:, start : start + 32])[0]
                for start in range(0, order.size, 32)
            ]
        )
        for values in (images, plain.target_train.numpy()[order])
    ]
    plain.x_train, plain.target_train = (tf_constant_in_order(part, order[0]) for part in parts)
    plain.train_steps(order)
    for ours, theirs in zip(group.weights, plain.weights, strict=True):
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-5, atol=1e-6)


def tf_constant_in_order(images, order):
    import tensorflow as tf

    placed = np.empty(images.shape, np.float32)
    placed[order] = images
    return tf.constant(placed)


def test_images_change_anew_in_each_epoch_and_for_each_seed(engine):
    group = engine.Group(experiment(augmentation=Affine(shift=2)), tiny.DATA, [0, 1])
    orders = np.stack([group.order(seed, 0) for seed in (0, 1)])
    drawn = [group.transforms(epoch, orders).numpy()[run] for epoch in (0, 1) for run in (0, 1)]
    assert len({values.tobytes() for values in drawn}) == 4
    np.testing.assert_array_equal(group.transforms(1, orders).numpy()[1], drawn[3])


def test_images_change_alike_where_the_seed_does_not_decide_their_order(engine):
    for varies, different in ((("order",), 2), (("weights",), 1)):
        chosen = experiment(augmentation=Affine(shift=2), mixup=0.5, varies=varies)
        group = engine.Group(chosen, tiny.DATA, [0, 1])
        orders = np.stack([group.order(seed, 0) for seed in (0, 1)])
        for drawn in (group.transforms(0, orders), group.shares(0)):
            assert len({values.tobytes() for values in np.asarray(drawn)}) == different


def test_lookahead_sets_weights_to_an_average_that_holds_back_ever_more(engine):
    chosen = experiment(
        averaging=Lookahead(steps=2, decay=0.5), layers=(Flatten(), *NORMALIZED, Dense(10, "relu"))
    )
    group, plain = (
        engine.Group(e, tiny.DATA, [0, 1]) for e in (chosen, replace(chosen, averaging=0.0))
    )
    total = 2 * 10  # epochs of 300 images in batches of 32
    orders = np.stack([group.order(seed, 0) for seed in (0, 1)])
    kept_values = [variable.numpy() for variable in [*group.weights, *group.state]]
    for step in range(1, 7):
        batch = orders[:, (step - 1) * 32 : step * 32]
        group.train_steps(batch)
        plain.train_steps(batch)
        variables = [*plain.weights, *plain.state]
        if step % 2 == 0:
            kept = 0.5 * (step / total) ** 3
            kept_values = [
                kept * value + (1 - kept) * variable.numpy()
                for value, variable in zip(kept_values, variables, strict=True)
            ]
            for variable, value in zip(variables, kept_values, strict=True):
                variable.assign(value)
        for ours, expected in zip([*group.weights, *group.state], variables, strict=True):
            np.testing.assert_allclose(ours.numpy(), expected.numpy(), rtol=1e-5, atol=1e-7)
        for ours, expected in zip(group.averages, kept_values, strict=True):
            np.testing.assert_allclose(ours.numpy(), expected, rtol=1e-5, atol=1e-7)


def test_lookahead_does_not_set_the_random_numbers_of_dropout_back(engine):
    layers = (Flatten(), Dropout(0.5), Dense(10, "relu"))
    group = engine.Group(
        experiment(averaging=Lookahead(steps=2, decay=0.5), layers=layers), tiny.DATA, [0, 1]
    )
    orders = np.stack([group.order(seed, 0) for seed in (0, 1)])
    states = []
    for step in range(6):
        group.train_steps(orders[:, step * 32 : (step + 1) * 32])
        states.append(np.concatenate([variable.numpy().ravel() for variable in group.state]))
    assert len({state.tobytes() for state in states}) == 6


@pytest.mark.parametrize("flip", ["none", "alternating"])
@pytest.mark.parametrize("channels", [0, 3], ids=["grey", "colour"])
def test_views_are_weighed_in_the_mean_of_what_softmax_is_taken_of(engine, flip, channels):
    data = tiny.dataset(60, 30)
    layers = (Flatten(), Dense(10, "softmax"))
    if channels:
        layers = (Conv2D(4, 3), *layers)
        data = Dataset(
            *(np.stack([v] * channels, -1) if v.ndim == 3 else v for v in vars(data).values())
        )
    chosen = experiment(
        dataset="tiny-colour" if channels else "tiny",
        layers=layers,
        augmentation=FlipAndShift(flip),
        outputs=True,
        tta=True,
    )
    group = engine.Group(chosen, data, [0, 1][:1])
    *before, last = group.network.layers
    for variable, stacked in zip(group.network.trainable_variables, group.weights, strict=True):
        variable.assign(stacked.numpy()[0])

    def logits(images):
        values = images / np.float32(255)
        for layer in before:
            values = layer(values)
        return np.asarray(values) @ last.kernel.numpy() + last.bias.numpy()

    images = data.x_test
    wide = np.pad(images, [(0, 0), (1, 1), (1, 1), (0, 0)][: images.ndim], "reflect")
    total = 0
    for weight, view in ((0.5, images), (0.25, wide[:, :-2, :-2]), (0.25, wide[:, 2:, 2:])):
        mirrored = view if flip == "none" else view[:, :, ::-1]
        total = total + weight * (logits(view) + logits(mirrored)) / 2
    expected = np.exp(total) / np.exp(total).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(group.outputs()[0], expected, rtol=1e-4)


def test_without_bfloat16_the_same_spec_trains_in_float32(engine, bfloat16):
    chosen = experiment(
        dataset="tiny-grey",
        layers=CONVOLUTIONS,
        loss="cross_entropy",
        precision="mixed_bfloat16",
    )
    whole = engine.train(replace(chosen, precision="float32"), SOME, [0])[0]
    found = engine.train(chosen, SOME, [0])[0]
    assert (found["history"] == whole["history"]) != bfloat16


@pytest.mark.parametrize("layers", [CONVOLUTIONS, (Flatten(), *NORMALIZED, Dense(10, "softmax"))])
def test_products_in_bfloat16_train_alike_and_keep_weights_and_outputs_whole(
    engine, layers, monkeypatch
):
    monkeypatch.setenv(machine.BFLOAT16_VARIABLE, "yes")  # slow without the instructions
    chosen = experiment(
        dataset="tiny-grey", layers=layers, loss="cross_entropy", optimizer=Adam(), epochs=3
    )
    whole, half = (
        engine.train(replace(chosen, precision=precision), SOME, [0])[0]
        for precision in spec.PRECISIONS
    )
    assert half["history"]["loss"] != whole["history"]["loss"]
    np.testing.assert_allclose(half["history"]["loss"], whole["history"]["loss"], rtol=0.05)
    group = engine.Group(replace(chosen, precision="mixed_bfloat16"), SOME, [0])
    assert {variable.dtype for variable in group.weights} == {"float32"}
    assert group.network.outputs[0].dtype == "float32"


@pytest.mark.parametrize("averaging", [0.0, 0.9])
def test_outputs_are_those_that_the_predictions_were_made_of(engine, monkeypatch, averaging):
    monkeypatch.setattr(engine, "EVALUATION_BATCH", 30)
    chosen = tiny.experiment(outputs=True, averaging=averaging)
    for result in engine.train(chosen, tiny.DATA, [0, 1]):
        outputs = unpacked(result["outputs"])
        assert outputs.shape == (100, 10)
        assert "".join(map(str, outputs.argmax(axis=1))) == result["predictions"]
        np.testing.assert_allclose(outputs[0], result["after"]["answer"], rtol=1e-3)


@pytest.mark.parametrize("averaging", [0.0, 0.9])
def test_weights_that_are_given_are_those_that_the_outputs_come_from(engine, averaging):
    chosen = tiny.experiment(outputs=True, averaging=averaging)
    images = tiny.DATA.x_test.reshape(100, -1) / 255
    for result in engine.train(chosen, tiny.DATA, [0, 1], weights=True):
        kernel, bias, last_kernel, last_bias = result["weights"]
        hidden = np.maximum(images @ kernel + bias, 0)
        outputs = np.maximum(hidden @ last_kernel + last_bias, 0)
        np.testing.assert_allclose(unpacked(result["outputs"]), outputs, rtol=2e-3, atol=1e-4)


def test_training_without_counting_gives_no_activity(engine):
    (result,) = engine.train(tiny.experiment(activity=False), tiny.DATA, [0])
    assert result["history"].keys() == {"loss", "accuracy", "val_loss", "val_accuracy"}
    counted = engine.train(tiny.experiment(), tiny.DATA, [0])[0]
    assert counted["history"]["loss"] == result["history"]["loss"]


@pytest.mark.parametrize("augmentation", [None, Affine(shift=1)])
def test_counting_within_the_first_epoch_changes_nothing_and_is_of_those_steps(
    engine, augmentation
):
    plain = tiny.experiment(augmentation=augmentation)
    counted = replace(plain, activity_at=(1, 9))
    for whole, parts in zip(
        *(engine.train(one, tiny.DATA, [0, 1]) for one in (plain, counted)), strict=True
    ):
        within = parts.pop("within")
        assert {**parts, "seconds": 0} == {**whole, "seconds": 0}
        assert {name: len(values) for name, values in within.items()} == {
            **{"dead": 2, "own": 2, "others": 2}
        }
    # What one step leaves is what an epoch of one step leaves.
    one_step = replace(plain, batch_size=32, epochs=1, seeds=(0,))
    group = engine.Group(one_step, tiny.DATA, [0])
    orders = np.stack([group.order(0, 0)])
    transforms = group.transforms(0, orders)
    group.train_steps(
        engine.tf.constant(orders[:, :32]), None if transforms is None else transforms[:, :32]
    )
    (first,) = engine.train(replace(counted, seeds=(0,)), tiny.DATA, [0])
    activity = group.activity()
    assert {name: values[0] for name, values in first["within"].items()} == {
        name: values[0] for name, values in activity.items()
    }


def test_training_gives_whole_results_in_the_order_of_the_seeds(engine):
    first, second = engine.train(tiny.experiment(epochs=3), tiny.DATA, [5, 2])
    assert (first["seed"], second["seed"]) == (5, 2)
    assert first.keys() == tiny.record(0).keys() - {"provenance"}
    assert first["history"].keys() == tiny.record(0)["history"].keys()
    assert all(len(values) == 3 for values in first["history"].values())
    assert len(first["predictions"]) == 100
    assert len(first["before"]["answer"]) == len(first["after"]["answer"]) == 10
    assert first["before"]["answer"] != first["after"]["answer"]


def test_networks_in_lockstep_share_the_seconds_and_a_lone_one_has_all(engine, monkeypatch):
    def seconds(seeds):
        clock = SimpleNamespace(process_time=iter([10.0, 13.0]).__next__)
        monkeypatch.setattr(engine, "time", clock)
        return [result["seconds"] for result in engine.train(tiny.experiment(), tiny.DATA, seeds)]

    assert seconds([0, 1]) == [1.5, 1.5]
    assert seconds([0]) == [3.0]


def test_values_of_a_network_that_diverges_are_none(engine):
    wild = tiny.experiment(optimizer=SGD(learning_rate=1e30), layers=mlp(8, output="linear"))
    (result,) = engine.train(wild, tiny.DATA, [0])
    assert result["history"]["loss"] == [None, None]
    assert result["after"]["loss"] is None


GOLDEN_SETTINGS = {
    "sgd, squared error, relu": {},
    "adam, squared error, relu": {"optimizer": Adam()},
    "adam, squared error, linear": {"optimizer": Adam(), "layers": mlp(8, output="linear")},
    "adam, squared error, softmax": {"optimizer": Adam(), "layers": mlp(8, output="softmax")},
    "adam, cross-entropy, relu": {"optimizer": Adam(), "loss": "cross_entropy"},
    "adam, cross-entropy, softmax": {
        "optimizer": Adam(),
        "loss": "cross_entropy",
        "layers": mlp(8, output="softmax"),
    },
    "two hidden layers": {"layers": mlp(8, 6, output="relu")},
    "convolutions": {
        "dataset": "tiny-grey",
        "optimizer": Adam(learning_rate=0.01),
        "loss": "cross_entropy",
        "layers": CONVOLUTIONS,
    },
    "standardised": {"layers": (Normalization((0.4,), (0.1,)), *mlp(8, output="relu"))},
    "batches of 7": {"batch_size": 7},
    "same weights": {"varies": ("order",)},
    "same order": {"varies": ("weights",)},
    "batch norm, dropout": {
        "optimizer": Adam(),
        "layers": (Flatten(), *NORMALIZED, Dropout(0.2), Dense(10, "relu")),
    },
    "batch norm, dropout, padding": {
        "dataset": "tiny-grey",
        "optimizer": Adam(),
        "layers": (*PADDED, Dense(10, "relu")),
    },
    "weight decay, rise and fall": {"optimizer": AdamW(CosineDecay(0.01, warmup=0.25), 0.1)},
    "smoothed labels": {
        "layers": mlp(8, output="softmax"),
        "loss": "cross_entropy",
        "label_smoothing": 0.1,
    },
    "averaging": {"averaging": 0.95},
    "augmentation": {"augmentation": Affine(rotation=10, scale=0.1, shear=0.1, shift=1)},
    "bent": {"augmentation": Affine(rotation=10, shift=1, elastic=1)},
    "mirrored and shifted": {"augmentation": FlipAndShift("random", 1)},
    "mirrored alternately": {"augmentation": FlipAndShift("alternating")},
    "cutout": {"augmentation": FlipAndShift("random", 1, cutout=2)},
    "mixup": {"layers": mlp(8, output="softmax"), "loss": "cross_entropy", "mixup": 0.4},
    "momentum, rise and fall in lines": {
        "optimizer": SGD(LinearDecay(0.05, 0.25, 0.2, 0.1), 0.8, nesterov=True, weight_decay=0.01)
    },
    "lookahead": {"averaging": Lookahead(steps=3, decay=0.8)},
    "Muon, a rate of its own": {
        "dataset": "tiny-grey",
        "optimizer": Muon(
            LinearDecay(0.1, 0.25, 0.2, 0.1),
            0.6,
            SGD(CosineDecay(0.1), 0.8, nesterov=True, weight_decay=0.01),
        ),
        "layers": (
            Conv2D(6, 3, "linear", "same", use_bias=False),
            BatchNormalization(0.6),
            Activation("gelu"),
            Conv2D(12, 3, "gelu"),
            GlobalAveragePooling2D(),
            Dense(10, "softmax"),
        ),
        "loss": "cross_entropy",
    },
    "whitening, identity, fast shifts, GELU": {
        "dataset": "tiny-grey",
        "layers": (
            Whitening(2),
            Activation("gelu"),
            Conv2D(12, 3, "linear", "same", False, "identity"),
            MaxPooling2D(2),
            BatchNormalization(0.6, scale=False, shift_rate=64),
            Activation("gelu"),
            Flatten(),
            Rescaling(1 / 9),
            Dense(10, "softmax", use_bias=False),
        ),
        "loss": "cross_entropy",
    },
}

#: For each setting, of seeds 0 and 1: training loss of the last epoch, test loss, and training
#: loss of the trained network.
GOLDEN_VERSION = 1
GOLDEN = {
    "sgd, squared error, relu": [0.101736, 0.0993522, 0.0985087, 0.100382, 0.0986303, 0.0986384],
    "adam, squared error, relu": [0.173143, 0.140907, 0.138625, 0.110565, 0.105654, 0.103459],
    "adam, squared error, linear": [0.240123, 0.189664, 0.187643, 0.12841, 0.112868, 0.11494],
    "adam, squared error, softmax": [
        0.0924018,
        0.0915912,
        0.091442,
        0.0902833,
        0.0898939,
        0.0897432,
    ],
    "adam, cross-entropy, relu": [7.21676, 6.82857, 7.04281, 4.50326, 4.30885, 4.07147],
    "adam, cross-entropy, softmax": [2.40417, 2.36719, 2.35954, 2.31213, 2.28981, 2.2865],
    "convolutions": [2.23332, 2.19092, 2.18479, 2.24147, 2.17386, 2.15679],
    "standardised": [0.129871, 0.12708, 0.118302, 0.115075, 0.112187, 0.105816],
    "two hidden layers": [0.101172, 0.0971612, 0.0986867, 0.0955917, 0.0943873, 0.0943951],
    "batches of 7": [0.0923062, 0.0890984, 0.0897553, 0.0950403, 0.0933653, 0.0935914],
    "same weights": [0.101736, 0.0993522, 0.0985087, 0.101044, 0.0981977, 0.0974832],
    "same order": [0.101736, 0.0993522, 0.0985087, 0.100228, 0.098625, 0.0983659],
    "batch norm, dropout": [0.248662, 0.174567, 0.169152, 0.261925, 0.15138, 0.163662],
    "batch norm, dropout, padding": [
        0.100338,
        0.0984925,
        0.09866,
        0.0960609,
        0.0963835,
        0.0970092,
    ],
    "weight decay, rise and fall": [
        0.0975933,
        0.0967906,
        0.0973059,
        0.0947844,
        0.0956245,
        0.0939047,
    ],
    "smoothed labels": [2.22884, 2.20615, 2.19162, 2.25779, 2.23043, 2.22669],
    "averaging": [0.101736, 0.100475, 0.0993614, 0.100382, 0.0989862, 0.0989853],
    "augmentation": [0.10094, 0.109133, 0.107113, 0.100678, 0.105577, 0.105905],
    "bent": [0.101867, 0.111274, 0.108964, 0.102536, 0.106104, 0.10651],
    "mirrored and shifted": [0.102636, 0.101235, 0.100925, 0.0995842, 0.101405, 0.10176],
    "mirrored alternately": [0.10307, 0.101131, 0.0999473, 0.0957592, 0.100393, 0.100149],
    "cutout": [0.102673, 0.101556, 0.10112, 0.0994502, 0.101431, 0.101753],
    "mixup": [2.24787, 2.20021, 2.18784, 2.26995, 2.22817, 2.22693],
    "momentum, rise and fall in lines": [
        0.0976494,
        0.0976097,
        0.0972004,
        0.0985487,
        0.0985479,
        0.0974913,
    ],
    "lookahead": [0.10269, 0.10263, 0.101119, 0.100807, 0.0997793, 0.0998999],
    "Muon, a rate of its own": [2.18221, 2.16063, 2.14352, 2.23115, 2.18357, 2.19812],
    "whitening, identity, fast shifts, GELU": [
        2.25114,
        2.2385,
        2.21993,
        2.24223,
        2.21485,
        2.21305,
    ],
}


@pytest.mark.parametrize("setting", GOLDEN_SETTINGS)
def test_numbers_are_those_recorded(engine, setting):
    chosen = tiny.experiment(**GOLDEN_SETTINGS[setting])
    data = with_channel(tiny.DATA)
    groups = [[0, 1]] if chosen.lockstep else [[0], [1]]
    results = [result for seeds in groups for result in engine.train(chosen, data, seeds)]
    found = [
        float(f"{value:.6g}")
        for result in results
        for value in (
            result["history"]["loss"][-1],
            result["history"]["val_loss"][-1],
            result["after"]["loss"],
        )
    ]
    recorded = GOLDEN.get(setting, np.nan)
    if spec.TRAINING_VERSION != GOLDEN_VERSION or not np.allclose(found, recorded, rtol=2e-5):
        pytest.fail(
            "training gives other numbers than those recorded. If the change is meant, raise "
            "TRAINING_VERSION in analysis/spec.py, which makes every result stale, set "
            f"GOLDEN_VERSION here to it and record in GOLDEN:\n    {setting!r}: {found},",
            pytrace=False,
        )
