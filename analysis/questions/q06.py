"""Question 6: accuracy against the number of hidden neurons."""

from dataclasses import replace
from itertools import pairwise

import numpy as np

from analysis import by_size, cost, forms, plots, style
from analysis.claims import SIGNIFICANT, Claim, above, at_most, below, exactly, undecided
from analysis.loaded import Results
from analysis.questions import q05
from analysis.spec import mlp
from analysis.statistics import Estimate, difference, difference_p, estimate, holm

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
    "trained": (256,),
    "gap": (2, 64, 128, 256),
    "spread": (2, 256),
    "gain": (4, 256),
    "removed": (4, 256),
}

#: Above so many points training and testing accuracy are apart, and from which size on they are.
APART, APART_FROM = 1, 32


def _final(results: Results, name: str) -> np.ndarray:
    """A history's last value by size and run: float, shape (8, 10)."""
    return by_size.of_each(results, BY_SIZE, lambda runs: runs.final(name))


def _trained(results: Results) -> np.ndarray:
    """Trained networks' accuracy on the training set, by size and run: float, shape (8, 10)."""
    return by_size.of_each(results, BY_SIZE, by_size.trained)


def _gap(results: Results) -> np.ndarray:
    """Points by which trained networks are better on the training set: float, shape (8, 10)."""
    return by_size.of_each(results, BY_SIZE, by_size.gap)


def _gains(accuracy: np.ndarray) -> list[Estimate]:
    """Points that each doubling adds to an accuracy, shape (sizes, runs), in pairs."""
    return [difference(larger, smaller).times(100) for smaller, larger in pairwise(accuracy)]


def _p_values(accuracy: np.ndarray) -> list[float]:
    """The p-value of each doubling's gain, adjusted by Holm's method."""
    return holm([difference_p(larger, smaller) for smaller, larger in pairwise(accuracy)])


def _removed(accuracy: np.ndarray) -> np.ndarray:
    """Share of the mistakes that each doubling takes away, in pairs: float, (sizes - 1, runs)."""
    mistakes = 1 - accuracy
    return 1 - mistakes[1:] / mistakes[:-1]


def _shrinking_to(accuracy: np.ndarray) -> int:
    """The largest size up to which each doubling, beyond chance, gains less than the one before.

    By adjusted p; the first doubling has none before it.
    """
    gains = np.diff(accuracy, axis=0)
    falls = np.diff(gains.mean(axis=1)) < 0
    sure = falls & (np.array(_p_values(gains)) <= SIGNIFICANT)
    return SIZES[1 + int(np.flatnonzero(np.append(~sure, True))[0])]


#: Up to here the doublings are `_shrinking_to`.
SHRINKING_TO = 64

#: After it the mean testing error of the largest networks is lowest.
BEST_EPOCH = 5


def _at_best(results: Results, size: int) -> np.ndarray:
    """Testing error of networks of a size after their best epoch: float, (runs,).

    The best for each is that of the mean of the others: chosen by itself it would seem too good.
    """
    errors = results[BY_SIZE[size]].history("val_loss")
    best = (errors.sum(axis=0) - errors).argmin(axis=1)
    return errors[np.arange(len(errors)), best]


def _since_best(results: Results) -> Estimate:
    """By how much testing errors of the largest networks rise from the best epoch to the last."""
    largest = SIZES[-1]
    return estimate(results[BY_SIZE[largest]].final("val_loss") - _at_best(results, largest))


def _less_error_at_best(results: Results) -> Estimate:
    """By how much the last doubling lowers the testing error after the best epochs, in pairs."""
    larger, smaller = (_at_best(results, size) for size in SIZES[:-3:-1])
    return difference(smaller, larger)


def _late_accuracy(results: Results) -> Estimate:
    """Points of testing accuracy that the largest networks gain from the best epoch to the last."""
    return estimate(results[BY_SIZE[SIZES[-1]]].change("val_accuracy", BEST_EPOCH)).times(100)


def _less_error(results: Results) -> Estimate:
    """By how much the last doubling lowers the testing error in the end, in pairs."""
    larger, smaller = (results[BY_SIZE[size]].final("val_loss") for size in SIZES[:-3:-1])
    return difference(smaller, larger)


