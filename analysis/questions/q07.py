"""Question 7: the best network for MNIST, one change at a time, chosen without the test set."""

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np

from analysis import drawn, ladder, ladder_figures, plots, published, style, tta
from analysis.claims import Claim, above, at_least, below, less_than, more_than, undecided
from analysis.datasets import DATASETS
from analysis.ladder import Arm
from analysis.loaded import Results, computed_once
from analysis.questions import q06, q07_arms
from analysis.questions.q07_arms import (
    ARMS,
    ARMS_BY_SIZE,
    BEST_CNN,
    BEST_DENSE,
    CAPACITY,
    CHOSEN,
    CNN,
    CNN_AVERAGING,
    CNN_BENT,
    CNN_CHANGED,
    CNN_DECAY,
    CNN_DROPOUT,
    CNN_HALF,
    CNN_LONGER,
    CNN_LONGER_HARD,
    CNN_LONGER_PLAIN,
    CNN_LONGER_UNCHANGED,
    CNN_NORM,
    CNN_SCHEDULE,
    CNN_SIX,
    CNN_SMOOTHING,
    CNN_UNCHANGED,
    CNN_WIDER,
    CONSTANT_AVERAGING,
    CONVOLUTIONAL_STEPS,
    DENSE,
    DENSE_AVERAGING,
    DENSE_BENT,
    DENSE_CHANGED,
    DENSE_CHANGED_NORM,
    DENSE_CHANGED_SMOOTHING,
    DENSE_DECAY,
    DENSE_DROPOUT,
    DENSE_HALF,
    DENSE_LONGER,
    DENSE_LONGER_SMOOTHING,
    DENSE_LONGER_WIDER,
    DENSE_LONGEST,
    DENSE_NORM,
    DENSE_SCHEDULE,
    DENSE_SHIFTED,
    DENSE_SIZED,
    DENSE_SMOOTHING,
    DENSE_STEPS,
    EARLIER_CNN,
    EARLIER_DENSE,
    FINAL_CNN,
    FINAL_DENSE,
    FIRST,
    FIRST_DENSE,
    FOUR_512,
    HELD_OUT,
    LARGE,
    LATER,
    NO_HIDDEN,
    ONE_32,
    ONE_128,
    ONE_512,
    ONE_1024,
    SIZED,
    THREE_512,
    TWO_512,
)
from analysis.spec import Experiment
from analysis.statistics import Estimate, difference, estimate, votes_of

BUILDS_ON = (q06, q07_arms)

#: What the page cites of which arms, see `ladder.numbers`.
CITED = {
    "accuracy": (
        NO_HIDDEN,
        ONE_32,
        ONE_512,
        TWO_512,
        THREE_512,
        FOUR_512,
        DENSE_CHANGED,
        DENSE_LONGER,
    ),
    "mistakes": (NO_HIDDEN, ONE_32, ONE_1024, DENSE_CHANGED, DENSE_LONGEST, CNN, CNN_LONGER),
    "seconds": (DENSE_SCHEDULE, DENSE_HALF),
    "fewer": (ONE_32, CNN_NORM),
    "known": (
        DENSE_CHANGED,
        DENSE_DECAY,
        DENSE_BENT,
        CNN_UNCHANGED,
        CNN_DECAY,
        CNN_SMOOTHING,
        CNN_BENT,
    ),
    "gain": (
        ONE_1024,
        TWO_512,
        DENSE_SCHEDULE,
        DENSE_DROPOUT,
        DENSE_NORM,
        DENSE_SMOOTHING,
        DENSE_SHIFTED,
        DENSE_CHANGED,
        DENSE_CHANGED_NORM,
        DENSE_DECAY,
        DENSE_LONGER,
        DENSE_CHANGED_SMOOTHING,
        CONSTANT_AVERAGING,
        CNN_SCHEDULE,
        CNN_CHANGED,
        CNN_SIX,
        CNN_NORM,
        CNN_DECAY,
        CNN_AVERAGING,
        CNN_SMOOTHING,
        CNN_DROPOUT,
        CNN_LONGER,
        CNN_LONGER_UNCHANGED,
        CNN_LONGER_PLAIN,
        CNN_LONGER_HARD,
        DENSE_BENT,
        CNN_BENT,
        CNN_WIDER,
        DENSE_LONGER_SMOOTHING,
        DENSE_LONGER_WIDER,
        DENSE_LONGEST,
    ),
}

#: Those trained for this page.
OWN = (
    *(arm.experiment for arm in ARMS),
    EARLIER_DENSE,
    FINAL_DENSE,
    EARLIER_CNN,
    FINAL_CNN,
)

#: Networks of question 6, by their hidden neurons, that stand beside these in a figure.
BY_SIZE = {size: q06.BY_SIZE[size] for size in (8, 32, 256)}

EXPERIMENTS = (*OWN, *BY_SIZE.values())

BASES = ladder.bases(ARMS)

#: Arms whose networks were also tested with views.
VIEWED = (DENSE_BENT, CNN_BENT, DENSE_LONGEST)

_RECIPES = {
    "two dense layers of 512": FIRST_DENSE,
    "two dense layers of 1,024": BEST_DENSE,
    "convolutional, to 128 filters": BEST_CNN,
}

