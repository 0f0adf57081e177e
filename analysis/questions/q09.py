"""Question 9: a convolutional network on CIFAR-10."""

from dataclasses import replace

import numpy as np

from analysis import cost, excerpts, plots, results, style
from analysis.claims import Claim
from analysis.datasets import DATASETS
from analysis.questions import q08
from analysis.spec import Conv2D, Dense, Flatten, MaxPooling2D, mlp
from analysis.statistics import confusion, paired_interval, t_interval

SHEET = replace(
    q08.SHEET,
    name="q09-cnn",
    layers=(
        Conv2D(32, 3),
        MaxPooling2D(2),
        Conv2D(64, 3),
        MaxPooling2D(2),
        Conv2D(64, 3),
        Flatten(),
        Dense(64),
        Dense(10, "softmax"),
    ),
    seeds=range(10),
)

#: The dense network with as many weights.
SAME_WEIGHTS = replace(
    q08.SHEET, name="q09-dense-040", layers=mlp(40, output="softmax"), seeds=range(10)
)

#: The dense network whose training takes as many multiplications forward.
SAME_COST = q08.BY_SIZE[1536]

EXPERIMENTS = (SHEET, SAME_WEIGHTS, SAME_COST)

_NAMES = DATASETS["cifar10"].categories

#: Images in the gallery.
SHOWN = 20


def _confusion() -> np.ndarray:
    """All ten networks' answers to all test images: int, shape (10, 10)."""
    return confusion(results.load(SHEET).predictions, excerpts.load("cifar10").test_labels)


def _pairs(matrix: np.ndarray) -> list[tuple[float, str, str]]:
    """Share of an actual category that is taken for another, the largest first."""
    shares = matrix / matrix.sum(axis=0)
    return sorted(
        (
            (float(shares[p, a]), _NAMES[a], _NAMES[p])
            for p in range(10)
            for a in range(10)
            if p != a
        ),
        reverse=True,
    )


