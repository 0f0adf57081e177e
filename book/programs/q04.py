# %% [markdown]
# Question 4 in plain Keras: question 2 with Adam in place of plain
# gradient descent.

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

RUNS, EPOCHS, BATCH = 10, 20, 32

# %% [markdown]
# The digits, with pixels from 0 to 1. The target of an image is ten
# numbers: 1 for the output of its digit and 0 for the others.

# %%
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = np.float32(x_train) / 255, np.float32(x_test) / 255
y_train, y_test = np.eye(10)[y_train], np.eye(10)[y_test]


# %%
def squared_error(target, output):
    return (target - output) ** 2


def build():
    layers = [
        keras.Input((28, 28)),
        keras.layers.Flatten(),
        keras.layers.Dense(32, activation="relu"),
        keras.layers.Dense(10, activation="relu"),
    ]
    model = keras.Sequential(layers)
    model.compile(
        optimizer="adam",
        loss=squared_error,
        metrics=["accuracy"],
    )
    return model


# %% [markdown]
# A seed makes each run repeatable. The images are shuffled as a data set,
# so they come in a new order in each epoch. Had `fit` shuffled them, they
# would come in the same order in all epochs, once a seed is set.

# %%
images = tf.data.Dataset.from_tensor_slices((x_train, y_train))
histories = []
for seed in range(RUNS):
    keras.utils.set_random_seed(seed)
    model = build()
    batches = images.shuffle(len(x_train)).batch(BATCH)
    history = model.fit(
        batches,
        epochs=EPOCHS,
        validation_data=(x_test, y_test),
        shuffle=False,
        verbose=0,
    ).history
    print(f"run {seed}: testing accuracy {history['val_accuracy'][-1]:.3f}")
    histories.append(history)


# %%
def plot(name, label):
    plt.figure()
    for seed, history in enumerate(histories):
        plt.plot(range(1, EPOCHS + 1), history[name], label=f"run {seed}")
    plt.xlabel("epoch")
    plt.ylabel(label)
    plt.legend()
    plt.show()


plot("loss", "training error")
plot("val_loss", "testing error")
