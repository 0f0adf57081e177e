"""Question 3: the same with a tenth of the learning rate."""

from dataclasses import replace
from itertools import combinations, pairwise

import numpy as np

from analysis import levels, levels_figures, statistics
from analysis.claims import (
    SIGNIFICANT,
    Claim,
    above,
    as_often,
    at_least,
    at_most,
    below,
    exactly,
    more_often,
    more_than,
    within,
)
from analysis.loaded import Results
from analysis.questions import q01, q02
from analysis.results import ASKED_FOR, SILENT_BELOW, Runs
from analysis.spec import SGD
from analysis.statistics import Estimate

BUILDS_ON = (q01, q02)

SHEET = replace(q02.SHEET, name="q03-slow-sgd", optimizer=SGD(learning_rate=0.01))

FIRST_EPOCH = replace(SHEET, name="q03-first-epoch", epochs=1, activity_at=q01.STEPS)

#: By learning rate, the two that the sheet asks for among them.
BY_RATE = {0.01: SHEET, 0.1: q02.SHEET} | {
    rate: replace(SHEET, name=f"q03-sgd-{rate:g}", optimizer=SGD(rate)) for rate in (0.2, 0.5, 1.0)
}

#: The larger rate with the lowest testing error.
BEST = 0.5

EXPERIMENTS = (*BY_RATE.values(), FIRST_EPOCH)

#: Epochs of rate 0.1 that are said to be worth twenty of rate 0.01.
FEW = 3

#: What "silent" may mean: fires on less than this share of the images of its own digit.
LIMITS = (0.01, SILENT_BELOW, 0.5)


def numbers(results: Results) -> dict:
    """What the page cites; see `analysis.questions`."""
    slow, fast = results[SHEET], results[q02.SHEET]
    slow_pairs, fast_pairs = levels.healthy_in_all(slow, fast)
    epochs = levels.epochs_to_match(fast, slow)
    then = int(np.median(epochs))
    early = levels.first_epoch(results[FIRST_EPOCH], slow)
    values = (
        levels.numbers(slow)
        | levels.ten_ends(slow)
        | {
            "pairs": len(slow_pairs),
            "fast_epochs": then,
            "fast_epochs_min": int(epochs.min()),
            "fast_epochs_max": int(epochs.max()),
            "stuck_p": statistics.paired_p(levels.stuck(slow), levels.stuck(fast)),
            "fast_stuck_then": int(levels.stuck(fast, then).sum()),
            "stuck_then_p": statistics.paired_p(levels.stuck(slow), levels.stuck(fast, then)),
            "shared_silent": _shared_silent(slow, fast),
            "ten_came_back": levels.changes(slow.first(ASKED_FOR))["came_back"],
            "silent_at_last": int(slow.silent[:, -1].sum()),
            "stayed_silent": int(early.stayed.sum()),
            "between": int(np.sum((slow.own[:, 0] >= SILENT_BELOW) & (slow.own[:, 0] < 0.9))),
            "outputs": early.start.size,
            "last_epoch_gain": float(_last_gains(slow_pairs).mean()),
            "last_epoch_gain_fast": float(_last_gains(fast_pairs).mean()),
            "rises_fast": int(_rises(fast_pairs).sum()),
            "steps_compared": fast_pairs.history("val_loss")[:, 1:].size,
            "best_rate": BEST,
            "best_stuck": int(levels.stuck(results[BY_RATE[BEST]]).sum()),
            "largest_stuck": int(levels.stuck(results[BY_RATE[1.0]]).sum()),
            "largest_more_p": _holm(results)[BEST, 1.0],
            "largest_error_p": _holm_errors(results)[BEST, 1.0],
            "largest_error_alone_p": _error_p(results, BEST, 1.0),
            "first_rise": _first_rise(fast_pairs),
            "slow_more_p": _holm(results)[0.01, 0.2],
        }
    )
    for name, history in (("error", "val_loss"), ("accuracy", "val_accuracy")):
        values[f"pairs_{name}"] = float(slow_pairs.final(history).mean())
        values[f"pairs_{name}_fast"] = float(fast_pairs.final(history).mean())
    return values | _train_above(slow).named("train_above")