#: The last of them was scouted elsewhere and is none of the arms.
_FINALS = {
    **dict(zip(_RECIPES, (EARLIER_DENSE, FINAL_DENSE, EARLIER_CNN), strict=True)),
    "convolutional, to 256 filters": FINAL_CNN,
}

#: As figures call them: by the neurons of a layer, or the filters of the widest one.
_IN_SHORT = dict(
    zip(
        ("dense 512", "dense 1,024", "conv. 128", "conv. 256"),
        _FINALS.values(),
        strict=True,
    )
)

TESTED = DATASETS["mnist"].shapes["y_test"][0]

#: Images in a row of the gallery.
COLUMNS = 7


def _mistakes(results: Results, experiment: Experiment) -> np.ndarray:
    """Images that each run gets wrong: int, shape (runs,)."""
    return (~_right(results, experiment)).sum(axis=1)


def _missed(results: Results, experiment: Experiment) -> np.ndarray:
    """Places of the images that the vote of all runs gets wrong."""
    return np.flatnonzero(~tta.right_together(results, experiment))


def test_images(results: Results) -> np.ndarray:
    """Those of the gallery; see `analysis.questions`."""
    return _missed(results, FINAL_CNN)


def _voted(results: Results, experiment: Experiment) -> int:
    """Images that the vote of all runs gets wrong."""
    return len(_missed(results, experiment))


def _right(results: Results, experiment: Experiment) -> np.ndarray:
    """Whether each run is right on each image, with views if it has them: shape (runs, images)."""
    return (tta.right if experiment.tta else tta.right_by_one_view)(results, experiment)


def _saved_by_vote(results: Results, experiment: Experiment) -> np.ndarray:
    """Share of runs that are wrong on an image, less 1 if the vote is: float, shape (images,)."""
    voted = tta.right_together(results, experiment)
    return voted - _right(results, experiment).mean(axis=0)


def _saved_on_other_images(results: Results, experiment: Experiment) -> Estimate:
    """Mistakes that the vote makes fewer than its members, as other test images may have it."""
    return estimate(_saved_by_vote(results, experiment)).times(TESTED)


def numbers(results: Results) -> dict:
    """What the page cites; see `analysis.questions`."""
    final = results[FINAL_CNN]
    left = _missed(results, FINAL_CNN)
    shown = [place for place in left if place in published.READERS]
    doubtful = {place for place, n in published.READERS.items() if n < published.MOST}
    lead = ladder.over(results, CONSTANT_AVERAGING, DENSE_SCHEDULE)
    saved = _saved_on_other_images(results, FINAL_CNN)
    values = ladder.numbers(results, CITED) | {
        "arms": len(ARMS),
        "later": len(LATER),
        "tested_before_first": ARMS.index(DENSE_DROPOUT) + 1,
        "tested_before_last": ARMS.index(DENSE_AVERAGING) + 1,
        "sized_from": ARMS.index(DENSE_CHANGED) + 1,
        "networks": sum(len(arm.experiment.seeds) for arm in ARMS),
        "core_hours": math.fsum(results[experiment].seconds for experiment in OWN) / 3600,
        "held_out": HELD_OUT,
        "cnn_runs": len(CNN.experiment.seeds),
        "by_heart": min(results[arm.experiment].after("accuracy").mean() for arm in LARGE),
        "dense_changed_all_gain": ladder.over(results, DENSE_CHANGED, DENSE_HALF).mean,
        "second_layer_gain": ladder.over(results, DENSE_CHANGED, DENSE_SIZED[(512,)]).mean,
        "wider_gain": ladder.over(results, DENSE_SIZED[(1024,)], DENSE_SIZED[(512,)]).mean,
        "wider_two_gain": ladder.gain(results, DENSE_SIZED[1024, 1024]).mean,
        "hidden_gain": ladder.over(results, ONE_512, NO_HIDDEN).mean,
        "convolutions_gain": ladder.over(results, CNN, ONE_512).mean,
        "more_convolutions_gain": ladder.over(results, CNN_NORM, CNN).mean,
        "basics_gain": ladder.over(results, CNN_NORM, NO_HIDDEN).mean,
        "all_gain": ladder.over(results, CNN_LONGER, NO_HIDDEN).mean,
        "averaging_lead": lead.mean,
        "averaging_lead_low": lead.low,
        "averaging_lead_high": lead.high,
        "vote_saved": saved.mean,
        "vote_saved_low": saved.low,
        "vote_saved_high": saved.high,
        "dense_saved": _fewer_by_one_view(results, FINAL_DENSE, EARLIER_DENSE).mean,
        "final_cnn_one_view_mistakes": float(
            (~tta.right_by_one_view(results, FINAL_CNN)).sum(axis=1).mean()
        ),
        "final_cnn_views_gain": tta.gain(results, FINAL_CNN).mean,
        **tta.gain(results, FINAL_DENSE).named("final_dense_views_gain"),
        "dense_longest_views_gain": tta.gain(results, DENSE_LONGEST.experiment).mean,
        "dense_bent_views_gain": tta.gain(results, DENSE_BENT.experiment).mean,
        "cnn_bent_views_gain": tta.gain(results, CNN_BENT.experiment).mean,
        "remaining": len(ladder.remaining(results, ARMS)),
        "compared": sum(arm.base is not None for arm in ARMS),
        "sharp": ladder.sharp(results, ARMS, 0.05),
        "teraflops_of_published": ladder.teraflops(EARLIER_CNN) / published.DEOTTE.teraflops,
        "teraflops_of_earlier": ladder.teraflops(FINAL_CNN) / ladder.teraflops(EARLIER_CNN),
        "published_times": published.AN.teraflops
        / (len(FINAL_CNN.seeds) * ladder.teraflops(FINAL_CNN)),
        "published_mistakes": TESTED * (1 - published.DEOTTE.accuracy),
        "published_images": published.DEOTTE_IMAGES,
        "published_vote": published.AN.accuracy,
        "published_best": published.AN_BEST,
        "final_cnn_runs": len(final),
        "final_cnn_epochs": FINAL_CNN.epochs,
        "final_cnn_first_mistakes": float(_mistakes(results, FINAL_CNN)[:3].mean()),
        "final_cnn_vote": 1 - len(left) / TESTED,
        "final_cnn_vote_mistakes": len(left),
        "left": len(left),
        "left_unanimous": int((~tta.right(results, FINAL_CNN)[:, left]).all(axis=0).sum()),
        "left_shown": len(shown),
        "left_doubtful": len(doubtful.intersection(shown)),
        "left_readable": len(shown) - len(doubtful.intersection(shown)),
        "left_unread": len(left) - len(shown),
        "doubtful": len(doubtful),
        "doubtful_right": len(doubtful.difference(left)),
    }
    values |= _fewer(results, FINAL_CNN, EARLIER_CNN).named("wider_saved")
    for name, arm in (("dense", BEST_DENSE), ("cnn", BEST_CNN)):
        values |= {
            f"held_out_{name}_mistakes": float(_mistakes(results, arm.experiment).mean()),
            f"held_out_{name}_vote_mistakes": _voted(results, arm.experiment),
        }
    for name, experiment in (
        ("final_dense", FINAL_DENSE),
        ("earlier_cnn", EARLIER_CNN),
        ("final_cnn", FINAL_CNN),
    ):
        runs = results[experiment]
        values |= {
            f"{name}_minutes": runs.seconds / len(runs) / 60,
            f"{name}_accuracy": float(_right(results, experiment).mean()),
            f"{name}_mistakes": float(_mistakes(results, experiment).mean()),
        }
    return values


