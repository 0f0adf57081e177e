"""The walk-through: one network from its first guess to its confusion matrix."""

import numpy as np

from analysis import excerpts, levels, plots, style
from analysis.claims import Claim, at_least, at_most, exactly, less_than
from analysis.loaded import Results
from analysis.questions import q01
from analysis.results import Runs
from analysis.statistics import confusion

BUILDS_ON = (q01,)

# It is followed on the first of the networks that question 1 trains.
EXPERIMENTS = (q01.SHEET,)


def test_images(results: Results) -> list[int]:
    """The first; see `analysis.questions`."""
    return [0]


def _network(results: Results) -> Runs:
    return results[q01.SHEET].first(1)


def _confusion(results: Results) -> np.ndarray:
    """Its confusion matrix over the test images: int, shape (10, 10)."""
    return confusion(_network(results).predictions[0], results.labels(q01.SHEET))


def _one_silent_accuracy(results: Results) -> np.ndarray:
    """Testing accuracy of question 1's runs with one silent output, not that of 0."""
    runs = results[q01.SHEET]
    return runs.final("val_accuracy")[levels.only_other(runs)]


def _worst_pairs(matrix: np.ndarray) -> list[tuple[int, int, int]]:
    """Predicted, actual and count of each kind of mistake, the most frequent first."""
    mistakes = [(int(n), int(p), int(a)) for (p, a), n in np.ndenumerate(matrix) if p != a]
    return [(predicted, actual, n) for n, predicted, actual in sorted(mistakes, reverse=True)]


def _most_mixed(matrix: np.ndarray) -> list[tuple[int, int]]:
    """Pairs of digits by how often one is taken for the other, either way, most often first."""
    both = matrix + matrix.T
    return sorted(zip(*np.triu_indices(10, 1), strict=True), key=lambda pair: -both[pair])


def numbers(results: Results) -> dict:
    """What the page cites; see `analysis.questions`."""
    run, data = _network(results), results.excerpts["mnist"]
    record = run.records[0]
    before, after = np.array(record["before"]["answer"]), np.array(record["after"]["answer"])
    matrix = _confusion(results)
    pairs = _worst_pairs(matrix)
    label = int(data.train_labels[0])
    accuracy = _one_silent_accuracy(results)
    return {
        "label": label,
        "first_labels": _listed(data.train_labels[: excerpts.TRAINING_IMAGES]),
        "one_hot": " ".join(str(int(value)) for value in np.eye(10)[label]),
        "before_accuracy": record["before"]["val_accuracy"],
        "before_error": record["before"]["val_loss"],
        "before_outputs": _listed(before, ".3f"),
        "before_category": int(before.argmax()),
        "before_largest": float(before.max()),
        "actual": int(data.test_labels[0]),
        "after_outputs": _listed(after, ".3f"),
        "after_category": int(after.argmax()),
        "after_largest": float(after.max()),
        "after_error": float(run.after("loss")[0]),
        "accuracy": float(run.final("accuracy")[0]),
        "error": float(run.final("loss")[0]),
        "val_accuracy": float(run.final("val_accuracy")[0]),
        "val_error": float(run.final("val_loss")[0]),
        "right": int(np.trace(matrix)),
        "right_min": int(np.diag(matrix).min()),
        "right_max": int(np.diag(matrix).max()),
        "wrong": int(matrix.sum() - np.trace(matrix)),
        "first_pair_count": pairs[0][2],
        "first_pair": f"{pairs[0][1]} taken for {pairs[0][0]}",
        "second_pair_count": pairs[1][2],
        "second_pair": f"{pairs[1][1]} taken for {pairs[1][0]}",
        "third_pair_count": pairs[2][2],
        "third_pair": f"{pairs[2][1]} taken for {pairs[2][0]}",
        "mixed_up": "{} and {}".format(*_most_mixed(matrix)[0]),
        "one_silent_min": float(accuracy.min()),
        "one_silent_max": float(accuracy.max()),
    }


def _listed(values, form: str = "") -> str:
    return ", ".join(format(value, form) for value in values.tolist())


def tables(results: Results) -> dict[str, list[list[str]]]:
    """None; see `analysis.questions`."""
    return {}


