"""Question 10: CIFAR-10 as well as two cores can, one change at a time, by held-out images."""

import math

import numpy as np

from analysis import (
    cost,
    drawn,
    ladder,
    ladder_figures,
    mistakes,
    mistakes_figures,
    plots,
    published,
    style,
    tta,
)
from analysis.claims import Claim, above, below, less_than, more_often, undecided
from analysis.datasets import DATASETS
from analysis.ladder import Arm
from analysis.loaded import Results, computed_once
from analysis.questions import q09, q10_arms
from analysis.questions.q10_arms import (
    ADAM,
    ADDED,
    ALONE,
    ALTERNATING,
    ARMS,
    AT_TWELVE,
    BATCH,
    CUTOUT,
    DROPOUT,
    FAST_SHIFTS,
    FASTER,
    FINAL,
    FLIPPED,
    GELU,
    GLOROT,
    HALF,
    HARD,
    HELD_OUT,
    IDENTITY,
    JORDANS_BATCH,
    JORDANS_EPOCHS,
    LARGE,
    LARGE_MUON,
    LONGER,
    LONGER_CUTOUT,
    LONGER_UNCHANGED,
    LONGER_UNSCALED,
    LOOKAHEAD,
    MIXUP,
    MOMENTUM,
    MUON,
    MUON_HALF,
    MUON_TWICE,
    NORM,
    NORM_ALONE,
    PLAINER,
    RELU,
    SCALED,
    SCHEDULE,
    SHEETS,
    SHIFTED,
    SIX,
    SMALL,
    SMOOTHING,
    STANDARDISED_ALONE,
    STEPS,
    TOO_FAST,
    UNCHANGED,
    UNDECAYED,
    UNSCALED,
    UNWHITENED,
    WHITENING,
    WIDER,
    WITHOUT,
)
from analysis.spec import Experiment
from analysis.statistics import (
    Estimate,
    calibration_error,
    confusion,
    difference,
    estimate,
    recall,
    reliability,
    vote,
)

BUILDS_ON = (q09, q10_arms)

#: What the page cites of which arms, see `ladder.numbers`.
CITED = {
    "mistakes": (SHEETS, LOOKAHEAD, WIDER, UNSCALED),
    "seconds": (SHEETS, HALF, LOOKAHEAD, ADAM),
    "gain": (*STEPS[1:], *ALONE, *WITHOUT, *ADDED, LONGER, LONGER_UNSCALED, LONGER_CUTOUT),
    "known": (LOOKAHEAD, LONGER, LONGER_UNCHANGED),
}

#: Those trained for this page.
OWN = (*(arm.experiment for arm in ARMS), SMALL, FINAL, LARGE, LARGE_MUON)

EXPERIMENTS = (*OWN, q09.SHEET)

BASES = ladder.bases(ARMS)

#: Final networks with which the test set was first read; two more followed.
FIRST_READ = 4

#: Those that read the test set, as the page calls them.
TESTING = {"small": SMALL, "final": FINAL, "large": LARGE, "large with Muon": LARGE_MUON}

#: Arms that do harm by themselves; all but the first prepare for the rate of that one.
PREPARING = (TOO_FAST, MOMENTUM, SMOOTHING, IDENTITY, SCALED)

#: Arms whose networks were also tested with views.
VIEWED = (LOOKAHEAD, WIDER, LONGER)

TRAINED, TESTED = (DATASETS["cifar10"].shapes[name][0] for name in ("y_train", "y_test"))


def _together(results: Results, experiment: Experiment) -> float:
    """Share of the test images on which the vote of all runs is right, with views."""
    return float(tta.right_together(results, experiment).mean())


def test_images(results: Results) -> np.ndarray:
    """Those of the gallery; see `analysis.questions`."""
    return mistakes.shown(_answers(results), results.labels(FINAL))


@computed_once
def _answers(results: Results) -> np.ndarray:
    """What each final network says with views: int, shape (runs, images)."""
    return results[FINAL].outputs.argmax(axis=2)