def _train_above(runs: Runs) -> Estimate:
    """By how much the training error of trained healthy networks is above their testing error."""
    return statistics.estimate(-levels.gap(runs)[levels.healthy(runs)])


def _more_error(ours: Runs, theirs: Runs) -> Estimate:
    """By how much our testing error is larger, in healthy pairs."""
    ours, theirs = levels.healthy_in_all(ours, theirs)
    return statistics.difference(ours.final("val_loss"), theirs.final("val_loss"))


def _error_p(results: Results, *rates: float) -> float:
    """How likely chance parts the testing errors of two rates as much, in healthy pairs."""
    runs = levels.healthy_in_all(*(results[BY_RATE[rate]] for rate in rates))
    return statistics.difference_p(*(r.final("val_loss") for r in runs))


def _holm_errors(results: Results) -> dict[tuple[float, float], float]:
    """Like `_holm`, of testing errors, in healthy pairs."""
    pairs = list(combinations(BY_RATE, 2))
    p_values = [_error_p(results, *pair) for pair in pairs]
    return dict(zip(pairs, statistics.holm(p_values), strict=True))


def _shared_silent(slow: Runs, fast: Runs) -> int:
    """Outputs that are silent in the end at both rates, under the same seed."""
    return int((slow.silent[:, -1] & fast.silent[:, -1]).sum())


def _last_gains(runs: Runs, name: str = "loss") -> np.ndarray:
    """By how much the last epoch lowered an error, as plotted: shape (runs,)."""
    return -runs.change(name, runs.experiment.epochs - 1)


def _rises(runs: Runs) -> np.ndarray:
    """How many epochs raised the testing error: int, shape (runs,)."""
    return np.sum(np.diff(runs.history("val_loss"), axis=1) > 0, axis=1)


def _first_rise(runs: Runs) -> int:
    """The first epoch that raised the testing error of some run."""
    return 2 + int(np.flatnonzero((np.diff(runs.history("val_loss"), axis=1) > 0).any(axis=0))[0])


def bends(runs: Runs) -> np.ndarray:
    """How far the testing error turns from one epoch to the next, over the last ten epochs.

    The mean size of its second differences, shape (runs,): it rises with jumps and not with slope.
    """
    return np.abs(np.diff(runs.history("val_loss")[:, -11:], 2, axis=1)).mean(axis=1)


def _holm(results: Results) -> dict[tuple[float, float], float]:
    """How likely chance parts the stuck runs of two rates as much, for each pair (Holm)."""
    pairs = list(combinations(BY_RATE, 2))
    stuck = {rate: levels.stuck(results[experiment]) for rate, experiment in BY_RATE.items()}
    raised = statistics.holm([statistics.paired_p(stuck[a], stuck[b]) for a, b in pairs])
    return dict(zip(pairs, raised, strict=True))


def tables(results: Results) -> dict[str, list[list[str]]]:
    """All rates, and the limit of silence; see `analysis.questions`."""
    by_rate = {rate: results[experiment] for rate, experiment in BY_RATE.items()}
    return {
        "rates": levels.settings_table(
            {f"rate {rate:g}": runs for rate, runs in by_rate.items()}, by_rate[0.1]
        ),
        "limits": limits_table({f"SGD, rate {rate:g}": by_rate[rate] for rate in (0.1, 0.01)}),
    }


def limits_table(trainings: dict[str, Runs]) -> list[list[str]]:
    """How much the counts of silent outputs depend on what "silent" means.

    Parameters
    ----------
    trainings : dict
        Runs by label.
    """
    rows = []
    for label, runs in trainings.items():
        for limit in LIMITS:
            counted = levels.changes(runs, limit)
            stuck = np.sum((runs.own[:, -1] < limit).any(axis=1))
            rows.append([label, f"{limit:.0%}", *map(str, counted.values()), str(stuck)])
    header = [
        "training",
        "limit",
        "silent after epoch 1",
        "fall silent later",
        "come back",
        "silent in the end",
        "stuck runs",
    ]
    return [header, *rows]


