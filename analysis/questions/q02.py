"""Question 2: twenty epochs, training and testing error, and what becomes of the runs."""

from dataclasses import replace

import numpy as np

from analysis import levels, levels_figures, plots, statistics, style
from analysis.claims import (
    Claim,
    above,
    above_all,
    at_least,
    at_most,
    below,
    exactly,
    likelier,
    more_than,
    within,
)
from analysis.loaded import Results
from analysis.questions import q01
from analysis.results import ASKED_FOR, Runs
from analysis.statistics import Estimate

BUILDS_ON = (q01,)

SHEET = replace(q01.SHEET, name="q02-sgd", epochs=20)

#: As Keras orders the images once `keras.utils.set_random_seed` was called.
SAME_ORDER_EACH_EPOCH = replace(SHEET, name="q02-not-reshuffled", reshuffle=False, seeds=range(50))

EXPERIMENTS = (SHEET, q01.SHEET, q01.FIRST_EPOCH, SAME_ORDER_EACH_EPOCH)

#: After which steps of the first epoch, and after which epochs, the page counts silent outputs.
COUNTED_STEPS = (0, 10, 30, 100, 300)
COUNTED_EPOCHS = (1, 2, 5, 10, 20)


def numbers(results: Results) -> dict:
    """What the page cites; see `analysis.questions`."""
    runs = results[SHEET]
    fine, only_zero = levels.fine(runs), levels.only_zero(runs)
    once = results[q01.FIRST_EPOCH]
    early = levels.first_epoch(once, runs)
    zeros, accuracy = _recall(results)[:, 0], runs.final("val_accuracy")
    fires, none = _returns(runs)
    order = statistics.correlation(runs.after("loss")[fine], runs.final("val_loss")[fine])
    reshuffled, frozen = _orders(results)
    error = _more("val_loss", frozen, reshuffled)
    points = _more("val_accuracy", frozen, reshuffled).times(100)
    changes = levels.changes(runs)
    del changes["fell_later"]
    return (
        levels.numbers(runs)
        | levels.ten_ends(runs)
        | changes
        | {f"fine_{name}": levels.fine_means(runs)[f"fine_{name}"] for name in ("gap", "accuracy")}
        | {
            "ten_came_back": levels.changes(runs.first(ASKED_FOR))["came_back"],
            "ten_below_from": levels.below_from(runs),
            "first_above": float((once.final("loss") - once.final("val_loss")).mean()),
            "first_trained_above": float(-levels.gap(once).mean()),
            "fine": int(fine.sum()),
            "outputs": early.start.size,
            "start_silent": int(early.start.sum()),
            "stayed_silent": int(early.stayed.sum()),
            "fell": int(early.fell.sum()),
            "last_return": max(epoch for _, epoch, _ in levels.heard_again(runs)),
            "fires": len(fires),
            "fires_back": int(fires.sum()),
            "none": len(none),
            "none_back": int(none.sum()),
            "back_p": statistics.unpaired_p(fires, none),
            "stuck_recall": float(_heard_recall(results)[~fine].mean()),
            "fine_recall": float(_heard_recall(results)[fine].mean()),
            "only_zero_runs": int(only_zero.sum()),
            "only_zero_error": float(runs.final("val_loss")[only_zero].mean()),
            "only_zero_loss": 100 * float(accuracy[fine].mean() - accuracy[only_zero].mean()),
            "only_other_loss": 100
            * float(accuracy[fine].mean() - accuracy[levels.only_other(runs)].mean()),
            "only_zero_found_min": float(zeros[only_zero].min()),
            "only_zero_found_max": float(zeros[only_zero].max()),
            "fine_found_min": float(zeros[fine].min()),
            "frozen_runs": len(results[SAME_ORDER_EACH_EPOCH]),
            "frozen_stuck": int(levels.stuck(results[SAME_ORDER_EACH_EPOCH]).sum()),
            "frozen_pairs": len(frozen),
            "frozen_error_low": error.low,
            "frozen_error_high": error.high,
            "frozen_accuracy_low": points.low,
            "frozen_accuracy_high": points.high,
        }
        | order.named("fine_correlation")
    )


def _more(name: str, ours: Runs, theirs: Runs) -> Estimate:
    """By how much our value after the last epoch is larger, in pairs."""
    return statistics.difference(ours.final(name), theirs.final(name))


def _paired(results: Results) -> Runs:
    """The runs whose order is drawn anew, of the seeds for which it is also kept."""
    return results[SHEET].first(len(results[SAME_ORDER_EACH_EPOCH]))


