# %% [markdown]
# Question 7 in plain Keras: other sizes, shifted images and
# convolutions. These are a few steps that matter most, and not all
# that the report tried.

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from keras import layers

RUNS, BATCH, HELD_OUT = 8, 128, 10_000
EPOCHS = {"dense": 20, "convolutional": 6}

# %% [markdown]
# Settings are compared on training images that are held out, so that the
# test set is read only once, in the end.

# %%
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = np.float32(x_train) / 255, np.float32(x_test) / 255
x_fitted, y_fitted = x_train[:-HELD_OUT], y_train[:-HELD_OUT]
x_held_out, y_held_out = x_train[-HELD_OUT:], y_train[-HELD_OUT:]


# %%
def dense(*sizes):
    hidden = [layers.Dense(size, activation="relu") for size in sizes]
    return [layers.Flatten(), *hidden]


def shifted(*sizes):
    """Shifts training images anew each time, by at most 2.5 pixels."""
    share = 2.5 / 28
    shift = layers.RandomTranslation(share, share, fill_mode="constant")
    return [layers.Reshape((28, 28, 1)), shift, *dense(*sizes)]


def three_convolutions():
    return [
        layers.Reshape((28, 28, 1)),
        layers.Conv2D(32, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Conv2D(64, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Conv2D(64, 3, activation="relu"),
        layers.Flatten(),
        layers.Dense(64, activation="relu"),
    ]


def convolution(filters, padding="valid"):
    return [
        layers.Conv2D(filters, 3, padding=padding, use_bias=False),
        layers.BatchNormalization(momentum=0.9),
        layers.Activation("relu"),
    ]


def six_convolutions():
    return [
        layers.Reshape((28, 28, 1)),
        *convolution(32),
        *convolution(32),
        layers.MaxPooling2D(2),
        *convolution(64),
        *convolution(64),
        layers.MaxPooling2D(2),
        *convolution(128, padding="same"),
        *convolution(128, padding="same"),
        layers.GlobalAveragePooling2D(),
    ]


# %% [markdown]
# Each setting's layers before the ten outputs, its kind, and whether its
# learning rate falls to zero.

# %%
SETTINGS = {
    "no hidden layer": (lambda: dense(), "dense", False),
    "32 neurons": (lambda: dense(32), "dense", False),
    "512 neurons": (lambda: dense(512), "dense", False),
    "2 layers of 512": (lambda: dense(512, 512), "dense", False),
    "3 layers of 512": (lambda: dense(512, 512, 512), "dense", False),
    "2 of 512, shifted images": (lambda: shifted(512, 512), "dense", True),
    "3 convolutions": (three_convolutions, "convolutional", False),
    "6 convolutions": (six_convolutions, "convolutional", True),
}


def build(name, images):
    before, kind, falling = SETTINGS[name]
    steps = EPOCHS[kind] * -(-images // BATCH)
    falls = keras.optimizers.schedules.CosineDecay(0.001, steps)
    outputs = layers.Dense(10, activation="softmax")
    model = keras.Sequential([keras.Input((28, 28)), *before(), outputs])
    model.compile(
        optimizer=keras.optimizers.Adam(falls if falling else 0.001),
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
    epochs = EPOCHS[SETTINGS[name][1]]
    model.fit(batches, epochs=epochs, shuffle=False, verbose=0)
    return model


held_out = {name: [] for name in SETTINGS}
for name in SETTINGS:
    for seed in range(RUNS):
        model = train(name, seed, x_fitted, y_fitted)
        accuracy = model.evaluate(x_held_out, y_held_out, verbose=0)[1]
        held_out[name].append(accuracy)
    print(f"{name}: {np.mean(held_out[name]):.2%} of the held-out images")

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
print(f"{best}: {accuracy:.2%} of the test images")
