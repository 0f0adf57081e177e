"""Question 7: the best network for MNIST, one change at a time, chosen without the test set."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from analysis import ladder, plots, published, style
from analysis.claims import Claim, above, at_least, at_most, below, undecided
from analysis.datasets import DATASETS
from analysis.ladder import Arm
from analysis.loaded import Results, computed_once
from analysis.questions import q05, q06, q09
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
from analysis.statistics import difference, estimate, vote, votes_of

BUILDS_ON = (q05, q06, q09)

#: Training images that are held out for every choice, the same for all.
HELD_OUT = 10_000

# What the networks that are meant to be good have in common.
FASTER = AdamW(CosineDecay(0.004, rise=0.2), weight_decay=0.05)
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
        seeds=range(5),
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
    seeds=range(6),  # five would take as long on two cores
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
# where the rate falls and images change, whether smoothed labels help it there, and whether a
# longer training pays the convolutional one for its changed images.

SIZED_FROM = replace(DENSE_CHANGED, label="hidden: 512, 512", bundle=False)
DENSE_SIZED = {
    hidden: SIZED_FROM.but(
        "q07-dense-changed-" + "-".join(map(str, hidden)),
        "hidden: " + ", ".join(f"{units:,}" for units in hidden),
        layers=mlp(*hidden, output="softmax"),
    )
    for hidden in (
        (128,),
        (512,),
        (1024,),
        (128, 128),
        (512, 128),
        (1024, 256),
        (1024, 1024),
        (128, 128, 128),
        (512, 512, 512),
        (1024, 512, 256),
    )
}
DENSE_CHANGED_SMOOTHING = DENSE_CHANGED.but(
    "q07-dense-changed-smoothing", "smoothed labels", label_smoothing=0.05
)
CNN_LONGER_UNCHANGED = CNN_LONGER.but(
    "q07-cnn-longer-unchanged",
    "images as they are",
    bundle=True,
    augmentation=None,
    outputs=False,
)

#: Those of the table of sizes, with the two layers of 512 that they are compared with.
SIZED = (SIZED_FROM, *DENSE_SIZED.values())

#: Among these the two recipes were chosen; the others came when the test set had been read.
FIRST = (*CAPACITY, *DENSE, *CONVOLUTIONAL)
LATER = (DENSE_CHANGED_SMOOTHING, CNN_LONGER_UNCHANGED, *DENSE_SIZED.values())
ARMS = (*FIRST, *LATER)

#: The same, for the table of sizes.
ARMS_BY_SIZE = tuple(SIZED_FROM if arm is DENSE_CHANGED else arm for arm in ARMS)

#: What the page cites of which arms, see `ladder.numbers`.
CITED = {
    "accuracy": (ONE_512, DENSE_LONGER),
    "mistakes": (NO_HIDDEN, ONE_32, ONE_1024, DENSE_CHANGED, DENSE_LONGER, CNN, CNN_LONGER),
    "seconds": (DENSE_SCHEDULE, DENSE_HALF),
    "fewer": (ONE_32, CNN_NORM),
    "gain": (
        ONE_32,
        ONE_1024,
        TWO_512,
        DENSE_SCHEDULE,
        DENSE_DROPOUT,
        DENSE_NORM,
        DENSE_SMOOTHING,
        DENSE_SHIFTED,
        DENSE_CHANGED,
        DENSE_CHANGED_NORM,
        DENSE_DECAY,
        DENSE_LONGER,
        DENSE_CHANGED_SMOOTHING,
        CNN_SIX,
        CNN_NORM,
        CNN_DECAY,
        CNN_AVERAGING,
        CNN_SMOOTHING,
        CNN_DROPOUT,
        CNN_LONGER,
        CNN_LONGER_UNCHANGED,
    ),
}

#: The arms with the fewest mistakes on held-out images, of each kind in `FIRST`; a claim says so.
CHOSEN = BEST_DENSE, BEST_CNN = DENSE_LONGER, CNN_LONGER


def _final(arm: Arm, name: str) -> Experiment:
    """The arm's recipe for all training images, tested on the test set."""
    return replace(arm.experiment, name=name, validation=0)


