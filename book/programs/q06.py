# %% [markdown]
# Question 6 in plain Keras: the network of question 5 with more and
# fewer hidden neurons, ten runs of each, and the average accuracies
# in two plots.

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

RUNS, EPOCHS, BATCH = 10, 10, 32
SIZES = (2, 4, 8, 16, 32, 64, 128, 256)

# %% [markdown]
# The digits, with pixels from 0 to 1. This loss takes the labels as they
# are.

# %%
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = np.float32(x_train) / 255, np.float32(x_test) / 255


# %%
def build(neurons):
    layers = [
        keras.Input((28, 28)),
        keras.layers.Flatten(),
        keras.layers.Dense(neurons, activation="relu"),
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
training, testing = np.zeros((2, len(SIZES), RUNS))
for place, neurons in enumerate(SIZES):
    for seed in range(RUNS):
        keras.utils.set_random_seed(seed)
        model = build(neurons)
        batches = images.shuffle(len(x_train)).batch(BATCH)
        fit = model.fit(batches, epochs=EPOCHS, shuffle=False, verbose=0)
        history = fit.history
        training[place, seed] = history["accuracy"][-1]
        testing[place, seed] = model.evaluate(x_test, y_test, verbose=0)[1]
    print(
        f"{neurons} neurons: {testing[place].mean():.1%} of the test images"
    )


# %%
def plot(accuracy, label):
    plt.figure()
    plt.plot(SIZES, accuracy.mean(axis=1), "o-")
    plt.xscale("log", base=2)
    plt.xticks(SIZES, SIZES)
    plt.xlabel("hidden neurons")
    plt.ylabel(label)
    plt.show()


plot(training, "average training accuracy")
plot(testing, "average testing accuracy")