def tables(results: Results) -> dict[str, list[list[str]]]:
    """A row an arm, and two for each final network, three with views; see `analysis.questions`."""
    return {
        "capacity": ladder.rows(results, CAPACITY, ARMS),
        "dense": ladder.rows(results, DENSE_STEPS, ARMS),
        "convolutional": ladder.rows(results, CONVOLUTIONAL_STEPS, ARMS),
        "sized": ladder.rows(results, SIZED, ARMS_BY_SIZE),
        "final": _final_rows(results),
    }


def _final_rows(results: Results) -> list[list[str]]:
    rows = [["network", *ladder.TESTED_COLUMNS]]
    for name, experiment in _FINALS.items():
        runs = results[experiment]
        views = ", three views" if experiment.tta else ""
        if views:
            rows.append(
                [
                    f"{name}, one view, mean of {len(runs)} runs",
                    *ladder.tested_cells(tta.right_by_one_view(results, experiment)),
                ]
            )
        rows += [
            [
                f"{name}{views}, mean of {len(runs)} runs",
                *ladder.tested_cells(_right(results, experiment)),
            ],
            [
                f"{name}{views}, vote of all {len(runs)}",
                *ladder.tested_cells(tta.right_together(results, experiment)),
            ],
        ]
    return rows


def _fewer(
    results: Results, final: Experiment, earlier: Experiment, right: Callable = _right
) -> Estimate:
    """Mistakes that the final networks make fewer than the earlier ones of the same seeds."""
    return difference(*((~right(results, runs)).sum(axis=1) for runs in (earlier, final)))


def _fewer_by_one_view(results: Results, final: Experiment, earlier: Experiment) -> Estimate:
    """The same, where the final networks look once as well."""
    return _fewer(results, final, earlier, tta.right_by_one_view)


def _fewer_on_other_images(results: Results, final: Experiment, earlier: Experiment) -> Estimate:
    """The same by one view or three, as other test images may have it for these networks."""
    now, before = (_right(results, runs).mean(axis=0) for runs in (final, earlier))
    return estimate(now - before).times(TESTED)


def claims(results: Results) -> list[Claim]:
    """What the page states of the results; see `analysis.questions`."""
    gains = {arm: ladder.gain(results, arm) for arm in ARMS if arm.base}
    return [
        *_claims_of_final_networks(results),
        *_claims_of_layers(results, gains),
        *_claims_of_dense_networks(results),
        *_claims_of_convolutional_networks(results),
        *_claims_of_votes(results),
        *_claims_of_significance(results, gains),
        *_claims_of_later_steps(results),
        *_claims_of_later_sizes(results),
    ]