FINAL_DENSE = _final(BEST_DENSE, "q07-final-dense")
FINAL_CNN = _final(BEST_CNN, "q07-final-cnn")

EXPERIMENTS = (
    *(arm.experiment for arm in ARMS),
    FINAL_DENSE,
    FINAL_CNN,
)

_FINALS = {"dense layers only": FINAL_DENSE, "convolutional": FINAL_CNN}

TESTED = DATASETS["mnist"].shapes["y_test"][0]

#: Images in a row of the gallery.
COLUMNS = 6


def _mistakes(results: Results, experiment: Experiment) -> np.ndarray:
    """Images that each run gets wrong: int, shape (runs,)."""
    return (results[experiment].predictions != results.labels(experiment)).sum(axis=1)


@computed_once
def _missed(results: Results, experiment: Experiment) -> np.ndarray:
    """Places of the images that the vote of all runs gets wrong."""
    return np.flatnonzero(vote(results[experiment].outputs) != results.labels(experiment))


def test_images(results: Results) -> np.ndarray:
    """Those of the gallery; see `analysis.questions`."""
    return _missed(results, FINAL_CNN)


def _voted(results: Results, experiment: Experiment) -> int:
    """Images that the vote of all runs gets wrong."""
    return len(_missed(results, experiment))


def _right(results: Results, experiment: Experiment) -> np.ndarray:
    """Whether each run is right on each image: bool, shape (runs, images)."""
    return results[experiment].predictions == results.labels(experiment)


def _saved_by_vote(results: Results, experiment: Experiment) -> np.ndarray:
    """Of each image, the share of runs that are wrong on it, less the vote if it is: (images,)."""
    right = _right(results, experiment)
    voted = np.ones(right.shape[1])
    voted[_missed(results, experiment)] = 0
    return voted - right.mean(axis=0)


def numbers(results: Results) -> dict:
    """What the page cites; see `analysis.questions`."""
    labels, final = results.labels(FINAL_CNN), results[FINAL_CNN]
    left = _missed(results, FINAL_CNN)
    shown = [place for place in left if place in published.READERS]
    doubtful = {place for place, n in published.READERS.items() if n < published.MOST}
    values = ladder.numbers(results, CITED) | {
        "arms": len(ARMS),
        "later": len(LATER),
        "networks": sum(len(experiment.seeds) for experiment in EXPERIMENTS),
        "core_hours": math.fsum(results[experiment].seconds for experiment in EXPERIMENTS) / 3600,
        "held_out": HELD_OUT,
        "by_heart": min(results[arm.experiment].after("accuracy").mean() for arm in LARGE),
        "dense_changed_all_gain": ladder.over(results, DENSE_CHANGED, DENSE_HALF).mean,
        "unchanged_known": float(results[CNN_UNCHANGED.experiment].after("accuracy").mean()),
        "changed_known": float(results[CNN_DECAY.experiment].after("accuracy").mean()),
        "remaining": len(ladder.remaining(results, ARMS)),
        "compared": sum(arm.base is not None for arm in ARMS),
        "teraflops_of_published": ladder.teraflops(FINAL_CNN) / published.DEOTTE.teraflops,
        "published_times": published.AN.teraflops
        / (len(FINAL_CNN.seeds) * ladder.teraflops(FINAL_CNN)),
        "published_mistakes": TESTED * (1 - published.DEOTTE.accuracy),
        "published_images": published.DEOTTE_IMAGES,
        "published_vote": published.AN.accuracy,
        "published_best": published.AN_BEST,
        "final_cnn_runs": len(final),
        "final_cnn_vote": 1 - len(left) / TESTED,
        "final_cnn_vote_mistakes": len(left),
        "final_cnn_minutes": final.seconds / len(final) / 60,
        "left": len(left),
        "left_unanimous": int((final.predictions[:, left] != labels[left]).all(axis=0).sum()),
        "left_shown": len(shown),
        "left_doubtful": len(doubtful.intersection(shown)),
        "left_readable": len(shown) - len(doubtful.intersection(shown)),
        "left_unread": len(left) - len(shown),
        "doubtful": len(doubtful),
        "doubtful_right": len(doubtful.difference(left)),
    }
    for name, arm, experiment in (
        ("dense", BEST_DENSE, FINAL_DENSE),
        ("cnn", BEST_CNN, FINAL_CNN),
    ):
        values |= {
            f"held_out_{name}_vote_mistakes": _voted(results, arm.experiment),
            f"final_{name}_accuracy": float(results[experiment].final("val_accuracy").mean()),
            f"final_{name}_mistakes": float(_mistakes(results, experiment).mean()),
        }
    return values


