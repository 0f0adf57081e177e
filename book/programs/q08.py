# %% [markdown]
# Question 8 in plain Keras: the network of question 5 on CIFAR-10,
# with 32 hidden neurons and with more, and the accuracies of ten runs
# of each.

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

RUNS, EPOCHS, BATCH = 10, 10, 32
SIZES = (32, 512)

# %% [markdown]
# The colour images, with pixels from 0 to 1, and their labels, which come
# as a column.

# %%
(x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
x_train, x_test = np.float32(x_train) / 255, np.float32(x_test) / 255
y_train, y_test = y_train[:, 0], y_test[:, 0]


# %%
def build(neurons):
    layers = [
        keras.Input((32, 32, 3)),
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
histories = {neurons: [] for neurons in SIZES}
for neurons in SIZES:
    for seed in range(RUNS):
        keras.utils.set_random_seed(seed)
        model = build(neurons)
        batches = images.shuffle(len(x_train)).batch(BATCH)
        history = model.fit(
            batches,
            epochs=EPOCHS,
            validation_data=(x_test, y_test),
            shuffle=False,
            verbose=0,
        ).history
        accuracy = history["val_accuracy"][-1]
        print(f"{neurons} neurons, run {seed}: accuracy {accuracy:.3f}")
        histories[neurons].append(history)


# %%
def plot(neurons, name, label):
    plt.figure()
    for seed, history in enumerate(histories[neurons]):
        plt.plot(range(1, EPOCHS + 1), history[name], label=f"run {seed}")
    plt.xlabel("epoch")
    plt.ylabel(label)
    plt.title(f"{neurons} hidden neurons")
    plt.legend()
    plt.show()


for neurons in SIZES:
    plot(neurons, "accuracy", "training accuracy")
    plot(neurons, "val_accuracy", "testing accuracy")
