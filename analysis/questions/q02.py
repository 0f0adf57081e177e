"""Question 2: twenty epochs, training and testing error, and what becomes of the runs."""

from dataclasses import replace

import numpy as np

from analysis import cost, levels, plots, style
from analysis.claims import Claim
from analysis.loaded import Results
from analysis.questions import q01

BUILDS_ON = (q01,)

SHEET = replace(q01.SHEET, name="q02-sgd", epochs=20)

#: As Keras orders the images once `keras.utils.set_random_seed` was called.
SAME_ORDER_EACH_EPOCH = replace(SHEET, name="q02-not-reshuffled", reshuffle=False, seeds=range(50))

EXPERIMENTS = (SHEET, q01.SHEET, SAME_ORDER_EACH_EPOCH)


def numbers(results: Results) -> dict:
    """What the page cites; see `analysis.questions`."""
    runs = results[SHEET]
    only_zero = levels.only_zero(runs)
    return (
        levels.numbers(runs)
        | levels.fine_means(runs)
        | levels.changes(runs)
        | {
            "outputs": runs.silent[:, -1].size,
            "ten_loss_min": float(runs.first(levels.ASKED_FOR).final("loss").min()),
            "ten_below_from": levels.below_from(runs),
            "weights": cost.weights(SHEET),
            "only_zero_runs": int(only_zero.sum()),
            "only_zero_accuracy": float(runs.final("val_accuracy")[only_zero].mean()),
            "only_zero_error": float(runs.final("val_loss")[only_zero].mean()),
            "last_return": int(_return_epochs(runs).max()),
        }
    )


def _return_epochs(runs) -> np.ndarray:
    """The epochs, from 1, after which an output was first heard again."""
    _, epochs, _ = np.nonzero(runs.silent[:, :-1] & ~runs.silent[:, 1:])
    return epochs + 2


def tables(results: Results) -> dict[str, list[list[str]]]:
    """None; see `analysis.questions`."""
    return {}


def claims(results: Results) -> list[Claim]:
    """What the page states of the results; see `analysis.questions`."""
    runs, first = results[SHEET], results[q01.SHEET]
    count, val_error = levels.counts(runs), runs.final("val_loss")
    fine, gap = levels.fine(runs), levels.fine_means(runs)["fine_gap"]
    changes = levels.changes(runs)
    accuracy, only_zero = runs.final("val_accuracy"), levels.only_zero(runs)
    again = np.abs(runs.history("loss")[:, : q01.SHEET.epochs] - first.history("loss")).max()
    order = np.corrcoef(runs.final("loss"), val_error)[0, 1]
    return [
        Claim(
            "Every run that ends above a training error of .0135 has a silent output, and no "
            "run below has one.",
            f"largest without {runs.final('loss')[fine].max():.4f}, "
            f"smallest with {runs.final('loss')[~fine].min():.4f}",
            runs.final("loss")[fine].max() < 0.0135 < runs.final("loss")[~fine].min(),
        ),
        Claim(
            "Testing error follows training error: both have the same levels.",
            f"correlation over {len(runs)} runs {order:.4f}",
            order > 0.99,
        ),
        Claim(
            "The gap between training and testing error is small beside the levels.",
            f"mean gap {gap:.4f} in runs without silent outputs",
            0 < gap < 0.002,
        ),
        Claim(
            "Outputs fall silent in the first epoch or not at all.",
            f"{changes['silent_at_first']} are silent after it, {changes['fell_later']} fell later",
            changes["fell_later"] == 0,
        ),
        Claim(
            "Some come back, most do not.",
            f"{changes['came_back']} of {changes['silent_at_first']} within twenty epochs",
            0 < changes["came_back"] < changes["silent_at_first"] / 2,
        ),
        Claim(
            "With only the output of 0 silent, accuracy stays above .93 although the error is "
            "that of any run with one silent output.",
            f"{only_zero.sum()} runs: accuracy from {accuracy[only_zero].min():.3f}, error "
            f"{val_error[only_zero].mean():.4f} against "
            f"{val_error[(count == 1) & ~only_zero].mean():.4f}",
            accuracy[only_zero].min() > 0.93 and val_error[only_zero].min() > 0.0135,
        ),
        Claim(
            "The same seeds give the same training: the first five epochs are those of "
            "question 1 to the last digit, though trained again.",
            f"largest difference of {first.history('loss').size} training errors {again:g}",
            again == 0,
        ),
    ]


def silent_outputs(results):
    """When which outputs of the ten runs are silent."""
    figure, ax = style.figure(height=3.6)
    plots.lifelines(ax, results[SHEET].first(levels.ASKED_FOR).silent)
    return figure


def error_and_accuracy(results):
    """Testing error and accuracy of all runs, by their silent outputs."""
    return levels.levels_figure(results[SHEET])


def small(results):
    """For the home page: ten runs."""
    return levels.small_curves(results[SHEET], "loss")


FIGURES = {
    **levels.error_figures("q02", SHEET),
    "q02-silent-outputs": silent_outputs,
    "q02-levels": error_and_accuracy,
    "q02-small": small,
}