def numbers(results: Results) -> dict:
    """What the page cites; see `analysis.questions`."""
    train, test, gap = _final(results, "accuracy"), _final(results, "val_accuracy"), _gap(results)
    trained = _trained(results)
    values = {
        "train": train.mean(axis=1),
        "test": test.mean(axis=1),
        "trained": trained.mean(axis=1),
        "gap": gap.mean(axis=1),
        "spread": 100 * np.ptp(test, axis=1),
        "gain": 100 * np.diff(test, axis=0, prepend=np.nan).mean(axis=1),
        "removed": np.append(np.nan, _removed(test).mean(axis=1)),
    }
    cited = {
        f"{name}_{size}": float(values[name][SIZES.index(size)])
        for name, sizes in CITED.items()
        for size in sizes
    }
    last, at_64 = difference(test[-1], test[-2]).times(100), SIZES.index(64)
    return (
        cited
        | last.named("last_gain")
        | _less_error(results).named("last_less_error")
        | _less_error_at_best(results).named("last_less_error_at_best")
        | _since_best(results).named("late_error")
        | _late_accuracy(results).named("late_accuracy")
        | {
            "apart_from": APART_FROM,
            "best_epoch": BEST_EPOCH,
            "shrinking_to": _shrinking_to(test),
            "trained_rise": 100 * float((trained[-1] - trained[at_64]).mean()),
            "test_rise": 100 * float((test[-1] - test[at_64]).mean()),
        }
    )


def tables(results: Results) -> dict[str, list[list[str]]]:
    """A row a size; see `analysis.questions`."""
    train, test = _final(results, "accuracy"), _final(results, "val_accuracy")
    rows = [
        [
            "neurons",
            "weights",
            "training",
            "testing",
            "doubling adds",
            "p",
            "removes",
        ]
    ]
    of_doublings = zip(_gains(test), _p_values(test), _removed(test).mean(axis=1), strict=True)
    doublings = [
        ["", "", ""],
        *(
            [
                forms.with_half_width(*gain, "+.2f"),
                forms.p_value(p),
                f"{removed:.0%}",
            ]
            for gain, p, removed in of_doublings
        ),
    ]
    for i, (size, experiment) in enumerate(BY_SIZE.items()):
        rows.append(
            [
                f"{size}",
                f"{cost.weights(experiment):,}",
                f"{train[i].mean():.2%}",
                forms.with_half_width(*estimate(test[i]), ".2%"),
                *doublings[i],
            ]
        )
    return {"sizes": rows}


def claims(results: Results) -> list[Claim]:
    """What the page states of the results; see `analysis.questions`."""
    return [*_claims_of_doublings(results), *_claims_of_sizes(results)]


def _claims_of_doublings(results: Results) -> list[Claim]:
    """What each doubling of the hidden neurons gains, and that later ones gain less."""
    train, test = _final(results, "accuracy"), _final(results, "val_accuracy")
    removed = _removed(test)
    half, large = (results[BY_SIZE[size]] for size in SIZES[-2:])
    gains = dict(zip(SIZES[1:], np.diff(test, axis=0), strict=True))
    return [
        Claim(
            "more",
            "Each doubling of the hidden neurons raises the accuracy, in training (average over "
            "the epoch) and in testing.",
            *(
                above(f"gain in testing, to {size}, points", gain)
                for size, gain in zip(SIZES[1:], _gains(test), strict=True)
            ),
            at_most("largest adjusted p in testing", max(_p_values(test)), SIGNIFICANT, ".2g"),
            above("smallest gain in training, points", min(_gains(train))),
            at_most("in training", max(_p_values(train)), SIGNIFICANT, ".2g"),
        ),
        Claim(
            "diminishing",
            f"Up to {SHRINKING_TO} neurons each doubling gains fewer points of testing accuracy "
            "than the one before.",
            exactly("neurons up to which that is beyond chance", _shrinking_to(test), SHRINKING_TO),
            *(
                below(
                    f"gain to {size} minus gain to {half}, points",
                    difference(gains[size], gains[half]).times(100),
                )
                for half, size in pairwise(SIZES[1:])
                if size <= SHRINKING_TO
            ),
            at_most(
                "largest adjusted p of these",
                max(_p_values(np.diff(test, axis=0))[: SIZES.index(SHRINKING_TO) - 1]),
                SIGNIFICANT,
                ".2g",
            ),
        ),
        Claim(
            "last",
            "Even the last doubling raises the testing accuracy.",
            above("from 128 to 256, points", _gains(test)[-1]),
            above(
                "the same with its interval over test images",
                q05.over_images(large, half, results.labels(half.experiment)),
            ),
        ),
        Claim(
            "removed",
            "The last doubling also removes a smaller share of the mistakes than the first does.",
            above("share removed by the last", estimate(removed[-1]), form="+.0%"),
            below("last minus first, points", difference(removed[-1], removed[0]).times(100)),
        ),
    ]


