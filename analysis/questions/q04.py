"""Question 4: Adam in place of plain gradient descent."""

from dataclasses import replace
from itertools import pairwise

import numpy as np

from analysis import levels, levels_figures, plots, statistics, style
from analysis.claims import (
    SIGNIFICANT,
    Claim,
    above,
    as_often,
    at_least,
    at_most,
    below,
    exactly,
    less_than,
    likelier,
    more_often,
    more_than,
    undecided,
    within,
)
from analysis.levels import FirstEpoch
from analysis.loaded import Results
from analysis.questions import q01, q02, q03
from analysis.results import Runs
from analysis.spec import Adam, Experiment
from analysis.statistics import Estimate

BUILDS_ON = (q01, q02, q03)

SHEET = replace(q02.SHEET, name="q04-adam", optimizer=Adam())

FIRST_EPOCH = replace(SHEET, name="q04-first-epoch", epochs=1, activity_at=q01.STEPS)

#: By learning rate; Keras takes 0.001 where nothing is said.
BY_RATE = {
    0.0003: replace(SHEET, name="q04-adam-0.0003", optimizer=Adam(0.0003)),
    0.001: SHEET,
    0.003: replace(SHEET, name="q04-adam-0.003", optimizer=Adam(0.003)),
}

#: SGD at the one of its rates that has the lowest testing error; of Adam's it is the default.
BEST_SGD = q03.BY_RATE[q03.BEST]

EXPERIMENTS = (
    *BY_RATE.values(),
    *q03.BY_RATE.values(),
    FIRST_EPOCH,
    q01.FIRST_EPOCH,
    q03.FIRST_EPOCH,
)

#: Adam and SGD, trained one after the other on one machine.
TIMED = (
    (BY_RATE[0.0003], q03.BY_RATE[0.5]),
    (BY_RATE[0.003], q03.BY_RATE[1.0]),
)

#: Each of Adam's rates and the next.
RATES = tuple(pairwise(BY_RATE))

#: Whose stuck runs the page compares.
STUCK = (
    *((BY_RATE[larger], BY_RATE[rate]) for rate, larger in RATES),
    (SHEET, BEST_SGD),
    (BY_RATE[0.0003], BEST_SGD),
    (SHEET, q02.SHEET),
)

#: The names of what the page compares within the first epoch; see `first_epochs`.
COMPARED = ("Adam", "SGD, rate 0.1")

LAST = SHEET.epochs


def numbers(results: Results) -> dict:
    """What the page cites; see `analysis.questions`."""
    adam, sgd, best = results[SHEET], results[q02.SHEET], results[BEST_SGD]
    pairs = adam_pairs, sgd_pairs = levels.healthy_in_all(adam, sgd)
    epochs, epochs_best = (levels.epochs_to_match(adam, other) for other in (sgd, best))
    early, early_sgd = (first_epochs(results)[name] for name in COMPARED)
    fires, none, everywhere = _returns(adam)
    late, for_good = levels.healthy_in_all(adam)[0], _epochs_for_good(adam, best)
    values = (
        levels.numbers(adam)
        | levels.ten_ends(adam)
        | {
            "pairs": len(adam_pairs),
            "three_pairs": len(_all_three(results)[0]),
            "epochs_to_match": float(np.median(epochs)),
            "epochs_to_match_min": int(epochs.min()),
            "epochs_to_match_max": int(epochs.max()),
            "best_rate": q03.BEST,
            "best_to_match": float(np.median(levels.epochs_to_match(best, sgd))),
            "best_pairs": len(epochs_best),
            "best_reached": int(np.isfinite(epochs_best).sum()),
            "best_epochs": float(np.median(epochs_best)),
            "best_stuck": int(levels.stuck(best).sum()),
            "best_stuck_alone_p": statistics.paired_p(
                *(levels.stuck(results[experiment]) for experiment in (SHEET, BEST_SGD))
            ),
            "best_stuck_p": _stuck_p(results)[SHEET, BEST_SGD],
            "stuck_p": statistics.paired_p(levels.stuck(adam), levels.stuck(sgd)),
            "best_own_epochs": float(np.median(_epochs_to_own_end(adam, best))),
            "best_for_good": float(np.median(for_good)),
            "best_above": int(np.isinf(for_good).sum()),
            "time_least": min(_time_ratios(results)),
            "time_most": max(_time_ratios(results)),
            "slow_stuck": int(levels.stuck(results[BY_RATE[0.0003]]).sum()),
            "fast_stuck": int(levels.stuck(results[BY_RATE[0.003]]).sum()),
            "outputs": early.start.size,
            "peak_step": early.steps[_peak(early)],
            "peak_silent": int(_at_peak(early).sum()),
            "peak_back": float(_back_in_first_epoch(early).mean()),
            "peak_step_sgd": early_sgd.steps[_peak(early_sgd)],
            "peak_silent_sgd": int(_at_peak(early_sgd).sum()),
            "start_silent": int(early.start.sum()),
            "silent_at_first": int(adam.silent[:, 0].sum()),
            "came_back": levels.changes(adam)["came_back"],
            "silent_at_last": int(adam.silent[:, -1].sum()),
            "everywhere": _everywhere(adam),
            "everywhere_sgd": _everywhere(sgd),
            "silent_sgd": int(sgd.silent[:, -1].sum()),
            "everywhere_most_sgd": max(_everywhere(results[e]) for e in q03.BY_RATE.values()),
            "fires": len(fires),
            "fires_back": int(fires.sum()),
            "none": len(none),
            "none_back": int(none.sum()),
            "none_everywhere": len(everywhere),
            "none_everywhere_back": int(everywhere.sum()),
            "ten_below_from": levels.below_from(adam),
            "rougher": _rougher(*pairs),
            "late_error": -float(_last_half(late, "val_loss").mean()),
            "late_train_error": -float(_last_half(late, "loss").mean()),
        }
    )
    values |= _less("val_loss", *levels.healthy_in_all(adam, best)).named("best_less_error")
    more = _less("val_accuracy", *levels.healthy_in_all(best, adam)).times(100)
    values |= more.named("best_more_accuracy")
    values |= _small_more_accuracy(results).named("small_more_accuracy")
    for name, history in (("error", "val_loss"), ("accuracy", "val_accuracy")):
        values[f"pairs_{name}"] = float(adam_pairs.final(history).mean())
        values[f"pairs_{name}_sgd"] = float(sgd_pairs.final(history).mean())
    values["pairs_gap"], values["pairs_gap_sgd"] = (float(levels.gap(r).mean()) for r in pairs)
    return values


