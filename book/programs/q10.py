# %% [markdown]
# Question 10 in plain Keras: more convolutions, batch norm, and a
# learning rate that rises and falls. These are only the first large
# steps; the recipe that the report ends with is not here.

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from keras import layers

RUNS, EPOCHS, BATCH, HELD_OUT = 8, 5, 32, 5_000

# %% [markdown]
# Settings are compared on training images that are held out, so that the
# test set is read only once, in the end.

# %%
(x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
x_train, x_test = np.float32(x_train) / 255, np.float32(x_test) / 255
y_train, y_test = y_train[:, 0], y_test[:, 0]
x_fitted, y_fitted = x_train[:-HELD_OUT], y_train[:-HELD_OUT]
x_held_out, y_held_out = x_train[-HELD_OUT:], y_train[-HELD_OUT:]


# %%
def three_convolutions():
    return [
        layers.Conv2D(32, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Conv2D(64, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Conv2D(64, 3, activation="relu"),
        layers.Flatten(),
        layers.Dense(64, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ]


def convolution(filters, norm, pooled=False):
    network = [layers.Conv2D(filters, 3, padding="same", use_bias=not norm)]
    if pooled:
        network.append(layers.MaxPooling2D(2))
    if norm:
        network.append(layers.BatchNormalization(momentum=0.6))
    return [*network, layers.Activation("relu")]


def six_convolutions(norm):
    # Of the three colours of the training images.
    mean, deviation = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)
    return [
        layers.Normalization(mean=mean, variance=np.square(deviation)),
        *convolution(32, norm, pooled=True),
        *convolution(32, norm),
        *convolution(128, norm, pooled=True),
        *convolution(128, norm),
        *convolution(128, norm, pooled=True),
        *convolution(128, norm),
        layers.MaxPooling2D(4),
        layers.Flatten(),
        layers.Dense(10, activation="softmax", use_bias=not norm),
    ]


class RiseAndFall(keras.optimizers.schedules.LearningRateSchedule):
    """In 23% of the steps from 0.0004 to 0.002, then down to 0.00014."""

    def __init__(self, steps):
        self.steps, self.top = steps, round(0.23 * steps)

    def __call__(self, step):
        step = keras.ops.cast(step, "float32")
        rising = 0.2 + 0.8 * step / self.top
        falling = 1 - 0.93 * (step - self.top) / (self.steps - self.top)
        return 0.002 * keras.ops.minimum(rising, falling)


# %% [markdown]
# Each setting adds to the one before: its layers, and whether its learning
# rate rises and falls.

# %%
SETTINGS = {
    "3 convolutions": (three_convolutions, False),
    "6 convolutions": (lambda: six_convolutions(norm=False), False),
    "batch norm": (lambda: six_convolutions(norm=True), False),
    "rate rises and falls": (lambda: six_convolutions(norm=True), True),
}


def build(name, images):
    network, rising = SETTINGS[name]
    steps = EPOCHS * -(-images // BATCH)
    rate = RiseAndFall(steps) if rising else 0.001
    model = keras.Sequential([keras.Input((32, 32, 3)), *network()])
    model.compile(
        optimizer=keras.optimizers.Adam(rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


# %% [markdown]
# A seed makes each run repeatable. The images are shuffled as a data set,
# so they come in a new order in each epoch. Had `fit` shuffled them, they
# would come in the same order in all epochs, once a seed is set.


# %%
def train(name, seed, x, y):
    keras.utils.set_random_seed(seed)
    model = build(name, len(x))
    images = tf.data.Dataset.from_tensor_slices((x, y))
    batches = images.shuffle(len(x)).batch(BATCH)
    model.fit(batches, epochs=EPOCHS, shuffle=False, verbose=0)
    return model


held_out = {name: [] for name in SETTINGS}
for name in SETTINGS:
    for seed in range(RUNS):
        model = train(name, seed, x_fitted, y_fitted)
        accuracy = model.evaluate(x_held_out, y_held_out, verbose=0)[1]
        held_out[name].append(accuracy)
    print(f"{name}: {np.mean(held_out[name]):.1%} of the held-out images")

# %%
plt.figure(figsize=(9, 4))
for name, accuracies in held_out.items():
    plt.plot(accuracies, [name] * RUNS, "o")
plt.gca().invert_yaxis()
plt.xlabel("accuracy on held-out images")
plt.tight_layout()
plt.show()

# %% [markdown]
# The best setting, trained on all training images, and the test set.

# %%
best = max(held_out, key=lambda name: np.mean(held_out[name]))
model = train(best, 0, x_train, y_train)
accuracy = model.evaluate(x_test, y_test, verbose=0)[1]
print(f"{best}: {accuracy:.1%} of the test images")
