"""The settings that question 10 compares, and the networks that it reads the test set with."""

from dataclasses import replace

from analysis.datasets import CIFAR10_DEVIATION, CIFAR10_MEAN
from analysis.ladder import Arm
from analysis.questions import q09
from analysis.spec import (
    SGD,
    Activation,
    Adam,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    FlipAndShift,
    LinearDecay,
    Lookahead,
    MaxPooling2D,
    Muon,
    Normalization,
    Rescaling,
    Whitening,
)

BUILDS_ON = (q09,)

#: Training images that are held out for every choice, the same for all.
HELD_OUT = 5_000

# Means and variances of the three colours of the training images, from 0 to 1.
STANDARDISED = Normalization(
    mean=CIFAR10_MEAN, variance=tuple(deviation**2 for deviation in CIFAR10_DEVIATION)
)

#: Filters in each of three pairs: of most arms, of the final network and of the large one.
NARROW, WIDE, WIDEST = (32, 128, 128), (64, 256, 256), (128, 384, 384)


def _network(
    widths: tuple[int, ...] = NARROW,
    norm: BatchNormalization | None = None,
    activation: str = "relu",
    first: tuple = (),
    kernel: str = "glorot_uniform",
    last: tuple = (),
) -> tuple:
    """Three pairs of convolutions, each pooled after its first, and max pooling in the end.

    Parameters
    ----------
    widths : tuple of int
        Filters of the pairs' convolutions.
    norm : BatchNormalization or None
        After each convolution; its shift is in place of a bias.
    activation : str
    first, last : tuple
        Layers before the pairs and before the ten outputs.
    kernel : str
        How the convolutions' kernels are initialised.
    """

    def convolution(filters):
        return Conv2D(filters, 3, "linear", "same", norm is None, kernel)

    after = ((norm,) if norm else ()) + (Activation(activation),)
    pairs = []
    for filters in widths:
        pairs += [convolution(filters), MaxPooling2D(2), *after, convolution(filters), *after]
    left = 3 if first else 4  # pixels across a map: a whitening takes one of 32
    return (
        STANDARDISED,
        *first,
        *pairs,
        MaxPooling2D(left),
        Flatten(),
        *last,
        Dense(10, "softmax", use_bias=norm is None),
    )


#: Images a step of stochastic gradient descent, and in Jordan's recipe; his epochs for 94%.
BATCH = 512
JORDANS_BATCH, JORDANS_EPOCHS = 1024, 9.9


def _sgd(share: float = 1.0, weight_decay: float = 0.0089) -> SGD:
    """Jordan's optimizer with a share of his rate.

    His rate, 11.5 / (1 + 1 / (1 - 0.85)) / 1024 = 1.5 / 1024, is for the sum of a batch's losses,
    ours for their mean. His weight decay is part of the gradient and goes through the momentum,
    Keras's does not, so his is divided by 1 - 0.85, which has the same effect.
    """
    rate = _rising_and_falling(share * 1.5 * BATCH / JORDANS_BATCH)
    return SGD(rate, momentum=0.85, nesterov=True, weight_decay=weight_decay)


def _muon(share: float) -> Muon:
    """Muon with a share of Jordan's rate; for all else the recipe's optimizer, without decay.

    His rate with Muon, 0.24, is for batches of 2,000. The gradients' size does not change that
    of a step, so smaller batches, which are more steps, may ask for a smaller rate.
    """
    return Muon(_rising_and_falling(share * 0.24), momentum=0.6, others=_sgd(weight_decay=0.0))


def _rising_and_falling(peak: float) -> LinearDecay:
    return LinearDecay(peak, warmup=0.23, first=0.2, last=0.07)


_NORM = BatchNormalization(0.6)
_FAST_SHIFTS = BatchNormalization(0.6, scale=False, shift_rate=64)

