"""Question 5: softmax and cross-entropy, and which of the two does the work."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from analysis import drawn, forms, levels, levels_figures, plots, style
from analysis.claims import Claim, above, below, exactly, more_often, more_than, undecided
from analysis.loaded import Results
from analysis.questions import q04
from analysis.results import ASKED_FOR, Runs
from analysis.spec import mlp
from analysis.statistics import Estimate, calibration_error, difference, estimate, rate

BUILDS_ON = (q04,)

SHEET = replace(
    q04.SHEET,
    name="q05-softmax-cross-entropy",
    layers=mlp(32, output="softmax"),
    loss="cross_entropy",
)

# Outputs crossed with losses; ReLU with squared error is question 4. Linear outputs can be
# negative, so they have no cross-entropy; ReLU outputs have one only because Keras clips and
# scales them.
SOFTMAX_SQUARED = replace(SHEET, name="q05-softmax-squared-error", loss="squared_error")
LINEAR_SQUARED = replace(
    SOFTMAX_SQUARED, name="q05-linear-squared-error", layers=mlp(32, output="linear")
)
RELU_CROSS_ENTROPY = replace(SHEET, name="q05-relu-cross-entropy", layers=mlp(32, output="relu"))

#: As Keras orders the images once `keras.utils.set_random_seed` was called.
SAME_ORDER_EACH_EPOCH = replace(SHEET, name="q05-not-reshuffled", reshuffle=False, seeds=range(30))

#: After it the mean testing error of the first ten runs is lowest.
BEST_EPOCH = 9

#: Beside healthy ReLU runs, softmax is behind in testing accuracy until the first of these epochs,
#: and ahead from the second on.
BEHIND_UNTIL, AHEAD_FROM = 4, 7

#: The first ten runs with their outputs, by the epoch after which they were kept.
OUTPUTS = {
    epoch: replace(
        SHEET, name=f"q05-outputs-{epoch:02d}", epochs=epoch, outputs=True, seeds=range(10)
    )
    for epoch in (BEST_EPOCH, SHEET.epochs)
}

EXPERIMENTS = (
    SHEET,
    q04.SHEET,
    SOFTMAX_SQUARED,
    LINEAR_SQUARED,
    RELU_CROSS_ENTROPY,
    SAME_ORDER_EACH_EPOCH,
    *OUTPUTS.values(),
)

_CROSSED = {
    "relu_squared": q04.SHEET,
    "linear_squared": LINEAR_SQUARED,
    "softmax_squared": SOFTMAX_SQUARED,
    "softmax_cross": SHEET,
    "relu_cross": RELU_CROSS_ENTROPY,
}

#: Below this testing accuracy a run has not learned all ten digits.
LEARNED = 0.93

#: All softmax runs end above this testing accuracy.
FLOOR = 0.96

#: Cross-entropy adds fewer points of accuracy than these.
LITTLE = 0.15

#: Names of differences in testing accuracy, and the settings whose difference they are.
_COMPARISONS = {
    "sheet_over_relu": ("softmax_cross", "relu_squared"),
    "relu_over_linear": ("relu_squared", "linear_squared"),
    "softmax_over_linear": ("softmax_squared", "linear_squared"),
    "cross_over_squared": ("softmax_cross", "softmax_squared"),
}


def _crossed(results: Results) -> dict[str, Runs]:
    return {name: results[experiment] for name, experiment in _CROSSED.items()}


def _stuck(runs: Runs) -> np.ndarray:
    """Runs that have not learned all ten digits: a silent output, or too little accuracy."""
    stuck = runs.final("val_accuracy") < LEARNED
    if levels.has_relu_outputs(runs):
        stuck |= levels.counts(runs) > 0
    return stuck


def _gain(ours: Runs, theirs: Runs) -> Estimate:
    """Points of testing accuracy that ours are ahead, over the seeds stuck in neither."""
    pairs = min(len(ours), len(theirs))
    ours, theirs = ours.first(pairs), theirs.first(pairs)
    free = ~_stuck(ours) & ~_stuck(theirs)
    return difference(*(runs.final("val_accuracy")[free] for runs in (ours, theirs))).times(100)


class Speed(NamedTuple):
    """How runs learn beside those ReLU runs of which no output is silent after any epoch.

    Attributes
    ----------
    ahead : ndarray of float, shape (seeds, epochs)
        Points of testing accuracy by which ours are ahead.
    epochs, relu_epochs : ndarray of float, shape (seeds,)
        After which ours, and the ReLU run itself, first have the testing accuracy that the ReLU
        run ends with.
    """

    ahead: np.ndarray
    epochs: np.ndarray
    relu_epochs: np.ndarray


def _speed(ours: Runs, relu: Runs) -> Speed:
    ours, theirs = (runs.history("val_accuracy")[levels.healthy(relu)] for runs in (ours, relu))
    end = theirs[:, -1:]
    return Speed(
        100 * (ours - theirs), levels.epochs_until(ours >= end), levels.epochs_until(theirs >= end)
    )


def _compared(results: Results) -> dict[str, Estimate]:
    crossed = _crossed(results)
    return {name: _gain(*(crossed[key] for key in pair)) for name, pair in _COMPARISONS.items()}


def right_by_image(runs: Runs, labels: np.ndarray) -> np.ndarray:
    """Points, of 100, that each test image earns from the runs: float, shape (images,).

    Their intervals say how other test images might come out.
    """
    return 100 * (runs.predictions == labels).mean(axis=0)


def over_images(ours: Runs, theirs: Runs, labels: np.ndarray) -> Estimate:
    """Points of testing accuracy that ours are ahead, by image and not by seed."""
    return difference(*(right_by_image(runs, labels) for runs in (ours, theirs)))


def _mistakes_removed(ours: Runs, theirs: Runs) -> Estimate:
    """Share of their mistakes on the test set by which ours are fewer, in pairs."""
    mistakes, before = (1 - runs.final("val_accuracy") for runs in (ours, theirs))
    return estimate(1 - mistakes / before)


def _accuracy_gap(runs: Runs) -> Estimate:
    """Points by which trained networks are better on the training set than on the test set."""
    return estimate(runs.after("accuracy") - runs.final("val_accuracy")).times(100)


class Sureness(NamedTuple):
    """What networks make of the test images, each value of shape (runs,).

    Attributes
    ----------
    mistakes : ndarray of float
        Wrong answers.
    wrong, right : ndarray of float
        Mean of the largest output, over the wrong and over the right answers.
    very_sure : ndarray of float
        Wrong answers with an output above 0.9.
    calibration : ndarray of float
        See `calibration_error`.
    error_of_wrong, error_of_right : ndarray of float
        What the answers of each kind contribute to the testing error.
    """

    mistakes: np.ndarray
    wrong: np.ndarray
    right: np.ndarray
    very_sure: np.ndarray
    calibration: np.ndarray
    error_of_wrong: np.ndarray
    error_of_right: np.ndarray


def sureness(runs: Runs, labels: np.ndarray) -> Sureness:
    """How sure networks are of their right and of their wrong answers.

    Parameters
    ----------
    runs : Runs
        With softmax outputs, which were kept, and trained by cross-entropy.
    labels : ndarray of int, shape (images,)
    """
    outputs = runs.outputs
    largest, right = outputs.max(axis=2), outputs.argmax(axis=2) == labels
    # Of right answers only: the target's output of a wrong one may be too small for float16.
    losses = -np.log(largest, where=right, out=np.zeros_like(largest))
    of_right = losses.mean(axis=1)
    return Sureness(
        np.sum(~right, axis=1).astype(float),
        np.array([sure[~hits].mean() for sure, hits in zip(largest, right, strict=True)]),
        np.array([sure[hits].mean() for sure, hits in zip(largest, right, strict=True)]),
        np.sum(~right & (largest > 0.9), axis=1).astype(float),
        np.array([calibration_error(said, labels) for said in outputs]),
        runs.final("val_loss") - of_right,
        of_right,
    )


def _sureness(results: Results) -> tuple[Sureness, Sureness]:
    """After the best epoch and after the last."""
    labels = results.labels(SHEET)
    first, last = (sureness(results[experiment], labels) for experiment in OUTPUTS.values())
    return first, last


def _surer_of_the_same(results: Results) -> Estimate:
    """Rise of the mean sureness of the answers to images that a network gets wrong both times."""
    labels = results.labels(SHEET)
    first, last = (results[experiment].outputs for experiment in OUTPUTS.values())
    both = (first.argmax(axis=2) != labels) & (last.argmax(axis=2) != labels)
    rise = last.max(axis=2) - first.max(axis=2)
    return estimate(np.array([run[chosen].mean() for run, chosen in zip(rise, both, strict=True)]))


def _since_best(runs: Runs, name: str) -> Estimate:
    """Change of a history from the best epoch to the last, in the runs that did not choose it."""
    return estimate(runs.change(name, BEST_EPOCH)[ASKED_FOR:])


def _late_squared_error(results: Results) -> np.ndarray:
    """Share by which squared error in testing changes from the best epoch to the last: (runs,).

    Of networks with softmax outputs that are trained by it.
    """
    runs = results[SOFTMAX_SQUARED]
    then = runs.history("val_loss")[:, BEST_EPOCH - 1]
    return runs.change("val_loss", BEST_EPOCH) / then


def _late_squared_error_of_sheet(results: Results) -> np.ndarray:
    """The same of the ten networks trained by cross-entropy whose outputs were kept: (runs,)."""
    targets = np.eye(10)[results.labels(SHEET)]
    then, last = (
        np.square(results[experiment].outputs - targets).mean(axis=(1, 2))
        for experiment in OUTPUTS.values()
    )
    return last / then - 1


class SameOrder(NamedTuple):
    """What it does to go through the images in the same order in each epoch.

    Attributes
    ----------
    error : Estimate
        Rise of the testing error.
    cost : Estimate
        Points of testing accuracy lost.
    printed : Estimate
        Points by which the training accuracy rises that Keras prints, the epoch's average.
    trained_cost : Estimate
        Points of accuracy that the trained networks lose on the training set.
    """

    error: Estimate
    cost: Estimate
    printed: Estimate
    trained_cost: Estimate


def same_order(kept: Runs, anew: Runs) -> SameOrder:
    """Runs that keep the first epoch's order beside those of the same seeds that do not."""
    return SameOrder(
        difference(kept.final("val_loss"), anew.final("val_loss")),
        difference(anew.final("val_accuracy"), kept.final("val_accuracy")).times(100),
        difference(kept.final("accuracy"), anew.final("accuracy")).times(100),
        difference(anew.after("accuracy"), kept.after("accuracy")).times(100),
    )


