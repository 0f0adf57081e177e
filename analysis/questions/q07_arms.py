"""The settings that question 7 compares, and the recipes that it reads the test set with."""

from collections.abc import Callable
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
    Experiment,
    Flatten,
    GlobalAveragePooling2D,
    MaxPooling2D,
    Reshape,
    mlp,
)

BUILDS_ON = (q05, q09)

#: Training images that are held out for every choice, the same for all.
HELD_OUT = 10_000

# What the networks that are meant to be good have in common.
FASTER = AdamW(CosineDecay(0.004, warmup=0.2), weight_decay=0.05)
NORM_AND_RELU = (BatchNormalization(), Activation("relu"))
CHANGED = Affine(rotation=12, scale=0.12, shear=0.2, shift=2.5)


def _sized(base: Arm, *hidden: int) -> Arm:
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
ONE_32 = _sized(NO_HIDDEN, 32)
ONE_128 = _sized(ONE_32, 128)
ONE_512 = _sized(ONE_128, 512)
ONE_1024 = _sized(ONE_512, 1024)
TWO_512 = _sized(ONE_512, 512, 512)
THREE_512 = _sized(TWO_512, 512, 512, 512)
FOUR_512 = _sized(THREE_512, 512, 512, 512, 512)

LARGE = (ONE_512, ONE_1024, TWO_512, THREE_512, FOUR_512)
CAPACITY = (NO_HIDDEN, ONE_32, ONE_128, *LARGE)

# Dense networks, one change at a time.

DENSE_SCHEDULE = TWO_512.but(
    "q07-dense-schedule", "learning rate falls to zero", optimizer=Adam(CosineDecay(0.001))
)
DENSE_HALF = DENSE_SCHEDULE.but(
    "q07-dense-half", "products of 16-bit numbers", precision="mixed_bfloat16"
)


def _two(units: int, block: Callable[[int], tuple], dropout: float = 0.0) -> tuple:
    """Two hidden layers."""
    drop = (Dropout(dropout),) * bool(dropout)
    return (Flatten(), *(*block(units), *drop) * 2, Dense(10, "softmax"))


def _dense(units: int) -> tuple:
    return (Dense(units),)


def _dense_normalised(units: int) -> tuple:
    return (Dense(units, "linear", use_bias=False), *NORM_AND_RELU)


DENSE_DROPOUT = DENSE_HALF.but(
    "q07-dense-dropout", "dropout", layers=_two(512, _dense, dropout=0.25)
)
DENSE_NORM = DENSE_HALF.but("q07-dense-norm", "batch norm", layers=_two(512, _dense_normalised))
DENSE_SMOOTHING = DENSE_HALF.but("q07-dense-smoothing", "smoothed labels", label_smoothing=0.05)
DENSE_AVERAGING = DENSE_HALF.but("q07-dense-averaging", "averaged weights", averaging=0.999)
DENSE_SHIFTED = DENSE_HALF.but(
    "q07-dense-shifted", "shifted images", augmentation=Affine(shift=CHANGED.shift)
)
DENSE_CHANGED = DENSE_SHIFTED.but(
    "q07-dense-changed", "turned, scaled and sheared as well", bundle=True, augmentation=CHANGED
)

DENSE_CHANGED_NORM = DENSE_CHANGED.but(
    "q07-dense-changed-norm", "batch norm", layers=_two(512, _dense_normalised)
)
DENSE_DECAY = DENSE_CHANGED_NORM.but(
    "q07-dense-decay", "four times the rate, weight decay", bundle=True, optimizer=FASTER
)
DENSE_LONGER = DENSE_DECAY.but("q07-dense-longer", "thirty epochs", epochs=30, outputs=True)

DENSE = (
    DENSE_SCHEDULE,
    DENSE_HALF,
    DENSE_DROPOUT,
    DENSE_NORM,
    DENSE_SMOOTHING,
    DENSE_AVERAGING,
    DENSE_SHIFTED,
    DENSE_CHANGED,
    DENSE_CHANGED_NORM,
    DENSE_DECAY,
    DENSE_LONGER,
)

# Convolutional networks, one change at a time.