def claims(results: Results) -> list[Claim]:
    """What the page states of the results; see `analysis.questions`."""
    return [
        *_claims_of_errors(results),
        *_claims_of_silent_outputs(results),
        *_claims_of_rates(results),
        *_claims_of_limits(results),
    ]


def _claims_of_errors(results: Results) -> list[Claim]:
    """Testing and training error beside those of rate 0.1, by epoch and in the end."""
    slow, fast = results[SHEET], results[q02.SHEET]
    pairs = slow_pairs, _ = levels.healthy_in_all(slow, fast)
    epochs = levels.epochs_to_match(fast, slow)
    return [
        Claim(
            "slower",
            "After twenty epochs the smaller rate has the larger testing error and the lower "
            "testing accuracy, in seeds that are healthy at both rates.",
            above("error", _more_error(slow, fast), form="+.4f"),
            below(
                "points",
                statistics.difference(*(r.final("val_accuracy") for r in pairs)).times(100),
            ),
        ),
        Claim(
            "epochs",
            f"In every seed that is healthy at both rates, rate 0.1 takes {FEW} epochs or fewer to "
            "reach the testing error that rate 0.01 has after twenty.",
            at_most("most epochs of a seed", float(epochs.max()), FEW),
        ),
        Claim(
            "not-finished",
            "At rate 0.01 learning has not finished: the last epoch lowers training and testing "
            "error by more than the last epoch at rate 0.1 does.",
            *(
                above(
                    f"{what} error, by",
                    statistics.difference(*(_last_gains(r, name) for r in pairs)),
                    form="+.5f",
                )
                for what, name in (("training", "loss"), ("testing", "val_loss"))
            ),
        ),
        Claim(
            "smooth",
            "At rate 0.01 no epoch raises the testing error, while at rate 0.1 some do, and over "
            "the last ten epochs the curves turn less from one epoch to the next.",
            below(
                "mean second difference",
                statistics.difference(*map(bends, pairs)),
                form="+.6f",
            ),
            exactly("epochs that raise the error", int(_rises(slow_pairs).sum()), 0),
            below("their number in a run, minus 0.1's", statistics.difference(*map(_rises, pairs))),
        ),
        Claim(
            "gap",
            "Training error stays above testing error: in the plots to the last epoch, and "
            "measured on the trained networks without a silent output.",
            exactly(
                "final epochs with the mean training error of ten runs below",
                slow.experiment.epochs + 1 - levels.below_from(slow),
                0,
            ),
            above("training minus testing error", _train_above(slow), form="+.5f"),
        ),
    ]


def _claims_of_silent_outputs(results: Results) -> list[Claim]:
    """How many runs get stuck, and which outputs end silent, beside rate 0.1."""
    slow, fast = results[SHEET], results[q02.SHEET]
    stuck = {0.01: levels.stuck(slow), 0.1: levels.stuck(fast)}
    then = int(np.median(levels.epochs_to_match(fast, slow)))
    early = levels.first_epoch(results[FIRST_EPOCH], slow)
    return [
        Claim(
            "stuck",
            "The smaller rate does not prevent silent outputs: more than half of the runs end with "
            "one.",
            above("share of runs", statistics.rate(stuck[0.01]), 0.5, ".0%"),
        ),
        Claim(
            "as-often",
            "Whether a tenth of the rate leaves more or fewer runs stuck cannot be told from "
            "chance, neither after equal epochs nor at equal testing error.",
            as_often("after twenty epochs", stuck[0.01], stuck[0.1]),
            as_often(f"against {then} epochs of rate 0.1", stuck[0.01], levels.stuck(fast, then)),
        ),
        Claim(
            "shared",
            "Most outputs that end silent do so at rate 0.1 as well, with the same initial weights "
            "and the same order of images.",
            above(
                "share",
                statistics.rate(fast.silent[:, -1][slow.silent[:, -1]]),
                0.5,
                ".0%",
            ),
        ),
        Claim(
            "start",
            "About half of the outputs that are silent in the end were silent before any training.",
            within("share", statistics.rate(early.start[early.in_the_end]), 1 / 3, 2 / 3, ".0%"),
            levels.same_beginning(results[FIRST_EPOCH], slow),
        ),
    ]