def numbers(results: Results) -> dict:
    """What the page, and the methods' of a seed in Keras, cite; see `analysis.questions`."""
    crossed = _crossed(results)
    values = {}
    for name, runs in crossed.items():
        stuck = _stuck(runs)
        _, low, high = rate(stuck)
        values |= {
            f"{name}_stuck": int(stuck.sum()),
            f"{name}_stuck_low": low,
            f"{name}_stuck_high": high,
            f"{name}_fine_accuracy": forms.mean(runs.final("val_accuracy")[~stuck], ".2%"),
        }
    for name, gain in _compared(results).items():
        values |= gain.named(name)
    sheet, relu_cross = crossed["softmax_cross"], crossed["relu_cross"]
    ten = sheet.first(ASKED_FOR)
    val_loss = ten.history("val_loss").mean(axis=0)
    first, last = _sureness(results)
    labels = results.labels(SHEET)
    other_images = over_images(sheet, crossed["softmax_squared"], labels)
    _, low, high = estimate(right_by_image(sheet, labels))
    order = same_order(results[SAME_ORDER_EACH_EPOCH], results[SHEET])
    speed = _speed(results[SHEET], results[q04.SHEET])
    return (
        values
        | estimate(-speed.ahead[:, 0]).named("behind_at_first")
        | estimate(speed.ahead[:, -1]).named("ahead_at_last")
        | difference(speed.relu_epochs, speed.epochs).named("epochs_earlier")
        | _accuracy_gap(sheet).named("accuracy_gap")
        | _surer_of_the_same(results).named("surer")
        | estimate(-_late_squared_error(results)).named("squared_late_fall")
        | estimate(_late_squared_error_of_sheet(results)).named("cross_late_squared")
        | _since_best(sheet, "val_accuracy").times(100).named("late_gain")
        | order.error.named("order_error")
        | order.cost.named("order_cost")
        | {
            "images_half_width": (high - low) / 2,
            "cross_over_squared_images_low": other_images.low,
            "cross_over_squared_images_high": other_images.high,
            "runs": len(sheet),
            "free_relu": int(np.sum(~_stuck(crossed["relu_squared"]))),
            "speed_pairs": len(speed.epochs),
            "behind_until": BEHIND_UNTIL,
            "ahead_from": AHEAD_FROM,
            "epochs_to_match": float(np.median(speed.epochs)),
            "relu_epochs_to_match": float(np.median(speed.relu_epochs)),
            "learned": LEARNED,
            "worst": float(sheet.final("val_accuracy").min()),
            "best": float(sheet.final("val_accuracy").max()),
            "softmax_cross_accuracy": float(sheet.final("val_accuracy").mean()),
            "mistakes_removed": _mistakes_removed(
                crossed["softmax_squared"], crossed["linear_squared"]
            ).mean,
            "ten_first_loss": float(ten.history("loss")[:, 0].mean()),
            "ten_loss_mean": float(ten.final("loss").mean()),
            "ten_val_loss_mean": float(ten.final("val_loss").mean()),
            "best_epoch": BEST_EPOCH,
            "best_val_loss": float(val_loss.min()),
            "best_mistakes": float(first.mistakes.mean()),
            "last_mistakes": float(last.mistakes.mean()),
            "last_epoch": SHEET.epochs,
            "best_very_sure": float(first.very_sure.mean()),
            "last_very_sure": float(last.very_sure.mean()),
            "best_wrong": float(first.wrong.mean()),
            "last_wrong": float(last.wrong.mean()),
            "best_calibration": 100 * float(first.calibration.mean()),
            "last_calibration": 100 * float(last.calibration.mean()),
            "best_error_of_wrong": float(first.error_of_wrong.mean()),
            "last_error_of_wrong": float(last.error_of_wrong.mean()),
            "best_error_of_right": float(first.error_of_right.mean()),
            "last_error_of_right": float(last.error_of_right.mean()),
            "relu_cross_outputs": relu_cross.silent[:, 0].size,
            "relu_cross_silent_at_first": int(relu_cross.silent[:, 0].sum()),
            "relu_cross_silent_at_last": int(relu_cross.silent[:, -1].sum()),
            "relu_cross_zeros": float(np.mean(relu_cross.predictions == 0)),
            "relu_cross_only_zeros": int(np.sum((relu_cross.predictions == 0).all(axis=1))),
            "order_runs": len(results[SAME_ORDER_EACH_EPOCH]),
            "order_printed": order.printed.mean,
            "order_trained_cost": order.trained_cost.mean,
        }
    )