def tables(results: Results) -> dict[str, list[list[str]]]:
    """A row an arm, and two for each final network; see `analysis.questions`."""
    return {
        "capacity": ladder.rows(results, CAPACITY, ARMS),
        "dense": ladder.rows(results, DENSE, ARMS),
        "convolutional": ladder.rows(results, CONVOLUTIONAL, ARMS),
        "later": ladder.rows(results, (DENSE_CHANGED_SMOOTHING, CNN_LONGER_UNCHANGED), ARMS),
        "sized": ladder.rows(results, SIZED, ARMS_BY_SIZE),
        "final": _final_rows(results),
    }


def _final_rows(results: Results) -> list[list[str]]:
    rows = [["network", *ladder.TESTED]]
    for name, experiment in _FINALS.items():
        runs, labels = results[experiment], results.labels(experiment)
        rows += [
            [
                f"{name}, mean of {len(runs)} runs",
                *ladder.tested(_right(results, experiment)),
            ],
            [
                f"{name}, vote of all {len(runs)}",
                *ladder.tested(vote(runs.outputs) == labels),
            ],
        ]
    return rows


def claims(results: Results) -> list[Claim]:
    """What the page states of the results; see `analysis.questions`."""
    plain, changed = (results[arm.experiment] for arm in (DENSE_HALF, DENSE_CHANGED))
    recipes = {
        "dense, held out": BEST_DENSE.experiment,
        "convolutional, held out": BEST_CNN.experiment,
        "dense, test set": FINAL_DENSE,
        "convolutional, test set": FINAL_CNN,
    }
    dense, cnn = (_mistakes(results, experiment) for experiment in (FINAL_DENSE, FINAL_CNN))
    ours = estimate(cnn)
    gains = {arm: ladder.gain(results, arm) for arm in ARMS if arm.base}
    helping = [arm for arm, gain in gains.items() if gain.low > 0]
    halfway = [_held_out_mistakes(results, arm)[:, 2] for arm in (CNN_DECAY, CNN_AVERAGING)]
    return [
        Claim(
            "tested",
            f"On the test set the convolutional networks make {cnn.mean():.1f} mistakes on "
            f"average, those with dense layers only {dense.mean():.1f}.",
            below("mistakes more", difference(cnn, dense), form="+.1f"),
        ),
        Claim(
            "chosen",
            "Of all settings that were tried first, the two recipes that the test set was read "
            "with have the fewest mistakes on held-out images: one of the convolutional ones, one "
            "of those with dense layers only.",
            *(
                at_most(
                    f"mistakes of {arm.label!r}",
                    ladder.mistakes(results, arm).mean(),
                    min(ladder.mistakes(results, other).mean() for other in arms if other != arm),
                    ".1f",
                )
                for arm, arms in (
                    (BEST_DENSE, (*CAPACITY, *DENSE)),
                    (BEST_CNN, FIRST),
                )
            ),
        ),
        Claim(
            "first-layer",
            "No other change gains as much as a first hidden layer.",
            at_least(
                "points gained, the lower end of the interval,",
                gains[ONE_32].low,
                max(gain.high for arm, gain in gains.items() if arm is not ONE_32),
                ".2f",
            ),
        ),
        ladder.helping(
            results,
            ARMS,
            "width",
            "In one hidden layer 128 neurons are better than 32, and 512 better than 128.",
            ONE_128,
            ONE_512,
        ),
        ladder.in_doubt(
            results,
            ARMS,
            "width-ends",
            "1,024 neurons cannot be told from 512.",
            ONE_1024,
        ),
        Claim(
            "depth",
            "At a constant rate, on the images as they are, two, three and four layers of 512 are "
            "each worse than one.",
            *(
                below(arm.label, ladder.over(results, arm, ONE_512))
                for arm in (TWO_512, THREE_512, FOUR_512)
            ),
        ),
        ladder.helping(
            results,
            ARMS,
            "dense",
            "With two layers of 512, changed images help (shifted ones, and turning, scaling and "
            "shearing them as well), and so do a learning rate that falls to zero, smoothed "
            "labels, batch norm and dropout.",
            DENSE_SHIFTED,
            DENSE_CHANGED,
            DENSE_SCHEDULE,
            DENSE_SMOOTHING,
            DENSE_NORM,
            DENSE_DROPOUT,
        ),
        Claim(
            "changed-most",
            "Changed images gain the dense network more than dropout, batch norm, smoothed labels "
            "or averaged weights.",
            *(
                above(f"over {arm.label}", ladder.over(results, DENSE_CHANGED, arm))
                for arm in (DENSE_DROPOUT, DENSE_NORM, DENSE_SMOOTHING, DENSE_AVERAGING)
            ),
        ),
        Claim(
            "by-heart",
            "Without changes the dense networks know their training images by heart; with changed "
            "images they are right on fewer of those than of the held-out ones.",
            at_least(
                "without, smallest training accuracy in the last epoch",
                plain.final("accuracy").min(),
                0.999,
                ".2%",
            ),
            below(
                "with, points over held-out images",
                difference(changed.final("accuracy"), changed.final("val_accuracy")).times(100),
            ),
        ),
        ladder.helping(
            results,
            ARMS,
            "dense-more",
            "With changed images batch norm helps the dense network, and so do a larger rate with "
            "weight decay and more epochs.",
            DENSE_CHANGED_NORM,
            DENSE_DECAY,
            DENSE_LONGER,
        ),
        Claim(
            "cnn-small",
            "Question 9's network is better after six epochs than the best dense one after twenty "
            "on the images as they are.",
            above("points", ladder.over(results, CNN, DENSE_SMOOTHING)),
        ),
        ladder.helping(
            results,
            ARMS,
            "cnn",
            "Six convolutions in place of three help the convolutional network, then batch norm, "
            "then smoothed labels.",
            CNN_SIX,
            CNN_NORM,
            CNN_SMOOTHING,
        ),
        ladder.in_doubt(
            results,
            ARMS,
            "cnn-doubt",
            "For the convolutional networks a rate that falls, changed images, four times the "
            "rate with weight decay, averaged weights, dropout and ten epochs more bring nothing "
            "that can be told from chance; nor can it be told in six epochs whether the larger "
            "one needs the changed images.",
            CNN_SCHEDULE,
            CNN_CHANGED,
            CNN_DECAY,
            CNN_AVERAGING,
            CNN_DROPOUT,
            CNN_UNCHANGED,
            CNN_LONGER,
        ),
        Claim(
            "halfway",
            "After the third of six epochs averaged weights are better than the weights "
            "themselves.",
            above("mistakes fewer", difference(*halfway), form="+.0f"),
        ),
        ladder.in_doubt(
            results,
            ARMS,
            "half",
            "Products of 16-bit numbers cannot be told from whole ones.",
            DENSE_HALF,
            CNN_HALF,
        ),
        Claim(
            "vote",
            "A vote makes fewer mistakes than any one of its members, on held-out images and on "
            "the test set.",
            *(
                at_most(
                    f"{name}: mistakes of the vote",
                    _voted(results, experiment),
                    int(_mistakes(results, experiment).min()) - 1,
                )
                for name, experiment in recipes.items()
            ),
        ),
        Claim(
            "vote-images",
            "On the test set the dense networks' vote makes fewer mistakes than its members do on "
            "average, also if other images are allowed for; of the convolutional networks' vote "
            "that cannot be told.",
            *(
                criterion(
                    f"{name}: mistakes fewer",
                    estimate(_saved_by_vote(results, experiment)).times(TESTED),
                    form="+.1f",
                )
                for criterion, (name, experiment) in zip(
                    (above, undecided), _FINALS.items(), strict=True
                )
            ),
        ),
        Claim(
            "published",
            "The convolutional networks make fewer mistakes than the published mean of networks "
            "of this kind.",
            below(
                "mistakes",
                ours,
                TESTED * (1 - published.DEOTTE.accuracy),
                form=".1f",
            ),
        ),
        ladder.withstanding(
            results,
            ARMS,
            "holm",
            "With Holm's correction for all comparisons of this page a difference remains for the "
            "first three steps of width, for the second layer of 512, for the dense network's "
            "falling rate, batch norm, smoothed labels, shifted images and larger rate with decay, "
            "and for six convolutions and their batch norm.",
            *(ONE_32, ONE_128, ONE_512, TWO_512),
            *(DENSE_SCHEDULE, DENSE_NORM, DENSE_SMOOTHING, DENSE_SHIFTED, DENSE_DECAY),
            *(CNN_SIX, CNN_NORM),
        ),
        Claim(
            "images",
            "All gains that help by other seeds are also above zero by other images, but for batch "
            "norm with changed images.",
            undecided(
                f"{DENSE_CHANGED_NORM.label}, by images",
                ladder.gain_by_images(results, DENSE_CHANGED_NORM),
            ),
            at_least(
                "of all others the lowest end of an interval by images",
                min(
                    ladder.gain_by_images(results, arm).low
                    for arm in helping
                    if arm is not DENSE_CHANGED_NORM
                ),
                0,
                "+.3f",
            ),
        ),
        *_later_claims(results),
    ]