def all_wrong(predictions: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Numbers of the test images that no network gets right, in rising order."""
    return np.flatnonzero((predictions != labels).all(axis=0))


def numbers() -> dict:
    """What the page cites; see `analysis.questions`."""
    runs, labels = results.load(SHEET), excerpts.load("cifar10").test_labels
    test, train = runs.final("val_accuracy"), runs.final("accuracy")
    after = runs.after("accuracy")
    matrix = _confusion()
    recall = np.diag(matrix) / matrix.sum(axis=0)
    pairs = _pairs(matrix)
    low, high = t_interval(test)
    best_epochs = runs.history("val_accuracy").argmax(axis=1) + 1
    values = {
        "test": float(test.mean()),
        "test_low": low,
        "test_high": high,
        "test_min": float(test.min()),
        "test_max": float(test.max()),
        "train": float(train.mean()),
        "train_min": float(train.min()),
        "train_max": float(train.max()),
        "train_after": float(after.mean()),
        "gap": 100 * float(np.mean(after - test)),
        "fifth_epoch_test": float(runs.history("val_accuracy")[:, 4].mean()),
        "fifth_epoch_train": float(runs.history("accuracy")[:, 4].mean()),
        "best_loss_epoch": int(runs.history("val_loss").mean(axis=0).argmin()) + 1,
        "earliest_best_epoch": int(best_epochs.min()),
        "weights": cost.weights(SHEET),
        "first_weights": cost.layers(SHEET)[0].weights,
        "gflop": cost.flops_per_epoch(SHEET) / 1e9,
        "minutes": runs.seconds / len(runs) / 60,
        "all_wrong": len(all_wrong(runs.predictions, labels)),
        "all_right": int((runs.predictions == labels).all(axis=0).sum()),
        "easiest": _NAMES[int(recall.argmax())],
        "easiest_recall": float(recall.max()),
        "hardest": _NAMES[int(recall.argmin())],
        "hardest_recall": float(recall.min()),
    }
    for i, (share, actual, predicted) in enumerate(pairs[:4], start=1):
        values |= {f"pair{i}_share": share, f"pair{i}": f"{actual} taken for {predicted}"}
    for name, experiment in (("same_weights", SAME_WEIGHTS), ("same_cost", SAME_COST)):
        theirs = results.load(experiment)
        difference = 100 * (test - theirs.final("val_accuracy"))
        low, high = paired_interval(test, theirs.final("val_accuracy"))
        values |= {
            f"{name}_test": float(theirs.final("val_accuracy").mean()),
            f"{name}_train": float(theirs.after("accuracy").mean()),
            f"{name}_gain": float(difference.mean()),
            f"{name}_gain_low": 100 * low,
            f"{name}_gain_high": 100 * high,
            f"{name}_weights": cost.weights(experiment),
            f"{name}_gflop": cost.flops_per_epoch(experiment) / 1e9,
            f"{name}_minutes": theirs.seconds / len(theirs) / 60,
        }
    return values


def claims() -> list[Claim]:
    """What the page states of the results; see `analysis.questions`."""
    runs, labels = results.load(SHEET), excerpts.load("cifar10").test_labels
    test, after = runs.final("val_accuracy"), runs.after("accuracy")
    gains = {
        experiment.name: paired_interval(test, results.load(experiment).final("val_accuracy"))
        for experiment in (SAME_WEIGHTS, SAME_COST)
    }
    pairs = _pairs(_confusion())
    val_loss = runs.history("val_loss").mean(axis=0)
    wrong = all_wrong(runs.predictions, labels)
    chance = np.prod(1 - (runs.predictions == labels).mean(axis=1))
    return [
        Claim(
            "All ten networks learn, and end close together.",
            f"testing accuracy {test.min():.3f} to {test.max():.3f}",
            np.ptp(test) < 0.05 and test.min() > 0.6,
        ),
        Claim(
            "With as many weights a dense network is far worse.",
            f"by {100 * gains[SAME_WEIGHTS.name][0]:.1f} to "
            f"{100 * gains[SAME_WEIGHTS.name][1]:.1f} points",
            gains[SAME_WEIGHTS.name][0] > 0.15,
        ),
        Claim(
            "So is a dense network that costs as much.",
            f"by {100 * gains[SAME_COST.name][0]:.1f} to "
            f"{100 * gains[SAME_COST.name][1]:.1f} points",
            gains[SAME_COST.name][0] > 0.1,
        ),
        Claim(
            "Training and testing part within the ten epochs.",
            f"{100 * np.mean(after - test):.1f} points after the last; mean testing error is "
            f"lowest after epoch {val_loss.argmin() + 1}",
            np.mean(after - test) > 0.03,
        ),
        Claim(
            "Cats and dogs are mixed up most.",
            f"{pairs[0][1]} taken for {pairs[0][2]} {pairs[0][0]:.1%}, {pairs[1][1]} for "
            f"{pairs[1][2]} {pairs[1][0]:.1%}",
            {pairs[0][1], pairs[0][2]} == {"cat", "dog"},
        ),
        Claim(
            "Networks share their mistakes: far more images are missed by all ten than if each "
            "missed its own.",
            f"{len(wrong)} of {len(labels):,}; independent mistakes would leave "
            f"{chance * len(labels):.2f}",
            len(wrong) > 20 * chance * len(labels),
        ),
    ]


def accuracy():
    """The plot asked for: training and testing accuracy of ten runs."""
    runs = results.load(SHEET)
    figure, ax = style.figure()
    ten = np.concatenate([runs.history("accuracy"), runs.history("val_accuracy")])
    colours = style.theme().categories
    plots.run_curves(
        ax,
        ten,
        ["training"] * len(runs) + ["testing"] * len(runs),
        [colours[0]] * len(runs) + [colours[1]] * len(runs),
        "accuracy",
    )
    return figure


def confusion_matrix():
    """All ten networks' confusion matrix over the test images."""
    figure, ax = style.figure(height=5.2)
    plots.confusion(ax, _confusion(), _NAMES)
    ax.tick_params(axis="x", rotation=45)
    return figure


def against_dense():
    """Testing accuracy of the convolutional network and of two dense ones."""
    figure, ax = style.figure()
    groups = {
        "dense, 40 hidden\n(as many weights)": results.load(SAME_WEIGHTS),
        "dense, 1,536 hidden\n(as many multiplications)": results.load(SAME_COST),
        "convolutional": results.load(SHEET),
    }
    colours = style.theme().categories
    plots.strips(
        ax,
        {label: runs.final("val_accuracy") for label, runs in groups.items()},
        [colours[1], colours[1], colours[0]],
        "testing accuracy",
    )
    return figure