def tables(results: Results) -> dict[str, list[list[str]]]:
    """None; see `analysis.questions`."""
    return {}


def claims(results: Results) -> list[Claim]:
    """What the page states of the results; see `analysis.questions`."""
    return [
        *_claims_of_stuck_runs(results),
        *_claims_of_accuracy(results),
        *_claims_of_overfitting(results),
        *_claims_of_sureness(results),
        *_claims_of_order(results),
    ]


def _claims_of_stuck_runs(results: Results) -> list[Claim]:
    """Which outputs and which loss let runs get stuck."""
    crossed = _crossed(results)
    stuck = {name: _stuck(runs) for name, runs in crossed.items()}
    accuracy = crossed["softmax_cross"].final("val_accuracy")
    n, zeros = len(accuracy), crossed["relu_cross"].predictions == 0

    def more_stuck(more: str, fewer: str):
        return more_often("stuck", stuck[more], stuck[fewer])

    return [
        Claim(
            "stuck",
            "With softmax and cross-entropy no run gets stuck; with ReLU outputs and squared "
            f"error, {stuck['relu_squared'].sum()} of the same {n} seeds do.",
            exactly("stuck", int(stuck["softmax_cross"].sum()), 0),
            more_stuck("relu_squared", "softmax_cross"),
        ),
        Claim(
            "together",
            f"All softmax runs end above {FLOOR:.0%} accuracy on the test set.",
            more_than("worst testing accuracy", float(accuracy.min()), FLOOR, ".1%"),
        ),
        Claim(
            "outputs",
            "With squared error kept, no run with softmax or linear outputs gets stuck.",
            exactly("stuck with softmax", int(stuck["softmax_squared"].sum()), 0),
            more_stuck("relu_squared", "softmax_squared"),
            exactly("stuck with linear", int(stuck["linear_squared"].sum()), 0),
            more_stuck("relu_squared", "linear_squared"),
        ),
        Claim(
            "loss-alone",
            "With ReLU outputs kept, every run with cross-entropy gets stuck, more often than with "
            "squared error.",
            exactly("stuck", int(stuck["relu_cross"].sum()), n),
            more_stuck("relu_cross", "relu_squared"),
        ),
        Claim(
            "relu-cross-entropy",
            "With ReLU outputs and cross-entropy, over 99% of all answers are 0.",
            more_than("share of the answers", float(zeros.mean()), 0.99, ".1%"),
        ),
    ]


