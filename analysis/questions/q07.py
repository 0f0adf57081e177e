"""Question 7: the best network for MNIST, one change at a time, chosen without the test set."""

from dataclasses import replace

from analysis.ladder import Arm
from analysis.questions import q05, q09
from analysis.spec import (
    Activation,
    Adam,
    AdamW,
    Affine,
    BatchNormalization,
    Conv2D,
    CosineDecay,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    MaxPooling2D,
    Reshape,
    mlp,
)

#: Training images that are held out for every choice, the same for all.
HELD_OUT = 10_000

CHANGED = Affine(rotation=12, scale=0.12, shear=0.2, shift=2.5)


def _dense(base: Arm, *hidden: int) -> Arm:
    label = f"{len(hidden)} layers of {hidden[0]:,}" if len(hidden) > 1 else f"{hidden[0]:,} hidden"
    name = "q07-dense-" + "-".join(map(str, hidden))
    return base.but(name, label, layers=mlp(*hidden, output="softmax"))


# How many neurons in how many layers, all else alike.

NO_HIDDEN = Arm(
    "no hidden layer",
    replace(
        q05.SHEET,
        name="q07-dense-none",
        layers=mlp(output="softmax"),
        epochs=20,
        batch_size=128,
        seeds=range(10),
        validation=HELD_OUT,
        activity=False,
    ),
)
ONE_32 = _dense(NO_HIDDEN, 32)
ONE_128 = _dense(ONE_32, 128)
ONE_512 = _dense(ONE_128, 512)
ONE_1024 = _dense(ONE_512, 1024)
TWO_512 = _dense(ONE_512, 512, 512)
THREE_512 = _dense(TWO_512, 512, 512, 512)
FOUR_512 = _dense(THREE_512, 512, 512, 512, 512)

CAPACITY = (NO_HIDDEN, ONE_32, ONE_128, ONE_512, ONE_1024, TWO_512, THREE_512, FOUR_512)

# Dense networks, one change at a time.

DENSE_SCHEDULE = TWO_512.but(
    "q07-dense-schedule", "learning rate falls to zero", optimizer=Adam(CosineDecay(0.001))
)
DENSE_DROPOUT = DENSE_SCHEDULE.but(
    "q07-dense-dropout",
    "dropout",
    layers=(
        Flatten(),
        Dense(512),
        Dropout(0.25),
        Dense(512),
        Dropout(0.25),
        Dense(10, "softmax"),
    ),
)


def _normalised(units: int) -> tuple:
    return (Dense(units, "linear", use_bias=False), BatchNormalization(), Activation("relu"))


DENSE_NORM = DENSE_DROPOUT.but(
    "q07-dense-norm",
    "batch norm",
    layers=(
        Flatten(),
        *_normalised(512),
        Dropout(0.25),
        *_normalised(512),
        Dropout(0.25),
        Dense(10, "softmax"),
    ),
)
DENSE_SMOOTHING = DENSE_DROPOUT.but("q07-dense-smoothing", "smoothed labels", label_smoothing=0.05)
DENSE_AVERAGING = DENSE_DROPOUT.but("q07-dense-averaging", "averaged weights", averaging=0.999)
DENSE_SHIFTED = DENSE_DROPOUT.but(
    "q07-dense-shifted", "shifted images", augmentation=Affine(shift=CHANGED.shift)
)
DENSE_CHANGED = DENSE_SHIFTED.but(
    "q07-dense-changed", "turned, scaled and sheared as well", augmentation=CHANGED
)

DENSE = (
    DENSE_SCHEDULE,
    DENSE_DROPOUT,
    DENSE_NORM,
    DENSE_SMOOTHING,
    DENSE_AVERAGING,
    DENSE_SHIFTED,
    DENSE_CHANGED,
)

# Convolutional networks, one change at a time.

CNN = Arm(
    "question 9's network",
    replace(
        NO_HIDDEN.experiment,
        name="q07-cnn",
        layers=(Reshape((28, 28, 1)), *q09.SHEET.layers),
        epochs=10,
        seeds=range(5),
    ),
)
CNN_SCHEDULE = CNN.but(
    "q07-cnn-schedule", "learning rate falls to zero", optimizer=Adam(CosineDecay(0.001))
)
CNN_CHANGED = CNN_SCHEDULE.but("q07-cnn-changed", "changed images", augmentation=CHANGED)


def _block(filters: int) -> tuple:
    return (
        Conv2D(filters, 3, "linear", padding="same", use_bias=False),
        BatchNormalization(),
        Activation("relu"),
    )


CNN_DEEPER = CNN_CHANGED.but(
    "q07-cnn-deeper",
    "six convolutions with batch norm",
    layers=(
        Reshape((28, 28, 1)),
        *_block(32),
        *_block(32),
        MaxPooling2D(2),
        *_block(64),
        *_block(64),
        MaxPooling2D(2),
        *_block(128),
        *_block(128),
        GlobalAveragePooling2D(),
        Dense(10, "softmax"),
    ),
)
CNN_DECAY = CNN_DEEPER.but(
    "q07-cnn-decay",
    "weight decay, larger rate",
    optimizer=AdamW(CosineDecay(0.004, rise=0.2), weight_decay=0.05),
)
CNN_SMOOTHING = CNN_DECAY.but("q07-cnn-smoothing", "smoothed labels", label_smoothing=0.05)
CNN_AVERAGING = CNN_DECAY.but("q07-cnn-averaging", "averaged weights", averaging=0.999)

CONVOLUTIONAL = (
    CNN,
    CNN_SCHEDULE,
    CNN_CHANGED,
    CNN_DEEPER,
    CNN_DECAY,
    CNN_SMOOTHING,
    CNN_AVERAGING,
)

EXPERIMENTS = tuple(arm.experiment for arm in (*CAPACITY, *DENSE, *CONVOLUTIONAL))
