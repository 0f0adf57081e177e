"""What pages say of Keras itself."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest


def orders(seed: int | None) -> list[list[int]]:
    """In which order ``model.fit`` goes through 64 images, in each of three epochs."""
    import keras
    import numpy as np
    import tensorflow as tf

    seen = []

    class Recording(keras.Sequential):
        def train_step(self, data):
            images, _ = data
            seen.extend(images.numpy().ravel().astype(int).tolist())
            return {"loss": tf.constant(0.0)}

    if seed is not None:
        keras.utils.set_random_seed(seed)
    model = Recording([keras.layers.Dense(1)])
    model.compile(loss="mse", run_eagerly=True)
    model.fit(np.arange(64.0)[:, None], np.zeros(64), batch_size=16, epochs=3, verbose=0)
    return [seen[start : start + 64] for start in (0, 64, 128)]


@pytest.mark.parametrize("seed, same", [(None, False), (1, True)])
def test_with_a_seed_of_its_own_keras_shows_the_images_in_one_order_in_every_epoch(seed, same):
    # A process of its own, for the seed is Keras's for good.
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        first, second, third = process.submit(orders, seed).result()
    assert sorted(first) == list(range(64))
    assert (first == second == third) is same