CNN = Arm(
    "question 9's network",
    replace(
        NO_HIDDEN.experiment,
        name="q07-cnn",
        layers=(Reshape((28, 28, 1)), *q09.SHEET.layers),
        epochs=6,
        seeds=range(8),
    ),
)
CNN_SCHEDULE = CNN.but(
    "q07-cnn-schedule", "learning rate falls to zero", optimizer=Adam(CosineDecay(0.001))
)
CNN_CHANGED = CNN_SCHEDULE.but(
    "q07-cnn-changed", "changed images", bundle=True, augmentation=CHANGED
)
CNN_HALF = CNN_CHANGED.but("q07-cnn-half", "products of 16-bit numbers", precision="mixed_bfloat16")


def _convolution(filters: int, padding: str = "valid") -> tuple:
    return (Conv2D(filters, 3, padding=padding),)


def _convolution_normalised(filters: int, padding: str = "valid") -> tuple:
    convolution = Conv2D(filters, 3, "linear", padding=padding, use_bias=False)
    return (convolution, *NORM_AND_RELU)


def _six(*filters: int, block: Callable[..., tuple], dropout: float = 0.0) -> tuple:
    """Pairs of convolutions, pooling between them, and the mean of each map at the end."""
    small, middle, large = filters
    drop = (Dropout(dropout),) * bool(dropout)
    return (
        Reshape((28, 28, 1)),
        *block(small),
        *block(small),
        MaxPooling2D(2),
        *drop,
        *block(middle),
        *block(middle),
        MaxPooling2D(2),
        *drop,
        *block(large, padding="same"),
        *block(large, padding="same"),
        GlobalAveragePooling2D(),
        *drop,
        Dense(10, "softmax"),
    )


CNN_SIX = CNN_HALF.but(
    "q07-cnn-six",
    "six convolutions",
    bundle=True,
    layers=_six(32, 64, 128, block=_convolution),
)
CNN_NORM = CNN_SIX.but(
    "q07-cnn-norm", "batch norm", layers=_six(32, 64, 128, block=_convolution_normalised)
)
CNN_DECAY = CNN_NORM.but(
    "q07-cnn-decay",
    "four times the rate, weight decay",
    bundle=True,
    optimizer=FASTER,
)
CNN_AVERAGING = CNN_DECAY.but("q07-cnn-averaging", "averaged weights", averaging=0.999)
CNN_SMOOTHING = CNN_DECAY.but("q07-cnn-smoothing", "smoothed labels", label_smoothing=0.05)
CNN_DROPOUT = CNN_DECAY.but(
    "q07-cnn-dropout",
    "dropout",
    layers=_six(32, 64, 128, block=_convolution_normalised, dropout=0.1),
)
CNN_UNCHANGED = CNN_DECAY.but(
    "q07-cnn-unchanged", "images as they are", bundle=True, augmentation=None
)
CNN_LONGER = CNN_SMOOTHING.but("q07-cnn-longer", "sixteen epochs", epochs=16, outputs=True)

CONVOLUTIONAL = (
    CNN,
    CNN_SCHEDULE,
    CNN_CHANGED,
    CNN_HALF,
    CNN_SIX,
    CNN_NORM,
    CNN_DECAY,
    CNN_AVERAGING,
    CNN_SMOOTHING,
    CNN_DROPOUT,
    CNN_UNCHANGED,
    CNN_LONGER,
)

# What was asked after the test set had been read: whether other sizes suit the dense network
# where the rate falls and images change, whether smoothed labels help it there, whether averaged
# weights help where the rate stays, whether sixteen epochs pay on the images as they are, too,
# whether batch norm and smoothed labels still matter then, and whether it helps to bend images
# besides, or to have twice as many filters.

SIZED_FROM = replace(DENSE_CHANGED, label="hidden: 512, 512", bundle=False)
DENSE_SIZED = {
    hidden: SIZED_FROM.but(
        "q07-dense-changed-" + "-".join(map(str, hidden)),
        "hidden: " + ", ".join(f"{units:,}" for units in hidden),
        bundle=bundle,
        layers=mlp(*hidden, output="softmax"),
    )
    for hidden, bundle in (
        ((128,), True),  # fewer layers, and narrower ones
        ((512,), False),
        ((128, 128), False),
        ((512, 128), False),
        ((128, 128, 128), True),
        ((512, 512, 512), False),
        ((1024,), True),
        ((1024, 256), True),
        ((1024, 1024), False),
        ((1024, 512, 256), True),
    )
}
DENSE_CHANGED_SMOOTHING = DENSE_CHANGED.but(
    "q07-dense-changed-smoothing", "smoothed labels", label_smoothing=0.05
)
CONSTANT_AVERAGING = TWO_512.but(
    "q07-dense-constant-averaging", "averaged weights", averaging=0.999
)
CNN_LONGER_UNCHANGED = CNN_LONGER.but(
    "q07-cnn-longer-unchanged",
    "images as they are",
    bundle=True,
    augmentation=None,
    outputs=False,
)