def _claims_of_accuracy(results: Results) -> list[Claim]:
    """How accurate runs become that are not stuck, and how soon, by outputs and loss."""
    crossed, gains = _crossed(results), _compared(results)
    removed = _mistakes_removed(crossed["softmax_squared"], crossed["linear_squared"])
    speed = _speed(results[SHEET], results[q04.SHEET])
    return [
        Claim(
            "free",
            "Runs with softmax and cross-entropy are also more accurate than those ReLU runs in "
            "which no output is silent, on the same seeds.",
            above("points ahead", gains["sheet_over_relu"]),
        ),
        Claim(
            "speed",
            "Compared with the ReLU runs in which no output is silent after any epoch, runs with "
            f"softmax and cross-entropy are behind after each epoch up to {BEHIND_UNTIL}, and "
            f"ahead after each epoch from {AHEAD_FROM} on.",
            *(
                below(f"points ahead after epoch {epoch}", estimate(speed.ahead[:, epoch - 1]))
                for epoch in range(1, BEHIND_UNTIL + 1)
            ),
            *(
                above(f"after epoch {epoch}", estimate(speed.ahead[:, epoch - 1]))
                for epoch in range(AHEAD_FROM, SHEET.epochs + 1)
            ),
        ),
        Claim(
            "speed-undecided",
            "Whether softmax runs reach the accuracy that these ReLU runs end with earlier or "
            "later than the ReLU runs themselves cannot be told from chance.",
            undecided("epochs earlier", difference(speed.relu_epochs, speed.epochs)),
        ),
        Claim(
            "linear",
            "Runs with linear outputs are less accurate than ReLU runs in which no output is "
            "silent, both with squared error and on the same seeds.",
            above("ReLU minus linear, points", gains["relu_over_linear"]),
        ),
        Claim(
            "softmax",
            f"Runs with softmax outputs make {removed.mean:.0%} fewer mistakes than runs with "
            "linear outputs, both with squared error.",
            above("softmax minus linear, points", gains["softmax_over_linear"]),
            above("share of the mistakes removed", removed, form="+.1%"),
        ),
        Claim(
            "loss",
            f"With softmax outputs, cross-entropy gains less than {LITTLE:g} points of accuracy "
            "over squared error. The gain can be told from chance over seeds, but not over test "
            "images.",
            above("points gained", gains["cross_over_squared"]),
            below("points gained", gains["cross_over_squared"], LITTLE),
            undecided(
                "points, interval over test images",
                over_images(
                    crossed["softmax_cross"], crossed["softmax_squared"], results.labels(SHEET)
                ),
            ),
        ),
    ]


