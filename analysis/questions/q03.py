"""Question 3: the same with a tenth of the learning rate."""

from dataclasses import replace

import numpy as np

from analysis import forms, levels
from analysis.claims import Claim
from analysis.loaded import Results
from analysis.questions import q01, q02
from analysis.results import Runs
from analysis.spec import SGD
from analysis.statistics import paired_interval

BUILDS_ON = (q01, q02)

SHEET = replace(q02.SHEET, name="q03-slow-sgd", optimizer=SGD(learning_rate=0.01))

FIRST_EPOCH = replace(SHEET, name="q03-first-epoch", epochs=1, activity_at=q01.STEPS)

#: By learning rate, the two that the sheet asks for among them.
BY_RATE = {0.01: SHEET, 0.1: q02.SHEET} | {
    rate: replace(SHEET, name=f"q03-sgd-{rate:g}", optimizer=SGD(rate)) for rate in (0.2, 0.5, 1.0)
}

EXPERIMENTS = (*BY_RATE.values(), FIRST_EPOCH)


def _both(results: Results) -> tuple[Runs, Runs]:
    return results[SHEET], results[q02.SHEET]


def numbers(results: Results) -> dict:
    """What the page cites; see `analysis.questions`."""
    slow, fast = _both(results)
    rate_low, rate_high = levels.stuck_more(slow, fast)
    fine = levels.fine_means(slow)
    return (
        levels.numbers(slow)
        | levels.changes(slow)
        | {
            "fine_error": fine["fine_error"],
            "fine_accuracy": fine["fine_accuracy"],
            "fast_epochs": levels.epochs_to_match(fast, slow),
            "stuck_more_low": rate_low,
            "stuck_more_high": rate_high,
            "shared_silent": _shared_silent(slow, fast),
            "last_epoch_gain": float(_last_gain(slow)),
            "last_epoch_gain_fast": float(_last_gain(fast)),
        }
    )


def _shared_silent(slow: Runs, fast: Runs) -> int:
    """Outputs that are silent in the end at both rates, under the same seed."""
    return int((slow.silent[:, -1] & fast.silent[:, -1]).sum())


def _last_gain(runs) -> float:
    """By how much the last epoch lowered the mean training error of runs that are fine."""
    mean = runs.history("loss")[levels.fine(runs)].mean(axis=0)
    return mean[-2] - mean[-1]


def tables(results: Results) -> dict[str, list[list[str]]]:
    """None; see `analysis.questions`."""
    return {}


def claims(results: Results) -> list[Claim]:
    """What the page states of the results; see `analysis.questions`."""
    slow, fast = _both(results)
    low, high = paired_interval(slow.final("val_loss"), fast.final("val_loss"))
    stuck_slow, stuck_fast = ~levels.fine(slow), ~levels.fine(fast)
    rate_low, rate_high = levels.stuck_more(slow, fast)
    shared = _shared_silent(slow, fast)
    return [
        Claim(
            "After twenty epochs the smaller rate has the larger testing error.",
            f"by {np.mean(slow.final('val_loss') - fast.final('val_loss')):.4f} "
            f"({forms.interval(low, high, '.4f')}, paired by seed)",
            low > 0,
        ),
        Claim(
            "Twenty epochs at rate 0.01 reach what rate 0.1 reaches in five or fewer.",
            f"{levels.epochs_to_match(fast, slow)} epochs, by the mean training error of runs "
            "without silent outputs",
            levels.epochs_to_match(fast, slow) <= 5,
        ),
        Claim(
            "It has not finished: its last epoch still gains more than that of rate 0.1.",
            f"{_last_gain(slow):.5f} against {_last_gain(fast):.5f} of training error",
            _last_gain(slow) > _last_gain(fast) > 0,
        ),
        Claim(
            "The smaller rate does not keep outputs from falling silent.",
            f"{stuck_slow.sum()} of {len(slow)} runs against {stuck_fast.sum()}; difference of "
            f"the rates {forms.interval(rate_low, rate_high, '+.2f')}",
            stuck_slow.mean() > 0.4,
        ),
        Claim(
            "It is mostly the same outputs of the same networks that fall silent.",
            f"{shared} of the {slow.silent[:, -1].sum()} are silent at rate 0.1 as well",
            shared > 0.5 * slow.silent[:, -1].sum(),
        ),
    ]


def settings(results):
    """All runs at both rates."""
    slow, fast = _both(results)
    return levels.settings_figure({"SGD, rate 0.1": fast, "SGD, rate 0.01": slow}, "val_loss")


def small(results):
    """For the home page: ten runs."""
    return levels.small_curves(results[SHEET], "loss")


FIGURES = {
    **levels.error_figures("q03", SHEET),
    "q03-settings": settings,
    "q03-small": small,
}
