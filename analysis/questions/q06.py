"""Question 6: accuracy against the number of hidden neurons."""

from dataclasses import replace

import numpy as np

from analysis import cost, forms, plots, style
from analysis.claims import Claim
from analysis.loaded import Results
from analysis.questions import q05
from analysis.spec import mlp
from analysis.statistics import paired_interval, t_interval

BUILDS_ON = (q05,)

SIZES = (2, 4, 8, 16, 32, 64, 128, 256)

BY_SIZE = {
    size: replace(
        q05.SHEET,
        name=f"q06-hidden-{size:03d}",
        layers=mlp(size, output="softmax"),
        epochs=10,
        seeds=range(10),
    )
    for size in SIZES
}

EXPERIMENTS = tuple(BY_SIZE.values())

#: Which number the page cites of which sizes.
CITED = {
    "train": (2, 16, 256),
    "test": (2, 8, 32, 256),
    "gap": (64, 128, 256),
    "spread": (2, 256),
    "gain": (4, 256),
}


def _final(results: Results, name: str) -> np.ndarray:
    """A history's last value by size and run: float, shape (8, 10)."""
    return np.array([results[experiment].final(name) for experiment in BY_SIZE.values()])


def _gap(results: Results) -> np.ndarray:
    """Training minus testing accuracy of the trained networks: float, shape (8, 10)."""
    after = [results[experiment].after("accuracy") for experiment in BY_SIZE.values()]
    return np.array(after) - _final(results, "val_accuracy")


def numbers(results: Results) -> dict:
    """What the page cites; see `analysis.questions`."""
    train, test, gap = _final(results, "accuracy"), _final(results, "val_accuracy"), _gap(results)
    values = {
        "train": train.mean(axis=1),
        "test": test.mean(axis=1),
        "gap": 100 * gap.mean(axis=1),  # in points
        "spread": 100 * np.ptp(test, axis=1),
        "gain": 100 * np.diff(test, axis=0, prepend=np.nan).mean(axis=1),
    }
    cited = {
        f"{name}_{size}": float(values[name][SIZES.index(size)])
        for name, sizes in CITED.items()
        for size in sizes
    }
    return cited | {"fewer_errors": _fewer_errors(test[-2:]), "parts_from": _parts_from(gap)}


def _fewer_errors(test: np.ndarray) -> float:
    """The share of the first network's mistakes that the second does not make."""
    first, second = 1 - test.mean(axis=1)
    return float(1 - second / first)


def tables(results: Results) -> dict[str, list[list[str]]]:
    """A row a size; see `analysis.questions`."""
    train, test = _final(results, "accuracy"), _final(results, "val_accuracy")
    rows = [
        [
            "hidden neurons",
            "weights",
            "training accuracy",
            "testing accuracy",
            "95% interval",
            "of the mistakes a doubling removes",
        ]
    ]
    for i, (size, experiment) in enumerate(BY_SIZE.items()):
        low, high = t_interval(test[i])
        rows.append(
            [
                f"{size}",
                f"{cost.weights(experiment):,}",
                f"{train[i].mean():.2%}",
                f"{test[i].mean():.2%}",
                forms.half_width(low, high, ".2%"),
                f"{_fewer_errors(test[i - 1 : i + 1]):.0%}" if i else "",
            ]
        )
    return {"sizes": rows}


def _parts_from(gap: np.ndarray) -> int:
    """The smallest size from which on training accuracy is more than a point above testing."""
    return SIZES[int(np.flatnonzero(gap.mean(axis=1) <= 0.01).max(initial=-1)) + 1]


def claims(results: Results) -> list[Claim]:
    """What the page states of the results; see `analysis.questions`."""
    train, test, gap = _final(results, "accuracy"), _final(results, "val_accuracy"), _gap(results)
    steps = np.diff(test.mean(axis=1))
    last = paired_interval(test[-1], test[-2])
    spread = np.ptp(test, axis=1)
    return [
        Claim(
            "More hidden neurons give more accuracy, at every step, in training and in testing.",
            "smallest step "
            f"{np.diff(train.mean(axis=1)).min():+.4f} in training, {steps.min():+.4f} in testing",
            np.diff(train.mean(axis=1)).min() > 0 and steps.min() > 0,
        ),
        Claim(
            "Each doubling gives less than the one before.",
            "testing: " + ", ".join(f"{step:+.3f}" for step in steps),
            np.all(np.diff(steps) < 0),
        ),
        Claim(
            "The last doubling still helps.",
            f"from 128 to 256: {steps[-1]:+.4f} ({forms.interval(*last, '+.4f')})",
            last[0] > 0,
        ),
        Claim(
            "Training and testing part: the gap grows up to 64 neurons and stays from there.",
            "points: "
            + ", ".join(
                f"{size}: {100 * g:.1f}" for size, g in zip(SIZES, gap.mean(axis=1), strict=True)
            ),
            np.all(np.diff(gap.mean(axis=1)[:6]) > 0) and np.ptp(gap.mean(axis=1)[5:]) < 0.003,
        ),
        Claim(
            "Small networks depend on luck, large ones hardly.",
            f"testing accuracy of ten runs spreads over {spread[0]:.3f} with 2 neurons, "
            f"{spread[-1]:.3f} with 256",
            spread[0] > 10 * spread[-1],
        ),
    ]


def _figure(values: np.ndarray, colour: int, ylabel: str):
    figure, ax = style.figure()
    plots.by_size(ax, SIZES, values, style.theme().categories[colour], ylabel)
    for size, mean in zip(SIZES, values.mean(axis=1), strict=True):
        ax.annotate(
            f"{mean:.3f}",
            (size, mean),
            xytext=(4, -12),
            textcoords="offset points",
            fontsize=8,
        )
    return figure


def training_accuracy(results):
    """The first plot asked for: average training accuracy against hidden neurons."""
    return _figure(_final(results, "accuracy"), 0, "training accuracy")


def testing_accuracy(results):
    """The second plot asked for: average testing accuracy against hidden neurons."""
    return _figure(_final(results, "val_accuracy"), 1, "testing accuracy")


def gap(results):
    """By how much training accuracy exceeds testing accuracy."""
    figure, ax = style.figure(height=2.8)
    plots.by_size(
        ax,
        SIZES,
        100 * _gap(results),
        style.theme().categories[2],
        "training minus testing\naccuracy (points)",
    )
    ax.axhline(0, color=style.theme().faint, lw=0.8)
    return figure


def small(results):
    """For the home page: testing accuracy by size."""
    figure, ax = style.small_figure()
    ax.plot(
        _final(results, "val_accuracy").mean(axis=1), "o-", ms=4, color=style.theme().categories[1]
    )
    return figure


FIGURES = {
    "q06-training-accuracy": training_accuracy,
    "q06-testing-accuracy": testing_accuracy,
    "q06-gap": gap,
    "q06-small": small,
}