def _claims_of_rates(results: Results) -> list[Claim]:
    """Which of the five rates end at lower testing errors, and which leave fewer runs stuck."""
    stuck = {rate: levels.stuck(results[experiment]) for rate, experiment in BY_RATE.items()}
    holm = _holm(results)
    return [
        Claim(
            "larger-better",
            f"Up to {BEST:g}, each larger rate ends at a lower testing error, in seeds that are "
            f"healthy at both rates; rates 1 and {BEST:g} cannot be told apart, after Holm's "
            "correction for ten pairs.",
            *(
                below(f"{larger:g} minus {rate:g}", more, form="+.4f")
                for rate, larger, more in _by_neighbours(results)
                if larger <= BEST
            ),
            more_than(
                f"corrected p, 1 against {BEST:g}",
                _holm_errors(results)[BEST, 1.0],
                SIGNIFICANT,
                ".2g",
            ),
        ),
        Claim(
            "largest-worse",
            f"Rate 1 leaves more runs stuck than rate {BEST:g}, and rate 0.01 leaves more than "
            "rate 0.2, also after Holm's correction for ten pairs.",
            more_often(f"1 against {BEST:g}:", stuck[1.0], stuck[BEST]),
            at_most("corrected p", holm[BEST, 1.0], SIGNIFICANT, ".2g"),
            more_often("0.01 against 0.2:", stuck[0.01], stuck[0.2]),
            at_most("corrected p", holm[0.01, 0.2], SIGNIFICANT, ".2g"),
        ),
        Claim(
            "no-rate",
            "At every rate tried, at least four runs in ten end stuck.",
            *(
                above(f"rate {rate:g}", statistics.rate(runs), 0.4, ".0%")
                for rate, runs in stuck.items()
            ),
        ),
    ]


def _claims_of_limits(results: Results) -> list[Claim]:
    """What depends on the limit below which an output is called silent."""
    slow = results[SHEET]
    limits = [levels.changes(slow, limit) for limit in LIMITS]
    return [
        Claim(
            "limit",
            "How many outputs are silent after the first epoch, fall silent later or come back "
            "depends on whether the limit is 1%, 5% or 50%; how many runs are stuck in the end "
            "does not.",
            *(
                at_least(
                    f"largest minus smallest count of outputs that {what}",
                    max(c[name] for c in limits) - min(c[name] for c in limits),
                    10,
                )
                for what, name in (("fall silent later", "fell_later"), ("come back", "came_back"))
            ),
            at_least(
                "largest count after epoch 1, divided by the smallest,",
                limits[-1]["silent_at_first"] / limits[0]["silent_at_first"],
                2,
                ".1f",
            ),
            exactly(
                "different numbers of stuck runs",
                len({int((slow.own[:, -1] < limit).any(axis=1).sum()) for limit in LIMITS}),
                1,
            ),
        ),
    ]


def _by_neighbours(results: Results) -> list[tuple[float, float, Estimate]]:
    """Each rate, the next larger one, and by how much its testing error is larger."""
    rates = sorted(BY_RATE)
    return [
        (rate, larger, _more_error(results[BY_RATE[larger]], results[BY_RATE[rate]]))
        for rate, larger in pairwise(rates)
    ]


def errors(results):
    """The plots asked for: training and testing error of ten runs."""
    return levels_figures.errors(results[SHEET])


def settings(results):
    """All runs at all rates."""
    by_rate = {f"rate {rate:g}": results[BY_RATE[rate]] for rate in sorted(BY_RATE)}
    return levels_figures.settings(by_rate, "val_loss")


def small(results):
    """For the home page: ten runs."""
    return levels_figures.small_curves(results[SHEET], "loss")


FIGURES = {
    "q03-errors": errors,
    "q03-settings": settings,
    "q03-small": small,
}