SHEETS = Arm(
    "question 9's network",
    replace(
        q09.SHEET, name="q10-cnn", epochs=5, seeds=range(8), validation=HELD_OUT, activity=False
    ),
)
HALF = SHEETS.but("q10-half", "products of 16-bit numbers", precision="mixed_bfloat16")
SIX = HALF.but("q10-six", "six convolutions", bundle=True, layers=_network())
NORM = SIX.but("q10-norm", "batch norm", bundle=True, layers=_network(norm=_NORM))
SCHEDULE = NORM.but(
    "q10-schedule",
    "rate rises and falls",
    bundle=True,
    optimizer=Adam(_rising_and_falling(0.002)),
)
FLIPPED = SCHEDULE.but("q10-flipped", "a random half mirrored", augmentation=FlipAndShift("random"))
SHIFTED = FLIPPED.but("q10-shifted", "shifted images", augmentation=FlipAndShift("random", 2))
ALTERNATING = SHIFTED.but(
    "q10-alternating",
    "mirrored in turn",
    augmentation=FlipAndShift("alternating", 2),
)
TOO_FAST = ALTERNATING.but(
    "q10-too-fast",
    "momentum, Jordan's rate",
    bundle=True,
    optimizer=_sgd(),
    batch_size=BATCH,
)
MOMENTUM = ALTERNATING.but(
    "q10-momentum",
    "momentum, a fifth of the rate",
    bundle=True,
    optimizer=_sgd(1 / 5),
    batch_size=BATCH,
)
SMOOTHING = MOMENTUM.but("q10-smoothing", "smoothed labels", label_smoothing=0.2)
GELU = SMOOTHING.but(
    "q10-gelu", "GELU in place of ReLU", layers=_network(norm=_NORM, activation="gelu")
)
_WHITENED = {"activation": "gelu", "first": (Whitening(2), Activation("gelu"))}
WHITENING = GELU.but(
    "q10-whitening",
    "whitening",
    bundle=True,  # it brings a GELU, more maps, and another size of the last pooling
    layers=_network(norm=_NORM, **_WHITENED),
)
_FROM_IDENTITY = {**_WHITENED, "kernel": "identity"}
IDENTITY = WHITENING.but(
    "q10-identity",
    "begins as the identity",
    layers=_network(norm=_NORM, **_FROM_IDENTITY),
)
_SCALED = {**_FROM_IDENTITY, "last": (Rescaling(1 / 9),)}
SCALED = IDENTITY.but(
    "q10-scaled", "logits a ninth as large", layers=_network(norm=_NORM, **_SCALED)
)


def _layers(**changes) -> tuple:
    """The whole recipe's, with changes to what `_network` is given."""
    return _network(**{"norm": _FAST_SHIFTS, **_SCALED, **changes})


FASTER = SCALED.but(
    "q10-faster",
    "five times the rate",
    bundle=True,  # weight decay takes its share times the rate, so five times as much a step
    optimizer=_sgd(),
)
FAST_SHIFTS = FASTER.but(
    "q10-fast-shifts",
    "batch norm: fast shifts",
    bundle=True,
    layers=_layers(),
)
LOOKAHEAD = FAST_SHIFTS.but(
    "q10-lookahead",
    "lookahead: the whole recipe",
    averaging=Lookahead(),
    outputs=True,
    tta=True,
)
WIDER = LOOKAHEAD.but("q10-wide", "twice as many filters", layers=_layers(widths=WIDE))

STEPS = (
    SHEETS,
    HALF,
    SIX,
    NORM,
    SCHEDULE,
    FLIPPED,
    SHIFTED,
    ALTERNATING,
    TOO_FAST,
    MOMENTUM,
    SMOOTHING,
    GELU,
    WHITENING,
    IDENTITY,
    SCALED,
    FASTER,
    FAST_SHIFTS,
    LOOKAHEAD,
    WIDER,
)


def _recipe_but(name: str, label: str, *, bundle: bool = False, **changes) -> Arm:
    """The whole recipe but for one change."""
    return LOOKAHEAD.but(f"q10-{name}", label, bundle=bundle, outputs=False, tta=False, **changes)


UNWHITENED = _recipe_but("unwhitened", "no whitening", bundle=True, layers=_layers(first=()))
UNCHANGED = _recipe_but("unchanged", "images as they are", bundle=True, augmentation=None)
GLOROT = _recipe_but("glorot", "begins at random", layers=_layers(kernel="glorot_uniform"))
HARD = _recipe_but("hard", "labels not smoothed", label_smoothing=0.0)
RELU = _recipe_but(
    "relu",
    "ReLU in place of GELU",
    layers=_layers(activation="relu", first=(Whitening(2), Activation("relu"))),
)
UNSCALED = _recipe_but("unscaled", "logits not made smaller", layers=_layers(last=()))
ADAM = _recipe_but(
    "adam",
    "Adam, batches of 32",
    bundle=True,
    optimizer=SCHEDULE.experiment.optimizer,
    batch_size=SCHEDULE.experiment.batch_size,
)

