"""Question 1: ten networks for five epochs, and why no two learn alike."""

from dataclasses import replace

import numpy as np

from analysis import levels, plots, style
from analysis.claims import Claim
from analysis.loaded import Results
from analysis.results import SILENT_BELOW
from analysis.spec import SGD, Experiment, mlp

BUILDS_ON = ()

SHEET = Experiment(
    name="q01-sgd",
    dataset="mnist",
    layers=mlp(32, output="relu"),
    loss="squared_error",
    optimizer=SGD(learning_rate=0.1),
    epochs=5,
    seeds=range(100),
)

# What differs between two runs is the initial weights and the order of the images: hold
# either one fixed, then both.
SAME_WEIGHTS = replace(SHEET, name="q01-same-weights", varies=("order",), seeds=range(10))
SAME_ORDER = replace(SHEET, name="q01-same-order", varies=("weights",), seeds=range(10))
SAME_BOTH = replace(SHEET, name="q01-same-both", varies=(), seeds=range(10))

#: Each of these sets of weights with each of ten orders; the first is that of seed 0.
CROSSED = (
    SAME_WEIGHTS,
    *(
        replace(SAME_WEIGHTS, name=f"q01-weights-{seed:02d}", fixed_seed=seed)
        for seed in range(1, 20)
    ),
)

#: Steps of the first epoch, of 1,875, after which is counted who fires.
STEPS = (1, 2, 5, 10, 30, 100, 300, 1000)

FIRST_EPOCH = replace(SHEET, name="q01-first-epoch", epochs=1, activity_at=STEPS)

EXPERIMENTS = (SHEET, *CROSSED, SAME_ORDER, SAME_BOTH, FIRST_EPOCH)


def numbers(results: Results) -> dict:
    """What the page cites; see `analysis.questions`."""
    runs = results[SHEET]
    accuracy = runs.first(levels.ASKED_FOR).final("accuracy")
    same_weights, same_order = results[SAME_WEIGHTS], results[SAME_ORDER]
    fine = levels.fine(same_weights)
    own = runs.own[:, -1]
    quiet_start = _quiet_start(runs)
    silent = runs.silent[:, -1]
    return levels.numbers(runs) | {
        "ten_accuracy_min": float(accuracy.min()),
        "ten_accuracy_max": float(accuracy.max()),
        "silent_outputs": int(silent.sum()),
        "outputs": silent.size,
        "same_weights_stuck": int(np.sum(~fine)),
        "same_weights_fine_spread": float(np.ptp(same_weights.final("accuracy")[fine])),
        "same_order_min": float(same_order.final("accuracy").min()),
        "same_order_max": float(same_order.final("accuracy").max()),
        "own_silent_max": float(own[silent].max()),
        "own_heard_min": float(own[~silent].min()),
        "never_on_own": int(np.sum(own == 0)),
        "zero_on_all": int(np.sum((own == 0) & (runs.others[:, -1] == 0))),
        "others_silent_median": float(np.median(runs.others[:, -1][silent])),
        "quiet_start": int(quiet_start.sum()),
        "quiet_start_silent_rate": float(silent[quiet_start].mean()),
        "other_start_silent_rate": float(silent[~quiet_start].mean()),
        "level_step": float(_level_step(runs)),
        "only_zero_runs": int(levels.only_zero(runs).sum()),
        "only_zero_accuracy": float(runs.final("val_accuracy")[levels.only_zero(runs)].mean()),
        "only_other_accuracy": float(runs.final("val_accuracy")[levels.only_other(runs)].mean()),
    }


def _quiet_start(runs) -> np.ndarray:
    """Outputs that fire on few images of their own digit before any training: (runs, 10)."""
    return np.array([r["before"]["own"] for r in runs.records]) < SILENT_BELOW


def _level_step(runs) -> float:
    """How much one more silent output adds to the error: slope of a line through all runs."""
    return np.polyfit(levels.counts(runs), runs.after("loss"), 1)[0]


def tables(results: Results) -> dict[str, list[list[str]]]:
    """None; see `analysis.questions`."""
    return {}