def _claims_of_final_networks(results: Results) -> list[Claim]:
    """How the final networks do on the test set, and how they were chosen."""
    dense, earlier, cnn = (
        _mistakes(results, experiment) for experiment in (FINAL_DENSE, EARLIER_CNN, FINAL_CNN)
    )
    return [
        Claim(
            "tested",
            "On the test set the convolutional networks with up to 256 filters and three views "
            f"make {cnn.mean():.1f} mistakes on average, those with up to 128 and one view "
            f"{earlier.mean():.1f}, those with dense layers only and three views "
            f"{dense.mean():.1f}: each fewer than the next.",
            above("fewer with 256", _fewer(results, FINAL_CNN, EARLIER_CNN), form="+.1f"),
            above("fewer with 128", _fewer(results, EARLIER_CNN, FINAL_DENSE), form="+.1f"),
        ),
        Claim(
            "earlier",
            "The final dense networks, with smoothed labels, 1,024 neurons a layer and twice the "
            "epochs, make fewer mistakes on the test set than the earlier ones of the same seeds, "
            "with three views and with one.",
            *(
                above(
                    f"{views}, mistakes fewer",
                    fewer(results, FINAL_DENSE, EARLIER_DENSE),
                    form="+.1f",
                )
                for views, fewer in {"three": _fewer, "one": _fewer_by_one_view}.items()
            ),
        ),
        Claim(
            "wider",
            "The final convolutional networks, with up to 256 filters, twice the epochs and three "
            "views, make fewer mistakes on the test set than those with up to 128 of the same "
            "seeds; by other images that cannot be told, and with one view each neither. Three "
            "views make fewer than one.",
            above("mistakes fewer", _fewer(results, FINAL_CNN, EARLIER_CNN), form="+.1f"),
            undecided(
                "by other images",
                _fewer_on_other_images(results, FINAL_CNN, EARLIER_CNN),
                form="+.1f",
            ),
            undecided(
                "with one view", _fewer_by_one_view(results, FINAL_CNN, EARLIER_CNN), form="+.1f"
            ),
            above("three views over one, points", tta.gain(results, FINAL_CNN), form="+.3f"),
        ),
        Claim(
            "chosen",
            "Of all settings in the tables, the two that were tested have the fewest mistakes on "
            "held-out images: one of the convolutional ones, with up to 128 filters, and one of "
            "those with dense layers only. Of those with dense layers only that were tried first, "
            "the one that was tested then has.",
            *(
                less_than(
                    f"mistakes of {arm.label!r}",
                    ladder.mistakes(results, arm).mean(),
                    min(ladder.mistakes(results, other).mean() for other in arms if other != arm),
                    ".1f",
                )
                for arm, arms in (
                    (FIRST_DENSE, (*CAPACITY, *DENSE)),
                    (BEST_CNN, ARMS),
                    (BEST_DENSE, (*CAPACITY, *DENSE_STEPS, *SIZED[1:])),
                )
            ),
        ),
    ]


def _claims_of_layers(results: Results, gains: dict[Arm, Estimate]) -> list[Claim]:
    """What hidden layers and convolutions gain, by their number and width."""
    return [
        Claim(
            "basics",
            "A hidden layer of 512 neurons helps, then question 9's network in its place, then "
            "six convolutions with batch norm, a falling rate, changed images and products of "
            "16-bit numbers in place of its three. Together they gain more than all that comes "
            "after them up to the best convolutional setting of the tables.",
            *(
                above(f"{after.label} over {before.label}", ladder.over(results, after, before))
                for before, after in pairwise((NO_HIDDEN, ONE_512, CNN, CNN_NORM))
            ),
            above(
                "together, points more",
                ladder.lead_over_lead(results, (CNN_NORM, NO_HIDDEN), (CNN_LONGER, CNN_NORM)),
            ),
        ),
        Claim(
            "first-layer",
            "No other change gains as much as a first hidden layer.",
            more_than(
                "points gained, the lower end of the interval,",
                gains[ONE_32].low,
                max(gain.high for arm, gain in gains.items() if arm is not ONE_32),
                ".2f",
            ),
        ),
        ladder.helping(
            results,
            ARMS,
            "width",
            "In one hidden layer 128 neurons are better than 32, and 512 better than 128.",
            ONE_128,
            ONE_512,
        ),
        ladder.in_doubt(
            results,
            ARMS,
            "width-ends",
            "1,024 neurons cannot be told from 512.",
            ONE_1024,
        ),
        Claim(
            "depth",
            "At a constant rate, on the images as they are, two, three and four layers of 512 are "
            "each worse than one.",
            *(
                below(arm.label, ladder.over(results, arm, ONE_512))
                for arm in (TWO_512, THREE_512, FOUR_512)
            ),
        ),
    ]


