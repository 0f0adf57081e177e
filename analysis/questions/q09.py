"""Question 9: a convolutional network on CIFAR-10."""

from dataclasses import replace

import numpy as np

from analysis import cost, forms, levels, plots, style
from analysis.claims import Claim
from analysis.datasets import DATASETS
from analysis.excerpts import Excerpt
from analysis.loaded import Results
from analysis.questions import q08
from analysis.spec import Conv2D, Dense, Experiment, Flatten, MaxPooling2D, mlp
from analysis.statistics import confusion, t_interval

BUILDS_ON = (q08,)

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

#: The dense network with as many multiplications forward.
SAME_COST = q08.BY_SIZE[1536]

CENTRED = replace(SHEET, name="q09-centred", layers=(q08.CENTRED.layers[0], *SHEET.layers))

SAME_ORDER_EACH_EPOCH = replace(SHEET, name="q09-not-reshuffled", reshuffle=False)

# All dense sizes, for the figure of accuracy against cost.
EXPERIMENTS = (
    SHEET,
    SAME_WEIGHTS,
    *q08.BY_SIZE.values(),
    *q08.CENTRED_BY_SIZE.values(),
    CENTRED,
    SAME_ORDER_EACH_EPOCH,
)

_NAMES = DATASETS["cifar10"].categories

_ANIMALS = np.isin(_NAMES, ("bird", "cat", "deer", "dog", "frog", "horse"))

#: Images in the gallery, in its rows.
COLUMNS, ROWS = 6, 4