def claims(results: Results) -> list[Claim]:
    """What the page states of the results; see `analysis.questions`."""
    run, data = _network(results), results.excerpts["mnist"]
    record = run.records[0]
    chance = record["before"]["val_accuracy"]
    guess = int(np.argmax(record["after"]["answer"]))
    matrix = _confusion(results)
    right = np.trace(matrix) / matrix.sum()
    first_mixed, second_mixed = _most_mixed(matrix)[:2]
    both_ways = matrix + matrix.T
    accuracy = _one_silent_accuracy(results)
    return [
        Claim(
            "chance",
            "Before training, the network is right about as often as by chance: one time in ten.",
            at_least("share of the test images", chance, 0.05, ".1%"),
            at_most("share of the test images", chance, 0.15, ".1%"),
        ),
        Claim(
            "first-image",
            "After training, the network names the first test image correctly.",
            exactly("its answer", guess, int(data.test_labels[0])),
        ),
        Claim(
            "testing-better",
            "After each epoch the network does better on the test set than it did on the training "
            "set on average over that epoch.",
            at_least("smallest lead in accuracy", _gains(run, "accuracy").min(), 0.0001, ".4f"),
            at_least("smallest lead in error", (-_gains(run, "loss")).min(), 0.0001, ".4f"),
        ),
        Claim(
            "lag",
            "The trained network has a lower error on the training set than on the test set.",
            less_than("its training error", run.after("loss")[0], run.final("val_loss")[0], ".4f"),
        ),
        Claim(
            "matrix",
            "The confusion matrix and the recorded testing accuracy agree.",
            at_most("difference", abs(right - run.final("val_accuracy")[0]), 1e-6, ".0g"),
        ),
        Claim(
            "mixed-up",
            "The two digits most often taken for each other are {} and {}.".format(*first_mixed),
            at_least(
                "mistakes more than with any other two digits:",
                both_ways[first_mixed] - both_ways[second_mixed],
                1,
            ),
        ),
        Claim(
            "around-85",
            "Runs with exactly one silent output, other than that of 0, get accuracies around 85% "
            "after five epochs.",
            at_least(f"lowest accuracy of {len(accuracy)} such runs", accuracy.min(), 0.82, ".1%"),
            at_most("highest accuracy", accuracy.max(), 0.88, ".1%"),
        ),
    ]


def _gains(run: Runs, name: str) -> np.ndarray:
    """What testing has more than training after each epoch, of one network: shape (epochs,)."""
    return (run.history(f"val_{name}") - run.history(name))[0]


def first_images(results):
    """The first ten training images with their labels."""
    data = results.excerpts["mnist"]
    figure, axes = style.figure(5, 2, height=3.1)
    plots.images(
        axes.flat,
        data.train,
        [str(label) for label in data.train_labels[: excerpts.TRAINING_IMAGES]],
    )
    return figure


def answer(results):
    """The first test image, and the ten outputs for it before and after training."""
    record, data = _network(results).records[0], results.excerpts["mnist"]
    figure, axes = style.figure(3, height=2.3, width_ratios=(0.8, 1, 1))
    actual = int(data.test_labels[0])
    plots.images(axes[:1], data.test_images([0]), [f"test image 1: a {actual}"])
    for ax, moment in zip(axes[1:], ("before", "after"), strict=True):
        plots.ten_outputs(ax, np.array(record[moment]["answer"]))
        ax.set(xticks=range(10), xlabel="output", ylim=(0, 1.05), title=f"{moment} training")
        ax.tick_params(axis="x", length=0)
    axes[1].set_ylabel("value of the output")
    return figure


def learning(results):
    """Accuracy and error over five epochs on both sets."""
    run = _network(results)
    figure, axes = style.figure(2, height=2.8)
    for ax, names, ylabel in (
        (axes[0], ("accuracy", "val_accuracy"), "accuracy"),
        (axes[1], ("loss", "val_loss"), "error (mean squared)"),
    ):
        plots.run_curves(
            ax,
            np.concatenate([run.history(name) for name in names]),
            ["training", "testing"],
            style.theme().categories[:2],
            ylabel,
            seeds=2 * [q01.SHEET.seeds[0]],
        )
    return figure


def confusion_matrix(results):
    """The trained network's confusion matrix over the test images."""
    figure, ax = style.figure(height=4.6)
    plots.confusion(ax, _confusion(results), range(10))
    return figure


def small(results):
    """For the home page: the first test image and the outputs that name it."""
    record, data = _network(results).records[0], results.excerpts["mnist"]
    figure, ax = style.small_figure()
    plots.ten_outputs(ax, np.array(record["after"]["answer"]))
    image = ax.inset_axes((0.02, 0.35, 0.35, 0.62))
    plots.images([image], data.test_images([0]), [""])
    return figure


FIGURES = {
    "walkthrough-first-images": first_images,
    "walkthrough-answer": answer,
    "walkthrough-learning": learning,
    "walkthrough-confusion": confusion_matrix,
    "walkthrough-small": small,
}