def _claims_of_sizes(results: Results) -> list[Claim]:
    """How far testing is behind training, by size, and how far apart runs of a size lie."""
    test = _final(results, "val_accuracy")
    gap_by_size = dict(zip(SIZES, _gap(results), strict=True))
    # How far runs lie from the middle one of their size (Brown & Forsythe 1974).
    strays = 100 * np.abs(test - np.median(test, axis=1, keepdims=True))
    return [
        Claim(
            "apart",
            f"From {APART_FROM} neurons on, trained networks are more than {APART} point more "
            "accurate on the training set than on the test set.",
            *(
                above(f"{size}, points", estimate(runs), APART)
                for size, runs in gap_by_size.items()
                if size >= APART_FROM
            ),
        ),
        Claim(
            "gap",
            "With 2 neurons the gap between training and testing accuracy cannot be told from "
            "none; with 64 it is larger, and with 256 it is smaller again than with 64.",
            undecided("2 neurons, points", estimate(gap_by_size[2])),
            above("64 minus 2 neurons", difference(gap_by_size[64], gap_by_size[2])),
            below("256 minus 64 neurons", difference(gap_by_size[256], gap_by_size[64])),
        ),
        Claim(
            "error",
            f"The mean testing error of the networks with {SIZES[-1]} neurons is lowest after "
            f"epoch {BEST_EPOCH} and higher in the end, while their testing accuracy still rises. "
            "After the best epoch of each the error is lower than that of networks half as large; "
            "in the end it cannot be told from theirs.",
            exactly(
                "epoch of the lowest mean error",
                1 + int(results[BY_SIZE[SIZES[-1]]].history("val_loss").mean(axis=0).argmin()),
                BEST_EPOCH,
            ),
            above("rise since then", _since_best(results), form="+.4f"),
            above("points of testing accuracy since then", _late_accuracy(results)),
            above(
                "how much lower than with half the neurons, after the best epoch of each",
                _less_error_at_best(results),
                form="+.4f",
            ),
            undecided("the same in the end", _less_error(results), "+.4f"),
        ),
        Claim(
            "luck",
            "Runs with 2 neurons lie further apart than runs with 256.",
            above(
                "mean distance from the median testing accuracy, 2 minus 256 neurons, points",
                difference(strays[0], strays[-1]),
            ),
        ),
    ]


def accuracy(results):
    """The plots asked for: average training and testing accuracy against hidden neurons."""
    figure, axes = style.figure(2, height=3.6, sharey=True)
    for ax, name, title, colour in zip(
        axes,
        ("accuracy", "val_accuracy"),
        ("training", "testing"),
        style.theme().categories[:2],
        strict=True,
    ):
        values = _final(results, name)
        plots.by_size(ax, SIZES, values, colour, "")
        for size, mean in zip(SIZES, values.mean(axis=1), strict=True):
            ax.annotate(
                f"{mean:.3f}".removeprefix("0"),
                (size, mean),
                xytext=(3, -5),
                textcoords="offset points",
                va="top",
                fontsize=8,
            )
        ax.set(title=title)
        ax.margins(x=0.08)
    axes[0].set_ylabel("average accuracy")
    return figure


def gap(results):
    """By how much training accuracy exceeds testing accuracy."""
    figure, ax = style.figure(height=2.8)
    plots.by_size(
        ax,
        SIZES,
        _gap(results),
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
    "q06-accuracy": accuracy,
    "q06-gap": gap,
    "q06-small": small,
}