def numbers(results: Results) -> dict:
    """What the page cites; see `analysis.questions`."""
    final, sheets, labels = results[FINAL], results[q09.SHEET], results.labels(FINAL)
    answers = _answers(results)
    now, before = (recall(said, labels).mean(axis=0) for said in (answers, sheets.predictions))
    together = final.outputs.mean(axis=0)
    sure = final.outputs.max(axis=2)
    values = (
        ladder.numbers(results, CITED)
        | _cited(results, "small", SMALL)
        | _cited(results, "final", FINAL)
        | _cited(results, "large", LARGE)
        | _cited(results, "large_muon", LARGE_MUON)
        | _muon_unchosen(results).named("muon_unchosen")
        | mistakes.numbers(answers, labels, 3)
    )
    values |= {
        "large_muon_gain": _muon_over_large(results).mean,
        "large_seen": float(results[LARGE].final("accuracy").mean()),
        "large_muon_seen": float(results[LARGE_MUON].final("accuracy").mean()),
        "small_weights": cost.weights(SMALL),
        "final_weights": cost.weights(FINAL),
        "large_weights": cost.weights(LARGE),
        "final_one": float(final.final("val_accuracy").mean()),
        "final_train": float(final.after("accuracy").mean()),
        "final_gflops": 1e3 * ladder.teraflops(FINAL) * len(final) / final.seconds,
        "arms": len(ARMS),
        "networks": sum(len(arm.experiment.seeds) for arm in ARMS),
        "core_hours": math.fsum(results[experiment].seconds for experiment in OWN) / 3600,
        "held_out": HELD_OUT,
        "seeds": len(SHEETS.experiment.seeds),
        "epochs": SHEETS.experiment.epochs,
        "changed_images_gain": ladder.over(results, ALTERNATING, SCHEDULE).mean,
        "basics_gain": ladder.over(results, SCHEDULE, HALF).mean,
        "all_gain": ladder.over(results, WIDER, SHEETS).mean,
        "recipe_gain": ladder.over(results, LOOKAHEAD, ALTERNATING).mean,
        "plainer_loss": -ladder.gain(results, PLAINER).mean,
        "unchanged_loss": -ladder.gain(results, UNCHANGED).mean,
        "longer_unchanged_loss": -ladder.gain(results, LONGER_UNCHANGED).mean,
        "unchanged_longer_loss": -_more_at_twelve(results, LONGER_UNCHANGED, UNCHANGED).mean,
        "layers_gain": ladder.over(results, ADAM, ALTERNATING).mean,
        "compared": sum(arm.base is not None for arm in ARMS),
        "sharp": ladder.sharp(results, ARMS, 0.5),
        "remaining": len(ladder.remaining(results, ARMS)),
        "first_four_together": float(
            (vote(final.outputs[:FIRST_READ]) == results.labels(FINAL)).mean()
        ),
        "times_the_steps": FINAL.epochs
        * math.ceil(TRAINED / BATCH)
        / math.ceil(JORDANS_EPOCHS * (TRAINED // JORDANS_BATCH)),
        "basics_accuracy": float(ladder.accuracy(results, SCHEDULE).mean()),
        "published": published.JORDAN_94.accuracy,
        "published_petaflops": published.JORDAN_94.teraflops / 1e3,
        "published_small": published.JORDAN_93.accuracy,
        "published_small_petaflops": published.JORDAN_93.teraflops / 1e3,
        "published_large": published.JORDAN_95.accuracy,
        "published_large_petaflops": published.JORDAN_95.teraflops / 1e3,
        "published_largest_times": published.JORDAN_96.teraflops / ladder.teraflops(LARGE),
        "sheets_test": float(sheets.final("val_accuracy").mean()),
        "hardest_before": float(before[now.argmin()]),
        "missed_before": len(mistakes.all_wrong(sheets.predictions[: len(final)], labels)),
        "asked_sure": 1 - 0.9 * FINAL.label_smoothing,
        "sure": float(sure.mean()),
        "sure_and_wrong": float((answers != labels)[sure > SURE].mean()),
        "sure_share": float((sure > SURE).mean()),
        "sure_limit": SURE,
        "calibration_error": calibration_error(final.outputs, labels),
        "together_calibration_error": calibration_error(together[None], labels),
    }
    return values


def _cited(results: Results, name: str, experiment: Experiment) -> dict:
    """What the page cites of each network that read the test set, under a prefix."""
    runs, (mean, low, high) = results[experiment], estimate(tta.accuracy(results, experiment))
    values = {
        "runs": len(runs),
        "epochs": experiment.epochs,
        "views": mean,
        "low": low,
        "high": high,
        "together": _together(results, experiment),
        "minutes": runs.seconds / len(runs) / 60,
        "petaflops": ladder.teraflops(experiment) / 1e3,
    }
    return {f"{name}_{key}": value for key, value in values.items()}


#: An answer is called sure where its output is above this.
SURE = 0.75


def tables(results: Results) -> dict[str, list[list[str]]]:
    """A row an arm, and the final networks in the three ways; see `analysis.questions`."""
    return {
        "ladder": ladder.rows(results, (*STEPS, *ALONE), ARMS),
        "without": ladder.rows(results, WITHOUT, ARMS),
        "added": ladder.rows(results, ADDED, ARMS),
        "longer": ladder.rows(results, AT_TWELVE, ARMS),
        "views": tta.rows(results, _viewed()),
        "final": _final_rows(results),
    }


def _final_rows(results: Results) -> list[list[str]]:
    rows = [["network", "minutes of a core", *ladder.TESTED_COLUMNS]]
    for kind, experiment in TESTING.items():
        runs = results[experiment]
        minutes = f"{runs.seconds / len(runs) / 60:.0f}"
        rows += [
            [
                f"{kind}, one view, mean of {len(runs)} runs",
                minutes,
                *ladder.tested_cells(tta.right_by_one_view(results, experiment)),
            ],
            [
                f"{kind}, six views, mean of {len(runs)} runs",
                minutes,
                *ladder.tested_cells(tta.right(results, experiment)),
            ],
            [
                f"{kind}, six views, all {len(runs)} runs together",
                f"{runs.seconds / 60:.0f}",
                *ladder.tested_cells(tta.right_together(results, experiment)),
            ],
        ]
    return rows


def claims(results: Results) -> list[Claim]:
    """What the page states of the results; see `analysis.questions`."""
    return [
        *_claims_of_tested_networks(results),
        *_claims_of_first_steps(results),
        *_claims_of_the_recipe(results),
        *_claims_of_parts(results),
        *_claims_of_longer_training(results),
        *_claims_of_optimizers(results),
        *_claims_of_significance(results),
        *_claims_of_answers(results),
    ]


def _claims_of_tested_networks(results: Results) -> list[Claim]:
    """The small, final and large networks on the test set, alone and together."""
    views, large = tta.accuracy(results, FINAL), tta.accuracy(results, LARGE)
    return [
        Claim(
            "final",
            "With six views the final network is right on more than 94% of the test images, as a "
            "mean over seeds.",
            above("points", estimate(views).times(100), 94, form=".2f"),
        ),
        Claim(
            "small",
            "With six views the small network is right on fewer test images than a program of "
            "Jordan's states, whose network takes more arithmetic, as a mean over seeds.",
            below(
                f"points over {published.JORDAN_93.accuracy:.1%}",
                estimate(tta.accuracy(results, SMALL) - published.JORDAN_93.accuracy).times(100),
            ),
            less_than(
                "PFLOP", ladder.teraflops(SMALL) / 1e3, published.JORDAN_93.teraflops / 1e3, ".2f"
            ),
        ),
        Claim(
            "small-together",
            "One final network is right on more images than all small ones together, for less "
            "arithmetic.",
            above(
                "points, by images,",
                difference(
                    tta.right(results, FINAL).mean(axis=0), tta.right_together(results, SMALL)
                ).times(100),
            ),
            less_than(
                "TFLOP of the final one",
                ladder.teraflops(FINAL),
                len(SMALL.seeds) * ladder.teraflops(SMALL),
                ".0f",
            ),
        ),
        Claim(
            "large",
            f"The large network is right on {large.mean():.2%} on average, and on more than the "
            "final one; whether its mean over all seeds is above 95% cannot be told.",
            above("points more than the final one", difference(large, views).times(100)),
            undecided("points above 95%", estimate(100 * large - 95)),
        ),
        Claim(
            "large-muon",
            "With Muon and two epochs fewer the large network cannot be told from the one without.",
            undecided("points", _muon_over_large(results)),
        ),
        Claim(
            "together",
            "All runs together are right on more images than the best of them, of each kind.",
            *(
                more_often(
                    f"{kind}: right on",
                    tta.right_together(results, experiment),
                    _best(tta.right(results, experiment)),
                )
                for kind, experiment in TESTING.items()
            ),
        ),
        Claim(
            "one-large",
            "One large network cannot be told from all final ones together.",
            undecided(
                "points, by images,",
                difference(
                    tta.right(results, LARGE).mean(axis=0), tta.right_together(results, FINAL)
                ).times(100),
            ),
        ),
    ]


def _claims_of_first_steps(results: Results) -> list[Claim]:
    """How the setting was chosen, and what helped before the recipe."""
    return [
        Claim(
            "chosen",
            "The final network has the layers and settings that make the fewest mistakes on "
            "held-out images after five epochs.",
            less_than(
                f"mistakes of {WIDER.label!r}",
                ladder.mistakes(results, WIDER).mean(),
                min(
                    ladder.mistakes(results, arm).mean()
                    for arm in ARMS
                    if arm not in (WIDER, *AT_TWELVE)
                ),
                ".1f",
            ),
        ),
        ladder.helping(
            results,
            ARMS,
            "basics",
            "More and wider convolutions on standardised inputs (a bundle) help, then batch norm, "
            "then a rate that rises and falls.",
            SIX,
            NORM,
            SCHEDULE,
        ),
        ladder.helping(
            results,
            ARMS,
            "alone",
            "Standardised inputs by themselves help the network of question 9, and so does batch "
            "norm.",
            STANDARDISED_ALONE,
            NORM_ALONE,
        ),
        ladder.in_doubt(
            results, ARMS, "half", "Products of 16-bit numbers cannot be told from others.", HALF
        ),
        Claim(
            "most",
            "These three gain more than all that comes after them up to the final network's "
            "setting.",
            above(
                "points more", ladder.lead_over_lead(results, (SCHEDULE, HALF), (WIDER, SCHEDULE))
            ),
        ),
        Claim(
            "changed-images",
            "Mirroring, shifting and mirroring in turn help together; by itself mirroring does, "
            "and neither of the others can be told from chance.",
            above("together, points", ladder.over(results, ALTERNATING, SCHEDULE)),
            above(FLIPPED.label, ladder.gain(results, FLIPPED)),
            *(undecided(arm.label, ladder.gain(results, arm)) for arm in (SHIFTED, ALTERNATING)),
        ),
    ]


def _claims_of_the_recipe(results: Results) -> list[Claim]:
    """The recipe's parts as they are put in one after another, and twice as many filters."""
    return [
        ladder.harming(
            results,
            ARMS,
            "harm",
            "Parts of the recipe do harm where others are missing: its rate, momentum with large "
            "batches, smoothed labels, beginning as the identity, logits a ninth as large.",
            *PREPARING,
        ),
        Claim(
            "faster",
            "With all that prepares for it in place five times the rate helps, and the network is "
            "then better than the best setting before the recipe.",
            above("points", ladder.gain(results, FASTER)),
            above("over the setting before them", ladder.over(results, FASTER, ALTERNATING)),
        ),
        ladder.helping(results, ARMS, "whitening", "Whitening helps.", WHITENING),
        ladder.helping(
            results,
            ARMS,
            "fast-shifts",
            "Batch norm without factors, with fast shifts, helps.",
            FAST_SHIFTS,
        ),
        ladder.in_doubt(
            results,
            ARMS,
            "doubt",
            "GELU in place of ReLU and lookahead cannot be told from chance.",
            GELU,
            LOOKAHEAD,
        ),
        Claim(
            "recipe",
            "The whole recipe is better than the best setting with Adam before it.",
            above("points", ladder.over(results, LOOKAHEAD, ALTERNATING)),
        ),
        ladder.helping(results, ARMS, "wide", "Twice as many filters help.", WIDER),
    ]


def _claims_of_parts(results: Results) -> list[Claim]:
    """The whole recipe without some of its parts, and with others put in."""
    return [
        ladder.harming(
            results,
            ARMS,
            "missed",
            "Taken out of the whole recipe again, logits a ninth as large, whitening, weight "
            "decay, changed images and beginning as the identity are missed.",
            UNSCALED,
            UNWHITENED,
            UNDECAYED,
            UNCHANGED,
            GLOROT,
        ),
        ladder.in_doubt(
            results,
            ARMS,
            "not-missed",
            "Each by itself, GELU and smoothed labels are not missed so much that it could be told "
            "from chance.",
            RELU,
            HARD,
        ),
        Claim(
            "plainer",
            "Without GELU, smoothed labels and beginning as the identity at once the recipe is "
            "worse, and by more than without any one of the three.",
            below("over the whole recipe, points", ladder.gain(results, PLAINER)),
            *(
                below(f"over it with {arm.label}, points", ladder.over(results, PLAINER, arm))
                for arm in (RELU, HARD, GLOROT)
            ),
        ),
        Claim(
            "added",
            "Put into the whole recipe, cutout does harm in five epochs; dropout and mixup cannot "
            "be told from chance.",
            below(CUTOUT.label, ladder.gain(results, CUTOUT)),
            *(undecided(arm.label, ladder.gain(results, arm)) for arm in (DROPOUT, MIXUP)),
        ),
    ]


def _claims_of_longer_training(results: Results) -> list[Claim]:
    """Twelve epochs in place of five."""
    return [
        ladder.helping(results, ARMS, "longer", "Twelve epochs in place of five help.", LONGER),
        Claim(
            "longer-or-wider",
            "Twelve epochs with half the filters cannot be told from five with all of them.",
            undecided("points", ladder.over(results, LONGER, WIDER)),
        ),
        Claim(
            "longer-logits",
            "In twelve epochs the smaller logits are missed, too, but less than in five, and less "
            "than changed images.",
            below("points without them", ladder.gain(results, LONGER_UNSCALED)),
            above(
                "points above that in five epochs",
                _more_at_twelve(results, LONGER_UNSCALED, UNSCALED),
            ),
            above(
                "points above those without changed images",
                ladder.over(results, LONGER_UNSCALED, LONGER_UNCHANGED),
            ),
        ),
        Claim(
            "longer-images",
            "In twelve epochs changed images are missed, too, and more than in five.",
            below("points without them", ladder.gain(results, LONGER_UNCHANGED)),
            below(
                "points below that in five epochs",
                _more_at_twelve(results, LONGER_UNCHANGED, UNCHANGED),
            ),
        ),
        Claim(
            "longer-cutout",
            "Cutout does harm in twelve epochs, too, and less than in five.",
            below("points", ladder.gain(results, LONGER_CUTOUT)),
            above(
                "points above that in five epochs", _more_at_twelve(results, LONGER_CUTOUT, CUTOUT)
            ),
        ),
    ]


def _claims_of_optimizers(results: Results) -> list[Claim]:
    """Muon and Adam in place of the recipe's optimizer."""
    return [
        ladder.helping(
            results,
            ARMS,
            "muon",
            "Muon for the kernels of convolutions in place of the recipe's optimizer helps.",
            MUON,
        ),
        Claim(
            "muon-unchosen",
            "So it does by the runs that had no part in the choice of its rate.",
            above("points", _muon_unchosen(results)),
        ),
        Claim(
            "muon-rates",
            "At twice its rate Muon cannot be told from the recipe's optimizer; at half of it it "
            "does harm.",
            undecided(MUON_TWICE.label, ladder.gain(results, MUON_TWICE)),
            below(MUON_HALF.label, ladder.gain(results, MUON_HALF)),
        ),
        Claim(
            "adam",
            "In the recipe's layers Adam cannot be told from the optimizer that they were made "
            "for; with it, too, they are better than the best setting before.",
            undecided("over the whole recipe, points", ladder.gain(results, ADAM)),
            above("over the setting before, points", ladder.over(results, ADAM, ALTERNATING)),
        ),
    ]


def _claims_of_significance(results: Results) -> list[Claim]:
    """Which differences remain with Holm's correction."""
    return [
        ladder.withstanding(
            results,
            ARMS,
            "holm",
            "With Holm's correction for all comparisons of this page remain: more convolutions, "
            "batch norm, the rate that rises and falls, standardised inputs and batch norm alone; "
            "of the recipe's parts when they are put in its rate, momentum, smoothed labels, "
            "whitening, the identity at the start, smaller logits, five times the rate, fast "
            "shifts and twice as many filters; and of the whole recipe's changes no smaller "
            "outputs, no whitening, no weight decay, images as they are, cutout, and three "
            "parts left out together; and twelve epochs, without smaller logits, with images as "
            "they are and with cutout.",
            SIX,
            NORM,
            SCHEDULE,
            *ALONE,
            TOO_FAST,
            MOMENTUM,
            SMOOTHING,
            WHITENING,
            IDENTITY,
            SCALED,
            FASTER,
            FAST_SHIFTS,
            WIDER,
            UNSCALED,
            UNWHITENED,
            UNDECAYED,
            UNCHANGED,
            CUTOUT,
            PLAINER,
            *AT_TWELVE,
        ),
    ]


def _claims_of_answers(results: Results) -> list[Claim]:
    """The networks' answers: with more views, by category, and how sure they are."""
    final, labels = results[FINAL], results.labels(FINAL)
    answers, sheets = _answers(results), results[q09.SHEET].predictions
    views = tta.accuracy(results, FINAL)
    missed, missed_before = (1 - recall(said, labels).T for said in (answers, sheets))
    return [
        Claim(
            "views",
            "Six views are better than one, on held-out images and on the test set.",
            *(above(name, tta.gain(results, experiment)) for name, experiment in _viewed().items()),
        ),
        Claim(
            "categories",
            "In every category the final network makes less than half of the mistakes of "
            "question 9's.",
            *(
                below(f"{name}, points over half", difference(new, old / 2).times(100), form=".1f")
                for name, new, old in zip(mistakes.NAMES, missed, missed_before, strict=True)
            ),
        ),
        mistakes.cats_and_dogs(
            "cats-and-dogs", "Cats and dogs are still mixed up most, either way.", answers, labels
        ),
        Claim(
            "unsure",
            "The final networks are right more often than they are sure.",
            above(
                "points right over sure",
                difference(views, final.outputs.max(axis=2).mean(axis=1)).times(100),
                form="+.1f",
            ),
        ),
    ]


def _best(right: np.ndarray) -> np.ndarray:
    """The network that is right most often: bool, shape (images,), of (runs, images)."""
    return right[right.sum(axis=1).argmax()]


def _muon_unchosen(results: Results) -> Estimate:
    """Points that Muon gains in the seeds by which its rate was not chosen, all but two."""
    ours, theirs = (ladder.accuracy(results, arm)[2:] for arm in (MUON, MUON.base))
    return difference(ours, theirs).times(100)


def _muon_over_large(results: Results) -> Estimate:
    """Points that the large network gains with Muon, in the runs that have the same seeds."""
    ours, theirs = (tta.accuracy(results, experiment) for experiment in (LARGE_MUON, LARGE))
    return difference(ours, theirs).times(100)


def _more_at_twelve(results: Results, longer: Arm, shorter: Arm) -> Estimate:
    """Points that a change of the whole recipe gains more in twelve epochs than in five."""
    return ladder.lead_over_lead(results, (longer, LONGER), (shorter, LOOKAHEAD))


def _viewed() -> dict[str, Experiment]:
    """Experiments that were also tested with views, as the table calls them."""
    return ladder.by_name(VIEWED, ARMS) | TESTING


def steps(results):
    """Mistakes on held-out images, one change a row."""
    return ladder_figures.mistakes(results, STEPS, ARMS, ladder.dead_ends(STEPS, [WIDER]))


def recipe(results):
    """Mistakes on held-out images of the whole recipe, and of it with one change a row."""
    return ladder_figures.mistakes(results, (LOOKAHEAD, *WITHOUT, *ADDED, *AT_TWELVE), ARMS)


def epochs(results):
    """Training and testing accuracy by epoch, of question 9's network and of the final one."""
    figure, axes = style.figure(2, height=3.2, sharey=True)
    titles = {"question 9": q09.SHEET, "the final network": FINAL}
    axes[0].set_ylim(0.4, 1)  # before curves are labelled at their heights
    for ax, (title, experiment) in zip(axes, titles.items(), strict=True):
        runs = results[experiment]
        plots.training_and_testing(
            ax, runs.history("accuracy"), runs.history("val_accuracy"), "accuracy"
        )
        ax.set_title(title)
    axes[1].set_ylabel("")
    return figure


def against_cost(results):
    """Mistakes on the test set by arithmetic and by weights, ours and published ones."""
    before = results[q09.SHEET].final("val_accuracy").mean()
    ours = [published.point("question 9", before, q09.SHEET)]
    # With Muon the large one's dots would lie on those without.
    for kind, experiment, at in (
        ("small", SMALL, (1, 1)),
        ("final", FINAL, (1, -1)),
        ("large", LARGE, (1, -1)),
    ):
        runs = len(experiment.seeds)
        ours += [
            published.point(kind, tta.accuracy(results, experiment).mean(), experiment, at),
            published.point(
                f"{runs} {kind}", _together(results, experiment), experiment, (1, 0), runs
            ),
        ]
    return published.against_cost(ours, published.CIFAR10, TESTED, "PFLOP")


def confusion_matrix(results):
    """All final networks' confusion matrix over the test images, with views."""
    return mistakes_figures.confusion(confusion(_answers(results), results.labels(FINAL)))


def categories(results):
    """Mistakes by category, of question 9's networks and of the final ones."""
    figure, ax = style.figure(height=3.6)
    labels = results.labels(FINAL)
    before, after = (
        100 * (1 - recall(said, labels).mean(axis=0))
        for said in (results[q09.SHEET].predictions, _answers(results))
    )
    order, (new, old) = np.argsort(-after), style.theme().categories[:2]
    rows = np.arange(10)
    between = ax.hlines(rows, after[order], before[order], color=style.theme().faint, lw=1)
    drawn.of_seeds(between, (), "from one to the other")
    for values, colour, marker, label in (
        (before, old, "o", "question 9"),
        (after, new, "D", "the final network"),
    ):
        dots = ax.scatter(values[order], rows, color=colour, marker=marker, s=26, zorder=2)
        drawn.of_seeds(dots, (), label)
        ax.annotate(
            label,
            (values[order][0], 0),
            xytext=(0, 8),
            textcoords="offset points",
            ha="center",
            color=colour,
            fontsize=8.5,
        )
    ax.set_yticks(rows, [mistakes.NAMES[i] for i in order])
    ax.set(xlabel="test images of the category that are missed (%)", xlim=(0, None))
    ax.set_ylim(9.6, -1.1)
    ax.tick_params(axis="y", length=0)
    return figure


def gallery(results):
    """Test images that all final networks get wrong, with what they say."""
    return mistakes_figures.gallery(results.excerpts["cifar10"], _answers(results))


def sureness(results):
    """How often answers are right by how sure they are, of one network and of all together."""
    figure, ax = style.figure(height=3.8)
    outputs, labels = results[FINAL].outputs, results.labels(FINAL)
    ax.plot([0, 1], [0, 1], color=style.theme().faint, lw=1)
    for values, label, colour, marker in (
        (outputs, "single networks, all answers", style.theme().categories[0], "o"),
        (outputs.mean(axis=0)[None], "mean of all", style.theme().categories[1], "D"),
    ):
        sure, right, counts = reliability(values, labels)
        some = counts >= 20 * len(values)  # below, chance would show and nothing else
        ax.plot(sure[some], right[some], color=colour, marker=marker, ms=5, label=label)
    ax.set(xlabel="how sure: the largest output", ylabel="share of right answers")
    ax.set(xlim=(0, 1), ylim=(0, 1.03))
    ax.annotate(
        "as sure as right", (0.2, 0.2), xytext=(6, -10), textcoords="offset points", fontsize=8
    )
    ax.legend(frameon=False, loc="upper left")
    return figure


def small(results):
    """For the home page: mistakes on held-out images, arm by arm."""
    return ladder_figures.small(results, STEPS)


FIGURES = {
    "q10-ladder": steps,
    "q10-recipe": recipe,
    "q10-epochs": epochs,
    "q10-against-cost": against_cost,
    "q10-confusion": confusion_matrix,
    "q10-categories": categories,
    "q10-gallery": gallery,
    "q10-sureness": sureness,
    "q10-small": small,
}
