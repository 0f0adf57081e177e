"""A seed in Keras: what becomes of the order of the images, and what to do instead.

True of Keras 3.15 with TensorFlow 2.21. When a later one mends it, the first test fails and
says which page to change.
"""

import json
import subprocess
import sys

import numpy as np
import pytest
import tiny

IMAGES, BATCH, EPOCHS = 50, 8, 4


def record() -> dict[str, list]:
    """Train with Keras, in this process: which images ``model.fit`` gave, in their order.

    Returns
    -------
    dict
        Of each setting the images' numbers, shape (EPOCHS, IMAGES).
    """
    import keras
    import tensorflow as tf

    numbers = np.arange(IMAGES, dtype=np.float32)
    x, y = numbers[:, np.newaxis], np.zeros(IMAGES, np.float32)

    def fit(*data, times: int = 1, **options) -> list:
        seen = []

        class Recording(keras.Sequential):
            def train_step(self, batch):
                tf.py_function(lambda images: seen.extend(images.numpy()), [batch[0][:, 0]], [])
                return super().train_step(batch)

        network = Recording([keras.Input((1,)), keras.layers.Dense(1)])
        network.compile(optimizer="sgd", loss="mean_squared_error")
        for _ in range(times):
            network.fit(*data, epochs=EPOCHS // times, verbose=0, **options)
        return np.reshape(seen, (EPOCHS, IMAGES)).astype(int).tolist()

    def dataset(size):
        # As methods.md has it.
        data = tf.data.Dataset.from_tensor_slices((x, y))
        return data.shuffle(len(x)).batch(size)

    def a_permutation_in_a_map() -> list:
        mapped = tf.data.Dataset.range(1).map(lambda _: tf.random.shuffle(tf.range(IMAGES)))
        return [next(iter(mapped)).numpy().tolist() for _ in range(EPOCHS)]

    found = {"without a seed": fit(x, y, batch_size=BATCH)}
    for name, seed in (("seed 0", 0), ("seed 0 again", 0), ("seed 1", 1)):
        keras.utils.set_random_seed(seed)
        found[name] = fit(x, y, batch_size=BATCH)
    keras.utils.set_random_seed(0)
    found["a call an epoch"] = fit(x, y, batch_size=BATCH, times=EPOCHS)
    keras.utils.set_random_seed(0)
    found["only a map"] = a_permutation_in_a_map()
    for name in ("dataset, seed 0", "dataset, seed 0 again"):
        keras.utils.set_random_seed(0)
        found[name] = fit(dataset(BATCH), shuffle=False)
    return found | {"versions": f"Keras {keras.__version__} with TensorFlow {tf.__version__}"}


@pytest.fixture(scope="module")
def recorded():
    """What `record` gives, in a process of its own: a seed cannot be taken back."""
    done = subprocess.run([sys.executable, __file__], capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def different(orders) -> int:
    """How many different orders the epochs had; each must hold every image once."""
    np.testing.assert_array_equal(np.sort(orders, axis=1), [range(IMAGES)] * EPOCHS)
    return len(np.unique(orders, axis=0))


@pytest.mark.parametrize("setting", ["seed 0", "seed 1", "a call an epoch", "only a map"])
def test_with_a_seed_keras_gives_the_images_in_the_same_order_in_each_epoch(recorded, setting):
    if different(recorded[setting]) > 1:
        pytest.fail(
            f"{recorded['versions']} no longer keeps one order for all epochs ({setting}): "
            "change 'A seed in Keras' in book/methods.md, and the pages that point there "
            "(questions 2, 5 and 9)"
        )


def test_another_seed_gives_another_order_and_the_same_seed_the_same(recorded):
    assert recorded["seed 0"] == recorded["seed 0 again"] != recorded["seed 1"]


def test_without_a_seed_keras_draws_an_order_for_each_epoch(recorded):
    assert different(recorded["without a seed"]) == EPOCHS


def test_a_shuffled_dataset_has_an_order_for_each_epoch_that_the_seed_decides(recorded):
    assert different(recorded["dataset, seed 0"]) == EPOCHS
    assert recorded["dataset, seed 0"] == recorded["dataset, seed 0 again"]


def orders(engine, **changes) -> np.ndarray:
    group = engine.Group(tiny.experiment(**changes), tiny.DATA, [0, 1])
    return np.array([[group.order(seed, epoch) for epoch in range(EPOCHS)] for seed in (0, 1)])


def test_the_engine_draws_an_order_for_each_epoch_or_keeps_the_first_ones(engine):
    drawn, kept = orders(engine), orders(engine, reshuffle=False)
    assert len(np.unique(drawn.reshape(2 * EPOCHS, -1), axis=0)) == 2 * EPOCHS
    np.testing.assert_array_equal(kept, np.repeat(drawn[:, :1], EPOCHS, axis=1))


if __name__ == "__main__":
    print(json.dumps(record()))