def _orders(results: Results) -> list[Runs]:
    """Pairs that are healthy with a new order in every epoch, and in the first one's."""
    return levels.healthy_in_all(_paired(results), results[SAME_ORDER_EACH_EPOCH])


def _returns(runs: Runs) -> tuple[np.ndarray, np.ndarray]:
    """Whether silent outputs return: those that fire on some image of their digit, on none."""
    fires = runs.own[:, 0] > 0
    return levels.returns(runs, fires), levels.returns(runs, ~fires)


def _recall(results: Results) -> np.ndarray:
    """Share of the test images of each digit that are given to it: float, shape (runs, 10)."""
    return statistics.recall(results[SHEET].predictions, results.labels(SHEET))


def _heard_recall(results: Results) -> np.ndarray:
    """Mean `_recall` of those digits whose outputs are not silent: float, shape (runs,)."""
    heard = ~results[SHEET].silent[:, -1]
    return np.average(_recall(results), axis=1, weights=heard)


def tables(results: Results) -> dict[str, list[list[str]]]:
    """How many outputs are silent when; see `analysis.questions`."""
    runs = results[SHEET]
    early = levels.first_epoch(results[q01.FIRST_EPOCH], runs)
    moments = [early.silent[:, early.steps.index(step)] for step in COUNTED_STEPS]
    moments += [runs.silent[:, epoch - 1] for epoch in COUNTED_EPOCHS]
    steps = [f"{step} steps" if step else "no step" for step in COUNTED_STEPS]
    epochs = [f"epoch {epoch}" for epoch in COUNTED_EPOCHS]
    rows = {
        "silent outputs": [np.sum(silent) for silent in moments],
        "silent before training": [np.sum(silent & early.start) for silent in moments],
        "heard before training": [np.sum(silent & ~early.start) for silent in moments],
        "runs with a silent output": [np.sum(silent.any(axis=1)) for silent in moments],
    }
    return {
        "levels": levels.levels_table(runs),
        "counts": [
            ["after", *steps, *epochs],
            *([name, *map(str, counted)] for name, counted in rows.items()),
        ],
    }


def claims(results: Results) -> list[Claim]:
    """What the page states of the results; see `analysis.questions`."""
    return [
        *_claims_of_errors(results),
        *_claims_of_silent_outputs(results),
        *_claims_of_accuracy(results),
        *_claims_of_order(results),
    ]


def _claims_of_errors(results: Results) -> list[Claim]:
    """How training and testing error compare, in each run and in the first epoch."""
    runs, once = results[SHEET], results[q01.FIRST_EPOCH]
    fine, error, val_error = levels.fine(runs), runs.after("loss"), runs.final("val_loss")
    return [
        Claim(
            "levels",
            "Training and testing error sort the runs alike: by either error the runs fall into "
            "separate groups, one for each number of silent outputs.",
            at_least(
                "smallest gap between groups in training error",
                levels.room(runs, error),
                0.001,
                ".4f",
            ),
            at_least("in testing error", levels.room(runs, val_error), 0.001, ".4f"),
        ),
        Claim(
            "gap",
            "In runs without a silent output the testing error of the trained network is a little "
            "higher than its training error.",
            within("gap", statistics.estimate(levels.gap(runs)[fine]), 0.0005, 0.001, ".5f"),
        ),
        Claim(
            "first-above",
            "In the first epoch the training error is above the testing error as plotted, and by "
            "less if it is measured on the trained networks.",
            above(
                "as plotted more than trained",
                statistics.difference(once.final("loss"), once.after("loss")),
                form="+.4f",
            ),
            above("trained", statistics.estimate(-levels.gap(once)), form="+.5f"),
        ),
        Claim(
            "within-level",
            "Among the runs without a silent output, too, those with a lower training error tend "
            "to have a lower testing error.",
            above("correlation", statistics.correlation(error[fine], val_error[fine]), 0.8, ".3f"),
        ),
    ]


def _claims_of_silent_outputs(results: Results) -> list[Claim]:
    """How many runs get stuck, and when outputs fall silent or come back."""
    runs = results[SHEET]
    fine, changes = levels.fine(runs), levels.changes(runs)
    early = levels.first_epoch(results[q01.FIRST_EPOCH], runs)
    return [
        Claim(
            "stuck",
            "Half of the runs or more end with a silent output.",
            above("share of runs", statistics.rate(~fine), 0.5, ".1%"),
        ),
        Claim(
            "start",
            "About half of the outputs that are silent in the end were silent before any training.",
            within("share", statistics.rate(early.start[early.in_the_end]), 1 / 3, 2 / 3, ".0%"),
            levels.same_beginning(results[q01.FIRST_EPOCH], runs),
        ),
        Claim(
            "first",
            "The others fell silent in the first epoch: no output falls silent later.",
            exactly("outputs that fell silent later", changes["fell_later"], 0),
        ),
        Claim(
            "back",
            "Most outputs that are silent after the first epoch are still silent after the last.",
            below(
                "share that is heard again",
                statistics.rate(np.concatenate(_returns(runs))),
                0.5,
                ".0%",
            ),
        ),
        Claim(
            "who",
            "Outputs that still fire on some image of their digit come back more often than those "
            "that fire on none, if outputs are taken as independent.",
            likelier("came back:", *_returns(runs)),
        ),
    ]