def _claims_of_dense_networks(results: Results) -> list[Claim]:
    """What helps networks with two dense layers, and question 9's network beside them."""
    plain, changed = (results[arm.experiment] for arm in (DENSE_HALF, DENSE_CHANGED))
    return [
        ladder.helping(
            results,
            ARMS,
            "dense",
            "With two layers of 512, changed images help (shifted ones, and turning, scaling and "
            "shearing them as well), and so do a learning rate that falls to zero, smoothed "
            "labels, batch norm and dropout.",
            DENSE_SHIFTED,
            DENSE_CHANGED,
            DENSE_SCHEDULE,
            DENSE_SMOOTHING,
            DENSE_NORM,
            DENSE_DROPOUT,
        ),
        Claim(
            "changed-most",
            "Changed images gain the dense network more than dropout, batch norm, smoothed labels "
            "or averaged weights.",
            *(
                above(f"over {arm.label}", ladder.over(results, DENSE_CHANGED, arm))
                for arm in (DENSE_DROPOUT, DENSE_NORM, DENSE_SMOOTHING, DENSE_AVERAGING)
            ),
        ),
        Claim(
            "by-heart",
            "Without changes the dense networks know their training images by heart; with changed "
            "images they are right on fewer of those than of the held-out ones, but on more of the "
            "training images as they are.",
            at_least(
                "without, smallest training accuracy in the last epoch",
                plain.final("accuracy").min(),
                0.999,
                ".2%",
            ),
            below(
                "with, points over held-out images",
                difference(changed.final("accuracy"), changed.final("val_accuracy")).times(100),
            ),
            above(
                "with, on training images as they are, points over held-out images",
                difference(changed.after("accuracy"), changed.final("val_accuracy")).times(100),
            ),
        ),
        ladder.helping(
            results,
            ARMS,
            "dense-more",
            "With changed images batch norm helps the dense network, and so do a larger rate with "
            "weight decay and more epochs.",
            DENSE_CHANGED_NORM,
            DENSE_DECAY,
            DENSE_LONGER,
        ),
        Claim(
            "cnn-small",
            "Question 9's network is better after six epochs than the best dense one after twenty "
            "on the images as they are.",
            above("points", ladder.over(results, CNN, DENSE_SMOOTHING)),
        ),
    ]


def _claims_of_convolutional_networks(results: Results) -> list[Claim]:
    """What helps convolutional networks or not; averaged weights and 16-bit numbers of both."""
    halfway = [_held_out_mistakes(results, arm)[:, 2] for arm in (CNN_DECAY, CNN_AVERAGING)]
    return [
        ladder.helping(
            results,
            ARMS,
            "cnn",
            "A rate that falls helps the convolutional network; so do six convolutions in place of "
            "three, then batch norm, then smoothed labels, then ten epochs more.",
            CNN_SCHEDULE,
            CNN_SIX,
            CNN_NORM,
            CNN_SMOOTHING,
            CNN_LONGER,
        ),
        ladder.in_doubt(
            results,
            ARMS,
            "dense-doubt",
            "Where the rate falls to zero averaged weights bring the dense network nothing that "
            "can be told from chance.",
            DENSE_AVERAGING,
        ),
        ladder.in_doubt(
            results,
            ARMS,
            "cnn-doubt",
            "For the convolutional networks changed images in six epochs, four times the rate with "
            "weight decay, averaged weights, dropout and twice as many filters bring nothing that "
            "can be told from chance.",
            CNN_CHANGED,
            CNN_DECAY,
            CNN_AVERAGING,
            CNN_DROPOUT,
            CNN_UNCHANGED,
            CNN_WIDER,
        ),
        ladder.harming(
            results,
            ARMS,
            "cnn-longer",
            "After sixteen epochs the larger one does worse without batch norm, without smoothed "
            "labels and on the images as they are.",
            CNN_LONGER_PLAIN,
            CNN_LONGER_HARD,
            CNN_LONGER_UNCHANGED,
        ),
        Claim(
            "longer-images",
            "By other images, too, smoothed labels are missed after sixteen epochs; of batch norm "
            "and changed images that cannot be told.",
            below(CNN_LONGER_HARD.label, ladder.gain_by_images(results, CNN_LONGER_HARD)),
            *(
                undecided(arm.label, ladder.gain_by_images(results, arm), form="+.3f")
                for arm in (CNN_LONGER_PLAIN, CNN_LONGER_UNCHANGED)
            ),
        ),
        Claim(
            "halfway",
            "After the third of six epochs averaged weights are better than the weights "
            "themselves.",
            above("mistakes fewer", difference(*halfway), form="+.0f"),
        ),
        ladder.in_doubt(
            results,
            ARMS,
            "half",
            "Products of 16-bit numbers cannot be told from those of 32-bit ones.",
            DENSE_HALF,
            CNN_HALF,
        ),
    ]