def _later_claims(results: Results) -> list[Claim]:
    """Of the arms that were trained when the test set had been read."""
    return [
        ladder.helping(
            results,
            ARMS,
            "changed-smoothing",
            "Smoothed labels help the dense network with changed images, too.",
            DENSE_CHANGED_SMOOTHING,
        ),
        ladder.harming(
            results,
            ARMS,
            "changed-pay",
            "In sixteen epochs the convolutional network is worse without changed images.",
            CNN_LONGER_UNCHANGED,
        ),
    ]


def _held_out_mistakes(results: Results, arm: Arm) -> np.ndarray:
    """Mistakes on held-out images after each epoch: float, shape (runs, epochs)."""
    return HELD_OUT * (1 - results[arm.experiment].history("val_accuracy"))


def capacity(results):
    """Mistakes on held-out images by number and width of layers."""
    return ladder.mistakes_figure(results, CAPACITY, ARMS)


def sized(results):
    """Mistakes on held-out images by layers, with a falling rate and changed images."""
    return ladder.mistakes_figure(results, SIZED, ARMS_BY_SIZE)


def dense(results):
    """Mistakes on held-out images of dense networks, one change a row."""
    return ladder.mistakes_figure(results, DENSE, ARMS, ladder.dead_ends(FIRST, CHOSEN))