def _claims_of_overfitting(results: Results) -> list[Claim]:
    """How errors and accuracy go on after the epoch of the lowest testing error."""
    sheet = results[SHEET]
    best = int(sheet.first(ASKED_FOR).history("val_loss").mean(axis=0).argmin()) + 1
    since = f"from epoch {BEST_EPOCH} to {SHEET.epochs}"
    others = f"of seeds {ASKED_FOR} to {len(sheet) - 1}"
    return [
        Claim(
            "overfitting",
            f"The mean testing error of the ten runs is lowest after epoch {BEST_EPOCH}. In the "
            "other runs, too, testing error is higher after the last epoch than after that one, "
            "while training error (the average over the epoch) is lower.",
            exactly("epoch of the lowest mean testing error of ten runs", best, BEST_EPOCH),
            above(f"testing error {others}, {since}", _since_best(sheet, "val_loss"), form="+.4f"),
            below(f"training error {others}, {since}", _since_best(sheet, "loss"), form="+.4f"),
        ),
        Claim(
            "overfitting-by-loss",
            "With softmax outputs and squared error, the testing error, now the squared one, is "
            f"lower after the last epoch than after epoch {BEST_EPOCH}.",
            below(
                f"share of the testing error, {since}",
                estimate(_late_squared_error(results)),
                form="+.1%",
            ),
        ),
        Claim(
            "overfitting-by-measure",
            "By squared error no rise can be told from chance in the ten networks trained by "
            "cross-entropy; in those trained by squared error on the same seeds the change lies "
            "below it.",
            undecided(
                f"share of the squared testing error, {since}",
                estimate(_late_squared_error_of_sheet(results)),
                form="+.1%",
            ),
            below(
                "trained by squared error minus by cross-entropy",
                difference(
                    _late_squared_error(results)[:ASKED_FOR], _late_squared_error_of_sheet(results)
                ),
                form="+.1%",
            ),
        ),
        Claim(
            "accuracy-stays",
            "In the seeds by which that epoch was not chosen, testing accuracy rises meanwhile.",
            above(f"points {others}, {since}", _since_best(sheet, "val_accuracy").times(100)),
        ),
    ]