def _less(name: str, ours: Runs, theirs: Runs) -> Estimate:
    """By how much our value after the last epoch is smaller, in pairs."""
    return statistics.difference(theirs.final(name), ours.final(name))


def _small_more_accuracy(results: Results) -> Estimate:
    """Points of testing accuracy that Adam's smallest rate is ahead of SGD's best, in pairs."""
    pairs = levels.healthy_in_all(results[BEST_SGD], results[BY_RATE[0.0003]])
    return _less("val_accuracy", *pairs).times(100)


def _last_half(runs: Runs, name: str) -> np.ndarray:
    """By how much a history changes from the tenth epoch to the twentieth: shape (runs,)."""
    return runs.change(name, LAST // 2)


def _rougher(adam: Runs, sgd: Runs) -> float:
    """How many times as much testing curves turn from epoch to epoch, in the mean."""
    return float(q03.bends(adam).mean() / q03.bends(sgd).mean())


def _stuck_p(results: Results) -> dict[tuple[Experiment, Experiment], float]:
    """How likely chance alone parts the stuck runs of each two in `STUCK`, by Holm's correction."""
    p_values = [
        statistics.paired_p(*(levels.stuck(results[experiment]) for experiment in pair))
        for pair in STUCK
    ]
    return dict(zip(STUCK, statistics.holm(p_values), strict=True))


def _everywhere(runs: Runs) -> int:
    """Outputs that are zero on every training image after the last epoch."""
    return int(levels.silent_everywhere(runs)[:, -1].sum())


def _returns(runs: Runs) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Whether outputs that are silent after the first epoch return, shape (such outputs,).

    Of those that then fire on some image of their digit, on none of it, and on no image at all.
    """
    fires = runs.own[:, 0] > 0
    everywhere = levels.silent_everywhere(runs)[:, 0]
    return tuple(levels.returns(runs, chosen) for chosen in (fires, ~fires, everywhere))


def _time_ratios(results: Results) -> list[float]:
    """Core time of an epoch under Adam, in epochs of SGD, of each pair in `TIMED`."""
    return [results[adam].seconds / results[sgd].seconds for adam, sgd in TIMED]


def _epochs_to_own_end(adam: Runs, sgd: Runs) -> np.ndarray:
    """Epochs after which SGD first has the testing error that it ends with: (seeds,), of pairs."""
    _, sgd = levels.healthy_in_all(adam, sgd)
    return levels.epochs_to_match(sgd, sgd)


def _epochs_for_good(adam: Runs, sgd: Runs) -> np.ndarray:
    """Epochs from which on Adam has the testing error that SGD ends with: (seeds,), of pairs.

    Infinite where it ends above.
    """
    adam, sgd = levels.healthy_in_all(adam, sgd)
    is_above = adam.history("val_loss") > sgd.final("val_loss")[:, None]
    return levels.epochs_until(~np.logical_or.accumulate(is_above[:, ::-1], axis=1)[:, ::-1])


#: What questions 2, 3 and 4 train: the first epoch, looked into, and the whole.
TRAININGS = {
    "SGD, rate 0.1": (q01.FIRST_EPOCH, q02.SHEET),
    "SGD, rate 0.01": (q03.FIRST_EPOCH, q03.SHEET),
    "Adam": (FIRST_EPOCH, SHEET),
}


def first_epochs(results: Results) -> dict[str, FirstEpoch]:
    """Silent outputs within the first epoch of `TRAININGS`."""
    return {
        name: levels.first_epoch(results[early], results[whole])
        for name, (early, whole) in TRAININGS.items()
    }


def _all_three(results: Results) -> list[Runs]:
    """Of `TRAININGS` the runs of those seeds that are healthy in all of them."""
    return levels.healthy_in_all(*(results[whole] for _, whole in TRAININGS.values()))


def tables(results: Results) -> dict[str, list[list[str]]]:
    """Both optimizers at all rates; see `analysis.questions`."""
    settings = {f"SGD {rate:g}": results[e] for rate, e in sorted(q03.BY_RATE.items())}
    settings |= {f"Adam {rate:g}": results[e] for rate, e in sorted(BY_RATE.items())}
    return {"rates": levels.settings_table(settings, results[q02.SHEET])}


def claims(results: Results) -> list[Claim]:
    """What the page states of the results; see `analysis.questions`."""
    return [
        *_claims_of_errors(results),
        *_claims_of_rates(results),
        *_claims_of_silent_outputs(results),
        *_claims_of_curves(results),
    ]


def _claims_of_errors(results: Results) -> list[Claim]:
    """How much lower the testing error ends than under SGD, and how much sooner."""
    adam, sgd, best = results[SHEET], results[q02.SHEET], results[BEST_SGD]
    pairs, best_pairs = (levels.healthy_in_all(adam, other) for other in (sgd, best))
    epochs, epochs_best = (levels.epochs_to_match(adam, other) for other in (sgd, best))
    return [
        Claim(
            "lower",
            "In seeds that are healthy under both optimizers, Adam ends at a lower testing error "
            "than SGD with rate 0.1, and at a higher testing accuracy.",
            above("error lower by", _less("val_loss", *pairs), form=".4f"),
            above("points higher", _less("val_accuracy", *pairs[::-1]).times(100), form=".2f"),
        ),
        Claim(
            "faster",
            "In each of these seeds, Adam reaches the final testing error of SGD with rate 0.1 in "
            "less than a third of the epochs.",
            less_than("most epochs of a seed", float(epochs.max()), LAST / 3, ".2g"),
        ),
        Claim(
            "time",
            "An epoch of Adam took more core time than one of SGD.",
            more_than("smallest ratio of core times", min(_time_ratios(results)), 1.0, ".2f"),
        ),
        Claim(
            "rate-lead",
            f"Most of Adam's lead is gone at a larger rate of SGD: testing error falls more from "
            f"SGD at 0.1 to SGD at {q03.BEST:g} than from there to Adam, in seeds that are healthy "
            "in all three.",
            above(
                "first fall minus second",
                statistics.difference(
                    *(ours - theirs for ours, theirs in pairwise(_errors(sgd, best, adam)))
                ),
                form=".5f",
            ),
        ),
        Claim(
            "best",
            f"With both at their best rates, Adam at its default and SGD at {q03.BEST:g}, Adam "
            "still ends at a lower testing error; their testing accuracies cannot be told apart.",
            above("error lower by", _less("val_loss", *best_pairs), form=".5f"),
            undecided("points higher", _less("val_accuracy", *best_pairs[::-1]).times(100)),
        ),
        Claim(
            "small-rate",
            f"At rate 0.0003 Adam ends at a higher testing accuracy than SGD at {q03.BEST:g}.",
            above("points higher", _small_more_accuracy(results)),
        ),
        Claim(
            "best-epochs",
            f"In the median, Adam first reaches the final testing error of SGD at {q03.BEST:g} "
            "after half of the epochs or fewer.",
            at_most("median of epochs", float(np.median(epochs_best)), LAST / 2, "g"),
        ),
    ]


def _claims_of_rates(results: Results) -> list[Claim]:
    """How many runs get stuck at which rate of either optimizer, and Adam's best rate."""
    adam, sgd, best = results[SHEET], results[q02.SHEET], results[BEST_SGD]
    stuck_p = _stuck_p(results)
    return [
        Claim(
            "stuck",
            "Adam does not prevent silent outputs: more than half of the runs end with one. "
            "Whether there are more or fewer such runs than under SGD with rate 0.1 cannot be told "
            "from chance.",
            above("share of runs", statistics.rate(levels.stuck(adam)), 0.5, ".0%"),
            as_often("against SGD:", levels.stuck(adam), levels.stuck(sgd)),
        ),
        Claim(
            "best-stuck",
            "By itself it could be told from chance that Adam at its best rate leaves more runs "
            "stuck than SGD at its own; after Holm's correction for all comparisons of stuck runs "
            "it cannot.",
            more_often("stuck under Adam", levels.stuck(adam), levels.stuck(best)),
            more_than("corrected p", stuck_p[SHEET, BEST_SGD], SIGNIFICANT, ".2g"),
        ),
        Claim(
            "rates-stuck",
            "A larger rate of Adam leaves more runs stuck, also after Holm's correction: 0.001 "
            "more than 0.0003, and 0.003 more than 0.001.",
            *(
                more_often(
                    f"{larger:g} against {rate:g}:",
                    levels.stuck(results[BY_RATE[larger]]),
                    levels.stuck(results[BY_RATE[rate]]),
                )
                for rate, larger in RATES
            ),
            *(
                at_most(
                    f"{larger:g} against {rate:g}: corrected p",
                    stuck_p[BY_RATE[larger], BY_RATE[rate]],
                    SIGNIFICANT,
                    ".2g",
                )
                for rate, larger in RATES
            ),
        ),
        Claim(
            "default-best",
            "Of the three rates of Adam, the default has the lowest testing error.",
            *(
                above(
                    f"below that of {rate:g} by",
                    _less("val_loss", *levels.healthy_in_all(adam, results[BY_RATE[rate]])),
                    form=".4f",
                )
                for rate in (0.0003, 0.003)
            ),
        ),
    ]


def _claims_of_silent_outputs(results: Results) -> list[Claim]:
    """When outputs fall silent or come back, and which of them are zero everywhere."""
    adam, sgd = results[SHEET], results[q02.SHEET]
    early, changes = first_epochs(results), levels.changes(adam)
    fires, none, everywhere = _returns(adam)
    return [
        Claim(
            "everywhere",
            "Under Adam at its default nearly every silent output ends zero on every training "
            "image; under SGD few do, at any rate tried.",
            at_least("share under Adam", _everywhere(adam) / changes["silent_at_last"], 0.9, ".0%"),
            likelier("against SGD:", *map(_everywhere_of_silent, (adam, sgd))),
            at_most(
                "largest share under SGD",
                max(_everywhere_of_silent(results[e]).mean() for e in q03.BY_RATE.values()),
                0.1,
                ".0%",
            ),
        ),
        Claim(
            "early",
            "At its worst moment of the first epoch, Adam has more silent outputs than SGD with "
            "rate 0.1 has at its own worst moment.",
            above(
                "more silent outputs in a run",
                statistics.difference(*(_at_peak(early[n]).sum(axis=1) for n in COMPARED)),
            ),
            *(
                levels.same_beginning(results[first], results[whole])
                for first, whole in ((FIRST_EPOCH, SHEET), (q01.FIRST_EPOCH, q02.SHEET))
            ),
        ),
        Claim(
            "early-back",
            "About half of Adam's outputs that are silent at that moment are heard again after the "
            "first epoch. Later none falls silent, and most of those that are silent stay silent.",
            within(
                "share heard again",
                statistics.rate(_back_in_first_epoch(early["Adam"])),
                0.4,
                0.6,
                ".0%",
            ),
            exactly("outputs that fall silent later", changes["fell_later"], 0),
            below(
                "share that returns later",
                statistics.rate(np.concatenate([fires, none])),
                0.5,
                ".0%",
            ),
        ),
        Claim(
            "who",
            "As in question 2, outputs that still fire on some image of their digit come back more "
            "often than those that fire on none, if outputs are taken as independent.",
            likelier("came back:", fires, none),
        ),
        Claim(
            "hidden",
            "Some outputs come back that were zero on every training image.",
            at_least("such outputs", int(everywhere.sum()), 1),
        ),
    ]


def _claims_of_curves(results: Results) -> list[Claim]:
    """How far testing error is above training error, and how its curves run."""
    adam, sgd, best = results[SHEET], results[q02.SHEET], results[BEST_SGD]
    pairs, best_pairs = (levels.healthy_in_all(adam, other) for other in (sgd, best))
    healthy = levels.healthy_in_all(adam)[0]
    return [
        Claim(
            "gap",
            "Testing error is further above training error than under SGD with rate 0.1, in seeds "
            "that are healthy under both.",
            above("gap larger by", statistics.difference(*map(levels.gap, pairs)), form=".4f"),
        ),
        Claim(
            "rougher",
            "Over the last ten epochs the curves of testing error turn more from one epoch to the "
            f"next than under SGD with rate 0.1; compared with SGD at rate {q03.BEST:g}, no "
            "difference can be told. Each comparison is over the seeds that are healthy under "
            "both of its settings.",
            above(
                "mean second difference",
                statistics.difference(*map(q03.bends, pairs)),
                form="+.6f",
            ),
            undecided(
                f"beside rate {q03.BEST:g}",
                statistics.difference(*map(q03.bends, best_pairs)),
                "+.6f",
            ),
        ),
        Claim(
            "not-rising",
            "From the tenth epoch to the twentieth, the testing error of healthy runs still falls, "
            "but by less than their training error.",
            below(
                "change of testing error",
                statistics.estimate(_last_half(healthy, "val_loss")),
                form="+.5f",
            ),
            above(
                "change of testing minus change of training error",
                statistics.difference(*(_last_half(healthy, n) for n in ("val_loss", "loss"))),
                form="+.5f",
            ),
        ),
    ]


def _everywhere_of_silent(runs: Runs) -> np.ndarray:
    """Whether an output that ends silent is zero on every training image: bool, (silent,)."""
    return levels.silent_everywhere(runs)[:, -1][runs.silent[:, -1]]


def _errors(*trainings: Runs) -> list[np.ndarray]:
    """Testing errors of the seeds that are healthy in all, shape (seeds,) each."""
    return [runs.final("val_loss") for runs in levels.healthy_in_all(*trainings)]


def _peak(training: FirstEpoch) -> int:
    """The place among the steps at which most outputs are silent."""
    return int(training.silent.sum(axis=(0, 2)).argmax())


def _at_peak(training: FirstEpoch) -> np.ndarray:
    """Which outputs are silent when most are: bool, shape (runs, 10)."""
    return training.silent[:, _peak(training)]


def _back_in_first_epoch(training: FirstEpoch) -> np.ndarray:
    """Whether an output that is silent at the peak is heard after the first epoch: (silent,)."""
    return ~training.silent[:, -1][_at_peak(training)]


def errors(results):
    """The plots asked for: training and testing error of ten runs."""
    return levels_figures.errors(results[SHEET])


def overlay(results):
    """Questions 2, 3 and 4 in one: mean testing error of healthy runs, and the share stuck."""
    figure, axes = style.figure(1, 2, height=5.4, sharex=True)
    axes[0].set(yscale="log", ylabel="testing error (mean squared)")
    style.plain_ticks(axes[0].yaxis)
    axes[1].set(ylabel="runs with a silent output", ylim=(0, 1))
    axes[1].yaxis.set_major_formatter("{x:.0%}")
    n, ends = len(TRAININGS), ([], [])
    colours, lines = style.theme().categories[:n], ("-", "--", "-.")[:n]
    for name, healthy, colour, line in zip(
        TRAININGS, _all_three(results), colours, lines, strict=True
    ):
        whole = results[TRAININGS[name][1]]
        errors = [statistics.estimate(error) for error in healthy.history("val_loss").T]
        stuck = [statistics.rate(silent) for silent in whole.silent.any(axis=2).T]
        for ax, estimates, end in zip(axes, (errors, stuck), ends, strict=True):
            plots.mean_with_interval(ax, estimates, colour, name, line)
            end.append(estimates[-1].mean)
    for ax, end in zip(axes, ends, strict=True):
        plots.label_ends(ax, end, list(TRAININGS), colours)
    axes[0].set_xlabel("")
    return figure


def rates(results):
    """Stuck runs and testing error of both optimizers against the learning rate."""
    return levels_figures.rates(
        {
            name: {rate: results[e] for rate, e in sorted(by_rate.items())}
            for name, by_rate in (("SGD", q03.BY_RATE), ("Adam", BY_RATE))
        }
    )


def first_epoch(results):
    """Silent outputs within the first epoch, and in the end, of questions 2, 3 and 4."""
    return levels_figures.first_epoch(first_epochs(results))


def small(results):
    """For the home page: ten runs."""
    return levels_figures.small_curves(results[SHEET], "loss")


FIGURES = {
    "q04-errors": errors,
    "q04-overlay": overlay,
    "q04-rates": rates,
    "q04-first-epoch": first_epoch,
    "q04-small": small,
}