def convolutional(results):
    """Mistakes on held-out images of convolutional networks, one change a row."""
    return ladder.mistakes_figure(results, CONVOLUTIONAL, ARMS, ladder.dead_ends(FIRST, CHOSEN))


def overfitting(results):
    """Mistakes in training and on held-out images by epoch, plain, with dropout, and changed."""
    arms = (DENSE_HALF, DENSE_DROPOUT, DENSE_CHANGED)
    titles = ("nothing added", "dropout", "changed images")
    figure, axes = style.figure(3, height=3.0, sharey=True)
    colours = style.theme().categories[:2]
    for ax, arm, title in zip(axes, arms, titles, strict=True):
        runs = results[arm.experiment]
        for name, colour in zip(("accuracy", "val_accuracy"), colours, strict=True):
            for curve in 100 * (1 - runs.history(name)):
                epochs = range(1, len(curve) + 1)
                ax.plot(epochs, np.maximum(curve, 0.001), color=colour, alpha=0.6, lw=1)
        ax.set(xlabel="epoch", yscale="log", title=title, ylim=(0.001, 20))
    axes[0].set_ylabel("mistakes (%)")
    style.plain_ticks(axes[0].yaxis, digits=(1,))
    for text, place, colour in zip(
        ("training", "held out"), [(0.6, 0.1), (0.55, 0.8)], colours, strict=True
    ):
        axes[0].annotate(text, place, xycoords="axes fraction", color=colour, fontsize=8.5)
    return figure