def _claims_of_accuracy(results: Results) -> list[Claim]:
    """What stuck runs learn, and where the silent output is that of 0."""
    runs, recalls = results[SHEET], _heard_recall(results)
    fine, val_error = levels.fine(runs), runs.final("val_loss")
    accuracy, zeros = runs.final("val_accuracy"), _recall(results)[:, 0]
    only_zero, only_other = levels.only_zero(runs), levels.only_other(runs)
    return [
        Claim(
            "fine",
            "Every run without a silent output ends above 0.95 testing accuracy.",
            more_than("lowest testing accuracy", accuracy[fine].min(), 0.95, ".3f"),
        ),
        Claim(
            "others-learned",
            "Stuck runs learn the digits whose outputs are heard: on these, none is more than a "
            "point worse than runs without a silent output are on average on all digits.",
            at_least(
                "lowest share of such images named correctly",
                recalls[~fine].min(),
                recalls[fine].mean() - 0.01,
                ".1%",
            ),
        ),
        Claim(
            "zeros",
            "Runs in which only the output of 0 is silent still answer most images of a 0 right, "
            "but fewer than any run without a silent output does.",
            more_than("smallest share answered right", zeros[only_zero].min(), 0.5, ".1%"),
            above_all("share without a silent output", zeros[fine], zeros[only_zero], ".1%"),
        ),
        Claim(
            "zero-seen",
            "Every run in which only the output of 0 is silent has a lower testing accuracy than "
            "every run without a silent output, and a higher one than every run in which only "
            "another output is silent.",
            above_all("accuracy without", accuracy[fine], accuracy[only_zero], ".2%"),
            above_all("accuracy with 0 silent", accuracy[only_zero], accuracy[only_other], ".2%"),
        ),
        Claim(
            "zero-error",
            "The testing errors of these runs lie among those of the other runs with one silent "
            "output.",
            at_least(
                "smallest error", val_error[only_zero].min(), val_error[only_other].min(), ".4f"
            ),
            at_most(
                "largest error", val_error[only_zero].max(), val_error[only_other].max(), ".4f"
            ),
        ),
    ]


def _claims_of_order(results: Results) -> list[Claim]:
    """The same order of images in every epoch, and the same training again."""
    runs, first = results[SHEET], results[q01.SHEET]
    again = np.abs(runs.history("loss")[:, : q01.SHEET.epochs] - first.history("loss")).max()
    reshuffled, frozen = _orders(results)
    return [
        Claim(
            "frozen",
            "Here an order of images that stays the same from epoch to epoch changes the testing "
            "error by less than 0.0001 and the testing accuracy by less than 0.1 points.",
            within("error", _more("val_loss", frozen, reshuffled), -0.0001, 0.0001, "+.5f"),
            within("points", _more("val_accuracy", frozen, reshuffled).times(100), -0.1, 0.1),
        ),
        Claim(
            "frozen-stuck",
            "Whether the order stays the same or not, the same seeds get stuck.",
            exactly(
                "runs stuck in one way only",
                int(
                    np.sum(
                        levels.stuck(results[SAME_ORDER_EACH_EPOCH])
                        != levels.stuck(_paired(results))
                    )
                ),
                0,
            ),
        ),
        Claim(
            "again",
            "The same seeds give the same training: the first five epochs are those of "
            "question 1 to the last digit, though trained again.",
            exactly("largest difference of training errors", float(again), 0.0, "g"),
        ),
    ]


def errors(results):
    """The plots asked for: training and testing error of ten runs."""
    return levels_figures.errors(results[SHEET])


def silent_outputs(results):
    """When which outputs of the ten runs are silent."""
    figure, ax = style.figure(height=3.6)
    plots.lifelines(ax, results[SHEET].first(ASKED_FOR).silent)
    return figure


def small(results):
    """For the home page: ten runs."""
    return levels_figures.small_curves(results[SHEET], "loss")


FIGURES = {
    "q02-errors": errors,
    "q02-silent-outputs": silent_outputs,
    "q02-small": small,
}