CNN_LONGER_PLAIN = CNN_LONGER.but(
    "q07-cnn-longer-plain",
    "no batch norm",
    layers=_six(32, 64, 128, block=_convolution),
    outputs=False,
)
CNN_LONGER_HARD = CNN_LONGER.but(
    "q07-cnn-longer-hard", "labels not smoothed", label_smoothing=0.0, outputs=False
)

BENT = replace(CHANGED, elastic=1)
DENSE_BENT = DENSE_DECAY.but(
    "q07-dense-bent", "bent images", augmentation=BENT, outputs=True, tta=True
)
CNN_BENT = CNN_SMOOTHING.but(
    "q07-cnn-bent", "bent images", augmentation=BENT, outputs=True, tta=True
)
CNN_WIDER = CNN_SMOOTHING.but(
    "q07-cnn-wider",
    "twice as many filters",
    layers=_six(64, 128, 256, block=_convolution_normalised),
)

# What had helped other dense networks, and more epochs, put on the first recipe one by one.
DENSE_LONGER_SMOOTHING = DENSE_LONGER.but(
    "q07-dense-longer-smoothing", "smoothed labels", label_smoothing=0.05, outputs=False
)
DENSE_LONGER_WIDER = DENSE_LONGER_SMOOTHING.but(
    "q07-dense-longer-wider", "1,024 neurons a layer", layers=_two(1024, _dense_normalised)
)
DENSE_LONGEST = DENSE_LONGER_WIDER.but(
    "q07-dense-longest", "sixty epochs", epochs=60, outputs=True, tta=True
)

#: Those of the table of sizes, with the two layers of 512 that they are compared with.
SIZED = (SIZED_FROM, *DENSE_SIZED.values())

#: Those of the tables of one change at a time.
DENSE_STEPS = (
    *DENSE,
    DENSE_CHANGED_SMOOTHING,
    CONSTANT_AVERAGING,
    DENSE_BENT,
    DENSE_LONGER_SMOOTHING,
    DENSE_LONGER_WIDER,
    DENSE_LONGEST,
)
CONVOLUTIONAL_STEPS = (
    *CONVOLUTIONAL,
    CNN_LONGER_UNCHANGED,
    CNN_LONGER_PLAIN,
    CNN_LONGER_HARD,
    CNN_BENT,
    CNN_WIDER,
)

#: Among these the two recipes were chosen; the others came when the test set had been read.
FIRST = (*CAPACITY, *DENSE, *CONVOLUTIONAL)
LATER = (
    DENSE_CHANGED_SMOOTHING,
    *DENSE_SIZED.values(),
    CONSTANT_AVERAGING,
    CNN_LONGER_UNCHANGED,
    CNN_LONGER_PLAIN,
    CNN_LONGER_HARD,
    DENSE_BENT,
    CNN_BENT,
    CNN_WIDER,
    DENSE_LONGER_SMOOTHING,
    DENSE_LONGER_WIDER,
    DENSE_LONGEST,
)
ARMS = (*FIRST, *LATER)

#: The same, for the table of sizes.
ARMS_BY_SIZE = tuple(SIZED_FROM if arm is DENSE_CHANGED else arm for arm in ARMS)

#: The arms with the fewest mistakes on held-out images: with dense layers in `FIRST`, with
#: convolutions, and with dense layers of all; claims say so.
CHOSEN = FIRST_DENSE, BEST_CNN, BEST_DENSE = DENSE_LONGER, CNN_LONGER, DENSE_LONGEST


def _final(arm: Arm, name: str, runs: int) -> Experiment:
    """The arm's recipe for all training images, tested on the test set."""
    return replace(arm.experiment, name=name, validation=0, seeds=range(runs))


EARLIER_DENSE = _final(FIRST_DENSE, "q07-final-dense", 10)
EARLIER_CNN = _final(BEST_CNN, "q07-final-cnn", 6)
FINAL_DENSE = _final(BEST_DENSE, "q07-final-dense-wider", 6)

#: Twice the filters, twice the epochs and three views: scouted in another program, not an arm.
FINAL_CNN = replace(
    EARLIER_CNN,
    name="q07-final-cnn-wider",
    layers=_six(64, 128, 256, block=_convolution_normalised),
    epochs=32,
    tta=True,
    seeds=range(5),
)