def averaging(results):
    """Mistakes on held-out images by epoch, of the weights and of their running average."""
    figure, ax = style.figure(height=3.0)
    arms = (CNN_DECAY, CNN_AVERAGING)
    curves = [_held_out_mistakes(results, arm) for arm in arms]
    labels = np.repeat(["the weights", "their average"], list(map(len, curves)))
    colours = np.repeat(style.theme().categories[:2], list(map(len, curves)))
    plots.run_curves(
        ax, np.concatenate(curves), labels, colours, f"mistakes on {HELD_OUT:,} held-out images"
    )
    ax.set_yscale("log")
    style.plain_ticks(ax.yaxis)
    return figure


@computed_once
def _mistakes_of_votes(results: Results, experiment: Experiment) -> dict[int, list[int]]:
    """Images that each choice of networks gets wrong by vote, by how many vote."""
    outputs, labels = results[experiment].outputs, results.labels(experiment)
    return {
        size: [int((answer != labels).sum()) for answer in votes_of(size, outputs)]
        for size in range(1, len(outputs) + 1)
    }


def voting(results):
    """Mistakes on the test set by the number of networks that vote."""
    figure, axes = style.figure(2, height=3.0, sharey=True)
    for ax, (title, experiment) in zip(axes, _FINALS.items(), strict=True):
        by_size = _mistakes_of_votes(results, experiment)
        sizes, colour = list(by_size), style.theme().categories[0]
        for size, wrong in by_size.items():
            ax.scatter([size] * len(wrong), wrong, s=9, c=colour, alpha=0.3, lw=0)
        ax.plot(sizes, [np.mean(wrong) for wrong in by_size.values()], color=colour)
        ax.set(xlabel="networks that vote", title=title, xticks=sizes)
    axes[0].set_ylim(0, None)
    axes[0].set_ylabel(f"mistakes on {TESTED:,} test images")
    return figure


def against_cost(results):
    """Mistakes on the test set by arithmetic and by weights, ours and published ones."""
    ours = []
    for size in (8, 32, 256):
        accuracy = results[q06.BY_SIZE[size]].final("val_accuracy").mean()
        ours.append(published.point(f"question 6: {size}", accuracy, q06.BY_SIZE[size]))
    for (label, experiment), vote_at in zip(_FINALS.items(), [(1, 1), (0, -1)], strict=True):
        runs, voted = results[experiment], 1 - _voted(results, experiment) / TESTED
        accuracy = runs.final("val_accuracy").mean()
        ours += [
            published.point(label, accuracy, experiment, (-1, 0)),
            published.point(f"{label}: vote of {len(runs)}", voted, experiment, vote_at, len(runs)),
        ]
    return published.against_cost(ours, published.MNIST, TESTED)


def gallery(results):
    """Test images that the vote gets wrong: label, answer with its certainty, and readers."""
    data, outputs = results.excerpts["mnist"], results[FINAL_CNN].outputs.mean(axis=0)
    places = test_images(results)
    rows = -(-len(places) // COLUMNS)
    figure, axes = style.figure(COLUMNS, rows, height=1.65 * rows)
    titles = [f"{label}" for label in data.test_labels[places]]
    shown = axes.flat[: len(places)]
    plots.images(shown, data.test_images(places), titles)
    for ax, place in zip(shown, places, strict=True):
        answer = int(outputs[place].argmax())
        text = f"{answer}, {outputs[place, answer]:.0%} sure"
        if place in published.READERS:
            text += f"\nread by {published.READERS[place]} of 5"
        ax.set_xlabel(text, fontsize=7.5, linespacing=1.25)
    for ax in axes.flat[len(places) :]:
        ax.set_axis_off()
    return figure


def small(results):
    """For the home page: mistakes on held-out images, arm by arm."""
    return ladder.small_figure(results, ARMS)


FIGURES = {
    "q07-capacity": capacity,
    "q07-sized": sized,
    "q07-dense": dense,
    "q07-convolutional": convolutional,
    "q07-overfitting": overfitting,
    "q07-averaging": averaging,
    "q07-voting": voting,
    "q07-against-cost": against_cost,
    "q07-gallery": gallery,
    "q07-small": small,
}