# Later it was asked whether the recipe misses its weight decay, whether it can do without all that
# it does not miss part by part, and whether what others use would add to it.
UNDECAYED = _recipe_but("undecayed", "no weight decay", optimizer=_sgd(weight_decay=0.0))
PLAINER = _recipe_but(
    "plainer",
    "these three at once",
    bundle=True,
    layers=_layers(
        activation="relu", first=(Whitening(2), Activation("relu")), kernel="glorot_uniform"
    ),
    label_smoothing=0.0,
)
DROPOUT = _recipe_but("dropout", "dropout", layers=_layers(last=(Dropout(0.2), Rescaling(1 / 9))))
CUTOUT = _recipe_but("cutout", "cutout", augmentation=FlipAndShift("alternating", 2, cutout=8))
MIXUP = _recipe_but("mixup", "mixup", mixup=0.2)
MUON, MUON_TWICE, MUON_HALF = (
    _recipe_but(name, label, bundle=True, optimizer=_muon(share))
    for name, label, share in (
        ("muon", "Muon for convolutions", 1 / 2),
        ("muon-twice", "Muon, twice this rate", 1),
        ("muon-half", "Muon, half this rate", 1 / 4),
    )
)

#: Parts of the recipe that were taken out of it again, each by itself and then some together.
WITHOUT = (UNSCALED, UNWHITENED, UNDECAYED, UNCHANGED, ADAM, GLOROT, HARD, RELU, PLAINER)

#: What the recipe does not have, put into it.
ADDED = (DROPOUT, CUTOUT, MIXUP, MUON, MUON_TWICE, MUON_HALF)

# Whether changed images gain more, cutout does less harm, and the smaller logits are missed less,
# where the recipe has the final network's epochs.
LONGER = LOOKAHEAD.but("q10-longer", "twelve epochs", epochs=12)


def _longer_but(name: str, like: Arm) -> Arm:
    """Twelve epochs of the whole recipe, with the images and the layers of another arm."""
    return LONGER.but(
        f"q10-longer-{name}",
        f"{like.label}, twelve epochs",
        bundle=like.bundle,
        augmentation=like.experiment.augmentation,
        layers=like.experiment.layers,
        outputs=False,
        tta=False,
    )


LONGER_UNCHANGED = _longer_but("unchanged", UNCHANGED)
LONGER_CUTOUT = _longer_but("cutout", CUTOUT)
LONGER_UNSCALED = _longer_but("unscaled", UNSCALED)

#: The whole recipe for twelve epochs, and the same but for one change.
AT_TWELVE = (LONGER, LONGER_UNSCALED, LONGER_UNCHANGED, LONGER_CUTOUT)

# And what of the first bundles standardised inputs and batch norm do by themselves.
STANDARDISED_ALONE = HALF.but(
    "q10-standardised", "standardised inputs", layers=(STANDARDISED, *q09.SHEET.layers)
)
NORM_ALONE = HALF.but(
    "q10-norm-alone",
    "batch norm",
    layers=tuple(
        part
        for layer in q09.SHEET.layers
        for part in (
            (replace(layer, activation="linear", use_bias=False), _NORM, Activation("relu"))
            if isinstance(layer, Conv2D)
            else (layer,)
        )
    ),
)
ALONE = (STANDARDISED_ALONE, NORM_ALONE)

ARMS = (*STEPS, *ALONE, *WITHOUT, *ADDED, *AT_TWELVE)

#: The best setting, for all training images and tested on the test set.
FINAL = replace(WIDER.experiment, name="q10-final", validation=0, epochs=12, seeds=range(6))

#: The same with half the filters, for a third size.
SMALL = replace(LONGER.experiment, name="q10-small", validation=0, seeds=range(4))

#: Jordan's recipe for 95%: more filters, and a rate of 10 for 11.5 with as much decay a step.
LARGE = replace(
    FINAL,
    name="q10-large",
    layers=_layers(widths=WIDEST),
    optimizer=_sgd(10 / 11.5, weight_decay=0.0102),
    epochs=18,
    seeds=range(4),
)

#: The same with Muon, for fewer epochs, to cost no more.
LARGE_MUON = replace(
    LARGE, name="q10-large-muon", optimizer=_muon(1 / 2), epochs=16, seeds=range(2)
)