def _claims_of_sureness(results: Results) -> list[Claim]:
    """How sure networks grow of their mistakes, and their accuracy in training and testing."""
    sheet = results[SHEET]
    ten = sheet.first(ASKED_FOR)
    first, last = _sureness(results)
    kept = {epoch: results[experiment] for epoch, experiment in OUTPUTS.items()}
    since = f"from epoch {BEST_EPOCH} to {SHEET.epochs}"
    return [
        Claim(
            "surer",
            "The networks grow surer of their mistakes, also on the images that they get wrong "
            "both times.",
            above(
                f"sureness of wrong answers, {since}",
                difference(last.wrong, first.wrong),
                form="+.3f",
            ),
            above("on images wrong both times", _surer_of_the_same(results), form="+.3f"),
        ),
        Claim(
            "from-mistakes",
            "The whole rise of the testing error comes from wrong answers: the part of the error "
            "that comes from right answers falls.",
            above(
                f"part from wrong answers, {since}",
                difference(last.error_of_wrong, first.error_of_wrong),
                form="+.4f",
            ),
            below(
                "part from right answers",
                difference(last.error_of_right, first.error_of_right),
                0,
                "+.4f",
            ),
        ),
        Claim(
            "calibration",
            "How sure the networks are moves further away from how often they are right.",
            above(
                f"calibration error in points, {since}",
                difference(last.calibration, first.calibration).times(100),
            ),
        ),
        Claim(
            "outputs-kept",
            "The runs whose outputs were kept are the first ten, trained again.",
            exactly(
                "answers that differ",
                int(np.sum(kept[SHEET.epochs].predictions != ten.predictions)),
                0,
            ),
            exactly(
                f"testing errors up to epoch {BEST_EPOCH} that differ",
                int(
                    np.sum(
                        kept[BEST_EPOCH].history("val_loss")
                        != ten.history("val_loss")[:, :BEST_EPOCH]
                    )
                ),
                0,
            ),
        ),
        Claim(
            "gap",
            "Trained networks are more accurate on the training set than on the test set.",
            above("points more", _accuracy_gap(sheet)),
        ),
    ]


def _claims_of_order(results: Results) -> list[Claim]:
    """What the same order of images in every epoch does to errors and accuracy."""
    order = same_order(results[SAME_ORDER_EACH_EPOCH], results[SHEET])
    return [
        Claim(
            "order",
            "Keeping the same order of images in every epoch raises the testing error and lowers "
            "the testing accuracy.",
            above("testing error", order.error, form="+.4f"),
            above("points of testing accuracy lost", order.cost),
        ),
        Claim(
            "order-printed",
            "Keeping the order also lowers the trained network's accuracy on the training set, "
            "while the average over the epoch, which Keras prints, rises.",
            above("points lost, trained network", order.trained_cost),
            above("points gained, average over the epoch", order.printed),
        ),
    ]


def errors(results):
    """The plots asked for: training and testing error of ten runs."""
    return levels_figures.errors_of_all(results[SHEET], "error (cross-entropy)")