def _claims_of_votes(results: Results) -> list[Claim]:
    """The votes of all runs, and the final networks beside published ones."""
    recipes = {f"{name}, held out": arm.experiment for name, arm in _RECIPES.items()}
    recipes |= {f"{name}, test set": experiment for name, experiment in _FINALS.items()}
    return [
        Claim(
            "vote",
            "A vote makes fewer mistakes than its members on average. On the test set those of the "
            "convolutional networks with up to 128 filters and of the dense ones with layers of "
            "512 make fewer than any one of them; those with up to 256 and with 1,024 do not.",
            *(
                less_than(
                    f"{name}: mistakes of the vote",
                    _voted(results, experiment),
                    _mistakes(results, experiment).mean(),
                    ".1f",
                )
                for name, experiment in recipes.items()
            ),
            *(
                criterion(
                    f"{name}, test set: mistakes of the vote beside the best",
                    _voted(results, experiment),
                    int(_mistakes(results, experiment).min()),
                )
                for criterion, (name, experiment) in zip(
                    (less_than, at_least, less_than, at_least), _FINALS.items(), strict=True
                )
            ),
        ),
        Claim(
            "vote-images",
            "On the test set the vote of the dense networks with layers of 512 makes fewer "
            "mistakes than its members do on average, also if other images are allowed for; of the "
            "votes of those with 1,024 and of both convolutional ones that cannot be told.",
            *(
                criterion(
                    f"{name}: mistakes fewer",
                    _saved_on_other_images(results, experiment),
                    form="+.1f",
                )
                for criterion, (name, experiment) in zip(
                    (above, undecided, undecided, undecided), _FINALS.items(), strict=True
                )
            ),
        ),
        Claim(
            "published",
            "The convolutional networks, those with up to 128 filters as well, make fewer "
            "mistakes than the published mean of networks of this kind.",
            *(
                below(
                    f"mistakes with up to {filters} filters",
                    estimate(_mistakes(results, experiment)),
                    TESTED * (1 - published.DEOTTE.accuracy),
                    form=".1f",
                )
                for filters, experiment in {128: EARLIER_CNN, 256: FINAL_CNN}.items()
            ),
        ),
    ]


def _claims_of_significance(results: Results, gains: dict[Arm, Estimate]) -> list[Claim]:
    """Which gains remain with Holm's correction, and which by other images."""
    helping = [arm for arm, gain in gains.items() if gain.low > 0]
    only_by_seeds = (DENSE_CHANGED_NORM, DENSE_SIZED[512, 512, 512])
    return [
        ladder.withstanding(
            results,
            ARMS,
            "holm",
            "With Holm's correction for all comparisons of this page a difference remains for the "
            "first three steps of width, for the second layer of 512, for the dense network's "
            "falling rate, averaged weights at a constant rate, batch norm, smoothed labels, "
            "shifted images and larger rate with decay, for smoothed labels with changed images, "
            "there also for one layer, for layers of 128 and for layers from 1,024 on, but for "
            "1,024 and 256, against two of 512, for 1,024 neurons a layer and sixty epochs of the "
            "final dense network, for six convolutions, their batch norm and smoothed labels, and "
            "for bent images with convolutions.",
            *(ONE_32, ONE_128, ONE_512, TWO_512),
            *(
                DENSE_SCHEDULE,
                DENSE_NORM,
                DENSE_SMOOTHING,
                DENSE_SHIFTED,
                DENSE_DECAY,
            ),
            *(
                CNN_SIX,
                CNN_NORM,
                CNN_SMOOTHING,
                CNN_BENT,
                DENSE_CHANGED_SMOOTHING,
                CONSTANT_AVERAGING,
                DENSE_LONGER_WIDER,
                DENSE_LONGEST,
            ),
            *(DENSE_SIZED[hidden] for hidden in ((128,), (512,), (128,) * 2, (128,) * 3)),
            *(DENSE_SIZED[hidden] for hidden in ((1024,), (1024,) * 2, (1024, 512, 256))),
        ),
        Claim(
            "images",
            "All gains that help by other seeds are also above zero by other images, but for batch "
            "norm and a third layer of 512, both with changed images.",
            *(
                undecided(f"{arm.label}, by images", ladder.gain_by_images(results, arm))
                for arm in only_by_seeds
            ),
            more_than(
                "of all others the lowest end of an interval by images",
                min(
                    ladder.gain_by_images(results, arm).low
                    for arm in helping
                    if arm not in only_by_seeds
                ),
                0,
                "+.3f",
            ),
        ),
    ]


def _claims_of_later_steps(results: Results) -> list[Claim]:
    """Arms trained after the test set had been read: labels, epochs, bent images, views."""
    return [
        ladder.helping(
            results,
            ARMS,
            "changed-smoothing",
            "Smoothed labels help the dense network with changed images, too.",
            DENSE_CHANGED_SMOOTHING,
        ),
        ladder.helping(
            results,
            ARMS,
            "dense-later",
            "After thirty epochs smoothed labels help the dense network, then 1,024 neurons in "
            "each layer in place of 512, then thirty more epochs.",
            DENSE_LONGER_SMOOTHING,
            DENSE_LONGER_WIDER,
            DENSE_LONGEST,
        ),
        ladder.harming(
            results,
            ARMS,
            "bent",
            "Images that are bent as well do harm, to the dense network and to the convolutional "
            "one.",
            DENSE_BENT,
            CNN_BENT,
        ),
        Claim(
            "bent-images",
            "By other images the harm that bent images do to the dense network cannot be told, and "
            "that to the convolutional one can.",
            undecided(DENSE_BENT.label, ladder.gain_by_images(results, DENSE_BENT)),
            below(CNN_BENT.label, ladder.gain_by_images(results, CNN_BENT)),
        ),
        Claim(
            "views",
            "On held-out images three views are better than one, for the networks that learned "
            "from bent images and for the dense one after sixty epochs. On the test set the dense "
            "one gains nothing by them that can be told from chance.",
            *(
                above(name, tta.gain(results, experiment), form="+.3f")
                for name, experiment in ladder.by_name(VIEWED, ARMS).items()
            ),
            undecided("on the test set", tta.gain(results, FINAL_DENSE), "+.3f"),
        ),
    ]


