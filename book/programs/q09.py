# %% [markdown]
# Question 9 in plain Keras: a convolutional network on CIFAR-10, and
# the accuracies of ten runs.

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

RUNS, EPOCHS, BATCH = 10, 10, 32

# %% [markdown]
# The colour images, with pixels from 0 to 1, and their labels, which come
# as a column.

# %%
(x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
x_train, x_test = np.float32(x_train) / 255, np.float32(x_test) / 255
y_train, y_test = y_train[:, 0], y_test[:, 0]


# %%
def build():
    layers = [
        keras.Input((32, 32, 3)),
        keras.layers.Conv2D(32, (3, 3), activation="relu"),
        keras.layers.MaxPooling2D((2, 2)),
        keras.layers.Conv2D(64, (3, 3), activation="relu"),
        keras.layers.MaxPooling2D((2, 2)),
        keras.layers.Conv2D(64, (3, 3), activation="relu"),
        keras.layers.Flatten(),
        keras.layers.Dense(64, activation="relu"),
        keras.layers.Dense(10, activation="softmax"),
    ]
    model = keras.Sequential(layers)
    model.compile(
        optimizer="adam",
        loss="sparse_categorical_crossentropy",
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


plot("accuracy", "training accuracy")
plot("val_accuracy", "testing accuracy")
