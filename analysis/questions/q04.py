"""Question 4: Adam in place of plain gradient descent."""

from dataclasses import replace

import numpy as np

from analysis import forms, levels
from analysis.claims import Claim
from analysis.loaded import Results
from analysis.questions import q01, q02, q03
from analysis.spec import Adam
from analysis.statistics import wilson

BUILDS_ON = (q01, q02, q03)

SHEET = replace(q02.SHEET, name="q04-adam", optimizer=Adam())

FIRST_EPOCH = replace(SHEET, name="q04-first-epoch", epochs=1, activity_at=q01.STEPS)

#: By learning rate; Keras takes 0.001 where nothing is said.
BY_RATE = {
    0.0003: replace(SHEET, name="q04-adam-0.0003", optimizer=Adam(0.0003)),
    0.001: SHEET,
    0.003: replace(SHEET, name="q04-adam-0.003", optimizer=Adam(0.003)),
}

EXPERIMENTS = (*BY_RATE.values(), *q03.BY_RATE.values(), FIRST_EPOCH)


def numbers(results: Results) -> dict:
    """What the page cites; see `analysis.questions`."""
    adam, sgd = results[SHEET], results[q02.SHEET]
    changes = levels.changes(adam)
    return (
        levels.numbers(adam)
        | levels.fine_means(adam)
        | {
            "outputs": adam.silent[:, -1].size,
            "silent_at_first": changes["silent_at_first"],
            "came_back": changes["came_back"],
            "ten_below_from": levels.below_from(adam),
            "epochs_to_match": levels.epochs_to_match(adam, sgd),
        }
    )


def tables(results: Results) -> dict[str, list[list[str]]]:
    """None; see `analysis.questions`."""
    return {}


def claims(results: Results) -> list[Claim]:
    """What the page states of the results; see `analysis.questions`."""
    adam, sgd = results[SHEET], results[q02.SHEET]
    stuck = int(np.sum(~levels.fine(adam)))
    low, high = wilson(stuck, len(adam))
    stuck_sgd = int(np.sum(~levels.fine(sgd)))
    difference = levels.stuck_more(adam, sgd)
    fine, fine_sgd = levels.fine_means(adam), levels.fine_means(sgd)
    changes, changes_sgd = levels.changes(adam), levels.changes(sgd)
    return [
        Claim(
            "Where no output is silent, Adam ends at a lower training error than SGD.",
            f"mean {fine['fine_train_error']:.4f} against {fine_sgd['fine_train_error']:.4f}",
            fine["fine_train_error"] < fine_sgd["fine_train_error"],
        ),
        Claim(
            "It is several times faster: it needs at most half the epochs for the same error.",
            f"after {levels.epochs_to_match(adam, sgd)} epochs it has SGD's error after twenty",
            levels.epochs_to_match(adam, sgd) <= 10,
        ),
        Claim(
            "Adam does not keep outputs from falling silent.",
            f"{stuck} of {len(adam)} runs ({forms.interval(low, high, '.0%')}), under SGD "
            f"{stuck_sgd}; difference of the rates {forms.interval(*difference, '+.2f')}",
            low > 0.05,
        ),
        Claim(
            "As under SGD they fall silent in the first epoch, and most stay so.",
            f"{changes['silent_at_first']} silent after it, {changes['fell_later']} fell later, "
            f"{changes['came_back']} came back; under SGD {changes_sgd['silent_at_first']}, "
            f"{changes_sgd['fell_later']} and {changes_sgd['came_back']}",
            changes["fell_later"] == 0 and changes["came_back"] < changes["silent_at_first"] / 2,
        ),
        Claim(
            "Testing error parts from training error further than under SGD.",
            f"gap {fine['fine_gap']:.4f} against {fine_sgd['fine_gap']:.4f} in runs without "
            "silent outputs",
            fine["fine_gap"] > fine_sgd["fine_gap"],
        ),
    ]


def settings(results):
    """All runs of questions 2, 3 and 4."""
    return levels.settings_figure(
        {
            "SGD, rate 0.1": results[q02.SHEET],
            "SGD, rate 0.01": results[q03.SHEET],
            "Adam": results[SHEET],
        }
    )


def small(results):
    """For the home page: ten runs."""
    return levels.small_curves(results[SHEET], "loss")


FIGURES = {
    **levels.error_figures("q04", SHEET),
    "q04-settings": settings,
    "q04-small": small,
}