def _claims_of_later_sizes(results: Results) -> list[Claim]:
    """Arms trained after that, too: layers and their widths, averaged weights."""
    sized = {**DENSE_SIZED, (512, 512): DENSE_CHANGED}
    return [
        Claim(
            "depth-changed",
            "With a falling rate and changed images a second layer of as many neurons helps, of "
            "128, 512 and 1,024, and so does a third of 128 or of 512.",
            *(
                above(
                    f"{len(more)} layers of {more[0]:,} over {len(less)}, points",
                    ladder.over(results, sized[more], sized[less]),
                )
                for units, most in ((128, 3), (512, 3), (1024, 2))
                for less, more in pairwise([(units,) * n for n in range(1, most + 1)])
            ),
        ),
        Claim(
            "width-changed",
            "There, too, 512 neurons are better than 128, in one layer, two or three, and 1,024 "
            "better than 512, in one layer or two.",
            *(
                above(
                    f"{layers} of {more:,} over {less}, points",
                    ladder.over(results, sized[(more,) * layers], sized[(less,) * layers]),
                )
                for less, more, most in ((128, 512, 3), (512, 1024, 2))
                for layers in range(1, most + 1)
            ),
        ),
        Claim(
            "width-further",
            "Whether 1,024 neurons in place of 512 gain more there than on the images as they are "
            "cannot be told, in one layer.",
            undecided(
                "points more",
                ladder.lead_over_lead(results, (sized[1024,], sized[512,]), (ONE_1024, ONE_512)),
            ),
        ),
        Claim(
            "constant-averaging",
            "At a constant rate averaged weights help two layers of 512, and more than a rate that "
            "falls to zero does.",
            above("points", ladder.gain(results, CONSTANT_AVERAGING)),
            above(
                "points over a falling rate",
                ladder.over(results, CONSTANT_AVERAGING, DENSE_SCHEDULE),
            ),
        ),
        Claim(
            "shrinking",
            "Layers of 1,024, 512 and 256 are better than two of 512, and cannot be told from two "
            "of 1,024.",
            above("over 512, points", ladder.over(results, sized[1024, 512, 256], sized[512, 512])),
            undecided(
                "over 1,024, points", ladder.over(results, sized[1024, 512, 256], sized[1024, 1024])
            ),
        ),
        Claim(
            "second-smaller",
            "A second layer with a quarter of the neurons, of 512 or of 1,024, is better than "
            "none, and not as good as one with as many.",
            *(
                criterion(
                    f"{units:,} and {units // 4} over {what}, points",
                    ladder.over(results, sized[units, units // 4], sized[other]),
                )
                for units in (512, 1024)
                for criterion, what, other in (
                    (above, "none", (units,)),
                    (below, f"{units:,}", (units, units)),
                )
            ),
        ),
    ]


def _held_out_mistakes(results: Results, arm: Arm) -> np.ndarray:
    """Mistakes on held-out images after each epoch: float, shape (runs, epochs)."""
    return HELD_OUT * (1 - results[arm.experiment].history("val_accuracy"))


def capacity(results):
    """Mistakes on held-out images by number and width of layers."""
    return ladder_figures.mistakes(results, CAPACITY, ARMS)


def sized(results):
    """Mistakes on held-out images by layers, with a falling rate and changed images."""
    by_size = sorted(SIZED, key=lambda arm: [each.units for each in arm.experiment.layers[1:-1]])
    return ladder_figures.mistakes(results, by_size, ARMS_BY_SIZE)


def dense(results):
    """Mistakes on held-out images of dense networks, one change a row, after two plain layers."""
    arms = (TWO_512, *DENSE_STEPS)
    return ladder_figures.mistakes(results, arms, ARMS, ladder.dead_ends(ARMS, CHOSEN))


def convolutional(results):
    """Mistakes on held-out images of convolutional networks, one change a row."""
    return ladder_figures.mistakes(
        results, CONVOLUTIONAL_STEPS, ARMS, ladder.dead_ends(ARMS, CHOSEN)
    )


def overfitting(results):
    """Mistakes in training and on held-out images by epoch, plain, with dropout, and changed."""
    arms = (DENSE_HALF, DENSE_DROPOUT, DENSE_CHANGED)
    titles = ("nothing added", "dropout", "changed images")
    figure, axes = style.figure(3, height=3.0, sharey=True)
    colours = style.theme().categories[:2]
    for ax, arm, title in zip(axes, arms, titles, strict=True):
        runs = results[arm.experiment]
        for name, colour in zip(("accuracy", "val_accuracy"), colours, strict=True):
            for seed, curve in zip(
                arm.experiment.seeds, 100 * (1 - runs.history(name)), strict=True
            ):
                epochs = range(1, len(curve) + 1)
                line = ax.plot(epochs, np.maximum(curve, 0.001), color=colour, alpha=0.6, lw=1)
                drawn.of_seeds(*line, seed, name)
        plots.epoch_axis(ax, len(curve))
        ax.set(yscale="log", title=title, ylim=(0.0007, 20))
    axes[0].set_ylabel("mistakes (%)")
    style.plain_ticks(axes[0].yaxis, digits=(1,))
    for text, place, colour in zip(
        ("training", "held out"), [(0.66, 0.12), (0.55, 0.8)], colours, strict=True
    ):
        axes[0].annotate(text, place, xycoords="axes fraction", color=colour, fontsize=8.5)
    return figure


def averaging(results):
    """Mistakes on held-out images by epoch, of the weights and of their running average."""
    figure, ax = style.figure(height=3.0)
    arms = (CNN_DECAY, CNN_AVERAGING)
    curves = [_held_out_mistakes(results, arm) for arm in arms]
    labels = np.repeat(["the weights", "their average"], list(map(len, curves)))
    colours = np.repeat(style.theme().categories[:2], list(map(len, curves)))
    ax.set_yscale("log")
    style.plain_ticks(ax.yaxis)
    seeds = [seed for arm in arms for seed in arm.experiment.seeds]
    ylabel = f"mistakes on {HELD_OUT:,} held-out images"
    plots.run_curves(ax, np.concatenate(curves), labels, colours, ylabel, seeds)
    return figure


@computed_once
def _mistakes_of_votes(results: Results, experiment: Experiment) -> dict[int, list[int]]:
    """Images that each choice of networks gets wrong by vote, by how many vote."""
    outputs, labels = results[experiment].outputs, results.labels(experiment)
    return {
        size: [int((answer != labels).sum()) for answer in votes_of(size, outputs)]
        for size in range(1, len(outputs) + 1)
    }


def voting(results):
    """Mistakes on the test set by the number of networks that vote."""
    # As wide as many networks vote, so that slopes can be compared.
    ratios = {"width_ratios": [max(3, len(experiment.seeds)) for experiment in _IN_SHORT.values()]}
    figure, axes = style.figure(len(_IN_SHORT), height=2.5, sharey=True, gridspec_kw=ratios)
    for ax, (title, experiment) in zip(axes, _IN_SHORT.items(), strict=True):
        by_size = _mistakes_of_votes(results, experiment)
        sizes, colour = list(by_size), style.theme().categories[0]
        for size, wrong in by_size.items():
            ax.scatter([size] * len(wrong), wrong, s=9, c=colour, alpha=0.3, lw=0)
        ax.plot(sizes, [np.mean(wrong) for wrong in by_size.values()], color=colour)
        ax.set(xlabel="networks", title=title, xticks=sizes)
    axes[0].set_ylim(0, None)
    axes[0].set_ylabel(f"mistakes on {TESTED:,} test images")
    return figure


def against_cost(results):
    """Mistakes on the test set by arithmetic and by weights, ours and published ones."""
    ours = []
    for size, experiment in BY_SIZE.items():
        accuracy = results[experiment].final("val_accuracy").mean()
        ours.append(published.point(f"question 6: {size}", accuracy, experiment))
    places = (((-1, 0), (1, 1)), ((-1, 0), (1, 0)), ((-1, 0), (0, -1)), ((0, 1), (1, -1)))
    for (label, experiment), (label_at, vote_at) in zip(_IN_SHORT.items(), places, strict=True):
        runs, voted = results[experiment], 1 - _voted(results, experiment) / TESTED
        accuracy = _right(results, experiment).mean()
        ours += [
            published.point(label, accuracy, experiment, label_at),
            published.point(f"{len(runs)} × {label}", voted, experiment, vote_at, len(runs)),
        ]
    return published.against_cost(ours, published.MNIST, TESTED)


def gallery(results):
    """Test images that the vote gets wrong: label, answer with its certainty, and readers."""
    data, outputs = results.excerpts["mnist"], results[FINAL_CNN].outputs.mean(axis=0)
    places = test_images(results)
    rows = -(-len(places) // COLUMNS)
    figure, axes = style.figure(COLUMNS, rows, height=1.65 * rows)
    titles = [f"{label}" for label in data.test_labels[places]]
    shown = axes.flat[: len(places)]
    plots.images(shown, data.test_images(places), titles)
    for ax, place in zip(shown, places, strict=True):
        answer = int(outputs[place].argmax())
        text = f"{answer}, {outputs[place, answer]:.0%} sure"
        if place in published.READERS:
            text += f"\nread by {published.READERS[place]} of 5"
        ax.set_xlabel(text, fontsize=7.5, linespacing=1.25)
    for ax in axes.flat[len(places) :]:
        ax.set_axis_off()
    return figure


def small(results):
    """For the home page: mistakes on held-out images, arm by arm."""
    return ladder_figures.small(results, FIRST)


FIGURES = {
    "q07-capacity": capacity,
    "q07-sized": sized,
    "q07-dense": dense,
    "q07-convolutional": convolutional,
    "q07-overfitting": overfitting,
    "q07-averaging": averaging,
    "q07-voting": voting,
    "q07-against-cost": against_cost,
    "q07-gallery": gallery,
    "q07-small": small,
}