def claims(results: Results) -> list[Claim]:
    """What the page states of the results; see `analysis.questions`."""
    runs, both = results[SHEET], results[SAME_BOTH]
    by_weights, by_order = results[SAME_ORDER], results[SAME_WEIGHTS]
    silent, error = levels.counts(runs), runs.after("loss")
    gaps = [
        error[silent == level + 1].min() - error[silent == level].max()
        for level in range(silent.max())
    ]
    own, is_silent = runs.own[:, -1], runs.silent[:, -1]
    quiet = _quiet_start(runs)
    only_zero, only_other = levels.only_zero(runs), levels.only_other(runs)
    accuracy, val_error = runs.final("val_accuracy"), runs.final("val_loss")
    spread = {
        "weights": np.ptp(by_weights.final("accuracy")),
        "order": np.ptp(by_order.final("accuracy")),
    }
    return [
        Claim(
            "With the same initial weights and the same order of images, ten runs are one: "
            "their curves coincide to the last digit.",
            f"largest difference {np.ptp(both.history('loss'), axis=0).max():g} in ten runs",
            np.ptp(both.history("loss"), axis=0).max() == 0,
        ),
        Claim(
            "Either cause alone makes runs differ: initial weights, or order of images.",
            f"final training accuracy spreads over {spread['weights']:.3f} when only the "
            f"weights differ, {spread['order']:.3f} when only the order does",
            min(spread.values()) > 0.01,
        ),
        Claim(
            "Outputs are heard or silent, nothing between: each fires on nearly all training "
            "images of its own digit or on next to none.",
            f"of {own.size:,} outputs the silent fire on at most {own[is_silent].max():.2%}, "
            f"the others on at least {own[~is_silent].min():.1%}",
            own[is_silent].max() < 0.01 and own[~is_silent].min() > 0.5,
        ),
        Claim(
            "The levels are the number of silent outputs: sorted by training error, the runs "
            "fall into separate groups, one for each number.",
            f"between the groups there is room of {min(gaps):.4f} or more",
            min(gaps) > 0,
        ),
        Claim(
            "One silent output costs about .008 of error.",
            f"slope {_level_step(runs):.4f} a silent output",
            0.007 < _level_step(runs) < 0.009,
        ),
        Claim(
            "No output falls silent after the first epoch.",
            f"{levels.changes(runs)['fell_later']} of {own.size:,}",
            levels.changes(runs)["fell_later"] == 0,
        ),
        Claim(
            "An output that hardly fires before training is more likely to end silent.",
            f"{is_silent[quiet].mean():.0%} of {quiet.sum()} such outputs, "
            f"{is_silent[~quiet].mean():.0%} of the other {np.sum(~quiet)}",
            is_silent[quiet].mean() > 2 * is_silent[~quiet].mean(),
        ),
        Claim(
            "When the one silent output is that of 0, accuracy hides what the error shows.",
            f"{only_zero.sum()} such runs: accuracy {accuracy[only_zero].mean():.3f} against "
            f"{accuracy[only_other].mean():.3f}, error {val_error[only_zero].mean():.4f} "
            f"against {val_error[only_other].mean():.4f}",
            accuracy[only_zero].min() > accuracy[only_other].max()
            and abs(val_error[only_zero].mean() - val_error[only_other].mean()) < 0.002,
        ),
    ]


def training_accuracy(results):
    """The plot asked for: training accuracy of ten runs against the epoch."""
    return levels.curves_figure(results[SHEET], "accuracy", "training accuracy")


def causes(results):
    """Ten runs with the order, the initial weights, or neither left to chance."""
    figure, axes = style.figure(3, height=2.9, sharey=True)
    for ax, experiment, title in (
        (axes[0], SAME_WEIGHTS, "same initial weights,\ndifferent order"),
        (axes[1], SAME_ORDER, "different initial weights,\nsame order"),
        (axes[2], SAME_BOTH, "same weights,\nsame order"),
    ):
        runs = results[experiment]
        for curve, count in zip(runs.history("accuracy"), levels.counts(runs), strict=True):
            ax.plot(range(1, 6), curve, color=plots.silent_colour(count), alpha=0.85)
        ax.set(xlabel="epoch", title=title, xticks=range(1, 6))
    axes[0].set_ylabel("training accuracy")
    return figure


def firing(results):
    """On what share of its own digit's images each output fires: all outputs of all runs."""
    runs = results[SHEET]
    figure, axes = style.figure(2, height=2.7, sharey=True)
    bins = np.linspace(0, 1, 41)
    before = np.array([record["before"]["own"] for record in runs.records])
    for ax, shares, title in (
        (axes[0], before, "before training"),
        (axes[1], runs.own[:, -1], "after five epochs"),
    ):
        ax.hist(shares.ravel(), bins, color=style.theme().categories[0])
        ax.set(xlabel="share of own digit's images\non which an output fires", title=title)
    axes[0].set_ylabel("outputs")
    axes[0].set_yscale("log")
    return figure


def error_and_accuracy(results):
    """Testing error and accuracy of all runs, by their silent outputs."""
    return levels.levels_figure(results[SHEET])


def small(results):
    """For the home page: ten runs."""
    return levels.small_curves(results[SHEET], "accuracy")


FIGURES = {
    "q01-training-accuracy": training_accuracy,
    "q01-causes": causes,
    "q01-firing": firing,
    "q01-levels": error_and_accuracy,
    "q01-small": small,
}