def accuracy(results):
    """Accuracy of ten runs, which unlike the error compares with question 4."""
    figure, axes = style.figure(2, height=3.0, sharey=True)
    for ax, name, title in (
        (axes[0], "accuracy", "training"),
        (axes[1], "val_accuracy", "testing"),
    ):
        for experiment, colour in ((q04.SHEET, 1), (SHEET, 0)):
            runs = results[experiment].first(ASKED_FOR)
            epochs = range(1, runs.experiment.epochs + 1)
            for seed, run in enumerate(runs.history(name)):
                line = ax.plot(epochs, run, color=style.theme().categories[colour], alpha=0.8)
                drawn.of_seeds(*line, seed, experiment.name)
        ax.set(title=title, xlim=(1, SHEET.epochs))
        plots.epoch_axis(ax, SHEET.epochs)
    axes[0].set_ylabel("accuracy")
    softmax, relu = (results[e].first(ASKED_FOR) for e in (SHEET, q04.SHEET))
    plots.label_ends(
        axes[1],
        [
            softmax.final("val_accuracy").mean(),
            relu.final("val_accuracy")[levels.stuck(relu)].mean(),
        ],
        ["softmax,\ncross-entropy", "ReLU,\nsquared error"],
        style.theme().categories[:2],
    )
    return figure


def crossed_settings(results):
    """All runs of outputs crossed with losses."""
    labels = {
        "relu_squared": "ReLU,\nsquared\nerror\n(question 4)",
        "linear_squared": "linear,\nsquared\nerror",
        "softmax_squared": "softmax,\nsquared\nerror",
        "softmax_cross": "softmax,\ncross-\nentropy\n(question 5)",
        "relu_cross": "ReLU,\ncross-\nentropy",
    }
    return levels_figures.settings({labels[name]: runs for name, runs in _crossed(results).items()})


def sureness_of_mistakes(results):
    """How sure ten networks are of their wrong answers, after the best epoch and the last."""
    labels = results.labels(SHEET)
    figure, ax = style.figure(height=2.8)
    edges = np.linspace(0, 1, 11)
    colours = style.theme().categories[:2]
    heights, texts = [], []
    for (epoch, experiment), colour in zip(OUTPUTS.items(), colours, strict=True):
        outputs = results[experiment].outputs
        sure = outputs.max(axis=2)[outputs.argmax(axis=2) != labels]
        counts = np.histogram(sure, edges)[0] / len(outputs)
        steps = ax.stairs(counts, edges, color=colour, lw=1.8, fill=False)
        drawn.of_seeds(steps, (), f"after epoch {epoch}")
        heights.append(counts[-1])
        texts.append(f"after epoch {epoch}")
    ax.set(
        xlabel="how sure a network is of a wrong answer (its output)",
        ylabel="wrong answers\nof a network",
        xlim=(edges[1], 1),
        ylim=(0, None),
    )
    plots.label_ends(ax, heights, texts, colours)
    return figure


def same_order_each_epoch(results):
    """Mean testing error of runs with a new order in each epoch and with one order."""
    kept = results[SAME_ORDER_EACH_EPOCH]
    figure, ax = style.figure(height=2.8)
    colours = style.theme().categories[:2]
    texts = ["a new order\nin each epoch", "the same order\nin each epoch"]
    ends = []
    for runs, colour, text, line in zip(
        (results[SHEET].first(len(kept)), kept), colours, texts, ("-", "--"), strict=True
    ):
        means = [estimate(error) for error in runs.history("val_loss").T]
        plots.mean_with_interval(ax, means, colour, " ".join(text.split()), line)
        ends.append(means[-1].mean)
    ax.set(ylabel="testing error\n(cross-entropy)")
    plots.label_ends(ax, ends, texts, colours)
    return figure


def small(results):
    """For the home page: testing accuracy of questions 4 and 5."""
    figure, ax = style.small_figure()
    for place, (experiment, colour) in enumerate(((q04.SHEET, 1), (SHEET, 0))):
        accuracy = results[experiment].final("val_accuracy")
        offsets = np.random.default_rng(0).uniform(-0.3, 0.3, len(accuracy))
        colour = style.theme().categories[colour]
        dots = ax.scatter(place + offsets, accuracy, s=5, c=colour, lw=0)
        places = np.stack([np.full(len(accuracy), place), accuracy], axis=1)
        drawn.of_seeds(dots, range(len(accuracy)), experiment.name, places)
    return figure


FIGURES = {
    "q05-errors": errors,
    "q05-accuracy": accuracy,
    "q05-crossed": crossed_settings,
    "q05-sureness": sureness_of_mistakes,
    "q05-same-order": same_order_each_epoch,
    "q05-small": small,
}