def all_wrong(predictions: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Places of the test images that no network gets right, in rising order.

    Parameters
    ----------
    predictions : ndarray, shape (runs, images)
    labels : ndarray, shape (images,)
    """
    return np.flatnonzero((predictions != labels).all(axis=0))


def shown(predictions: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Places of a gallery's images: the first that every run gets wrong."""
    return all_wrong(predictions, labels)[: COLUMNS * ROWS]


def test_images(results: Results) -> np.ndarray:
    """Those of the gallery; see `analysis.questions`."""
    return shown(results[SHEET].predictions, results.labels(SHEET))


def _confusion(results: Results) -> np.ndarray:
    """All ten networks' answers to all test images: int, shape (10, 10)."""
    return confusion(results[SHEET].predictions, results.labels(SHEET))


def pairs(matrix: np.ndarray) -> list[tuple[float, str, str]]:
    """Share of an actual category that is taken for another, the largest first."""
    shares = matrix / matrix.sum(axis=0)
    return sorted(
        (
            (float(share), _NAMES[actual], _NAMES[predicted])
            for (predicted, actual), share in np.ndenumerate(shares)
            if predicted != actual
        ),
        reverse=True,
    )


def _kept_within(matrix: np.ndarray, kind: np.ndarray) -> float:
    """Of the mistakes on images of a kind, the share that names another of that kind."""
    mistakes = np.where(np.eye(10, dtype=bool), 0, matrix)[:, kind]
    return float(mistakes[kind].sum() / mistakes.sum())


def _test(results: Results, experiment: Experiment) -> np.ndarray:
    """Testing accuracy of an experiment's first ten runs: float, shape (10,)."""
    return results[experiment].first(levels.ASKED_FOR).final("val_accuracy")


def _expected_all_wrong(predictions: np.ndarray, labels: np.ndarray) -> float:
    """How many images all networks would miss if each missed its own share by chance."""
    wrong = np.array([(predictions[:, labels == c] != c).mean(axis=1) for c in range(10)])
    return float(np.bincount(labels, minlength=10) @ wrong.prod(axis=1))


def numbers(results: Results) -> dict:
    """What the page cites; see `analysis.questions`."""
    runs, labels = results[SHEET], results.labels(SHEET)
    test, after = runs.final("val_accuracy"), runs.after("accuracy")
    matrix = _confusion(results)
    recall = np.diag(matrix) / matrix.sum(axis=0)
    missed = all_wrong(runs.predictions, labels)
    low, high = t_interval(test)
    values = {
        "test": float(test.mean()),
        "test_low": low,
        "test_high": high,
        "test_min": float(test.min()),
        "test_max": float(test.max()),
        "train": float(runs.final("accuracy").mean()),
        "train_after": float(after.mean()),
        "gap": 100 * float(np.mean(after - test)),
        "first_epoch_test": float(runs.history("val_accuracy")[:, 0].mean()),
        "first_epoch_train": float(runs.history("accuracy")[:, 0].mean()),
        "best_loss_epoch": int(runs.history("val_loss").mean(axis=0).argmin()) + 1,
        "weights": cost.weights(SHEET),
        "first_weights": cost.layers(SHEET)[0].weights,
        "gflop": cost.flops_per_epoch(SHEET) / 1e9,
        "all_wrong": len(missed),
        "all_wrong_by_chance": _expected_all_wrong(runs.predictions, labels),
        "unanimous": int((np.ptp(runs.predictions[:, missed], axis=0) == 0).sum()),
        "all_right": int((runs.predictions == labels).all(axis=0).sum()),
        "easiest": _NAMES[int(recall.argmax())],
        "easiest_recall": float(recall.max()),
        "hardest": _NAMES[int(recall.argmin())],
        "hardest_recall": float(recall.min()),
        "animals_for_animals": _kept_within(matrix, _ANIMALS),
        "vehicles_for_vehicles": _kept_within(matrix, ~_ANIMALS),
        "dead_dense": float(np.mean([r["history"]["dead"][-1][-1] for r in runs.records])),
    }
    for i, (share, actual, predicted) in enumerate(pairs(matrix)[:5], start=1):
        values |= {
            f"pair{i}_share": share,
            f"pair{i}_actual": actual,
            f"pair{i}_predicted": predicted,
        }
    for name, experiment in (("same_weights", SAME_WEIGHTS), ("same_cost", SAME_COST)):
        theirs = results[experiment]
        gain, low, high = q08.gain(test, _test(results, experiment))
        values |= {
            f"{name}_hidden": experiment.layers[-2].units,
            f"{name}_test": float(_test(results, experiment).mean()),
            f"{name}_train": float(theirs.after("accuracy").mean()),
            f"{name}_gain": gain,
            f"{name}_gain_low": low,
            f"{name}_gain_high": high,
            f"{name}_weights": cost.weights(experiment),
            f"{name}_gflop": cost.flops_per_epoch(experiment) / 1e9,
        }
    return values


def tables(results: Results) -> dict[str, list[list[str]]]:
    """None; see `analysis.questions`."""
    return {}


def claims(results: Results) -> list[Claim]:
    """What the page states of the results; see `analysis.questions`."""
    runs, labels = results[SHEET], results.labels(SHEET)
    test, after = runs.final("val_accuracy"), runs.after("accuracy")
    _, *weights = q08.gain(test, _test(results, SAME_WEIGHTS))
    _, *products = q08.gain(test, _test(results, SAME_COST))
    gaps = runs.history("accuracy").mean(axis=0) - runs.history("val_accuracy").mean(axis=0)
    missed = all_wrong(runs.predictions, labels)
    chance = _expected_all_wrong(runs.predictions, labels)
    return [
        Claim(
            "All ten networks learn, and end close together.",
            f"testing accuracy {forms.extent(test, '.3f')}",
            np.ptp(test) < 0.05 and test.min() > 0.6,
        ),
        Claim(
            "A dense network with as many weights is far worse.",
            f"by {forms.interval(*weights, '.1f')} points",
            weights[0] > 20,
        ),
        Claim(
            "So is a dense network that costs as many multiplications.",
            f"by {forms.interval(*products, '.1f')} points",
            products[0] > 10,
        ),
        Claim(
            "Training and testing part within the ten epochs.",
            f"training minus testing accuracy {100 * gaps[0]:+.1f} points in the first epoch, "
            f"{100 * gaps[-1]:+.1f} in the last; {100 * np.mean(after - test):.1f} on the trained "
            "networks",
            gaps[0] < 0 < 0.05 < gaps[-1],
        ),
        cats_and_dogs("Cats and dogs are mixed up most.", _confusion(results)),
        Claim(
            "Animals are mostly taken for other animals, vehicles for other vehicles.",
            f"{_kept_within(_confusion(results), _ANIMALS):.0%} and "
            f"{_kept_within(_confusion(results), ~_ANIMALS):.0%} of the mistakes on them",
            _kept_within(_confusion(results), _ANIMALS) > 0.6
            and _kept_within(_confusion(results), ~_ANIMALS) > 0.6,
        ),
        Claim(
            "The networks share their mistakes: far more images are missed by all ten than if "
            "each missed its own.",
            f"{len(missed)} of {len(labels):,}; by chance it would be {chance:.1f}",
            len(missed) > 20 * chance,
        ),
    ]


def cats_and_dogs(sentence: str, matrix: np.ndarray) -> Claim:
    """A claim that nothing is mixed up as often as these two."""
    mixed_up = pairs(matrix)[:2]
    return Claim(
        sentence,
        ", ".join(f"{actual} taken for {other} {share:.1%}" for share, actual, other in mixed_up),
        all({actual, other} == {"cat", "dog"} for _, actual, other in mixed_up),
    )


def accuracy(results):
    """The plot asked for: training and testing accuracy of ten runs."""
    runs = results[SHEET]
    figure, ax = style.figure()
    both = np.concatenate([runs.history("accuracy"), runs.history("val_accuracy")])
    labels = ["training"] * len(runs) + ["testing"] * len(runs)
    training, testing = style.theme().categories[:2]
    plots.run_curves(ax, both, labels, [training] * len(runs) + [testing] * len(runs), "accuracy")
    return figure


def accuracy_against_cost(results):
    """Testing accuracy of dense networks and the convolutional one by cost and by weights."""
    figure, axes = style.figure(2, height=3.2, sharey=True)
    dense_colour, cnn_colour = style.theme().categories[1], style.theme().categories[0]
    for ax, measure, xlabel in (
        (axes[0], lambda e: cost.flops_per_epoch(e) / 1e9, "GFLOP an epoch"),
        (axes[1], cost.weights, "weights"),
    ):
        side = 1 if measure(SHEET) < measure(SAME_COST) else -1  # on which there is room
        for size, experiment in q08.BY_SIZE.items():
            test = _test(results, experiment)
            ax.scatter([measure(experiment)] * len(test), test, s=12, c=dense_colour, lw=0)
            ax.annotate(
                f"{size:,}",
                (measure(experiment), test.max()),
                xytext=(0, 5),
                textcoords="offset points",
                ha="center",
                fontsize=8,
                color=dense_colour,
            )
        test = _test(results, SHEET)
        ax.scatter([measure(SHEET)] * len(test), test, s=12, c=cnn_colour, lw=0, marker="D")
        ax.annotate(
            "convolutional",
            (measure(SHEET), test.mean()),
            xytext=(7 * side, 0),
            textcoords="offset points",
            ha="left" if side > 0 else "right",
            va="center",
            fontsize=8.5,
            color=cnn_colour,
        )
        ax.set(xscale="log", xlabel=xlabel, ylim=(0.05, 0.8))
        ax.margins(x=0.12)
    axes[0].annotate(
        "dense, by hidden neurons",
        (0.03, 0.7),
        xycoords="axes fraction",
        fontsize=8.5,
        color=dense_colour,
    )
    axes[0].set_ylabel("testing accuracy")
    return figure


def confusion_figure(matrix: np.ndarray):
    """A confusion matrix of the categories, of shape (10, 10)."""
    figure, ax = style.figure(height=5.4)
    plots.confusion(ax, matrix, _NAMES)
    ax.tick_params(axis="x", rotation=45)
    return figure


def confusion_matrix(results):
    """All ten networks' confusion matrix over the test images."""
    return confusion_figure(_confusion(results))


def gallery_figure(data: Excerpt, predictions: np.ndarray):
    """Test images that every run gets wrong, with what runs say; predictions (runs, images)."""
    places = shown(predictions, data.test_labels)
    figure, axes = style.figure(COLUMNS, ROWS, height=7.0)
    titles = [_NAMES[label] for label in data.test_labels[places]]
    plots.images(axes.flat, data.test_images(places), titles)
    plots.answers(axes.flat, predictions[:, places], _NAMES)
    return figure


def gallery(results):
    """Test images that all ten networks get wrong, with what they say."""
    return gallery_figure(results.excerpts["cifar10"], results[SHEET].predictions)


def small(results):
    """For the home page: training and testing accuracy of ten runs."""
    runs, (training, testing) = results[SHEET], style.theme().categories[:2]
    both = np.concatenate([runs.history("accuracy"), runs.history("val_accuracy")])
    return plots.small_curves(both, [training] * len(runs) + [testing] * len(runs))


FIGURES = {
    "q09-accuracy": accuracy,
    "q09-against-cost": accuracy_against_cost,
    "q09-confusion": confusion_matrix,
    "q09-gallery": gallery,
    "q09-small": small,
}
